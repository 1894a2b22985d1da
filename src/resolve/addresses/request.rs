//! What the planner is asked for: supernets, what is taken by others, and the environments with their regions and named subnets.
//!
//! Independent of the spec, so that the plan can be tested alone; resolve fills it in.

use std::collections::BTreeMap;

use crate::provider::Provider;
use crate::value::Cidr;

/// Everything that needs addresses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Where environments get their private ranges from: `network.cidr`.
    pub network: Cidr,
    /// Where clusters get their pod ranges from; [`pod_supernet`] unless there is a reason.
    pub pods: Cidr,
    /// Where clusters get their Service ranges from, in order of preference; [`service_supernets`] unless there is a reason.
    pub services: Vec<Cidr>,
    /// What is taken by others, besides what always is (see [`always_reserved`]): on-premises networks, `network.reserved`.
    pub reserved: Vec<Reserved>,
    /// Environments by name.
    pub environments: BTreeMap<String, Environment>,
}

/// An environment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Environment {
    /// Regions with a network of ours, by name; kind and existing clusters have none.
    pub regions: BTreeMap<String, Region>,
}

/// A region of one environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Region {
    /// The cloud whose rules hold: AWS has subnets per zone, Google and Azure per region.
    pub provider: Provider,
    /// Short names of the zones, e.g. `a`; they become the last part of keys, so they must not change.
    pub zones: Vec<String>,
    /// Named subnets.
    pub subnets: BTreeMap<String, Subnet>,
    /// The name it had before.
    pub renamed_from: Option<String>,
}

/// A subnet that the spec names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Subnet {
    /// Whether entries without a subnet live here; it gets four times the room of the others.
    pub default: bool,
    /// The range the spec asks for, for this region.
    pub cidr: Option<Cidr>,
    /// The name it had before.
    pub renamed_from: Option<String>,
}

/// A range that no part of the platform may use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reserved {
    /// The range.
    pub cidr: Cidr,
    /// Who has it, as messages say it: "on-premises network", "`network.reserved`".
    pub by: String,
    /// Where using it is an error; everywhere if none. New ranges avoid it in any case, so that adding a cloud later finds it free.
    pub only: Option<Provider>,
}

/// 100.64.0.0/10, shared address space (RFC 6598): the customary home of pods, since premises rarely route it.
pub fn pod_supernet() -> Cidr {
    block([100, 64, 0, 0], 10)
}

/// The private ranges of RFC 1918: EKS takes Service ranges from nowhere else. 172.16.0.0/12 comes first because networks seldom use it.
pub fn service_supernets() -> Vec<Cidr> {
    vec![block([172, 16, 0, 0], 12), block([192, 168, 0, 0], 16), block([10, 0, 0, 0], 8)]
}

/// What is never free, on whatever network.
pub fn always_reserved() -> Vec<Reserved> {
    let reserved = |octets, prefix, by: &str, only| Reserved { cidr: block(octets, prefix), by: by.to_owned(), only };
    vec![
        reserved([169, 254, 0, 0], 16, "link-local addresses (metadata services, VPN tunnels)", None),
        reserved([172, 17, 0, 0], 16, "the default bridge of container runtimes", None),
        reserved([192, 0, 2, 0], 24, "addresses for documentation, which AKS refuses", None),
        reserved([172, 30, 0, 0], 16, "AKS itself", Some(Provider::Azure)),
        reserved([172, 31, 0, 0], 16, "AKS itself (and default networks of AWS)", Some(Provider::Azure)),
    ]
}

fn block(octets: [u8; 4], prefix: u8) -> Cidr {
    Cidr::around(u32::from_be_bytes(octets), prefix)
}
