//! A database that a restore test makes -> the ObjectStore that it is made from, and the Cluster, which stands in a file of the test's job alone.

use super::backup::object_store;
use super::database::restored;
use super::metadata::{Context, Owner};
use crate::model::{Kind, Restored};
use crate::template::TemplateError;
use crate::yaml::{Document, emit};

/// What the files hold of it.
pub(super) fn documents(owner: &Owner, database: &Restored) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for sidecar in &owner.workload.sidecars {
        documents.extend(object_store(owner, &database.url, None, sidecar)?);
    }
    Ok(documents)
}

/// The Cluster of the restored database with this `namespace/name`, as a text.
pub(super) fn manifest(context: &Context, database: &str) -> Result<Option<String>, TemplateError> {
    let Some(workload) = context.region.workloads.get(database) else { return Ok(None) };
    let Kind::Restored(database) = &workload.kind else { return Ok(None) };
    let owner = &Owner::new(context, workload);
    let mut text = String::new();
    for document in restored(owner, database)? {
        emit(&document, &mut text);
    }
    Ok(Some(text))
}
