//! Every namespace of a platform enforces the restricted Pod Security Standard, and no namespace of any tree asks for `privileged`.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::WeakPodSecurity], judge: Judge::Tree(judge), loosens: true };

const LABEL: &str = "pod-security.kubernetes.io/enforce";

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in context.inventory.of_kind("Namespace") {
        let message = match object.labels.get(LABEL).map(String::as_str) {
            Some("restricted") => continue,
            // Without a spec, the cluster may have a default of its own.
            level if !context.closed && level != Some("privileged") => continue,
            Some(level) => format!("the namespace `{}` enforces the pod security standard `{level}`", object.name),
            None => format!("the namespace `{}` enforces no pod security standard", object.name),
        };
        let at = format!("/metadata/labels/{}", LABEL.replace('/', "~1"));
        let help = if context.closed {
            "declare the level with its reason under `namespaces`, in `pod_security`"
        } else {
            "enforce `restricted`, or `baseline` where pods need more"
        };
        found.push(Finding::new(Code::WeakPodSecurity, object, &at, message, help));
    }
}
