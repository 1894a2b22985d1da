//! Which addresses of the applied environment the hit workloads can reach, given the policies and networks of the cluster; and who calls these workloads.

use super::effect::hosts;
use super::inputs::inputs;
use super::meaning::{Endpoint, Meaning, endpoints};
use super::workloads::Workload;
use crate::inventory::{Inventory, Object, PodTemplate, Selector, references};
use crate::kinds;
use crate::policy::{End, Place, Pod, Policies, Protocol, Side};
use crate::yaml::Document;
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

/// An address that stands for the internet: no private network has it.
const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1));

/// An address that a hit workload now calls.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Call {
    /// The workload, `Kind/namespace/name`.
    pub workload: String,
    /// The variable or file that holds the address.
    pub name: String,
    /// The host.
    pub host: String,
    /// The port, where the value or its scheme says it.
    pub port: Option<u16>,
    /// Where the host leads.
    pub leads: Leads,
    /// Whether connections are possible.
    pub reach: Reach,
    /// Why.
    pub reason: String,
}

/// Where a host leads.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leads {
    /// To a Service of the cluster itself.
    Inside,
    /// To an entrance of the applied environment.
    Entrance,
    /// Out of the cluster.
    Outside,
}

/// Whether connections are possible.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Nothing in the documents blocks them.
    Open,
    /// Policies or networks block them.
    Blocked,
    /// Some addresses are allowed, and the documents do not say where the host is.
    Unknown,
}

/// A workload that calls a hit one, or a host that leads to it: the second ring.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Dependant {
    /// The hit workload, `Kind/namespace/name`.
    pub workload: String,
    /// The calling workload, or the host.
    pub caller: String,
    /// Whether the caller is a host.
    pub host: bool,
}

/// Kinds that the evaluator of policies reads besides those with pods.
const JUDGED: [&str; 2] = ["Namespace", "NetworkPolicy"];

/// The policies of a cluster.
///
/// # Errors
/// The first object that the API server would refuse.
pub(super) fn policies(inventory: &Inventory) -> Result<Policies, String> {
    let judged = inventory
        .objects()
        .iter()
        .filter(|object| JUDGED.contains(&object.kind.as_str()) || kinds::pod_template(&object.api, &object.kind).is_some());
    let documents: Vec<Document> = judged.map(|object| Document::from_json(&object.value)).collect();
    Policies::read(&documents).map_err(|fault| fault.to_string())
}

/// The places of the workloads by `Kind/namespace/name`.
fn places(policies: &Policies) -> BTreeMap<String, (Place, &Pod)> {
    let place = |pod: &Pod| policies.place(&End::Pod(pod.clone()));
    let id = |object: &crate::policy::Object| format!("{}/{}/{}", object.kind, object.namespace, object.name);
    policies.workloads().iter().map(|workload| (id(&workload.object), (place(&workload.pod), &workload.pod))).collect()
}

/// The addresses that the hit workloads now call, in the cluster as it is afterwards. `entrances` are hosts of the applied environment, `apart` ranges of
/// its network that no link joins with that of the cluster.
pub(super) fn calls(
    workloads: &[Workload],
    after: &Inventory,
    policies: &Policies,
    entrances: &BTreeSet<String>,
    apart: &[IpNet],
) -> Vec<Call> {
    let places = places(policies);
    let mut found = BTreeSet::new();
    for workload in workloads {
        for change in workload.changes.iter().filter(|change| matches!(change.meaning, Meaning::Address | Meaning::File)) {
            let known: BTreeSet<Endpoint> = change.text_before.iter().flat_map(|text| endpoints(text)).collect();
            let new = change.text.iter().flat_map(|text| endpoints(text));
            let certain = change.meaning == Meaning::Address;
            for endpoint in new.filter(|endpoint| !known.contains(endpoint) && (certain || endpoint.is_certain)) {
                if endpoint.host.parse::<u16>().is_ok() {
                    continue;
                }
                let Some((place, pod)) = places.get(&workload.object) else { continue };
                let ends = Ends { after, policies, place, pod, places: &places, entrances, apart };
                let (leads, reach, reason) = ends.judge(&endpoint);
                found.insert(Call {
                    workload: workload.object.clone(),
                    name: change.name.clone(),
                    host: endpoint.host,
                    port: endpoint.port,
                    leads,
                    reach,
                    reason,
                });
            }
        }
    }
    found.into_iter().collect()
}

