//! Presence, the other way round: no policy allows what no flow of the model asks for.

use super::Finding;
use super::policies::{Way, list, namespaces, pods, selector, selector_of};
use super::scene::{FOREIGN, Scene};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object};
use crate::model::{Addon, Peer, Region};
use crate::value::Cidr;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What "the internet" leaves out: private and carriers' networks (RFC 1918, RFC 6598) and link-local addresses (RFC 3927).
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/// The ports of a flow; none are all.
type Ports = Option<BTreeSet<u64>>;

/// What the flows of the model allow: own side, other side, ports; no ports are all.
#[derive(Default)]
struct Allowed {
    flows: BTreeMap<(String, String), Vec<(usize, Ports)>>,
}

/// The name of every end that policies know by its addresses.
const OUTSIDE: &str = "outside";

/// A name of an end that two flows share when they mean the same.
fn key(peer: &Peer) -> String {
    match peer {
        Peer::Workload { namespace, name, .. } => format!("{namespace}/{name}"),
        Peer::Addon(addon) => addon.name().to_owned(),
        Peer::Outside { .. } => OUTSIDE.to_owned(),
    }
}

impl Allowed {
    fn of(region: &Region) -> Allowed {
        let mut allowed = Allowed::default();
        // The other side of a policy knows pods in the node's network by the ranges of the nodes alone.
        let other = |peer: &Peer| if region.node_ranges(peer).is_some() { OUTSIDE.to_owned() } else { key(peer) };
        for (at, flow) in region.flows.iter().enumerate() {
            let ports: Ports = (!flow.ports.is_empty()).then(|| flow.ports.iter().map(|port| u64::from(*port)).collect());
            for pair in BTreeSet::from([(key(&flow.from), other(&flow.to)), (other(&flow.from), key(&flow.to))]) {
                allowed.flows.entry(pair).or_default().push((at, ports.clone()));
            }
        }
        allowed
    }

    /// Whether some flow that fits has every port; each port may be another flow's.
    fn has(&self, from: &str, to: &str, ports: Option<&[u64]>, fits: impl Fn(usize) -> bool) -> bool {
        let flows: Vec<_> = self.flows.get(&(from.to_owned(), to.to_owned())).into_iter().flatten().filter(|(at, _)| fits(*at)).collect();
        match ports {
            None => flows.iter().any(|(_, ports)| ports.is_none()),
            Some(wanted) => {
                wanted.iter().all(|port| flows.iter().any(|(_, ports)| ports.as_ref().is_none_or(|ports| ports.contains(port))))
            }
        }
    }
}

/// What policies allow and no flow does.
pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    let allowed = Allowed::of(scene.region);
    for policy in scene.inventory.of_kind("NetworkPolicy").filter(|policy| !scene.is_changed(policy)) {
        for way in Way::BOTH {
            for rule in way.rules(policy) {
                if let Some(what) = opened(scene, &allowed, policy, way, rule) {
                    let side = if way == Way::In { "in from" } else { "out to" };
                    let message = format!("`{}` opens the way {side} {what}, which nothing in the spec asks for", policy.id());
                    found.push(scene.finding(Code::OpenPolicy, policy, message, "say it with `needs`, or take the rule away"));
                }
            }
        }
    }
}

/// What a rule opens that no flow asks for, in words.
fn opened(scene: &Scene, allowed: &Allowed, policy: &Object, way: Way, rule: &Value) -> Option<String> {
    let peers = way.peers(rule);
    if peers.is_empty() {
        return Some("everybody".to_owned());
    }
    if way == Way::Out && peers.iter().all(|peer| is_name_service(scene, policy, peer)) {
        let only =
            !list(rule, "ports").is_empty() && list(rule, "ports").iter().all(|port| port.get("port").and_then(Value::as_u64) == Some(53));
        return (!only).then(|| "other ports of the name service".to_owned());
    }
    let plain = |port: &Value| {
        port.get("port")
            .and_then(Value::as_u64)
            .filter(|_| port.get("endPort").is_none() && port.get("protocol").is_none_or(|protocol| protocol == "TCP"))
    };
    let ports: Option<Vec<u64>> = match list(rule, "ports") {
        [] => None,
        all => match all.iter().map(plain).collect::<Option<Vec<u64>>>() {
            Some(ports) => Some(ports),
            None => return Some("ports that are no single TCP ports".to_owned()),
        },
    };
    let own: BTreeSet<String> =
        scene.inventory.selected(&policy.namespace, &selector_of(policy)).iter().map(|pod| workload(scene, *pod)).collect();
    for peer in peers {
        let others: Vec<String> = match peer.get("ipBlock") {
            Some(block) => {
                let fits = |at: usize| {
                    scene
                        .region
                        .flows
                        .get(at)
                        .is_some_and(|flow| is_range_of(scene, if way == Way::In { &flow.from } else { &flow.to }, block))
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
            None => {
                foreign(scene, policy, peer).unwrap_or_else(|| pods(scene, policy, peer).iter().map(|pod| workload(scene, *pod)).collect())
            }
        };
        for other in others {
            let asked = own.iter().all(|own| {
                let (from, to) = if way == Way::In { (&other, own) } else { (own, &other) };
                allowed.has(from, to, ports.as_deref(), |_| true)
            });
            if !asked {
                let shown = ports.as_ref().map_or("any port".to_owned(), |ports| {
                    format!("port {}", ports.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
                });
                return Some(format!("`{other}` on {shown}"));
            }
        }
    }
    None
}

/// The workload of a pod, as flows name it.
fn workload(scene: &Scene, pod: usize) -> String {
    let Some(pod) = scene.inventory.pods().get(pod) else { return String::new() };
    format!("{}/{}", scene.inventory.owner(pod).namespace, pod.labels.get(super::scene::WORKLOAD).map_or("", String::as_str))
}

/// The peers in the namespaces of add-ons: the ones that flows know, by their one label, and anything else by what it says.
fn foreign(scene: &Scene, policy: &Object, peer: &Value) -> Option<Vec<String>> {
    let named = namespaces(scene, policy, peer);
    if !named.iter().any(|name| FOREIGN.contains(name)) {
        return None;
    }
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    let is = |addon: &Addon| {
        let (key, value) = addon.pods();
        named == [addon.namespace()] && wanted.among.is_empty() && wanted.equal == Labels::from([(key.to_owned(), value.to_owned())])
    };
    Some(vec![Addon::ALL.into_iter().find(is).map_or_else(|| peer.to_string(), |addon| addon.name().to_owned())])
}

fn is_name_service(scene: &Scene, policy: &Object, peer: &Value) -> bool {
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    let (key, value) = Addon::Dns.pods();
    namespaces(scene, policy, peer) == [Addon::Dns.namespace()] && wanted.equal.get(key).is_some_and(|name| name == value)
}

/// Whether a block is a range of an outside service or of the nodes that a peer runs on, or for one of the internet everything but private networks.
fn is_range_of(scene: &Scene, peer: &Peer, block: &Value) -> bool {
    let nodes = scene.region.node_ranges(peer);
    let cidrs = match (&nodes, peer) {
        (Some(nodes), _) => nodes,
        (None, Peer::Outside { cidrs, .. }) => cidrs,
        _ => return false,
    };
    let Some(range) = block.get("cidr").and_then(|cidr| cidr.as_str()?.parse::<Cidr>().ok()) else { return false };
    let except: Vec<&str> = list(block, "except").iter().filter_map(Value::as_str).collect();
    if cidrs.is_empty() { range.prefix() == 0 && PRIVATE.iter().all(|private| except.contains(private)) } else { cidrs.contains(&range) }
}
