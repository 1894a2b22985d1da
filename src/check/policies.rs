//! Rules about network policies themselves: every peer and port is somebody's.

use super::Finding;
use super::pods::has_port;
use super::scene::{FOREIGN, Scene};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object, Selector};
use serde_json::Value;

/// The label that every namespace has with its own name.
const NAME: &str = "kubernetes.io/metadata.name";

/// A direction of traffic as a policy sees it: its word, its list of rules, the field of a rule with the other side.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Way {
    In,
    Out,
}

impl Way {
    pub(super) const BOTH: [Way; 2] = [Way::In, Way::Out];

    pub(super) fn rules(self, policy: &Object) -> &[Value] {
        policy.items(if self == Way::In { "/spec/ingress" } else { "/spec/egress" })
    }

    pub(super) fn peers(self, rule: &Value) -> &[Value] {
        list(rule, if self == Way::In { "from" } else { "to" })
    }
}

pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn selector(value: &Value, key: &str) -> Option<Selector> {
    value.get(key).map(Selector::of)
}

/// The namespaces that a peer means: those of the platform and, by their name alone, those of add-ons.
pub(super) fn namespaces<'s>(scene: &'s Scene, policy: &'s Object, peer: &Value) -> Vec<&'s str> {
    let Some(wanted) = selector(peer, "namespaceSelector") else { return vec![policy.namespace.as_str()] };
    // Nearly every policy names one namespace by its name.
    if let (Some(name), 1, []) = (wanted.equal.get(NAME), wanted.equal.len(), &wanted.among[..]) {
        let known = scene.platform.namespaces.get_key_value(name).map(|(name, _)| name.as_str());
        return known.or_else(|| FOREIGN.iter().copied().find(|foreign| foreign == name)).into_iter().collect();
    }
    let nothing = Labels::new();
    let ours = scene.platform.namespaces.keys().map(|name| {
        let labels = scene.inventory.get("Namespace", "", name).map_or(&nothing, |object| &object.labels);
        (name.as_str(), labels)
    });
    let all = ours.chain(FOREIGN.iter().map(|name| (*name, &nothing)));
    all.filter(|(name, labels)| {
        let mut labels = (*labels).clone();
        labels.insert(NAME.to_owned(), (*name).to_owned());
        wanted.matches(&labels)
    })
    .map(|(name, _)| name)
    .collect()
}

/// The pods that a peer means, by number.
pub(super) fn pods(scene: &Scene, policy: &Object, peer: &Value) -> Vec<usize> {
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    namespaces(scene, policy, peer).into_iter().flat_map(|name| scene.inventory.selected(name, &wanted)).collect()
}

/// Peers and ports that nobody has.
pub(super) fn peers(scene: &Scene, found: &mut Vec<Finding>) {
    for policy in scene.inventory.of_kind("NetworkPolicy") {
        let own = scene.inventory.selected(&policy.namespace, &selector_of(policy));
        for way in Way::BOTH {
            for rule in way.rules(policy) {
                let mut others = Vec::new();
                let mut foreign = false;
                for peer in way.peers(rule).iter().filter(|peer| peer.get("ipBlock").is_none()) {
                    let named = namespaces(scene, policy, peer);
                    let pods = pods(scene, policy, peer);
                    foreign |= named.iter().any(|name| FOREIGN.contains(name));
                    if pods.is_empty() && !named.iter().any(|name| FOREIGN.contains(name)) {
                        let message = format!("`{}` names pods that nothing runs: {peer}", policy.id());
                        found.push(scene.finding(
                            Code::UnknownPeer,
                            policy,
                            message,
                            "name the labels and the namespace of pods that are there",
                        ));
                    }
                    others.extend(pods);
                }
                // Ports are those of the side that is called.
                let called = if way == Way::In { &own } else { &others };
                let unknown = called.is_empty() || (way == Way::Out && foreign);
                for port in list(rule, "ports").iter().filter_map(|port| port.get("port")) {
                    let anyone =
                        called.iter().filter_map(|number| scene.inventory.pods().get(*number)).any(|pod| has_port(scene, pod, port));
                    if !unknown && !anyone {
                        let message = format!("`{}` opens the port {port}, which no container behind it has", policy.id());
                        found.push(scene.finding(Code::PolicyPort, policy, message, "name a port of the containers, not of the Service"));
                    }
                }
            }
        }
    }
}

pub(super) fn selector_of(policy: &Object) -> Selector {
    policy.at("/spec/podSelector").map(Selector::of).unwrap_or_default()
}
