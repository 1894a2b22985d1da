//! Stores that an operator runs: what the operator refuses, restarts and never takes back when their documents change.
//!
//! Sources: "Rolling Updates" in the documentation of CloudNativePG and `isPodNeedingRollout` in its `internal/controller/cluster_upgrade.go`;
//! `internal/controller/reconcile_cli.go` and `internal/resource/statefulset.go` of the RabbitMQ Cluster Operator; `KafkaCluster` and
//! `KafkaReconciler` of Strimzi; `pkg/pxc/statefulset.go` of the Percona Operator for MySQL; `pkg/psmdb/statefulset.go`
//! and `pkg/psmdb/container.go` of that for MongoDB.

use super::difference::Difference;
use super::when::When;
use crate::analysis::transition::{self, Loss, of_operator};
use crate::inventory::Object;
use crate::kinds::{self, Operated, Operator};

/// Fields whose change replaces the servers one by one, and the settings of which some need a restart.
fn restarting(operator: Operator) -> (&'static [&'static str], Option<&'static str>) {
    match operator {
        Operator::CloudNativePg => (
            &[
                "spec.affinity",
                "spec.env",
                "spec.imageCatalogRef",
                "spec.imageName",
                "spec.plugins",
                "spec.postgresql.extensions",
                "spec.priorityClassName",
                "spec.projectedVolumeTemplate",
                "spec.resources",
                "spec.schedulerName",
                "spec.topologySpreadConstraints",
            ],
            Some("spec.postgresql.parameters"),
        ),
        // The file of the settings is read at the start.
        Operator::PerconaMongodb => (
            &[
                "spec.crVersion",
                "spec.image",
                "spec.imagePullPolicy",
                "spec.imagePullSecrets",
                "spec.initContainerSecurityContext",
                "spec.initImage",
                "spec.replsets[rs0].affinity",
                "spec.replsets[rs0].annotations",
                "spec.replsets[rs0].configuration",
                "spec.replsets[rs0].containerSecurityContext",
                "spec.replsets[rs0].labels",
                "spec.replsets[rs0].podSecurityContext",
                "spec.replsets[rs0].priorityClassName",
                "spec.replsets[rs0].resources",
                "spec.replsets[rs0].terminationGracePeriodSeconds",
                "spec.replsets[rs0].tolerations",
                "spec.tls",
            ],
            None,
        ),
        // The fields of the servers, then those of the proxies. The file of the settings is read at the start.
        Operator::PerconaMysql => (
            &[
                "spec.crVersion",
                "spec.initContainer",
                "spec.pxc.affinity",
                "spec.pxc.annotations",
                "spec.pxc.configuration",
                "spec.pxc.containerSecurityContext",
                "spec.pxc.gracePeriod",
                "spec.pxc.image",
                "spec.pxc.labels",
                "spec.pxc.podSecurityContext",
                "spec.pxc.priorityClassName",
                "spec.pxc.resources",
                "spec.pxc.tolerations",
                "spec.haproxy.affinity",
                "spec.haproxy.annotations",
                "spec.haproxy.containerSecurityContext",
                "spec.haproxy.image",
                "spec.haproxy.labels",
                "spec.haproxy.podSecurityContext",
                "spec.haproxy.priorityClassName",
                "spec.haproxy.resources",
                "spec.haproxy.sidecarResources",
                "spec.haproxy.tolerations",
                "spec.haproxy.topologySpreadConstraints",
            ],
            None,
        ),
        // The file of the settings is read at the start.
        Operator::Rabbitmq => (
            &[
                "spec.affinity",
                "spec.delayStartSeconds",
                "spec.image",
                "spec.override.statefulSet.spec.template",
                "spec.rabbitmq.additionalConfig",
                "spec.rabbitmq.advancedConfig",
                "spec.rabbitmq.envConfig",
                "spec.resources",
                "spec.secretBackend",
                "spec.terminationGracePeriodSeconds",
                "spec.tls",
                "spec.tolerations",
            ],
            None,
        ),
        // The fields of a Kafka, then those of its pools. The operator puts their labels on pods. The operator's own network policy names the callers.
        Operator::Strimzi => (
            &[
                "metadata.labels",
                "spec.kafka.authorization",
                "spec.kafka.image",
                "spec.kafka.listeners[plain].authentication",
                "spec.kafka.listeners[plain].configuration",
                "spec.kafka.listeners[plain].port",
                "spec.kafka.listeners[plain].tls",
                "spec.kafka.listeners[plain].type",
                "spec.kafka.rack",
                "spec.kafka.template",
                "spec.kafka.version",
                "spec.jvmOptions",
                "spec.resources",
                "spec.roles",
                "spec.template.initContainer",
                "spec.template.kafkaContainer",
                "spec.template.pod",
            ],
            Some("spec.kafka.config"),
        ),
    }
}

