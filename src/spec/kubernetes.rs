//! `kubernetes` of apps and stores: rights in the Kubernetes API.

use crate::syntax::Field;
use crate::value::{ApiGroup, ApiResource, ApiVerb};
use schemars::JsonSchema;
use serde::Deserialize;

/// Rights of the pods in the Kubernetes API. The pods get a token of their service account, and network policies open the way to the API server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesAccess {
    /// Rights in the namespace of the entry.
    pub namespace: Field<Vec<Field<Right>>>,
    /// Rights in every namespace, and on objects of the whole cluster.
    pub cluster: Field<Vec<Field<Right>>>,
    /// Why the pods need rights that lead to further rights: wildcards, secrets, tokens, commands in pods,
    /// changes of roles, webhooks and certificates, and the verbs `approve`, `attest`, `bind`, `escalate`, `impersonate` and `sign`.
    /// Required for these; the checks accept it as the waiver.
    pub reason: Field<String>,
}

/// Rights on some resources of the Kubernetes API.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Right {
    /// API groups of the resources, such as `apps`. Default: `[""]`, the core group.
    pub groups: Field<Vec<Field<ApiGroup>>>,
    /// Resources, such as `pods` or `deployments/scale`. Required.
    pub resources: Field<Vec<Field<ApiResource>>>,
    /// Verbs, such as `get`, `list` and `watch`. Required.
    pub verbs: Field<Vec<Field<ApiVerb>>>,
    /// Names of the objects. Default: all.
    pub names: Field<Vec<Field<String>>>,
}
