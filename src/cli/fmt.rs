//! `platgen fmt`: formats spec files with [`spec_fmt`](crate::spec_fmt), or with `--check` prints the differences.

use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{Project, STDIN};
use crate::spec_fmt::canonical;
use similar::TextDiff;
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
    let project = Project::open(fmt.spec.spec.as_deref())?;
    terminal.tell_files(&project);
    let is_stream = fmt.spec.spec.as_deref() == Some(Path::new(STDIN));
    let mut code = FINE;
    for (path, (id, source)) in project.paths.iter().zip(project.sources.iter()) {
        let text = match canonical(&project.sources, id) {
            Ok(text) => text,
            Err(faults) => {
                terminal.tell(&faults.iter().collect::<Vec<_>>(), &project.sources);
                code = FAILED;
                continue;
            }
        };
        if is_stream && !fmt.check {
            print_all(&text);
        } else if text == source.text {
            continue;
        } else if fmt.check {
            print_all(&format!("{} is not formatted\n", path.display()));
            if !terminal.quiet {
                let name = path.display().to_string();
                print_all(&TextDiff::from_lines(&source.text, &text).unified_diff().header(&name, &name).to_string());
            }
            code = if code == FINE { DIFFERENT } else { code };
        } else if let Err(error) = std::fs::write(path, &text) {
            let fault = Diagnostic::new(Code::Unwritable, format!("`{}` can't be written: {error}", path.display()));
            terminal.tell_plain(&[fault.help("check the file's permissions")]);
            return Ok(FAILED);
        } else {
            terminal.say(&format!("formatted {}", path.display()));
        }
    }
    Ok(code)
}
