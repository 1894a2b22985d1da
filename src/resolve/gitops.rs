//! `delivery.gitops`: the controller that applies the Kubernetes files of an environment, and the repository and branch from which it does.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{GitOps, GitOpsController};
use crate::spec::{self, Ci};

impl EnvironmentResolver<'_> {
    /// The controller that the spec asks for.
    pub(super) fn gitops_controller(&self) -> Option<GitOpsController> {
        match self.spec.delivery.at(|delivery| &delivery.gitops).get()? {
            spec::GitOps::Argocd => Some(GitOpsController::ArgoCd),
            spec::GitOps::Flux => Some(GitOpsController::Flux),
            spec::GitOps::None => None,
        }
    }

    /// What applies the files of the environment from its branch. A repository that pipelines use as well is judged with them.
    pub(super) fn gitops(&mut self, branch: Option<String>) -> Option<GitOps> {
        let controller = self.gitops_controller()?;
        let (delivery, at) = self.spec.delivery.spanned()?;
        if !self.ci_on_aws() {
            let url = self.require(&delivery.repository, "repository", at)?;
            if url.scheme() != "https" || url.path().trim_matches('/').is_empty() {
                let message = format!("`{url}` is not the URL of a repository: a controller clones it by `https`");
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(delivery.repository.span().unwrap_or(at));
                self.tell(diagnostic.help("write what `git clone` takes, such as `https://git.example/shop/platform.git`"));
                return None;
            }
        }
        let url = delivery.repository.get()?.to_string();
        let url = url.trim_end_matches('/');
        // GitLab answers the path of a project with a redirect, which controllers do not follow.
        let suffix = if delivery.ci.get() == Some(&Ci::Gitlab) && !url.ends_with(".git") { ".git" } else { "" };
        let gitops = GitOps { controller, repository: format!("{url}{suffix}"), reference: format!("refs/heads/{}", branch?) };
        self.record(|| ("environment.gitops.repository".to_owned(), &gitops.repository, "delivery.repository"));
        let from = format!("environments.{}.branch", self.environment);
        self.record(|| ("environment.gitops.reference".to_owned(), &gitops.reference, from));
        Some(gitops)
    }
}
