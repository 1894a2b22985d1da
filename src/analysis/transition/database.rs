//! Changes of a Cluster of CloudNativePG that its operator refuses, ignores, or makes with an outage.
//!
//! Source: `validateClusterChanges` in its `internal/webhook/v1/cluster_webhook.go`; "PostgreSQL upgrades" in its documentation.

use super::Change;
use crate::inventory::Object;
use crate::kinds::Operator;
use crate::value::Image;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const IMAGE: &str = Operator::CloudNativePg.facts().release.pointer();
const SETTINGS: &str = "/spec/postgresql/parameters";

/// What is read when the database is made, and never again.
const ONCE: [&str; 2] = ["/spec/bootstrap/initdb/database", "/spec/bootstrap/initdb/owner"];

/// The changes of a Cluster that is there before and after.
pub(super) fn changes(old: &Object, new: &Object) -> Vec<Change> {
    let mut all = Vec::new();
    if let (Some(from), Some(to)) = (major(old), major(new))
        && to > from
    {
        all.push(Change::Upgrade { from, to });
    }
    let switches = new.text("/spec/primaryUpdateMethod") == "switchover";
    if switches && old.at(IMAGE) != new.at(IMAGE) && old.at(SETTINGS) != new.at(SETTINGS) {
        all.push(Change::TwoSteps { settings: merge(old.at(SETTINGS), new.at(SETTINGS)).to_string() });
    }
    all.extend(ONCE.into_iter().filter(|field| old.at(field) != new.at(field)).map(Change::ReadOnce));
    let (before, after) = (users(old), users(new));
    let gone: Vec<String> = before.difference(&after).map(|user| (*user).to_owned()).collect();
    if !gone.is_empty() {
        all.push(Change::Users(gone));
    }
    all
}

/// The patch that makes the new settings of the old ones: a setting that is gone is null.
fn merge(old: Option<&Value>, new: Option<&Value>) -> Value {
    let entries = |map: Option<&Value>| map.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut patch: BTreeMap<String, Value> = entries(old).into_iter().map(|(key, _)| (key, Value::Null)).collect();
    patch.extend(entries(new));
    patch.into_iter().collect()
}

/// The major version: the number at the start of the tag.
fn major(object: &Object) -> Option<u32> {
    object.text(IMAGE).parse::<Image>().ok()?.tag()?.major()
}

fn users(object: &Object) -> BTreeSet<&str> {
    object.items("/spec/managed/roles").iter().filter_map(|role| role.get("name")?.as_str()).collect()
}
