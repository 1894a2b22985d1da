//! No network policy allows all traffic in a direction, or the pods of every namespace.

use super::context::{TreeContext, list, text};
use super::policy_peers::Way;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Selector;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::OpenPolicy], judge: Judge::Tree(judge), loosens: true };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for policy in context.inventory.of_kind("NetworkPolicy") {
        for way in Way::BOTH {
            for (at, rule) in way.rules(policy).filter(|(_, rule)| allows_all(rule, way)) {
                let direction = if way == Way::In { "ingress from" } else { "egress to" };
                let peers = if list(rule, way.field()).iter().any(is_every_pod) { "the pods of every namespace" } else { "everywhere" };
                let ports = if list(rule, "ports").is_empty() { " on every port" } else { "" };
                let message = format!("`{}` allows {direction} {peers}{ports}", policy.id());
                found.push(Finding::new(Code::OpenPolicy, policy, &at, message, "name the peers and ports, or remove the rule"));
            }
        }
    }
}

/// Whether a rule names neither peers nor ports, or lets the pods of every namespace in. Egress to every namespace on some ports is how pods reach
/// services of the cluster such as DNS.
pub(super) fn allows_all(rule: &Value, way: Way) -> bool {
    let (peers, any_port) = (list(rule, way.field()), list(rule, "ports").is_empty());
    let everywhere = |peer: &Value| {
        let range = text(peer, "/ipBlock/cidr");
        ["0.0.0.0/0", "::/0"].contains(&range) && peer.pointer("/ipBlock/except").is_none()
    };
    any_port && (peers.is_empty() || peers.iter().any(everywhere)) || (any_port || way == Way::In) && peers.iter().any(is_every_pod)
}

/// Whether a peer is every pod of every namespace: both selectors are empty.
fn is_every_pod(peer: &Value) -> bool {
    let is_open = |selector: &Value| Selector::of(selector).is_everything();
    peer.get("namespaceSelector").is_some_and(is_open) && peer.get("podSelector").is_none_or(is_open)
}
