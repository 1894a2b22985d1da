//! Redis.

use super::{Definition, Keeps, Server, probe};
use crate::model::{ProbeAction, Probes};

pub(super) const DEFINITION: Definition = Definition { port: Some(("redis", 6379)), scheme: "redis", server: Some(SERVER) };

/// Valkey, which comes from Redis, differs in image and client alone.
pub(super) const SERVER: Server = Server {
    image: Some(|version| format!("docker.io/library/redis:{}-alpine", version.unwrap_or("8.2"))),
    probes: |port| answering("redis-cli", port),
    data: "/data",
    writes_always: true,
    settings,
    port_argument: Some("--port"),
    alone: true,
};

/// A server without a volume is a cache: it writes no file and drops the keys that were not used for the longest time before the memory limit ends
/// the container. A quarter of the limit is left for connections and fragmentation. `mb` are 1024 * 1024 bytes.
fn settings(keeps: Keeps) -> Vec<(&'static str, String)> {
    let Keeps::InMemory { limit } = keeps else { return vec![("appendonly", "yes".to_owned())] };
    let mut settings = vec![("save", String::new()), ("appendonly", "no".to_owned())];
    settings.extend(limit.map(|limit| ("maxmemory", format!("{}mb", (limit / 4 * 3) >> 20))));
    settings.push(("maxmemory-policy", "allkeys-lru".to_owned()));
    settings
}

/// The probes of a server that answers `PONG` to its client. While it reads its data it accepts connections and answers otherwise: alive, and not
/// ready.
pub(super) fn answering(client: &str, port: u16) -> Probes {
    let command = ["sh", "-c", &format!("test \"$({client} -p {port} ping)\" = PONG")].map(str::to_string).to_vec();
    Probes { ready: probe(ProbeAction::Exec { command }), live: probe(ProbeAction::Tcp { port }), start: None }
}
