//! Connections that are permitted: policies, firewalls and reports are made of them.

use super::Addon;
use crate::source::Span;
use crate::value::{Cidr, Name, NetworkPorts};

/// A permitted connection.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// The caller.
    pub from: Peer,
    /// The callee.
    pub to: Peer,
    /// The ports of the callee.
    pub ports: NetworkPorts,
    /// The cause, such as `app/web calls store/orders`.
    pub why: String,
    /// The span of the dependency, exposure or metrics key that causes the flow.
    pub span: Span,
}

/// An end of a flow.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Peer {
    /// A workload of the platform.
    Workload {
        /// Its region.
        region: Name,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The pods of an add-on of the region's cluster.
    Addon(Addon),
    /// The pods of a chart of the spec: the release, by its namespace and name.
    Chart {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The API server of the region's cluster, or the agent on each node that hands out the credentials of cloud identities. No firewall is in the way, so
    /// the ranges matter to network policies alone.
    Cluster {
        /// The ranges that hold its addresses.
        cidrs: Vec<Cidr>,
    },
    /// An external service: its ranges if known, else the internet without private ranges.
    Outside {
        /// Its name in the spec.
        name: String,
        /// Its ranges. Empty for a host name on the internet.
        cidrs: Vec<Cidr>,
        /// The entry of the platform that answers there, by `namespace/name`: the app behind a public address, or a store that a service of the cloud runs.
        app: Option<String>,
        /// Whether nodes reach it through a gateway endpoint of their network, as S3 of the region on AWS. The firewall of every class is open to it.
        gateway: bool,
    },
}

impl Peer {
    /// Whether the entry with this `namespace/name` answers at an address outside of the cluster.
    pub fn answers_as(&self, key: &str) -> bool {
        matches!(self, Peer::Outside { app: Some(entry), .. } if entry == key)
    }
}
