//! A container and what is in it: values, files, volumes, probes and rights.

use crate::value::{Medium, Name, Quantity, SecretRef};

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: Name,
    /// Its image, as it is pulled.
    pub image: String,
    /// Replaces the entry point; empty: the image's own.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment variables, in order.
    pub variables: Vec<Variable>,
    /// Files from the spec.
    pub files: Vec<ConfigFile>,
    /// Where volumes are seen.
    pub mounts: Vec<Mount>,
    /// Ports: name and number.
    pub ports: Vec<(String, u16)>,
    /// Processors, request and limit.
    pub cpu: Option<(Quantity, Quantity)>,
    /// Memory, request and limit.
    pub memory: Option<(Quantity, Quantity)>,
    /// Disk, request and limit.
    pub ephemeral: Option<(Quantity, Quantity)>,
    /// Probes.
    pub probes: Probes,
    /// Rights.
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

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// Known when rendering: it goes to a ConfigMap.
    Text(String),
    /// In the secret manager.
    Secret(SecretRef),
    /// Text around values of the secret manager.
    Template(Vec<TemplatePart>),
}

/// A part of a value that is put together in the cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TemplatePart {
    /// Text known when rendering.
    Text(String),
    /// A value of the secret manager.
    Secret {
        /// Its place.
        reference: SecretRef,
        /// Whether it stands inside a URL and is encoded as a part of one.
        in_url: bool,
    },
}

/// A file in a container.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Its path.
    pub path: String,
    /// What is in it.
    pub content: FileContent,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum FileContent {
    /// Text.
    Text(String),
    /// A value of the secret manager.
    Secret(SecretRef),
}

/// Where a container sees a volume.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// The path.
    pub path: String,
    /// Whether it may not be written.
    pub read_only: bool,
}

/// A volume of a pod.
#[derive(Clone, Debug)]
pub enum Volume {
    /// An empty folder.
    Tmp {
        /// Its name.
        name: String,
        /// What it is kept on.
        medium: Medium,
        /// The most it may hold.
        size: Quantity,
    },
    /// A claim that stays.
    Claim {
        /// Its name.
        name: String,
        /// Its size.
        size: Quantity,
    },
    /// A folder of the node.
    Host(HostPath),
}

impl Volume {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Volume::Tmp { name, .. } | Volume::Claim { name, .. } => name,
            Volume::Host(host) => &host.name,
        }
    }
}

/// A folder of the node.
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
    /// Whether it can take traffic.
    pub ready: Option<Probe>,
    /// Whether it has to be restarted.
    pub live: Option<Probe>,
    /// Whether it has started.
    pub start: Option<Probe>,
}

/// A probe; what is `None` is Kubernetes' default.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What is tried.
    pub action: ProbeAction,
    /// Seconds before the first try.
    pub after: Option<u64>,
    /// Seconds between tries.
    pub every: Option<u64>,
    /// Seconds a try may take.
    pub timeout: Option<u64>,
    /// Failures in a row that count.
    pub failures: Option<u32>,
}

/// What a probe tries. Ports are container ports.
#[derive(Clone, Debug)]
pub enum ProbeAction {
    /// A path.
    Http {
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

/// The rights of a container.
#[derive(Clone, Debug)]
pub struct Security {
    /// User.
    pub user: u32,
    /// Group.
    pub group: u32,
    /// Capabilities beyond none.
    pub capabilities: Vec<String>,
    /// Whether it may write to its image.
    pub writable_root: bool,
    /// Whether it has every right on its node.
    pub privileged: bool,
}
