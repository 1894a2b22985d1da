//! The probes, requests, limits, disruption budgets, quotas and admission policies that the spec renders are in the files.
//!
//! An API server takes objects without them, and nothing else shows that they are gone until a node is drained or a program hangs. Whether a value
//! differs from the spec is a question for `platgen render --check`; a guard that is gone is a finding of its own.

use super::context::{Container, RegionContext, TreeContext, text};
use super::policy_peers::selector;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::guard::IDENTITY_NAMESPACE;
use crate::inventory::Object;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingGuard], judge: Judge::Edits(judge), loosens: false };

/// The guards in a container, by pointer.
const OF_CONTAINERS: [&str; 7] = [
    "/readinessProbe",
    "/livenessProbe",
    "/startupProbe",
    "/resources/limits/memory",
    "/resources/limits/cpu",
    "/resources/requests/memory",
    "/resources/requests/cpu",
];

const HELP: &str = "bring it back with `platgen render --force=FILE`, or remove it in the spec";

fn judge(context: &RegionContext, rendered: &RegionContext, found: &mut Vec<Finding>) {
    let key = |container: &Container| (container.object.id(), text(container.value, "/name").to_owned());
    let wanted: BTreeMap<_, _> = rendered.tree.containers().map(|container| (key(&container), container.value)).collect();
    for container in context.tree.containers() {
        let Some(wanted) = wanted.get(&key(&container)) else { continue };
        let is_lost = |pointer: &&&str| is_set(wanted.pointer(pointer)) && !is_set(container.value.pointer(pointer));
        for pointer in OF_CONTAINERS.iter().filter(is_lost) {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            let message = format!("{} has no `{field}`, which the spec renders", container.shown());
            found.push(container.finding(Code::MissingGuard, pointer, message, HELP));
        }
    }
    lost_policies(context, rendered, found);
    for kind in ["LimitRange", "PodDisruptionBudget", "ResourceQuota"] {
        for wanted in rendered.tree.inventory.of_kind(kind) {
            match context.tree.inventory.get(kind, &wanted.namespace, &wanted.name) {
                Some(object) => found.extend(lost_quota(wanted, object)),
                None => found.extend(guarded(&context.tree, wanted).map(|guarded| {
                    let message = format!("`{}` is missing, which guards `{}`", wanted.id(), guarded.id());
                    Finding::missing(Code::MissingGuard, &wanted.id(), message, HELP).near(Some(guarded))
                })),
            }
        }
    }
}

/// What keeps other environments out of the cluster, and is gone: its identity, an admission policy, or a binding that denies.
fn lost_policies(context: &RegionContext, rendered: &RegionContext, found: &mut Vec<Finding>) {
    let inventory = &context.tree.inventory;
    let kinds = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];
    let identity = rendered.tree.inventory.get("Namespace", "", IDENTITY_NAMESPACE);
    for wanted in kinds.iter().flat_map(|kind| rendered.tree.inventory.of_kind(kind)).chain(identity) {
        let Some(object) = inventory.get(&wanted.kind, &wanted.namespace, &wanted.name) else {
            let message = format!("`{}` is missing, which guards the cluster against objects of other environments", wanted.id());
            let near = inventory.get("Namespace", "", IDENTITY_NAMESPACE);
            found.push(Finding::missing(Code::MissingGuard, &wanted.id(), message, HELP).near(near));
            continue;
        };
        let denies = |object: &Object| object.items("/spec/validationActions").iter().any(|action| action == "Deny");
        if denies(wanted) && !denies(object) {
            let message = format!("`{}` does not deny, so that its policy refuses nothing", object.id());
            found.push(Finding::new(Code::MissingGuard, object, "/spec/validationActions", message, HELP));
        }
    }
}

fn is_set(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null())
}

/// A resource that a quota no longer limits.
fn lost_quota(wanted: &Object, object: &Object) -> Option<Finding> {
    let limits = |object: &Object, key: &str| is_set(object.at("/spec/hard").and_then(|hard| hard.get(key)));
    let hard = wanted.at("/spec/hard").and_then(Value::as_object)?;
    let key = hard.keys().find(|key| !limits(object, key))?;
    let message = format!("`{}` does not limit `{key}`, which the spec limits", object.id());
    Some(Finding::new(Code::MissingGuard, object, "/spec/hard", message, HELP))
}

/// The object that a missing guard is for: the namespace, or the workload that a budget selects. None where that is missing as well.
fn guarded<'s>(context: &'s TreeContext, guard: &Object) -> Option<&'s Object> {
    if guard.kind != "PodDisruptionBudget" {
        return context.inventory.get("Namespace", "", &guard.namespace);
    }
    let pods = context.inventory.selected(&guard.namespace, &selector(guard.at("/spec")?, "selector")?);
    Some(context.inventory.owner(context.inventory.pods().get(*pods.first()?)?))
}
