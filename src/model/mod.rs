//! The truth: what every environment of the platform is, with names resolved, defaults applied, addresses planned and flows derived.
//!
//! Made by `resolve` alone and never changed after. If two readers need a fact it stands here; if one does, it belongs to that reader's view. Knows
//! nothing of the spec's shape, of templates or of the disk.

mod addon;
mod container;
mod firewall;
pub mod lock;
mod network;
mod store;
mod workload;

pub use addon::{Addon, FOREIGN_NAMESPACES, SYSTEM_NAMESPACES};
pub use container::{
    ConfigFile, Container, FileContent, HostPath, Mount, Probe, ProbeAction, Probes, Security, Source, TemplatePart, Variable, Volume,
};
pub use firewall::{Firewall, Rule, Rules};
pub use network::{Network, NetworkSubnet, OnPremises, ZoneRange};
pub use store::{Backup, Runner, Store};
pub use workload::{Autoscaling, Cron, Exposure, Flow, Kind, Peer, Placement, Service, ServicePort, Spread, Toleration, Workload};

use crate::labels::SUBNET;
use crate::layers::Layer;
use crate::provider::Provider;
use crate::source::Span;
pub use crate::value::{
    EndpointSet, Engine, GroupRole, Medium, NatGateways, PodSecurityLevel, PolicyEngine, Protocol, SecretStore, StoreMode, Via,
};

use crate::value::{Cidr, Date, Domain, KubernetesVersion, Name, ObjectPattern, Quantity, RuleName, truncate_with_hash};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The tags that platgen sets on every cloud resource itself; the labels of a platform, which are tags too, have other keys.
pub const TAGS: [&str; 6] = ["environment", "layer", "managed_by", "owner", "platform", "region"];

/// Every environment of a platform.
#[derive(Clone, Debug)]
pub struct Estate {
    /// The platform's name.
    pub name: Name,
    /// Its environments, in promotion order; one that could not be resolved is missing.
    pub environments: IndexMap<String, Platform>,
    /// What the rendered files lack, sorted by `what`; empty unless an incomplete output was allowed.
    pub missing: Vec<Missing>,
}

/// Something that an entry asks for and the rendered files lack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// A sentence without full stop, such as "`DSN` of `app/api` refers to `store/orders`, which this version does not render".
    pub what: String,
    /// The environments whose files lack it, in promotion order.
    pub environments: Vec<String>,
}

/// The platform in one environment.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The platform's name.
    pub name: Name,
    /// Labels on every object and tags on every cloud resource.
    pub labels: BTreeMap<String, String>,
    /// The environment's name.
    pub environment: Name,
    /// Whether it is guarded against destruction.
    pub protected: bool,
    /// Its domain.
    pub domain: Domain,
    /// The region of schedules, jobs and writers.
    pub primary: Name,
    /// The team that owns what nobody else does.
    pub owner: Name,
    /// Where Terraform keeps its state.
    pub state_region: Option<Name>,
    /// Where secrets come from.
    pub secrets: Secrets,
    /// Groups of people.
    pub groups: Vec<Group>,
    /// Namespaces, in the order of the spec.
    pub namespaces: IndexMap<String, Namespace>,
    /// Its regions; the same workload stands in each region it runs in, with that region's addresses.
    pub regions: IndexMap<String, Region>,
    /// Changes to single objects.
    pub patches: Vec<Patch>,
    /// Raw manifests.
    pub manifests: Vec<Manifest>,
    /// Raw Terraform files.
    pub terraform: Vec<TerraformFile>,
    /// Findings that are accepted.
    pub waivers: Vec<Waiver>,
}

impl Platform {
    /// The bucket that holds the state of an account's roots in this environment; bootstrap makes it, every other root names it. Accounts
    /// are part of it because bucket names are shared by all customers of the cloud.
    pub fn state_bucket(&self, account: &str) -> String {
        format!("{}-{}-terraform-state-{account}", self.name, self.environment)
    }

    /// The alias of the key that encrypts the state, without `alias/`.
    pub fn state_key(&self) -> String {
        format!("{}-{}-terraform-state", self.name, self.environment)
    }
}

/// Where secrets come from.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The manager.
    pub store: SecretStore,
    /// Vault's address, path and role.
    pub vault: Option<(String, String, String)>,
}

/// A group of people.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's name in the spec.
    pub name: Name,
    /// What Kubernetes calls it: the id of the identity provider, or the name on a cluster without one.
    pub id: String,
    /// What its members may do.
    pub role: GroupRole,
    /// Where; every namespace of the platform where empty.
    pub namespaces: Vec<Name>,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: Name,
    /// The team that owns it.
    pub owner: Name,
    /// The most its pods may ask for together: processors, memory, volumes.
    pub quota: Quota,
    /// The pod security standard that is enforced.
    pub pod_security: PodSecurityLevel,
    /// Why it is not `restricted`.
    pub reason: Option<String>,
}

/// The most the pods of a namespace may ask for together.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// Processors.
    pub cpu: Option<Quantity>,
    /// Memory.
    pub memory: Option<Quantity>,
    /// Volumes.
    pub storage: Option<Quantity>,
}

