//! `platgen lock`: the address plan alone.
//!
//! Without a lock it plans from nothing only where nothing was rendered yet: else every address could change under networks that exist.

use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::lock::Merged;
use crate::output;
use crate::project::{LOCK, OUTPUT, Project};
use crate::source::Sources;
use std::path::Path;

/// Flags of `lock`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct LockCommand {
    #[command(flatten)]
    spec: super::Spec,
    /// Write nothing; exit with 2 where the lock lacks something.
    #[arg(long)]
    check: bool,
    /// Mend a lock after a merge: every range of the common past stays, and what collides is planned anew.
    #[arg(long, conflicts_with = "check")]
    resolve: bool,
}

pub(super) fn run(command: &LockCommand, terminal: &Terminal) -> Ended {
    let mut project = Project::open(command.spec.spec.as_deref())?;
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
    let mut released = 0;
    if let Some(text) = project.lock_text.clone().filter(|_| command.resolve) {
        let mut sources = Sources::default();
        let file = sources.add(project.folder.join(LOCK).display().to_string(), text.clone());
        match Merged::parse(file, &text) {
            Ok(merged) => {
                let resolved = merged.resolve(None);
                released = resolved.released.len();
                project.lock = resolved.lock;
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
    terminal.say(&format!("{} is written: {}, {} planned anew", path.display(), Count(resolution.lock.entries.len(), "range"), released));
    Ok(FINE)
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
