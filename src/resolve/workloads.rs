//! Apps and stores become workloads of every region they run in.

use super::EnvironmentResolver;
use super::beside::Beside;
use super::consumer::Consumer;
use super::containers::Declared;
use super::engines::Fallback;
use super::entries::is_by_metric_alone;
use super::expose::Entrances;
use super::flows::unite;
use super::hosts::Hosts;
use super::names::{Entry, EntrySpec, Names};
use super::night::UTC;
use super::placement::Runs;
use super::ports::{EntryPort, protocol};
use super::probes::MOST;
use super::provenance::HARDENED;
use super::security::USER;
use super::standbys::is_standby;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Autoscaling, Backups, Container, Cron, Flow, Kind, Placement, Platform, Region, Service, ServicePort, Volume, Workload,
};
use crate::spec::{self, App, ContainerFields, JobRun};
use crate::value::NetworkPort;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The default of `grace`: seconds between SIGTERM and SIGKILL.
pub(super) const GRACE: u64 = 30;

/// The largest number of dots that the resolver of the C library takes.
const NDOTS: u8 = 15;

/// The default time limit of a scheduled run in seconds. A run that hangs blocks every later run of its schedule.
const RUN: u64 = 6 * 3600;

/// How often a scheduled run that failed starts again.
const RETRIES: u32 = 2;

/// The default time limit of a job with `run` in seconds. The rollout waits for the job.
pub(super) const JOB: u64 = 600;

/// The region for which an entry is resolved, its platform, and the names that the entry may refer to.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    platform: &'a Platform,
    pub(super) region: &'a Region,
    names: &'a Names,
}

