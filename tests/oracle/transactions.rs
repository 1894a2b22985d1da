//! MySQL: the PerconaXtraDBCluster that an operator makes servers and proxies of, the Services that lead to the proxies, and the Secrets of the users.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, WORKLOAD};
use super::pod_specs::{affinity, resources};
use super::secrets::manager_key;
use super::services::{names, of_store};
use platgen::model::{Operated, Percona, Software, Spread, Volume, Workload};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(servers) = workload.operated() else { continue };
        let Software::Mysql(mysql) = &servers.software else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        if let Some(object) = context.inventory.get("PerconaXtraDBCluster", namespace, name) {
            expect(context, found, "wrong-database", object, "/spec", &spec(context, workload, servers, mysql));
            let mut annotations = json!(workload.annotations);
            if let Some(reason) = workload.backups.reason() {
                annotations["platgen.io/no-backup"] = json!(reason);
            }
            let annotations = if annotations == json!({}) { Value::Null } else { annotations };
            expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
            expect(context, found, "wrong-database", object, "/metadata/finalizers", &Value::Null);
        }
        services(context, workload, found);
        users(context, workload, servers, found);
        system(context, workload, found);
    }
}

fn spec(context: &RegionContext, workload: &Workload, servers: &Operated, mysql: &Percona) -> Value {
    let (name, namespace, count) = (workload.name.as_str(), workload.namespace.as_str(), workload.replicas.0);
    let users: Vec<Value> = servers
        .users
        .iter()
        .map(|user| {
            let mut one = json!({
                "name": user.name,
                "passwordSecretRef": {"name": format!("{name}.{}", user.name), "key": "password"},
            });
            if user.name == mysql.owner {
                one["dbs"] = json!([mysql.database]);
                one["grants"] = json!(["ALL"]);
                one["withGrantOption"] = json!(true);
            }
            one
        })
        .collect();
    let size =
        workload.volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size.canonical()) } else { None });
    let settings: String = servers.parameters.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let mut pxc = pods(context, workload);
    pxc["size"] = json!(count);
    pxc["image"] = json!(workload.main.image);
    pxc["configuration"] = json!(format!("[mysqld]\n{settings}"));
    pxc["volumeSpec"] = json!({"persistentVolumeClaim": {"resources": {"requests": {"storage": size}}}});
    pxc["gracePeriod"] = json!(600);
    pxc["resources"] = resources(&workload.main);
    pxc["affinity"]["advanced"]["podAntiAffinity"] = apart(workload, servers, "pxc");
    let mut proxies = pods(context, workload);
    proxies["enabled"] = json!(true);
    proxies["size"] = json!(count.min(3));
    proxies["image"] = json!(proxy(context));
    proxies["exposeReplicas"] = json!({"enabled": false});
    // A container beside the servers has no more of the disk than a server itself.
    let disk = workload.main.ephemeral.as_ref().map(|(request, limit)| [request.canonical(), limit.canonical()]);
    let [least, most] = disk.map_or([Value::Null, Value::Null], |disk| disk.map(Value::from));
    let amounts = |(request, limit): (&str, &str), memory: &str| {
        json!({
            "requests": {"cpu": request, "memory": memory, "ephemeral-storage": least},
            "limits": {"cpu": limit, "memory": memory, "ephemeral-storage": most},
        })
    };
    proxies["resources"] = amounts(("100m", "1"), "512Mi");
    proxies["sidecarResources"] = amounts(("20m", "200m"), "128Mi");
    proxies["topologySpreadConstraints"] = constraints(workload);
    let small = if count < 3 { json!({"pxcSize": true, "proxySize": true}) } else { Value::Null };
    json!({
        "crVersion": "1.19.0",
        "updateStrategy": "SmartUpdate",
        "upgradeOptions": {"apply": "disabled"},
        "unsafeFlags": small,
        "enableVolumeExpansion": true,
        "tls": {"enabled": true, "SANs": [name, format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")]},
        "secretsName": format!("{name}.system"),
        "users": users,
        "pxc": pxc,
        "haproxy": proxies,
    })
}

/// How servers keep apart: where each waits for a zone of its own, or where they can.
pub(super) fn apart(workload: &Workload, servers: &Operated, component: &str) -> Value {
    let own = json!({"matchLabels": {WORKLOAD: workload.name, "app.kubernetes.io/component": component}});
    let apart = |key: &str| json!({"topologyKey": key, "labelSelector": own});
    let (zone, node) = (apart("topology.kubernetes.io/zone"), apart("kubernetes.io/hostname"));
    match (workload.replicas.0 > 1, servers.one_per_zone) {
        (false, _) => Value::Null,
        (true, true) => json!({"requiredDuringSchedulingIgnoredDuringExecution": [zone]}),
        (true, false) => json!({"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": zone}, {"weight": 50, "podAffinityTerm": node},
        ]}),
    }
}