struct Ends<'a> {
    after: &'a Inventory,
    policies: &'a Policies,
    place: &'a Place,
    pod: &'a Pod,
    places: &'a BTreeMap<String, (Place, &'a Pod)>,
    entrances: &'a BTreeSet<String>,
    apart: &'a [IpNet],
}

impl Ends<'_> {
    fn judge(&self, endpoint: &Endpoint) -> (Leads, Reach, String) {
        let port = endpoint.port.map(|port| (port, Protocol::Tcp));
        let outside = self.policies.outside(self.place, port);
        let blocked = || {
            let names: Vec<String> = outside.isolating.iter().map(|policy| format!("{}/{}", policy.namespace, policy.name)).collect();
            let on = endpoint.port.map_or(String::new(), |port| format!(" on port {port}"));
            format!("NetworkPolicy {} allows no such address{on}", names.join(", "))
        };
        if let Ok(address) = endpoint.host.parse::<IpAddr>() {
            return if !outside.allows(address) {
                (Leads::Outside, Reach::Blocked, blocked())
            } else if self.apart.iter().any(|range| range.contains(&address)) {
                (Leads::Outside, Reach::Blocked, "the networks of the two environments are not linked".to_owned())
            } else {
                (Leads::Outside, Reach::Open, "no policy blocks it; routes and firewalls of the network are not judged".to_owned())
            };
        }
        if let Some((service, namespace)) = self.service(&endpoint.host) {
            return self.inside(endpoint, &service, &namespace);
        }
        let entrance = self.entrances.iter().any(|host| host == &endpoint.host || is_below(host, &endpoint.host));
        let leads = if entrance { Leads::Entrance } else { Leads::Outside };
        match &outside.ranges {
            Some(ranges) if ranges.is_empty() => (leads, Reach::Blocked, blocked()),
            _ if outside.allows(INTERNET) => (leads, Reach::Open, "no policy blocks the internet".to_owned()),
            ranges => {
                let ranges: Vec<String> = ranges.iter().flatten().map(|(range, _)| range.to_string()).collect();
                (leads, Reach::Unknown, format!("policies allow {} alone, and nothing here says where the host is", ranges.join(", ")))
            }
        }
    }

    /// The Service and its namespace that the cluster's DNS answers a host with; the Service need not exist.
    fn service(&self, host: &str) -> Option<(String, String)> {
        let host = host.strip_suffix(".cluster.local").unwrap_or(host);
        let (short, is_service) = host.strip_suffix(".svc").map_or((host, false), |short| (short, true));
        let labels: Vec<&str> = short.split('.').collect();
        match labels[..] {
            [name] => Some((name.to_owned(), self.pod.namespace.clone())),
            [name, namespace]
                if is_service
                    || self.after.get("Namespace", "", namespace).is_some()
                    || self.after.get("Service", namespace, name).is_some() =>
            {
                Some((name.to_owned(), namespace.to_owned()))
            }
            [.., name, namespace] if is_service => Some((name.to_owned(), namespace.to_owned())),
            _ => None,
        }
    }

    fn inside(&self, endpoint: &Endpoint, name: &str, namespace: &str) -> (Leads, Reach, String) {
        let Some(service) = self.after.get("Service", namespace, name) else {
            return (Leads::Inside, Reach::Blocked, format!("the cluster has no Service {namespace}/{name}: the name does not resolve"));
        };
        let targets = selected(self.after, service);
        let ports = target_ports(service, endpoint.port);
        for target in &targets {
            let Some((to, pod)) = self.places.get(target) else { continue };
            for port in &ports {
                let named = |name: &str| pod.named_ports.iter().find(|port| port.name == name).map(|port| port.number);
                let Some(number) = port.as_u64().and_then(|port| u16::try_from(port).ok()).or_else(|| named(port.as_str()?)) else {
                    continue;
                };
                if let Side::Denied(policies) = self.policies.allows(self.place, to, number, Protocol::Tcp).egress {
                    let names: Vec<String> = policies.iter().map(|policy| format!("{}/{}", policy.namespace, policy.name)).collect();
                    return (
                        Leads::Inside,
                        Reach::Blocked,
                        format!("Service {namespace}/{name} of this cluster; NetworkPolicy {} blocks it", names.join(", ")),
                    );
                }
            }
        }
        (Leads::Inside, Reach::Open, format!("Service {namespace}/{name} of this cluster, not of the applied one"))
    }
}

