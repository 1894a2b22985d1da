//! What to change in the spec: lines as the spec has them, each once, the weightiest first.

use super::room::{Wanted, fit};
use super::{Entry, Site, State, Waits, Writes, parts};
use crate::model::{Holds, Kind, Pool, QUORUM, Region, Spread, Volume, Workload};
use crate::provider::Provider;
use crate::value::Name;
use serde::Serialize;

/// How many zones survive the loss of one without a doubt about the placement.
const ZONES: usize = 3;

/// The most nodes by which a pool is tried to grow, in each zone.
const TRIED: u32 = 4096;

/// What a copy of a bucket is good for.
const COPIED: &str = "its objects are then in another region, too";

/// Stands for a region that no environment has.
const ANOTHER: &str = "ANOTHER-REGION";

/// A line of the spec.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Advice {
    /// The line with its path, such as `apps.cart.scale.replicas: 2..12`.
    pub line: String,
    /// What it is good for, a sentence without full stop.
    pub why: String,
    /// The apps and stores that it concerns.
    pub entries: Vec<String>,
    /// Its weight: what it saves first, then how many entries it concerns.
    #[serde(skip)]
    weight: (u8, usize),
}

/// What a line saves.
const DATA: u8 = 4;
const SERVICE: u8 = 3;
const PODS: u8 = 2;
const SPEED: u8 = 1;

/// Lines that are collected.
#[derive(Default)]
struct Lines(Vec<Advice>);

impl Lines {
    fn say(&mut self, rank: u8, line: String, why: impl Into<String>, entry: Option<&Entry>) {
        let (name, followers) = entry.map_or((None, 0), |entry| (Some(entry.entry.clone()), 1));
        match self.0.iter_mut().find(|known| known.line == line) {
            Some(known) => {
                known.entries.extend(name);
                known.weight = (known.weight.0.max(rank), known.weight.1 + followers);
            }
            None => self.0.push(Advice { line, why: why.into(), entries: name.into_iter().collect(), weight: (rank, followers) }),
        }
    }

    fn sorted(mut self) -> Vec<Advice> {
        self.0.sort_by(|one, other| other.weight.cmp(&one.weight).then_with(|| one.line.cmp(&other.line)));
        self.0
    }
}

/// A key of an entry in the spec. Where there are several environments, the line is for this one alone.
fn key(site: Site<'_>, workload: &Workload, path: &str) -> String {
    let all = site.estate.environments.values().flat_map(|platform| platform.regions.values()).flat_map(Region::entries);
    let mut others = all.filter(|other| other.name == workload.name && other.is_store() == workload.is_store());
    let unique = others.all(|other| other.namespace == workload.namespace);
    let name = if unique { workload.name.to_string() } else { format!("{}/{}", workload.namespace, workload.name) };
    let section = if workload.is_store() { "stores" } else { "apps" };
    format!("{section}.{name}.{}{path}", scope(site))
}

fn scope(site: Site<'_>) -> String {
    let several = site.estate.environments.len() > 1;
    if several { format!("environments.{}.", site.platform.environment) } else { String::new() }
}

/// A range of replicas or nodes, as the spec has it.
fn range(least: u32, most: u32) -> String {
    if least >= most { least.to_string() } else { format!("{least}..{most}") }
}

