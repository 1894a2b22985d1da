//! Changes of MySQL and MongoDB stores that the operators of Percona do not make.
//!
//! Sources: `pkg/controller/pxc/users_custom.go` of the Percona Operator for MySQL, which makes databases, users and rights, and takes none away;
//! `pkg/controller/perconaservermongodb/custom_users.go` of that for MongoDB, which makes users, and gives each the roles that the object says.

use super::Change;
use crate::inventory::Object;
use serde_json::Value;
use std::collections::BTreeSet;

/// The changes of a PerconaXtraDBCluster that is there before and after.
pub(super) fn of_mysql(old: &Object, new: &Object) -> Vec<Change> {
    let mut all = Vec::new();
    let (before, after) = (owned(old), owned(new));
    if let (Some((database, owner)), Some((other, new_owner))) = (before, after) {
        all.extend(other_database(database, other));
        if owner != new_owner && names(new).contains(owner) {
            all.push(Change::FormerOwner { user: owner.to_owned(), database: database.to_owned() });
        }
    }
    all.extend(gone(&names(old), &names(new)));
    all
}

/// The changes of a PerconaServerMongoDB that is there before and after. A user belongs to a database, and is named with it: `orders.app`.
pub(super) fn of_mongodb(old: &Object, new: &Object) -> Vec<Change> {
    let database = |object| users(object).find_map(|user| user.get("db")?.as_str());
    let users =
        |object| users(object).filter_map(|user| Some(format!("{}.{}", user.get("db")?.as_str()?, user.get("name")?.as_str()?))).collect();
    let other = database(old).zip(database(new)).and_then(|(from, to)| other_database(from, to));
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (users(old), users(new));
    other.into_iter().chain(gone(&before, &after)).collect()
}

fn other_database(from: &str, to: &str) -> Option<Change> {
    (from != to).then(|| Change::OtherDatabase { from: from.to_owned(), to: to.to_owned() })
}

fn gone<T: Ord + ToString>(before: &BTreeSet<T>, after: &BTreeSet<T>) -> Option<Change> {
    let gone: Vec<String> = before.difference(after).map(ToString::to_string).collect();
    (!gone.is_empty()).then_some(Change::Users(gone))
}

/// The database of a MySQL store, and its owner.
fn owned(object: &Object) -> Option<(&str, &str)> {
    users(object).find_map(|user| Some((user.pointer("/dbs/0")?.as_str()?, user.get("name")?.as_str()?)))
}

fn names(object: &Object) -> BTreeSet<&str> {
    users(object).filter_map(|user| user.get("name")?.as_str()).collect()
}

fn users(object: &Object) -> impl Iterator<Item = &Value> {
    object.items("/spec/users").iter()
}
