//! Changes of the servers of a Kafka store that Strimzi refuses.
//!
//! Sources: "Limitations with static controller quorums" in its documentation; `revertScaleDown` in
//! `cluster-operator/src/main/java/io/strimzi/operator/cluster/operator/assembly/KafkaClusterCreator.java`.

use super::Change;
use crate::inventory::Object;
use serde_json::Value;

/// The change of the number of servers of a KafkaNodePool that is there before and after.
pub(super) fn servers(old: &Object, new: &Object) -> Option<Change> {
    let number = |object: &Object| object.at("/spec/replicas").and_then(Value::as_u64).unwrap_or(0);
    let votes = |object: &Object| object.items("/spec/roles").iter().any(|role| role == "controller");
    let (from, to) = (number(old), number(new));
    let voters = |object: &Object, servers: u64| if votes(object) { servers } else { 0 };
    if voters(old, from) != voters(new, to) {
        return Some(Change::Voters { from: voters(old, from), to: voters(new, to) });
    }
    (to < from).then_some(Change::Emptied { from, to })
}
