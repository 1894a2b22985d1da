//! Places of backups that an apply changes: from then on a store writes into those of another environment, or nowhere.
//!
//! Sources: the CustomResourceDefinitions of CloudNativePG 1.30, of its Barman Cloud plugin 0.14, of the Percona operators, and of Velero 1.17.

use super::difference::Difference;
use crate::inventory::{Inventory, Object};
use serde_json::Value;

/// The name of the plugin that writes backups of CloudNativePG.
pub(super) const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

/// Where kinds say the place of backups: the start of a field, and its ends.
const PLACES: [(&str, &str, &[&str]); 6] = [
    ("BackupStorageLocation", "spec.objectStorage.", &["bucket", "prefix"]),
    ("Cluster", "spec.backup.barmanObjectStore.", &["destinationPath", "endpointURL", "serverName"]),
    ("Cluster", "spec.plugins[", &["].parameters.barmanObjectName", "].parameters.serverName"]),
    ("ObjectStore", "spec.configuration.", &["destinationPath", "endpointURL"]),
    ("PerconaServerMongoDB", "spec.backup.storages.", &[".bucket", ".container", ".endpointUrl", ".prefix"]),
    ("PerconaXtraDBCluster", "spec.backup.storages.", &[".bucket", ".container", ".endpointUrl"]),
];

/// What of the differences of an object changes the place of backups.
pub(super) fn redirect<'d>(object: &Object, differences: &'d [Difference]) -> Option<&'d Difference> {
    let is_place = |field: &str| {
        PLACES.iter().any(|(kind, start, ends)| {
            *kind == object.kind && field.strip_prefix(start).is_some_and(|rest| ends.iter().any(|end| rest.ends_with(end)))
        })
    };
    differences.iter().find(|one| is_place(&one.field))
}

/// What a changed place of backups does.
pub(super) fn effect(redirect: &Difference) -> String {
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "nowhere".to_owned());
    format!(
        "BACKUPS GO TO {}: they mix with those of others where its role may write, and fail where it may not; {} gets nothing more",
        said(&redirect.after),
        said(&redirect.before)
    )
}

/// The PostgreSQL clusters that write their backups to the place.
pub(super) fn clusters(object: &Object, onto: &Inventory) -> Vec<String> {
    let writes = |cluster: &&Object| {
        let is_used = |plugin: &Value| {
            let text = |at: &str| plugin.pointer(at).and_then(Value::as_str).unwrap_or_default();
            text("/name") == PLUGIN && (cluster.id() == object.id() || text("/parameters/barmanObjectName") == object.name)
        };
        cluster.group() == "postgresql.cnpg.io"
            && cluster.namespace == object.namespace
            && ["Cluster", "ObjectStore"].contains(&object.kind.as_str())
            && cluster.items("/spec/plugins").iter().any(is_used)
    };
    onto.of_kind("Cluster").filter(writes).map(|cluster| cluster.name.clone()).collect()
}
