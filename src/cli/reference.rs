//! The reference of the spec language as data: one page per path, from the JSON Schema, the rules of each path, the static defaults and the examples.

use super::schema::{COMMENT, annotated};
use crate::diagnostic::{advice, meant, wording, words_for};
use crate::source::{Sources, Span};
use crate::spec::rules::{self, Merge, Short};
use crate::spec::{DEFAULTS, EXAMPLES};
use crate::syntax::{Node, decode, parse};
use crate::value::{AddressField, OwnField, RefKind, UserField};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The page of one path.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page {
    /// The path, with the names of entries as the reader wrote them, or `NAME`.
    pub(super) path: String,
    pub(super) description: String,
    /// The kind of value in words.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The grammar of the value, for types that have one.
    pub(super) form: Option<String>,
    /// When the key is required, in words: `yes` for always.
    pub(super) required: Option<&'static str>,
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
    /// The path of the page; empty for the page of the sections.
    pub(super) page: String,
    /// The key that is probably meant.
    pub(super) meant: Option<String>,
    /// What to write for a key of another tool.
    pub(super) advice: Option<&'static str>,
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
            let meant = meant(key, &known).map(str::to_string);
            return Err(UnknownKey { key: key.to_string(), page: keys.join("."), meant, advice: advice(key, &known) });
        };
        keys.push(key.to_string());
        here = next;
    }
    Ok(Page::of(&keys, &here, if recursive { usize::MAX } else { 1 }, &Texts::read()))
}

/// The pages of the keys with this name wherever they are, and of the keys that have the word among their values; of a word of other tools, those of
/// the words for it. The name may have several keys: `scale.replicas`. Keys that profiles and further containers share with apps and stores are left
/// out.
pub(super) fn search(name: &str) -> Vec<Page> {
    let Ok(all) = page("", true) else { return Vec::new() };
    let mut keys = Vec::new();
    collect(&all, &mut keys);
    let is_named = |page: &Page, name: &str| page.path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let find = |name: &str| -> Vec<&Page> {
        keys.iter().copied().filter(|page| is_named(page, name) || page.values.iter().any(|(word, _)| word == name)).collect()
    };
    let found = find(name);
    let mut found = if found.is_empty() { words_for(name).flat_map(find).collect() } else { found };
    found.sort_by_key(|page| page.path.matches('.').count());
    let mut pages: Vec<Page> = Vec::new();
    for page in found {
        let is_container = [".init.", ".sidecars."].iter().any(|section| page.path.contains(section));
        if !(is_container && pages.iter().any(|known| known.description == page.description)) {
            pages.push(Page { keys: Vec::new(), ..page.clone() });
        }
    }
    pages
}

/// The key with the closest spelling, wherever it is.
pub(super) fn closest(name: &str) -> Option<String> {
    let all = page("", true).ok()?;
    let mut keys = Vec::new();
    collect(&all, &mut keys);
    let names = keys.iter().filter_map(|page| page.path.rsplit('.').next()).filter(|name| *name != "NAME");
    wording::suggest(name, names).map(str::to_string)
}

fn collect<'p>(page: &'p Page, keys: &mut Vec<&'p Page>) {
    for key in page.keys.iter().filter(|key| key.path != "profiles") {
        keys.push(key);
        collect(key, keys);
    }
}

/// The texts that hold a value for each key.
struct Texts {
    defaults: Node,
    examples: Node,
}

impl Texts {
    fn read() -> Texts {
        let mut sources = Sources::default();
        let mut read = |name: &str, text: &str| {
            let file = sources.add_default(name, text);
            parse(&sources, file, &mut Default::default()).unwrap_or_else(|| Node::map(Span::new(file, 0..0), Vec::new()))
        };
        Texts { defaults: read("defaults.yaml", DEFAULTS), examples: read("examples.yaml", EXAMPLES) }
    }
}

/// The value at a path of a text; `*` stands for the name of any entry.
fn find<'n>(root: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    keys.iter().try_fold(root, |node, key| node.get(key).or_else(|| node.get("*")))
}

