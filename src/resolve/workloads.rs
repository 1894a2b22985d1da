//! Apps and stores become workloads of every region they run in.

use super::Scope;
use super::containers::{Declared, RESOURCES};
use super::engines;
use super::engines::{Fallback, Keeps};
use super::entries::is_by_metric_alone;
use super::flows::Hosts;
use super::names::{Entry, EntrySpec, Names};
use super::placement::Runs;
use super::probes::MOST;
use super::provenance::{HARDENED, Position};
use super::security::USER;
use super::values::Consumer;
use super::volumes::{Pod, Volumes, unique};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    self, Autoscaling, Backup, Container, Cron, Flow, Kind, Mount, Placement, Platform, Region, Runner, Service, ServicePort, Volume,
    Workload,
};
use crate::source::Span;
use crate::spec::{App, ContainerFields, Store, StoreSize};
use crate::syntax::Field;
use crate::value::{AbsolutePath, Medium, Name, Protocol, Quantity, StoreMode};
use indexmap::IndexMap;

/// The name of a container's port that only the collector of metrics reads.
const METRICS: &str = "metrics";

/// Seconds between SIGTERM and SIGKILL, unless the entry says otherwise.
const GRACE: u64 = 30;

/// Seconds a run of a schedule may take, unless the app says otherwise. A run that hangs blocks every later run of its schedule.
const RUN: u64 = 6 * 3600;

/// Seconds a job before a rollout may take, unless the app says otherwise. The rollout waits for it.
const JOB: u64 = 600;

/// The region for which an entry is resolved, its platform, and the names that the entry may refer to.
#[derive(Clone, Copy)]
struct Site<'a> {
    platform: &'a Platform,
    region: &'a Region,
    names: &'a Names,
}

