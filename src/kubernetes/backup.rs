//! Backups of a database -> the ObjectStore of the Barman Cloud plugin, to which its servers copy, and the ScheduledBackup.

use serde::Serialize;

use super::container::{Resources, resources};
use super::metadata::{Metadata, Owner};
use crate::model::{Backup, Container};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// The name under which CloudNativePG knows the plugin.
pub(super) const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

#[derive(Serialize)]
struct ObjectStore<'m> {
    metadata: Metadata,
    url: &'m str,
    region: &'m str,
    /// How far back every point in time can be restored. None: nobody deletes anything from here.
    keep: Option<String>,
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
    let mut documents = object_store(owner, &backup.url, Some(backup.keep), &backup.sidecar)?;
    let schedule = ScheduledBackup { metadata: owner.metadata(name), cluster: name, schedule: &backup.schedule, plugin: PLUGIN };
    documents.extend(render_yaml("kubernetes/scheduled-backup.yaml.j2", &schedule)?);
    Ok(documents)
}

/// The object store at a URL. `keep` are the days for which its cluster keeps backups there, and `sidecar` is what copies.
pub(super) fn object_store(owner: &Owner, url: &str, keep: Option<u32>, sidecar: &Container) -> Result<Vec<Document>, TemplateError> {
    let store = ObjectStore {
        metadata: owner.metadata(owner.workload.name.as_str()),
        url,
        region: owner.context.region.name.as_str(),
        keep: keep.map(|days| format!("{days}d")),
        resources: resources(sidecar),
    };
    render_yaml("kubernetes/object-store.yaml.j2", &store)
}
