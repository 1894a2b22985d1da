//! Operations on the trees of layers: expanding short forms, merging, and removing the paths of `without`.

use super::rules::{self, Merge, Short};
use crate::syntax::{Entry, Kind, Node};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Expands every short form at and below `path`, also inside `environments` blocks, whose paths are those of the enclosing map.
pub(super) fn expand<'n>(node: &'n Node, path: &mut Vec<&'n str>) -> Node {
    let node = match rules::short(path) {
        Short::None => node.clone(),
        Short::Key(key) => keyed(node, key),
        Short::Volume if node.scalar().is_some_and(|text| text.contains('/')) => keyed(node, "of"),
        Short::Volume => keyed(node, "size"),
        Short::Names => names(node),
        Short::Item => listed(node),
        Short::ItemKey(key) => {
            let list = listed(node);
            Node::list(list.span, list.items().iter().map(|item| keyed(item, key)).collect())
        }
        Short::Switch(word) => match &node.kind {
            Kind::Plain(text) if &**text == "true" => Node { span: node.span, kind: Kind::Plain(Arc::from(word)) },
            _ => node.clone(),
        },
    };
    let Kind::Map(entries) = &node.kind else { return node };
    let mut changed: Option<Vec<Entry>> = None;
    for (index, entry) in entries.iter().enumerate() {
        if !matches!(entry.value.kind, Kind::Map(_) | Kind::List(_)) && rules_are_silent(path, &entry.key) {
            continue;
        }
        let value = if &*entry.key == "environments" && rules::varies(path) {
            blocks(&entry.value, path)
        } else {
            // A fresh path, since the keys of a rewritten node live shorter than those of the tree.
            let mut below: Vec<&str> = path.to_vec();
            below.push(&entry.key);
            expand(&entry.value, &mut below)
        };
        if !same(&value, &entry.value) {
            changed.get_or_insert_with(|| entries.to_vec())[index].value = value;
        }
    }
    match changed {
        Some(entries) => Node::map(node.span, entries),
        None => node,
    }
}

fn rules_are_silent(path: &[&str], key: &str) -> bool {
    let below: Vec<&str> = path.iter().copied().chain([key]).collect();
    rules::short(&below) == Short::None
}

fn blocks(node: &Node, path: &[&str]) -> Node {
    let blocks = node.entries().iter().map(|block| Entry { value: expand(&block.value, &mut path.to_vec()), ..block.clone() });
    if node.is_map() { Node::map(node.span, blocks.collect()) } else { node.clone() }
}

