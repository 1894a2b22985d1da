//! Which ranges a platform wants and how large: the layout table, as data and the arithmetic that scales it.
//!
//! | range | size in a /16 region | at least |
//! |---|---|---|
//! | environment | /12, 4 or more to a supernet smaller than /10 | its regions |
//! | region (`vpc`) | /16, 4 or more to an environment smaller than /14 | its subnets |
//! | default subnet, per zone | /20 | /26 |
//! | other named subnet, per zone | /22 | /27 |
//! | load balancers, endpoints, per zone | /24 | /27 (an AWS load balancer wants 32 addresses with 8 free) |
//! | transit, per zone (AWS) | /28 | /28 |
//! | public load balancers (Azure) | /24 | /24 (Application Gateway) |
//! | proxy-only (Google) | /23 | /26 |
//! | managed stores | /22 (Google), /24 (Azure) | /24, /28 |
//! | gateway; API server and DNS each (Azure) | /27; /28 | the same |
//! | pods of a cluster | /16 of their supernet | /20 |
//! | Services of a cluster | /20 (4,096) | /24 |
//!
//! Only AWS subnets are zonal. There each purpose gets one block with a slot per zone, four at least, so that a zone added later finds its place
//! and a firewall rule can name all zones with one range; elsewhere a subnet has the size of one zone's slot. In a region of another size than /16 all
//! sizes shrink alike, each down to its own limit.

use super::request::{Environment, Region, Request, Subnet};
use crate::model::lock::{Key, Purpose};
use crate::provider::Provider;
use crate::value::Cidr;

/// One range that the platform needs.
#[derive(Clone, Debug)]
pub(super) struct BlockRequest {
    pub(super) key: Key,
    /// The key it had before a rename.
    pub(super) was: Option<Key>,
    /// The range the spec asks for.
    pub(super) explicit: Option<Cidr>,
    /// The prefix length that leaves room to grow.
    pub(super) preferred: u8,
    /// The longest prefix length that serves.
    pub(super) floor: u8,
}

/// A row of the table: purpose, prefix length in a /16 region and the longest that serves.
type Row = (Purpose, u8, u8);

/// Sizes are per zone on AWS and per region elsewhere.
fn rows(provider: Provider) -> &'static [Row] {
    use Purpose::*;
    match provider {
        Provider::Aws => &[(PublicLoadBalancers, 24, 27), (InternalLoadBalancers, 24, 27), (Endpoints, 24, 27), (Transit, 28, 28)],
        Provider::Google => &[(InternalLoadBalancers, 24, 27), (Endpoints, 24, 27), (ProxyOnly, 23, 26), (Managed, 22, 24)],
        Provider::Azure => &[
            (PublicLoadBalancers, 24, 24),
            (InternalLoadBalancers, 24, 27),
            (Endpoints, 24, 27),
            (Managed, 24, 28),
            (Gateway, 27, 27),
            (ApiServer, 28, 28),
            (DnsInbound, 28, 28),
            (DnsOutbound, 28, 28),
        ],
        Provider::Kind | Provider::Existing => &[],
    }
}

/// The largest region: AWS takes no larger network.
const REGION: u8 = 16;
/// The largest environment: sixteen of those.
const ENVIRONMENT: u8 = 12;

/// How many bits number this many things.
fn bits(count: usize) -> u8 {
    count.max(1).next_power_of_two().trailing_zeros() as u8
}

/// The longest prefix length whose block holds this many addresses.
pub(super) fn prefix_for(addresses: u64) -> u8 {
    32u8.saturating_sub(addresses.max(1).next_power_of_two().trailing_zeros() as u8)
}

fn size(prefix: u8) -> u64 {
    1 << (32 - prefix.min(32))
}

/// How many bits number the zone slots of a block; none where subnets are regional.
fn zone_bits(region: &Region) -> u8 {
    match region.provider {
        Provider::Aws => bits(region.zones.len()).max(2),
        _ => 0,
    }
}

/// The longest prefix length a named subnet's whole block may have: clouds refuse smaller subnets (AWS /28, the others /29).
pub(super) fn smallest_block(region: &Region) -> u8 {
    match region.provider {
        Provider::Aws => 28u8.saturating_sub(zone_bits(region)),
        _ => 29,
    }
}

/// An environment's range, out of a supernet of this prefix length.
pub(super) fn environment(request: &Request, name: &str, environment: &Environment) -> BlockRequest {
    let floor = environment_floor(environment);
    let share = request.network.prefix() + bits(request.environments.len()).max(2);
    want(Key::environment(name), None, share.max(ENVIRONMENT).min(floor), floor)
}

