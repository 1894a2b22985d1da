//! No file holds a credential: neither a Secret its values, nor a variable, an argument or a ConfigMap a text that looks like a credential.

use super::context::{RegionContext, TreeContext, list, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::value::credential;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::PlainSecret], judge: Judge::Tree(judge), loosens: false };

/// Texts of the spec are judged where the spec is read, so only those that the spec does not render are judged here.
pub(super) const BY_HAND: Rule = Rule { codes: &[Code::PlainSecret], judge: Judge::Edits(by_hand), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in context.inventory.of_kind("Secret") {
        let holds =
            |place: &&&str| object.at(place).is_some_and(|value| value.as_object().is_none_or(|map| !map.is_empty()) && !value.is_null());
        if let Some(place) = ["/data", "/stringData"].iter().find(|place| holds(place)) {
            let message = format!("`{}` holds its values in the file", object.id());
            let help = "put them into the secret manager, and name them under `secrets`";
            found.push(Finding::new(Code::PlainSecret, object, place, message, help));
        }
    }
    if !context.closed {
        found.extend(credentials(context).into_iter().map(Credential::finding));
    }
}

fn by_hand(context: &RegionContext, rendered: &RegionContext, found: &mut Vec<Finding>) {
    let known: BTreeSet<&str> = credentials(&rendered.tree).into_iter().map(|one| one.text).collect();
    found.extend(credentials(&context.tree).into_iter().filter(|one| !known.contains(one.text)).map(Credential::finding));
}

/// A text that looks like a credential.
struct Credential<'s> {
    object: &'s Object,
    pointer: String,
    /// The text's name, for messages.
    name: String,
    text: &'s str,
}

impl Credential<'_> {
    fn finding(self) -> Finding {
        let message = format!("{} of `{}` looks like a credential", self.name, self.object.id());
        let help = "put it into the secret manager, read it from a Secret, and change it: whoever reads the repository knows it";
        Finding::new(Code::PlainSecret, self.object, &self.pointer, message, help)
    }
}

fn credentials<'s>(context: &'s TreeContext) -> Vec<Credential<'s>> {
    let mut found = Vec::new();
    let mut add = |object, pointer, name: String, text| found.push(Credential { object, pointer, name, text });
    for container in context.containers() {
        for (number, variable) in list(container.value, "env").iter().enumerate() {
            let (name, value) = (text(variable, "/name"), text(variable, "/value"));
            if credential::has_shape(value) || credential::is_named(name, value) {
                add(container.object, format!("{}/env/{number}/value", container.at), format!("the variable `{name}`"), value);
            }
        }
        for field in ["command", "args"] {
            for (number, word) in list(container.value, field).iter().enumerate() {
                let word = word.as_str().unwrap_or_default();
                let flag = word.split_once('=').filter(|(flag, _)| flag.starts_with('-'));
                if credential::has_shape(word) || flag.is_some_and(|(flag, value)| credential::is_named(flag, value)) {
                    add(container.object, format!("{}/{field}/{number}", container.at), format!("a word of `{field}`"), word);
                }
            }
        }
    }
    for map in context.inventory.of_kind("ConfigMap") {
        for (key, value) in map.at("/data").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            // Only the name of a variable says something of a text; a file has its name for all of its lines.
            if credential::has_shape(value) || (!value.contains('\n') && credential::is_named(key, value)) {
                let pointer = format!("/data/{}", key.replace('~', "~0").replace('/', "~1"));
                add(map, pointer, format!("the entry `{key}`"), value);
            }
        }
    }
    found
}
