//! Presence, the other way round: nothing is rendered that the model, a manifest or a patch does not account for.
//!
//! Objects with rules of their own (Services, routes, bindings) are accounted for by these; here stands who may be there at all.

use super::Finding;
use super::context::{GATEWAYS, RegionContext};
use platgen::inventory::Object;
use platgen::model::{Kind, SharedVolume, Software, Workload};
use std::collections::BTreeSet;

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let used = context.used();
    for object in context.inventory.objects().iter().filter(|object| !context.is_changed(object)) {
        if !is_accounted(context, &used, object) {
            let message = format!("nothing in the spec accounts for `{}`", object.id());
            found.push(context.finding("unexpected-object", object, message));
        }
    }
    for id in context.lost() {
        let message = format!("`{id}` of a manifest is not there");
        found.push(context.about("unexpected-object", id, message));
    }
}

fn is_accounted(context: &RegionContext, used: &BTreeSet<String>, object: &Object) -> bool {
    let platform = context.platform;
    let is_used = || used.contains(&format!("{}/{}/{}", object.kind, object.namespace, object.name));
    match object.kind.as_str() {
        "Namespace" => {
            context.has_namespace(&object.name) || (context.platform.no_guard.is_none() && object.name == super::guard::NAMESPACE)
        }
        "ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding" => super::guard::is_wanted(context.platform, object),
        "PriorityClass" => object.name.starts_with(&format!("{}-", platform.name)),
        "StorageClass" => context.region.cluster.storage.iter().any(|class| class.name == object.name),
        "GatewayClass" => object.name == "envoy",
        "ClusterRole" => is_used(),
        "ClusterRoleBinding" if object.name.contains('.') => is_of_account(context, object),
        "ClusterRoleBinding" => object.text("/roleRef/name") == format!("{}-cluster-viewer", platform.name),
        "Gateway" => object.namespace == GATEWAYS && is_used(),
        "EnvoyProxy" => object.namespace == GATEWAYS && context.inventory.get("Gateway", GATEWAYS, &object.name).is_some(),
        "ClusterIssuer" => context.region.cluster.issuer.is_some(),
        "Certificate" if object.namespace == GATEWAYS => {
            context.region.cluster.issuer.is_some() && context.inventory.get("Gateway", GATEWAYS, &object.name).is_some()
        }
        "HTTPRoute" if object.namespace == GATEWAYS => !object.items("/spec/parentRefs").is_empty(),
        _ => match context.workload_of(object) {
            Some(workload) => of_workload(workload, object, context.region.monitoring.is_some(), is_used),
            None => of_namespace(context, object, is_used),
        },
    }
}

/// Whether a ClusterRoleBinding is that of a workload with rights in the cluster.
fn is_of_account(context: &RegionContext, object: &Object) -> bool {
    context.region.workloads.values().any(|workload| {
        workload.api.as_ref().is_some_and(|access| !access.cluster.is_empty())
            && object.name == workload.cluster_role_name(&context.platform.name)
    })
}

/// What a workload may have.
fn of_workload(workload: &Workload, object: &Object, is_monitored: bool, is_used: impl Fn() -> bool) -> bool {
    // CloudNativePG, Strimzi and the operators of Percona make the budgets of their pods.
    let scales = match &workload.kind {
        Kind::Deployment | Kind::StatefulSet => true,
        Kind::Operated(servers) => matches!(servers.software, Software::Rabbitmq),
        _ => false,
    };
    match object.kind.as_str() {
        "KafkaNodePool" | "KafkaUser" => super::pod_specs::kind(workload) == "Kafka",
        "Cluster"
        | "PerconaServerMongoDB"
        | "PerconaXtraDBCluster"
        | "RabbitmqCluster"
        | "Kafka"
        | "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "CronJob"
        | "Job" => object.kind == super::pod_specs::kind(workload),
        "ObjectStore" if matches!(workload.kind, Kind::Restored(_)) => object.name == workload.name.as_str(),
        "ObjectStore" | "ScheduledBackup" => workload.backups.kept().is_some() && object.name == workload.name.as_str(),
        // The operator makes the account of its pods.
        "ServiceAccount" if matches!(workload.kind, Kind::Operated(_) | Kind::Restored(_)) => false,
        "ServiceAccount" | "NetworkPolicy" => object.name == workload.name.as_str(),
        "Role" | "RoleBinding" => workload.api.as_ref().is_some_and(|access| !access.namespace.is_empty()),
        "ConfigMap" => is_used(),
        // The job that makes the users of a store reads the password of its administrator.
        "ExternalSecret" => {
            let store = workload.users_of.as_deref().and_then(|key| key.split('/').next_back());
            object.name.starts_with(workload.name.as_str()) || store.is_some_and(|store| object.name == format!("{store}.administrator"))
        }
        "PodMonitor" => is_monitored && !workload.metrics.is_empty(),
        "Service" => true,
        "HorizontalPodAutoscaler" => workload.autoscaling.is_some(),
        "PodDisruptionBudget" => scales && workload.replicas.0 > 1,
        "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" => workload.entrances().next().is_some(),
        "BackendTrafficPolicy" => workload.exposures.iter().any(|exposure| exposure.sticky.is_some()),
        "BackendTLSPolicy" => workload.certificate.is_some(),
        "SecurityPolicy" => workload.exposures.iter().any(|exposure| !exposure.from.is_empty()),
        _ => false,
    }
}

/// Whether an account pulls images with the Secret of an ExternalSecret.
fn is_used_secret(context: &RegionContext, object: &Object) -> bool {
    context.inventory.of_kind("ServiceAccount").any(|account| {
        account.namespace == object.namespace
            && account.items("/imagePullSecrets").iter().any(|secret| secret["name"] == object.text("/spec/target/name"))
    })
}

/// What a namespace may have as a whole.
fn of_namespace(context: &RegionContext, object: &Object, is_used: impl Fn() -> bool) -> bool {
    if !context.has_namespace(&object.namespace) {
        return false;
    }
    if super::monitoring::has(context, object) || super::addons::has(context, object) {
        return true;
    }
    match object.kind.as_str() {
        "ResourceQuota" | "LimitRange" => true,
        "Service" => super::managed::is_wanted(context, object),
        "ServiceAccount" => object.name == "default" || is_used(),
        "NetworkPolicy" => {
            object.at("/spec/podSelector").is_some_and(|selector| platgen::inventory::Selector::of(selector).is_everything())
        }
        "SecretStore" | "Role" => is_used(),
        "ExternalSecret" => context.region.cluster.registry_secret.is_some() && is_used_secret(context, object),
        "RoleBinding" => true,
        "PersistentVolumeClaim" => {
            let is_it = |volume: &&SharedVolume| volume.name.as_str() == object.name && volume.namespace.as_str() == object.namespace;
            context.region.volumes.iter().any(|volume| is_it(&volume))
        }
        _ => false,
    }
}
