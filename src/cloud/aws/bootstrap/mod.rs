//! The bootstrap root of an environment: the buckets and keys of Terraform's states, and the identities of pipelines.
//!
//! The root comes before all others and is applied by an administrator: its first apply keeps the state on the disk, and moves it into the bucket that it
//! made. There is a bucket in each region that holds a state, so that the loss of a region takes no state of another.

mod documents;
mod pipelines;
#[cfg(test)]
mod tests;

use serde::Serialize;
use std::collections::BTreeSet;

use super::people;
use crate::cloud::{Nothing, Root};
use crate::layers::Layer;
use crate::model::Platform;
use crate::provider::Provider;
use crate::template::TemplateError;

/// The templates of this root.
const TEMPLATES: &str = "terraform/aws/bootstrap";

/// The view of `locals.tf`: everything that differs between bootstrap roots.
#[derive(Serialize)]
struct Locals<'a> {
    name: String,
    account: &'a str,
    states: Vec<State<'a>>,
    key: String,
    administrators: Vec<String>,
    pipelines: Option<pipelines::Locals<'a>>,
}

/// A region that holds states.
#[derive(Serialize)]
struct State<'a> {
    region: &'a str,
    bucket: String,
}

impl<'a> Locals<'a> {
    /// `home` is the region with the states of roots of the whole environment.
    fn new(platform: &'a Platform, account: &'a str, home: &'a str) -> Locals<'a> {
        let own = platform.regions.values().filter(|region| region.provider == Provider::Aws).map(|region| region.name.as_str());
        let data = platform.data_regions().into_iter().map(|region| region.as_str());
        let regions: BTreeSet<&str> = own.chain(data).chain([home]).collect();
        let pipelines = pipelines::Locals::new(platform, account, &regions);
        let mut administrators = people::administrators(platform, account);
        administrators.push(format!("arn:aws:iam::{account}:root"));
        Locals {
            name: format!("{}-{}", platform.name, platform.environment),
            account,
            states: regions.into_iter().map(|region| State { region, bucket: platform.state_bucket(account, region) }).collect(),
            key: platform.state_key(),
            administrators,
            pipelines,
        }
    }
}

/// The view of the tests: `tests/bootstrap.tftest.hcl` for Terraform, `tests/bootstrap.tofutest.hcl`, which OpenTofu reads in place of the former.
#[derive(Serialize)]
struct Tests {
    terraform: bool,
    /// Who runs Terraform in the tests: an identity that may use the states.
    caller: String,
    pipelines: bool,
    makes_provider: bool,
}

/// The view of `access.tf`.
#[derive(Serialize)]
struct Access {
    pipelines: bool,
}

/// The root; none without a region on AWS that has an account.
pub(super) fn root(platform: &Platform) -> Result<Option<Root>, TemplateError> {
    let (Some((account, home)), Some(mut root)) = (super::home(platform), super::environmental(Layer::Bootstrap, platform)?) else {
        return Ok(None);
    };
    root.document(&documents::readme(platform, account));
    let pipelines = platform.pipelines.is_some();
    root.print(TEMPLATES, "access.tf", &Access { pipelines })?;
    root.print(TEMPLATES, "kms.tf", &Nothing {})?;
    root.print(TEMPLATES, "locals.tf", &Locals::new(platform, account, home))?;
    root.print(TEMPLATES, "state.tf", &Nothing {})?;
    if let Some(identities) = pipelines::Identities::new(platform) {
        for path in ["boundary.tf", "pipeline_cluster.tf", "pipeline_network.tf", "pipeline_read.tf", "pipeline_roles.tf"] {
            root.print(TEMPLATES, path, &Nothing {})?;
        }
        if let Some(data) = pipelines::Data::new(platform) {
            root.print(TEMPLATES, "pipeline_data.tf", &data)?;
        }
        if let Some(global) = pipelines::Global::new(platform) {
            root.print(TEMPLATES, "pipeline_global.tf", &global)?;
        }
        if let Some(stores) = pipelines::Stores::new(platform) {
            root.print(TEMPLATES, "pipeline_stores.tf", &stores)?;
        }
        root.print(TEMPLATES, "pipelines.tf", &identities)?;
    }
    let makes_provider = platform.pipelines.as_ref().is_some_and(|pipelines| pipelines.makes_provider);
    for (path, terraform) in [("tests/bootstrap.tftest.hcl", true), ("tests/bootstrap.tofutest.hcl", false)] {
        root.print(TEMPLATES, path, &Tests { terraform, caller: format!("arn:aws:iam::{account}:root"), pipelines, makes_provider })?;
    }
    Ok(Some(root))
}
