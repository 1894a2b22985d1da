//! The accepted findings of an object -> the annotations that scanners read.
//!
//! checkov reads one rule with its reason from each `checkov.io/skip<number>`. kube-score reads a list of rules from one annotation, so the reasons
//! are in a comment above it. Annotations of raw manifests are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Tree;
use crate::kinds;
use crate::labels::WORKLOAD;
use crate::model::{Platform, Region};
use crate::scanners::{Accepted, Object, accepted};
use crate::template::Comment;
use crate::yaml::Document;

/// The annotation that kube-score reads.
const KUBE_SCORE: &str = "kube-score/ignore";

/// Marks every object of a region.
pub(super) fn mark(platform: &Platform, region: &Region, tree: &mut Tree) {
    let populated: BTreeSet<&str> = region.workloads.values().map(|workload| workload.namespace.as_str()).collect();
    for document in tree.values_mut().flatten() {
        let text = |path: &[&str]| document.root().at(path).and_then(|node| node.as_str());
        let (Some(kind), Some(name)) = (text(&["kind"]), text(&["metadata", "name"])) else { continue };
        let has_pods = kinds::pod_template(text(&["apiVersion"]).unwrap_or_default(), kind).is_some();
        let namespace = text(&["metadata", "namespace"]);
        let workload = text(&["metadata", "labels", WORKLOAD]);
        let serves = workload.and_then(|workload| region.workloads.get(&format!("{}/{workload}", namespace.unwrap_or_default())));
        let runs = serves.filter(|_| has_pods);
        let has_rights = ["ClusterRole", "Role"].contains(&kind);
        let grants = region.grantee(&platform.name, kind, namespace.unwrap_or_default(), name).filter(|_| has_rights);
        let beside_workloads = namespace.is_some_and(|namespace| populated.contains(namespace));
        let accepted = accepted(platform, &Object { kind, namespace, name, serves, runs, grants, beside_workloads });
        if !accepted.is_empty() {
            annotate(document, &accepted);
        }
    }
}

fn annotate(document: &mut Document, accepted: &[Accepted]) {
    let Some(metadata) = document.root().get("metadata") else { return };
    let (id, old) = (metadata.id(), metadata.get("annotations").map(|node| node.to_json()));
    let mut annotations: BTreeMap<String, Value> = match old {
        Some(Value::Object(map)) => map.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let free: Vec<String> =
        (1..).map(|number| format!("checkov.io/skip{number}")).filter(|key| !annotations.contains_key(key)).take(accepted.len()).collect();
    for (key, skip) in free.into_iter().zip(accepted.iter().filter(|skip| skip.scanner == "checkov")) {
        // checkov splits at every equals sign and ignores the third part.
        annotations.insert(key, format!("{}={}", skip.rule, skip.reason.replace('=', ":")).into());
    }
    let scored: Vec<&Accepted> = accepted.iter().filter(|skip| skip.scanner == "kube-score").collect();
    if !scored.is_empty() {
        let known = annotations.get(KUBE_SCORE).and_then(Value::as_str).unwrap_or_default();
        let rules: Vec<&str> =
            known.split(',').map(str::trim).filter(|rule| !rule.is_empty()).chain(scored.iter().map(|skip| skip.rule.as_str())).collect();
        annotations.insert(KUBE_SCORE.to_owned(), rules.join(",").into());
    }
    let Some(place) = document.insert(id, "annotations", &Value::Object(annotations.into_iter().collect())) else { return };
    if let Some(ignored) = document.node(place).get(KUBE_SCORE).map(|node| node.id()).filter(|_| !scored.is_empty()) {
        let lines: Vec<String> =
            scored.iter().map(|skip| Comment::new(&format!("{}: {}", skip.rule, skip.reason)).as_str().to_owned()).collect();
        document.set_comment(ignored, &lines.join("\n"));
    }
}
