//! `stores`: databases, queues and caches.

use super::app::{Rotation, StartOrder};
use super::backup::Backup;
use super::container::{Container, File, Metrics, Probes, Resources, Security, Sidecar, Stop, Tmp, container};
use super::extension::ExternalVia;
use super::kubernetes::KubernetesAccess;
use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Cidr, Engine, EntryName, HostAddress, Image, LabelValue, MetadataKey, Name, PortMap, PortName, Quantity, Ref, SecretPath,
    SecretRef, StoreMode, Text, VariableName,
};
use schemars::JsonSchema;
use serde::Deserialize;

container! {
    /// A data store. The engine provides image, ports and probes; the container fields override them.
    Store {
        /// The store's namespace. Default: the only namespace; required if there are several.
        pub namespace: Field<Name>,
        /// The team that owns the store. Default: the namespace's owner.
        pub owner: Field<Name>,
        /// Profiles to inherit from. Later profiles override earlier ones, and the store's own fields override them all.
        pub from: Field<Vec<Field<Name>>>,
        /// Database engine. Required.
        pub engine: Field<Engine>,
        /// Version of the engine, such as `17`. `engine: postgres`, `engine: mysql`, `engine: mongodb` and `engine: rabbitmq` need it, unless `image` is
        /// set; `engine: kafka` always needs it, and so does `mode: managed`, as a series without a minor version.
        pub version: Field<String>,
        /// Whether the store runs in the cluster, as a managed service of the cloud provider, or exists already outside of the cluster.
        pub mode: Field<StoreMode>,
        /// Class of the machine of a store of `mode: managed`, such as `db.m7g.large`. Required there.
        pub machine: Field<String>,
        /// Hostname or IP address of a store of `mode: existing`. Required there.
        pub host: Field<HostAddress>,
        /// Network in which a store of `mode: existing` is. Default: `private`.
        pub via: Field<ExternalVia>,
        /// IPv4 ranges of a store of `mode: existing`, such as those of its subnets. Default: as for a service under `external`; callers of a store in the
        /// private network may then connect to every address of it, on the port of the store.
        pub cidrs: Field<Vec<Field<Cidr>>>,
        /// Name of the database. Default: the entry's name, which `engine: mysql` takes only if it has no `-`.
        pub name: Field<String>,
        /// Users, by name. `engine: postgres`, `engine: mysql`, `engine: mongodb` and `engine: kafka` need at least one, `engine: rabbitmq` has exactly one. Those
        /// of `engine: redis` and `engine: valkey` are made with several `replicas`, which need at least one.
        pub users: Field<Map<Name, StoreUser>>,
        /// Engine settings, such as `maxmemory-policy: allkeys-lru`.
        pub parameters: Field<Map<String, String>>,
        /// Size of each replica's volume, such as `100Gi`, or `none` for a cache without a volume. Required.
        pub storage: Field<StoreSize>,
        /// Mount path of the volume, for `engine: custom`. Default: `/data`.
        pub data: Field<AbsolutePath>,
        /// Number of replicas per region. Of `engine: rabbitmq`, `engine: redis` and `engine: valkey`, which serve while a majority of them is there, an odd
        /// number. Of `mode: managed` 1, or 2 in two zones. Of `engine: mysql` 1, 3 or 5, of `engine: mongodb` 7 as well. Of `engine: kafka`, where the first three vote, 1, 3 or more.
        pub replicas: Field<u32>,
        /// What happens to the store's pods when a value of a secret that they read changes in the secret manager. Default: `restart`.
        pub rotation: Field<Rotation>,
        /// The order in which the pods of a store with volumes start and end. Default: `ordered`.
        pub start: Field<StartOrder>,
        /// The subnet of the store's pods, or of the addresses of a store of `mode: managed`. Default: the subnet with `default: true`.
        pub subnet: Field<Name>,
        /// Regions with a standby replica that can take over. Default: none.
        pub standby: Field<Vec<Field<Name>>>,
        /// Whether each region has a separate store with separate data.
        pub independent: Field<bool>,
        /// The store's only port: `5432`, or `80->8080` for Service port 80 and container port 8080. Default: the engine's.
        pub port: Field<PortMap>,
        /// Dependencies: the apps, stores and external services that the store calls. Network policies and firewall rules open for them.
        pub needs: Field<Vec<Field<Ref>>>,
        /// Backups, or the reason for having none.
        pub backup: Field<Backup>,
        /// Additional names of the store's Service in the namespace.
        pub alias: Field<Vec<Field<Name>>>,
        /// Rights of the store's pods in the Kubernetes API. Default: none, and no token.
        pub kubernetes: Field<KubernetesAccess>,
        /// Init containers. They run to completion, in order, before the store starts.
        pub init: Field<Map<Name, Container>>,
        /// Sidecar containers. They start before the store and run as long as the pod.
        pub sidecars: Field<Map<Name, Sidecar>>,
        /// Labels of the store's objects and pods, beside those that platgen sets. A changed label restarts the pods.
        pub labels: Field<Map<MetadataKey, LabelValue>>,
        /// Annotations of the store's pods and of the object that runs them. A changed annotation restarts the pods.
        pub annotations: Field<Map<MetadataKey, String>>,
        /// The environments in which the store exists. Default: all.
        pub only: Field<Vec<Field<Name>>>,
        /// The store's previous name.
        pub renamed_from: Field<EntryName>,
    }
}

/// A database user.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StoreUser {
    /// The user's name in a store of `mode: existing`. Default: the entry's name.
    pub name: Field<String>,
    /// The password of the user in a store of `mode: existing`, as `path#key` of the secret manager. Required there. The passwords of other stores are
    /// `NAMESPACE/STORE/USER#password`.
    pub password: Field<SecretRef>,
    /// Whether the user owns the database and so everything in it. Other users have the rights that the owner grants; those of
    /// `engine: mongodb` read the database. Default: `true` for the only user.
    pub owner: Field<bool>,
}

/// Volume size of a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreSize {
    /// `none`: the store has no volume.
    None,
    /// The size of each replica's volume.
    Size(Quantity),
}

impl<'de> Deserialize<'de> for StoreSize {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "none" => Ok(StoreSize::None),
            size => size.parse().map(StoreSize::Size).map_err(serde::de::Error::custom),
        }
    }
}

impl JsonSchema for StoreSize {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StoreSize".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let size = generator.subschema_for::<Quantity>();
        schemars::json_schema!({"anyOf": [{"const": "none"}, size]})
    }
}
