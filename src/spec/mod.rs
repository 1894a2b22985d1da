//! The file format, one to one: what a user may write, with no behaviour.
//!
//! The doc comments here are the reference: `explain`, the JSON Schema and the documentation are made from them. Every field is a [`Field`], so that
//! decoding never fails; whether something is required is judged when it is resolved. `rules.rs` says how layers merge and which short forms exist,
//! `defaults.yaml` holds every static default, `layers.rs` makes one [`Spec`] per environment.

mod access;
mod app;
mod cluster;
mod container;
mod decoder;
mod extension;
mod layers;
mod merge;
mod network;
mod operations;
mod platform;
pub mod rules;
mod store;
mod unite;
mod waivers;

pub use access::{Access, Group, MfaPolicy, Namespace, PodSecurity, Quota, Receiver, Team};
pub use app::{App, Expose, Identity, JobRun, Latency, Metric, Scale, Slo, SloSource};
pub use cluster::{Cluster, Pool, Registry, Taint, TaintEffect};
pub use container::{Container, ContainerFields, File, HostAccess, Metrics, Probe, Probes, Resources, Security, Tmp};
pub use extension::{Bucket, Chart, External, ExternalVia, Manifest, Patch, TerraformFile};
pub use layers::{DEFAULTS, Specs, assemble};
pub use network::{Egress, Network, OnPremises, Subnet};
pub use operations::{Ci, Delivery, GitOps, Logs, Observability, Scanner, Secrets, Traces, Vault};
pub use platform::{Cloud, Environment, Machine, Platform, Region, StateLocation};
pub use store::{Backup, Store, StoreSize, StoreUser};
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
    /// The version of the language: `platgen/v1`. Stands in every file.
    #[serde(rename = "apiVersion")]
    pub api_version: Field<ApiVersion>,
    /// The versions of platgen that may render this spec, such as `>=1.2`.
    pub platgen: Field<VersionRequirement>,
    /// Who the platform is.
    pub platform: Field<Platform>,
    /// Where it runs.
    pub cloud: Field<Cloud>,
    /// The regions the platform may use.
    pub regions: Field<Map<Name, Region>>,
    /// The environments, in promotion order.
    pub environments: Field<Map<Name, Environment>>,
    /// Addresses and subnets.
    pub network: Field<Network>,
    /// The Kubernetes cluster of each environment and region.
    pub cluster: Field<Cluster>,
    /// Who may do what.
    pub access: Field<Access>,
    /// The teams that own things and are told when they break.
    pub teams: Field<Map<Name, Team>>,
    /// The namespaces.
    pub namespaces: Field<Map<Name, Namespace>>,
    /// Plain texts for `${var/x}`.
    pub vars: Field<Map<Name, String>>,
    /// Partial apps that apps share with `from`.
    pub profiles: Field<Map<Name, App>>,
    /// The applications.
    pub apps: Field<Map<EntryName, Arc<App>>>,
    /// The data stores.
    pub stores: Field<Map<EntryName, Arc<Store>>>,
    /// Services outside the platform.
    pub external: Field<Map<EntryName, External>>,
    /// Where secrets come from.
    pub secrets: Field<Secrets>,
    /// Metrics, logs, traces and who is told.
    pub observability: Field<Observability>,
    /// Repository, CI and GitOps.
    pub delivery: Field<Delivery>,
    /// Third-party Helm charts.
    pub charts: Field<Map<EntryName, Chart>>,
    /// Object stores for apps.
    pub buckets: Field<Map<EntryName, Bucket>>,
    /// Changes to single rendered objects.
    pub patches: Field<Map<Name, Patch>>,
    /// Raw Kubernetes manifests.
    pub manifests: Field<Map<Name, Manifest>>,
    /// Raw Terraform files.
    pub terraform: Field<Map<Name, TerraformFile>>,
    /// Findings of checks and scanners that are accepted.
    pub waivers: Field<Map<Name, Waiver>>,
}

/// The version of the spec language.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
pub enum ApiVersion {
    /// The first version.
    #[serde(rename = "platgen/v1")]
    V1,
}
