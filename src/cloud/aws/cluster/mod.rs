//! The cluster root of a region: the control plane, its nodes and add-ons, and the rights of people and pods.
//!
//! The network root makes the network, the subnets and the security groups; this root finds them by name and range. Each of its own resources is
//! keyed by a name, so that a zone, a pool or an app that comes or goes touches no other resource.

mod access;
mod identities;
mod nodes;
#[cfg(test)]
mod tests;

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use super::people;
use crate::cloud::{Nothing, Root};
use crate::facts;
use crate::layers::Layer;
use crate::model::{Mirror, Network, Night, Platform, PolicyEngine, Region, ZoneRange};
use crate::template::TemplateError;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/cluster";

/// The view of `locals.tf`: everything that differs between cluster roots.
#[derive(Serialize)]
struct Locals<'a> {
    name: &'a str,
    account: &'a str,
    region: &'a str,
    version: String,
    services: String,
    roles: BTreeMap<&'static str, String>,
    control_plane_subnets: BTreeMap<&'a str, String>,
    pod_subnets: BTreeMap<&'a str, String>,
    classes: Vec<&'a str>,
    control_plane_calls: Vec<Call<'a>>,
    admin_cidrs: Vec<String>,
    pools: Vec<nodes::Pool<'a>>,
    node_groups: Vec<nodes::Group<'a>>,
    night: Option<Hours<'a>>,
    groups: Vec<access::Group<'a>>,
    administrators: Vec<String>,
    boundary: Option<String>,
    addons: BTreeMap<&'static str, Option<&'static str>>,
    identities: Vec<identities::Identity<'a>>,
    secret_readers: Vec<identities::Reader<'a>>,
    /// The repositories of copies of images, where nodes pull copies.
    repositories: Option<BTreeSet<&'a str>>,
}

/// When the groups have no nodes.
#[derive(Serialize)]
struct Hours<'a> {
    stop: &'a str,
    start: &'a str,
    timezone: &'a str,
}

impl<'a> Hours<'a> {
    fn new(night: &'a Night) -> Hours<'a> {
        Hours { stop: &night.stop, start: &night.start, timezone: &night.timezone }
    }
}

/// A port of nodes or pods that the API server calls.
#[derive(Serialize)]
struct Call<'a> {
    key: String,
    class: &'a str,
    port: u16,
    description: &'static str,
}

/// The range of each zone.
fn zones(ranges: &[ZoneRange]) -> BTreeMap<&str, String> {
    ranges.iter().map(|range| (range.zone.as_str(), range.cidr.to_string())).collect()
}

impl<'a> Locals<'a> {
    fn new(platform: &'a Platform, region: &'a Region, network: &'a Network, account: &'a str) -> Locals<'a> {
        let cluster = &region.cluster;
        let role = |name: &'static str| (name, region.role(name));
        let mut classes: Vec<&str> = network.subnets.iter().map(|subnet| subnet.name.as_str()).collect();
        classes.sort_unstable();
        let call = |((class, port), description): ((&'a crate::value::Name, u16), &'static str)| Call {
            key: format!("{class}/tcp-{port}"),
            class: class.as_str(),
            port,
            description,
        };
        Locals {
            name: &cluster.name,
            account,
            region: region.name.as_str(),
            version: cluster.version.to_string(),
            services: network.services.to_string(),
            roles: [("administrator", region.administrator_role()), role("cluster"), role("nodes")].into(),
            control_plane_subnets: zones(&network.endpoints),
            pod_subnets: zones(&network.pod_zones),
            classes,
            control_plane_calls: region.control_plane_calls(network).into_iter().map(call).collect(),
            admin_cidrs: cluster.admin_cidrs.iter().map(ToString::to_string).collect(),
            pools: cluster.pools.iter().map(|pool| nodes::Pool::new(region, pool)).collect(),
            node_groups: nodes::groups(region, network),
            night: platform.night.as_ref().map(Hours::new),
            groups: access::groups(platform),
            administrators: people::administrators(platform, account),
            boundary: super::boundary(platform, account),
            addons: facts::addons(&cluster.version.to_string()).into(),
            identities: identities::identities(region, account),
            secret_readers: identities::readers(platform, region),
            repositories: cluster.mirror.as_ref().map(Mirror::repositories),
        }
    }
}

#[derive(Serialize)]
struct Cluster {
    bounded: bool,
    protected: bool,
    days: u32,
    /// Whether the logs are kept for less than the year that scanners ask for.
    brief: bool,
}

