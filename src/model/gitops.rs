//! The controller that applies the Kubernetes files of an environment from Git.

use crate::value::truncate_with_hash;

/// What applies the files of an environment, and from where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GitOps {
    /// The controller.
    pub controller: GitOpsController,
    /// The URL of the repository, as the controller clones it.
    pub repository: String,
    /// The Git reference whose files are applied, such as `refs/heads/main`. The name of a branch alone may also be that of a tag, or a range of versions.
    pub reference: String,
}

/// The stages in which Flux applies the files of a region, one Kustomization each. Those of jobs are between [`Stages::CONFIG`] and [`Stages::APPS`], with
/// names of their own.
#[derive(Clone, Copy, Debug)]
pub enum Stages {}

impl Stages {
    /// Namespaces, roles, limits, policies: objects of Kubernetes itself that need nothing else.
    pub const RULES: &str = "rules";
    /// What a whole namespace or the whole cluster reads, and the objects of add-ons among it.
    pub const CONFIG: &str = "config";
    /// Everything of apps and stores that no job waits for.
    pub const APPS: &str = "apps";
    /// What refuses requests while its server does not run.
    pub const WEBHOOKS: &str = "webhooks";

    /// The stage of a job, or of a workload that a job waits for, by its key. With the name of the platform before it, it is the value of a label.
    pub fn of(workload: &str) -> String {
        truncate_with_hash(&workload.replace('/', "."), 40)
    }
}

/// A controller that applies files from Git.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GitOpsController {
    /// Argo CD, one for several clusters.
    ArgoCd,
    /// Flux, in each cluster.
    Flux,
}

impl GitOps {
    /// The branch whose files are applied.
    pub fn branch(&self) -> &str {
        self.reference.trim_start_matches("refs/heads/")
    }
}

impl GitOpsController {
    /// The namespaces of every controller, whether or not a spec asks for it.
    pub const NAMESPACES: [&str; 2] = ["argocd", "flux-system"];

    /// The namespace of the controller and of the objects that tell it what to apply.
    pub const fn namespace(self) -> &'static str {
        match self {
            GitOpsController::ArgoCd => GitOpsController::NAMESPACES[0],
            GitOpsController::Flux => GitOpsController::NAMESPACES[1],
        }
    }

    /// The name, as people write it.
    pub const fn title(self) -> &'static str {
        match self {
            GitOpsController::ArgoCd => "Argo CD",
            GitOpsController::Flux => "Flux",
        }
    }

    /// The name under which it owns the fields that it applies.
    pub const fn field_manager(self) -> &'static str {
        match self {
            GitOpsController::ArgoCd => "argocd-controller",
            GitOpsController::Flux => "kustomize-controller",
        }
    }
}
