//! HorizontalPodAutoscaler and PodDisruptionBudget of a workload. The pods of an operator have a budget from their engine's file or from the operator.

use serde::Serialize;

use super::metadata::{Metadata, Owner};
use crate::model::Kind;
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Utilization;
use crate::yaml::Document;

#[derive(Serialize)]
struct Autoscaler<'m> {
    metadata: Metadata,
    kind: &'static str,
    target: &'m str,
    least: u32,
    most: u32,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Metric {
    container: String,
    resource: &'static str,
    percent: u32,
}

#[derive(Serialize)]
struct Budget {
    metadata: Metadata,
    selector: Fragment,
}

/// The autoscaler, if the workload scales, and the disruption budget, if it has several pods.
pub(super) fn documents(owner: &Owner, name: &str) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let mut documents = Vec::new();
    let kind = match workload.kind {
        Kind::Deployment => "Deployment",
        Kind::StatefulSet => "StatefulSet",
        Kind::DaemonSet | Kind::Operated(_) | Kind::Restored(_) | Kind::CronJob(_) | Kind::Job { .. } => return Ok(documents),
    };
    let (least, most) = workload.replicas;
    if let Some(scaling) = &workload.autoscaling {
        // Only the main container is measured, so that a busy sidecar starts no pod.
        let container = workload.main.name.as_str();
        let metric = |resource, share: Option<Utilization>| {
            share.map(|share| Metric { container: container.to_owned(), resource, percent: share.percent() })
        };
        let metrics = [metric("cpu", scaling.cpu), metric("memory", scaling.memory)].into_iter().flatten().collect();
        let view = Autoscaler { metadata: owner.metadata(workload.name.as_str()), kind, target: name, least, most, metrics };
        documents.extend(render_yaml("kubernetes/autoscaler.yaml.j2", &view)?);
    }
    documents.extend(budget(owner)?);
    Ok(documents)
}

/// The disruption budget of a workload with several pods.
pub(super) fn budget(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    if workload.replicas.0 < 2 {
        return Ok(Vec::new());
    }
    let view = Budget { metadata: owner.metadata(workload.name.as_str()), selector: owner.selector.clone() };
    render_yaml("kubernetes/disruption-budget.yaml.j2", &view)
}
