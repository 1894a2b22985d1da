//! Node pools, and their node groups: one per pool and zone, each in the subnet of its class.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{self, Network, Region};
use crate::value::truncate_with_hash;

/// The longest name of a node group.
const NAME: usize = 63;

/// A taint, with the effect as EKS spells it.
#[derive(Serialize)]
struct Taint {
    key: String,
    value: String,
    effect: &'static str,
}

/// A pool in `locals.tf`.
#[derive(Serialize)]
pub(super) struct Pool<'a> {
    name: &'a str,
    class: &'a str,
    /// The machine types of its nodes: one, or several that Spot nodes may have.
    machines: Vec<&'a str>,
    /// The capacity type, as EKS spells it.
    capacity: &'static str,
    /// The type of machine image, by architecture.
    image: &'static str,
    /// In GiB.
    disk: u64,
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
}

impl<'a> Pool<'a> {
    pub(super) fn new(region: &Region, pool: &'a model::Pool) -> Pool<'a> {
        let arm = pool.capacity.as_ref().and_then(|machine| machine.architecture) == Some("arm64");
        let gpus = pool.capacity.as_ref().is_some_and(|machine| machine.gpus > 0);
        let effect = |effect| match effect {
            "NoExecute" => "NO_EXECUTE",
            "PreferNoSchedule" => "PREFER_NO_SCHEDULE",
            _ => "NO_SCHEDULE",
        };
        Pool {
            name: pool.name.as_str(),
            class: pool.subnet.as_str(),
            machines: pool.machines().collect(),
            capacity: if pool.spot { "SPOT" } else { "ON_DEMAND" },
            image: match (arm, gpus) {
                (false, false) => "BOTTLEROCKET_x86_64",
                (true, false) => "BOTTLEROCKET_ARM_64",
                // With the drivers and the device plugin of NVIDIA.
                (false, true) => "BOTTLEROCKET_x86_64_NVIDIA",
                (true, true) => "BOTTLEROCKET_ARM_64_NVIDIA",
            },
            disk: pool.disk.bytes().div_ceil(1 << 30),
            labels: region.node_labels(pool),
            taints: region.node_taints(pool).into_iter().map(|(key, value, one)| Taint { key, value, effect: effect(one) }).collect(),
        }
    }
}

/// Every machine that a Spot node of a region may have; `None` where no pool has Spot nodes.
pub(super) fn spot_machines(region: &Region) -> Option<Vec<&str>> {
    let pools = region.cluster.pools.iter().filter(|pool| pool.spot);
    let machines: BTreeSet<&str> = pools.flat_map(model::Pool::machines).collect();
    (!machines.is_empty()).then(|| machines.into_iter().collect())
}

/// A node group in `locals.tf`.
#[derive(Serialize)]
pub(super) struct Group<'a> {
    /// `POOL/ZONE`.
    key: String,
    name: String,
    pool: &'a str,
    zone: &'a str,
    /// The range of the subnet.
    cidr: String,
    min: u32,
    max: u32,
}

/// The node groups of every pool. A zone that is left without a node has no group.
pub(super) fn groups<'a>(region: &'a Region, network: &'a Network) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for pool in &region.cluster.pools {
        let Some(subnet) = network.subnets.iter().find(|subnet| subnet.name == pool.subnet) else { continue };
        for (at, range) in subnet.ranges.iter().enumerate() {
            let (min, max) = pool.nodes_in(at, region.zones.len());
            if max > 0 {
                groups.push(Group {
                    key: format!("{}/{}", pool.name, range.zone),
                    name: truncate_with_hash(&format!("{}-{}", pool.name, range.zone), NAME),
                    pool: pool.name.as_str(),
                    zone: &range.zone,
                    cidr: range.cidr.to_string(),
                    min,
                    max,
                });
            }
        }
    }
    groups
}
