//! The private network of a region: ranges as the address plan has them.

use crate::value::{Cidr, EndpointSet, Name, NatGateways};
use std::net::Ipv4Addr;

/// A private network.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its whole range.
    pub cidr: Cidr,
    /// The range of pods.
    pub pods: Cidr,
    /// Pod ranges per zone.
    pub pod_zones: Vec<ZoneRange>,
    /// The range of Services.
    pub services: Cidr,
    /// The subnets of the spec.
    pub subnets: Vec<NetworkSubnet>,
    /// Public load balancers, per zone.
    pub lb_public: Vec<ZoneRange>,
    /// Internal load balancers, per zone.
    pub lb_internal: Vec<ZoneRange>,
    /// Private endpoints, per zone.
    pub endpoints: Vec<ZoneRange>,
    /// The link to other networks, per zone; empty without one.
    pub transit: Vec<ZoneRange>,
    /// The company's own network.
    pub on_premises: Option<OnPremises>,
    /// Its NAT gateways, where a subnet has a route to the internet.
    pub nat: NatGateways,
    /// The services with private endpoints.
    pub endpoint_set: EndpointSet,
    /// The number of days that logs of connections are kept.
    pub flow_log_days: u32,
}

/// A subnet of the spec in one region.
#[derive(Clone, Debug)]
pub struct NetworkSubnet {
    /// Its name.
    pub name: Name,
    /// The name it had before; what is in it stays.
    pub renamed_from: Option<Name>,
    /// Whether it takes what names no subnet.
    pub default: bool,
    /// Whether its nodes are tainted, so that they take only pods that name the subnet: an isolated subnet, or one without a route to the internet
    /// that is not the default.
    pub isolated: bool,
    /// Whether it has a route to the internet.
    pub internet: bool,
    /// Its ranges; one without a zone where subnets are regional.
    pub ranges: Vec<ZoneRange>,
}

/// A range in one zone.
#[derive(Clone, Debug)]
pub struct ZoneRange {
    /// The zone's full name, e.g. `eu-west-1a`; empty where the range is regional.
    pub zone: String,
    /// The zone's part of keys, e.g. `a`.
    pub short: String,
    /// The range.
    pub cidr: Cidr,
}

/// The company's own network.
#[derive(Clone, Debug)]
pub struct OnPremises {
    /// Its ranges.
    pub cidrs: Vec<Cidr>,
    /// Its gateway's public address.
    pub gateway: Option<Ipv4Addr>,
    /// Its BGP number.
    pub asn: Option<u32>,
    /// Its name servers.
    pub dns: Vec<Ipv4Addr>,
}
