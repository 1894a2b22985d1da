//! `platgen lock`: the address plan alone.
//!
//! Without a lock it plans every address anew, but only where no files were rendered yet: otherwise addresses of existing networks could change.

use super::git;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::delivery;
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::model::lock::{Key, Known, Lock, Merged, Move};
use crate::output::{self, Force, Job, Roots, Selection};
use crate::project::{LOCK, OUTPUT, Project};
use crate::source::{FileId, Sources};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Flags of `lock`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LockCommand {
    #[command(flatten)]
    spec: super::Spec,
    /// The folder of the rendered files, which show that there was a lock. Default: `deploy/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Write nothing; exit with 2 if the lock is out of date.
    #[arg(long)]
    check: bool,
    /// Resolve conflicts after a merge: ranges of the merge base and the target branch stay, and ranges that collide with them are planned anew.
    #[arg(long, conflicts_with = "check")]
    resolve: bool,
    /// The target branch, whose ranges stay; the merge base is that of `HEAD` and this branch. Default: the side of the merge that is on the main
    /// branch, else the side that is checked out.
    #[arg(long, value_name = "REV", requires = "resolve")]
    onto: Option<String>,
}

pub(super) fn run(command: &LockCommand, terminal: &Terminal) -> Ended {
    // The lock lacks nothing where the files do: addresses don't depend on what is rendered.
    let mut project = Project::open(command.spec.spec.as_deref())?.allow_incomplete(true);
    terminal.tell_files(&project);
    match lock_is_lost(&project, &roots(&project, command.output.as_deref()).output) {
        Ok(None) => {}
        Ok(Some(fault)) => {
            terminal.tell_plain(&[fault]);
            return Ok(DIFFERENT);
        }
        Err(faults) => {
            terminal.tell_plain(&faults);
            return Ok(FAILED);
        }
    }
    let path = shown(&project);
    let merge = if command.resolve {
        match resolve(&mut project, command.onto.as_deref(), terminal) {
            Some(merge) => Some(merge),
            None => return Ok(FAILED),
        }
    } else {
        None
    };
    let resolution = project.resolve_soundly();
    terminal.tell(&project.found.sorted(), &project.sources);
    let Some(resolution) = resolution.filter(|_| !project.found.has_errors()) else { return Ok(FAILED) };
    let text = resolution.lock.print();
    let moves = merge.as_ref().map(|(merged, past)| merged.moves(past.known(), &resolution.lock)).unwrap_or_default();
    if moves.iter().any(|one| one.in_base) {
        terminal.tell_plain(&moves.iter().filter(|one| one.in_base).map(|one| immovable(&path, one)).collect::<Vec<_>>());
        terminal.say("nothing was written");
        return Ok(DIFFERENT);
    }
    if project.lock_text.as_deref() == Some(text.as_str()) {
        terminal.say(&format!("{path} is up to date"));
        return Ok(FINE);
    }
    let changed = if merge.is_some() { format!("{} moved", Count(moves.len(), "range")) } else { changes(&project.lock, &resolution.lock) };
    if command.check {
        terminal.say(&format!("{path} is out of date: `platgen lock` writes it ({changed})"));
        return Ok(DIFFERENT);
    }
    let locks = [output::Lock { path: LOCK.to_owned(), text, previous: project.lock_text.clone() }];
    let (roots, files) = (roots(&project, None), Files::default());
    let job = Job {
        roots: &roots,
        files: &files,
        outside: None,
        locks: &locks,
        selection: Selection::default(),
        force: &Force::default(),
        version: env!("CARGO_PKG_VERSION"),
        never_foreign: &[],
    };
    if let Err(faults) = output::write_locks(&job) {
        terminal.tell_plain(&faults);
        return Ok(FAILED);
    }
    for one in &moves {
        let to = one.to.map_or_else(|| "no range".to_owned(), |to| to.to_string());
        terminal.say(&format!("moved: {} {} -> {to}", one.key, one.from));
    }
    match merge.map(|(_, past)| past.target) {
        Some(Some((name, _))) => terminal.say(&format!("kept: every range of {name}; `--onto REV` names another target branch")),
        Some(None) => terminal.say(
            "git knows of no merge here: of two keys with the same range, the one that sorts first kept it; `--onto REV` names the branch whose ranges stay",
        ),
        None => {}
    }
    terminal.say(&format!("{path} is written: {}, {changed}", Count(resolution.lock.entries.len(), "range")));
    Ok(FINE)
}

