//! Database engines and their defaults.
//!
//! A rendered engine has a file with a [`Server`]. For the other engines, the port and the scheme of URLs are known, so that references to their
//! stores can be checked.

mod custom;
mod redis;
mod valkey;

use crate::model::{Probe, ProbeAction, Probes};
use crate::spec::Store;
use crate::value::{Engine, Image, NetworkPort};

/// The default image and probes of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Fallback {
    pub(super) image: Option<Image>,
    pub(super) probes: Probes,
    /// Whether the checks of the entry report a missing image.
    pub(super) image_checked: bool,
}

/// The definition of an engine.
pub(super) struct Definition {
    /// Name and number of its port. `None` for `custom`.
    pub(super) port: Option<(&'static str, u16)>,
    /// The scheme of its URLs.
    pub(super) scheme: &'static str,
    /// Its server in the cluster. `None` if this version does not render the engine.
    pub(super) server: Option<Server>,
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
        Definition { port: Some(port), scheme, server: None }
    }
    const POSTGRES: Definition = not_rendered(("postgres", 5432), "postgres");
    const MYSQL: Definition = not_rendered(("mysql", 3306), "mysql");
    const MONGODB: Definition = not_rendered(("mongodb", 27017), "mongodb");
    const RABBITMQ: Definition = not_rendered(("amqp", 5672), "amqp");
    const KAFKA: Definition = not_rendered(("kafka", 9092), "kafka");
    const OPENSEARCH: Definition = not_rendered(("https", 9200), "https");
    match engine {
        Engine::Postgres => &POSTGRES,
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

impl Definition {
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
        Fallback { image, probes: definition.listens(ports).map(self.probes).unwrap_or_default(), image_checked: false }
    }
}

/// A probe with the default intervals of Kubernetes.
fn probe(action: ProbeAction) -> Option<Probe> {
    Some(Probe { action, after: None, every: None, timeout: None, failures: None })
}
