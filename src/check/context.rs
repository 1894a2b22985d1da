//! The input of the rules: the documents of one cluster, and for a platform of ours the region of the model that they belong to.

use super::kustomize::{self, Kustomizations};
use super::{Finding, Tree};
use crate::diagnostic::Code;
use crate::inventory::{Inventory, Labels, Object, Selector};
use crate::kinds::{self, Release};
use crate::labels;
use crate::model::{Addon, Change, Chart, Entrance, FOREIGN_NAMESPACES, Manifest, Platform, Region, SYSTEM_NAMESPACES, Workload};
use crate::provider::Provider;
use crate::source::Span;
use serde_json::Value;
use std::collections::BTreeSet;

/// The documents of one cluster, whoever made them.
pub(super) struct TreeContext<'a> {
    /// Texts by path, below the folder of the cluster.
    pub(super) files: &'a Tree,
    pub(super) inventory: Inventory,
    pub(super) kustomizations: Kustomizations,
    /// Whether the documents are all that the cluster holds outside of the namespaces of `foreign`: false for a tree without a spec.
    pub(super) closed: bool,
    /// Namespaces whose objects are not all known.
    pub(super) foreign: &'static [&'static str],
    /// Those of them that documents declare: of add-ons that the platform installs.
    pub(super) declared: BTreeSet<&'static str>,
    /// The one of them that the platform fills itself, but for pods: that of the monitoring, whose pods a chart makes.
    pub(super) charted: Option<&'static str>,
    /// The programs that charts run in these namespaces: policies select their pods, which are in no document.
    pub(super) programs: Vec<Addon>,
    /// The releases of charts of the spec, by namespace and name: their pods are in no document.
    pub(super) releases: BTreeSet<(String, String)>,
    /// The provider of the cluster, where it is known.
    pub(super) provider: Option<Provider>,
    /// The ports of Gateways that pass on connections of any protocol, as the spec says: the Gateway's name and the port.
    pub(super) connections: BTreeSet<(&'static str, u16)>,
    /// Storage classes that the cluster has and no document makes.
    pub(super) storage_classes: BTreeSet<String>,
    namespaces: BTreeSet<String>,
}

/// A container of a pod template.
pub(super) struct Container<'s> {
    /// The object with the pod template.
    pub(super) object: &'s Object,
    /// The spec of the pod.
    pub(super) pod: &'s Value,
    /// The container.
    pub(super) value: &'s Value,
    /// The pointer of the container.
    pub(super) at: String,
}

/// An image that pods run.
pub(super) struct PodImage<'s> {
    /// The object that names it.
    pub(super) object: &'s Object,
    /// The pointer of its name.
    pub(super) at: String,
    /// Its name.
    pub(super) name: &'s str,
    /// What runs it, for messages.
    pub(super) shown: String,
}

impl PodImage<'_> {
    /// A finding about the image.
    pub(super) fn finding(&self, rule: Code, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding::new(rule, self.object, &self.at, message, help)
    }
}

impl Container<'_> {
    /// The container with its object, for messages.
    pub(super) fn shown(&self) -> String {
        format!("the container `{}` of `{}`", text(self.value, "/name"), self.object.id())
    }

    /// A finding about a value of the container, by its pointer.
    pub(super) fn finding(&self, rule: Code, pointer: &str, message: impl Into<String>, help: impl Into<String>) -> Finding {
        Finding::new(rule, self.object, &format!("{}{pointer}", self.at), message, help)
    }
}

