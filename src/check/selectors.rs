//! Closed-world rules about selectors: each means pods, its own and no others; and budgets let pods go.

use super::Finding;
use super::scene::{Scene, WORKLOAD};
use crate::diagnostic::Code;
use crate::inventory::{Object, Selector};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    for (kind, pointer, plain) in [
        ("Service", "/spec/selector", true),
        ("PodDisruptionBudget", "/spec/selector", false),
        ("NetworkPolicy", "/spec/podSelector", false),
    ] {
        for object in scene.inventory.of_kind(kind) {
            let Some(value) = object.at(pointer) else { continue };
            let selector = if plain { Selector::of_labels(value) } else { Selector::of(value) };
            // An empty selector of a policy means the whole namespace; of a Service, that somebody else names its endpoints.
            if !selector.is_everything() {
                means(scene, object, pointer, &selector, found);
            }
        }
    }
    for (at, pod) in scene.inventory.pods().iter().enumerate() {
        let object = scene.inventory.owner(pod);
        let mut own = |pointer: &str, value: &Value| {
            let selector = Selector::of(value);
            let fault = match others(scene, object, at, &selector) {
                _ if !selector.matches(&pod.labels) => "does not mean its own pods".to_owned(),
                Some(other) => format!("means the pods of `{other}` too"),
                None => return,
            };
            let message = format!("`{}` of `{}` {fault}", place(pointer), object.id());
            found.push(scene.finding(Code::SelectsWrongPods, object, message, "select the label that only its own pods have"));
        };
        if let Some(value) = object.at("/spec/selector").filter(|_| object.kind != "Job") {
            own("/spec/selector", value);
        }
        for (number, constraint) in object.items(&format!("{}/topologySpreadConstraints", pod.spec())).iter().enumerate() {
            if let Some(value) = constraint.get("labelSelector") {
                own(&format!("{}/topologySpreadConstraints/{number}/labelSelector", pod.spec()), value);
            }
        }
        let apart = format!("{}/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution", pod.spec());
        for (number, term) in object.items(&apart).iter().enumerate() {
            if let Some(value) = term.pointer("/podAffinityTerm/labelSelector") {
                own(&format!("{apart}/{number}/podAffinityTerm/labelSelector"), value);
            }
        }
    }
}

/// A pointer as people write it.
fn place(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// Another object whose pods the selector means as well.
fn others(scene: &Scene, object: &Object, pod: usize, selector: &Selector) -> Option<String> {
    let meant = scene.inventory.selected(&object.namespace, selector);
    let other = meant.into_iter().find(|number| *number != pod)?;
    Some(scene.inventory.owner(scene.inventory.pods().get(other)?).id())
}

/// What a selector means: something, and the pods of one workload, which is the object's own.
fn means(scene: &Scene, object: &Object, pointer: &str, selector: &Selector, found: &mut Vec<Finding>) {
    let pods = scene.inventory.selected(&object.namespace, selector);
    let workloads: BTreeSet<&str> =
        pods.iter().filter_map(|number| scene.inventory.pods().get(*number)?.labels.get(WORKLOAD).map(String::as_str)).collect();
    let own = object.labels.get(WORKLOAD).map(String::as_str);
    let place = place(pointer);
    let (rule, message) = if pods.is_empty() {
        (Code::SelectsNothing, format!("`{place}` of `{}` means no pod", object.id()))
    } else if let Some(own) = own.filter(|own| workloads.iter().any(|name| name != own)) {
        let other = workloads.iter().find(|name| **name != own).copied().unwrap_or_default();
        (Code::SelectsWrongPods, format!("`{place}` of `{}` means the pods of `{other}`", object.id()))
    } else if workloads.len() > 1 && object.kind != "NetworkPolicy" {
        (Code::SelectsWrongPods, format!("`{place}` of `{}` means the pods of several workloads", object.id()))
    } else {
        return;
    };
    found.push(scene.finding(rule, object, message, "select the label that only its own pods have"));
}

/// Budgets that keep a node from being drained.
pub(super) fn budgets(scene: &Scene, found: &mut Vec<Finding>) {
    let mut budgeted: BTreeMap<usize, String> = BTreeMap::new();
    for object in scene.inventory.of_kind("PodDisruptionBudget") {
        let selector = object.at("/spec/selector").map(Selector::of).unwrap_or_default();
        let pods = scene.inventory.selected(&object.namespace, &selector);
        let replicas = pods.iter().filter_map(|number| replicas(scene, *number)).min();
        let zero = |pointer: &str| {
            let value = object.at(pointer)?;
            Some(value.as_i64().or_else(|| value.as_str()?.strip_suffix('%')?.parse().ok())? == 0)
        };
        let all = |value: &Value| match (value.as_i64(), value.as_str()) {
            (Some(least), _) => replicas.is_some_and(|replicas| least >= replicas),
            (_, Some(share)) => share == "100%",
            _ => false,
        };
        let help = "let one pod be away with `maxUnavailable: 1`";
        if zero("/spec/maxUnavailable") == Some(true) || object.at("/spec/minAvailable").is_some_and(all) {
            found.push(scene.finding(Code::BlockedEviction, object, format!("`{}` lets no pod go", object.id()), help));
        }
        for number in pods {
            if let Some(other) = budgeted.insert(number, object.id()) {
                let message = format!("`{}` and `{other}` are about the same pods, so neither lets one go", object.id());
                found.push(scene.finding(Code::BlockedEviction, object, message, "keep one of them"));
                break;
            }
        }
    }
}

/// The fewest pods that the owner of a template runs; none where that is not known.
fn replicas(scene: &Scene, number: usize) -> Option<i64> {
    let owner = scene.inventory.owner(scene.inventory.pods().get(number)?);
    let fixed = owner.at("/spec/replicas").and_then(Value::as_i64);
    fixed.or_else(|| {
        let scalers = scene.inventory.of_kind("HorizontalPodAutoscaler");
        let own = |scaler: &&Object| {
            scaler.namespace == owner.namespace
                && scaler.text("/spec/scaleTargetRef/name") == owner.name
                && scaler.text("/spec/scaleTargetRef/kind") == owner.kind
        };
        // The autoscaler usually has the name of what it scales.
        let direct = scene.inventory.get("HorizontalPodAutoscaler", &owner.namespace, &owner.name).filter(own);
        direct.or_else(|| scalers.into_iter().find(own)).and_then(|scaler| scaler.at("/spec/minReplicas")?.as_i64())
    })
}
