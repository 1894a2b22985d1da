//! What the pages say about the guard of a cluster: how to ask whose the cluster is, what the policies refuse, and how to do it all the same.

use crate::guard::{self, BREAK_GLASS, BREAK_GLASS_FLAGS, ENVIRONMENT_POLICY, IDENTITY_NAMESPACE};
use crate::labels::PROTECTED;
use crate::model::Platform;

/// kubectl, with the context that people set.
const KUBECTL: &str = "kubectl --context \"${context:?}\"";

/// The flags of kubectl, after a blank, with which data of an environment is deleted; none where nothing refuses it.
pub(super) fn break_glass(platform: &Platform) -> String {
    if platform.protected && platform.is_guarded() { format!(" {BREAK_GLASS_FLAGS}") } else { String::new() }
}

/// How to ask a cluster whose it is.
pub(super) fn whose(platform: &Platform) -> String {
    format!(
        "\nAsk the cluster of the context whose it is, before everything else. The answer has to be `{}/` and the value of `region`:\n\n```sh\n{}\n```\n",
        platform.name,
        guard::whose(KUBECTL)
    )
}

/// The command that goes on in the cluster of the platform's `region` alone, before another one.
pub(super) fn only_there(platform: &Platform) -> String {
    format!("[ \"$({})\" = \"{}/${{region:?}}\" ] &&\n     ", guard::whose(KUBECTL), platform.name)
}

/// The command that lets objects of the guard go: its target is the kind and name, or the file.
pub(super) fn let_go(target: &str) -> String {
    format!("{KUBECTL} patch {target} --type merge --patch '{{\"metadata\":{{\"finalizers\":null}}}}'")
}

/// What the guard refuses, and how to do it all the same.
pub(super) fn glass() -> String {
    let binding = format!("validatingadmissionpolicybindings {ENVIRONMENT_POLICY}");
    GLASS
        .replace("GROUP", BREAK_GLASS)
        .replace("FLAGS", BREAK_GLASS_FLAGS)
        .replace("NAMESPACE", IDENTITY_NAMESPACE)
        .replace("PROTECTED", PROTECTED)
        .replace("LET_GO_OF_ALL", &let_go("--filename \"kubernetes/${region:?}/cluster/guard.yaml\""))
        .replace("LET_GO", &let_go(&binding))
        .replace("BINDING", &binding)
}

const GLASS: &str = r#"
## Break glass

Each cluster says in the labels of its namespace `NAMESPACE` whose it is, and admission policies in `cluster/guard.yaml` of its files go by that. An error
names the policy:

| policy | refuses | where | all the same |
|---|---|---|---|
| `platgen-environment` | objects of another platform, environment or region | in every cluster | not with flags: the files belong to another cluster |
| `platgen-namespaces` | a change of the labels that say whose the cluster and each namespace is, the end of the protection, and the deletion of `NAMESPACE` | in every cluster | with the flags below |
| `platgen-deletion` | deletions of namespaces, volume claims, databases, queues, their definitions, and the places of backups | in protected environments | with the flags below; service accounts may, but for namespaces and those of Argo CD and Flux |
| `platgen-hand-made` | ConfigMaps that are not labelled, by people | in protected environments, outside of the namespaces of add-ons | with the flags below |

These flags of kubectl let one command pass, for whoever has the ClusterRole `cluster-admin`. Ask the owner first. The audit log of the cluster has
the name of who used them beside the group `GROUP`:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" FLAGS delete "${kind:?}" "${app:?}"
```

Where the spec takes the protection from an environment, the next apply needs this once before:

```sh
kubectl --context "${context:?}" FLAGS label namespace NAMESPACE PROTECTED=false --overwrite
```

To make a cluster that of another platform, environment or region, delete `NAMESPACE` with these flags, and apply the new files with them, also where a
controller or a script applies them otherwise: without `NAMESPACE`, `platgen-environment` refuses nothing. What an apply noted there about itself goes with it.
`region` is the new one:

```sh
kubectl --context "${context:?}" FLAGS delete namespace NAMESPACE
kubectl --context "${context:?}" FLAGS apply --server-side --force-conflicts -k "kubernetes/${region:?}"
```

The policies and their bindings have a finalizer, so that a deletion by mistake leaves them in force. A policy in the way of a rescue is off once its binding
is gone, and on again with the next apply:

```sh
LET_GO
kubectl --context "${context:?}" delete BINDING
```

The same for all of them, before the spec says `guard: {none: …}` and the next apply deletes them:

```sh
LET_GO_OF_ALL
```
"#;
