//! The tree of a spec -> the tree in which one environment is configured as another: it keeps its name, its account, its branch and its domain, and has the
//! blocks, the entries and the settings of the other one.

use super::rules;
use crate::syntax::{Entry, Kind, Node};
use std::sync::Arc;

/// What an environment is, whatever its settings are: what others know it by, and where it stands.
const IDENTITY: [&str; 2] = ["branch", "domain"];

/// The tree of a spec with expanded short forms in which `environment` is configured as `model`.
pub(super) fn configured_as(root: &Node, environment: &str, model: &str) -> Node {
    let pair = Pair { environment, model };
    pair.section(root, &mut Vec::new())
}

struct Pair<'a> {
    environment: &'a str,
    model: &'a str,
}

impl Pair<'_> {
    /// What stands at a path that may hold blocks.
    fn section<'n>(&self, node: &'n Node, path: &mut Vec<&'n str>) -> Node {
        if path[..] == ["environments"] {
            return self.environments(node);
        }
        let Kind::Map(entries) = &node.kind else { return node.clone() };
        let (varies, holds) = (rules::varies(path), rules::holds_varying(path));
        let mut changed = Vec::with_capacity(entries.len());
        for entry in entries.iter() {
            let value = match &*entry.key {
                "environments" if varies => self.blocks(&entry.value),
                "only" if varies => self.only(&entry.value),
                _ if holds => {
                    path.push(&entry.key);
                    let value = self.section(&entry.value, path);
                    path.pop();
                    value
                }
                _ => entry.value.clone(),
            };
            changed.push(Entry { value, ..entry.clone() });
        }
        Node::map(node.span, changed)
    }

    /// The declarations of the environments.
    fn environments(&self, node: &Node) -> Node {
        let model = node.get(self.model).cloned();
        let entries = node.entries().iter().map(|entry| match &model {
            Some(model) if *entry.key == *self.environment => {
                let own = entry.value.entries().iter().filter(|field| IDENTITY.contains(&&*field.key));
                let taken = model.entries().iter().filter(|field| !IDENTITY.contains(&&*field.key));
                Entry { value: Node::map(entry.value.span, own.chain(taken).cloned().collect()), ..entry.clone() }
            }
            _ => entry.clone(),
        });
        Node::map(node.span, entries.collect())
    }

    /// The blocks of an entry or a section.
    fn blocks(&self, node: &Node) -> Node {
        let others = node.entries().iter().filter(|block| *block.key != *self.environment);
        let taken = node.entry(self.model).map(|block| Entry { key: Arc::from(self.environment), ..block.clone() });
        Node::map(node.span, others.cloned().chain(taken).collect())
    }

    /// The environments of an entry.
    fn only(&self, node: &Node) -> Node {
        let others = node.items().iter().filter(|item| item.scalar() != Some(self.environment));
        let model = node.items().iter().find(|item| item.scalar() == Some(self.model));
        let taken = model.map(|item| Node { kind: Kind::Plain(Arc::from(self.environment)), ..item.clone() });
        Node::list(node.span, others.cloned().chain(taken).collect())
    }
}
