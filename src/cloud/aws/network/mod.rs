//! The network root of a region: subnets, routes to the internet, endpoints of AWS services, flow logs and security groups.
//!
//! Every resource is keyed by a name, so that a zone, a subnet or a flow that comes or goes touches no other resource.

mod hybrid;
mod rules;
mod subnets;
#[cfg(test)]
mod tests;

pub(super) use subnets::inner_route_tables;

use serde::Serialize;
use std::collections::BTreeMap;

use super::text::{RESOLVER, ROLE};
use crate::cloud::{Nothing, Root};
use crate::facts;
use crate::layers::Layer;
use crate::model::{DnsFirewall, Network, NetworkSubnet, Platform, Region, Via, Workload};
use crate::template::TemplateError;
use crate::value::truncate_with_hash;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/network";

/// The name of the network of a region, by which other roots find it.
pub(super) fn name(platform: &Platform, region: &Region) -> String {
    format!("{}-{}-{}", platform.name, platform.environment, region.name)
}

/// The view of `locals.tf`: everything that differs between network roots.
#[derive(Serialize)]
struct Locals<'a> {
    name: String,
    account: &'a str,
    region: &'a str,
    vpc: String,
    pods: String,
    zones: &'a [String],
    subnets: Vec<subnets::Subnet>,
    nat_gateways: BTreeMap<&'a str, String>,
    classes: Vec<&'a str>,
    closed_classes: Vec<&'a str>,
    private_classes: Vec<&'a str>,
    flows: Vec<rules::Rule>,
    exits: Vec<rules::Rule>,
}

impl<'a> Locals<'a> {
    fn new(platform: &'a Platform, region: &'a Region, network: &'a Network, account: &'a str, entry: bool) -> Locals<'a> {
        let classes = |keep: fn(&NetworkSubnet) -> bool| {
            let kept = network.subnets.iter().filter(|subnet| keep(subnet));
            let mut names: Vec<&str> = kept.map(|subnet| subnet.name.as_str()).collect();
            names.sort_unstable();
            names
        };
        let nat = region.nat_zones();
        let firewall = region.firewall(network);
        Locals {
            name: name(platform, region),
            account,
            region: region.name.as_str(),
            vpc: network.cidr.to_string(),
            pods: network.pods.to_string(),
            zones: &region.zones,
            subnets: subnets::subnets(network, entry, nat),
            nat_gateways: nat.iter().map(|zone| (zone.as_str(), format!("lb-public/{zone}"))).collect(),
            classes: classes(|_| true),
            closed_classes: classes(|subnet| !subnet.internet),
            private_classes: classes(|subnet| subnet.private),
            flows: rules::rules(firewall.flows),
            exits: rules::rules(firewall.exits),
        }
    }
}

#[derive(Serialize)]
struct Endpoints {
    services: Vec<&'static str>,
    /// The objects of public buckets that hold layers of images.
    image_layers: Vec<String>,
}

#[derive(Serialize)]
struct FlowLogs {
    role: String,
    /// The policy that no role of the environment exceeds, as an ARN.
    boundary: Option<String>,
    days: u32,
    /// Whether the logs are kept for less than the year that scanners ask for.
    brief: bool,
}

#[derive(Serialize)]
struct Dns {
    name: String,
    days: u32,
    brief: bool,
    /// What the firewall does with an attack; none without a firewall.
    action: Option<&'static str>,
    /// Whether the action is to block, which needs an answer.
    block: bool,
}

#[derive(Serialize)]
struct Guards {
    exclusion: &'static str,
}

#[derive(Serialize)]
struct Moves {
    moves: Vec<subnets::Move>,
}

#[derive(Serialize)]
struct Protected {
    protected: bool,
}

#[derive(Serialize)]
struct Kms {
    protected: bool,
    /// Whether the tunnels of the VPN have a log, too.
    vpn: bool,
}

/// The view of the tests: `tests/network.tftest.hcl` for Terraform, `tests/network.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests<'a> {
    terraform: bool,
    zones: &'a [String],
    public: bool,
    nat: bool,
    days: u32,
    /// What the DNS firewall does with an attack, if there is a firewall, and what it answers.
    action: Option<&'static str>,
    response: Option<&'static str>,
    /// What the exclusions of `guards.tf` allow, where there are any.
    exclusion: Option<&'static str>,
    /// The link to the company's network.
    link: Option<hybrid::Link>,
    /// The policy that no role of the environment exceeds, as an ARN.
    boundary: Option<String>,
}

