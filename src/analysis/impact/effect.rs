//! When a change of an object takes effect, and on what.

use super::outcome::{Difference, Outcome};
use crate::inventory::Object;
use serde::Serialize;
use serde_json::Value;

/// When a change takes effect.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// As soon as the object is stored.
    AtOnce,
    /// Pods are replaced, beginning at once.
    Rollout,
    /// When the kubelet brings mounted files up to date: within two minutes.
    Minutes,
    /// At the next run of a CronJob.
    NextRun,
    /// At the next refresh of an operator.
    Refresh,
    /// At the next start of a pod or container.
    NextStart,
    /// Not at all until something refers to the object.
    Never,
}

impl When {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            When::AtOnce => "at once",
            When::Rollout => "at once, pod by pod",
            When::Minutes => "within two minutes",
            When::NextRun => "at the next run",
            When::Refresh => "at the next refresh",
            When::NextStart => "at the next start of a pod",
            When::Never => "never, as nothing refers to it",
        }
    }
}

/// Kinds that do nothing until another object refers to them.
pub(super) const WAITING: [&str; 17] = [
    "BackendTrafficPolicy",
    "ClusterRole",
    "ClusterSecretStore",
    "ConfigMap",
    "EnvoyProxy",
    "GatewayClass",
    "IngressClass",
    "PersistentVolumeClaim",
    "PriorityClass",
    "ReferenceGrant",
    "Role",
    "RuntimeClass",
    "Secret",
    "SecretStore",
    "ServiceAccount",
    "StorageClass",
    "TriggerAuthentication",
];

/// When an object that is created or changed takes effect, and on what. Of a ConfigMap or a Secret its readers say when.
pub(super) fn effect(new: &Object, outcome: Outcome, differences: &[Difference]) -> (When, String) {
    let template = match new.kind.as_str() {
        "CronJob" => "spec.jobTemplate",
        _ => "spec.template",
    };
    let rolls = outcome == Outcome::Changed && differences.iter().any(|difference| difference.field.starts_with(template));
    let (when, what) = match new.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" if outcome == Outcome::Created => (When::AtOnce, "starts pods".to_owned()),
        "Deployment" | "StatefulSet" | "DaemonSet" if rolls => (When::Rollout, "replaces its pods".to_owned()),
        "Deployment" | "StatefulSet" | "DaemonSet" => (When::AtOnce, "replaces no pod".to_owned()),
        "ReplicaSet" | "Pod" => (When::AtOnce, "starts pods".to_owned()),
        "CronJob" => {
            (When::NextRun, format!("runs by `{}` {}", new.text("/spec/schedule"), new.text("/spec/timeZone")).trim_end().to_owned())
        }
        "Job" => (When::AtOnce, "runs once".to_owned()),
        "HorizontalPodAutoscaler" => {
            let number = |key: &str| new.at(&format!("/spec/{key}")).and_then(Value::as_u64).unwrap_or(1);
            (When::AtOnce, format!("holds {} to {} pods", number("minReplicas"), number("maxReplicas")))
        }
        "PodDisruptionBudget" => (When::AtOnce, "limits evictions, such as those of a drain".to_owned()),
        "Service" => (When::AtOnce, "decides where its name leads".to_owned()),
        "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute" | "Ingress" => (When::AtOnce, hosts_of(new)),
        "NetworkPolicy" => (When::AtOnce, "decides who may talk to its pods, and whom they may call".to_owned()),
        "RoleBinding" | "ClusterRoleBinding" => {
            (When::AtOnce, format!("grants {} to {}", new.text("/roleRef/name"), subjects(new).join(", ")))
        }
        "Role" | "ClusterRole" => (When::AtOnce, "decides what its holders may do".to_owned()),
        "ResourceQuota" | "LimitRange" => (When::NextStart, "limits new pods and objects".to_owned()),
        "Namespace" => (When::AtOnce, "its labels decide on policies and on the security of new pods".to_owned()),
        "ExternalSecret" | "PushSecret" => {
            let every = Some(new.text("/spec/refreshInterval")).filter(|every| !every.is_empty()).unwrap_or("1h");
            (When::AtOnce, format!("is fetched, then every {every}; it fails where the role of the store may not read the path"))
        }
        "SecretStore" | "ClusterSecretStore" => (When::Refresh, "decides where secrets are fetched from, and with which rights".to_owned()),
        "ServiceAccount" => (When::NextStart, "is the identity of new pods".to_owned()),
        "PersistentVolumeClaim" => (When::AtOnce, "asks for a volume, or a larger one".to_owned()),
        "ConfigMap" | "Secret" => (When::NextStart, "is read by workloads".to_owned()),
        _ => (When::AtOnce, "does what its controller makes of it".to_owned()),
    };
    (when, what)
}

/// The hosts that a route takes requests for.
fn hosts_of(object: &Object) -> String {
    match &hosts(object)[..] {
        [] => "takes requests for every host".to_owned(),
        hosts => format!("takes requests for {}", hosts.join(", ")),
    }
}

/// The hosts of a route.
pub(super) fn hosts(object: &Object) -> Vec<String> {
    let named = object.items("/spec/hostnames").iter().filter_map(Value::as_str);
    let ruled = object.items("/spec/rules").iter().filter_map(|rule| rule.get("host")?.as_str());
    named.chain(ruled).map(str::to_owned).collect()
}

/// The subjects of a binding, such as `Group platform-admin`.
pub(super) fn subjects(object: &Object) -> Vec<String> {
    let subject = |value: &Value| Some(format!("{} {}", value.get("kind")?.as_str()?, value.get("name")?.as_str()?));
    object.items("/subjects").iter().filter_map(subject).collect()
}
