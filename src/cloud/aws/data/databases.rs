//! Databases that RDS runs, and the backups of them that AWS Backup makes.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Managed, ManagedBackup, Platform, Region};
use crate::value::{Engine, Name};

/// The part of `locals.tf` about databases.
#[derive(Serialize)]
pub(super) struct Databases<'a> {
    cluster: &'a str,
    zone: String,
    all: Vec<Database<'a>>,
}

/// A database.
#[derive(Serialize)]
struct Database<'a> {
    key: String,
    id: &'a str,
    /// Its name in the private zone.
    host: String,
    engine: &'static str,
    version: &'a str,
    family: String,
    machine: &'a str,
    storage: u64,
    standby: bool,
    port: u16,
    administrator: &'static str,
    /// Ranges by zone.
    subnets: BTreeMap<&'a str, String>,
    /// The classes of nodes that call it.
    callers: BTreeSet<&'a str>,
    parameters: &'a BTreeMap<String, String>,
    logs: &'static [&'static str],
    keep: u32,
}

/// The logs that a server writes: not those with statements.
fn logs(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Mysql => &["error"],
        _ => &["postgresql", "upgrade"],
    }
}

impl<'a> Databases<'a> {
    /// None where RDS runs no store of the region, or the region has no network.
    pub(super) fn new(region: &'a Region) -> Option<Databases<'a>> {
        let network = region.network.as_ref()?;
        let database = |store: &'a Managed| {
            let own = network.subnets.iter().find(|subnet| subnet.name == store.subnet);
            let callers = region.callers_of(store).flat_map(|flow| region.classes_of(network, &flow.from));
            Database {
                key: store.key(),
                id: &store.id,
                host: store.host(region),
                engine: store.engine.name(),
                version: &store.version,
                family: store.family(),
                machine: &store.machine,
                storage: store.storage,
                standby: store.standby,
                port: store.port,
                administrator: Managed::ADMINISTRATOR,
                subnets: own.iter().flat_map(|subnet| &subnet.ranges).map(|range| (range.zone.as_str(), range.cidr.to_string())).collect(),
                callers: callers.map(Name::as_str).collect(),
                parameters: &store.parameters,
                logs: logs(store.engine),
                // Without backups of the spec, RDS keeps those of a day, with which it makes standbys.
                keep: store.backup.as_ref().map_or(1, |backup| backup.keep),
            }
        };
        let all: Vec<Database> = region.managed.values().map(database).collect();
        (!all.is_empty()).then(|| Databases { cluster: &region.cluster.name, zone: region.stores_zone(), all })
    }
}

/// The part of `locals.tf` about the plans of AWS Backup.
#[derive(Serialize)]
pub(super) struct Plans<'a> {
    all: Vec<Plan<'a>>,
    role: String,
}

/// When a database is copied, and where to.
#[derive(Serialize)]
struct Plan<'a> {
    key: String,
    schedule: &'a str,
    keep: u32,
    /// The vault of a second copy in another region, as an ARN.
    copy: Option<String>,
}

impl<'a> Plans<'a> {
    /// None where no store of the region has backups.
    pub(super) fn new(platform: &Platform, region: &'a Region, account: &str) -> Option<Plans<'a>> {
        let plan = |store: &'a Managed| {
            let ManagedBackup { schedule, keep, copy_to, .. } = store.backup.as_ref().ok()?;
            let copy = copy_to.as_ref().map(|other| format!("arn:aws:backup:{other}:{account}:backup-vault:{}", platform.vault(other)));
            Some(Plan { key: store.key(), schedule, keep: *keep, copy })
        };
        let all: Vec<Plan> = region.managed.values().filter_map(plan).collect();
        (!all.is_empty()).then(|| Plans { all, role: region.role("backup") })
    }
}

/// The vault of a region.
#[derive(Serialize)]
pub(super) struct Vault {
    name: String,
    least: u32,
    most: u32,
}

impl Vault {
    /// None where no backup is, and no copy of one.
    pub(super) fn new(platform: &Platform, region: &Name) -> Option<Vault> {
        let stores = platform.regions.values().flat_map(|own| own.managed.values().map(move |store| (&own.name, store)));
        let here = stores.filter_map(|(own, store)| {
            let backup = store.backup.as_ref().ok()?;
            (own == region || backup.copy_to.as_ref() == Some(region)).then_some(backup.keep)
        });
        let days: BTreeSet<u32> = here.collect();
        Some(Vault { name: platform.vault(region), least: *days.first()?, most: *days.last()? })
    }
}

/// The view of `vault.tf`.
#[derive(Serialize)]
pub(super) struct Locked {
    /// Whether the lock of the vault ends for nobody, as that of buckets.
    compliance: bool,
}

impl Locked {
    pub(super) fn new(platform: &Platform) -> Locked {
        Locked { compliance: platform.protected }
    }
}

/// The view of `databases.tf`.
#[derive(Serialize)]
pub(super) struct Instances {
    /// Whether a database can be deleted by a plan.
    deletable: bool,
    /// How long logs stay.
    days: u32,
    /// Whether that is less than the year that scanners ask for.
    brief: bool,
}

impl Instances {
    pub(super) fn new(platform: &Platform) -> Instances {
        let days = platform.regions.values().map(|region| region.cluster.log_days).max().unwrap_or(365);
        Instances { deletable: !platform.protected, days, brief: days < 365 }
    }
}
