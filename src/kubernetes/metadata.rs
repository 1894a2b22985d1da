//! Names and labels of objects, the same for every kind.
//!
//! The labels of selectors never change: one key with the workload's name. Everything else (owner, environment) may.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Kind, Namespace, Platform, Region, Workload};
use crate::value::Name;

/// The label that selects a workload's pods; its value is unique in a namespace.
pub(super) const WORKLOAD: &str = "platgen.io/workload";

/// The label with the name of the environment.
pub(super) const ENVIRONMENT: &str = "platgen.io/environment";

/// The label with the name of the platform.
pub(super) const PLATFORM: &str = "platgen.io/platform";

/// Labels or annotations.
pub(super) type Labels = BTreeMap<String, String>;

/// The `metadata` of an object.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) labels: Labels,
    pub(super) annotations: Option<Labels>,
}

impl Metadata {
    /// The same with an annotation where there is a value for it.
    pub(super) fn annotated(mut self, key: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
        }
        self
    }

    /// The same with another label.
    pub(super) fn labelled(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// The platform in one region.
#[derive(Clone, Copy)]
pub(super) struct Site<'m> {
    pub(super) platform: &'m Platform,
    pub(super) region: &'m Region,
}

impl Site<'_> {
    /// Metadata of an object that belongs to no namespace.
    pub(super) fn cluster_wide(&self, name: impl Into<String>) -> Metadata {
        let labels = self.labels(&self.platform.owner);
        let metadata = Metadata { name: name.into(), namespace: None, labels, annotations: None };
        metadata.labelled("platgen.io/region", self.region.name.as_str())
    }

    /// Metadata of an object that belongs to a namespace as a whole.
    pub(super) fn shared(&self, namespace: &Namespace, name: impl Into<String>) -> Metadata {
        let labels = self.labels(&namespace.owner);
        Metadata { name: name.into(), namespace: Some(namespace.name.to_string()), labels, annotations: None }
    }

    /// Metadata of an object that belongs to a workload.
    pub(super) fn owned(&self, workload: &Workload, name: impl Into<String>) -> Metadata {
        let labels = self.pod_labels(workload);
        Metadata { name: name.into(), namespace: Some(workload.namespace.to_string()), labels, annotations: None }
    }

    /// The labels of a workload's pods.
    pub(super) fn pod_labels(&self, workload: &Workload) -> Labels {
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
            ("platgen.io/owner", owner.as_str()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
        labels
    }
}

/// The label that selects a workload's pods.
pub(super) fn selector(workload: &Workload) -> Labels {
    Labels::from([(WORKLOAD.to_owned(), workload.name.to_string())])
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
