//! One edit of rendered files, and every finding that follows.

use super::project::Project;
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
    /// Whether every environment is judged, and with them the folders of the tree.
    #[serde(default)]
    whole: bool,
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
    /// Replacements in the text of files, each of the first occurrence.
    #[serde(default)]
    replace: BTreeMap<String, BTreeMap<String, String>>,
    /// Files to take away.
    #[serde(default)]
    lose: Vec<String>,
    /// Replacements in files of the network root; a file without any is taken away.
    #[serde(default)]
    root: BTreeMap<String, BTreeMap<String, String>>,
    /// Every finding: rule and object, with `*` as above, then `FILE: LINE` with the text of the line, where the place matters.
    finds: Vec<String>,
    /// Every finding that the spec accepts, in the same form; none: not asked.
    accepts: Option<Vec<String>>,
}

fn beta() -> String {
    "beta".into()
}

pub(crate) fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("the cases");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A finding: the rule, the object, the file and line where it has one, and the message.
pub(crate) struct Found {
    pub(crate) rule: String,
    pub(crate) object: String,
    pub(crate) place: String,
    pub(crate) message: String,
}

impl Case {
    /// Edits the committed files of a project and asks `platgen check`.
    pub(crate) fn ask_check(&self, base: &Project) -> Result<(), Failed> {
        let changed: Vec<(String, String)> = self.spec.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let project = if changed.is_empty() { base.copied() } else { Project::rendered(&changed) };
        let folder = format!("deploy/kubernetes/{}/eu-west-1", self.environment);
        let mut files = project.texts(&folder);
        self.change(&mut files)?;
        project.replace(&folder, &files);
        let only = ["--env", self.environment.as_str()];
        let (mut found, mut accepted) = project.check(if self.whole { &[] } else { &only });
        // The text of a line says more than its number, and stays.
        let lines = |found: &mut Found| {
            let Some((file, line)) = found.place.rsplit_once(':') else { return };
            let number: usize = line.parse().unwrap_or(1);
            let text = files.get(file).and_then(|text| text.lines().nth(number - 1)).unwrap_or_default();
            found.place = format!("{file}: {}", text.trim());
        };
        found.iter_mut().chain(&mut accepted).for_each(lines);
        let mut faults = differences(&self.finds, found);
        if let Some(accepts) = &self.accepts {
            faults.extend(differences(accepts, accepted).into_iter().map(|fault| format!("accepted: {fault}")));
        }
        let told = || self.finds.iter().chain(self.accepts.iter().flatten());
        if !told().any(|wanted| wanted.starts_with(&format!("{} ", self.rule))) {
            faults.push(format!("does not find {}", self.rule));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }

    /// Changes the files of a render and asks the second opinion.
    pub(crate) fn ask_oracle(&self, base: &World) -> Result<(), Failed> {
        let changed: Vec<(String, String)> = self.spec.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        let own = (!changed.is_empty()).then(|| World::load(&super::root().join("tests/check/spec"), &changed));
        let world = own.as_ref().unwrap_or(base);
        let mut files = world.files.clone();
        self.change_root(&mut files)?;
        let unit = files.units.iter_mut().find(|(folder, _)| folder.starts_with(&format!("kubernetes/{}/", self.environment)));
        self.change(&mut unit.ok_or("no such environment")?.1.files)?;
        let found = world.ask_oracle(&self.environment, &files).into_iter().map(|finding| Found {
            rule: finding.rule.to_owned(),
            object: finding.object,
            place: finding.file,
            message: finding.message,
        });
        let faults = differences(&self.finds, found.collect());
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    }

    /// Changes the Kubernetes files of a region.
    fn change(&self, files: &mut BTreeMap<String, String>) -> Result<(), Failed> {
        if let Some(object) = &self.object {
            let pattern: ObjectPattern = object.parse().map_err(|error| format!("{object}: {error}"))?;
            let mut changed = 0;
            for (_, text) in files.iter_mut().filter(|(path, _)| path.ends_with(".yaml")) {
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
            let text = files.entry(path.clone()).or_default();
            let mut all: Vec<Document> = read_yaml(text)?;
            all.extend(documents.iter().map(Document::from_json));
            *text = emit_all(&all);
        }
        files.extend(self.write.clone());
        for (path, replacements) in &self.replace {
            let text = files.get_mut(path).ok_or_else(|| format!("no {path}"))?;
            for (from, to) in replacements {
                if !text.contains(from.as_str()) {
                    return Err(format!("{path} has no {from:?}:\n{text}").into());
                }
                *text = text.replacen(from, to, 1);
            }
        }
        for path in &self.lose {
            files.remove(path).ok_or_else(|| format!("no {path}"))?;
        }
        Ok(())
    }

    fn change_root(&self, files: &mut Files) -> Result<(), Failed> {
        let unit = files
            .units
            .iter_mut()
            .find(|(folder, _)| folder.starts_with(&format!("terraform/{}/", self.environment)) && folder.ends_with("/network"));
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

/// Findings that are wanted and missing, and those that nobody wants.
pub(crate) fn differences(wanted: &[String], found: Vec<Found>) -> Vec<String> {
    let mut left = found;
    let mut faults = Vec::new();
    for line in wanted {
        let mut words = line.splitn(3, ' ');
        let (rule, object, place) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next());
        let pattern: Result<ObjectPattern, _> = format!("{rule}/{object}").parse();
        let fits = |found: &Found| {
            let is_object = pattern.as_ref().is_ok_and(|pattern| pattern.matches(&format!("{}/{}", found.rule, found.object)));
            is_object && place.is_none_or(|place| found.place == place)
        };
        match left.iter().position(fits) {
            Some(at) => drop(left.remove(at)),
            None => faults.push(format!("not found: {line}")),
        }
    }
    faults.extend(left.iter().map(|found| format!("unexpected: {} {} {}: {}", found.rule, found.object, found.place, found.message)));
    faults
}
