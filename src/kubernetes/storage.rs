//! StorageClasses of a cluster and the claims of shared volumes.

use serde::Serialize;

use super::metadata::{Context, Metadata, fragment};
use crate::labels::NO_BACKUP;
use crate::model::{Namespace, SharedVolume};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::Document;

/// The StorageClasses of the spec.
pub(super) fn classes(context: &Context) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct View {
        metadata: Metadata,
        provisioner: &'static str,
        parameters: Option<Fragment>,
        expandable: bool,
        reclaim: &'static str,
    }
    let mut documents = Vec::new();
    for class in &context.region.cluster.storage {
        let parameters = (!class.parameters.is_empty()).then(|| fragment(&class.parameters));
        let metadata = context.cluster_wide(class.name.as_str());
        let view =
            View { metadata, provisioner: class.provisioner, parameters, expandable: class.expandable, reclaim: class.reclaim_policy };
        documents.extend(render_yaml("kubernetes/storage-class.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The claims of the shared volumes of a namespace.
pub(super) fn claims(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    #[derive(Serialize)]
    struct View<'m> {
        metadata: Metadata,
        access: &'static str,
        class: &'m str,
        size: String,
    }
    let mut documents = Vec::new();
    for SharedVolume { name, size, class, access, no_backup, .. } in
        context.region.volumes.iter().filter(|volume| volume.namespace == namespace.name)
    {
        let metadata = context.shared(namespace, name.as_str()).annotated(NO_BACKUP, no_backup.as_deref());
        let view = View { metadata, access, class, size: size.canonical() };
        documents.extend(render_yaml("kubernetes/volume-claim.yaml.j2", &view)?);
    }
    Ok(documents)
}
