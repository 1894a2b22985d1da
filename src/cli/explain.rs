//! `platgen explain`: the reference of the spec language and of the codes, from the JSON Schema and the list of codes.

use super::{FAILED, FINE, Terminal, print_all, schema};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::source::Sources;
use crate::spec::DEFAULTS;
use crate::spec::rules::{self, Merge};
use crate::syntax::{Node, parse};
use serde_json::Value;

/// Flags of `explain`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Explain {
    /// A path of the spec such as `apps.web.probes`, or a code such as `unknown-key`. Default: the sections.
    what: Option<String>,
}

pub(super) fn run(explain: &Explain, terminal: &Terminal) -> u8 {
    // Waivers name rules with the prefix `platgen/`.
    let what = explain.what.as_deref().unwrap_or("");
    let what = what.strip_prefix("platgen/").unwrap_or(what);
    if let Some(code) = Code::ALL.iter().find(|code| code.name() == what) {
        print_all(&format!("{}: {}\n\n{}\n", code.name(), code.summary(), code.explain()));
        return FINE;
    }
    match place(what) {
        Ok(text) => {
            print_all(&text);
            FINE
        }
        Err(fault) => {
            terminal.tell_plain(&[*fault]);
            FAILED
        }
    }
}

fn place(path: &str) -> Result<String, Box<Diagnostic>> {
    let whole = schema();
    let mut here = whole.clone();
    let mut keys: Vec<String> = Vec::new();
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let shape = object(&here);
        let next = shape
            .pointer(&format!("/properties/{}", key.replace('~', "~0").replace('/', "~1")))
            .or_else(|| shape.get("additionalProperties").filter(|value| value.is_object()));
        let Some(next) = next.cloned() else {
            let known: Vec<String> =
                shape.get("properties").and_then(Value::as_object).map(|all| all.keys().cloned().collect()).unwrap_or_default();
            let known: Vec<&str> = known.iter().map(String::as_str).chain(Code::ALL.iter().map(|code| code.name())).collect();
            let fault = Diagnostic::new(Code::UnknownKey, format!("`{key}` is neither a key of the spec language at this path nor a code"));
            return Err(Box::new(match wording::suggest(key, known.iter().copied()) {
                Some(close) => fault.help(format!("did you mean `{close}`?")),
                None => fault.help("run `platgen explain` without an argument to list the sections"),
            }));
        };
        keys.push(key.to_string());
        here = next;
    }
    Ok(describe(path, &keys, &here))
}

/// The long form of a value with several forms: the one with keys.
fn object(schema: &Value) -> Value {
    let forms = schema.get("anyOf").and_then(Value::as_array);
    let has = |key: &'static str| move |form: &&Value| form.get(key).is_some_and(|value| value.is_object());
    let find = |key| forms.and_then(|forms| forms.iter().rev().find(has(key)));
    let long = find("properties").or_else(|| find("additionalProperties")).or_else(|| find("items"));
    let schema = long.unwrap_or(schema);
    match schema.get("items") {
        Some(items) => object(items),
        None => schema.clone(),
    }
}

fn describe(path: &str, keys: &[String], schema: &Value) -> String {
    let words = |schema: &Value| schema.get("description").and_then(Value::as_str).unwrap_or_default().to_string();
    let mut text = if path.is_empty() { "The sections of a spec.\n".to_string() } else { format!("{path}: {}\n", words(schema)) };
    let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
    if !path.is_empty() {
        text.push_str(&format!("\ntype: {}\n", kind(schema)));
        if let Some(default) = default(&borrowed) {
            text.push_str(&format!("default: {default}\n"));
        }
        text.push_str(match rules::merge(&borrowed) {
            Merge::Deep if kind(schema) == "map" => "layers: merge key by key\n",
            Merge::Unite => "layers: lists are united\n",
            _ => "layers: the upper layer replaces the value\n",
        });
        if rules::varies(&borrowed) {
            text.push_str("environments: may have `environments:` and `without:`\n");
        }
    }
    let shape = object(schema);
    if let Some(properties) = shape.get("properties").and_then(Value::as_object) {
        text.push_str("\nkeys:\n");
        let width = properties.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in properties {
            let first = words(value).lines().next().unwrap_or_default().to_string();
            text.push_str(&format!("  {name:width$}  {first}\n"));
        }
    } else if shape.get("additionalProperties").is_some_and(Value::is_object) {
        text.push_str("\nkeys: names of your choice\n");
    }
    if let Some(examples) = schema.get("examples").and_then(Value::as_array) {
        let examples: Vec<String> =
            examples.iter().map(|example| format!("`{}`", example.as_str().map_or_else(|| example.to_string(), str::to_string))).collect();
        text.push_str(&format!("\nfor example {}\n", examples.join(", ")));
    }
    text
}

fn kind(schema: &Value) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => "map",
        Some("array") => "list",
        Some("integer" | "number") => "number",
        Some("boolean") => "`true` or `false`",
        Some("string") => "text",
        _ if schema.get("oneOf").is_some() || schema.get("enum").is_some() => "one of several words",
        _ if object(schema).get("properties").is_some() => "map",
        _ => "text",
    }
}

/// The static default of a path.
fn default(keys: &[&str]) -> Option<String> {
    let mut sources = Sources::default();
    let file = sources.add_default("defaults.yaml", DEFAULTS);
    let root = parse(&sources, file, &mut Default::default())?;
    let mut node: &Node = &root;
    for key in keys {
        node = node.get(key).or_else(|| node.get("*"))?;
    }
    node.scalar().map(str::to_string)
}
