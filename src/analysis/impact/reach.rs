//! Which addresses of the applied environment the hit workloads can reach, given the policies and networks of the cluster; and who calls these workloads.

use super::effect::hosts;
use super::meaning::{Endpoint, Meaning, endpoints, guarded};
use super::workloads::{Change, Workload};
use crate::inventory::{Inventory, Object, Selector};
use crate::kinds;
use crate::policy::{End, INTERNET, Place, Pod, Policies, Protocol, Side};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The names of the Services that an operator makes of an object: `orders-rw` is the writer of the database `orders`.
pub(super) fn made_services(object: &Object) -> impl Iterator<Item = String> + '_ {
    let operated = kinds::operated(&object.api, &object.kind);
    let disabled = operated.and_then(|operated| operated.disabled).map_or(&[][..], |at| object.items(at));
    let is_made = move |end: &&&str| !disabled.iter().any(|one| one == end.trim_start_matches('-'));
    operated.into_iter().flat_map(|operated| operated.services).filter(is_made).map(|end| format!("{}{end}", object.name))
}

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

/// The places of the workloads by `Kind/namespace/name`.
pub(super) fn places(policies: &Policies) -> BTreeMap<String, (Place, &Pod)> {
    let place = |pod: &Pod| policies.place(&End::Pod(pod.clone()));
    policies.workloads().iter().map(|workload| (id(&workload.object), (place(&workload.pod), &workload.pod))).collect()
}

/// `Kind/namespace/name` of an object that policies are about.
pub(super) fn id(object: &crate::policy::Object) -> String {
    format!("{}/{}/{}", object.kind, object.namespace, object.name)
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
        for change in &workload.changes {
            for endpoint in new_endpoints(change) {
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

/// The addresses in a changed value that the value before did not have. Of a value with a password only what stands behind the password is read.
fn new_endpoints(change: &Change) -> Vec<Endpoint> {
    let read = |text: &Option<String>| -> Vec<Endpoint> {
        let read: fn(&str) -> Vec<Endpoint> = if change.meaning == Meaning::Credential { guarded } else { endpoints };
        text.iter().flat_map(|text| read(text)).collect()
    };
    let certain = match change.meaning {
        Meaning::Address => true,
        Meaning::File | Meaning::Credential => false,
        Meaning::Switch | Meaning::Limit | Meaning::Text => return Vec::new(),
    };
    let known = read(&change.text_before);
    let is_called = |endpoint: &Endpoint| {
        (certain || endpoint.is_certain) && !known.contains(endpoint) && !is_local(&endpoint.host) && endpoint.host.parse::<u16>().is_err()
    };
    read(&change.text).into_iter().filter(is_called).collect()
}

/// Whether a host is the pod itself.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Names of policies in one text.
fn names(policies: &[&crate::policy::Object]) -> String {
    policies.iter().map(|policy| format!("{}/{}", policy.namespace, policy.name)).collect::<Vec<_>>().join(", ")
}

/// That policies allow no address outside of the cluster.
fn blocked(isolating: &[&crate::policy::Object], port: Option<u16>) -> String {
    let on = port.map_or(String::new(), |port| format!(" on port {port}"));
    format!("NetworkPolicy {} allows no such address{on}", names(isolating))
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
        if let Ok(address) = endpoint.host.parse::<IpAddr>() {
            return if !outside.allows(address) {
                (Leads::Outside, Reach::Blocked, blocked(&outside.isolating, endpoint.port))
            } else if self.apart.iter().any(|range| range.contains(&address)) {
                (Leads::Outside, Reach::Blocked, "the networks of the two environments are not linked".to_owned())
            } else {
                (Leads::Outside, Reach::Open, "no policy blocks it; routes and firewalls of the network are not judged".to_owned())
            };
        }
        if let Some((service, namespace)) = self.service(&endpoint.host) {
            if let Some(said) = self.inside(endpoint, &service, &namespace) {
                return said;
            }
            return match endpoint.is_certain {
                true => {
                    let reason = format!("the cluster has no Service {namespace}/{service}: the name does not resolve");
                    (Leads::Inside, Reach::Blocked, reason)
                }
                // A word alone may be a bucket as well.
                false => {
                    let reason = format!("there is no Service {namespace}/{service} here, and nothing says what the name stands for");
                    (Leads::Outside, Reach::Unknown, reason)
                }
            };
        }
        self.outside(&endpoint.host, endpoint.port)
    }

    /// What becomes of a connection to a host that is no Service of the cluster.
    fn outside(&self, host: &str, port: Option<u16>) -> (Leads, Reach, String) {
        let outside = self.policies.outside(self.place, port.map(|port| (port, Protocol::Tcp)));
        let entrance = self.entrances.iter().any(|known| known == host || is_below(known, host));
        let leads = if entrance { Leads::Entrance } else { Leads::Outside };
        match &outside.ranges {
            Some(ranges) if ranges.is_empty() => (leads, Reach::Blocked, blocked(&outside.isolating, port)),
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
                if is_service || self.after.get("Namespace", "", namespace).is_some() || service(self.after, namespace, name).is_some() =>
            {
                Some((name.to_owned(), namespace.to_owned()))
            }
            [.., name, namespace] if is_service => Some((name.to_owned(), namespace.to_owned())),
            _ => None,
        }
    }

    /// What becomes of a connection to a Service of the cluster; `None` if it has no such Service.
    fn inside(&self, endpoint: &Endpoint, name: &str, namespace: &str) -> Option<(Leads, Reach, String)> {
        let (targets, ports) = match (service(self.after, namespace, name), operated(self.after, namespace, name)) {
            (Some(service), _) => (selected(self.after, service), target_ports(service, endpoint.port)),
            (None, Some(object)) => (vec![object.id()], endpoint.port.map(Value::from).into_iter().collect()),
            (None, None) => return None,
        };
        let said = format!("Service {namespace}/{name} of this cluster");
        if let Some(service) = service(self.after, namespace, name) {
            if service.text("/spec/type") == "ExternalName" {
                let host = service.text("/spec/externalName");
                let (leads, reach, reason) = self.outside(host, endpoint.port);
                return Some((leads, reach, format!("Service {namespace}/{name} stands for `{host}`: {reason}")));
            }
            let selects = service.at("/spec/selector").and_then(Value::as_object).is_some_and(|labels| !labels.is_empty());
            if !selects {
                return Some((Leads::Inside, Reach::Unknown, format!("the {said} selects no pods: nothing here says where it leads")));
            }
            if targets.is_empty() {
                return Some((Leads::Inside, Reach::Blocked, format!("no pod of the documents answers for the {said}")));
            }
        }
        let has_ports = service(self.after, namespace, name).is_some_and(|service| !service.items("/spec/ports").is_empty());
        if ports.is_empty() && has_ports {
            return Some((Leads::Inside, Reach::Blocked, format!("the {said} has no such port")));
        }
        // One pod that answers is enough.
        let mut denied = BTreeSet::new();
        for target in &targets {
            let Some((to, pod)) = self.places.get(target) else { continue };
            for port in &ports {
                let named = |name: &str| pod.named_ports.iter().find(|port| port.name == name).map(|port| port.number);
                let Some(number) = port.as_u64().and_then(|port| u16::try_from(port).ok()).or_else(|| named(port.as_str()?)) else {
                    continue;
                };
                let verdict = self.policies.allows(self.place, to, number, Protocol::Tcp);
                match (verdict.egress, verdict.ingress) {
                    (Side::Denied(policies), _) | (_, Side::Denied(policies)) => _ = denied.insert(names(&policies)),
                    _ => return Some((Leads::Inside, Reach::Open, format!("{said}, not of the applied one"))),
                }
            }
        }
        Some(match denied.is_empty() {
            true => (Leads::Inside, Reach::Open, format!("{said}, not of the applied one")),
            false => {
                let denied = denied.into_iter().collect::<Vec<_>>().join(", ");
                (Leads::Inside, Reach::Blocked, format!("{said}; NetworkPolicy {denied} blocks it"))
            }
        })
    }
}

/// A Service of Kubernetes itself.
fn service<'i>(inventory: &'i Inventory, namespace: &str, name: &str) -> Option<&'i Object> {
    inventory.named(&format!("Service/{namespace}/{name}")).find(|object| object.group().is_empty())
}

