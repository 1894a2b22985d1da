//! The journal of a render under way: the files that it replaces and removes, so that the next run can complete a killed render.
//!
//! It is written before the first temporary file (`staging`: the next run removes the temporary files) and again, flushed to the disk, before the
//! first rename (`commit`: the next run completes the render). Each line has the hashes of the content before and after; a file that has neither
//! was changed by someone else and stays.

use super::manifest::Hash;
use super::place::{Base, Place, join};

/// The journal's name, in the output folder; beside it its next version, and the file that locks the folder for one render.
pub(super) const NAME: &str = ".platgen-journal";
pub(super) const NEXT: &str = ".platgen-journal.new";
pub(super) const BUSY: &str = ".platgen-busy";
/// Names in the output folder that belong to a running or killed render.
pub(super) const OWN: [&str; 3] = [NAME, NEXT, BUSY];
const TEMPORARY: &str = ".platgen-new-";

/// The progress of a render.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Temporary files are being written; no file has changed yet.
    Staging,
    /// Every temporary file is complete; files are being renamed and removed.
    Commit,
}

/// The change of one file: `old` is the hash of its content before, `new` that of its content afterwards; `None` where there is no file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) old: Option<Hash>,
    pub(super) new: Option<Hash>,
}

/// A journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Journal {
    pub(super) phase: Phase,
    /// In the order of execution.
    pub(super) steps: Vec<Step>,
}

impl Journal {
    pub(super) fn print(&self) -> String {
        let phase = match self.phase {
            Phase::Staging => "staging",
            Phase::Commit => "commit",
        };
        let mut text = format!("platgen-journal 1 {phase}\n");
        for Step { place, old, new } in &self.steps {
            let old = old.map_or_else(|| "-".to_owned(), |old| old.to_string());
            text += &match new {
                Some(new) => format!("write {} {old} {new} {}\n", place.base.name(), place.path),
                None => format!("remove {} {old} {}\n", place.base.name(), place.path),
            };
        }
        text
    }

    /// Reads a journal. An incomplete one has no steps: the manifests then decide, file by file.
    pub(super) fn parse(text: &str) -> Journal {
        let phase = if text.starts_with("platgen-journal 1 commit\n") { Phase::Commit } else { Phase::Staging };
        let steps: Option<Vec<Step>> = text.lines().skip(1).map(step).collect();
        Journal { phase, steps: steps.filter(|_| text.ends_with('\n')).unwrap_or_default() }
    }
}

fn step(line: &str) -> Option<Step> {
    let (verb, rest) = line.split_once(' ')?;
    let (base, rest) = rest.split_once(' ')?;
    let base = [Base::Project, Base::Output].into_iter().find(|known| known.name() == base)?;
    let (old, rest) = rest.split_once(' ')?;
    let old = if old == "-" { None } else { Some(Hash::parse(old)?) };
    let (new, path) = match verb {
        "write" => rest.split_once(' ').and_then(|(new, path)| Some((Some(Hash::parse(new)?), path)))?,
        "remove" if old.is_some() => (None, rest),
        _ => return None,
    };
    Some(Step { place: Place::new(base, path), old, new })
}

/// The temporary file with the new content of a file: in the same folder, hence on the same file system, under a short name made of the file's own.
pub(super) fn temporary(place: &Place) -> Place {
    let (folder, name) = place.path.rsplit_once('/').unwrap_or(("", &place.path));
    Place::new(place.base, join(folder, &format!("{TEMPORARY}{}", &Hash::of(name.as_bytes()).to_string()[..16])))
}

/// Whether a name is one that [`temporary`] gives.
pub(super) fn is_temporary(name: &str) -> bool {
    name.strip_prefix(TEMPORARY).is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_as_printed() {
        let (a, b) = (Hash::of(b"a"), Hash::of(b"b"));
        let steps = vec![
            Step { place: Place::new(Base::Project, "platgen.lock"), old: None, new: Some(a) },
            Step { place: Place::output("a b/ü.yaml"), old: Some(a), new: Some(b) },
            Step { place: Place::output("c"), old: Some(a), new: None },
        ];
        let journal = Journal { phase: Phase::Commit, steps };
        assert_eq!(Journal::parse(&journal.print()), journal);
        let text = journal.print();
        assert!(Journal::parse(&text[..text.len() - 1]).steps.is_empty());
        assert_eq!(Journal::parse("").phase, Phase::Staging);
    }

    #[test]
    fn temporary_names_are_known_again() {
        let place = temporary(&Place::output("a/b.yaml"));
        let (folder, name) = place.path.split_once('/').unwrap();
        assert!(folder == "a" && is_temporary(name) && !is_temporary(".platgen-new-x"));
    }
}
