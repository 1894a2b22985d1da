//! Every peer of a network policy selects pods, and every port is one of theirs.

use super::context::{TreeContext, list};
use super::service_ports::may_have_port;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object, Selector};
use crate::labels::NAMESPACE_NAME;
use crate::model::Addon;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnknownPeer, Code::PolicyPort], judge: Judge::Tree(judge), loosens: false };

/// A direction of traffic, as a policy sees it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Way {
    In,
    Out,
}

impl Way {
    pub(super) const BOTH: [Way; 2] = [Way::In, Way::Out];

    /// The rules of a policy, with their pointers.
    pub(super) fn rules(self, policy: &Object) -> impl Iterator<Item = (String, &Value)> {
        let at = if self == Way::In { "/spec/ingress" } else { "/spec/egress" };
        policy.items(at).iter().enumerate().map(move |(number, rule)| (format!("{at}/{number}"), rule))
    }

    /// The field of a rule that lists the other side.
    pub(super) fn field(self) -> &'static str {
        if self == Way::In { "from" } else { "to" }
    }
}

pub(super) fn selector(value: &Value, key: &str) -> Option<Selector> {
    value.get(key).map(Selector::of)
}

/// The known namespaces that a peer selects.
pub(super) fn namespaces<'s>(context: &'s TreeContext, policy: &'s Object, peer: &Value) -> Vec<&'s str> {
    let Some(wanted) = selector(peer, "namespaceSelector") else { return vec![policy.namespace.as_str()] };
    // Nearly every policy names one namespace by its name.
    if let (Some(name), 1, []) = (wanted.equal.get(NAMESPACE_NAME), wanted.equal.len(), &wanted.among[..]) {
        return context.namespace(name).into_iter().collect();
    }
    let matches = |name: &&str| {
        let mut labels = context.inventory.get("Namespace", "", name).map_or_else(Labels::new, |object| object.labels.clone());
        labels.insert(NAMESPACE_NAME.to_owned(), (*name).to_owned());
        wanted.matches(&labels)
    };
    context.namespaces().filter(matches).collect()
}

/// The add-on whose pods a policy is for: a chart makes them, so that they are in no document.
pub(super) fn addon_of(context: &TreeContext, policy: &Object) -> Option<Addon> {
    let wanted = selector_of(policy);
    let mut labels = wanted.equal.iter();
    let (Some((key, value)), None, []) = (labels.next(), labels.next(), &wanted.among[..]) else { return None };
    let is_it = |program: &&Addon| program.namespace() == policy.namespace && program.pods() == (key.as_str(), value.as_str());
    context.programs.iter().find(is_it).copied()
}

/// The pods that a peer selects, by number.
pub(super) fn pods(context: &TreeContext, policy: &Object, peer: &Value) -> Vec<usize> {
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    namespaces(context, policy, peer).into_iter().flat_map(|name| context.inventory.selected(name, &wanted)).collect()
}

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for policy in context.inventory.of_kind("NetworkPolicy") {
        let own = context.inventory.selected(&policy.namespace, &selector_of(policy));
        for way in Way::BOTH {
            for (at, rule) in way.rules(policy) {
                let mut others = Vec::new();
                let mut foreign = false;
                for (number, peer) in list(rule, way.field()).iter().enumerate().filter(|(_, peer)| peer.get("ipBlock").is_none()) {
                    let named = namespaces(context, policy, peer);
                    let pods = pods(context, policy, peer);
                    // A tree without a spec need not hold every namespace of its cluster.
                    let elsewhere = named.iter().any(|name| context.is_elsewhere(name)) || (named.is_empty() && !context.closed);
                    let wanted = selector(peer, "podSelector").unwrap_or_default();
                    let elsewhere = elsewhere || named.iter().any(|name| context.release(name, &wanted).is_some());
                    foreign |= elsewhere;
                    if pods.is_empty() && !elsewhere {
                        let message = format!("`{}` selects pods that no object runs: {peer}", policy.id());
                        let (at, help) = (format!("{at}/{}/{number}", way.field()), "name the labels and the namespace of pods that exist");
                        found.push(Finding::new(Code::UnknownPeer, policy, &at, message, help));
                    }
                    others.extend(pods);
                }
                // Ports are those of the side that is called.
                let called = if way == Way::In { &own } else { &others };
                let unknown = called.is_empty() || (way == Way::Out && foreign);
                for (number, port) in list(rule, "ports").iter().enumerate().filter_map(|(at, port)| Some((at, port.get("port")?))) {
                    let mut pods = called.iter().filter_map(|number| context.inventory.pods().get(*number));
                    if !unknown && !pods.any(|pod| may_have_port(context, pod, port)) {
                        let message = format!("`{}` opens the port {port}, which no container behind it has", policy.id());
                        let (at, help) = (format!("{at}/ports/{number}/port"), "name a port of the containers, not of the Service");
                        found.push(Finding::new(Code::PolicyPort, policy, &at, message, help));
                    }
                }
            }
        }
    }
}

/// The pods that a policy is about.
pub(super) fn selector_of(policy: &Object) -> Selector {
    policy.at("/spec/podSelector").map(Selector::of).unwrap_or_default()
}