/// The object for which an operator makes the Service of a name.
fn operated<'i>(inventory: &'i Inventory, namespace: &str, name: &str) -> Option<&'i Object> {
    let here = inventory.objects().iter().filter(|object| object.namespace == namespace);
    here.into_iter().find(|object| made_services(object).any(|made| made == name))
}

/// Whether a host is below a wildcard such as `*.shop.example`.
fn is_below(wildcard: &str, host: &str) -> bool {
    wildcard.strip_prefix('*').is_some_and(|suffix| host.ends_with(suffix))
}

/// The workloads that a Service selects, `Kind/namespace/name`.
pub(super) fn selected(inventory: &Inventory, service: &Object) -> Vec<String> {
    let Some(labels) = service.at("/spec/selector").filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty())) else {
        return Vec::new();
    };
    let numbers = inventory.selected(&service.namespace, &Selector::of_labels(labels));
    let mut found: Vec<String> =
        numbers.into_iter().filter_map(|number| Some(inventory.owner(inventory.pods().get(number)?).id())).collect();
    found.dedup();
    found
}

/// The ports of pods behind a port of a Service; behind all of them without one. Without an address of its own, a Service only names its pods.
fn target_ports(service: &Object, port: Option<u16>) -> Vec<Value> {
    if let Some(port) = port.filter(|_| service.text("/spec/clusterIP") == "None") {
        return vec![port.into()];
    }
    let ports = service.items("/spec/ports").iter();
    let fits = |item: &&Value| port.is_none_or(|port| item.get("port").and_then(Value::as_u64) == Some(u64::from(port)));
    ports.filter(fits).filter_map(|item| item.get("targetPort").or(item.get("port")).cloned()).collect()
}

/// Every host that an environment's routes, Ingresses and Gateways answer at.
pub(super) fn entrances(inventory: &Inventory) -> BTreeSet<String> {
    let listeners = inventory.of_kind("Gateway").flat_map(|gateway| gateway.items("/spec/listeners"));
    let listened = listeners.filter_map(|listener| listener.get("hostname")?.as_str()).map(str::to_owned);
    let routed = inventory.objects().iter().filter(|object| object.kind.ends_with("Route") || object.kind == "Ingress").flat_map(hosts);
    listened.chain(routed).collect()
}
