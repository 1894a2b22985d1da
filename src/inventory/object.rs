//! One document as a Kubernetes object: its identity, its labels and its pod template.

use super::documents;
use super::locate::Place;
use super::selector::{Labels, items, labels_at};
use crate::kinds;
use serde_json::Value;

/// A Kubernetes object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Group and version, such as `apps/v1`.
    pub api: String,
    /// The kind.
    pub kind: String,
    /// Its namespace; empty if the document has none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The file of the document.
    pub file: String,
    /// The document in the file, or the item of a list.
    pub place: Place,
    /// The labels.
    pub labels: Labels,
    /// The whole document.
    pub value: Value,
}

/// `Kind/namespace/name`, or `Kind/name` without a namespace.
pub(super) fn id(kind: &str, namespace: &str, name: &str) -> String {
    if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
}

impl Object {
    /// Reads a document. `None` if the document is not a Kubernetes object, such as a configuration file of another program: it has neither
    /// `apiVersion` nor `kind`, or it has no `metadata` and a kind that Kubernetes does not have.
    pub(super) fn new(file: &str, place: Place, value: Value) -> Result<Option<Object>, &'static str> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (api, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
        let (namespace, labels) = (text("/metadata/namespace"), labels_at(value.pointer("/metadata/labels")));
        let generated = name.is_empty() && value.pointer("/metadata/generateName").is_some();
        let has_metadata = value.get("metadata").is_some();
        match (api.is_empty(), kind.is_empty()) {
            (true, true) => Ok(None),
            _ if !has_metadata && kinds::find(&api, &kind).is_none() => Ok(None),
            (true, false) => Err("has no `apiVersion`"),
            (false, true) => Err("has no `kind`"),
            _ if name.is_empty() && !generated => Err("has no `metadata.name`"),
            _ => Ok(Some(Object { api, kind, namespace, name, file: file.to_owned(), place, labels, value })),
        }
    }

    /// `Kind/namespace/name`, or `Kind/name` without a namespace.
    pub fn id(&self) -> String {
        id(&self.kind, &self.namespace, &self.name)
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }

    /// The place in the file of a JSON pointer into the object.
    pub fn place_of(&self, pointer: &str) -> Place {
        Place { document: self.place.document, pointer: format!("{}{pointer}", self.place.pointer) }
    }

    /// The value at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The objects of operators that a ConfigMap holds. No file applies them: a job makes them.
    pub fn held(&self) -> Vec<Object> {
        if (self.api.as_str(), self.kind.as_str()) != ("v1", "ConfigMap") {
            return Vec::new();
        }
        let data = self.at("/data").and_then(Value::as_object).into_iter().flatten();
        let texts = data.filter_map(|(_, text)| text.as_str()).filter(|text| kinds::is_operated(text));
        let values = texts.filter_map(|text| documents(text).ok()).flatten();
        values.filter_map(|value| Object::new(&self.file, self.place.clone(), value).ok().flatten()).collect()
    }

    /// The text at a JSON pointer; empty if there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.at(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it runs several servers of a store of platgen that copy each other's data: a Sentinel of platgen stands beside each.
    pub fn is_replicated(&self) -> bool {
        let beside = self.items("/spec/template/spec/initContainers");
        self.kind == "StatefulSet" && beside.iter().any(|one| one["name"] == "sentinel" && one["command"][1] == "/platgen/servers.sh")
    }

    /// The items of the list at a JSON pointer.
    pub fn items(&self, pointer: &str) -> &[Value] {
        items(self.at(pointer))
    }
}

/// The pods that an object runs.
#[derive(Clone, Debug)]
pub struct PodTemplate {
    pub(super) owner: usize,
    /// The JSON pointer of the template in its object; meaningless for pods of an operator.
    pub pointer: &'static str,
    /// The labels of the pods.
    pub labels: Labels,
    /// How an operator makes the pods. Such pods have no template.
    pub operated: Option<&'static kinds::Operated>,
}

impl PodTemplate {
    pub(super) fn of(owner: usize, object: &Object) -> Option<PodTemplate> {
        let pointer = kinds::pod_template(&object.api, &object.kind)?;
        let labels = labels_at(object.at(&format!("{pointer}/metadata/labels")));
        Some(PodTemplate { owner, pointer, labels, operated: None })
    }

    /// The pods of an object: those of its template, those that an operator makes of it, or of what it holds.
    pub(super) fn all_of(owner: usize, object: &Object) -> Vec<PodTemplate> {
        let held = object.held();
        if !held.is_empty() {
            return held.iter().flat_map(|one| PodTemplate::all_of(owner, one)).collect();
        }
        let Some(operated) = kinds::operated(&object.api, &object.kind) else {
            return PodTemplate::of(owner, object).into_iter().collect();
        };
        let pod = |own: Vec<(&str, &str)>| {
            let mut labels = labels_at(object.at(operated.inherited));
            labels.extend(own.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
            PodTemplate { owner, pointer: "", labels, operated: Some(operated) }
        };
        operated.labels(&object.name).into_iter().map(pod).collect()
    }

    /// JSON pointer of the pod's spec, unless an operator makes the pod.
    pub fn spec(&self) -> String {
        format!("{}/spec", self.pointer)
    }
}
