//! What the containers of a workload read, resolved to values: variables and files, each with its source and the way it is read.

use super::fetched::{Entry, Fetched};
use crate::inventory::{Inventory, Object, PodTemplate};
use crate::labels::RESTARTED_BY;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// How a container reads a value. The way decides when a change takes effect.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A variable of `env`.
    Env,
    /// A variable of `envFrom`.
    EnvFrom,
    /// A file of a volume.
    Mount,
    /// A file of a projected volume.
    Projected,
    /// A file that is mounted by itself with `subPath`.
    SubPath,
}

impl Way {
    /// The field of the pod.
    pub fn word(self) -> &'static str {
        match self {
            Way::Env => "env",
            Way::EnvFrom => "envFrom",
            Way::Mount => "volume",
            Way::Projected => "projected volume",
            Way::SubPath => "subPath",
        }
    }

    /// Whether a running container sees a change of the source.
    pub fn is_live(self) -> bool {
        matches!(self, Way::Mount | Way::Projected)
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Source {
    /// The object, `Kind/namespace/name`: a ConfigMap or a Secret.
    pub object: String,
    /// Its key; empty for all keys of an object that is not in the documents.
    pub key: String,
}

/// What a container reads under a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    /// Where it comes from; `None` for a literal.
    pub(super) source: Option<Source>,
    pub(super) way: Way,
    pub(super) optional: bool,
    /// The value; `None` where the source, or the key in it, is absent.
    pub(super) value: Option<Held>,
}

/// A value of a ConfigMap, a Secret or a variable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Held {
    pub(super) text: String,
    /// Whether the text is a secret, or a path of one.
    pub(super) secret: bool,
    /// Whether the text may be shown.
    pub(super) shown: bool,
}

/// The container, and the variable or path that it reads.
pub(super) type Name = (String, Variable);

/// A variable or a file of a container.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Variable {
    Named(String),
    /// A file, by its path.
    File(String),
}

/// What the containers of a pod template read.
pub(super) fn inputs(inventory: &Inventory, object: &Object, pod: &PodTemplate) -> BTreeMap<Name, Input> {
    let mut reader = Reader { inventory, namespace: &object.namespace, found: BTreeMap::new() };
    let spec = pod.spec();
    let volumes = object.items(&format!("{spec}/volumes"));
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in object.items(&format!("{spec}/{list}")) {
            reader.container(container, volumes);
        }
    }
    reader.found
}

/// The annotations by which Reloader restarts a workload: at a change of anything that it reads, or of the named ConfigMaps and Secrets.
const RELOAD_ALL: &str = "reloader.stakater.com/auto";
const RELOAD_MAPS: &str = "configmap.reloader.stakater.com/reload";

/// Whether Reloader restarts a workload when an object that it reads changes.
pub(super) fn is_reloaded(object: &Object, template: &str, source: &Source) -> bool {
    let note = |key: &str| {
        let at = |place: String| object.at(&place).and_then(|notes| notes.get(key)).and_then(Value::as_str);
        at("/metadata/annotations".to_owned()).or_else(|| at(format!("{template}/metadata/annotations"))).unwrap_or_default()
    };
    let mut parts = source.object.split('/');
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    let named = if kind == "Secret" { RESTARTED_BY } else { RELOAD_MAPS };
    note(RELOAD_ALL) == "true" || note(named).split(',').any(|one| one.trim() == name)
}

struct Reader<'a> {
    inventory: &'a Inventory,
    namespace: &'a str,
    found: BTreeMap<Name, Input>,
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_optional(value: &Value) -> bool {
    value.get("optional").and_then(Value::as_bool) == Some(true)
}

