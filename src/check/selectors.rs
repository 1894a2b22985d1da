//! Every selector matches pods: those of its own object and no others.

use super::context::TreeContext;
use super::policy_peers::addon_of;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Object, Selector};
use crate::labels::WORKLOAD;
use crate::model::Replication;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::SelectsNothing, Code::SelectsWrongPods], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for (kind, pointer, plain) in [
        ("Service", "/spec/selector", true),
        ("PodDisruptionBudget", "/spec/selector", false),
        ("NetworkPolicy", "/spec/podSelector", false),
    ] {
        for object in context.inventory.of_kind(kind) {
            let Some(value) = object.at(pointer) else { continue };
            let selector = if plain { Selector::of_labels(value) } else { Selector::of(value) };
            // An empty selector of a policy matches the whole namespace; a Service without a selector has endpoints that others write.
            if !selector.is_everything() {
                matched(context, object, pointer, &selector, found);
            }
        }
    }
    for (at, pod) in context.inventory.pods().iter().enumerate() {
        let object = context.inventory.owner(pod);
        let mut own = |pointer: &str, value: &Value| {
            let selector = Selector::of(value);
            let fault = match others(context, object, at, &selector) {
                _ if !selector.matches(&pod.labels) => "does not match its own pods".to_owned(),
                Some(other) => format!("matches the pods of `{other}` too"),
                None => return,
            };
            let message = format!("`{}` of `{}` {fault}", place(pointer), object.id());
            found.push(Finding::new(Code::SelectsWrongPods, object, pointer, message, "select a label that only its own pods have"));
        };
        if let Some(value) = object.at("/spec/selector").filter(|_| object.kind != "Job") {
            own("/spec/selector", value);
        }
        // A foreign tree may spread several objects together.
        if !context.closed {
            continue;
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

/// Another object whose pods the selector matches as well.
fn others(context: &TreeContext, object: &Object, pod: usize, selector: &Selector) -> Option<String> {
    let meant = context.inventory.selected(&object.namespace, selector).into_iter().filter(|number| *number != pod);
    let owners = meant.filter_map(|number| Some(context.inventory.owner(context.inventory.pods().get(number)?).id()));
    // The rule `duplicate-object` reports a second document of the same object.
    owners.into_iter().find(|other| *other != object.id())
}

/// Judges the selector of an object that runs no pods: it matches pods, those of one workload, and its own where it is labelled with a workload.
fn matched(context: &TreeContext, object: &Object, pointer: &str, selector: &Selector, found: &mut Vec<Finding>) {
    let pods = context.inventory.selected(&object.namespace, selector);
    // Charts make pods that are in no document; without a spec nobody says which.
    let is_of_chart = addon_of(context, object).is_some() || context.release(&object.namespace, selector).is_some();
    let comes_later = is_of_chart || (!context.closed && context.is_elsewhere(&object.namespace));
    if pods.is_empty() && object.kind == "NetworkPolicy" && comes_later {
        return;
    }
    let workloads: BTreeSet<&str> =
        pods.iter().filter_map(|number| context.inventory.pods().get(*number)?.labels.get(WORKLOAD).map(String::as_str)).collect();
    let own = object.labels.get(WORKLOAD).map(String::as_str);
    // The Services of a store of several servers lead to its proxies.
    let proxies = own.map(Replication::proxies).filter(|proxies| object.kind == "Service" && workloads.contains(proxies.as_str()));
    let own = proxies.as_deref().or(own);
    let place = place(pointer);
    let (rule, message) = if pods.is_empty() {
        (Code::SelectsNothing, format!("`{place}` of `{}` matches no pod", object.id()))
    } else if let Some(own) = own.filter(|own| workloads.iter().any(|name| name != own)) {
        let other = workloads.iter().find(|name| **name != own).copied().unwrap_or_default();
        (Code::SelectsWrongPods, format!("`{place}` of `{}` matches the pods of `{other}`", object.id()))
    } else if workloads.len() > 1 && object.kind != "NetworkPolicy" {
        (Code::SelectsWrongPods, format!("`{place}` of `{}` matches the pods of several workloads", object.id()))
    } else {
        return;
    };
    found.push(Finding::new(rule, object, pointer, message, "select a label that only its own pods have"));
}
