//! The controller that applies the files of the hit cluster from Git: what stops it, which commit it applied, and what lets it go on.
//!
//! Sources: the CustomResourceDefinitions of Argo CD 3.5 and of Flux 2.7.

use super::Step;
use crate::diagnostic::wording::shell_word;
use crate::model::GitOpsController;

/// What tells a controller to apply the files.
#[derive(Clone, Debug)]
pub struct Controller {
    /// The program.
    pub of: GitOpsController,
    /// The name of the Application, or of the Kustomization of the last stage.
    pub name: String,
}

impl Controller {
    /// Takes the files of the commit that was applied last.
    pub(super) fn checkout(&self, kubectl: &str) -> Step {
        let (asks, object) = match self.of {
            GitOpsController::ArgoCd => ("kubectl --context \"${argocd:?}\"", "Application"),
            GitOpsController::Flux => (kubectl, "Kustomization"),
        };
        let (kind, at, end) = match self.of {
            GitOpsController::ArgoCd => ("applications.argoproj.io", "{.status.history[-1:].revision}", ""),
            // `main@sha1:COMMIT`
            GitOpsController::Flux => ("kustomizations.kustomize.toolkit.fluxcd.io", "{.status.lastAppliedRevision}", " | sed 's/.*://'"),
        };
        let (name, namespace) = (shell_word(&self.name), self.of.namespace());
        let first = (self.of == GitOpsController::ArgoCd).then(|| "argocd=".to_owned());
        let place = if first.is_some() { " `argocd` is the context of kubectl for the cluster in which Argo CD runs." } else { "" };
        Step {
            why: format!(
                "The files have to be those of the commit that the {object} says it applied last. Where {} itself applied the wrong ones, check out the commit before.{place}",
                self.of.title()
            ),
            commands: first
                .into_iter()
                .chain([
                    format!("revision=$({asks} -n {namespace} get {kind} {name} -o jsonpath='{at}'{end})"),
                    "git checkout --detach \"${revision:?}\"".to_owned(),
                ])
                .collect(),
        }
    }
}
