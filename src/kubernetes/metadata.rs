//! Names and labels of objects, the same for every kind.
//!
//! The labels of selectors never change: one key with the workload's name. Everything else (owner, environment) may.

use std::collections::BTreeMap;

use serde::Serialize;

use super::flows::Flows;
use crate::labels::{ENVIRONMENT, OWNER, REGION, WORKLOAD};
use crate::model::{Kind, Namespace, Platform, Region, Workload};
use crate::template::Fragment;
use crate::value::Name;
use crate::yaml::Document;

/// Labels or annotations.
pub(super) type Labels = BTreeMap<String, String>;

/// The `metadata` of an object.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) labels: Fragment,
    pub(super) annotations: Option<Labels>,
}

impl Metadata {
    /// Metadata without annotations.
    pub(super) fn new(name: impl Into<String>, namespace: Option<&Name>, labels: Fragment) -> Self {
        Metadata { name: name.into(), namespace: namespace.map(Name::to_string), labels, annotations: None }
    }

    /// The same with an annotation where there is a value for it.
    pub(super) fn annotated(mut self, key: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
        }
        self
    }
}

/// The platform in one region.
#[derive(Clone, Copy)]
pub(super) struct Site<'m> {
    pub(super) platform: &'m Platform,
    pub(super) region: &'m Region,
    pub(super) flows: &'m Flows<'m>,
}

/// The workload that objects belong to, with the labels that all of them share.
pub(super) struct Owner<'m> {
    pub(super) site: &'m Site<'m>,
    pub(super) workload: &'m Workload,
    /// The labels of its objects and of its pods.
    pub(super) labels: Fragment,
    /// The label that selects its pods.
    pub(super) selector: Fragment,
}

impl<'m> Owner<'m> {
    /// Makes the shared labels of a workload.
    pub(super) fn new(site: &'m Site<'m>, workload: &'m Workload) -> Self {
        let selector = Labels::from([(WORKLOAD.to_owned(), workload.name.to_string())]);
        Owner { site, workload, labels: fragment(&site.pod_labels(workload)), selector: fragment(&selector) }
    }

    /// Metadata of an object of the workload.
    pub(super) fn metadata(&self, name: impl Into<String>) -> Metadata {
        Metadata::new(name, Some(&self.workload.namespace), self.labels.clone())
    }

    /// Metadata of the object that runs the pods, which is an instance of its own where its name differs from the workload's.
    pub(super) fn instance(&self, name: &str) -> Metadata {
        let metadata = self.metadata(name);
        if name == self.workload.name.as_str() {
            return metadata;
        }
        let mut labels = self.site.pod_labels(self.workload);
        labels.insert("app.kubernetes.io/instance".to_owned(), name.to_owned());
        Metadata { labels: fragment(&labels), ..metadata }
    }
}

/// Labels as one value of a view.
pub(super) fn fragment(labels: &Labels) -> Fragment {
    let labels = labels.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    Fragment::new(Document::from_json(&serde_json::Value::Object(labels.collect())))
}

impl Site<'_> {
    /// Metadata of an object that belongs to no namespace.
    pub(super) fn cluster_wide(&self, name: impl Into<String>) -> Metadata {
        Metadata::new(name, None, fragment(&self.cluster_labels()))
    }

    /// The labels of an object that belongs to no namespace.
    pub(super) fn cluster_labels(&self) -> Labels {
        let mut labels = self.labels(&self.platform.owner);
        labels.insert(REGION.to_owned(), self.region.name.to_string());
        labels
    }

    /// Metadata of an object that belongs to a namespace as a whole.
    pub(super) fn shared(&self, namespace: &Namespace, name: impl Into<String>) -> Metadata {
        Metadata::new(name, Some(&namespace.name), fragment(&self.labels(&namespace.owner)))
    }

    /// The labels of a workload's pods.
    fn pod_labels(&self, workload: &Workload) -> Labels {
        let mut labels = self.labels(&workload.owner);
        let own = [
            ("app.kubernetes.io/name", workload.name.as_str()),
            ("app.kubernetes.io/instance", workload.name.as_str()),
            ("app.kubernetes.io/component", component(workload)),
            (WORKLOAD, workload.name.as_str()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
        labels
    }

    /// What every object carries: the platform's labels, and ours over them.
    fn labels(&self, owner: &Name) -> Labels {
        let mut labels = self.platform.labels.clone();
        let own = [
            ("app.kubernetes.io/managed-by", "platgen"),
            ("app.kubernetes.io/part-of", self.platform.name.as_str()),
            (ENVIRONMENT, self.platform.environment.as_str()),
            (OWNER, owner.as_str()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
        labels
    }
}

fn component(workload: &Workload) -> &'static str {
    match workload.kind {
        _ if workload.is_store() => "store",
        Kind::CronJob(_) | Kind::Job { .. } => "job",
        Kind::DaemonSet => "agent",
        Kind::Deployment | Kind::StatefulSet if workload.service.is_some() => "service",
        Kind::Deployment | Kind::StatefulSet => "worker",
    }
}
