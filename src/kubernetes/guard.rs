//! The guard of a cluster: its identity, and the admission policies with their bindings.

use serde::Serialize;

use super::cluster::{hold_standard, standard_version};
use super::metadata::{Context, Metadata, OnlyMetadata, fragment};
use crate::guard::{GUARD_FINALIZER, GuardPolicy, GuardValidation, IDENTITY_NAMESPACE, Requests, guard_policies};
use crate::labels::PROTECTED;
use crate::model::PodSecurityLevel;
use crate::template::{Comment, TemplateError, render_yaml};
use crate::yaml::Document;

/// The namespace that is the identity of the cluster. None on a cluster without a guard.
pub(super) fn identity(context: &Context) -> Result<Vec<Document>, TemplateError> {
    if !context.platform.is_guarded() {
        return Ok(Vec::new());
    }
    let version = standard_version(context);
    let mut labels = context.cluster_labels();
    labels.insert(PROTECTED, if context.platform.protected { "true" } else { "false" });
    hold_standard(&mut labels, PodSecurityLevel::Restricted, &version);
    let namespace = OnlyMetadata { metadata: Metadata::new(IDENTITY_NAMESPACE, None, fragment(&labels)) };
    render_yaml("kubernetes/namespace.yaml.j2", &namespace)
}

#[derive(Serialize)]
struct Policy {
    metadata: Metadata,
    name: &'static str,
    about: Vec<Comment>,
    /// The name of the namespace that is the identity, where the policy reads it.
    identity: Option<&'static str>,
    namespaces: Option<Selected>,
    requests: Vec<Requests>,
    conditions: Vec<Condition>,
    validations: Vec<GuardValidation>,
}

#[derive(Serialize)]
struct Selected {
    key: &'static str,
    operator: &'static str,
    names: Option<&'static [&'static str]>,
}

#[derive(Serialize)]
struct Condition {
    name: &'static str,
    expression: String,
}

/// The policies with their bindings. None on a cluster without a guard.
pub(super) fn policies(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for policy in guard_policies().into_iter().filter(|_| context.platform.is_guarded()) {
        let GuardPolicy { name, about, reads_identity, namespaces, requests, conditions, validations } = policy;
        let view = Policy {
            metadata: Metadata { finalizer: Some(GUARD_FINALIZER), ..context.cluster_wide(name) },
            name,
            about: about.iter().map(|line| Comment::new(line)).collect(),
            identity: reads_identity.then_some(IDENTITY_NAMESPACE),
            namespaces: namespaces.map(|(key, operator, names)| Selected { key, operator, names: (!names.is_empty()).then_some(names) }),
            requests,
            conditions: conditions.into_iter().map(|(name, expression)| Condition { name, expression }).collect(),
            validations,
        };
        documents.extend(render_yaml("kubernetes/guard.yaml.j2", &view)?);
    }
    Ok(documents)
}
