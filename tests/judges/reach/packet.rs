//! Whether a packet arrives: the way that the routes give it, and the ports that the security groups leave open. Both have to be there.

use std::net::Ipv4Addr;

use super::world::{Hop, Id, Interface, Peer, Ports, Rule, Subnet, World, every_port};

/// An address that belongs to nobody here: the internet.
pub const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// Where a packet goes.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// Something in a subnet.
    Interface(&'a Interface),
    /// An address outside.
    Address(Ipv4Addr),
    /// A service of AWS that a gateway endpoint leads to: its name.
    Service(&'a str),
    /// The resolver of the VPC. No group and no route concerns it.
    Resolver,
}

/// How a packet leaves the subnet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// Inside of the VPC.
    Local,
    /// Through a gateway endpoint.
    Endpoint,
    /// Through the NAT gateway in this zone.
    Nat(String),
    /// Through the internet gateway, with a public address of its own.
    Internet,
    Peering,
    Vpn,
}

/// What routes and groups say of one packet.
pub struct Answer {
    /// None where no route leads.
    pub way: Option<Way>,
    /// Open ports: what the groups of both sides allow.
    pub ports: Ports,
}

impl Answer {
    /// `tcp/53 udp/53 by nat`, or `-` where nothing arrives. `zone` is that of the sender, whose NAT gateway needs no name.
    pub fn text(&self, zone: &str) -> String {
        let Some(way) = self.way.as_ref().filter(|_| !self.ports.is_empty()) else { return "-".to_owned() };
        let by = match way {
            Way::Local => String::new(),
            Way::Endpoint => " by endpoint".to_owned(),
            Way::Nat(own) if own == zone => " by nat".to_owned(),
            Way::Nat(other) => format!(" by nat {other}"),
            Way::Internet => " by internet gateway".to_owned(),
            Way::Peering => " by peering".to_owned(),
            Way::Vpn => " by vpn".to_owned(),
        };
        let port = |(protocol, first, last): &(String, u16, u16)| match (&**protocol, first == last) {
            ("-1", _) => "all".to_owned(),
            (_, true) => format!("{protocol}/{first}"),
            (_, false) => format!("{protocol}/{first}-{last}"),
        };
        let mut ports: Vec<String> = self.ports.iter().map(port).collect();
        ports.sort();
        ports.dedup();
        if ports.iter().any(|port| port == "all") {
            ports = vec!["all".to_owned()];
        }
        ports.join(" ") + &by
    }
}

/// The ports in both sets.
fn common(one: &Ports, other: &Ports) -> Ports {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    pairs
        .filter_map(|((protocol, first, last), (other, from, to))| {
            let protocol = if protocol == "-1" { other } else { protocol };
            let same = other == "-1" || other == protocol;
            (same && first.max(from) <= last.min(to)).then(|| (protocol.clone(), *first.max(from), *last.min(to)))
        })
        .collect()
}

impl World {
    /// What becomes of a packet from an interface.
    pub fn send(&self, from: &Interface, to: Target) -> Answer {
        let vpc = &self.subnets[&from.subnet].vpc;
        // Packets of pods that leave the VPC have the address, the group and the routes of their node.
        let inside = match to {
            Target::Interface(to) => self.subnets[&to.subnet].vpc == *vpc,
            Target::Address(to) => self.vpcs[vpc].ranges.iter().any(|range| range.contains(&to)),
            Target::Service(_) => false,
            Target::Resolver => {
                let resolver = self.vpcs[vpc].resolver;
                return Answer { way: resolver.then_some(Way::Local), ports: vec![("tcp".into(), 53, 53), ("udp".into(), 53, 53)] };
            }
        };
        let from = from.node.as_deref().filter(|_| !inside).unwrap_or(from);
        Answer { way: self.way(from, to), ports: common(&self.let_out(from, to), &self.let_in(from, to)) }
    }

    /// The way from an interface.
    fn way(&self, from: &Interface, to: Target) -> Option<Way> {
        let subnet = &self.subnets[&from.subnet];
        let address = match to {
            Target::Interface(to) if self.subnets[&to.subnet].vpc == subnet.vpc => return Some(Way::Local),
            Target::Interface(to) => to.address,
            Target::Address(to) => to,
            Target::Service(name) => {
                let lists = subnet.table.as_ref().and_then(|table| self.gateways.get(table));
                let wanted = self.prefix_lists.get(&(subnet.vpc.clone(), name.to_owned()));
                if wanted.is_some_and(|wanted| lists.is_some_and(|lists| lists.contains(wanted))) {
                    return Some(Way::Endpoint);
                }
                PUBLIC
            }
            Target::Resolver => return None,
        };
        match self.hop(subnet, address)? {
            Hop::Nat(nat) => {
                let home = self.nats.get(nat).map(|home| &self.subnets[home])?;
                let out = matches!(self.hop(home, address), Some(Hop::Internet(gateway)) if self.internet[gateway] == home.vpc);
                (out && !home.blocked.0 && home.vpc == subnet.vpc && public(address)).then(|| Way::Nat(home.zone.clone()))
            }
            Hop::Internet(gateway) => {
                (from.public && !subnet.blocked.0 && self.internet[gateway] == subnet.vpc && public(address)).then_some(Way::Internet)
            }
            Hop::Vpn(gateway) => {
                let (vpc, sent) = &self.vpns[gateway];
                let sends = sent.as_ref().is_none_or(|sent| sent.iter().any(|range| range.contains(&address)));
                (*vpc == subnet.vpc && sends && matches!(to, Target::Address(_))).then_some(Way::Vpn)
            }
            Hop::Peering(id) => {
                let Target::Interface(to) = to else { return None };
                let other = &self.subnets[&to.subnet];
                let linked = self.peerings.get(id).is_some_and(|ends| ends.contains(&subnet.vpc) && ends.contains(&other.vpc));
                // Without a route back, no answer arrives.
                (linked && self.hop(other, from.address) == Some(&Hop::Peering(id.clone()))).then_some(Way::Peering)
            }
        }
    }

