//! An environment without one of its regions.

use super::advice;
use super::behind::id;
use super::managed;
use super::parts::{self, Part, Standing};
use super::room::{Unknown, Wanted, fit};
use super::zone::hosts;
use super::{Data, Entry, Outage, Site, State, Until};
use crate::diagnostic::wording::plain;
use crate::model::{Backups, Bucket, Kind, Platform, Region, Volume, Workload};
use crate::provider::Provider;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the other regions have of an entry.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Elsewhere {
    /// The regions.
    pub regions: Vec<String>,
    /// The pods that share the load. Absent for stores, which have data of their own in each region, and for pods on every node.
    pub pods: Option<Shared>,
}

/// Pods of several regions that share the load of an app.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Shared {
    /// The pods of all regions, the lost one among them, with autoscalers at their minimum.
    pub before: u32,
    /// The pods of the other regions, with autoscalers at their minimum.
    pub left: u32,
    /// The pods that the other regions may have, with autoscalers at their maximum, as far as the nodes of the spec have room. Absent where there are too many
    /// pods to count that.
    pub most: Option<u32>,
    /// The load of a pod right after the loss, in percent of the load before.
    pub share: u32,
    /// The use of requested CPU in percent right after the loss, if every region had the same load at the target of the autoscaler. Absent without such a
    /// target.
    pub load: Option<u32>,
    /// The CPU limit of a container in percent of its request. Absent without a limit.
    pub limit: Option<u32>,
}

impl Shared {
    /// Whether the pods of the other regions, at their most, are fewer than all were at the least.
    pub fn is_short(&self) -> bool {
        self.most.is_some_and(|most| most < self.before)
    }
}

/// What is lost with a region.
pub fn without_region(site: Site<'_>) -> Outage {
    let Site { platform, region, .. } = site;
    let others: Vec<&Region> = platform.regions.values().filter(|other| other.name != region.name).collect();
    let rooms: Vec<Option<BTreeMap<String, u32>>> = others.iter().map(|other| room(platform, other)).collect();
    let entries: Vec<Entry> = region.entries().map(|workload| entry(platform, workload, &others, &rooms)).collect();
    let parts = parts(site, &others);
    let advice = advice::of_region(site, &others, &entries);
    Outage {
        environment: platform.environment.to_string(),
        region: region.name.to_string(),
        zone: None,
        zones_left: Vec::new(),
        hit: platform.protected && parts.iter().any(Part::is_lost)
            || entries.iter().any(|entry| entry.state.is_away() && entry.accepted.is_none()),
        entries,
        rooms: None,
        parts,
        advice,
    }
}

/// Whether the number of its pods is that of the spec.
fn has_replicas(workload: &Workload) -> bool {
    matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::Operated(_))
}

/// How many pods of each workload find room in a region with every autoscaler at its maximum: all of them where the nodes are not part of the spec. `None`
/// if that is not counted.
fn room(platform: &Platform, region: &Region) -> Option<BTreeMap<String, u32>> {
    let runs = region.workloads.values().filter(|workload| has_replicas(workload));
    let wanted: Vec<Wanted<'_>> = runs.map(|workload| Wanted { workload, pods: workload.replicas.1 }).collect();
    let zones: Vec<usize> = (0..region.zones.len()).collect();
    let placed = match fit(platform, region, &region.cluster.pools, &zones, &wanted) {
        Ok(placed) => placed,
        Err(Unknown::NoPools) => wanted.iter().map(|one| one.pods).collect(),
        Err(Unknown::TooMany) => return None,
    };
    Some(wanted.iter().zip(placed).map(|(one, placed)| (id(one.workload), placed)).collect())
}

/// A workload of another region, with the pods that find room there.
type There<'m> = (&'m Region, &'m Workload, Option<u32>);