/// The image of the proxies: a copy where the region has a registry of its own.
fn proxy(context: &RegionContext) -> String {
    pulled(context, "docker.io/percona/haproxy", "2.8.17")
}

/// An image as nodes pull it.
pub(super) fn pulled(context: &RegionContext, image: &str, tag: &str) -> String {
    let original = format!("{image}:{tag}");
    let copy = context.region.cluster.mirror.as_ref().and_then(|mirror| {
        let copy = mirror.copies.iter().find(|copy| copy.source == original)?;
        Some(format!("{}/{}:{tag}", mirror.registry, copy.repository))
    });
    copy.unwrap_or(original)
}

/// What servers and proxies have in common.
pub(super) fn pods(context: &RegionContext, workload: &Workload) -> Value {
    let mut labels: BTreeMap<&str, &str> = workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    labels.retain(|key, _| !key.starts_with("app.kubernetes.io/"));
    labels.extend([(WORKLOAD, workload.name.as_str()), ("platgen.io/environment", context.platform.environment.as_str())]);
    let tolerations = workload.placement.tolerations.iter();
    let tolerations: Vec<Value> =
        tolerations.map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})).collect();
    json!({
        "imagePullPolicy": "IfNotPresent",
        "imagePullSecrets": context.region.cluster.registry_secret.as_ref().map(|_| json!([{"name": "platgen-registry"}])),
        "labels": labels,
        "annotations": if workload.annotations.is_empty() { Value::Null } else { json!(workload.annotations) },
        "priorityClassName": format!("{}-data", context.platform.name),
        "podDisruptionBudget": {"maxUnavailable": 1},
        "podSecurityContext": {
            "runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1001, "fsGroup": 1001, "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "runAsNonRoot": true, "privileged": false, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": {"advanced": affinity(workload, false)},
        "tolerations": if tolerations.is_empty() { Value::Null } else { Value::Array(tolerations) },
    })
}

/// Proxies keep nothing, and move to another zone when theirs is lost.
fn constraints(workload: &Workload) -> Value {
    let hard = match workload.placement.spread {
        Spread::None => return Value::Null,
        Spread::Soft => false,
        Spread::Hard => true,
    };
    let one = |key: &str, hard: bool| {
        json!({
            "maxSkew": 1,
            "minDomains": if hard { json!(2) } else { Value::Null },
            "topologyKey": key,
            "whenUnsatisfiable": if hard { "DoNotSchedule" } else { "ScheduleAnyway" },
            "nodeTaintsPolicy": "Honor",
            "labelSelector": {"matchLabels": {WORKLOAD: workload.name, "app.kubernetes.io/component": "haproxy"}},
        })
    };
    json!([one("topology.kubernetes.io/zone", hard), one("kubernetes.io/hostname", false)])
}

/// The names of the store lead to the proxies.
fn services(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let selector = json!({WORKLOAD: workload.name, "app.kubernetes.io/component": "haproxy"});
    of_store(context, workload, &names(workload), &selector, found);
}

/// Each user has its password from the secret manager.
pub(super) fn users(context: &RegionContext, workload: &Workload, servers: &Operated, found: &mut Vec<Finding>) {
    for user in &servers.users {
        let data = json!({"username": user.name, "password": "{{ .password }}"});
        let source = json!({"key": manager_key(context, user.password.path()), "property": user.password.key()});
        let fetched = json!([{"secretKey": "password", "remoteRef": source}]);
        secret(context, workload, user.name.as_str(), (Some(data), fetched), found);
    }
}

/// So have the users of the operator: it makes up what is missing, and writes that into the Secret.
fn system(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let key = manager_key(context, &format!("{}/{}/system", workload.namespace, workload.name));
    let all = ["monitor", "operator", "proxyadmin", "replication", "root", "xtrabackup"];
    let fetched = all.map(|user| json!({"secretKey": user, "remoteRef": {"key": key, "property": user}}));
    secret(context, workload, "system", (None, json!(fetched)), found);
}

pub(super) fn secret(
    context: &RegionContext,
    workload: &Workload,
    user: &str,
    (data, fetched): (Option<Value>, Value),
    found: &mut Vec<Finding>,
) {
    let (namespace, name) = (workload.namespace.as_str(), format!("{}.{user}", workload.name));
    let Some(object) = context.inventory.get("ExternalSecret", namespace, &name) else {
        found.push(context.about("wrong-secrets", &format!("ExternalSecret/{namespace}/{name}"), "it is not there"));
        return;
    };
    let template = json!({"engineVersion": "v2", "type": "Opaque", "metadata": {"labels": object.labels}, "data": data});
    let spec = json!({
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "SecretStore", "name": "platgen"},
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template},
        "data": fetched,
    });
    expect(context, found, "wrong-secrets", object, "/spec", &spec);
}