impl Scope<'_> {
    /// Fills the regions of a platform with workloads, stores and flows.
    pub(super) fn workloads(&mut self, platform: &mut Platform, names: &Names, hosts: &mut Hosts) {
        self.check_entries(names);
        for (name, mut region) in std::mem::take(&mut platform.regions) {
            let mut flows: Vec<Flow> = Vec::new();
            let (mut workloads, mut stores) = (IndexMap::new(), IndexMap::new());
            let site = Site { platform, region: &region, names };
            for entry in names.iter().filter(|entry| entry.absent.is_none()) {
                self.record_into(entry, region.name.as_str());
                let built = match &entry.spec {
                    EntrySpec::App(app) if self.runs_in(app, &region) => self.app(entry, app, site, hosts),
                    EntrySpec::Store(store) if entry.rendered && (region.primary || store.independent.get() == Some(&true)) => {
                        self.store(entry, store, site)
                    }
                    _ => None,
                };
                let Some((workload, mut own)) = built else { continue };
                self.capacity(entry, &workload, &region);
                flows.append(&mut own);
                let key = format!("{}/{}", workload.namespace, workload.name);
                if let EntrySpec::Store(store) = &entry.spec {
                    stores.extend(model_store(store, &workload).map(|store| (key.clone(), store)));
                }
                workloads.insert(key, workload);
            }
            flows.sort();
            flows.dedup_by(|a, b| a.from == b.from && a.to == b.to && a.ports == b.ports);
            (region.workloads, region.stores, region.flows) = (workloads, stores, flows);
            self.nodes_in_reach(&region);
            self.quotas(platform, &region);
            platform.regions.insert(name, region);
        }
    }

    fn app(&mut self, entry: &Entry, app: &App, site: Site<'_>, hosts: &mut Hosts) -> Option<(Workload, Vec<Flow>)> {
        let (platform, region) = (site.platform, site.region);
        let namespace = entry.namespace.as_ref()?;
        let mut consumer = consumer(entry, namespace, site);
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let fallback = Fallback { told: true, ..Fallback::default() };
        // Claims come first: their names are not for an empty folder to take.
        let mut volumes = Volumes::of(None);
        for (path, at, size) in app.volumes.entries() {
            self.mount_claim(&mut volumes, path, size.clone(), at, &mut pod);
        }
        let main = self.container(declared(entry, app.container(), volumes, ports, &fallback), &mut consumer, &mut pod);
        pod.shared = Some(main.as_ref().map(|main| main.mounts.clone()).unwrap_or_default());
        pod.incomplete = main.is_none();
        self.check_init(&app.init);
        self.check_container_names(entry, app);
        self.record_containers_of("init");
        let init = self.others(&app.init, &mut consumer, &mut pod);
        self.record_containers_of("sidecars");
        let mut sidecars = self.others(&app.sidecars, &mut consumer, &mut pod);
        self.check_listeners(&app.sidecars, app.port.span().or(app.ports.span()), main.as_ref());
        let mut main = main?;
        let deadline = self.seconds("deadline", &app.deadline, 1..=MOST);
        let kind = match (app.schedule.get(), app.run.get(), app.per_node.get()) {
            (Some(schedule), _, _) => Kind::CronJob(Cron {
                schedule: schedule.to_string(),
                timezone: app.timezone.get().cloned().unwrap_or_else(|| "Etc/UTC".to_string()),
                deadline: deadline.unwrap_or(RUN),
            }),
            (_, Some(_), _) => Kind::Job { deadline: deadline.unwrap_or(JOB) },
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
        if app.deadline.is_missing() {
            match kind {
                Kind::CronJob(_) => self.record_entry(|_| ("deadline", format!("{}h", RUN / 3600), "the default of apps with a schedule")),
                Kind::Job { .. } => {
                    self.record_entry(|_| ("deadline", format!("{}m", JOB / 60), "the default of apps that run before a rollout"))
                }
                Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {}
            }
        }
        let scale = app.scale.get();
        let default = if platform.protected { 2 } else { 1 };
        let by_metric_alone = scale.is_some_and(is_by_metric_alone);
        let replicas = match (&kind, scale.and_then(|scale| scale.replicas.get())) {
            (Kind::CronJob(_) | Kind::Job { .. } | Kind::DaemonSet, _) => (1, 1),
            (_, Some(&range)) if by_metric_alone => (range.min(), range.min()),
            (_, Some(&range)) => (range.min(), range.max()),
            (_, None) => (default, default),
        };
        let autoscaling = scale.filter(|_| replicas.0 != replicas.1).map(|scale| Autoscaling {
            cpu: scale.cpu.get().copied().or_else(|| if scale.memory.is_missing() { "70%".parse().ok() } else { None }),
            memory: scale.memory.get().copied(),
        });
        if let (Some(scaling), Some((scale, scale_at))) = (&autoscaling, app.scale.spanned()) {
            let nothing = |amount: &Option<(Quantity, Quantity)>| amount.as_ref().is_some_and(|(request, _)| request.millis() == 0);
            let shares = [("cpu", scaling.cpu, &main.cpu, scale.cpu.span()), ("memory", scaling.memory, &main.memory, scale.memory.span())];
            for (resource, share, amount, at) in shares {
                if share.is_some() && nothing(amount) {
                    let message = format!("a share of a request of 0 is always 0, so the autoscaler never acts on `{resource}`");
                    let at = at.or(scale.replicas.span()).unwrap_or(scale_at);
                    self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(match resource {
                        "cpu" => "ask for processors under `resources`, such as `cpu: 100m..1`",
                        _ => "ask for memory under `resources`",
                    }));
                }
            }
        }
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
        let exposures = self.exposures(app, entry, platform, hosts);
        let mut metrics: Vec<(u16, Span)> = self.metrics_port(&app.metrics, &mut main, entry).into_iter().collect();
        for (name, _, container) in app.sidecars.entries() {
            if let Some(sidecar) = sidecars.iter_mut().find(|sidecar| sidecar.name == *name) {
                metrics.extend(self.metrics_port(&container.metrics, sidecar, entry));
            }
        }
        let needs = self.needs(&app.needs, &consumer);
        let flows = self.all_flows(&consumer, &placement, needs, &exposures, &metrics);
        let grace = self.seconds("grace", &app.grace, 0..=MOST).unwrap_or(GRACE);
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
            ..self.base_workload(&consumer, (&app.owner, &app.alias), main, pod, placement)
        };
        Some((workload, flows))
    }

    fn store(&mut self, entry: &Entry, store: &Store, site: Site<'_>) -> Option<(Workload, Vec<Flow>)> {
        let namespace = entry.namespace.as_ref()?;
        let engine = store.engine.get().copied()?;
        let definition = engines::of(engine);
        let server = definition.server.as_ref()?;
        let mut consumer = consumer(entry, namespace, site);
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let port_arguments = definition.port_arguments(&ports);
        let fallback = server.fallback(definition, store, &ports);
        let data: AbsolutePath = store.data.get().cloned().or_else(|| server.data.parse().ok())?;
        let mut volumes = Volumes::of(None);
        let size = store.storage.spanned().and_then(|(size, at)| if let StoreSize::Size(size) = size { Some((size, at)) } else { None });
        if let Some((size, at)) = size {
            self.mount_claim(&mut volumes, &data, size.clone(), at, &mut pod);
        }
        let mut main = self.container(declared(entry, store.container(), volumes, ports, &fallback), &mut consumer, &mut pod)?;
        let written = main.args.len();
        let mounted = main.mounts.iter().any(|mount| mount.path == data.as_str());
        let keeps = match size {
            Some(_) => Keeps::OnVolume,
            None => Keeps::InMemory { limit: main.memory.as_ref().map(|(_, limit)| limit.bytes()) },
        };
        if main.args.is_empty() && main.command.is_empty() {
            let is_free = |name: &str| store.parameters.entries().all(|(parameter, ..)| parameter != name);
            let settings = (server.settings)(keeps).into_iter().filter(|(name, _)| is_free(name));
            main.args.extend(settings.flat_map(|(name, value)| [format!("--{name}"), value]));
        }
        if size.is_none() && server.writes_always && !mounted {
            let declares_disk = store.resources.get().is_some_and(|resources| !resources.ephemeral.is_missing());
            add_cache_folder(&mut main, &mut pod, &data, declares_disk);
            if let (false, Some((_, limit))) = (declares_disk, &main.ephemeral) {
                self.record_container(|_| ("limits.ephemeral", limit, RESOURCES));
            }
        }
        if main.command.is_empty() {
            main.args.extend(port_arguments);
        }
        self.record_args(&main.args, written, "engine");
        let written = main.args.len();
        for (name, _, value) in store.parameters.entries() {
            main.args.extend([format!("--{name}"), value.clone()]);
        }
        self.record_args(&main.args, written, "parameters");
        let members = store.replicas.get().copied().unwrap_or(1);
        let placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, site.region, Runs::replicas(members))?;
        let kind = if size.is_some() { Kind::StatefulSet } else { Kind::Deployment };
        self.record_entry(|at| ("kind", format!("{kind:?}"), format!("{}.storage", at.entry)));
        self.record_entry(|at| ("protocol", "tcp", format!("{}.engine", at.entry)));
        self.record_entry(|_| ("grace", format!("{GRACE}s"), "the default of apps and stores"));
        self.record_replicas(members, placement.spread, site.region, |at| format!("{}.replicas", at.entry));
        let metrics: Vec<(u16, Span)> = self.metrics_port(&store.metrics, &mut main, entry).into_iter().collect();
        let needs = self.needs(&store.needs, &consumer);
        let flows = self.all_flows(&consumer, &placement, needs, &[], &metrics);
        let base = self.base_workload(&consumer, (&store.owner, &store.alias), main, pod, placement);
        let workload = Workload { store: Some(engine), kind, protocol: Protocol::Tcp, replicas: (members, members), ..base };
        Some((workload, flows))
    }

    /// What apps and stores have in common: one pod behind a Service, if it has a port. `of` are owner and aliases as the entry gives them.
    fn base_workload(
        &self,
        consumer: &Consumer<'_>,
        of: (&Field<Name>, &Field<Vec<Field<Name>>>),
        main: Container,
        pod: Pod,
        placement: Placement,
    ) -> Workload {
        let (owner, alias) = of;
        let platform = consumer.platform;
        let fallback = platform.namespaces.get(consumer.namespace.as_str()).map_or(&platform.owner, |namespace| &namespace.owner);
        let owner = owner.get().unwrap_or(fallback);
        self.record_entry(|_| ("service_account", consumer.name, "the entry's name"));
        self.record_entry(|_| ("owner", owner, format!("namespaces.{}.owner", consumer.namespace)));
        for (name, port, target) in consumer.entry.ports.iter().filter(|_| self.records()) {
            self.record_entry(|at| (format!("service.ports.{name}"), format!("{port}->{target}"), at.ports.clone()));
        }
        if pod.fs_group.is_none() {
            self.record_entry(|_| ("security.fs_group", USER, HARDENED));
        }
        Workload {
            span: consumer.entry.key,
            name: consumer.name.clone(),
            namespace: consumer.namespace.clone(),
            owner: owner.clone(),
            store: None,
            kind: Kind::Deployment,
            protocol: Protocol::Http,
            replicas: (1, 1),
            autoscaling: None,
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: pod.volumes,
            service: service(consumer.entry, alias),
            exposures: Vec::new(),
            placement,
            grace: GRACE,
            fs_group: pod.fs_group.unwrap_or(USER),
            host_network: pod.host_network,
            host_pid: pod.host_pid,
            reason: pod.reason,
            no_probes: pod.no_probes,
        }
    }

    fn others(
        &mut self,
        containers: &Field<crate::syntax::Map<Name, crate::spec::Container>>,
        consumer: &mut Consumer<'_>,
        pod: &mut Pod,
    ) -> Vec<Container> {
        let mut all = Vec::new();
        for (name, span, container) in containers.entries() {
            let ports = container.ports.entries();
            let ports = ports.map(|(name, _, map)| (name.to_string(), map.container().get())).collect();
            let volumes = Volumes::of(Some(name.as_str()));
            let declared = Declared { name, span, fields: container.container(), volumes, ports, fallback: &Fallback::default() };
            all.extend(self.container(declared, consumer, pod));
        }
        all
    }

    /// The port from which the collector reads. One that is not listed is a port of the container alone: the Service does not lead there.
    fn metrics_port(&mut self, metrics: &Field<crate::spec::Metrics>, container: &mut Container, entry: &Entry) -> Option<(u16, Span)> {
        let (metrics, at) = metrics.spanned()?;
        match (metrics.port.spanned(), &container.ports[..]) {
            (Some((port, port_at)), ports) => {
                let number = self.named_port(port, port_at, ports)?;
                if !ports.iter().any(|(_, known)| *known == number) {
                    let taken = ports.iter().any(|(name, _)| name == METRICS);
                    let name = if taken { format!("{METRICS}-{number}") } else { METRICS.to_owned() };
                    container.ports.push((name, number));
                }
                Some((number, at))
            }
            (None, [(_, port)]) => Some((*port, at)),
            _ if entry.ports_invalid => None,
            _ => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`metrics` has no `port`").at(at);
                self.tell(diagnostic.help("say which: there is not exactly one port"));
                None
            }
        }
    }
}

