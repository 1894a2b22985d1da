//! A volume in the `volumes` of a pod.

use serde::Serialize;
use serde_json::{Value, json};

/// A volume: its name, its type and the fields of that type.
#[derive(Clone, Serialize)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) source: Value,
}

impl Volume {
    /// A ConfigMap as files.
    pub(super) fn config_map(name: String, config_map: &str) -> Volume {
        Volume { name, kind: "configMap", source: json!({"name": config_map}) }
    }

    /// A Secret as files, readable for the pod's group alone (0440).
    pub(super) fn secret(name: String, secret: &str) -> Volume {
        Volume { name, kind: "secret", source: json!({"secretName": secret, "defaultMode": 0o440}) }
    }
}
