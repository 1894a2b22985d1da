//! The programs of add-ons and charts -> the network policies that they need in their namespaces.
//!
//! Charts make the programs themselves.

use super::metadata::Context;
use super::policy;
use crate::model::Namespace;
use crate::template::TemplateError;
use crate::yaml::Document;

/// The policy of each program that add-ons run in a namespace, and of the pods of each chart of the spec.
pub(super) fn policies(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    let charts = context.region.charts_in(namespace.name.as_str());
    let programs = charts.filter_map(|chart| chart.addon).flat_map(|addon| addon.programs());
    // Policies don't see pods in the network of their node.
    for program in programs.filter(|program| program.namespace() == namespace.name.as_str() && !program.is_on_nodes()) {
        documents.extend(policy::of_addon(context, context.shared(namespace, program.pods().1), *program)?);
    }
    for chart in context.region.charts_in(namespace.name.as_str()).filter(|chart| chart.addon.is_none()) {
        documents.extend(policy::of_chart(context, context.shared(namespace, &chart.name), chart)?);
    }
    Ok(documents)
}