/// What to change so that the loss of a zone takes less.
pub(super) fn of_zone(
    site: Site<'_>,
    lost: usize,
    entries: &[Entry],
    workloads: &[&Workload],
    fewest: &[Wanted<'_>],
    at_most: &[Wanted<'_>],
) -> Vec<Advice> {
    let mut lines = Lines::default();
    let region = site.region;
    for (entry, workload) in entries.iter().zip(workloads) {
        let Some(pods) = entry.pods.filter(|_| entry.state != State::Untouched) else { continue };
        let name = format!("{}.{}", region.name, "zones");
        let few_zones = region.zones.len() < ZONES && entry.state.is_away();
        if few_zones && (pods.before > 1 || workload.operated().is_some()) {
            let why = "with three zones, the spread of pods is guaranteed, and a majority survives each of them";
            lines.say(SERVICE, format!("regions.{name}: {ZONES}"), why, Some(entry));
        }
        let held = workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        match &workload.kind {
            Kind::Operated(_) if entry.writes != Some(Writes::GoOn) && pods.before != QUORUM => {
                let why = "three servers in three zones: another one takes over, with all that clients were told of";
                lines.say(DATA, format!("{}: {QUORUM}", key(site, workload, "replicas")), why, Some(entry));
            }
            Kind::Operated(_) if entry.state == State::Serves && pods.before == 2 => {
                let why = "a transaction is on two servers at any moment, so that none is lost with a zone";
                lines.say(SPEED, format!("{}: {QUORUM}", key(site, workload, "replicas")), why, Some(entry));
            }
            Kind::Deployment if !workload.is_store() && pods.before == 1 && !held => {
                let value = range(2, pods.most.max(2));
                let why = "a second pod, in another zone";
                lines.say(SERVICE, format!("{}: {value}", key(site, workload, "scale.replicas")), why, Some(entry));
            }
            _ => {}
        }
        let waits_for_zone = workload.operated().is_some_and(|operated| operated.one_per_zone)
            && u32::try_from(region.zones_of(&workload.placement).len()).is_ok_and(|zones| zones < pods.before);
        if waits_for_zone || pods.waits == Some(Waits::Spread) && workload.placement.spread == Spread::Hard {
            let pools = region.cluster.pools.iter().filter(|pool| workload.placement.admits(pool));
            if let Some(pool) = pools.max_by_key(|pool| pool.nodes.1) {
                let zones = u32::try_from(region.zones.len()).unwrap_or(u32::MAX);
                let why = match waits_for_zone {
                    true => "nodes in every zone: each server has a zone of its own",
                    false => "nodes in every zone: the spread waits for a second one",
                };
                let value = range(pool.nodes.0, pool.nodes.1.max(zones));
                lines.say(PODS, format!("{}: {value}", nodes(site, pool)), why, Some(entry));
            }
        }
    }
    if parts::takes_the_way_out(region, lost) {
        let why = "each zone then has a way to the internet of its own";
        lines.say(SERVICE, format!("network.{}nat: per-zone", scope(site)), why, None);
    }
    rooms(site, lost, fewest, at_most, &mut lines);
    lines.sorted()
}

/// What to change so that the loss of a region takes less.
pub(super) fn of_region(site: Site<'_>, others: &[&Region], entries: &[Entry]) -> Vec<Advice> {
    let (region, mut lines) = (site.region, Lines::default());
    let named = |keep: &dyn Fn(&Region) -> bool| {
        let all = site.estate.environments.values().flat_map(|platform| platform.regions.values());
        others.iter().copied().chain(all).find(|other| other.name != region.name && keep(other)).map(|other| &other.name)
    };
    if others.is_empty() {
        let other = named(&|other| other.provider == region.provider).map_or(ANOTHER, Name::as_str);
        let line = format!("environments.{}.regions: [{}, {other}]", site.platform.environment, region.name);
        lines.say(SERVICE, line, "a second region, in which every app runs", None);
    }
    for (entry, workload) in entries.iter().zip(region.entries()) {
        let runs = matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
        let held = workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        let Some(elsewhere) = &entry.elsewhere else {
            if others.is_empty() || !runs || entry.state == State::Untouched {
                continue;
            }
            match (workload.is_store(), held) {
                (false, _) => {
                    lines.say(
                        SERVICE,
                        format!("{}: all", key(site, workload, "regions")),
                        "the app then runs in every region",
                        Some(entry),
                    );
                }
                (true, false) => {
                    let why = "a cache for the apps of each region";
                    lines.say(SERVICE, format!("{}: true", key(site, workload, "independent")), why, Some(entry));
                }
                (true, true) => {}
            }
            continue;
        };
        let number = u32::try_from(elsewhere.regions.len()).unwrap_or(u32::MAX);
        let Some(pods) = elsewhere.pods else { continue };
        if pods.load.is_some_and(|load| load > 100) {
            let share = 100 * number / (number + 1);
            let why = "the pods of the regions that are left then carry the load of all from the first moment on";
            lines.say(SPEED, format!("{}: {share}%", key(site, workload, "scale.cpu")), why, Some(entry));
        }
        let needed = pods.before.div_ceil(number.max(1));
        if workload.autoscaling.is_some() && workload.replicas.1 < needed {
            let why = "the autoscalers of the regions that are left may then make as many pods as there are in all of them";
            lines.say(PODS, format!("{}: {}", key(site, workload, "scale.replicas"), range(workload.replicas.0, needed)), why, Some(entry));
        }
    }
    let on_aws = |other: &Region| other.provider == Provider::Aws;
    for bucket in site.platform.buckets.values().filter(|bucket| bucket.region == region.name && bucket.copy.is_none()) {
        match &bucket.holds {
            Holds::Objects => {
                let Some(other) = named(&on_aws) else { continue };
                let text = bucket.copy_to(&site.estate.environments, site.platform.environment.as_str(), other);
                lines.say(DATA, format!("buckets.{}: {{{text}}}", bucket.key), COPIED, None);
            }
            Holds::Backups { namespace, store } => {
                let key_of_store = format!("{namespace}/{store}");
                let Some(workload) = region.workloads.get(&key_of_store) else { continue };
                // A region in which the store runs as well has backups of its own, and takes no copies.
                let runs_in = |other: &Region| {
                    let there = site.platform.regions.get(other.name.as_str());
                    there.is_some_and(|there| there.workloads.contains_key(&key_of_store))
                };
                let other = named(&|other| on_aws(other) && !runs_in(other)).map_or(ANOTHER, Name::as_str);
                let whole = if scope(site).is_empty() {
                    ""
                } else {
                    "; write the other keys there as well, because `backup` is replaced as a whole"
                };
                lines.say(DATA, format!("{}: {other}", key(site, workload, "backup.copy_to")), format!("{COPIED}{whole}"), None);
            }
        }
    }
    lines.sorted()
}

/// The key of the nodes of a pool.
fn nodes(site: Site<'_>, pool: &Pool) -> String {
    format!("cluster.pools.{}.{}nodes", pool.name, scope(site))
}

/// For each pool without room for every pod, the smallest maximum of nodes with which all of them find it.
fn rooms(site: Site<'_>, lost: usize, fewest: &[Wanted<'_>], at_most: &[Wanted<'_>], lines: &mut Lines) {
    let region = site.region;
    let zones: Vec<usize> = (0..region.zones.len()).filter(|at| *at != lost).collect();
    if zones.is_empty() {
        return;
    }
    let step = u32::try_from(region.zones.len()).unwrap_or(u32::MAX).max(1);
    for pool in region.cluster.pools.iter().filter(|pool| pool.nodes.1 > 0) {
        // What other pools lack is told of those.
        let grown = |wanted: &[Wanted<'_>]| {
            let there: Vec<Wanted<'_>> = wanted.iter().filter(|one| one.workload.placement.admits(pool)).copied().collect();
            let fits = |most: u32| {
                let mut pools = region.cluster.pools.clone();
                pools.iter_mut().filter(|one| one.name == pool.name).for_each(|one| one.nodes.1 = most);
                let placed = fit(site.platform, region, &pools, &zones, &there);
                placed.ok().is_none_or(|placed| placed.iter().zip(&there).all(|(placed, one)| *placed == one.pods))
            };
            fewest_steps(|steps| fits(pool.nodes.1.saturating_add(step.saturating_mul(steps))))
                .map(|steps| pool.nodes.1.saturating_add(step.saturating_mul(steps)))
        };
        let needed = |wanted: &[Wanted<'_>]| grown(wanted).filter(|most| *most > pool.nodes.1);
        let (least, most) = (needed(fewest), needed(at_most));
        let Some(largest) = least.max(most) else { continue };
        let (rank, when) = if least.is_some() { (PODS, "minimum") } else { (SPEED, "maximum") };
        let line = format!("{}: {}", nodes(site, pool), range(pool.nodes.0, largest));
        lines.say(rank, line, format!("room for every pod in the zones that are left, with autoscalers at their {when}"), None);
    }
}

/// The fewest steps that are enough: doubled until they are, and then halved.
fn fewest_steps(enough: impl Fn(u32) -> bool) -> Option<u32> {
    if enough(0) {
        return Some(0);
    }
    let mut high = 1;
    while !enough(high) {
        high *= 2;
        if high > TRIED {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_the_fewest() {
        for needed in [0, 1, 2, 3, 7, 8, 100, TRIED] {
            assert_eq!(fewest_steps(|steps| steps >= needed), Some(needed));
        }
        assert_eq!(fewest_steps(|_| false), None);
    }
}
