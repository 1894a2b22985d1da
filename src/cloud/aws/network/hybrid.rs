//! The views of the VPN to the company's network, and of the resolver between the two.

use serde::Serialize;

use super::super::text::RESOLVER;
use super::subnets::inner_route_tables;
use crate::model::{Network, Region, Vpn};
use crate::value::truncate_with_hash;

/// The largest number of a gateway that the older of the two arguments takes.
const SHORT: u32 = i32::MAX as u32;

/// The number of a gateway that speaks no BGP: AWS asks for one all the same.
const UNUSED: u32 = 65000;

/// The view of `hybrid.tf`.
#[derive(Serialize)]
pub(super) struct Hybrid {
    cidrs: Vec<String>,
    route_tables: Vec<String>,
    gateway: String,
    bgp_asn: Option<String>,
    bgp_asn_extended: Option<String>,
    static_routes: bool,
    protected: bool,
}

/// The view of `vpn_logs.tf`.
#[derive(Serialize)]
pub(super) struct Logs {
    pub(super) days: u32,
    /// Whether the logs are kept for less than the year that scanners ask for.
    pub(super) brief: bool,
}

impl Hybrid {
    pub(super) fn new(region: &Region, network: &Network, vpn: &Vpn, protected: bool) -> Hybrid {
        // The routes of the private tables are of no use to classes that call nobody there.
        let called = region.classes_that_call_the_company(network);
        let open = network.subnets.iter().any(|subnet| subnet.internet && called.contains(&subnet.name));
        let asn = vpn.asn.unwrap_or(UNUSED);
        Hybrid {
            cidrs: network.on_premises.iter().map(ToString::to_string).collect(),
            route_tables: inner_route_tables(region, network).into_iter().filter(|table| open || table == "closed").collect(),
            gateway: vpn.gateway.to_string(),
            bgp_asn: (asn <= SHORT).then(|| asn.to_string()),
            bgp_asn_extended: (asn > SHORT).then(|| asn.to_string()),
            static_routes: vpn.asn.is_none(),
            protected,
        }
    }
}

/// The view of `resolver.tf`, whose endpoint answers the company.
#[derive(Serialize)]
pub(super) struct Resolver {
    endpoint: String,
}

/// The view of `forwarding.tf`, whose endpoint asks the company.
#[derive(Serialize)]
pub(super) struct Forwarding<'a> {
    endpoint: String,
    servers: Vec<String>,
    names: &'a [String],
}

/// The name of an endpoint of the network with this name.
fn endpoint(name: &str, direction: &str) -> String {
    truncate_with_hash(&format!("{name}-{direction}"), RESOLVER)
}

impl Resolver {
    /// None if the spec names no name servers.
    pub(super) fn new(vpn: &Vpn, name: &str) -> Option<Resolver> {
        (!vpn.name_servers.is_empty()).then(|| Resolver { endpoint: endpoint(name, "inbound") })
    }
}

impl<'a> Forwarding<'a> {
    /// None where no entry names a host in the company's network.
    pub(super) fn new(vpn: &'a Vpn, name: &str) -> Option<Forwarding<'a>> {
        let servers = vpn.name_servers.iter().map(ToString::to_string).collect();
        (!vpn.names.is_empty()).then(|| Forwarding { endpoint: endpoint(name, "outbound"), servers, names: &vpn.names })
    }
}

/// What the tests of the root ask of the link.
#[derive(Serialize)]
pub(super) struct Link {
    gateway: String,
    static_routes: bool,
    resolves: bool,
    forwards: bool,
}

impl Link {
    pub(super) fn new(vpn: &Vpn) -> Link {
        let resolves = !vpn.name_servers.is_empty();
        Link { gateway: vpn.gateway.to_string(), static_routes: vpn.asn.is_none(), resolves, forwards: !vpn.names.is_empty() }
    }
}
