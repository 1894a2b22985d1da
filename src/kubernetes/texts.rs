//! Maps whose values the API server accepts as text alone, in objects that a patch or a raw manifest wrote.
//!
//! YAML reads `true` and `3000` as a boolean and a number. Our own templates quote; what users write is checked here.

use serde_json::Value;

/// Keys of maps from text to text, wherever they stand in an object of Kubernetes itself; custom resources have fields of their own under such keys.
const ANYWHERE: &[&str] = &["annotations", "labels", "matchLabels", "nodeSelector"];

/// The same at the top of ConfigMaps and Secrets.
const DATA: &[&str] = &["data", "binaryData", "stringData"];

/// The dotted place and the value of the first entry that is no text; none where all are.
pub(super) fn not_text(object: &Value) -> Option<(String, String)> {
    let kind = object.get("kind").and_then(Value::as_str);
    let data = DATA.iter().filter(|_| matches!(kind, Some("ConfigMap" | "Secret")));
    let metadata = ["labels", "annotations"].iter().filter_map(|key| entry(object.get("metadata")?.get(key)?, &format!("metadata.{key}")));
    let group = object.get("apiVersion").and_then(Value::as_str).and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    let is_own = (!group.contains('.') || group.ends_with(".k8s.io")) && kind != Some("CustomResourceDefinition");
    let first = data.filter_map(|key| entry(object.get(*key)?, key)).chain(metadata).next();
    first.or_else(|| is_own.then(|| search(object, "")).flatten())
}

fn search(value: &Value, place: &str) -> Option<(String, String)> {
    let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match value {
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            let place = below(key);
            let is_text_map = ANYWHERE.contains(&key.as_str()) && value.is_object();
            if is_text_map {
                entry(value, &place)
            } else if key == "env" {
                variable(value, &place)
            } else {
                search(value, &place)
            }
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| search(item, &below(&at.to_string()))),
        _ => None,
    }
}

/// The first entry of a map that is no text.
fn entry(map: &Value, place: &str) -> Option<(String, String)> {
    let (key, value) = map.as_object()?.iter().find(|(_, value)| !value.is_string())?;
    Some((format!("{place}.{key}"), value.to_string()))
}

/// The first variable whose value is no text.
fn variable(list: &Value, place: &str) -> Option<(String, String)> {
    let value = |item: &Value| item.get("value").filter(|value| !value.is_string()).map(ToString::to_string);
    list.as_array()?.iter().enumerate().find_map(|(at, item)| Some((format!("{place}.{at}.value"), value(item)?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::not_text;

    #[test]
    fn values_that_are_no_text_are_found_with_their_place() {
        let found = |object| not_text(&object).map(|(place, value)| format!("{place}={value}"));
        assert_eq!(found(json!({"metadata": {"annotations": {"a": "true"}, "labels": {"b": "1"}}, "spec": {"replicas": 3}})), None);
        assert_eq!(found(json!({"metadata": {"annotations": {"a": true}}})).as_deref(), Some("metadata.annotations.a=true"));
        let template = json!({"spec": {"template": {"metadata": {"labels": {"v": 1}}}}});
        assert_eq!(found(template).as_deref(), Some("spec.template.metadata.labels.v=1"));
        assert_eq!(found(json!({"kind": "ConfigMap", "data": {"A": 1}})).as_deref(), Some("data.A=1"));
        let variables = json!({"spec": {"containers": [{"env": [{"name": "A", "value": "1"}, {"name": "B", "value": 2}]}]}});
        assert_eq!(found(variables).as_deref(), Some("spec.containers.0.env.1.value=2"));
        let schema = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {"labels": {"type": {}}}});
        assert_eq!(found(schema), None);
        assert_eq!(found(json!({"apiVersion": "a.example/v1", "kind": "A", "spec": {"nodeSelector": {"terms": []}}})), None);
        // A custom resource may have a `data` of its own.
        assert_eq!(found(json!({"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "a"}]}})), None);
    }
}
