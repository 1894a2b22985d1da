//! Backups of a database -> the ObjectStore of the Barman Cloud plugin, to which its servers copy, and the ScheduledBackup.

use serde::Serialize;

use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner};
use crate::model::Backup;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// The name under which CloudNativePG knows the plugin.
pub(super) const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

#[derive(Serialize)]
struct ObjectStore<'m> {
    metadata: Metadata,
    url: &'m str,
    region: &'m str,
    keep: String,
    resources: Option<Resources>,
}

#[derive(Serialize)]
struct ScheduledBackup<'m> {
    metadata: Metadata,
    cluster: &'m str,
    schedule: &'m str,
    plugin: &'static str,
}

/// The object store, and the schedule.
pub(super) fn documents(owner: &Owner, backup: &Backup) -> Result<Vec<Document>, TemplateError> {
    let name = owner.workload.name.as_str();
    let store = ObjectStore {
        metadata: owner.metadata(name),
        url: &backup.url,
        region: owner.context.region.name.as_str(),
        keep: format!("{}d", backup.keep),
        resources: resources(&backup.sidecar),
    };
    let mut documents = render_yaml("kubernetes/object-store.yaml.j2", &store)?;
    let schedule = ScheduledBackup { metadata: owner.metadata(name), cluster: name, schedule: &backup.schedule, plugin: PLUGIN };
    documents.extend(render_yaml("kubernetes/scheduled-backup.yaml.j2", &schedule)?);
    Ok(documents)
}
