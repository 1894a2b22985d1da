//! The estate's Terraform roots -> the files of the CI system: jobs that judge every change, and plan and apply the roots of each environment. And the
//! documents of its clusters -> the objects of the GitOps controller that applies them.
//!
//! A file here names jobs, their order and their rights. What a job does is a command of [`script`], which people run as well. Which tokens take which
//! role is decided in `resolve` and made by the root `bootstrap`; the module reads no disk.

mod actions;
mod applied;
pub mod argocd;
pub mod flux;
mod github;
mod gitlab;
mod releases;
mod script;

use std::collections::BTreeMap;

use crate::model::{CiSystem, Estate, GitOpsController, Pipelines, Platform};
use crate::provider::Provider;
use crate::template::TemplateError;

pub use applied::Applied;
pub use releases::{Phase, Release, id, releases};
pub use script::script;

/// The folder of the objects of GitOps controllers, below the output folder: each environment has a folder in it.
pub const GITOPS: &str = "gitops";

/// The name of the script in the output folder.
pub const SCRIPT: &str = "pipeline.sh";

/// The lines of a step whose command may find differences: exit code 2 says that there are some.
fn comparison(command: &str) -> String {
    format!("code=0\n{command} || code=$?\n[ \"$code\" -eq 0 ] || [ \"$code\" -eq 2 ]\n")
}

/// The files outside of the output folder that a render may write, whatever the spec says: those of every CI system, so that the files of one leave with
/// it.
pub const OUTSIDE: &[&str] = &{
    let [apply, check, drift, root] = github::FILES;
    [apply, check, drift, root, gitlab::FILE]
};

/// An environment with the roots that its jobs plan and apply, in their order: all but `bootstrap`, which administrators apply.
#[derive(Debug)]
pub struct Stage<'e> {
    /// The platform in the environment.
    pub platform: &'e Platform,
    /// Whose tokens take its roles.
    pub pipelines: &'e Pipelines,
    /// Its roots.
    pub roots: Vec<Root>,
}

/// A Terraform root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Root {
    /// Its folder, below the output folder.
    pub folder: String,
    /// The region of its state, where its jobs sign in.
    pub region: String,
}

impl Root {
    /// The root in names that take no slash.
    fn id(&self) -> String {
        self.folder.replace('/', "-")
    }
}

impl Stage<'_> {
    /// The ARN of the role of jobs that `plan` or `apply`.
    fn role(&self, purpose: &str) -> String {
        let account = self.platform.account(Provider::Aws).unwrap_or_default();
        format!("arn:aws:iam::{account}:role/{}", self.platform.pipeline_role(purpose))
    }
}

/// The files of the CI system by path relative to the spec's folder, which is the root of the repository. Empty without a CI system.
///
/// # Errors
/// A template that cannot be printed.
pub fn files(estate: &Estate, stages: &[Stage<'_>]) -> Result<BTreeMap<String, String>, TemplateError> {
    match stages.first().map(|stage| stage.pipelines.system) {
        Some(CiSystem::Github) => github::files(estate, stages),
        Some(CiSystem::Gitlab) => gitlab::files(estate, stages),
        None => Ok(BTreeMap::new()),
    }
}

/// The objects that tell the GitOps controller of an environment what to apply, by path below its folder; empty without a controller. `applied` is what
/// its files hold.
///
/// # Errors
/// A template that cannot be printed.
pub fn gitops(platform: &Platform, applied: &Applied) -> Result<BTreeMap<String, String>, TemplateError> {
    match &platform.gitops {
        Some(gitops) => match gitops.controller {
            GitOpsController::ArgoCd => argocd::files(platform, gitops, applied),
            GitOpsController::Flux => flux::files(platform, gitops, applied),
        },
        None => Ok(BTreeMap::new()),
    }
}
