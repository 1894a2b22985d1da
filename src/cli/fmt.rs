//! `platgen fmt`: spec files in their canonical form, or what differs from it. The form is the business of [`spec_fmt`](crate::spec_fmt).

use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::Project;
use crate::spec_fmt::canonical;
use similar::TextDiff;

/// Flags of `fmt`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Fmt {
    #[command(flatten)]
    spec: super::Spec,
    /// Write nothing; print what would change and exit with 2 where a file is not in its canonical form.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(fmt: &Fmt, terminal: &Terminal) -> Ended {
    let project = Project::open(fmt.spec.spec.as_deref())?;
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
        if text == source.text {
            continue;
        }
        if fmt.check {
            print_all(&format!("{} is not in its canonical form\n", path.display()));
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
            terminal.say(&format!("{} is now in its canonical form", path.display()));
        }
    }
    Ok(code)
}
