//! Ports: numbers, names, and pairs of a Service's and a container's port.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use super::{Invalid, whole};

/// A TCP or UDP port, 1 to 65535.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Port(u16);

/// The pattern of a port's number, without anchors.
const NUMBER: &str = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

text!(Port, "a port such as `8080`", {
    "type": ["integer", "string"],
    "description": "A port, 1 to 65535.",
    "minimum": 1,
    "maximum": 65535,
    "pattern": format!("^{NUMBER}$"),
    "examples": [8080],
});

impl Port {
    /// The port with this number, or `None` for 0.
    pub const fn new(number: u16) -> Option<Self> {
        if number == 0 { None } else { Some(Port(number)) }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        whole(text)
            .and_then(|number| u16::try_from(number).ok())
            .and_then(Port::new)
            .ok_or_else(|| Invalid::not(text, "a port", "write a number from 1 to 65535, such as `8080`"))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// The name in Kubernetes.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        }
    }

    /// The name in firewalls and specs.
    pub const fn lower(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }

    /// The transport of a port in a spec, and the text without the suffix.
    fn split(text: &str) -> (&str, Transport) {
        text.strip_suffix("/udp").map_or((text, Transport::Tcp), |rest| (rest, Transport::Udp))
    }
}

/// A port with its transport protocol: `443` over TCP, or `123/udp`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NetworkPort {
    number: u16,
    transport: Transport,
}

text!(NetworkPort, "a port such as `443` or `123/udp`", {
    "type": ["integer", "string"],
    "description": "A port, 1 to 65535, over TCP; `/udp` after the number stands for UDP.",
    "minimum": 1,
    "maximum": 65535,
    "pattern": format!("^{NUMBER}(/udp)?$"),
    "examples": [443, "123/udp"],
});

impl NetworkPort {
    /// A port.
    pub const fn new(number: u16, transport: Transport) -> Self {
        NetworkPort { number, transport }
    }

    /// A TCP port.
    pub const fn tcp(number: u16) -> Self {
        NetworkPort::new(number, Transport::Tcp)
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.number
    }

    /// The transport protocol.
    pub const fn transport(self) -> Transport {
        self.transport
    }

    /// Whether the port is a UDP port.
    pub fn is_udp(self) -> bool {
        self.transport == Transport::Udp
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (number, transport) = Transport::split(text);
        let number: Result<Port, _> = number.parse();
        number
            .map(|number| NetworkPort::new(number.get(), transport))
            .map_err(|_| Invalid::not(text, "a port", "write a number from 1 to 65535, such as `443`, with `/udp` behind it for UDP"))
    }
}

/// Ports of one callee: one or more. In a network policy, a list without ports would allow every port.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NetworkPorts(Vec<NetworkPort>);

impl NetworkPorts {
    /// One port and others, in order and each once.
    pub fn new(first: NetworkPort, others: impl IntoIterator<Item = NetworkPort>) -> Self {
        let all: BTreeSet<NetworkPort> = std::iter::once(first).chain(others).collect();
        NetworkPorts(all.into_iter().collect())
    }

    /// Adds ports, in order and each once.
    pub fn extend(&mut self, others: NetworkPorts) {
        let all: BTreeSet<NetworkPort> = self.0.drain(..).chain(others.0).collect();
        self.0 = all.into_iter().collect();
    }

    /// The ports without some of them; `None` if no port is left.
    pub fn without(mut self, unwanted: impl Fn(&NetworkPort) -> bool) -> Option<Self> {
        self.0.retain(|port| !unwanted(port));
        (!self.0.is_empty()).then_some(self)
    }
}

impl<P: Into<NetworkPort>> From<P> for NetworkPorts {
    fn from(port: P) -> Self {
        NetworkPorts(vec![port.into()])
    }
}

impl Deref for NetworkPorts {
    type Target = [NetworkPort];

    fn deref(&self) -> &[NetworkPort] {
        &self.0
    }
}

impl From<u16> for NetworkPort {
    /// A TCP port.
    fn from(number: u16) -> Self {
        NetworkPort::tcp(number)
    }
}

impl fmt::Display for NetworkPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, if self.is_udp() { "/udp" } else { "" })
    }
}

/// A Service port and the container port behind it: `8080` for both, or `80->8080`; over UDP `53/udp` or `53->5353/udp`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PortMap {
    service: Port,
    container: Port,
    transport: Transport,
}

text!(PortMap, "a port such as `8080`, `80->8080` or `53/udp`", {
    "type": ["integer", "string"],
    "description": "A port, 1 to 65535, or a Service port and the container port behind it: `80->8080`; over TCP, or with `/udp` behind it over UDP.",
    "minimum": 1,
    "maximum": 65535,
    "pattern": format!("^({NUMBER}->)?{NUMBER}(/udp)?$"),
    "examples": [8080, "80->8080", "53/udp"],
});

