//! `platgen fmt`: spec files in their canonical form, or what differs from it. The form is the business of [`layout`].

use super::{DIFFERENT, FAILED, FINE, Terminal, load, print_all};
use crate::diagnostic::{Code, Diagnostic};
use crate::layout::layout;
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

pub(super) fn run(fmt: &Fmt, terminal: &Terminal) -> u8 {
    let loaded = match load(fmt.spec.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return FAILED;
        }
    };
    let mut code = FINE;
    for (path, (id, source)) in loaded.paths.iter().zip(loaded.sources.iter()) {
        let text = match layout(&loaded.sources, id) {
            Ok(text) => text,
            Err(faults) => {
                terminal.tell(&faults.iter().collect::<Vec<_>>(), &loaded.sources);
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
            return FAILED;
        } else {
            terminal.say(&format!("{} is now in its canonical form", path.display()));
        }
    }
    code
}
