//! Traffic between classes of nodes and out of the cluster: what every cluster needs and what the flows need. Firewalls of clouds are built from it.
//!
//! A class is the nodes of one subnet of the spec with their pods. Pods that name no subnet, such as those of add-ons, run on every class without
//! a taint: such classes are open to each other. A tainted class takes only what its flows name.

use super::{Network, NetworkSubnet, Peer, Region, Volume};
use crate::value::{Cidr, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The port of the kubelet's metrics and logs.
const KUBELET: u16 = 10250;

/// The ports of webhooks and aggregated APIs that add-ons serve: API server to pods.
const WEBHOOKS: [u16; 4] = [443, 4443, 8443, 9443];

/// The port of the cloud's file service, which nodes mount shared volumes from.
const NFS: u16 = 2049;

/// What every class calls: images, private endpoints and the API server.
const HTTPS: (&str, u16) = ("tcp", 443);

/// Rules by key: `FROM/TO/PROTOCOL-PORT`, with the name of the range where the callee is one.
pub type Rules = BTreeMap<String, Rule>;

/// What a class may call.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The class that calls.
    pub from: Name,
    /// The class or the range that is called.
    pub to: String,
    /// `tcp`, `udp`, or `-1` for every protocol.
    pub protocol: &'static str,
    /// The port; none for every port.
    pub port: Option<u16>,
    /// The reasons, each once.
    pub reasons: Vec<String>,
}

/// The rules of a region.
#[derive(Clone, Debug, Default)]
pub struct Firewall {
    /// Between classes.
    pub flows: Rules,
    /// From classes to ranges.
    pub exits: Rules,
}

impl Firewall {
    /// The rules for calls of one class to another, or to itself.
    pub fn between<'f>(&'f self, from: &'f Name, to: &'f Name) -> impl Iterator<Item = &'f Rule> {
        self.flows.values().filter(move |rule| rule.from == *from && rule.to == to.as_str())
    }

    /// The rules for calls of a class to ranges that hold all of a range.
    pub fn exits<'f>(&'f self, from: &'f Name, to: Cidr) -> impl Iterator<Item = &'f Rule> {
        let holds = move |rule: &&Rule| rule.to.parse().is_ok_and(|range: Cidr| range.contains(to));
        self.exits.values().filter(move |rule| rule.from == *from).filter(holds)
    }

    /// The number of rules of a class's group: those for calls that it receives, and those for calls that it makes. The group has rules of all roots and
    /// of controllers.
    pub fn size(&self, region: &Region, network: &Network, class: &NetworkSubnet) -> (usize, usize) {
        let made = self.flows.values().chain(self.exits.values()).filter(|rule| rule.from == class.name).count();
        let received = self.flows.values().filter(|rule| rule.to == class.name.as_str()).count();
        let control_plane = region.control_plane_calls(network).keys().filter(|(name, _)| **name == class.name).count();
        // Load balancers pass on to every node. Their controller joins all ports in one rule, from the group that they share.
        let balanced = region.workloads.values().any(|workload| workload.entrances().next().is_some());
        // A class that uses private endpoints alone has two more, for the gateway endpoints of S3 and DynamoDB.
        (received + control_plane + usize::from(balanced), made + if class.private { 2 } else { 0 })
    }
}

fn open(rules: &mut Rules, from: &Name, (name, to): (&str, &str), protocol: &'static str, port: Option<u16>, reason: &str) {
    let last = port.map_or("all".to_owned(), |port| format!("{protocol}-{port}"));
    let rule = Rule { from: from.clone(), to: to.to_owned(), protocol, port, reasons: Vec::new() };
    let rule = rules.entry(format!("{from}/{name}/{last}")).or_insert(rule);
    if !rule.reasons.iter().any(|known| known == reason) {
        rule.reasons.push(reason.to_owned());
    }
}

impl Region {
    /// The rules between the classes of a network, and those from classes to ranges.
    pub fn firewall(&self, network: &Network) -> Firewall {
        let Firewall { mut flows, mut exits } = Firewall::default();
        let shared = network.shared();
        let is_shared = |name: &Name| shared.contains(&name);
        for class in &network.subnets {
            let name = &class.name;
            let own = (name.as_str(), name.as_str());
            open(&mut flows, name, own, "-1", None, &format!("Nodes and pods of {name} among themselves"));
            for services in shared.iter().copied().filter(|services| *services != name) {
                let other = (services.as_str(), services.as_str());
                if is_shared(name) {
                    let reason = "Pods that name no subnet run on nodes of both";
                    open(&mut flows, name, other, "-1", None, reason);
                    continue;
                }
                for protocol in ["tcp", "udp"] {
                    open(&mut flows, name, other, protocol, Some(53), &format!("Cluster DNS, asked by {name}"));
                }
                open(&mut flows, services, own, "tcp", Some(KUBELET), &format!("Kubelet metrics and logs of {name}"));
            }
            let closed = format!("Private endpoints and the API server, from {name}");
            let (to, range) = network.https(class);
            let everywhere = range.prefix() == 0;
            let reason = if everywhere { "HTTPS to every address, private endpoints and the API server included" } else { &closed };
            open(&mut exits, name, (to, &range.to_string()), HTTPS.0, Some(HTTPS.1), reason);
        }
        for workload in self.workloads.values() {
            for volume in &workload.volumes {
                let Volume::Shared { claim, .. } = volume else { continue };
                let reason = format!("app/{} mounts volume/{claim}", workload.name);
                for from in &workload.placement.subnets {
                    open(&mut exits, from, ("vpc", &network.cidr.to_string()), "tcp", Some(NFS), &reason);
                }
            }
        }
        for flow in &self.flows {
            for from in self.classes(&shared, &flow.from) {
                let Some(class) = network.subnets.iter().find(|subnet| subnet.name == *from) else { continue };
                let (always, range) = network.https(class);
                for (protocol, port) in flow.ports.iter().map(|port| (port.transport().lower(), Some(port.number()))) {
                    for (name, cidr) in outside(&flow.to) {
                        // The rule of every class holds the range.
                        let held = (protocol, port) == (HTTPS.0, Some(HTTPS.1)) && range.contains(cidr);
                        let (name, cidr) = if held { (always.to_owned(), range) } else { (name, cidr) };
                        // A class without a route to the internet gets no rule for it either.
                        if class.internet || cidr.prefix() > 0 {
                            open(&mut exits, from, (&name, &cidr.to_string()), protocol, port, &flow.why);
                        }
                    }
                    for to in self.classes(&shared, &flow.to) {
                        if to != from && !(is_shared(from) && is_shared(to)) {
                            open(&mut flows, from, (to.as_str(), to.as_str()), protocol, port, &flow.why);
                        }
                    }
                }
            }
        }
        Firewall { flows, exits }
    }

