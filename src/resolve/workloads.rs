//! Apps and stores become workloads of every region they run in.

use super::Scope;
use super::containers::{Fallback, Pod, volume_name};
use super::flows::Hosts;
use super::names::{Entry, Names, What, engine_port};
use super::values::{Asker, Need};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{
    Autoscaling, Container, Cron, Flow, Kind, Mount, Peer, Placement, Platform, Probe, ProbeAction, Probes, Region, Service, ServicePort,
    Spread, Toleration, Volume, Workload,
};
use crate::source::Span;
use crate::spec::{App, Architecture, Engine, Medium, Protocol, Store, StoreSize};
use crate::syntax::Field;
use crate::value::{Name, Quantity, Ref, RefKind};

/// CronJob adds eleven characters to the names of its pods (Kubernetes' own limit), a StatefulSet's revision label as many.
const SHORT_NAME: usize = 52;

/// Where the data of the key-value engines lies.
const DATA: &str = "/data";

impl Scope<'_> {
    /// Fills the regions of a platform with workloads and flows.
    pub(super) fn workloads(&mut self, platform: &mut Platform, names: &Names, hosts: &mut Hosts) {
        let shell = platform.clone();
        let regions: Vec<Region> = platform.regions.values().cloned().collect();
        let primary = regions.iter().find(|region| region.primary).cloned();
        self.check_entries(names);
        for region in &regions {
            let mut workloads = indexmap::IndexMap::new();
            let mut flows: Vec<Flow> = Vec::new();
            for entry in names.iter().filter(|entry| entry.absent.is_none()) {
                self.unsure = entry.unsure;
                let built = match &entry.what {
                    What::App(app) if self.runs_in(app, region) => self.app(entry, app, names, &shell, region, primary.as_ref(), hosts),
                    What::Store(store) if entry.rendered && (region.primary || store.independent.get() == Some(&true)) => {
                        self.store(entry, store, names, &shell, region, primary.as_ref())
                    }
                    _ => None,
                };
                if let Some((workload, mut own)) = built {
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
        }
    }

    /// What is said once per entry: owners, names, warnings of what is not rendered.
    fn check_entries(&mut self, names: &Names) {
        let spec = self.spec;
        let teams: Vec<&Name> = spec.teams.get().map(|all| all.keys().collect()).unwrap_or_default();
        for entry in names.iter() {
            match &entry.what {
                What::App(app) => {
                    self.check_owner(&app.owner, &teams);
                    self.check_app(entry, app);
                }
                What::Store(store) => {
                    self.check_owner(&store.owner, &teams);
                    self.check_store(entry, store);
                }
                _ => {}
            }
        }
    }

    /// SPEC: what an entry is follows from what it says; contradictions are errors.
    fn check_app(&mut self, entry: &Entry, app: &App) {
        self.require(&app.image, "image", entry.key);
        let periodic = app.schedule.span();
        let once = app.run.span();
        let everywhere = app.per_node.span().filter(|_| app.per_node.get() == Some(&true));
        let kinds = [("schedule", periodic), ("run", once), ("per_node", everywhere)];
        let said: Vec<(&str, Span)> = kinds.into_iter().filter_map(|(name, span)| Some((name, span?))).collect();
        if let [(first, first_at), (second, at), ..] = said[..] {
            self.contradiction(
                format!("`{second}` and `{first}` say different things of what it is"),
                at,
                Some(first_at),
                "the other stands here",
            );
        }
        if let Some((kind, at)) = said.first().copied() {
            let others = [
                ("port", app.port.span().or(app.ports.span()), kind != "per_node"),
                ("expose", app.expose.span(), kind != "per_node"),
                ("scale", app.scale.span(), true),
                ("volumes", app.volumes.span(), true),
                ("slo", app.slo.span(), kind != "per_node"),
            ];
            for (name, span, excluded) in others {
                if let (Some(span), true) = (span, excluded) {
                    // The later of the two is the one to look at: it may stand in a layer above.
                    let (first, later) = if (span.file, span.start) < (at.file, at.start) { (span, at) } else { (at, span) };
                    self.contradiction(format!("`{name}` means nothing beside `{kind}`"), later, Some(first), "the other stands here");
                }
            }
        }
        if let (Some(port), Some(ports)) = (app.port.span(), app.ports.span()) {
            self.contradiction("`ports` and `port` both say its ports", ports, Some(port), "the other stands here");
        }
        if entry.ports.is_empty() {
            for (name, span) in [("expose", app.expose.span()), ("slo", app.slo.span())] {
                if let Some(span) = span.filter(|_| said.is_empty() && !entry.unsure) {
                    let diagnostic = Diagnostic::new(Code::Contradiction, format!("`{name}` needs a `port`, and there is none")).at(span);
                    self.tell(diagnostic.related(entry.key, "the entry has no port").help("add `port:`"));
                }
            }
        }
        self.check_mapped_ports(entry, app);
        if let (Some(span), None) = (app.timezone.span(), periodic) {
            self.contradiction("`timezone` means nothing without a `schedule`", span, Some(entry.key), "the entry has none");
        }
        if let Some((zone, span)) = app.timezone.spanned()
            && !crate::facts::timezones().any(|known| known == zone)
        {
            let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{zone}` is not a time zone, such as `Europe/London`")).at(span);
            self.tell(match crate::diagnostic::wording::suggest(zone, crate::facts::timezones()) {
                Some(close) => diagnostic.help(format!("did you mean `{close}`?")).fix(span, close),
                None => diagnostic.help("name it as the IANA time zone database does"),
            });
        }
        if let (Some(span), None, None) = (app.deadline.span(), periodic, once) {
            self.contradiction("`deadline` means nothing without a `schedule` or `run`", span, Some(entry.key), "the entry has neither");
        }
        let served = !entry.ports.is_empty() && periodic.is_none() && once.is_none();
        if served && app.probes.is_missing() {
            let diagnostic = Diagnostic::new(Code::MissingField, "`probes` is missing: the app has a port").at(entry.key);
            self.tell(diagnostic.help("add `probes: {ready: /path, live: /path}`, or `probes: {none: why}`"));
        }
        let short = periodic.is_some() || app.volumes.get().is_some_and(|all| !all.is_empty());
        self.check_name(entry, if short { SHORT_NAME } else { 63 });
        for (name, span, _) in app.ports.get().into_iter().flat_map(|all| all.iter()) {
            if name.as_str().len() > 15 {
                self.error(Code::NameTooLong, format!("the port's name `{name}` has more than 15 characters"), span);
            }
        }
        let fields = [
            ("slo", app.slo.span().filter(|_| said.is_empty() && !entry.ports.is_empty())),
            ("identity", app.identity.span()),
            ("scale.metric", app.scale.get().and_then(|s| s.metric.span())),
        ];
        for (name, span) in fields {
            if let Some(span) = span {
                let message = format!("`{name}` is read and checked, but this version does not render it");
                self.tell(Diagnostic::new(Code::NotRendered, message).at(span));
            }
        }
    }

    /// The VPC CNI compares a policy's port with the Service's, so where the two differ it drops what the policy allows (EKS user guide,
    /// "Limit Pod traffic with Kubernetes network policies").
    fn check_mapped_ports(&mut self, entry: &Entry, app: &App) {
        let native = self.spec.cluster.get().and_then(|cluster| cluster.policy_engine.get()) == Some(&crate::spec::PolicyEngine::Native);
        let Some((_, service, target)) = entry.ports.iter().find(|(_, service, target)| service != target) else { return };
        if native && self.on_aws() {
            let at = app.port.span().or(app.ports.span()).unwrap_or(entry.key);
            let message =
                format!("the Service of `{}` maps {service} to {target}, which EKS's own policy engine does not follow", entry.display());
            let diagnostic = Diagnostic::new(Code::PortMapping, message).at(at);
            self.tell(diagnostic.help(format!("write `{target}`, or choose `cluster.policy_engine: cilium` or `calico`")));
        }
    }

    fn check_store(&mut self, entry: &Entry, store: &Store) {
        self.require(&store.engine, "engine", entry.key);
        self.check_name(entry, SHORT_NAME);
        if let (Some(standby), Some(independent)) =
            (store.standby.span(), store.independent.span().filter(|_| store.independent.get() == Some(&true)))
        {
            self.contradiction(
                "`standby` copies the data, `independent` says that every region has its own",
                standby,
                Some(independent),
                "the other stands here",
            );
        }
        match store.backup.spanned() {
            None if matches!(store.backup, Field::Missing) && store.storage.get() != Some(&StoreSize::None) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`backup` is missing: the store keeps data").at(entry.key);
                self.tell(diagnostic.help("add `backup: {every: 6h, keep: 35d, ...}`, or `backup: {none: why}`"));
            }
            Some((backup, at)) => {
                if !backup.none.is_missing() {
                    self.reason(&backup.none, "none", "a store without backups", at);
                    if let Some(other) = [backup.every.span(), backup.keep.span(), backup.copy_to.span(), backup.restore_test.span()]
                        .into_iter()
                        .flatten()
                        .next()
                    {
                        self.contradiction(
                            "`none` says that there is no `backup`, and there is one",
                            backup.none.span().unwrap_or(at),
                            Some(other),
                            "it stands here",
                        );
                    }
                } else if store.storage.get() == Some(&StoreSize::None) {
                    self.contradiction(
                        "`backup` saves nothing: the store has `storage: none`",
                        at,
                        store.storage.span(),
                        "it keeps nothing",
                    );
                } else if entry.rendered {
                    let message = format!("`backup` of `{}` is read and checked, but this version does not render it", entry.display());
                    self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
                }
            }
            None => {}
        }
        if !entry.rendered {
            let what = match (store.mode.get(), store.engine.get()) {
                (Some(crate::spec::StoreMode::Managed), _) => "managed".to_string(),
                (_, Some(engine)) => format!("{engine:?}").to_lowercase(),
                _ => String::new(),
            };
            let message = format!("`{}` is left out: this version does not render `{what}` stores", entry.display());
            self.tell(Diagnostic::new(Code::NotRendered, message).at(entry.key).help("what refers to it is left out, too, and named"));
        }
        let alone = matches!(store.engine.get(), Some(Engine::Redis | Engine::Valkey));
        if let (true, Some((count, at))) = (alone && entry.rendered, store.replicas.spanned())
            && *count != 1
        {
            self.error(
                Code::InvalidValue,
                format!("`replicas: {count}` would be {count} stores with different data: this version runs one"),
                at,
            );
        }
        if let Some(span) = store.standby.span().filter(|_| entry.rendered && store.independent.get() != Some(&true)) {
            self.tell(Diagnostic::new(Code::NotRendered, "`standby` is read and checked, but this version does not render it").at(span));
        }
    }

    fn check_name(&mut self, entry: &Entry, limit: usize) {
        let length = entry.name.as_str().len();
        if length > limit {
            let message = format!("`{}` has {length} characters, and the objects made from it allow {limit}", entry.name);
            self.tell(Diagnostic::new(Code::NameTooLong, message).at(entry.key).help("choose a shorter name"));
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
        primary: Option<&Region>,
        hosts: &mut Hosts,
    ) -> Option<(Workload, Vec<Flow>)> {
        let namespace = entry.namespace.as_ref()?;
        let mut asker = self.asker(entry, namespace, platform, region, names);
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let main = self.container(&entry.name, entry.key, app.container(), true, ports, &Fallback::default(), &mut asker, &mut pod);
        let init = self.others(&app.init, &mut asker, &mut pod);
        let sidecars = self.others(&app.sidecars, &mut asker, &mut pod);
        let mut main = main?;
        for (path, _, size) in app.volumes.get().into_iter().flat_map(|all| all.set()) {
            let name = volume_name(path);
            pod.volumes.push(Volume::Claim { name: name.clone(), size: size.clone() });
            main.mounts.push(Mount { volume: name, path: path.to_string(), read_only: false });
        }
        let deadline = app.deadline.get().map(|time| time.seconds());
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
        let many = replicas.1 > 1;
        let placement = self.placement(&app.subnet, &app.pool, &app.arch, region, many)?;
        let exposures = self.exposures(app, &entry.ports, platform, hosts);
        let metrics = self.metrics_port(&app.metrics, &main);
        let needs = self.needs(&app.needs, &asker);
        let flows = self.all_flows(
            &asker,
            needs,
            primary,
            &exposures.iter().map(|exposure| exposure.target).collect::<Vec<_>>(),
            metrics,
            entry.key,
        );
        let workload = Workload {
            span: entry.key,
            name: entry.name.clone(),
            namespace: namespace.clone(),
            owner: self.owner(&app.owner, namespace, platform),
            store: false,
            kind,
            protocol: app.protocol.get().copied().unwrap_or(Protocol::Http),
            replicas,
            autoscaling,
            init,
            main,
            sidecars,
            volumes: pod.volumes,
            service: service(entry, &app.alias),
            exposures,
            placement,
            grace: app.grace.get().map_or(30, |time| time.seconds()),
            fs_group: pod.fs_group.unwrap_or(10001),
            host_network: pod.host_network,
            host_pid: pod.host_pid,
            reason: pod.reason,
            no_probes: pod.no_probes,
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
        primary: Option<&Region>,
    ) -> Option<(Workload, Vec<Flow>)> {
        let namespace = entry.namespace.as_ref()?;
        let engine = store.engine.get().copied()?;
        let mut asker = self.asker(entry, namespace, platform, region, names);
        let mut pod = Pod::default();
        let fallback = engine_fallback(engine, store);
        let ports = container_ports(entry);
        let mut main = self.container(&entry.name, entry.key, store.container(), true, ports, &fallback, &mut asker, &mut pod)?;
        let data = DATA.to_string();
        let mounted = main.mounts.iter().any(|mount| mount.path == data);
        let kept = match store.storage.get() {
            Some(StoreSize::Size(size)) => {
                pod.volumes.push(Volume::Claim { name: "data".to_string(), size: size.clone() });
                main.mounts.push(Mount { volume: "data".to_string(), path: data, read_only: false });
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
                    }
                    pod.volumes.push(Volume::Tmp { name: "data".to_string(), medium: Medium::Disk, size });
                    main.mounts.push(Mount { volume: "data".to_string(), path: data, read_only: false });
                }
                false
            }
        };
        let count = store.replicas.get().copied().unwrap_or(1);
        let placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, region, count > 1)?;
        let metrics = self.metrics_port(&store.metrics, &main);
        let needs = self.needs(&store.needs, &asker);
        let flows = self.all_flows(&asker, needs, primary, &[], metrics, entry.key);
        let workload = Workload {
            span: entry.key,
            name: entry.name.clone(),
            namespace: namespace.clone(),
            owner: self.owner(&store.owner, namespace, platform),
            store: true,
            kind: if kept { Kind::StatefulSet } else { Kind::Deployment },
            protocol: Protocol::Tcp,
            replicas: (count, count),
            autoscaling: None,
            init: Vec::new(),
            main,
            sidecars: Vec::new(),
            volumes: pod.volumes,
            service: service(entry, &store.alias),
            exposures: Vec::new(),
            placement,
            grace: 30,
            fs_group: pod.fs_group.unwrap_or(10001),
            host_network: pod.host_network,
            host_pid: pod.host_pid,
            reason: pod.reason,
            no_probes: pod.no_probes,
        };
        Some((workload, flows))
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
        for (name, span, container) in containers.get().into_iter().flat_map(|all| all.set()) {
            let ports = container.ports.get().into_iter().flat_map(|all| all.set());
            let ports = ports.map(|(name, _, map)| (name.to_string(), map.container().get())).collect();
            all.extend(self.container(name, span, container.container(), false, ports, &Fallback::default(), asker, pod));
        }
        all
    }

    /// What `needs` names, each with its place.
    fn needs(&mut self, needs: &Field<Vec<Field<Ref>>>, asker: &Asker<'_>) -> Vec<(Need, Span)> {
        let mut all = Vec::new();
        for (reference, at) in needs.get().into_iter().flatten().filter_map(Field::spanned) {
            if reference.kind() == RefKind::Platform {
                self.error(
                    Code::UnknownReference,
                    format!("there is no platform service `{}` that this version renders", reference.name()),
                    at,
                );
                continue;
            }
            let Some(entry) = self.lookup(asker.names, reference, asker.namespace, at) else { continue };
            let entry = entry.clone();
            if !entry.rendered {
                self.left_out(&entry, at, "a need", asker);
                continue;
            }
            if let Some((_, target)) = self.port_of(&entry, reference, at) {
                all.push((Need { entry, target }, at));
            }
        }
        all
    }

    fn all_flows(
        &mut self,
        asker: &Asker<'_>,
        needs: Vec<(Need, Span)>,
        primary: Option<&Region>,
        exposed: &[u16],
        metrics: Option<u16>,
        key: Span,
    ) -> Vec<Flow> {
        let mut all = needs;
        all.extend(asker.needs.iter().cloned().map(|need| (need, key)));
        let mut flows = self.flows_of(asker, &all, primary);
        let to = Peer::Workload { namespace: asker.namespace.to_string(), name: asker.name.to_string() };
        for target in exposed {
            let why = format!("{} is exposed", asker.label);
            flows.push(Flow { from: Peer::Gateway, to: to.clone(), ports: vec![*target], why });
        }
        if let Some(port) = metrics {
            let why = format!("{} has metrics", asker.label);
            flows.push(Flow { from: Peer::Metrics, to, ports: vec![port], why });
        }
        flows
    }

    fn metrics_port(&mut self, metrics: &Field<crate::spec::Metrics>, main: &Container) -> Option<u16> {
        let (metrics, at) = metrics.spanned()?;
        match (metrics.port.spanned(), &main.ports[..]) {
            (Some((port, at)), ports) => self.named_port(port, at, ports),
            (None, [(_, port)]) => Some(*port),
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

    /// Where pods may run: their subnet, one of its pools, the architectures of both.
    fn placement(
        &mut self,
        subnet: &Field<Name>,
        pool: &Field<Name>,
        arch: &Field<Vec<Field<Architecture>>>,
        region: &Region,
        many: bool,
    ) -> Option<Placement> {
        let declared = self.spec.network.get().and_then(|network| network.subnets.get()).filter(|all| !all.is_empty());
        let names: Vec<&str> = declared.map(|all| all.keys().map(|name| name.as_str()).collect()).unwrap_or_else(|| vec!["general"]);
        let pools = &region.cluster.pools;
        let chosen = match pool.spanned() {
            Some((name, at)) => match pools.iter().find(|pool| pool.name == *name) {
                Some(pool) => Some(pool),
                None => {
                    self.unknown("pool", name.as_str(), pools.iter().map(|pool| pool.name.as_str()), at);
                    return None;
                }
            },
            None => None,
        };
        let wanted = match (subnet.spanned(), chosen) {
            (Some((name, at)), _) if !names.contains(&name.as_str()) => {
                self.unknown("subnet", name.as_str(), names, at);
                return None;
            }
            (Some((name, at)), Some(pool)) if pool.subnet != *name => {
                let message = format!("the `pool` stands in the subnet `{}`, not in `{name}`", pool.subnet);
                self.contradiction(message, at, pool.name.as_str().is_empty().then_some(at).or_else(|| at.into()), "the pool says so");
                return None;
            }
            (Some((name, _)), _) => name.clone(),
            (None, Some(pool)) => pool.subnet.clone(),
            (None, None) => match declared {
                Some(all) => all.set().find(|(_, _, subnet)| subnet.default.get() == Some(&true)).map(|(name, _, _)| name.clone())?,
                None => "general".parse().ok()?,
            },
        };
        let isolated = declared
            .and_then(|all| all.get(wanted.as_str()))
            .and_then(|item| item.value.get())
            .is_some_and(|subnet| subnet.isolated.get() == Some(&true));
        let mut tolerations = Vec::new();
        if isolated {
            tolerations.push(Toleration { key: "platgen.io/subnet".to_string(), value: wanted.to_string(), effect: "NoSchedule" });
        }
        for (key, value, effect) in chosen.into_iter().flat_map(|pool| &pool.taints) {
            tolerations.push(Toleration { key: key.clone(), value: value.clone(), effect });
        }
        let architectures = arch.get().into_iter().flatten().filter_map(Field::get).map(|arch| match arch {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        });
        let spread = match (many, region.zones.len()) {
            (false, _) => Spread::None,
            (true, zones) if zones >= 3 && !matches!(region.provider, crate::facts::Provider::Kind) => Spread::Hard,
            _ => Spread::Soft,
        };
        Some(Placement {
            subnet: wanted,
            isolated,
            pool: chosen.map(|pool| pool.name.clone()),
            architectures: architectures.collect(),
            tolerations,
            spread,
        })
    }
}

fn container_ports(entry: &Entry) -> Vec<(String, u16)> {
    entry.ports.iter().map(|(name, _, target)| (name.clone(), *target)).collect()
}

fn service(entry: &Entry, alias: &Field<Vec<Field<Name>>>) -> Option<Service> {
    let ports: Vec<ServicePort> =
        entry.ports.iter().map(|(name, port, target)| ServicePort { name: name.clone(), port: *port, target: *target }).collect();
    let aliases = alias.get().into_iter().flatten().filter_map(Field::get).cloned().collect();
    (!ports.is_empty()).then_some(Service { ports, aliases })
}

/// The image and probes that an engine brings.
fn engine_fallback(engine: Engine, store: &Store) -> Fallback {
    let version = store.version.get().map(String::as_str);
    let image = match engine {
        Engine::Redis => Some(format!("docker.io/library/redis:{}-alpine", version.unwrap_or("8.2"))),
        Engine::Valkey => Some(format!("docker.io/valkey/valkey:{}-alpine", version.unwrap_or("8.1"))),
        _ => None,
    };
    let probe = |action| Some(Probe { action, after: None, every: None, timeout: None, failures: None });
    // While it reads its data it takes connections and answers otherwise: alive, and not ready.
    let answers = |client: &str, port: u16| ProbeAction::Exec {
        command: ["sh", "-c", &format!("test \"$({client} -p {port} ping)\" = PONG")].map(str::to_string).to_vec(),
    };
    let probes = match (engine, engine_port(engine)) {
        (Engine::Custom, _) | (_, None) => Probes::default(),
        (_, Some((_, port))) => {
            let ready = match engine {
                Engine::Redis => probe(answers("redis-cli", port)),
                Engine::Valkey => probe(answers("valkey-cli", port)),
                _ => probe(ProbeAction::Tcp { port }),
            };
            Probes { ready, live: probe(ProbeAction::Tcp { port }), start: None }
        }
    };
    Fallback { image: image.and_then(|image| image.parse().ok()), probes }
}
