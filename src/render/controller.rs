//! What the pages of every GitOps controller have in common.

use super::requirement::listed;
use crate::diagnostic::wording::Count;
use crate::model::Platform;

/// The title of the step in which the files are applied.
pub(super) const SYNC: &str = "Sync";

/// A step of a region's README: title, what it is about, commands.
pub(super) type Step = (&'static str, String, Vec<String>);

/// Who approves a change, as the start of a sentence.
pub(super) fn approval(platform: &Platform, branch: &str) -> String {
    let merge = format!("The merge to `{branch}`");
    match &platform.pipelines {
        Some(pipelines) if pipelines.approvals > 0 => {
            format!("{merge}, with {} of {},", Count(pipelines.approvals as usize, "approval"), listed(&pipelines.approvers))
        }
        _ => merge,
    }
}
