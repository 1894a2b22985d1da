//! The rules of `platgen check`: the documents of a tree as they lie on disk, with their patches, raw manifests and hand edits.
//!
//! An API server accepts references to objects that don't exist, selectors that match no pod and policies for ports that no container has; and it grants
//! every right that a document asks for. The rules find both. Most of them need nothing but the documents ([`tree_findings`]), so that any tree of
//! manifests can be judged; the others compare a region with the model ([`findings`]). Tests, not this module, judge whether the renderer prints what
//! the model says, and `platgen render --check` lists the files that differ from the spec. An edit is a finding here if it has a meaning: a right that
//! nobody declared, a guard that is gone, an image or a secret from elsewhere ([`Judge::Edits`]).
//!
//! A finding that the spec asks for is accepted with the reason that the spec gives: see [`Finding::reason`]. `waivers` of the spec accept others
//! ([`apply`]). Each rule, or each group of rules that share a walk, is one file and one line of [`RULES`].

mod blocked_flows;
mod budgets;
mod cluster_admin;
mod config_hashes;
mod context;
mod duplicate_objects;
mod encryption;
mod excess_access;
mod excess_permissions;
mod excess_policies;
mod exposed_services;
mod finding;
mod hardening;
mod host_access;
mod images;
mod isolation;
mod kustomization;
mod kustomize;
mod memory_limits;
mod missing_guards;
mod missing_namespaces;
mod open_policies;
mod permissions;
mod plain_secrets;
mod pod_parts;
mod pod_security;
mod policy_peers;
mod privileges;
mod references;
mod replicas;
mod route_conflicts;
mod scheduling;
mod selectors;
mod service_ports;
mod system_namespaces;
mod undeclared_sources;
mod unknown_regions;
mod unreadable_documents;
mod waivers;
mod wrong_environment;

pub use finding::{At, Finding, diagnostics};
pub use kustomize::{is_data, is_kustomization};
pub use unreadable_documents::garbled;
pub use waivers::{Judged, apply};

use crate::diagnostic::Code;
use crate::files::Files;
use crate::inventory::{Inventory, Place};
use crate::model::{Estate, Platform, Region};
use context::{RegionContext, TreeContext};
use kustomize::Kustomizations;
use std::collections::{BTreeMap, BTreeSet};

/// A rule, or several rules that share a walk.
struct Rule {
    codes: &'static [Code],
    judge: Judge,
    /// Whether the spec may ask for the finding: the reason that the spec gives then accepts it.
    loosens: bool,
}

/// The input of a rule.
enum Judge {
    /// The documents of any cluster.
    Tree(fn(&TreeContext, &mut Vec<Finding>)),
    /// The documents of a region with its model.
    Region(fn(&RegionContext, &mut Vec<Finding>)),
    /// The documents of a region that differ from those that the spec renders, and the rendered ones.
    Edits(fn(&RegionContext, &RegionContext, &mut Vec<Finding>)),
    /// The folders of all regions.
    Estate(fn(&Estate, &Tree, &mut Vec<Finding>)),
}

const RULES: &[Rule] = &[
    blocked_flows::RULE,
    budgets::RULE,
    cluster_admin::RULE,
    config_hashes::RULE,
    duplicate_objects::RULE,
    encryption::RULE,
    excess_access::RULE,
    excess_permissions::RULE,
    excess_policies::RULE,
    exposed_services::RULE,
    hardening::RULE,
    host_access::RULE,
    images::RULE,
    isolation::FOREIGN,
    isolation::RULE,
    kustomization::RULE,
    memory_limits::RULE,
    missing_guards::RULE,
    missing_namespaces::RULE,
    open_policies::RULE,
    permissions::RULE,
    plain_secrets::BY_HAND,
    plain_secrets::RULE,
    pod_parts::RULE,
    pod_security::RULE,
    policy_peers::RULE,
    privileges::RULE,
    references::RULE,
    replicas::RULE,
    route_conflicts::RULE,
    scheduling::RULE,
    selectors::RULE,
    service_ports::RULE,
    system_namespaces::RULE,
    undeclared_sources::RULE,
    unknown_regions::RULE,
    unreadable_documents::RULE,
    wrong_environment::RULE,
];

/// The texts of YAML files by path, `/` between parts.
pub type Tree = BTreeMap<String, String>;

/// The findings of a tree of manifests without a spec, and what was judged.
#[derive(Debug, Default)]
pub struct TreeFindings {
    /// The findings, sorted by file.
    pub findings: Vec<Finding>,
    /// How many objects the tree holds.
    pub objects: usize,
    /// Files that hold no object of Kubernetes.
    pub skipped: BTreeSet<String>,
    /// Folders whose kustomization changes objects or adds some: kustomize was not run.
    pub changing: BTreeSet<String>,
}

