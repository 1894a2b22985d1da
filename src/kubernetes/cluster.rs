//! Namespaces and PriorityClasses.

use serde::Serialize;

use super::flows::Flows;
use super::metadata::{Context, Labels, Metadata, OnlyMetadata, fragment};
use crate::labels::{OWNER, REASON};
use crate::model::{Kind, Platform, PodSecurityLevel, Workload};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// The priority of a pod when nodes are full.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Priority {
    /// Stores: evicting them risks data or blocks other apps.
    Data,
    /// Exposed apps and agents that serve a whole node, and every app that they call, directly or through others.
    Critical,
    /// Other long-running apps.
    Standard,
    /// Jobs, which can wait and preempt no pod.
    Batch,
}

impl Priority {
    const ALL: [Priority; 4] = [Priority::Data, Priority::Critical, Priority::Standard, Priority::Batch];

    /// The priority of a workload's pods. An app has at least the priority of its callers: otherwise a caller takes the place of a pod that it needs.
    pub(super) fn of(workload: &Workload, flows: &Flows) -> Priority {
        match workload.kind {
            _ if workload.is_store() => Priority::Data,
            Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => Priority::Batch,
            Kind::DaemonSet | Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) if flows.is_critical(workload) => Priority::Critical,
            Kind::DaemonSet | Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => Priority::Standard,
        }
    }

    /// The name of its class on this platform.
    pub(super) fn class(self, context: &Context) -> String {
        priority_class(context.platform, self.facts().0)
    }

    /// Name, value (Kubernetes reserves values above one billion) and description.
    fn facts(self) -> (&'static str, i32, &'static str) {
        match self {
            Priority::Data => ("data", 400_000, "Stores: they lose data or block others when they are moved."),
            Priority::Critical => {
                ("critical", 300_000, "Apps that answer people outside, agents on every node, and the apps that they call.")
            }
            Priority::Standard => ("standard", 200_000, "Apps that run all the time."),
            Priority::Batch => ("batch", 100_000, "Jobs: they wait for room and take nobody's place."),
        }
    }
}

/// The name of a PriorityClass of a platform: that of `data`, `critical`, `standard` or `batch` pods.
pub fn priority_class(platform: &Platform, priority: &str) -> String {
    format!("{}-{priority}", platform.name)
}

/// The PriorityClasses.
pub(super) fn priorities(context: &Context) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct View {
        metadata: Metadata,
        value: i32,
        preemption: &'static str,
        description: &'static str,
    }
    let mut documents = Vec::new();
    for priority in Priority::ALL {
        let (_, value, description) = priority.facts();
        let preemption = if priority == Priority::Batch { "Never" } else { "PreemptLowerPriority" };
        let view = View { metadata: context.cluster_wide(priority.class(context)), value, preemption, description };
        documents.extend(render_yaml("kubernetes/priority-class.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The Namespaces, with the pod security standard that holds in each.
pub(super) fn namespaces(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let version = standard_version(context);
    let mut documents = Vec::new();
    for namespace in context.platform.namespaces_in(context.region) {
        let mut labels = context.cluster_labels();
        labels.extend(namespace.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        labels.insert(OWNER, namespace.owner.as_str());
        hold_standard(&mut labels, namespace.pod_security, &version);
        let metadata = Metadata::new(namespace.name.as_str(), None, fragment(&labels));
        let metadata = metadata.with_annotations(&namespace.annotations).annotated(REASON, namespace.reason.as_deref());
        let view = OnlyMetadata { metadata };
        documents.extend(render_yaml("kubernetes/namespace.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The version of the Pod Security Standards that namespaces hold.
pub(super) fn standard_version(context: &Context) -> String {
    format!("v{}", context.region.cluster.version)
}

/// Adds the labels of a Pod Security Standard to those of a namespace.
pub(super) fn hold_standard<'l>(labels: &mut Labels<'l>, level: PodSecurityLevel, version: &'l str) {
    let level = match level {
        PodSecurityLevel::Restricted => "restricted",
        PodSecurityLevel::Baseline => "baseline",
        PodSecurityLevel::Privileged => "privileged",
    };
    labels.extend([
        ("pod-security.kubernetes.io/audit", level),
        ("pod-security.kubernetes.io/audit-version", version),
        ("pod-security.kubernetes.io/enforce", level),
        ("pod-security.kubernetes.io/enforce-version", version),
        ("pod-security.kubernetes.io/warn", level),
        ("pod-security.kubernetes.io/warn-version", version),
    ]);
}
