//! One region of the model with the objects of its files, and what patches and manifests changed in them.
//!
//! Objects and model meet by labels, never by how a name was made. What a patch changed, and what a manifest brought, is judged by
//! `platgen check` alone: its reason stands in the spec.

use super::Finding;
use platgen::files::{Unit, is_values};
use platgen::inventory::{Inventory, Labels, Object, PodTemplate};
use platgen::model::{Addon, Change, FOREIGN_NAMESPACES, Platform, Region, Workload};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The label that tells which workload something belongs to.
pub(super) const WORKLOAD: &str = "platgen.io/workload";

/// The label that tells the environment.
pub(super) const ENVIRONMENT: &str = "platgen.io/environment";

/// The namespace of the Gateways.
pub(super) const GATEWAYS: &str = Addon::Gateway.namespace();

/// The namespaces of the cluster and of its add-ons: the objects in them are not known here.
pub(super) const FOREIGN: [&str; 17] = FOREIGN_NAMESPACES;

/// One region, as the rules see it.
pub(super) struct RegionContext<'a> {
    pub(super) platform: &'a Platform,
    pub(super) region: &'a Region,
    pub(super) inventory: Inventory,
    /// Places that patches changed, by object, as JSON pointers.
    patched: BTreeMap<String, Vec<String>>,
    /// Objects of manifests: for each document every id that its object may have.
    manifests: Vec<[String; 2]>,
    /// All of these ids.
    by_hand: BTreeSet<String>,
    /// The pods of each workload, by `namespace/name`.
    pods: BTreeMap<String, Vec<usize>>,
}

/// A workload with the one object that runs it.
#[derive(Clone, Copy)]
pub(super) struct Running<'s> {
    pub(super) workload: &'s Workload,
    pub(super) object: &'s Object,
    pub(super) pod: &'s PodTemplate,
}

