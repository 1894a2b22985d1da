//! Findings as SARIF 2.1.0, the format of code scanning services.
//!
//! Every code is listed as a rule, found or not. Columns count Unicode code points, as `columnKind` declares. The fingerprint of a finding is a hash
//! over code, message, subject, file, the text under the span, and a counter for equal ones: it stays the same when other lines change.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::place::{Place, Places};
use super::{Code, Diagnostic, words};
use crate::source::Role;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn print(diagnostics: &[&Diagnostic], places: &Places) -> String {
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = diagnostics.iter().map(|diagnostic| result(diagnostic, places, &mut seen)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "platgen",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|&code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": {"text": code.summary()},
        "fullDescription": {"text": code.explain()},
        "help": {"text": code.explain()},
        "defaultConfiguration": {"level": code.severity().name()},
    })
}

fn result(diagnostic: &Diagnostic, places: &Places, seen: &mut BTreeMap<String, usize>) -> Value {
    let place = diagnostic.span.and_then(|span| places.find(span));
    let mut text = vec![diagnostic.message.clone()];
    text.extend(words(diagnostic));
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": Code::ALL.iter().position(|&code| code == diagnostic.code),
        "level": diagnostic.severity.name(),
        "message": {"text": text.join("\n")},
        "locations": [location(place.as_ref(), diagnostic.subject.as_deref(), places)],
        "partialFingerprints": {"platgen/v1": fingerprint(diagnostic, place.as_ref(), seen)},
    });
    if !diagnostic.related.is_empty() {
        result["relatedLocations"] = related(diagnostic, places);
    }
    if let Some(fix) = &diagnostic.fix
        && let Some(place) = places.editable(fix.span)
    {
        result["fixes"] = json!([{
            "description": {"text": diagnostic.help.as_deref().unwrap_or(&diagnostic.message)},
            "artifactChanges": [{
                "artifactLocation": {"uri": uri(&place.source.name)},
                "replacements": [{"deletedRegion": region(&place), "insertedContent": {"text": fix.text}}],
            }],
        }]);
    }
    result
}

/// The location of a finding. Services drop findings without a file, so a finding without a span in a user's file gets the first file as its
/// physical location, and its subject as a logical location.
fn location(place: Option<&Place>, subject: Option<&str>, places: &Places) -> Value {
    let mut location = json!({});
    let mut names = Vec::from_iter(subject.map(str::to_owned));
    match place {
        Some(place) if place.source.role == Role::User => location["physicalLocation"] = physical(place),
        _ => {
            names.extend(place.map(built_in));
            if let Some(first) = places.first() {
                location["physicalLocation"] = json!({"artifactLocation": {"uri": uri(&first.name)}, "region": {"startLine": 1}});
            }
        }
    }
    if !names.is_empty() {
        location["logicalLocations"] = names.iter().map(|name| json!({"fullyQualifiedName": name})).collect();
    }
    location
}

fn related(diagnostic: &Diagnostic, places: &Places) -> Value {
    let located = diagnostic.related.iter().filter_map(|other| {
        let place = places.find(other.span)?;
        Some(match place.source.role {
            Role::User => json!({"message": {"text": other.message}, "physicalLocation": physical(&place)}),
            Role::Default => json!({"message": {"text": other.message}, "logicalLocations": [{"fullyQualifiedName": built_in(&place)}]}),
        })
    });
    located.collect()
}

fn built_in(place: &Place) -> String {
    format!("{}:{}:{}", place.name(), place.start.line, place.start.column)
}

fn physical(place: &Place) -> Value {
    json!({"artifactLocation": {"uri": uri(&place.source.name)}, "region": region(place)})
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.start.line,
        "startColumn": place.start.column,
        "endLine": place.end.line,
        "endColumn": place.end.column,
    })
}

/// A path as a relative URI reference, percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The fingerprint of a finding, the same in every version of a file. Uses the first 200 characters under the span.
fn fingerprint(diagnostic: &Diagnostic, place: Option<&Place>, seen: &mut BTreeMap<String, usize>) -> String {
    let file = place.map(Place::name);
    let text: Option<String> = place.map(|place| place.text().chars().take(200).collect());
    let subject = diagnostic.subject.as_deref();
    let parts = [Some(diagnostic.code.name()), Some(&diagnostic.message), subject, file.as_deref(), text.as_deref()];
    let mut key = String::new();
    for part in parts {
        key += part.unwrap_or_default();
        key.push('\0');
    }
    let count = seen.entry(key.clone()).or_default();
    *count += 1;
    let digest = Sha256::digest(format!("{key}{count}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
