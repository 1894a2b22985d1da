//! What the runbook says where Flux applies the files.

use std::fmt::Write;

use crate::model::{Estate, GitOpsController};

/// The section of the runbook; empty without an environment of Flux.
pub(super) fn runbook(estate: &Estate) -> String {
    let mut rows = String::new();
    for platform in estate.environments.values() {
        if platform.gitops.as_ref().is_none_or(|gitops| gitops.controller != GitOpsController::Flux) {
            continue;
        }
        let how = if platform.protected { "a person, who moves a tag" } else { "a merge" };
        for region in platform.regions.values() {
            let _ = writeln!(rows, "| `{}/{}` | `{}` | {how} |", platform.environment, region.name, region.cluster.name);
        }
    }
    if rows.is_empty() { rows } else { RUNBOOK.replace("ROWS", &rows).replace("PLATFORM", estate.name.as_str()) }
}

const RUNBOOK: &str = r#"
## Flux applies the files

| region | cluster | a sync is started by |
|---|---|---|
ROWS
Where a section below says to apply, sync. A sync never ends in a conflict: it takes every field that the files set. Every hour, and with each commit, Flux
takes back what people changed by hand.

Stop it before a procedure that takes longer than a look, before a change by hand, and before everything that deletes an object of the files: it would make a
deleted database anew, and empty. The second command does the same for the charts of add-ons:

```sh
flux suspend kustomization --all --context "${context:?}"
flux suspend helmrelease --all --context "${context:?}"
```

To let it go on, as the files say. The first command shows what the next sync takes back:

```sh
kubectl --context "${context:?}" diff --server-side --force-conflicts -k "kubernetes/${region:?}"
flux resume helmrelease --all --context "${context:?}"
flux resume kustomization --all --context "${context:?}"
```

To sync now, with the commit that is on the branch or has the tag:

```sh
flux reconcile source git PLATFORM --context "${context:?}"
flux get kustomizations --context "${context:?}"
```

- A stage that is not ready keeps those after it waiting: the second command says for what, such as a job that failed or a release of an add-on.
- A stage that failed is tried again every two minutes. While it waits for pods, a newer commit waits as well, until its timeout of half an hour:
  `kubectl --namespace flux-system rollout restart deployments/kustomize-controller` ends that.
- Before "Remove a region", delete what Flux is told, which deletes nothing that it applied: see README.md in `gitops/`.
"#;

/// How to scale by hand where nobody applies by hand.
pub(super) const SCALE: &str = r#"
## Scale by hand and give it back

Stop Flux as above, otherwise it takes the number back within the hour. To keep the number, write it into the spec as `scale`, and render and merge.

SCALE_APP

The autoscaler of an app undoes a scale by hand. Raise its minimum instead; Flux takes that back as well when it goes on:

RAISE_LEAST
"#;

/// How to roll back where nobody applies by hand.
pub(super) const ROLL_BACK: &str = r#"
## Roll back

Revert the commit, render, merge and sync. What the bad commit added is deleted. A job that ran before the rollout is not undone, and that of the older
version runs again, because Flux deleted it: its migration has to fit both versions.

```sh
git revert --no-edit HEAD
```

When there is no time for the merge, go back to an earlier commit of the whole region: "Roll back" in the README.md of the environment's folder in `gitops/` has
the commands.

To undo the last rollout of one app alone, stop Flux as above, and:

UNDO
"#;

/// How to remove what Flux keeps.
pub(super) const REMOVE: &str = r#"
## Remove what left the spec

Flux deletes what left the files with each sync. Namespaces, claims, databases and queues stay, with everything that a database or a queue needs, and so does what
a job waited for, and each add-on. `removed.sh` compares the files of a commit that had them with those here and prints the commands:

```sh
commit=
sh removed.sh "${commit:?}" "${region:?}" "${context:?}" > removal.sh
RUN_REMOVAL

- What Flux deleted is among them, and is gone already.
- An add-on goes with `helm uninstall`, and its HelmRelease with `kubectl delete`, when no object of its kinds is left.
- What holds other objects or data is printed as a comment. Remove the `#` and the words before the command only when their owner agrees.
KEPT_CLAIMS
"#;
