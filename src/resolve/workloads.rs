//! Apps and stores become workloads of every region they run in.

use super::Scope;
use super::containers::RESOURCES;
use super::engines;
use super::flows::Hosts;
use super::names::{Entry, Names, What};
use super::placement::Runs;
use super::probes::{Fallback, MOST};
use super::provenance::{HARDENED, Position};
use super::values::Asker;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Autoscaling, Container, Cron, Flow, Kind, Mount, Placement, Platform, Region, Service, ServicePort, Volume, Workload};
use crate::spec::{App, Engine, Medium, Protocol, Store, StoreSize};
use crate::syntax::Field;
use crate::value::{AbsolutePath, Name, Quantity};

/// Where the data lies: that of the key-value engines, and of others unless they say so.
const DATA: &str = "/data";

impl Scope<'_> {
    /// Fills the regions of a platform with workloads and flows.
    pub(super) fn workloads(&mut self, platform: &mut Platform, names: &Names, hosts: &mut Hosts) {
        let shell = platform.clone();
        let regions: Vec<Region> = platform.regions.values().cloned().collect();
        self.check_entries(names);
        for region in &regions {
            let mut workloads = indexmap::IndexMap::new();
            let mut flows: Vec<Flow> = Vec::new();
            for entry in names.iter().filter(|entry| entry.absent.is_none()) {
                self.unsure = entry.unsure;
                self.record_into(entry, region.name.as_str());
                let built = match &entry.what {
                    What::App(app) if self.runs_in(app, region) => self.app(entry, app, names, &shell, region, hosts),
                    What::Store(store) if entry.rendered && (region.primary || store.independent.get() == Some(&true)) => {
                        self.store(entry, store, names, &shell, region)
                    }
                    _ => None,
                };
                if let Some((workload, mut own)) = built {
                    self.room(entry, &workload, region);
                    flows.append(&mut own);
                    workloads.insert(format!("{}/{}", workload.namespace, workload.name), workload);
                }
            }
            flows.sort();
            flows.dedup_by(|a, b| a.from == b.from && a.to == b.to && a.ports == b.ports);
            if let Some(target) = platform.regions.get_mut(region.name.as_str()) {
                target.workloads = workloads;
                target.flows = flows;
            }
            if let Some(filled) = platform.regions.get(region.name.as_str()) {
                self.nodes_in_reach(filled);
                self.quotas(platform, filled);
            }
        }
    }

    #[allow(clippy::too_many_arguments)] // the whole of what an app is made from
    fn app(
        &mut self,
        entry: &Entry,
        app: &App,
        names: &Names,
        platform: &Platform,
        region: &Region,
        hosts: &mut Hosts,
    ) -> Option<(Workload, Vec<Flow>)> {
        let namespace = entry.namespace.as_ref()?;
        let mut asker = self.asker(entry, namespace, platform, region, names);
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let fallback = Fallback { told: true, ..Fallback::default() };
        // Claims come first: their names are not for an empty folder to take.
        let mut volumes = Volumes::of(None);
        for (path, at, size) in app.volumes.entries() {
            self.mount_claim(&mut volumes, path, size.clone(), at, &mut pod);
        }
        let main = self.container(&entry.name, entry.key, app.container(), volumes, ports, &fallback, &mut asker, &mut pod);
        pod.shared = Some(main.as_ref().map(|main| main.mounts.clone()).unwrap_or_default());
        pod.incomplete = main.is_none();
        self.check_init(&app.init);
        self.check_container_names(entry, app);
        self.record_containers_of("init");
        let init = self.others(&app.init, &mut asker, &mut pod);
        self.record_containers_of("sidecars");
        let sidecars = self.others(&app.sidecars, &mut asker, &mut pod);
        self.check_listeners(&app.sidecars, app.port.span().or(app.ports.span()), main.as_ref());
        let main = main?;
        let deadline = self.seconds("deadline", &app.deadline, 1..=MOST);
        let kind = match (app.schedule.get(), app.run.get(), app.per_node.get()) {
            (Some(schedule), _, _) => Kind::CronJob(Cron {
                schedule: schedule.to_string(),
                timezone: app.timezone.get().cloned().unwrap_or_else(|| "Etc/UTC".to_string()),
                deadline,
            }),
            (_, Some(_), _) => Kind::Job { deadline },
            (_, _, Some(true)) => Kind::DaemonSet,
            _ if pod.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. })) => Kind::StatefulSet,
            _ => Kind::Deployment,
        };
        self.record_entry(|at| {
            let (name, key) = match kind {
                Kind::CronJob(_) => ("CronJob", "schedule"),
                Kind::Job { .. } => ("Job", "run"),
                Kind::DaemonSet => ("DaemonSet", "per_node"),
                Kind::StatefulSet => ("StatefulSet", "volumes"),
                Kind::Deployment => return ("kind", "Deployment", "the entry: no schedule, run, per_node or volumes".to_string()),
            };
            ("kind", name, format!("{}.{key}", at.entry))
        });
        if let (Kind::CronJob(cron), true) = (&kind, app.timezone.is_missing()) {
            let why = "read in UTC unless it says otherwise";
            self.record_entry(|at| ("timezone", &cron.timezone, format!("{}.schedule: {why}", at.entry)));
        }
        let scale = app.scale.get();
        let default = if platform.protected { 2 } else { 1 };
        let replicas = match (&kind, scale.and_then(|scale| scale.replicas.get())) {
            (Kind::CronJob(_) | Kind::Job { .. } | Kind::DaemonSet, _) => (1, 1),
            (_, Some(&range)) => (range.min(), range.max()),
            (_, None) => (default, default),
        };
        let autoscaling = scale.filter(|_| replicas.0 != replicas.1).map(|scale| Autoscaling {
            cpu: scale.cpu.get().copied().or_else(|| if scale.memory.is_missing() { "70%".parse().ok() } else { None }),
            memory: scale.memory.get().copied(),
        });
        let runs = if matches!(kind, Kind::DaemonSet) { Runs::OnEveryNode } else { Runs::replicas(replicas.1) };
        let placement = self.placement(&app.subnet, &app.pool, &app.arch, region, runs)?;
        if matches!(kind, Kind::Deployment | Kind::StatefulSet) {
            let said = scale.is_some_and(|scale| !scale.replicas.is_missing());
            let from = |at: &Position| match said {
                true => format!("{}.scale.replicas", at.entry),
                false => format!("environments.{}.protected", self.environment),
            };
            let range = || if replicas.0 == replicas.1 { replicas.0.to_string() } else { format!("{}..{}", replicas.0, replicas.1) };
            self.record_entry(|at| ("scale.replicas", range(), from(at)));
            self.record_replicas(replicas.0, placement.spread, region, from);
            if let Some(cpu) = autoscaling.as_ref().and_then(|scaling| scaling.cpu) {
                self.record_entry(|at| ("scale.cpu", cpu, format!("{}.scale.replicas", at.entry)));
            }
        }
        let exposures = self.exposures(app, &entry.ports, platform, hosts);
        let mut metrics: Vec<u16> = self.metrics_port(&app.metrics, &main).into_iter().collect();
        for (name, _, container) in app.sidecars.entries() {
            if let Some(sidecar) = sidecars.iter().find(|sidecar| sidecar.name == *name) {
                metrics.extend(self.metrics_port(&container.metrics, sidecar));
            }
        }
        let needs = self.needs(&app.needs, &asker);
        let flows = self.all_flows(
            &asker,
            &placement,
            needs,
            &exposures.iter().map(|exposure| exposure.target).collect::<Vec<_>>(),
            &metrics,
            entry.key,
        );
        let grace = self.seconds("grace", &app.grace, 0..=MOST).unwrap_or(30);
        self.record_entry(|_| ("grace", format!("{grace}s"), "the default of apps and stores"));
        let workload = Workload {
            kind,
            protocol: app.protocol.get().copied().unwrap_or(Protocol::Http),
            replicas,
            autoscaling,
            init,
            sidecars,
            exposures,
            grace,
            ..self.bare(entry, namespace, &app.owner, &app.alias, platform, main, pod, placement)
        };
        Some((workload, flows))
    }

    fn store(
        &mut self,
        entry: &Entry,
        store: &Store,
        names: &Names,
        platform: &Platform,
        region: &Region,
    ) -> Option<(Workload, Vec<Flow>)> {
        let namespace = entry.namespace.as_ref()?;
        let engine = store.engine.get().copied()?;
        let mut asker = self.asker(entry, namespace, platform, region, names);
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let fallback = engines::fallback(engine, store, &ports);
        let listens = engines::listens(engine, &ports);
        let data: AbsolutePath = store.data.get().cloned().or_else(|| DATA.parse().ok())?;
        let mut volumes = Volumes::of(None);
        let size = store.storage.spanned().and_then(|(size, at)| if let StoreSize::Size(size) = size { Some((size, at)) } else { None });
        if let Some((size, at)) = size {
            self.mount_claim(&mut volumes, &data, size.clone(), at, &mut pod);
        }
        let mut main = self.container(&entry.name, entry.key, store.container(), volumes, ports, &fallback, &mut asker, &mut pod)?;
        let written = main.args.len();
        let mounted = main.mounts.iter().any(|mount| mount.path == data.as_str());
        let kept = match size {
            Some(_) => {
                if engine != Engine::Custom && main.args.is_empty() && main.command.is_empty() {
                    main.args = vec!["--appendonly".to_string(), "yes".to_string()];
                }
                true
            }
            _ => {
                if engine != Engine::Custom && !mounted {
                    let size = main.memory.as_ref().map_or_else(|| Quantity::from_bytes(256 << 20), |(_, limit)| limit.clone());
                    if store.resources.get().is_none_or(|resources| resources.ephemeral.is_missing()) {
                        main.ephemeral =
                            main.ephemeral.map(|(least, most)| (least, Quantity::from_bytes(most.bytes().saturating_add(size.bytes()))));
                        if let Some((_, limit)) = &main.ephemeral {
                            self.record_container(|_| ("limits.ephemeral", limit, RESOURCES));
                        }
                    }
                    pod.volumes.push(Volume::Tmp { name: "data".to_string(), medium: Medium::Disk, size });
                    main.mounts.push(Mount { volume: "data".to_string(), path: data.to_string(), read_only: false });
                }
                false
            }
        };
        if let Some(port) = listens.filter(|port| engines::port(engine).is_some_and(|(_, own)| own != *port) && main.command.is_empty()) {
            main.args.extend(["--port".to_string(), port.to_string()]);
        }
        self.record_args(&main.args, written, "engine");
        let written = main.args.len();
        for (name, _, value) in store.parameters.entries() {
            main.args.extend([format!("--{name}"), value.clone()]);
        }
        self.record_args(&main.args, written, "parameters");
        let count = store.replicas.get().copied().unwrap_or(1);
        let placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, region, Runs::replicas(count))?;
        let kind = if kept { Kind::StatefulSet } else { Kind::Deployment };
        self.record_entry(|at| ("kind", format!("{kind:?}"), format!("{}.storage", at.entry)));
        self.record_entry(|at| ("protocol", "tcp", format!("{}.engine", at.entry)));
        self.record_entry(|_| ("grace", "30s", "the default of apps and stores"));
        self.record_replicas(count, placement.spread, region, |at| format!("{}.replicas", at.entry));
        let metrics: Vec<u16> = self.metrics_port(&store.metrics, &main).into_iter().collect();
        let needs = self.needs(&store.needs, &asker);
        let flows = self.all_flows(&asker, &placement, needs, &[], &metrics, entry.key);
        let workload = Workload {
            store: true,
            kind,
            protocol: Protocol::Tcp,
            replicas: (count, count),
            ..self.bare(entry, namespace, &store.owner, &store.alias, platform, main, pod, placement)
        };
        Some((workload, flows))
    }

    /// What apps and stores have in common: one pod behind a Service, if it has a port.
    #[allow(clippy::too_many_arguments)] // the parts of a workload
    fn bare(
        &self,
        entry: &Entry,
        namespace: &Name,
        owner: &Field<Name>,
        alias: &Field<Vec<Field<Name>>>,
        platform: &Platform,
        main: Container,
        pod: Pod,
        placement: Placement,
    ) -> Workload {
        self.record_entry(|_| ("service_account", &entry.name, "the entry's name"));
        self.record_entry(|_| ("owner", self.owner(owner, namespace, platform), format!("namespaces.{namespace}.owner")));
        for (name, port, target) in entry.ports.iter().filter(|_| self.records()) {
            self.record_entry(|at| (format!("service.ports.{name}"), format!("{port}->{target}"), at.ports.clone()));
        }
        if pod.fs_group.is_none() {
            self.record_entry(|_| ("security.fs_group", 10001, HARDENED));
        }
        Workload {
            span: entry.key,
            name: entry.name.clone(),
            namespace: namespace.clone(),
            owner: self.owner(owner, namespace, platform),
            store: false,
            kind: Kind::Deployment,
            protocol: Protocol::Http,
            replicas: (1, 1),
            autoscaling: None,
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: pod.volumes,
            service: service(entry, alias),
            exposures: Vec::new(),
            placement,
            grace: 30,
            fs_group: pod.fs_group.unwrap_or(10001),
            host_network: pod.host_network,
            host_pid: pod.host_pid,
            reason: pod.reason,
            no_probes: pod.no_probes,
        }
    }

    fn asker<'x>(&self, entry: &'x Entry, namespace: &'x Name, platform: &'x Platform, region: &'x Region, names: &'x Names) -> Asker<'x> {
        let port = match entry.ports[..] {
            [(_, service, target)] => Some((service, target)),
            _ => None,
        };
        Asker { name: &entry.name, namespace, label: entry.display(), port, platform, region, names, needs: Vec::new() }
    }

    fn others(
        &mut self,
        containers: &Field<crate::syntax::Map<Name, crate::spec::Container>>,
        asker: &mut Asker<'_>,
        pod: &mut Pod,
    ) -> Vec<Container> {
        let mut all = Vec::new();
        for (name, span, container) in containers.entries() {
            let ports = container.ports.entries();
            let ports = ports.map(|(name, _, map)| (name.to_string(), map.container().get())).collect();
            all.extend(self.container(
                name,
                span,
                container.container(),
                Volumes::of(Some(name.as_str())),
                ports,
                &Fallback::default(),
                asker,
                pod,
            ));
        }
        all
    }

    fn metrics_port(&mut self, metrics: &Field<crate::spec::Metrics>, main: &Container) -> Option<u16> {
        let (metrics, at) = metrics.spanned()?;
        match (metrics.port.spanned(), &main.ports[..]) {
            (Some((port, at)), ports) => self.named_port(port, at, ports),
            (None, [(_, port)]) => Some(*port),
            _ if self.unsure => None,
            _ => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`metrics` has no `port`").at(at);
                self.tell(diagnostic.help("say which: there is not exactly one port"));
                None
            }
        }
    }

    fn owner(&self, owner: &Field<Name>, namespace: &Name, platform: &Platform) -> Name {
        let fallback = platform.namespaces.get(namespace.as_str()).map_or(&platform.owner, |namespace| &namespace.owner);
        owner.get().unwrap_or(fallback).clone()
    }
}

/// Each port once, under the first name that leads to it: the API server refuses a second one.
fn container_ports(entry: &Entry) -> Vec<(String, u16)> {
    let mut ports: Vec<(String, u16)> = Vec::new();
    for (name, _, target) in &entry.ports {
        if !ports.iter().any(|(_, known)| known == target) {
            ports.push((name.clone(), *target));
        }
    }
    ports
}

fn service(entry: &Entry, alias: &Field<Vec<Field<Name>>>) -> Option<Service> {
    let ports: Vec<ServicePort> =
        entry.ports.iter().map(|(name, port, target)| ServicePort { name: name.clone(), port: *port, target: *target }).collect();
    let aliases = alias.get().into_iter().flatten().filter_map(Field::get).cloned().collect();
    (!ports.is_empty()).then_some(Service { ports, aliases })
}