fn entry<'p>(platform: &Platform, workload: &Workload, others: &[&'p Region], rooms: &[Option<BTreeMap<String, u32>>]) -> Entry {
    let (name, key) = (id(workload), format!("{}/{}", workload.namespace, workload.name));
    let placed = |room: &Option<BTreeMap<String, u32>>| Some(room.as_ref()?.get(&name).copied().unwrap_or_default());
    // A standby serves nobody until it takes over.
    let serves = |region: &'p Region| region.workloads.get(&key).filter(|other| other.backups.followed().is_none());
    let there = others.iter().zip(rooms).filter_map(|(region, room)| Some((*region, serves(region)?, placed(room))));
    let there: Vec<There<'_>> = there.collect();
    let claims = workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
    let data = match (claims, workload.is_store()) {
        (true, _) => Some(Data::Away),
        (false, true) => Some(Data::Lost),
        (false, false) => None,
    };
    let without_pods = has_replicas(workload) && workload.replicas.1 == 0;
    let away = there.is_empty() && !without_pods;
    let follows_a_rollout = matches!(workload.kind, Kind::Job { .. });
    let accepted = match platform.protected {
        _ if !away => None,
        false => Some(format!("`{}` is not protected", platform.environment)),
        true => follows_a_rollout.then(|| "it runs with a rollout of this region alone".to_owned()),
    };
    Entry {
        entry: name,
        kind: workload.kind.name(),
        engine: workload.store.map(|engine| engine.name()),
        state: match (without_pods, away) {
            (true, _) => State::Untouched,
            (false, true) => State::Stops,
            (false, false) => State::Serves,
        },
        until: away.then_some(Until::Back),
        pods: None,
        elsewhere: (!away && !without_pods).then(|| elsewhere(workload, &there)),
        data,
        brought_back: data.filter(|_| claims).map(|_| brought_back(platform, workload)),
        writes: None,
        hosts: hosts(workload),
        behind: Vec::new(),
        accepted,
    }
}

/// What brings the data of a workload back without the volumes of the region.
fn brought_back(platform: &Platform, workload: &Workload) -> String {
    let key = format!("{}/{}", workload.namespace, workload.name);
    let follows = |region: &&Region| region.workloads.get(&key).is_some_and(|other| other.backups.followed().is_some());
    if let Some(region) = platform.regions.values().find(follows).filter(|_| workload.backups.kept().is_some()) {
        return format!("its standby in {}, which takes over once `primary` is that region, as RUNBOOK.md says", region.name);
    }
    let backup = match &workload.backups {
        Backups::None(Some(reason)) => return format!("nothing, as the spec accepts: {reason}"),
        Backups::None(None) => return "nothing in these files".to_owned(),
        Backups::Followed(_) => return "itself: it is made anew from the copy of the backups".to_owned(),
        Backups::Kept(backup) => backup,
    };
    let copy = platform.buckets.get(&backup.bucket).and_then(|bucket| bucket.copy.as_ref());
    match copy {
        Some(copy) => format!("the copy of its backups in {}, as the README.md of the region says", copy.region),
        None => "nothing: its backups are in the region".to_owned(),
    }
}

