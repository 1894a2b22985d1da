//! What a rule sees: the documents of one cluster, and for a tree of ours the region of the model that they belong to.

use crate::inventory::{Inventory, Object, Selector};
use crate::labels;
use crate::model::{Change, FOREIGN_NAMESPACES, Manifest, Platform, Region, Workload};
use crate::provider::Provider;
use crate::source::Span;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Namespaces of the cluster itself.
pub(super) const SYSTEM: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// Namespaces of a cluster of ours whose objects are not all known here: those of every cluster, and those of add-ons.
pub(super) const FOREIGN: [&str; 6] = FOREIGN_NAMESPACES;

/// The documents of one cluster, whoever made them.
pub(super) struct TreeContext<'a> {
    /// Texts by path, below the folder of the cluster.
    pub(super) files: &'a BTreeMap<String, String>,
    pub(super) inventory: Inventory,
    /// Whether whatever the documents name is in them, or in a namespace of `foreign`: false for a tree without a spec, whose cluster may hold more.
    pub(super) closed: bool,
    /// Namespaces whose objects are not all known.
    pub(super) foreign: &'static [&'static str],
    /// The provider of the cluster, where it is known.
    pub(super) provider: Option<Provider>,
    namespaces: BTreeSet<String>,
}

impl<'a> TreeContext<'a> {
    /// The documents of a cluster that nothing else is known of.
    pub(super) fn new(files: &'a BTreeMap<String, String>) -> Self {
        let documents = files.iter().filter(|(path, _)| is_manifest(path));
        let inventory = Inventory::read(documents.map(|(path, text)| (path.as_str(), text.as_str())));
        let named = inventory.objects().iter().map(|object| if object.kind == "Namespace" { &object.name } else { &object.namespace });
        let namespaces = named.filter(|name| !name.is_empty()).cloned().collect();
        TreeContext { files, inventory, closed: false, foreign: &SYSTEM, provider: None, namespaces }
    }

    /// Every known namespace: those that documents declare or stand in, and the foreign ones.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let foreign = self.foreign.iter().copied().filter(|name| !self.namespaces.contains(*name));
        self.namespaces.iter().map(String::as_str).chain(foreign)
    }

    /// A known namespace by its name.
    pub(super) fn namespace(&self, name: &str) -> Option<&str> {
        self.namespaces.get(name).map(String::as_str).or_else(|| self.foreign.iter().copied().find(|foreign| *foreign == name))
    }

    /// Whether objects of a namespace may exist that no document holds. A tree without a spec is taken for complete where it runs pods, and for objects
    /// that name no namespace.
    pub(super) fn is_elsewhere(&self, namespace: &str) -> bool {
        let runs = || !self.inventory.selected(namespace, &Selector::default()).is_empty();
        self.foreign.contains(&namespace) || !(self.closed || namespace.is_empty() || runs())
    }

    /// The pod templates with their objects, and the pointers of their specs.
    pub(super) fn pods(&self) -> impl Iterator<Item = (&Object, String, &Value)> {
        self.inventory.pods().iter().filter_map(|pod| {
            let (object, pointer) = (self.inventory.owner(pod), pod.spec());
            let spec = object.at(&pointer)?;
            Some((object, pointer, spec))
        })
    }
}

/// Whether a file is one that kustomize is told by; its document is applied by nobody.
pub(super) fn is_kustomization(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Whether a file holds objects to apply: neither a page nor a script, nor the list that kustomize reads.
pub(super) fn is_manifest(path: &str) -> bool {
    (path.ends_with(".yaml") || path.ends_with(".yml")) && !is_kustomization(path)
}

/// The documents of a region, and what the model says of it.
pub(super) struct RegionContext<'a> {
    pub(super) tree: TreeContext<'a>,
    pub(super) platform: &'a Platform,
    pub(super) region: &'a Region,
}

impl<'a> RegionContext<'a> {
    pub(super) fn new(platform: &'a Platform, region: &'a Region, files: &'a BTreeMap<String, String>) -> Self {
        let mut tree = TreeContext::new(files);
        (tree.closed, tree.foreign, tree.provider) = (true, &FOREIGN, Some(region.provider));
        RegionContext { tree, platform, region }
    }

    /// The workload whose label an object carries.
    pub(super) fn workload_of(&self, object: &Object) -> Option<&'a Workload> {
        self.region.workloads.get(&format!("{}/{}", object.namespace, object.labels.get(labels::WORKLOAD)?))
    }

    /// The entry of the spec that an object comes from, and the reason that the spec gives for what is special about a place in it: that of the manifest
    /// which brings it, of the patch which changes it, of the namespace it declares, or of its workload.
    pub(super) fn declared(&self, id: &str, pointer: &str) -> (Option<Span>, Option<&'a str>) {
        if let Some(manifest) = self.platform.manifests.iter().find(|manifest| brings(manifest, id)) {
            return (Some(manifest.span), Some(&manifest.reason));
        }
        let mut patches = self.platform.patches.iter().filter(|patch| patch.target.to_string() == id);
        if let Some(patch) = patches.find(|patch| touches(&patch.change, pointer)) {
            return (Some(patch.span), Some(&patch.reason));
        }
        let object = self.tree.inventory.named(id).next();
        let workload = object.and_then(|object| self.workload_of(object));
        let namespace = object.filter(|object| object.kind == "Namespace").and_then(|object| self.platform.namespaces.get(&object.name));
        let reason = namespace.and_then(|namespace| namespace.reason.as_deref());
        (workload.map(|workload| workload.span), reason.or_else(|| workload?.reason.as_deref()))
    }
}

/// Whether a patch changes a place, something in it, or something around it. Where no place is known, every patch may be the cause.
fn touches(change: &Change, pointer: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let related = |path: &str| within(pointer, path) || within(path, pointer);
    match change {
        Change::Merge(value) => merges(value, pointer),
        Change::Json(steps) => {
            let paths = steps.as_array().into_iter().flatten().flat_map(|step| [text(step, "/path"), text(step, "/from")]);
            // A step on an item of a list moves the others, so all of the list is changed.
            let is_index = |part: &str| part == "-" || part.bytes().all(|byte| byte.is_ascii_digit());
            paths.filter(|path| !path.is_empty()).any(|path| match path.rsplit_once('/') {
                Some((list, last)) if is_index(last) => related(list),
                _ => related(path),
            })
        }
    }
}

/// Whether a merge patch holds a value at a pointer, or replaces one around it.
fn merges(value: &Value, pointer: &str) -> bool {
    let mut parts = pointer.splitn(3, '/').skip(1);
    match (value, parts.next()) {
        (Value::Object(map), Some(key)) => {
            let rest = parts.next().map_or(String::new(), |rest| format!("/{rest}"));
            map.get(&key.replace("~1", "/").replace("~0", "~")).is_some_and(|inner| merges(inner, &rest))
        }
        _ => true,
    }
}

/// Whether a manifest brings an object. One that names no namespace has that of the manifest; which kinds have none is known where manifests are
/// rendered, so both names are the object's here.
fn brings(manifest: &Manifest, id: &str) -> bool {
    let values: Vec<Value> = serde_yaml::from_multiple(&manifest.text).unwrap_or_default();
    values.iter().any(|value| {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (kind, name, written) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
        let given = manifest.namespace.as_ref().filter(|_| written.is_empty()).map_or(written, |name| name.as_str());
        [written, given].iter().any(|namespace| match *namespace {
            "" => id == format!("{kind}/{name}"),
            namespace => id == format!("{kind}/{namespace}/{name}"),
        })
    })
}

/// The text at a JSON pointer; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list under a key.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
