//! Rights that a change grants or takes away.

use crate::analysis::access::{self, Access, HolderKind, Level, access, right_in_words};
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
struct Cell {
    level: Option<Level>,
    rights: BTreeSet<String>,
}

/// A subject and a namespace; none for the whole cluster.
type Key = (HolderKind, String, Option<String>);

/// The rights of every subject that change, by subject and namespace. Those in the whole cluster are not repeated for each namespace.
pub(super) fn grants(platform: &Platform, region: &Region, before: &Inventory, after: &Inventory) -> Result<Vec<Grant>, Fault> {
    let of = |documents| access(platform, region, documents).map(|access| cells(&access));
    Ok(changed(&of(before)?, &of(after)?))
}

/// The rights that differ between two sides.
fn changed(old: &BTreeMap<Key, Cell>, new: &BTreeMap<Key, Cell>) -> Vec<Grant> {
    let mut all = Vec::new();
    let none = BTreeSet::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (was, is) = (old.get(key), new.get(key));
        let cluster = (key.0, key.1.clone(), None);
        let [old_cluster, new_cluster] = [old, new].map(|side| side.get(&cluster).map_or(&none, |cell| &cell.rights));
        // Where a namespace is not there, the rights in the whole cluster that namespaces have hold as well.
        let none_of_its_own = |everywhere: &BTreeSet<String>, other: Option<&Cell>| {
            other.map(|other| everywhere.intersection(&other.rights).cloned().collect()).unwrap_or_default()
        };
        let rights = |cell: Option<&Cell>, everywhere: &BTreeSet<String>, other: Option<&Cell>| match (cell, &key.2) {
            (Some(cell), _) => cell.rights.clone(),
            (None, Some(_)) => none_of_its_own(everywhere, other),
            (None, None) => BTreeSet::new(),
        };
        let (before, after) = (rights(was, old_cluster, is), rights(is, new_cluster, was));
        let (mut granted, mut taken) = (words(&after, &before), words(&before, &after));
        if key.2.is_some() {
            granted.retain(|right| !new_cluster.contains(right) || old_cluster.contains(right));
            taken.retain(|right| !old_cluster.contains(right) || new_cluster.contains(right));
        }
        if granted.is_empty() && taken.is_empty() {
            continue;
        }
        let (kind, name, namespace) = key.clone();
        let [level_before, level_after] = [was, is].map(|cell| cell.and_then(|cell| cell.level).unwrap_or(Level::None));
        all.push(Grant { kind, name, namespace, level_before, level_after, granted, taken });
    }
    all
}

/// The rights of one side that the other one has not.
fn words(these: &BTreeSet<String>, those: &BTreeSet<String>) -> Vec<String> {
    these.difference(those).cloned().collect()
}

/// The rights of each subject in each place. In a namespace they hold those in the whole cluster.
fn cells(access: &Access) -> BTreeMap<Key, Cell> {
    let cell = |cell: &access::Cell| Cell { level: Some(cell.level), rights: cell.rights.iter().map(right_in_words).collect() };
    let of = |holder: &access::Holder| {
        let key = |namespace: &Option<String>| (holder.kind, holder.name.clone(), namespace.clone());
        holder.cells.iter().map(|one| (key(&one.namespace), cell(one))).collect::<Vec<_>>()
    };
    access.holders.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(cells: &[(Option<&str>, &[&str])]) -> BTreeMap<Key, Cell> {
        let cell = |(namespace, rights): &(Option<&str>, &[&str])| {
            let rights = rights.iter().map(|right| (*right).to_owned()).collect();
            ((HolderKind::Group, "sre".to_owned(), namespace.map(str::to_owned)), Cell { level: Some(Level::Read), rights })
        };
        cells.iter().map(cell).collect()
    }

    /// Place, rights granted and rights taken.
    fn told(old: &[(Option<&str>, &[&str])], new: &[(Option<&str>, &[&str])]) -> Vec<String> {
        let words =
            |grant: Grant| format!("{} +{} -{}", grant.namespace.unwrap_or_default(), grant.granted.join(","), grant.taken.join(","));
        changed(&side(old), &side(new)).into_iter().map(words).collect()
    }

    #[test]
    fn a_right_that_becomes_one_of_the_whole_cluster_is_not_taken() {
        let here: &[(Option<&str>, &[&str])] = &[(None, &[]), (Some("shop"), &["get"])];
        let everywhere: &[(Option<&str>, &[&str])] = &[(None, &["get"]), (Some("shop"), &["get"])];
        assert_eq!(told(here, everywhere), [" +get -"]);
        assert_eq!(told(everywhere, here), [" + -get"]);
        // What is granted in the whole cluster is told once, and a new namespace has it without a grant.
        let nowhere: &[(Option<&str>, &[&str])] = &[(None, &[]), (Some("shop"), &[])];
        assert_eq!(told(nowhere, everywhere), [" +get -"]);
        assert_eq!(told(&everywhere[..1], &[(None, &["get"]), (Some("shop"), &["get", "list"])]), ["shop +list -"]);
        // Nodes are in no namespace: a namespace that comes or goes grants and takes none.
        let nodes: &[(Option<&str>, &[&str])] = &[(None, &["get", "nodes"]), (Some("shop"), &["get", "list"])];
        assert_eq!(told(&nodes[..1], nodes), ["shop +list -"]);
        assert_eq!(told(nodes, &nodes[..1]), ["shop + -list"]);
    }
}
