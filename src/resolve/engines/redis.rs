//! Redis.

use super::{Definition, Keeps, Programs, Server, probe};
use crate::model::{ProbeAction, Probes};

pub(super) const DEFINITION: Definition = Definition { port: Some(("redis", 6379)), scheme: "redis", server: Some(SERVER), operated: None };

/// Valkey differs from Redis only in image and client.
pub(super) const SERVER: Server = Server {
    image: Some(|version| format!("docker.io/library/redis:{}-alpine", version.unwrap_or("8.2"))),
    probes: |port| answering("redis-cli", port),
    data: "/data",
    writes_always: true,
    settings,
    port_argument: Some("--port"),
    programs: Some(Programs { server: "redis-server", client: "redis-cli", password: "REDISCLI_AUTH" }),
};

/// A server without a volume is a cache: it writes no files, and evicts the least recently used keys before the container reaches its memory limit.
/// A quarter of the limit is left for connections and fragmentation. `mb` is 1024 * 1024 bytes.
fn settings(keeps: Keeps) -> Vec<(&'static str, String)> {
    let Keeps::InMemory { limit } = keeps else { return vec![("appendonly", "yes".to_owned())] };
    let mut settings = vec![("save", String::new()), ("appendonly", "no".to_owned())];
    settings.extend(limit.map(|limit| ("maxmemory", format!("{}mb", (limit / 4 * 3) >> 20))));
    settings.push(("maxmemory-policy", "allkeys-lru".to_owned()));
    settings
}

/// The probes of a server that answers `PONG` to its client. While the server loads its data, it accepts connections but does not answer `PONG`:
/// it is live, but not ready.
pub(super) fn answering(client: &str, port: u16) -> Probes {
    let command = ["sh", "-c", &format!("test \"$({client} -p {port} ping)\" = PONG")].map(str::to_string).to_vec();
    Probes { ready: probe(ProbeAction::Exec { command }), live: probe(ProbeAction::Tcp { port }), start: None }
}
