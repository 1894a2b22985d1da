//! `stores`: data that must not be lost, and caches.

use super::container::{File, Metrics, Probes, Resources, Security, Tmp, container};
use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Duration, Engine, EntryName, Image, Name, PortMap, PortName, Quantity, Ref, SecretRef, StoreMode, Text, VariableName,
};
use schemars::JsonSchema;
use serde::Deserialize;

container! {
    /// A data store. The engine knows its image, ports and probes; the container's fields change them.
    Store {
        /// Its namespace. Required unless there is only one.
        pub namespace: Field<Name>,
        /// The team that owns it. Default: the namespace's owner.
        pub owner: Field<Name>,
        /// What it is.
        pub engine: Field<Engine>,
        /// The version of the engine.
        pub version: Field<String>,
        /// Who runs it.
        pub mode: Field<StoreMode>,
        /// The name of the database in it. Default: the entry's name.
        pub name: Field<String>,
        /// Its users.
        pub users: Field<Map<Name, StoreUser>>,
        /// Settings of the engine.
        pub parameters: Field<Map<String, String>>,
        /// The size of each replica's volume, or `none` for a cache.
        pub storage: Field<StoreSize>,
        /// The folder in which the engine keeps its data: where the volume stands. Default: `/data`.
        pub data: Field<AbsolutePath>,
        /// How many there are in a region.
        pub replicas: Field<u32>,
        /// The subnet it runs in. Default: the default subnet.
        pub subnet: Field<Name>,
        /// Regions with a copy that can take over.
        pub standby: Field<Vec<Field<Name>>>,
        /// Whether each region has one of its own, with data of its own.
        pub independent: Field<bool>,
        /// Its only port, for an engine that platgen does not know.
        pub port: Field<PortMap>,
        /// What it calls.
        pub needs: Field<Vec<Field<Ref>>>,
        /// How it is saved, or why not.
        pub backup: Field<Backup>,
        /// Further names under which it answers in its namespace.
        pub alias: Field<Vec<Field<Name>>>,
        /// The environments it exists in. Default: all.
        pub only: Field<Vec<Field<Name>>>,
        /// The name it had before.
        pub renamed_from: Field<EntryName>,
    }
}

/// A user of a store. Its password is made and kept in the cluster or the secret manager, never in a file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StoreUser {}

/// The size of a store's volume.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreSize {
    /// `none`: nothing is kept.
    None,
    /// So much for each replica.
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

/// How a store is saved, and how that is proved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// How often.
    pub every: Field<Duration>,
    /// How long a copy is kept.
    pub keep: Field<Duration>,
    /// The region of the second copy.
    pub copy_to: Field<Name>,
    /// How often a copy is restored to prove it.
    pub restore_test: Field<Duration>,
    /// The most data that may be lost, as time.
    pub rpo: Field<Duration>,
    /// The longest a restore may take.
    pub rto: Field<Duration>,
    /// Why there is none.
    pub none: Field<String>,
}
