//! The fields of a container, which apps, stores, init containers and sidecars share.

use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Capability, CpuRange, Duration, FileMode, Image, Medium, PortMap, PortName, PortSpecifier, Quantity, QuantityRange,
    RelativePath, SecretPath, SecretRef, Text, VariableName,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Declares a struct with the fields of a container and further ones. serde's `flatten` would lose the spans of the keys.
macro_rules! container {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Container image with a tag or a digest, such as `registry.example/cart:v1`. Required, except for a store whose engine brings an image.
            pub image: Field<Image>,
            /// Image tag. It replaces the tag of `image` from a lower layer, such as a profile.
            pub tag: Field<String>,
            /// Command to run instead of the image's entry point, as a list of words.
            pub command: Field<Vec<Field<Text>>>,
            /// Arguments of the command.
            pub args: Field<Vec<Field<Text>>>,
            /// Working directory of the command. Default: the image's.
            pub workdir: Field<AbsolutePath>,
            /// Environment variables. Values may contain expressions such as `${app/cart.address}`.
            pub config: Field<Map<VariableName, Text>>,
            /// Environment variables from the secret manager, each as `path#key`.
            pub secrets: Field<Map<VariableName, SecretRef>>,
            /// Whole secrets of the secret manager, by their paths: each key of a secret becomes an environment variable. `config` and `secrets` override
            /// variables of the same name, and later secrets override earlier ones.
            pub secrets_from: Field<Vec<Field<SecretPath>>>,
            /// Files to mount, by their path in the container.
            pub files: Field<Map<AbsolutePath, File>>,
            /// Empty writable directories, by their path in the container. Short form: a list of paths.
            pub tmp: Field<Map<AbsolutePath, Tmp>>,
            /// Ports by name: `8080`, or `80->8080` for Service port 80 and container port 8080.
            pub ports: Field<Map<PortName, PortMap>>,
            /// Endpoint from which Prometheus reads metrics.
            pub metrics: Field<Metrics>,
            /// Resource requests and limits.
            pub resources: Field<Resources>,
            /// Probes for readiness, liveness and startup. platgen adds no probe by itself.
            pub probes: Field<Probes>,
            /// What runs in the container before Kubernetes stops it (a `preStop` hook).
            pub stop: Field<Stop>,
            /// Security context. Whatever is less strict than the default needs a `reason`.
            pub security: Field<Security>,
            $($own)*
        }

        impl $name {
            /// The fields that every container has.
            pub fn container(&self) -> $crate::spec::ContainerFields<'_> {
                $crate::spec::ContainerFields {
                    image: &self.image,
                    tag: &self.tag,
                    command: &self.command,
                    args: &self.args,
                    workdir: &self.workdir,
                    config: &self.config,
                    secrets: &self.secrets,
                    secrets_from: &self.secrets_from,
                    files: &self.files,
                    tmp: &self.tmp,
                    ports: &self.ports,
                    metrics: &self.metrics,
                    resources: &self.resources,
                    probes: &self.probes,
                    stop: &self.stop,
                    security: &self.security,
                }
            }
        }
    };
}
pub(super) use container;

container! {
    /// An init container.
    Container {}
}

container! {
    /// A sidecar container.
    Sidecar {
        /// Whether the sidecar starts before the init containers, which can then use it. Kubernetes starts the next container as soon as the process of the
        /// sidecar runs; with a `start` probe it waits until that probe succeeds. Default: `false`.
        pub before_init: Field<bool>,
    }
}

/// The container fields of an app, store, init container or sidecar.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // The macro above documents the fields.
pub struct ContainerFields<'a> {
    pub image: &'a Field<Image>,
    pub tag: &'a Field<String>,
    pub command: &'a Field<Vec<Field<Text>>>,
    pub args: &'a Field<Vec<Field<Text>>>,
    pub workdir: &'a Field<AbsolutePath>,
    pub config: &'a Field<Map<VariableName, Text>>,
    pub secrets: &'a Field<Map<VariableName, SecretRef>>,
    pub secrets_from: &'a Field<Vec<Field<SecretPath>>>,
    pub files: &'a Field<Map<AbsolutePath, File>>,
    pub tmp: &'a Field<Map<AbsolutePath, Tmp>>,
    pub ports: &'a Field<Map<PortName, PortMap>>,
    pub metrics: &'a Field<Metrics>,
    pub resources: &'a Field<Resources>,
    pub probes: &'a Field<Probes>,
    pub stop: &'a Field<Stop>,
    pub security: &'a Field<Security>,
}

/// A file in a container: exactly one of `from`, `text` and `secret` gives the content.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// Path of a file to copy, relative to the spec file and inside the spec's folder. The file may be binary.
    pub from: Field<RelativePath>,
    /// The content as text.
    pub text: Field<String>,
    /// The secret that holds the content: `path#key`.
    pub secret: Field<SecretRef>,
    /// Permissions of the file in octal, such as `0555` for a script. Kubernetes adds the permission to read for the pod's group (`security.fs_group`), so
    /// `0400` is `0440` in the pod. Default: `0644`, and `0440` for a secret.
    pub mode: Field<FileMode>,
    /// Whether expressions such as `${app/cart.address}` in the content are replaced. Default: `false`.
    pub expand: Field<bool>,
}