/// The entry's own container.
fn declared<'a>(
    entry: &'a Entry,
    fields: ContainerFields<'a>,
    volumes: Volumes,
    ports: Vec<(String, u16)>,
    fallback: &'a Fallback,
) -> Declared<'a> {
    Declared { name: &entry.name, span: entry.key, fields, volumes, ports, fallback }
}

/// An empty folder for the data of a cache; the container's disk grows by its size unless the store says what disk it takes.
fn add_cache_folder(main: &mut Container, pod: &mut Pod, data: &AbsolutePath, declares_disk: bool) {
    let size = main.memory.as_ref().map_or_else(|| Quantity::from_bytes(256 << 20), |(_, limit)| limit.clone());
    if let Some((_, most)) = main.ephemeral.as_mut().filter(|_| !declares_disk) {
        *most = Quantity::from_bytes(most.bytes().saturating_add(size.bytes()));
    }
    let name = unique("data", data.as_str(), pod);
    pod.volumes.push(Volume::Tmp { name: name.clone(), medium: Medium::Disk, size });
    main.mounts.push(Mount { volume: name, path: data.to_string(), read_only: false });
}

/// The store that a workload runs.
fn model_store(store: &Store, workload: &Workload) -> Option<model::Store> {
    let set = |names: &Field<Vec<Field<Name>>>| names.get().into_iter().flatten().filter_map(Field::get).cloned().collect();
    let storage = match store.storage.get()? {
        StoreSize::Size(size) => Some(size.clone()),
        StoreSize::None => None,
    };
    let backup = match store.backup.get() {
        Some(backup) => match backup.none.get() {
            Some(reason) => Backup::None(reason.clone()),
            None => Backup::Copies {
                every: *backup.every.get()?,
                keep: *backup.keep.get()?,
                copy_to: backup.copy_to.get().cloned(),
                restore_test: backup.restore_test.get().copied(),
                rpo: backup.rpo.get().copied(),
                rto: backup.rto.get().copied(),
            },
        },
        None => Backup::NothingToSave,
    };
    let address = match workload.service.as_ref().map(|service| &service.ports[..]) {
        Some([port]) => Some((workload.name.clone(), port.port)),
        _ => None,
    };
    Some(model::Store {
        span: workload.span,
        name: workload.name.clone(),
        namespace: workload.namespace.clone(),
        owner: workload.owner.clone(),
        engine: workload.store?,
        version: store.version.get().cloned(),
        mode: store.mode.get().copied().unwrap_or(StoreMode::Cluster),
        members: workload.replicas.0,
        storage,
        standby: set(&store.standby),
        independent: store.independent.get() == Some(&true),
        backup,
        users: store.users.get().into_iter().flat_map(|all| all.keys()).cloned().collect(),
        address,
        runner: Runner::Workload,
    })
}

fn consumer<'x>(entry: &'x Entry, namespace: &'x Name, site: Site<'x>) -> Consumer<'x> {
    let Site { platform, region, names } = site;
    let port = match entry.ports[..] {
        [(_, service, target)] => Some((service, target)),
        _ => None,
    };
    Consumer {
        entry,
        name: &entry.name,
        namespace,
        label: entry.display(),
        port,
        platform,
        region,
        names,
        needs: Vec::new(),
        public: Vec::new(),
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
