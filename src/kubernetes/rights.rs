//! Rights of a workload in the Kubernetes API -> its roles with their bindings.

use serde::Serialize;

use super::metadata::{Metadata, Owner};
use crate::labels::REASON;
use crate::model::Right;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    rules: Vec<Rule<'m>>,
    /// The name of the role.
    name: String,
    account: &'m str,
    namespace: &'m str,
}

#[derive(Serialize)]
struct Rule<'m> {
    groups: &'m [String],
    resources: &'m [String],
    names: Option<&'m [String]>,
    verbs: &'m [&'static str],
}

/// A Role for the rights in its namespace, and a ClusterRole for those in the cluster.
pub(super) fn documents(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let Some(access) = &workload.api else { return Ok(Vec::new()) };
    let cluster = workload.cluster_role_name(&owner.context.platform.name);
    let roles = [
        ("kubernetes/account-role.yaml.j2", owner.metadata(workload.role_name()), &access.namespace),
        ("kubernetes/account-cluster-role.yaml.j2", owner.cluster_wide(cluster), &access.cluster),
    ];
    let mut documents = Vec::new();
    for (template, metadata, rights) in roles.into_iter().filter(|(.., rights)| !rights.is_empty()) {
        let (name, metadata) = (metadata.name.clone(), metadata.annotated(REASON, access.reason.as_deref()));
        let rules = rights.iter().map(rule).collect();
        let view = View { metadata, rules, name, account: workload.name.as_str(), namespace: workload.namespace.as_str() };
        documents.extend(render_yaml(template, &view)?);
    }
    Ok(documents)
}

fn rule(right: &Right) -> Rule<'_> {
    let Right { groups, resources, verbs, names } = right;
    Rule { groups, resources, names: (!names.is_empty()).then_some(names), verbs }
}
