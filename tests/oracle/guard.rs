//! Presence: whose the cluster is, and the policies that go by it. What they refuse is proved against a real API server.

use super::Finding;
use super::compare::expect;
use super::context::RegionContext;
use platgen::inventory::Object;
use platgen::model::Platform;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The namespace whose labels are the identity.
pub(super) const NAMESPACE: &str = "platgen-system";

/// The specs of the policies and of their bindings, by `Kind/name`.
fn wanted() -> BTreeMap<String, Value> {
    serde_yaml::from_str(include_str!("guard.yaml")).expect("the policies can be read")
}

/// Whether a policy or a binding is one of the guard.
pub(super) fn is_wanted(platform: &Platform, object: &Object) -> bool {
    platform.no_guard.is_none() && wanted().contains_key(&object.id())
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let platform = context.platform;
    if platform.no_guard.is_some() {
        return;
    }
    let identity = [
        ("environment", platform.environment.as_str()),
        ("platform", platform.name.as_str()),
        ("protected", if platform.protected { "true" } else { "false" }),
        ("region", context.region.name.as_str()),
    ];
    let mut is = |kind: &str, namespace: &str, name: &str, place: &str, wanted: &Value| match context.inventory.get(kind, namespace, name) {
        Some(object) => expect(context, found, "wrong-guard", object, place, wanted),
        None => found.push(context.about("wrong-guard", &format!("{kind}/{name}"), format!("`{kind}/{name}` is not there"))),
    };
    for (key, value) in identity {
        is("Namespace", "", NAMESPACE, &format!("/metadata/labels/platgen.io~1{key}"), &json!(value));
    }
    for mode in ["enforce", "warn", "audit"] {
        is("Namespace", "", NAMESPACE, &format!("/metadata/labels/pod-security.kubernetes.io~1{mode}"), &json!("restricted"));
        let version = format!("v{}", context.region.cluster.version);
        is("Namespace", "", NAMESPACE, &format!("/metadata/labels/pod-security.kubernetes.io~1{mode}-version"), &json!(version));
    }
    for (id, spec) in wanted() {
        let (kind, name) = id.split_once('/').unwrap_or_default();
        is(kind, "", name, "/spec", &spec);
        is(kind, "", name, "/metadata/finalizers", &json!(["platgen.io/break-glass"]));
    }
}
