//! What apps, stores, init containers and sidecars have in common: a container.

use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Capability, Duration, Image, Medium, PortMap, PortName, PortSpecifier, Quantity, QuantityRange, RelativePath, SecretRef,
    Text, VariableName,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Declares a struct with the fields of a container and its own. serde's `flatten` would lose the places of its keys.
macro_rules! container {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// The image, with a tag or a digest.
            pub image: Field<Image>,
            /// Another tag for the image that a layer below names.
            pub tag: Field<String>,
            /// What is run in place of the image's entry point.
            pub command: Field<Vec<Field<Text>>>,
            /// Arguments.
            pub args: Field<Vec<Field<Text>>>,
            /// Environment variables; values may hold expressions such as `${app/cart.address}`.
            pub config: Field<Map<VariableName, Text>>,
            /// Environment variables from the secret manager: `path#key`.
            pub secrets: Field<Map<VariableName, SecretRef>>,
            /// Files, by the path at which the container sees them.
            pub files: Field<Map<AbsolutePath, File>>,
            /// Empty folders the container may write to. Short form: a list of paths.
            pub tmp: Field<Map<AbsolutePath, Tmp>>,
            /// Its ports by name: `8080`, or `80->8080` from the Service's to the container's.
            pub ports: Field<Map<PortName, PortMap>>,
            /// Where Prometheus reads metrics.
            pub metrics: Field<Metrics>,
            /// What it needs, and the most it may take.
            pub resources: Field<Resources>,
            /// How Kubernetes sees that it works.
            pub probes: Field<Probes>,
            /// Its rights. Every loosening needs a reason.
            pub security: Field<Security>,
            $($own)*
        }

        impl $name {
            /// The fields every container has.
            pub fn container(&self) -> $crate::spec::ContainerFields<'_> {
                $crate::spec::ContainerFields {
                    image: &self.image,
                    tag: &self.tag,
                    command: &self.command,
                    args: &self.args,
                    config: &self.config,
                    secrets: &self.secrets,
                    files: &self.files,
                    tmp: &self.tmp,
                    ports: &self.ports,
                    metrics: &self.metrics,
                    resources: &self.resources,
                    probes: &self.probes,
                    security: &self.security,
                }
            }
        }
    };
}
pub(super) use container;

container! {
    /// An init container or a sidecar.
    Container {}
}

/// The container fields of whatever has them.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // documented once, in the macro above
pub struct ContainerFields<'a> {
    pub image: &'a Field<Image>,
    pub tag: &'a Field<String>,
    pub command: &'a Field<Vec<Field<Text>>>,
    pub args: &'a Field<Vec<Field<Text>>>,
    pub config: &'a Field<Map<VariableName, Text>>,
    pub secrets: &'a Field<Map<VariableName, SecretRef>>,
    pub files: &'a Field<Map<AbsolutePath, File>>,
    pub tmp: &'a Field<Map<AbsolutePath, Tmp>>,
    pub ports: &'a Field<Map<PortName, PortMap>>,
    pub metrics: &'a Field<Metrics>,
    pub resources: &'a Field<Resources>,
    pub probes: &'a Field<Probes>,
    pub security: &'a Field<Security>,
}

/// A file in a container: from a file beside the spec, from text, or from the secret manager.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// A file beside the spec, relative to it.
    pub from: Field<RelativePath>,
    /// The text itself.
    pub text: Field<String>,
    /// The place of the text in the secret manager.
    pub secret: Field<SecretRef>,
    /// Whether expressions in the text are replaced.
    pub expand: Field<bool>,
}

/// An empty folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tmp {
    /// What it is kept on.
    pub medium: Field<Medium>,
    /// The most it may hold.
    pub size: Field<Quantity>,
    /// Not a folder of its own: the one that the app's own container has at this path, among its `tmp` or `volumes`. For `init` and `sidecars`.
    pub of: Field<AbsolutePath>,
}

/// Where Prometheus reads metrics.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// The path.
    pub path: Field<String>,
}

/// What a container needs, and the most it may take.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Processors, request..limit; one figure is the request, with a limit of four times it.
    pub cpu: Field<QuantityRange>,
    /// Memory, request..limit; one figure is both.
    pub memory: Field<QuantityRange>,
    /// Space for logs and the writable parts of the disk, request..limit; one figure is both. Without it 128Mi..1Gi, and what `tmp` takes of the disk.
    pub ephemeral: Field<QuantityRange>,
}

/// How Kubernetes sees that a container works. None is ever invented.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probes {
    /// Whether it can take traffic.
    pub ready: Field<Probe>,
    /// Whether it has to be restarted.
    pub live: Field<Probe>,
    /// Whether it has started; the others wait for it.
    pub start: Field<Probe>,
    /// Why there are none.
    pub none: Field<String>,
}

/// One probe. Short form: the path of an HTTP probe.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// A path that answers with a status from 200 to 399.
    pub http: Field<String>,
    /// A service of the gRPC health protocol; `""` is the server as a whole.
    pub grpc: Field<String>,
    /// A port that accepts a connection.
    pub tcp: Field<bool>,
    /// A command that exits with 0.
    pub exec: Field<Vec<Field<String>>>,
    /// The port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// Headers of an HTTP probe.
    pub headers: Field<Map<String, String>>,
    /// How long to wait before the first try.
    pub after: Field<Duration>,
    /// How long between tries.
    pub every: Field<Duration>,
    /// How long a try may take.
    pub timeout: Field<Duration>,
    /// How many failures in a row count.
    pub failures: Field<u32>,
}

/// A container's rights. The default is hardened; every loosening needs a reason.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// The user it runs as. Default: 10001. 0 is root and a loosening; so is any user below 10000.
    pub user: Field<u32>,
    /// The group it runs as. Default: the user.
    pub group: Field<u32>,
    /// The group that owns its volumes. Default: the group.
    pub fs_group: Field<u32>,
    /// Capabilities beyond none.
    pub capabilities: Field<Vec<Field<Capability>>>,
    /// Whether it may write to its own image.
    pub writable_root: Field<bool>,
    /// Whether it has every right on its node.
    pub privileged: Field<bool>,
    /// Which parts of its node it sees.
    pub host: Field<HostAccess>,
    /// Why any of this is needed.
    pub reason: Field<String>,
}

/// Which parts of its node a pod sees.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostAccess {
    /// The node's network.
    pub network: Field<bool>,
    /// The node's processes.
    pub pid: Field<bool>,
    /// Folders of the node, by the path at which the container sees them, read-only.
    pub paths: Field<Map<AbsolutePath, AbsolutePath>>,
}
