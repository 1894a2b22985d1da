//! The controller that applies the Kubernetes files of an environment from Git.

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

/// A controller that applies files from Git.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GitOpsController {
    /// Argo CD.
    ArgoCd,
}

impl GitOpsController {
    /// The namespaces of every controller, whether or not a spec asks for it.
    pub const NAMESPACES: [&str; 2] = ["argocd", "flux-system"];

    /// The namespace of the controller and of the objects that tell it what to apply.
    pub const fn namespace(self) -> &'static str {
        match self {
            GitOpsController::ArgoCd => GitOpsController::NAMESPACES[0],
        }
    }
}
