//! The reference of the spec language as data: one page per path, from the JSON Schema, the rules of short forms and the static defaults.

use super::schema::{COMMENT, annotated};
use crate::diagnostic::meant;
use crate::source::Sources;
use crate::spec::DEFAULTS;
use crate::spec::rules::{self, Merge, Short};
use crate::syntax::{Node, parse};
use crate::value::{AddressField, OwnField, RefKind, UserField};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The page of one path.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// The path, with the names of entries as the reader wrote them, or `NAME`.
    pub(super) path: String,
    pub(super) description: String,
    /// The kind of value in words.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The grammar of the value, for types that have one.
    pub(super) form: Option<String>,
    /// Whether the documentation says that the key is required.
    pub(super) required: bool,
    /// The static default.
    pub(super) default: Option<String>,
    /// The words to choose from, with their meanings.
    pub(super) values: Vec<(String, String)>,
    /// What may stand in place of the whole value.
    pub(super) short_form: Option<String>,
    /// How the values of two layers are combined.
    pub(super) layers: &'static str,
    /// Whether the map may have `environments` and `without`.
    pub(super) varies: bool,
    /// A value that the schema accepts.
    pub(super) example: Value,
    /// The pages of the keys; without keys of their own unless the page is recursive.
    pub(super) keys: Vec<Page>,
}

/// A key that a page does not have.
pub(super) struct UnknownKey {
    pub(super) key: String,
    /// The key that is probably meant.
    pub(super) meant: Option<String>,
}

/// The page of a path such as `apps.web.probes`; of the whole language for an empty path.
pub(super) fn page(path: &str, recursive: bool) -> Result<Page, UnknownKey> {
    let mut here = annotated();
    let mut keys: Vec<String> = Vec::new();
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let shape = long_form(&here);
        let properties = shape.get("properties").and_then(Value::as_object);
        let next = properties.and_then(|all| all.get(key)).or_else(|| shape.get("additionalProperties").filter(|value| value.is_object()));
        let Some(next) = next.cloned() else {
            let known: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            return Err(UnknownKey { key: key.to_string(), meant: meant(key, &known).map(str::to_string) });
        };
        keys.push(key.to_string());
        here = next;
    }
    Ok(Page::of(&keys, &here, if recursive { usize::MAX } else { 1 }))
}

