//! The types of the spec file format, without behaviour.
//!
//! The doc comments here are the reference: `platgen explain` and the JSON Schema print them. Every field is a [`Field`], so that decoding never
//! fails; `resolve` reports missing fields. `rules.rs` defines merging and short forms, `defaults.yaml` holds every static default, and `layers.rs`
//! makes one [`Spec`] per environment.

mod access;
mod app;
mod backup;
mod cluster;
mod configured;
mod container;
mod decoder;
mod expose;
mod extension;
mod inherit;
mod kubernetes;
mod layers;
mod merge;
mod network;
mod operations;
mod platform;
pub mod rules;
mod shapes;
mod store;
mod unite;
mod volume;
mod waivers;

pub use access::{Access, Group, MfaPolicy, Namespace, PodSecurity, Quota, Receiver, Team};
pub use app::{App, Certificate, Dns, Identity, JobRun, Latency, Metric, Rotation, Scale, Slo, SloSource, StartOrder};
pub use backup::{Backup, RestoreTest};
pub use cluster::{Cluster, ClusterDns, Guard, Pool, Registry, Taint, TaintEffect};
pub use container::{Container, ContainerFields, File, HostAccess, Metrics, Probe, Probes, Resources, Security, Sidecar, Stop, Tmp};
pub use expose::{EntranceProtocol, Expose, TlsMode};
pub use extension::{AddonEntry, AddonMode, Bucket, Chart, External, ExternalVia, Manifest, Patch, TerraformFile};
pub use kubernetes::{KubernetesAccess, Right};
pub use layers::{DEFAULTS, Specs, assemble, assemble_as};
pub use network::{Egress, Network, OnPremises, Subnet};
pub use operations::{AlertSetting, Ci, Delivery, GitOps, Logs, Mail, Observability, Secrets, Traces, Vault};
pub use platform::{Cloud, Environment, Machine, Platform, Region, StateLocation};
pub use shapes::EXAMPLES;
pub use store::{Store, StoreSize, StoreUser};
pub use volume::{AppVolume, StorageClass, Volume};
pub use waivers::Waiver;

use crate::syntax::{Field, Map};
use crate::value::{EntryName, Name, VersionRequirement};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// A platform spec: environments, regions, networks, clusters, access, applications and stores of one platform.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// Version of the spec language: `platgen/v1`. Required in every file.
    #[serde(rename = "apiVersion")]
    pub api_version: Field<ApiVersion>,
    /// Versions of platgen that may render this spec, such as `>=0.1`. Default: any.
    pub platgen: Field<VersionRequirement>,
    /// Name, owner, domain and labels of the platform.
    pub platform: Field<Platform>,
    /// Cloud provider, accounts and Terraform state.
    pub cloud: Field<Cloud>,
    /// Regions that environments may use.
    pub regions: Field<Map<Name, Region>>,
    /// Environments, in promotion order.
    pub environments: Field<Map<Name, Environment>>,
    /// Address ranges, subnets and the connection to the company's own network.
    pub network: Field<Network>,
    /// The Kubernetes cluster of each environment and region.
    pub cluster: Field<Cluster>,
    /// Groups of people and their permissions.
    pub access: Field<Access>,
    /// Teams: owners of apps, stores and namespaces, and receivers of alerts.
    pub teams: Field<Map<Name, Team>>,
    /// Kubernetes namespaces.
    pub namespaces: Field<Map<Name, Namespace>>,
    /// Texts for `${var/NAME}` expressions.
    pub vars: Field<Map<Name, String>>,
    /// Partial apps, which apps and stores inherit with `from`.
    pub profiles: Field<Map<Name, App>>,
    /// Applications.
    pub apps: Field<Map<EntryName, Arc<App>>>,
    /// Data stores: databases, queues and caches.
    pub stores: Field<Map<EntryName, Arc<Store>>>,
    /// Volumes that several apps mount at the same time.
    pub volumes: Field<Map<EntryName, Volume>>,
    /// Services outside the platform.
    pub external: Field<Map<EntryName, External>>,
    /// The secret manager.
    pub secrets: Field<Secrets>,
    /// Metrics, logs, traces and alert receivers.
    pub observability: Field<Observability>,
    /// Repository, CI pipelines and GitOps.
    pub delivery: Field<Delivery>,
    /// Add-ons of the clusters, by name, such as `cert-manager`: who installs each, and how.
    pub addons: Field<Map<Name, AddonEntry>>,
    /// Third-party Helm charts.
    pub charts: Field<Map<EntryName, Chart>>,
    /// Object storage buckets for apps.
    pub buckets: Field<Map<EntryName, Bucket>>,
    /// Changes to single rendered Kubernetes objects.
    pub patches: Field<Map<Name, Patch>>,
    /// Raw Kubernetes manifests.
    pub manifests: Field<Map<Name, Manifest>>,
    /// Raw Terraform files.
    pub terraform: Field<Map<Name, TerraformFile>>,
    /// Accepted findings of checks and scanners.
    pub waivers: Field<Map<Name, Waiver>>,
}

/// The version of the spec language.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "platgen/v1")]
    V1,
}
