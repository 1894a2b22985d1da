//! Rules about network policies: every peer and port is somebody's, both sides of each flow are open, and nothing else is.

use super::Finding;
use super::pods::has_port;
use super::scene::{FOREIGN, GATEWAYS, MONITORING, Scene};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object, Selector};
use crate::model::{Flow, Peer};
use crate::value::Cidr;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The label that every namespace has with its own name.
const NAME: &str = "kubernetes.io/metadata.name";

/// What "the internet" leaves out: private and carriers' networks (RFC 1918, RFC 6598) and link-local addresses (RFC 3927).
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/// A direction of traffic as a policy sees it: its word, its list of rules, the field of a rule with the other side.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Way {
    In,
    Out,
}

impl Way {
    const BOTH: [Way; 2] = [Way::In, Way::Out];

    fn rules(self, policy: &Object) -> &[Value] {
        policy.items(if self == Way::In { "/spec/ingress" } else { "/spec/egress" })
    }

    fn peers(self, rule: &Value) -> &[Value] {
        list(rule, if self == Way::In { "from" } else { "to" })
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn selector(value: &Value, key: &str) -> Option<Selector> {
    value.get(key).map(Selector::of)
}

/// The namespaces that a peer means: those of the platform and, by their name alone, those of add-ons.
fn namespaces<'s>(scene: &'s Scene, policy: &'s Object, peer: &Value) -> Vec<&'s str> {
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
fn pods(scene: &Scene, policy: &Object, peer: &Value) -> Vec<usize> {
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
                let known = !called.is_empty() && !(way == Way::Out && foreign);
                for port in list(rule, "ports").iter().filter_map(|port| port.get("port")) {
                    let anyone =
                        called.iter().filter_map(|number| scene.inventory.pods().get(*number)).any(|pod| has_port(scene, pod, port));
                    if known && !anyone {
                        let message = format!("`{}` opens the port {port}, which no container behind it has", policy.id());
                        found.push(scene.finding(Code::PolicyPort, policy, message, "name a port of the containers, not of the Service"));
                    }
                }
            }
        }
    }
}

fn selector_of(policy: &Object) -> Selector {
    policy.at("/spec/podSelector").map(Selector::of).unwrap_or_default()
}

/// What policies allow, so that each flow asks only the rules that can be about it: everybody may call one workload.
#[derive(Default)]
struct Index<'s> {
    /// The policies of each pod, by their numbers.
    policies: BTreeMap<usize, Vec<(usize, &'s Object)>>,
    /// The rules of a policy and a direction that name a pod.
    by_pod: BTreeMap<(usize, bool, usize), Vec<&'s Value>>,
    /// The rules that name everybody, ranges or add-ons.
    others: BTreeMap<(usize, bool), Vec<&'s Value>>,
}

impl<'s> Index<'s> {
    fn of(scene: &'s Scene) -> Index<'s> {
        let mut index = Index::default();
        for (at, policy) in scene.inventory.of_kind("NetworkPolicy").enumerate() {
            for pod in scene.inventory.selected(&policy.namespace, &selector_of(policy)) {
                index.policies.entry(pod).or_default().push((at, policy));
            }
            for way in Way::BOTH {
                for rule in way.rules(policy) {
                    let peers = way.peers(rule);
                    let pods: BTreeSet<usize> =
                        peers.iter().filter(|peer| peer.get("ipBlock").is_none()).flat_map(|peer| pods(scene, policy, peer)).collect();
                    if pods.is_empty() || peers.len() > 1 {
                        index.others.entry((at, way == Way::In)).or_default().push(rule);
                    }
                    for pod in pods {
                        index.by_pod.entry((at, way == Way::In, pod)).or_default().push(rule);
                    }
                }
            }
        }
        index
    }

    /// The rules of a policy that can be about this end.
    fn rules(&self, policy: usize, way: Way, end: &End) -> impl Iterator<Item = &'s Value> {
        let first = if let End::Pods(numbers) = end { numbers.first() } else { None };
        let named = first.and_then(|pod| self.by_pod.get(&(policy, way == Way::In, *pod)));
        named.into_iter().chain(self.others.get(&(policy, way == Way::In))).flatten().copied()
    }
}

