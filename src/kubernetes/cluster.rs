//! What belongs to no namespace: the namespaces themselves and the priorities of pods.

use serde::Serialize;

use super::metadata::{Metadata, Site, fragment};
use crate::labels::{OWNER, PLATFORM, REASON};
use crate::model::PodSecurityLevel;
use crate::model::{Kind, Workload};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// How important a pod is when there is no room for all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Priority {
    /// Loses data or blocks others when it is moved.
    Data,
    /// Answers people outside, or serves a whole node.
    Critical,
    /// Everything else that runs all the time.
    Standard,
    /// Can run later; takes nobody's place.
    Batch,
}

impl Priority {
    const ALL: [Priority; 4] = [Priority::Data, Priority::Critical, Priority::Standard, Priority::Batch];

    /// The priority of a workload's pods.
    pub(super) fn of(workload: &Workload) -> Priority {
        match workload.kind {
            _ if workload.is_store() => Priority::Data,
            Kind::CronJob(_) | Kind::Job { .. } => Priority::Batch,
            Kind::DaemonSet => Priority::Critical,
            _ if !workload.exposures.is_empty() => Priority::Critical,
            Kind::Deployment | Kind::StatefulSet => Priority::Standard,
        }
    }

    /// The name of its class on this platform.
    pub(super) fn class(self, site: &Site) -> String {
        format!("{}-{}", site.platform.name, self.facts().0)
    }

    /// Word, value (below the billion that Kubernetes keeps for itself), what it is for.
    fn facts(self) -> (&'static str, i32, &'static str) {
        match self {
            Priority::Data => ("data", 400_000, "Stores: they lose data or block others when they are moved."),
            Priority::Critical => ("critical", 300_000, "Apps that answer people outside, and agents on every node."),
            Priority::Standard => ("standard", 200_000, "Apps that run all the time."),
            Priority::Batch => ("batch", 100_000, "Jobs: they wait for room and take nobody's place."),
        }
    }
}

/// The PriorityClasses.
pub(super) fn priorities(site: &Site) -> Result<Vec<Document>, TemplateError> {
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
        let view = View { metadata: site.cluster_wide(priority.class(site)), value, preemption, description };
        documents.extend(render_yaml("kubernetes/priority-class.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The Namespaces, with the pod security standard that holds in each.
pub(super) fn namespaces(site: &Site) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct View {
        metadata: Metadata,
    }
    let version = format!("v{}", site.region.cluster.version);
    let mut documents = Vec::new();
    for namespace in site.platform.namespaces.values() {
        let mut labels = site.cluster_labels();
        labels.insert(OWNER.to_owned(), namespace.owner.to_string());
        labels.insert(PLATFORM.to_owned(), site.platform.name.to_string());
        let level = match namespace.pod_security {
            PodSecurityLevel::Restricted => "restricted",
            PodSecurityLevel::Baseline => "baseline",
            PodSecurityLevel::Privileged => "privileged",
        };
        for mode in ["enforce", "warn", "audit"] {
            let key = format!("pod-security.kubernetes.io/{mode}");
            labels.insert(format!("{key}-version"), version.clone());
            labels.insert(key, level.to_owned());
        }
        let metadata = Metadata::new(namespace.name.as_str(), None, fragment(&labels));
        let view = View { metadata: metadata.annotated(REASON, namespace.reason.as_deref()) };
        documents.extend(render_yaml("kubernetes/namespace.yaml.j2", &view)?);
    }
    Ok(documents)
}
