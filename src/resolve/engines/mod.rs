//! Database engines and their defaults.
//!
//! A rendered engine has a file, with a [`Server`] or, if an operator runs its servers, with what [`Operated`] holds. For the other engines, the port and
//! the scheme of URLs are known, so that references to their stores can be checked.

mod custom;
mod postgres;
mod redis;
mod valkey;

use crate::model::{Addon, Probe, ProbeAction, Probes};
use crate::spec::Store;
use crate::value::{Engine, Image, Name, NetworkPort, Quantity, SecretRef};

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
    pub(super) operator: Addon,
    /// The image of each version, newest first.
    pub(super) images: &'static [(&'static str, &'static str)],
    /// The ports on which the servers call each other, and the operator calls them.
    pub(super) ports: &'static [u16],
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
    /// The settings that the operator makes itself.
    pub(super) fixed: &'static [&'static str],
    /// Names that no database can have.
    pub(super) databases: &'static [&'static str],
    /// Names that no user can have.
    pub(super) users: &'static [&'static str],
    /// Its settings by name and value, from the memory and the volume of a server. The store's `parameters` replace them by name.
    pub(super) settings: fn(&Quantity, &Quantity) -> Vec<(&'static str, String)>,
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
    /// Whether the server does not replicate, so that several replicas would have different data.
    pub(super) alone: bool,
}

/// The definition of an engine.
pub(super) fn of(engine: Engine) -> &'static Definition {
    const fn not_rendered(port: (&'static str, u16), scheme: &'static str) -> Definition {
        Definition { port: Some(port), scheme, server: None, operated: None }
    }
    const MYSQL: Definition = not_rendered(("mysql", 3306), "mysql");
    const MONGODB: Definition = not_rendered(("mongodb", 27017), "mongodb");
    const RABBITMQ: Definition = not_rendered(("amqp", 5672), "amqp");
    const KAFKA: Definition = not_rendered(("kafka", 9092), "kafka");
    const OPENSEARCH: Definition = not_rendered(("https", 9200), "https");
    match engine {
        Engine::Postgres => &postgres::DEFINITION,
        Engine::Mysql => &MYSQL,
        Engine::Mongodb => &MONGODB,
        Engine::Redis => &redis::DEFINITION,
        Engine::Valkey => &valkey::DEFINITION,
        Engine::Rabbitmq => &RABBITMQ,
        Engine::Kafka => &KAFKA,
        Engine::Opensearch => &OPENSEARCH,
        Engine::Custom => &custom::DEFINITION,
    }
}

/// Whether an operator makes the users of a store.
pub(super) fn has_users(engine: Option<Engine>) -> bool {
    engine.is_some_and(|engine| of(engine).operated.is_some())
}

/// The place of a user's password in the secret manager.
pub(super) fn password(namespace: &Name, store: &Name, user: &Name) -> Option<SecretRef> {
    format!("{namespace}/{store}/{user}#password").parse().ok()
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
    /// The image of a version: a major version, or a minor version that is the newest of its major version.
    pub(super) fn image(&self, version: &str) -> Option<Image> {
        let is_it = |known: &str, image: &Image| {
            let tag = image.tag().map(ToString::to_string).unwrap_or_default();
            version == known || tag.split('-').next() == Some(version)
        };
        self.images.iter().find_map(|(known, image)| image.parse().ok().filter(|image| is_it(known, image)))
    }

    /// The default image and resources of a store.
    pub(super) fn fallback(&self, store: &Store) -> Fallback {
        let image = store.version.get().and_then(|version| self.image(version));
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
