//! The network root of a region: private network, ways out, endpoints, flow logs, security groups -> pages.
//!
//! [`Network`] is what the model must supply. Everything is keyed by names, so adding or removing a zone, a subnet or a flow touches no
//! other resource. Pods never route outside by themselves: they leave under the address of their node, so that a class of nodes
//! without a way to the internet has none for its pods either.

mod asserted;
mod model;
mod view;

use std::collections::BTreeMap;

use super::super::Page;
use crate::value::Cidr;

/// What the root is made from.
#[derive(Clone, Debug)]
pub struct Network {
    /// The platform's name.
    pub platform: String,
    /// The team that owns the platform.
    pub owner: String,
    /// The platform's own labels.
    pub labels: BTreeMap<String, String>,
    /// The environment.
    pub environment: String,
    /// The region, as AWS calls it.
    pub region: String,
    /// The account, twelve digits.
    pub account: String,
    /// Where Terraform keeps the state.
    pub state: State,
    /// Whether Terraform refuses to destroy what can't be had again.
    pub protected: bool,
    /// Whether this root sets the rules of the whole account in the region: no other environment lives there.
    pub owns_account: bool,
    /// Whether the internet may reach the platform; without, load balancers' subnets serve the NAT gateways alone.
    pub public_entry: bool,
    /// The range of the private network.
    pub vpc: Cidr,
    /// The range of the pods.
    pub pods: Cidr,
    /// Zones in order, in full (`eu-west-1a`).
    pub zones: Vec<String>,
    /// Every subnet in every zone.
    pub subnets: Vec<Subnet>,
    /// What nodes are told apart by: the subnets that the spec names.
    pub classes: Vec<Class>,
    /// Who may speak to whom between classes, beyond what every cluster needs.
    pub flows: Vec<Flow>,
    /// Which ranges outside of the cluster a class may speak to, beyond AWS services.
    pub exits: Vec<Exit>,
}

/// The bucket that holds the state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// The alias of its key, without `alias/`.
    pub key_alias: String,
}

/// What a subnet is for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Use {
    /// Interface endpoints of AWS services.
    Endpoints,
    /// Load balancers that only the private networks reach.
    InternalLoadBalancers,
    /// Load balancers that the internet reaches, and NAT gateways.
    PublicLoadBalancers,
    /// Nodes of the class of this name.
    Nodes(String),
    /// Attachments of a transit gateway.
    Transit,
}

/// A subnet in a zone.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// What it is for.
    pub purpose: Use,
    /// Its zone.
    pub zone: String,
    /// Its range.
    pub cidr: Cidr,
}

/// A class of nodes.
#[derive(Clone, Debug)]
pub struct Class {
    /// The name of its subnets in the spec.
    pub name: String,
    /// The name it had before.
    pub renamed_from: Option<String>,
    /// Whether cluster services (DNS, monitoring) run here; true for exactly one.
    pub default: bool,
    /// Whether it may reach the internet.
    pub internet: bool,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The word AWS knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

/// From one class to another.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The class that calls.
    pub from: String,
    /// The class that answers.
    pub to: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The port of the pods (not of a Service).
    pub port: u16,
    /// Whose need it is.
    pub description: String,
}

/// From a class to a range.
#[derive(Clone, Debug)]
pub struct Exit {
    /// The class that calls.
    pub from: String,
    /// A name for the range, e.g. `internet` or `on-premises`.
    pub name: String,
    /// The range.
    pub cidr: Cidr,
    /// The protocol.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Whose need it is.
    pub description: String,
}

/// The files of the root. Those for which there is nothing to say are left out.
pub fn network(network: &Network) -> Vec<Page> {
    view::pages(network)
}

#[cfg(test)]
pub(crate) mod tests;
