//! The keys that `explain` calls required -> a platform is refused without each of them.

use super::schema::words;
use crate::support::features::folder;
use crate::support::finding::findings;
use crate::support::{ALLOW_INCOMPLETE, scratch};
use platgen::spec::rules;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Adds the JSON pointer of every key in a tree, with the names of the keys down to it. Items of lists have no names.
fn keys(value: &Value, pointer: &str, names: &[String], all: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                let names = [names, std::slice::from_ref(key)].concat();
                keys(inner, &pointer, &names, all);
                all.push((pointer, names));
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| keys(item, &format!("{pointer}/{at}"), names, all)),
        _ => {}
    }
}

/// The tree without the key at a pointer.
fn without(tree: &Value, pointer: &str) -> Value {
    let mut tree = tree.clone();
    if let Some((parent, key)) = pointer.rsplit_once('/') {
        let around = tree.pointer_mut(parent).and_then(Value::as_object_mut);
        around.and_then(|around| around.remove(&key.replace("~1", "/").replace("~0", "~")));
    }
    tree
}

/// The codes of the errors in a spec.
fn errors(root: &Path, tree: &Value) -> Result<BTreeSet<String>, String> {
    // JSON is YAML.
    fs::write(root.join("platform.yaml"), tree.to_string()).map_err(|error| error.to_string())?;
    let found = findings(root, &["validate", ALLOW_INCOMPLETE])?;
    Ok(found.into_iter().filter(|finding| finding.severity == "error").map(|finding| finding.code).collect())
}

/// Whether a path of the schema, with `*` for names, has the keys of a tree.
fn covers(word: &[&str], names: &[String]) -> bool {
    word.len() == names.len() && word.iter().zip(names).all(|(word, name)| *word == "*" || word == name)
}

pub(crate) fn every_required_key_is_missed() -> Result<(), String> {
    let place = scratch();
    let root = place.path();
    fs::create_dir(root.join("files")).map_err(|error| error.to_string())?;
    for name in ["reader.yaml", "flow.tf"] {
        fs::copy(folder().join("files").join(name), root.join("files").join(name)).map_err(|error| error.to_string())?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/required.yaml");
    let tree: Value =
        serde_yaml::from_str(&fs::read_to_string(path).map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    let whole = errors(root, &tree)?;
    if !whole.is_empty() {
        return Err(format!("the whole platform is refused: {whole:?}"));
    }
    let mut all = Vec::new();
    keys(&tree, "", &[], &mut all);
    all.retain(|(_, names)| rules::required(&names.iter().map(String::as_str).collect::<Vec<_>>()).is_some());
    let mut faults = Vec::new();
    for (pointer, _) in &all {
        let codes = errors(root, &without(&tree, pointer))?;
        if !codes.iter().any(|code| code == "missing-field" || code == "missing-reason") {
            faults.push(format!("nobody misses {pointer}: {codes:?}"));
        }
    }
    let mut schema = BTreeSet::new();
    words(&platgen::cli::schema(), "", &mut schema);
    for word in schema.iter().filter(|word| !word.contains('=')) {
        let word: Vec<&str> = word.split('.').collect();
        if rules::required(&word).is_some() && !all.iter().any(|(_, names)| covers(&word, names)) {
            faults.push(format!("the platform lacks {}", word.join(".")));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
