//! Changes to single objects: a merge (RFC 7386) or the steps of a JSON patch (RFC 6902).
//!
//! A target must match at most one object per region, and one in at least one region: a patch that changes nothing is a mistake.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{RenderError, Tree, json_patch, texts};
use crate::model::{Change, Platform};
use crate::value::{Name, Target};
use crate::yaml::{self, Document, Id};

/// Applies the platform's patches to a region's documents, in their order; returns the patches that changed one.
pub(super) fn apply(platform: &Platform, tree: &mut Tree) -> Result<BTreeSet<Name>, RenderError> {
    let mut patched = BTreeSet::new();
    for patch in &platform.patches {
        let wrong = |message: String| RenderError::Patch { span: patch.span, message };
        let mut found: Vec<&mut Document> = tree.values_mut().flatten().filter(|document| is_target(document, &patch.target)).collect();
        match &mut found[..] {
            [] => {}
            [document] => {
                change(document, &patch.change)
                    .map_err(|reason| wrong(format!("patch `{}` does not fit `{}`: {reason}", patch.name, patch.target)))?;
                if !is_target(document, &patch.target) {
                    return Err(wrong(format!("patch `{}` makes another object of `{}`", patch.name, patch.target)));
                }
                if let Some((place, value)) = texts::not_text(&document.to_json()) {
                    let message = format!(
                        "patch `{}` sets `{place}` of `{}` to `{value}`, which is not a string: quote it",
                        patch.name, patch.target
                    );
                    return Err(RenderError::NotText { span: patch.span, message });
                }
                patched.insert(patch.name.clone());
            }
            several => {
                return Err(wrong(format!("patch `{}` changes `{}`, which is {} objects", patch.name, patch.target, several.len())));
            }
        }
    }
    Ok(patched)
}

/// Checks that each patch changed an object in some region.
pub(super) fn all_used(platform: &Platform, patched: &BTreeSet<Name>) -> Result<(), RenderError> {
    let Some(patch) = platform.patches.iter().find(|patch| !patched.contains(&patch.name)) else { return Ok(()) };
    let message = format!("patch `{}` changes `{}`, which is not rendered in any region", patch.name, patch.target);
    Err(RenderError::Patch { span: patch.span, message })
}

fn is_target(document: &Document, target: &Target) -> bool {
    let text = |path: &[&str]| document.root().at(path).and_then(|node| node.as_str());
    text(&["kind"]) == Some(target.kind())
        && text(&["metadata", "name"]) == Some(target.name())
        && text(&["metadata", "namespace"]) == target.namespace().map(Name::as_str)
}

fn change(document: &mut Document, change: &Change) -> Result<(), String> {
    match change {
        Change::Merge(value) => merge(document, document.root().id(), value),
        Change::Json(steps) => {
            let mut value = document.to_json();
            json_patch::apply(&mut value, steps)?;
            *document = Document::from_json(&value);
        }
    }
    Ok(())
}

/// Merges a value into a node: maps merge, null removes, everything else replaces. Untouched keys keep their comments.
fn merge(document: &mut Document, at: Id, value: &Value) {
    document.own(at);
    let (Value::Object(entries), yaml::Value::Map(_)) = (value, document.node(at).value()) else {
        document.replace(at, &without_nulls(value));
        return;
    };
    for (key, value) in entries {
        let known = document.node(at).get(key).map(|node| node.id());
        match (known, value) {
            (Some(known), Value::Null) => {
                document.remove(at, known);
            }
            (Some(known), value) => merge(document, known, value),
            (None, Value::Null) => {}
            (None, value) => {
                document.insert(at, key, &without_nulls(value));
            }
        }
    }
}

/// The value without the nulls in its maps, for a merge into nothing.
fn without_nulls(value: &Value) -> Value {
    let Value::Object(entries) = value else { return value.clone() };
    entries.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), without_nulls(value))).collect()
}
