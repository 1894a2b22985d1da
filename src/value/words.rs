//! The closed lists of words that a spec chooses from and the model keeps: protocols, engines, levels.
//!
//! Each is the format's own type, so that no second enum repeats it; the doc comments are part of the reference.

use schemars::JsonSchema;
use serde::Deserialize;

/// The architecture of processors.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// x86-64.
    Amd64,
    /// 64-bit ARM.
    Arm64,
}

impl Architecture {
    /// The name that Kubernetes and image indexes use.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
    }
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
    /// As `developer`, and change apps, their configuration, volumes and routes by hand, and forward ports; not policies, quotas, roles or secrets.
    /// Apps that an admin creates can read the secrets of their namespace.
    Admin,
    /// As `viewer`, and delete or evict pods, which restarts apps, and scale apps.
    Developer,
    /// See every object except secrets, and the logs.
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

/// The NAT gateways of a region.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum NatGateways {
    /// One in each zone, so that a zone that fails takes no other zone's route to the internet.
    PerZone,
    /// One for all zones.
    One,
}

/// The services of the cloud that have private endpoints in a network.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointSet {
    /// Every service that nodes and add-ons call.
    All,
    /// Those that nodes without a route to the internet need; none where every subnet has a route.
    Needed,
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
