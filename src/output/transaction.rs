//! Carries out a plan so that a kill at any moment leaves every file whole and the next run able to finish.
//!
//! Journal, temporary files beside their targets, journal again (flushed), renames and removals, journal gone. Until the second journal a
//! failure is undone without a trace. One render at a time: an advisory lock on a file in the output folder, which goes with the render.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::journal::{self, Journal, Phase, Step, temporary};
use super::manifest::hash;
use super::place::{Base, Disk, Found, Place, Roots, failed, is_folder};
use super::plan::{Plan, Planned};
use crate::diagnostic::{Code, Diagnostic};

/// The right to write; while it lives, other renders of this output folder wait.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    /// Folders made for it, deepest last; removed again where they stayed empty.
    made: Vec<PathBuf>,
    _file: File,
}

impl Hold {
    /// Waits until no other render is under way. Makes the output folder.
    pub(super) fn acquire(output: &Path) -> Result<Hold, Box<Diagnostic>> {
        is_folder(output)?;
        let mut made = Vec::new();
        let path = output.join(journal::BUSY);
        let mut attempts = 0..1000;
        loop {
            let opened = make_folders(output, &mut made)
                .and_then(|()| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path));
            let file = match opened {
                // The other render found the folder empty and took it away.
                Err(error) if error.kind() == ErrorKind::NotFound && attempts.next().is_some() => continue,
                Err(error) => {
                    remove_empty(&made);
                    return Err(failed("write to", output, &error));
                }
                Ok(file) => file,
            };
            match file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Some network file systems have no locks; a render that can't be kept apart is better than none.
                Err(error) if error.kind() != ErrorKind::Unsupported => return Err(failed("lock", &path, &error)),
                _ if is_still(&file, &path) => return Ok(Hold { path, made, _file: file }),
                _ => {}
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Elsewhere a file can't go while another process waits on it; there it stays, and is never foreign.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
        remove_empty(&self.made);
    }
}

/// Waits for a render that is under way, without writing anything; the guard keeps the next one out.
pub(super) fn wait(output: &Path) -> Option<File> {
    let path = output.join(journal::BUSY);
    loop {
        let file = File::open(&path).ok()?;
        file.lock_shared().ok()?;
        if is_still(&file, &path) {
            return Some(file);
        }
    }
}

/// Whether a path still leads to this file: the render before may have removed it when it ended.
fn is_still(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |about: fs::Metadata| (about.dev(), about.ino());
        matches!((file.metadata().map(identity), fs::metadata(path).map(identity)), (Ok(a), Ok(b)) if a == b)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Makes a folder and those above it, and notes which were new.
fn make_folders(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(above, made)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        other => other.map(|()| made.push(folder.to_owned())),
    }
}