impl EnvironmentResolver<'_> {
    /// Fills the regions of a platform with workloads and flows.
    pub(super) fn workloads(&mut self, platform: &mut Platform, names: &Names, hosts: &mut Hosts) {
        self.check_entries(names);
        for (name, mut region) in std::mem::take(&mut platform.regions) {
            let mut flows: Vec<Flow> = Vec::new();
            let (mut workloads, mut managed) = (IndexMap::new(), IndexMap::new());
            let mut copies = BTreeSet::new();
            let site = Site { platform, region: &region, names };
            for entry in names.iter().filter(|entry| entry.absent.is_none()) {
                if let EntrySpec::Store(store) = &entry.spec
                    && entry.is_managed()
                {
                    let here = entry.rendered && (region.primary || store.independent.is_true());
                    let Some((store, mut job, mut own)) = here.then(|| self.managed(entry, store, site)).flatten() else { continue };
                    copies.extend(self.copy_images(&mut job, &region, &self.record_path(entry, &region.name).below("users")));
                    workloads.insert(format!("{}/{}", job.namespace, job.name), job);
                    managed.insert(store.key(), store);
                    flows.append(&mut own);
                    continue;
                }
                let built = match &entry.spec {
                    EntrySpec::App(app) if self.runs_in(app, &region) => self.app(entry, app, site, hosts),
                    EntrySpec::Store(store)
                        if entry.rendered
                            && entry.outside.is_none()
                            && !entry.is_nowhere()
                            && (region.primary || store.independent.is_true() || is_standby(store, &region)) =>
                    {
                        self.store(entry, store, site)
                    }
                    _ => None,
                };
                let Some((mut workload, mut own)) = built else { continue };
                copies.extend(self.copy_images(&mut workload, &region, &self.record_path(entry, &region.name)));
                self.capacity(entry, &workload, &region);
                flows.append(&mut own);
                flows.extend(self.scrape_operated(&region, &mut workload));
                let proxies = self.store_proxies(entry, &workload, &region);
                let tests = match &entry.spec {
                    EntrySpec::Store(store) => self.restore_test(entry, store, &mut workload, &region),
                    _ => None,
                };
                workloads.insert(format!("{}/{}", workload.namespace, workload.name), workload);
                if let Some((mut proxies, flow)) = proxies {
                    copies.extend(self.copy_images(&mut proxies, &region, &self.record_path(entry, &region.name).below("proxies")));
                    workloads.insert(format!("{}/{}", proxies.namespace, proxies.name), proxies);
                    flows.push(flow);
                }
                let Some((tests, mut own)) = tests else { continue };
                let at = self.record_path(entry, &region.name).below("backup.restore_test");
                let mut taken = None;
                for mut test in tests {
                    copies.extend(self.copy_images(&mut test, &region, &at));
                    taken = taken.or(workloads.insert(format!("{}/{}", test.namespace, test.name), test));
                }
                if let Some(other) = taken {
                    self.tests_of_one_name(&other, entry);
                }
                flows.append(&mut own);
            }
            self.through_proxies(&mut flows, &region, &workloads);
            self.after_users(&managed, &flows, &mut workloads);
            flows.extend(self.flows_of_monitoring(&region, &workloads));
            let volumes = self.shared_volumes(platform, &region);
            self.check_claims(&workloads, &volumes);
            (region.workloads, region.managed, region.volumes) = (workloads, managed, volumes);
            region.cluster.controllers = self.controllers(&region);
            let (charts, of_charts) = self.charts(platform, &region);
            region.charts = charts;
            let (releases, of_releases) = self.releases(names, Site { platform, region: &region, names });
            region.charts.extend(releases);
            flows.extend(of_releases);
            copies.extend(of_charts);
            flows.extend(self.flows_of_addons(platform, &region));
            region.flows = unite(flows);
            if let Some(mirror) = &mut region.cluster.mirror {
                mirror.copies = copies;
            }
            self.images_of_monitoring(&mut region);
            self.spot(names, &mut region, platform.protected);
            self.check_balance(names, &region);
            self.check_rollouts(names, &region);
            self.nodes_in_reach(&region);
            self.gateways_in_reach(&region);
            self.quotas(platform, &region);
            platform.regions.insert(name, region);
        }
    }

    fn app(&mut self, entry: &Entry, app: &App, site: Site<'_>, hosts: &mut Hosts) -> Option<(Workload, Vec<Flow>)> {
        let mut consumer = self.consumer(entry, site)?;
        let mut pod = Pod::default();
        let fallback = Fallback { image_checked: true, ..Fallback::default() };
        // Claims come first, so that no empty directory takes the name of a claim.
        let volumes = self.mount_volumes(app, &consumer, &mut pod);
        let main = self.container(declared(&consumer, app.container(), volumes, &fallback), &mut consumer, &mut pod);
        let Beside { init, sidecars, mut metrics } = self.beside(main.as_ref(), &mut consumer, &mut pod);
        let mut main = main?;
        let kind = self.app_kind(app, &pod, &consumer);
        let scales = matches!(kind, Kind::Deployment | Kind::StatefulSet);
        let replicas = match app.scale.at(|scale| &scale.replicas).get().copied() {
            _ if !scales => (1, 1),
            Some(range) if app.scale.get().is_some_and(is_by_metric_alone) => (range.min(), range.min()),
            Some(range) => (range.min(), range.max()),
            None if site.platform.protected => (2, 2),
            None => (1, 1),
        };
        let runs = if matches!(kind, Kind::DaemonSet) { Runs::OnEveryNode } else { Runs::replicas(replicas.1) };
        let mut placement = self.placement(&app.subnet, &app.pool, &app.arch, &consumer, runs)?;
        self.tolerate_gpus(&mut placement, site.region, &main, [&init, &sidecars], &consumer.at);
        let autoscaling = app.scale.get().filter(|_| replicas.0 != replicas.1).map(|scale| Autoscaling {
            cpu: scale.cpu.get().copied().or_else(|| if scale.memory.is_missing() { "70%".parse().ok() } else { None }),
            memory: scale.memory.get().copied(),
        });
        self.check_shares(app, autoscaling.as_ref(), &main);
        if scales && self.records() {
            let said = !app.scale.at(|scale| &scale.replicas).is_missing();
            let at = &consumer.at;
            let key = format!("{}.scale.replicas", at.entry);
            let from = if said { key.clone() } else { format!("environments.{}.protected", self.environment) };
            let (least, most) = replicas;
            let range = if least == most { least.to_string() } else { format!("{least}..{most}") };
            self.record_entry(at, || ("scale.replicas", range, from.as_str()));
            self.record_replicas(at, least, placement.spread, &from);
            if let Some(cpu) = autoscaling.as_ref().and_then(|scaling| scaling.cpu) {
                self.record_entry(at, || ("scale.cpu", cpu, key));
            }
        }
        let Entrances { exposures, redirects } = self.entrances(app, &consumer, hosts);
        metrics.extend(self.metrics_port(&app.metrics, &mut main, entry));
        self.exposed_metrics(&consumer.label, &exposures, &metrics);
        let needs = self.needs(&app.needs, &mut consumer);
        let flows = self.all_flows(&consumer, &placement, needs, &exposures, &metrics);
        let grace = self.seconds("grace", &app.grace, 0..=MOST).unwrap_or(GRACE);
        let ndots = app.dns.at(|dns| &dns.ndots).spanned().map(|(ndots, at)| (*ndots, at));
        if let Some((ndots, at)) = ndots.filter(|(ndots, _)| *ndots > NDOTS) {
            self.error(Code::InvalidValue, format!("`ndots: {ndots}` is not from 0 to {NDOTS}"), at);
        }
        let ndots = ndots.map(|(ndots, _)| ndots);
        let certificate = self.certificate(app, &consumer, &exposures);
        let base = self.base_workload(&consumer, kind, main, pod, placement);
        self.metrics_over_grpc(&consumer.label, base.service.as_ref(), &metrics);
        let policies = self.policies(app, site.region.provider);
        let objectives = self.objectives(app, entry, site.region.monitoring.as_ref(), &exposures, base.service.as_ref());
        let metrics = metrics.into_iter().map(|(endpoint, _)| endpoint).collect();
        let workload =
            Workload { replicas, autoscaling, init, sidecars, exposures, certificate, redirects, grace, ndots, policies, metrics, ..base };
        Some((Workload { objectives, ..workload }, flows))
    }

    /// Reports autoscaling by a share of a request of 0, which is always 0.
    fn check_shares(&mut self, app: &App, autoscaling: Option<&Autoscaling>, main: &Container) {
        let (Some(scaling), Some((scale, scale_at))) = (autoscaling, app.scale.spanned()) else { return };
        let cpu = main.cpu.as_ref().map(|(request, _)| request);
        let memory = main.memory.as_ref().map(|(request, _)| request);
        let shares = [("cpu", scaling.cpu, cpu, scale.cpu.span()), ("memory", scaling.memory, memory, scale.memory.span())];
        for (resource, share, request, at) in shares {
            if share.is_some() && request.is_some_and(|request| request.millis() == 0) {
                let message = format!("a share of a request of 0 is always 0, so the autoscaler never acts on `{resource}`");
                let at = at.or(scale.replicas.span()).unwrap_or(scale_at);
                self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(match resource {
                    "cpu" => "ask for processors under `resources`, such as `cpu: 100m..1`",
                    _ => "ask for memory under `resources`",
                }));
            }
        }
    }

    /// The kind of an app follows from its keys.
    fn app_kind(&mut self, app: &App, pod: &Pod, consumer: &Consumer<'_>) -> Kind {
        let at = &consumer.at;
        let deadline = self.seconds("deadline", &app.deadline, 1..=MOST);
        let by_default = |value: String| {
            if app.deadline.is_missing() {
                self.record_entry(at, || ("deadline", value, "the default of apps that end"));
            }
        };
        let claims = pod.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        let (kind, key) = if let Some(schedule) = app.schedule.get() {
            let timezone = app.timezone.get().cloned().unwrap_or_else(|| UTC.to_string());
            if app.timezone.is_missing() {
                self.record_entry(at, || ("timezone", &timezone, format!("{}.schedule: UTC unless `timezone` is set", at.entry)));
            }
            by_default(format!("{}h", RUN / 3600));
            (
                Kind::CronJob(Cron { schedule: schedule.to_string(), timezone, deadline: deadline.unwrap_or(RUN), retries: RETRIES }),
                "schedule",
            )
        } else if app.run.get().is_some() {
            by_default(format!("{}m", JOB / 60));
            (
                Kind::Job {
                    deadline: deadline.unwrap_or(JOB),
                    after_rollout: app.run.get() == Some(&JobRun::AfterDeploy),
                    after: self.waits_for(app, consumer),
                },
                "run",
            )
        } else if app.per_node.is_true() {
            (Kind::DaemonSet, "per_node")
        } else if claims {
            (Kind::StatefulSet, "volumes")
        } else {
            self.record_entry(at, || ("kind", "Deployment", "the entry: no schedule, run, per_node or volumes"));
            return Kind::Deployment;
        };
        self.record_entry(at, || ("kind", kind.name(), format!("{}.{key}", at.entry)));
        kind
    }

    /// The parts that apps and stores have in common: one pod, and a Service if the entry has ports.
    pub(super) fn base_workload(
        &mut self,
        consumer: &Consumer<'_>,
        kind: Kind,
        main: Container,
        pod: Pod,
        placement: Placement,
    ) -> Workload {
        let (entry, platform, at) = (consumer.entry, consumer.platform, &consumer.at);
        let fallback = platform.namespaces.get(consumer.namespace.as_str()).map_or(&platform.owner, |namespace| &namespace.owner);
        if entry.owner().is_missing() {
            self.record_entry(at, || ("owner", fallback, format!("namespaces.{}.owner", consumer.namespace)));
        }
        self.record_entry(at, || ("service_account", consumer.name, "the entry's name"));
        for port in entry.ports.iter().filter(|_| self.records()) {
            let value = format!("{}->{}", port.service, port.at_container());
            self.record_entry(at, || (format!("service.ports.{}", port.name), value, at.ports.clone()));
        }
        if pod.fs_group.is_none() {
            self.record_entry(at, || ("security.fs_group", USER, HARDENED));
        }
        let api = self.api_access(entry);
        let (labels, annotations) = (self.labels(entry.labels()), self.annotations(entry.annotations()));
        Workload {
            span: entry.key,
            name: consumer.name.clone(),
            namespace: consumer.namespace.clone(),
            owner: entry.owner().get().unwrap_or(fallback).clone(),
            labels,
            annotations,
            api,
            store: None,
            restarts_on_rotation: entry.rotation().get() != Some(&spec::Rotation::None),
            parallel_start: entry.start().get() == Some(&spec::StartOrder::Parallel),
            kind,
            replicas: (1, 1),
            autoscaling: None,
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: pod.volumes,
            service: service(entry),
            exposures: Vec::new(),
            certificate: None,
            redirects: Vec::new(),
            placement,
            grace: GRACE,
            fs_group: pod.fs_group.unwrap_or(USER),
            ndots: None,
            host_network: pod.host_network,
            host_pid: pod.host_pid,
            reason: pod.reason,
            no_probes: pod.no_probes,
            policies: Vec::new(),
            buckets: consumer.buckets.iter().map(|(name, (access, _))| (name.clone(), *access)).collect(),
            backups: Backups::None(None),
            test_of: None,
            users_of: None,
            metrics: Vec::new(),
            objectives: Vec::new(),
            replication: None,
        }
    }

    /// The entry as a consumer of others. `None` if its namespace is not known.
    pub(super) fn consumer<'x>(&self, entry: &'x Entry, site: Site<'x>) -> Option<Consumer<'x>> {
        let Site { platform, region, names } = site;
        let port = if let [only] = &entry.ports[..] { Some(only) } else { None };
        let (namespace, at) = (entry.namespace.as_ref()?, self.record_path(entry, &region.name));
        let (label, needs, public, buckets) = (entry.display(), Vec::new(), Vec::new(), BTreeMap::new());
        Some(Consumer { entry, name: &entry.name, namespace, label, port, platform, region, names, at, needs, public, buckets })
    }
}

