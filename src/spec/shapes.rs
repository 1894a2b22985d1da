//! The shapes of maps, in findings about lists: the examples of the reference.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};
use crate::syntax::{Node, parse};

/// Examples of keys, for the reference.
pub const EXAMPLES: &str = include_str!("examples.yaml");

/// Adds the shape of the map to the finding for a list in place of a map.
pub(super) fn with_shape(fault: Diagnostic, tree: &Node) -> Diagnostic {
    if fault.code != Code::WrongType || fault.help.is_some() {
        return fault;
    }
    let keys = fault.span.and_then(|span| keys_to(tree, span)).unwrap_or_default();
    match (keys.last(), example(&keys)) {
        (Some(key), Some(shape)) => {
            let help = format!("write a map, such as `{key}: {shape}`");
            fault.help(help)
        }
        _ => fault,
    }
}

/// The keys that lead to the list at a span.
fn keys_to(node: &Node, span: Span) -> Option<Vec<&str>> {
    node.entries().iter().find_map(|entry| {
        if entry.value.span == span && !entry.value.items().is_empty() {
            return Some(vec![&*entry.key]);
        }
        let mut keys = keys_to(&entry.value, span)?;
        keys.insert(0, &entry.key);
        Some(keys)
    })
}

/// The example of the map at a path. Stores and profiles have those of apps.
fn example(keys: &[&str]) -> Option<&'static str> {
    let mut sources = Sources::default();
    let file = sources.add_default("examples.yaml", EXAMPLES);
    let examples = parse(&sources, file, &mut Diagnostics::default())?;
    let find = |keys: &[&str]| keys.iter().try_fold(&examples, |node, key| node.get(key).or_else(|| node.get("*")));
    let of_app = || find(&[&["apps"], keys.get(1..)?].concat());
    let span = find(keys).or_else(of_app)?.get("=")?.span;
    EXAMPLES.get(span.start as usize..span.end as usize)
}
