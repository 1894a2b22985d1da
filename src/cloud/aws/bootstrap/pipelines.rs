//! The identities of pipelines: who may take their roles, and what the roles may change.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{self, Platform, Region, Subjects};
use crate::provider::Provider;
use crate::value::Name;

/// For whom tokens are issued that AWS takes.
const AUDIENCE: &str = "sts.amazonaws.com";

/// The region of the logs and events of what AWS has once.
const HOME: &str = "us-east-1";

/// The conditions of a role: operator, then key, then values.
type Conditions = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

/// The part of `locals.tf` that is about pipelines.
#[derive(Serialize)]
pub(super) struct Locals<'a> {
    environment: &'a str,
    issuer: &'a str,
    boundary: String,
    roles: [Role; 2],
    regions: Vec<Place<'a>>,
    allowed_regions: BTreeSet<&'a str>,
    buckets: Option<Vec<BucketsOf<'a>>>,
    copy_keys: Option<Vec<KeyOf<'a>>>,
    copiers: Option<Vec<String>>,
    databases: Option<Vec<DatabasesOf<'a>>>,
    vaults: Vec<VaultOf<'a>>,
}

/// The names in the cloud of the databases of a region.
#[derive(Serialize)]
struct DatabasesOf<'a> {
    region: &'a str,
    names: Vec<&'a str>,
}

/// The vault of a region.
#[derive(Serialize)]
struct VaultOf<'a> {
    region: &'a str,
    name: String,
}

impl<'a> DatabasesOf<'a> {
    /// Those of every region with a database; none in an environment without.
    fn all(platform: &'a Platform) -> Option<Vec<DatabasesOf<'a>>> {
        let with = platform.regions.values().filter(|region| !region.managed.is_empty());
        let of = |region: &'a Region| DatabasesOf {
            region: region.name.as_str(),
            names: region.managed.values().map(|store| store.id.as_str()).collect(),
        };
        let all: Vec<DatabasesOf<'a>> = with.map(of).collect();
        (!all.is_empty()).then_some(all)
    }
}

/// The names in the cloud of the buckets of a region, copies among them.
#[derive(Serialize)]
struct BucketsOf<'a> {
    region: &'a str,
    names: Vec<&'a str>,
}

/// The alias of the key of the buckets of a region.
#[derive(Serialize)]
struct KeyOf<'a> {
    region: &'a str,
    alias: String,
}

impl<'a> BucketsOf<'a> {
    /// Those of every region with a data root; none in an environment without buckets.
    fn all(platform: &'a Platform) -> Option<Vec<BucketsOf<'a>>> {
        let of = |region: &'a Name| BucketsOf { region: region.as_str(), names: platform.buckets_in(region).collect() };
        let all: Vec<BucketsOf<'a>> = platform.data_regions().into_iter().map(of).filter(|own| !own.names.is_empty()).collect();
        (!all.is_empty()).then_some(all)
    }
}

impl<'a> KeyOf<'a> {
    /// Those of regions without a cluster, which hold copies.
    fn elsewhere(platform: &'a Platform) -> Option<Vec<KeyOf<'a>>> {
        let elsewhere = platform.data_regions().into_iter().filter(|region| !platform.regions.contains_key(region.as_str()));
        let all: Vec<KeyOf<'a>> = elsewhere.map(|region| KeyOf { region: region.as_str(), alias: platform.data_key(region) }).collect();
        (!all.is_empty()).then_some(all)
    }
}

/// The roles that make copies, in each region that may hold the buckets, as ARNs.
fn copiers(platform: &Platform, account: &str) -> Option<Vec<String>> {
    let role = |region: &Name| format!("arn:aws:iam::{account}:role/{}", platform.copier_role(region));
    let copied = platform.buckets.values().any(|bucket| bucket.copy.is_some());
    let holds_buckets = |region: &&Name| platform.buckets_in(region).next().is_some();
    copied.then(|| platform.data_regions().into_iter().filter(holds_buckets).map(role).collect())
}

/// A role of pipelines.
#[derive(Serialize)]
struct Role {
    purpose: &'static str,
    name: String,
    /// Which tokens may take it.
    tokens: Conditions,
}

/// A region in which pipelines change something.
#[derive(Serialize)]
struct Place<'a> {
    region: &'a str,
    name: &'a str,
    /// A pattern of the roles of the region.
    roles: String,
    /// The role of the administrator of its cluster.
    administrator: String,
}

/// Conditions on the claims of tokens: for AWS, and with these subjects.
fn tokens(issuer: &str, operator: &'static str, subjects: Vec<String>) -> Conditions {
    let mut all = Conditions::new();
    all.entry("StringEquals").or_default().insert(format!("{issuer}:aud"), vec![AUDIENCE.to_owned()]);
    all.entry(operator).or_default().insert(format!("{issuer}:sub"), subjects);
    all
}

fn roles(platform: &Platform, pipelines: &model::Pipelines) -> [Role; 2] {
    let issuer = pipelines.issuer.as_str();
    let planners = match &pipelines.planners {
        Subjects::Exactly(subjects) => tokens(issuer, "StringEquals", subjects.clone()),
        Subjects::Like(pattern) => tokens(issuer, "StringLike", vec![pattern.clone()]),
    };
    let mut appliers = tokens(issuer, "StringEquals", vec![pipelines.applier.clone()]);
    if let Some(reference) = &pipelines.reference {
        appliers.entry("StringEquals").or_default().insert(format!("{issuer}:ref"), vec![reference.clone()]);
    }
    let role = |purpose, tokens| Role { purpose, name: platform.pipeline_role(purpose), tokens };
    [role("apply", appliers), role("plan", planners)]
}

impl<'a> Locals<'a> {
    /// `states` are the regions that hold states. None without a CI system.
    pub(super) fn new(platform: &'a Platform, account: &str, states: &BTreeSet<&'a str>) -> Option<Locals<'a>> {
        let (pipelines, boundary) = (platform.pipelines.as_ref()?, platform.boundary()?);
        let place = |region: &'a Region| Place {
            region: region.name.as_str(),
            name: &region.cluster.name,
            roles: format!("arn:aws:iam::{account}:role/{}*", region.role_prefix()),
            administrator: region.administrator_role(),
        };
        let home = platform.has_global_root().then_some(HOME);
        Some(Locals {
            environment: platform.environment.as_str(),
            issuer: &pipelines.issuer,
            boundary,
            roles: roles(platform, pipelines),
            regions: platform.regions.values().filter(|region| region.provider == Provider::Aws).map(place).collect(),
            allowed_regions: states.iter().copied().chain(home).collect(),
            buckets: BucketsOf::all(platform),
            copy_keys: KeyOf::elsewhere(platform),
            copiers: copiers(platform, account),
            databases: DatabasesOf::all(platform),
            vaults: platform
                .vault_regions()
                .into_iter()
                .map(|region| VaultOf { region: region.as_str(), name: platform.vault(region) })
                .collect(),
        })
    }
}

