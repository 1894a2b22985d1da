//! The facts of a region that alerts join: one series for each, recorded with a value that never changes.

use super::requests;
use crate::guard::guard_policies;
use crate::model::{Addon, AlertSetting, Entrance, Kind, Platform, Region, Software, Workload};
use crate::value::Schedule;
use std::collections::{BTreeMap, BTreeSet};

/// Seconds that a scheduled run may be late: the CronJob starts it up to 5 minutes late, and a pod waits for a node.
const LATE: u64 = 15 * 60;

/// Seconds by which a run may come later in a time zone with summer time.
const SUMMER: u64 = 3600;

/// A fact: a series with one value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// The name of the series.
    pub name: &'static str,
    /// Its labels.
    pub labels: BTreeMap<&'static str, String>,
    /// Its value, as PromQL writes it.
    pub value: String,
}

fn fact(name: &'static str, labels: impl IntoIterator<Item = (&'static str, String)>, value: impl ToString) -> Fact {
    Fact { name, labels: labels.into_iter().collect(), value: value.to_string() }
}

/// The facts of a region, in the order of the spec.
pub fn facts(platform: &Platform, region: &Region) -> Vec<Fact> {
    let mut facts = Vec::new();
    for namespace in platform.namespaces_in(region) {
        let labels = [("namespace", namespace.name.to_string()), ("owner", namespace.owner.to_string())];
        facts.push(fact("platgen:namespace:info", labels, 1));
    }
    for workload in region.workloads.values() {
        facts.extend(of_workload(workload));
    }
    let zones = region.zones.len();
    let mut live = BTreeSet::new();
    for pool in &region.cluster.pools {
        let labels = || [("pool", pool.name.to_string())];
        facts.push(fact("platgen:pool:least_nodes", labels(), pool.nodes.0));
        facts.push(fact("platgen:pool:most_nodes", labels(), pool.nodes.1));
        live.extend((0..zones).filter(|at| pool.nodes_in(*at, zones).0 > 0));
    }
    facts.extend(live.into_iter().filter_map(|at| region.zones.get(at)).map(|zone| fact("platgen:zone:info", [("zone", zone.clone())], 1)));
    for gateway in gateways(region) {
        facts.push(fact("platgen:gateway:least_proxies", [("gateway", gateway.to_owned())], region.cluster.proxies.least));
    }
    for gateway in certified(region) {
        let named = [("name", gateway), ("namespace", Addon::Gateway.namespace())];
        facts.push(fact("platgen:certificate:info", named.map(|(label, value)| (label, value.to_owned())), 1));
    }
    for addon in addons(region) {
        let title = if let Addon::Operator(operator) = addon { operator.facts().title } else { addon.name() };
        let named = [("addon", title), ("namespace", addon.namespace()), ("pods", addon.pods().1)];
        facts.push(fact("platgen:addon:info", named.map(|(label, value)| (label, value.to_owned())), 1));
    }
    for addon in measured(region) {
        let job = format!("{}/{}", Addon::Monitoring.namespace(), addon.name());
        facts.push(fact("platgen:addon:scraped", [("addon", addon.name().to_owned()), ("job", job)], 1));
    }
    if platform.gitops.is_some() {
        let named = ["name", "platform"].map(|label| (label, platform.name.to_string()));
        facts.push(fact("platgen:gitops:root", named, 1));
    }
    for (alert, setting) in region.monitoring.iter().flat_map(|monitoring| &monitoring.alerts) {
        if let AlertSetting::Threshold { value, .. } = setting {
            facts.push(fact("platgen:alert:threshold", [("alert", alert.clone())], value));
        }
    }
    let guarded = guard_policies().into_iter().filter(|_| platform.is_guarded());
    facts.extend(guarded.map(|policy| fact("platgen:guard:policy", [("policy", policy.name.to_owned())], 1)));
    facts
}

