//! `platgen fmt`: one way to lay out a spec, without a change of meaning.
//!
//! Line ends, blanks at line ends, runs of blank lines and the end of the file are put in order; the file is written only if it reads as the same
//! tree afterwards.

use super::{DIFFERENT, FAILED, FINE, Terminal, load, print_all};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Sources;
use crate::syntax::{Kind, Node, parse};

/// Flags of `fmt`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Fmt {
    #[command(flatten)]
    spec: super::Spec,
    /// Write nothing; exit with 2 where a file is not in its canonical form.
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
    if !loaded.sound {
        terminal.tell(&loaded.found.sorted(), &loaded.sources);
        return FAILED;
    }
    let mut differing = 0;
    for (path, (_, source)) in loaded.paths.iter().zip(loaded.sources.iter()) {
        let text = layout(&source.text);
        if text == source.text {
            continue;
        }
        if !same_meaning(&source.name, &source.text, &text) {
            terminal.say(&format!("{} is left as it is: its texts depend on blanks at line ends", path.display()));
            continue;
        }
        differing += 1;
        if fmt.check {
            print_all(&format!("{}\n", path.display()));
        } else if let Err(error) = std::fs::write(path, &text) {
            let fault = Diagnostic::new(Code::Unwritable, format!("`{}` can't be written: {error}", path.display()));
            terminal.tell_plain(&[fault.help("check the file's permissions")]);
            return FAILED;
        } else {
            terminal.say(&format!("{} is now in its canonical form", path.display()));
        }
    }
    if fmt.check && differing > 0 { DIFFERENT } else { FINE }
}

fn layout(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_end_matches([' ', '\t']);
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if blank > 0 && !out.is_empty() {
            out.push_str(if blank > 1 { "\n\n" } else { "\n" }.get(..1).unwrap_or_default());
        }
        blank = 0;
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn same_meaning(name: &str, before: &str, after: &str) -> bool {
    let read = |text: &str| {
        let mut sources = Sources::default();
        let file = sources.add(name, text);
        parse(&sources, file, &mut Diagnostics::default())
    };
    match (read(before), read(after)) {
        (Some(a), Some(b)) => same(&a, &b),
        _ => false,
    }
}

fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Plain(a), Kind::Plain(b)) | (Kind::Text(a), Kind::Text(b)) => a == b,
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Kind::Map(a), Kind::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_stable_and_keeps_the_meaning() {
        let text = "a: 1  \r\n\r\n\r\n\r\nb:\r\n  - x\t\r\n\r\n";
        let once = layout(text);
        assert_eq!(once, "a: 1\n\nb:\n  - x\n");
        assert_eq!(layout(&once), once);
        assert!(same_meaning("a.yaml", text, &once));
        assert!(!same_meaning("a.yaml", "a: |\n  x\n\n\n  y\n", &layout("a: |\n  x\n\n\n  y\n")));
    }
}
