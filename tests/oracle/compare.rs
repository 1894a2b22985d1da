//! What the model wants at a place of a document, and what stands there.

use super::Finding;
use super::context::RegionContext;
use platgen::inventory::Object;
use serde_json::{Value, json};

/// The annotations of an object.
const ANNOTATIONS: &str = "/metadata/annotations";

/// Tells the first place below `pointer` where the object differs from what is wanted; `null` is the same as nothing. What a patch changed
/// is as it should be.
pub(super) fn expect(
    context: &RegionContext,
    found: &mut Vec<Finding>,
    rule: &'static str,
    object: &Object,
    pointer: &str,
    wanted: &Value,
) {
    let mut has = object.at(pointer).cloned().unwrap_or_default();
    // Another rule judges what a GitOps controller reads.
    if let (ANNOTATIONS, Value::Object(annotations)) = (pointer, &mut has) {
        annotations.retain(|key, _| !super::waves::KEYS.contains(&key.as_str()));
        has = if annotations.is_empty() { Value::Null } else { has };
    }
    let differences = differences(pointer, wanted, &has);
    if let Some((place, wanted, has)) = differences.into_iter().find(|(place, ..)| !context.is_patched(object, place)) {
        let message = format!("`{}` of `{}` {}, where it should be {wanted}", place_name(&place), object.id(), has);
        found.push(context.finding(rule, object, message));
    }
}

/// Where two values differ, as pointers below `place`: what is wanted and what is there, in words.
pub(super) fn differences(place: &str, wanted: &Value, has: &Value) -> Vec<(String, String, String)> {
    let mut differences = Vec::new();
    compare(place, wanted, has, &mut differences);
    differences
}

/// The pointer as people write it.
pub(super) fn place_name(pointer: &str) -> String {
    let parts: Vec<String> = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    parts.join(".")
}

fn compare(place: &str, wanted: &Value, has: &Value, differences: &mut Vec<(String, String, String)>) {
    match (wanted, has) {
        (Value::Object(wanted), Value::Object(has)) => {
            let inner = |key: &String| format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
            for (key, value) in wanted {
                compare(&inner(key), value, has.get(key).unwrap_or(&Value::Null), differences);
            }
            for (key, value) in has.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                compare(&inner(key), &Value::Null, value, differences);
            }
        }
        (Value::Array(wanted), Value::Array(has)) if wanted.len() == has.len() => {
            for (at, (wanted, has)) in wanted.iter().zip(has).enumerate() {
                compare(&format!("{place}/{at}"), wanted, has, differences);
            }
        }
        (wanted, has) if wanted == has => {}
        (wanted, has) => {
            let there = if has.is_null() { "is missing".to_owned() } else { format!("is {}", shown(has)) };
            differences.push((place.to_owned(), shown(wanted), there));
        }
    }
}

/// A value, short enough for a message.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    };
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("`{short}…`") } else { format!("`{short}`") }
}

/// Every difference is told with its place.
pub(crate) fn every_difference_has_its_place() {
    let wanted = json!({"a": 1, "b": [1, {"c": 2}], "d": null, "x/y": "z"});
    let differences = differences("/spec", &wanted, &json!({"a": 2, "b": [1, {"c": 3}], "e": true}));
    let places: Vec<(&str, &str, &str)> =
        differences.iter().map(|(place, wanted, has)| (place.as_str(), wanted.as_str(), has.as_str())).collect();
    let expected = [
        ("/spec/a", "`1`", "is `2`"),
        ("/spec/b/1/c", "`2`", "is `3`"),
        ("/spec/x~1y", "`z`", "is missing"),
        ("/spec/e", "nothing", "is `true`"),
    ];
    assert_eq!(places, expected);
    assert_eq!(place_name("/spec/x~1y"), "spec.x/y");
}
