//! The closed lists of words that a spec chooses from and the model keeps: protocols, engines, levels.
//!
//! Each is the format's own type, so that no second enum repeats it; the doc comments are part of the reference.

use schemars::JsonSchema;
use serde::Deserialize;

/// Gives an enum the names of its values, as specs write them.
macro_rules! names {
    ($type:ident { $($value:ident: $name:literal),* $(,)? }) => {
        impl $type {
            /// The name in a spec.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$value => $name,)*
                }
            }
        }
    };
}

names!(Architecture { Amd64: "amd64", Arm64: "arm64" });
names!(Engine {
    Postgres: "postgres",
    Mysql: "mysql",
    Mongodb: "mongodb",
    Redis: "redis",
    Valkey: "valkey",
    Rabbitmq: "rabbitmq",
    Kafka: "kafka",
    Opensearch: "opensearch",
    Custom: "custom",
});
names!(PodSecurityLevel { Restricted: "restricted", Baseline: "baseline", Privileged: "privileged" });
names!(Via { Public: "public", Internal: "internal" });

/// The architecture of processors.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

/// What a store is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MongoDB.
    Mongodb,
    /// Redis.
    Redis,
    /// Valkey.
    Valkey,
    /// RabbitMQ.
    Rabbitmq,
    /// Kafka.
    Kafka,
    /// OpenSearch.
    Opensearch,
    /// Anything else: the container's fields say it all.
    Custom,
}

/// What a group may do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum GroupRole {
    /// Everything in its namespaces.
    Admin,
    /// See, restart, scale and look into apps; no secrets, no rights.
    Developer,
    /// See; no secrets.
    Viewer,
}

/// What an empty folder is kept on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// The node's disk.
    Disk,
    /// The node's memory; it counts as the container's.
    Memory,
}

/// The levels of the pod security standards.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PodSecurityLevel {
    /// Hardened pods only.
    Restricted,
    /// No known way to gain rights.
    Baseline,
    /// Everything.
    Privileged,
}

/// What enforces network policies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyEngine {
    /// The provider's own.
    Native,
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
}

/// What an app speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/1.1 or HTTP/2 in plain text inside the cluster.
    Http,
    /// gRPC.
    Grpc,
    /// Anything over TCP.
    Tcp,
}

/// A manager of secrets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SecretStore {
    /// The cloud's own.
    Cloud,
    /// HashiCorp Vault.
    Vault,
}

/// Who runs a store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum StoreMode {
    /// The cluster.
    Cluster,
    /// The cloud.
    Managed,
}

/// A load balancer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// From the internet.
    Public,
    /// From the private network and the company's own.
    Internal,
}