impl PortMap {
    /// The pair of a Service port and a container port over TCP.
    pub const fn new(service: Port, container: Port) -> Self {
        PortMap { service, container, transport: Transport::Tcp }
    }

    /// The port of the Service.
    pub const fn service(self) -> Port {
        self.service
    }

    /// The port the container listens on.
    pub const fn container(self) -> Port {
        self.container
    }

    /// The transport protocol of both.
    pub const fn transport(self) -> Transport {
        self.transport
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (ports, transport) = Transport::split(text);
        let (service, container) = ports.split_once("->").unwrap_or((ports, ports));
        match (service.parse(), container.parse()) {
            (Ok(service), Ok(container)) => Ok(PortMap { service, container, transport }),
            _ => Err(Invalid::not(
                text,
                "a port",
                "write a number from 1 to 65535, such as `8080`, or a Service port and a container port, such as `80->8080`; `/udp` behind it stands for UDP",
            )),
        }
    }
}

impl fmt::Display for PortMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.service != self.container {
            write!(f, "{}->", self.service)?;
        }
        NetworkPort::new(self.container.get(), self.transport).fmt(f)
    }
}

string! {
    /// The name of a port (an IANA service name): at most 15 lower-case letters, digits and single inner hyphens, with at least one letter.
    PortName, "a port name such as `http`", {
        "type": "string",
        "description": "A port name: at most 15 lower-case letters, digits and single inner hyphens, with at least one letter.",
        "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        "maxLength": 15,
        "examples": ["http", "grpc"],
    }
}

impl PortName {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let parts_fit = text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if parts_fit && text.len() <= 15 && text.bytes().any(|b| b.is_ascii_lowercase()) {
            return Ok(PortName(text.to_owned()));
        }
        if parts_fit && text.len() > 15 {
            return Err(Invalid::too_long(text, "a port name", 15));
        }
        Err(Invalid::not(
            text,
            "a port name",
            "write at most 15 lower-case letters, digits and single hyphens, with at least one letter, such as `http`",
        ))
    }
}

/// A port of a container, given by number or name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PortSpecifier {
    /// The port's number.
    Number(Port),
    /// The port's name, a key of `ports`.
    Name(PortName),
}

text!(PortSpecifier, "a port number or name, such as `8080` or `http`", {
    "type": ["integer", "string"],
    "description": "A port, by number or name.",
    "minimum": 1,
    "maximum": 65535,
    "pattern": format!("^({NUMBER}|[a-z0-9]+(-[a-z0-9]+)*)$"),
    "maxLength": 15,
    "examples": [8080, "http"],
});

impl PortSpecifier {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let numeric = text.bytes().all(|b| b.is_ascii_digit());
        if numeric { text.parse().map(PortSpecifier::Number) } else { text.parse().map(PortSpecifier::Name) }
    }
}

impl fmt::Display for PortSpecifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortSpecifier::Number(port) => port.fmt(f),
            PortSpecifier::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn ports_agree_with_their_schema() {
        agree::<Port>(&["1", "8080", "65535"], &["", "0", "65536", "080", "+80", "-1", "8080.0", "99999999999999999999"], &[]);
        agree::<NetworkPort>(&["443", "123/udp"], &["", "0", "53/tcp", "/udp", "53/udp/udp", "1->2"], &[]);
        agree::<PortMap>(
            &["8080", "80->8080", "53/udp", "53->5353/udp"],
            &["", "80->", "->80", "80->0", "80-8080", "1->2->3", "53/tcp", "53/udp->53"],
            &[],
        );
        agree::<PortName>(&["http", "grpc-web", "9p"], &["", "a--b", "-a", "Http", "sixteen-letters1"], &["80"]);
        agree::<PortSpecifier>(&["http", "8080"], &["", "a_b"], &["0", "70000"]);
    }

    #[test]
    fn ports_of_a_callee_stand_in_order_and_once() {
        let mut ports = NetworkPorts::from(8443);
        ports.extend(NetworkPorts::new(NetworkPort::tcp(8443), [NetworkPort::tcp(443)]));
        assert_eq!(ports[..], [NetworkPort::tcp(443), NetworkPort::tcp(8443)]);
    }

    #[test]
    fn a_map_knows_both_sides() {
        let map: PortMap = "80->8080".parse().unwrap();
        assert_eq!((map.service().get(), map.container().get()), (80, 8080));
        assert_eq!("81->81".parse::<PortMap>().unwrap().to_string(), "81");
        let map: PortMap = "53->5353/udp".parse().unwrap();
        assert_eq!((map.container().get(), map.transport(), map.to_string().as_str()), (5353, Transport::Udp, "53->5353/udp"));
    }
}
