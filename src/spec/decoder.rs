//! Merged trees -> specs. Environments share most of their entries, and shared entries are decoded once.

use super::shapes::with_shape;
use super::{App, Spec, Store};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::{Entry, Field, Kind, Map, Node, code_of, decode};
use crate::value::EntryName;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decodes trees into specs. An app or store whose tree is shared between environments is decoded once.
#[derive(Default)]
pub(super) struct Decoder {
    apps: BTreeMap<usize, (Node, Field<Arc<App>>)>,
    stores: BTreeMap<usize, (Node, Field<Arc<Store>>)>,
}

impl Decoder {
    /// Decodes a merged tree.
    pub(super) fn spec(&mut self, tree: &Node, found: &mut Diagnostics) -> Spec {
        let large = |entry: &&Entry| matches!(&*entry.key, "apps" | "stores") && entry.value.is_map();
        let small = tree.entries().iter().filter(|entry| !large(entry)).cloned().collect();
        let mut fresh = Diagnostics::default();
        let mut spec: Spec = decode(&Node::map(tree.span, small), &mut fresh);
        for entry in tree.entries().iter().filter(large) {
            match &*entry.key {
                "apps" => spec.apps = Field::Set(entries(&entry.value, &mut self.apps, &mut fresh), entry.value.span),
                _ => spec.stores = Field::Set(entries(&entry.value, &mut self.stores, &mut fresh), entry.value.span),
            }
        }
        found.extend(fresh.iter().cloned().map(|fault| with_shape(fault, tree)));
        spec
    }
}

type Cache<T> = BTreeMap<usize, (Node, Field<Arc<T>>)>;

fn entries<T>(section: &Node, cache: &mut Cache<T>, found: &mut Diagnostics) -> Map<EntryName, Arc<T>>
where
    T: for<'de> Deserialize<'de> + Default,
{
    let mut map = Map::default();
    for entry in section.entries() {
        let name = match entry.key.parse::<EntryName>() {
            Ok(name) => name,
            Err(invalid) => {
                found.push(Diagnostic::new(code_of(invalid.kind), invalid.message).at(entry.span));
                continue;
            }
        };
        // The address of a shared tree identifies it: the cache keeps the tree alive, so that no other tree gets the address.
        let address = match &entry.value.kind {
            Kind::Map(entries) => Arc::as_ptr(entries) as usize,
            _ => 0,
        };
        let value = match cache.get(&address).filter(|_| address != 0) {
            Some((_, known)) => known.clone(),
            None => {
                let value = match entry.value.is_map() {
                    true => Field::Set(Arc::new(decode::<T>(&entry.value, found)), entry.value.span),
                    false => {
                        decode::<T>(&entry.value, found);
                        Field::Bad(entry.value.span)
                    }
                };
                cache.insert(address, (entry.value.clone(), value.clone()));
                value
            }
        };
        map.insert(name, entry.span, value);
    }
    map
}
