//! No network policy allows a connection that no flow of the model asks for.

use super::context::{RegionContext, list};
use super::policy_peers::{Way, addon_of, namespaces, pods, selector, selector_of};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object};
use crate::labels::WORKLOAD;
use crate::model::{Addon, FOREIGN_NAMESPACES, Peer, Region};
use crate::value::{Cidr, NetworkPort, NetworkPorts, Transport};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule { codes: &[Code::ExcessPolicy], judge: Judge::Region(judge), loosens: true };

/// The connections that the flows of the model allow, by both sides.
#[derive(Default)]
struct Allowed<'m> {
    /// The position and the ports of each flow, by the names of its ends.
    flows: BTreeMap<(String, String), Vec<(usize, &'m NetworkPorts)>>,
}

/// The name of every end outside of the cluster, which policies know by its addresses.
const OUTSIDE: &str = "outside";

/// The name of the pods of a chart of the spec.
fn release(namespace: &str, name: &str) -> String {
    format!("chart {namespace}/{name}")
}

/// The name of an end: the same for two flows with the same end.
fn key(peer: &Peer) -> String {
    match peer {
        Peer::Workload { namespace, name, .. } => format!("{namespace}/{name}"),
        Peer::Addon(addon) => addon.name().to_owned(),
        Peer::Chart { namespace, name } => release(namespace, name),
        Peer::Cluster { .. } | Peer::Outside { .. } => OUTSIDE.to_owned(),
    }
}

impl<'m> Allowed<'m> {
    fn of(region: &'m Region) -> Self {
        let mut allowed = Allowed::default();
        // The other side of a policy knows pods in the node's network by the ranges of the nodes alone.
        let other = |peer: &Peer| if region.node_ranges(peer).is_some() { OUTSIDE.to_owned() } else { key(peer) };
        for (at, flow) in region.flows.iter().enumerate() {
            for pair in BTreeSet::from([(key(&flow.from), other(&flow.to)), (other(&flow.from), key(&flow.to))]) {
                allowed.flows.entry(pair).or_default().push((at, &flow.ports));
            }
        }
        allowed
    }

    /// Whether some flow that fits has every port; each port may be another flow's. No flow has all ports, which `None` stands for.
    fn has(&self, from: &str, to: &str, ports: Option<&[NetworkPort]>, fits: impl Fn(usize) -> bool) -> bool {
        let flows: Vec<_> = self.flows.get(&(from.to_owned(), to.to_owned())).into_iter().flatten().filter(|(at, _)| fits(*at)).collect();
        ports.is_some_and(|wanted| wanted.iter().all(|port| flows.iter().any(|(_, ports)| ports.contains(port))))
    }
}

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let allowed = Allowed::of(context.region);
    for policy in context.tree.inventory.of_kind("NetworkPolicy") {
        for way in Way::BOTH {
            // The rule `open-policy` reports rules that allow everything.
            for (at, rule) in way.rules(policy).filter(|(_, rule)| !super::open_policies::allows_all(rule, way)) {
                if let Some(excess) = excess(context, &allowed, policy, way, rule) {
                    let side = if way == Way::In { "ingress from" } else { "egress to" };
                    let message = format!("`{}` allows {side} {excess}, which no flow of the spec needs", policy.id());
                    let help = "declare the dependency with `needs`, or remove the rule";
                    found.push(Finding::new(Code::ExcessPolicy, policy, &at, message, help));
                }
            }
        }
    }
}

