//! `platgen lock`: the address plan alone.
//!
//! Without a lock it plans from nothing only where nothing was rendered yet: else every address could change under networks that exist.

use super::load::{LOCK, OUTPUT};
use super::{DIFFERENT, FAILED, FINE, Loaded, Terminal, load};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::lock::Merged;
use crate::output;
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

pub(super) fn run(command: &LockCommand, terminal: &Terminal) -> u8 {
    let mut loaded = match load(command.spec.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            return FAILED;
        }
    };
    match lock_is_lost(&loaded, &loaded.folder.join(OUTPUT)) {
        Ok(None) => {}
        Ok(Some(fault)) => {
            terminal.tell_plain(&[fault]);
            return DIFFERENT;
        }
        Err(faults) => {
            terminal.tell_plain(&faults);
            return FAILED;
        }
    }
    let mut released = 0;
    if let Some(text) = loaded.lock_text.clone().filter(|_| command.resolve) {
        let mut sources = Sources::default();
        let file = sources.add(loaded.folder.join(LOCK).display().to_string(), text.clone());
        match Merged::parse(file, &text) {
            Ok(merged) => {
                let resolved = merged.resolve(None);
                released = resolved.released.len();
                loaded.lock = resolved.lock;
                // What stood in the way was the lock itself; faults of the spec still do.
                let keep: Vec<Diagnostic> =
                    loaded.found.iter().filter(|d| !matches!(d.code, Code::LockConflict | Code::LockSyntax)).cloned().collect();
                loaded.found = Default::default();
                loaded.found.extend(keep);
                loaded.sound = !loaded.found.has_errors() || !loaded.specs.environments.is_empty();
            }
            Err(faults) => {
                terminal.tell(&faults.iter().collect::<Vec<_>>(), &sources);
                return FAILED;
            }
        }
    }
    let resolution = loaded.resolve();
    terminal.tell(&loaded.found.sorted(), &loaded.sources);
    let Some(resolution) = resolution.filter(|_| !loaded.found.has_errors()) else { return FAILED };
    let text = resolution.lock.print();
    let path = loaded.folder.join(LOCK);
    if loaded.lock_text.as_deref() == Some(text.as_str()) {
        terminal.say(&format!("{} is complete", path.display()));
        return FINE;
    }
    if command.check {
        terminal.say(&format!("{} lacks something that the spec needs: `platgen lock` adds it", path.display()));
        return DIFFERENT;
    }
    let written = tempfile::NamedTempFile::new_in(&loaded.folder).and_then(|mut file| {
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        #[cfg(unix)]
        std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(&path).map_err(|error| error.error)
    });
    if let Err(error) = written {
        let fault = Diagnostic::new(Code::Unwritable, format!("`{}` can't be written: {error}", path.display()));
        terminal.tell_plain(&[fault.help("check the folder's permissions and the space on its disk")]);
        return FAILED;
    }
    terminal.say(&format!("{} is written: {}, {} planned anew", path.display(), Count(resolution.lock.entries.len(), "range"), released));
    FINE
}

/// The finding where files were rendered with a lock that is gone.
///
/// # Errors
/// The output folder can't be read.
pub(super) fn lock_is_lost(loaded: &Loaded, output: &Path) -> Result<Option<Diagnostic>, Vec<Diagnostic>> {
    if loaded.lock_text.is_some() || !output::was_rendered(output)? {
        return Ok(None);
    }
    let path = loaded.folder.join(LOCK).display().to_string();
    let fault =
        Diagnostic::new(Code::MissingLock, format!("`{path}` is missing, but files in `{}` were rendered with it", output.display()));
    let help =
        format!("bring it back from version control; `platgen render --force={LOCK}` plans every address anew, which can replace networks");
    Ok(Some(fault.subject(path).help(help)))
}