/// Whether two nodes share their content: nothing was rewritten.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Map(a), Kind::Map(b)) => Arc::ptr_eq(a, b),
        (Kind::List(a), Kind::List(b)) => Arc::ptr_eq(a, b),
        (Kind::Plain(a), Kind::Plain(b)) | (Kind::Text(a), Kind::Text(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

fn keyed(node: &Node, key: &str) -> Node {
    match &node.kind {
        Kind::Plain(_) | Kind::Text(_) if !node.is_empty_scalar() => {
            Node::map(node.span, vec![Entry { key: Arc::from(key), span: node.span, value: node.clone() }])
        }
        _ => node.clone(),
    }
}

fn names(node: &Node) -> Node {
    let Kind::List(items) = &node.kind else { return node.clone() };
    let entry = |item: &Node| {
        let key = Arc::from(item.scalar()?);
        Some(Entry { key, span: item.span, value: Node::map(item.span, Vec::new()) })
    };
    match items.iter().map(entry).collect() {
        Some(entries) => Node::map(node.span, entries),
        None => node.clone(),
    }
}

fn listed(node: &Node) -> Node {
    match &node.kind {
        Kind::List(_) => node.clone(),
        Kind::Plain(_) if node.is_empty_scalar() => node.clone(),
        _ => Node::list(node.span, vec![node.clone()]),
    }
}

/// Merges `above` over `below`. Every leaf keeps the span of its layer.
pub(super) fn merge(below: &Node, above: &Node, path: &mut Vec<&str>) -> Node {
    match (&below.kind, &above.kind) {
        (Kind::Map(lower), Kind::Map(upper)) if rules::merge(path) == Merge::Deep => maps(below, lower, upper, path, above),
        (Kind::List(lower), Kind::List(upper)) if rules::merge(path) == Merge::Unite => {
            let fresh = upper.iter().filter(|item| !lower.iter().any(|known| known.scalar() == item.scalar() && known.scalar().is_some()));
            Node::list(above.span, lower.iter().chain(fresh).cloned().collect())
        }
        _ => above.clone(),
    }
}

fn maps(below: &Node, lower: &[Entry], upper: &[Entry], path: &[&str], above: &Node) -> Node {
    if upper.is_empty() {
        return below.clone();
    }
    let mut entries = without_alternatives(lower, upper, path);
    // Linear search is fast for a few keys, too slow for the thousands of a large section.
    let index: Option<BTreeMap<Arc<str>, usize>> =
        (entries.len() > 32).then(|| entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect());
    for entry in upper {
        let known = match &index {
            Some(index) => index.get(&entry.key).copied(),
            None => entries.iter().position(|other| other.key == entry.key),
        };
        match known {
            Some(at) => {
                let mut below: Vec<&str> = path.to_vec();
                below.push(&entry.key);
                let value = merge(&entries[at].value, &entry.value, &mut below);
                entries[at] = Entry { value, ..entry.clone() };
            }
            None => entries.push(entry.clone()),
        }
    }
    Node::map(above.span, entries)
}

/// The lower layer's entries without the keys that a key of the upper layer excludes.
fn without_alternatives(lower: &[Entry], upper: &[Entry], path: &[&str]) -> Vec<Entry> {
    let sets = |keys: &[&str]| upper.iter().any(|entry| keys.contains(&&*entry.key));
    let mut excluded: Vec<&str> =
        rules::alternatives(path).iter().filter(|(set, _)| sets(set)).flat_map(|(_, lost)| lost.iter().copied()).collect();
    let single = |entry: &Entry| &*entry.key == "replicas" && entry.value.scalar().is_some_and(|text| !text.contains(".."));
    if rules::is_scale(path) && upper.iter().any(single) {
        excluded.extend(["cpu", "memory", "metric"]);
    }
    lower.iter().filter(|entry| !excluded.contains(&&*entry.key)).cloned().collect()
}

/// The tree without the value at a path of `without` such as `config.DEBUG`, `needs[app/x]` or `config."a.b"`. `None` if the path is not set.
pub(super) fn remove(node: &Node, path: &str) -> Option<Node> {
    let steps = steps(path)?;
    take(node, &steps)
}

enum Step {
    Key(String),
    Item(String),
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (item, after) = inner.split_once(']')?;
            steps.push(Step::Item(item.to_string()));
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('"') {
            let (key, after) = inner.split_once('"')?;
            steps.push(Step::Key(key.to_string()));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Key(rest[..end].to_string()));
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    (!steps.is_empty()).then_some(steps)
}

fn take(node: &Node, steps: &[Step]) -> Option<Node> {
    let (step, rest) = steps.split_first()?;
    match (step, &node.kind) {
        (Step::Key(key), Kind::Map(entries)) => {
            let at = entries.iter().position(|entry| *entry.key == **key)?;
            let mut left = entries.to_vec();
            if rest.is_empty() {
                left.remove(at);
            } else {
                left[at].value = take(&entries[at].value, rest)?;
            }
            Some(Node::map(node.span, left))
        }
        (Step::Item(text), Kind::List(items)) if rest.is_empty() => {
            let at = items.iter().position(|item| item.scalar() == Some(text))?;
            let mut left = items.to_vec();
            left.remove(at);
            Some(Node::list(node.span, left))
        }
        _ => None,
    }
}
