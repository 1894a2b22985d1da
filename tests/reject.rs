//! Every refused spec is refused by the program for exactly the reason written beside the fault: see `reject/README.md`.

use crate::support::ALLOW_INCOMPLETE;
use crate::support::finding::{Place, findings};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reject");
    let mut trials = Vec::new();
    for code in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for case in entries(&code) {
            let name = format!("reject::{}", case.strip_prefix(&root).unwrap_or(&case).display());
            trials.push(Trial::test(name, move || run(&case)));
        }
    }
    trials
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// An expected finding, read from a comment.
struct Mark {
    place: Place,
    /// `error`, `warning`, or `note` for a related place.
    kind: String,
    code: String,
    /// A part of the message.
    message: String,
    /// A part of the help, or another one of the message.
    help: String,
}

/// The marks in the comments of a file.
fn marks(path: &Path) -> Result<Vec<Mark>, Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut marks = Vec::new();
    for (line, content) in text.lines().enumerate() {
        for (at, _) in content.match_indices("# ").filter(|(at, _)| is_mark(&content[at + 2..])) {
            let rest = &content[at + 2..];
            let end = rest.find("   # ").unwrap_or(rest.len());
            let (kind, rest) = rest[..end].split_once('[').unwrap_or_default();
            let (code, words) = rest.split_once(']').unwrap_or_default();
            let words = words.trim_start_matches(':');
            let (message, help) = words.split_once(" | ").unwrap_or((words, ""));
            marks.push(Mark {
                place: Place { file: name(path), line: line + 1 },
                kind: kind.into(),
                code: code.into(),
                message: message.trim().trim_start_matches('|').trim().into(),
                help: help.trim().into(),
            });
        }
    }
    Ok(marks)
}

/// The name of a file without its folder.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn run(case: &Path) -> Result<(), Failed> {
    let is_spec = |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "toml");
    let (folder, spec, files) = match case.is_dir() {
        true => (case, ".".to_owned(), entries(case).into_iter().filter(is_spec).collect()),
        false => (case.parent().unwrap_or(case), name(case), vec![case.to_path_buf()]),
    };
    let mut left = Vec::new();
    for file in &files {
        left.extend(marks(file)?);
    }
    let mut faults = Vec::new();
    let mut words = vec!["validate", spec.as_str()];
    if files.iter().any(|file| std::fs::read_to_string(file).is_ok_and(|text| text.starts_with("# allow-incomplete\n"))) {
        words.push(ALLOW_INCOMPLETE);
    }
    for finding in findings(folder, &words)? {
        let here = |place: Option<Place>| place.map(|place| Place { file: name(Path::new(&place.file)), ..place });
        let place = here(finding.place);
        let help = finding.help.unwrap_or_default();
        let matching = left.iter().position(|mark| {
            Some(&mark.place) == place.as_ref()
                && mark.kind == finding.severity
                && mark.code == finding.code
                && finding.message.contains(&mark.message)
                && (help.contains(&mark.help) || finding.message.contains(&mark.help))
        });
        match matching {
            Some(at) => _ = left.remove(at),
            None => {
                faults.push(format!("unexpected {}[{}] at {place:?}: {} | {help}", finding.severity, finding.code, finding.message));
            }
        }
        for related in finding.related {
            let place = here(related.place);
            let note = |mark: &Mark| mark.kind == "note" && mark.code == finding.code && Some(&mark.place) == place.as_ref();
            if let Some(at) = left.iter().position(note) {
                left.remove(at);
            }
        }
    }
    faults.extend(left.iter().map(|mark| {
        let Mark { place, kind, code, message, help } = mark;
        format!("missing {kind}[{code}] in {} on line {}: {message} | {help}", place.file, place.line)
    }));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn is_mark(text: &str) -> bool {
    ["error[", "warning[", "note["].iter().any(|kind| text.starts_with(kind))
}
