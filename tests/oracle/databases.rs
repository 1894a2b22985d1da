//! Databases: the Cluster that an operator makes servers of, the Services that lead to the one that takes writes, and the Secrets of the users.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, WORKLOAD};
use super::pod_specs::{affinity, resources};
use super::secrets::manager_key;
use super::services::{names, of_store};
use platgen::inventory::{Inventory, Object};
use platgen::model::{Container, Database, Durability, Kind, Operated, Volume, Workload};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name of the plugin that makes backups.
const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        if matches!(workload.kind, Kind::Restored(_)) {
            quarantine(context, workload, found);
        }
        let Some((servers, database)) = workload.operated().zip(workload.database()) else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        if let Some(object) = context.inventory.get("Cluster", namespace, name) {
            expect(context, found, "wrong-database", object, "/spec", &spec(context, workload, (servers, database)));
            let mut annotations = json!(workload.annotations);
            if let Some(reason) = workload.backups.reason() {
                annotations["platgen.io/no-backup"] = json!(reason);
            }
            let annotations = if annotations == json!({}) { Value::Null } else { annotations };
            expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
        }
        backups(context, workload, found);
        services(context, workload, found);
        users(context, workload, servers, found);
    }
}

fn spec(context: &RegionContext, workload: &Workload, (servers, database): (&Operated, &Database)) -> Value {
    let secret = |user: &str| json!({"name": format!("{}.{user}", workload.name)});
    let roles: Vec<Value> = servers
        .users
        .iter()
        .map(|user| json!({"name": user.name, "ensure": "present", "login": true, "passwordSecret": secret(user.name.as_str())}))
        .collect();
    let names: Vec<String> = names(workload)
        .iter()
        .flat_map(|name| {
            ["", &format!(".{}", workload.namespace), &format!(".{}.svc", workload.namespace)].map(|rest| format!("{name}{rest}"))
        })
        .collect();
    let synchronous = match database.durability {
        None => Value::Null,
        Some(Durability::Preferred) => json!({"method": "any", "number": 1, "dataDurability": "preferred"}),
        Some(Durability::Required) => json!({"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": true}),
    };
    let archiver = json!([{"name": PLUGIN, "isWALArchiver": true, "parameters": {"barmanObjectName": workload.name}}]);
    let plugins = workload.backups.kept().map(|_| archiver);
    let mut spec = servers_of(context, workload, servers);
    spec["priorityClassName"] = json!(format!("{}-data", context.platform.name));
    spec["enableSuperuserAccess"] = json!(false);
    spec["certificates"] = json!({"serverAltDNSNames": names});
    if workload.backups.followed().is_some() {
        // A standby has the users and the data of the database that it follows, and archives nothing.
        spec["bootstrap"] = json!({"recovery": {
            "source": "backups", "database": database.name, "owner": database.owner, "secret": secret(database.owner.as_str()),
        }});
        spec["replica"] = json!({"enabled": true, "source": "backups"});
        let parameters = json!({"barmanObjectName": workload.name, "serverName": workload.name});
        spec["externalClusters"] = json!([{"name": "backups", "plugin": {"name": PLUGIN, "parameters": parameters}}]);
        return spec;
    }
    spec["bootstrap"] = json!({"initdb": {
        "database": database.name, "owner": database.owner, "secret": secret(database.owner.as_str()), "dataChecksums": true,
    }});
    spec["managed"]["roles"] = json!(roles);
    spec["postgresql"]["synchronous"] = synchronous;
    spec["plugins"] = json!(plugins);
    spec
}

/// What a store and a restored database have in common.
fn servers_of(context: &RegionContext, workload: &Workload, servers: &Operated) -> Value {
    let several = workload.replicas.0 > 1;
    let mut labels: BTreeMap<&str, &str> = workload.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    labels.retain(|key, _| !key.starts_with("app.kubernetes.io/"));
    labels.extend([(WORKLOAD, workload.name.as_str()), ("platgen.io/environment", context.platform.environment.as_str())]);
    let annotations = if workload.annotations.is_empty() { Value::Null } else { json!(workload.annotations) };
    let size =
        workload.volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size.canonical()) } else { None });
    let registry = context.region.cluster.registry_secret.as_ref().map(|_| json!([{"name": "platgen-registry"}]));
    let mut place = affinity(workload, false);
    if several {
        place["podAntiAffinityType"] = json!(if servers.one_per_zone { "required" } else { "preferred" });
        place["topologyKey"] = json!("topology.kubernetes.io/zone");
    }
    let tolerations = workload.placement.tolerations.iter();
    let tolerations: Vec<Value> =
        tolerations.map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})).collect();
    place["tolerations"] = if tolerations.is_empty() { Value::Null } else { Value::Array(tolerations) };
    json!({
        "instances": workload.replicas.0,
        "imageName": workload.main.image,
        "imagePullSecrets": registry,
        "inheritedMetadata": {"labels": labels, "annotations": annotations},
        "enablePDB": several,
        "primaryUpdateMethod": if several { "switchover" } else { "restart" },
        "managed": {"services": {"disabledDefaultServices": ["r", "ro"]}},
        "postgresql": {"parameters": servers.parameters},
        "storage": {"size": size},
        "resources": resources(&workload.main),
        "affinity": place,
    })
}