/// Judges any tree of manifests by the rules that need no spec, each cluster of the tree by itself: see [`kustomize`].
pub fn tree_findings(tree: &Tree) -> TreeFindings {
    let kustomizations = Kustomizations::read(tree);
    let mut judged = TreeFindings { changing: kustomizations.changing().cloned().collect(), ..TreeFindings::default() };
    let mut objects: BTreeSet<(String, Place)> = BTreeSet::new();
    for files in kustomizations.clusters(tree) {
        let context = TreeContext::new(&files);
        for rule in RULES {
            if let Judge::Tree(judge) = rule.judge {
                judge(&context, &mut judged.findings);
            }
        }
        objects.extend(context.inventory.objects().iter().map(|object| (object.file.clone(), object.place.clone())));
        judged.skipped.extend(context.inventory.skipped().iter().cloned());
    }
    (judged.findings, judged.objects) = (sorted(judged.findings), objects.len());
    judged
}

/// The objects of any tree of manifests as they are written, and the folders whose kustomization changes them: kustomize was not run. Templates of charts
/// and the configuration of tools are left out.
pub fn objects(tree: &Tree) -> (Inventory, BTreeSet<String>) {
    let context = TreeContext::new(tree);
    let changing = context.kustomizations.changing().cloned().collect();
    (context.inventory, changing)
}

/// Judges the regions of an estate in the committed tree. `rendered` holds the files that the spec renders today: a loosening in both comes from the spec,
/// with its reason; one in the tree alone was made by hand. A region without files is an empty one.
pub fn findings(estate: &Estate, rendered: &Files, tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (environment, platform) in &estate.environments {
        for (name, region) in &platform.regions {
            let folder = folder(environment, name);
            let (files, none) = (files_of(tree, &folder), Tree::new());
            let said = rendered.units.get(&folder).map_or(&none, |unit| &unit.files);
            let context = RegionContext::new(platform, region, &files);
            let mut here = judge(&context);
            let is_edited =
                files.iter().any(|(path, text)| said.get(path) != Some(text)) || said.keys().any(|path| !files.contains_key(path));
            if is_edited || here.iter().any(|finding| loosens(finding.rule)) {
                let said = RegionContext::new(platform, region, said);
                for rule in RULES {
                    if let Judge::Edits(judge) = rule.judge {
                        judge(&context, &said, &mut here);
                    }
                }
                accept(&said, &mut here);
            }
            let mut here = complete(&context, here);
            for finding in here.iter_mut().filter(|finding| !finding.file.is_empty()) {
                finding.file = format!("{folder}/{}", finding.file);
            }
            found.extend(here);
        }
    }
    found
}

/// Judges the folders of the committed tree: whether each belongs to a region of the whole estate.
pub fn findings_of_folders(estate: &Estate, tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        if let Judge::Estate(judge) = rule.judge {
            judge(estate, tree, &mut found);
        }
    }
    found
}

/// The findings in the Kubernetes files of one region, sorted by file, by the rules that need no rendered files. Nothing is accepted.
pub fn findings_in(platform: &Platform, region: &Region, files: &Tree) -> Vec<Finding> {
    let context = RegionContext::new(platform, region, files);
    complete(&context, judge(&context))
}

/// Adds the environment and the entry of the spec.
fn complete(context: &RegionContext, mut found: Vec<Finding>) -> Vec<Finding> {
    for finding in &mut found {
        finding.environment = context.platform.environment.to_string();
        finding.entry = finding.entry.or_else(|| context.declared(&finding.object, pointer(finding)).0);
    }
    sorted(found)
}

fn judge(context: &RegionContext) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        match rule.judge {
            Judge::Tree(judge) => judge(&context.tree, &mut found),
            Judge::Region(judge) => judge(context, &mut found),
            Judge::Edits(_) | Judge::Estate(_) => {}
        }
    }
    found
}

/// Accepts findings that the rendered files have as well, with the reason that the spec gives.
fn accept(said: &RegionContext, found: &mut [Finding]) {
    let asked: BTreeSet<(Code, String, String)> =
        judge(said).into_iter().map(|finding| (finding.rule, finding.object, finding.message)).collect();
    for finding in found.iter_mut().filter(|finding| loosens(finding.rule)) {
        let key = (finding.rule, finding.object.clone(), finding.message.clone());
        if asked.contains(&key) {
            finding.reason = said.declared(&finding.object, pointer(finding)).1.map(str::to_owned);
        }
    }
}

fn loosens(rule: Code) -> bool {
    RULES.iter().any(|known| known.loosens && known.codes.contains(&rule))
}

fn pointer(finding: &Finding) -> &str {
    if let At::Value(place) = &finding.at { &place.pointer } else { "" }
}

/// The files below a folder, by their paths inside of it.
fn files_of(tree: &Tree, folder: &str) -> Tree {
    let prefix = format!("{folder}/");
    let inside = tree.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
    inside.map(|(path, text)| (path[prefix.len()..].to_owned(), text.clone())).collect()
}

fn sorted(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| (&a.file, &a.at, &a.object, a.rule, &a.message).cmp(&(&b.file, &b.at, &b.object, b.rule, &b.message)));
    found.dedup();
    found
}

/// The folder of a region's Kubernetes files, below the output folder.
pub fn folder(environment: &str, region: &str) -> String {
    format!("kubernetes/{environment}/{region}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_rule() {
        let codes: BTreeSet<&str> = RULES.iter().flat_map(|rule| rule.codes).map(|code| code.name()).collect();
        let listed: BTreeSet<&str> = Code::RULES.iter().map(|code| code.name()).collect();
        assert_eq!(codes, listed);
    }
}
