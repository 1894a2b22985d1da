//! `platgen validate`: every root cause once, nothing written.

use super::{Ended, FINE, Spec, Terminal};
use crate::diagnostic::wording::Count;
use crate::project::Project;

pub(super) fn run(spec: &Spec, terminal: &Terminal) -> Ended {
    let resolved = Project::open(spec.spec.as_deref())?.resolve()?;
    terminal.tell(&resolved.project.found.sorted(), &resolved.project.sources);
    terminal.say(&format!("the spec is valid in {}", Count(resolved.estate.environments.len(), "environment")));
    Ok(FINE)
}
