//! The subnets of a network root: each purpose in each zone, with its route table and tags.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{Network, Region, ZoneRange};
use crate::template::{InvalidReference, Reference};

/// A subnet in `locals.tf`.
#[derive(Serialize)]
pub(super) struct Subnet {
    /// `PURPOSE/ZONE`.
    pub(super) key: String,
    pub(super) cidr: String,
    pub(super) zone: String,
    /// The route table: `public`, `private/ZONE` or `closed`.
    pub(super) routes: String,
    pub(super) tags: BTreeMap<&'static str, &'static str>,
}

/// Every subnet, sorted by key. Without public load balancers (`entry`) and NAT gateways (their zones are `nat`) there are no public subnets.
pub(super) fn subnets(network: &Network, entry: bool, nat: &[String]) -> Vec<Subnet> {
    let mut subnets = Vec::new();
    let mut add = |purpose: &str, ranges: &[ZoneRange], routes: &dyn Fn(&str) -> String, tag: Option<&'static str>| {
        subnets.extend(ranges.iter().map(|range| Subnet {
            key: format!("{purpose}/{}", range.zone),
            cidr: range.cidr.to_string(),
            zone: range.zone.clone(),
            routes: routes(&range.zone),
            tags: tag.map(|tag| (tag, "1")).into_iter().collect(),
        }));
    };
    let closed = |_: &str| "closed".to_owned();
    // The gateway of the zone, or the one of all zones.
    let private = |zone: &str| format!("private/{}", nat.iter().find(|other| *other == zone).or(nat.first()).map_or(zone, String::as_str));
    let public = |_: &str| "public".to_owned();
    for subnet in &network.subnets {
        add(&format!("nodes-{}", subnet.name), &subnet.ranges, if subnet.internet { &private } else { &closed }, None);
    }
    add("endpoints", &network.endpoints, &closed, None);
    add("transit", &network.transit, &closed, None);
    // The load balancer controller finds subnets by these tags.
    add("lb-internal", &network.lb_internal, &closed, Some("kubernetes.io/role/internal-elb"));
    if entry || !nat.is_empty() {
        add("lb-public", &network.lb_public, &public, entry.then_some("kubernetes.io/role/elb"));
    }
    subnets.sort_by(|a, b| a.key.cmp(&b.key));
    subnets
}

/// The route tables of nodes, pods, internal load balancers and endpoints: all but that of the public load balancers.
pub(in crate::cloud::aws) fn inner_route_tables(region: &Region, network: &Network) -> BTreeSet<String> {
    let subnets = subnets(network, false, region.nat_zones());
    subnets.into_iter().map(|subnet| subnet.routes).filter(|routes| routes != "public").collect()
}

/// A resource that got another address in the state.
#[derive(Serialize)]
pub(super) struct Move {
    from: Reference,
    to: Reference,
}

/// The moves of renamed subnets, which keep their resources. Security groups are replaced: the name of one cannot change.
pub(super) fn moves(region: &Region, network: &Network) -> Result<Vec<Move>, InvalidReference> {
    let mut moves = Vec::new();
    for subnet in &network.subnets {
        let Some(old) = subnet.renamed_from.as_ref().filter(|old| **old != subnet.name) else { continue };
        for resource in ["aws_subnet", "aws_route_table_association"] {
            for zone in &region.zones {
                let address = |name| Reference::new(format!("{resource}.this[\"nodes-{name}/{zone}\"]"));
                moves.push(Move { from: address(old)?, to: address(&subnet.name)? });
            }
        }
    }
    Ok(moves)
}
