//! Fragments of a spec and what the rendered objects hold for them: see `answers/README.md`.

use crate::support::features::{folder as features, lay};
use crate::support::{platgen, scratch};
use libtest_mimic::{Failed, Trial};
use platgen::inventory::Inventory;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Laid over the platform of `features/base.yaml`.
    spec: Value,
    /// For each object of an environment, `beta Kind/namespace/name`: the value at each JSON pointer, or `null` for an object or value that is not there.
    prints: Map<String, Value>,
}

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let mut files: Vec<_> = fs::read_dir(root).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut trials = Vec::new();
    for file in files {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("readable");
        let cases: BTreeMap<String, Case> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{stem}: {error}"));
        trials.extend(cases.into_iter().map(|(key, case)| Trial::test(format!("answers::{stem}/{key}"), move || run(&case))));
    }
    trials
}

fn run(case: &Case) -> Result<(), Failed> {
    let mut spec: Value = serde_yaml::from_str(&fs::read_to_string(features().join("base.yaml"))?)?;
    lay(&mut spec, &case.spec);
    let place = scratch();
    fs::create_dir(place.path().join("files"))?;
    for file in fs::read_dir(features().join("files"))?.flatten() {
        fs::copy(file.path(), place.path().join("files").join(file.file_name()))?;
    }
    // JSON is YAML.
    fs::write(place.path().join("platform.yaml"), serde_json::to_string_pretty(&spec)?)?;
    let ran = platgen().args(["render", "--quiet", "--allow-incomplete"]).current_dir(place.path()).output()?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned().into());
    }
    let mut wrong = Vec::new();
    for (object, values) in &case.prints {
        let (environment, id) = object.split_once(' ').ok_or("an object is named `environment Kind/namespace/name`")?;
        let found = find(&place.path().join("deploy/kubernetes").join(environment), id)?;
        match (&found, values) {
            (None, Value::Null) => {}
            (Some(_), Value::Null) => wrong.push(format!("{object} is there")),
            (None, _) => wrong.push(format!("{object} is not there")),
            (Some(found), values) => {
                for (pointer, wanted) in values.as_object().ok_or("the values of an object are a map")? {
                    let value = found.pointer(pointer).unwrap_or(&Value::Null);
                    if value != wanted {
                        wrong.push(format!("{object} has at {pointer}\n  {value}\nand not\n  {wanted}"));
                    }
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// An object below a folder, in whatever file it stands.
fn find(folder: &Path, id: &str) -> Result<Option<Value>, Failed> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            find(&path, id)?
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path)?;
            let inventory = Inventory::read([("", text.as_str())]);
            let is_meant = |found: &str| id.strip_suffix('*').map_or(found == id, |start| found.starts_with(start));
            inventory.objects().iter().find(|object| is_meant(&object.id())).map(|object| object.value.clone())
        } else {
            None
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