impl Page {
    /// The page of a schema with its keys down to a depth. Blocks of `environments` repeat the keys around them and stay closed below the page.
    fn of(path: &[String], schema: &Value, depth: usize) -> Page {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let shape = long_form(schema);
        let below = |name: &str, schema: &Value| {
            let path: Vec<String> = path.iter().cloned().chain([name.to_string()]).collect();
            Page::of(&path, schema, if name == "environments" && !keys.is_empty() { 0 } else { depth - 1 })
        };
        let properties = shape.get("properties").and_then(Value::as_object);
        let named = shape.get("additionalProperties").filter(|value| value.is_object());
        let inner = match (properties, named) {
            _ if depth == 0 => Vec::new(),
            (Some(all), _) => all.iter().map(|(name, schema)| below(name, schema)).collect(),
            (None, Some(schema)) => vec![below("NAME", schema)],
            (None, None) => Vec::new(),
        };
        let description = text(schema, "description").to_string();
        let comment = text(schema, COMMENT);
        let varies = rules::varies(&keys);
        Page {
            path: path.join("."),
            kind: kind(schema),
            form: (!comment.is_empty() && comment != description && inner.is_empty() && words(schema).is_empty())
                .then(|| comment.to_string()),
            required: description.contains("Required"),
            default: default(&keys),
            values: words(schema),
            short_form: short_form(&keys),
            layers: match rules::merge(&keys) {
                Merge::Deep if properties.is_some() || named.is_some() => "maps are merged key by key",
                Merge::Unite => "lists are united",
                _ => "the upper layer replaces the value",
            },
            varies,
            example: example(schema),
            keys: inner,
            description,
        }
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The long form of a value with several forms, the one with keys; for a list that of its items.
fn long_form(schema: &Value) -> &Value {
    let forms = schema.get("anyOf").and_then(Value::as_array);
    let find = |key| forms.and_then(|forms| forms.iter().rev().find(|form| form.get(key).is_some_and(Value::is_object)));
    let long = find("properties").or_else(|| find("additionalProperties")).or_else(|| find("items")).unwrap_or(schema);
    long.get("items").map_or(long, long_form)
}

/// The kind of a value in words.
fn kind(schema: &Value) -> String {
    if let Some(forms) = schema.get("anyOf").and_then(Value::as_array) {
        let mut kinds: Vec<String> = forms.iter().map(kind).collect();
        kinds.dedup();
        return kinds.join(", or ");
    }
    if !words(schema).is_empty() {
        return "a word".to_string();
    }
    let one = |name: &str| match name {
        "object" if schema.get("properties").is_some() => "a map".to_string(),
        "object" => "a map by name".to_string(),
        "array" => format!("a list: {}", schema.get("items").map_or("any values".to_string(), kind)),
        "integer" | "number" => "a number".to_string(),
        "boolean" => "`true` or `false`".to_string(),
        _ => "a text".to_string(),
    };
    match schema.get("type") {
        Some(Value::String(name)) => one(name),
        Some(Value::Array(names)) if names.iter().any(|name| name == "string") => one("string"),
        _ => "any value".to_string(),
    }
}

/// The words to choose from, with their meanings.
fn words(schema: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    // A constant that is no word is a short form.
    if let Some(one) = schema.get("const") {
        return one.as_str().map(|one| (one.to_string(), text(schema, "description").to_string())).into_iter().collect();
    }
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        return all.iter().map(|one| (word(one), String::new())).collect();
    }
    let forms = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let forms = forms.chain(schema.get("items").filter(|_| schema.get("oneOf").is_none()));
    forms.flat_map(words).collect()
}

/// The static default of a path.
fn default(keys: &[&str]) -> Option<String> {
    let mut sources = Sources::default();
    let file = sources.add_default("defaults.yaml", DEFAULTS);
    let root = parse(&sources, file, &mut Default::default())?;
    let node = keys.iter().try_fold(&root, |node: &Node, key| node.get(key).or_else(|| node.get("*")))?;
    node.scalar().map(str::to_string)
}

/// The short form of a path in words.
fn short_form(keys: &[&str]) -> Option<String> {
    match rules::short(keys) {
        Short::None => None,
        Short::Key(key) => Some(format!("the value of `{key}` alone")),
        Short::Volume => Some("a size such as `10Gi`, or a volume such as `volume/uploads`".to_string()),
        Short::Names => Some("a list of names".to_string()),
        Short::Item => Some("one item without a list".to_string()),
        Short::ItemKey(key) => Some(format!("one item without a list, or its `{key}` alone")),
        Short::Switch(word) => Some(format!("`true` for `{word}`")),
    }
}

/// A value that the schema accepts: its own example, the first word, or a map of the required keys.
fn example(schema: &Value) -> Value {
    let own = schema.get("examples").and_then(Value::as_array).and_then(|all| all.first());
    if let Some(value) = own.or_else(|| schema.get("const")) {
        return value.clone();
    }
    if let Some(forms) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        return forms.last().filter(|last| is_map(last)).or(forms.first()).map_or(Value::Null, example);
    }
    if let Some(first) = schema.get("enum").and_then(|all| all.get(0)) {
        return first.clone();
    }
    let is = |name: &str| match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(|one| one == name),
        kind => kind.is_some_and(|kind| kind == name),
    };
    let shown = text(schema, "description").split_once("such as `").and_then(|(_, rest)| rest.split('`').next());
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = |(_, schema): &(&String, &Value)| text(schema, "description").contains("Required");
        let mut shown: Vec<(&String, &Value)> = properties.iter().filter(required).collect();
        if shown.is_empty() {
            shown.extend(properties.iter().next());
        }
        return Value::Object(shown.into_iter().map(|(key, schema)| (key.clone(), example(schema))).collect());
    }
    if is("object") {
        let key = schema.get("propertyNames").map(example).and_then(|key| key.as_str().map(str::to_string));
        let Some(value) = schema.get("additionalProperties").filter(|value| value.is_object()).map(example) else { return json!({}) };
        return Value::Object(Map::from_iter([(key.unwrap_or_else(|| "name".to_string()), value)]));
    }
    match shown {
        _ if is("array") => Value::Array(schema.get("items").map(example).into_iter().collect()),
        Some(text) if is("string") => json!(text),
        _ if is("string") => json!("text"),
        _ if is("boolean") => json!(true),
        Some(text) if text.parse::<u64>().is_ok() => json!(text.parse::<u64>().unwrap_or_default()),
        _ => schema.get("minimum").cloned().filter(|least| least.as_u64() != Some(0)).unwrap_or(json!(1)),
    }
}

fn is_map(schema: &Value) -> bool {
    schema.get("properties").is_some()
}

/// A form of reference and its meaning.
#[derive(Debug, Serialize)]
pub(super) struct Reference {
    pub(super) form: String,
    pub(super) description: String,
}

/// Every form of `${...}`.
pub(super) fn references() -> Vec<Reference> {
    let of = |form: String, description: &str| Reference { form: format!("${{{form}}}"), description: description.to_string() };
    let mut all = Vec::new();
    for kind in RefKind::ALL {
        all.extend(AddressField::of(*kind).iter().map(|field| of(format!("{kind}/NAME.{field}"), field.doc())));
    }
    all.extend(UserField::ALL.iter().map(|field| of(format!("store/NAME.users.USER.{field}"), field.doc())));
    all.extend(OwnField::ALL.iter().map(|field| of(format!("self.{field}"), field.doc())));
    all.push(of("secret/PATH#KEY".to_string(), "A value of the secret manager."));
    all.push(of("var/NAME".to_string(), "A text of `vars`."));
    all
}
