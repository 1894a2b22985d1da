//! MongoDB: the PerconaServerMongoDB that an operator makes servers of, the Services that lead to them, and the Secrets of the users.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, WORKLOAD};
use super::pod_specs::resources;
use super::secrets::manager_key;
use super::services::{names, of_store};
use super::transactions::{apart, pods, pulled, secret, users};
use platgen::model::{Operated, Percona, Software, Volume, Workload};
use serde_json::{Value, json};

/// The users of the operator, and what their keys in its Secret start with.
const SYSTEM: [(&str, &str); 5] = [
    ("backup", "MONGODB_BACKUP"),
    ("clusterAdmin", "MONGODB_CLUSTER_ADMIN"),
    ("clusterMonitor", "MONGODB_CLUSTER_MONITOR"),
    ("databaseAdmin", "MONGODB_DATABASE_ADMIN"),
    ("userAdmin", "MONGODB_USER_ADMIN"),
];

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(servers) = workload.operated() else { continue };
        let Software::Mongodb(mongodb) = &servers.software else { continue };
        let (namespace, name) = (workload.namespace.as_str(), workload.name.as_str());
        if let Some(object) = context.inventory.get("PerconaServerMongoDB", namespace, name) {
            expect(context, found, "wrong-database", object, "/spec", &spec(context, workload, servers, mongodb));
            let mut annotations = json!(workload.annotations);
            if let Some(reason) = workload.backups.reason() {
                annotations["platgen.io/no-backup"] = json!(reason);
            }
            let annotations = if annotations == json!({}) { Value::Null } else { annotations };
            expect(context, found, "wrong-database", object, "/metadata/annotations", &annotations);
            // One of them deletes the volumes with the object.
            expect(context, found, "wrong-database", object, "/metadata/finalizers", &Value::Null);
        }
        // Every server answers under the names of the store, and says which one takes writes.
        of_store(context, workload, &names(workload), &json!({WORKLOAD: workload.name}), found);
        users(context, workload, servers, found);
        system(context, workload, found);
    }
}

fn spec(context: &RegionContext, workload: &Workload, servers: &Operated, mongodb: &Percona) -> Value {
    let (name, count, database) = (workload.name.as_str(), workload.replicas.0, &mongodb.database);
    let user = |user: &platgen::model::User| {
        let role = if user.name == mongodb.owner { "dbOwner" } else { "read" };
        json!({
            "name": user.name,
            "db": database,
            "passwordSecretRef": {"name": format!("{name}.{}", user.name), "key": "password"},
            "roles": [{"name": role, "db": database}],
        })
    };
    let size =
        workload.volumes.iter().find_map(|volume| if let Volume::Claim { size, .. } = volume { Some(size.canonical()) } else { None });
    let mut set = pods(context, workload);
    let (policy, secrets) = (set["imagePullPolicy"].take(), set["imagePullSecrets"].take());
    set["name"] = json!("rs0");
    set["size"] = json!(count);
    set["configuration"] = json!(settings(servers));
    set["volumeSpec"] = json!({"persistentVolumeClaim": {"resources": {"requests": {"storage": size}}}});
    set["terminationGracePeriodSeconds"] = json!(300);
    set["resources"] = resources(&workload.main);
    set["affinity"]["advanced"]["podAntiAffinity"] = apart(workload, servers, "mongod");
    let rights = set["containerSecurityContext"].clone();
    json!({
        "crVersion": "1.22.0",
        "updateStrategy": "SmartUpdate",
        "upgradeOptions": {"apply": "disabled", "setFCV": false},
        "unsafeFlags": if count < 3 { json!({"replsetSize": true}) } else { Value::Null },
        "image": workload.main.image,
        "imagePullPolicy": policy,
        "imagePullSecrets": secrets,
        "initImage": pulled(context, "docker.io/percona/percona-server-mongodb-operator", "1.22.0"),
        "initContainerSecurityContext": rights,
        "storageScaling": {"enableVolumeScaling": true},
        "tls": {"mode": "preferTLS"},
        "secrets": {"users": format!("{name}.system")},
        "users": servers.users.iter().map(user).collect::<Vec<_>>(),
        "replsets": [set],
    })
}

/// The file of settings: what every store has, and what this one says, a section each. Two levels are enough for what the specs say.
fn settings(servers: &Operated) -> String {
    let mut lines = vec![
        ("net".to_owned(), "tls:\n    allowConnectionsWithoutCertificates: true".to_owned()),
        ("security".to_owned(), "enableEncryption: false".to_owned()),
    ];
    for (name, value) in &servers.parameters {
        let (section, setting) = name.split_once('.').expect("a section");
        lines.push((section.to_owned(), format!("{setting}: {value}")));
    }
    lines.sort();
    let mut text = String::new();
    let mut open = "";
    for (section, line) in &lines {
        if section != open {
            text.push_str(&format!("{section}:\n"));
        }
        open = section;
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// The users of the operator have their passwords from the secret manager as well: it makes up what is missing, names among it.
fn system(context: &RegionContext, workload: &Workload, found: &mut Vec<Finding>) {
    let key = manager_key(context, &format!("{}/{}/system", workload.namespace, workload.name));
    let mut data = json!({});
    let mut fetched = Vec::new();
    for (at, (user, start)) in SYSTEM.iter().enumerate() {
        let value = format!("value{}", at + 1);
        data[format!("{start}_USER")] = json!(user);
        data[format!("{start}_PASSWORD")] = json!(format!("{{{{ .{value} }}}}"));
        fetched.push(json!({"secretKey": value, "remoteRef": {"key": key, "property": user}}));
    }
    secret(context, workload, "system", (Some(data), json!(fetched)), found);
}
