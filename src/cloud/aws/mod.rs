//! Amazon Web Services.

mod cluster;
mod network;
mod text;

use super::{Nothing, Root, State};
use crate::layers::{Layer, Scope};
use crate::model::{Platform, Region};
use crate::template::TemplateError;
use serde::Serialize;
use std::collections::BTreeMap;

/// The templates that all layers share.
const TEMPLATES: &str = "terraform/aws";

/// The roots of a region.
pub(super) fn roots(platform: &Platform, region: &Region) -> Result<Vec<Root>, TemplateError> {
    let layers = [network::root(platform, region)?, cluster::root(platform, region)?];
    Ok(layers.into_iter().flatten().collect())
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

/// A root of a region with the files that all layers share: backend, provider and versions. None without an account.
fn root(layer: Layer, platform: &Platform, region: &Region) -> Result<Option<Root>, TemplateError> {
    let Some(account) = region.account.as_deref() else { return Ok(None) };
    let scope = Scope::region(platform.environment.as_str(), region.name.as_str());
    let state = State {
        bucket: platform.state_bucket(account, region.name.as_str()),
        key: format!("{}/terraform.tfstate", scope.path(layer)),
        // Of its own region: nothing here waits for another one.
        region: region.name.to_string(),
        key_alias: format!("alias/{}", platform.state_key()),
    };
    let mut root = Root { layer, scope, state: state.clone(), controllers: BTreeMap::new(), files: BTreeMap::new() };
    let kms_key = format!("arn:aws:kms:{}:{account}:{}", state.region, state.key_alias);
    root.print(TEMPLATES, "backend.tf", &Backend { bucket: &state.bucket, key: &state.key, region: &state.region, kms_key })?;
    // The platform's own labels, and the tags of platgen over them.
    let mut tags: BTreeMap<&str, &str> = platform.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    tags.extend([
        ("environment", platform.environment.as_str()),
        ("layer", layer.name()),
        ("managed_by", "platgen"),
        ("owner", platform.owner.as_str()),
        ("platform", platform.name.as_str()),
        ("region", region.name.as_str()),
    ]);
    root.print(TEMPLATES, "providers.tf", &Provider { region: region.name.as_str(), accounts: [account], tags })?;
    root.print(TEMPLATES, "versions.tf", &Nothing {})?;
    Ok(Some(root))
}