/// The connection that a rule allows and no flow needs, in words.
fn excess(context: &RegionContext, allowed: &Allowed, policy: &Object, way: Way, rule: &Value) -> Option<String> {
    let peers = list(rule, way.field());
    if peers.is_empty() {
        return Some("everybody".to_owned());
    }
    let is_of_names = way == Way::Out && peers.iter().all(|peer| is_name_service(context, policy, peer));
    let only =
        !list(rule, "ports").is_empty() && list(rule, "ports").iter().all(|port| port.get("port").and_then(Value::as_u64) == Some(53));
    if is_of_names && only {
        return None;
    }
    let plain = |port: &Value| {
        let transport = match port.get("protocol").map_or(Some("TCP"), Value::as_str) {
            Some("TCP") => Transport::Tcp,
            Some("UDP") => Transport::Udp,
            _ => return None,
        };
        let number = port.get("port").and_then(Value::as_u64).filter(|_| port.get("endPort").is_none())?;
        Some(NetworkPort::new(u16::try_from(number).ok()?, transport))
    };
    let ports: Option<Vec<NetworkPort>> = match list(rule, "ports") {
        [] => None,
        all => match all.iter().map(plain).collect::<Option<Vec<NetworkPort>>>() {
            Some(ports) => Some(ports),
            None => return Some("ports that are not single TCP or UDP ports".to_owned()),
        },
    };
    let selected = context.tree.inventory.selected(&policy.namespace, &selector_of(policy));
    let addon = addon_of(&context.tree, policy).map(|addon| addon.name().to_owned());
    let released = context.tree.release(&policy.namespace, &selector_of(policy)).map(|(namespace, name)| release(namespace, name));
    let own: BTreeSet<String> = selected.iter().map(|pod| workload(context, *pod)).chain(addon).chain(released).collect();
    if is_of_names && !own.iter().all(|own| allowed.has(own, Addon::Dns.name(), ports.as_deref(), |_| true)) {
        return Some("other ports of the DNS service".to_owned());
    }
    for peer in peers {
        let others: Vec<String> = match peer.get("ipBlock") {
            Some(block) => {
                let fits = |at: usize| {
                    context
                        .region
                        .flows
                        .get(at)
                        .is_some_and(|flow| is_range_of(context, if way == Way::In { &flow.from } else { &flow.to }, block))
                };
                let asked = own.iter().all(|own| {
                    let (from, to) = if way == Way::In { (OUTSIDE, own.as_str()) } else { (own.as_str(), OUTSIDE) };
                    allowed.has(from, to, ports.as_deref(), fits)
                });
                if !asked {
                    return Some(
                        block.get("cidr").map_or_else(|| "a range".to_owned(), |cidr| format!("`{}`", cidr.as_str().unwrap_or_default())),
                    );
                }
                continue;
            }
            None => foreign(context, policy, peer)
                .unwrap_or_else(|| pods(&context.tree, policy, peer).iter().map(|pod| workload(context, *pod)).collect()),
        };
        for other in others {
            let asked = own.iter().all(|own| {
                let (from, to) = if way == Way::In { (&other, own) } else { (own, &other) };
                allowed.has(from, to, ports.as_deref(), |_| true)
            });
            if !asked {
                let shown = ports.as_ref().map_or("any port".to_owned(), |ports| {
                    format!("port {}", ports.iter().map(NetworkPort::to_string).collect::<Vec<_>>().join(", "))
                });
                return Some(format!("`{other}` on {shown}"));
            }
        }
    }
    None
}

/// The workload of a pod, as flows name it.
fn workload(context: &RegionContext, pod: usize) -> String {
    let Some(pod) = context.tree.inventory.pods().get(pod) else { return String::new() };
    format!("{}/{}", context.tree.inventory.owner(pod).namespace, pod.labels.get(WORKLOAD).map_or("", String::as_str))
}

/// The names of a peer whose pods are in no document: a chart of the spec, and in the namespaces of add-ons one of the model by its label, any other peer
/// as it is written.
fn foreign(context: &RegionContext, policy: &Object, peer: &Value) -> Option<Vec<String>> {
    let named = namespaces(&context.tree, policy, peer);
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    let released = named.iter().find_map(|namespace| context.tree.release(namespace, &wanted));
    if let Some((namespace, name)) = released.filter(|_| named.len() == 1) {
        return Some(vec![release(namespace, name)]);
    }
    if !named.iter().any(|name| FOREIGN_NAMESPACES.contains(name)) {
        return None;
    }
    let is = |addon: &Addon| {
        let (key, value) = addon.pods();
        named == [addon.namespace()] && wanted.among.is_empty() && wanted.equal == Labels::from([(key.to_owned(), value.to_owned())])
    };
    Some(vec![Addon::ALL.into_iter().find(is).map_or_else(|| peer.to_string(), |addon| addon.name().to_owned())])
}

fn is_name_service(context: &RegionContext, policy: &Object, peer: &Value) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        let range = block.get("cidr").and_then(|cidr| cidr.as_str()?.parse::<Cidr>().ok());
        return range.is_some_and(|range| context.region.cluster.name_servers.contains(&range));
    }
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    let (key, value) = Addon::Dns.pods();
    namespaces(&context.tree, policy, peer) == [Addon::Dns.namespace()] && wanted.equal.get(key).is_some_and(|name| name == value)
}

/// Whether a block is a range of an outside service or of the nodes that a peer runs on, or for one of the internet everything but private networks.
fn is_range_of(context: &RegionContext, peer: &Peer, block: &Value) -> bool {
    let nodes = context.region.node_ranges(peer);
    let cidrs = match (&nodes, peer) {
        (Some(nodes), _) => nodes,
        (None, Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. }) => cidrs,
        _ => return false,
    };
    let Some(range) = block.get("cidr").and_then(|cidr| cidr.as_str()?.parse::<Cidr>().ok()) else { return false };
    let except: Vec<&str> = list(block, "except").iter().filter_map(Value::as_str).collect();
    if cidrs.is_empty() {
        range.prefix() == 0 && context.region.inside.iter().all(|inside| except.contains(&inside.to_string().as_str()))
    } else {
        cidrs.contains(&range)
    }
}
