//! The resolved platform -> the Kubernetes documents of one region.
//!
//! One file per concern makes typed views, the templates under `templates/kubernetes/` print them. Decisions that only concern Kubernetes
//! (names, labels, defaults of the pod) are taken here. `resolve` has decided flows, placement and values. The module reads no disk and no other
//! region.

mod accepted;
mod access;
mod addons;
mod backup;
mod base64;
mod certificates;
mod cluster;
mod container;
mod dashboards;
mod database;
mod flows;
mod gateway;
mod gitops;
mod guard;
mod inputs;
mod jobs;
mod json_patch;
mod kafka;
mod managed;
mod manifest;
mod metadata;
mod mongodb;
mod monitoring;
mod mysql;
mod namespace;
mod patch;
mod percona;
mod pod;
mod policy;
mod proxy;
mod rabbitmq;
mod restored;
mod rights;
mod route;
mod routing;
mod rules;
mod scale;
mod secrets;
mod service;
mod storage;
mod texts;
mod volume;
pub mod waves;
mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Code, Diagnostic};
use crate::files::HEADER;
use crate::model::{Platform, Region, Workload};
use crate::source::Span;
use crate::template::{TemplateError, render_yaml};
use crate::value::Name;
use crate::yaml::{Document, emit};

use metadata::Context;

pub use cluster::priority_class;
pub use gitops::stages;
pub use jobs::{RunOnce, in_order, jobs};
pub use metadata::REGISTRY;
pub use monitoring::{GRAFANA, GRAFANA_ROLE};
pub use rules::{needs, rule_groups};

/// The documents of each file, by its path below `kubernetes/<environment>/<region>/`.
pub type Tree = BTreeMap<String, Vec<Document>>;

/// Why a region could not be rendered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RenderError {
    /// A template is wrong, which is a bug of platgen.
    Template(TemplateError),
    /// A patch does not apply to its target.
    Patch {
        /// The place of its target in the spec.
        span: Span,
        /// The fault, worded as a diagnostic.
        message: String,
    },
    /// A patch or a raw manifest has another value where only text is allowed.
    NotText {
        /// The place of the patch or of the manifest's path in the spec.
        span: Span,
        /// The fault, worded as a diagnostic.
        message: String,
    },
    /// A raw manifest defines kinds that an add-on defines.
    Claimed {
        /// The place of its path in the spec.
        span: Span,
        /// The fault, worded as a diagnostic.
        message: String,
        /// The name of the add-on.
        addon: &'static str,
    },
    /// A raw manifest holds no Kubernetes objects.
    Manifest {
        /// The place of its path in the spec.
        span: Span,
        /// The fault, worded as a diagnostic.
        message: String,
    },
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RenderError::Template(error) => error.fmt(f),
            RenderError::Patch { message, .. }
            | RenderError::NotText { message, .. }
            | RenderError::Claimed { message, .. }
            | RenderError::Manifest { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for RenderError {}

impl From<TemplateError> for RenderError {
    fn from(error: TemplateError) -> Self {
        RenderError::Template(error)
    }
}

impl From<RenderError> for Diagnostic {
    fn from(error: RenderError) -> Diagnostic {
        match error {
            RenderError::Template(error) => error.into(),
            RenderError::Patch { span, message } => Diagnostic::new(Code::PatchTarget, message)
                .at(span)
                .help("name one rendered object: `platgen render --stdout` prints them all"),
            RenderError::NotText { span, message } => Diagnostic::new(Code::WrongType, message)
                .at(span)
                .help("put the value in quotes: the API server takes nothing but a string there"),
            RenderError::Claimed { span, message, addon } => {
                let help = format!("remove the definition, or leave the add-on to others with `addons: {{{addon}: {{mode: existing}}}}`");
                Diagnostic::new(Code::NameTaken, message).at(span).help(help)
            }
            RenderError::Manifest { span, message } => Diagnostic::new(Code::ManifestInvalid, message)
                .at(span)
                .help("mend the file: it holds Kubernetes objects, `---` between them"),
        }
    }
}

/// The content of one region's Kubernetes folder.
#[derive(Debug)]
pub struct Rendered {
    /// The documents by file: generated ones and raw manifests, patched and annotated with the order of application, where a controller reads it, and
    /// with the scanner findings that are accepted.
    pub tree: Tree,
    /// The patches that changed an object.
    pub patched: BTreeSet<Name>,
}

/// The order in which to apply the files of a region.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// Whose the cluster is, and the namespaces, in which most other objects are.
    Namespaces,
    /// The other objects of the whole cluster.
    Cluster,
    /// The rules of a namespace.
    Namespace,
    /// Apps, stores and raw manifests.
    Entry,
}

impl Stage {
    /// The stage of a file, by its path below the folder of the region.
    pub fn of(path: &str) -> Stage {
        match path.split_once('/') {
            _ if [IDENTITY, NAMESPACES].contains(&path) => Stage::Namespaces,
            Some((CLUSTER, _)) => Stage::Cluster,
            Some((_, RULES)) => Stage::Namespace,
            _ => Stage::Entry,
        }
    }
}

/// The folder of the objects of the whole cluster.
const CLUSTER: &str = "cluster";