/// An empty writable directory (an `emptyDir` volume).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tmp {
    /// Storage of the directory. Default: `disk`.
    pub medium: Field<Medium>,
    /// Size limit. Default: 64Mi.
    pub size: Field<Quantity>,
    /// In `init` and `sidecars`: share the directory that the app or store itself has at this path.
    pub of: Field<AbsolutePath>,
}

/// Endpoint from which Prometheus reads metrics.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// HTTP path, such as `/metrics`.
    pub path: Field<String>,
}

/// Resource requests and limits of a container.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// CPU as `request..limit`, such as `100m..200m`, or `250m..none` without a limit. One figure is the request; the limit is then four times the request.
    pub cpu: Field<CpuRange>,
    /// Memory as `request..limit`, such as `64Mi..128Mi`. One figure is both request and limit.
    pub memory: Field<QuantityRange>,
    /// Ephemeral storage (logs, writable layers) as `request..limit`; one figure is both. Default: `128Mi..1Gi`, plus the sizes of `tmp` on disk.
    pub ephemeral: Field<QuantityRange>,
    /// Number of GPUs of NVIDIA, which no other container shares. The pod tolerates the taints of pools whose machines have GPUs. Default: none.
    pub gpu: Field<u32>,
}

/// Probes of a container. platgen adds no probe by itself.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probes {
    /// Readiness probe: while it fails, the pod gets no traffic.
    pub ready: Field<Probe>,
    /// Liveness probe: if it fails, the container is restarted.
    pub live: Field<Probe>,
    /// Startup probe: the other probes wait until it succeeds.
    pub start: Field<Probe>,
    /// Why the container has no probes. The checks accept the reason as the waiver.
    pub none: Field<String>,
}

/// A probe: exactly one of `http`, `https`, `grpc`, `tcp` and `exec`. Short form: the path of an HTTP probe.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// HTTP path. The probe succeeds with a status from 200 to 399.
    pub http: Field<String>,
    /// HTTP path of an app that speaks HTTPS, as `http`. The kubelet does not verify the certificate.
    pub https: Field<String>,
    /// Service name of the gRPC health checking protocol; `""` checks the whole server.
    pub grpc: Field<String>,
    /// Whether the probe opens a TCP connection to the port.
    pub tcp: Field<bool>,
    /// Command to run in the container. The probe succeeds with exit code 0.
    pub exec: Field<Vec<Field<String>>>,
    /// The port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// Request headers of a probe by `http` or `https`.
    pub headers: Field<Map<String, String>>,
    /// Delay before the first attempt, in whole seconds such as `10s`. Default: 0s.
    pub after: Field<Duration>,
    /// Time between attempts, in whole seconds. Default: 10s.
    pub every: Field<Duration>,
    /// Timeout of an attempt, in whole seconds. Default: 1s.
    pub timeout: Field<Duration>,
    /// Number of failures in a row after which the probe fails. Default: 3.
    pub failures: Field<u32>,
}

/// What runs in a container before Kubernetes stops it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Command to run in the container, as a list of words. SIGTERM follows when the command ends. In an app with a port, the command replaces the wait of
    /// 10 seconds in which load balancers notice that the pod stops, and has that time in addition to `grace`.
    pub exec: Field<Vec<Field<Text>>>,
}

/// Security context of a container. The defaults meet the Pod Security Standard `restricted`; anything less strict needs a `reason`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// User ID of the process. Default: 10001. An ID below 10000 needs a `reason`, since it may be a user of the node; 0 is root.
    pub user: Field<u32>,
    /// Group ID of the process. Default: the same number as `user`.
    pub group: Field<u32>,
    /// Group ID that owns the volumes. Default: the same number as `group`.
    pub fs_group: Field<u32>,
    /// Linux capabilities to add, such as `NET_BIND_SERVICE`. Default: none.
    pub capabilities: Field<Vec<Field<Capability>>>,
    /// Whether the root filesystem is writable. Default: `false`.
    pub writable_root: Field<bool>,
    /// Whether the container runs in privileged mode, with full access to the node. Default: `false`.
    pub privileged: Field<bool>,
    /// Access to the node: network, processes and paths. Default: none.
    pub host: Field<HostAccess>,
    /// Why the container needs less strict settings. The checks accept the reason as the waiver.
    pub reason: Field<String>,
}

/// Access of a pod to the node on which it runs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostAccess {
    /// Whether the pod uses the node's network namespace. Default: `false`.
    pub network: Field<bool>,
    /// Whether the pod sees the node's processes. Default: `false`.
    pub pid: Field<bool>,
    /// Directories of the node to mount read-only: paths on the node, by their path in the container.
    pub paths: Field<Map<AbsolutePath, AbsolutePath>>,
}
