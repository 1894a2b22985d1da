//! What flows declare, NetworkPolicies allow and the firewall allows between two ends.

use super::ends::End;
use super::{Blocked, Declared, Layer, Pair, Site, words};
use crate::model::{Addon, Firewall, Flow, Network, Peer, Rule};
use crate::policy::{End as PolicyEnd, INTERNET, Object, Policies, Ports, Protocol, Side};
use crate::provider::Provider;
use crate::value::{Cidr, Name, NetworkPorts};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// The port at which names are resolved.
const DNS: u16 = 53;

/// What decides about connections in a region.
pub(super) struct Layers<'a> {
    pub(super) site: Site<'a>,
    pub(super) policies: &'a Policies,
    /// The security groups of the network, where these files make them.
    firewall: Option<(&'a Network, Firewall)>,
    /// All ends of connections.
    ends: &'a [End<'a>],
}

impl<'a> Layers<'a> {
    pub(super) fn new(site: Site<'a>, policies: &'a Policies, ends: &'a [End<'a>]) -> Layers<'a> {
        let network = site.region.network.as_ref().filter(|_| site.region.provider == Provider::Aws);
        Layers { site, policies, firewall: network.map(|network| (network, site.region.firewall(network))), ends }
    }

    /// The names of the ends that peers stand for, each once.
    pub(super) fn names<'p>(&self, peers: impl Iterator<Item = &'p Peer>) -> Vec<String> {
        let names: BTreeSet<&str> =
            peers.flat_map(|peer| self.ends.iter().filter(|end| end.is(peer))).map(|end| end.name.as_str()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// The flows between two ends.
    fn flows<'f>(&'f self, from: &'f End<'_>, to: &'f End<'_>) -> impl Iterator<Item = &'f Flow> {
        self.site.region.flows.iter().filter(|flow| from.is(&flow.from) && to.is(&flow.to))
    }

    pub(super) fn declared(&self, from: &End<'_>, to: &End<'_>) -> (Ports, Vec<Declared>) {
        let mut all = Ports::default();
        let mut told = Vec::new();
        for flow in self.flows(from, to) {
            let ports = of_flow(&flow.ports);
            all = all.or(&ports);
            told.push(Declared { ports: words(&ports), why: flow.why.clone(), place: Some((self.site.place)(flow.span)) });
        }
        if is_dns(to) && from.own && !from.on_node {
            let ports = names();
            all = all.or(&ports);
            told.push(Declared { ports: words(&ports), why: "every pod resolves names".to_owned(), place: None });
        }
        (all, told)
    }

    /// The ports that NetworkPolicies allow: those that all ranges of an end have.
    pub(super) fn policies(&self, from: &End<'_>, to: &End<'_>) -> Ports {
        let pairs = from.places.iter().flat_map(|from| to.places.iter().map(move |to| (from, to)));
        pairs.map(|(from, to)| self.policies.ports(from, to)).reduce(|all, ports| all.and(&ports)).unwrap_or_default()
    }

    /// The ports that the firewall allows from every subnet of the caller to every one of the callee. `None`: no firewall of these files is in the way.
    pub(super) fn firewall(&self, from: &End<'_>, to: &End<'_>) -> Option<Ports> {
        let (_, firewall) = self.firewall.as_ref().filter(|_| from.guarded && to.guarded)?;
        let everywhere = [Cidr::around(0, 0)];
        let ranges = if to.ranges.is_empty() { &everywhere[..] } else { &to.ranges };
        let of = |from: &Name| -> Vec<Ports> {
            match &to.classes[..] {
                [] if !to.pods => ranges.iter().map(|range| firewall.exits(from, *range).map(of_rule).collect()).map(union).collect(),
                classes => classes.iter().map(|to| union(firewall.between(from, to).map(of_rule).collect())).collect(),
            }
        };
        from.classes.iter().flat_map(|class| of(class)).reduce(|all, ports| all.and(&ports))
    }

    /// Everything about two ends; `None` where no connection is declared and NetworkPolicies allow none, or nothing is known.
    pub(super) fn pair(&self, from: &End<'_>, to: &End<'_>) -> Option<Pair> {
        // What nobody declared between add-ons of others is not the platform's, and no policy guards a node from another one.
        if !(from.own || to.own || self.flows(from, to).next().is_some())
            || from.places.is_empty()
            || to.places.is_empty()
            || (from.on_node && to.on_node)
        {
            return None;
        }
        let pair = self.judged(from, to);
        (!pair.declared.is_empty() || !pair.policies.is_empty()).then_some(pair)
    }

    /// What the layers say about two ends.
    pub(super) fn judged(&self, from: &End<'_>, to: &End<'_>) -> Pair {
        let (declared, told) = self.declared(from, to);
        let (policies, firewall) = (self.policies(from, to), self.firewall(from, to));
        let open = firewall.as_ref().map_or_else(|| policies.clone(), |firewall| policies.and(firewall));
        // What is outside is judged for the flows that lead there, and its other ports with the ranges that nobody declared.
        let judged = from.own && !from.on_node || to.own && !to.on_node;
        // Agents of nodes are known by ranges, which are judged as such.
        let undeclared = match judged && to.pods && (to.own || !to.on_node) {
            true => open.without(&declared.or(&self.declared_by_ranges(from, to))),
            false => Ports::default(),
        };
        let mut blocked = Vec::new();
        let denied = declared.without(&policies);
        if !denied.is_empty() {
            blocked.extend(self.denied(from, to, &denied));
        }
        if let Some(firewall) = &firewall {
            let ports = declared.without(firewall);
            if !ports.is_empty() {
                let reason = format!(
                    "no rule of the security groups lets {} call {}",
                    subnets(from),
                    if to.classes.is_empty() { to.name.clone() } else { subnets(to) }
                );
                blocked.push(Blocked { ports: words(&ports), layer: Layer::Firewall, reason });
            }
        }
        Pair {
            from: from.name.clone(),
            to: to.name.clone(),
            declared: told,
            policies: words(&policies),
            firewall: firewall.as_ref().map(words),
            open: words(&open),
            declared_open: words(&open.and(&declared)),
            blocked,
            allowed_by: self.allowing(from, to, &undeclared),
            undeclared: words(&undeclared),
            also: self.also(from, to, &open.without(&declared).without(&undeclared)),
        }
    }

    /// Which side denies which of these ports, and by which policies.
    pub(super) fn denied(&self, from: &End<'_>, to: &End<'_>, ports: &Ports) -> Vec<Blocked> {
        let mut found: BTreeMap<Layer, (Ports, Vec<String>)> = BTreeMap::new();
        for (from, to) in from.places.iter().flat_map(|from| to.places.iter().map(move |to| (from, to))) {
            for (part, verdict) in self.policies.parts(from, to, ports) {
                for (layer, side) in [(Layer::Egress, verdict.egress), (Layer::Ingress, verdict.ingress)] {
                    let Side::Denied(objects) = side else { continue };
                    let (all, names) = found.entry(layer).or_default();
                    *all = all.or(&part);
                    names.extend(objects.into_iter().map(policy).filter(|name| !names.contains(name)).collect::<Vec<_>>());
                }
            }
        }
        let reason = |layer: Layer, names: Vec<String>| {
            let (side, end) = if layer == Layer::Egress { ("egress of", from) } else { ("ingress of", to) };
            format!("no rule for the {side} {} allows it in {}", end.name, names.join(", "))
        };
        found.into_iter().map(|(layer, (ports, names))| Blocked { ports: words(&ports), layer, reason: reason(layer, names) }).collect()
    }

    /// The policies that allow ports.
    pub(super) fn allowing(&self, from: &End<'_>, to: &End<'_>, ports: &Ports) -> Vec<String> {
        let mut names = Vec::new();
        let (Some(one), Some(other)) = (from.places.first(), to.places.first()) else { return names };
        for (_, verdict) in self.policies.parts(one, other, ports) {
            for side in [verdict.egress, verdict.ingress] {
                let Side::Allowed(objects) = side else { continue };
                names.extend(objects.into_iter().map(policy));
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The ranges outside of the cluster that a workload may call on ports that none of its flows declares.
    pub(super) fn elsewhere(&self, from: &End<'_>) -> Vec<Pair> {
        let ([place], true, false) = (&from.places[..], from.own, from.on_node) else { return Vec::new() };
        let everything = || "0.0.0.0/0".parse::<IpNet>().map(|range| vec![(range, Vec::new())]).unwrap_or_default();
        let ranges = self.policies.outside(place, None).ranges.unwrap_or_else(everything);
        let mut pairs: Vec<Pair> = Vec::new();
        for (range, except) in ranges {
            let name = if range.prefix_len() == 0 { "the internet".to_owned() } else { range.to_string() };
            let Some(end) = probe(range, &except).map(|probe| self.policies.place(&PolicyEnd::Range(probe))) else { continue };
            let policies = self.policies.ports(place, &end);
            let firewall = self.exits(from, range);
            let open = firewall.as_ref().map_or_else(|| policies.clone(), |firewall| policies.and(firewall));
            let undeclared = open.without(&self.declared_outside(from, range, &except));
            if undeclared.is_empty() || pairs.iter().any(|pair| pair.to == name) {
                continue;
            }
            let there = End { places: vec![end], ..End::named(name.clone()) };
            pairs.push(Pair {
                from: from.name.clone(),
                to: name,
                declared: Vec::new(),
                policies: words(&policies),
                firewall: firewall.as_ref().map(words),
                open: words(&open),
                declared_open: Vec::new(),
                blocked: Vec::new(),
                allowed_by: self.allowing(from, &there, &undeclared),
                undeclared: words(&undeclared),
                also: None,
            });
        }
        pairs
    }

    /// What the firewall lets an end call in a range.
    fn exits(&self, from: &End<'_>, range: IpNet) -> Option<Ports> {
        let (_, firewall) = self.firewall.as_ref().filter(|_| from.guarded)?;
        let range: Cidr = range.to_string().parse().ok()?;
        // The API server and the agents of a node are no matter of the firewall.
        let of = |class: &&Name| union(firewall.exits(class, range).map(of_rule).collect());
        from.classes.iter().map(of).reduce(|all, ports| all.or(&ports))
    }

    /// The ports that flows declare for ends that policies know by ranges alone: all pods in the network of a node, and all callers from a range.
    fn declared_by_ranges(&self, from: &End<'_>, to: &End<'_>) -> Ports {
        let region = self.site.region;
        if to.on_node {
            let ranges = to.ranges.iter().filter_map(|range| range.to_string().parse().ok());
            return ranges.map(|range| self.declared_outside(from, range, &[])).reduce(|all, ports| all.and(&ports)).unwrap_or_default();
        }
        let flows = region.flows.iter().filter(|flow| to.is(&flow.to) && self.is_from(flow, from));
        union(flows.map(|flow| of_flow(&flow.ports)).collect())
    }

    /// Whether every address of an end is one from which a flow comes.
    pub(super) fn is_from(&self, flow: &Flow, from: &End<'_>) -> bool {
        match &flow.from {
            Peer::Outside { cidrs, .. } | Peer::Cluster { cidrs } => {
                from.is_outside()
                    && !from.ranges.is_empty()
                    && from.ranges.iter().all(|range| cidrs.iter().any(|cidr| cidr.contains(*range)))
            }
            other => from.on_node && self.site.region.node_ranges(other).is_some(),
        }
    }

    /// The ports that the flows of an end declare for every address of a range without its exceptions.
    fn declared_outside(&self, from: &End<'_>, range: IpNet, except: &[IpNet]) -> Ports {
        let region = self.site.region;
        let flows = region.flows.iter().filter(|flow| from.is(&flow.from) && self.leads(flow, range, except));
        let all = union(flows.map(|flow| of_flow(&flow.ports)).collect());
        if region.cluster.name_servers.iter().any(|cidr| holds(cidr, range)) { all.or(&names()) } else { all }
    }

    /// Whether a flow leads to every address of a range without its exceptions.
    pub(super) fn leads(&self, flow: &Flow, range: IpNet, except: &[IpNet]) -> bool {
        let region = self.site.region;
        let open = || {
            let inside = || region.inside.iter().filter_map(net);
            let apart = inside().all(|net| !net.contains(&range) && !range.contains(&net) || except.iter().any(|part| part.contains(&net)));
            apart && range.addr().is_ipv4()
        };
        match &flow.to {
            Peer::Outside { cidrs, .. } if cidrs.is_empty() => open(),
            Peer::Outside { cidrs, .. } | Peer::Cluster { cidrs } => cidrs.iter().any(|cidr| holds(cidr, range)),
            to => region.node_ranges(to).is_some_and(|ranges| ranges.iter().any(|cidr| holds(cidr, range))),
        }
    }
}

pub(super) fn net(cidr: &Cidr) -> Option<IpNet> {
    cidr.to_string().parse().ok()
}

fn holds(cidr: &Cidr, range: IpNet) -> bool {
    net(cidr).is_some_and(|net| net.contains(&range))
}

/// A part of a range that is not excepted, and stands for all of it.
fn probe(range: IpNet, except: &[IpNet]) -> Option<IpNet> {
    if except.is_empty() && range.prefix_len() > 0 {
        return Some(range);
    }
    let is_free = |address: &std::net::IpAddr| range.contains(address) && !except.iter().any(|part| part.contains(address));
    [INTERNET, range.network(), range.broadcast()].into_iter().find(is_free).map(IpNet::from)
}

fn is_dns(end: &End<'_>) -> bool {
    end.name == Addon::Dns.name() && !end.own
}

/// The ports at which names are resolved.
fn names() -> Ports {
    [(Protocol::Tcp, DNS, DNS), (Protocol::Udp, DNS, DNS)].into_iter().collect()
}

pub(super) fn of_flow(ports: &NetworkPorts) -> Ports {
    ports.iter().map(|port| (if port.is_udp() { Protocol::Udp } else { Protocol::Tcp }, port.number(), port.number())).collect()
}

fn of_rule(rule: &Rule) -> Ports {
    let protocol = match rule.protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return Ports::all(),
    };
    let (first, last) = rule.port.map_or((1, u16::MAX), |port| (port, port));
    [(protocol, first, last)].into_iter().collect()
}

fn union(all: Vec<Ports>) -> Ports {
    all.into_iter().reduce(|all, ports| all.or(&ports)).unwrap_or_default()
}

fn subnets(end: &End<'_>) -> String {
    let names: Vec<String> = end.classes.iter().map(|class| format!("`{class}`")).collect();
    format!("the subnet{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
}

fn policy(object: &Object) -> String {
    format!("NetworkPolicy/{}/{}", object.namespace, object.name)
}
