//! Exposures: the ways from outside the cluster to a workload.

use crate::source::Span;
use crate::value::{Cidr, Duration, Sticky, Via};

/// An exposure of a workload outside the cluster.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// The span of the declaration in the spec.
    pub span: Span,
    /// What the Gateway passes on.
    pub entrance: Entrance,
    /// The full host name; empty for connections over TCP, which carry none.
    pub host: String,
    /// Path prefix of the requests.
    pub path: String,
    /// Replacement of the path prefix.
    pub rewrite: Option<String>,
    /// The Service's port.
    pub port: u16,
    /// The container's port.
    pub target: u16,
    /// Request timeout; zero for none.
    pub timeout: Option<Duration>,
    /// Whether WebSocket connections are allowed.
    pub websocket: bool,
    /// What binds a client to one pod.
    pub sticky: Option<Sticky>,
    /// The load balancer.
    pub via: Via,
    /// The permitted client ranges. Empty: all.
    pub from: Vec<Cidr>,
}

impl Exposure {
    /// Whether requests reach a path of the workload. Connections have every path.
    pub fn leads_to(&self, path: &str) -> bool {
        let prefix = self.rewrite.as_deref().unwrap_or(&self.path).trim_end_matches('/');
        self.entrance != Entrance::Http || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// What a Gateway passes on to a workload.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Entrance {
    /// Requests of HTTP and gRPC. TLS ends at the Gateway.
    Http,
    /// Connections to this port of the load balancer.
    Tcp(u16),
    /// TLS connections for the host. TLS ends at the workload.
    Passthrough,
}

impl Entrance {
    /// The Gateway that it goes through.
    pub fn gateway(self, via: Via) -> &'static str {
        match (via, self) {
            (Via::Public, Entrance::Http | Entrance::Tcp(_)) => "public",
            (Via::Public, Entrance::Passthrough) => "public-passthrough",
            (Via::Internal, Entrance::Http | Entrance::Tcp(_)) => "internal",
            (Via::Internal, Entrance::Passthrough) => "internal-passthrough",
        }
    }
}

/// The certificate with which a workload answers a Gateway.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The names of the Service's ports that the Gateway reaches over HTTPS.
    pub ports: Vec<String>,
    /// The host in the certificate.
    pub host: String,
    /// The certificates of the authority that signed the certificate, as PEM. `None`: any public authority.
    pub authority: Option<String>,
}

/// Requests that are sent on to another URL.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The full host name.
    pub host: String,
    /// Path prefix of the requests.
    pub path: String,
    /// The load balancer.
    pub via: Via,
    /// `http` or `https`.
    pub scheme: String,
    /// The host of the URL.
    pub to: String,
    /// The port of the URL, if it is not the scheme's.
    pub port: Option<u16>,
    /// The path that replaces that of the request. `None` keeps the path.
    pub replacement: Option<String>,
}
