//! The private network of a region, with the ranges of the address plan.

use super::{Platform, Region};
use crate::provider::Provider;
use crate::value::{Cidr, DnsFirewall, Name, NatGateways};
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
    /// The resolver that answers and asks the company's network, and attachments of gateways, per zone. Empty without `network.on_premises`.
    pub transit: Vec<ZoneRange>,
    /// The ranges of the company's own network.
    pub on_premises: Vec<Cidr>,
    /// The VPN to the company's network, if the spec names its gateway.
    pub vpn: Option<Vpn>,
    /// NAT gateways, if a subnet has a route to the internet.
    pub nat: NatGateways,
    /// The services of the cloud with private endpoints, sorted by name.
    pub endpoint_services: Vec<PrivateService>,
    /// Retention of the logs of connections and DNS queries, in days.
    pub flow_log_days: u32,
    /// What happens to DNS queries that the cloud takes for an attack.
    pub dns_firewall: DnsFirewall,
}

impl Network {
    /// Whether a host resolves to the private endpoints of the network.
    pub fn answers(&self, host: &str) -> bool {
        self.endpoint_services.iter().any(|service| match service.host.strip_prefix('*') {
            Some(end) => host.strip_suffix(end).is_some_and(|label| !label.is_empty() && !label.contains('.')),
            None => host == service.host,
        })
    }
}

/// The part of a zone's name that is unique in its region: `a` of `eu-west-1a`, `b` of `europe-west1-b`, `1` of `1`.
pub fn short_zone(region: &str, zone: &str) -> String {
    zone.strip_prefix(region).map_or(zone, |rest| rest.trim_start_matches('-')).to_string()
}

impl Region {
    /// The full name of a zone, of which a word is the full name or the part that is unique in the region.
    pub fn zone_called(&self, word: &str) -> Option<&str> {
        self.zones.iter().map(String::as_str).find(|zone| *zone == word || short_zone(self.name.as_str(), zone) == word)
    }

    /// The zones with a NAT gateway. On other clouds than AWS the network is planned, and nothing of it is made.
    pub fn nat_zones(&self) -> &[String] {
        let Some(network) = self.network.as_ref().filter(|_| self.provider == Provider::Aws) else { return &[] };
        match network.nat {
            _ if network.subnets.iter().all(|subnet| !subnet.internet) => &[],
            NatGateways::PerZone => &self.zones,
            NatGateways::One => &self.zones[..self.zones.len().min(1)],
        }
    }
}

impl Platform {
    /// The pairs of regions that are linked: those on AWS, each with each. The regions of a pair, and the pairs, are in the order of the names.
    pub fn links(&self) -> Vec<(&Region, &Region)> {
        let mut linked: Vec<&Region> =
            self.regions.values().filter(|region| region.provider == Provider::Aws && region.network.is_some()).collect();
        linked.sort_by(|one, other| one.name.cmp(&other.name));
        linked.iter().enumerate().flat_map(|(at, first)| linked[at + 1..].iter().map(|second| (*first, *second))).collect()
    }
}

/// The VPN to the company's network.
#[derive(Clone, Debug)]
pub struct Vpn {
    /// The public address of the company's gateway.
    pub gateway: Ipv4Addr,
    /// The BGP number of the gateway; none for static routes.
    pub asn: Option<u32>,
    /// The name servers of the company's network.
    pub name_servers: Vec<Ipv4Addr>,
    /// The hosts that these name servers answer, sorted. Empty without name servers.
    pub names: Vec<String>,
}

/// A service of the cloud with a private endpoint.
#[derive(Clone, Debug)]
pub struct PrivateService {
    /// The provider's name of the service.
    pub name: &'static str,
    /// The host that resolves to the endpoint; `*.` stands for one label.
    pub host: String,
}

/// A subnet of the spec in one region.
#[derive(Clone, Debug)]
pub struct NetworkSubnet {
    /// Its name.
    pub name: Name,
    /// The previous name. The subnet keeps its resources.
    pub renamed_from: Option<Name>,
    /// Whether entries without `subnet` use it.
    pub default: bool,
    /// Whether its nodes are tainted, so that they run only pods that name the subnet: the subnet is isolated, or has no route to the internet and is
    /// not the default.
    pub isolated: bool,
    /// Whether it has a route to the internet.
    pub internet: bool,
    /// Whether its nodes reach the cloud and their images through private endpoints alone: the subnet has no route to the internet, or is isolated and its
    /// nodes pull copies of images.
    pub private: bool,
    /// Its ranges: one per zone, or a single range without a zone if subnets are regional.
    pub ranges: Vec<ZoneRange>,
}

/// A range in one zone.
#[derive(Clone, Debug)]
pub struct ZoneRange {
    /// The zone's full name, e.g. `eu-west-1a`; empty if the range is regional.
    pub zone: String,
    /// The range.
    pub cidr: Cidr,
}
