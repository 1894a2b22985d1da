//! Presence, the other way round: nothing is rendered that the model, a manifest or a patch does not account for.
//!
//! Objects with rules of their own (Services, routes, bindings) are accounted for by these; here stands who may be there at all.

use super::Finding;
use super::scene::{GATEWAYS, RENDER, Scene};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::model::{Kind, Workload};
use std::collections::BTreeSet;

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    let used = scene.used();
    for object in scene.inventory.objects().iter().filter(|object| !scene.is_changed(object)) {
        if !is_accounted(scene, &used, object) {
            let message = format!("nothing in the spec accounts for `{}`", object.id());
            found.push(scene.finding(Code::UnaccountedObject, object, message, "declare it as a manifest, or remove it"));
        }
    }
    for (id, span) in scene.lost() {
        let message = format!("`{id}` of a manifest is not there");
        found.push(Finding { span: Some(span), ..scene.about(Code::UnaccountedObject, id, message, RENDER) });
    }
}

fn is_accounted(scene: &Scene, used: &BTreeSet<String>, object: &Object) -> bool {
    let platform = scene.platform;
    let is_used = || used.contains(&format!("{}/{}/{}", object.kind, object.namespace, object.name));
    match object.kind.as_str() {
        "Namespace" => scene.has_namespace(&object.name),
        "PriorityClass" => object.name.starts_with(&format!("{}-", platform.name)),
        "ClusterRole" => is_used(),
        "ClusterRoleBinding" => object.text("/roleRef/name") == format!("{}-cluster-viewer", platform.name),
        "Gateway" => object.namespace == GATEWAYS && is_used(),
        "HTTPRoute" if object.namespace == GATEWAYS => !object.items("/spec/parentRefs").is_empty(),
        _ => match scene.workload_of(object) {
            Some(workload) => of_workload(workload, object, is_used),
            None => of_namespace(scene, object, is_used),
        },
    }
}

/// What a workload may have.
fn of_workload(workload: &Workload, object: &Object, is_used: impl Fn() -> bool) -> bool {
    let scales = matches!(workload.kind, Kind::Deployment | Kind::StatefulSet);
    match object.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" | "Job" => object.kind == super::running::kind(workload),
        "ServiceAccount" | "NetworkPolicy" => object.name == workload.name.as_str(),
        "ConfigMap" => is_used(),
        "ExternalSecret" => object.name.starts_with(workload.name.as_str()),
        "Service" => true,
        "HorizontalPodAutoscaler" => workload.autoscaling.is_some(),
        "PodDisruptionBudget" => scales && workload.replicas.0 > 1,
        "HTTPRoute" | "GRPCRoute" => !workload.exposures.is_empty(),
        "SecurityPolicy" => workload.exposures.iter().any(|exposure| !exposure.from.is_empty()),
        _ => false,
    }
}

/// What a namespace may have as a whole.
fn of_namespace(scene: &Scene, object: &Object, is_used: impl Fn() -> bool) -> bool {
    if !scene.has_namespace(&object.namespace) {
        return false;
    }
    match object.kind.as_str() {
        "ResourceQuota" | "LimitRange" => true,
        "ServiceAccount" => object.name == "default" || is_used(),
        "NetworkPolicy" => object.at("/spec/podSelector").is_some_and(|selector| crate::inventory::Selector::of(selector).is_everything()),
        "SecretStore" | "Role" => is_used(),
        "RoleBinding" => true,
        _ => false,
    }
}