    /// The calls of the API server to nodes and pods, by class and port: to the kubelet everywhere, to webhooks where pods of add-ons run.
    pub fn control_plane_calls<'a>(&self, network: &'a Network) -> BTreeMap<(&'a Name, u16), &'static str> {
        let kubelets = network.subnets.iter().map(|subnet| ((&subnet.name, KUBELET), "Kubelet: logs, exec, metrics"));
        let webhooks = network.shared().into_iter().flat_map(|class| WEBHOOKS.map(|port| ((class, port), "Webhooks and APIs of add-ons")));
        kubelets.chain(webhooks).collect()
    }

    /// The classes that call the company's network.
    pub fn classes_that_call_the_company<'a>(&self, network: &'a Network) -> BTreeSet<&'a Name> {
        let shared = network.shared();
        let there = |cidr: &Cidr| network.on_premises.iter().any(|range| range.contains(*cidr));
        let calls = self.flows.iter().filter(|flow| matches!(&flow.to, Peer::Outside { cidrs, .. } if cidrs.iter().any(there)));
        let classes: Vec<Vec<&Name>> = calls.map(|flow| self.classes(&shared, &flow.from)).collect();
        network.subnets.iter().map(|subnet| &subnet.name).filter(|name| classes.iter().flatten().any(|class| class == name)).collect()
    }

    /// The classes of a network whose nodes may run a peer; none for a peer outside of them.
    pub fn classes_of<'a>(&'a self, network: &'a Network, peer: &Peer) -> Vec<&'a Name> {
        self.classes(&network.shared(), peer)
    }

    /// The classes whose nodes may run a peer.
    fn classes<'a>(&'a self, shared: &[&'a Name], peer: &Peer) -> Vec<&'a Name> {
        match peer {
            Peer::Workload { .. } => self.workload_of(peer).into_iter().flat_map(|workload| &workload.placement.subnets).collect(),
            Peer::Addon(addon) if addon.is_on_nodes() => {
                self.network.iter().flat_map(|network| &network.subnets).map(|subnet| &subnet.name).collect()
            }
            Peer::Addon(_) | Peer::Chart { .. } => shared.to_vec(),
            Peer::Cluster { .. } | Peer::Outside { .. } => Vec::new(),
        }
    }
}

impl Network {
    /// The range that a class reaches over HTTPS whatever its flows say, with its name: the private endpoints and the API server, or everything.
    fn https(&self, class: &NetworkSubnet) -> (&'static str, Cidr) {
        if class.private { ("vpc", self.cidr) } else { ("internet", Cidr::around(0, 0)) }
    }

    /// The classes without a taint, where pods that name no subnet run; the default one if every class has a taint.
    pub fn shared(&self) -> Vec<&Name> {
        let shared: Vec<&Name> = self.subnets.iter().filter(|subnet| !subnet.isolated).map(|subnet| &subnet.name).collect();
        if shared.is_empty() { self.subnets.iter().filter(|subnet| subnet.default).map(|subnet| &subnet.name).collect() } else { shared }
    }
}

/// The named ranges of a peer outside of the cluster; the internet where no range is known. None for one that every class reaches anyway.
fn outside(peer: &Peer) -> Vec<(String, Cidr)> {
    match peer {
        Peer::Outside { gateway: true, .. } => Vec::new(),
        Peer::Outside { cidrs, .. } if cidrs.is_empty() => vec![("internet".to_owned(), Cidr::around(0, 0))],
        Peer::Outside { name, cidrs, .. } if cidrs.len() == 1 => cidrs.iter().map(|cidr| (name.clone(), *cidr)).collect(),
        Peer::Outside { name, cidrs, .. } => cidrs.iter().map(|cidr| (format!("{name} {cidr}"), *cidr)).collect(),
        Peer::Workload { .. } | Peer::Addon(_) | Peer::Chart { .. } | Peer::Cluster { .. } => Vec::new(),
    }
}
