//! Reads the rules of a NetworkPolicy. Selectors and peers are indexes into one table, so that equal ones are evaluated once.
//!
//! Values that the API server refuses are faults here too, such as a peer without a selector or a port range without a start.

use indexmap::IndexSet;
use ipnet::IpNet;

use super::Direction;
use super::field::{Fault, Field, Object};
use super::ports::{NamedPort, Ports, Protocol, Range};
use super::selector::{Bits, Selector, Selectors};
use crate::value::PortName;

/// A policy. `None` for a direction: the policy does not isolate pods in this direction. An empty list: the policy allows nothing in this direction.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) object: Object,
    pub(super) selector: usize,
    egress: Option<Vec<Rule>>,
    ingress: Option<Vec<Rule>>,
}

/// A rule: the peers and ports that a policy allows.
#[derive(Debug)]
pub(super) struct Rule {
    /// Indexes of the peers; `None` allows every peer.
    peers: Option<Vec<usize>>,
    /// The ports; `None` allows every port.
    ports: Option<Vec<(Protocol, Port)>>,
}

#[derive(Debug)]
enum Port {
    Any,
    Range(u16, u16),
    Named(String),
}

/// A peer of a rule.
#[derive(Debug, Eq, Hash, PartialEq)]
pub(super) enum Peer {
    /// Pods in the namespace of the policy.
    SameNamespace { namespace: String, pods: usize },
    /// Pods in the selected namespaces.
    Selected { namespaces: usize, pods: usize },
    /// Addresses outside the cluster.
    Block(Block),
}

/// A range of addresses with exceptions.
#[derive(Debug, Eq, Hash, PartialEq)]
pub(super) struct Block {
    range: IpNet,
    except: Vec<IpNet>,
}

/// The distinct selectors and peers of all policies.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) selectors: Selectors,
    peers: IndexSet<Peer>,
}

impl Table {
    /// The range and the exceptions of a peer outside the cluster.
    pub(super) fn block(&self, peer: usize) -> Option<(IpNet, Vec<IpNet>)> {
        match self.peers.get_index(peer)? {
            Peer::Block(block) => Some((block.range, block.except.clone())),
            Peer::SameNamespace { .. } | Peer::Selected { .. } => None,
        }
    }

    /// The peers that satisfy a condition.
    pub(super) fn peers(&self, holds: impl Fn(&Peer) -> bool) -> Bits {
        self.peers.iter().enumerate().filter(|(_, peer)| holds(peer)).map(|(number, _)| number).collect()
    }
}

impl Policy {
    pub(super) fn read(root: &Field<'_>, table: &mut Table) -> Result<Policy, Fault> {
        root.only(&["apiVersion", "kind", "metadata", "spec", "status"])?;
        let object = root.fault("").object;
        let mut policy = Policy { object, selector: table.selectors.number(Selector::default()), egress: None, ingress: Some(Vec::new()) };
        // A policy without a spec isolates every pod of its namespace.
        let Some(spec) = root.get("spec") else { return Ok(policy) };
        spec.only(&["podSelector", "policyTypes", "ingress", "egress"])?;
        if let Some(selector) = spec.get("podSelector") {
            policy.selector = table.selectors.number(Selector::read(&selector)?);
        }
        let namespace = policy.object.namespace.clone();
        let mut rules = |list: &str, peers: &str| -> Result<Vec<Rule>, Fault> {
            spec.list(list)?.iter().map(|rule| Rule::read(rule, peers, &namespace, table)).collect()
        };
        let (ingress, egress) = (rules("ingress", "from")?, rules("egress", "to")?);
        let types = spec.list("policyTypes")?;
        let mut named = (false, false);
        for word in &types {
            match word.text()? {
                "Ingress" => named.0 = true,
                "Egress" => named.1 = true,
                _ => return Err(word.fault("it is neither `Ingress` nor `Egress`")),
            }
        }
        if types.is_empty() {
            named = (true, !egress.is_empty());
        }
        (policy.ingress, policy.egress) = (named.0.then_some(ingress), named.1.then_some(egress));
        Ok(policy)
    }

    /// The rules for a direction; `None` if the policy does not isolate pods in this direction.
    pub(super) fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Egress => self.egress.as_deref(),
            Direction::Ingress => self.ingress.as_deref(),
        }
    }
}

impl Rule {
    fn read(field: &Field<'_>, peers_key: &str, namespace: &str, table: &mut Table) -> Result<Rule, Fault> {
        field.only(&[peers_key, "ports"])?;
        let peers: Vec<usize> = field.list(peers_key)?.iter().map(|peer| Peer::read(peer, namespace, table)).collect::<Result<_, _>>()?;
        let ports: Vec<(Protocol, Port)> = field.list("ports")?.iter().map(Port::read).collect::<Result<_, _>>()?;
        // An empty list has the meaning of a missing list: no restriction.
        Ok(Rule { peers: (!peers.is_empty()).then_some(peers), ports: (!ports.is_empty()).then_some(ports) })
    }

