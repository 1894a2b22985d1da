//! Kubernetes NetworkPolicies, ours or foreign -> who may talk to whom, by the rules of the API (`networking.k8s.io/v1`) and nothing else.
//!
//! [`Policies::read`] takes the documents of one cluster; [`Policies::place`] says where an [`End`] stands in them, once; [`Policies::allows`]
//! and [`Policies::ports`] then answer for two places by looking at a few bits, so that all pairs of a thousand workloads ([`Policies::pairs`])
//! take a moment. It knows nothing of the model or of the spec: what it says of rendered documents can be held against them.
//!
//! Judged as the API's definition leaves it to network plugins:
//! - An `ipBlock` is for addresses outside the cluster: it never matches a pod. (Some plugins match it with the addresses of pods.)
//! - A pod in the node's network is no pod to a policy: it is isolated by none and selected by none; its address is not known, so only a rule
//!   without peers lets it in. (Its own node may always reach a pod, a pod always reaches itself: neither is a question here; a workload's
//!   question about itself is one about two of its pods.)
//! - A named port is every container port of the target pod with that name and protocol; outside the cluster it is none.
//!
//! Not judged: what other kinds allow or refuse (Cilium's and Calico's policies, cluster-wide policies of the API, service meshes, the routes and
//! security policies of a Gateway), whether a name can be resolved (a rule for the name service is a rule like any other), Services (a policy
//! sees the pod's port; EKS's own engine wants the Service's to be the same), and labels that controllers add to pods when they run. Whatever
//! enforces policies in a cluster, this tool prints these alone; [`Policies::unjudged`] names policies of other kinds in raw manifests.

mod field;
mod object;
mod pairs;
mod ports;
mod rules;
mod selector;

pub use field::{Fault, Object};
pub use object::{Pod, Workload};
pub use pairs::Pair;
pub use ports::{NamedPort, Ports, Protocol};
pub use selector::Labels;

use std::collections::BTreeMap;

use crate::labels::NAMESPACE_NAME;
use crate::yaml::Document;
use ipnet::IpNet;
use object::Objects;
use rules::{Peer, Policy, Rule, Table};
use selector::Bits;

/// The policies of a cluster, with the pods and namespaces that its documents speak of.
#[derive(Debug)]
pub struct Policies {
    policies: Vec<Policy>,
    /// The numbers of a namespace's policies.
    by_namespace: BTreeMap<String, Vec<usize>>,
    /// Every selector, peer and address range once.
    table: Table,
    namespaces: BTreeMap<String, Labels>,
    workloads: Vec<Workload>,
    unjudged: Vec<Object>,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub enum End {
    /// A pod, whether the documents have it or not.
    Pod(Pod),
    /// Every address of a range outside the cluster; a rule is about it when one of its peers holds all of it.
    Range(IpNet),
}

/// An end as the policies see it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The numbers of the policies that isolate it, for what it sends and for what it receives.
    isolating: [Vec<usize>; 2],
    /// The peers of the table that it is one of.
    peers: Bits,
    named_ports: Vec<NamedPort>,
}

/// Whether a connection may be made, and who says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict<'p> {
    /// Both sides let it pass.
    pub allowed: bool,
    /// What the policies of the caller say.
    pub egress: Side<'p>,
    /// What the policies of the called say.
    pub ingress: Side<'p>,
}

