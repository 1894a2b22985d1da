//! The rules of security groups: what every cluster needs and what the flows of the model need, between classes of nodes and out of them.
//!
//! A class is the nodes and pods of one subnet of the spec.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::text::{description, descriptions};
use crate::model::{Network, NetworkSubnet, Peer, Region};
use crate::value::{Cidr, Name};

/// The port of the kubelet's metrics and logs.
const KUBELET: u16 = 10250;

/// A rule in `locals.tf`.
#[derive(Serialize)]
pub(super) struct Rule {
    /// `FROM/TO/PROTOCOL-PORT`, with the name of the range where `to` is one.
    pub(super) key: String,
    /// The class that calls.
    pub(super) from: String,
    /// The class that is called, or the range.
    pub(super) to: String,
    pub(super) protocol: &'static str,
    /// None for every port.
    pub(super) port: Option<u16>,
    /// The reasons, joined.
    pub(super) description: String,
}

/// Rules by key, each with the reasons for it.
#[derive(Default)]
struct Rules(BTreeMap<String, (Rule, Vec<String>)>);

impl Rules {
    fn open(&mut self, from: &Name, (name, to): (&str, &str), protocol: &'static str, port: Option<u16>, reason: &str) {
        let last = port.map_or("all".to_owned(), |port| format!("{protocol}-{port}"));
        let key = format!("{from}/{name}/{last}");
        let rule = Rule { key, from: from.to_string(), to: to.to_owned(), protocol, port, description: String::new() };
        let (_, reasons) = self.0.entry(rule.key.clone()).or_insert((rule, Vec::new()));
        let reason = description(reason);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }

    fn sorted(self) -> Vec<Rule> {
        let rules = self.0.into_values();
        rules.map(|(rule, reasons)| Rule { description: descriptions(&reasons), ..rule }).collect()
    }
}

/// The rules between classes, and those from classes to ranges; each sorted by key.
pub(super) fn rules(region: &Region, network: &Network) -> (Vec<Rule>, Vec<Rule>) {
    let (mut flows, mut exits) = (Rules::default(), Rules::default());
    let everywhere = Cidr::around(0, 0).to_string();
    let services = network.subnets.iter().find(|subnet| subnet.default).map(|subnet| &subnet.name);
    for NetworkSubnet { name, internet, .. } in &network.subnets {
        let own = (name.as_str(), name.as_str());
        flows.open(name, own, "-1", None, &format!("Nodes and pods of {name} among themselves"));
        if let Some(services) = services.filter(|services| *services != name) {
            for protocol in ["tcp", "udp"] {
                flows.open(name, (services.as_str(), services.as_str()), protocol, Some(53), &format!("Cluster DNS, asked by {name}"));
            }
            flows.open(services, own, "tcp", Some(KUBELET), &format!("Kubelet metrics and logs of {name}"));
        }
        for (range, cidr) in [("vpc", network.cidr), ("pods", network.pods)] {
            let reason = format!("Private endpoints and the API server, from {name}");
            exits.open(name, (range, &cidr.to_string()), "tcp", Some(443), &reason);
        }
        if *internet {
            // Images that no mirror holds, and AWS services without an endpoint.
            exits.open(name, ("internet", &everywhere), "tcp", Some(443), "HTTPS to the internet");
        }
    }
    for flow in &region.flows {
        for from in classes(region, services, &flow.from) {
            let internet = network.subnets.iter().any(|subnet| subnet.name == *from && subnet.internet);
            for port in flow.ports.iter().copied().map(Some) {
                for (name, cidr) in outside(&flow.to) {
                    // A class without a route to the internet gets no rule for it either.
                    if internet || cidr.prefix() > 0 {
                        exits.open(from, (&name, &cidr.to_string()), "tcp", port, &flow.why);
                    }
                }
                for to in classes(region, services, &flow.to).filter(|to| *to != from) {
                    flows.open(from, (to.as_str(), to.as_str()), "tcp", port, &flow.why);
                }
            }
        }
    }
    (flows.sorted(), exits.sorted())
}

/// The classes whose nodes may run a peer; cluster services run in the default class.
fn classes<'a>(region: &'a Region, services: Option<&'a Name>, peer: &Peer) -> impl Iterator<Item = &'a Name> {
    let workload = region.workload_of(peer).into_iter().flat_map(|workload| &workload.placement.subnets);
    workload.chain(services.filter(|_| matches!(peer, Peer::Addon(_))))
}

/// The named ranges of a peer outside of the cluster; the internet where no range is known.
fn outside(peer: &Peer) -> Vec<(String, Cidr)> {
    match peer {
        Peer::Outside { cidrs, .. } if cidrs.is_empty() => vec![("internet".to_owned(), Cidr::around(0, 0))],
        Peer::Outside { name, cidrs } if cidrs.len() == 1 => cidrs.iter().map(|cidr| (name.clone(), *cidr)).collect(),
        Peer::Outside { name, cidrs } => cidrs.iter().map(|cidr| (format!("{name} {cidr}"), *cidr)).collect(),
        Peer::Workload { .. } | Peer::Addon(_) => Vec::new(),
    }
}
