//! The configuration of a kind cluster.

use super::addons::{KIND, network, node};
use super::{Desk, print};
use crate::model::Worker;
use crate::yaml::{Document, emit};
use serde_json::{Value, json};

/// The text of `cluster.yaml`.
pub(super) fn configuration(desk: &Desk) -> String {
    let (_, image) = node(desk.region.cluster.version.minor());
    let ports = desk.own.cluster.proxies.host_ports.iter();
    let ports: Vec<Value> = ports
        .map(|port| json!({"containerPort": port.node, "hostPort": port.host, "listenAddress": "127.0.0.1", "protocol": "TCP"}))
        .collect();
    let mut control_plane = json!({"role": "control-plane", "image": image});
    if !ports.is_empty() {
        control_plane["extraPortMappings"] = json!(ports);
    }
    let workers = desk.desktop.workers.iter().map(|one| worker(one, image));
    let mut cluster = json!({"apiVersion": "kind.x-k8s.io/v1alpha4", "kind": "Cluster", "name": desk.desktop.name});
    if network(desk.region.cluster.policy_engine).is_some() {
        cluster["networking"] = json!({"disableDefaultCNI": true});
    }
    cluster["nodes"] = std::iter::once(control_plane).chain(workers).collect();
    let about = format!(
        "{} in {} on a laptop, for kind {KIND}: another release may not start this image.\n\
         The workers have the labels and taints of the pools, and each zone has one. Ports of the laptop lead to the Gateways.",
        desk.platform.environment, desk.region.name
    );
    print(&Document::from_json(&cluster), &about)
}

fn worker(worker: &Worker, image: &str) -> Value {
    let mut node = json!({"role": "worker", "image": image, "labels": worker.labels});
    if !worker.taints.is_empty() {
        let taint = |(key, value, effect): &(String, String, &str)| json!({"key": key, "value": value, "effect": effect});
        let taints: Vec<Value> = worker.taints.iter().map(taint).collect();
        let mut patch = String::new();
        emit(&Document::from_json(&json!({"kind": "JoinConfiguration", "nodeRegistration": {"taints": taints}})), &mut patch);
        node["kubeadmConfigPatches"] = json!([patch]);
    }
    node
}
