//! The Kubernetes objects of a cluster, their references to other objects, and the pods that a selector matches.
//!
//! An inventory reports no findings and does not use the model. The texts may be rendered, changed by hand, or foreign, in any style of YAML. One
//! inventory is one cluster, so that a name means one object. Lookups use indexes, because a platform may have thousands of apps.

mod locate;
mod object;
mod reference;
mod selector;
#[cfg(test)]
mod tests;

pub use locate::{Place, locate};
pub use object::{Object, PodTemplate};
pub use reference::{Part, Reference, references};
pub use selector::{Labels, Selector};

use crate::yaml;
use serde_json::Value;
use std::collections::BTreeMap;

/// The objects of one cluster.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    objects: Vec<Object>,
    pods: Vec<PodTemplate>,
    unreadable: Vec<Unreadable>,
    skipped: Vec<String>,
    by_name: BTreeMap<String, Vec<usize>>,
    by_kind: BTreeMap<String, Vec<usize>>,
    /// Pods by namespace, and by namespace, label and value.
    by_namespace: BTreeMap<String, Vec<usize>>,
    by_label: BTreeMap<(String, String, String), Vec<usize>>,
}

/// A text that is not YAML, or a document in it that is half an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Why, as a part of a sentence.
    pub reason: String,
}

impl Inventory {
    /// Reads YAML and JSON texts by the paths of their files; lists of objects such as `kind: List` are read as their items. Texts as platgen prints them
    /// take a fast reader, all others the full parser.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Inventory {
        let mut inventory = Inventory::default();
        for (file, text) in files {
            let before = (inventory.objects.len(), inventory.unreadable.len());
            match documents(text) {
                Ok(documents) => {
                    let held = documents.into_iter().filter(|value| value.is_object() || value.is_array());
                    for (document, value) in held.enumerate() {
                        let place = Place { document, pointer: String::new() };
                        if let Err((place, reason)) = inventory.add(file, place, value) {
                            let start = locate(text, &[place]).into_iter().flatten().next().map_or(0, |range| range.start);
                            inventory.refuse(file, line_at(text, start), reason.to_owned());
                        }
                    }
                }
                // Many tools have configuration in JSON with comments.
                Err(_) if file.to_ascii_lowercase().ends_with(".json") && !text.contains("apiVersion") => {}
                Err((line, reason)) => inventory.refuse(file, line, reason),
            }
            if before == (inventory.objects.len(), inventory.unreadable.len()) {
                inventory.skipped.push(file.to_owned());
            }
        }
        inventory
    }

    /// Adds the objects of one document; a document that is no object of Kubernetes adds none.
    ///
    /// # Errors
    /// The place of the first object that is not added, and the reason as the end of a sentence. The other items of a list are added.
    pub fn add(&mut self, file: &str, place: Place, mut value: Value) -> Result<(), (Place, &'static str)> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let (api, kind) = (text("apiVersion").to_owned(), text("kind").strip_suffix("List").map(str::to_owned));
        if let (Some(kind), Some(items)) = (kind, value.get_mut("items")) {
            let items = match items.take() {
                Value::Array(items) => items,
                Value::Null => Vec::new(),
                _ => return Err((place, "has `items` that are no list")),
            };
            let mut first = Ok(());
            for (at, mut item) in items.into_iter().enumerate() {
                // The items of a typed list, such as a ConfigMapList, may leave out `apiVersion` and `kind`.
                if let Some(fields) = item.as_object_mut().filter(|fields| !kind.is_empty() && !fields.contains_key("kind")) {
                    fields.insert("apiVersion".to_owned(), api.clone().into());
                    fields.insert("kind".to_owned(), kind.clone().into());
                }
                let place = Place { pointer: format!("{}/items/{at}", place.pointer), ..place };
                first = first.and(self.add(file, place, item));
            }
            return first;
        }
        if let Some(object) = Object::new(file, place.clone(), value).map_err(|reason| (place, reason))? {
            self.index(object);
        }
        Ok(())
    }

    fn refuse(&mut self, file: &str, line: usize, reason: String) {
        self.unreadable.push(Unreadable { file: file.to_owned(), line, reason });
    }

    fn index(&mut self, object: Object) {
        let at = self.objects.len();
        self.by_name.entry(object.id()).or_default().push(at);
        self.by_kind.entry(object.kind.clone()).or_default().push(at);
        for pod in PodTemplate::all_of(at, &object) {
            let number = self.pods.len();
            self.by_namespace.entry(object.namespace.clone()).or_default().push(number);
            for (key, value) in &pod.labels {
                self.by_label.entry((object.namespace.clone(), key.clone(), value.clone())).or_default().push(number);
            }
            self.pods.push(pod);
        }
        self.objects.push(object);
    }

    /// Every object, in the order of the files.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The texts and documents that could not be read.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Files without any object of Kubernetes.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The objects of a kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.by_kind.get(kind).into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }

    /// The object of this kind, namespace (empty for none) and name; the first one if there are several.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.named(&object::id(kind, namespace, name)).next()
    }

    /// The objects with this id, `Kind/namespace/name`.
    pub fn named(&self, id: &str) -> impl Iterator<Item = &Object> {
        self.by_name.get(id).into_iter().flatten().filter_map(|at| self.objects.get(*at))
    }

    /// The object that the API server takes for the same one, as group, kind, namespace and name are equal. Of several documents the last one, as in an
    /// apply of all of them.
    pub fn same_as(&self, object: &Object) -> Option<&Object> {
        self.named(&object.id()).filter(|known| known.group() == object.group()).last()
    }

    /// The autoscaler whose target is the object.
    pub fn autoscaler_of(&self, object: &Object) -> Option<&Object> {
        const KIND: &str = "HorizontalPodAutoscaler";
        let scales = |scaler: &&Object| {
            scaler.namespace == object.namespace
                && scaler.text("/spec/scaleTargetRef/name") == object.name
                && scaler.text("/spec/scaleTargetRef/kind") == object.kind
        };
        // The autoscaler usually has the name of its target.
        let direct = self.get(KIND, &object.namespace, &object.name).filter(scales);
        direct.or_else(|| self.of_kind(KIND).find(scales))
    }

    /// The pod templates of all objects.
    pub fn pods(&self) -> &[PodTemplate] {
        &self.pods
    }

    /// The object that a pod template belongs to.
    pub fn owner(&self, pod: &PodTemplate) -> &Object {
        &self.objects[pod.owner]
    }

    /// The pod templates of a namespace that a selector matches, as indexes into [`Inventory::pods`].
    pub fn selected(&self, namespace: &str, selector: &Selector) -> Vec<usize> {
        let first = selector.equal.iter().next();
        let candidates = match first {
            Some((key, value)) => self.by_label.get(&(namespace.to_owned(), key.clone(), value.clone())),
            None => self.by_namespace.get(namespace),
        };
        let fits = |number: &usize| self.pods.get(*number).is_some_and(|pod| selector.matches(&pod.labels));
        candidates.into_iter().flatten().copied().filter(fits).collect()
    }
}

