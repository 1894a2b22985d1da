//! The programs of add-ons and charts -> the network policies that they need in their namespaces, and what Prometheus scrapes of them.
//!
//! Charts make the programs themselves.

use super::metadata::Context;
use super::{monitoring, policy};
use crate::model::{Addon, Namespace};
use crate::template::TemplateError;
use crate::yaml::Document;

/// The policy of each program of an add-on in a namespace, and of the pods of each chart of the spec.
pub(super) fn policies(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    let region = context.region;
    for program in region.programs().filter(|program| program.namespace() == namespace.name.as_str() && region.guards(*program)) {
        documents.extend(policy::of_addon(context, context.shared(namespace, program.pods().1), program)?);
    }
    for chart in region.charts_in(namespace.name.as_str()).filter(|chart| chart.addon.is_none()) {
        documents.extend(policy::of_chart(context, context.shared(namespace, &chart.name), chart)?);
    }
    Ok(documents)
}

/// The PodMonitors of add-ons, in the namespace of the monitoring: that of a program need not be the platform's. The chart of the monitoring has its own.
pub(super) fn monitors(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    if !context.region.is_monitored() || namespace.name.as_str() != Addon::Monitoring.namespace() {
        return Ok(documents);
    }
    for program in context.region.programs().filter(|program| *program != Addon::Gateway) {
        if let Some((number, path)) = program.metrics() {
            documents.extend(monitoring::of_addon(context.shared(namespace, program.name()), program, (None, number, path))?);
        }
    }
    Ok(documents)
}
