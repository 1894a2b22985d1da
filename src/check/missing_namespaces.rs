//! Every object stands in a namespace that exists.
//!
//! A tree that declares no namespace leaves them to somebody else: there is nothing to hold names against.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingNamespace], judge: Judge::Tree(judge), loosens: false };

/// Kinds of ours that belong to a namespace.
const NAMESPACED: [&str; 20] = [
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "ExternalSecret",
    "GRPCRoute",
    "Gateway",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Job",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "PodDisruptionBudget",
    "ResourceQuota",
    "RoleBinding",
    "SecretStore",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let declared = |name: &str| context.inventory.get("Namespace", "", name).is_some();
    if !context.closed && context.inventory.of_kind("Namespace").next().is_none() {
        return;
    }
    for object in context.inventory.objects() {
        let (pointer, message) = match object.namespace.as_str() {
            // `kubectl apply --namespace` may give one.
            "" if !context.closed || !NAMESPACED.contains(&object.kind.as_str()) => continue,
            "" => ("/metadata/name", format!("`{}` names no namespace", object.id())),
            name if context.foreign.contains(&name) || declared(name) => continue,
            name => ("/metadata/namespace", format!("`{}` is in the namespace `{name}`, which does not exist", object.id())),
        };
        let help = "declare the namespace, or name one that is declared";
        found.push(Finding::new(Code::MissingNamespace, object, pointer, message, help));
    }
}