    /// The longest route of a subnet that holds the address.
    fn hop(&self, subnet: &Subnet, address: Ipv4Addr) -> Option<&Hop> {
        let routes = self.tables.get(subnet.table.as_ref()?)?;
        routes.iter().filter(|(range, _)| range.contains(&address)).max_by_key(|(range, _)| range.prefix_len()).map(|(_, hop)| hop)
    }

    /// What the groups of the sender let out.
    fn let_out(&self, from: &Interface, to: Target) -> Ports {
        let Some(groups) = &from.groups else { return every_port() };
        let vpc = &self.subnets[&from.subnet].vpc;
        let named = |rule: &&Rule| match (&rule.peer, to) {
            (Peer::Range(range), Target::Interface(to)) => range.contains(&to.address),
            (Peer::Range(range), Target::Address(to)) => range.contains(&to),
            // Prefix lists hold public addresses.
            (Peer::Range(range), Target::Service(_)) => range.contains(&PUBLIC),
            (Peer::Group(group), Target::Interface(to)) => self.same_vpc(from, to) && to.groups.iter().flatten().any(|own| own == group),
            (Peer::PrefixList(list), Target::Service(name)) => self.prefix_lists.get(&(vpc.clone(), name.to_owned())) == Some(list),
            _ => false,
        };
        groups.iter().flat_map(|group| &self.groups[group].egress).filter(named).flat_map(|rule| rule.ports.clone()).collect()
    }

    /// What the groups of the receiver let in; outside, everything arrives.
    fn let_in(&self, from: &Interface, to: Target) -> Ports {
        let Target::Interface(to) = to else { return every_port() };
        self.admitted(to, from.address, from.groups.as_ref().filter(|_| self.same_vpc(from, to)))
    }

    /// What the groups of an interface let in from an address, whose owner has these groups.
    fn admitted(&self, to: &Interface, address: Ipv4Addr, owned: Option<&Vec<Id>>) -> Ports {
        let Some(groups) = &to.groups else { return every_port() };
        let named = |rule: &&Rule| match &rule.peer {
            Peer::Range(range) => range.contains(&address),
            Peer::Group(group) => owned.is_some_and(|owned| owned.contains(group)),
            Peer::PrefixList(_) => false,
        };
        groups.iter().flat_map(|group| &self.groups[group].ingress).filter(named).flat_map(|rule| rule.ports.clone()).collect()
    }

    /// Rules name groups of their own VPC.
    fn same_vpc(&self, one: &Interface, other: &Interface) -> bool {
        self.subnets[&one.subnet].vpc == self.subnets[&other.subnet].vpc
    }

    /// What becomes of a packet from an address outside: of the internet, or of the company's network.
    pub fn receive(&self, from: Ipv4Addr, to: &Interface) -> Answer {
        let subnet = &self.subnets[&to.subnet];
        let way = match self.hop(subnet, from) {
            // A packet from the internet needs a public address to go to, and both need a way for the answer.
            Some(Hop::Internet(gateway)) => {
                (to.public && !subnet.blocked.1 && self.internet[gateway] == subnet.vpc && public(from)).then_some(Way::Internet)
            }
            Some(Hop::Vpn(_)) => Some(Way::Vpn),
            _ => None,
        };
        Answer { way, ports: self.admitted(to, from, None) }
    }
}

impl World {
    /// What of a connection to an address outside would be open if the rest were.
    pub fn half_open_out(&self, from: &Interface, to: Ipv4Addr) -> Vec<&'static str> {
        let Answer { way, ports } = self.send(from, Target::Address(to));
        [way.map(|_| "a route leads there"), (!ports.is_empty()).then_some("a rule lets it out")].into_iter().flatten().collect()
    }

    /// What of a connection from the internet would be open if the rest were.
    pub fn half_open_in(&self, to: &Interface) -> Vec<&'static str> {
        let route = matches!(self.hop(&self.subnets[&to.subnet], PUBLIC), Some(Hop::Internet(_)));
        let rule = !self.admitted(to, PUBLIC, None).is_empty();
        let open = [
            (to.public, "it has a public address"),
            (route, "its routes lead to the internet gateway"),
            (rule, "a rule lets everybody in"),
        ];
        open.into_iter().filter(|(open, _)| *open).map(|(_, what)| what).collect()
    }
}

/// Whether an address is one of the internet.
fn public(address: Ipv4Addr) -> bool {
    let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
    !address.is_private() && !shared && !address.is_link_local() && !address.is_loopback()
}
