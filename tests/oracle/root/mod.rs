//! Terraform roots, held against the model.
//!
//! Terraform's own tests hold the resources of a root against the literals beside them; whether those literals are the platform's, no test of a
//! root can know, and what stands in its backend, its provider and its `lifecycle` blocks no plan shows. That is judged here, from the
//! text alone. Files that the spec brings are their author's.

mod bootstrap;
mod cluster;
mod data;
mod firewall;
mod global;
mod network;
mod protection;
mod provider;
mod settings;
mod state;

use super::Finding;
use super::compare::{self, place_name};
use platgen::files::Unit;
use platgen::hcl::Block;
use platgen::layers::Layer;
use platgen::model::{self, Platform, Region, TerraformFile};
use platgen::provider::Provider;
use serde_json::Value;
use std::collections::BTreeMap;

/// What looks at a root and adds what it finds.
type Judge = fn(&Root, &mut Vec<Finding>);

/// The layers that are judged.
pub(super) const LAYERS: [Layer; 5] = [Layer::Bootstrap, Layer::Global, Layer::Network, Layer::Cluster, Layer::Data];

/// Rules over a root that is there.
fn rules(layer: Layer) -> &'static [Judge] {
    match layer {
        Layer::Global => &[state::judge, provider::judge, global::judge, protection::judge],
        Layer::Bootstrap => &[state::judge, provider::judge, bootstrap::judge, protection::judge],
        Layer::Cluster => &[state::judge, provider::judge, cluster::judge, protection::judge],
        Layer::Data => &[state::judge, provider::judge, data::judge, protection::judge],
        _ => &[state::judge, provider::judge, network::judge, firewall::judge, settings::judge, protection::judge],
    }
}

/// A root of a region, as the rules see it.
pub(super) struct Root<'a> {
    layer: Layer,
    platform: &'a Platform,
    region: &'a Region,
    network: &'a model::Network,
    account: &'a str,
    /// Blocks of every file that platgen wrote, each with its file.
    blocks: Vec<(&'a str, Block)>,
}

/// What the rules find in a root of a region. Whether there has to be one, the model says.
pub(super) fn findings(platform: &Platform, region: &Region, layer: Layer, unit: Option<&Unit>) -> Vec<Finding> {
    let (Provider::Aws, Some(network), Some(account)) = (region.provider, &region.network, region.account.as_deref()) else {
        return Vec::new();
    };
    // Other environments of the account make everything.
    if layer == Layer::Global && platform.zone.is_none() && !platform.leads_account {
        return Vec::new();
    }
    let holds =
        |bucket: &model::Bucket| bucket.region == region.name || bucket.copy.as_ref().is_some_and(|copy| copy.region == region.name);
    if layer == Layer::Data && !platform.buckets.values().any(holds) {
        return Vec::new();
    }
    let mut root = Root { layer, platform, region, network, account, blocks: Vec::new() };
    let mut found = Vec::new();
    let Some(unit) = unit.filter(|unit| unit.files.keys().any(|path| path.ends_with(".tf"))) else {
        let message = format!("the region `{}` has no Terraform root for its {layer}", region.name);
        return vec![root.finding("missing-root", layer.name(), "", message)];
    };
    let brought: Vec<String> = platform.terraform.iter().map(TerraformFile::file_name).collect();
    for (path, text) in unit.files.iter().filter(|(path, _)| path.ends_with(".tf") && !brought.contains(path)) {
        match Block::read(text) {
            Ok(file) => root.blocks.extend(file.blocks.into_iter().map(|block| (path.as_str(), block))),
            Err(reason) => {
                let reason = reason.lines().next().unwrap_or_default();
                found.push(root.finding("unreadable-document", path, path, format!("`{path}` is no HCL: {reason}")));
            }
        }
    }
    for judge in rules(layer) {
        judge(&root, &mut found);
    }
    found
}

impl<'a> Root<'a> {
    /// The region of its state.
    fn home(&self) -> &str {
        match (self.layer, &self.platform.state_region) {
            (Layer::Bootstrap | Layer::Global, Some(region)) => region.as_str(),
            _ => self.region.name.as_str(),
        }
    }

    /// `<platform>-<environment>-<region>`, what everything in the root is named by.
    fn name(&self) -> String {
        format!("{}-{}-{}", self.platform.name, self.platform.environment, self.region.name)
    }

    fn finding(&self, rule: &'static str, object: &str, file: &str, message: String) -> Finding {
        Finding { file: file.to_owned(), object: object.to_owned(), rule, message }
    }

    /// Blocks at the top of files, with these labels first.
    fn blocks<'s>(&'s self, kind: &'s str, labels: &'s [&str]) -> impl Iterator<Item = (&'s str, &'s Block)> {
        let begins = |block: &Block| block.labels.iter().map(String::as_str).take(labels.len()).eq(labels.iter().copied());
        self.blocks.iter().filter(move |(_, block)| block.kind == kind && begins(block)).map(|(file, block)| (*file, block))
    }

    /// A local value, and the file it stands in.
    fn local(&self, name: &str) -> (&str, &Value) {
        let known = self.blocks("locals", &[]).find_map(|(file, block)| Some((file, block.attributes.get(name)?)));
        known.unwrap_or(("locals.tf", &Value::Null))
    }

    /// Tells the first place where what stands there differs from what is wanted; `null` is the same as nothing.
    fn expect(&self, found: &mut Vec<Finding>, rule: &'static str, (object, file): (&str, &str), has: &Value, wanted: &Value) {
        if let Some((place, wanted, has)) = compare::differences("", wanted, has).into_iter().next() {
            let at = if place.is_empty() { format!("`{object}`") } else { format!("`{}` of `{object}`", place_name(&place)) };
            found.push(self.finding(rule, object, file, format!("{at} {has}, where it should be {wanted}")));
        }
    }

    /// Tells what is wanted and not there, and what is there and not wanted; both by what a person would call it.
    fn expect_set(
        &self,
        found: &mut Vec<Finding>,
        rule: &'static str,
        (object, file): (&str, &str),
        has: &BTreeMap<String, String>,
        wanted: &BTreeMap<String, String>,
    ) {
        for (key, why) in wanted.iter().filter(|(key, _)| !has.contains_key(*key)) {
            found.push(self.finding(rule, object, file, format!("`{object}` does not open {key}, which is needed: {why}")));
        }
        for (key, name) in has.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
            found.push(self.finding(rule, object, file, format!("`{name}` of `{object}` opens {key}, which nothing in the spec needs")));
        }
    }
}
