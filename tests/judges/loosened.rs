//! The spec's own waivers: a loosening carries its reason, which the rendered workload repeats as an annotation.
//!
//! A finding counts as answered when its rule is about a loosening of the table and the very object that it names says why. Whether an
//! object is that loose is the judge's word; that a reason stands there is ours.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::judge::Finding;

/// The annotation with the reason of rights beyond the default.
const RIGHTS: &str = "platgen.io/reason";

/// The annotation with the reason of missing probes.
const PROBES: &str = "platgen.io/no-probes";

/// A loosening, the annotation that answers for it, and the rules about it as `judge/rule`.
const LOOSENINGS: [(&str, &str, &[&str]); 6] = [
    (
        "a user or group below 10000",
        RIGHTS,
        &["checkov/CKV_K8S_23", "checkov/CKV_K8S_40", "kube-score/container-security-context-user-group-id"],
    ),
    ("a writable root", RIGHTS, &["checkov/CKV_K8S_22", "kube-score/container-security-context-readonlyrootfilesystem"]),
    ("privileged", RIGHTS, &["checkov/CKV_K8S_16", "checkov/CKV_K8S_20", "kube-score/container-security-context-privileged"]),
    ("capabilities", RIGHTS, &["checkov/CKV_K8S_25", "checkov/CKV_K8S_28", "checkov/CKV_K8S_37", "checkov/CKV_K8S_39"]),
    ("the host's processes and network", RIGHTS, &["checkov/CKV_K8S_17", "checkov/CKV_K8S_19"]),
    ("no probes", PROBES, &["checkov/CKV_K8S_8", "checkov/CKV_K8S_9", "kube-score/pod-probes"]),
];

/// Whether the object of the finding says why it is loose in the way that the rule is about.
pub fn accept(tree: &Path, finding: &Finding) -> bool {
    let rule = format!("{}/{}", finding.judge, finding.rule);
    let mut annotations = LOOSENINGS.iter().filter(|(_, _, rules)| rules.contains(&rule.as_str())).map(|(_, annotation, _)| annotation);
    annotations
        .next()
        .is_some_and(|annotation| fs::read_to_string(tree.join(&finding.file)).is_ok_and(|text| says(&text, &finding.object, annotation)))
}

/// Whether the documents hold the object (`Kind/namespace/name`) with a text under the annotation.
fn says(text: &str, object: &str, annotation: &str) -> bool {
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    yaml_serde::Deserializer::from_str(text).filter_map(|document| Value::deserialize(document).ok()).any(|document| {
        let meta = &document["metadata"];
        let name = format!("{}/{}/{}", words(&document["kind"]), words(&meta["namespace"]), words(&meta["name"]));
        name == object && !words(&meta["annotations"][annotation]).trim().is_empty()
    })
}

/// The rules of this file, proved on a small tree.
pub fn prove() -> Result<(), String> {
    let tree = tempfile::tempdir().map_err(|error| error.to_string())?;
    let object = |name: &str, annotations: &str| {
        format!("kind: Deployment\nmetadata:\n  name: {name}\n  namespace: shop\n  annotations: {annotations}\n---\n")
    };
    let text = object("why", "{platgen.io/reason: built so}") + &object("silent", "{}") + &object("empty", "{platgen.io/reason: ' '}");
    fs::write(tree.path().join("all.yaml"), text).map_err(|error| error.to_string())?;
    let accepted = |rule: &str, name: &str| {
        let object = format!("Deployment/shop/{name}");
        let finding = Finding { judge: "checkov".into(), rule: rule.into(), object, file: "all.yaml".into(), message: String::new() };
        accept(tree.path(), &finding)
    };
    let checks = [
        ("takes the reason of the object", accepted("CKV_K8S_40", "why")),
        ("refuses an object without a reason", !accepted("CKV_K8S_40", "silent")),
        ("refuses an empty reason", !accepted("CKV_K8S_40", "empty")),
        ("keeps a reason for rights from answering for probes", !accepted("CKV_K8S_8", "why")),
        ("keeps a reason from answering for anything else", !accepted("CKV_K8S_43", "why")),
    ];
    match checks.iter().find(|(_, holds)| !holds) {
        Some((rule, _)) => Err(format!("no longer {rule}")),
        None => Ok(()),
    }
}
