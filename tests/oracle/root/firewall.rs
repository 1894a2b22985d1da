//! What security groups let pass between classes of nodes and out of them, against the flows of the model: each of them, and nothing else
//! but what every cluster needs.

use super::super::Finding;
use super::Root;
use platgen::model::{Addon, Flow, NetworkSubnet, Peer, Volume};
use platgen::value::Cidr;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the name service listens on.
const DNS: u16 = 53;

/// What the kubelet serves metrics and logs on.
const KUBELET: u16 = 10250;

/// The private endpoints and the API server.
const HTTPS: u16 = 443;

/// File systems.
const NFS: u16 = 2049;

/// Every address.
const EVERYWHERE: &str = "0.0.0.0/0";

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let classes = |keep: &dyn Fn(&NetworkSubnet) -> bool| {
        let mut names: Vec<&str> = root.network.subnets.iter().filter(|subnet| keep(subnet)).map(|subnet| subnet.name.as_str()).collect();
        names.sort_unstable();
        json!(names)
    };
    let wanted_classes = [
        ("node_classes", classes(&|_| true)),
        ("closed_classes", classes(&|subnet| !subnet.internet)),
        ("private_classes", classes(&|subnet| !lets_https_out(root, subnet))),
    ];
    for (name, wanted) in wanted_classes {
        let (file, has) = root.local(name);
        root.expect(found, "wrong-firewall", (&format!("local.{name}"), file), has, &wanted);
    }
    let (flows, exits) = wanted(root);
    for (name, target, wanted) in [("flows", "to", flows), ("exits", "cidr", exits)] {
        let (file, has) = root.local(name);
        root.expect_set(found, "wrong-firewall", (&format!("local.{name}"), file), &opened(has, target), &wanted);
    }
}

/// What the entries of a local value open, with the entry's name.
fn opened(has: &Value, target: &str) -> BTreeMap<String, String> {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "all".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let entry = |(name, entry): (&String, &Value)| {
        let field = |field: &str| text(entry.get(field));
        let protocol = Some(field("protocol")).filter(|protocol| protocol != "-1").unwrap_or_else(|| "every protocol".to_owned());
        (opening(&field("from"), &field(target), &protocol, &field("port")), name.clone())
    };
    has.as_object().into_iter().flatten().map(entry).collect()
}

fn opening(from: &str, to: &str, protocol: &str, port: &str) -> String {
    format!("`{from}` to `{to}` by {protocol} on port {port}")
}

/// What has to be open between classes and out of them, with the reason.
fn wanted(root: &Root) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let network = root.network;
    let untainted = |subnet: &&NetworkSubnet| !subnet.isolated;
    let mut services: Vec<&str> = network.subnets.iter().filter(untainted).map(|subnet| subnet.name.as_str()).collect();
    if services.is_empty() {
        services = network.subnets.iter().filter(|subnet| subnet.default).map(|subnet| subnet.name.as_str()).collect();
    }
    let mutual = |a: &str, b: &str| services.contains(&a) && services.contains(&b);
    let mut flows = BTreeMap::new();
    let mut exits = BTreeMap::new();
    for subnet in &network.subnets {
        let class = subnet.name.as_str();
        flows.insert(opening(class, class, "every protocol", "all"), "nodes of one class talk to each other".to_owned());
        for other in services.iter().copied().filter(|other| *other != class) {
            if mutual(class, other) {
                flows.insert(opening(class, other, "every protocol", "all"), "a pod without a subnet may run on either".to_owned());
                continue;
            }
            for protocol in ["tcp", "udp"] {
                flows.insert(opening(class, other, protocol, &DNS.to_string()), "names are resolved".to_owned());
            }
            flows.insert(opening(other, class, "tcp", &KUBELET.to_string()), "metrics and logs are read".to_owned());
        }
        let range = if lets_https_out(root, subnet) { EVERYWHERE.to_owned() } else { network.cidr.to_string() };
        exits.insert(opening(class, &range, "tcp", &HTTPS.to_string()), "the API server and services of the cloud are called".to_owned());
    }
    for workload in root.region.workloads.values() {
        if workload.volumes.iter().any(|volume| matches!(volume, Volume::Shared { .. })) {
            for class in &workload.placement.subnets {
                let opening = opening(class.as_str(), &network.cidr.to_string(), "tcp", &NFS.to_string());
                exits.insert(opening, "its nodes mount a file system".to_owned());
            }
        }
    }
    for Flow { from, to, ports, why, .. } in &root.region.flows {
        // Every class has the prefix lists of S3, or HTTPS to everywhere.
        if matches!(to, Peer::Outside { name, .. } if name.starts_with("bucket/") && root.region.primary) {
            continue;
        }
        for class in classes_of(root, &services, from) {
            for (protocol, port) in ports.iter().map(|port| (port.transport().lower(), port.number().to_string())) {
                if let Peer::Outside { cidrs, .. } = to {
                    let everywhere = cidrs.is_empty().then(|| EVERYWHERE.to_owned());
                    let open = network.subnets.iter().any(|subnet| subnet.name.as_str() == class && subnet.internet);
                    // A class without a way to the internet has no hole for it either.
                    let all = network.subnets.iter().any(|subnet| subnet.name.as_str() == class && lets_https_out(root, subnet));
                    let held = |cidr: &&Cidr| protocol == "tcp" && port == HTTPS.to_string() && (all || network.cidr.contains(**cidr));
                    let ranges = cidrs.iter().filter(|cidr| !held(cidr)).map(ToString::to_string);
                    for range in ranges.chain(everywhere).filter(|range| open || !range.ends_with("/0")) {
                        exits.entry(opening(class, &range, protocol, &port)).or_insert_with(|| why.clone());
                    }
                }
                for called in classes_of(root, &services, to).into_iter().filter(|called| *called != class && !mutual(class, called)) {
                    flows.entry(opening(class, called, protocol, &port)).or_insert_with(|| why.clone());
                }
            }
        }
    }
    (flows, exits)
}

/// Whether nodes call every address over HTTPS: those with a way to the internet, but for isolated ones whose images are in the cloud's own registry.
fn lets_https_out(root: &Root, subnet: &NetworkSubnet) -> bool {
    subnet.internet && (root.region.cluster.mirror.is_none() || !subnet.isolated)
}

/// The classes of nodes that a peer may run on; cluster services run on every one without a taint.
fn classes_of<'r>(root: &'r Root, services: &[&'r str], peer: &Peer) -> Vec<&'r str> {
    match peer {
        Peer::Workload { .. } => {
            let workload = root.region.workload_of(peer);
            workload.into_iter().flat_map(|workload| &workload.placement.subnets).map(|subnet| subnet.as_str()).collect()
        }
        // Those of the node itself are on every node.
        Peer::Addon(Addon::NodeExporter | Addon::Kubelet) => {
            root.region.network.iter().flat_map(|network| &network.subnets).map(|subnet| subnet.name.as_str()).collect()
        }
        Peer::Addon(_) | Peer::Chart { .. } => services.to_vec(),
        Peer::Cluster { .. } | Peer::Outside { .. } => Vec::new(),
    }
}
