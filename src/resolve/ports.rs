//! The ports of an entry.

use crate::spec::App;
use crate::syntax::{Field, Map};
use crate::value::{NetworkPort, PortMap, PortName, Protocol, Transport};

/// A port of an entry.
#[derive(Clone, Debug)]
pub(super) struct EntryPort {
    pub(super) name: String,
    /// The number at the Service.
    pub(super) service: u16,
    /// The number at the container.
    pub(super) target: u16,
    pub(super) transport: Transport,
}

impl EntryPort {
    /// A port with the same number at the Service and the container.
    pub(super) fn new(name: impl Into<String>, port: NetworkPort) -> EntryPort {
        EntryPort { name: name.into(), service: port.number(), target: port.number(), transport: port.transport() }
    }

    pub(super) fn of(name: impl Into<String>, map: PortMap) -> EntryPort {
        EntryPort { name: name.into(), service: map.service().get(), target: map.container().get(), transport: map.transport() }
    }

    /// The port of the Service.
    pub(super) fn at_service(&self) -> NetworkPort {
        NetworkPort::new(self.service, self.transport)
    }

    /// The port of the container.
    pub(super) fn at_container(&self) -> NetworkPort {
        NetworkPort::new(self.target, self.transport)
    }
}

/// The default name of an app's only port: its protocol.
pub(super) fn port_name(app: &App) -> &'static str {
    match app.protocol.get() {
        _ if app.port.get().is_some_and(|port| port.transport() == Transport::Udp) => "udp",
        Some(Protocol::Grpc) => "grpc",
        Some(Protocol::Tcp) => "tcp",
        _ => "http",
    }
}

/// Whether the ports are invalid or both `port` and `ports` are set.
pub(super) fn ports_invalid(port: &Field<PortMap>, ports: &Field<Map<PortName, PortMap>>) -> bool {
    matches!(port, Field::Bad(_))
        || matches!(ports, Field::Bad(_))
        || ports.get().is_some_and(|all| all.is_broken() || all.iter().any(|(_, _, value)| matches!(value, Field::Bad(_))))
        || (!port.is_missing() && !ports.is_missing())
}

/// The ports of an entry: from `port`, `ports`, or its engine.
pub(super) fn ports(port: &Field<PortMap>, ports: &Field<Map<PortName, PortMap>>, fallback: Option<(&str, u16)>) -> Vec<EntryPort> {
    let mut all: Vec<EntryPort> = Vec::new();
    let default = fallback.map_or("tcp", |(name, _)| name);
    all.extend(port.get().map(|map| EntryPort::of(default, *map)));
    all.extend(ports.entries().map(|(name, _, map)| EntryPort::of(name.to_string(), *map)));
    if all.is_empty()
        && let Some((name, number)) = fallback.filter(|(_, number)| *number != 0)
    {
        all.push(EntryPort::new(name, NetworkPort::tcp(number)));
    }
    all
}