/// What the policies of one end say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Side<'p> {
    /// No policy isolates it: everything passes.
    Open,
    /// These policies let it pass; one is enough.
    Allowed(Vec<&'p Object>),
    /// These policies isolate it, and none of them lets it pass.
    Denied(Vec<&'p Object>),
}

#[derive(Clone, Copy)]
enum Direction {
    Egress,
    Ingress,
}

impl Policies {
    /// Reads the documents of one cluster; kinds that say nothing of pods, namespaces or policies are passed over.
    ///
    /// # Errors
    /// The first document that the API server would not take, or that is not what its kind says: with the object and the field.
    pub fn read<'d>(documents: impl IntoIterator<Item = &'d Document>) -> Result<Policies, Fault> {
        let mut table = Table::default();
        let mut objects = Objects::default();
        for document in documents {
            objects.add(document.root(), &mut table)?;
        }
        let mut by_namespace: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, policy) in objects.policies.iter().enumerate() {
            by_namespace.entry(policy.object.namespace.clone()).or_default().push(number);
        }
        let Objects { policies, namespaces, workloads, unjudged } = objects;
        Ok(Policies { policies, by_namespace, table, namespaces, workloads, unjudged })
    }

    /// What runs in the cluster, in the order of the documents.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Policies of other kinds, whose say is not heard.
    pub fn unjudged(&self) -> &[Object] {
        &self.unjudged
    }

    /// Finds out what concerns an end. A namespace that no document declares has its name for its only label.
    pub fn place(&self, end: &End) -> Place {
        let mut place = Place { isolating: [Vec::new(), Vec::new()], peers: Bits::default(), named_ports: Vec::new() };
        let pod = match end {
            End::Range(range) => {
                place.peers = self.table.peers(|peer| matches!(peer, Peer::Block(block) if block.contains(range)));
                return place;
            }
            End::Pod(pod) => pod,
        };
        place.named_ports.clone_from(&pod.named_ports);
        if pod.host_network {
            return place;
        }
        let pods = self.table.selectors.matching(&pod.labels);
        let namespaces = match self.namespaces.get(&pod.namespace) {
            Some(labels) => self.table.selectors.matching(labels),
            None => self.table.selectors.matching(&Labels::from([(NAMESPACE_NAME.to_owned(), pod.namespace.clone())])),
        };
        for &number in self.by_namespace.get(&pod.namespace).into_iter().flatten() {
            let policy = &self.policies[number];
            for direction in [Direction::Egress, Direction::Ingress] {
                if pods.has(policy.selector) && policy.rules(direction).is_some() {
                    place.isolating[direction as usize].push(number);
                }
            }
        }
        place.peers = self.table.peers(|peer| match peer {
            Peer::SameNamespace { namespace, pods: selector } => *namespace == pod.namespace && pods.has(*selector),
            Peer::Selected { namespaces: chosen, pods: selector } => namespaces.has(*chosen) && pods.has(*selector),
            Peer::Block(_) => false,
        });
        place
    }

    /// Whether `from` may connect to this port of `to`, the pod's own and not a Service's, and which policies say so.
    pub fn allows(&self, from: &Place, to: &Place, port: u16, protocol: Protocol) -> Verdict<'_> {
        let side = |own: &Place, other: &Place, direction: Direction| {
            let isolating = &own.isolating[direction as usize];
            if isolating.is_empty() {
                return Side::Open;
            }
            let lets_pass = |number: &usize| {
                let mut rules = self.policies[*number].rules(direction).unwrap_or_default().iter();
                rules.any(|rule| rule.concerns(&other.peers) && rule.has_port(&to.named_ports, port, protocol))
            };
            let objects = |numbers: Vec<usize>| numbers.into_iter().map(|number| &self.policies[number].object).collect();
            let letting: Vec<usize> = isolating.iter().copied().filter(lets_pass).collect();
            if letting.is_empty() { Side::Denied(objects(isolating.clone())) } else { Side::Allowed(objects(letting)) }
        };
        let (egress, ingress) = (side(from, to, Direction::Egress), side(to, from, Direction::Ingress));
        let passes = |side: &Side| !matches!(side, Side::Denied(_));
        Verdict { allowed: port > 0 && passes(&egress) && passes(&ingress), egress, ingress }
    }

    /// Every port of `to` that `from` may connect to.
    pub fn ports(&self, from: &Place, to: &Place) -> Ports {
        let egress = self.side_ports(from, to, to, Direction::Egress);
        if egress.is_empty() {
            return egress;
        }
        egress.and(&self.side_ports(to, from, to, Direction::Ingress))
    }

    fn side_ports(&self, own: &Place, other: &Place, target: &Place, direction: Direction) -> Ports {
        let isolating = &own.isolating[direction as usize];
        if isolating.is_empty() {
            return Ports::all();
        }
        let rules = isolating.iter().flat_map(|&number| self.policies[number].rules(direction).unwrap_or_default());
        rules.filter(|rule| rule.concerns(&other.peers)).flat_map(|rule: &Rule| rule.ranges(&target.named_ports)).collect()
    }
}
