//! Rights that a change grants or takes away.

use crate::analysis::access::{Access, HolderKind, Level, Right, access, right_in_words};
use crate::inventory::Inventory;
use crate::model::{Platform, Region};
use crate::rbac::Fault;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rights of a subject in a place that change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// The kind of the subject.
    pub kind: HolderKind,
    /// Its name: that of a group in the spec, else that in the cluster.
    pub name: String,
    /// The namespace; absent for the whole cluster.
    pub namespace: Option<String>,
    /// What its rights there came to.
    pub level_before: Level,
    /// What they come to.
    pub level_after: Level,
    /// The rights that are granted, in words.
    pub granted: Vec<String>,
    /// The rights that are taken away.
    pub taken: Vec<String>,
}

/// What a subject may do in a place.
#[derive(Default)]
struct Cell {
    level: Option<Level>,
    rights: BTreeSet<String>,
}

/// A subject and a namespace; none for the whole cluster.
type Key = (HolderKind, String, Option<String>);

/// The rights of every subject that change, by subject and namespace. Those in the whole cluster are not repeated for each namespace.
pub(super) fn grants(platform: &Platform, region: &Region, before: &Inventory, after: &Inventory) -> Result<Vec<Grant>, Fault> {
    let of = |documents| access(platform, region, documents).map(|access| cells(&access));
    let (old, new) = (of(before)?, of(after)?);
    let mut all = Vec::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let none = Cell::default();
        let (was, is) = (old.get(key).unwrap_or(&none), new.get(key).unwrap_or(&none));
        let words = |these: &Cell, those: &Cell| these.rights.difference(&those.rights).cloned().collect::<Vec<_>>();
        let (granted, taken) = (words(is, was), words(was, is));
        if granted.is_empty() && taken.is_empty() {
            continue;
        }
        let (kind, name, namespace) = key.clone();
        let [level_before, level_after] = [was, is].map(|cell| cell.level.unwrap_or(Level::None));
        all.push(Grant { kind, name, namespace, level_before, level_after, granted, taken });
    }
    Ok(all)
}

fn cells(access: &Access) -> BTreeMap<Key, Cell> {
    let mut all = BTreeMap::new();
    for holder in &access.holders {
        let words = |rights: &[Right]| rights.iter().map(right_in_words).collect::<BTreeSet<String>>();
        let everywhere = holder.cells.iter().find(|cell| cell.namespace.is_none()).map(|cell| words(&cell.rights)).unwrap_or_default();
        for cell in &holder.cells {
            let mut rights = words(&cell.rights);
            if cell.namespace.is_some() {
                rights.retain(|right| !everywhere.contains(right));
            }
            all.insert((holder.kind, holder.name.clone(), cell.namespace.clone()), Cell { level: Some(cell.level), rights });
        }
    }
    all
}
