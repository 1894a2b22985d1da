//! `platgen validate`: reports every fault of a spec once and writes nothing.

use super::{DIFFERENT, Ended, FINE, Gaps, Spec, Strict, Terminal};
use crate::diagnostic::wording::Count;
use crate::project::Project;

/// Flags of `validate`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Validate {
    #[command(flatten)]
    spec: Spec,
    #[command(flatten)]
    gaps: Gaps,
    #[command(flatten)]
    strict: Strict,
}

pub(super) fn run(validate: &Validate, terminal: &Terminal) -> Ended {
    let project = Project::open(validate.spec.spec.as_deref())?.allow_incomplete(validate.gaps.allow_incomplete);
    terminal.tell_files(&project);
    // What patches and raw manifests do to objects is known once these are rendered.
    let resolved = project.resolve()?.render()?.resolved;
    terminal.tell_deciding(&resolved.project.found.sorted(), &resolved.project.sources, |finding| validate.strict.is_denied(finding));
    let environments = Count(resolved.estate.environments.len(), "environment");
    if validate.strict.denies(resolved.project.found.iter()) {
        terminal.say(&format!("the spec is valid in {environments}, but has warnings, which `--deny-warnings` refuses"));
        return Ok(DIFFERENT);
    }
    terminal.say(&format!("the spec is valid in {environments}"));
    Ok(FINE)
}
