//! The files of a spec -> one merged tree and one [`Spec`] per environment.
//!
//! Layers from lowest to highest: the static defaults, an entry's profiles from left to right, the entry itself, then the `environments` blocks of all
//! of these in the same order. They are merged as trees, before decoding, so that there is one set of types and every leaf keeps its span. Entries
//! without a block for an environment are merged and decoded once and shared.

use super::configured::configured_as;
use super::decoder::Decoder;
use super::inherit::for_a_store;
use super::merge::{expand, merge, remove};
use super::{Spec, rules, shapes, unite};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, meant};
use crate::source::Span;
use crate::syntax::{Entry, Kind, Node};
use crate::value::Name;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The text of the lowest layer.
pub const DEFAULTS: &str = include_str!("defaults.yaml");

/// The merged and decoded spec of each environment.
#[derive(Clone, Debug, Default)]
pub struct Specs {
    /// The spec without any `environments` block.
    pub base: Arc<Spec>,
    /// One spec per environment, in promotion order.
    pub environments: IndexMap<String, Arc<Spec>>,
    /// The written spec with short forms expanded; `None` if the files could not be read.
    pub written: Option<Node>,
    /// The merged tree of each environment, for `show` and for the hash of a render's inputs.
    pub trees: IndexMap<String, Node>,
    /// The spans of each environment's `environments` blocks.
    pub blocks: IndexMap<String, Vec<Span>>,
    /// The span of each written section's key.
    pub sections: BTreeMap<String, Span>,
    /// The span of each profile.
    pub profiles: BTreeMap<String, Span>,
    /// Profiles that no app inherits from, with the spans of their keys.
    pub unused_profiles: Vec<(String, Span)>,
}

/// Merges and decodes the files of a spec. Adds every fault to `found`, once per layer.
pub fn assemble(files: &[Node], defaults: &Node, found: &mut Diagnostics) -> Specs {
    let union = unite::unite(files, found);
    assemble_expanded(expand(&union, &mut Vec::new()), defaults, found)
}

/// The spec in which `environment` is configured as `model`: with its blocks, its entries and its settings. Both are environments of `specs`.
pub fn assemble_as(specs: &Specs, environment: &str, model: &str, defaults: &Node, found: &mut Diagnostics) -> Specs {
    let written = specs.written.as_ref().map(|written| configured_as(written, environment, model));
    written.map(|written| assemble_expanded(written, defaults, found)).unwrap_or_default()
}

fn assemble_expanded(root: Node, defaults: &Node, found: &mut Diagnostics) -> Specs {
    let names: Vec<String> =
        root.get("environments").map(|node| node.entries().iter().map(|e| e.key.to_string()).collect()).unwrap_or_default();
    let mut layers =
        Layers { root: &root, defaults, names: &names, found, used: BTreeSet::new(), cached: BTreeMap::new(), blocks: IndexMap::new() };
    layers.check_blocks(&root, &mut Vec::new());
    layers.check_profiles();
    let blocks = std::mem::take(&mut layers.blocks);

    let base_tree = layers.tree(None);
    let mut decoded = Decoder::default();
    let base = Arc::new(decoded.spec(&base_tree, layers.found));
    let sections = root.entries().iter().map(|entry| (entry.key.to_string(), entry.span)).collect();
    let mut specs = Specs { base, blocks, sections, ..Specs::default() };
    for name in &names {
        let tree = layers.tree(Some(name));
        // The faults of the layers are reported already; decoding the merged tree would only repeat them.
        specs.environments.insert(name.clone(), Arc::new(decoded.spec(&tree, &mut Diagnostics::default())));
        specs.trees.insert(name.clone(), tree);
    }
    if let Some(profiles) = root.get("profiles") {
        specs.profiles = profiles.entries().iter().map(|profile| (profile.key.to_string(), profile.value.span)).collect();
        let unused = profiles.entries().iter().filter(|profile| !layers.used.contains(&profile.key));
        specs.unused_profiles = unused.map(|profile| (profile.key.to_string(), profile.span)).collect();
    }
    specs.written = Some(root);
    specs
}

