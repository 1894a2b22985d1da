//! Presence: a rollout takes no pod away before another stands in its place, unless two of them would hold different data, and who waits for whom when nodes are full.
//!
//! The values of priorities are the renderer's business. Judged is the order: jobs wait for apps, apps for those that answer people with everything that
//! they call, and all wait for stores.

use super::Finding;
use super::context::{RegionContext, Running};
use platgen::inventory::Object;
use platgen::model::{Kind, Peer, Region, Workload};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn rollouts(context: &RegionContext, found: &mut Vec<Finding>) {
    for Running { workload, object, .. } in context.running() {
        let (strategy, most) = match workload.kind {
            Kind::Deployment => ("/spec/strategy", 0),
            Kind::StatefulSet | Kind::DaemonSet => ("/spec/updateStrategy", 1),
            Kind::CronJob(_) | Kind::Job { .. } | Kind::Operated(_) | Kind::Restored(_) => continue,
        };
        if context.is_patched(object, strategy) {
            continue;
        }
        // A single pod of a store that has its data in memory.
        if matches!(workload.kind, Kind::Deployment) && workload.store.is_some() && workload.replicas == (1, 1) {
            if object.text(&format!("{strategy}/type")) != "Recreate" {
                found.push(context.finding(
                    "unsafe-rollout",
                    object,
                    format!("a rollout of `{}` runs two pods with different data", object.id()),
                ));
            }
            continue;
        }
        let step = object.at(&format!("{strategy}/rollingUpdate/maxUnavailable"));
        // A StatefulSet and a DaemonSet replace one pod at a time unless they are told otherwise; a Deployment a quarter of them.
        let away = match step {
            None => most == 1,
            Some(step) => step.as_u64().is_some_and(|step| step <= most),
        };
        let rolls = matches!(object.text(&format!("{strategy}/type")), "" | "RollingUpdate");
        if !(away && rolls) {
            let message = match most {
                0 => format!("a rollout of `{}` takes pods away before others are ready", object.id()),
                _ => format!("a rollout of `{}` does not replace one pod after the other", object.id()),
            };
            found.push(context.finding("unsafe-rollout", object, message));
        }
    }
}

/// Who goes first: the higher waits for nobody below it.
fn rank(workload: &Workload, needed: &BTreeSet<String>) -> u8 {
    match workload.kind {
        _ if workload.is_store() => 3,
        Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => 0,
        _ if needed.contains(&key(workload)) => 2,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Operated(_) => 1,
    }
}

fn key(workload: &Workload) -> String {
    format!("{}/{}", workload.namespace, workload.name)
}

/// The workloads that answer people or serve a node, and every workload that they call: callees are added until there is none left.
fn needed(region: &Region) -> BTreeSet<String> {
    let first = region.workloads.values().filter(|one| matches!(one.kind, Kind::DaemonSet) || !one.exposures.is_empty());
    let mut needed: BTreeSet<String> = first.map(key).collect();
    let end = |peer: &Peer| region.workload_of(peer).map(key);
    let calls: Vec<(String, String)> = region.flows.iter().filter_map(|flow| Some((end(&flow.from)?, end(&flow.to)?))).collect();
    loop {
        let known = needed.len();
        let more: Vec<String> = calls.iter().filter(|(from, _)| needed.contains(from)).map(|(_, to)| to.clone()).collect();
        needed.extend(more);
        if needed.len() == known {
            return needed;
        }
    }
}

pub(super) fn priorities(context: &RegionContext, found: &mut Vec<Finding>) {
    let classes: BTreeMap<&str, &Object> = context.inventory.of_kind("PriorityClass").map(|class| (class.name.as_str(), class)).collect();
    let value = |class: &Object| class.at("/value").and_then(|value| value.as_i64());
    let needed = needed(context.region);
    let rank = |workload| rank(workload, &needed);
    // By rank: the most that its pods are worth.
    let mut worth: BTreeMap<u8, i64> = BTreeMap::new();
    let mut ranked = Vec::new();
    for Running { workload, object, pod } in context.running() {
        let place = format!("{}/priorityClassName", pod.spec());
        if context.is_patched(object, &place) {
            continue;
        }
        let name = object.text(&place);
        if name.is_empty() {
            found.push(context.finding("wrong-priority", object, format!("the pods of `{}` have no priority", object.id())));
        }
        let Some(class) = classes.get(name) else { continue };
        let Some(value) = value(class) else {
            found.push(context.finding("wrong-priority", class, format!("`{}` has no value", class.id())));
            continue;
        };
        ranked.push((rank(workload), value, object));
        let most = worth.entry(rank(workload)).or_insert(value);
        *most = value.max(*most);
        if rank(workload) == 0 && class.text("/preemptionPolicy") != "Never" && !context.is_changed(class) {
            let message = format!("jobs of `{}` take the place of what runs", class.id());
            found.push(context.finding("wrong-priority", class, message));
        }
    }
    for (rank, value, object) in ranked {
        let below = worth.range(..rank).any(|(_, most)| *most >= value);
        if below || worth.get(&rank).is_some_and(|most| value < *most) {
            let message = format!("others go before the pods of `{}` that should not", object.id());
            found.push(context.finding("wrong-priority", object, message));
        }
    }
    for class in
        classes.values().filter(|class| class.at("/globalDefault").is_some_and(|value| value == true) && !context.is_changed(class))
    {
        let message = format!("`{}` is the priority of pods that name none", class.id());
        found.push(context.finding("wrong-priority", class, message));
    }
}
