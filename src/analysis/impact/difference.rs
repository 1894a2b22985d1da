//! Two documents -> the fields that differ. Items of a list with names are compared by name, as the API server merges most of them.

use super::meaning::Meaning;
use crate::analysis::page::visible;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest value that is shown whole.
const SHOWN: usize = 72;

/// A field that differs between the applied object and that of the cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// The path, such as `data.DB_HOST`.
    pub field: String,
    /// The value in the cluster, in one line; `None` where it has none, or where the value is secret.
    pub before: Option<String>,
    /// The applied value.
    pub after: Option<String>,
    /// Whether the values are secret and not shown.
    pub hidden: bool,
    /// What the value is.
    pub meaning: Meaning,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::analysis) struct Leaf {
    /// The path, such as `spec.template.spec.containers[web].image`.
    pub(in crate::analysis) path: String,
    /// The value in the first document, if any.
    pub(in crate::analysis) before: Option<Value>,
    /// The value in the second one, if any.
    pub(in crate::analysis) after: Option<Value>,
}

/// The fields of two values that differ, in the order of the first one.
pub(in crate::analysis) fn leaves(path: &str, before: &Value, after: &Value) -> Vec<Leaf> {
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
                // Init containers run in their order, and another order of containers is another pod template.
                let order =
                    |of: &[String], other: &[String]| of.iter().filter(|name| other.contains(name)).cloned().map(Value::from).collect();
                let (before, after): (Vec<Value>, Vec<Value>) = (order(&old_names, &new_names), order(&new_names, &old_names));
                if before != after {
                    found.push(Leaf { path: path.to_owned(), before: Some(before.into()), after: Some(after.into()) });
                }
            }
            _ if old.len() == new.len() => {
                for (at, (old, new)) in old.iter().zip(new).enumerate() {
                    compare(&format!("{path}[{at}]"), Some(old), Some(new), found);
                }
            }
            _ => {
                // Without names, items are the same only if they are equal.
                found.extend(without(old, new).map(|item| Leaf { path: path.to_owned(), before: Some(item.clone()), after: None }));
                found.extend(without(new, old).map(|item| Leaf { path: path.to_owned(), before: None, after: Some(item.clone()) }));
            }
        },
        _ => found.push(Leaf { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

/// The items of a list that another one does not have, each as often as it has fewer of them.
fn without<'v>(list: &'v [Value], other: &'v [Value]) -> impl Iterator<Item = &'v Value> {
    let count = |list: &[Value], item: &Value| list.iter().filter(|one| *one == item).count();
    list.iter().enumerate().filter(move |(at, item)| count(&list[..*at], item) >= count(other, item)).map(|(_, item)| item)
}

/// The names of a list's items, if each has one of its own.
fn names(list: &[Value]) -> Option<Vec<String>> {
    let names: Vec<String> = list.iter().filter_map(|item| Some(item.get("name")?.as_str()?.to_owned())).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    (!list.is_empty() && distinct.len() == list.len()).then_some(names)
}

/// Two values that differ, each in one line. Of values that are too long for a line, the part that differs is shown.
pub(in crate::analysis) fn pair(before: Option<&Value>, after: Option<&Value>) -> (Option<String>, Option<String>) {
    if let (Some(Value::String(before)), Some(Value::String(after))) = (before, after) {
        let (before, after) = texts(before, after);
        return (Some(before), Some(after));
    }
    if let (Some(before), Some(after)) = (before, after)
        && (before.is_array() || before.is_object() || after.is_array() || after.is_object())
    {
        let (before, after) = excerpts(&flow(before), &flow(after));
        return (Some(before), Some(after));
    }
    (before.map(shown), after.map(shown))
}

/// A value in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => line(text),
        other => line(&flow(other)),
    }
}

