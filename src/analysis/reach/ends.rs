//! The ends of connections: workloads, add-ons, and what is outside of the cluster.

use super::Site;
use crate::labels::WORKLOAD;
use crate::model::{Addon, Chart, Peer, Replication, Workload};
use crate::policy::{End as PolicyEnd, INTERNET as ADDRESS, Place, Pod, Policies};
use crate::value::{Cidr, Name};
use ipnet::IpNet;
use std::collections::BTreeSet;

/// An end of connections.
pub(super) struct End<'m> {
    /// Its name: `app/shop/cart`, `store/shop/orders`, the name of an add-on or of an external service, or `Deployment/shop/tool` of a raw manifest.
    pub(super) name: String,
    /// The peers of flows that stand for it.
    pub(super) peers: Vec<&'m Peer>,
    /// How NetworkPolicies know it: one place, or one for each of its ranges, which all have to be allowed. None: its ranges are not known.
    pub(super) places: Vec<Place>,
    /// The subnets whose nodes run it; none outside of the nodes.
    pub(super) classes: Vec<&'m Name>,
    /// Its ranges, where NetworkPolicies know it by these.
    pub(super) ranges: Vec<Cidr>,
    /// Whether a firewall can be in the way.
    pub(super) guarded: bool,
    /// Whether it is asked what the end calls.
    pub(super) calls: bool,
    /// Whether the documents hold its pods, or the policies of pods that a chart makes.
    pub(super) own: bool,
    /// Whether it is pods.
    pub(super) pods: bool,
    /// Whether its pods are in the network of their node.
    pub(super) on_node: bool,
    /// The key of the entry in the spec, as in `needs`, and its section. Absent for what the spec does not declare.
    pub(super) reference: Option<String>,
}

/// What questions call all addresses outside, whatever service is there.
pub const INTERNET: &str = "internet";

/// The internet as an end that may be asked about.
pub(super) fn internet(policies: &Policies) -> Option<End<'static>> {
    Some(End { places: outside(policies, &[]), guarded: true, ..End::named(INTERNET.to_owned()) })
}

/// The name of a workload in reports: that of references, with its namespace. The name of a store of several servers leads to its proxies; no name of an entry
/// has a dot.
pub(in crate::analysis) fn id(workload: &Workload) -> String {
    let servers = if workload.is_replicated() { ".servers" } else { "" };
    format!("{}/{}/{}{servers}", kind(workload), workload.namespace, entry(workload))
}

/// The entry of the spec that a workload belongs to.
fn entry(workload: &Workload) -> &Name {
    if let Some(Replication::Proxies { store }) = &workload.replication { store } else { &workload.name }
}

fn kind(workload: &Workload) -> &'static str {
    if workload.is_store() { "store" } else { "app" }
}

/// The ends of a region: the workloads of the model, those of raw manifests, add-ons, and what is outside of the cluster.
pub(super) fn ends<'a>(site: Site<'a>, policies: &Policies) -> Vec<End<'a>> {
    let region = site.region;
    let mut all: Vec<End<'a>> = region.workloads.values().map(|workload| of_workload(site, policies, workload)).collect();
    all.extend(foreign(site, policies));
    for addon in Addon::ALL {
        let peers: Vec<&Peer> = peers(site).filter(|peer| **peer == Peer::Addon(addon)).collect();
        // Names are resolved by everybody.
        if peers.is_empty() && addon != Addon::Dns {
            continue;
        }
        let (label, value) = addon.pods();
        let pod = Pod { namespace: addon.namespace().into(), labels: [(label.to_owned(), value.to_owned())].into(), ..Pod::default() };
        let classes = region.network.as_ref().map(|network| region.classes_of(network, &Peer::Addon(addon))).unwrap_or_default();
        let ranges = region.node_ranges(&Peer::Addon(addon)).unwrap_or_default();
        let places = if addon.is_on_nodes() { outside(policies, &ranges) } else { vec![policies.place(&PolicyEnd::Pod(pod))] };
        let (own, on_node) = (region.guards(addon), addon.is_on_nodes());
        let name = addon.name().to_owned();
        let calls = addon != Addon::Dns;
        all.push(End { peers, places, classes, ranges, calls, guarded: true, own, pods: true, on_node, ..End::named(name) });
    }
    for chart in region.charts.iter().filter(|chart| chart.addon.is_none()) {
        all.push(of_chart(site, policies, chart));
    }
    for peer in peers(site) {
        let (name, ranges, guarded) = match peer {
            Peer::Outside { name, cidrs, gateway, .. } => (name.clone(), cidrs, !gateway),
            Peer::Cluster { cidrs } => (cluster(cidrs).to_owned(), cidrs, false),
            Peer::Workload { .. } | Peer::Addon(_) | Peer::Chart { .. } => continue,
        };
        let same = |end: &&mut End<'_>| end.name == name && end.ranges == *ranges;
        match all.iter_mut().find(same) {
            Some(end) => end.peers.push(peer),
            None => {
                // The public address of an app is no entry of the spec, and neither is what add-ons call.
                let is_entry = match peer {
                    Peer::Outside { app: Some(key), .. } => site.region.managed.contains_key(key),
                    Peer::Outside { app: None, .. } => name.contains('/'),
                    _ => false,
                };
                let reference = is_entry.then(|| name.clone());
                all.push(End {
                    peers: vec![peer],
                    places: outside(policies, ranges),
                    ranges: ranges.clone(),
                    guarded,
                    calls: region.flows.iter().any(|flow| flow.from == *peer),
                    reference,
                    ..End::named(name)
                });
            }
        }
    }
    all
}

