//! Changes of a MySQL store that its operator does not make.
//!
//! Source: `pkg/controller/pxc/users_custom.go` of the Percona Operator for MySQL, which makes databases, users and rights, and takes none away.

use super::Change;
use crate::inventory::Object;
use std::collections::BTreeSet;

/// The changes of a PerconaXtraDBCluster that is there before and after.
pub(super) fn changes(old: &Object, new: &Object) -> Vec<Change> {
    let mut all = Vec::new();
    let (before, after) = (owned(old), owned(new));
    if let (Some((database, owner)), Some((other, new_owner))) = (before, after) {
        if database != other {
            all.push(Change::OtherDatabase { from: database.to_owned(), to: other.to_owned() });
        }
        if owner != new_owner && users(new).contains(owner) {
            all.push(Change::FormerOwner { user: owner.to_owned(), database: database.to_owned() });
        }
    }
    let gone: Vec<String> = users(old).difference(&users(new)).map(|user| (*user).to_owned()).collect();
    if !gone.is_empty() {
        all.push(Change::Users(gone));
    }
    all
}

/// The database and its owner.
fn owned(object: &Object) -> Option<(&str, &str)> {
    object.items("/spec/users").iter().find_map(|user| Some((user.pointer("/dbs/0")?.as_str()?, user.get("name")?.as_str()?)))
}

fn users(object: &Object) -> BTreeSet<&str> {
    object.items("/spec/users").iter().filter_map(|user| user.get("name")?.as_str()).collect()
}
