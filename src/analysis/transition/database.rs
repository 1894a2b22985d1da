//! Changes of a Cluster of CloudNativePG that its operator refuses, ignores, or makes with an outage, and backups that are deleted earlier than before.
//!
//! Source: `validateClusterChanges` in its `internal/webhook/v1/cluster_webhook.go`; "PostgreSQL upgrades" in its documentation.
//! "Retention policies" in that of the Barman Cloud plugin, which deletes after each backup what the policy does not ask for.

use super::{Change, Loss};
use crate::inventory::Object;
use crate::kinds::Operator;
use crate::value::Image;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const IMAGE: &str = Operator::CloudNativePg.facts().release.pointer();
const SETTINGS: &str = "/spec/postgresql/parameters";

/// For how long an ObjectStore keeps backups.
const RETENTION: &str = "/spec/retentionPolicy";

/// Whether a Cluster is a standby.
const FOLLOWS: &str = "/spec/replica/enabled";

/// What is read when the database is made, and never again.
const ONCE: [&str; 2] = ["/spec/bootstrap/initdb/database", "/spec/bootstrap/initdb/owner"];

/// The changes of a Cluster that is there before and after.
pub(super) fn changes(old: &Object, new: &Object) -> Vec<Change> {
    // A standby is made otherwise, and has the users of the database that it follows.
    let is_standby = |object: &Object| object.at(FOLLOWS) == Some(&Value::Bool(true));
    match (is_standby(old), is_standby(new)) {
        (true, false) => return vec![Change::TakesOver],
        (false, true) => return vec![Change::LosesData(Loss::Standby, Vec::new())],
        _ => {}
    }
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

/// The backups that are deleted because an ObjectStore keeps them for a shorter time.
pub(super) fn backups(old: &Object, new: &Object) -> Option<Change> {
    let (from, to) = (old.text(RETENTION), new.text(RETENTION));
    let is_shorter = match (days(from), days(to)) {
        (Some(from), Some(to)) => to < from,
        // Without a policy nobody deletes from here: a standby and a restore test read what others keep.
        (None, _) | (Some(_), None) => false,
    };
    (old.kind == "ObjectStore" && is_shorter)
        .then(|| Change::LosesData(Loss::Backups { from: from.to_owned(), to: to.to_owned() }, Vec::new()))
}

/// The days of a policy: a number and `d`, `w` or `m`.
fn days(policy: &str) -> Option<u64> {
    let number = policy.get(..policy.len().checked_sub(1)?)?.parse::<u64>().ok()?;
    let unit = match policy.chars().last()? {
        'd' => 1,
        'w' => 7,
        'm' => 31,
        _ => return None,
    };
    number.checked_mul(unit)
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