/// Takes the conflicts out of the project's lock; the colliding ranges are then planned anew. `None` after printing a fault.
fn resolve(project: &mut Project, onto: Option<&str>, terminal: &Terminal) -> Option<(Merged, Past)> {
    let path = shown(project);
    let Some(text) = project.lock_text.clone() else {
        let fault = Diagnostic::new(Code::MissingLock, format!("there is no `{path}` to resolve"));
        terminal.tell_plain(&[fault.subject(path).help("`platgen lock` without `--resolve` writes a first one")]);
        return None;
    };
    let mut sources = Sources::default();
    let file = sources.add(path, text.clone());
    let merged = match Merged::parse(file, &text) {
        Ok(merged) => merged,
        Err(faults) => {
            terminal.tell(&faults.iter().collect::<Vec<_>>(), &sources);
            return None;
        }
    };
    let past = match Past::ask(&project.folder, onto) {
        Ok(past) => past,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return None;
        }
    };
    project.lock = merged.resolve(past.known()).lock;
    // The faults of the lock are resolved; those of the spec stay.
    let keep: Vec<Diagnostic> =
        project.found.iter().filter(|fault| !matches!(fault.code, Code::LockConflict | Code::LockSyntax)).cloned().collect();
    project.found = Default::default();
    project.found.extend(keep);
    project.sound = !project.found.has_errors() || !project.specs.environments.is_empty();
    Some((merged, past))
}

/// The folders that commands write for a project: the output folder, `deploy` by default, and the lock.
pub(super) fn roots(project: &Project, output: Option<&Path>) -> Roots {
    let output = output.map_or_else(|| project.folder.join(OUTPUT), Path::to_owned);
    Roots {
        output,
        project: project.folder.clone(),
        outside: std::iter::once(LOCK).chain(delivery::OUTSIDE.iter().copied()).map(str::to_owned).collect(),
    }
}

/// The path of the lock in messages.
pub(super) fn shown(project: &Project) -> String {
    let path = project.folder.join(LOCK);
    path.strip_prefix(".").unwrap_or(&path).display().to_string()
}

/// The difference between two address plans in a few words.
pub(super) fn changes(old: &Lock, new: &Lock) -> String {
    let of = |lock: &Lock, key: &Key| lock.entries.get(key).map(|entry| entry.removed);
    let count = |before: Option<bool>, after: Option<bool>| {
        let keys: BTreeSet<&Key> = old.entries.keys().chain(new.entries.keys()).collect();
        keys.into_iter().filter(|key| of(old, key) == before && of(new, key) == after).count()
    };
    let all = [
        (count(None, Some(false)), "added"),
        (count(Some(false), Some(true)), "marked as removed, and still reserved"),
        (count(Some(true), Some(false)), "restored"),
    ];
    let all: Vec<String> =
        all.into_iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{} {verb}", Count(count, "range"))).collect();
    if all.is_empty() { "written anew".to_owned() } else { all.join(", ") }
}

/// The locks of the commits that were merged.
#[derive(Default)]
struct Past {
    base: Option<Lock>,
    /// With the name of the target branch.
    target: Option<(String, Lock)>,
}

impl Past {
    /// Asks git for the commits and reads their locks. A commit whose lock can't be read counts as one without a lock.
    ///
    /// # Errors
    /// The revision `onto` does not exist, or has no lock that can be read.
    fn ask(folder: &Path, onto: Option<&str>) -> Result<Past, Box<Diagnostic>> {
        let read = |commit: &str| Lock::parse(FileId(0), &git::file_at(folder, commit, LOCK)?).ok();
        let merge = git::merge(folder, onto);
        let base = merge.as_ref().and_then(|merge| read(merge.base.as_deref()?));
        let target = merge.and_then(|merge| Some((merge.name, read(&merge.target)?)));
        match onto {
            Some(onto) if target.is_none() => {
                let message = format!("git knows no commit `{onto}` with a `{LOCK}` that can be read");
                Err(Box::new(Diagnostic::new(Code::UnknownReference, message).help("name the branch whose networks exist, such as `main`")))
            }
            _ => Ok(Past { base, target }),
        }
    }

    fn known(&self) -> Known<'_> {
        Known { base: self.base.as_ref(), target: self.target.as_ref().map(|(_, lock)| lock) }
    }
}

/// The finding for a range of the merge base that would move.
fn immovable(path: &str, one: &Move) -> Diagnostic {
    let to = one.to.map_or_else(|| "lose its range".to_owned(), |to| format!("move to `{to}`"));
    let message = format!("`{}` would {to}, but the merge base has it at `{}`: its network may exist", one.key, one.from);
    Diagnostic::new(Code::LockConflict, message).subject(path).help(format!(
        "undo the change that moved the range around it or a neighbour into it; if nothing runs in `{}`, delete the line and run `platgen lock`",
        one.from
    ))
}

/// The finding for a missing lock, where files were rendered with one.
///
/// # Errors
/// The output folder can't be read.
pub(super) fn lock_is_lost(project: &Project, output: &Path) -> Result<Option<Diagnostic>, Vec<Diagnostic>> {
    if project.lock_text.is_some() || !output::was_rendered(output)? {
        return Ok(None);
    }
    let path = shown(project);
    let fault =
        Diagnostic::new(Code::MissingLock, format!("`{path}` is missing, but files in `{}` were rendered with it", output.display()));
    let help =
        format!("restore it from version control; `platgen render --force={LOCK}` plans every address anew, which can replace networks");
    Ok(Some(fault.subject(path).help(help)))
}
