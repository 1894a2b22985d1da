//! A region of the resolved platform -> [`Network`].

use std::collections::BTreeMap;

use super::{Class, Exit, Flow, Network, Protocol, State, Subnet, Use};
use crate::model::{Flow as Need, NetworkSubnet, Peer, Platform, Region, ZoneRange};
use crate::spec::Via;
use crate::value::Cidr;

impl Network {
    /// The network of a region, with the state where `state` says; none where the region has no network or no account of ours.
    /// `owns_account` says that no other environment has networks in the same account and region.
    pub fn new(platform: &Platform, region: &Region, state: State, owns_account: bool) -> Option<Network> {
        let (network, account) = (region.network.as_ref()?, region.account.clone()?);
        let zonal = |purpose: Use, ranges: &[ZoneRange]| {
            let subnet = |range: &ZoneRange| Subnet { purpose: purpose.clone(), zone: range.zone.clone(), cidr: range.cidr };
            ranges.iter().map(subnet).collect::<Vec<_>>()
        };
        let classes: Vec<Class> = network.subnets.iter().map(class).collect();
        let public_entry =
            region.workloads.values().flat_map(|workload| &workload.exposures).any(|exposure| matches!(exposure.via, Via::Public));
        let mut subnets: Vec<Subnet> =
            network.subnets.iter().flat_map(|subnet| zonal(Use::Nodes(subnet.name.to_string()), &subnet.ranges)).collect();
        subnets.extend(zonal(Use::Pods, &network.pod_zones));
        subnets.extend(zonal(Use::InternalLoadBalancers, &network.lb_internal));
        subnets.extend(zonal(Use::Endpoints, &network.endpoints));
        subnets.extend(zonal(Use::Transit, &network.transit));
        // Without a way in and a way out there is nothing that a public subnet could hold.
        if public_entry || classes.iter().any(|class| class.internet) {
            subnets.extend(zonal(Use::PublicLoadBalancers, &network.lb_public));
        }
        let (flows, exits) = needs(region, &classes);
        Some(Network {
            platform: platform.name.to_string(),
            owner: platform.owner.to_string(),
            environment: platform.environment.to_string(),
            region: region.name.to_string(),
            account,
            state,
            protected: platform.protected,
            owns_account,
            public_entry,
            vpc: network.cidr,
            pods: network.pods,
            zones: region.zones.clone(),
            subnets,
            classes,
            flows,
            exits,
        })
    }
}

fn class(subnet: &NetworkSubnet) -> Class {
    Class { name: subnet.name.to_string(), renamed_from: None, default: subnet.default, internet: subnet.internet }
}

/// What needs open between classes, and from classes to ranges outside.
fn needs(region: &Region, classes: &[Class]) -> (Vec<Flow>, Vec<Exit>) {
    let subnets: BTreeMap<(&str, &str), &str> = region
        .workloads
        .values()
        .map(|workload| ((workload.namespace.as_str(), workload.name.as_str()), workload.placement.subnet.as_str()))
        .collect();
    let services = classes.iter().find(|class| class.default).map(|class| class.name.as_str());
    let home = |peer: &Peer| match peer {
        Peer::Workload { namespace, name } => subnets.get(&(namespace.as_str(), name.as_str())).copied(),
        // Cluster services, which stand in the default class.
        Peer::Gateway | Peer::Metrics => services,
        Peer::Outside { .. } => None,
    };
    let mut flows = Vec::new();
    // Images that no mirror holds, and the cloud's services without an endpoint.
    let mut exits: Vec<Exit> =
        classes.iter().filter(|class| class.internet).map(|class| internet(&class.name, 443, "HTTPS to the internet")).collect();
    for need in &region.flows {
        let Some(from) = home(&need.from) else { continue };
        if let Peer::Outside { name, cidrs } = &need.to {
            // A class without a way to the internet has no hole for it either.
            let open = classes.iter().any(|class| class.name == from && class.internet);
            exits.extend(outside(from, name, cidrs, need).filter(|exit| open || exit.cidr.prefix() > 0));
        } else if let Some(to) = home(&need.to) {
            let flow = |port: &u16| Flow {
                from: from.to_owned(),
                to: to.to_owned(),
                protocol: Protocol::Tcp,
                port: *port,
                description: need.why.clone(),
            };
            flows.extend(need.ports.iter().map(flow));
        }
    }
    (flows, exits)
}

fn internet(from: &str, port: u16, why: &str) -> Exit {
    let everywhere = Cidr::around(0, 0);
    Exit { from: from.to_owned(), name: "internet".into(), cidr: everywhere, protocol: Protocol::Tcp, port, description: why.to_owned() }
}

fn outside<'a>(from: &'a str, name: &'a str, cidrs: &'a [Cidr], need: &'a Need) -> impl Iterator<Item = Exit> + 'a {
    need.ports.iter().flat_map(move |port| {
        let known = cidrs.iter().map(move |cidr| {
            let name = if cidrs.len() == 1 { name.to_owned() } else { format!("{name} {cidr}") };
            Exit { from: from.to_owned(), name, cidr: *cidr, protocol: Protocol::Tcp, port: *port, description: need.why.clone() }
        });
        known.chain(cidrs.is_empty().then(|| internet(from, *port, &need.why)))
    })
}
