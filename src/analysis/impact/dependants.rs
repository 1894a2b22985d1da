//! Who depends on the hit workloads: the second ring.

use super::effect::hosts;
use super::meaning::endpoints;
use super::reach::{id, made_services, places, selected};
use super::workloads::Workload;
use crate::analysis::inputs::inputs;
use crate::inventory::{Inventory, PodTemplate, references};
use crate::policy::Policies;
use serde::Serialize;
use std::collections::BTreeSet;

/// A workload that calls a hit one, or a host that leads to it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Dependant {
    /// The hit workload, `Kind/namespace/name`.
    pub workload: String,
    /// The calling workload, or the host.
    pub caller: String,
    /// Whether the caller is a host.
    pub host: bool,
}

/// Who depends on the hit workloads: callers that policies name, callers whose values name a Service of them, and hosts of routes.
pub(super) fn dependants(workloads: &[Workload], before: &Inventory, policies: &Policies) -> Vec<Dependant> {
    let hit: BTreeSet<&str> = workloads.iter().filter(|workload| !workload.created).map(|workload| workload.object.as_str()).collect();
    let mut found = BTreeSet::new();
    let places = places(policies);
    for (target, (to, _)) in places.iter().filter(|(target, _)| hit.contains(target.as_str())) {
        for caller in policies.workloads() {
            let from = id(&caller.object);
            let Some((place, _)) = places.get(&from).filter(|_| from != *target) else { continue };
            // A workload that no policy isolates may be called by everybody: that says nothing about who does.
            let named = policies.ports(place, to);
            if policies.isolates_ingress(to) && !named.is_empty() && !caller.pod.host_network {
                found.insert(Dependant { workload: target.clone(), caller: from, host: false });
            }
        }
    }
    let readers: Vec<(String, &str, BTreeSet<String>)> = before.pods().iter().map(|pod| read_hosts(before, pod)).collect();
    let of_documents = before.of_kind("Service").filter(|service| service.group().is_empty());
    let own = of_documents.map(|service| (service.name.clone(), service.namespace.as_str(), selected(before, service)));
    let made =
        before.objects().iter().flat_map(|object| made_services(object).map(|name| (name, object.namespace.as_str(), vec![object.id()])));
    for (name, namespace, targets) in own.chain(made) {
        let targets: Vec<String> = targets.into_iter().filter(|target| hit.contains(target.as_str())).collect();
        if targets.is_empty() {
            continue;
        }
        let whole = format!("{name}.{namespace}");
        let names = |host: &str, home: &str| {
            let host = host.strip_suffix(".cluster.local").unwrap_or(host);
            let host = host.strip_suffix(".svc").unwrap_or(host);
            host == whole || (host == name && home == namespace)
        };
        for (caller, home, read) in &readers {
            if read.iter().any(|host| names(host, home)) {
                let callers = targets.iter().filter(|target| *target != caller);
                found.extend(callers.map(|target| Dependant { workload: target.clone(), caller: caller.clone(), host: false }));
            }
        }
        for route in before.objects().iter().filter(|object| object.kind.ends_with("Route") || object.kind == "Ingress") {
            let leads = references(route)
                .iter()
                .any(|reference| reference.kind == "Service" && reference.namespace == namespace && reference.name == name);
            for host in hosts(route).into_iter().filter(|_| leads) {
                found.extend(targets.iter().map(|target| Dependant { workload: target.clone(), caller: host.clone(), host: true }));
            }
        }
    }
    found.into_iter().collect()
}

/// A workload, its namespace, and the hosts in the values that it reads.
fn read_hosts<'i>(inventory: &'i Inventory, pod: &PodTemplate) -> (String, &'i str, BTreeSet<String>) {
    let owner = inventory.owner(pod);
    let read = inputs(inventory, owner, pod);
    let held = read.values().filter_map(|input| input.value.as_ref()).filter(|held| !held.secret);
    (owner.id(), &owner.namespace, held.flat_map(|held| endpoints(&held.text)).map(|endpoint| endpoint.host).collect())
}