/// The root; none for a region without a network, an account or a region for states. A file that would hold no resource is left out.
pub(super) fn root(platform: &Platform, region: &Region) -> Result<Option<Root>, TemplateError> {
    let (Some(network), Some(account)) = (&region.network, &region.account) else { return Ok(None) };
    let Some(mut root) = super::regional(Layer::Network, platform, region)? else { return Ok(None) };
    let entry = region.workloads.values().flat_map(Workload::entrances).any(|via| via == Via::Public);
    let locals = Locals::new(platform, region, network, account, entry);
    // Without a public load balancer, the NAT gateways alone use the exclusion.
    let exclusion = if entry { "allow-bidirectional" } else { "allow-egress" };
    let protected = platform.protected;
    let moves = subnets::moves(region, network).map_err(|error| TemplateError {
        template: format!("{TEMPLATES}/moved.tf.j2"),
        line: None,
        reason: error.to_string(),
    })?;

    let registry = facts::region(region.provider, region.name.as_str()).and_then(|facts| facts.registry_bucket);
    // Both registries send clients in the region to buckets of the region: Amazon's own registry, and that of Kubernetes.
    let buckets = [Some(format!("prod-{}-starport-layer-bucket", region.name)), registry.map(str::to_owned)];
    let image_layers = buckets.into_iter().flatten().map(|bucket| format!("arn:aws:s3:::{bucket}/*")).collect();

    root.document(include_str!("../../../../templates/terraform/aws/network/README.md"));
    let days = network.flow_log_days;
    let role = truncate_with_hash(&format!("{}-flow-logs", locals.name), ROLE);
    let brief = days < 365;
    let services = network.endpoint_services.iter().map(|service| service.name).collect();
    root.print(TEMPLATES, "checks.tf", &Nothing {})?;
    let block = network.dns_firewall == DnsFirewall::Block;
    let action = match network.dns_firewall {
        DnsFirewall::Block => Some("BLOCK"),
        DnsFirewall::Alert => Some("ALERT"),
        DnsFirewall::None => None,
    };
    root.print(TEMPLATES, "dns.tf", &Dns { name: truncate_with_hash(&locals.name, RESOLVER), days, brief, action, block })?;
    root.print(TEMPLATES, "endpoints.tf", &Endpoints { services, image_layers })?;
    root.print(TEMPLATES, "flow_logs.tf", &FlowLogs { role, boundary: super::boundary(platform, account), days, brief })?;
    root.print(TEMPLATES, "kms.tf", &Kms { protected, vpn: network.vpn.is_some() })?;
    root.print(TEMPLATES, "locals.tf", &locals)?;
    root.print(TEMPLATES, "network.tf", &Protected { protected })?;
    root.print(TEMPLATES, "outputs.tf", &Nothing {})?;
    root.print(TEMPLATES, "security_groups.tf", &Nothing {})?;
    let public = locals.subnets.iter().any(|subnet| subnet.routes == "public");
    let nat = !locals.nat_gateways.is_empty();
    for (path, terraform) in [("tests/network.tftest.hcl", true), ("tests/network.tofutest.hcl", false)] {
        let exclusion = region.owns_account.then_some(exclusion);
        let response = block.then_some("NXDOMAIN");
        let link = network.vpn.as_ref().map(hybrid::Link::new);
        let boundary = super::boundary(platform, account);
        let tests = Tests { terraform, zones: locals.zones, public, nat, days, action, response, exclusion, link, boundary };
        root.print(TEMPLATES, path, &tests)?;
    }
    if let Some(vpn) = &network.vpn {
        root.print(TEMPLATES, "hybrid.tf", &hybrid::Hybrid::new(region, network, vpn, protected))?;
        root.print(TEMPLATES, "vpn_logs.tf", &hybrid::Logs { days, brief })?;
        if let Some(resolver) = hybrid::Resolver::new(vpn, &locals.name) {
            root.print(TEMPLATES, "resolver.tf", &resolver)?;
        }
        if let Some(forwarding) = hybrid::Forwarding::new(vpn, &locals.name) {
            root.print(TEMPLATES, "forwarding.tf", &forwarding)?;
        }
    }
    if public {
        root.print(TEMPLATES, "internet.tf", &Nothing {})?;
    }
    if nat {
        root.print(TEMPLATES, "nat.tf", &Protected { protected })?;
    }
    if region.owns_account {
        root.print(TEMPLATES, "guards.tf", &Guards { exclusion })?;
    }
    if !moves.is_empty() {
        root.print(TEMPLATES, "moved.tf", &Moves { moves })?;
    }
    Ok(Some(root))
}