/// The documents of a text.
///
/// # Errors
/// The line at fault and the reason.
fn documents(text: &str) -> Result<Vec<Value>, (usize, String)> {
    if let Ok(documents) = yaml::read(text) {
        return Ok(documents.iter().map(yaml::Document::to_json).collect());
    }
    let parsed = serde_yaml::from_multiple(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line() as usize);
        let text = error.to_string();
        // The text is `error: line 2 column 1: reason`; the line is reported separately.
        let first = text.lines().next().unwrap_or_default();
        (line, first.rsplit_once(": ").filter(|_| first.starts_with("error: ")).map_or(first, |(_, reason)| reason).to_owned())
    });
    // The parser names the value before a tab in the indentation.
    parsed.map_err(|(line, reason)| match indenting_tab(text, line).filter(|_| reason.contains("tab")) {
        Some(tab) => (tab, "a tab can't indent a line".to_owned()),
        None => (line, reason),
    })
}

/// The first line from a line on, both from 1, that a tab indents.
fn indenting_tab(text: &str, from: usize) -> Option<usize> {
    let indented = |line: &str| line.trim_start_matches(' ').starts_with('\t') && !line.trim().is_empty();
    text.lines().skip(from - 1).position(indented).map(|skipped| from + skipped)
}

/// The line of a byte, from 1.
fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}
