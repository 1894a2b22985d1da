//! The identities of pipelines: who may take their roles, and what the roles may change.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{self, Platform, Region, Subjects};
use crate::provider::Provider;

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
    /// What data roots make; none in an environment without buckets.
    data: Option<Buckets<'a>>,
}

/// What the data roots of the environment make.
#[derive(Serialize)]
struct Buckets<'a> {
    regions: Vec<BucketsOf<'a>>,
    /// Regions without a cluster that hold copies.
    elsewhere: Vec<KeyOf<'a>>,
    /// The roles that make copies, in each region that may hold the buckets, as ARNs.
    copiers: Vec<String>,
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

impl<'a> Buckets<'a> {
    fn new(platform: &'a Platform, account: &str) -> Option<Buckets<'a>> {
        let regions = Some(platform.data_regions()).filter(|regions| !regions.is_empty())?;
        let elsewhere = regions.iter().filter(|region| !platform.regions.contains_key(region.as_str()));
        let copied = platform.buckets.values().any(|bucket| bucket.copy.is_some());
        Some(Buckets {
            regions: regions
                .iter()
                .map(|region| BucketsOf { region: region.as_str(), names: platform.buckets_in(region).collect() })
                .collect(),
            elsewhere: elsewhere.map(|region| KeyOf { region: region.as_str(), alias: platform.data_key(region) }).collect(),
            copiers: regions
                .iter()
                .filter(|_| copied)
                .map(|region| format!("arn:aws:iam::{account}:role/{}", platform.copier_role(region)))
                .collect(),
        })
    }
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
            data: Buckets::new(platform, account),
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
}

impl Identities {
    /// None without a CI system.
    pub(super) fn new(platform: &Platform) -> Option<Identities> {
        let makes_provider = platform.pipelines.as_ref()?.makes_provider;
        Some(Identities { makes_provider, global: platform.has_global_root(), data: !platform.buckets.is_empty() })
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