/// The file with the namespace that is the identity of the cluster.
pub const IDENTITY: &str = "cluster/identity.yaml";

/// The file with the namespaces.
const NAMESPACES: &str = "cluster/namespaces.yaml";

/// The file with the PriorityClasses.
pub const PRIORITIES: &str = "cluster/priorities.yaml";

/// The file in the folder of a namespace that holds its own objects.
pub const RULES: &str = "namespace.yaml";

/// Renders a region.
///
/// # Errors
/// A patch whose target is several objects, a raw manifest that holds no objects, a fault in a template.
pub fn render(platform: &Platform, region: &Region) -> Result<Rendered, RenderError> {
    let mut tree = unpatched(platform, region)?;
    let patched = patch::apply(platform, &mut tree)?;
    gitops::mark(platform, region, &mut tree);
    accepted::mark(platform, region, &mut tree);
    Ok(Rendered { tree, patched })
}

/// Checks that each patch of a platform changed an object; `patched` names those that did, of all regions together.
///
/// # Errors
/// A patch whose target no region has.
pub fn every_patch_fits(platform: &Platform, patched: &BTreeSet<Name>) -> Result<(), RenderError> {
    patch::all_used(platform, patched)
}

/// The texts of a region's files, with a `kustomization.yaml` that lists them. Each document is dropped once it is printed.
///
/// # Errors
/// A fault in a template.
pub fn files(tree: Tree) -> Result<BTreeMap<String, String>, RenderError> {
    #[derive(Serialize)]
    struct Kustomization<'t> {
        resources: Vec<&'t String>,
    }
    let kustomization = render_yaml("kubernetes/kustomization.yaml.j2", &Kustomization { resources: tree.keys().collect() })?;
    let mut buffer = String::new();
    let mut print = |documents: Vec<Document>| {
        buffer.clear();
        buffer.push_str(HEADER);
        for (at, document) in documents.into_iter().enumerate() {
            buffer.push_str(if at > 0 { "---\n" } else { "" });
            emit(&document, &mut buffer);
        }
        buffer.clone() // has no spare capacity
    };
    let kustomization = print(kustomization);
    let mut files: BTreeMap<String, String> = tree.into_iter().map(|(path, documents)| (path, print(documents))).collect();
    files.insert("kustomization.yaml".to_owned(), kustomization);
    Ok(files)
}

/// Whether a workload reads values of the secret manager.
pub fn reads_secrets(workload: &Workload) -> bool {
    workload.secrets().next().is_some()
}

/// The documents of a region before patches.
fn unpatched(platform: &Platform, region: &Region) -> Result<Tree, RenderError> {
    let flows = flows::Flows::new(region);
    let context = Context { platform, region, flows: &flows };
    let mut tree = Tree::new();
    add(&mut tree, IDENTITY, guard::identity(&context)?);
    add(&mut tree, "cluster/guard.yaml", guard::policies(&context)?);
    add(&mut tree, NAMESPACES, cluster::namespaces(&context)?);
    add(&mut tree, PRIORITIES, cluster::priorities(&context)?);
    add(&mut tree, "cluster/storage.yaml", storage::classes(&context)?);
    add(&mut tree, "cluster/access.yaml", access::cluster(&context)?);
    add(&mut tree, "cluster/gateways.yaml", gateway::documents(&context)?);
    add(&mut tree, "cluster/certificates.yaml", certificates::documents(&context)?);
    for namespace in platform.namespaces_in(region) {
        let mut documents = namespace::documents(&context, namespace)?;
        documents.extend(access::namespace(&context, namespace)?);
        documents.extend(secrets::store(&context, namespace)?);
        documents.extend(storage::claims(&context, namespace)?);
        documents.extend(addons::policies(&context, namespace)?);
        documents.extend(monitoring::rules(&context, namespace)?);
        add(&mut tree, &format!("{}/{RULES}", namespace.name), documents);
        add(&mut tree, &format!("{}/alerts.yaml", namespace.name), monitoring::documents(&context, namespace)?);
        add(&mut tree, &format!("{}/addons.yaml", namespace.name), addons::monitors(&context, namespace)?);
        add(&mut tree, &format!("{}/dashboards.yaml", namespace.name), dashboards::documents(&context, namespace)?);
        add(&mut tree, &format!("{}/rules.yaml", namespace.name), rules::documents(&context, namespace)?);
    }
    for workload in region.workloads.values() {
        add(&mut tree, &format!("{}/{}.yaml", workload.namespace, workload.name), workload::documents(&context, workload)?);
    }
    for store in region.managed.values() {
        add(&mut tree, &format!("{}/{}.yaml", store.namespace, store.name), managed::documents(&context, store)?);
    }
    for manifest in &platform.manifests {
        let folder = manifest.namespace.as_ref().map_or(CLUSTER, |namespace| namespace.as_str());
        add(&mut tree, &format!("{folder}/{}.yaml", manifest.name), manifest::documents(&context, manifest)?);
    }
    Ok(tree)
}

/// Adds documents to a file. Without documents there is no file.
fn add(tree: &mut Tree, path: &str, documents: Vec<Document>) {
    if !documents.is_empty() {
        tree.entry(path.to_owned()).or_default().extend(documents);
    }
}
