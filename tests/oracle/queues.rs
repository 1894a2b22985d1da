//! RabbitMQ: the RabbitmqCluster that an operator makes servers of, the Services of further names, the budget, and the Secret of the user.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, WORKLOAD};
use super::pod_specs::{affinity, resources};
use super::secrets::manager_key;
use super::services::{aliases, of_store};
use platgen::model::{Operated, Software, Volume, Workload};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(servers) = workload.operated().filter(|servers| matches!(servers.software, Software::Rabbitmq)) else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        if let Some(object) = context.inventory.get("RabbitmqCluster", namespace, name) {
            expect(context, found, "wrong-database", object, "/spec", &spec(context, workload, servers));
            let mut annotations = json!(workload.annotations);
            if let Some(reason) = workload.backups.reason() {
                annotations["platgen.io/no-backup"] = json!(reason);
            }
            let annotations = if annotations == json!({}) { Value::Null } else { annotations };
            expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
        }
        services(context, workload, found);
        user(context, workload, servers, found);
        let budget = context.inventory.get("PodDisruptionBudget", namespace, name);
        if budget.is_none() && workload.replicas.0 > 1 {
            found.push(context.about("missing-budget", &format!("PodDisruptionBudget/{namespace}/{name}"), "it is not there"));
        }
        if let Some(budget) = budget {
            let wanted =
                json!({"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": {"matchLabels": {WORKLOAD: name}}});
            expect(context, found, "missing-budget", budget, "/spec", &wanted);
        }
    }
}

fn spec(context: &RegionContext, workload: &Workload, servers: &Operated) -> Value {
    let own = json!({"matchLabels": {WORKLOAD: workload.name}});
    let apart = |key: &str| json!({"topologyKey": key, "labelSelector": own});
    let (zone, node) = (apart("topology.kubernetes.io/zone"), apart("kubernetes.io/hostname"));
    let mut place = affinity(workload, false);
    place["podAntiAffinity"] = match (workload.replicas.0 > 1, servers.one_per_zone) {
        (false, _) => Value::Null,
        (true, true) => json!({"requiredDuringSchedulingIgnoredDuringExecution": [zone]}),
        (true, false) => json!({"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": zone}, {"weight": 50, "podAffinityTerm": node},
        ]}),
    };
    let mut labels: BTreeMap<&str, &str> = workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    labels.retain(|key, _| !key.starts_with("app.kubernetes.io/"));
    labels.extend([(WORKLOAD, workload.name.as_str()), ("platgen.io/environment", context.platform.environment.as_str())]);
    let annotations = if workload.annotations.is_empty() { Value::Null } else { json!(workload.annotations) };
    let size =
        workload.volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size.canonical()) } else { None });
    let registry = context.region.cluster.registry_secret.as_ref().map(|_| json!([{"name": "platgen-registry"}]));
    let tolerations = workload.placement.tolerations.iter();
    let tolerations: Vec<Value> =
        tolerations.map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})).collect();
    let settings: String = servers.parameters.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    json!({
        "replicas": workload.replicas.0,
        "image": workload.main.image,
        "imagePullSecrets": registry,
        "autoEnableAllFeatureFlags": true,
        "terminationGracePeriodSeconds": 1800,
        "secretBackend": {"externalSecret": {"name": format!("{}-default-user", workload.name)}},
        "persistence": {"storage": size},
        "resources": resources(&workload.main),
        "rabbitmq": {"additionalConfig": settings},
        "affinity": place,
        "tolerations": if tolerations.is_empty() { Value::Null } else { Value::Array(tolerations) },
        "override": {"statefulSet": {"spec": {"template": {
            "metadata": {"labels": labels, "annotations": annotations},
            "spec": {"containers": [], "priorityClassName": format!("{}-data", context.platform.name)},
        }}}},
    })
}

/// The operator makes the Service with the store's name.
fn services(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let selector = json!({WORKLOAD: workload.name});
    of_store(context, workload, &aliases(workload), &selector, found);
}

/// The Secret has the entries of the one that the operator makes where it makes the user.
fn user(context: &RegionContext, workload: &Workload, servers: &Operated, found: &mut Vec<Finding>) {
    let namespace = workload.namespace.as_str();
    for user in &servers.users {
        let name = format!("{}-default-user", workload.name);
        let Some(object) = context.inventory.get("ExternalSecret", namespace, &name) else {
            found.push(context.about("wrong-secrets", &format!("ExternalSecret/{namespace}/{name}"), "it is not there"));
            continue;
        };
        let data = json!({
            "default_user.conf": format!("default_user = '{}'\ndefault_pass = '{{{{ .password }}}}'\n", user.name),
            "host": format!("{}.{namespace}.svc", workload.name),
            "password": "{{ .password }}",
            "port": "5672",
            "provider": "rabbitmq",
            "type": "rabbitmq",
            "username": user.name,
        });
        let template = json!({"engineVersion": "v2", "type": "Opaque", "metadata": {"labels": object.labels}, "data": data});
        let source = json!({"key": manager_key(context, user.password.path()), "property": user.password.key()});
        let spec = json!({
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "SecretStore", "name": "platgen"},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template},
            "data": [{"secretKey": "password", "remoteRef": source}],
        });
        expect(context, found, "wrong-secrets", object, "/spec", &spec);
    }
}
