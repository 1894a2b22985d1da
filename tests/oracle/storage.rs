//! Storage: classes and shared claims are what the model says, as a whole.

use super::Finding;
use super::context::RegionContext;
use serde_json::{Value, json};

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let region = context.region;
    let mut wanted = Vec::new();
    for class in &region.cluster.storage {
        let mut whole = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": class.provisioner, "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": class.expandable,
        });
        if !class.parameters.is_empty() {
            whole["parameters"] = json!(class.parameters);
        }
        wanted.push(("StorageClass", "", class.name.as_str(), whole));
    }
    for volume in &region.volumes {
        let size = volume.size.canonical();
        let whole = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": volume.class, "resources": {"requests": {"storage": size}}},
        });
        wanted.push(("PersistentVolumeClaim", volume.namespace.as_str(), volume.name.as_str(), whole));
    }
    for (kind, namespace, name, whole) in wanted {
        let object = context.inventory.get(kind, namespace, name);
        let mut value = object.map_or(Value::Null, |object| object.value.clone());
        value.as_object_mut().and_then(|fields| fields.remove("metadata"));
        if value != whole && object.is_none_or(|object| !context.is_changed(object)) {
            found.push(context.about("wrong-storage", &format!("{kind}/{namespace}/{name}"), format!("{value} is not {whole}")));
        }
    }
}
