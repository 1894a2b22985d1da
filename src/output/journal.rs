//! The journal of a render under way: what it replaces and removes, so that a killed render can be told and completed.
//!
//! It is written before the first temporary file (`staging`: throw them away) and once more, flushed to the disk, before the first rename
//! (`commit`: carry on). Each line names the content before and after; what has neither any more was touched by someone else and is left.

use super::manifest::{hash, is_hash};
use super::place::{Base, Place, join};

/// The journal's name, in the output folder; beside it its next version and the file that keeps two renders apart.
pub(super) const NAME: &str = ".platgen-journal";
pub(super) const NEXT: &str = ".platgen-journal.new";
pub(super) const BUSY: &str = ".platgen-busy";
/// Names in the output folder that belong to a running or killed render.
pub(super) const OWN: [&str; 3] = [NAME, NEXT, BUSY];
const TEMPORARY: &str = ".platgen-new-";

/// How far the render had come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Temporary files are being written; no file of ours has changed yet.
    Staging,
    /// Every temporary file is whole; files are being renamed and removed.
    Commit,
}

/// What happens to one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It gets the content with hash `new`; `old` is the hash of what was there.
    Write { place: Place, old: Option<String>, new: String },
    /// It goes; `old` is the hash of what was there.
    Remove { place: Place, old: String },
}

impl Step {
    pub(super) fn place(&self) -> &Place {
        match self {
            Step::Write { place, .. } | Step::Remove { place, .. } => place,
        }
    }

    /// The hash of the content it leaves behind; `None` where the file goes.
    pub(super) fn after(&self) -> Option<&str> {
        match self {
            Step::Write { new, .. } => Some(new),
            Step::Remove { .. } => None,
        }
    }
}

/// A journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Journal {
    pub(super) phase: Phase,
    /// In the order in which they are done.
    pub(super) steps: Vec<Step>,
}

impl Journal {
    pub(super) fn print(&self) -> String {
        let phase = match self.phase {
            Phase::Staging => "staging",
            Phase::Commit => "commit",
        };
        let mut text = format!("platgen-journal 1 {phase}\n");
        for step in &self.steps {
            let place = step.place();
            text += &match step {
                Step::Write { old, new, .. } => {
                    format!("write {} {} {new} {}\n", place.base.name(), old.as_deref().unwrap_or("-"), place.path)
                }
                Step::Remove { old, .. } => format!("remove {} {old} {}\n", place.base.name(), place.path),
            };
        }
        text
    }

    /// Reads a journal. One that the disk lost parts of has no steps to carry out: the manifests then decide, file by file.
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
    let old = (old != "-").then(|| old.to_owned());
    if old.as_deref().is_some_and(|old| !is_hash(old)) {
        return None;
    }
    match verb {
        "write" => {
            let (new, path) = rest.split_once(' ')?;
            is_hash(new).then(|| Step::Write { place: Place::new(base, path), old, new: new.to_owned() })
        }
        "remove" => Some(Step::Remove { place: Place::new(base, rest), old: old? }),
        _ => None,
    }
}

/// Where the new content of a file waits: in the same folder, hence on the same file system, under a short name that follows from its own.
pub(super) fn temporary(place: &Place) -> Place {
    let (folder, name) = place.path.rsplit_once('/').unwrap_or(("", &place.path));
    Place::new(place.base, join(folder, &format!("{TEMPORARY}{}", &hash(name.as_bytes())[..16])))
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
        let (a, b) = (hash(b"a"), hash(b"b"));
        let steps = vec![
            Step::Write { place: Place::new(Base::Project, "platgen.lock"), old: None, new: a.clone() },
            Step::Write { place: Place::output("a b/ü.yaml"), old: Some(a.clone()), new: b },
            Step::Remove { place: Place::output("c"), old: a },
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