/// A region of an environment.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its name.
    pub name: Name,
    /// Its provider.
    pub provider: Provider,
    /// Zones in use, by their full names.
    pub zones: Vec<String>,
    /// Its account, project or subscription.
    pub account: Option<String>,
    /// Whether no other environment uses its account in this region, so that its network root sets the defaults of the account there.
    pub owns_account: bool,
    /// Whether it is the environment's primary.
    pub primary: bool,
    /// Its network; none on a provider without one of ours.
    pub network: Option<Network>,
    /// Its cluster.
    pub cluster: Cluster,
    /// What runs in it, by `namespace/name`, in the order of the spec: apps, then stores.
    pub workloads: IndexMap<String, Workload>,
    /// The data stores in it, by `namespace/name`, in the order of the spec.
    pub stores: IndexMap<String, Store>,
    /// Who talks to whom, sorted.
    pub flows: Vec<Flow>,
}

impl Region {
    /// The taints of a pool's nodes: those of the pool, and that of an isolated subnet.
    pub fn node_taints(&self, pool: &Pool) -> Vec<(String, String, &'static str)> {
        let mut subnets = self.network.iter().flat_map(|network| &network.subnets);
        let isolated = subnets.any(|subnet| subnet.name == pool.subnet && subnet.isolated);
        let isolation = isolated.then(|| (SUBNET.to_owned(), pool.subnet.to_string(), "NoSchedule"));
        pool.taints.iter().cloned().chain(isolation).collect()
    }

    /// The workload that an end of a flow is; none of what is no workload of this region.
    pub fn workload_of(&self, peer: &Peer) -> Option<&Workload> {
        let Peer::Workload { namespace, name, .. } = peer else { return None };
        self.workloads.get(&format!("{namespace}/{name}"))
    }

    /// The ranges of the nodes that an end of a flow may run on, where its pods have the addresses of their nodes: no policy can name such pods.
    /// None for pods with addresses of their own, and where nobody knows those of the nodes.
    pub fn node_ranges(&self, peer: &Peer) -> Option<Vec<Cidr>> {
        let workload = self.workload_of(peer).filter(|workload| workload.host_network)?;
        let subnets = self.network.as_ref()?.subnets.iter().filter(|subnet| workload.placement.subnets.contains(&subnet.name));
        let ranges: Vec<Cidr> = subnets.flat_map(|subnet| &subnet.ranges).map(|range| range.cidr).collect();
        // A rule without a peer would be one for everybody.
        (!ranges.is_empty()).then_some(ranges)
    }

    /// The role of the secret operator on AWS: the accounts of SecretStores take it, and the cluster's root makes it. At most 64 characters.
    pub fn secrets_role(&self) -> String {
        truncate_with_hash(&format!("{}-secrets", self.cluster.name), 64)
    }

    /// The key vault of the region on Azure; names of vaults have at most 24 characters.
    pub fn key_vault(&self) -> String {
        truncate_with_hash(&self.cluster.name, 24)
    }
}

/// The cluster of a region.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// `<platform>-<environment>-<region>`.
    pub name: String,
    /// Its version.
    pub version: KubernetesVersion,
    /// What enforces network policies.
    pub policy_engine: PolicyEngine,
    /// The host that images are pulled through, where there is a mirror.
    pub mirror: Option<String>,
    /// Groups of nodes.
    pub pools: Vec<Pool>,
}

/// A group of equal nodes.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its name.
    pub name: Name,
    /// The subnet its nodes stand in.
    pub subnet: Name,
    /// The machine type.
    pub machine: String,
    /// What a machine of it has; none where nobody knows.
    pub capacity: Option<Machine>,
    /// Nodes in the region, least and most.
    pub nodes: (u32, u32),
    /// Labels on its nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints on its nodes: key, value, effect as Kubernetes spells it.
    pub taints: Vec<(String, String, &'static str)>,
    /// The size of a node's disk.
    pub disk: Quantity,
}

/// What is known of a machine type, before it keeps something for itself.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its instruction set, as Kubernetes calls it.
    pub architecture: Option<&'static str>,
    /// Its processors.
    pub cpu: Option<Quantity>,
    /// Its memory.
    pub memory: Option<Quantity>,
}

/// A change to one rendered object.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Its name in the spec.
    pub name: Name,
    /// Where its target stands.
    pub span: Span,
    /// The object.
    pub target: crate::value::Target,
    /// What changes it.
    pub change: Change,
    /// Why.
    pub reason: String,
}

/// What a patch does.
#[derive(Clone, Debug)]
pub enum Change {
    /// Maps merge, everything else replaces, null removes (RFC 7386).
    Merge(serde_json::Value),
    /// Steps of a JSON patch (RFC 6902).
    Json(serde_json::Value),
}

/// A file of raw manifests.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its name in the spec.
    pub name: Name,
    /// Where its path stands.
    pub span: Span,
    /// The file's name, for messages.
    pub path: String,
    /// The text.
    pub text: String,
    /// The namespace of objects that name none.
    pub namespace: Option<Name>,
    /// Why the platform needs it.
    pub reason: String,
}

/// Findings that are accepted.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Its name in the spec.
    pub name: Name,
    /// Where its key stands.
    pub span: Span,
    /// The rule that finds them.
    pub rule: RuleName,
    /// The objects it is accepted on.
    pub objects: Vec<ObjectPattern>,
    /// Whether it holds for every object of every environment.
    pub everywhere: bool,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub expires: Date,
    /// Where that day stands.
    pub expires_span: Span,
}

/// A raw Terraform file.
#[derive(Clone, Debug)]
pub struct TerraformFile {
    /// Its name in the spec.
    pub name: Name,
    /// The text.
    pub text: String,
    /// The layer whose roots it goes to.
    pub root: Layer,
}

impl TerraformFile {
    /// The name of its file in the root; none that platgen writes starts so.
    pub fn file_name(&self) -> String {
        format!("raw-{}.tf", self.name)
    }
}