/// The pods of a chart of the spec, which are in no document.
fn of_chart<'a>(site: Site<'a>, policies: &Policies, chart: &'a Chart) -> End<'a> {
    let region = site.region;
    let it = Peer::Chart { namespace: chart.namespace.clone(), name: chart.name.clone() };
    let (label, value) = Chart::pods(&chart.name);
    let pod = Pod { namespace: chart.namespace.clone(), labels: [(label.to_owned(), value.to_owned())].into(), ..Pod::default() };
    End {
        peers: peers(site).filter(|peer| **peer == it).collect(),
        places: vec![policies.place(&PolicyEnd::Pod(pod))],
        classes: region.network.as_ref().map(|network| region.classes_of(network, &Peer::Addon(Addon::Dns))).unwrap_or_default(),
        guarded: true,
        calls: true,
        pods: true,
        reference: Some(format!("chart/{}", chart.name)),
        ..End::named(format!("chart/{}/{}", chart.namespace, chart.name))
    }
}

/// Every end of a flow.
fn peers<'a>(site: Site<'a>) -> impl Iterator<Item = &'a Peer> {
    site.region.flows.iter().flat_map(|flow| [&flow.from, &flow.to])
}

/// The places of ranges outside of the cluster; of the internet where there is none.
fn outside(policies: &Policies, ranges: &[Cidr]) -> Vec<Place> {
    let range = |cidr: &Cidr| cidr.to_string().parse::<IpNet>().ok();
    let ranges: Vec<IpNet> = if ranges.is_empty() { vec![ADDRESS.into()] } else { ranges.iter().filter_map(range).collect() };
    ranges.into_iter().map(|range| policies.place(&PolicyEnd::Range(range))).collect()
}

/// The name of what every cluster has outside of its pods.
fn cluster(cidrs: &[Cidr]) -> &'static str {
    let link_local = Cidr::around(u32::from_be_bytes([169, 254, 0, 0]), 16);
    if cidrs.iter().all(|cidr| link_local.contains(*cidr)) { "cloud-credentials" } else { "kubernetes-api" }
}

impl<'m> End<'m> {
    /// An end of which only the name is known.
    pub(super) fn named(name: String) -> End<'m> {
        End {
            name,
            peers: Vec::new(),
            places: Vec::new(),
            classes: Vec::new(),
            ranges: Vec::new(),
            guarded: false,
            calls: false,
            own: false,
            pods: false,
            on_node: false,
            reference: None,
        }
    }

    /// Whether NetworkPolicies know it by its ranges.
    pub(super) fn is_outside(&self) -> bool {
        self.on_node || !self.pods
    }

    /// Whether a peer of a flow stands for it.
    pub(super) fn is(&self, peer: &Peer) -> bool {
        self.peers.contains(&peer)
    }
}

fn of_workload<'a>(site: Site<'a>, policies: &Policies, workload: &'a Workload) -> End<'a> {
    let region = site.region;
    let is_it = |peer: &&Peer| region.workload_of(peer).is_some_and(|one| std::ptr::eq(one, workload));
    let mut peers: Vec<&Peer> = peers(site).filter(is_it).collect();
    peers.sort_unstable();
    peers.dedup();
    let own = policies.workloads().iter().find(|one| belongs(one, workload));
    let ranges = peers.first().and_then(|peer| region.node_ranges(peer)).unwrap_or_default();
    let places = if workload.host_network {
        if ranges.is_empty() { Vec::new() } else { outside(policies, &ranges) }
    } else {
        let (label, value) = workload.pods();
        let pod =
            Pod { namespace: workload.namespace.to_string(), labels: [(label.to_owned(), value.to_owned())].into(), ..Pod::default() };
        vec![policies.place(&PolicyEnd::Pod(own.map_or(pod, |one| one.pod.clone())))]
    };
    End {
        peers,
        places,
        classes: workload.placement.subnets.iter().collect(),
        ranges,
        guarded: true,
        calls: true,
        own: true,
        pods: true,
        on_node: workload.host_network,
        reference: (!workload.is_replicated()).then(|| format!("{}/{}", kind(workload), entry(workload))),
        ..End::named(id(workload))
    }
}

/// Whether pods of the documents are those of a workload of the model.
fn belongs(pods: &crate::policy::Workload, workload: &Workload) -> bool {
    let called = pods.pod.labels.get(WORKLOAD).is_some_and(|name| *name == *workload.name.as_str());
    called && pods.object.namespace == *workload.namespace.as_str()
}

/// The pods of raw manifests.
fn foreign<'a>(site: Site<'a>, policies: &Policies) -> Vec<End<'a>> {
    let region = site.region;
    let known = |one: &&crate::policy::Workload| region.workloads.values().any(|workload| belongs(one, workload));
    let mut seen = BTreeSet::new();
    let classes = region.network.as_ref().map(|network| region.classes_of(network, &Peer::Addon(Addon::Dns))).unwrap_or_default();
    let end = |one: &crate::policy::Workload| {
        let object = &one.object;
        let name = format!("{}/{}/{}", object.kind, object.namespace, object.name);
        let places = if one.pod.host_network { Vec::new() } else { vec![policies.place(&PolicyEnd::Pod(one.pod.clone()))] };
        let on_node = one.pod.host_network;
        End { places, classes: classes.clone(), guarded: true, calls: true, own: true, pods: true, on_node, ..End::named(name) }
    };
    let others = policies.workloads().iter().filter(|one| !known(one));
    others.map(end).filter(|end| seen.insert(end.name.clone())).collect()
}
