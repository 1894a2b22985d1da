//! Every container of a platform holds the restricted Pod Security Standard, cannot write to its image, and mounts no API token that
//! the spec gives it no use for.
//!
//! Kubernetes grants every right that a document does not refuse, so a missing line is a finding. Other rules report rights that a document grants.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::{Code, wording};
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnhardenedPod], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for (object, pointer, spec) in context.tree.pods() {
        let calls = context.workload_of(object).is_some_and(|workload| workload.api.is_some());
        if !calls && spec.get("automountServiceAccountToken").is_none_or(|value| value != false) {
            let message = format!("the pods of `{}` mount an API token", object.id());
            let at = format!("{pointer}/automountServiceAccountToken");
            found.push(Finding::new(Code::UnhardenedPod, object, &at, message, "set `automountServiceAccountToken: false`"));
        }
    }
    for container in context.tree.containers() {
        let lacks = lacks(container.pod, container.value);
        if !lacks.is_empty() {
            let message = format!("{} lacks {}", container.shown(), wording::all(&lacks));
            found.push(container.finding(Code::UnhardenedPod, "/securityContext", message, "write it into the `securityContext`"));
        }
    }
}

/// The lines of a hardened container that are missing.
fn lacks(spec: &Value, container: &Value) -> Vec<&'static str> {
    let own = |pointer: &str| container.pointer(&format!("/securityContext{pointer}"));
    let either = |pointer: &str| own(pointer).or_else(|| spec.pointer(&format!("/securityContext{pointer}")));
    let drops = own("/capabilities/drop").and_then(Value::as_array).is_some_and(|list| list.iter().any(|name| name == "ALL"));
    // The rule `root-user` reports containers that name user 0.
    let is_root = either("/runAsUser").and_then(Value::as_i64) == Some(0);
    let seccomp = either("/seccompProfile/type").and_then(Value::as_str);
    let lines = [
        (
            "allowPrivilegeEscalation: false",
            own("/allowPrivilegeEscalation").is_none() && own("/privileged").is_none_or(|value| value != true),
        ),
        ("capabilities.drop: [ALL]", !drops),
        ("readOnlyRootFilesystem: true", own("/readOnlyRootFilesystem").is_none_or(|value| value != true)),
        ("runAsNonRoot: true", either("/runAsNonRoot").is_none_or(|value| value != true && !is_root)),
        ("seccompProfile.type: RuntimeDefault", !matches!(seccomp, Some("RuntimeDefault" | "Localhost"))),
    ];
    lines.into_iter().filter(|(_, missing)| *missing).map(|(line, _)| line).collect()
}
