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
names!(DnsFirewall { Block: "block", Alert: "alert", None: "none" });
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
names!(ApiVerb {
    Any: "*",
    Approve: "approve",
    Attest: "attest",
    Bind: "bind",
    Create: "create",
    Delete: "delete",
    Deletecollection: "deletecollection",
    Escalate: "escalate",
    Get: "get",
    Impersonate: "impersonate",
    List: "list",
    Patch: "patch",
    Sign: "sign",
    Update: "update",
    Watch: "watch",
});
names!(PodSecurityLevel { Restricted: "restricted", Baseline: "baseline", Privileged: "privileged" });
names!(Scanner { DetectSecrets: "detect-secrets", Checkov: "checkov", Gitguardian: "gitguardian", Gitleaks: "gitleaks" });
names!(Sticky { Cookie: "cookie", Client: "client" });
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

/// A verb of the Kubernetes API.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum ApiVerb {
    /// Every verb. Needs a reason.
    #[serde(rename = "*")]
    Any,
    /// Approve certificate signing requests. Needs a reason.
    Approve,
    /// Attest trust bundles. Needs a reason.
    Attest,
    /// Bind a role, also one with more rights than one's own. Needs a reason.
    Bind,
    /// Create objects.
    Create,
    /// Delete one object.
    Delete,
    /// Delete all objects that match a selector.
    Deletecollection,
    /// Give a role more rights than one's own. Needs a reason.
    Escalate,
    /// Read one object.
    Get,
    /// Act as another user, group or account. Needs a reason.
    Impersonate,
    /// Read all objects.
    List,
    /// Change fields of an object.
    Patch,
    /// Sign certificates. Needs a reason.
    Sign,
    /// Replace an object.
    Update,
    /// Follow the changes of objects.
    Watch,
}

/// What happens to DNS queries that the cloud takes for an attack: data in the queried names, or names that a program made up.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum DnsFirewall {
    /// They get no answer, and the log of queries names them.
    Block,
    /// They are answered, and the log of queries names them.
    Alert,
    /// They are answered as any other.
    None,
}

/// The engine of a data store.
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
    /// Any other engine: the container fields of the store define it.
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

/// The medium of an empty folder.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// The node's disk.
    Disk,
    /// The node's memory. Its content counts towards the memory limit of the container.
    Memory,
}

/// The levels of the pod security standards.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PodSecurityLevel {
    /// Hardened pods alone, as the current best practice of Kubernetes.
    Restricted,
    /// Pods without known privilege escalations.
    Baseline,
    /// Any pod.
    Privileged,
}

/// The engine that enforces network policies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyEngine {
    /// The engine of the cloud provider.
    Native,
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
}

/// The protocol of an app's port.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP/1.1 or HTTP/2 in plain text inside the cluster.
    Http,
    /// HTTP over TLS: the app has a certificate of its own, which the gateway verifies.
    Https,
    /// gRPC.
    Grpc,
    /// Any other protocol over TCP.
    Tcp,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 4] = [Protocol::Http, Protocol::Https, Protocol::Grpc, Protocol::Tcp];

    /// The word in a spec, which is also the scheme of a URL.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Grpc => "grpc",
            Protocol::Tcp => "tcp",
        }
    }
}

/// A secret manager.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SecretStore {
    /// The secret manager of the cloud provider.
    Cloud,
    /// HashiCorp Vault.
    Vault,
}

/// What binds a client to one pod.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Sticky {
    /// A cookie that the gateway sets.
    Cookie,
    /// The IP address of the client.
    Client,
}

/// The operator of a store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum StoreMode {
    /// Pods in the cluster.
    Cluster,
    /// A managed service of the cloud provider: RDS for `engine: postgres` and `engine: mysql` on AWS.
    Managed,
    /// A server outside of the cluster that exists already: entries refer to its address and users, and nothing is rendered for the store.
    Existing,
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

/// The load balancer in front of an exposed app.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A load balancer that the internet reaches.
    Public,
    /// A load balancer that the private network and the company's network reach.
    Internal,
}

/// Scanner of rendered files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Scanner {
    /// detect-secrets.
    DetectSecrets,
    /// checkov.
    Checkov,
    /// GitGuardian.
    Gitguardian,
    /// gitleaks.
    Gitleaks,
}
