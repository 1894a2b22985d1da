//! Blocks of Terraform files that a change adds, removes or alters.

use super::protection::{self, Unprotected};
use super::{Existence, Tree};
use crate::analysis::impact::{Leaf, leaves};
use crate::hcl::Block;
use crate::layers::FOLDER;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A root of Terraform that changes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Root {
    /// Its folder, relative to the output folder.
    pub folder: String,
    /// Whether it is new, leaves or stays.
    pub existence: Existence,
    /// What changes in it, by address.
    pub resources: Vec<Resource>,
}

/// A block that changes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Resource {
    /// The address, as Terraform writes it: `aws_subnet.private`, `data.aws_region.this`, `local.zones`.
    pub address: String,
    /// Whether it is new, leaves or stays.
    pub existence: Existence,
    /// The arguments that differ, of a block on both sides.
    pub arguments: Vec<Argument>,
}

/// An argument that differs.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Argument {
    /// The path in the block.
    pub path: String,
    /// The value before.
    pub before: Option<Value>,
    /// The value afterwards.
    pub after: Option<Value>,
}

/// The roots that change, with what those that stay protect no more in `unprotected`. Tests and comments are no part of a root.
pub(super) fn roots(before: &Tree, after: &Tree, unread: &mut Vec<String>, unprotected: &mut Vec<Unprotected>) -> Vec<Root> {
    let (old, new) = (files(before), files(after));
    let mut all = Vec::new();
    for folder in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (old.get(folder), new.get(folder));
        if was == is {
            continue;
        }
        let [was_blocks, is_blocks] = [was, is].map(|files| blocks(files, unread));
        if was.is_some() && is.is_some() {
            unprotected.extend(protection::of_blocks(folder, &was_blocks, &is_blocks));
        }
        let resources: Vec<Resource> = was_blocks
            .keys()
            .chain(is_blocks.keys())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter_map(|address| resource(address, was_blocks.get(address), is_blocks.get(address)))
            .collect();
        if !resources.is_empty() {
            all.push(Root { folder: (*folder).to_owned(), existence: Existence::of(was.is_some(), is.is_some()), resources });
        }
    }
    all
}

/// Whether a file is part of a root.
pub(super) fn is_part(path: &str) -> bool {
    path.starts_with(FOLDER) && path.ends_with(".tf")
}

/// The files of each root, by folder.
fn files(tree: &Tree) -> BTreeMap<&str, Vec<(&str, &str)>> {
    let mut all: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in tree.iter().filter(|(path, _)| is_part(path)) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            all.entry(folder).or_default().push((path, text));
        }
    }
    all
}

/// The blocks of a root by address.
fn blocks(files: Option<&Vec<(&str, &str)>>, unread: &mut Vec<String>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (path, text) in files.into_iter().flatten() {
        let file = match Block::read(text) {
            Ok(file) => file,
            Err(fault) => {
                unread.push(format!("`{path}` can't be read: {fault}"));
                continue;
            }
        };
        for block in &file.blocks {
            if block.kind == "locals" {
                all.extend(block.attributes.iter().map(|(name, value)| (format!("local.{name}"), value.clone())));
                continue;
            }
            let mut address = address(block);
            // Blocks such as `moved` and `provider` may stand several times.
            while all.contains_key(&address) {
                address.push('+');
            }
            all.insert(address, value(block));
        }
    }
    all
}

fn address(block: &Block) -> String {
    let words = std::iter::once(block.kind.as_str()).filter(|kind| *kind != "resource").chain(block.labels.iter().map(String::as_str));
    words.collect::<Vec<_>>().join(".")
}

/// A block as a value: its arguments, and a list of the nested blocks of each kind.
fn value(block: &Block) -> Value {
    let mut fields = block.attributes.clone();
    for inner in &block.blocks {
        let key = std::iter::once(&inner.kind).chain(&inner.labels).cloned().collect::<Vec<_>>().join(".");
        if let Value::Array(list) = fields.entry(key).or_insert_with(|| Value::Array(Vec::new())) {
            list.push(value(inner));
        }
    }
    Value::Object(fields)
}

/// What changes about a block; `None` if nothing does.
fn resource(address: &str, before: Option<&Value>, after: Option<&Value>) -> Option<Resource> {
    if before == after {
        return None;
    }
    let arguments = match (before, after) {
        (Some(before), Some(after)) => leaves("", before, after),
        _ => Vec::new(),
    };
    let argument = |leaf: Leaf| Argument { path: leaf.path, before: leaf.before, after: leaf.after };
    Some(Resource {
        address: address.to_owned(),
        existence: Existence::of(before.is_some(), after.is_some()),
        arguments: arguments.into_iter().map(argument).collect(),
    })
}