/// Removes those folders that are empty, deepest first.
fn remove_empty(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Carries a plan out.
pub(super) fn commit(roots: &Roots, hold: &mut Hold, plan: &Plan<'_>) -> Result<(), Box<Diagnostic>> {
    for stray in &plan.strays {
        remove(&roots.at(stray)).map_err(|error| failed("remove", &roots.at(stray), &error))?;
    }
    if plan.steps.is_empty() {
        return Ok(());
    }
    let mut journal = Journal { phase: Phase::Staging, steps: plan.steps.iter().map(|planned| planned.step.clone()).collect() };
    let mut made = Vec::new();
    let staged = write_journal(roots, &journal)
        .and_then(|()| plan.steps.iter().try_for_each(|planned| stage(roots, planned, &mut made)))
        .and_then(|()| {
            journal.phase = Phase::Commit;
            write_journal(roots, &journal)
        });
    if let Err(error) = staged {
        discard(roots, &journal);
        remove_empty(&made);
        return Err(error);
    }
    hold.made.clear();
    for step in &journal.steps {
        apply(roots, step).map_err(|(path, error)| {
            let cause = failed("replace", &path, &error);
            let diagnostic = Diagnostic::new(Code::InterruptedRender, format!("the render stopped halfway: {}", cause.message));
            diagnostic.subject(roots.show(step.place())).help("every file is whole; see to the cause and render again, which completes it")
        })?;
    }
    remove(&roots.output.join(journal::NAME)).map_err(|error| failed("remove", &roots.output.join(journal::NAME), &error))
}

/// Writes a file's new content beside it.
fn stage(roots: &Roots, planned: &Planned<'_>, made: &mut Vec<PathBuf>) -> Result<(), Box<Diagnostic>> {
    let place = planned.step.place();
    let target = roots.at(place);
    if planned.step.after().is_none() {
        return Ok(());
    }
    let path = roots.at(&temporary(place));
    let mut write = || -> io::Result<()> {
        if let Some(folder) = target.parent() {
            make_folders(folder, made)?;
        }
        remove(&path)?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(planned.text.as_bytes())?;
        // What is replaced keeps its mode.
        if let Ok(about) = fs::symlink_metadata(&target)
            && about.is_file()
            && about.permissions() != file.metadata()?.permissions()
        {
            file.set_permissions(about.permissions())?;
        }
        Ok(())
    };
    write().map_err(|error| failed("write", &target, &error))
}

/// Puts a journal in place as a whole; that of a commit reaches the disk before anything else happens.
fn write_journal(roots: &Roots, journal: &Journal) -> Result<(), Box<Diagnostic>> {
    let (next, path) = (roots.output.join(journal::NEXT), roots.output.join(journal::NAME));
    let write = || -> io::Result<()> {
        let mut file = File::create(&next)?;
        file.write_all(journal.print().as_bytes())?;
        if journal.phase == Phase::Commit {
            file.sync_all()?;
        }
        fs::rename(&next, &path)?;
        if cfg!(unix) && journal.phase == Phase::Commit {
            File::open(&roots.output)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|error| failed("write", &path, &error))
}

/// Renames or removes one file.
fn apply(roots: &Roots, step: &Step) -> Result<(), (PathBuf, io::Error)> {
    let target = roots.at(step.place());
    let done = match step {
        Step::Write { place, .. } => fs::rename(roots.at(&temporary(place)), &target),
        Step::Remove { place, .. } => remove(&target).map(|()| remove_folders(roots, place)),
    };
    done.map_err(|error| (target, error))
}

/// Removes a file; one that is not there is fine.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders above a removed file as long as they are empty, up to the root.
fn remove_folders(roots: &Roots, place: &Place) {
    let mut folder = place.path.as_str();
    while let Some((above, _)) = folder.rsplit_once('/') {
        folder = above;
        if fs::remove_dir(roots.base(place.base).join(folder)).is_err() {
            return;
        }
    }
}

/// Throws the temporary files of a journal away, and the journal. What can't be removed is found by the next run.
fn discard(roots: &Roots, journal: &Journal) {
    for step in &journal.steps {
        let _ = remove(&roots.at(&temporary(step.place())));
    }
    for name in [journal::NEXT, journal::NAME] {
        let _ = remove(&roots.output.join(name));
    }
}

/// Completes a render that was cut short, or takes its preparations back. Returns whether there was one.
pub(super) fn recover(roots: &Roots, _hold: &Hold) -> Result<bool, Box<Diagnostic>> {
    let path = roots.output.join(journal::NAME);
    let mut disk = Disk::new(roots);
    let journal = match disk.look(&Place::output(journal::NAME))? {
        Found::File(bytes) => Journal::parse(&String::from_utf8_lossy(&bytes)),
        _ => {
            remove(&roots.output.join(journal::NEXT)).map_err(|error| failed("remove", &path, &error))?;
            return Ok(false);
        }
    };
    // A journal is a file like any other: it can't lead anywhere that a render could not go.
    let allowed = |step: &&Step| roots.objection(step.place()).is_none();
    for step in journal.steps.iter().filter(allowed) {
        let waiting = temporary(step.place());
        let (new, current) = (disk.look(&waiting)?, disk.look(step.place())?);
        let holds = |found: &Found, wanted: Option<&str>| match found {
            Found::File(bytes) => wanted == Some(hash(bytes).as_str()),
            Found::Absent => wanted.is_none(),
            Found::Link | Found::Other => false,
        };
        let untouched = match step {
            Step::Write { old, new: wanted, .. } => holds(&new, Some(wanted)) && holds(&current, old.as_deref()),
            Step::Remove { old, .. } => holds(&current, Some(old)),
        };
        let result = match journal.phase {
            Phase::Commit if untouched => apply(roots, step),
            _ => remove(&roots.at(&waiting)).map_err(|error| (roots.at(&waiting), error)),
        };
        result.map_err(|(path, error)| failed("write", &path, &error))?;
        if journal.phase == Phase::Staging && step.place().base == Base::Output {
            remove_folders(roots, step.place());
        }
    }
    for name in [journal::NEXT, journal::NAME] {
        remove(&roots.output.join(name)).map_err(|error| failed("remove", &roots.output.join(name), &error))?;
    }
    Ok(true)
}
