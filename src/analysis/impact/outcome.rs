//! What the API server does with each applied object: creates, changes, relabels or refuses it, and what the cluster then holds.

use super::difference::{Difference, Leaf, leaves, pair};
use super::guard::Guard;
use super::meaning::{Meaning, meaning};
use crate::analysis::transition::{SIZE, bytes};
use crate::inventory::{Inventory, Object};
use crate::kinds::{self, Scope};
use crate::labels::{FLUX_PRUNE, GITOPS_OPTIONS, GITOPS_WAVE};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the API server does with an applied object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The cluster has no object of this kind, namespace and name.
    Created,
    /// It has one, and fields with a meaning differ.
    Changed,
    /// Only labels and notes differ.
    Relabelled,
    /// Nothing differs.
    Unchanged,
    /// The API server refuses the object; nothing changes.
    Refused,
}

/// Annotations that change nothing in a cluster: for people, for tools that read files, and for the order of the next sync.
const NOTES: [&str; 6] =
    [GITOPS_WAVE, "platgen.io/", "kube-score/", "checkov.io/", "config.kubernetes.io/", "kubectl.kubernetes.io/last-applied-configuration"];

/// Annotations that keep a controller from deleting an object, with their values: one more changes nothing, and one less lets it.
const KEEPING: [(&str, &[&str]); 2] = [(GITOPS_OPTIONS, &["Prune=false", "Delete=false"]), (FLUX_PRUNE, &["disabled"])];

/// Kinds whose labels other objects select by, or that admission reads.
const SELECTED: [&str; 3] = ["Namespace", "Node", "Pod"];

/// Labels that add the rights of a ClusterRole to another one, whose name follows.
pub(super) const AGGREGATES: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Labels that nothing reads but what names them.
const OWN: [&str; 2] = ["app.kubernetes.io/", "platgen.io/"];

/// Namespaces that every cluster has.
const GIVEN: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Immutable fields that the API server fills in, with the value that it takes; an empty text is any value.
const FILLED: [(&str, &str, &str); 17] = [
    ("Job", "/spec/completionMode", "NonIndexed"),
    ("Job", "/spec/completions", ""),
    ("Job", "/spec/selector", ""),
    ("PersistentVolumeClaim", "/spec/dataSource", ""),
    ("PersistentVolumeClaim", "/spec/dataSourceRef", ""),
    ("PersistentVolumeClaim", "/spec/storageClassName", ""),
    ("PersistentVolumeClaim", "/spec/volumeMode", "Filesystem"),
    ("PersistentVolumeClaim", "/spec/volumeName", ""),
    ("Pod", "/spec/nodeName", ""),
    ("Pod", "/spec/restartPolicy", "Always"),
    ("Pod", "/spec/serviceAccountName", "default"),
    ("PriorityClass", "/preemptionPolicy", "PreemptLowerPriority"),
    ("Secret", "/type", "Opaque"),
    ("Service", "/spec/clusterIP", ""),
    ("StatefulSet", "/spec/podManagementPolicy", "OrderedReady"),
    ("StorageClass", "/reclaimPolicy", "Delete"),
    ("StorageClass", "/volumeBindingMode", "Immediate"),
];

/// The namespaces that exist once the applied ones do; `None` where the files don't say: they use namespaces that they do not declare.
fn namespaces(onto: &Inventory, applied: &Inventory) -> Option<BTreeSet<String>> {
    let declared: BTreeSet<&str> = onto.of_kind("Namespace").map(|object| object.name.as_str()).chain(GIVEN).collect();
    let used = onto.objects().iter().map(|object| object.namespace.as_str()).filter(|name| !name.is_empty());
    let all = used.clone().all(|name| declared.contains(name)) && declared.len() > GIVEN.len();
    let made = applied.of_kind("Namespace").map(|object| object.name.as_str());
    all.then(|| declared.iter().copied().chain(made).map(str::to_owned).collect())
}

/// What the cluster has and selects by.
pub(super) struct Ground<'a> {
    pub(super) onto: &'a Inventory,
    /// Its guard.
    pub(super) guard: Guard<'a>,
    /// The namespaces that exist once the applied ones do, where the files declare all.
    namespaces: Option<BTreeSet<String>>,
    /// Every text of selectors and admission policies.
    selecting: BTreeSet<String>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(onto: &'a Inventory, applied: &Inventory) -> Ground<'a> {
        let mut selecting = BTreeSet::new();
        for object in onto.objects().iter().chain(applied.objects()) {
            let within = object.kind.contains("Admission") || object.kind.contains("Webhook");
            selectors(&object.value, within, &mut selecting);
        }
        Ground { onto, guard: Guard::of(onto), namespaces: namespaces(onto, applied), selecting }
    }

    /// Whether a label of a namespace, node or pod decides about something.
    fn decides(&self, label: &str) -> bool {
        !OWN.iter().any(|own| label.starts_with(own)) || self.selecting.iter().any(|text| text.contains(label))
    }
}

