//! A MongoDB store -> the PerconaServerMongoDB of the Percona Operator for MongoDB, which makes pods, volumes, Services, certificates, the disruption budget and
//! the users, and the Secrets of the users.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::metadata::{Metadata, Owner};
use super::percona::{Common, Pods, common, servers, size};
use super::secrets::named_system_users;
use crate::kinds::{MONGODB_USERS, REPLICA_SET};
use crate::labels::NO_BACKUP;
use crate::model::{Operated, Percona};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::{Document, emit};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    /// The release of the operator whose ways it keeps.
    version: String,
    /// Whether the operator takes it for too small to be safe.
    small: bool,
    image: &'m str,
    /// The image of the container that starts before a server.
    init: &'m str,
    /// The Secret of the users of the operator.
    secret: String,
    database: &'m str,
    users: Vec<User<'m>>,
    replica_set: &'static str,
    /// The file of settings.
    settings: String,
    size: String,
    grace: u64,
    pods: Pods,
    common: Common<'m>,
}

#[derive(Serialize)]
struct User<'m> {
    name: &'m str,
    secret: String,
    /// What the user may do with the database. The operator takes back the roles that others give.
    role: &'static str,
}

/// The Secret of the operator's users, and the PerconaServerMongoDB.
pub(super) fn documents(owner: &Owner, operated: &Operated, percona: &Percona) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let view = View {
        metadata: owner
            .metadata(workload.name.as_str())
            .with_annotations(&workload.annotations)
            .annotated(NO_BACKUP, workload.backups.reason()),
        version: format!("{}.0", operated.software.facts().oldest.0),
        small: percona.small,
        image: &workload.main.image,
        init: workload.init.first().map_or("", |init| &init.image),
        secret: Percona::secret(&workload.name),
        database: &percona.database,
        users: operated
            .users
            .iter()
            .map(|user| User {
                name: user.name.as_str(),
                secret: operated.software.secret(&workload.name, &user.name),
                role: if user.name == percona.owner { "dbOwner" } else { "read" },
            })
            .collect(),
        replica_set: REPLICA_SET,
        settings: settings(&operated.parameters),
        size: size(workload),
        grace: workload.grace,
        pods: servers(workload, operated, "mongod"),
        common: common(owner),
    };
    let start = |user: &str| MONGODB_USERS.into_iter().find(|(name, _)| *name == user).map_or("", |(_, start)| start);
    let system = percona.system.iter().map(|(user, password)| (start(user), *user, password));
    let mut documents = named_system_users(owner, &view.secret, system)?;
    documents.extend(render_yaml("kubernetes/mongodb.yaml.j2", &view)?);
    Ok(documents)
}

/// The file of settings, in sections.
fn settings(parameters: &BTreeMap<String, String>) -> String {
    let mut file = Map::new();
    // Volumes are encrypted where they are made. The key of the server would be in a Secret that the operator makes up, and without it nothing could read the
    // volumes. Clients sign in with a password, and have no certificate of their own.
    let mut all = BTreeMap::from([("net.tls.allowConnectionsWithoutCertificates", "true"), ("security.enableEncryption", "false")]);
    all.extend(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    for (name, value) in all {
        put(&mut file, name, typed(value));
    }
    let mut text = String::new();
    emit(&Document::from_json(&Value::Object(file)), &mut text);
    text
}

/// Puts a value where its name leads to. No name is that of a section.
fn put(section: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        section.insert(name.to_owned(), value);
        return;
    };
    if let Value::Object(inner) = section.entry(first).or_insert_with(|| json!({})) {
        put(inner, rest, value);
    }
}

/// The value as the server reads it, without quotes where it is a number or a switch.
fn typed(value: &str) -> Value {
    match value {
        "true" => json!(true),
        "false" => json!(false),
        _ => value.parse::<i64>().ok().filter(|number| number.to_string() == value).map_or_else(|| json!(value), |number| json!(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_in_sections() {
        let parameters =
            [("operationProfiling.mode", "slowOp"), ("operationProfiling.slowOpThresholdMs", "200"), ("setParameter.a", "007")];
        let text = settings(&parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        assert_eq!(
            text,
            "net:\n  tls:\n    allowConnectionsWithoutCertificates: true\noperationProfiling:\n  mode: slowOp\n  slowOpThresholdMs: 200\nsecurity:\n  enableEncryption: \
             false\nsetParameter:\n  a: \"007\"\n"
        );
    }
}
