//! A second evaluator, as plain as the definition: for each policy, each pod it selects, each rule, each end and each port, it marks what is
//! allowed. It reads the JSON of the documents itself and shares nothing with the first but the questions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use platgen::policy::{End, Labels, NamedPort, Object, Place, Policies, Protocol, Side};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::documents;
use super::worlds::{PORTS, RANGES, World, world};

/// For one direction and one end: the policies that isolate it, and for each other end and port those that let it pass. One bit per policy.
struct Table {
    isolating: Vec<u32>,
    open: Vec<Vec<Vec<u32>>>,
}

fn selected(selector: &Value, labels: &Labels) -> bool {
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    pairs.into_iter().all(|(key, value)| labels.get(key).map(String::as_str) == value.as_str())
        && expressions.into_iter().all(|expression| {
            let own = labels.get(expression["key"].as_str().unwrap());
            let listed = || expression["values"].as_array().unwrap().iter().any(|value| value.as_str() == own.map(String::as_str));
            match expression["operator"].as_str().unwrap() {
                "In" => own.is_some() && listed(),
                "NotIn" => !(own.is_some() && listed()),
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                other => panic!("{other}"),
            }
        })
}

/// Whether an address lies in a range, bit by bit.
fn inside(address: IpAddr, range: &str) -> bool {
    let (network, length) = range.split_once('/').unwrap();
    let length: u32 = length.parse().unwrap();
    let first = |bits: u128, of: u32| if length == 0 { 0 } else { bits >> (of - length) };
    match (address, network.parse().unwrap()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => first(u128::from(u32::from(a)), 32) == first(u128::from(u32::from(b)), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => first(u128::from(a), 128) == first(u128::from(b), 128),
        _ => false,
    }
}

fn is_peer(peer: &Value, policy: &Value, end: &End, world: &World) -> bool {
    match end {
        End::Range(range) => {
            let block = &peer["ipBlock"];
            let holds = |address: IpAddr| {
                let listed = |part: &Value| inside(address, part.as_str().unwrap());
                listed(&block["cidr"]) && !block["except"].as_array().into_iter().flatten().any(listed)
            };
            // Each address by itself: the ranges of the worlds are small.
            let single = if range.addr().is_ipv4() { 32 } else { 128 };
            block.is_object() && range.subnets(single).unwrap().all(|one| holds(one.addr()))
        }
        End::Pod(pod) if pod.host_network || peer["ipBlock"].is_object() => false,
        End::Pod(pod) => {
            let namespace = match &peer["namespaceSelector"] {
                Value::Null => policy["metadata"]["namespace"] == *pod.namespace,
                selector => selected(selector, &world.namespace_labels(&pod.namespace)),
            };
            namespace && (peer["podSelector"].is_null() || selected(&peer["podSelector"], &pod.labels))
        }
    }
}

fn is_port(entry: &Value, number: u16, protocol: Protocol, target: &End) -> bool {
    let speaks = entry["protocol"].as_str().unwrap_or("TCP") == protocol.to_string();
    let named: &[NamedPort] = if let End::Pod(pod) = target { &pod.named_ports } else { &[] };
    speaks
        && match (&entry["port"], entry["endPort"].as_u64()) {
            (Value::Null, _) => true,
            (Value::String(name), _) => named.iter().any(|port| port.name == *name && port.protocol == protocol && port.number == number),
            (first, last) => {
                let first = first.as_u64().unwrap();
                (first..=last.unwrap_or(first)).contains(&u64::from(number))
            }
        }
}

fn table(world: &World, direction: &str, peers: &str, receives: bool) -> Table {
    let ends = &world.ends;
    let mut table = Table { isolating: vec![0; ends.len()], open: vec![vec![vec![0; PORTS.len()]; ends.len()]; ends.len()] };
    for (number, policy) in world.policies.iter().enumerate() {
        let spec = &policy["spec"];
        let rules: &[Value] = spec[direction.to_lowercase()].as_array().map_or(&[], Vec::as_slice);
        let types: Vec<&str> = spec["policyTypes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let governs = if types.is_empty() { direction == "Ingress" || !rules.is_empty() } else { types.contains(&direction) };
        if !governs {
            continue;
        }
        for (own, end) in ends.iter().enumerate() {
            let End::Pod(pod) = end else { continue };
            if pod.host_network || policy["metadata"]["namespace"] != *pod.namespace || !selected(&spec["podSelector"], &pod.labels) {
                continue;
            }
            table.isolating[own] |= 1 << number;
            for rule in rules {
                let (from, to) = (rule[peers].as_array().map_or(&[][..], Vec::as_slice), rule["ports"].as_array());
                let entries = to.map_or(&[][..], Vec::as_slice);
                for (other, there) in ends.iter().enumerate() {
                    if !(from.is_empty() || from.iter().any(|peer| is_peer(peer, policy, there, world))) {
                        continue;
                    }
                    let target = if receives { end } else { there };
                    for (at, &(port, protocol)) in PORTS.iter().enumerate() {
                        if entries.is_empty() || entries.iter().any(|entry| is_port(entry, port, protocol, target)) {
                            table.open[own][other][at] |= 1 << number;
                        }
                    }
                }
            }
        }
    }
    table
}

/// Every question of a world, answered twice.
fn agree(world: &World) -> Result<(), TestCaseError> {
    let documents = documents(&world.documents());
    let judged = Policies::read(&documents).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    let (egress, ingress) = (table(world, "Egress", "to", false), table(world, "Ingress", "from", true));
    let places: Vec<Place> = world.ends.iter().map(|end| judged.place(end)).collect();
    let mut pairs = Vec::new();
    for (from, caller) in places.iter().enumerate() {
        for (to, called) in places.iter().enumerate() {
            let open = judged.ports(caller, called);
            let judged_pair = [from, to].iter().all(|&at| matches!(&world.ends[at], End::Pod(pod) if !pod.host_network));
            if judged_pair && !open.is_empty() {
                pairs.push((format!("w{from}"), format!("w{to}")));
            }
            for (at, &(number, protocol)) in PORTS.iter().enumerate() {
                let sides = [(egress.isolating[from], egress.open[from][to][at]), (ingress.isolating[to], ingress.open[to][from][at])];
                let wanted = sides.iter().all(|(isolating, open)| *isolating == 0 || *open != 0);
                let question = || format!("{:?} to {:?}, {protocol} {number}, {world:#?}", world.ends[from], world.ends[to]);
                prop_assert_eq!(open.contains(number, protocol), wanted, "{}", question());
                // The full verdict costs more, and one port of each pair shows as much.
                if at == (from + to) % PORTS.len() {
                    let verdict = judged.allows(caller, called, number, protocol);
                    prop_assert_eq!(verdict.allowed, wanted, "{}", question());
                    let names = |objects: &[&Object]| objects.iter().map(|object| object.name.clone()).collect::<Vec<_>>();
                    let listed = |bits: u32| (0..32).filter(|bit| bits & (1 << bit) != 0).map(|bit| format!("p{bit}")).collect::<Vec<_>>();
                    for (side, (isolating, open)) in [&verdict.egress, &verdict.ingress].into_iter().zip(sides) {
                        match side {
                            Side::Open => prop_assert_eq!(isolating, 0, "{}", question()),
                            Side::Allowed(by) => prop_assert_eq!(names(by), listed(open), "{}", question()),
                            Side::Denied(by) => {
                                prop_assert_eq!(open, 0, "{}", question());
                                prop_assert_eq!(names(by), listed(isolating), "{}", question());
                            }
                        }
                    }
                }
            }
        }
    }
    // What holds for the ends holds for the pairs of workloads.
    let found: Vec<(String, String)> =
        judged.pairs().iter().map(|pair| (pair.from.object.name.clone(), pair.to.object.name.clone())).collect();
    prop_assert_eq!(found, pairs);
    Ok(())
}

pub(crate) fn both_evaluators_agree() {
    let config = Config { failure_persistence: None, ..Config::with_cases(5_000) };
    let law = |choices: Vec<u8>| agree(&world(&choices));
    TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 0..260), law).unwrap_or_else(|fault| panic!("{fault}"));
}