impl<'a> TreeContext<'a> {
    /// The documents of a cluster of which nothing else is known.
    pub(super) fn new(files: &'a Tree) -> Self {
        let (kustomizations, charts) = (Kustomizations::read(files), kustomize::charts(files));
        let others = kustomizations.without_objects();
        let is_of_chart = |path: &str| {
            let mut inside = charts.iter().filter_map(|chart| path.strip_prefix(chart));
            inside.any(|path| path.starts_with("templates/") || ["Chart.yaml", "values.yaml"].contains(&path))
        };
        let holds_objects = |path: &str| kustomize::is_manifest(path) && !others.contains(path) && !is_of_chart(path);
        let documents = files.iter().filter(|(path, _)| holds_objects(path));
        let inventory = Inventory::read(documents.map(|(path, text)| (path.as_str(), text.as_str())));
        let named = inventory.objects().iter().map(|object| if object.kind == "Namespace" { &object.name } else { &object.namespace });
        let namespaces = named.filter(|name| !name.is_empty()).cloned().collect();
        TreeContext {
            files,
            inventory,
            kustomizations,
            closed: false,
            foreign: &SYSTEM_NAMESPACES,
            declared: BTreeSet::new(),
            charted: None,
            programs: Vec::new(),
            releases: BTreeSet::new(),
            provider: None,
            connections: BTreeSet::new(),
            storage_classes: BTreeSet::new(),
            namespaces,
        }
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

    /// Whether a namespace may hold objects that are in no document. Without a spec, a namespace is taken for complete if the tree runs pods in it, and
    /// so are the objects that name no namespace.
    pub(super) fn is_elsewhere(&self, namespace: &str) -> bool {
        let runs = || !self.inventory.selected(namespace, &Selector::default()).is_empty();
        self.foreign.contains(&namespace) || !(self.closed || namespace.is_empty() || runs())
    }

    /// The release of a chart of the spec whose pods a selector means.
    pub(super) fn release(&self, namespace: &str, wanted: &Selector) -> Option<(&str, &str)> {
        let is = |name: &str| {
            let (key, value) = Chart::pods(name);
            wanted.among.is_empty() && wanted.equal == Labels::from([(key.to_owned(), value.to_owned())])
        };
        let mut releases = self.releases.iter().filter(|(own, name)| own == namespace && is(name));
        releases.next().map(|(namespace, name)| (namespace.as_str(), name.as_str()))
    }

    /// Whether an object other than a pod may stand in a namespace without a document.
    pub(super) fn is_unseen(&self, namespace: &str) -> bool {
        self.is_elsewhere(namespace) && self.charted != Some(namespace)
    }

    /// The pod templates with their objects, and the pointers of their specs. An operator answers for the pods that it makes.
    pub(super) fn pods(&self) -> impl Iterator<Item = (&Object, String, &Value)> {
        self.inventory.pods().iter().filter(|pod| pod.operated.is_none()).filter_map(|pod| {
            let (object, pointer) = (self.inventory.owner(pod), pod.spec());
            let spec = object.at(&pointer)?;
            Some((object, pointer, spec))
        })
    }

    /// The containers of every pod template.
    pub(super) fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        self.pods().flat_map(|(object, pointer, pod)| {
            let containers = containers(&pointer, pod).into_iter();
            containers.map(move |(at, value)| Container { object, pod, value, at })
        })
    }

    /// The images of every container, and those that operators are told to run.
    pub(super) fn images(&self) -> impl Iterator<Item = PodImage<'_>> {
        let of_containers = self.containers().map(|container| PodImage {
            object: container.object,
            at: format!("{}/image", container.at),
            name: text(container.value, "/image"),
            shown: container.shown(),
        });
        let operated = self.inventory.objects().iter().flat_map(|object| {
            let facts = kinds::operated(&object.api, &object.kind);
            let servers = facts.and_then(|facts| if let Release::Image(at) = facts.release { Some(at) } else { None });
            let all = servers.into_iter().chain(facts.into_iter().flat_map(|facts| facts.beside).copied());
            all.filter_map(move |at| {
                let name = object.at(at)?.as_str()?;
                Some(PodImage { object, at: at.to_owned(), name, shown: format!("`{}`", object.id()) })
            })
        });
        of_containers.chain(operated)
    }

    /// The fewest pods that an object runs: the least of its autoscaler, else its replicas. `None` where documents don't say: in a tree without a spec an
    /// autoscaler may be elsewhere.
    pub(super) fn least_replicas(&self, object: &Object) -> Option<i64> {
        let number = |object: &Object, pointer: &str| object.at(pointer).and_then(Value::as_i64);
        match self.inventory.autoscaler_of(object) {
            Some(scaler) => Some(number(scaler, "/spec/minReplicas").unwrap_or(1)),
            None => number(object, kinds::replicas(&object.api, &object.kind)).or(self.closed.then_some(1)),
        }
    }
}