fn elsewhere(workload: &Workload, there: &[There<'_>]) -> Elsewhere {
    let regions = there.iter().map(|(region, ..)| region.name.to_string()).collect();
    if workload.is_store() || !matches!(workload.kind, Kind::Deployment | Kind::StatefulSet) {
        return Elsewhere { regions, pods: None };
    }
    let left = there.iter().map(|(_, other, _)| other.replicas.0).fold(0, u32::saturating_add);
    let before = left.saturating_add(workload.replicas.0);
    let number = u32::try_from(there.len()).unwrap_or(u32::MAX);
    let target = workload.autoscaling.as_ref().and_then(|scaling| scaling.cpu).map(|cpu| cpu.percent());
    let cpu = workload.main.cpu.as_ref();
    let limit = cpu.and_then(|(request, limit)| limit.as_ref()?.millis().saturating_mul(100).checked_div(request.millis()));
    let pods = Shared {
        before,
        left,
        most: there.iter().try_fold(0_u32, |sum, (.., placed)| Some(sum.saturating_add((*placed)?))),
        share: before.saturating_mul(100).div_ceil(left.max(1)),
        load: target.map(|target| target.saturating_mul(number.saturating_add(1)).div_ceil(number.max(1))),
        limit: limit.and_then(|limit| u32::try_from(limit).ok()),
    };
    Elsewhere { regions, pods: Some(pods) }
}

/// What is neither an app nor a store, without a region.
fn parts(site: Site<'_>, others: &[&Region]) -> Vec<Part> {
    let Site { platform, region, .. } = site;
    let mut all = dns(region, others);
    for bucket in platform.buckets.values().filter(|bucket| bucket.region == region.name) {
        let users: BTreeSet<String> = platform.users_of(bucket).map(|(_, workload, _)| id(workload)).collect();
        all.push(match &bucket.copy {
            Some(copy) => {
                let note = format!(
                    "{}: its objects are also in {}, whose copy is the bucket once `primary` is that region",
                    bucket.entry(),
                    copy.region
                );
                Part::new("bucket", Standing::Manual, note).of(users)
            }
            None => Part::new("bucket", Standing::Lost, format!("{}: its objects are nowhere else", bucket.entry())).of(users),
        });
    }
    let copies = platform.buckets.values().filter(|bucket| bucket.copy.as_ref().is_some_and(|copy| copy.region == region.name));
    let copies: Vec<String> = copies.map(Bucket::entry).collect();
    if !copies.is_empty() {
        let note = format!("{}: the copy is away, and new objects are copied once the region is back", plain(&copies));
        all.push(Part::new("bucket-copies", Standing::Lost, note).spare());
    }
    let links: Vec<&str> = platform
        .links()
        .into_iter()
        .filter_map(|(one, other)| match region.name.as_str() {
            name if one.name.as_str() == name => Some(other.name.as_str()),
            name if other.name.as_str() == name => Some(one.name.as_str()),
            _ => None,
        })
        .collect();
    if !links.is_empty() {
        all.push(Part::new("links", Standing::Lost, format!("to {}; no region needs a link to run", plain(links))).spare());
    }
    if region.network.as_ref().is_some_and(|network| network.vpn.is_some()) && !others.is_empty() {
        all.push(Part::new("vpn", Standing::Works, "each region that is left has a VPN of its own to the company"));
    }
    if region.provider == Provider::Aws {
        let global = if platform.state_region.as_ref() == Some(&region.name) { ", and so are those of the whole environment" } else { "" };
        let note =
            format!("the states of the roots of {} are away{global}; roots of other regions have theirs where they are", region.name);
        all.push(Part::new("states", Standing::Lost, note).spare());
    }
    all.extend(managed::of_region(platform, region));
    all.extend(parts::existing(region));
    all
}

/// Hosts that other regions answer at, and those that none answers at.
fn dns(region: &Region, others: &[&Region]) -> Vec<Part> {
    let elsewhere: BTreeSet<&str> = others.iter().flat_map(|other| other.hosts()).collect();
    let (there, alone): (Vec<&str>, Vec<&str>) = region.hosts().into_iter().partition(|host| elsewhere.contains(host));
    let (shared, manual): (Vec<&str>, Vec<&str>) = there.into_iter().partition(|host| region.shared_hosts.contains(*host));
    let mut all = Vec::new();
    if !shared.is_empty() {
        let note = format!("{}: Route 53 leaves the region out once its load balancer fails its checks", plain(shared));
        all.push(Part::new("dns", Standing::Works, note));
    }
    if !manual.is_empty() {
        let note = format!("{}: other regions answer as well; whoever makes the DNS records has to take this region out", plain(manual));
        all.push(Part::new("dns", Standing::Manual, note));
    }
    if !alone.is_empty() {
        all.push(Part::new("dns", Standing::Lost, format!("{}: no other region answers", plain(alone))));
    }
    all
}
