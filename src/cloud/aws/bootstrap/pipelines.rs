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
        })
    }
}

/// The view of `pipelines.tf`.
#[derive(Serialize)]
pub(super) struct Identities {
    makes_provider: bool,
    /// Whether the environment has a root `global`.
    global: bool,
}

impl Identities {
    /// None without a CI system.
    pub(super) fn new(platform: &Platform) -> Option<Identities> {
        let makes_provider = platform.pipelines.as_ref()?.makes_provider;
        Some(Identities { makes_provider, global: platform.has_global_root() })
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