impl Reader<'_> {
    fn container(&mut self, container: &Value, volumes: &[Value]) {
        let name = text(container, "/name").to_owned();
        // A later list wins, and `env` wins over `envFrom`.
        for from in list(container, "/envFrom") {
            for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                let Some(reference) = from.get(field) else { continue };
                let prefix = text(from, "/prefix");
                for (key, value) in self.entries(kind, text(reference, "/name")) {
                    let source = self.source(kind, text(reference, "/name"), &key);
                    let input = Input { source: Some(source), way: Way::EnvFrom, optional: is_optional(reference), value };
                    let shown = if key.is_empty() { "*".to_owned() } else { format!("{prefix}{key}") };
                    self.found.insert((name.clone(), Variable::Named(shown)), input);
                }
            }
        }
        for variable in list(container, "/env") {
            let input = match variable.get("valueFrom") {
                None => {
                    let held = Held { text: text(variable, "/value").to_owned(), secret: false, shown: true };
                    Input { source: None, way: Way::Env, optional: false, value: Some(held) }
                }
                Some(from) => {
                    match [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")].iter().find(|(field, _)| from.get(field).is_some())
                    {
                        Some((field, kind)) => {
                            let reference = &from[*field];
                            let (object, key) = (text(reference, "/name"), text(reference, "/key"));
                            let value = self.entry(kind, object, key);
                            Input { source: Some(self.source(kind, object, key)), way: Way::Env, optional: is_optional(reference), value }
                        }
                        None => {
                            let held = Held { text: from.to_string(), secret: false, shown: true };
                            Input { source: None, way: Way::Env, optional: false, value: Some(held) }
                        }
                    }
                }
            };
            self.found.insert((name.clone(), Variable::Named(text(variable, "/name").to_owned())), input);
        }
        for mount in list(container, "/volumeMounts") {
            let Some(volume) = volumes.iter().find(|volume| text(volume, "/name") == text(mount, "/name")) else { continue };
            for (field, kind, key) in [("configMap", "ConfigMap", "/name"), ("secret", "Secret", "/secretName")] {
                if let Some(reference) = volume.get(field) {
                    self.files(&name, mount, kind, text(reference, key), reference, Way::Mount);
                }
            }
            for source in list(volume, "/projected/sources") {
                for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                    if let Some(reference) = source.get(field) {
                        self.files(&name, mount, kind, text(reference, "/name"), reference, Way::Projected);
                    }
                }
            }
        }
    }

    /// The files that a mount of a ConfigMap or a Secret gives a container.
    fn files(&mut self, container: &str, mount: &Value, kind: &str, object: &str, reference: &Value, way: Way) {
        let picked: Vec<(String, String, Option<Held>)> = match list(reference, "/items") {
            [] => self.entries(kind, object).into_iter().map(|(key, value)| (key.clone(), key, value)).collect(),
            items => {
                let item = |item: &Value| {
                    (text(item, "/key").to_owned(), text(item, "/path").to_owned(), self.entry(kind, object, text(item, "/key")))
                };
                items.iter().map(item).collect()
            }
        };
        let folder = text(mount, "/mountPath").trim_end_matches('/');
        // A `subPathExpr` names a file by the variables of the pod: any of them.
        let (part, any) = (text(mount, "/subPath"), mount.get("subPathExpr").is_some());
        let single = !part.is_empty() || any;
        let way = if single { Way::SubPath } else { way };
        for (key, path, value) in picked {
            let below = path.strip_prefix(part).filter(|rest| rest.is_empty() || rest.starts_with('/') || part.is_empty());
            let file = match (single, below) {
                (true, _) if any || key.is_empty() => folder.to_owned(),
                (true, Some(rest)) => format!("{folder}{rest}"),
                (true, None) => continue,
                (false, _) if key.is_empty() => folder.to_owned(),
                (false, _) => format!("{folder}/{path}"),
            };
            let source = self.source(kind, object, &key);
            self.found.insert(
                (container.to_owned(), Variable::File(file)),
                Input { source: Some(source), way, optional: is_optional(reference), value },
            );
        }
    }

    fn source(&self, kind: &str, name: &str, key: &str) -> Source {
        Source { object: format!("{kind}/{}/{name}", self.namespace), key: key.to_owned() }
    }

    /// The entries of a ConfigMap or a Secret; one entry without a key and a value if the object is absent or its keys are unknown.
    fn entries(&self, kind: &str, name: &str) -> Vec<(String, Option<Held>)> {
        let found = entries(self.inventory, kind, self.namespace, name).unwrap_or_default();
        if found.is_empty() { vec![(String::new(), None)] } else { found.into_iter().map(|(key, held)| (key, Some(held))).collect() }
    }

    fn entry(&self, kind: &str, name: &str, key: &str) -> Option<Held> {
        let all = entries(self.inventory, kind, self.namespace, name)?;
        all.get(key).or_else(|| all.get("")).cloned()
    }
}

/// The entries of a ConfigMap or a Secret by key; `None` if nothing in the documents makes it. A Secret that an ExternalSecret makes has the paths that it
/// is fetched from in place of values; all keys of a path are one entry without a key.
pub(super) fn entries(inventory: &Inventory, kind: &str, namespace: &str, name: &str) -> Option<BTreeMap<String, Held>> {
    if let Some(object) = inventory.get(kind, namespace, name) {
        return Some(stored(object));
    }
    let made = |external: &&Object| kind == "Secret" && external.namespace == namespace;
    let fetched = inventory.of_kind("ExternalSecret").filter(made).map(Fetched::of).find(|fetched| fetched.name == name)?;
    Some(references(&fetched))
}

/// The entries that a ConfigMap or a Secret holds itself.
pub(super) fn stored(object: &Object) -> BTreeMap<String, Held> {
    let secret = object.kind == "Secret";
    let mut all = BTreeMap::new();
    for field in ["/binaryData", "/data", "/stringData"] {
        for (key, value) in object.at(field).and_then(Value::as_object).into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            all.insert(key.clone(), Held { text, secret, shown: !secret && field != "/binaryData" });
        }
    }
    all
}

/// The entries of the Secret that an ExternalSecret makes: the paths that are fetched.
fn references(fetched: &Fetched) -> BTreeMap<String, Held> {
    let text = |entry: &Entry| {
        let paths: Vec<String> = entry.values.iter().map(ToString::to_string).collect();
        match entry.template {
            Some(template) if !paths.is_empty() => format!("{template} of {}", paths.join(", ")),
            Some(template) => template.to_owned(),
            None => paths.join(", "),
        }
    };
    let held = |entry: &Entry| Held { text: text(entry), secret: true, shown: true };
    fetched.entries.iter().map(|(name, entry)| ((*name).to_owned(), held(entry))).collect()
}
