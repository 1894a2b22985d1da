//! The JSON Schema -> every word of the language, and which of them the cases use.

use super::forms::{Like, forms, plain};
use crate::support::features::cases;
use serde_json::Value;
use std::collections::BTreeSet;

/// Words that no accepted form uses: all containers share one shape, but an init container ends before anybody could ask it, the pod's own
/// container has no other's folders, and a volume knows no query.
const REFUSED: [&str; 11] = [
    ".init.*.metrics",
    ".init.*.probes",
    ".init.*.stop",
    "apps.*.environments.*.tmp.*.of",
    "apps.*.tmp.*.of",
    "profiles.*.environments.*.tmp.*.of",
    "profiles.*.tmp.*.of",
    "stores.*.environments.*.tmp.*.of",
    "stores.*.tmp.*.of",
    "volumes.*.backup.restore_test.query",
    "volumes.*.environments.*.backup.restore_test.query",
];

/// Adds every property (`apps.*.image`) and every fixed value (`apps.*.protocol=grpc`) below a place.
pub(super) fn words(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
    for form in ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten() {
        words(form, path, all);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = join(path, name);
        words(inner, &path, all);
        all.insert(path);
    }
    if schema["additionalProperties"].is_object() {
        words(&schema["additionalProperties"], &join(path, "*"), all);
    }
    if schema["items"].is_object() {
        words(&schema["items"], path, all);
    }
    let values = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
    all.extend(values.filter_map(Value::as_str).map(|value| format!("{path}={value}")));
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Adds the words that a tree uses.
fn used(value: &Value, path: &str, all: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let own = join(path, key);
                // A word of the language where there is one, else a name that somebody chose.
                let path = if all.contains(&own) { own } else { join(path, "*") };
                used(inner, &path, all, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| used(item, path, all, found)),
        Value::String(text) => {
            found.insert(format!("{path}={text}"));
        }
        _ => {}
    }
}

/// Every property and every fixed value of the schema stands in some accepted form of some case.
pub(crate) fn every_word_has_a_case() -> Result<(), String> {
    let mut all = BTreeSet::new();
    words(&platgen::cli::schema(), "", &mut all);
    let mut found = BTreeSet::new();
    for case in cases() {
        for form in forms(&case).into_iter().chain(plain(&case)).filter(|form| !matches!(form.like, Like::Refused(_))) {
            used(&form.tree, "", &all, &mut found);
        }
    }
    let excused = |word: &str| REFUSED.iter().any(|refused| word.contains(refused));
    let missing: Vec<&String> = all.iter().filter(|word| !found.contains(*word) && !excused(word)).collect();
    let needless: Vec<&String> = found.iter().filter(|word| all.contains(*word) && excused(word)).collect();
    if all.len() < 1500 {
        return Err(format!("only {} words", all.len()));
    }
    if missing.is_empty() && needless.is_empty() {
        Ok(())
    } else {
        Err(format!("without a case: {missing:#?}\nneeds no excuse: {needless:#?}"))
    }
}
