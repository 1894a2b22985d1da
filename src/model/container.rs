//! Containers: variables, files, volumes, probes and security context.

use crate::value::{FileMode, Medium, Name, NetworkPort, Quantity, SecretPath, SecretRef};

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: Name,
    /// The image reference that the cluster pulls. Empty: an operator chooses it.
    pub image: String,
    /// The command. Empty: the image's entry point.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// The working directory. `None`: the image's.
    pub workdir: Option<String>,
    /// Environment variables, in order.
    pub variables: Vec<Variable>,
    /// Whole secrets whose keys are variables: later ones override earlier ones, and all other variables override them.
    pub secrets: Vec<SecretPath>,
    /// Files from the spec.
    pub files: Vec<ConfigFile>,
    /// Volume mounts.
    pub mounts: Vec<Mount>,
    /// Ports, each with its name.
    pub ports: Vec<(String, NetworkPort)>,
    /// Processors, request and limit. The limit may be absent.
    pub cpu: Option<(Quantity, Option<Quantity>)>,
    /// Memory, request and limit.
    pub memory: Option<(Quantity, Quantity)>,
    /// Disk, request and limit.
    pub ephemeral: Option<(Quantity, Quantity)>,
    /// The number of GPUs of NVIDIA.
    pub gpus: u32,
    /// Probes.
    pub probes: Probes,
    /// The command that runs before the container stops. Empty: none.
    pub stop: Vec<String>,
    /// Whether a sidecar starts before the init containers; `false` for other containers.
    pub before_init: bool,
    /// Security context.
    pub security: Security,
}

/// A variable of a container.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Source,
}

/// The source of a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A text that is known when rendering; a ConfigMap holds it.
    Text(String),
    /// A value of the secret manager.
    Secret(SecretRef),
    /// Text that contains values of the secret manager.
    Template(Vec<TemplatePart>),
    /// A fact of the pod.
    Fact(PodFact),
    /// An entry of a Secret that an operator makes in the namespace.
    Made {
        /// The Secret.
        secret: String,
        /// The entry.
        key: &'static str,
    },
    /// Text that contains facts of the pod. The variable [`PodFact::variable`] of each fact stands before this variable.
    Composed(Vec<FactPart>),
}

/// A part of a value that the kubelet assembles when it starts the container.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FactPart {
    /// Text known when rendering.
    Text(String),
    /// A fact of the pod.
    Fact(PodFact),
}

/// What is known of a pod only in the cluster.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PodFact {
    /// Its name.
    Name,
    /// Its IP address.
    Ip,
    /// Its UID.
    Uid,
    /// The name of its node.
    NodeName,
    /// The IP address of its node.
    HostIp,
}

impl PodFact {
    /// The field of the pod that holds the fact.
    pub fn field(self) -> &'static str {
        match self {
            PodFact::Name => "metadata.name",
            PodFact::Ip => "status.podIP",
            PodFact::Uid => "metadata.uid",
            PodFact::NodeName => "spec.nodeName",
            PodFact::HostIp => "status.hostIP",
        }
    }

    /// The variable through which longer texts refer to the fact.
    pub fn variable(self) -> &'static str {
        match self {
            PodFact::Name => "PLATGEN_POD_NAME",
            PodFact::Ip => "PLATGEN_POD_IP",
            PodFact::Uid => "PLATGEN_POD_UID",
            PodFact::NodeName => "PLATGEN_NODE_NAME",
            PodFact::HostIp => "PLATGEN_HOST_IP",
        }
    }
}

/// A part of a value that the secret operator assembles in the cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TemplatePart {
    /// Text known when rendering.
    Text(String),
    /// A value of the secret manager.
    Secret {
        /// Its place.
        reference: SecretRef,
        /// Whether the value is part of a URL and has to be URL-encoded.
        in_url: bool,
    },
}

/// A file in a container.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Its path.
    pub path: String,
    /// Its content.
    pub content: FileContent,
    /// Its permissions. `None`: those of its volume.
    pub mode: Option<FileMode>,
}

/// The content of a file.
#[derive(Clone, Debug)]
pub enum FileContent {
    /// Text.
    Text(String),
    /// Bytes that are no text.
    Binary(Vec<u8>),
    /// A value of the secret manager.
    Secret(SecretRef),
    /// The object of the restored database with this `namespace/name`, which no other file holds.
    Restored(String),
}

/// A volume mount of a container.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// The path.
    pub path: String,
    /// Whether the mount is read-only.
    pub read_only: bool,
}

/// A volume of a pod.
#[derive(Clone, Debug)]
pub enum Volume {
    /// An empty directory.
    Tmp {
        /// Its name.
        name: String,
        /// The storage medium.
        medium: Medium,
        /// The size limit.
        size: Quantity,
    },
    /// A persistent volume claim.
    Claim {
        /// Its name.
        name: String,
        /// Its size.
        size: Quantity,
        /// Its storage class; none for the cluster's default.
        class: Option<String>,
    },
    /// A volume that several workloads mount.
    Shared {
        /// Its name in the pod.
        name: String,
        /// The name of its claim.
        claim: String,
        /// Whether the pod can't write to it.
        read_only: bool,
    },
    /// A directory of the node.
    Host(HostPath),
}

impl Volume {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Volume::Tmp { name, .. } | Volume::Claim { name, .. } | Volume::Shared { name, .. } => name,
            Volume::Host(host) => &host.name,
        }
    }
}

/// A directory of the node.
#[derive(Clone, Debug)]
pub struct HostPath {
    /// The volume's name.
    pub name: String,
    /// The path on the node.
    pub path: String,
}

/// The probes of a container.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    /// The readiness probe.
    pub ready: Option<Probe>,
    /// The liveness probe.
    pub live: Option<Probe>,
    /// The startup probe.
    pub start: Option<Probe>,
}

/// A probe. `None` leaves a field to the default of Kubernetes.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The action.
    pub action: ProbeAction,
    /// Seconds before the first probe.
    pub after: Option<u64>,
    /// Seconds between probes.
    pub every: Option<u64>,
    /// Timeout in seconds.
    pub timeout: Option<u64>,
    /// Consecutive failures until the probe fails.
    pub failures: Option<u32>,
}

/// The action of a probe. Ports are container ports.
#[derive(Clone, Debug)]
pub enum ProbeAction {
    /// A path.
    Http {
        /// Whether the connection is made with TLS.
        tls: bool,
        /// The path.
        path: String,
        /// The port.
        port: u16,
        /// Headers.
        headers: Vec<(String, String)>,
    },
    /// The gRPC health protocol.
    Grpc {
        /// The service; empty for the server as a whole.
        service: String,
        /// The port.
        port: u16,
    },
    /// A connection.
    Tcp {
        /// The port.
        port: u16,
    },
    /// A command.
    Exec {
        /// The command.
        command: Vec<String>,
    },
}

/// Users and groups of the node may have the IDs below this one.
pub const FIRST_POD_ID: u32 = 10_000;

/// The security context of a container.
#[derive(Clone, Debug)]
pub struct Security {
    /// User.
    pub user: u32,
    /// Group.
    pub group: u32,
    /// Added capabilities; all others are dropped.
    pub capabilities: Vec<String>,
    /// Whether the root file system is writable.
    pub writable_root: bool,
    /// Whether the container is privileged.
    pub privileged: bool,
}
