//! An environment without a zone of one of its regions.

use super::accepted::accepted;
use super::advice::{self, Advice};
use super::behind::{behind, id};
use super::managed;
use super::parts;
use super::room::{Unknown, Wanted, fit};
use super::spread::{allowed, left};
use super::{Data, Entry, Outage, Pods, Room, Site, State, Until, Waits, Writes, database};
use crate::model::{Kind, Pool, Region, Volume, Workload};

/// What is lost with a zone, which is one of those of the region.
pub fn without_zone(site: Site<'_>, zone: &str) -> Outage {
    let Site { platform, region, .. } = site;
    let lost = region.zones.iter().position(|name| name == zone).unwrap_or_default();
    let zones_left: Vec<usize> = (0..region.zones.len()).filter(|at| *at != lost).collect();
    let judged: Vec<(&Workload, Entry)> = region.entries().map(|workload| (workload, entry(region, workload, lost))).collect();
    let (workloads, mut entries): (Vec<&Workload>, Vec<Entry>) = judged.into_iter().unzip();
    let wanted = |most: bool| wanted(region, &workloads, &entries, &zones_left, most);
    let fewest = wanted(false);
    let placed = fit(platform, region, &region.cluster.pools, &zones_left, &fewest);
    let at_most = wanted(true);
    let placed_at_most = fit(platform, region, &region.cluster.pools, &zones_left, &at_most);
    let waiting = |pool: &Pool, wanted: &[Wanted<'_>], placed: &Result<Vec<u32>, Unknown>| -> Option<u32> {
        let there = wanted.iter().zip(placed.as_ref().ok()?).filter(|(one, _)| one.workload.placement.admits(pool));
        Some(there.map(|(one, placed)| one.pods - placed).sum())
    };
    let rooms = (placed != Err(Unknown::NoPools)).then(|| {
        let room = |pool: &Pool| Room {
            pool: pool.name.to_string(),
            nodes: pool.nodes.1,
            left: zones_left.iter().map(|zone| pool.nodes_in(*zone, region.zones.len()).1).sum(),
            waiting: waiting(pool, &fewest, &placed),
            waiting_at_most: waiting(pool, &at_most, &placed_at_most),
        };
        region.cluster.pools.iter().map(room).collect()
    });
    for (one, placed) in fewest.iter().zip(placed.iter().flatten()) {
        let short = one.pods - placed;
        let entry = entries.iter_mut().find(|entry| entry.entry == id(one.workload));
        if let Some(pods) = entry.filter(|_| short > 0).and_then(|entry| entry.pods.as_mut()) {
            pods.after = pods.worst.max(pods.after.saturating_sub(short));
            pods.waits = Some(Waits::Room);
        }
    }
    let away: Vec<String> = entries.iter().filter(|entry| entry.state.is_away()).map(|entry| entry.entry.clone()).collect();
    let mut followers = behind(region, &away);
    for (entry, workload) in entries.iter_mut().zip(&workloads) {
        if entry.state.is_away() && entry.until.is_none() {
            let runs = entry.pods.is_some_and(|pods| pods.after > 0);
            entry.until = Some(if runs { Until::Replaced } else { Until::Back });
        }
        if entry.state.is_away() {
            entry.accepted = accepted(platform, workload, entry.until == Some(Until::Replaced));
        }
        // Without pods it calls nothing.
        let calls = entry.pods.is_none_or(|pods| pods.before > 0);
        entry.behind = followers.remove(&entry.entry).filter(|_| calls).unwrap_or_default();
    }
    let mut parts = parts::of_zone(site, lost);
    parts.extend(managed::of_zone(region));
    let short = platform.protected && rooms.iter().flatten().any(|room: &Room| room.waiting > Some(0));
    let stuck = |entry: &Entry| entry.pods.is_some_and(|pods| pods.waits == Some(Waits::Spread));
    let advice: Vec<Advice> = advice::of_zone(site, lost, &entries, &workloads, &fewest, &at_most);
    Outage {
        environment: platform.environment.to_string(),
        region: region.name.to_string(),
        zone: Some(zone.to_owned()),
        zones_left: zones_left.iter().map(|at| region.zones[*at].clone()).collect(),
        hit: short
            || platform.protected && (entries.iter().any(stuck) || parts.iter().any(parts::Part::is_lost))
            || entries.iter().any(|entry| entry.state.is_away() && entry.accepted.is_none()),
        entries,
        rooms,
        parts,
        advice,
    }
}

