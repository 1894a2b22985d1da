//! Presence: in every namespace traffic is denied in both directions by default, and names are resolved.

use super::Finding;
use super::scene::{RENDER, Scene};
use crate::diagnostic::Code;
use crate::inventory::{Object, Selector};
use crate::model::Addon;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    let mut whole: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for policy in scene.inventory.of_kind("NetworkPolicy") {
        if policy.at("/spec/podSelector").is_none_or(|value| Selector::of(value).is_everything()) {
            whole.entry(&policy.namespace).or_default().push(policy);
        }
    }
    for namespace in scene.platform.namespaces.keys() {
        let policies = whole.get(namespace.as_str()).map_or(&[][..], Vec::as_slice);
        if policies.iter().any(|policy| scene.is_changed(policy)) {
            continue;
        }
        let denies = |way: &str| policies.iter().any(|policy| policy.items("/spec/policyTypes").iter().any(|kind| kind == way));
        let resolves =
            |protocol: &str| policies.iter().flat_map(|policy| policy.items("/spec/egress")).any(|rule| resolves(rule, protocol));
        let lacks = [
            ("default-deny", denies("Ingress"), "denies what comes in"),
            ("default-deny", denies("Egress"), "denies what goes out"),
            ("allow-dns", resolves("UDP"), "opens the name service over UDP"),
            ("allow-dns", resolves("TCP"), "opens the name service over TCP"),
        ];
        for (name, _, what) in lacks.into_iter().filter(|(_, there, _)| !there) {
            let message = format!("no policy of the namespace `{namespace}` {what} for all of its pods");
            found.push(scene.about(Code::MissingIsolation, &format!("NetworkPolicy/{namespace}/{name}"), message, RENDER));
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
