//! Amazon Web Services.

mod bootstrap;
mod cluster;
mod data;
mod global;
mod interconnect;
mod network;
mod people;
mod text;

use super::{Nothing, Root, State};
use crate::facts;
use crate::layers::{Layer, Scope};
use crate::model::{Platform, Region};
use crate::provider;
use crate::template::TemplateError;
use serde::Serialize;
use std::collections::BTreeMap;

/// The templates that all layers share.
const TEMPLATES: &str = "terraform/aws";

/// The roots of an environment.
pub(super) fn roots(platform: &Platform) -> Result<Vec<Root>, TemplateError> {
    let mut roots = Vec::new();
    roots.extend(bootstrap::root(platform)?);
    roots.extend(global::root(platform)?);
    for region in platform.regions.values().filter(|region| region.provider == provider::Provider::Aws) {
        roots.extend(network::root(platform, region)?);
        roots.extend(cluster::root(platform, region)?);
    }
    for region in platform.data_regions() {
        roots.extend(data::root(platform, region)?);
    }
    for (first, second) in platform.links() {
        roots.extend(interconnect::root(platform, first, second)?);
    }
    Ok(roots)
}

#[derive(Serialize)]
struct Backend<'a> {
    bucket: &'a str,
    key: &'a str,
    region: &'a str,
    kms_key: String,
}

#[derive(Serialize)]
struct Provider<'a> {
    region: &'a str,
    accounts: [&'a str; 1],
    tags: BTreeMap<&'a str, &'a str>,
}

/// A root with the files that all layers share: backend, provider and versions. `region` holds its state, and its resources unless they name another.
fn root(layer: Layer, platform: &Platform, scope: Scope, account: &str, region: &str) -> Result<Root, TemplateError> {
    let state = State {
        bucket: platform.state_bucket(account, region),
        key: format!("{}/terraform.tfstate", scope.path(layer)),
        region: region.to_owned(),
    };
    let mut root = Root { layer, scope, state: state.clone(), files: BTreeMap::new() };
    let kms_key = format!("arn:aws:kms:{region}:{account}:alias/{}", platform.state_key());
    root.print(TEMPLATES, "backend.tf", &Backend { bucket: &state.bucket, key: &state.key, region: &state.region, kms_key })?;
    // The platform's own labels, and the tags of platgen over them.
    let mut tags: BTreeMap<&str, &str> = platform.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    tags.extend([
        ("environment", platform.environment.as_str()),
        ("layer", layer.name()),
        ("managed_by", "platgen"),
        ("owner", platform.owner.as_str()),
        ("platform", platform.name.as_str()),
        ("region", region),
    ]);
    root.print(TEMPLATES, "providers.tf", &Provider { region, accounts: [account], tags })?;
    root.print(TEMPLATES, "versions.tf", &Nothing {})?;
    Ok(root)
}

/// The ARN of the policy that no role of the environment exceeds. The bootstrap root makes it; none without pipelines.
fn boundary(platform: &Platform, account: &str) -> Option<String> {
    platform.boundary().map(|name| format!("arn:aws:iam::{account}:policy/{name}"))
}

/// The account of an environment on AWS, and the region that holds the states of roots of the whole environment: the state region of the spec, or the
/// primary region where the former is not one of AWS. None without a region on AWS.
fn home(platform: &Platform) -> Option<(&str, &str)> {
    let on_aws = || platform.regions.values().filter(|region| region.provider == provider::Provider::Aws);
    let account = on_aws().find_map(|region| region.account.as_deref())?;
    let known = platform.state_region.as_ref().filter(|name| facts::region(provider::Provider::Aws, name.as_str()).is_some());
    let own = on_aws().find(|region| region.primary).or_else(|| on_aws().next()).map(|region| &region.name);
    Some((account, known.or(own)?.as_str()))
}

/// The root of a layer of the whole environment. None without a region on AWS that has an account.
fn environmental(layer: Layer, platform: &Platform) -> Result<Option<Root>, TemplateError> {
    let Some((account, region)) = home(platform) else { return Ok(None) };
    root(layer, platform, Scope { environment: platform.environment.to_string(), regions: Vec::new() }, account, region).map(Some)
}

/// The root of a layer of one region. Its state is in that region: nothing waits for another one. None without an account.
fn regional(layer: Layer, platform: &Platform, region: &Region) -> Result<Option<Root>, TemplateError> {
    let Some(account) = region.account.as_deref() else { return Ok(None) };
    let scope = Scope::region(platform.environment.as_str(), region.name.as_str());
    root(layer, platform, scope, account, region.name.as_str()).map(Some)
}
