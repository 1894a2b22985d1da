//! The resolved platform in every environment: names resolved, defaults applied, addresses planned, flows derived.
//!
//! Only `resolve` creates it, and nothing changes it later. A fact that several readers need is part of the model; a fact that one reader needs is
//! part of that reader's view. The model does not depend on the spec's types, on templates or on the disk.

mod addon;
mod backup;
mod bucket;
mod chart;
mod cluster;
mod container;
mod database;
mod desktop;
mod exposure;
mod extension;
mod firewall;
mod flow;
mod gitops;
mod kafka;
pub mod lock;
mod managed;
mod mirror;
mod monitoring;
mod network;
mod objective;
mod operated;
mod parity;
mod percona;
mod pipelines;
mod placement;
mod region;
mod replication;
mod restore;
mod rights;
mod workload;

pub use addon::{Addon, Controller, FOREIGN_NAMESPACES, SECRET_READER, SYSTEM_NAMESPACES};
pub use backup::{Backup, Backups, Followed, RESTORED};
pub use bucket::{Bucket, BucketCopy, BucketLock, Holds, LockMode};
pub use chart::{AddonChart, Chart};
pub use cluster::{Cluster, Issuer, Machine, Night, Pool, Proxies, SharedVolume, StorageClass};
pub use container::{
    ConfigFile, Container, FIRST_POD_ID, FactPart, FileContent, HostPath, Mount, PodFact, Probe, ProbeAction, Probes, Security, Source,
    TemplatePart, Variable, Volume,
};
pub use database::{Database, Durability, QUORUM};
pub use desktop::{Desk, Desktop, HostPort, Step, Worker};
pub use exposure::{Certificate, Entrance, Exposure, Redirect};
pub use extension::{Change, Manifest, Patch, TerraformFile, Waiver};
pub use firewall::{Firewall, Rule, Rules};
pub use flow::{Flow, Peer};
pub use gitops::{GitOps, GitOpsController, Stages};
pub use kafka::Kafka;
pub use managed::{Managed, ManagedBackup};
pub use mirror::{ImageCopy, Mirror};
pub use monitoring::{AlertRoute, AlertSetting, Endpoint, FILLED, IMAGES, MailServer, Monitoring, Receiver};
pub use network::{Network, NetworkSubnet, PrivateService, Vpn, ZoneRange, short_zone};
pub use objective::{LATENCY_BOUNDS, Objective, WINDOW};
pub use operated::{Helper, Operated, Software, User};
pub use parity::{CLUSTER, Field, Outside, Parity, Unlike, Weight};
pub use percona::Percona;
pub use pipelines::{CiSystem, Pipelines, Subjects};
pub use placement::{Placement, Spread, Toleration};
pub use region::Region;
pub use replication::{Replication, headless_name};
pub use restore::{RESTORE_TESTS, RestoreTest, Restored};
pub use rights::{ApiAccess, RBAC, Right};
pub use workload::{Autoscaling, Cron, Kind, Service, ServicePort, Workload};

use crate::provider::Provider;
pub use crate::value::{
    BucketAccess, DnsFirewall, Engine, GroupRole, Medium, NatGateways, PodSecurityLevel, PolicyEngine, Protocol, Scanner, SecretStore,
    Sticky, StoreMode, Via,
};

use crate::value::{Domain, Name, Quantity, SecretPath, SecretRef, truncate_with_hash};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// The longest name of a bucket.
const BUCKET: usize = 63;

/// The longest name of an IAM role on AWS.
pub const ROLE: usize = 64;

/// The keys of the tags that platgen sets on every cloud resource. Labels of the platform, which also become tags, must have other keys.
pub const TAGS: [&str; 6] = ["environment", "layer", "managed_by", "owner", "platform", "region"];

/// Every environment of a platform.
#[derive(Clone, Debug)]
pub struct Estate {
    /// The platform's name.
    pub name: Name,
    /// The environments that could be resolved, in promotion order.
    pub environments: IndexMap<String, Platform>,
    /// The scanners that pipelines run, beside those that every pipeline runs.
    pub scanners: Vec<Scanner>,
    /// What the rendered files lack: first what an entry needs, then the rest, each sorted by `what`.
    pub missing: Vec<Missing>,
}

