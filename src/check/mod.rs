//! The rules of `platgen check`: what is rendered, judged against a closed world and against the model.
//!
//! An API server accepts a name that nothing has, a selector that means nobody, a policy for a port that is closed; a scanner is content with
//! less and less output. So rules of two kinds look at the documents themselves, never at how they were made: closed-world rules ask whether
//! every name leads somewhere, presence rules whether everything that the model says is there, unchanged, and nothing else. The documents
//! may have been changed after rendering; a document that lacks what it should have is a finding, never a fault of the run. Terraform roots are
//! judged by rules of their own, in [`root`].

mod access;
mod accounted;
mod closed;
mod compare;
mod config;
mod environment;
mod isolation;
mod model;
mod namespaces;
mod objects;
mod opened;
mod pods;
mod policies;
mod references;
mod rollout;
mod root;
mod routes;
mod running;
mod scene;
mod secrets;
mod selectors;
mod services;
mod waive;

pub use waive::{Judged, apply};

use crate::diagnostic::{Code, Diagnostic};
use crate::files::{Files, Unit};
use crate::model::{Estate, Platform, Region};
use crate::source::Span;
use scene::Scene;

/// What looks at a region and adds what it finds.
type Judge = fn(&Scene, &mut Vec<Finding>);

/// Every rule and what judges it; rules that one walk finds together stand under one function.
const RULES: &[(&[Code], Judge)] = &[
    (&[Code::UnreadableDocument], objects::unreadable),
    (&[Code::KustomizationList], objects::kustomization),
    (&[Code::DuplicateObject], objects::duplicates),
    (&[Code::MissingNamespace], objects::namespaces),
    (&[Code::PlainSecret], objects::plain_secrets),
    (&[Code::WrongEnvironment, Code::WrongLabels], environment::labels),
    (&[Code::MissingConfigMap, Code::MissingParent, Code::MissingPriorityClass, Code::MissingRole], references::judge),
    (&[Code::MissingScaleTarget, Code::MissingSecret, Code::MissingSecretStore, Code::MissingService], references::nothing),
    (&[Code::MissingServiceAccount, Code::MissingStorageClass], references::nothing),
    (&[Code::MissingVolume, Code::DuplicateName, Code::UnpinnedImage, Code::MissingPort], pods::judge),
    (&[Code::Unschedulable, Code::UnknownTaint], pods::placement),
    (&[Code::SelectsNothing, Code::SelectsWrongPods], selectors::judge),
    (&[Code::BlockedEviction], selectors::budgets),
    (&[Code::UnknownPeer, Code::PolicyPort], policies::peers),
    (&[Code::ClosedFlow], closed::judge),
    (&[Code::OpenPolicy], opened::judge),
    (&[Code::UnknownPermission], access::permissions),
    (&[Code::ExcessPermission, Code::WrongAccess], access::people),
    (&[Code::RouteConflict], routes::conflicts),
    (&[Code::ExposedWithoutTls], routes::plain),
    (&[Code::WrongRoute], routes::exposures),
    (&[Code::MissingWorkload], running::workloads),
    (&[Code::WrongContainers, Code::WrongProbes, Code::WrongResources], running::containers),
    (&[Code::WrongSecurity, Code::WrongShutdown, Code::WrongPlacement, Code::WrongRun], running::pods),
    (&[Code::WrongConfig, Code::HashMismatch], config::judge),
    (&[Code::WrongVolumes], config::volumes),
    (&[Code::WrongSecrets], secrets::judge),
    (&[Code::WrongScale, Code::MissingBudget], services::scale),
    (&[Code::WrongService], services::services),
    (&[Code::WrongNamespace], namespaces::judge),
    (&[Code::MissingIsolation], isolation::judge),
    (&[Code::UnaccountedObject], accounted::judge),
    (&[Code::UnsafeRollout], rollout::rollouts),
    (&[Code::WrongPriority], rollout::priorities),
    (&[Code::NoMemoryLimit], pods::memory),
    (&[Code::SingleReplica], model::judge),
];

/// What a rule found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Code,
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The object: `Kind/namespace/name` or `Kind/name`; the file's path where it is about a file.
    pub object: String,
    /// The file, below the region's folder.
    pub file: String,
    /// What is wrong, in the form of a diagnostic.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The entry of the spec that the object comes from.
    pub span: Option<Span>,
}

impl From<Finding> for Diagnostic {
    fn from(finding: Finding) -> Diagnostic {
        let subject = if finding.file.is_empty() { finding.object } else { format!("{} in {}", finding.object, finding.file) };
        let mut diagnostic = Diagnostic::new(finding.rule, finding.message).subject(subject).help(finding.help);
        diagnostic.span = finding.span;
        diagnostic.environments.push(finding.environment);
        diagnostic
    }
}

/// What the rules find in every region of the estate, before waivers. Files of a region that are not there are an empty region.
pub fn findings(estate: &Estate, files: &Files) -> Vec<Finding> {
    let nothing = Unit::default();
    let mut found = Vec::new();
    for (environment, platform) in &estate.environments {
        for (name, region) in &platform.regions {
            let unit = files.units.get(&folder(environment, name)).unwrap_or(&nothing);
            found.extend(findings_in(platform, region, unit));
            found.extend(findings_in_root(platform, region, files.units.get(&root_folder(environment, name))));
        }
    }
    found
}

/// What the rules find in the Kubernetes files of one region, sorted by file.
pub fn findings_in(platform: &Platform, region: &Region, unit: &Unit) -> Vec<Finding> {
    let scene = Scene::new(platform, region, unit);
    let mut found = Vec::new();
    for (_, judge) in RULES {
        judge(&scene, &mut found);
    }
    sorted(found)
}

/// What the rules find in the Terraform root of a region's network, sorted by file; whether there has to be one, the model says.
pub fn findings_in_root(platform: &Platform, region: &Region, unit: Option<&Unit>) -> Vec<Finding> {
    sorted(root::findings(platform, region, unit))
}

fn sorted(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| (&a.file, &a.object, a.rule, &a.message).cmp(&(&b.file, &b.object, b.rule, &b.message)));
    found.dedup();
    found
}

/// The folder of a region's Kubernetes files, below the output folder.
pub fn folder(environment: &str, region: &str) -> String {
    format!("kubernetes/{environment}/{region}")
}

/// The folder of the Terraform root of a region's network, below the output folder.
pub fn root_folder(environment: &str, region: &str) -> String {
    format!("terraform/{environment}/{region}/network")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_judged_by_something() {
        let mut judged: Vec<Code> = RULES.iter().flat_map(|(codes, _)| codes.iter().copied()).collect();
        judged.push(Code::MissingRoot);
        judged.extend(root::RULES.iter().flat_map(|(codes, _)| codes.iter().copied()));
        judged.sort_by_key(|code| code.name());
        assert_eq!(judged, Code::RULES);
    }
}
