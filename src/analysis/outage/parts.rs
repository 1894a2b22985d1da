//! What is neither an app nor a store, without a zone: the control plane, load balancers, the ways out of the network, volumes of several apps, buckets.

use super::Site;
use super::behind::id;
use super::managed;
use crate::diagnostic::wording::plain;
use crate::model::{Bucket, Controller, Flow, Network, Peer, Region, Via, Volume};
use crate::provider::Provider;
use serde::Serialize;
use std::collections::BTreeSet;

/// A part of the platform.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Part {
    /// What it is, such as `nat`.
    pub part: &'static str,
    /// What the outage does to it.
    pub standing: Standing,
    /// A sentence without full stop.
    pub note: String,
    /// The apps and stores that it concerns, as in references.
    pub entries: Vec<String>,
    /// Whether its loss is one that the spec has to accept.
    #[serde(skip)]
    pub(super) counts: bool,
}

/// What an outage does to a part of the platform.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It works.
    Works,
    /// It works again once a person acts.
    Manual,
    /// It is away, or gone.
    Lost,
    /// These files do not say.
    Unknown,
}

impl Part {
    pub(super) fn new(part: &'static str, standing: Standing, note: impl Into<String>) -> Part {
        Part { part, standing, note: note.into(), entries: Vec::new(), counts: standing == Standing::Lost }
    }

    pub(super) fn of(self, entries: BTreeSet<String>) -> Part {
        Part { entries: entries.into_iter().collect(), ..self }
    }

    /// The same part, whose loss takes nothing that an app or a store uses.
    pub(super) fn spare(self) -> Part {
        Part { counts: false, ..self }
    }

    /// Whether it is away or gone, and something uses it.
    pub fn is_lost(&self) -> bool {
        self.standing == Standing::Lost && self.counts
    }
}

/// The parts of a region without one of its zones.
pub(super) fn of_zone(site: Site<'_>, lost: usize) -> Vec<Part> {
    let region = site.region;
    let left: Vec<&str> = region.zones.iter().enumerate().filter(|(at, _)| *at != lost).map(|(_, zone)| zone.as_str()).collect();
    let mut parts = Vec::new();
    parts.push(control_plane(region));
    parts.extend(load_balancers(region, &left));
    parts.extend(nat(region, lost));
    parts.extend(vpn(region));
    parts.extend(autoscaler(region));
    parts.extend(shared_volumes(region));
    let buckets: Vec<String> = site.platform.buckets.values().filter(|bucket| bucket.region == region.name).map(Bucket::entry).collect();
    if !buckets.is_empty() {
        let note = format!("{}: S3 keeps every object in three zones at least", plain(&buckets));
        parts.push(Part::new("buckets", Standing::Works, note));
    }
    parts.extend(managed::of_zone(region));
    parts.extend(existing(region));
    parts
}

fn control_plane(region: &Region) -> Part {
    match region.provider {
        Provider::Aws => {
            Part::new("control-plane", Standing::Works, "EKS runs the API server in several zones of the region, and its data in three")
        }
        Provider::Google | Provider::Azure | Provider::Kind | Provider::Existing => {
            Part::new("control-plane", Standing::Unknown, "these files do not make it: whoever runs the cluster knows which zones it needs")
        }
    }
}

fn load_balancers(region: &Region, left: &[&str]) -> Vec<Part> {
    let proxies = &region.cluster.proxies;
    let zones = region.zones.len().max(1);
    let even = proxies.least - proxies.least.div_ceil(zones);
    [(Via::Public, "public-load-balancer"), (Via::Internal, "internal-load-balancer")]
        .into_iter()
        .filter_map(|(via, part)| {
            let through = region.workloads.values().filter(|workload| workload.entrances().any(|one| one == via));
            let entries: BTreeSet<String> = through.map(id).collect();
            if entries.is_empty() {
                return None;
            }
            let proxies = format!(
                "{even} of its {} proxies are left if they are spread evenly, which Kubernetes prefers and does not guarantee",
                proxies.least
            );
            let part = match (region.provider, left) {
                (_, []) => Part::new(part, Standing::Lost, "no zone is left"),
                (Provider::Aws, left) => Part::new(part, Standing::Works, format!("takes connections in {}; {proxies}", plain(left))),
                _ => Part::new(part, Standing::Unknown, format!("these files do not make it; {proxies}")),
            };
            Some(part.of(entries))
        })
        .collect()
}