/// The object of which an operator makes servers, if another one says how: the Kafka of a KafkaNodePool.
pub(super) fn served(object: &Object) -> Option<String> {
    let facts = kinds::servers(&object.api, &object.kind).filter(|facts| facts.kind != object.kind)?;
    Some(format!("{}/{}/{}", facts.kind, object.namespace, object.labels.get(facts.label)?))
}

/// What an operator makes servers of, by the object itself or by the one that says how many.
fn facts(object: &Object) -> Option<&'static Operated> {
    kinds::operated(&object.api, &object.kind).or_else(|| kinds::servers(&object.api, &object.kind))
}

/// Whether an operator makes the pods of an object.
pub(super) fn is_operated(object: &Object) -> bool {
    facts(object).is_some()
}

/// Why a cluster does not take the new object. CloudNativePG has a webhook that refuses objects; the others do not act on them.
pub(super) fn refusal(old: &Object, new: &Object) -> Option<String> {
    let of = |change: transition::Change| match change {
        transition::Change::LosesData(Loss::Downgrade { engine, from, to }, _) => Some(format!("to go from {engine} {from} back to {to}")),
        transition::Change::LosesData(Loss::Claim(field), _) => Some(format!("to shrink `{}`", dotted(field))),
        transition::Change::TwoSteps { .. } => Some("a new image together with new settings".to_owned()),
        _ => None,
    };
    let asks = match facts(old)?.operator {
        Operator::CloudNativePg => true,
        Operator::PerconaMongodb | Operator::PerconaMysql | Operator::Rabbitmq | Operator::Strimzi => false,
    };
    let refused = of_operator(old, new).into_iter().filter(|_| asks).find_map(of)?;
    Some(format!("its operator refuses {refused}"))
}

/// When a change of a database takes effect, and on what.
pub(super) fn effect(new: &Object, old: Option<&Object>, differences: &[Difference]) -> (When, String) {
    let Some((old, operated)) = old.zip(facts(new)) else {
        return (When::AtOnce, "starts the servers of a store".to_owned());
    };
    let (rolling, settings) = restarting(operated.operator);
    let is_in = |one: &Difference, field: &str| {
        one.field.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']) || rest.starts_with("From"))
    };
    let rolls = differences.iter().any(|one| rolling.iter().any(|field| is_in(one, field)));
    let sets = settings.is_some_and(|settings| differences.iter().any(|one| is_in(one, settings)));
    let mut said = Vec::new();
    for change in of_operator(old, new) {
        match change {
            transition::Change::Upgrade { from, to } => said.push(format!("goes from PostgreSQL {from} to {to}, with all servers stopped")),
            transition::Change::Fewer { from, .. } => {
                said.push(format!("its operator removes no servers, and makes no change until {from} are asked for again"));
            }
            transition::Change::Emptied { from, .. } => {
                said.push(format!("its operator runs all {from} servers until those that leave are empty"))
            }
            transition::Change::Voters { .. } => said.push("its operator makes quorums of a fixed size: the store can fail".to_owned()),
            transition::Change::LosesData(Loss::Claim(field), _) => {
                said.push(format!("its operator does not shrink `{}`, and makes no change until the size is back", dotted(field)));
            }
            transition::Change::LosesData(Loss::Downgrade { engine, from, to }, _) => {
                said.push(format!("{engine} {to} does not start on the data of {from}"));
            }
            transition::Change::TakesOver => said.push("takes writes, beside the database that it followed".to_owned()),
            transition::Change::LosesData(Loss::Standby, _) => {
                said.push("stops taking writes, and follows other backups in place of its data".to_owned())
            }
            transition::Change::ReadOnce(field) => said.push(format!("ignores `{}`, which was read when it was made", dotted(field))),
            transition::Change::OtherDatabase { from, to } => said.push(format!("makes the database {to} beside {from}, empty")),
            transition::Change::FormerOwner { user, database } => said.push(format!("{user} keeps every right to {database}")),
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

/// Why the files of the cluster can't bring a store back: it runs a newer series by then, or has larger volumes.
pub(super) fn obstacle(old: &Object, new: &Object) -> Option<String> {
    let back = |change| match change {
        transition::Change::LosesData(Loss::Downgrade { engine, from, to }, _) => {
            Some(format!("{} goes from {engine} {to} to {from}, and can't go back", old.id()))
        }
        transition::Change::LosesData(Loss::Claim(field), _) => {
            Some(format!("the volumes of {} grow from {} to {}, and can't shrink", old.id(), old.text(field), new.text(field)))
        }
        _ => None,
    };
    let all: Vec<String> = of_operator(new, old).into_iter().filter_map(back).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}
