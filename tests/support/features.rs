//! The cases of `tests/features/`: for every feature of the language, a platform without it and the fragment of a spec that brings it.
//!
//! A file is a map of cases. `base` is laid over `base.yaml` (`null` takes away), `feature` over both. The cases of `containers.yaml` are containers: each is laid
//! over every place where one may stand.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// A feature with what it needs around it.
pub(crate) struct Case {
    /// The file and the key in it.
    pub(crate) name: String,
    /// The platform without the feature: complete and sound.
    pub(crate) base: Value,
    /// What brings it.
    pub(crate) feature: Value,
    /// The codes of all warnings of the platform with the feature.
    #[allow(dead_code)] // of one of the two tests that share this file
    pub(crate) warnings: Vec<String>,
}

impl Case {
    /// The platform with the feature.
    pub(crate) fn whole(&self) -> Value {
        let mut tree = self.base.clone();
        lay(&mut tree, &self.feature);
        tree
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    base: Map<String, Value>,
    /// What a case of a container needs of the platform.
    #[serde(default)]
    around: Map<String, Value>,
    feature: Value,
    #[serde(default)]
    warnings: Vec<String>,
    /// Where a container may say this; everywhere, if nothing is said.
    #[serde(default)]
    places: Vec<String>,
}

/// Where containers stand: a name, the path, and the platform around them.
fn containers() -> [(&'static str, [&'static str; 4], Value); 6] {
    let beside = |section: &str, name: &str| json!({section: {name: {"image": format!("registry.example/{name}:v1")}}});
    let app = |section: &str, name: &str| json!({"apps": {"web": beside(section, name)}});
    let store = |beside: Value| {
        let mut store = json!({"engine": "redis", "image": "registry.example/cache:v1", "storage": "none"});
        lay(&mut store, &beside);
        json!({"stores": {"cache": store}})
    };
    [
        ("app", ["apps", "web", "", ""], json!({})),
        ("init", ["apps", "web", "init", "setup"], app("init", "setup")),
        ("sidecar", ["apps", "web", "sidecars", "agent"], app("sidecars", "agent")),
        ("store", ["stores", "cache", "", ""], store(json!({}))),
        ("init-of-a-store", ["stores", "cache", "init", "setup"], store(beside("init", "setup"))),
        ("sidecar-of-a-store", ["stores", "cache", "sidecars", "agent"], store(beside("sidecars", "agent"))),
    ]
}

/// The folder with the cases, and with the files that they include.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/features")
}

/// Every case, in the order of the files.
pub(crate) fn cases() -> Vec<Case> {
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bottom: Value = serde_yaml::from_str(&read(&folder().join("base.yaml"))).expect("the base");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml") && !path.ends_with("base.yaml"));
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let file = path.file_stem().expect("a name").to_string_lossy().to_string();
        let written: Map<String, Value> = serde_yaml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for (key, value) in written {
            let written: Written = serde_json::from_value(value).unwrap_or_else(|error| panic!("{file}/{key}: {error}"));
            let warnings = written.warnings;
            let mut add = |name: String, above: &[&Value], feature: Value| {
                let mut base = bottom.clone();
                above.iter().for_each(|above| lay_over(&mut base, above));
                cases.push(Case { name, base, feature, warnings: warnings.clone() });
            };
            if file != "containers" {
                add(format!("{file}/{key}"), &[&Value::Object(written.base)], written.feature);
                continue;
            }
            let (base, around) = (Value::Object(written.base), Value::Object(written.around));
            for (place, path, needed) in containers() {
                let kind = place.trim_end_matches("-of-a-store");
                if written.places.is_empty() || written.places.iter().any(|wanted| wanted == kind) {
                    let at = |value: &Value| {
                        path.iter().rev().filter(|key| !key.is_empty()).fold(value.clone(), |inner, key| json!({*key: inner}))
                    };
                    add(format!("{file}/{key}-of-{place}"), &[&around, &needed, &at(&base)], at(&written.feature));
                }
            }
        }
    }
    cases
}

/// Lays a fragment over a tree: maps merge, everything else is replaced.
pub(crate) fn lay(tree: &mut Value, above: &Value) {
    match (tree, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                match below.get_mut(key) {
                    Some(known) => lay(known, value),
                    None => _ = below.insert(key.clone(), value.clone()),
                }
            }
        }
        (tree, above) => *tree = above.clone(),
    }
}

/// The same, where `null` takes away.
fn lay_over(tree: &mut Value, above: &Value) {
    match (tree, above) {
        (_, Value::Null) => {}
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                match (below.get_mut(key), value) {
                    (_, Value::Null) => _ = below.shift_remove(key),
                    (Some(known), value) => lay_over(known, value),
                    (None, value) => _ = below.insert(key.clone(), value.clone()),
                }
            }
        }
        (tree, above) => *tree = above.clone(),
    }
}

/// What a tree holds at a path.
#[allow(dead_code)] // of one of the two tests that share this file
pub(crate) fn at<'v>(tree: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(tree, |value, key| value.get(key))
}

/// The names of all cases, to find one twice.
#[allow(dead_code)] // of one of the two tests that share this file
pub(crate) fn count_by_name(cases: &[Case]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    cases.iter().for_each(|case| *count.entry(case.name.as_str()).or_default() += 1);
    count
}
