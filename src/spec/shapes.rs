//! The shapes of maps and lists, in findings about other values in their place: the examples of the reference.

use super::Spec;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
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

/// Adds to the finding for a value of another type than a map or a list what to write: the list of the one value, or an example. Adds to the finding for
/// an unknown key that it is the name of an environment, or where the keys are listed.
pub(super) fn with_shape(fault: Diagnostic, tree: &Node) -> Diagnostic {
    if fault.code == Code::UnknownKey {
        return with_keys(fault, tree);
    }
    let wanted = ["a map", "a list"].into_iter().find(|wanted| fault.message.starts_with(&format!("expected {wanted}")));
    let Some(wanted) = wanted.filter(|_| fault.code == Code::WrongType && fault.help.is_none()) else { return fault };
    let Some((keys, value)) = fault.span.and_then(|span| keys_to(tree, span)) else { return fault };
    let Some(key) = keys.last() else { return fault };
    let item = match &value.kind {
        Kind::Plain(text) if !text.is_empty() => Some(format!("[{text}]")),
        Kind::Text(text) => Some(format!("[{text:?}]")),
        _ => None,
    };
    match (item.filter(|_| wanted == "a list"), example(&keys)) {
        (Some(item), _) => fault.help(format!("write a list: `{key}: {item}`")),
        (None, Some(shape)) => {
            let help = format!("write {wanted}, such as `{key}: {shape}`");
            fault.help(help)
        }
        (None, None) => fault,
    }
}

fn with_keys(fault: Diagnostic, tree: &Node) -> Diagnostic {
    let (Some(help), None) = (&fault.help, &fault.fix) else { return fault };
    let Some((keys, _)) = fault.span.and_then(|span| keys_to(tree, span)) else { return fault };
    let Some((key, parents)) = keys.split_last() else { return fault };
    if help.starts_with("allowed keys") && tree.get("environments").is_some_and(|all| all.get(key).is_some()) {
        return fault.help(format!("write the difference of an environment as `environments: {{{key}: ...}}`"));
    }
    let shown = if parents.is_empty() { String::new() } else { format!(" {}", parents.join(".")) };
    let help = format!("{help}; `platgen explain{shown}` lists them");
    if help.contains(" more; ") { fault.help(help) } else { fault }
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
