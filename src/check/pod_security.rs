//! Every namespace enforces the restricted Pod Security Standard.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::WeakPodSecurity], judge: Judge::Region(judge), loosens: true };

const LABEL: &str = "pod-security.kubernetes.io/enforce";

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in context.tree.inventory.of_kind("Namespace") {
        let message = match object.labels.get(LABEL).map(String::as_str) {
            Some("restricted") => continue,
            Some(level) => format!("the namespace `{}` enforces the pod security standard `{level}`", object.name),
            None => format!("the namespace `{}` enforces no pod security standard", object.name),
        };
        let at = format!("/metadata/labels/{}", LABEL.replace('/', "~1"));
        let help = "declare the level with its reason under `namespaces`, in `pod_security`";
        found.push(Finding::new(Code::WeakPodSecurity, object, &at, message, help));
    }
}
