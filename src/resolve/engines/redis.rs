//! Redis.

use super::{Definition, Server, probe};
use crate::model::{ProbeAction, Probes};

pub(super) const DEFINITION: Definition = Definition { port: Some(("redis", 6379)), scheme: "redis", server: Some(SERVER) };

/// Valkey differs from Redis only in image and client.
pub(super) const SERVER: Server = Server {
    image: Some(|version| format!("docker.io/library/redis:{}-alpine", version.unwrap_or("8.2"))),
    probes: |port| answering("redis-cli", port),
    data: "/data",
    writes_always: true,
    persist: &["--appendonly", "yes"],
    port_argument: Some("--port"),
    alone: true,
};

/// The probes of a server that answers `PONG` to its client. While the server loads its data, it accepts connections but does not answer `PONG`:
/// it is live, but not ready.
pub(super) fn answering(client: &str, port: u16) -> Probes {
    let command = ["sh", "-c", &format!("test \"$({client} -p {port} ping)\" = PONG")].map(str::to_string).to_vec();
    Probes { ready: probe(ProbeAction::Exec { command }), live: probe(ProbeAction::Tcp { port }), start: None }
}
