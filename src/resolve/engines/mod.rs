//! Database engines and their defaults.
//!
//! A rendered engine has a file, with a [`Server`] or, if an operator runs its servers, with what [`Operated`] holds. For the other engines, the port and
//! the scheme of URLs are known, so that references to their stores can be checked.

mod custom;
mod kafka;
mod managed;
mod mongodb;
mod mysql;
mod postgres;
mod rabbitmq;
mod redis;
mod valkey;

use crate::kinds::Operator;
use crate::model::{Percona, Probe, ProbeAction, Probes};
use crate::spec::Store;
use crate::value::{Engine, Image, Name, NetworkPort, Quantity, SecretRef};
pub(super) use managed::{Rds, rds, rds_engines};

/// The default image, probes and resources of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Fallback {
    pub(super) image: Option<Image>,
    pub(super) probes: Probes,
    /// Whether the checks of the entry report a missing image.
    pub(super) image_checked: bool,
    /// Request and limit of processors, and the memory for both, unless the user says otherwise. `None`: those of every container of the kind.
    pub(super) resources: Option<((Quantity, Quantity), Quantity)>,
}

/// The definition of an engine.
pub(super) struct Definition {
    /// Name and number of its port. `None` for `custom`.
    pub(super) port: Option<(&'static str, u16)>,
    /// The scheme of its URLs.
    pub(super) scheme: &'static str,
    /// Its server in the cluster, if platgen renders the pods.
    pub(super) server: Option<Server>,
    /// Its servers in the cluster, if an operator makes the pods.
    pub(super) operated: Option<Operated>,
}

/// The servers of an engine that an operator runs.
pub(super) struct Operated {
    /// The operator.
    pub(super) operator: Operator,
    /// The release of each version, newest first.
    pub(super) releases: Releases,
    /// The ports on which the servers call each other, and on which the pod beside them calls them.
    pub(super) among: &'static [u16],
    /// The ports on which the operator calls the servers.
    pub(super) watched: &'static [u16],
    /// Whether the servers call the Kubernetes API.
    pub(super) uses_api: bool,
    /// The most servers that have a vote, and what they are. The store serves only while a majority of them is there. `None`: there are no votes.
    pub(super) voters: Option<(u32, &'static str)>,
    /// The most servers that the operator runs. `None`: any number.
    pub(super) most_servers: Option<u32>,
    /// Name and image of the container that starts before a server. `None`: the operator chooses the image, or there is none.
    pub(super) before: Option<(&'static str, &'static str)>,
    /// The pods that the operator makes beside the servers.
    pub(super) helper: Option<Helper>,
    /// The directory of the data.
    pub(super) data: &'static str,
    /// Seconds that a server has to stop.
    pub(super) stop: u64,
    /// User and group of the containers.
    pub(super) user: u32,
    /// Request and limit of processors in thousandths, unless the store says otherwise.
    pub(super) cpu: (u32, u32),
    /// The memory in bytes, unless the store says otherwise.
    pub(super) memory: u64,
    /// The least memory in bytes with which a server works.
    pub(super) least_memory: u64,
    /// The least size of a volume in bytes: the log of a server may fill half of it.
    pub(super) least_storage: u64,
    /// The longest name that the operator takes.
    pub(super) longest_name: usize,
    /// The start of the name of a server's volume claim for a store, and the number of the first server, which follows after a dash.
    pub(super) claims: (fn(&Name) -> String, u32),
    /// What the names of further objects have after the name of the store, which no other entry can have.
    pub(super) made: &'static [&'static str],
    /// Whether the operator makes a setting itself.
    pub(super) fixed: fn(&str) -> bool,
    /// Whether a text is the name of a setting, and the name of one.
    pub(super) setting: (fn(&str) -> bool, &'static str),
    /// What the value of a setting can't hold.
    pub(super) unwritable: &'static [char],
    /// How many users the operator makes. `None`: any number.
    pub(super) most_users: Option<usize>,
    /// The longest name of a user. `None`: that of every entry.
    pub(super) longest_user: Option<usize>,
    /// Names that no user can have, and what such a user is.
    pub(super) reserved_users: (&'static [&'static str], &'static str),
    /// What is wrong with the name of a database. `None`: its stores have no database with a name and an owner.
    pub(super) databases: Option<fn(&str) -> Option<&'static str>>,
    /// Its settings by name and value, from the memory and the volume of a server, and the number of servers. The store's `parameters` replace them by
    /// name.
    pub(super) settings: fn(&Quantity, &Quantity, u32) -> Vec<(&'static str, String)>,
}

/// The pods that an operator makes beside the servers.
pub(super) struct Helper {
    /// How many there are, from the number of servers.
    pub(super) pods: fn(u32) -> u32,
    /// Their image. `None`: the operator chooses it.
    pub(super) image: Option<&'static str>,
    /// Name, request and limit of processors in thousandths, and memory in bytes of each container.
    pub(super) containers: &'static [(&'static str, (u32, u32), u64)],
}

/// What each version of an engine is run as.
#[derive(Clone, Copy)]
pub(super) enum Releases {
    /// Versions with their images, whose tags start with the release.
    Images(&'static [(&'static str, &'static str)]),
    /// Versions with their releases, of which the operator chooses the images.
    Numbers(&'static [(&'static str, &'static str)]),
}

/// The place of a store's data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeps {
    /// On a volume.
    OnVolume,
    /// Only in memory.
    InMemory {
        /// The memory limit of the container in bytes, if any.
        limit: Option<u64>,
    },
}

/// The server of an engine in the cluster.
pub(super) struct Server {
    /// The image of a version, or of the default version. `None` for `custom`.
    pub(super) image: Option<fn(Option<&str>) -> String>,
    /// The probes of a server that listens on a port.
    pub(super) probes: fn(u16) -> Probes,
    /// The data directory.
    pub(super) data: &'static str,
    /// Whether the server writes to the data directory of a cache, which then needs an empty directory there.
    pub(super) writes_always: bool,
    /// Its settings by name and value, unless the store sets `command` or `args`. The store's `parameters` replace them by name.
    pub(super) settings: fn(Keeps) -> Vec<(&'static str, String)>,
    /// The argument that sets the port.
    pub(super) port_argument: Option<&'static str>,
    /// The programs of several servers that copy each other's data. `None`: platgen does not know how the servers of a store do that.
    pub(super) programs: Option<Programs>,
}

/// The programs of several servers that copy each other's data, and of the Sentinels that watch them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Programs {
    /// The server, which is the Sentinel as well.
    pub(super) server: &'static str,
    /// The program that asks a server.
    pub(super) client: &'static str,
    /// The variable from which that one takes the password.
    pub(super) password: &'static str,
}

/// The definition of an engine.
pub(super) fn of(engine: Engine) -> &'static Definition {
    const fn not_rendered(port: (&'static str, u16), scheme: &'static str) -> Definition {
        Definition { port: Some(port), scheme, server: None, operated: None }
    }
    const OPENSEARCH: Definition = not_rendered(("https", 9200), "https");
    match engine {
        Engine::Postgres => &postgres::DEFINITION,
        Engine::Mysql => &mysql::DEFINITION,
        Engine::Mongodb => &mongodb::DEFINITION,
        Engine::Redis => &redis::DEFINITION,
        Engine::Valkey => &valkey::DEFINITION,
        Engine::Rabbitmq => &rabbitmq::DEFINITION,
        Engine::Kafka => &kafka::DEFINITION,
        Engine::Opensearch => &OPENSEARCH,
        Engine::Custom => &custom::DEFINITION,
    }
}

/// The servers of a store that an operator runs, with the store's users.
pub(super) fn operated(engine: Option<Engine>) -> Option<&'static Operated> {
    of(engine?).operated.as_ref()
}

/// Whether several servers of an engine copy each other's data without an operator.
pub(super) fn replicates(engine: Option<Engine>) -> bool {
    engine.and_then(|engine| of(engine).server.as_ref()?.programs).is_some()
}

/// The programs of a store of several servers, of which platgen makes the pods.
pub(super) fn replicated(store: &Store) -> Option<Programs> {
    let programs = of(*store.engine.get()?).server.as_ref()?.programs;
    programs.filter(|_| store.replicas.get().is_some_and(|replicas| *replicas > 1))
}

/// Whether the users of a store are made with it.
pub(super) fn has_users(store: &Store) -> bool {
    operated(store.engine.get().copied()).is_some() || replicated(store).is_some()
}

/// Whether this version renders backups of the stores of an engine, where the region has buckets.
pub(super) fn has_backups(engine: Option<Engine>) -> bool {
    engine == Some(Engine::Postgres)
}

/// The place of a user's password in the secret manager.
pub(super) fn password(namespace: &Name, store: &Name, user: &Name) -> Option<SecretRef> {
    format!("{namespace}/{store}/{user}#password").parse().ok()
}

/// The place of the password of a user of the operator in the secret manager.
pub(super) fn system_password(namespace: &Name, store: &Name, user: &str) -> Option<SecretRef> {
    format!("{namespace}/{store}/{}#{user}", Percona::SYSTEM).parse().ok()
}

impl Definition {
    /// Whether this version renders stores of the engine.
    pub(super) fn is_rendered(&self) -> bool {
        self.server.is_some() || self.operated.is_some()
    }