impl Page {
    /// The page of a schema with its keys down to a depth. Blocks of `environments` repeat the keys around them and stay closed below the page.
    fn of(path: &[String], schema: &Value, depth: usize, texts: &Texts) -> Page {
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let shape = long_form(schema);
        let below = |name: &str, schema: &Value| {
            let path: Vec<String> = path.iter().cloned().chain([name.to_string()]).collect();
            Page::of(&path, schema, if name == "environments" && !keys.is_empty() { 0 } else { depth - 1 }, texts)
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
            required: rules::required(&keys),
            default: find(&texts.defaults, &keys).and_then(Node::scalar).map(str::to_string),
            values: words(schema),
            short_form: short_form(&keys),
            layers: match rules::merge(&keys) {
                Merge::Deep if properties.is_some() || named.is_some() => "maps are merged key by key",
                Merge::Unite => "lists are united",
                _ => "the upper layer replaces the value",
            },
            varies,
            example: example(&keys, schema, &texts.examples),
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

/// The example of a path in the text of examples.
fn written(keys: &[&str], schema: &Value, examples: &Node) -> Option<Value> {
    // The keys of a block of `environments` are those around it.
    if let Some(at) = keys.iter().rposition(|key| *key == "environments").filter(|at| *at > 0 && at + 2 < keys.len()) {
        return written(&[&keys[..at], &keys[at + 2..]].concat(), schema, examples);
    }
    let keys = match keys {
        [.., "without"] => return Some(json!(["config.DEBUG"])),
        ["apps" | "profiles" | "stores", _, "init" | "sidecars", _, rest @ ..] if !rest.is_empty() => [&["apps", "*"], rest].concat(),
        ["profiles", _, rest @ ..] => [&["apps", "*"], rest].concat(),
        ["stores", _, rest @ ..] if find(examples, keys).is_none() => [&["apps", "*"], rest].concat(),
        ["observability", rest @ ("page" | "ticket"), more @ ..] => [&["teams", "*", rest], more].concat(),
        keys => keys.to_vec(),
    };
    let node = find(examples, &keys)?;
    let is_open = !["properties", "additionalProperties"].iter().any(|key| long_form(schema).get(key).is_some_and(Value::is_object));
    let node = node.get("=").or(Some(node).filter(|node| !node.is_map() || is_open))?;
    Some(decode(node, &mut Default::default()))
}

/// A value that the schema accepts: the written example, that of its type, the first word, or a map of the required keys.
fn example(keys: &[&str], schema: &Value, examples: &Node) -> Value {
    if let Some(value) = written(keys, schema, examples) {
        return value;
    }
    let inner = |name: &str, schema: &Value| example(&[keys, &[name]].concat(), schema, examples);
    let own = schema.get("examples").and_then(Value::as_array).and_then(|all| all.first());
    if let Some(value) = own.or_else(|| schema.get("const")) {
        return value.clone();
    }
    if let Some(forms) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        let form = forms.last().filter(|last| last.get("properties").is_some()).or(forms.first());
        return form.map_or(Value::Null, |form| example(keys, form, examples));
    }
    if let Some(first) = schema.get("enum").and_then(|all| all.get(0)) {
        return first.clone();
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = |name: &String| rules::required(&[keys, &[name.as_str()]].concat()) == Some("yes");
        let mut shown: Vec<(&String, &Value)> = properties.iter().filter(|(name, _)| required(name)).collect();
        if shown.is_empty() {
            shown.extend(properties.iter().next());
        }
        return Value::Object(shown.into_iter().map(|(key, schema)| (key.clone(), inner(key, schema))).collect());
    }
    let is = |name: &str| match schema.get("type") {
        Some(Value::Array(names)) => names.iter().any(|one| one == name),
        kind => kind.is_some_and(|kind| kind == name),
    };
    match () {
        () if is("object") => {
            let key = schema.get("propertyNames").map(|names| example(&[], names, examples));
            let key = key.and_then(|key| key.as_str().map(str::to_string)).unwrap_or_else(|| "name".to_string());
            let value = schema.get("additionalProperties").filter(|value| value.is_object()).map(|schema| inner("NAME", schema));
            value.map_or(json!({}), |value| Value::Object(Map::from_iter([(key, value)])))
        }
        () if is("array") => Value::Array(schema.get("items").map(|schema| example(keys, schema, examples)).into_iter().collect()),
        () if is("string") => json!("text"),
        () if is("boolean") => json!(true),
        () => schema.get("minimum").cloned().filter(|least| least.as_u64() != Some(0)).unwrap_or(json!(1)),
    }
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