/// Whether a host is below a wildcard such as `*.shop.example`.
fn is_below(wildcard: &str, host: &str) -> bool {
    wildcard.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix))
}

/// The workloads that a Service selects, `Kind/namespace/name`.
fn selected(inventory: &Inventory, service: &Object) -> Vec<String> {
    let Some(labels) = service.at("/spec/selector").filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty())) else {
        return Vec::new();
    };
    let numbers = inventory.selected(&service.namespace, &Selector::of_labels(labels));
    numbers.into_iter().filter_map(|number| Some(inventory.owner(inventory.pods().get(number)?).id())).collect()
}

/// The ports of pods behind a port of a Service; behind all of them without one.
fn target_ports(service: &Object, port: Option<u16>) -> Vec<&Value> {
    let ports = service.items("/spec/ports").iter();
    let fits = |item: &&Value| port.is_none_or(|port| item.get("port").and_then(Value::as_u64) == Some(u64::from(port)));
    ports.filter(fits).filter_map(|item| item.get("targetPort").or(item.get("port"))).collect()
}

/// Who depends on the hit workloads: callers that policies name, callers whose values name a Service of them, and hosts of routes.
pub(super) fn dependants(workloads: &[Workload], before: &Inventory, policies: &Policies) -> Vec<Dependant> {
    let hit: BTreeSet<&str> = workloads.iter().filter(|workload| !workload.created).map(|workload| workload.object.as_str()).collect();
    let mut found = BTreeSet::new();
    let id = |object: &crate::policy::Object| format!("{}/{}/{}", object.kind, object.namespace, object.name);
    let places = places(policies);
    for (target, (to, _)) in places.iter().filter(|(target, _)| hit.contains(target.as_str())) {
        for caller in policies.workloads() {
            let from = id(&caller.object);
            let Some((place, _)) = places.get(&from).filter(|_| from != *target) else { continue };
            // A workload that no policy isolates may be called by everybody: that says nothing about who does.
            let named = policies.ports(place, to);
            let is_isolated = !matches!(policies.allows(place, to, 1, Protocol::Tcp).ingress, Side::Open);
            if is_isolated && !named.is_empty() && !caller.pod.host_network {
                found.insert(Dependant { workload: target.clone(), caller: from, host: false });
            }
        }
    }
    let readers: Vec<(String, &str, BTreeSet<String>)> = before.pods().iter().map(|pod| read_hosts(before, pod)).collect();
    for service in before.of_kind("Service") {
        let targets: Vec<String> = selected(before, service).into_iter().filter(|target| hit.contains(target.as_str())).collect();
        if targets.is_empty() {
            continue;
        }
        let whole = format!("{}.{}", service.name, service.namespace);
        let names = |host: &str, home: &str| {
            let host = host.strip_suffix(".cluster.local").unwrap_or(host);
            let host = host.strip_suffix(".svc").unwrap_or(host);
            host == whole || (host == service.name && home == service.namespace)
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
                .any(|reference| reference.kind == "Service" && reference.namespace == service.namespace && reference.name == service.name);
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

/// Every host that an environment's routes, Ingresses and Gateways answer at.
pub(super) fn entrances(inventory: &Inventory) -> BTreeSet<String> {
    let listeners = inventory.of_kind("Gateway").flat_map(|gateway| gateway.items("/spec/listeners"));
    let listened = listeners.filter_map(|listener| listener.get("hostname")?.as_str()).map(str::to_owned);
    let routed = inventory.objects().iter().filter(|object| object.kind.ends_with("Route") || object.kind == "Ingress").flat_map(hosts);
    listened.chain(routed).collect()
}
