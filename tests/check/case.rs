//! One change of what was rendered, and every finding that follows.

use super::root;
use super::world::World;
use libtest_mimic::Failed;
use platgen::files::Files;
use platgen::value::ObjectPattern;
use platgen::yaml::{Document, emit_all, read as read_yaml};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A case of `cases.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The rule that it proves.
    pub(crate) rule: String,
    /// What it does, in a word or two.
    pub(crate) name: String,
    /// The environment it changes.
    #[serde(default = "beta")]
    environment: String,
    /// Replacements in the text of the spec.
    #[serde(default)]
    spec: BTreeMap<String, String>,
    /// The object it changes, with `*` for what is not known, such as hashes.
    object: Option<String>,
    /// Values to set, by JSON pointer; `-` at the end appends.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// Places to take away.
    #[serde(default)]
    remove: Vec<String>,
    /// Whether the object is taken away.
    #[serde(default)]
    delete: bool,
    /// Whether a second object with these changes is added beside the first.
    #[serde(default)]
    twin: bool,
    /// Documents to add, by file.
    #[serde(default)]
    add: BTreeMap<String, Vec<Value>>,
    /// Texts of whole files.
    #[serde(default)]
    write: BTreeMap<String, String>,
    /// Replacements in files of the network root; a file without any is taken away.
    #[serde(default)]
    root: BTreeMap<String, BTreeMap<String, String>>,
    /// Every finding: rule and object, with `*` as above.
    finds: Vec<String>,
}

fn beta() -> String {
    "beta".into()
}

pub(crate) fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("the cases");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Case {
    pub(crate) fn run(&self, world: &World) -> Result<(), Failed> {
        let changed: Vec<(String, String)> = self.spec.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let own = (!changed.is_empty()).then(|| World::load(&root().join("tests/check/spec"), &changed));
        let world = own.as_ref().unwrap_or(world);
        let mut files = world.files.clone();
        self.change(&mut files)?;
        let found = world.judge(&self.environment, &files);
        let mut left: Vec<(String, String)> =
            found.iter().map(|finding| (format!("{} {}", finding.rule.name(), finding.object), finding.message.clone())).collect();
        let mut faults = Vec::new();
        for wanted in &self.finds {
            let (rule, object) = wanted.split_once(' ').unwrap_or((wanted, ""));
            let pattern: ObjectPattern = format!("{rule}/{object}").parse().map_err(|error| format!("{wanted}: {error}"))?;
            match left.iter().position(|(id, _)| pattern.matches(&id.replacen(' ', "/", 1))) {
                Some(at) => {
                    left.remove(at);
                }
                None => faults.push(format!("not found: {wanted}")),
            }
        }
        faults.extend(left.iter().map(|(id, message)| format!("unexpected: {id}: {message}")));
        if !self.finds.iter().any(|wanted| wanted.starts_with(&format!("{} ", self.rule))) {
            faults.push(format!("does not find {}", self.rule));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }

    fn change(&self, files: &mut Files) -> Result<(), Failed> {
        self.change_root(files)?;
        let unit = files.units.iter_mut().find(|(folder, _)| folder.starts_with(&format!("kubernetes/{}/", self.environment)));
        let (_, unit) = unit.ok_or("no such environment")?;
        if let Some(object) = &self.object {
            let pattern: ObjectPattern = object.parse().map_err(|error| format!("{object}: {error}"))?;
            let mut changed = 0;
            for text in unit.files.values_mut() {
                let mut documents: Vec<Value> = read_yaml(text)?.iter().map(Document::to_json).collect();
                let Some(at) = documents.iter().position(|document| pattern.matches(&id(document))) else { continue };
                changed += 1;
                if self.twin {
                    documents.push(documents[at].clone());
                }
                let at = if self.twin { documents.len() - 1 } else { at };
                if self.delete {
                    documents.remove(at);
                } else {
                    self.edit(&mut documents[at])?;
                }
                let documents: Vec<Document> = documents.iter().map(Document::from_json).collect();
                *text = emit_all(&documents);
            }
            if changed != 1 {
                return Err(format!("{changed} files have `{object}`").into());
            }
        }
        for (path, documents) in &self.add {
            let text = unit.files.entry(path.clone()).or_default();
            let mut all: Vec<Document> = read_yaml(text)?;
            all.extend(documents.iter().map(Document::from_json));
            *text = emit_all(&all);
        }
        unit.files.extend(self.write.clone());
        Ok(())
    }

    fn change_root(&self, files: &mut Files) -> Result<(), Failed> {
        let unit = files.units.iter_mut().find(|(folder, _)| folder.starts_with(&format!("terraform/{}/", self.environment)));
        let (_, unit) = unit.ok_or("no root")?;
        for (path, replacements) in &self.root {
            let text = unit.files.get_mut(path).ok_or_else(|| format!("no {path}"))?;
            for (from, to) in replacements {
                if !text.contains(from.as_str()) {
                    return Err(format!("{path} has no {from:?}:\n{text}").into());
                }
                *text = text.replace(from, to);
            }
            if replacements.is_empty() {
                unit.files.remove(path);
            }
        }
        Ok(())
    }

    fn edit(&self, document: &mut Value) -> Result<(), Failed> {
        for (pointer, value) in &self.set {
            let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer starts with a slash")?;
            let key = key.replace("~1", "/").replace("~0", "~");
            match document.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.insert(key, value.clone());
                }
                Some(Value::Array(list)) if key == "-" => list.push(value.clone()),
                Some(Value::Array(list)) => *list.get_mut(key.parse::<usize>()?).ok_or(format!("no {pointer}"))? = value.clone(),
                _ => return Err(format!("there is no {parent}").into()),
            }
        }
        for pointer in &self.remove {
            let (parent, key) = pointer.rsplit_once('/').ok_or("a pointer starts with a slash")?;
            let key = key.replace("~1", "/").replace("~0", "~");
            let removed = match document.pointer_mut(parent) {
                Some(Value::Object(map)) => map.shift_remove(&key).is_some(),
                Some(Value::Array(list)) => key.parse::<usize>().is_ok_and(|at| at < list.len() && list.remove(at) != Value::Null),
                _ => false,
            };
            if !removed {
                return Err(format!("there is no {pointer}").into());
            }
        }
        Ok(())
    }
}

fn id(document: &Value) -> String {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let parts = [text("/kind"), text("/metadata/namespace"), text("/metadata/name")];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}
