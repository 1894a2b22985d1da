//! `platgen validate`: reports every fault of a spec once and writes nothing.

use super::{Ended, FINE, Spec, Terminal};
use crate::diagnostic::wording::Count;
use crate::project::Project;

pub(super) fn run(spec: &Spec, terminal: &Terminal) -> Ended {
    // What patches and raw manifests do to objects is known once these are rendered.
    let resolved = Project::open(spec.spec.as_deref())?.resolve()?.render()?.resolved;
    terminal.tell(&resolved.project.found.sorted(), &resolved.project.sources);
    terminal.say(&format!("the spec is valid in {}", Count(resolved.estate.environments.len(), "environment")));
    Ok(FINE)
}
