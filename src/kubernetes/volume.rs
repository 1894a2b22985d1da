//! A volume in the `volumes` of a pod.

use serde::Serialize;
use serde_json::{Value, json};

use crate::value::FileMode;

/// A volume: its name, its type and the fields of that type.
#[derive(Clone, Serialize)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) source: Value,
}

impl Volume {
    /// A ConfigMap as files.
    pub(super) fn config_map(name: String, config_map: &str, files: &[Item]) -> Volume {
        Volume { name, kind: "configMap", source: with_items(json!({"name": config_map}), files) }
    }

    /// A Secret as files, readable for the pod's group alone (0440) unless a file says otherwise.
    pub(super) fn secret(name: String, secret: &str, files: &[Item]) -> Volume {
        Volume { name, kind: "secret", source: with_items(json!({"secretName": secret, "defaultMode": 0o440}), files) }
    }
}

/// A file of a volume: its key, and its permissions if the spec sets them.
pub(super) type Item = (String, Option<FileMode>);

/// Adds the list of files if one has permissions of its own. A volume without the list has a file for each key.
fn with_items(mut source: Value, files: &[Item]) -> Value {
    if files.iter().any(|(_, mode)| mode.is_some()) {
        let item = |(key, mode): &Item| match mode {
            Some(mode) => json!({"key": key, "path": key, "mode": mode.bits()}),
            None => json!({"key": key, "path": key}),
        };
        source["items"] = files.iter().map(item).collect();
    }
    source
}
