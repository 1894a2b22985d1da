//! Carries out a plan so that a kill at any moment leaves every file whole, and the next run can finish the render.
//!
//! The order: journal, temporary files beside their targets, journal again (flushed), renames and removals, removal of the journal. Until the second
//! journal a failure is undone without a trace. An advisory lock on a file in the output folder keeps out other renders; the render removes the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::disk::{Disk, Found};
use super::journal::{self, Journal, Phase, Step, temporary};
use super::manifest::Hash;
use super::place::{Base, Place, Roots, failed, is_folder};
use super::plan::{Plan, Planned};
use crate::diagnostic::{Code, Diagnostic};

/// The lock of the output folder; while it is held, other renders of the folder wait.
#[derive(Debug)]
pub(super) struct RenderLock {
    path: PathBuf,
    /// Folders that were made for the lock, deepest last; empty ones are removed with it.
    made: Vec<PathBuf>,
    _file: File,
}

impl RenderLock {
    /// Waits until no other render is under way. Makes the output folder.
    pub(super) fn acquire(output: &Path) -> Result<RenderLock, Box<Diagnostic>> {
        is_folder(output)?;
        let mut made = Vec::new();
        let path = output.join(journal::BUSY);
        let mut attempts = 0..1000;
        loop {
            let opened = make_folders(output, &mut made)
                .and_then(|()| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path));
            let file = match opened {
                // Another render removed the empty folder.
                Err(error) if error.kind() == ErrorKind::NotFound && attempts.next().is_some() => continue,
                Err(error) => {
                    remove_empty(&made);
                    return Err(failed("write to", output, &error));
                }
                Ok(file) => file,
            };
            match file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Some network file systems have no locks; rendering without one is better than not rendering.
                Err(error) if error.kind() != ErrorKind::Unsupported => return Err(failed("lock", &path, &error)),
                _ if is_still(&file, &path) => return Ok(RenderLock { path, made, _file: file }),
                _ => {}
            }
        }
    }
}

impl Drop for RenderLock {
    fn drop(&mut self) {
        // Other systems can't remove a file on which another process waits; the file stays, and is never foreign.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
        remove_empty(&self.made);
    }
}

/// Waits for a running render, without writing anything; the guard keeps out the next one.
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

/// Whether this file still has the path: the previous render may have removed it.
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

/// Makes a folder and the folders above it, and adds the new ones to `made`.
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

/// Removes the empty ones of these folders, deepest first.
fn remove_empty(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Carries out a plan.
pub(super) fn commit(roots: &Roots, _held: &RenderLock, plan: &Plan<'_>) -> Result<(), Box<Diagnostic>> {
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
    for step in &journal.steps {
        apply(roots, step).map_err(|(path, error)| {
            let cause = failed("replace", &path, &error);
            let diagnostic = Diagnostic::new(Code::InterruptedRender, format!("the render stopped halfway: {}", cause.message));
            diagnostic.subject(roots.show(&step.place)).help("every file is whole; see to the cause and render again, which completes it")
        })?;
    }
    remove(&roots.output.join(journal::NAME)).map_err(|error| failed("remove", &roots.output.join(journal::NAME), &error))
}

/// Writes a file's new content beside it.
fn stage(roots: &Roots, planned: &Planned<'_>, made: &mut Vec<PathBuf>) -> Result<(), Box<Diagnostic>> {
    let place = &planned.step.place;
    let target = roots.at(place);
    if planned.step.new.is_none() {
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
        // A replaced file keeps its mode.
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

/// Writes a journal and renames it into place. The journal of a commit is flushed to the disk before this function returns.
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
    let target = roots.at(&step.place);
    let done = match step.new {
        Some(_) => fs::rename(roots.at(&temporary(&step.place)), &target),
        None => remove(&target).map(|()| remove_folders(roots, &step.place)),
    };
    done.map_err(|error| (target, error))
}

/// Removes a file. A missing file is no error.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders above a removed file as long as they are empty, up to the root.
fn remove_folders(roots: &Roots, place: &Place) {
    let folders = std::iter::successors(Some(place.folder()), |folder| Some(folder.rsplit_once('/')?.0));
    for folder in folders.take_while(|folder| !folder.is_empty()) {
        if fs::remove_dir(roots.base(place.base).join(folder)).is_err() {
            return;
        }
    }
}

/// Removes the temporary files of a journal, and the journal. The next run removes the rest.
fn discard(roots: &Roots, journal: &Journal) {
    for step in &journal.steps {
        let _ = remove(&roots.at(&temporary(&step.place)));
    }
    for name in [journal::NEXT, journal::NAME] {
        let _ = remove(&roots.output.join(name));
    }
}

/// Completes an interrupted render, or removes its temporary files where it had not committed. Returns whether there was one.
pub(super) fn recover(roots: &Roots, _held: &RenderLock) -> Result<bool, Box<Diagnostic>> {
    let path = roots.output.join(journal::NAME);
    let mut disk = Disk::new(roots);
    let journal = match disk.look(&Place::output(journal::NAME))? {
        Found::File(bytes) => Journal::parse(&String::from_utf8_lossy(bytes)),
        _ => {
            remove(&roots.output.join(journal::NEXT)).map_err(|error| failed("remove", &path, &error))?;
            return Ok(false);
        }
    };
    // A person may have edited the journal, so that it names a path outside of the roots.
    let allowed = |step: &&Step| roots.objection(&step.place).is_none();
    for step in journal.steps.iter().filter(allowed) {
        let waiting = temporary(&step.place);
        let mut holds = |place: &Place, wanted: Option<Hash>| {
            disk.look(place).map(|found| match found {
                Found::File(bytes) => wanted == Some(Hash::of(bytes)),
                Found::Absent => wanted.is_none(),
                Found::Link | Found::Other => false,
            })
        };
        let untouched = (step.new.is_none() || holds(&waiting, step.new)?) && holds(&step.place, step.old)?;
        let result = match journal.phase {
            Phase::Commit if untouched => apply(roots, step),
            _ => remove(&roots.at(&waiting)).map_err(|error| (roots.at(&waiting), error)),
        };
        result.map_err(|(path, error)| failed("write", &path, &error))?;
        if journal.phase == Phase::Staging && step.place.base == Base::Output {
            remove_folders(roots, &step.place);
        }
    }
    for name in [journal::NEXT, journal::NAME] {
        remove(&roots.output.join(name)).map_err(|error| failed("remove", &roots.output.join(name), &error))?;
    }
    Ok(true)
}
