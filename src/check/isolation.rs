//! Every namespace denies traffic in both directions by default, and lets names be resolved.

use super::context::{RegionContext, TreeContext};
use super::policy_peers::selector_of;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Object, Selector};
use crate::model::Addon;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingIsolation], judge: Judge::Region(judge), loosens: true };

pub(super) const FOREIGN: Rule = Rule { codes: &[Code::MissingIsolation], judge: Judge::Tree(foreign), loosens: false };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for namespace in context.platform.namespaces_in(context.region).map(|namespace| namespace.name.as_str()) {
        for direction in ["Ingress", "Egress"] {
            let what = format!("denies {}", direction.to_lowercase());
            if !of_all_pods(&context.tree, namespace).any(|policy| isolates(policy, direction)) {
                found.push(lacking(&context.tree, namespace, "default-deny", &what));
            }
        }
        for protocol in ["UDP", "TCP"] {
            let mut rules = of_all_pods(&context.tree, namespace).flat_map(|policy| policy.items("/spec/egress"));
            if !rules.any(|rule| resolves(rule, protocol)) {
                found.push(lacking(&context.tree, namespace, "allow-dns", &format!("allows DNS over {protocol}")));
            }
        }
    }
}

/// Without a spec: each namespace that the tree declares and runs pods in has a policy for all of its pods, or policies for each of them.
fn foreign(context: &TreeContext, found: &mut Vec<Finding>) {
    for namespace in context.inventory.of_kind("Namespace").filter(|_| !context.closed) {
        let pods = context.inventory.selected(&namespace.name, &Selector::default());
        for direction in ["Ingress", "Egress"] {
            let policies = context.inventory.of_kind("NetworkPolicy").filter(|policy| isolates(policy, direction));
            let own = policies.filter(|policy| policy.namespace == namespace.name);
            let isolated: BTreeSet<usize> =
                own.flat_map(|policy| context.inventory.selected(&policy.namespace, &selector_of(policy))).collect();
            if pods.iter().any(|pod| !isolated.contains(pod)) {
                found.push(lacking(context, &namespace.name, "default-deny", &format!("denies {}", direction.to_lowercase())));
            }
        }
    }
}

fn lacking(context: &TreeContext, namespace: &str, policy: &str, what: &str) -> Finding {
    let message = format!("no network policy of the namespace `{namespace}` {what} for all of its pods");
    let id = format!("NetworkPolicy/{namespace}/{policy}");
    let near = ["NetworkPolicy", "Namespace"].iter().find_map(|kind| match *kind {
        "Namespace" => context.inventory.get(kind, "", namespace),
        kind => context.inventory.get(kind, namespace, policy),
    });
    let help = if context.closed {
        "bring the policy back with `platgen render --force=FILE`"
    } else {
        "add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress, Egress]`"
    };
    Finding::missing(Code::MissingIsolation, &id, message, help).near(near)
}

/// The policies for all pods of a namespace.
fn of_all_pods<'s>(context: &'s TreeContext, namespace: &str) -> impl Iterator<Item = &'s Object> {
    let policies = context.inventory.of_kind("NetworkPolicy");
    policies.filter(move |policy| policy.namespace == namespace && selector_of(policy).is_everything())
}

/// Whether a policy denies a direction by default. One that names no types denies ingress, and egress where it has rules for egress.
fn isolates(policy: &Object, direction: &str) -> bool {
    match policy.items("/spec/policyTypes") {
        [] => direction == "Ingress" || !policy.items("/spec/egress").is_empty(),
        types => types.iter().any(|named| named == direction),
    }
}

/// Whether a rule opens the name service.
fn resolves(rule: &Value, protocol: &str) -> bool {
    let items = |key: &str| rule.get(key).and_then(Value::as_array).into_iter().flatten();
    let is_there = |peer: &Value| {
        let label = |pointer: &str| peer.pointer(pointer).and_then(Value::as_str);
        let (key, value) = Addon::Dns.pods();
        label("/namespaceSelector/matchLabels/kubernetes.io~1metadata.name") == Some(Addon::Dns.namespace())
            && label(&format!("/podSelector/matchLabels/{}", key.replace('/', "~1"))) == Some(value)
    };
    let is_open = |port: &Value| {
        port.get("port").and_then(Value::as_u64) == Some(53) && port.get("protocol").and_then(Value::as_str) == Some(protocol)
    };
    items("to").any(is_there) && items("ports").any(is_open)
}
