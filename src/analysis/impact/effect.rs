//! When a change of an object takes effect, and on what.

use super::database::{self, is_operated};
use super::difference::Difference;
use super::outcome::{AGGREGATES, Outcome};
use super::when::When;
use crate::diagnostic::wording::plain;
use crate::inventory::Object;
use crate::kinds;
use serde_json::Value;

/// Kinds that do nothing until another object refers to them.
const WAITING: [&str; 17] = [
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

/// Whether an object does nothing until another one refers to it.
pub(super) fn waits(object: &Object) -> bool {
    WAITING.contains(&known(object)) && aggregated(object).is_empty()
}

/// The kind of an object; empty for that of a group which the table of kinds does not have.
fn known(object: &Object) -> &str {
    if kinds::find(&object.api, &object.kind).is_some() { &object.kind } else { "" }
}

/// The ClusterRoles that get the rights of a ClusterRole by its labels.
fn aggregated(object: &Object) -> Vec<&str> {
    let labels = object.labels.iter().filter(|(_, value)| object.kind == "ClusterRole" && *value == "true");
    labels.filter_map(|(key, _)| key.strip_prefix(AGGREGATES)).collect()
}

/// When an object that is created or changed takes effect, and on what. Of a ConfigMap or a Secret its readers say when. `old` is the object of the
/// cluster in its place.
pub(super) fn effect(new: &Object, old: Option<&Object>, outcome: Outcome, differences: &[Difference]) -> (When, String) {
    let changes = |field: &str| outcome == Outcome::Changed && differences.iter().any(|difference| difference.field.starts_with(field));
    let rolls = changes("spec.template");
    let by_hand = match new.kind.as_str() {
        "Deployment" => new.at("/spec/paused") == Some(&Value::Bool(true)),
        _ => new.text("/spec/updateStrategy/type") == "OnDelete",
    };
    let aggregated = aggregated(new);
    let (when, what) = match known(new) {
        _ if is_operated(new) => database::effect(new, old, differences),
        "Deployment" | "StatefulSet" | "DaemonSet" if outcome == Outcome::Created => (When::AtOnce, "starts pods".to_owned()),
        "Deployment" if rolls && by_hand => (When::NextStart, "is paused: replaces its pods once it is resumed".to_owned()),
        "StatefulSet" | "DaemonSet" if rolls && by_hand => (When::NextStart, "replaces a pod once somebody deletes it".to_owned()),
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
            let subjects = subjects(new);
            let whom = if subjects.is_empty() { "nobody".to_owned() } else { subjects.join(", ") };
            (When::AtOnce, format!("grants {} to {whom}", new.text("/roleRef/name")))
        }
        "ClusterRole" if !aggregated.is_empty() => {
            let roles = if aggregated.len() == 1 { "the ClusterRole" } else { "the ClusterRoles" };
            (When::AtOnce, format!("adds its rights to {roles} {}", plain(aggregated)))
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
pub(in crate::analysis) fn hosts(object: &Object) -> Vec<String> {
    let named = object.items("/spec/hostnames").iter().filter_map(Value::as_str);
    let ruled = object.items("/spec/rules").iter().filter_map(|rule| rule.get("host")?.as_str());
    named.chain(ruled).map(str::to_owned).collect()
}

/// The subjects of a binding, such as `Group platform-admin`.
pub(super) fn subjects(object: &Object) -> Vec<String> {
    let subject = |value: &Value| Some(format!("{} {}", value.get("kind")?.as_str()?, value.get("name")?.as_str()?));
    object.items("/subjects").iter().filter_map(subject).collect()
}
