//! `platgen fmt`: formats spec files with [`spec_fmt`](crate::spec_fmt), or with `--check` prints the differences.

use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, USAGE, eprint_all, print_all};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{Project, STDIN};
use crate::source::Span;
use crate::spec_fmt::canonical;
use similar::TextDiff;
use std::ops::Range;
use std::path::Path;

/// Flags of `fmt`. A text on stdin is printed to stdout.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Fmt {
    #[command(flatten)]
    spec: super::Spec,
    /// Write nothing; print the differences and exit with 2 if a file is not formatted.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(fmt: &Fmt, terminal: &Terminal) -> Ended {
    let is_stream = fmt.spec.spec.as_deref() == Some(Path::new(STDIN));
    if is_stream && !fmt.check && !terminal.is_for_people() {
        eprint_all("error: `fmt -` prints the formatted text, not findings: use `--format human`, or `--check`\n");
        return Ok(USAGE);
    }
    let project = Project::open(fmt.spec.spec.as_deref())?;
    terminal.tell_files(&project);
    let mut found = Diagnostics::default();
    let mut code = FINE;
    for (path, (id, source)) in project.paths.iter().zip(project.sources.iter()) {
        let text = match canonical(&project.sources, id) {
            Ok(text) => text,
            Err(faults) => {
                found.extend(faults);
                code = FAILED;
                continue;
            }
        };
        if is_stream && !fmt.check {
            print_all(&text);
        } else if text == source.text {
            continue;
        } else if fmt.check {
            let message = format!("{} is not formatted", path.display());
            if terminal.is_for_people() {
                print_all(&format!("{message}\n"));
                if !terminal.quiet {
                    let name = path.display().to_string();
                    print_all(&TextDiff::from_lines(&source.text, &text).unified_diff().header(&name, &name).to_string());
                }
            } else {
                let at = Span::new(id, first_difference(&source.text, &text));
                found.push(Diagnostic::new(Code::NotFormatted, message).at(at).help("run `platgen fmt`"));
            }
            code = if code == FINE { DIFFERENT } else { code };
        } else if let Err(error) = std::fs::write(path, &text) {
            let fault = Diagnostic::new(Code::Unwritable, format!("`{}` can't be written: {error}", path.display()));
            found.push(fault.help("check the file's permissions"));
            code = FAILED;
            break;
        } else {
            terminal.say(&format!("formatted {}", path.display()));
        }
    }
    terminal.tell(&found.sorted(), &project.sources);
    Ok(code)
}

/// The first line of a text that another text has not at this place, without its end.
fn first_difference(text: &str, other: &str) -> Range<usize> {
    let same = text.split_inclusive('\n').zip(other.split_inclusive('\n')).take_while(|(line, other)| line == other);
    let start: usize = same.map(|(line, _)| line.len()).sum();
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    start..start + line.len()
}
