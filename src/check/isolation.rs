//! Every namespace denies traffic in both directions by default, and lets names be resolved.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Object, Selector};
use crate::model::Addon;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingIsolation], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let mut whole: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for policy in context.tree.inventory.of_kind("NetworkPolicy") {
        if policy.at("/spec/podSelector").is_none_or(|value| Selector::of(value).is_everything()) {
            whole.entry(&policy.namespace).or_default().push(policy);
        }
    }
    for namespace in context.platform.namespaces.keys() {
        let policies = whole.get(namespace.as_str()).map_or(&[][..], Vec::as_slice);
        let denies = |way: &str| policies.iter().any(|policy| policy.items("/spec/policyTypes").iter().any(|kind| kind == way));
        let resolves =
            |protocol: &str| policies.iter().flat_map(|policy| policy.items("/spec/egress")).any(|rule| resolves(rule, protocol));
        let lacks = [
            ("default-deny", denies("Ingress"), "denies ingress"),
            ("default-deny", denies("Egress"), "denies egress"),
            ("allow-dns", resolves("UDP"), "allows DNS over UDP"),
            ("allow-dns", resolves("TCP"), "allows DNS over TCP"),
        ];
        for (name, _, what) in lacks.into_iter().filter(|(_, there, _)| !there) {
            let message = format!("no network policy of the namespace `{namespace}` {what} for all of its pods");
            let id = format!("NetworkPolicy/{namespace}/{name}");
            let inventory = &context.tree.inventory;
            let near = inventory.get("NetworkPolicy", namespace, name).or_else(|| inventory.get("Namespace", "", namespace));
            let help = "bring the policy back with `platgen render --force=FILE`";
            found.push(Finding::missing(Code::MissingIsolation, &id, message, help).near(near));
        }
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
