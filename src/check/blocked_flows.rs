//! The network policies of both sides allow each flow of the model, by the evaluator of policies.

use super::context::{RegionContext, TreeContext};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Labels;
use crate::kinds::Operator;
use crate::labels::WORKLOAD;
use crate::model::{Chart, Kind, Peer};
use crate::policy::{End, Fault, INTERNET, Place, Pod, Policies, Protocol, Side};
use crate::value::{Cidr, NetworkPort};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule { codes: &[Code::BlockedFlow], judge: Judge::Region(judge), loosens: true };

/// The policies of a tree, for the evaluator.
pub(super) fn policies(context: &TreeContext) -> Result<Policies, Fault> {
    Policies::of_objects(context.inventory.objects().iter().map(|object| &object.value))
}

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let Ok(policies) = policies(&context.tree) else { return };
    let ends = Ends::of(context, &policies);
    for flow in &context.region.flows {
        // The rule `host-namespace` reports pods that share the network of their node though the spec does not say so.
        let (Some(callers), Some(called)) = (ends.at(&flow.from), ends.at(&flow.to)) else { continue };
        for (out, own) in [(true, &flow.from), (false, &flow.to)] {
            // A workload without pods in the tree makes and takes no connection; the pods of a restored database come with its test, those of an add-on with
            // its chart.
            let comes_later = || context.region.workload_of(own).is_some_and(|workload| matches!(workload.kind, Kind::Restored(_)));
            let (namespace, name) = match own {
                Peer::Workload { namespace, name, .. } if ends.workloads.contains_key(&format!("{namespace}/{name}")) || comes_later() => {
                    (namespace.as_str(), name.as_str())
                }
                Peer::Addon(program) if context.region.guards(*program) => (program.namespace(), program.pods().1),
                _ => continue,
            };
            let blocked = callers.iter().flat_map(|from| called.iter().map(move |to| (from, to))).any(|(from, to)| {
                flow.ports.iter().any(|port| {
                    let verdict = policies.allows(from, to, port.number(), protocol(*port));
                    matches!(if out { verdict.egress } else { verdict.ingress }, Side::Denied(_))
                })
            });
            if blocked {
                let direction = if out { "egress from" } else { "ingress to" };
                let id = format!("NetworkPolicy/{namespace}/{name}");
                let message =
                    format!("no network policy allows {direction} `{namespace}/{name}` on {} for {}", words(&flow.ports), flow.why);
                let inventory = &context.tree.inventory;
                let own = |kind: &str| inventory.get(kind, namespace, name);
                let operated = Operator::ALL.into_iter().map(|operator| operator.facts().kind);
                let kinds = ["NetworkPolicy", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"].into_iter().chain(operated);
                let near = kinds.into_iter().find_map(own);
                let finding = Finding::missing(
                    Code::BlockedFlow,
                    &id,
                    message,
                    "bring the rule back with `platgen render --force=FILE`, or remove the dependency in the spec",
                );
                let entry = context.region.workload_of(if out { &flow.from } else { &flow.to }).map(|workload| workload.span);
                found.push(Finding { entry, ..finding.near(near) });
            }
        }
    }
}

fn protocol(port: NetworkPort) -> Protocol {
    if port.is_udp() { Protocol::Udp } else { Protocol::Tcp }
}

fn words(ports: &[NetworkPort]) -> String {
    let shown: Vec<String> = ports.iter().map(NetworkPort::to_string).collect();
    format!("port {}", shown.join(", "))
}

/// Where the ends of flows stand.
struct Ends<'p> {
    context: &'p RegionContext<'p>,
    policies: &'p Policies,
    /// The pods of each workload, by `namespace/name`.
    workloads: BTreeMap<String, Vec<Place>>,
    /// Workloads whose pods share the network of their node.
    on_nodes: BTreeSet<String>,
}

impl<'p> Ends<'p> {
    fn of(context: &'p RegionContext, policies: &'p Policies) -> Self {
        let mut workloads: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        let mut on_nodes = BTreeSet::new();
        for workload in policies.workloads() {
            if let Some(name) = workload.pod.labels.get(WORKLOAD) {
                let place = policies.place(&End::Pod(workload.pod.clone()));
                let key = format!("{}/{name}", workload.object.namespace);
                if workload.pod.host_network {
                    on_nodes.insert(key.clone());
                }
                workloads.entry(key).or_default().push(place);
            }
        }
        Ends { context, policies, workloads, on_nodes }
    }

    /// The places of an end; `None` for pods that share the network of their node though the model does not say so.
    fn at(&self, peer: &Peer) -> Option<Vec<Place>> {
        let pod = |namespace: &str, key: &str, value: &str| {
            let labels = Labels::from([(key.to_owned(), value.to_owned())]);
            vec![self.policies.place(&End::Pod(Pod { namespace: namespace.to_owned(), labels, ..Pod::default() }))]
        };
        let ranges = |cidrs: &[Cidr]| {
            let ranges = cidrs.iter().filter_map(|cidr| cidr.to_string().parse().ok());
            ranges.map(|range| self.policies.place(&End::Range(range))).collect()
        };
        // A pod in the node's network is no pod to a policy.
        if let Some(nodes) = self.context.region.node_ranges(peer) {
            return Some(ranges(&nodes));
        }
        if let Peer::Workload { namespace, name, .. } = peer
            && self.on_nodes.contains(&format!("{namespace}/{name}"))
            && self.context.region.workload_of(peer).is_some_and(|workload| !workload.host_network)
        {
            return None;
        }
        Some(match peer {
            Peer::Workload { namespace, name, .. } => {
                let (key, value) = self.context.region.pods_of(peer, name);
                self.workloads.get(&format!("{namespace}/{name}")).cloned().unwrap_or_else(|| pod(namespace, key, value))
            }
            Peer::Addon(addon) => {
                let (key, value) = addon.pods();
                pod(addon.namespace(), key, value)
            }
            Peer::Chart { namespace, name } => {
                let (key, value) = Chart::pods(name);
                pod(namespace, key, value)
            }
            Peer::Outside { cidrs, .. } if cidrs.is_empty() => {
                vec![self.policies.place(&End::Range(IpNet::from(INTERNET)))]
            }
            Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. } => ranges(cidrs),
        })
    }
}
