//! Labels and annotations of the spec, for the objects and pods of an entry or for a namespace.
//!
//! A key that platgen or Kubernetes sets is an error, so that the spec never replaces the label that selects pods or states the owner.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Field, Map};
use crate::value::{LabelValue, MetadataKey};
use std::collections::BTreeMap;

/// Domains whose keys platgen alone sets.
const OWN: [&str; 1] = ["platgen.io"];

/// Labels that platgen sets on every object.
const COMMON: [&str; 5] = [
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
];

/// Labels that the API server and its controllers set on pods and namespaces: domains, or names without a domain.
const OF_CONTROLLERS: [&str; 10] = [
    "apps.kubernetes.io",
    "batch.kubernetes.io",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "kubernetes.io",
    "pod-security.kubernetes.io",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io",
];

/// Domains of annotations that kubectl and the controllers set.
const NOTES_OF_CONTROLLERS: [&str; 3] = ["deployment.kubernetes.io", "deprecated.daemonset.template.generation", "kubectl.kubernetes.io"];

/// Domains of annotations with which scanners skip a rule.
const OF_SCANNERS: [&str; 4] = ["checkov.io", "ignore-check.kube-linter.io", "kube-score", "polaris.fairwinds.com"];

/// The maximum size of the annotations of an object in bytes, of which a part is left for those of platgen.
const MOST_ANNOTATIONS: usize = (256 << 10) - (64 << 10);

impl EnvironmentResolver<'_> {
    /// The labels of an entry or a namespace.
    pub(super) fn labels(&mut self, labels: &Field<Map<MetadataKey, LabelValue>>) -> BTreeMap<String, String> {
        for (key, at, _) in labels.entries() {
            let is_in = |list: &[&str]| list.contains(&key.domain().unwrap_or(key.as_str()));
            let setter = match key.as_str() {
                name if is_in(&OWN) || COMMON.contains(&name) => "platgen",
                _ if is_in(&OF_CONTROLLERS) => "Kubernetes",
                _ => continue,
            };
            let diagnostic = Diagnostic::new(Code::NameTaken, format!("the label `{key}` is set by {setter}")).at(at);
            self.tell(diagnostic.help("choose another key, such as one of your own domain"));
        }
        labels.entries().map(|(key, _, value)| (key.to_string(), value.to_string())).collect()
    }

    /// The annotations of an entry or a namespace.
    pub(super) fn annotations(&mut self, annotations: &Field<Map<MetadataKey, String>>) -> BTreeMap<String, String> {
        let mut bytes = 0;
        for (key, at, text) in annotations.entries() {
            let is_in = |list: &[&str]| list.contains(&key.domain().unwrap_or(key.as_str()));
            let fault = if is_in(&OWN) {
                Some((format!("the annotation `{key}` is set by platgen"), "choose another key, such as one of your own domain"))
            } else if is_in(&NOTES_OF_CONTROLLERS) {
                Some((format!("the annotation `{key}` is set by Kubernetes"), "remove it"))
            } else if is_in(&OF_SCANNERS) {
                Some((format!("the annotation `{key}` is set by platgen from the section `waivers`"), "accept the finding under `waivers`"))
            } else {
                None
            };
            if let Some((message, help)) = fault {
                self.tell(Diagnostic::new(Code::NameTaken, message).at(at).help(help));
            }
            let before = bytes;
            bytes += key.as_str().len() + text.len();
            if before <= MOST_ANNOTATIONS && bytes > MOST_ANNOTATIONS {
                let message = format!("with `{key}` the annotations take {bytes} bytes, and {MOST_ANNOTATIONS} are possible");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("put large texts into `files`"));
            }
        }
        annotations.entries().map(|(key, _, text)| (key.to_string(), text.clone())).collect()
    }
}
