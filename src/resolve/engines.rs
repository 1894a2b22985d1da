//! What an engine brings where a store says nothing: its image, its port, its probes.

use super::probes::Fallback;
use crate::model::{Probe, ProbeAction, Probes};
use crate::spec::{Engine, Store};

/// The port that an engine listens on, with its name.
pub(super) fn port(engine: Engine) -> Option<(&'static str, u16)> {
    match engine {
        Engine::Redis | Engine::Valkey => Some(("redis", 6379)),
        Engine::Postgres => Some(("postgres", 5432)),
        Engine::Mysql => Some(("mysql", 3306)),
        Engine::Mongodb => Some(("mongodb", 27017)),
        Engine::Rabbitmq => Some(("amqp", 5672)),
        Engine::Kafka => Some(("kafka", 9092)),
        Engine::Opensearch => Some(("https", 9200)),
        Engine::Custom => None,
    }
}

/// The container's port on which an engine listens for its clients: its own, or the only one that the store names.
pub(super) fn listens(engine: Engine, ports: &[(String, u16)]) -> Option<u16> {
    let (name, own) = port(engine)?;
    let named = ports.iter().find(|(known, _)| known == name).or(if ports.len() == 1 { ports.first() } else { None });
    Some(named.map_or(own, |(_, port)| *port))
}

/// The image and probes that an engine brings; `ports` are those of its container.
pub(super) fn fallback(engine: Engine, store: &Store, ports: &[(String, u16)]) -> Fallback {
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
    let probes = match (engine, listens(engine, ports)) {
        (Engine::Custom, _) | (_, None) => Probes::default(),
        (_, Some(port)) => {
            let ready = match engine {
                Engine::Redis => probe(answers("redis-cli", port)),
                Engine::Valkey => probe(answers("valkey-cli", port)),
                _ => probe(ProbeAction::Tcp { port }),
            };
            Probes { ready, live: probe(ProbeAction::Tcp { port }), start: None }
        }
    };
    Fallback { image: image.and_then(|image| image.parse().ok()), probes, told: false }
}
