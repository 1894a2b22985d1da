//! Every object carries the labels of its owner and its platform; every pod those of them that never change, and no others.

use super::Finding;
use super::compare::expect;
use super::context::{ENVIRONMENT, FOREIGN, RegionContext, WORKLOAD};
use platgen::inventory::{Labels, Object};
use platgen::model::Workload;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in context.inventory.objects() {
        if !context.is_by_hand(object) {
            marks(context, object, &object.labels, "/metadata/labels", found);
        }
    }
    for pod in context.inventory.pods() {
        let object = context.inventory.owner(pod);
        if pod.pointer.is_empty() || context.is_by_hand(object) {
            continue;
        }
        stays(context, object, &pod.labels, &format!("{}/metadata/labels", pod.pointer), found);
        if let Some(workload) = context.workload_with(&object.namespace, &pod.labels) {
            let wanted = if workload.annotations.is_empty() { Value::Null } else { json!(workload.annotations) };
            expect(context, found, "wrong-labels", object, &format!("{}/metadata/annotations", pod.pointer), &wanted);
        }
    }
}

/// A pod has exactly the labels that the spec sets for it and those that stay when its owner or the platform's own labels change: each change of a
/// pod's label is a restart.
fn stays(context: &RegionContext, object: &Object, labels: &Labels, place: &str, found: &mut Vec<Finding>) {
    let Some(workload) = context.workload_with(&object.namespace, labels) else { return };
    let name = workload.name.as_str();
    let mut wanted: BTreeMap<&str, &str> = workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    wanted.extend([
        ("app.kubernetes.io/instance", name),
        ("app.kubernetes.io/managed-by", "platgen"),
        ("app.kubernetes.io/name", name),
        ("app.kubernetes.io/part-of", context.platform.name.as_str()),
        (WORKLOAD, name),
    ]);
    // The environment and the component are judged elsewhere.
    let free = |key: &str| key == ENVIRONMENT || key == "app.kubernetes.io/component";
    let has = |key: &str| labels.get(key).map(String::as_str);
    let keys: BTreeSet<&str> = wanted.keys().copied().chain(labels.keys().map(String::as_str)).collect();
    let wrong = keys.into_iter().find(|key| {
        let place = format!("{place}/{}", key.replace('/', "~1"));
        !free(key) && has(key) != wanted.get(key).copied() && !context.is_patched(object, &place)
    });
    if let Some(key) = wrong {
        let message = match (has(key), wanted.get(key)) {
            (Some(value), Some(wanted)) => format!("pods of `{}` have `{value}` as `{key}`, where it should be `{wanted}`", object.id()),
            (Some(_), None) => format!("pods of `{}` have the label `{key}`, which may change", object.id()),
            (None, _) => format!("pods of `{}` have no label `{key}`", object.id()),
        };
        found.push(context.finding("wrong-labels", object, message));
    }
}

/// The labels that alerts, costs and clean-up go by.
fn marks(context: &RegionContext, object: &Object, labels: &Labels, place: &str, found: &mut Vec<Finding>) {
    let platform = context.platform;
    let mut wanted: Vec<(&str, &str)> = platform.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    wanted.extend([
        ("app.kubernetes.io/managed-by", "platgen"),
        ("app.kubernetes.io/part-of", platform.name.as_str()),
        ("platgen.io/platform", platform.name.as_str()),
        ("platgen.io/region", context.region.name.as_str()),
    ]);
    let owner = match (labels.get(WORKLOAD), platform.namespaces.get(&object.namespace)) {
        _ if let Some(workload) = account_of(context, object) => {
            let name = workload.name.as_str();
            wanted.extend([("app.kubernetes.io/name", name), (WORKLOAD, name)]);
            Some(workload.owner.as_str())
        }
        (Some(_), _) => context.workload_with(&object.namespace, labels).map(|workload| {
            wanted.extend(workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            wanted.extend([("app.kubernetes.io/name", workload.name.as_str())]);
            workload.owner.as_str()
        }),
        (None, Some(namespace)) => Some(namespace.owner.as_str()),
        (None, None) if object.namespace.is_empty() || FOREIGN.contains(&object.namespace.as_str()) => {
            let namespace = platform.namespaces.get(&object.name).filter(|_| object.kind == "Namespace");
            Some(namespace.map_or(platform.owner.as_str(), |namespace| namespace.owner.as_str()))
        }
        (None, None) => None,
    };
    wanted.extend(owner.map(|owner| ("platgen.io/owner", owner)));
    // What platgen says stands over what the platform's own labels say.
    let says = |key: &str| wanted.iter().rev().find(|(known, _)| *known == key).map(|(_, value)| *value);
    let wrong = wanted.iter().find(|(key, _)| {
        let place = format!("{place}/{}", key.replace('/', "~1"));
        labels.get(*key).map(String::as_str) != says(key) && *key != ENVIRONMENT && !context.is_patched(object, &place)
    });
    if let Some((key, _)) = wrong {
        let message = match labels.get(*key) {
            Some(value) => format!("`{}` has `{value}` as `{key}`, where it should be `{}`", object.id(), says(key).unwrap_or_default()),
            None => format!("`{}` has no label `{key}`", object.id()),
        };
        found.push(context.finding("wrong-labels", object, message));
    }
}

/// The workload whose account has the rights of a role or a binding.
fn account_of<'s>(context: &'s RegionContext, object: &Object) -> Option<&'s Workload> {
    context.region.workloads.values().filter(|workload| workload.api.is_some()).find(|workload| match object.kind.as_str() {
        "ClusterRole" | "ClusterRoleBinding" => object.name == workload.cluster_role_name(&context.platform.name),
        "Role" | "RoleBinding" => object.namespace == workload.namespace.as_str() && object.name == workload.role_name(),
        _ => false,
    })
}
