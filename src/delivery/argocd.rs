//! The objects of Argo CD: an AppProject for each environment, which says what Argo CD may do there, and an Application for each region.
//!
//! Sources: the CustomResourceDefinitions of Argo CD 3.5; "Projects", "Automated Sync Policy", "Sync Options" and "Diff Strategies" in its documentation.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::files::{HEADER, OUTPUT};
use crate::guard::IDENTITY_NAMESPACE;
use crate::model::{GitOps, Platform, Region};
use crate::template::{Comment, Fragment, TemplateError, render_yaml};
use crate::yaml::{Document, Node, emit_all};

/// The oldest version that knows every field of the objects.
pub const OLDEST: &str = "3.2";

/// Why the Applications of a protected environment wait for a person.
const BY_HAND: [&str; 4] = [
    "Nothing is applied here before a person starts the sync. A merge to the branch is not enough in a protected environment: Argo CD would apply",
    "it to every region at once, so that a mistake takes all of them, and before Terraform has made what the pods need and the images are",
    "copied. With a sync for each region, the first one shows what a change does. README.md of the region has the commands.",
    "There is no finalizer: whoever deletes this Application deletes nothing that it applied.",
];

/// Why those of other environments do not.
const AUTOMATED: [&str; 3] = [
    "A merge to the branch is applied by itself, and what left the files is deleted when everything else is healthy. Namespaces, claims, databases",
    "and queues are never deleted: they are marked with `Prune=false`.",
    "There is no finalizer: whoever deletes this Application deletes nothing that it applied.",
];

/// What the files of an environment hold, as far as an AppProject says so.
#[derive(Debug, Default)]
pub struct Applied {
    /// The groups and kinds of objects of the whole cluster.
    cluster_kinds: BTreeSet<(String, String)>,
    /// The groups and kinds of objects in namespaces.
    namespaced_kinds: BTreeSet<(String, String)>,
    /// The clusters with their namespaces.
    destinations: BTreeSet<(String, String)>,
}

impl Applied {
    /// Adds the documents of a region.
    pub fn add<'d>(&mut self, region: &Region, documents: impl IntoIterator<Item = &'d Document>) {
        let cluster = &region.cluster.name;
        self.destinations.insert((cluster.clone(), IDENTITY_NAMESPACE.to_owned()));
        for document in documents {
            let text = |path: &[&str]| document.root().at(path).and_then(Node::as_str).unwrap_or_default().to_owned();
            let (api, namespace) = (text(&["apiVersion"]), text(&["metadata", "namespace"]));
            let kind = (api.split_once('/').map_or("", |(group, _)| group).to_owned(), text(&["kind"]));
            if namespace.is_empty() {
                self.cluster_kinds.insert(kind);
            } else {
                self.namespaced_kinds.insert(kind);
                self.destinations.insert((cluster.clone(), namespace));
            }
        }
    }
}

#[derive(Serialize)]
struct Project<'a> {
    name: String,
    namespace: &'static str,
    labels: Fragment,
    about: String,
    repository: &'a str,
    destinations: Vec<Destination<'a>>,
    cluster_kinds: Vec<ObjectKind<'a>>,
    namespaced_kinds: Vec<ObjectKind<'a>>,
}

#[derive(Serialize)]
struct Destination<'a> {
    cluster: &'a str,
    namespace: &'a str,
}

#[derive(Serialize)]
struct ObjectKind<'a> {
    group: &'a str,
    kind: &'a str,
}

#[derive(Serialize)]
struct Application<'a> {
    about: Vec<Comment>,
    name: &'a str,
    namespace: &'static str,
    labels: Fragment,
    project: String,
    repository: &'a str,
    reference: &'a str,
    path: String,
    cluster: &'a str,
    /// The namespace of objects that name none: there are none, and Argo CD asks for one.
    home: &'static str,
    automated: bool,
}

/// The name of the AppProject of an environment.
pub fn project(platform: &Platform) -> String {
    format!("{}-{}", platform.name, platform.environment)
}

/// The files of an environment, below its folder.
///
/// # Errors
/// A template that cannot be printed.
pub(super) fn files(platform: &Platform, gitops: &GitOps, applied: &Applied) -> Result<BTreeMap<String, String>, TemplateError> {
    let namespace = gitops.controller.namespace();
    let destinations = applied.destinations.iter().map(|(cluster, namespace)| Destination { cluster, namespace });
    let view = Project {
        name: project(platform),
        namespace,
        labels: labels(platform),
        about: format!("{} in the environment {}", platform.name, platform.environment),
        repository: &gitops.repository,
        destinations: destinations.collect(),
        cluster_kinds: shown(&applied.cluster_kinds),
        namespaced_kinds: shown(&applied.namespaced_kinds),
    };
    let mut files = BTreeMap::from([("project.yaml".to_owned(), print("project", &view)?)]);
    for (name, region) in &platform.regions {
        let about: &[&str] = if platform.protected { &BY_HAND } else { &AUTOMATED };
        let view = Application {
            about: about.iter().map(|line| Comment::new(line)).collect(),
            name: &region.cluster.name,
            namespace,
            labels: labels(platform),
            project: project(platform),
            repository: &gitops.repository,
            reference: &gitops.reference,
            path: format!("{OUTPUT}/kubernetes/{}/{name}", platform.environment),
            cluster: &region.cluster.name,
            home: IDENTITY_NAMESPACE,
            automated: !platform.protected,
        };
        files.insert(format!("{name}.yaml"), print("application", &view)?);
    }
    Ok(files)
}

fn shown(kinds: &BTreeSet<(String, String)>) -> Vec<ObjectKind<'_>> {
    kinds.iter().map(|(group, kind)| ObjectKind { group, kind }).collect()
}

/// The labels of the objects. They do not say which environment they are of: the guard of the cluster where Argo CD runs would refuse those of other
/// environments.
fn labels(platform: &Platform) -> Fragment {
    let labels = [("app.kubernetes.io/managed-by", "platgen"), ("app.kubernetes.io/part-of", platform.name.as_str())];
    Fragment::new(Document::from_texts(labels))
}

fn print(name: &str, view: &impl Serialize) -> Result<String, TemplateError> {
    Ok(format!("{HEADER}{}", emit_all(&render_yaml(&format!("delivery/argocd/{name}.yaml.j2"), view)?)))
}
