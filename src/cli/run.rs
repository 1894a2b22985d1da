//! What the ways of `render` share: the resolved project, its findings and the exit code.

use super::{DIFFERENT, FINE, Strict, Terminal, transition};
use crate::diagnostic::Diagnostic;
use crate::model::Estate;
use crate::output::Replaced;
use crate::project::Project;
use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

/// A run of `render` after the spec is resolved.
pub(super) struct Run<'r> {
    pub(super) terminal: &'r Terminal,
    pub(super) strict: Strict,
    pub(super) project: ManuallyDrop<Project>,
    pub(super) estate: ManuallyDrop<Estate>,
    /// Entries that may lose their data, as `environment/namespace/entry`.
    pub(super) forced: BTreeSet<String>,
}

impl Run<'_> {
    /// Prints the findings of the project and further ones as one list: programs read one list. Returns the exit code: the given one, or that of denied
    /// warnings.
    pub(super) fn end(&mut self, code: u8, more: Vec<Diagnostic>) -> u8 {
        self.project.found.extend(more);
        self.terminal.tell_deciding(&self.project.found.sorted(), &self.project.sources, |finding| self.strict.is_denied(finding));
        if code == FINE && self.strict.denies(self.project.found.iter()) { DIFFERENT } else { code }
    }

    /// What a running cluster does not take in place of the files that a render replaces.
    pub(super) fn transitions(&self, replaced: &[Replaced<'_>]) -> Vec<Diagnostic> {
        transition::findings(replaced, &self.estate, &self.forced)
    }
}

/// The line about a file that platgen did not write.
pub(super) fn foreign(path: &str) -> String {
    format!("not written by platgen, left alone: {path}")
}