/// A comparison that could not fail would be worth nothing: the worlds hold every kind of answer, often.
pub(crate) fn the_worlds_are_of_every_kind() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut allowed, mut denied, mut by_one_side, mut named) = (0, 0, 0, 0);
    for _ in 0..500 {
        let choices: Vec<u8> = (0..260)
            .map(|_| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                (random >> 40) as u8
            })
            .collect();
        let world = world(&choices);
        named += usize::from(world.policies.iter().any(|policy| policy.to_string().contains("\"port\":\"")));
        let judged = Policies::read(&documents(&world.documents())).unwrap();
        let places: Vec<Place> = world.ends.iter().map(|end| judged.place(end)).collect();
        for from in &places {
            for to in &places {
                let verdict = judged.allows(from, to, 80, Protocol::Tcp);
                let open = |side: &Side| !matches!(side, Side::Denied(_));
                match (open(&verdict.egress), open(&verdict.ingress)) {
                    (true, true) => {
                        allowed += usize::from(matches!(verdict.egress, Side::Allowed(_)) || matches!(verdict.ingress, Side::Allowed(_)))
                    }
                    (false, false) => denied += 1,
                    _ => by_one_side += 1,
                }
            }
        }
    }
    assert!(allowed > 2000 && denied > 300 && by_one_side > 3000 && named > 100, "{allowed} {denied} {by_one_side} {named}");
    assert!(RANGES.iter().any(|range| range.contains(':')) && RANGES.iter().any(|range| !range.contains(':')));
    assert!(inside(IpAddr::V4(Ipv4Addr::LOCALHOST), "127.0.0.0/8") && !inside(IpAddr::V6(Ipv6Addr::LOCALHOST), "0.0.0.0/0"));
}
