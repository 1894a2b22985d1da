//! Evaluates Kubernetes NetworkPolicies (`networking.k8s.io/v1`): which pods and addresses may connect, and on which ports.
//!
//! [`Policies::read`] reads the documents of one cluster. [`Policies::place`] finds the policies and peers that concern one end of a connection.
//! [`Policies::allows`] and [`Policies::ports`] then compare two places by a few bits, so that [`Policies::pairs`] is fast for a thousand workloads.
//! The module does not use the spec or the model, so `check` can compare its results with the model.
//!
//! Where the API leaves the behaviour to network plugins, the module assumes:
//! - An `ipBlock` matches addresses outside the cluster only, never a pod. (Some plugins match the addresses of pods too.)
//! - No policy isolates or selects a pod in the network of its node (`hostNetwork`). The address of such a pod is unknown, so only a rule without
//!   peers admits the pod. (A node always reaches its own pods, and a pod always reaches itself; the module does not evaluate these two cases.
//!   A connection from a workload to itself is one between two of its pods.)
//! - A named port means every container port of the target pod with that name and protocol, and no port of an address outside the cluster.
//!
//! Not evaluated: policies of other kinds (Cilium, Calico, cluster-wide policies of the API, service meshes, routes and security policies of a Gateway),
//! DNS (a rule for the DNS server is a rule like any other), Services (policies use the pod's port; the policy engine of EKS needs the same port in the
//! Service), and labels that controllers add to running pods. [`Policies::unjudged`] lists policies of other kinds in raw manifests.

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

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use crate::kinds;
use crate::labels::NAMESPACE_NAME;
use crate::yaml::Document;
use ipnet::IpNet;
use object::Objects;
use rules::{Peer, Policy, Rule, Table};
use selector::Bits;

/// An address that stands for the internet: no private network has it.
pub const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1));

/// The policies, workloads and namespaces in the documents of a cluster.
#[derive(Debug)]
pub struct Policies {
    policies: Vec<Policy>,
    /// Indexes into `policies` by namespace.
    by_namespace: BTreeMap<String, Vec<usize>>,
    /// The distinct selectors, peers and address ranges.
    table: Table,
    namespaces: BTreeMap<String, Labels>,
    workloads: Vec<Workload>,
    unjudged: Vec<Object>,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub enum End {
    /// A pod; it need not be in the documents.
    Pod(Pod),
    /// Every address of a range outside the cluster. A rule applies if one of its peers contains the whole range.
    Range(IpNet),
}

/// The policies and peers that concern one end of a connection.
#[derive(Clone, Debug)]
pub struct Place {
    /// Indexes of the policies that isolate the end: for egress, then for ingress.
    isolating: [Vec<usize>; 2],
    /// The peers in the table that match the end.
    peers: Bits,
    named_ports: Vec<NamedPort>,
}

/// Whether a connection is allowed, and by which policies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict<'p> {
    /// Whether both sides allow the connection.
    pub allowed: bool,
    /// The egress policies of the caller.
    pub egress: Side<'p>,
    /// The ingress policies of the callee.
    pub ingress: Side<'p>,
}

/// The decision of one end's policies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Side<'p> {
    /// No policy isolates the end: every connection is allowed.
    Open,
    /// These policies allow the connection; one is enough.
    Allowed(Vec<&'p Object>),
    /// These policies isolate the end, and none of them allows the connection.
    Denied(Vec<&'p Object>),
}

/// What the policies of a caller say about addresses outside the cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outside<'p> {
    /// The policies that isolate the caller; none: every address is allowed.
    pub isolating: Vec<&'p Object>,
    /// The allowed ranges, each with its exceptions; `None` if every address is allowed.
    pub ranges: Option<Vec<(IpNet, Vec<IpNet>)>>,
}

impl Outside<'_> {
    /// Whether an address is allowed.
    pub fn allows(&self, address: IpAddr) -> bool {
        let holds = |(range, except): &(IpNet, Vec<IpNet>)| range.contains(&address) && !except.iter().any(|part| part.contains(&address));
        self.ranges.as_ref().is_none_or(|ranges| ranges.iter().any(holds))
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Egress,
    Ingress,
}

impl Policies {
    /// Reads the documents of one cluster. Documents of other kinds than policies, namespaces and workloads are skipped.
    ///
    /// # Errors
    /// The object and field of the first document that the API server would refuse.
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

