//! What the tests of the root compare a plan with.
//!
//! One line of text for each resource, in the words that the test composes from the plan. The tests compare sets of lines, so that they notice
//! a resource too many as well as one that is missing.

use serde::Serialize;

use super::{Locals, SERVICES};

/// The view of `tests/invariants.tftest.hcl`.
#[derive(Serialize)]
pub(super) struct Invariants<'a> {
    pub(super) zones: &'a [String],
}

/// The view of `tests/network.tftest.hcl`.
#[derive(Serialize)]
pub(super) struct Network<'a> {
    zones: &'a [String],
    /// The account, the region, the ranges of the VPC and of the pods.
    place: [&'a str; 4],
    /// `KEY ZONE RANGE TABLE`, then `TAG=VALUE` for each tag.
    subnets: Vec<String>,
    public: bool,
    nat: bool,
    /// `ZONE KIND SUBNET`.
    gateways: Vec<String>,
}

impl<'a> Network<'a> {
    pub(super) fn new(locals: &'a Locals<'_>) -> Network<'a> {
        let subnets = locals.subnets.iter().map(|subnet| {
            let tags: String = subnet.tags.iter().map(|(tag, value)| format!(" {tag}={value}")).collect();
            format!("{} {} {} {}{tags}", subnet.key, subnet.zone, subnet.cidr, subnet.routes)
        });
        Network {
            zones: locals.zones,
            place: [locals.account, locals.region, &locals.vpc, &locals.pods],
            subnets: subnets.collect(),
            public: locals.subnets.iter().any(|subnet| subnet.routes == "public"),
            nat: !locals.nat_gateways.is_empty(),
            gateways: locals.nat_gateways.iter().map(|(zone, subnet)| format!("{zone} public {subnet}")).collect(),
        }
    }
}

/// The view of `tests/security.tftest.hcl`.
#[derive(Serialize)]
pub(super) struct Security<'a> {
    zones: &'a [String],
    account: &'a str,
    classes: &'a [&'a str],
    closed_classes: &'a [&'a str],
    /// `FROM TO PROTOCOL PORT`.
    flows: Vec<String>,
    /// `FROM RANGE PROTOCOL PORT`.
    exits: Vec<String>,
    /// AWS services by their full names.
    services: Vec<String>,
    /// The objects that hold the layers of images.
    layers: String,
    /// `RANGE PROTOCOL PORTS`, for the callers of endpoints.
    clients: [String; 2],
}

impl<'a> Security<'a> {
    pub(super) fn new(locals: &'a Locals<'_>) -> Security<'a> {
        let lines = |rules: &[super::rules::Rule]| {
            let port = |port: Option<u16>| port.map_or("all".to_owned(), |port| port.to_string());
            rules.iter().map(|rule| format!("{} {} {} {}", rule.from, rule.to, rule.protocol, port(rule.port))).collect()
        };
        Security {
            zones: locals.zones,
            account: locals.account,
            classes: &locals.classes,
            closed_classes: &locals.closed_classes,
            flows: lines(&locals.flows),
            exits: lines(&locals.exits),
            services: SERVICES.iter().map(|service| format!("com.amazonaws.{}.{service}", locals.region)).collect(),
            layers: format!("arn:aws:s3:::prod-{}-starport-layer-bucket/*", locals.region),
            clients: [&locals.vpc, &locals.pods].map(|range| format!("{range} tcp 443-443")),
        }
    }
}

/// The view of `tests/account.tftest.hcl`.
#[derive(Serialize)]
pub(super) struct Account<'a> {
    zones: &'a [String],
    account: &'a str,
    /// The account as the principal of a policy.
    root: String,
    /// The service that writes logs.
    logs: String,
    /// The log group, and its streams.
    group: String,
    streams: String,
    /// Every flow log of the account in the region.
    source: String,
    owns_account: bool,
    /// `SUBNET MODE`, for each subnet that may exchange packets with the internet.
    exclusions: Vec<String>,
}

impl<'a> Account<'a> {
    /// `exclusion` is the mode of the exclusions where the root sets the defaults of the account.
    pub(super) fn new(locals: &'a Locals<'_>, exclusion: Option<&str>) -> Account<'a> {
        let Locals { account, region, .. } = locals;
        let public = locals.subnets.iter().filter(|subnet| subnet.routes == "public");
        let group = format!("arn:aws:logs:{region}:{account}:log-group:/platform/{}/flow-logs", locals.name);
        Account {
            zones: locals.zones,
            account,
            root: format!("arn:aws:iam::{account}:root"),
            logs: format!("logs.{region}.amazonaws.com"),
            streams: format!("{group}:*"),
            group,
            source: format!("arn:aws:ec2:{region}:{account}:vpc-flow-log/*"),
            owns_account: exclusion.is_some(),
            exclusions: exclusion.into_iter().flat_map(|mode| public.clone().map(move |subnet| format!("{} {mode}", subnet.key))).collect(),
        }
    }
}
