//! What the pages say about the guard of a cluster: how to ask whose the cluster is, what the policies refuse, and how to do it all the same.

use crate::guard::{BREAK_GLASS, BREAK_GLASS_FLAGS, IDENTITY_NAMESPACE};
use crate::model::Platform;

/// The flags of kubectl, after a blank, with which data of an environment is deleted; none where nothing refuses it.
pub(super) fn break_glass(platform: &Platform) -> String {
    if platform.protected && platform.is_guarded() { format!(" {BREAK_GLASS_FLAGS}") } else { String::new() }
}

/// How to ask a cluster whose it is.
pub(super) fn whose() -> String {
    format!(
        "\nAsk the cluster of the context whose it is, before everything else. The answer has to be the value of `region`:\n\n```sh\n\
         kubectl --context \"${{context:?}}\" get namespace {IDENTITY_NAMESPACE} -o jsonpath='{{.metadata.labels.platgen\\.io/environment}}/{{.metadata.labels.platgen\\.io/region}}'\n```\n"
    )
}

/// What the guard refuses, and how to do it all the same.
pub(super) fn glass() -> String {
    GLASS.replace("GROUP", BREAK_GLASS).replace("FLAGS", BREAK_GLASS_FLAGS).replace("NAMESPACE", IDENTITY_NAMESPACE)
}

const GLASS: &str = r#"
## Break glass

Each cluster says in the labels of its namespace `NAMESPACE` whose it is, and admission policies in `cluster/guard.yaml` of its files go by that. An error
names the policy:

| policy | refuses | where | all the same |
|---|---|---|---|
| `platgen-environment` | objects of another platform or environment | in every cluster | never: the files belong to another cluster |
| `platgen-namespaces` | a change of the labels that say whose the cluster and each namespace is, and the deletion of `NAMESPACE` | in every cluster | with the flags below |
| `platgen-deletion` | deletions of namespaces, volume claims, databases and queues | in protected environments | with the flags below; service accounts may, but for namespaces |
| `platgen-hand-made` | ConfigMaps that are not labelled, by people | in protected environments, outside of the namespaces of add-ons | with the flags below |

These flags of kubectl let one command pass, for whoever has the ClusterRole `cluster-admin`. Ask the owner first. The audit log of the cluster has
the name of who used them beside the group `GROUP`:

```sh
kubectl --context "${context:?}" -n "${namespace:?}" FLAGS delete "${kind:?}" "${app:?}"
```

To make a cluster that of another platform, environment or region, delete `NAMESPACE` with these flags, and apply the new files with them once, also where a
controller applies them otherwise: without `NAMESPACE`, `platgen-environment` refuses nothing. A policy in the way of a rescue is off once its binding is deleted, and on again with the next apply:

```sh
kubectl --context "${context:?}" delete validatingadmissionpolicybindings platgen-environment
```
"#;
