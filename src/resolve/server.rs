//! A store becomes a workload: of an operator, or with pods of its own, whose server has the settings, the data folder and the port of its engine.

use super::EnvironmentResolver;
use super::beside::Beside;
use super::containers::RESOURCES;
use super::database_checks::Votes;
use super::engines::{self, Keeps};
use super::names::Entry;
use super::placement::Runs;
use super::replication;
use super::volumes::{Pod, Volumes, unique};
use super::workloads::{GRACE, Site, container_ports, declared};
use crate::model::{Backups, Container, Flow, Kind, Mount, Volume, Workload};
use crate::spec::{Store, StoreSize};
use crate::syntax::Field;
use crate::value::{AbsolutePath, Medium, Quantity};

impl EnvironmentResolver<'_> {
    /// The workload of a store with its flows.
    pub(super) fn store(&mut self, entry: &Entry, store: &Store, site: Site<'_>) -> Option<(Workload, Vec<Flow>)> {
        let engine = store.engine.get().copied()?;
        let definition = engines::of(engine);
        if let Some(operated) = &definition.operated {
            return self.database(entry, store, site, operated);
        }
        let server = definition.server.as_ref()?;
        let mut consumer = self.consumer(entry, site)?;
        let mut pod = Pod::default();
        let ports = container_ports(entry);
        let mut fallback = server.fallback(definition, store, &ports);
        fallback.image_checked = self.lacks_profile(entry);
        let programs = engines::replicated(store);
        if programs.is_some() {
            fallback.probes = replication::probes();
            self.check_majority(entry, store, Votes::SENTINELS, site.region);
        }
        let data: AbsolutePath = store.data.get().cloned().or_else(|| server.data.parse().ok())?;
        let mut volumes = Volumes::of(None);
        let size = store.storage.spanned().and_then(|(size, at)| if let StoreSize::Size(size) = size { Some((size, at)) } else { None });
        if let Some((size, at)) = size {
            self.mount_claim(&mut volumes, &data, size.clone(), None, at, &mut pod);
        }
        let main = self.container(declared(&consumer, store.container(), volumes, &fallback), &mut consumer, &mut pod);
        let Some(mut main) = main else {
            self.beside(None, &mut consumer, &mut pod);
            return None;
        };
        let at = &consumer.at;
        let written = main.args.len();
        let mounted = main.mounts.iter().any(|mount| mount.path == data.as_str());
        let keeps = match size {
            Some(_) => Keeps::OnVolume,
            None => Keeps::InMemory { limit: main.memory.as_ref().map(|(_, limit)| limit.bytes()) },
        };
        let is_free = |name: &str| store.parameters.entries().all(|(parameter, ..)| parameter != name);
        let own = (server.settings)(keeps).into_iter().filter(|(name, _)| is_free(name));
        let mut settings: Vec<(String, String)> = own.map(|(name, value)| (name.to_owned(), value)).collect();
        if main.args.is_empty() && main.command.is_empty() && programs.is_none() {
            main.args.extend(settings.iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]));
        }
        if size.is_none() && server.writes_always && !mounted {
            let declares_disk = !store.resources.at(|resources| &resources.ephemeral).is_missing();
            add_cache_folder(&mut main, &mut pod, &data, declares_disk);
            if let (false, Some((_, limit))) = (declares_disk, &main.ephemeral) {
                self.record_container(at, || ("limits.ephemeral", limit, RESOURCES));
            }
        }
        let replicated = match programs {
            Some(programs) => {
                settings.extend(replication::full(keeps, &main).filter(|(name, _)| is_free(name)));
                let writes = replication::WRITES.into_iter().filter(|(name, _)| is_free(name));
                settings.extend(writes.map(|(name, value)| (name.to_owned(), value.to_owned())));
                for (name, value) in settings.iter().filter(|_| self.records()) {
                    self.record_entry(at, || (format!("settings.{name}"), value, format!("{}.engine", at.entry)));
                }
                settings.extend(store.parameters.entries().map(|(name, _, value)| (name.clone(), value.clone())));
                self.replicate(&consumer, store, programs, (&settings, keeps), (&mut main, &mut pod))
            }
            None => {
                if main.command.is_empty() {
                    main.args.extend(definition.port_arguments(&ports));
                }
                self.record_args(at, &main.args, written, "engine");
                let written = main.args.len();
                for (name, _, value) in store.parameters.entries() {
                    main.args.extend([format!("--{name}"), value.clone()]);
                }
                self.record_args(at, &main.args, written, "parameters");
                None
            }
        };
        let Beside { init, mut sidecars, mut metrics } = self.beside(Some(&main), &mut consumer, &mut pod);
        let at = &consumer.at;
        let members = store.replicas.get().copied().unwrap_or(1);
        let mut placement = self.placement(&store.subnet, &Field::Missing, &Field::Missing, &consumer, Runs::replicas(members))?;
        if replicated.is_some() {
            self.one_per_zone(entry, store, site.region, (&mut placement, members), at);
        }
        self.tolerate_gpus(&mut placement, site.region, &main, [&init, &sidecars], &consumer.at);
        // Servers that copy each other's data know each other by name.
        let kind = if size.is_some() || replicated.is_some() { Kind::StatefulSet } else { Kind::Deployment };
        let from = if size.is_some() || replicated.is_none() { "storage" } else { "replicas" };
        self.record_entry(at, || ("kind", kind.name(), format!("{}.{from}", at.entry)));
        self.record_entry(at, || ("protocol", "tcp", format!("{}.engine", at.entry)));
        let grace = if replicated.is_some() { replication::STOP } else { GRACE };
        self.record_entry(at, || ("grace", format!("{grace}s"), "the default of stores"));
        self.record_replicas(at, members, placement.spread, &format!("{}.replicas", at.entry));
        metrics.extend(self.metrics_port(&store.metrics, &mut main, entry));
        let needs = self.needs(&store.needs, &mut consumer);
        let mut flows = self.all_flows(&consumer, &placement, needs, &[], &metrics);
        let base = self.base_workload(&consumer, kind, main, pod, placement);
        let backups = Backups::None(store.backup.at(|backup| &backup.none).get().cloned());
        let (mut parallel_start, mut replication) = (base.parallel_start, None);
        if let Some(replicated) = replicated {
            sidecars.insert(0, replicated.sentinel);
            flows.push(replicated.flow);
            (parallel_start, replication) = (true, Some(replicated.replication));
        }
        let replicas = (members, members);
        let metrics = metrics.into_iter().map(|(endpoint, _)| endpoint).collect();
        let workload =
            Workload { store: Some(engine), replicas, init, sidecars, backups, parallel_start, replication, grace, metrics, ..base };
        Some((workload, flows))
    }
}

/// Adds an empty directory for the data of a cache. Its size is added to the limit of ephemeral storage unless the store sets that limit.
fn add_cache_folder(main: &mut Container, pod: &mut Pod, data: &AbsolutePath, declares_disk: bool) {
    let size = main.memory.as_ref().map_or_else(|| Quantity::from_bytes(256 << 20), |(_, limit)| limit.clone());
    if let Some((_, most)) = main.ephemeral.as_mut().filter(|_| !declares_disk) {
        *most = Quantity::from_bytes(most.bytes().saturating_add(size.bytes()));
    }
    let name = unique("data", data.as_str(), pod);
    pod.volumes.push(Volume::Tmp { name: name.clone(), medium: Medium::Disk, size });
    main.mounts.push(Mount { volume: name, path: data.to_string(), read_only: false });
}
