//! The root of a pair of regions: a VPC peering, and routes on both sides.
//!
//! The network roots of both regions make the networks and their route tables; this root finds them by name and range.

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::network;
use crate::cloud::{Nothing, Root};
use crate::layers::{Layer, Scope};
use crate::model::{Network, Platform, Region};
use crate::template::TemplateError;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/interconnect";

/// The view of `locals.tf`: everything that differs between the roots of pairs.
#[derive(Serialize)]
struct Locals<'a> {
    name: String,
    requester: &'a str,
    accepter: &'a str,
    networks: Vec<Side<'a>>,
    route_tables: Vec<Table<'a>>,
}

/// The network of a region.
#[derive(Serialize)]
struct Side<'a> {
    region: &'a str,
    name: String,
    nodes: String,
    pods: String,
}

/// A route table that leads to the other region.
#[derive(Serialize)]
struct Table<'a> {
    /// `REGION/closed` or `REGION/private/ZONE`.
    key: String,
    region: &'a str,
    peer: &'a str,
    name: String,
}

/// The view of the tests: `tests/interconnect.tftest.hcl` for Terraform, `tests/interconnect.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests<'a> {
    terraform: bool,
    requester: &'a str,
    accepter: &'a str,
}

fn side<'a>(platform: &Platform, region: &'a Region, network: &Network) -> Side<'a> {
    let (nodes, pods) = (network.cidr.to_string(), network.pods.to_string());
    Side { region: region.name.as_str(), name: network::name(platform, region), nodes, pods }
}

fn tables<'a>(platform: &Platform, (region, network): (&'a Region, &Network), peer: &'a Region) -> Vec<Table<'a>> {
    let name = network::name(platform, region);
    let table = |routes: String| Table {
        key: format!("{}/{routes}", region.name),
        region: region.name.as_str(),
        peer: peer.name.as_str(),
        name: format!("{name}-{}", routes.replace('/', "-")),
    };
    network::inner_route_tables(region, network).into_iter().map(table).collect()
}

/// The root of a pair, whose regions are in the order of their names. None for a region without a network or an account.
pub(super) fn root(platform: &Platform, first: &Region, second: &Region) -> Result<Option<Root>, TemplateError> {
    let (Some(network), Some(peer), Some(account)) = (&first.network, &second.network, &first.account) else { return Ok(None) };
    let regions = [first, second].map(|region| region.name.to_string());
    let name = format!("{}-{}-{}", platform.name, platform.environment, regions.join("--"));
    let scope = Scope { environment: platform.environment.to_string(), regions: regions.into() };
    let (requester, accepter) = (first.name.as_str(), second.name.as_str());
    let mut root = super::root(Layer::Interconnect, platform, scope, account, requester)?;
    root.document(include_str!("../../../../templates/terraform/aws/interconnect/README.md"));
    let mut route_tables = tables(platform, (first, network), second);
    route_tables.extend(tables(platform, (second, peer), first));
    let networks = vec![side(platform, first, network), side(platform, second, peer)];
    root.print(TEMPLATES, "locals.tf", &Locals { name, requester, accepter, networks, route_tables })?;
    root.print(TEMPLATES, "peering.tf", &Nothing {})?;
    root.print(TEMPLATES, "routes.tf", &Nothing {})?;
    for (path, terraform) in [("tests/interconnect.tftest.hcl", true), ("tests/interconnect.tofutest.hcl", false)] {
        root.print(TEMPLATES, path, &Tests { terraform, requester, accepter })?;
    }
    Ok(Some(root))
}