/// The Cluster that the job of a restore test makes, as a text of a ConfigMap: the newest state of the backups, and no password of the store.
pub(super) fn restored(context: &RegionContext, map: &Object, text: &str, database: &str, found: &mut Vec<Finding>) {
    let inventory = Inventory::read([(map.file.as_str(), text)]);
    let workload = context.region.workloads.get(database);
    let (Some((workload, Kind::Restored(restored))), [object]) = (workload.map(|one| (one, &one.kind)), inventory.objects()) else {
        found.push(context.finding("wrong-database", map, format!("it does not hold `{database}` alone")));
        return;
    };
    if (object.api.as_str(), object.id()) != ("postgresql.cnpg.io/v1", format!("Cluster/{database}")) {
        found.push(context.finding("wrong-database", map, format!("it holds `{}`, where it should be `{database}`", object.id())));
    }
    let name = workload.name.as_str();
    let superuser = json!({"name": format!("{name}-superuser")});
    let parameters = json!({"barmanObjectName": name, "serverName": restored.source});
    let mut spec = servers_of(context, workload, &restored.servers);
    spec["priorityClassName"] = json!(format!("{}-batch", context.platform.name));
    spec["enableSuperuserAccess"] = json!(true);
    spec["bootstrap"] = json!({"recovery": {"source": "backups", "database": "postgres", "owner": "postgres", "secret": superuser}});
    spec["externalClusters"] = json!([{"name": "backups", "plugin": {"name": PLUGIN, "parameters": parameters}}]);
    expect(context, found, "wrong-database", object, "/spec", &spec);
    let annotations = if workload.annotations.is_empty() { Value::Null } else { json!(workload.annotations) };
    expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
    if object.labels.get(WORKLOAD).map(String::as_str) != Some(name) {
        found.push(context.finding("wrong-labels", map, format!("the database in it does not say that it is `{name}`")));
    }
}

/// A restored database finds the backups of its store, and deletes none.
fn quarantine(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
    let Some(object) = context.inventory.get("ObjectStore", namespace, name) else {
        found.push(context.about("wrong-backups", &format!("ObjectStore/{namespace}/{name}"), "it is not there"));
        return;
    };
    let key = workload.test_of.as_deref().and_then(|store| context.region.workloads.get(store)?.backups.kept());
    let bucket = key.and_then(|backup| context.platform.buckets.get(&backup.bucket)).map(|bucket| format!("s3://{}", bucket.id));
    expect(context, found, "wrong-backups", object, "/spec", &object_store(context, bucket, workload.sidecars.first()));
}

/// A bucket as the plugin sees it.
fn object_store(context: &RegionContext, bucket: Option<String>, sidecar: Option<&Container>) -> Value {
    json!({
        "configuration": {
            "destinationPath": bucket,
            "s3Credentials": {"inheritFromIAMRole": true},
            "data": {"compression": "snappy"},
            "wal": {"compression": "zstd"},
        },
        "instanceSidecarConfiguration": {
            "env": [{"name": "AWS_DEFAULT_REGION", "value": context.region.name}],
            "resources": sidecar.map(resources),
        },
    })
}

/// A database that is backed up has an object store in its bucket and a schedule, and another one has neither.
fn backups(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
    let followed = workload.backups.followed();
    let bucket = followed.and_then(|followed| context.platform.buckets.get(&followed.bucket));
    if let (Some(followed), Some(object)) = (followed, context.inventory.get("ObjectStore", namespace, name)) {
        let copy = bucket.and_then(|bucket| bucket.copy.as_ref()).filter(|copy| copy.region == context.region.name);
        let place = copy.map(|copy| format!("s3://{}", copy.id));
        expect(context, found, "wrong-backups", object, "/spec", &object_store(context, place, Some(&followed.sidecar)));
    }
    for kind in ["ObjectStore", "ScheduledBackup"] {
        let object = context.inventory.get(kind, namespace, name);
        if kind == "ObjectStore" && followed.is_some() && object.is_some() {
            continue;
        }
        let (Some(object), Some(backup)) = (object, workload.backups.kept()) else {
            if object.is_some() != workload.backups.kept().is_some() {
                let message = format!("the backups of `{namespace}/{name}` and the object do not belong together");
                found.push(context.about("wrong-backups", &format!("{kind}/{namespace}/{name}"), message));
            }
            continue;
        };
        let bucket = context.platform.buckets.get(&backup.bucket).map(|bucket| format!("s3://{}", bucket.id));
        let spec = match kind {
            "ObjectStore" => {
                let mut spec = object_store(context, bucket, Some(&backup.sidecar));
                spec["retentionPolicy"] = json!(format!("{}d", backup.keep));
                spec
            }
            _ => json!({
                "cluster": {"name": name},
                "schedule": backup.schedule,
                "immediate": true,
                "backupOwnerReference": "self",
                "method": "plugin",
                "pluginConfiguration": {"name": PLUGIN},
            }),
        };
        expect(context, found, "wrong-backups", object, "/spec", &spec);
    }
}

fn services(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let selector = json!({"cnpg.io/cluster": workload.name, "cnpg.io/instanceRole": "primary"});
    // No name leads to servers that take no writes.
    let names = if workload.backups.followed().is_some() { Vec::new() } else { names(workload) };
    of_store(context, workload, &names, &selector, found);
}

/// The Secret of each user holds its name and its password, and the operator reads it anew when it changes.
fn users(context: &RegionContext, workload: &Workload, servers: &Operated, found: &mut Vec<Finding>) {
    let namespace = workload.namespace.as_str();
    for user in &servers.users {
        let name = format!("{}.{}", workload.name, user.name);
        let Some(object) = context.inventory.get("ExternalSecret", namespace, &name) else {
            found.push(context.about("wrong-secrets", &format!("ExternalSecret/{namespace}/{name}"), "it is not there"));
            continue;
        };
        let mut labels = json!(object.labels);
        labels["cnpg.io/reload"] = json!("true");
        let data = json!({"username": user.name, "password": "{{ .password }}"});
        let template = json!({"engineVersion": "v2", "type": "kubernetes.io/basic-auth", "metadata": {"labels": labels}, "data": data});
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