/// The smallest range that holds the environment's regions.
fn environment_floor(environment: &Environment) -> u8 {
    prefix_for(environment.regions.values().map(|region| size(region_floor(region))).sum())
}

/// The smallest range that holds the region's subnets; never larger than a region can be.
pub(super) fn region_floor(region: &Region) -> u8 {
    let blocks = blocks("", "", region, 32);
    prefix_for(blocks.iter().map(|block| size(block.explicit.map_or(block.floor, Cidr::prefix))).sum()).max(REGION)
}

/// A region's network, out of an environment's range of this prefix length.
pub(super) fn network(name: &str, environment: &Environment, within: u8, region_name: &str, region: &Region) -> BlockRequest {
    let floor = region_floor(region);
    let share = within.saturating_add(bits(environment.regions.len()).max(2));
    let was = region.renamed_from.as_deref().map(|old| Key::vpc(name, old));
    want(Key::vpc(name, region_name), was, share.max(REGION).min(floor), floor)
}

/// What lies in a region's network of this prefix length: one block per named subnet and purpose.
pub(super) fn blocks(environment: &str, name: &str, region: &Region, within: u8) -> Vec<BlockRequest> {
    let shift = within.saturating_sub(REGION);
    let zones = zone_bits(region);
    let old = region.renamed_from.as_deref().unwrap_or(name);
    let scaled = |key: Key, was: Key, prefix: u8, floor: u8| {
        want(key, Some(was), prefix.saturating_add(shift).min(floor).saturating_sub(zones), floor.saturating_sub(zones))
    };
    let named = region.subnets.iter().map(|(subnet_name, subnet)| {
        let (prefix, floor) = if subnet.default { (20, 26) } else { (22, 27) };
        let key = Key::subnet(environment, name, subnet_name);
        let was = Key::subnet(environment, old, old_name(subnet_name, subnet));
        BlockRequest { explicit: subnet.cidr, ..scaled(key, was, prefix, floor) }
    });
    let fixed = rows(region.provider).iter().map(|&(purpose, prefix, floor)| {
        scaled(Key::purpose(environment, name, purpose), Key::purpose(environment, old, purpose), prefix, floor)
    });
    named.chain(fixed).collect()
}

/// The zones' parts of a block of this prefix length; none where subnets are regional.
pub(super) fn zones(block: &BlockRequest, region: &Region, within: u8) -> Vec<BlockRequest> {
    if region.provider != Provider::Aws {
        return Vec::new();
    }
    let prefix = within.saturating_add(zone_bits(region)).min(32);
    region.zones.iter().map(|zone| want(block.key.part(zone), block.was.as_ref().map(|was| was.part(zone)), prefix, prefix)).collect()
}

/// A cluster's pod addresses, out of the pod supernet.
pub(super) fn pods(request: &Request, environment: &str, name: &str, region: &Region) -> BlockRequest {
    let clusters: usize = request.environments.values().map(|environment| environment.regions.len()).sum();
    let share = request.pods.prefix().saturating_add(bits(clusters).max(2));
    let was = region.renamed_from.as_deref().map(|old| Key::pods(environment, old));
    want(Key::pods(environment, name), was, share.clamp(16, 20), 20)
}

/// Parts of a pod range of this prefix length: per zone on AWS (custom networking is set up by zone), per named subnet on Google (each node
/// subnet of a cluster brings a pod range of its own), none on Azure.
pub(super) fn pod_parts(pods: &BlockRequest, region: &Region, within: u8) -> Vec<BlockRequest> {
    if region.provider != Provider::Google {
        return zones(pods, region, within);
    }
    let part = |(name, subnet): (&String, &Subnet)| {
        let (share, floor) = if subnet.default { (1, 4) } else { (3, 6) };
        let was = pods.was.as_ref().unwrap_or(&pods.key).part(old_name(name, subnet));
        want(pods.key.part(name), Some(was), (within + share).min(32), (within + floor).min(32))
    };
    region.subnets.iter().map(part).collect()
}

/// A cluster's Service addresses.
pub(super) fn services(environment: &str, name: &str, region: &Region) -> BlockRequest {
    let was = region.renamed_from.as_deref().map(|old| Key::services(environment, old));
    want(Key::services(environment, name), was, 20, 24)
}

fn old_name<'a>(name: &'a str, subnet: &'a Subnet) -> &'a str {
    subnet.renamed_from.as_deref().unwrap_or(name)
}

fn want(key: Key, was: Option<Key>, preferred: u8, floor: u8) -> BlockRequest {
    BlockRequest { was: was.filter(|old| *old != key), key, explicit: None, preferred, floor }
}
