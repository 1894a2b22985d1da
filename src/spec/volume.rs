//! `volumes`, the volumes of apps, and `cluster.storage`.

use super::backup::Backup;
use crate::syntax::Field;
use crate::value::{Name, Quantity, VolumeRef};
use schemars::JsonSchema;
use serde::Deserialize;

/// A volume that several apps mount at the same time, with the cloud's file service behind it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Volume {
    /// The volume's namespace. Default: the only namespace; required if there are several. Only apps of this namespace can mount it.
    pub namespace: Field<Name>,
    /// Size of the volume, such as `100Gi`. Required.
    pub size: Field<Quantity>,
    /// Storage class, a key of `cluster.storage` that names an existing class. Default: the usual class of the cloud's file service.
    pub class: Field<Name>,
    /// Whether each region has a separate volume with separate files. Default: `false`, so only apps in the primary region can mount it.
    pub independent: Field<bool>,
    /// Backups, or the reason for having none.
    pub backup: Field<Backup>,
    /// The environments in which the volume exists. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A volume of an app. Short form: the size, such as `10Gi`, or a volume of the section `volumes`, such as `volume/uploads`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AppVolume {
    /// Size of the volume that each pod has for itself, such as `10Gi`.
    pub size: Field<Quantity>,
    /// Storage class of that volume, a key of `cluster.storage`. Default: the cluster's default class.
    pub class: Field<Name>,
    /// The volume of the section `volumes` that all pods mount: `volume/uploads`, or `volume/uploads:read` to mount it read-only.
    pub of: Field<VolumeRef>,
}

/// A storage class: the kind of disks. Volumes are encrypted, made in the zone of their pod, can grow, and are kept when their claim is deleted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StorageClass {
    /// Name of a storage class that the clusters have already. Nothing is rendered for it.
    pub name: Field<Name>,
    /// Type of the disks as the provider names it, such as `gp3`. Default: `gp3` (AWS), `pd-balanced` (Google Cloud), `Premium_LRS` (Azure).
    #[serde(rename = "type")]
    pub disk: Field<String>,
    /// Input and output operations per second. Required with `io1` and `io2`. Default: those of the type. A small volume can't have many: 500 for each
    /// GiB with `gp3`, for example.
    pub iops: Field<u32>,
    /// Throughput in MiB per second. Default: that of the type.
    pub throughput: Field<u32>,
}
