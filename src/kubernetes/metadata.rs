//! Names and labels of objects, the same for every kind.
//!
//! Selectors and claim templates are immutable, so they have one label: the workload's name. A changed label of a pod template replaces every pod, so
//! pods have labels that stay, and those that the spec sets for them: neither the owner nor the platform's own labels, which objects have as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::flows::Flows;
use crate::labels::{ENVIRONMENT, OWNER, PLATFORM, REGION, WORKLOAD};
use crate::model::{Kind, Namespace, Platform, Region, Workload};
use crate::template::Fragment;
use crate::value::Name;
use crate::yaml::Document;

/// The Secret of each namespace with the passwords of the registries of images.
pub const REGISTRY: &str = "platgen-registry";

/// Keys and texts of an open map: annotations, or the data of a ConfigMap.
pub(super) type Texts = BTreeMap<String, String>;

/// Labels of an object.
pub(super) type Labels<'m> = BTreeMap<&'m str, &'m str>;

/// The `metadata` of an object, which templates print as one value.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) labels: Fragment,
    pub(super) annotations: Option<Texts>,
    /// What has to be removed before the object goes.
    pub(super) finalizer: Option<&'static str>,
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let namespace = self.namespace.iter().map(|namespace| ("namespace", namespace.as_str()));
        let mut document = Document::from_texts([("name", self.name.as_str())].into_iter().chain(namespace));
        document.add_fragment("labels", self.labels.document().clone());
        if let Some(annotations) = &self.annotations {
            document.add_fragment("annotations", fragment(annotations).document().clone());
        }
        if let Some(finalizer) = self.finalizer {
            document.add_fragment("finalizers", Arc::new(Document::from_json(&serde_json::json!([finalizer]))));
        }
        Fragment::new(document).serialize(serializer)
    }
}

/// The view of an object that has nothing but metadata of its own.
#[derive(Serialize)]
pub(super) struct OnlyMetadata {
    pub(super) metadata: Metadata,
}

/// The view of a ServiceAccount.
#[derive(Serialize)]
pub(super) struct Account {
    metadata: Metadata,
    /// The Secret with which its pods pull images.
    registry: Option<&'static str>,
}

impl Account {
    /// An account whose pods pull images without a password.
    pub(super) fn without_registry(metadata: Metadata) -> Self {
        Account { metadata, registry: None }
    }

    /// An account of the region.
    pub(super) fn new(context: &Context, metadata: Metadata) -> Self {
        Account { metadata, registry: context.region.cluster.registry_secret.is_some().then_some(REGISTRY) }
    }
}

impl Metadata {
    /// Metadata without annotations.
    pub(super) fn new(name: impl Into<String>, namespace: Option<&Name>, labels: Fragment) -> Self {
        Metadata { name: name.into(), namespace: namespace.map(Name::to_string), labels, annotations: None, finalizer: None }
    }

    /// Adds the annotations of the spec.
    pub(super) fn with_annotations(mut self, annotations: &Texts) -> Self {
        if !annotations.is_empty() {
            self.annotations.get_or_insert_default().extend(annotations.clone());
        }
        self
    }

    /// Adds an annotation if there is a value for it.
    pub(super) fn annotated(mut self, key: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
        }
        self
    }
}

/// The region that is rendered.
#[derive(Clone, Copy)]
pub(super) struct Context<'m> {
    pub(super) platform: &'m Platform,
    pub(super) region: &'m Region,
    pub(super) flows: &'m Flows<'m>,
}

/// The workload that objects belong to, with their labels.
pub(super) struct Owner<'m> {
    pub(super) context: &'m Context<'m>,
    pub(super) workload: &'m Workload,
    /// The labels of its objects.
    pub(super) labels: Fragment,
    /// The labels of its pods.
    pub(super) pod_labels: Fragment,
    /// The label that selects its pods.
    pub(super) selector: Fragment,
}

impl<'m> Owner<'m> {
    /// Makes the shared labels of a workload.
    pub(super) fn new(context: &'m Context<'m>, workload: &'m Workload) -> Self {
        let selector = Labels::from([workload.pods()]);
        let (labels, pod_labels) = (fragment(&context.object_labels(workload)), fragment(&context.pod_labels(workload)));
        Owner { context, workload, labels, pod_labels, selector: fragment(&selector) }
    }

