//! No container has more rights than its program needs: the baseline of the Pod Security Standards, and no root.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use serde_json::Value;

pub(super) const RULE: Rule = Rule {
    codes: &[Code::PrivilegedContainer, Code::PrivilegeEscalation, Code::AddedCapability, Code::RootUser],
    judge: Judge::Tree(judge),
    loosens: true,
};

/// The one capability that the restricted standard allows.
const ALLOWED: &str = "NET_BIND_SERVICE";

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for (object, pointer, spec) in context.pods() {
        if let Some(security) = spec.get("securityContext") {
            root(object, &format!("{pointer}/securityContext"), security, &format!("the pods of `{}` run", object.id()), found);
        }
    }
    for container in context.containers() {
        let Some(security) = container.value.get("securityContext") else { continue };
        let name = container.shown();
        let is = |pointer: &str| security.pointer(pointer).is_some_and(|value| value == true);
        let mut tell = |rule, field: &str, message: String, help: &str| {
            found.push(container.finding(rule, &format!("/securityContext/{field}"), message, help));
        };
        if is("/privileged") || is("/windowsOptions/hostProcess") {
            let help = "remove `privileged`, or add the one capability that is needed";
            tell(Code::PrivilegedContainer, "privileged", format!("{name} is privileged"), help);
        } else if is("/allowPrivilegeEscalation") {
            let message = format!("{name} may gain more rights than it starts with");
            tell(Code::PrivilegeEscalation, "allowPrivilegeEscalation", message, "set it to `false`");
        }
        let added = security.pointer("/capabilities/add").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let added: Vec<&str> = added.filter(|name| *name != ALLOWED).collect();
        if !added.is_empty() {
            let message = format!("{name} has the capabilities `{}`", added.join("`, `"));
            tell(Code::AddedCapability, "capabilities/add", message, "remove them");
        }
        root(container.object, &format!("{}/securityContext", container.at), security, &format!("{name} runs"), found);
    }
}

fn root(object: &Object, at: &str, security: &Value, subject: &str, found: &mut Vec<Finding>) {
    let field = match (security.get("runAsUser"), security.get("runAsNonRoot")) {
        (Some(user), _) if *user == 0 => "runAsUser",
        (user, Some(non_root)) if *non_root == false && user.is_none() => "runAsNonRoot",
        _ => return,
    };
    let message = if field == "runAsUser" { format!("{subject} as root") } else { format!("{subject} as root where the image says so") };
    found.push(Finding::new(Code::RootUser, object, &format!("{at}/{field}"), message, "name another user, and set `runAsNonRoot: true`"));
}