/// Something that the spec asks for and the rendered files lack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// A sentence without full stop, such as "`DSN` of `app/api` refers to `store/orders`, which this version does not render".
    pub what: String,
    /// Whether an entry needs it, so that an incomplete output had to be allowed.
    pub needed: bool,
    /// The environments whose files lack it, in promotion order; empty if that does not depend on the environment.
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
    /// What its objects and clusters say their environment is: the environment's name, and another one on a desktop, whose objects no cluster of the
    /// environment takes for its own.
    pub identity: String,
    /// Whether the environment is protected against destruction.
    pub protected: bool,
    /// When it has no nodes. `None`: never, as in every protected environment.
    pub night: Option<Night>,
    /// Why its clusters have no guard. `None`: they have one.
    pub no_guard: Option<String>,
    /// Its domain.
    pub domain: Domain,
    /// The region of scheduled apps, jobs and the primary of each store.
    pub primary: Name,
    /// The team that owns everything without another owner.
    pub owner: Name,
    /// The region of the Terraform state.
    pub state_region: Option<Name>,
    /// The DNS zone of the domain, where the environment makes one.
    pub zone: Option<Zone>,
    /// Whether it is the first environment in promotion order in its account. If so, its global root sets what an account has once.
    pub leads_account: bool,
    /// Whether people have to show a second factor when they sign in to the cloud; for the first environment in an account, whether any environment there
    /// wants it.
    pub second_factor: bool,
    /// Who may take the roles of the environment's pipelines. None without a CI system.
    pub pipelines: Option<Pipelines>,
    /// What applies its Kubernetes files from Git. None: people do.
    pub gitops: Option<GitOps>,
    /// The secret manager.
    pub secrets: Secrets,
    /// Groups of people.
    pub groups: Vec<Group>,
    /// Namespaces, in the order of the spec, then that of restore tests.
    pub namespaces: IndexMap<String, Namespace>,
    /// The regions. A workload is part of each region that it runs in, with the addresses of that region.
    pub regions: IndexMap<String, Region>,
    /// Buckets on AWS, by their keys: those of the spec in its order, then those of the backups of stores.
    pub buckets: IndexMap<String, Bucket>,
    /// Patches of single objects.
    pub patches: Vec<Patch>,
    /// Raw manifests.
    pub manifests: Vec<Manifest>,
    /// Raw Terraform files.
    pub terraform: Vec<TerraformFile>,
    /// Waivers: accepted findings.
    pub waivers: Vec<Waiver>,
}

impl Platform {
    /// Whether its clusters have a guard.
    pub fn is_guarded(&self) -> bool {
        self.no_guard.is_none()
    }

    /// The bucket of the Terraform states of a region, which is in that region: while a region is down, the states of all others can be used. The bootstrap root
    /// creates the bucket; all other roots refer to it. The name contains the account because bucket names are unique across all customers of the cloud.
    pub fn state_bucket(&self, account: &str, region: &str) -> String {
        truncate_with_hash(&format!("{}-{}-{region}-state-{account}", self.name, self.environment), BUCKET)
    }

    /// The alias of the key that encrypts the state, without `alias/`.
    pub fn state_key(&self) -> String {
        format!("{}-{}-terraform-state", self.name, self.environment)
    }

    /// The IAM role on AWS of the environment's pipelines for a purpose, `plan` or `apply`, at most [`ROLE`] characters.
    pub fn pipeline_role(&self, purpose: &str) -> String {
        truncate_with_hash(&format!("{}-{}-pipeline-{purpose}", self.name, self.environment), ROLE)
    }

    /// The IAM policy on AWS that no role of the environment exceeds: its permissions boundary. The bootstrap root makes it, with the roles of pipelines.
    pub fn boundary(&self) -> Option<String> {
        self.pipelines.as_ref().map(|_| format!("{}-{}-boundary", self.name, self.environment))
    }

    /// Whether the environment has a global root: for the zone of its domain, or for what its account has once.
    pub fn has_global_root(&self) -> bool {
        self.zone.is_some() || self.leads_account
    }

    /// The account of the environment's regions on a provider.
    pub fn account(&self, provider: Provider) -> Option<&str> {
        self.regions.values().filter(|region| region.provider == provider).find_map(|region| region.account.as_deref())
    }

    /// The secret manager of a region, as a sentence for people.
    pub fn secret_manager(&self, region: &Region) -> String {
        let account = region.account.as_deref().unwrap_or_default();
        match (self.secrets.store, region.provider) {
            (SecretStore::Vault, _) => {
                let (server, path) = self.secrets.vault.as_ref().map_or(("", ""), |(server, path, _)| (server, path));
                format!("In Vault at `{server}`, below the mount `{path}`.")
            }
            (SecretStore::Cloud, Provider::Aws) => format!("In AWS Secrets Manager of {}, in the account {account}.", region.name),
            (SecretStore::Cloud, Provider::Google) => format!("In Secret Manager of the project `{account}`."),
            (SecretStore::Cloud, Provider::Azure) => format!("In the key vault `{}`.", region.key_vault()),
            (SecretStore::Cloud, Provider::Kind | Provider::Existing) => {
                "As Secrets of the cluster, each in the namespace of its readers.".to_owned()
            }
        }
    }

    /// The path of a secret in the secret manager. It starts with the environment, so that no environment reads the secrets of another.
    pub fn secret_path(&self, path: &str) -> String {
        format!("{}/{path}", self.environment)
    }

    /// The name of a secret in the secret manager of a provider's regions: its path, in the characters that the manager allows.
    pub fn secret_name(&self, provider: Provider, path: &str) -> String {
        let path = self.secret_path(path);
        let replaced = |text: &str, fits: fn(char) -> bool| text.chars().map(|one| if fits(one) { one } else { '-' }).collect();
        match (self.secrets.store, provider) {
            (SecretStore::Vault, _) | (SecretStore::Cloud, Provider::Aws) => path,
            (SecretStore::Cloud, Provider::Google) => replaced(&path, |one| one.is_ascii_alphanumeric() || "-_".contains(one)),
            (SecretStore::Cloud, Provider::Azure) => replaced(&path, |one| one.is_ascii_alphanumeric()),
            (SecretStore::Cloud, Provider::Kind | Provider::Existing) => {
                replaced(&path.to_ascii_lowercase(), |one| one.is_ascii_alphanumeric() || one == '.')
            }
        }
    }