impl<'a> RegionContext<'a> {
    pub(super) fn new(platform: &'a Platform, region: &'a Region, unit: &Unit) -> Self {
        let is_object = |path: &str| path.ends_with(".yaml") && path != "kustomization.yaml" && !is_values(path);
        let documents = unit.files.iter().filter(|(path, _)| is_object(path));
        let inventory = Inventory::read(documents.map(|(path, text)| (path.as_str(), text.as_str())));
        let mut pods: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, pod) in inventory.pods().iter().enumerate() {
            if let Some(name) = pod.labels.get(WORKLOAD) {
                pods.entry(format!("{}/{name}", inventory.owner(pod).namespace)).or_default().push(number);
            }
        }
        let manifests = manifests(platform);
        let by_hand = manifests.iter().flatten().cloned().collect();
        RegionContext { platform, region, inventory, patched: patched(platform), by_hand, manifests, pods }
    }

    /// A finding about an object.
    pub(super) fn finding(&self, rule: &'static str, object: &Object, message: impl Into<String>) -> Finding {
        Finding { file: object.file.clone(), ..self.about(rule, &object.id(), message) }
    }

    /// A finding about an object that is missing, or about a file.
    pub(super) fn about(&self, rule: &'static str, object: &str, message: impl Into<String>) -> Finding {
        Finding { file: String::new(), object: object.to_owned(), rule, message: message.into() }
    }

    /// The workload whose label an object carries.
    pub(super) fn workload_of(&self, object: &Object) -> Option<&'a Workload> {
        self.region.workloads.get(&format!("{}/{}", object.namespace, object.labels.get(WORKLOAD)?))
    }

    /// The workload whose pods carry these labels.
    pub(super) fn workload_with(&self, namespace: &str, labels: &Labels) -> Option<&'a Workload> {
        self.region.workloads.get(&format!("{namespace}/{}", labels.get(WORKLOAD)?))
    }

    /// The pods of a workload.
    pub(super) fn pods_of(&self, workload: &Workload) -> impl Iterator<Item = &PodTemplate> {
        let numbers = self.pods.get(&format!("{}/{}", workload.namespace, workload.name));
        numbers.into_iter().flatten().filter_map(|number| self.inventory.pods().get(*number))
    }

    /// Every workload of the model that one object runs.
    pub(super) fn running(&self) -> impl Iterator<Item = Running<'_>> {
        self.region.workloads.values().filter_map(|workload| {
            let is_rendered = |pod: &&PodTemplate| pod.operated.is_none() && !self.is_by_hand(self.inventory.owner(pod));
            let mut pods = self.pods_of(workload).filter(is_rendered);
            let (pod, None) = (pods.next()?, pods.next()) else { return None };
            Some(Running { workload, object: self.inventory.owner(pod), pod })
        })
    }

    /// Whether a manifest of the spec brought the object.
    pub(super) fn is_by_hand(&self, object: &Object) -> bool {
        self.by_hand.contains(&object.id())
    }

    /// Whether the object is as its author wanted it: brought by a manifest or changed by a patch.
    pub(super) fn is_changed(&self, object: &Object) -> bool {
        let id = object.id();
        self.by_hand.contains(&id) || self.patched.contains_key(&id)
    }

    /// Whether a patch changed this place of the object, something in it, or something around it.
    pub(super) fn is_patched(&self, object: &Object, place: &str) -> bool {
        let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let places = self.patched.get(&object.id());
        places.into_iter().flatten().any(|patched| within(place, patched) || within(patched, place))
    }

    /// What manifests brought and is not there any more.
    pub(super) fn lost(&self) -> impl Iterator<Item = &String> {
        let lost = |ids: &&[String; 2]| ids.iter().all(|id| self.inventory.named(id).next().is_none());
        self.manifests.iter().filter(lost).map(|ids| &ids[0])
    }

    /// Namespaces of the platform.
    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.platform.namespaces_in(self.region).any(|namespace| namespace.name.as_str() == name)
    }

    /// The names of the ConfigMaps, accounts and so on that pods of a namespace use.
    pub(super) fn used(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for object in self.inventory.objects() {
            for reference in platgen::inventory::references(object) {
                used.insert(format!("{}/{}/{}", reference.kind, reference.namespace, reference.name));
            }
        }
        used
    }
}

/// What the patches change, by object.
fn patched(platform: &Platform) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for patch in &platform.patches {
        let known = places.entry(patch.target.to_string()).or_default();
        match &patch.change {
            Change::Merge(value) => leaves(value, String::new(), known),
            Change::Json(steps) => {
                for step in steps.as_array().into_iter().flatten() {
                    for path in ["path", "from"].iter().filter_map(|key| step.get(key)?.as_str()) {
                        known.push(list_of(path));
                    }
                }
            }
        }
    }
    places
}

/// A step inside a list moves the others, so all of the list counts as changed.
fn list_of(path: &str) -> String {
    let is_index = |part: &str| part == "-" || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    match path.rsplit_once('/') {
        Some((list, last)) if is_index(last) => list.to_owned(),
        _ => path.to_owned(),
    }
}

fn leaves(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                leaves(value, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        _ => places.push(path),
    }
}

/// What the manifests bring: the id in the manifest's namespace, which stands for what names none, and the id as it is written.
fn manifests(platform: &Platform) -> Vec<[String; 2]> {
    let mut objects = Vec::new();
    for manifest in &platform.manifests {
        let values: Vec<Value> = serde_yaml::from_multiple(&manifest.text).unwrap_or_default();
        for value in values.iter().filter(|value| !value.is_null()) {
            let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let (kind, name, written) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
            let given = manifest.namespace.as_ref().filter(|_| written.is_empty()).map_or(written, |name| name.as_str());
            let id = |namespace: &str| if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") };
            // Which kinds belong to no namespace is known where manifests are rendered; both ids mean the same object here.
            objects.push([id(given), id(written)]);
        }
    }
    objects
}
