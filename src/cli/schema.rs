//! The JSON Schema of the spec language, from the types and the rules for short forms and `environments`.

use crate::spec::Spec;
use crate::spec::rules::{self, Short};
use serde_json::{Map, Value, json};

/// The JSON Schema of a spec file.
pub fn schema() -> Value {
    let mut schema = annotated();
    remove_comments(&mut schema);
    schema
}

/// The schema, in which every value of a named type has the type's description as `$comment`, since `description` is that of the key.
pub(super) fn annotated() -> Value {
    let schema = schemars::schema_for!(Spec).to_value();
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    // Rules depend on the path, so shared definitions are inlined.
    let mut whole = inline(&schema, &definitions, 0);
    if let Some(map) = whole.as_object_mut() {
        map.remove("$defs");
        map.insert("required".to_string(), json!(["apiVersion"]));
        map.insert("title".to_string(), json!("platgen spec"));
    }
    walk(&mut whole, &mut Vec::new());
    whole
}

fn remove_comments(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.retain(|key, value| !(key == COMMENT && value.is_string()));
            map.values_mut().for_each(remove_comments);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_comments),
        _ => {}
    }
}

/// The keyword for the description of a value's type.
pub(super) const COMMENT: &str = "$comment";

/// The schema with every `$ref` replaced by its definition.
fn inline(schema: &Value, definitions: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(map) if depth < 64 => {
            let mut out = Map::new();
            if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/$defs/"))
                && let Value::Object(target) = inline(definitions.get(name).unwrap_or(&Value::Null), definitions, depth + 1)
            {
                out = target;
                if let Some(words) = out.get("description").cloned() {
                    out.insert(COMMENT.to_string(), words);
                }
            }
            for (key, value) in map.iter().filter(|(key, _)| *key != "$ref" && *key != "default") {
                // The keys of `properties` are keys of the spec language, and `default` is one of them.
                let value = match value.as_object().filter(|_| key == "properties") {
                    Some(all) => all.iter().map(|(name, shape)| (name.clone(), inline(shape, definitions, depth + 1))).collect(),
                    None => inline(value, definitions, depth + 1),
                };
                out.insert(key.clone(), value);
            }
            // A text without a grammar of its own takes every unquoted scalar.
            if out.get("type") == Some(&json!("string")) && !["pattern", "enum", "const"].iter().any(|key| out.contains_key(*key)) {
                out.insert("type".to_string(), json!(["boolean", "number", "string"]));
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(|item| inline(item, definitions, depth + 1)).collect(),
        other => other.clone(),
    }
}

/// Adds short forms, `environments` and `without` where the rules allow them.
fn walk(schema: &mut Value, path: &mut Vec<String>) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, value) in properties.iter_mut() {
            path.push(name.clone());
            walk(value, path);
            path.pop();
        }
    }
    if let Some(entries) = schema.get_mut("additionalProperties").filter(|value| value.is_object()) {
        path.push("*".to_string());
        walk(entries, path);
        path.pop();
    }
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    if rules::varies(&keys) && (schema.get("properties").is_some() || keys == ["vars"]) {
        vary(schema, &keys);
    }
    let alternatives = |short: Vec<Value>, long: &Value| {
        let mut forms = short;
        forms.push(long.clone());
        let mut wrapped = Map::new();
        if let Some(words) = long.get("description") {
            wrapped.insert("description".to_string(), words.clone());
        }
        wrapped.insert("anyOf".to_string(), Value::Array(forms));
        Value::Object(wrapped)
    };
    let property = |schema: &Value, key: &str| schema.pointer(&format!("/properties/{key}")).cloned();
    match rules::short(&keys) {
        Short::None => {}
        Short::Key(key) => *schema = alternatives(property(schema, key).into_iter().collect(), schema),
        Short::Volume => *schema = alternatives(["size", "of"].iter().filter_map(|key| property(schema, key)).collect(), schema),
        Short::Switch(_) => *schema = alternatives(vec![json!({"const": true})], schema),
        Short::Names => *schema = alternatives(vec![json!({"type": "array", "items": {"type": "string"}})], schema),
        Short::Item => *schema = alternatives(schema.get("items").cloned().into_iter().collect(), schema),
        Short::ItemKey(key) => {
            let item = schema.get("items").cloned().unwrap_or_default();
            let scalar = property(&item, key).unwrap_or_default();
            let either = json!({"anyOf": [scalar.clone(), item.clone()]});
            let mut list = schema.clone();
            list["items"] = either;
            *schema = alternatives(vec![scalar, item], &list);
        }
    }
}

fn vary(schema: &mut Value, path: &[&str]) {
    let mut block = schema.clone();
    let without = json!({"type": "array", "items": {"type": "string"}, "description": "Paths of values from lower layers to remove, such as `config.DEBUG`."});
    let fixed: Vec<String> = block
        .get("properties")
        .and_then(Value::as_object)
        .map(|all| all.keys().filter(|key| rules::is_fixed(&[path, &[key.as_str()]].concat())).cloned().collect())
        .unwrap_or_default();
    if let Some(map) = block.as_object_mut() {
        map.remove("required");
        map.remove("description");
        if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
            fixed.iter().for_each(|key| _ = properties.remove(key));
            properties.values_mut().for_each(unvary);
            properties.insert("without".to_string(), without.clone());
        }
    }
    let environments = json!({"type": "object", "additionalProperties": block, "description": "Differences by environment."});
    let Some(map) = schema.as_object_mut() else { return };
    let properties = map.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.insert("environments".to_string(), environments);
        if rules::has_below(path) {
            properties.insert("without".to_string(), without);
        }
        if path.first() == Some(&"profiles") {
            properties.remove("from");
        }
    }
    // `vars` has keys of the user's choice, and its pattern for them must not apply to `environments` and `without`.
    if path == ["vars"] {
        map.remove("propertyNames");
    }
}

/// Removes `environments` and `without` from the maps inside a block: blocks can't be nested.
fn unvary(schema: &mut Value) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !matches!(name.as_str(), "environments" | "without"));
        properties.values_mut().for_each(unvary);
    }
    if let Some(entries) = schema.get_mut("additionalProperties") {
        unvary(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::schema;
    use crate::diagnostic::SYNONYMS;

    #[test]
    fn synonyms_stand_for_words_of_the_language() {
        let schema = schema().to_string();
        for (word, others) in SYNONYMS {
            assert!(schema.contains(&format!("\"{word}\"")), "{word} is neither a key nor a value");
            assert!(!others.contains(word));
        }
    }
}
