//! `network`: addresses, subnets and the link to the company's own network.

use crate::syntax::{Field, Map};
use crate::value::{Cidr, Name};
use schemars::JsonSchema;
use serde::Deserialize;

/// Addresses and subnets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The range from which every environment and region gets its own.
    pub cidr: Field<Cidr>,
    /// Ranges that are taken by others.
    pub reserved: Field<Vec<Field<Cidr>>>,
    /// The company's own network.
    pub on_premises: Field<OnPremises>,
    /// The subnets of every environment and region; exactly one is the default.
    pub subnets: Field<Map<Name, Subnet>>,
}

/// The company's own network, reached through a tunnel.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OnPremises {
    /// Its ranges.
    pub cidrs: Field<Vec<Field<Cidr>>>,
    /// The public address of its gateway.
    pub gateway: Field<std::net::Ipv4Addr>,
    /// Its BGP number.
    pub asn: Field<u32>,
    /// Its name servers.
    pub dns: Field<Vec<Field<std::net::Ipv4Addr>>>,
}

/// A subnet, in every zone.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Subnet {
    /// Takes every app that names no subnet.
    pub default: Field<bool>,
    /// Has its own nodes, which take nothing else, and no flow but declared needs.
    pub isolated: Field<bool>,
    /// `none`: no route to the internet; private endpoints stay.
    pub egress: Field<Egress>,
    /// Its range, where it must be a certain one. Default: planned and kept in `platgen.lock`.
    pub cidr: Field<Cidr>,
    /// The name it had before; its addresses stay.
    pub renamed_from: Field<Name>,
}

/// Where a subnet may go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// To the internet, through address translation.
    All,
    /// Nowhere but the private network and its endpoints.
    None,
}
