//! The shapes of maps and lists, in findings about other values in their place: the examples of the reference.

use super::Spec;
use crate::diagnostic::{Diagnostic, Diagnostics, Expected};
use crate::source::{Sources, Span};
use crate::syntax::{Kind, Node, decode, parse};

/// Examples of keys, for the reference.
pub const EXAMPLES: &str = include_str!("examples.yaml");

/// Decodes a part of a spec alone, and reports its faults.
pub(super) fn check(tree: &Node, found: &mut Diagnostics) {
    let mut fresh = Diagnostics::default();
    decode::<Spec>(tree, &mut fresh);
    found.extend(fresh.iter().cloned().map(|fault| with_shape(fault, tree)));
}

/// Adds to the finding for a value of another type what to write: the list of the one value, or an example. Adds to the finding for an unknown key that
/// the key is the name of an environment, or where the keys are listed.
pub(super) fn with_shape(fault: Diagnostic, tree: &Node) -> Diagnostic {
    let Some((expected, (keys, value))) = fault.expected.zip(fault.span.and_then(|span| keys_to(tree, span))) else { return fault };
    let Some((key, parents)) = keys.split_last() else { return fault };
    let wanted = match expected {
        Expected::Key { shortened } => return with_keys(fault, tree, shortened, key, parents),
        _ if fault.help.is_some() => return fault,
        Expected::Text => "a text",
        Expected::List => "a list",
        Expected::Map => "a map",
    };
    let item = match &value.kind {
        Kind::Plain(text) if !text.is_empty() => Some(format!("[{text}]")),
        Kind::Text(text) => Some(format!("[{text:?}]")),
        _ => None,
    };
    match (item.filter(|_| expected == Expected::List), example(&keys)) {
        (Some(item), _) => fault.help(format!("write a list: `{key}: {item}`")),
        (None, Some(shape)) => fault.help(format!("write {wanted}, such as `{key}: {shape}`")),
        (None, None) => fault,
    }
}

fn with_keys(fault: Diagnostic, tree: &Node, shortened: bool, key: &str, parents: &[&str]) -> Diagnostic {
    if tree.get("environments").is_some_and(|all| all.get(key).is_some()) {
        return fault.help(format!("write the difference of an environment as `environments: {{{key}: ...}}`"));
    }
    let shown = if parents.is_empty() { String::new() } else { format!(" {}", parents.join(".")) };
    match &fault.help {
        Some(help) if shortened => {
            let help = format!("{help}; `platgen explain{shown}` lists them");
            fault.help(help)
        }
        _ => fault,
    }
}

/// The keys that lead to the value or the key at a span, and the value; of a list those that lead to its items.
fn keys_to(node: &Node, span: Span) -> Option<(Vec<&str>, &Node)> {
    let in_items = || node.items().iter().find_map(|item| keys_to(item, span));
    let in_entries = node.entries().iter().find_map(|entry| {
        if entry.value.span == span || entry.span == span {
            return Some((vec![&*entry.key], &entry.value));
        }
        let (mut keys, value) = keys_to(&entry.value, span)?;
        keys.insert(0, &entry.key);
        Some((keys, value))
    });
    in_entries.or_else(in_items)
}

/// The example of the value at a path. Stores and profiles have those of apps.
fn example(keys: &[&str]) -> Option<&'static str> {
    let mut sources = Sources::default();
    let file = sources.add_default("examples.yaml", EXAMPLES);
    let examples = parse(&sources, file, &mut Diagnostics::default())?;
    let find = |keys: &[&str]| keys.iter().try_fold(&examples, |node, key| node.get(key).or_else(|| node.get("*")));
    let of_app = || find(&[&["apps"], keys.get(1..)?].concat());
    let node = find(keys).or_else(of_app)?;
    let span = if node.is_map() { node.get("=")?.span } else { node.span };
    EXAMPLES.get(span.start as usize..span.end as usize)
}