    /// The port of the server: the one with the engine's name, the only one, or the engine's default.
    fn listens(&self, ports: &[(String, NetworkPort)]) -> Option<u16> {
        let (name, own) = self.port?;
        let named = ports.iter().find(|(known, _)| known == name).or(if ports.len() == 1 { ports.first() } else { None });
        Some(named.map_or(own, |(_, port)| port.number()))
    }

    /// The arguments for a port other than the engine's default. `ports` are the ports of the container.
    pub(super) fn port_arguments(&self, ports: &[(String, NetworkPort)]) -> Vec<String> {
        let argument = self.server.as_ref().and_then(|server| server.port_argument);
        let port = self.listens(ports).filter(|port| self.port.is_some_and(|(_, own)| own != *port));
        argument.zip(port).map(|(argument, port)| vec![argument.to_owned(), port.to_string()]).unwrap_or_default()
    }
}

impl Server {
    /// The default image and probes of a store. `ports` are the ports of its container.
    pub(super) fn fallback(&self, definition: &Definition, store: &Store, ports: &[(String, NetworkPort)]) -> Fallback {
        let version = store.version.get().map(String::as_str);
        let image = self.image.and_then(|image| image(version).parse().ok());
        let probes = definition.listens(ports).map(self.probes).unwrap_or_default();
        Fallback { image, probes, ..Fallback::default() }
    }
}

impl Operated {
    /// The name of the program that runs the servers.
    pub(super) fn title(&self) -> &'static str {
        self.operator.facts().title
    }