fn is_zonal(workload: &Workload) -> bool {
    workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }))
}

/// What the loss of a zone does to a workload, as if there were room for every pod.
fn entry(region: &Region, workload: &Workload, lost: usize) -> Entry {
    let zones = region.zones_of(&workload.placement);
    let there = zones.contains(&lost);
    let only = there && zones.len() == 1;
    let base = Entry {
        entry: id(workload),
        kind: workload.kind.name(),
        engine: workload.store.map(|engine| engine.name()),
        state: State::Untouched,
        until: None,
        pods: None,
        elsewhere: None,
        data: None,
        brought_back: None,
        writes: None,
        hosts: hosts(workload),
        behind: Vec::new(),
        accepted: None,
    };
    match &workload.kind {
        Kind::DaemonSet => Entry { state: if only { State::Stops } else { State::Serves }, until: only.then_some(Until::Back), ..base },
        Kind::CronJob(_) | Kind::Job { .. } if only => Entry { state: State::Stops, until: Some(Until::Back), ..base },
        Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => {
            Entry { state: if there { State::BreaksOff } else { State::Untouched }, ..base }
        }
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => served(workload, &zones, there, base),
    }
}

/// A workload with pods that serve.
fn served(workload: &Workload, zones: &[usize], there: bool, base: Entry) -> Entry {
    let (before, most) = workload.replicas;
    let count = u32::try_from(zones.len()).unwrap_or(u32::MAX);
    let keeps = workload.is_store() || is_zonal(workload);
    let elects = workload.operated().is_some() || workload.is_replicated();
    if !there || before == 0 {
        let pods = Pods { before, most, worst: before, even: before, after: before, waits: None };
        return Entry { pods: Some(pods), data: keeps.then_some(Data::Kept), writes: elects.then_some(Writes::GoOn), ..base };
    }
    let (worst, even) = match workload.operated() {
        Some(operated) => database::left(operated, before, count),
        None => {
            let left = left(before, count, &workload.placement);
            (left.worst, left.even)
        }
    };
    let zonal = is_zonal(workload);
    let (after, waits) = if zonal || elects || count <= 1 {
        (worst, (worst < before).then_some(Waits::Zone))
    } else {
        let after = allowed(before, count - 1, &workload.placement).max(worst);
        (after, (after < before).then_some(Waits::Spread))
    };
    let judged = match workload.operated() {
        Some(operated) => Some(database::without(&operated.software, before, worst)),
        None => workload.is_replicated().then(|| database::elected(before, worst, zonal)),
    };
    let serves = judged.map_or(worst > 0, |(writes, _)| writes == Writes::GoOn);
    let data = match judged {
        Some((_, data)) => Some(data),
        None if !keeps => None,
        None => Some(match (zonal, worst < before) {
            (_, false) => Data::Kept,
            (true, true) => Data::Away,
            (false, true) => Data::Lost,
        }),
    };
    Entry {
        state: match (serves, count) {
            (true, _) => State::Serves,
            (false, 1) => State::Stops,
            (false, _) => State::MayStop,
        },
        until: (!serves && (zonal || count == 1)).then_some(Until::Back),
        pods: Some(Pods { before, most, worst, even, after, waits }),
        data,
        writes: judged.map(|(writes, _)| writes),
        ..base
    }
}

/// The pods that have to run in the zones that are left: those with volumes as many as are there, all others as many as before, or as an autoscaler may make.
fn wanted<'m>(region: &Region, workloads: &[&'m Workload], entries: &[Entry], zones_left: &[usize], most: bool) -> Vec<Wanted<'m>> {
    let mut all = Vec::new();
    for (workload, entry) in workloads.iter().zip(entries) {
        let Some(pods) = entry.pods else { continue };
        let here = region.zones_of(&workload.placement).iter().filter(|zone| zones_left.contains(zone)).count();
        let here = u32::try_from(here).unwrap_or(u32::MAX);
        let number = if most { pods.most } else { pods.before };
        let number = if is_zonal(workload) { number.min(pods.even) } else { allowed(number, here, &workload.placement) };
        all.push(Wanted { workload, pods: if here == 0 { 0 } else { number } });
    }
    all
}

/// The hosts at which a workload answers; connections over TCP have none.
pub(super) fn hosts(workload: &Workload) -> Vec<String> {
    let exposed = workload.exposures.iter().map(|exposure| &exposure.host);
    let mut hosts: Vec<String> = exposed.filter(|host| !host.is_empty()).cloned().collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
