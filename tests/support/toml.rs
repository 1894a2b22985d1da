//! A spec as a JSON tree -> TOML.

use serde_json::Value;

/// The tree in TOML: a line per section, inline below; `None` where it holds what TOML has no word for.
pub(crate) fn toml(tree: &Value) -> Option<String> {
    let mut text = String::new();
    for (key, value) in tree.as_object()? {
        text.push_str(&format!("{} = {}\n", quoted(key), inline(value)?));
    }
    Some(text)
}

fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Option<Vec<_>>>()?.join(", ")),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| Some(format!("{} = {}", quoted(key), inline(value)?));
            format!("{{ {} }}", map.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
        other => other.to_string(),
    })
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
