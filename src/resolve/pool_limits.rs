//! What the image of nodes and the ranges of the network allow for node pools.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::{self, Pods};
use crate::model::{Network, Pool, Region};
use crate::provider::Provider;
use crate::source::Span;
use crate::value::{Name, Quantity};

/// The addresses of a subnet that AWS keeps for itself.
const KEPT: u64 = 5;

/// The most pods of a node, by EKS: of a machine with fewer than 30 processors, and of a larger one.
const PODS: [u32; 2] = [110, 250];

/// The addresses of a prefix. The network add-on gives a node whole prefixes, and one in reserve.
const PREFIX: u64 = 16;

/// The smallest disk of a node in GiB: AWS the data volume of Bottlerocket; Google Cloud and Azure the minimum of their node pools.
fn smallest_disk(provider: Provider) -> u64 {
    match provider {
        Provider::Aws => 20,
        Provider::Google => 10,
        Provider::Azure => 30,
        Provider::Kind | Provider::Existing => 0,
    }
}

impl EnvironmentResolver<'_> {
    /// Reports a disk of a pool's nodes that their image does not fit on.
    pub(super) fn disk(&mut self, disk: &Quantity, at: Span, provider: Provider) {
        let smallest = smallest_disk(provider) << 30;
        if disk.bytes() < smallest {
            let smallest = Quantity::from_bytes(smallest).canonical();
            let message = format!("a disk of {} is too small for the image of a node on {}", disk.canonical(), provider.name());
            let help = format!("write at least `{smallest}`, and room for the images and the temporary files of the pods");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    /// Reports pools whose maximum of nodes, or the pods of those nodes, the ranges of a zone cannot hold.
    pub(super) fn addresses_of_nodes(&mut self, region: &Region) {
        let Some(network) = region.network.as_ref().filter(|_| region.provider == Provider::Aws) else { return };
        for subnet in &network.subnets {
            let nodes: u64 =
                region.cluster.pools.iter().filter(|pool| pool.subnet == subnet.name).map(|pool| in_a_zone(pool, region)).sum();
            let Some(range) = subnet.ranges.iter().map(|range| range.cidr).min_by_key(|range| range.size()) else { continue };
            let room = range.size().saturating_sub(KEPT);
            if nodes > room {
                let message = format!(
                    "the pools of the subnet `{}` grow to {nodes} nodes in a zone, and its range there has room for {room}",
                    subnet.name
                );
                self.too_many_nodes(message, region, |pool| pool.subnet == subnet.name, |_| 1, room);
            }
        }
        self.addresses_of_pods(region, network);
    }

    fn addresses_of_pods(&mut self, region: &Region, network: &Network) {
        let Some(range) = network.pod_zones.iter().map(|range| range.cidr).min_by_key(|range| range.size()) else { return };
        let taken: u64 = region.cluster.pools.iter().map(|pool| in_a_zone(pool, region) * of_node(pool)).sum();
        if taken > range.size() {
            let nodes: u64 = region.cluster.pools.iter().map(|pool| in_a_zone(pool, region)).sum();
            let message = format!(
                "the pods of {nodes} nodes, the maximum of a zone, take {taken} addresses in prefixes of {PREFIX}, and the pods of a zone have {}",
                range.size()
            );
            self.too_many_nodes(message, region, |_| true, of_node, range.size());
        }
    }

    /// Reports at the largest pool that the spec declares. Others have few nodes: the fault is in the ranges then, and told there. A node takes `each`
    /// addresses of the `room` of a zone.
    fn too_many_nodes(&mut self, message: String, region: &Region, of: impl Fn(&Pool) -> bool, each: impl Fn(&Pool) -> u64, room: u64) {
        let declared = region.cluster.pools.iter().filter(|pool| of(pool)).filter_map(|pool| Some((pool, self.nodes_of(&pool.name)?)));
        let Some((largest, at)) = declared.max_by_key(|(pool, _)| pool.nodes.1) else { return };
        let others = region.cluster.pools.iter().filter(|pool| of(pool) && pool.name != largest.name);
        let left = room.saturating_sub(others.map(|pool| in_a_zone(pool, region) * each(pool)).sum());
        let zones = u64::try_from(region.zones.len()).unwrap_or(u64::MAX);
        let help = match left / each(largest) * zones {
            0 => format!("lower the maximum of `nodes` of `{}` and of the other pools", largest.name),
            most => format!("lower the maximum of `nodes` of `{}` to {most} or less", largest.name),
        };
        self.tell(Diagnostic::new(Code::NoRoom, message).at(at).help(help));
    }

    fn nodes_of(&self, pool: &Name) -> Option<Span> {
        let declared = self.spec.cluster.at(|cluster| &cluster.pools).find(pool.as_str())?;
        declared.value.get().and_then(|pool| pool.nodes.span()).or(Some(declared.key))
    }
}

/// The most nodes of a pool in one zone.
fn in_a_zone(pool: &Pool, region: &Region) -> u64 {
    u64::from(pool.nodes_in(0, region.zones.len()).1)
}

/// The addresses that the pods of a node take, all of its pods running.
fn of_node(pool: &Pool) -> u64 {
    let known = facts::machine(Provider::Aws, &pool.machine).and_then(|machine| machine.pods);
    let large = pool.capacity.as_ref().and_then(|machine| machine.cpu.as_ref()).is_some_and(|cpu| cpu.millis() >= 30_000);
    let pods = known.map_or(PODS[usize::from(large)], |Pods { by_addresses, by_prefixes }| by_prefixes.unwrap_or(by_addresses));
    (u64::from(pods).div_ceil(PREFIX) + 1) * PREFIX
}
