//! The rules of `platgen check`: the documents of a tree as they lie on disk, with their patches, raw manifests and hand edits.
//!
//! An API server accepts references to objects that don't exist, selectors that match no pod and policies for ports that nobody has; and it grants
//! whatever a document asks for. The rules find both. Most need nothing but the documents ([`tree_findings`]), so that any tree of manifests can be
//! judged; the others hold a region of ours against the model ([`findings`]). Whether the renderer prints what the model says is a question for tests,
//! not for this module.
//!
//! A finding that the spec asks for, and says why, is accepted with that reason: see [`Finding::reason`]. `waivers` of the spec accept others
//! ([`apply`]). Each rule, or each walk that finds for several, is one file and one line of [`RULES`].

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
mod memory_limits;
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
mod unreadable_documents;
mod waivers;
mod wrong_environment;

pub use finding::{At, Finding, diagnostics};
pub use waivers::{Judged, apply};

use crate::diagnostic::Code;
use crate::files::Files;
use crate::model::{Estate, Platform, Region};
use context::{RegionContext, TreeContext};
use std::collections::{BTreeMap, BTreeSet};

/// A rule, or several that one walk finds.
struct Rule {
    codes: &'static [Code],
    judge: Judge,
    /// Whether the spec may ask for what the rule finds: then the reason that the spec gives accepts the finding.
    loosens: bool,
}

/// What a rule looks at.
enum Judge {
    /// The documents of any cluster.
    Tree(fn(&TreeContext, &mut Vec<Finding>)),
    /// The documents of a region, and its model.
    Region(fn(&RegionContext, &mut Vec<Finding>)),
}

const RULES: &[Rule] = &[
    blocked_flows::INVALID,
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
    isolation::RULE,
    kustomization::RULE,
    memory_limits::RULE,
    missing_namespaces::RULE,
    open_policies::RULE,
    permissions::RULE,
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
    unreadable_documents::RULE,
    wrong_environment::RULE,
];

/// The texts of YAML files by path, `/` between parts.
pub type Tree = BTreeMap<String, String>;

/// The findings of a tree of manifests that no spec is known of, and what was looked at.
#[derive(Debug, Default)]
pub struct TreeFindings {
    /// The findings, sorted by file.
    pub findings: Vec<Finding>,
    /// How many objects the tree holds.
    pub objects: usize,
    /// Files that hold no object of Kubernetes.
    pub skipped: Vec<String>,
}

/// Judges any tree of manifests by the rules that need no spec. Each folder with a `kustomization.yaml` is a cluster of its own, the files outside of
/// such folders are one together.
pub fn tree_findings(tree: &Tree) -> TreeFindings {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut roots: BTreeSet<String> = tree.keys().filter(|path| context::is_kustomization(path)).map(|path| folder(path)).collect();
    roots.insert(String::new());
    let mut clusters: BTreeMap<&str, Tree> = BTreeMap::new();
    for (path, text) in tree {
        let inside = |root: &&String| path.starts_with(root.as_str());
        let root = roots.iter().filter(inside).find(|root| !root.is_empty()).map_or("", String::as_str);
        clusters.entry(root).or_default().insert(path.clone(), text.clone());
    }
    let mut judged = TreeFindings::default();
    for files in clusters.values() {
        let context = TreeContext::new(files);
        for rule in RULES {
            if let Judge::Tree(judge) = rule.judge {
                judge(&context, &mut judged.findings);
            }
        }
        judged.objects += context.inventory.objects().len();
        judged.skipped.extend(context.inventory.skipped().iter().cloned());
    }
    judged.findings = sorted(judged.findings);
    judged
}

/// Judges the regions of an estate in the tree that is committed. `rendered` is what the spec renders to today: a loosening that is in both comes from the
/// spec, which says why; one that is in the tree alone was made by hand. A region without files is an empty one.
pub fn findings(estate: &Estate, rendered: &Files, tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (environment, platform) in &estate.environments {
        for (name, region) in &platform.regions {
            let folder = folder(environment, name);
            let files = files_of(tree, &folder);
            let mut here = findings_in(platform, region, &files);
            if here.iter().any(|finding| loosens(finding.rule)) {
                let empty = Tree::new();
                let said = rendered.units.get(&folder).map_or(&empty, |unit| &unit.files);
                accept(&RegionContext::new(platform, region, said), &mut here);
            }
            for finding in &mut here {
                if !finding.file.is_empty() {
                    finding.file = format!("{folder}/{}", finding.file);
                }
            }
            found.extend(here);
        }
    }
    found
}

/// What the rules find in the Kubernetes files of one region, sorted by file, before anything is accepted.
pub fn findings_in(platform: &Platform, region: &Region, files: &Tree) -> Vec<Finding> {
    let context = RegionContext::new(platform, region, files);
    let mut found = judge(&context);
    for finding in &mut found {
        finding.environment = platform.environment.to_string();
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
        }
    }
    found
}

/// Accepts findings that the files of the spec have as well, where the spec says why.
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