/// The view of `nodes.tf`.
#[derive(Serialize)]
struct Nodes {
    bounded: bool,
    spot: bool,
}

/// The view of files with roles.
#[derive(Serialize)]
struct Roles {
    /// Whether there is a policy that no role of the environment exceeds.
    bounded: bool,
}

#[derive(Serialize)]
struct Protected {
    protected: bool,
}

/// Whether some of the nodes are Spot instances.
#[derive(Serialize)]
struct Spot {
    spot: bool,
}

#[derive(Serialize)]
struct Addons {
    network_policy: &'static str,
}

/// The view of `registry.tf`.
#[derive(Serialize)]
struct Registry {
    /// Whether a repository that left the spec goes with its images.
    deletable: bool,
}

/// The view of the tests: `tests/cluster.tftest.hcl` for Terraform, `tests/cluster.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests<'a> {
    terraform: bool,
    bounded: bool,
    protected: bool,
    night: bool,
    /// Every machine that a Spot node may have; `None` without Spot nodes.
    machines: Option<Vec<&'a str>>,
    days: u32,
    addons: Addons,
    policies: identities::Policies<'a>,
    registry: Option<Registry>,
    uses_buckets: bool,
    uses_databases: bool,
}

/// The root; none for a region without a network, an account or a region for states.
pub(super) fn root(platform: &Platform, region: &Region) -> Result<Option<Root>, TemplateError> {
    let (Some(network), Some(account)) = (&region.network, &region.account) else { return Ok(None) };
    let Some(mut root) = super::regional(Layer::Cluster, platform, region)? else { return Ok(None) };
    let (protected, days, bounded) = (platform.protected, region.cluster.log_days, platform.boundary().is_some());
    let night = platform.night.is_some();
    let machines = nodes::spot_machines(region);
    let spot = machines.is_some();
    let addons = || Addons { network_policy: if region.cluster.policy_engine == PolicyEngine::Native { "true" } else { "false" } };
    let policies = || identities::Policies::new(platform, region);
    let own = include_str!("../../../../templates/terraform/aws/cluster/README.md");
    let parts = [
        (spot, include_str!("../../../../templates/terraform/aws/cluster/spot.md")),
        (night, include_str!("../../../../templates/terraform/aws/cluster/night.md")),
    ];
    root.document(&parts.iter().filter(|(applies, _)| *applies).fold(own.to_owned(), |text, (_, part)| text + part));
    root.print(TEMPLATES, "access.tf", &Roles { bounded })?;
    root.print(TEMPLATES, "addons.tf", &addons())?;
    root.print(TEMPLATES, "cluster.tf", &Cluster { bounded, protected, days, brief: days < 365 })?;
    root.print(TEMPLATES, "identities.tf", &Roles { bounded })?;
    root.print(TEMPLATES, "kms.tf", &Protected { protected })?;
    root.print(TEMPLATES, "locals.tf", &Locals::new(platform, region, network, account))?;
    root.print(TEMPLATES, "network.tf", &Nothing {})?;
    if night {
        root.print(TEMPLATES, "night.tf", &Nothing {})?;
    }
    root.print(TEMPLATES, "node_groups.tf", &Spot { spot })?;
    root.print(TEMPLATES, "nodes.tf", &Nodes { bounded, spot })?;
    root.print(TEMPLATES, "policies.tf", &policies())?;
    let registry = || region.cluster.mirror.as_ref().map(|_| Registry { deletable: !protected });
    if let Some(registry) = registry() {
        root.print(TEMPLATES, "registry.tf", &registry)?;
    }
    if spot {
        root.print(TEMPLATES, "spot.tf", &Nothing {})?;
    }
    let buckets = identities::Buckets::new(platform, region);
    let uses_buckets = buckets.is_some();
    if let Some(buckets) = buckets {
        root.print(TEMPLATES, "buckets.tf", &buckets)?;
    }
    let administrators = identities::Administrators::new(platform, region);
    if let Some(administrators) = &administrators {
        root.print(TEMPLATES, "databases.tf", administrators)?;
    }
    let uses_databases = administrators.is_some();
    for (path, terraform) in [("tests/cluster.tftest.hcl", true), ("tests/cluster.tofutest.hcl", false)] {
        let (addons, policies, registry, machines) = (addons(), policies(), registry(), machines.clone());
        root.print(
            TEMPLATES,
            path,
            &Tests { terraform, bounded, protected, night, machines, days, addons, policies, registry, uses_buckets, uses_databases },
        )?;
    }
    Ok(Some(root))
}
