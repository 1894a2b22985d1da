//! What runs in a region: apps and stores alike, with every value resolved for that region.

use super::{Addon, Container, Volume};
use crate::source::Span;
use crate::value::{Cidr, Engine, Name, Percent, Protocol, Via};

/// An app or a store in one region.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Where its key stands in the spec.
    pub span: Span,
    /// Its name, unique in its namespace.
    pub name: Name,
    /// Its namespace.
    pub namespace: Name,
    /// The team that owns it.
    pub owner: Name,
    /// The engine of the store that it runs, which stands under the same name in the region's `stores`; none for an app.
    pub store: Option<Engine>,
    /// What it is.
    pub kind: Kind,
    /// What it speaks.
    pub protocol: Protocol,
    /// How many there are, least and most; equal without autoscaling.
    pub replicas: (u32, u32),
    /// What starts more of them.
    pub autoscaling: Option<Autoscaling>,
    /// Containers that run to completion first, in order.
    pub init: Vec<Container>,
    /// The app's own container.
    pub main: Container,
    /// Containers beside it.
    pub sidecars: Vec<Container>,
    /// Volumes of its pods.
    pub volumes: Vec<Volume>,
    /// The Service in front of it.
    pub service: Option<Service>,
    /// Ways in from outside.
    pub exposures: Vec<Exposure>,
    /// Where its pods may run.
    pub placement: Placement,
    /// Seconds it may take to stop, without the draining of connections.
    pub grace: u64,
    /// Group that owns its volumes.
    pub fs_group: u32,
    /// Whether its pods see the node's network.
    pub host_network: bool,
    /// Whether its pods see the node's processes.
    pub host_pid: bool,
    /// Why its rights are looser than the default.
    pub reason: Option<String>,
    /// Why it has no probes.
    pub no_probes: Option<String>,
}

impl Workload {
    /// Whether it runs a store.
    pub fn is_store(&self) -> bool {
        self.store.is_some()
    }

    /// Whether a rollout stops the old pod before the new one starts: two pods of a store without a volume would hold different data.
    pub fn is_recreated(&self) -> bool {
        self.is_store() && matches!(self.kind, Kind::Deployment) && self.replicas.1 == 1
    }

    /// Every container: its own, then init containers, then sidecars.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        std::iter::once(&self.main).chain(&self.init).chain(&self.sidecars)
    }
}

/// What a workload is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Served or working all the time.
    Deployment,
    /// The same with volumes that stay; sizes by volume name.
    StatefulSet,
    /// One on every node.
    DaemonSet,
    /// Runs by the clock.
    CronJob(Cron),
    /// Runs once before a rollout.
    Job {
        /// Seconds after which Kubernetes stops it.
        deadline: u64,
    },
}

/// When and how long a CronJob runs.
#[derive(Clone, Debug)]
pub struct Cron {
    /// Five-field cron.
    pub schedule: String,
    /// Its time zone.
    pub timezone: String,
    /// Seconds after which Kubernetes stops a run.
    pub deadline: u64,
}

/// What starts more pods.
#[derive(Clone, Debug)]
pub struct Autoscaling {
    /// Share of the requested processors.
    pub cpu: Option<Percent>,
    /// Share of the requested memory.
    pub memory: Option<Percent>,
}

/// The Service in front of a workload.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Further names, each a Service of its own.
    pub aliases: Vec<Name>,
}

/// A port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name.
    pub name: String,
    /// The Service's number.
    pub port: u16,
    /// The container's number.
    pub target: u16,
}

/// A way in from outside.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// Where the spec declares it.
    pub span: Span,
    /// The full host name.
    pub host: String,
    /// The path below which it is reached; `/` is all.
    pub path: String,
    /// What that path becomes.
    pub rewrite: Option<String>,
    /// The Service's port.
    pub port: u16,
    /// The container's port.
    pub target: u16,
    /// Seconds a request may take.
    pub timeout: Option<u64>,
    /// Whether connections stay open.
    pub websocket: bool,
    /// Through which load balancer.
    pub via: Via,
    /// Who may come in; everybody where empty.
    pub from: Vec<Cidr>,
}

/// Where a workload's pods may run.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The subnets it may run in; one, but for what runs on every node.
    pub subnets: Vec<Name>,
    /// Whether it runs on every node there is, whatever its subnet.
    pub everywhere: bool,
    /// One pool of it.
    pub pool: Option<Name>,
    /// The architectures its nodes may have; empty: any.
    pub architectures: Vec<&'static str>,
    /// Taints it tolerates.
    pub tolerations: Vec<Toleration>,
    /// How its pods are spread over zones.
    pub spread: Spread,
}

/// A taint that is tolerated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Toleration {
    /// The taint's key.
    pub key: String,
    /// The taint's value.
    pub value: String,
    /// Its effect, as Kubernetes spells it.
    pub effect: &'static str,
}

/// How pods are spread over zones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spread {
    /// Not at all: one pod, a job, or one on every node.
    None,
    /// Evenly where it can be.
    Soft,
    /// Evenly, or not at all.
    Hard,
}

/// Somebody may call somebody.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Flow {
    /// Who calls.
    pub from: Peer,
    /// Who is called.
    pub to: Peer,
    /// On which container ports, over TCP.
    pub ports: Vec<u16>,
    /// What asks for the flow, such as `app/web calls store/orders`.
    pub why: String,
    /// Where the spec declares the dependency, the exposure or the metrics that it follows from.
    pub span: Span,
}

/// An end of a flow.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Peer {
    /// A workload of the platform.
    Workload {
        /// The region that it runs in.
        region: Name,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The pods of an add-on of the region's cluster.
    Addon(Addon),
    /// A service outside: where it is known, its range, else the internet without private ranges.
    Outside {
        /// Its name in the spec.
        name: String,
        /// Its ranges; empty for a host name on the internet.
        cidrs: Vec<Cidr>,
    },
}