    /// Metadata of an object of the workload.
    pub(super) fn metadata(&self, name: impl Into<String>) -> Metadata {
        Metadata::new(name, Some(&self.workload.namespace), self.labels.clone())
    }

    /// Metadata of a cluster-scoped object of the workload.
    pub(super) fn cluster_wide(&self, name: impl Into<String>) -> Metadata {
        Metadata::new(name, None, self.labels.clone())
    }

    /// Metadata of the object that runs the pods. If its name is not the workload's, it is an instance with a label of its own.
    pub(super) fn instance(&self, name: &str) -> Metadata {
        let metadata = self.metadata(name);
        if name == self.workload.name.as_str() {
            return metadata;
        }
        let mut labels = self.context.object_labels(self.workload);
        labels.insert("app.kubernetes.io/instance", name);
        Metadata { labels: fragment(&labels), ..metadata }
    }
}

/// Labels, or another map of texts, as one value of a view.
pub(super) fn fragment<K: AsRef<str>, V: AsRef<str>>(texts: &BTreeMap<K, V>) -> Fragment {
    Fragment::new(Document::from_texts(texts.iter().map(|(key, text)| (key.as_ref(), text.as_ref()))))
}

impl<'m> Context<'m> {
    /// The name of a secret in the secret manager of the region.
    pub(super) fn secret_name(&self, path: &str) -> String {
        self.platform.secret_name(self.region.provider, path)
    }

    /// Metadata of a cluster-scoped object.
    pub(super) fn cluster_wide(&self, name: impl Into<String>) -> Metadata {
        Metadata::new(name, None, fragment(&self.cluster_labels()))
    }

    /// The labels of an object of the platform itself.
    pub(super) fn cluster_labels(&self) -> Labels<'m> {
        self.labels(&self.platform.owner)
    }

    /// Metadata of an object that serves a whole namespace.
    pub(super) fn shared(&self, namespace: &Namespace, name: impl Into<String>) -> Metadata {
        Metadata::new(name, Some(&namespace.name), fragment(&self.labels(&namespace.owner)))
    }

    /// The labels of a workload's objects.
    fn object_labels(&self, workload: &'m Workload) -> Labels<'m> {
        let mut labels = self.labels(&workload.owner);
        labels.extend(self.pod_labels(workload));
        labels
    }

    /// The labels of a workload's pods: those of the spec, then those of platgen, which win.
    fn pod_labels(&self, workload: &'m Workload) -> Labels<'m> {
        let name = workload.name.as_str();
        let mut labels: Labels<'m> = workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        labels.extend(self.stable_labels());
        labels.extend([
            ("app.kubernetes.io/name", name),
            ("app.kubernetes.io/instance", name),
            ("app.kubernetes.io/component", component(workload)),
            (WORKLOAD, name),
        ]);
        labels
    }

    /// The labels of every object: the platform's own, then those of platgen, which win.
    pub(super) fn labels<'o>(&self, owner: &'o Name) -> Labels<'o>
    where
        'm: 'o,
    {
        let mut labels: Labels<'o> = self.platform.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        labels.extend(self.stable_labels());
        labels.extend([(OWNER, owner.as_str()), (PLATFORM, self.platform.name.as_str()), (REGION, self.region.name.as_str())]);
        labels
    }

    /// The labels that a workload gives the pods of an operator, which has labels of its own for the rest.
    pub(super) fn inherited_labels(&self, workload: &'m Workload) -> Labels<'m> {
        let mut labels = self.pod_labels(workload);
        labels.retain(|key, _| !key.starts_with("app.kubernetes.io/"));
        labels
    }

    /// The labels of every object and every pod.
    fn stable_labels(&self) -> Labels<'m> {
        Labels::from([
            ("app.kubernetes.io/managed-by", "platgen"),
            ("app.kubernetes.io/part-of", self.platform.name.as_str()),
            (ENVIRONMENT, self.platform.identity.as_str()),
        ])
    }
}

fn component(workload: &Workload) -> &'static str {
    match workload.kind {
        _ if workload.is_proxy() => "store-proxy",
        _ if workload.is_store() => "store",
        Kind::Restored(_) => "restored-store",
        Kind::CronJob(_) | Kind::Job { .. } => "job",
        Kind::DaemonSet => "agent",
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) if workload.service.is_some() => "service",
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => "worker",
    }
}
