//! Every refused spec is refused for exactly the reason written beside the fault: see `reject/README.md`.

use libtest_mimic::{Failed, Trial};
use platgen::diagnostic::{Code, Diagnostics, Severity};
use platgen::model::lock::Lock;
use platgen::resolve::{Inputs, resolve};
use platgen::source::{FileId, Sources};
use platgen::spec::{DEFAULTS, assemble};
use platgen::syntax::parse;
use std::collections::BTreeMap;
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

/// What stands on a line: its kind, its code, words of the message and of the help.
type Mark = (usize, FileId, String, String, String, String);

fn run(case: &Path) -> Result<(), Failed> {
    let mut sources = Sources::default();
    let files: Vec<PathBuf> = if case.is_dir() { entries(case) } else { vec![case.to_path_buf()] };
    let is_spec = |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "toml");
    // Of a folder, what is no spec is there to be included.
    let (files, beside): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(is_spec);
    let included: BTreeMap<String, Result<String, String>> = beside
        .iter()
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().into_owned(), Ok(std::fs::read_to_string(path).ok()?))))
        .collect();
    let mut marks: Vec<Mark> = Vec::new();
    let ids: Vec<FileId> = files
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let name = path.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
            let id = sources.add(name, text.clone());
            for (line, content) in text.lines().enumerate() {
                for (at, _) in content.match_indices("# ").filter(|(at, _)| is_mark(&content[at + 2..])) {
                    let rest = &content[at + 2..];
                    let end = rest.find("   # ").unwrap_or(rest.len());
                    let (kind, rest) = rest[..end].split_once('[').unwrap_or_default();
                    let (code, words) = rest.split_once(']').unwrap_or_default();
                    let (message, help) = words.trim_start_matches(':').split_once(" | ").unwrap_or((words.trim_start_matches(':'), ""));
                    let (message, help) = (message.trim().trim_start_matches('|').trim(), help.trim());
                    marks.push((line + 1, id, kind.into(), code.into(), message.into(), help.into()));
                }
            }
            id
        })
        .collect();
    let mut found = Diagnostics::default();
    let nodes: Vec<_> = ids.iter().filter_map(|id| parse(&sources, *id, &mut found)).collect();
    let stops = |d: &platgen::diagnostic::Diagnostic| matches!(d.code, Code::Syntax | Code::Anchor);
    if nodes.len() == ids.len() && !found.iter().any(stops) {
        let id = sources.add_default("defaults.yaml", DEFAULTS);
        let defaults = parse(&sources, id, &mut found).ok_or("the defaults can't be read")?;
        let specs = assemble(&nodes, &defaults, &mut found);
        let resolution = resolve(&specs, &Lock::default(), Inputs { sources: &sources, included: &included });
        found.extend(resolution.diagnostics);
    }
    let mut faults = Vec::new();
    let mut left = marks;
    for diagnostic in found.sorted() {
        let line = |span: Option<platgen::source::Span>| span.map(|span| (sources.position(span).line, span.file));
        let at = line(diagnostic.span);
        let kind = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let matching = left.iter().position(|(number, file, k, code, message, help)| {
            Some((*number, *file)) == at
                && k == kind
                && code == diagnostic.code.name()
                && diagnostic.message.contains(message.as_str())
                && (help.is_empty()
                    || diagnostic.help.as_deref().unwrap_or_default().contains(help.as_str())
                    || diagnostic.message.contains(help.as_str()))
        });
        match matching {
            Some(at) => {
                left.remove(at);
            }
            None => faults.push(format!(
                "unexpected {kind}[{}] at {at:?}: {} | {}",
                diagnostic.code.name(),
                diagnostic.message,
                diagnostic.help.as_deref().unwrap_or_default()
            )),
        }
        for related in &diagnostic.related {
            let at = line(Some(related.span));
            if let Some(at) = left
                .iter()
                .position(|(number, file, k, code, ..)| k == "note" && code == diagnostic.code.name() && Some((*number, *file)) == at)
            {
                left.remove(at);
            }
        }
    }
    faults.extend(
        left.iter().map(|(line, _, kind, code, message, help)| format!("missing {kind}[{code}] on line {line}: {message} | {help}")),
    );
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}

fn is_mark(text: &str) -> bool {
    ["error[", "warning[", "note["].iter().any(|kind| text.starts_with(kind))
}