/// The entry's own container.
pub(super) fn declared<'a>(consumer: &Consumer<'a>, fields: ContainerFields<'a>, volumes: Volumes, fallback: &'a Fallback) -> Declared<'a> {
    let (entry, at) = (consumer.entry, consumer.at.clone());
    Declared { name: &entry.name, span: entry.key, fields, volumes, ports: container_ports(entry), fallback, at }
}

/// The ports of the container, each once under its first name, because the API server rejects duplicates.
pub(super) fn container_ports(entry: &Entry) -> Vec<(String, NetworkPort)> {
    let mut ports: Vec<(String, NetworkPort)> = Vec::new();
    for port in &entry.ports {
        if !ports.iter().any(|(_, known)| *known == port.at_container()) {
            ports.push((port.name.clone(), port.at_container()));
        }
    }
    ports
}

fn service(entry: &Entry) -> Option<Service> {
    let port = |port: &EntryPort| ServicePort {
        name: port.name.clone(),
        port: port.service,
        target: port.target,
        transport: port.transport,
        protocol: protocol(port, entry.protocol()),
    };
    let ports: Vec<ServicePort> = entry.ports.iter().map(port).collect();
    let aliases = entry.alias().values().cloned().collect();
    (!ports.is_empty()).then_some(Service { ports, aliases, headless: entry.headless().is_true() })
}