    /// The versions with their images or releases, newest first.
    fn listed(&self) -> &'static [(&'static str, &'static str)] {
        match self.releases {
            Releases::Images(all) | Releases::Numbers(all) => all,
        }
    }

    /// The versions, newest first.
    pub(super) fn versions(&self) -> Vec<&'static str> {
        self.listed().iter().map(|(version, _)| *version).collect()
    }

    /// Whether the operator chooses the images.
    pub(super) fn chooses_images(&self) -> bool {
        matches!(self.releases, Releases::Numbers(_))
    }

    /// The version of which a text is a release, such as `17` of `17.11`.
    pub(super) fn version_of(&self, text: &str) -> Option<&'static str> {
        let is_release =
            |version: &&str| text.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
        self.versions().into_iter().find(is_release)
    }

    /// The release of the newest version.
    pub(super) fn release(&self) -> String {
        self.listed().first().map(|(_, named)| self.number(named)).unwrap_or_default()
    }

    /// The release that an entry of the list names.
    fn number(&self, named: &str) -> String {
        let Releases::Images(_) = self.releases else { return named.to_owned() };
        let tag = named.parse::<Image>().ok().and_then(|image| image.tag().map(ToString::to_string)).unwrap_or_default();
        tag.split('-').next().unwrap_or_default().to_owned()
    }

    /// What a version is run as: an image, or a release. The version is one of the list, or the newest release of one.
    pub(super) fn named(&self, version: &str) -> Option<&'static str> {
        self.listed().iter().find(|(known, named)| version == *known || self.number(named) == version).map(|(_, named)| *named)
    }

    /// The default image and resources of a store.
    pub(super) fn fallback(&self, store: &Store) -> Fallback {
        let named = store.version.get().and_then(|version| self.named(version));
        let image = named.filter(|_| !self.chooses_images()).and_then(|image| image.parse().ok());
        // The checks of the store report a version without an image.
        Fallback { image, image_checked: true, resources: Some(resources(self.cpu, self.memory)), ..Fallback::default() }
    }
}

fn resources((request, limit): (u32, u32), memory: u64) -> ((Quantity, Quantity), Quantity) {
    ((Quantity::from_millis(request.into()), Quantity::from_millis(limit.into())), Quantity::from_bytes(memory))
}

/// A probe with the default intervals of Kubernetes.
fn probe(action: ProbeAction) -> Option<Probe> {
    Some(Probe { action, after: None, every: None, timeout: None, failures: None })
}