/// The texts below selectors, keys included.
fn selectors(value: &Value, within: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                let within = within || key.to_ascii_lowercase().ends_with("selector");
                if within {
                    found.insert(key.clone());
                }
                selectors(inner, within, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| selectors(item, within, found)),
        Value::String(text) if within => _ = found.insert(text.clone()),
        _ => {}
    }
}

/// Why an object is refused.
pub(super) struct Refusal {
    /// The reason.
    pub(super) reason: String,
    /// The policies of the guard that refuse it; none where the API server does all the same.
    pub(super) policies: Vec<&'static str>,
}

impl Refusal {
    fn of_server(reason: impl Into<String>) -> Self {
        Refusal { reason: reason.into(), policies: Vec::new() }
    }
}

/// What the API server does with an object, and why it refuses it.
pub(super) fn outcome(new: &Object, ground: &Ground<'_>) -> (Outcome, Option<Refusal>, Vec<Difference>) {
    if new.name.is_empty() {
        let reason = "`kubectl apply` takes no object with `generateName` in place of a name; `kubectl create` makes a new one each time";
        return (Outcome::Refused, Some(Refusal::of_server(reason)), Vec::new());
    }
    let is_missing = |names: &BTreeSet<String>| kinds::scope(&new.api, &new.kind) == Scope::Namespace && !names.contains(&new.namespace);
    if ground.namespaces.as_ref().is_some_and(is_missing) {
        return (Outcome::Refused, Some(Refusal::of_server(format!("the namespace `{}` does not exist", new.namespace))), Vec::new());
    }
    let foreign = |old: Option<&Object>| {
        let all = ground.guard.refusals(new, old);
        // The API server answers with the reason of one policy.
        Some(Refusal { reason: all.first()?.reason.clone(), policies: all.iter().map(|one| one.policy).collect() })
    };
    let Some(old) = ground.onto.same_as(new) else {
        let refusal = foreign(None);
        return (if refusal.is_some() { Outcome::Refused } else { Outcome::Created }, refusal, Vec::new());
    };
    let found = differences(old, new, ground);
    if let Some(refusal) = refusal(old, new).map(Refusal::of_server).or_else(|| foreign(Some(old))) {
        return (Outcome::Refused, Some(refusal), found);
    }
    let outcome = match found.is_empty() {
        false => Outcome::Changed,
        true if old.value.get("metadata") != new.value.get("metadata") => Outcome::Relabelled,
        true => Outcome::Unchanged,
    };
    (outcome, None, found)
}

/// Why the API server refuses to change an object into another.
fn refusal(old: &Object, new: &Object) -> Option<String> {
    let kind = kinds::find(&old.api, &old.kind)?;
    let differs = |field: &&str| {
        let (before, after) = (old.at(field), new.at(field));
        let filled = FILLED.iter().find(|(kind, known, _)| *kind == old.kind && known == field).map(|(.., value)| *value);
        match (before, after, filled) {
            (Some(_), Some(_), _) | (_, _, None) => before != after,
            (_, _, Some("")) => [before, after].into_iter().flatten().any(|value| value == "None"),
            (_, _, Some(default)) => [before, after].into_iter().flatten().any(|value| value != default),
        }
    };
    if let Some(field) = kind.immutable_fields(&old.value).find(differs) {
        let field = field.trim_start_matches('/').replace('/', ".");
        let sealed = old.at("/immutable") == Some(&Value::Bool(true));
        return Some(if sealed { "it says `immutable: true`".to_owned() } else { format!("`{field}` is immutable") });
    }
    let size = |object: &Object| bytes(object.text(SIZE));
    let shrinks = old.kind == "PersistentVolumeClaim" && size(new) < size(old);
    shrinks.then(|| "a claim can't shrink".to_owned()).or_else(|| super::database::refusal(old, new))
}

/// The fields with a meaning that differ.
pub(super) fn differences(old: &Object, new: &Object, ground: &Ground<'_>) -> Vec<Difference> {
    let (before, mut after) = (meaningful(old, ground), meaningful(new, ground));
    without_marks(&before, &mut after);
    let found = leaves("", &before, &after);
    let secret = new.kind == "Secret";
    found.into_iter().map(|leaf| difference(leaf, secret)).collect()
}

