//! `network`: address ranges, subnets and the connection to the company's own network.

use crate::syntax::{Field, Map};
use crate::value::{Address, Cidr, DnsFirewall, Duration, EndpointSet, Name, NatGateways};
use schemars::JsonSchema;
use serde::Deserialize;

/// Address ranges, subnets and the connection to the company's own network.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// IPv4 range of the platform. Every environment and region gets a part of it.
    pub cidr: Field<Cidr>,
    /// IPv4 ranges in use elsewhere. platgen allocates nothing from them.
    pub reserved: Field<Vec<Field<Cidr>>>,
    /// The company's own network, reached through a VPN tunnel.
    pub on_premises: Field<OnPremises>,
    /// Subnets of every environment and region. Exactly one has `default: true`.
    pub subnets: Field<Map<Name, Subnet>>,
    /// NAT gateways of each region. Default: `per-zone` in a protected environment, else `one`.
    pub nat: Field<NatGateways>,
    /// Services of the cloud that have private endpoints. Default: `all` in a protected environment, else `needed`.
    pub endpoints: Field<EndpointSet>,
    /// Retention of the logs of connections and DNS queries. Default: `365d` in a protected environment, else `30d`.
    pub flow_logs: Field<Duration>,
    /// What happens to DNS queries that the cloud takes for an attack. Default: `block` in a protected environment, else `none`.
    pub dns_firewall: Field<DnsFirewall>,
}

/// The company's own network, reached through a VPN tunnel.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OnPremises {
    /// IPv4 ranges of the network.
    pub cidrs: Field<Vec<Field<Cidr>>>,
    /// Public IPv4 address of the VPN gateway.
    pub gateway: Field<Address>,
    /// BGP autonomous system number of the gateway.
    pub asn: Field<u32>,
    /// IPv4 addresses of the network's DNS servers.
    pub dns: Field<Vec<Field<Address>>>,
}

/// A subnet: one address range in each zone of a region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Subnet {
    /// Whether apps that set no `subnet` run in this one.
    pub default: Field<bool>,
    /// Whether the subnet has nodes of its own, which are tainted for all other pods, and no traffic except declared dependencies.
    pub isolated: Field<bool>,
    /// Outbound route of the subnet. Nodes of a subnet with `none` that is not the default are tainted, as those of an isolated subnet.
    pub egress: Field<Egress>,
    /// IPv4 range of the subnet. Default: the next free range, recorded in `platgen.lock`.
    pub cidr: Field<Cidr>,
    /// The subnet's previous name. The subnet keeps the addresses recorded under that name.
    pub renamed_from: Field<Name>,
}

/// Outbound route of a subnet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// To the internet through a NAT gateway.
    All,
    /// To the private network and its endpoints only.
    None,
}
