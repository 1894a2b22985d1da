//! What the README of the output says where a controller applies the files, and the runbook where it is Argo CD. `fluxed.rs` has what it says of Flux.

use std::fmt::Write;

use super::requirement::listed;
use crate::delivery::GITOPS;
use crate::model::{Estate, GitOpsController, Platform};

/// A paragraph for the README of the output for each controller, with an empty line after it; empty without one.
pub(super) fn apply(estate: &Estate) -> String {
    [GitOpsController::ArgoCd, GitOpsController::Flux].map(|controller| apply_by(estate, controller)).concat()
}

fn apply_by(estate: &Estate, controller: GitOpsController) -> String {
    let names = |protected: bool| {
        let is = move |platform: &&Platform| {
            platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == controller) && platform.protected == protected
        };
        listed(estate.environments.values().filter(is).map(|platform| &platform.environment))
    };
    let (by_merge, by_hand) = (names(false), names(true));
    if by_merge.is_empty() && by_hand.is_empty() {
        return String::new();
    }
    let mut text = format!("{} applies the Kubernetes files; `{GITOPS}/` holds what it is told.", controller.title());
    if !by_merge.is_empty() {
        let _ = write!(
            text,
            "\nIn {by_merge} a merge to the branch is applied by itself: new pods wait for Terraform, secrets and copies of images, and the old ones run until then.\nThe commands that `platgen render` prints for before the apply come before the merge there."
        );
    }
    if !by_hand.is_empty() {
        let _ = write!(text, "\nIn {by_hand} a person starts the sync of each region, after everything else.");
    }
    text + "\n\n"
}

/// The section of the runbook; empty without an environment of Argo CD.
pub(super) fn runbook(estate: &Estate) -> String {
    let mut rows = String::new();
    let is_argocd = |platform: &&Platform| platform.gitops.as_ref().is_some_and(|gitops| gitops.controller == GitOpsController::ArgoCd);
    for platform in estate.environments.values().filter(is_argocd) {
        let how = if platform.protected { "a person" } else { "a merge" };
        for region in platform.regions.values() {
            let _ = writeln!(rows, "| `{}/{}` | `{}` | {how} |", platform.environment, region.name, region.cluster.name);
        }
    }
    if rows.is_empty() { rows } else { RUNBOOK.replace("ROWS", &rows).replace("GITOPS", GITOPS) }
}

/// The controller that applies every environment, so that the runbook has nothing to say about applying in another way.
pub(super) fn applies_everything(estate: &Estate) -> Option<GitOpsController> {
    let mut controllers = estate.environments.values().map(|platform| platform.gitops.as_ref().map(|gitops| gitops.controller));
    let first = controllers.next()??;
    controllers.all(|other| other == Some(first)).then_some(first)
}

const RUNBOOK: &str = r#"
## Argo CD applies the files

| region | Application | a sync is started by |
|---|---|---|
ROWS
Where a section below says to apply, sync. A sync never ends in a conflict: it takes every field that the files set. What people change by hand stays
until the next sync. `argocd` is the context of kubectl for the cluster in which Argo CD runs, and `server` the address of its API:

```sh
application=
argocd=
server=
argocd login "${server:?}" --sso
```

Stop it before a procedure that takes longer than a look, and before everything that deletes an object of the files: it would make a deleted database anew, and
empty. Where a person starts the sync, tell the others as well. The second command ends a sync that is under way, and fails where none is:

```sh
argocd app set "${application:?}" --sync-policy none
argocd app terminate-op "${application:?}"
```

To let it go on, as the files say. The difference shows what the next sync takes back:

```sh
kubectl --context "${argocd:?}" apply --server-side --force-conflicts -f "GITOPS/${region:?}.yaml"
argocd app diff "${application:?}" --refresh
```

To sync now, with what is on the branch:

```sh
argocd app sync "${application:?}" --prune --timeout 1800
```

- A sync waits for the objects of each wave. One that hangs, such as behind a job that can't start, keeps the next commit waiting: `argocd app get` shows for what,
  and `argocd app terminate-op` ends it.
- A sync that failed six times is not tried again before the next commit. Mend the cause, and sync now.
- `is not permitted in project`: the files have a kind, a namespace or a cluster that the project does not name. README.md in `GITOPS/` says how to
  apply it.
- Before "Remove a region", delete its Application, which deletes nothing in the cluster:
  `kubectl --context "${argocd:?}" --namespace argocd delete applications.argoproj.io "${application:?}"`.
"#;

/// How to scale by hand where nobody applies by hand.
pub(super) const SCALE: &str = r#"
## Scale by hand and give it back

An app without an autoscaler keeps the number by hand until the next sync, which takes it back without a question. To keep the number, write it into
the spec as `scale`, and render and merge.

SCALE_APP

The autoscaler of an app undoes a scale by hand. Raise its minimum instead; the next sync takes that back as well:

RAISE_LEAST
"#;

/// How to roll back where nobody applies by hand.
pub(super) const ROLL_BACK: &str = r#"
## Roll back

Revert the commit, render, merge and sync. What the bad commit added is deleted. A job that ran before the rollout is not undone, and that of the older
version runs again, because Argo CD deleted it: its migration has to fit both versions.

```sh
git revert --no-edit HEAD
```

When there is no time for the merge, stop Argo CD as above, and go back to an earlier sync of the whole region by its number. Revert the commit before
you let it go on:

```sh
argocd app history "${application:?}"
id=
argocd app rollback "${application:?}" "${id:?}" --prune --timeout 1800
```

To undo the last rollout of one app alone, until the next sync:

UNDO
"#;

/// How to remove what Argo CD keeps.
pub(super) const REMOVE: &str = r#"
## Remove what left the spec

Argo CD deletes what left the files at the end of a sync. Namespaces, claims, databases and queues stay, with everything that a database or a queue needs, and
`argocd app get` lists them as `OutOfSync`. `removed.sh` compares the files of a commit that had them with those here and prints the commands:

```sh
commit=
sh removed.sh "${commit:?}" "${region:?}" "${context:?}" > removal.sh
RUN_REMOVAL

- What Argo CD deleted is among them, and is gone already.
- What holds other objects or data is printed as a comment. Remove the `#` and the words before the command only when their owner agrees.
KEPT_CLAIMS
"#;