/// Takes the marks away which an object gets that keep it from being deleted.
fn without_marks(before: &Value, after: &mut Value) {
    let had = |key: &str| before.pointer("/metadata/annotations").is_some_and(|all| all.get(key).is_some());
    let Some(metadata) = after.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.retain(|key, value| {
        let keeps = |(known, values): &(&str, &[&str])| {
            known == key && value.as_str().is_some_and(|text| text.split(',').all(|part| values.contains(&part.trim())))
        };
        had(key) || !KEEPING.iter().any(keeps)
    });
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

fn difference(leaf: Leaf, secret: bool) -> Difference {
    let name = leaf.path.rsplit(['.', '[']).next().unwrap_or_default().trim_end_matches(']');
    // A variable of a container is named by the item around its value.
    let name = if name == "value" { leaf.path.trim_end_matches("].value").rsplit('[').next().unwrap_or(name) } else { name };
    let text = |value: &Option<Value>| value.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let of = |value: &Option<Value>| text(value).map(|text| meaning(name, &text));
    let reference = leaf.path.contains("remoteRef");
    let found = [of(&leaf.after), of(&leaf.before)].into_iter().flatten().min_by_key(|meaning| *meaning != Meaning::Credential);
    let credential = found == Some(Meaning::Credential) && !leaf.path.starts_with("spec.selector");
    let hidden = (secret && !leaf.path.starts_with("metadata") && leaf.path != "type") || (credential && !reference);
    let (before, after) = match hidden {
        true => [&leaf.before, &leaf.after].map(|value| value.as_ref().map(|_| "(not shown)".to_owned())).into(),
        false => pair(leaf.before.as_ref(), leaf.after.as_ref()),
    };
    let meaning = if hidden || reference { Meaning::Credential } else { found.unwrap_or(Meaning::Text) };
    Difference { field: leaf.path.clone(), before, after, hidden, meaning }
}

/// A document without what has no effect: identity, labels that nothing selects by, notes and status.
fn meaningful(object: &Object, ground: &Ground<'_>) -> Value {
    let mut value = object.value.clone();
    let Some(fields) = value.as_object_mut() else { return value };
    fields.retain(|key, _| !["apiVersion", "kind", "status"].contains(&key.as_str()));
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| ["annotations", "finalizers", "labels"].contains(&key.as_str()));
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !NOTES.iter().any(|note| key.starts_with(note)));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            let selected = SELECTED.contains(&object.kind.as_str());
            labels.retain(|key, _| (selected && ground.decides(key)) || (object.kind == "ClusterRole" && key.starts_with(AGGREGATES)));
            if labels.is_empty() {
                metadata.remove("labels");
            }
        }
    }
    value
}

/// What the cluster holds afterwards: its own objects, and in their place or beside them the applied ones that are not refused.
pub(super) fn merged<'o>(onto: &'o Inventory, accepted: impl Iterator<Item = &'o Object> + Clone) -> Inventory {
    let mut inventory = Inventory::default();
    let replaced: BTreeSet<(&str, String)> = accepted.clone().map(|object| (object.group(), object.id())).collect();
    let kept = onto.objects().iter().filter(|object| !replaced.contains(&(object.group(), object.id())));
    for object in kept.chain(accepted) {
        // Both inventories have read these values as objects before.
        let _ = inventory.add(&object.file, object.place.clone(), object.value.clone());
    }
    inventory
}

/// A name without the hash that tools append to names of ConfigMaps and Secrets: ten hexadecimal digits, or ten of the characters that kustomize uses.
pub(super) fn logical<'n>(kind: &str, name: &'n str) -> &'n str {
    let is_hash = |text: &str| {
        let all = |allowed: &str| text.chars().all(|c| allowed.contains(c));
        text.len() == 10 && (all("0123456789abcdef") || all("2456789bcdfghkmt"))
    };
    match name.rsplit_once('-') {
        Some((stem, hash)) if ["ConfigMap", "Secret", "ExternalSecret"].contains(&kind) && is_hash(hash) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_no_part_of_a_logical_name() {
        assert_eq!(logical("ConfigMap", "cart-config-1c082416ce"), "cart-config");
        assert_eq!(logical("ConfigMap", "settings-5ff6h2mkb9"), "settings");
        assert_eq!(logical("ConfigMap", "app-components"), "app-components");
        assert_eq!(logical("Deployment", "cart-1c082416ce"), "cart-1c082416ce");
    }
}
