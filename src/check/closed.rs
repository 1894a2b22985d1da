//! Presence: both sides of each flow of the model are open, by the evaluator of policies.

use super::Finding;
use super::scene::{RENDER, Scene, WORKLOAD};
use crate::diagnostic::Code;
use crate::inventory::Labels;
use crate::model::{Flow, Peer};
use crate::policy::{End, Place, Pod, Policies, Protocol, Side};
use crate::value::Cidr;
use crate::yaml::Document;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Kinds that say who may call whom, and who there is.
const JUDGED: [&str; 7] = ["CronJob", "DaemonSet", "Deployment", "Job", "Namespace", "NetworkPolicy", "StatefulSet"];

/// An address that stands for the internet: no private network has it.
const INTERNET: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);

/// Flows that a policy of either side drops, and documents that no API server would take as what they say they are.
pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    let judged = scene.inventory.objects().iter().filter(|object| JUDGED.contains(&object.kind.as_str()));
    let documents: Vec<Document> = judged.map(|object| Document::from_json(&object.value)).collect();
    let policies = match Policies::read(&documents) {
        Ok(policies) => policies,
        Err(fault) => {
            let (kind, namespace, name) = (&fault.object.kind, &fault.object.namespace, &fault.object.name);
            let message = format!("`{}` of `{kind}/{namespace}/{name}`: {}", fault.field, fault.reason);
            found.push(match scene.inventory.get(kind, namespace, name) {
                Some(object) => scene.finding(Code::UnreadableDocument, object, message, RENDER),
                None => scene.about(Code::UnreadableDocument, &format!("{kind}/{name}"), message, RENDER),
            });
            return;
        }
    };
    let ends = Ends::of(scene, &policies);
    for flow in &scene.region.flows {
        let (callers, called) = (ends.at(&flow.from), ends.at(&flow.to));
        for (out, own) in [(true, &flow.from), (false, &flow.to)] {
            let Peer::Workload { namespace, name, .. } = own else { continue };
            let shut = callers.iter().flat_map(|from| called.iter().map(move |to| (from, to))).any(|(from, to)| {
                ports(flow).iter().any(|port| {
                    let verdict = policies.allows(from, to, *port, Protocol::Tcp);
                    let side = if out { verdict.egress } else { verdict.ingress };
                    matches!(side, Side::Denied(by) if !by.iter().any(|policy| is_changed(scene, &policy.namespace, &policy.name)))
                })
            });
            if shut {
                let side = if out { "out of" } else { "into" };
                let object = format!("NetworkPolicy/{namespace}/{name}");
                let message = format!("no policy lets the call `{}` {side} `{namespace}/{name}` on {}", flow.why, words(&flow.ports));
                let span = scene.region.workloads.get(&format!("{namespace}/{name}")).map(|workload| workload.span);
                found.push(Finding { span, ..scene.about(Code::ClosedFlow, &object, message, RENDER) });
            }
        }
    }
}

/// Whether the spec changed this policy by hand: then it says what its author wants.
fn is_changed(scene: &Scene, namespace: &str, name: &str) -> bool {
    scene.inventory.get("NetworkPolicy", namespace, name).is_some_and(|policy| scene.is_changed(policy))
}

/// The ports to ask for. A flow on every port is rendered without any, so one that is narrowed shows at its ends.
fn ports(flow: &Flow) -> &[u16] {
    if flow.ports.is_empty() { &[1, u16::MAX] } else { &flow.ports }
}

fn words(ports: &[u16]) -> String {
    let shown: Vec<String> = ports.iter().map(u16::to_string).collect();
    if shown.is_empty() { "any port".to_owned() } else { format!("port {}", shown.join(", ")) }
}

/// Where the ends of flows stand.
struct Ends<'p> {
    scene: &'p Scene<'p>,
    policies: &'p Policies,
    /// The pods of each workload, by `namespace/name`.
    workloads: BTreeMap<String, Vec<Place>>,
}

impl<'p> Ends<'p> {
    fn of(scene: &'p Scene, policies: &'p Policies) -> Self {
        let mut workloads: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for workload in policies.workloads() {
            if let Some(name) = workload.pod.labels.get(WORKLOAD) {
                let place = policies.place(&End::Pod(workload.pod.clone()));
                workloads.entry(format!("{}/{name}", workload.object.namespace)).or_default().push(place);
            }
        }
        Ends { scene, policies, workloads }
    }

    fn at(&self, peer: &Peer) -> Vec<Place> {
        let pod = |namespace: &str, key: &str, value: &str| {
            let labels = Labels::from([(key.to_owned(), value.to_owned())]);
            vec![self.policies.place(&End::Pod(Pod { namespace: namespace.to_owned(), labels, ..Pod::default() }))]
        };
        let ranges = |cidrs: &[Cidr]| {
            let ranges = cidrs.iter().filter_map(|cidr| cidr.to_string().parse().ok());
            ranges.map(|range| self.policies.place(&End::Range(range))).collect()
        };
        // A pod in the node's network is no pod to a policy.
        if let Some(nodes) = self.scene.region.node_ranges(peer) {
            return ranges(&nodes);
        }
        match peer {
            // What is not rendered yet is called by its labels all the same.
            Peer::Workload { namespace, name, .. } => {
                self.workloads.get(&format!("{namespace}/{name}")).cloned().unwrap_or_else(|| pod(namespace, WORKLOAD, name))
            }
            Peer::Addon(addon) => {
                let (key, value) = addon.pods();
                pod(addon.namespace(), key, value)
            }
            Peer::Outside { cidrs, .. } if cidrs.is_empty() => {
                vec![self.policies.place(&End::Range(IpNet::from(std::net::IpAddr::from(INTERNET))))]
            }
            Peer::Outside { cidrs, .. } => ranges(cidrs),
        }
    }
}