/// The parts of a map that may hold `environments` and `without`.
struct Parts {
    /// The other fields.
    own: Node,
    /// The value of `without`.
    without: Option<Node>,
    /// The value of `environments`.
    blocks: Option<Node>,
}

fn parts(node: &Node) -> Parts {
    let own = node.entries().iter().filter(|entry| !matches!(&*entry.key, "environments" | "without"));
    Parts {
        own: match &node.kind {
            Kind::Map(entries) if entries.iter().any(|entry| matches!(&*entry.key, "environments" | "without")) => {
                Node::map(node.span, own.cloned().collect())
            }
            _ => node.clone(),
        },
        without: node.get("without").cloned(),
        blocks: node.get("environments").cloned(),
    }
}

/// Whether a section is absent, and another key of the spec means it. That key is reported.
fn is_misspelt(root: &Node, section: &str) -> bool {
    root.get(section).is_none() && root.entries().iter().any(|entry| meant(&entry.key, &[section]).is_some())
}

struct Layers<'a> {
    root: &'a Node,
    defaults: &'a Node,
    names: &'a [String],
    found: &'a mut Diagnostics,
    /// The profiles that at least one app or store inherits from.
    used: BTreeSet<Arc<str>>,
    /// The spans of each environment's blocks.
    blocks: IndexMap<String, Vec<Span>>,
    /// The merged layers of each app and store without `environments` blocks, by section and name.
    cached: BTreeMap<(Arc<str>, Arc<str>), Node>,
}

