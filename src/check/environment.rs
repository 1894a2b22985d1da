//! Rules about whose an object is: its environment first, because another environment's object among ours is the accident that hurts most.

use super::Finding;
use super::scene::{ENVIRONMENT, FOREIGN, RENDER, Scene, WORKLOAD};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object};
use serde_json::Value;

pub(super) fn labels(scene: &Scene, found: &mut Vec<Finding>) {
    for object in scene.inventory.objects() {
        environment_of(scene, object, "", &object.labels, found);
        if !scene.is_by_hand(object) {
            marks(scene, object, &object.labels, "/metadata/labels", found);
        }
    }
    for pod in scene.inventory.pods() {
        let object = scene.inventory.owner(pod);
        if pod.pointer.is_empty() || scene.is_by_hand(object) {
            continue;
        }
        environment_of(scene, object, "the pods of ", &pod.labels, found);
        marks(scene, object, &pod.labels, &format!("{}/metadata/labels", pod.pointer), found);
    }
    for object in scene.inventory.of_kind("ExternalSecret") {
        secrets(scene, object, found);
    }
    accounts(scene, found);
}

fn environment_of(scene: &Scene, object: &Object, what: &str, labels: &Labels, found: &mut Vec<Finding>) {
    let own = scene.platform.environment.as_str();
    let message = match labels.get(ENVIRONMENT).map(String::as_str) {
        Some(named) if named == own => return,
        Some(named) => format!("{what}`{}` is of the environment `{named}`, among the files of `{own}`", object.id()),
        None => format!("{what}`{}` does not say its environment", object.id()),
    };
    let help = format!("take the files of `{own}` as `platgen render` writes them");
    found.push(scene.finding(Code::WrongEnvironment, object, message, help));
}

/// Roles and stores on AWS are those of the environment's own account and region.
fn accounts(scene: &Scene, found: &mut Vec<Finding>) {
    let Some(account) = scene.region.account.as_deref() else { return };
    let roles =
        scene.inventory.of_kind("ServiceAccount").map(|object| (object, object.text("/metadata/annotations/eks.amazonaws.com~1role-arn")));
    let other = |role: &str| !role.is_empty() && role.split(':').nth(4) != Some(account);
    for (object, role) in roles.filter(|(object, role)| other(role) && !scene.is_changed(object)) {
        let message = format!("`{}` takes the role `{role}`, which is not of the account `{account}`", object.id());
        found.push(scene.finding(Code::WrongEnvironment, object, message, RENDER));
    }
    let stores = scene.inventory.of_kind("SecretStore").map(|object| (object, object.text("/spec/provider/aws/region")));
    let own = scene.region.name.as_str();
    for (object, region) in stores.filter(|(object, region)| !region.is_empty() && *region != own && !scene.is_changed(object)) {
        let message = format!("`{}` reads the secrets of `{region}`, in the region `{own}`", object.id());
        found.push(scene.finding(Code::WrongEnvironment, object, message, RENDER));
    }
}

/// Secrets are read below the environment's name.
fn secrets(scene: &Scene, object: &Object, found: &mut Vec<Finding>) {
    let own = scene.platform.environment.as_str();
    for entry in object.items("/spec/data") {
        let key = entry.pointer("/remoteRef/key").and_then(Value::as_str).unwrap_or_default();
        // A manager that knows no `/` has another sign in its place.
        let fits = key.strip_prefix(own).is_some_and(|rest| rest.starts_with(['/', '-']));
        if !fits && !scene.is_changed(object) {
            let message = format!("`{}` reads `{key}`, which is not a secret of `{own}`", object.id());
            found.push(scene.finding(Code::WrongEnvironment, object, message, RENDER));
            return;
        }
    }
}

/// The labels that alerts, costs and clean-up go by.
fn marks(scene: &Scene, object: &Object, labels: &Labels, place: &str, found: &mut Vec<Finding>) {
    let platform = scene.platform;
    let mut wanted: Vec<(&str, &str)> = platform.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    wanted.extend([("app.kubernetes.io/managed-by", "platgen"), ("app.kubernetes.io/part-of", platform.name.as_str())]);
    let owner = match (labels.get(WORKLOAD), platform.namespaces.get(&object.namespace)) {
        (Some(_), _) => scene.workload_with(&object.namespace, labels).map(|workload| {
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
        labels.get(*key).map(String::as_str) != says(key) && *key != ENVIRONMENT && !scene.is_patched(object, &place)
    });
    if let Some((key, _)) = wrong {
        let message = match labels.get(*key) {
            Some(value) => format!("`{}` has `{value}` as `{key}`, where it should be `{}`", object.id(), says(key).unwrap_or_default()),
            None => format!("`{}` has no label `{key}`", object.id()),
        };
        found.push(scene.finding(Code::WrongLabels, object, message, RENDER));
    }
}
