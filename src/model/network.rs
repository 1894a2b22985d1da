//! The private network of a region: ranges as the address plan has them.

use crate::value::{Cidr, Name};

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
    /// The ranges of the company's own network.
    pub on_premises: Vec<Cidr>,
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
    /// Whether it has nodes of its own that take nothing else.
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
    /// The range.
    pub cidr: Cidr,
}
