//! Valkey: Redis with another image and client.

use super::{Definition, Programs, Server, redis};

pub(super) const DEFINITION: Definition = Definition { server: Some(SERVER), ..redis::DEFINITION };

const SERVER: Server = Server {
    image: Some(|version| format!("docker.io/valkey/valkey:{}-alpine", version.unwrap_or("8.1"))),
    probes: |port| redis::answering("valkey-cli", port),
    programs: Some(Programs { server: "valkey-server", client: "valkey-cli", password: "VALKEYCLI_AUTH" }),
    ..redis::SERVER
};
