//! The kustomization of a desktop: the region's rendered files, patches for objects that are different, and objects that are new.

use super::difference::{Difference, Edit, Key, Operation};
use super::{Desk, HEADER, KUSTOMIZATION, print};
use crate::labels::ENVIRONMENT;
use crate::yaml::{Document, Node, emit_all};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The file with the objects that an environment does not have.
const ADDED: &str = "added.yaml";

/// The kustomization with its patches.
pub(super) fn files(desk: &Desk, differences: &[Difference]) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut resources = vec![json!(desk.base)];
    let (mut patches, mut removed, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for Difference { key, edit, reasons } in differences {
        match edit {
            Edit::Added(value) => added.push(Document::from_json(value)),
            Edit::Removed => removed.push(json!({"patch": deletion(key)})),
            Edit::Changed(operations) => {
                let start = format!("patches/{}", file(key));
                let is_free = |path: &String| !files.contains_key(path);
                let mut paths = (1..).map(|number| if number > 1 { format!("{start}-{number}.yaml") } else { format!("{start}.yaml") });
                let path = paths.find(is_free).unwrap_or_default();
                files.insert(path.clone(), patch(operations, reasons));
                patches.push(json!({"path": path, "target": target(key)}));
            }
        }
    }
    if !added.is_empty() {
        let text = emit_all(&added);
        files.insert(ADDED.to_owned(), format!("{}{text}", HEADER));
        resources.push(json!(ADDED));
    }
    patches.extend(removed);
    let mut kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
        "labels": [{"pairs": {ENVIRONMENT: desk.identity()}}],
    });
    if let Some(map) = kustomization.as_object_mut().filter(|_| !patches.is_empty()) {
        map.insert("patches".to_owned(), Value::Array(patches));
    }
    let about = format!(
        "The files of {} in {}, as a kind cluster on a laptop needs them. PARITY.md says what is different, and why.",
        desk.platform.environment, desk.region.name
    );
    files.insert(KUSTOMIZATION.to_owned(), print(&Document::from_json(&kustomization), &about));
    files
}

/// The steps for an object, with a comment where the reason is another one than above.
fn patch(operations: &[Operation], reasons: &[Vec<String>]) -> String {
    let step = |operation: &Operation| match (&operation.before, &operation.after) {
        (_, None) => json!({"op": "remove", "path": operation.path}),
        (None, Some(value)) => json!({"op": "add", "path": operation.path, "value": value}),
        (Some(_), Some(value)) => json!({"op": "replace", "path": operation.path, "value": value}),
    };
    let mut document = Document::from_json(&Value::Array(operations.iter().map(step).collect()));
    let places: Vec<_> = document.root().items().map(Node::id).collect();
    let mut last: &[String] = &[];
    for (place, reasons) in places.into_iter().zip(reasons) {
        if reasons != last {
            document.set_comment(place, &reasons.join("\n"));
        }
        last = reasons;
    }
    print(&document, "")
}

/// The patch that takes an object away.
fn deletion(key: &Key) -> String {
    let mut metadata = json!({"name": key.name});
    if !key.namespace.is_empty() {
        metadata["namespace"] = json!(key.namespace);
    }
    let document = json!({"apiVersion": key.api, "kind": key.kind, "metadata": metadata, "$patch": "delete"});
    let mut text = String::new();
    crate::yaml::emit(&Document::from_json(&document), &mut text);
    text
}

/// The object that a patch is for. kustomize reads the name as a regular expression.
fn target(key: &Key) -> Value {
    let (group, version) = key.api.split_once('/').unwrap_or(("", &key.api));
    let mut target = serde_json::Map::new();
    let namespace = (!key.namespace.is_empty()).then_some(key.namespace.as_str());
    let fields = [("group", (!group.is_empty()).then_some(group)), ("version", Some(version)), ("kind", Some(&*key.kind))];
    for (name, value) in fields.into_iter().chain([("namespace", namespace)]) {
        target.extend(value.map(|value| (name.to_owned(), json!(value))));
    }
    target.insert("name".to_owned(), json!(key.name.replace('.', r"\.")));
    Value::Object(target)
}

/// The path of the patch of an object, below the folder of patches and without its end. Windows allows no colon in the name of a file.
fn file(key: &Key) -> String {
    let folder = if key.namespace.is_empty() { "cluster" } else { &key.namespace };
    format!("{folder}/{}.{}", key.kind.to_ascii_lowercase(), key.name.replace(':', "-"))
}
