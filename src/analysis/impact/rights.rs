//! Who could have applied the objects: the groups and users whose roles in the cluster let them.

use super::Applied;
use super::outcome::Outcome;
use crate::diagnostic::wording::plural;
use crate::inventory::{Inventory, Object};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A group or user that could have applied some of the objects.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Writer {
    /// Such as `Group platform-admin`.
    pub subject: String,
    /// The bindings that give the right, `Kind/namespace/name`.
    pub bindings: BTreeSet<String>,
    /// How many of the objects that are not refused it could have applied.
    pub objects: usize,
    /// Their kinds.
    pub kinds: BTreeSet<String>,
}

/// Kinds that the built-in roles `edit` and `admin` may write, by the bootstrap policy of Kubernetes.
const EDITED: [&str; 16] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Job",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

/// Kinds that `admin` may write as well.
const ADMINISTERED: [&str; 2] = ["Role", "RoleBinding"];

/// The groups and users that could have applied objects, by the bindings in the cluster's documents.
pub(super) fn writers(onto: &Inventory, applied: &[Applied]) -> Vec<Writer> {
    let mut found: BTreeMap<String, Writer> = BTreeMap::new();
    let mut written: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let touched: Vec<&Applied> = super::touched(applied).collect();
    for binding in onto.of_kind("RoleBinding").chain(onto.of_kind("ClusterRoleBinding")) {
        let people: Vec<String> =
            super::effect::subjects(binding).into_iter().filter(|subject| !subject.starts_with("ServiceAccount ")).collect();
        if people.is_empty() {
            continue;
        }
        let may: Vec<&&Applied> = touched
            .iter()
            .filter(|object| binding.kind == "ClusterRoleBinding" || binding.namespace == object.namespace)
            .filter(|object| allows(onto, binding, object))
            .collect();
        for subject in people.into_iter().filter(|_| !may.is_empty()) {
            let writer = found.entry(subject.clone()).or_insert_with(|| Writer {
                subject: subject.clone(),
                bindings: BTreeSet::new(),
                objects: 0,
                kinds: BTreeSet::new(),
            });
            writer.bindings.insert(binding.id());
            writer.kinds.extend(may.iter().map(|object| object.kind.clone()));
            written.entry(subject).or_default().extend(may.iter().map(|object| object.object.as_str()));
        }
    }
    for (subject, writer) in &mut found {
        writer.objects = written.get(subject).map_or(0, BTreeSet::len);
    }
    found.into_values().collect()
}

/// Whether the role of a binding lets its subjects apply an object: `patch`, and `create` for a new one.
fn allows(onto: &Inventory, binding: &Object, object: &Applied) -> bool {
    let (kind, name) = (binding.text("/roleRef/kind"), binding.text("/roleRef/name"));
    let role = match kind {
        "ClusterRole" => onto.get("ClusterRole", "", name),
        _ => onto.get("Role", &binding.namespace, name),
    };
    let Some(role) = role else {
        let one = object.kind.as_str();
        return kind == "ClusterRole"
            && match name {
                "cluster-admin" => true,
                "admin" => EDITED.contains(&one) || ADMINISTERED.contains(&one),
                "edit" => EDITED.contains(&one),
                _ => false,
            };
    };
    let group = object.argument.split('/').next().and_then(|kind| kind.split_once('.')).map_or("", |(_, group)| group);
    let resource = resource(&object.kind);
    let has = |rule: &Value, key: &str, wanted: &str| {
        let list = rule.get(key).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one == wanted || one == "*"))
    };
    let may = |verb: &str| {
        role.items("/rules").iter().any(|rule| {
            has(rule, "apiGroups", group)
                && has(rule, "resources", &resource)
                && has(rule, "verbs", verb)
                && rule.get("resourceNames").is_none()
        })
    };
    may("patch") && (object.outcome != Outcome::Created || may("create"))
}

/// The resource of a kind, as roles name it: `networkpolicies` of `NetworkPolicy`.
fn resource(kind: &str) -> String {
    plural(&kind.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_plurals() {
        let cases = [
            ("ConfigMap", "configmaps"),
            ("NetworkPolicy", "networkpolicies"),
            ("Ingress", "ingresses"),
            ("Gateway", "gateways"),
            ("StorageClass", "storageclasses"),
        ];
        for (kind, expected) in cases {
            assert_eq!(resource(kind), expected);
        }
    }
}