/// The view of `pipelines.tf`.
#[derive(Serialize)]
pub(super) struct Identities {
    makes_provider: bool,
    /// Whether the environment has a root `global`.
    global: bool,
    /// Whether it has buckets.
    data: bool,
    /// Whether services of the cloud run stores of it.
    stores: bool,
}

impl Identities {
    /// None without a CI system.
    pub(super) fn new(platform: &Platform) -> Option<Identities> {
        let makes_provider = platform.pipelines.as_ref()?.makes_provider;
        Some(Identities {
            makes_provider,
            global: platform.has_global_root(),
            data: !platform.buckets.is_empty(),
            stores: platform.has_managed_stores(),
        })
    }
}

/// The view of `pipeline_global.tf`.
#[derive(Serialize)]
pub(super) struct Global<'a> {
    /// The domain whose zone the root makes.
    domain: Option<&'a str>,
    leads: bool,
}

impl<'a> Global<'a> {
    /// None without a root `global`.
    pub(super) fn new(platform: &'a Platform) -> Option<Global<'a>> {
        let domain = platform.zone.is_some().then_some(platform.domain.as_str());
        platform.has_global_root().then_some(Global { domain, leads: platform.leads_account })
    }
}

/// The view of `pipeline_data.tf`.
#[derive(Serialize)]
pub(super) struct Data {
    /// Whether a bucket has a copy.
    copied: bool,
    /// Whether a region without a cluster holds copies.
    elsewhere: bool,
}

impl Data {
    /// None without buckets.
    pub(super) fn new(platform: &Platform) -> Option<Data> {
        let copied = platform.buckets.values().any(|bucket| bucket.copy.is_some());
        let elsewhere = platform.data_regions().into_iter().any(|region| !platform.regions.contains_key(region.as_str()));
        (!platform.buckets.is_empty()).then_some(Data { copied, elsewhere })
    }
}

/// The view of `pipeline_stores.tf`.
#[derive(Serialize)]
pub(super) struct Stores {
    /// Whether a region without a cluster holds copies, and no bucket, whose rights have its key.
    elsewhere: bool,
    /// Whether there are copies beside those that RDS keeps.
    vaults: bool,
}

impl Stores {
    /// None where no service of the cloud runs a store.
    pub(super) fn new(platform: &Platform) -> Option<Stores> {
        let vaults = platform.vault_regions();
        let elsewhere = platform.buckets.is_empty() && vaults.iter().any(|region| !platform.regions.contains_key(region.as_str()));
        platform.has_managed_stores().then_some(Stores { elsewhere, vaults: !vaults.is_empty() })
    }
}
