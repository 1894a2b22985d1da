//! Stores that a service of the cloud runs.

use super::{Flow, Platform, Region, User, Workload};
use crate::source::Span;
use crate::value::{Duration, Engine, Name, digest, truncate_with_hash};
use std::collections::{BTreeMap, BTreeSet};

/// The longest identifier of a database of RDS.
const IDENTIFIER: usize = 63;

/// A store of a region that RDS runs.
#[derive(Clone, Debug)]
pub struct Managed {
    /// The span of its key in the spec.
    pub span: Span,
    /// Its name, unique in its namespace.
    pub name: Name,
    /// Its namespace.
    pub namespace: Name,
    /// The team that owns it.
    pub owner: Name,
    /// The engine.
    pub engine: Engine,
    /// The version of the engine: a series, such as `17`. The service chooses the minor version.
    pub version: String,
    /// Its identifier in the cloud. None is the start of another one.
    pub id: String,
    /// The class of its machine, such as `db.m7g.large`.
    pub machine: String,
    /// The size of its volume in GiB.
    pub storage: u64,
    /// Whether a second server in another zone has every commit and takes over.
    pub standby: bool,
    /// The subnet of the spec in which it has its addresses.
    pub subnet: Name,
    /// The port on which it listens.
    pub port: u16,
    /// Further names of its Service.
    pub aliases: Vec<Name>,
    /// The name of the database.
    pub database: String,
    /// The user that owns the database.
    pub owned_by: Name,
    /// The users that the spec declares. The job makes them.
    pub users: Vec<User>,
    /// Settings by name, those that ask for TLS among them.
    pub parameters: BTreeMap<String, String>,
    /// What is kept of its data.
    pub backup: Result<ManagedBackup, Option<String>>,
    /// The job that makes the users and the database.
    pub job: Name,
    /// The server in a cluster that stands in for it on a desktop, with its flows.
    pub stand_in: Option<Box<(Workload, Vec<Flow>)>>,
}

/// The backups of a store that RDS runs.
#[derive(Clone, Debug)]
pub struct ManagedBackup {
    /// When AWS Backup copies all data: an expression of six fields as EventBridge reads it.
    pub schedule: String,
    /// The days for which every point in time can be restored, and for which copies stay.
    pub keep: u32,
    /// The region of a second copy.
    pub copy_to: Option<Name>,
    /// The longest period whose data may be lost.
    pub rpo: Option<Duration>,
    /// The longest time that a restore may take.
    pub rto: Option<Duration>,
}

impl Managed {
    /// Who administers every database. RDS makes the password and keeps it in the secret manager.
    pub const ADMINISTRATOR: &str = "platgen";

    /// What the name of the job has behind the name of the store.
    pub const JOB: &str = "-users";

    /// The identifier of a store in the cloud. Hyphens join the parts of a name and are in them as well: the digest at the end tells stores apart.
    pub fn identifier(platform: &Platform, namespace: &Name, name: &Name, region: &Name) -> String {
        let hash = digest(&[namespace.as_str(), name.as_str(), region.as_str()], 8);
        let whole = format!("{}-{}-{namespace}-{name}", platform.name, platform.environment);
        let start = whole.get(..IDENTIFIER - hash.len() - 2).unwrap_or(&whole).trim_end_matches('-');
        let mut id = format!("{start}-{hash}");
        // RDS takes no two hyphens in a row, and a letter first.
        while id.contains("--") {
            id = id.replace("--", "-");
        }
        if id.starts_with(|first: char| first.is_ascii_digit()) { format!("p{id}") } else { id }
    }

    /// `namespace/name`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The ARN of the database, by which the secret of its administrator is found.
    pub fn arn(&self, region: &Region) -> String {
        format!("arn:aws:rds:{}:{}:db:{}", region.name, region.account.as_deref().unwrap_or_default(), self.id)
    }

    /// The Secret of the cluster with the password of the administrator. No other name has a dot.
    pub fn administrator_secret(store: &str) -> String {
        format!("{store}.administrator")
    }

    /// Its name in the private zone of the region.
    pub fn host(&self, region: &Region) -> String {
        format!("{}.{}.{}", self.name, self.namespace, region.stores_zone())
    }

    /// The series of its parameter group.
    pub fn family(&self) -> String {
        format!("{}{}", self.engine.name(), self.version)
    }
}

impl Region {
    /// The private DNS zone with the names of the stores that services of the cloud run.
    pub fn stores_zone(&self) -> String {
        format!("{}.internal", self.cluster.name)
    }

    /// The callers of a store that a service of the cloud runs.
    pub fn callers_of<'r>(&'r self, store: &Managed) -> impl Iterator<Item = &'r Flow> {
        let key = store.key();
        self.flows.iter().filter(move |flow| flow.to.answers_as(&key))
    }
}

impl Platform {
    /// The vault of a region for the backups of stores that services of the cloud run.
    pub fn vault(&self, region: &Name) -> String {
        truncate_with_hash(&format!("{}-{}-{region}", self.name, self.environment), 50)
    }

    /// Whether a service of the cloud runs a store of the environment.
    pub fn has_managed_stores(&self) -> bool {
        self.regions.values().any(|region| !region.managed.is_empty())
    }

    /// The regions that hold backups of stores that services of the cloud run: their own, and those of copies.
    pub fn vault_regions(&self) -> BTreeSet<&Name> {
        let of = |region: &'_ Region| region.managed.values().any(|store| store.backup.is_ok());
        let own = self.regions.values().filter(|region| of(region)).map(|region| &region.name);
        let stores = self.regions.values().flat_map(|region| region.managed.values());
        own.chain(stores.filter_map(|store| store.backup.as_ref().ok()?.copy_to.as_ref())).collect()
    }
}