    /// The domains whose DNS zones hold the hosts of a region, sorted: the environment's, and the hosts outside of it.
    pub fn zones_of<'p>(&'p self, region: &'p Region) -> Vec<&'p str> {
        let domain = self.domain.as_str();
        let hosts = region.hosts().into_iter().map(|host| host.trim_start_matches("*."));
        let foreign = hosts.filter(|host| *host != domain && !host.ends_with(&format!(".{domain}")));
        foreign.chain([domain]).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The namespaces of a region: those of the spec, and those of restore tests and of add-ons where it has them.
    pub fn namespaces_in<'p>(&'p self, region: &'p Region) -> impl Iterator<Item = &'p Namespace> {
        self.namespaces.values().filter(|namespace| match namespace.name.as_str() {
            RESTORE_TESTS => region.tests_restores(),
            name if name == Addon::Monitoring.namespace() => region.is_monitored(),
            name if FOREIGN_NAMESPACES.contains(&name) => region.charts_in(name).next().is_some(),
            _ => true,
        })
    }

    /// The paths of the secrets that a namespace reads in a region: those of its workloads or of the monitoring, and that of the registries' passwords.
    pub fn secrets_of<'p>(&self, region: &'p Region, namespace: &Namespace) -> BTreeSet<&'p str> {
        // Add-ons are there before the program that fetches secrets.
        if region.charts_in(namespace.name.as_str()).any(|chart| chart.addon.is_some_and(|addon| addon != AddonChart::Monitoring)) {
            return BTreeSet::new();
        }
        let workloads = region.workloads.values().filter(|workload| workload.namespace == namespace.name);
        let monitoring = region.monitoring.as_ref().filter(|_| namespace.name.as_str() == Addon::Monitoring.namespace());
        let of_monitoring = monitoring.into_iter().flat_map(Monitoring::secret_values).map(SecretRef::path);
        workloads
            .flat_map(Workload::secrets)
            .chain(of_monitoring)
            .chain(region.cluster.registry_secret.as_ref().map(SecretPath::as_str))
            .collect()
    }
}

/// The public DNS zone of an environment's domain.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The zone of another environment that delegates the domain: the nearest one above it. None: the registrar, or a zone outside of the platform.
    pub parent: Option<ParentZone>,
}

/// The zone that delegates a domain.
#[derive(Clone, Debug)]
pub struct ParentZone {
    /// Its environment.
    pub environment: String,
    /// Its domain.
    pub domain: String,
    /// Its account.
    pub account: String,
}

/// The secret manager.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The kind of the manager.
    pub store: SecretStore,
    /// Vault's address, path and role.
    pub vault: Option<(String, String, String)>,
}

/// A group of people.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group's name in the spec.
    pub name: Name,
    /// The name in Kubernetes: the id in the identity provider, or the name in the spec on a cluster without one.
    pub id: String,
    /// The role of its members.
    pub role: GroupRole,
    /// The namespaces of the role. Empty: every namespace of the platform.
    pub namespaces: Vec<Name>,
}

impl Group {
    /// Whether its members administer the whole cluster: admins of every namespace.
    pub fn administers(&self) -> bool {
        self.role == GroupRole::Admin && self.namespaces.is_empty()
    }

    /// The role of its members in a namespace. `None` where they have none. No admin changes add-ons by hand: a pod beside one of them could have its
    /// rights, and some read the Secrets of every namespace.
    pub fn role_in(&self, namespace: &Name) -> Option<GroupRole> {
        let of_addon = FOREIGN_NAMESPACES.contains(&namespace.as_str()) && namespace.as_str() != Addon::Monitoring.namespace();
        let role = if of_addon && self.role == GroupRole::Admin { GroupRole::Developer } else { self.role };
        (self.namespaces.is_empty() || self.namespaces.contains(namespace)).then_some(role)
    }
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub name: Name,
    /// The team that owns it.
    pub owner: Name,
    /// The resource quota of its pods.
    pub quota: Quota,
    /// The CPU request of a container that sets none.
    pub default_cpu: Quantity,
    /// The memory request and limit of a container that sets none.
    pub default_memory: Quantity,
    /// The enforced pod security standard.
    pub pod_security: PodSecurityLevel,
    /// Why it is not `restricted`.
    pub reason: Option<String>,
    /// Its labels of the spec. None has a key that platgen sets.
    pub labels: BTreeMap<String, String>,
    /// Its annotations of the spec.
    pub annotations: BTreeMap<String, String>,
}

/// The resource quota of a namespace.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// Processors.
    pub cpu: Option<Quantity>,
    /// Memory.
    pub memory: Option<Quantity>,
    /// Volumes.
    pub storage: Option<Quantity>,
}