/// The documents of a region with its model.
pub(super) struct RegionContext<'a> {
    pub(super) tree: TreeContext<'a>,
    pub(super) platform: &'a Platform,
    pub(super) region: &'a Region,
}

impl<'a> RegionContext<'a> {
    pub(super) fn new(platform: &'a Platform, region: &'a Region, files: &'a Tree) -> Self {
        let mut tree = TreeContext::new(files);
        (tree.closed, tree.foreign, tree.provider) = (true, &FOREIGN_NAMESPACES, Some(region.provider));
        tree.programs = region.programs().filter(|program| region.guards(*program)).collect();
        tree.declared = tree.programs.iter().map(|program| program.namespace()).collect();
        let releases = region.charts.iter().filter(|chart| chart.addon.is_none());
        tree.releases = releases.map(|chart| (chart.namespace.clone(), chart.name.clone())).collect();
        tree.charted = region.is_monitored().then_some(Addon::Monitoring.namespace());
        let exposures = region.workloads.values().flat_map(|workload| &workload.exposures);
        tree.connections = exposures
            .filter_map(|exposure| match exposure.entrance {
                Entrance::Tcp(port) => Some((exposure.via.name(), port)),
                Entrance::Http | Entrance::Passthrough => None,
            })
            .collect();
        tree.storage_classes = region.cluster.existing_classes.clone();
        RegionContext { tree, platform, region }
    }

    /// The workload whose label an object carries.
    pub(super) fn workload_of(&self, object: &Object) -> Option<&'a Workload> {
        self.region.workloads.get(&format!("{}/{}", object.namespace, object.labels.get(labels::WORKLOAD)?))
    }

    /// The workload whose account has the rights of a role or a binding of platgen.
    pub(super) fn grantee(&self, object: &Object) -> Option<&'a Workload> {
        self.region.grantee(&self.platform.name, &object.kind, &object.namespace, &object.name)
    }

    /// The entry of the spec that an object comes from, and the reason that the spec gives for the value at a pointer: the reason of the manifest that
    /// brings the object, of the patch that changes the value, of the namespace or of the workload.
    pub(super) fn declared(&self, id: &str, pointer: &str) -> (Option<Span>, Option<&'a str>) {
        if let Some(manifest) = self.platform.manifests.iter().find(|manifest| brings(manifest, id)) {
            return (Some(manifest.span), Some(&manifest.reason));
        }
        let mut patches = self.platform.patches.iter().filter(|patch| patch.target.to_string() == id);
        if let Some(patch) = patches.find(|patch| touches(&patch.change, pointer)) {
            return (Some(patch.span), Some(&patch.reason));
        }
        let object = self.tree.inventory.named(id).next();
        if let Some(workload) = object.and_then(|object| self.grantee(object)) {
            return (Some(workload.span), workload.api.as_ref().and_then(|access| access.reason.as_deref()));
        }
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

/// The containers of a pod with their pointers, those that run first before the others.
pub(super) fn containers<'v>(pointer: &str, spec: &'v Value) -> Vec<(String, &'v Value)> {
    let of =
        |key: &'static str| list(spec, key).iter().enumerate().map(move |(at, container)| (format!("{pointer}/{key}/{at}"), container));
    of("initContainers").chain(of("containers")).collect()
}

/// The text at a JSON pointer; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list under a key.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
