//! Rules about files and objects as such: they can be read, each is there once, in a namespace that is there, without secrets.

use super::Finding;
use super::scene::{FOREIGN, RENDER, Scene};
use crate::diagnostic::{Code, wording};
use crate::inventory::Object;
use crate::kinds::{self, Scope};
use crate::yaml;
use std::collections::BTreeSet;

pub(super) fn unreadable(scene: &Scene, found: &mut Vec<Finding>) {
    for fault in scene.inventory.unreadable() {
        let message = format!("`{}` can't be read: line {} {}", fault.file, fault.line, fault.reason);
        found.push(Finding { file: fault.file.clone(), ..scene.about(Code::UnreadableDocument, &fault.file, message, RENDER) });
    }
}

pub(super) fn kustomization(scene: &Scene, found: &mut Vec<Finding>) {
    const NAME: &str = "kustomization.yaml";
    let here: BTreeSet<&str> = scene.unit.files.keys().map(String::as_str).filter(|path| *path != NAME).collect();
    let documents = scene.unit.files.get(NAME).and_then(|text| yaml::read(text).ok()).unwrap_or_default();
    let resources: Vec<&str> = documents
        .iter()
        .filter_map(|document| document.get("resources"))
        .flat_map(|list| list.items())
        .filter_map(|item| item.as_str())
        .collect();
    let listed: BTreeSet<&str> = resources.iter().copied().collect();
    let mut tell =
        |message: String| found.push(Finding { file: NAME.to_owned(), ..scene.about(Code::KustomizationList, NAME, message, RENDER) });
    if !scene.unit.files.contains_key(NAME) {
        tell(format!("`{NAME}` is not there"));
        return;
    }
    let (left_out, absent): (Vec<&&str>, Vec<&&str>) = (here.difference(&listed).collect(), listed.difference(&here).collect());
    if !left_out.is_empty() {
        tell(format!("`{NAME}` does not list {}", wording::all(left_out)));
    }
    if !absent.is_empty() {
        tell(format!("`{NAME}` lists {}, which is not there", wording::all(absent)));
    }
    if resources.len() > listed.len() {
        tell(format!("`{NAME}` lists a file twice"));
    }
}

pub(super) fn duplicates(scene: &Scene, found: &mut Vec<Finding>) {
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    for object in scene.inventory.objects() {
        if !seen.insert((object.group(), object.id())) {
            let message = format!("`{}` is defined twice", object.id());
            found.push(scene.finding(Code::DuplicateObject, object, message, "remove one of them"));
        }
    }
}

pub(super) fn namespaces(scene: &Scene, found: &mut Vec<Finding>) {
    for object in scene.inventory.objects() {
        let known = |name: &str| FOREIGN.contains(&name) || scene.inventory.get("Namespace", "", name).is_some();
        let message = match object.namespace.as_str() {
            "" if kinds::find(&object.api, &object.kind).is_some_and(|kind| kind.scope == Scope::Namespace) => {
                format!("`{}` names no namespace", object.id())
            }
            "" => continue,
            name if known(name) => continue,
            name => format!("`{}` is in the namespace `{name}`, which is not there", object.id()),
        };
        found.push(scene.finding(Code::MissingNamespace, object, message, "declare the namespace, or name one that is declared"));
    }
}

pub(super) fn plain_secrets(scene: &Scene, found: &mut Vec<Finding>) {
    let holds = |object: &&Object| ["/data", "/stringData"].iter().any(|place| object.at(place).is_some_and(|value| !value.is_null()));
    for object in scene.inventory.of_kind("Secret").filter(holds) {
        let message = format!("`{}` holds its values in the file", object.id());
        found.push(scene.finding(Code::PlainSecret, object, message, "put them into the secret manager, and name them under `secrets`"));
    }
}
