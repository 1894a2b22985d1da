//! Database engines: what each brings where a store says nothing.
//!
//! An engine that platgen runs has a file of its own with a [`Server`]; of the others the port and the scheme of URLs are known, so that references
//! to their stores can be checked.

mod custom;
mod redis;
mod valkey;

use crate::model::{Probe, ProbeAction, Probes};
use crate::spec::Store;
use crate::value::{Engine, Image};

/// The image and the probes of a container whose spec has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Fallback {
    pub(super) image: Option<Image>,
    pub(super) probes: Probes,
    /// Whether a missing image is reported by the checks of the entry.
    pub(super) told: bool,
}
/// What platgen knows of an engine.
pub(super) struct Definition {
    /// Name and number of its port; none where every store names its own.
    pub(super) port: Option<(&'static str, u16)>,
    /// The scheme of its URLs.
    pub(super) scheme: &'static str,
    /// How its server runs in the cluster; none for an engine that this version does not render.
    pub(super) server: Option<Server>,
}

/// Where a store has its data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeps {
    /// On a volume.
    OnVolume,
    /// In memory alone; the container's memory limit in bytes.
    InMemory {
        /// `None` without a limit.
        limit: Option<u64>,
    },
}

/// How the server of an engine runs in the cluster.
pub(super) struct Server {
    /// The image of a version, or of the default one; none where every store names its own.
    pub(super) image: Option<fn(Option<&str>) -> String>,
    /// The probes of a server that listens on a port.
    pub(super) probes: fn(u16) -> Probes,
    /// The folder in which it keeps its data.
    pub(super) data: &'static str,
    /// Whether it writes to the folder although the store keeps nothing, so that a cache needs an empty folder there.
    pub(super) writes_always: bool,
    /// Its settings, name and value, where the store gives neither `command` nor `args`. The store's `parameters` replace them by name.
    pub(super) settings: fn(Keeps) -> Vec<(&'static str, String)>,
    /// The argument before the number of another port than its own.
    pub(super) port_argument: Option<&'static str>,
    /// Whether several members would hold different data: the server does not replicate.
    pub(super) alone: bool,
}

/// What platgen knows of an engine.
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
    /// The container's port on which the server listens: the one with the engine's name, the only one, or the engine's own.
    fn listens(&self, ports: &[(String, u16)]) -> Option<u16> {
        let (name, own) = self.port?;
        let named = ports.iter().find(|(known, _)| known == name).or(if ports.len() == 1 { ports.first() } else { None });
        Some(named.map_or(own, |(_, port)| *port))
    }

    /// The arguments that tell the server to listen on another port than the engine's own; `ports` are those of its container.
    pub(super) fn port_arguments(&self, ports: &[(String, u16)]) -> Vec<String> {
        let argument = self.server.as_ref().and_then(|server| server.port_argument);
        let port = self.listens(ports).filter(|port| self.port.is_some_and(|(_, own)| own != *port));
        argument.zip(port).map(|(argument, port)| vec![argument.to_owned(), port.to_string()]).unwrap_or_default()
    }
}

impl Server {
    /// Image and probes of a store that names none; `ports` are those of its container.
    pub(super) fn fallback(&self, definition: &Definition, store: &Store, ports: &[(String, u16)]) -> Fallback {
        let version = store.version.get().map(String::as_str);
        let image = self.image.and_then(|image| image(version).parse().ok());
        Fallback { image, probes: definition.listens(ports).map(self.probes).unwrap_or_default(), told: false }
    }
}

/// A probe with the intervals of Kubernetes.
fn probe(action: ProbeAction) -> Option<Probe> {
    Some(Probe { action, after: None, every: None, timeout: None, failures: None })
}