/// An end of a flow as a policy of the other end meets it.
enum End {
    Pods(Vec<usize>),
    Foreign(&'static str, Labels),
    Ranges(Vec<Cidr>),
    Internet,
}

impl End {
    fn of(scene: &Scene, peer: &Peer) -> End {
        let foreign = |namespace, key: &str, value: &str| End::Foreign(namespace, Labels::from([(key.to_owned(), value.to_owned())]));
        match peer {
            Peer::Workload { namespace, name } => End::Pods(pods_of(scene, namespace, name)),
            Peer::Gateway => foreign(GATEWAYS, "app.kubernetes.io/component", "proxy"),
            Peer::Metrics => foreign(MONITORING, "app.kubernetes.io/name", "prometheus"),
            Peer::Outside { cidrs, .. } if cidrs.is_empty() => End::Internet,
            Peer::Outside { cidrs, .. } => End::Ranges(cidrs.clone()),
        }
    }

    /// Whether a peer of a policy means all of it.
    fn is_in(&self, scene: &Scene, policy: &Object, peer: &Value) -> bool {
        let block = peer.get("ipBlock").and_then(|block| block.get("cidr")?.as_str()?.parse::<Cidr>().ok());
        let excepted = |cidr: &Cidr| {
            let ranges = peer.get("ipBlock").map(|block| list(block, "except")).unwrap_or_default();
            ranges.iter().filter_map(|range| range.as_str()?.parse::<Cidr>().ok()).any(|range| range.overlaps(*cidr))
        };
        match self {
            End::Pods(numbers) => {
                let meant = block.is_none().then(|| pods(scene, policy, peer)).unwrap_or_default();
                numbers.iter().all(|number| meant.contains(number))
            }
            End::Foreign(namespace, labels) => {
                let fits = selector(peer, "podSelector").unwrap_or_default().matches(labels);
                block.is_none() && fits && namespaces(scene, policy, peer).contains(namespace)
            }
            End::Ranges(ranges) => block.is_some_and(|block| ranges.iter().all(|range| block.contains(*range) && !excepted(range))),
            End::Internet => block.is_some_and(|block| block.prefix() == 0),
        }
    }
}

fn pods_of(scene: &Scene, namespace: &str, name: &str) -> Vec<usize> {
    let own = Selector { equal: Labels::from([(super::scene::WORKLOAD.to_owned(), name.to_owned())]), among: Vec::new() };
    scene.inventory.selected(namespace, &own)
}

/// Whether a rule opens the port.
fn opens(scene: &Scene, rule: &Value, port: u16, called: &[usize]) -> bool {
    let ports = list(rule, "ports");
    let fits = |known: &Value| {
        let tcp = known.get("protocol").is_none_or(|protocol| protocol == "TCP");
        tcp && match (known.get("port"), known.get("endPort").and_then(Value::as_u64)) {
            (None, _) => true,
            (Some(Value::String(name)), _) => called.iter().any(|number| number_of(scene, *number, name) == Some(u64::from(port))),
            (Some(first), Some(last)) => first.as_u64().is_some_and(|first| (first..=last).contains(&u64::from(port))),
            (Some(only), None) => only.as_u64() == Some(u64::from(port)),
        }
    };
    ports.is_empty() || ports.iter().any(fits)
}

/// The number of a pod's named port.
fn number_of(scene: &Scene, pod: usize, name: &str) -> Option<u64> {
    let pod = scene.inventory.pods().get(pod)?;
    let containers = scene.inventory.owner(pod).items(&format!("{}/containers", pod.spec()));
    let ports = containers.iter().flat_map(|container| list(container, "ports"));
    ports.into_iter().find(|port| port.get("name").and_then(Value::as_str) == Some(name))?.get("containerPort")?.as_u64()
}

/// Flows that a policy of either side drops.
pub(super) fn closed(scene: &Scene, found: &mut Vec<Finding>) {
    let index = Index::of(scene);
    for flow in &scene.region.flows {
        for (way, own, other) in [(Way::Out, &flow.from, &flow.to), (Way::In, &flow.to, &flow.from)] {
            let Peer::Workload { namespace, name } = own else { continue };
            let end = End::of(scene, other);
            let ours = pods_of(scene, namespace, name);
            let called = if let (Way::Out, End::Pods(numbers)) = (way, &end) { numbers } else { &ours };
            let shut = ours.iter().any(|pod| {
                let policies = index.policies.get(pod).map_or(&[][..], Vec::as_slice);
                let patched = policies.iter().any(|(_, policy)| scene.is_changed(policy));
                let isolating = policies.iter().any(|(_, policy)| isolates(policy, way));
                let allows = |port: u16| {
                    // Rules of a direction that the policy does not name are not read.
                    policies.iter().filter(|(_, policy)| isolates(policy, way)).any(|(at, policy)| {
                        index.rules(*at, way, &end).any(|rule| {
                            let peers = way.peers(rule);
                            let met = peers.is_empty() || peers.iter().any(|peer| end.is_in(scene, policy, peer));
                            met && opens(scene, rule, port, called)
                        })
                    })
                };
                isolating && !patched && !flow.ports.iter().all(|port| allows(*port))
            });
            if shut {
                let side = if way == Way::Out { "out of" } else { "into" };
                let object = format!("NetworkPolicy/{namespace}/{name}");
                let message = format!("no policy lets the call `{}` {side} `{namespace}/{name}` on {}", flow.why, ports(&flow.ports));
                let span = scene.region.workloads.get(&format!("{namespace}/{name}")).map(|workload| workload.span);
                found.push(Finding { span, ..scene.about(Code::ClosedFlow, &object, message, super::scene::RENDER) });
            }
        }
    }
}

fn ports(ports: &[u16]) -> String {
    let shown: Vec<String> = ports.iter().map(u16::to_string).collect();
    if shown.is_empty() { "any port".to_owned() } else { format!("port {}", shown.join(", ")) }
}

/// Whether a policy denies what it does not allow in this direction.
fn isolates(policy: &Object, way: Way) -> bool {
    let types = policy.items("/spec/policyTypes");
    let named = types.iter().any(|kind| kind == if way == Way::In { "Ingress" } else { "Egress" });
    named || (types.is_empty() && (way == Way::In || policy.at("/spec/egress").is_some()))
}

/// What the flows of the model allow: own side, other side, ports; no ports are all.
#[derive(Default)]
struct Allowed {
    flows: BTreeMap<(String, String), Vec<(usize, Option<BTreeSet<u64>>)>>,
}

/// A name of an end that two flows share when they mean the same.
fn key(peer: &Peer) -> String {
    match peer {
        Peer::Workload { namespace, name } => format!("{namespace}/{name}"),
        Peer::Gateway => "gateway".to_owned(),
        Peer::Metrics => "metrics".to_owned(),
        Peer::Outside { .. } => "outside".to_owned(),
    }
}

impl Allowed {
    fn of(flows: &[Flow]) -> Allowed {
        let mut allowed = Allowed::default();
        for (at, flow) in flows.iter().enumerate() {
            let ports = (!flow.ports.is_empty()).then(|| flow.ports.iter().map(|port| u64::from(*port)).collect());
            allowed.flows.entry((key(&flow.from), key(&flow.to))).or_default().push((at, ports));
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
pub(super) fn open(scene: &Scene, found: &mut Vec<Finding>) {
    let allowed = Allowed::of(&scene.region.flows);
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
                    scene.region.flows.get(at).is_some_and(|flow| is_range_of(if way == Way::In { &flow.from } else { &flow.to }, block))
                };
                let asked = own.iter().all(|own| {
                    let (from, to) = if way == Way::In { ("outside", own.as_str()) } else { (own.as_str(), "outside") };
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
    let is = |namespace: &str, key: &str, value: &str| {
        named == [namespace] && wanted.among.is_empty() && wanted.equal == Labels::from([(key.to_owned(), value.to_owned())])
    };
    Some(vec![if is(GATEWAYS, "app.kubernetes.io/component", "proxy") {
        "gateway".to_owned()
    } else if is(MONITORING, "app.kubernetes.io/name", "prometheus") {
        "metrics".to_owned()
    } else {
        peer.to_string()
    }])
}

fn is_name_service(scene: &Scene, policy: &Object, peer: &Value) -> bool {
    let wanted = selector(peer, "podSelector").unwrap_or_default();
    namespaces(scene, policy, peer) == ["kube-system"] && wanted.equal.get("k8s-app").is_some_and(|name| name == "kube-dns")
}

/// Whether a block is a range of an outside service, or for one of the internet everything but private networks.
fn is_range_of(peer: &Peer, block: &Value) -> bool {
    let Peer::Outside { cidrs, .. } = peer else { return false };
    let Some(range) = block.get("cidr").and_then(|cidr| cidr.as_str()?.parse::<Cidr>().ok()) else { return false };
    let except: Vec<&str> = list(block, "except").iter().filter_map(Value::as_str).collect();
    if cidrs.is_empty() { range.prefix() == 0 && PRIVATE.iter().all(|private| except.contains(private)) } else { cidrs.contains(&range) }
}
