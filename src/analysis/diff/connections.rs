//! Connections that NetworkPolicies open or close. The firewall between subnets is resources of Terraform.

use crate::inventory::{Inventory, Object};
use crate::model::Addon;
use crate::policy::{End, Fault, INTERNET, Place, Pod, Policies, Ports};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A caller and a callee between which ports open or close.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Connection {
    /// The caller: `Kind/namespace/name` of an object, an add-on, a range of addresses, or `internet`.
    pub from: String,
    /// The callee.
    pub to: String,
    /// The ports that open.
    pub opened: String,
    /// The ports that close.
    pub closed: String,
}

/// Callers and callees with what policies say about them.
type Ends = Vec<(String, Place)>;

/// The open ports of pairs.
type Open = BTreeMap<(String, String), Ports>;

/// The connections of pods that open or close. What leaves calls nobody any more, and is left out.
pub(super) fn connections(before: &Inventory, after: &Inventory) -> Result<Vec<Connection>, Fault> {
    let ranges: BTreeSet<IpNet> = before.objects().iter().chain(after.objects()).flat_map(ranges).collect();
    let read = |side: &Inventory| Policies::of_objects(side.objects().iter().map(|object| &object.value));
    let (old, new) = (read(before)?, read(after)?);
    let (old_pods, new_pods) = (pods(&old), pods(&new));
    let (was, is) = (open(&old, &old_pods, &ranges), open(&new, &new_pods, &ranges));
    let names = |pods: &Ends| pods.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<String>>();
    let (old_names, new_names) = (names(&old_pods), names(&new_pods));
    let leaves = |name: &String| old_names.contains(name) && !new_names.contains(name);
    let none = Ports::default();
    let mut all = Vec::new();
    for pair in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
        let (from, to) = pair;
        // Of what calls a workload that leaves, pods that stay are told.
        if leaves(from) || (leaves(to) && !new_names.contains(from)) {
            continue;
        }
        let (was, is) = (was.get(pair).unwrap_or(&none), is.get(pair).unwrap_or(&none));
        let (opened, closed) = (is.without(was).to_string(), was.without(is).to_string());
        if !opened.is_empty() || !closed.is_empty() {
            all.push(Connection { from: from.clone(), to: to.clone(), opened, closed });
        }
    }
    Ok(all)
}

/// The pods of the documents that policies apply to.
fn pods(policies: &Policies) -> Ends {
    let judged = policies.workloads().iter().filter(|workload| !workload.pod.host_network);
    judged
        .map(|workload| {
            let object = &workload.object;
            let name = format!("{}/{}/{}", object.kind, object.namespace, object.name);
            (name, policies.place(&End::Pod(workload.pod.clone())))
        })
        .collect()
}

/// The open ports of every pair in which one end is pods of the documents.
fn open(policies: &Policies, pods: &Ends, ranges: &BTreeSet<IpNet>) -> Open {
    let others = outside(policies, ranges);
    let mut all = Open::new();
    let mut judge = |from: &(String, Place), to: &(String, Place)| {
        let ports = policies.ports(&from.1, &to.1);
        if !ports.is_empty() {
            // An object may run pods of several sorts.
            let known = all.entry((from.0.clone(), to.0.clone())).or_default();
            *known = known.or(&ports);
        }
    };
    for pod in pods {
        pods.iter().chain(&others).for_each(|other| judge(pod, other));
        others.iter().for_each(|other| judge(other, pod));
    }
    all
}

/// Add-ons and ranges of addresses.
fn outside(policies: &Policies, ranges: &BTreeSet<IpNet>) -> Ends {
    let addon = |addon: Addon| {
        let (key, value) = addon.pods();
        let pod = Pod { namespace: addon.namespace().into(), labels: [(key.to_owned(), value.to_owned())].into(), ..Pod::default() };
        (addon.name().to_owned(), policies.place(&End::Pod(pod)))
    };
    let range = |range: &IpNet| {
        // What policies call the internet has exceptions, so that no rule contains all of it.
        let (name, range) = if range.prefix_len() == 0 { ("internet".to_owned(), INTERNET.into()) } else { (range.to_string(), *range) };
        (name, policies.place(&End::Range(range)))
    };
    Addon::ALL.into_iter().map(addon).chain(ranges.iter().map(range)).collect()
}

/// The ranges that a NetworkPolicy names.
fn ranges(object: &Object) -> Vec<IpNet> {
    if object.kind != "NetworkPolicy" {
        return Vec::new();
    }
    let rules = ["ingress", "egress"].into_iter().flat_map(|direction| object.items(&format!("/spec/{direction}")));
    let peers = rules.flat_map(|rule| ["from", "to"].into_iter().filter_map(|key| rule.get(key)?.as_array())).flatten();
    peers.filter_map(|peer| peer.pointer("/ipBlock/cidr").and_then(Value::as_str)?.parse().ok()).collect()
}
