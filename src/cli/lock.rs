//! `platgen lock`: the address plan alone.
//!
//! Without a lock it plans from nothing only where nothing was rendered yet: else every address could change under networks that exist.

use super::git;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::lock::{Known, Lock, Merged, Move};
use crate::output;
use crate::project::{LOCK, OUTPUT, Project};
use crate::source::{FileId, Sources};
use std::path::Path;

/// Flags of `lock`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LockCommand {
    #[command(flatten)]
    spec: super::Spec,
    /// Write nothing; exit with 2 where the lock lacks something.
    #[arg(long)]
    check: bool,
    /// Mend a lock after a merge: ranges of the merge base and the target branch stay, and ranges that collide with them are planned anew.
    #[arg(long, conflicts_with = "check")]
    resolve: bool,
    /// The target branch, whose ranges stay. Default: the side of the merge that the main branch has, else the side that is checked out.
    #[arg(long, value_name = "REV", requires = "resolve")]
    onto: Option<String>,
}

pub(super) fn run(command: &LockCommand, terminal: &Terminal) -> Ended {
    let mut project = Project::open(command.spec.spec.as_deref())?;
    terminal.tell_files(&project);
    match lock_is_lost(&project, &project.folder.join(OUTPUT)) {
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
    let mut merge = None;
    if let Some(text) = project.lock_text.clone().filter(|_| command.resolve) {
        let mut sources = Sources::default();
        let file = sources.add(project.folder.join(LOCK).display().to_string(), text.clone());
        match Merged::parse(file, &text) {
            Ok(merged) => {
                let past = match Past::ask(&project.folder, command.onto.as_deref()) {
                    Ok(past) => past,
                    Err(fault) => {
                        terminal.tell_plain(&[*fault]);
                        return Ok(FAILED);
                    }
                };
                project.lock = merged.resolve(past.known()).lock;
                merge = Some((merged, past));
                // What stood in the way was the lock itself; faults of the spec still do.
                let keep: Vec<Diagnostic> =
                    project.found.iter().filter(|d| !matches!(d.code, Code::LockConflict | Code::LockSyntax)).cloned().collect();
                project.found = Default::default();
                project.found.extend(keep);
                project.sound = !project.found.has_errors() || !project.specs.environments.is_empty();
            }
            Err(faults) => {
                terminal.tell(&faults.iter().collect::<Vec<_>>(), &sources);
                return Ok(FAILED);
            }
        }
    }
    let resolution = project.resolve_soundly();
    terminal.tell(&project.found.sorted(), &project.sources);
    let Some(resolution) = resolution.filter(|_| !project.found.has_errors()) else { return Ok(FAILED) };
    let text = resolution.lock.print();
    let path = project.folder.join(LOCK);
    let moves = merge.as_ref().map(|(merged, past)| merged.moves(past.known(), &resolution.lock)).unwrap_or_default();
    if moves.iter().any(|one| one.in_base) {
        terminal.tell_plain(&moves.iter().filter(|one| one.in_base).map(|one| immovable(&path, one)).collect::<Vec<_>>());
        terminal.say("nothing was written");
        return Ok(DIFFERENT);
    }
    if project.lock_text.as_deref() == Some(text.as_str()) {
        terminal.say(&format!("{} is complete", path.display()));
        return Ok(FINE);
    }
    if command.check {
        terminal.say(&format!("{} lacks something that the spec needs: `platgen lock` adds it", path.display()));
        return Ok(DIFFERENT);
    }
    let written = tempfile::NamedTempFile::new_in(&project.folder).and_then(|mut file| {
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        #[cfg(unix)]
        std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(&path).map_err(|error| error.error)
    });
    if let Err(error) = written {
        let fault = Diagnostic::new(Code::Unwritable, format!("`{}` can't be written: {error}", path.display()));
        terminal.tell_plain(&[fault.help("check the folder's permissions and the space on its disk")]);
        return Ok(FAILED);
    }
    for one in &moves {
        terminal.say(&format!("moved: {} {} -> {}", one.key, one.from, one.to));
    }
    match merge.map(|(_, past)| past.target) {
        Some(Some((name, _))) => terminal.say(&format!("kept: every range of {name}; `--onto REV` names another target branch")),
        Some(None) => terminal
            .say("git knows of no merge here: the key that sorts first kept its range; `--onto REV` names the branch whose ranges stay"),
        None => {}
    }
    terminal.say(&format!("{} is written: {}, {} moved", path.display(), Count(resolution.lock.entries.len(), "range"), moves.len()));
    Ok(FINE)
}

/// The locks of the commits that were merged.
#[derive(Default)]
struct Past {
    base: Option<Lock>,
    /// With the name of the target branch.
    target: Option<(String, Lock)>,
}

impl Past {
    /// Asks git. A commit whose lock can't be read counts as one without a lock.
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
fn immovable(path: &Path, one: &Move) -> Diagnostic {
    let message = format!(
        "`{}` would move from `{}` to `{}`, but both branches of the merge had it: its network may exist",
        one.key, one.from, one.to
    );
    Diagnostic::new(Code::LockConflict, message).subject(path.display().to_string()).help(format!(
        "take back the change that gave another range to what it lies in or to its neighbour; if nothing runs in `{}`, delete the line and run `platgen lock`",
        one.from
    ))
}

/// The finding where files were rendered with a lock that is gone.
///
/// # Errors
/// The output folder can't be read.
pub(super) fn lock_is_lost(project: &Project, output: &Path) -> Result<Option<Diagnostic>, Vec<Diagnostic>> {
    if project.lock_text.is_some() || !output::was_rendered(output)? {
        return Ok(None);
    }
    let path = project.folder.join(LOCK).display().to_string();
    let fault =
        Diagnostic::new(Code::MissingLock, format!("`{path}` is missing, but files in `{}` were rendered with it", output.display()));
    let help =
        format!("bring it back from version control; `platgen render --force={LOCK}` plans every address anew, which can replace networks");
    Ok(Some(fault.subject(path).help(help)))
}
