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
    /// The file that tells it what to do, as a path of the shell.
    pub file: String,
}

/// kubectl for the cluster in which Argo CD runs.
const ARGOCD: &str = "kubectl --context \"${argocd:?}\"";

/// What that needs, and what it is.
const SET: &str = "argocd=";
const WHERE: &str = " `argocd` is the context of kubectl for the cluster in which Argo CD runs.";

impl Controller {
    /// Keeps it from applying anything.
    pub(super) fn stop(&self, context: &str) -> Step {
        let (why, commands) = match self.of {
            GitOpsController::ArgoCd => (
                format!(
                    "Stop Argo CD, which would apply the next commit, and start no sync before the end of VERIFY. `argocd app terminate-op {}` ends one that is under way.{WHERE}",
                    self.name
                ),
                vec![
                    SET.to_owned(),
                    format!(
                        "{ARGOCD} -n {} patch applications.argoproj.io {} --type=merge --patch '{{\"spec\":{{\"syncPolicy\":{{\"automated\":null}}}}}}'",
                        self.of.namespace(),
                        shell_word(&self.name)
                    ),
                ],
            ),
            GitOpsController::Flux => (
                "Stop Flux, which takes back every hour what people change by hand, and would apply the next commit.".to_owned(),
                vec![format!("flux --context {context} suspend kustomization --all")],
            ),
        };
        Step { why, commands }
    }

    /// Takes the files of the commit that was applied last. `stopped` says whether the step that stops it comes before, which asks for the context of Argo CD.
    pub(super) fn checkout(&self, kubectl: &str, stopped: bool) -> Step {
        let (asks, object) = match self.of {
            GitOpsController::ArgoCd => (ARGOCD, "Application"),
            GitOpsController::Flux => (kubectl, "Kustomization"),
        };
        let (kind, at, end) = match self.of {
            GitOpsController::ArgoCd => ("applications.argoproj.io", "{.status.history[-1:].revision}", ""),
            // `main@sha1:COMMIT`
            GitOpsController::Flux => ("kustomizations.kustomize.toolkit.fluxcd.io", "{.status.lastAppliedRevision}", " | sed 's/.*://'"),
        };
        let (name, namespace) = (shell_word(&self.name), self.of.namespace());
        let mut commands = vec![
            format!("revision=$({asks} -n {namespace} get {kind} {name} -o jsonpath='{at}'{end})"),
            "git checkout --detach \"${revision:?}\"".to_owned(),
        ];
        let mut why = format!(
            "The files have to be those of the commit that the {object} says it applied last. Where {} itself applied the wrong ones, check out the commit before.",
            self.of.title()
        );
        if self.of == GitOpsController::ArgoCd && !stopped {
            commands.insert(0, SET.to_owned());
            why.push_str(WHERE);
        }
        Step { why, commands }
    }

    /// Lets it go on as its files say.
    pub(super) fn go_on(&self, context: &str) -> Step {
        let command = match self.of {
            GitOpsController::ArgoCd => format!("{ARGOCD} apply --server-side --force-conflicts -f {}", shell_word(&self.file)),
            GitOpsController::Flux => format!("flux --context {context} resume kustomization --all"),
        };
        Step { why: format!("Let {} go on, once what it applies next is what should run.", self.of.title()), commands: vec![command] }
    }
}