impl Layers<'_> {
    /// The merged tree of an environment, or of the base for `None`.
    fn tree(&mut self, environment: Option<&str>) -> Node {
        let root = self.root.clone();
        let mut sections: Vec<Entry> = Vec::new();
        for entry in root.entries() {
            if &*entry.key == "profiles" {
                continue;
            }
            let value = self.effective(&entry.value, &mut vec![&entry.key], environment);
            sections.push(Entry { value, ..entry.clone() });
        }
        for below in self.defaults.entries() {
            if !rules::NAMED.contains(&&*below.key) && root.get(&below.key).is_none() {
                sections.push(Entry { value: static_part(&below.value), ..below.clone() });
            }
        }
        Node::map(root.span, sections)
    }

    /// The merged value of a section or entry in an environment.
    fn effective<'n>(&mut self, node: &'n Node, path: &mut Vec<&'n str>, environment: Option<&str>) -> Node {
        if !node.is_map() {
            return node.clone();
        }
        if let [section @ ("apps" | "stores"), name] = path[..] {
            return self.entry(section, name, node, environment);
        }
        let varies = rules::varies(path);
        let parts = if varies { parts(node) } else { Parts { own: node.clone(), without: None, blocks: None } };
        let mut below = parts.own;
        if rules::holds_varying(path) {
            let source = node.entries();
            let mut children = Vec::with_capacity(source.len());
            for entry in source.iter().filter(|e| !varies || !matches!(&*e.key, "environments" | "without")) {
                path.push(&entry.key);
                let value = self.effective(&entry.value, path, environment);
                path.pop();
                children.push(Entry { value, ..entry.clone() });
            }
            below = Node::map(node.span, children);
        }
        let default = match path[..] {
            [section] if !rules::NAMED.contains(&section) => self.defaults.get(section).map(static_part),
            _ => self.entry_default(path),
        };
        if default.is_some() || parts.without.is_some() {
            let default = default.unwrap_or_else(|| Node::map(node.span, Vec::new()));
            let default = self.take_away(default, parts.without.as_ref(), None);
            below = Node { span: node.span, ..merge(&default, &below, path) };
        }
        let block = environment.and_then(|name| parts.blocks.as_ref()?.get(name).cloned());
        match block {
            Some(block) => self.lay(below, &block, path, environment),
            None => below,
        }
    }

    /// Merges an app or store: defaults, profiles, the entry's fields, then the `environments` blocks of the profiles and of the entry.
    fn entry(&mut self, section: &str, name: &str, node: &Node, environment: Option<&str>) -> Node {
        let path: &mut Vec<&str> = &mut vec![section, name];
        let profiles = self.profiles_of(section, node);
        let blocks: Vec<Node> = match environment {
            None => Vec::new(),
            Some(environment) => {
                profiles.iter().chain([node]).filter_map(|layer| layer.get("environments")?.get(environment).cloned()).collect()
            }
        };
        let key = (Arc::from(section), Arc::from(name));
        let mut merged = match self.cached.get(&key) {
            Some(base) => base.clone(),
            None => {
                let mut below = self.entry_default(path).unwrap_or_else(|| Node::map(node.span, Vec::new()));
                for layer in profiles.iter().chain([node]) {
                    below = self.lay(below, layer, path, None);
                }
                below = Node { span: node.span, ..below };
                self.cached.insert(key, below.clone());
                below
            }
        };
        for block in &blocks {
            merged = self.lay(merged, block, path, environment);
        }
        Node { span: node.span, ..merged }
    }

    /// Merges a layer over the layers below: first applies `without`, then merges the fields.
    fn lay(&mut self, below: Node, layer: &Node, path: &mut Vec<&str>, environment: Option<&str>) -> Node {
        let parts = parts(layer);
        let below = self.take_away(below, parts.without.as_ref(), environment);
        merge(&below, &parts.own, path)
    }

    /// Removes the paths of `without` from the layers below, and reports paths that are not set there.
    fn take_away(&mut self, below: Node, without: Option<&Node>, environment: Option<&str>) -> Node {
        let mut below = below;
        for item in without.iter().flat_map(|list| list.items()) {
            let Some(text) = item.scalar() else { continue };
            match remove(&below, text) {
                Some(rest) => below = rest,
                None => {
                    let mut diagnostic = Diagnostic::new(Code::NothingToRemove, format!("`{text}` is not set below this layer"))
                        .at(item.span)
                        .help("remove it from `without`, or correct its spelling");
                    diagnostic.environments.extend(environment.map(str::to_string));
                    self.found.push(diagnostic);
                }
            }
        }
        below
    }

    fn entry_default(&self, path: &[&str]) -> Option<Node> {
        let (_, parents) = path.split_last()?;
        if parents.is_empty() {
            return None;
        }
        let mut node = self.defaults;
        for key in parents {
            node = node.get(key)?;
        }
        node.get("*").cloned()
    }

    fn profiles_of(&mut self, section: &str, node: &Node) -> Vec<Node> {
        let Some(from) = node.get("from") else { return Vec::new() };
        let known = self.root.get("profiles");
        if is_misspelt(self.root, "profiles") {
            return Vec::new();
        }
        let mut profiles = Vec::new();
        for item in from.items() {
            let Some(name) = item.scalar() else { continue };
            match known.and_then(|profiles| profiles.entry(name)) {
                Some(profile) => {
                    self.used.insert(profile.key.clone());
                    profiles.push(match section {
                        "stores" => for_a_store(profile, item.span, self.found),
                        _ => profile.value.clone(),
                    });
                }
                None => {
                    let names: Vec<&str> = known.map(|node| node.entries().iter().map(|e| &*e.key).collect()).unwrap_or_default();
                    self.found.push(Diagnostic::unknown("profile", name, names, item.span));
                }
            }
        }
        profiles
    }

    /// Decodes each profile alone: an app that overrides a field would hide the field's fault.
    fn check_profiles(&mut self) {
        for profile in self.root.get("profiles").map(Node::entries).unwrap_or_default() {
            if let Some(from) = profile.value.entry("from") {
                self.found.push(
                    Diagnostic::new(Code::Contradiction, "a profile can't have `from`")
                        .at(from.span)
                        .help("list both profiles in the `from` of the app"),
                );
            }
        }
        if let Some(node) = self.root.entry("profiles") {
            let entries = node.value.entries().iter().map(|e| Entry { value: parts(&e.value).own, ..e.clone() }).collect();
            let alone = Entry { value: Node::map(node.value.span, entries), ..node.clone() };
            shapes::check(&Node::map(self.root.span, vec![alone]), self.found);
        }
    }

    /// Decodes each `environments` block alone, and reports keys that a block can't have.
    fn check_blocks<'n>(&mut self, node: &'n Node, path: &mut Vec<&'n str>) {
        if rules::varies(path) && node.is_map() {
            if let Some(without) = node.get("without") {
                self.check_without(without);
            }
            if let Some(blocks) = node.get("environments") {
                if !blocks.is_map() {
                    let message = format!("expected a map of environments, found {}", blocks.describe());
                    self.found.push(Diagnostic::new(Code::WrongType, message).at(blocks.span));
                }
                for block in blocks.entries() {
                    self.check_block(block, path);
                }
            }
        }
        if rules::holds_varying(path) {
            for entry in node.entries() {
                path.push(&entry.key);
                self.check_blocks(&entry.value, path);
                path.pop();
            }
        }
    }

    fn check_block(&mut self, block: &Entry, path: &[&str]) {
        self.blocks.entry(block.key.to_string()).or_default().push(block.value.span);
        // An invalid name of an environment is reported where it is declared, and this block may mean it.
        let valid = self.names.iter().all(|name| name.parse::<Name>().is_ok()) && self.root.get("environments").is_none_or(Node::is_map);
        if valid && !is_misspelt(self.root, "environments") && !self.names.iter().any(|name| **name == *block.key) {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            self.found.push(Diagnostic::unknown("environment", &block.key, names, block.span));
        }
        if let Some(without) = block.value.get("without") {
            self.check_without(without);
        }
        if let Some(inner) = block.value.entry("environments") {
            let message = "`environments` can't be nested in a block of `environments`";
            let help = "move its fields to the block of their environment, one level up";
            self.found.push(Diagnostic::new(Code::UnknownKey, message).at(inner.span).help(help));
        }
        let parts = parts(&block.value);
        let mut own = Vec::new();
        for entry in parts.own.entries() {
            let at: Vec<&str> = path.iter().copied().chain([&*entry.key]).collect();
            if rules::is_fixed(&at) {
                self.found.push(
                    Diagnostic::new(Code::FixedField, format!("`{}` is the same in every environment", entry.key))
                        .at(entry.span)
                        .help("move it out of `environments`"),
                );
            } else {
                own.push(entry.clone());
            }
        }
        let own = if block.value.is_map() { Node::map(block.value.span, own) } else { block.value.clone() };
        // Wrap the block in the keys of its path, so that it decodes as a spec.
        let alone = path
            .iter()
            .rev()
            .fold(own, |inner, key| Node::map(inner.span, vec![Entry { key: Arc::from(*key), span: inner.span, value: inner.clone() }]));
        shapes::check(&alone, self.found);
    }

    fn check_without(&mut self, without: &Node) {
        if !matches!(without.kind, Kind::List(_)) {
            let message = format!("expected a list of paths, found {}", without.describe());
            self.found.push(Diagnostic::new(Code::WrongType, message).at(without.span));
        }
        for item in without.items().iter().filter(|item| item.scalar().is_none()) {
            let message = format!("expected a path such as `config.DEBUG`, found {}", item.describe());
            self.found.push(Diagnostic::new(Code::WrongType, message).at(item.span));
        }
    }
}

/// A section of the defaults without the defaults for its entries.
fn static_part(section: &Node) -> Node {
    let keep = section.entries().iter().filter(|entry| entry.value.get("*").is_none());
    if section.is_map() { Node::map(section.span, keep.cloned().collect()) } else { section.clone() }
}
