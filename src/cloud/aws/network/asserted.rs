//! What `locals.tf` says -> the literals that the generated tests hold the plan against.
//!
//! One line of text for each thing, in the words that the test composes from the plan: the tests compare sets of lines, so that
//! what is too much is noticed as well as what is missing. Must not know how the resources come to be.

use serde::Serialize;

use super::view::{Locals, SERVICES};

/// Ranges, zones, tags and route tables of the subnets.
#[derive(Serialize)]
pub(super) struct Addresses {
    zones: Vec<String>,
    account: String,
    region: String,
    vpc: String,
    pods: String,
    /// `KEY ZONE RANGE`.
    subnets: Vec<String>,
    /// `KEY TAG=VALUE`.
    tags: Vec<String>,
    /// `KEY TABLE`.
    routes: Vec<String>,
}

impl Addresses {
    pub(super) fn new(locals: &Locals) -> Self {
        let subnets = &locals.subnets;
        let tags = subnets.iter().flat_map(|subnet| subnet.tags.iter().map(|(tag, value)| format!("{} {tag}={value}", subnet.key)));
        Addresses {
            zones: locals.zones.clone(),
            account: locals.account.clone(),
            region: locals.region.clone(),
            vpc: locals.vpc.clone(),
            pods: locals.pods.clone(),
            subnets: subnets.iter().map(|subnet| format!("{} {} {}", subnet.key, subnet.zone, subnet.cidr)).collect(),
            tags: tags.collect(),
            routes: subnets.iter().map(|subnet| format!("{} {}", subnet.key, subnet.routes)).collect(),
        }
    }
}

/// Classes of nodes and what is open between them.
#[derive(Serialize)]
pub(super) struct Groups {
    zones: Vec<String>,
    classes: Vec<String>,
    closed: Vec<String>,
    /// `FROM TO PROTOCOL PORT`.
    flows: Vec<String>,
    /// `FROM RANGE PROTOCOL PORT`.
    exits: Vec<String>,
}

impl Groups {
    pub(super) fn new(locals: &Locals) -> Self {
        let port = |port: Option<u16>| port.map_or("all".to_owned(), |port| port.to_string());
        let flows = locals.flows.iter().map(|flow| format!("{} {} {} {}", flow.from, flow.to, flow.protocol, port(flow.port)));
        let exits = locals.exits.iter().map(|exit| format!("{} {} {} {}", exit.from, exit.cidr, exit.protocol, exit.port));
        Groups {
            zones: locals.zones.clone(),
            classes: locals.classes.clone(),
            closed: locals.closed_classes.clone(),
            flows: flows.collect(),
            exits: exits.collect(),
        }
    }
}

/// Endpoints and flow logs, and whom they serve.
#[derive(Serialize)]
pub(super) struct Endpoints {
    zones: Vec<String>,
    account: String,
    /// The account, as keys name whom they trust.
    root: String,
    /// Services in full.
    services: Vec<String>,
    /// The subnets that hold them.
    places: Vec<String>,
    /// Where the registry keeps the layers of images.
    layers: String,
    /// `RANGE PROTOCOL PORTS`.
    clients: Vec<String>,
    /// The service that writes logs.
    logs: String,
    /// The log group.
    group: String,
    /// The log group and its streams.
    groups: Vec<String>,
}

impl Endpoints {
    pub(super) fn new(locals: &Locals) -> Self {
        let (account, region) = (&locals.account, &locals.region);
        let group = format!("arn:aws:logs:{region}:{account}:log-group:/platform/{}/flow-logs", locals.name);
        Endpoints {
            zones: locals.zones.clone(),
            account: account.clone(),
            root: format!("arn:aws:iam::{account}:root"),
            services: SERVICES.iter().map(|service| format!("com.amazonaws.{region}.{service}")).collect(),
            places: locals.zones.iter().map(|zone| format!("endpoints/{zone}")).collect(),
            layers: format!("arn:aws:s3:::prod-{region}-starport-layer-bucket/*"),
            clients: [&locals.vpc, &locals.pods].map(|range| format!("{range} tcp 443-443")).into(),
            logs: format!("logs.{region}.amazonaws.com"),
            groups: vec![group.clone(), format!("{group}:*")],
            group,
        }
    }
}

/// The ways to the internet.
#[derive(Serialize)]
pub(super) struct Internet {
    zones: Vec<String>,
    nat: bool,
    /// `ZONE SUBNET KIND`.
    gateways: Vec<String>,
}

impl Internet {
    pub(super) fn new(locals: &Locals) -> Self {
        let gateways: Vec<String> = locals.nat_gateways.iter().map(|(zone, subnet)| format!("{zone} {subnet} public")).collect();
        Internet { zones: locals.zones.clone(), nat: !gateways.is_empty(), gateways }
    }
}

/// What is excepted from the block of the internet.
#[derive(Serialize)]
pub(super) struct Guards {
    zones: Vec<String>,
    /// `SUBNET MODE`.
    exclusions: Vec<String>,
}

impl Guards {
    pub(super) fn new(locals: &Locals, mode: &str) -> Self {
        let public = locals.subnets.iter().filter(|subnet| subnet.routes == "public");
        Guards { zones: locals.zones.clone(), exclusions: public.map(|subnet| format!("{} {mode}", subnet.key)).collect() }
    }
}