/// Whether a flow leads to the internet.
fn leaves(region: &Region, flow: &Flow) -> bool {
    let Peer::Outside { cidrs, gateway: false, .. } = &flow.to else { return false };
    let inside = |cidr: &crate::value::Cidr| region.inside.iter().any(|range| range.contains(*cidr));
    cidrs.is_empty() || !cidrs.iter().all(inside)
}

/// The workloads that call the internet.
fn callers(region: &Region) -> BTreeSet<String> {
    let flows = region.flows.iter().filter(|flow| leaves(region, flow));
    flows.filter_map(|flow| region.workload_of(&flow.from)).map(id).collect()
}

/// Whether the zone takes the way to the internet of the whole region.
pub(super) fn takes_the_way_out(region: &Region, lost: usize) -> bool {
    let zones = region.nat_zones();
    matches!(zones, [only] if region.zones.get(lost) == Some(only)) && region.zones.len() > 1
}

fn nat(region: &Region, lost: usize) -> Option<Part> {
    let (zones, network) = (region.nat_zones(), region.network.as_ref()?);
    if zones.is_empty() {
        return None;
    }
    if takes_the_way_out(region, lost) {
        let images =
            if pulls_privately(region, network) { "" } else { ", nodes pull no image from registries there, and new nodes may not join" };
        let note = format!("the only NAT gateway is in this zone: no zone reaches the internet{images}");
        return Some(Part::new("nat", Standing::Lost, note).of(callers(region)));
    }
    let note = match zones {
        [only] if region.zones.len() > 1 => format!("the only NAT gateway is in {only}"),
        _ => "each zone has a NAT gateway of its own".to_owned(),
    };
    Some(Part::new("nat", Standing::Works, note))
}

/// Whether nodes pull images through private endpoints.
fn pulls_privately(region: &Region, network: &Network) -> bool {
    region.cluster.mirror.as_ref().is_some_and(|mirror| network.answers(&mirror.registry))
}

fn vpn(region: &Region) -> Option<Part> {
    region.network.as_ref()?.vpn.as_ref()?;
    let note = "its two tunnels end in different zones of AWS, so that one of them may be away";
    Some(Part::new("vpn", Standing::Works, note))
}

fn autoscaler(region: &Region) -> Option<Part> {
    let note = "adds nodes in the zones that are left, in each up to the share of the pool's maximum; runs on a node itself";
    region.cluster.controllers.contains(&Controller::Autoscaler).then(|| Part::new("autoscaler", Standing::Works, note))
}

fn shared_volumes(region: &Region) -> Option<Part> {
    let mounts = |workload: &&crate::model::Workload| workload.volumes.iter().any(|volume| matches!(volume, Volume::Shared { .. }));
    let names: Vec<&str> = region.volumes.iter().map(|volume| volume.name.as_str()).collect();
    let note = format!("{}: there as long as the file system of the storage class is in several zones", plain(&names));
    (!names.is_empty()).then(|| Part::new("shared-volumes", Standing::Unknown, note).of(region.entries().filter(mounts).map(id).collect()))
}

/// Stores of `mode: existing`, which run elsewhere.
pub(super) fn existing(region: &Region) -> Option<Part> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut entries = BTreeSet::new();
    for flow in &region.flows {
        let Peer::Outside { name, app: None, .. } = &flow.to else { continue };
        if name.starts_with("store/") {
            names.insert(name);
            entries.extend(region.workload_of(&flow.from).map(id));
        }
    }
    let (run, loses) = if names.len() == 1 { ("runs", "it loses") } else { ("run", "they lose") };
    let note = format!("{} {run} elsewhere: these files do not say what {loses}", plain(&names));
    (!names.is_empty()).then(|| Part::new("existing-stores", Standing::Unknown, note).of(entries))
}
