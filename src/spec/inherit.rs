//! Profiles as stores inherit them. A profile may hold every key of an app, and a store lacks some of these.

use super::{App, Store};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::{Entry, Node, decode};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The profile without the keys that only apps have, each of which is reported. `from` is the span of the profile's name in the store.
pub(super) fn for_a_store(profile: &Entry, from: Span, found: &mut Diagnostics) -> Node {
    layer(&profile.value, &profile.key, from, found)
}

fn layer(node: &Node, profile: &str, from: Span, found: &mut Diagnostics) -> Node {
    if !node.is_map() {
        return node.clone();
    }
    let own = |entry: &&Entry| !matches!(&*entry.key, "environments" | "without");
    let fields = Node::map(node.span, node.entries().iter().filter(own).cloned().collect());
    // Keys that apps lack as well are misspelt, which is reported with the profile.
    let (of_stores, of_apps) = (unknown_keys::<Store>(&fields), unknown_keys::<App>(&fields));
    let mut entries = Vec::new();
    for entry in node.entries() {
        if own(&entry) && of_stores.contains(&entry.span) && !of_apps.contains(&entry.span) {
            let message = format!("a store can't have `{}`, which the profile `{profile}` sets", entry.key);
            let diagnostic =
                Diagnostic::new(Code::Contradiction, message).at(entry.span).related(from, "a store inherits the profile here");
            found.push(diagnostic.help("move the key to a profile that only apps inherit from"));
            continue;
        }
        let mut entry = entry.clone();
        if &*entry.key == "environments" && entry.value.is_map() {
            let blocks = entry.value.entries().iter();
            let blocks = blocks.map(|block| Entry { value: layer(&block.value, profile, from, found), ..block.clone() }).collect();
            entry.value = Node::map(entry.value.span, blocks);
        }
        entries.push(entry);
    }
    Node::map(node.span, entries)
}

/// The spans of the keys of a map that a type does not have.
fn unknown_keys<T: for<'de> Deserialize<'de> + Default>(fields: &Node) -> BTreeSet<Span> {
    let mut found = Diagnostics::default();
    decode::<T>(fields, &mut found);
    found.iter().filter(|finding| finding.code == Code::UnknownKey).filter_map(|finding| finding.span).collect()
}