    /// Reads the objects of one cluster from JSON: policies, namespaces and what runs pods; others are skipped.
    ///
    /// # Errors
    /// As [`Policies::read`].
    pub fn of_objects<'o>(objects: impl IntoIterator<Item = &'o serde_json::Value>) -> Result<Policies, Fault> {
        let is_judged = |object: &&'o serde_json::Value| {
            let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
            let (api, kind) = (text("apiVersion"), text("kind"));
            let runs_pods = kinds::find(api, kind).is_some_and(|kind| kind.pod_template.is_some() || kind.operated.is_some());
            runs_pods || ["Namespace", "NetworkPolicy"].contains(&kind)
        };
        let documents: Vec<Document> = objects.into_iter().filter(is_judged).map(Document::from_json).collect();
        Policies::read(&documents)
    }

    /// The workloads, in the order of the documents.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Policies of other kinds, which are not evaluated.
    pub fn unjudged(&self) -> &[Object] {
        &self.unjudged
    }

    /// Finds the policies and peers that concern an end. A namespace that no document declares has one label, its name.
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

    /// Whether `from` may connect to this port of `to`, and by which policies. The port is that of the pod, not of a Service.
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

    /// The parts of a set of ports that one verdict holds for each.
    pub fn parts(&self, from: &Place, to: &Place, ports: &Ports) -> Vec<(Ports, Verdict<'_>)> {
        let ranges = |own: &Place, other: &Place, direction: Direction| -> Vec<ports::Range> {
            let rules =
                own.isolating[direction as usize].iter().flat_map(|&number| self.policies[number].rules(direction).unwrap_or_default());
            rules.filter(|rule| rule.concerns(&other.peers)).flat_map(|rule: &Rule| rule.ranges(&to.named_ports)).collect()
        };
        let all = ranges(from, to, Direction::Egress).into_iter().chain(ranges(to, from, Direction::Ingress));
        // A verdict changes where a rule starts, and after it ends.
        let cuts: BTreeSet<(Protocol, u16)> = all
            .flat_map(|(protocol, first, last)| [Some((protocol, first)), last.checked_add(1).map(|next| (protocol, next))])
            .flatten()
            .collect();
        let mut parts = Vec::new();
        for (protocol, first, last) in ports.ranges() {
            let starts: Vec<u16> = std::iter::once(first)
                .chain(cuts.range((protocol, first)..=(protocol, last)).map(|(_, port)| *port).filter(|port| *port > first))
                .collect();
            for (at, start) in starts.iter().enumerate() {
                let end = starts.get(at + 1).map_or(last, |next| next - 1);
                let part = [(protocol, *start, end)].into_iter().collect();
                parts.push((part, self.allows(from, to, *start, protocol)));
            }
        }
        parts
    }

    /// Whether a policy decides who may connect to an end.
    pub fn isolates_ingress(&self, to: &Place) -> bool {
        !to.isolating[Direction::Ingress as usize].is_empty()
    }

    /// Every port of `to` that `from` may connect to.
    pub fn ports(&self, from: &Place, to: &Place) -> Ports {
        let egress = self.side_ports(from, to, to, Direction::Egress);
        if egress.is_empty() {
            return egress;
        }
        egress.and(&self.side_ports(to, from, to, Direction::Ingress))
    }

    /// The addresses outside the cluster that an end may call, on a port or, without one, on any.
    pub fn outside(&self, from: &Place, port: Option<(u16, Protocol)>) -> Outside<'_> {
        let isolating: Vec<&Policy> = from.isolating[Direction::Egress as usize].iter().map(|&number| &self.policies[number]).collect();
        let rules = isolating.iter().flat_map(|policy| policy.rules(Direction::Egress).unwrap_or_default());
        let mut ranges = Vec::new();
        let mut all = isolating.is_empty();
        for rule in
            rules.filter(|rule| port.map_or(!rule.ranges(&[]).is_empty(), |(number, protocol)| rule.has_port(&[], number, protocol)))
        {
            match rule.peers() {
                None => all = true,
                Some(peers) => ranges.extend(peers.iter().filter_map(|&peer| self.table.block(peer))),
            }
        }
        Outside { isolating: isolating.into_iter().map(|policy| &policy.object).collect(), ranges: (!all).then_some(ranges) }
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