    /// Indexes of the peers in the table; `None` allows every peer.
    pub(super) fn peers(&self) -> Option<&[usize]> {
        self.peers.as_deref()
    }

    /// Whether the rule applies to an end that matches these peers.
    pub(super) fn concerns(&self, peers: &Bits) -> bool {
        self.peers.as_ref().is_none_or(|own| own.iter().any(|&peer| peers.has(peer)))
    }

    /// The ports that the rule allows on a target with these named ports.
    pub(super) fn ranges(&self, named: &[NamedPort]) -> Vec<Range> {
        let Some(ports) = &self.ports else { return Ports::all().ranges().collect() };
        let mut ranges = Vec::new();
        for (protocol, port) in ports {
            match port {
                Port::Any => ranges.push((*protocol, 1, u16::MAX)),
                Port::Range(first, last) => ranges.push((*protocol, *first, *last)),
                Port::Named(name) => {
                    let own = named.iter().filter(|port| port.name == *name && port.protocol == *protocol);
                    ranges.extend(own.map(|port| (*protocol, port.number, port.number)));
                }
            }
        }
        ranges
    }

    pub(super) fn has_port(&self, named: &[NamedPort], number: u16, protocol: Protocol) -> bool {
        self.ranges(named).iter().any(|&(of, first, last)| of == protocol && (first..=last).contains(&number))
    }
}

impl Port {
    fn read(field: &Field<'_>) -> Result<(Protocol, Port), Fault> {
        field.only(&["protocol", "port", "endPort"])?;
        let protocol = field.get("protocol").as_ref().map_or(Ok(Protocol::Tcp), Protocol::read)?;
        let (port, end) = (field.get("port"), field.get("endPort"));
        let port = match (port, end) {
            (None, None) => Port::Any,
            (None, Some(end)) => return Err(end.fault("it needs `port`, where the range starts")),
            (Some(port), end) => match (port.node.as_str(), end) {
                (Some(_), Some(end)) => return Err(end.fault("it goes with a number in `port`, not with a name")),
                (Some(name), None) if name.parse::<PortName>().is_ok() => Port::Named(name.to_owned()),
                (Some(_), None) => return Err(port.fault("it is neither a number nor the name of a port")),
                (None, end) => {
                    let first = port.port()?;
                    let last = end.as_ref().map_or(Ok(first), Field::port)?;
                    if let Some(end) = end.filter(|_| last < first) {
                        return Err(end.fault("it is below `port`"));
                    }
                    Port::Range(first, last)
                }
            },
        };
        Ok((protocol, port))
    }
}

impl Peer {
    /// Reads a peer and returns its index in the table.
    fn read(field: &Field<'_>, namespace: &str, table: &mut Table) -> Result<usize, Fault> {
        field.only(&["podSelector", "namespaceSelector", "ipBlock"])?;
        let mut selector = |key: &str| field.get(key).map(|field| Ok(table.selectors.number(Selector::read(&field)?))).transpose();
        let (pods, namespaces) = (selector("podSelector")?, selector("namespaceSelector")?);
        let peer = match (pods, namespaces, field.get("ipBlock")) {
            (Some(pods), None, None) => Peer::SameNamespace { namespace: namespace.to_owned(), pods },
            (pods, Some(namespaces), None) => {
                Peer::Selected { namespaces, pods: pods.unwrap_or_else(|| table.selectors.number(Selector::default())) }
            }
            (None, None, Some(block)) => Peer::Block(Block::read(&block)?),
            (None, None, None) => return Err(field.fault("it names no peer")),
            (_, _, Some(block)) => return Err(block.fault("it stands alone, without a selector")),
        };
        Ok(table.peers.insert_full(peer).0)
    }
}

impl Block {
    fn read(field: &Field<'_>) -> Result<Block, Fault> {
        field.only(&["cidr", "except"])?;
        let range = network(&field.require("cidr")?)?;
        let inside = |field: &Field<'_>| {
            let part = network(field)?;
            if range.contains(&part) && part.prefix_len() > range.prefix_len() {
                Ok(part)
            } else {
                Err(field.fault("it is no part of `cidr`"))
            }
        };
        let except = field.list("except")?.iter().map(inside).collect::<Result<_, _>>()?;
        Ok(Block { range, except })
    }

    /// Whether the block contains every address of a range.
    pub(super) fn contains(&self, range: &IpNet) -> bool {
        self.range.contains(range) && !self.except.iter().any(|part| part.contains(range) || range.contains(part))
    }
}

fn network(field: &Field<'_>) -> Result<IpNet, Fault> {
    field.text()?.parse().map_err(|_| field.fault("it is not a range of addresses, such as `10.0.0.0/16`"))
}