/// The facts of a workload. A database that a restore test makes has none: it comes and goes.
fn of_workload(workload: &Workload) -> Vec<Fact> {
    let Some(role) = role(workload) else { return Vec::new() };
    let labels = || [("namespace", workload.namespace.to_string()), ("workload", workload.name.to_string())];
    let mut facts = Vec::new();
    let engine = workload.store.map(|engine| ("engine", engine.name().to_owned()));
    let named = labels().into_iter().chain([("owner", workload.owner.to_string()), ("role", role.to_owned())]).chain(engine);
    facts.push(fact("platgen:workload:info", named, 1));
    if matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::Operated(_)) {
        facts.push(fact("platgen:workload:least_pods", labels(), workload.replicas.0));
    }
    if workload.autoscaling.is_some() {
        facts.push(fact("platgen:workload:most_pods", labels(), workload.replicas.1));
    }
    if !workload.metrics.is_empty() {
        facts.push(fact("platgen:workload:scraped", labels(), 1));
    }
    if let Kind::CronJob(cron) = &workload.kind
        && let Ok(schedule) = cron.schedule.parse::<Schedule>()
    {
        let summer = if cron.timezone.ends_with("UTC") { 0 } else { SUMMER };
        facts.push(fact("platgen:workload:oldest_success_seconds", labels(), schedule.longest_gap() + cron.deadline + LATE + summer));
    }
    if workload.backups.followed().is_some() {
        facts.push(fact("platgen:workload:standby", labels(), 1));
    }
    if let Some(backup) = workload.backups.kept() {
        // The first of the six fields are seconds. A copy takes its time: a tenth of the interval, and an hour.
        if let Some(every) = interval(&backup.schedule) {
            facts.push(fact("platgen:backup:oldest_seconds", labels(), every + every / 10 + 3600));
        }
        // Three segments of the log may be on their way where nothing else is promised.
        let loss = backup.rpo.map_or(3 * backup.archive_timeout.seconds(), |rpo| rpo.seconds());
        facts.push(fact("platgen:backup:recovery_point_seconds", labels(), loss));
    }
    facts.extend(requests::facts(workload).into_iter().map(|(name, own, value)| fact(name, labels().into_iter().chain(own), value)));
    facts
}

/// The longest interval of a schedule of six fields, in seconds.
pub fn interval(schedule: &str) -> Option<u64> {
    let (_, schedule) = schedule.split_once(' ')?;
    schedule.parse::<Schedule>().ok().map(|schedule| schedule.longest_gap())
}

/// What a workload is to those who are told of its alerts.
pub(super) fn role(workload: &Workload) -> Option<&'static str> {
    Some(match &workload.kind {
        Kind::Restored(_) => return None,
        Kind::CronJob(_) if workload.test_of.is_some() => "test",
        Kind::CronJob(_) => "scheduled",
        Kind::Job { .. } => "job",
        Kind::DaemonSet => "agent",
        _ if workload.is_proxy() => "proxy",
        _ if workload.is_store() => "store",
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) if workload.service.is_some() => "served",
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => "worker",
    })
}

/// The names of the Gateways of a region.
pub(super) fn gateways(region: &Region) -> BTreeSet<&'static str> {
    let workloads = || region.workloads.values();
    let exposed = workloads().flat_map(|workload| &workload.exposures).map(|exposure| exposure.entrance.gateway(exposure.via));
    let redirected = workloads().flat_map(|workload| &workload.redirects).map(|one| Entrance::Http.gateway(one.via));
    exposed.chain(redirected).collect()
}

/// The names of the Gateways whose certificates cert-manager makes, and of the certificates.
fn certified(region: &Region) -> BTreeSet<&'static str> {
    let workloads = || region.workloads.values().filter(|_| region.cluster.issuer.is_some());
    let exposed = workloads().flat_map(|workload| &workload.exposures).filter(|one| one.entrance == Entrance::Http).map(|one| one.via);
    let redirected = workloads().flat_map(|workload| &workload.redirects).map(|one| one.via);
    exposed.chain(redirected).map(|via| Entrance::Http.gateway(via)).collect()
}

/// The add-ons whose pods always run: the operators of a region's stores, whoever installs them, and the programs that the files install. Gateways and the
/// monitoring have alerts of their own.
pub(super) fn addons(region: &Region) -> BTreeSet<Addon> {
    let operators = region.workloads.values().filter_map(Workload::operated).map(|operated| Software::operator(&operated.software));
    let others = [Addon::Gateway, Addon::EnvoyGateway, Addon::EnvoyGatewayCertificates, Addon::CertManagerCheck];
    let programs = region.programs().filter(|program| !others.contains(program) && !Addon::STACK.contains(program));
    operators.map(Addon::Operator).chain(programs).collect()
}

/// The programs of add-ons with metrics that alerts need.
pub(super) fn measured(region: &Region) -> impl Iterator<Item = Addon> {
    let needed = [Addon::CertManager, Addon::ExternalSecrets, Addon::Autoscaler];
    region.programs().filter(move |program| needed.contains(program))
}
