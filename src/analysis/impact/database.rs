//! Databases of CloudNativePG: what its operator refuses, restarts and never takes back when their documents change.
//!
//! Source: "Rolling Updates" in its documentation and `isPodNeedingRollout` in its `internal/controller/cluster_upgrade.go`.

use super::difference::Difference;
use super::when::When;
use crate::analysis::transition::database::changes;
use crate::analysis::transition::{self, Loss};
use crate::inventory::Object;
use crate::kinds;

/// Fields whose change replaces the servers one by one.
const ROLLING: [&str; 10] = [
    "spec.affinity",
    "spec.env",
    "spec.imageCatalogRef",
    "spec.imageName",
    "spec.postgresql.extensions",
    "spec.priorityClassName",
    "spec.projectedVolumeTemplate",
    "spec.resources",
    "spec.schedulerName",
    "spec.topologySpreadConstraints",
];

/// The settings of PostgreSQL, of which some need a restart.
const SETTINGS: &str = "spec.postgresql.parameters";

/// Whether an operator makes the pods of an object.
pub(super) fn is_operated(object: &Object) -> bool {
    kinds::operated(&object.api, &object.kind).is_some()
}

/// Why the operator refuses to change a database into another.
pub(super) fn refusal(old: &Object, new: &Object) -> Option<String> {
    let of = |change: transition::Change| match change {
        transition::Change::LosesData(Loss::Downgrade(from, to), _) => Some(format!("to go from PostgreSQL {from} back to {to}")),
        transition::Change::LosesData(Loss::Claim(field), _) => Some(format!("to shrink `{}`", dotted(field))),
        transition::Change::TwoSteps { .. } => Some("a new image together with new settings".to_owned()),
        _ => None,
    };
    let refused = is_operated(old).then(|| changes(old, new).into_iter().find_map(of)).flatten()?;
    Some(format!("its operator refuses {refused}"))
}

/// When a change of a database takes effect, and on what.
pub(super) fn effect(new: &Object, old: Option<&Object>, differences: &[Difference]) -> (When, String) {
    let Some(old) = old else { return (When::AtOnce, "starts database servers".to_owned()) };
    let is_in = |one: &Difference, field: &str| {
        one.field.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) || rest.starts_with("From"))
    };
    let rolls = differences.iter().any(|one| ROLLING.iter().any(|field| is_in(one, field)));
    let sets = differences.iter().any(|one| is_in(one, SETTINGS));
    let mut said = Vec::new();
    for change in changes(old, new) {
        match change {
            transition::Change::Upgrade { from, to } => said.push(format!("goes from PostgreSQL {from} to {to}, with all servers stopped")),
            transition::Change::ReadOnce(field) => said.push(format!("ignores `{}`, which was read when it was made", dotted(field))),
            transition::Change::Users(users) => {
                let names = users.join(", ");
                said.push(match users.len() {
                    1 => format!("the user {names} stays in the database"),
                    _ => format!("the users {names} stay in the database"),
                });
            }
            _ => {}
        }
    }
    match (rolls, sets) {
        (true, _) => said.insert(0, "replaces its servers".to_owned()),
        (false, true) => said.insert(0, "restarts its servers where a setting needs that".to_owned()),
        (false, false) => said.insert(0, "replaces no server".to_owned()),
    }
    (if rolls { When::Rollout } else { When::AtOnce }, said.join("; "))
}

/// Why the files of the cluster can't bring a database back: it runs another major version by then.
pub(super) fn upgrade(old: &Object, new: &Object) -> Option<String> {
    let upgraded = |change| match change {
        transition::Change::Upgrade { from, to } => Some((from, to)),
        _ => None,
    };
    let (from, to) = is_operated(old).then(|| changes(old, new).into_iter().find_map(upgraded)).flatten()?;
    Some(format!("{} goes from PostgreSQL {from} to {to}, and its operator refuses to go back", old.id()))
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