/// A value as YAML in one line; quotes stand only where the text needs them.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{}: {}", word(key), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A text inside of YAML in one line.
fn word(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "/._".contains(c))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-/._@".contains(c));
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// Two texts that differ: of several lines, the first one that does.
fn texts(before: &str, after: &str) -> (String, String) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len() < 2 || new.len() < 2 {
        return match old.len().max(new.len()) {
            2.. => (line(before), line(after)),
            _ => excerpts(before.trim_end(), after.trim_end()),
        };
    }
    let at = old.iter().zip(&new).position(|(old, new)| old != new).unwrap_or(old.len().min(new.len()));
    let (left, right) = match (old.get(at), new.get(at)) {
        _ if holds_credentials(before) || holds_credentials(after) => ("(not shown)".to_owned(), "(not shown)".to_owned()),
        (Some(old), Some(new)) => excerpts(old, new),
        (old, new) => (old.map(|text| line(text)).unwrap_or_default(), new.map(|text| line(text)).unwrap_or_default()),
    };
    let side = |text: &str, lines: &[&str]| match lines.len() {
        lines if at < lines => format!("line {} of {lines}: {text}", at + 1),
        lines => format!("a text of {lines} lines"),
    };
    (side(&left, &old), side(&right, &new))
}

/// Whether a file may hold credentials, by any word of it: one line says too little about the next.
fn holds_credentials(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "credential", "private", "key", "auth"].iter().any(|word| text.contains(word))
}

/// How much of the equal beginning of two long texts is shown.
const CONTEXT: usize = 12;

/// Two texts in one line each, from a few characters before the place at which they differ if that lies beyond what is shown.
fn excerpts(before: &str, after: &str) -> (String, String) {
    let equal = before.chars().zip(after.chars()).take_while(|(old, new)| old == new).count();
    let is_long = |text: &str| text.chars().nth(SHOWN).is_some();
    if equal + CONTEXT < SHOWN || !(is_long(before) || is_long(after)) {
        return (line(before), line(after));
    }
    let from = |text: &str| match text.char_indices().nth(equal - CONTEXT) {
        Some((at, _)) => format!("...{}", line(&text[at..])),
        None => line(text),
    };
    (from(before), from(after))
}

/// A text in one line: longer ones by their lines, or cut. Control characters are spelt out, as a terminal obeys them.
fn line(text: &str) -> String {
    let lines = text.lines().count();
    if lines > 1 {
        return format!("a text of {lines} lines");
    }
    let text = text.trim_end();
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}...", visible(&text[..cut])),
        None => visible(text),
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
        let expected = [
            ("spec.containers[a].image", "x:1", "x:2"),
            ("spec.containers[b].tty", "", "true"),
            ("spec.containers", "[a, b]", "[b, a]"),
            ("spec.ports[1]", "2", "3"),
        ];
        assert_eq!(found, expected.map(|(path, before, after)| (path.to_owned(), before.to_owned(), after.to_owned())));
    }

    #[test]
    fn items_without_names_are_gone_or_new() {
        let found: Vec<(Option<String>, Option<String>)> = leaves("args", &json!(["a", "b", "b", "c"]), &json!(["a", "b", "d"]))
            .into_iter()
            .map(|leaf| pair(leaf.before.as_ref(), leaf.after.as_ref()))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [(text("b"), None), (text("c"), None), (None, text("d"))]);
    }

    #[test]
    fn lines_of_files_with_credentials_are_not_shown() {
        let shown = |text: &str, other: &str| pair(Some(&json!(text)), Some(&json!(other))).0.unwrap_or_default();
        assert_eq!(shown("a\nb: 1\n", "a\nb: 2\n"), "line 2 of 2: b: 1");
        assert_eq!(shown("- name: DB_PASSWORD\n  value: one\n", "- name: DB_PASSWORD\n  value: two\n"), "line 2 of 2: (not shown)");
        assert_eq!(shown("a\nb\n", "a\nb\nc\n"), "a text of 2 lines");
    }

    #[test]
    fn long_texts_are_one_line() {
        assert_eq!(line("a\nb\n"), "a text of 2 lines");
        assert_eq!(line(&"é".repeat(100)), format!("{}...", "é".repeat(SHOWN)));
        assert_eq!(line(""), "\"\"");
        assert_eq!(shown(&json!([{"a": 1}, {"b": "x y"}])), "[{a: 1}, {b: \"x y\"}]");
    }
}
