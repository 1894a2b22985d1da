//! The literals of a network root against the address plan: ranges, zones, subnets with their ways out, NAT gateways.

use super::super::Finding;
use super::Root;
use platgen::model::{NatGateways, Via, ZoneRange};
use serde_json::{Map, Value, json};

pub(super) fn judge(root: &Root, found: &mut Vec<Finding>) {
    let network = root.network;
    let out = network.subnets.iter().any(|subnet| subnet.internet);
    let gateways = |zone: &String| (zone.clone(), json!(format!("lb-public/{zone}")));
    let zones = if network.nat == NatGateways::One { 1 } else { root.region.zones.len() };
    let wanted = [
        ("name", json!(root.name())),
        ("account", json!(root.account)),
        ("region", json!(root.region.name)),
        ("vpc_cidr", json!(network.cidr.to_string())),
        ("pod_cidr", json!(network.pods.to_string())),
        ("zones", json!(root.region.zones)),
        ("subnets", subnets(root, out)),
        ("nat_gateways", Value::Object(root.region.zones.iter().take(zones).filter(|_| out).map(gateways).collect())),
    ];
    for (name, wanted) in wanted {
        let (file, has) = root.local(name);
        root.expect(found, "wrong-network", (&format!("local.{name}"), file), has, &wanted);
    }
}

/// Every range of the plan with its zone, its way out and the mark by which load balancers find it.
fn subnets(root: &Root, out: bool) -> Value {
    let network = root.network;
    let entry = root.region.workloads.values().flat_map(|workload| workload.entrances()).any(|via| via == Via::Public);
    let mut subnets = Map::new();
    let mut add = |purpose: &str, ranges: &[ZoneRange], routes: &dyn Fn(&str) -> String, tag: Option<&str>| {
        for range in ranges {
            let tags: Map<String, Value> = tag.map(|tag| (tag.to_owned(), json!("1"))).into_iter().collect();
            let subnet = json!({"cidr": range.cidr.to_string(), "zone": range.zone, "routes": routes(&range.zone), "tags": tags});
            subnets.insert(format!("{purpose}/{}", range.zone), subnet);
        }
    };
    let closed = |_: &str| "closed".to_owned();
    for subnet in &network.subnets {
        let purpose = format!("nodes-{}", subnet.name);
        let only = root.region.zones.first().filter(|_| network.nat == NatGateways::One);
        let private = |zone: &str| format!("private/{}", only.map_or(zone, String::as_str));
        add(&purpose, &subnet.ranges, if subnet.internet { &private } else { &closed }, None);
    }
    add("endpoints", &network.endpoints, &closed, None);
    add("transit", &network.transit, &closed, None);
    add("lb-internal", &network.lb_internal, &closed, Some("kubernetes.io/role/internal-elb"));
    // Without a way in and a way out there is nothing that a public subnet could hold.
    if entry || out {
        add("lb-public", &network.lb_public, &|_| "public".to_owned(), entry.then_some("kubernetes.io/role/elb"));
    }
    Value::Object(subnets)
}
