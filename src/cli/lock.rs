//! `platgen lock`: the locks alone: the address plan, and the versions of add-ons.
//!
//! Without a lock it plans every address anew, but only where no files were rendered yet: otherwise addresses of existing networks could change.

use super::git;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::delivery;
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::model::lock::{AddonLock, Key, Known, Lock, Merged, Move, Moved};
use crate::output::{self, Force, Job, Roots, Selection};
use crate::project::{ADDONS_LOCK, LOCK, OUTPUT, Project};
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
    /// Move the versions of add-ons in `addons.lock` to the newest that this version of platgen knows for the Kubernetes version of the clusters.
    #[arg(long, conflicts_with = "resolve")]
    addons: bool,
    /// Write nothing; exit with 2 if a lock is out of date.
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
    let before = project.addons.clone();
    if command.addons {
        project.addons = AddonLock::default();
    }
    let resolution = project.resolve_soundly();
    terminal.tell(&project.found.sorted(), &project.sources);
    let Some(resolution) = resolution.filter(|_| !project.found.has_errors()) else { return Ok(FAILED) };
    let locks = locks(&project, &resolution.lock, &resolution.addons);
    let moves = merge.as_ref().map(|(merged, past)| merged.moves(past.known(), &resolution.lock)).unwrap_or_default();
    if moves.iter().any(|one| one.in_base) {
        terminal.tell_plain(&moves.iter().filter(|one| one.in_base).map(|one| immovable(&path, one)).collect::<Vec<_>>());
        terminal.say("nothing was written");
        return Ok(DIFFERENT);
    }
    let is_stale = |lock: &&output::Lock| lock.previous.as_ref() != Some(&lock.text);
    let stale: Vec<String> = locks.iter().filter(is_stale).map(|lock| beside(&project, &lock.path)).collect();
    if stale.is_empty() {
        let all: Vec<String> = locks.iter().map(|lock| beside(&project, &lock.path)).collect();
        terminal.say(&format!("{} up to date", are(&all)));
        return Ok(FINE);
    }
    let changed = if merge.is_some() { format!("{} moved", Count(moves.len(), "range")) } else { changes(&project.lock, &resolution.lock) };
    let versions = versions(&before, &resolution.addons);
    if command.check {
        let command = if command.addons { "platgen lock --addons" } else { "platgen lock" };
        versions.iter().for_each(|line| terminal.say(line));
        let changed = if stale.contains(&path) { format!(" ({changed})") } else { String::new() };
        terminal.say(&format!("{} out of date: `{command}` writes {}{changed}", are(&stale), if stale.len() == 1 { "it" } else { "them" }));
        return Ok(DIFFERENT);
    }
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
    versions.iter().for_each(|line| terminal.say(line));
    if stale.contains(&path) {
        terminal.say(&format!("{path} is written: {}, {changed}", Count(resolution.lock.entries.len(), "range")));
    }
    if let Some(path) = stale.iter().find(|stale| **stale != path) {
        terminal.say(&format!(
            "{path} is written: {} of add-ons changed; `platgen render` writes the files with them",
            Count(versions.len(), "version")
        ));
    }
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
        outside: [LOCK, ADDONS_LOCK].into_iter().chain(delivery::OUTSIDE.iter().copied()).map(str::to_owned).collect(),
    }
}

/// The locks of a project as they are to be on the disk. A project without add-ons has no lock of them.
pub(super) fn locks(project: &Project, lock: &Lock, addons: &AddonLock) -> Vec<output::Lock> {
    let plan = output::Lock { path: LOCK.to_owned(), text: lock.print(), previous: project.lock_text.clone(), vital: true };
    let previous = project.addons_text.clone();
    let versions = (!addons.is_empty() || previous.is_some()).then(|| addons.print());
    let versions = versions.map(|text| output::Lock { path: ADDONS_LOCK.to_owned(), text, previous, vital: false });
    std::iter::once(plan).chain(versions).collect()
}

/// The versions of add-ons that differ, a line for each.
fn versions(old: &AddonLock, new: &AddonLock) -> Vec<String> {
    let line = |(addon, kubernetes, before, version): Moved<'_>| {
        let of = format!("{addon} for Kubernetes 1.{kubernetes}");
        match before {
            None => format!("{of}: new -> {version}"),
            Some(before) if before == version => format!("{of}: another digest of {version}"),
            Some(before) => format!("{of}: {before} -> {version}"),
        }
    };
    new.moved(old).map(line).collect()
}

/// Files with their verb.
fn are(paths: &[String]) -> String {
    format!("{} {}", paths.join(" and "), if paths.len() == 1 { "is" } else { "are" })
}

/// The path of the lock of addresses in messages.
pub(super) fn shown(project: &Project) -> String {
    beside(project, LOCK)
}

/// The path of a file beside the spec in messages.
fn beside(project: &Project, name: &str) -> String {
    let path = project.folder.join(name);
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
