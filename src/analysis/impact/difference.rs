//! Two documents -> the fields that differ. Items of a list with names are compared by name, as the API server merges most of them.

use serde_json::Value;
use std::collections::BTreeSet;

/// The longest value that is shown whole.
const SHOWN: usize = 72;

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaf {
    /// The path, such as `spec.template.spec.containers[web].image`.
    pub(super) path: String,
    /// The value in the first document, if any.
    pub(super) before: Option<Value>,
    /// The value in the second one, if any.
    pub(super) after: Option<Value>,
}

/// The fields of two values that differ, in the order of the first one.
pub(super) fn leaves(path: &str, before: &Value, after: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    compare(path, Some(before), Some(after), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Leaf>) {
    match (before, after) {
        _ if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let dotted = key.contains(['.', '/']);
                let below = match (path.is_empty(), dotted) {
                    (true, _) => key.clone(),
                    (false, true) => format!("{path}[{key}]"),
                    (false, false) => format!("{path}.{key}"),
                };
                compare(&below, old.get(key), new.get(key), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => match (names(old), names(new)) {
            (Some(old_names), Some(new_names)) => {
                let added = new_names.iter().filter(|name| !old_names.contains(*name));
                for name in old_names.iter().chain(added) {
                    let item = |list: &'_ [Value], names: &[String]| names.iter().position(|one| one == name).map(|at| list[at].clone());
                    compare(&format!("{path}[{name}]"), item(old, &old_names).as_ref(), item(new, &new_names).as_ref(), found);
                }
            }
            _ if old.len() == new.len() => {
                for (at, (old, new)) in old.iter().zip(new).enumerate() {
                    compare(&format!("{path}[{at}]"), Some(old), Some(new), found);
                }
            }
            _ => found.push(Leaf { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
        },
        _ => found.push(Leaf { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

/// The names of a list's items, if each has one of its own.
fn names(list: &[Value]) -> Option<Vec<String>> {
    let names: Vec<String> = list.iter().filter_map(|item| Some(item.get("name")?.as_str()?.to_owned())).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    (!list.is_empty() && distinct.len() == list.len()).then_some(names)
}

/// A value in one line.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => line(text),
        Value::Array(items) if items.iter().any(|item| item.is_object()) => format!("a list of {}", items.len()),
        other => line(&other.to_string()),
    }
}

/// A text in one line: longer ones by their lines, or cut.
pub(super) fn line(text: &str) -> String {
    let lines = text.lines().count();
    if lines > 1 {
        return format!("a text of {lines} lines");
    }
    let text = text.trim_end();
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn named_items_are_compared_by_name() {
        let before = json!({"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b"}], "ports": [1, 2], "same": {"x": 1}}});
        let after =
            json!({"spec": {"containers": [{"name": "b", "tty": true}, {"name": "a", "image": "x:2"}], "ports": [1, 3], "same": {"x": 1}}});
        let found: Vec<(String, String, String)> = leaves("", &before, &after)
            .into_iter()
            .map(|leaf| {
                (leaf.path, leaf.before.as_ref().map(shown).unwrap_or_default(), leaf.after.as_ref().map(shown).unwrap_or_default())
            })
            .collect();
        let expected = [("spec.containers[a].image", "x:1", "x:2"), ("spec.containers[b].tty", "", "true"), ("spec.ports[1]", "2", "3")];
        assert_eq!(found, expected.map(|(path, before, after)| (path.to_owned(), before.to_owned(), after.to_owned())));
    }

    #[test]
    fn long_texts_are_one_line() {
        assert_eq!(line("a\nb\n"), "a text of 2 lines");
        assert_eq!(line(&"é".repeat(100)), format!("{}...", "é".repeat(SHOWN)));
        assert_eq!(line(""), "\"\"");
        assert_eq!(shown(&json!([{"a": 1}, {"b": 2}])), "a list of 2");
    }
}
