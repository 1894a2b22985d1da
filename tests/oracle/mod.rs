//! A second opinion on the renderer: what it printed, held against the model, object by object and value by value.
//!
//! What these rules find can only come from a wrong renderer or a wrong template, so they are tests and no part of the program: `platgen check` judges
//! what people can get wrong. The mutation proof asks both. Every expectation is written here once more, independently of the renderer.
//! What a patch changed is as its author wanted it, and what a manifest brought is its author's.

mod access;
mod addons;
mod certificates;
mod collections;
mod compare;
mod config;
mod context;
mod databases;
mod exposures;
mod gitops;
mod guard;
mod labels;
mod managed;
mod monitoring;
mod namespaces;
mod pod_specs;
mod queues;
mod rollout;
mod root;
mod rules;
mod secrets;
mod services;
mod storage;
mod topics;
mod transactions;
mod unexpected_objects;
mod waves;

pub(crate) use compare::every_difference_has_its_place;
use context::RegionContext;
pub(crate) use gitops::faults as gitops_faults;
pub(crate) use secrets::templates_become_places;
pub(crate) use waves::before as waited_for;

use platgen::files::Unit;
use platgen::layers::Layer;
use platgen::model::{Platform, Region};

/// A value or an object that is not what the model says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    /// The file, below the folder of its unit; empty for an object that is missing.
    pub(crate) file: String,
    /// The object: `Kind/namespace/name`, or `Kind/name` without a namespace; a block of a Terraform file.
    pub(crate) object: String,
    /// The kind of fault, such as `wrong-config`.
    pub(crate) rule: &'static str,
    /// What differs.
    pub(crate) message: String,
}

/// A rule over the Kubernetes documents of a region.
type Judge = fn(&RegionContext, &mut Vec<Finding>);

const RULES: &[Judge] = &[
    access::judge,
    addons::judge,
    certificates::judge,
    collections::judge,
    config::judge,
    config::volumes,
    databases::judge,
    exposures::judge,
    guard::judge,
    labels::judge,
    managed::judge,
    monitoring::judge,
    namespaces::judge,
    pod_specs::containers,
    pod_specs::pods,
    pod_specs::workloads,
    queues::judge,
    rollout::priorities,
    rollout::rollouts,
    rules::judge,
    secrets::judge,
    services::scale,
    services::services,
    storage::judge,
    topics::judge,
    transactions::judge,
    unexpected_objects::judge,
    waves::judge,
];

/// Faults of the Kubernetes documents of a region, sorted.
pub(crate) fn findings_in(platform: &Platform, region: &Region, unit: &Unit) -> Vec<Finding> {
    let context = RegionContext::new(platform, region, unit);
    let mut found = Vec::new();
    RULES.iter().for_each(|judge| judge(&context, &mut found));
    sorted(found)
}

/// Faults of what a GitOps controller reads in the documents of a region, sorted.
pub(crate) fn waves_in(platform: &Platform, region: &Region, unit: &Unit) -> Vec<Finding> {
    let mut found = Vec::new();
    waves::judge(&RegionContext::new(platform, region, unit), &mut found);
    sorted(found)
}

/// Faults of the order in which the script of an environment applies the documents of a region, sorted.
pub(crate) fn script_in(platform: &Platform, region: &Region, unit: &Unit, script: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    waves::judge_script(&RegionContext::new(platform, region, unit), script, &mut found);
    sorted(found)
}

/// The layers of a region whose roots are judged.
pub(crate) const LAYERS: [Layer; 5] = root::LAYERS;

/// Faults of a Terraform root of a region, sorted. The model says whether the root has to be there.
pub(crate) fn findings_in_root(platform: &Platform, region: &Region, layer: Layer, unit: Option<&Unit>) -> Vec<Finding> {
    sorted(root::findings(platform, region, layer, unit))
}

fn sorted(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort();
    found.dedup();
    found
}

/// The folder of a Terraform root of a region, or of its environment, below the output folder.
pub(crate) fn root_folder(environment: &str, region: &str, layer: Layer) -> String {
    if layer == Layer::Global {
        return format!("terraform/{environment}/global");
    }
    if layer == Layer::Bootstrap {
        return format!("terraform/bootstrap/{environment}");
    }
    format!("terraform/{environment}/{region}/{layer}")
}
