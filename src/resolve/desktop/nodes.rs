//! The nodes of a kind cluster, and the ports of the laptop that lead to its Gateways.

use crate::labels::SUBNET;
use crate::model::{Entrance, HostPort, Region, Toleration, Via, Worker};
use std::collections::{BTreeMap, BTreeSet};

/// The labels of Kubernetes for the place of a node.
const REGION: &str = "topology.kubernetes.io/region";
const ZONE: &str = "topology.kubernetes.io/zone";

/// The first port of nodes for HTTP, HTTPS and other connections. Kubernetes gives out ports from 30000 to 32767.
const NODE: (u16, u16, u16) = (30080, 30443, 31000);

/// The first port of the laptop for HTTP and HTTPS: ports above 1023 need no administrator.
const HOST: (u16, u16) = (8080, 8443);

/// What is added to other ports of a Gateway that need an administrator.
const FREE: u16 = 10_000;

/// The fewest workers that carry every zone of a region and every sort of its nodes: pools, or subnets where the nodes are not part of the spec.
pub(super) fn workers(region: &Region) -> Vec<Worker> {
    let mut sorts: Vec<Worker> = match &region.cluster.pools[..] {
        [] => subnets(region),
        pools => pools.iter().map(|pool| Worker { labels: region.node_labels(pool), taints: region.node_taints(pool) }).collect(),
    };
    // Add-ons tolerate no taint of the spec.
    if sorts.iter().all(|sort| sort.taints.iter().any(|(.., effect)| *effect != "PreferNoSchedule")) {
        sorts.push(Worker { labels: BTreeMap::new(), taints: Vec::new() });
    }
    let mut workers = Vec::new();
    for (at, sort) in sorts.iter().cycle().take(sorts.len().max(region.zones.len())).enumerate() {
        let mut worker = sort.clone();
        worker.labels.insert(REGION.to_owned(), region.name.to_string());
        let zone = region.zones.get(at % region.zones.len().max(1));
        worker.labels.extend(zone.map(|zone| (ZONE.to_owned(), zone.clone())));
        workers.push(worker);
    }
    workers
}

/// A sort of nodes for each subnet that pods are placed in. A subnet whose taint pods tolerate is isolated.
fn subnets(region: &Region) -> Vec<Worker> {
    let placements = || region.workloads.values().map(|workload| &workload.placement);
    let mut names: BTreeSet<&str> = placements().flat_map(|placement| &placement.subnets).map(|subnet| subnet.as_str()).collect();
    names.extend(region.cluster.proxies.subnet.iter().map(|subnet| subnet.as_str()));
    let isolated = |name: &str| {
        let taints = |one: &Toleration| one.key == SUBNET && one.value == name;
        placements().flat_map(|placement| &placement.tolerations).any(taints)
    };
    let sort = |name: &str| Worker {
        labels: BTreeMap::from([(SUBNET.to_owned(), name.to_owned())]),
        taints: isolated(name).then(|| (SUBNET.to_owned(), name.to_owned(), "NoSchedule")).into_iter().collect(),
    };
    names.into_iter().map(sort).collect()
}

/// The ports of every Gateway, in the order of the Gateways' names and their ports.
pub(super) fn host_ports(region: &Region) -> Vec<HostPort> {
    let mut ports: BTreeMap<(Via, bool), BTreeSet<u16>> = BTreeMap::new();
    for workload in region.workloads.values() {
        for exposure in &workload.exposures {
            let passes = exposure.entrance == Entrance::Passthrough;
            let of_gateway = ports.entry((exposure.via, passes)).or_insert_with(|| BTreeSet::from([80, 443]));
            of_gateway.extend(if let Entrance::Tcp(port) = exposure.entrance { Some(port) } else { None });
        }
        for redirect in &workload.redirects {
            ports.entry((redirect.via, false)).or_insert_with(|| BTreeSet::from([80, 443]));
        }
    }
    let mut all: Vec<HostPort> = Vec::new();
    for (number, ((via, passes), ports)) in (0..).zip(ports) {
        let gateway = if passes { Entrance::Passthrough } else { Entrance::Http }.gateway(via);
        for port in ports {
            let (node, mut host) = match port {
                80 => (NODE.0 + number, HOST.0 + number),
                443 => (NODE.1 + number, HOST.1 + number),
                1024.. => (NODE.2, port),
                _ => (NODE.2, FREE + port),
            };
            // Several Gateways may listen on one port.
            while all.iter().any(|known| known.host == host) {
                host = host.wrapping_add(1).max(1024);
            }
            let node = (node..).find(|node| all.iter().all(|known| known.node != *node)).unwrap_or(node);
            all.push(HostPort { gateway, port, node, host });
        }
    }
    all
}
