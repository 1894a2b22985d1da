//! No role reads secrets, opens a shell in a pod or changes rights, roles of viewers only read, and accounts have the rights that the spec gives them.

use super::context::RegionContext;
use super::permissions::{roles, words};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::ExcessPermission], judge: Judge::Region(judge), loosens: true };

/// Resources of the core group whose rights reach further than their name says.
const CLOSED: [&str; 7] =
    ["nodes/proxy", "pods/attach", "pods/ephemeralcontainers", "pods/exec", "pods/proxy", "serviceaccounts/token", "services/proxy"];

const READ: [&str; 3] = ["get", "list", "watch"];

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in roles(&context.tree) {
        // Developers and admins are the levels that write.
        let writes = ["developer", "admin"].iter().any(|level| object.name == format!("{}-{level}", context.platform.name));
        let only_reads = object.kind == "ClusterRole" && !writes;
        // A role of its own namespace is an account's: it may read the secrets that it names.
        let by_name = object.kind == "Role" && object.items("/rules").iter().all(|rule| !words(rule, "resourceNames").is_empty());
        let excess = |(group, resource, verb): &(&str, &str, &str)| {
            (group.is_empty() && CLOSED.contains(resource))
                || (group.is_empty() && *resource == "secrets" && !by_name)
                || ["bind", "escalate", "impersonate"].contains(verb)
                || (*group == "rbac.authorization.k8s.io" && !READ.contains(verb))
                || (only_reads && !READ.contains(verb))
        };
        let declared = context.grantee(object).and_then(|workload| workload.api.as_ref());
        let declared = declared.map(|access| if object.kind == "Role" { &access.namespace } else { &access.cluster });
        for (number, rule) in object.items("/rules").iter().enumerate() {
            let names = words(rule, "resourceNames");
            let beyond = |(group, resource, verb): &(&str, &str, &str)| match declared {
                Some(declared) => !declared.iter().any(|right| {
                    right.groups.iter().any(|known| known == group)
                        && right.resources.iter().any(|known| known == resource)
                        && right.verbs.contains(verb)
                        && (right.names.is_empty()
                            || (!names.is_empty() && names.iter().all(|name| right.names.iter().any(|known| known == name))))
                }),
                None => excess(&(*group, *resource, *verb)),
            };
            if let Some((_, resource, verb)) = rights(rule).into_iter().find(beyond) {
                let message = format!("`{}` grants `{verb}` on `{resource}`", object.id());
                let help = "remove the right: emergencies go through the cloud's own access";
                found.push(Finding::new(Code::ExcessPermission, object, &format!("/rules/{number}"), message, help));
                break;
            }
        }
    }
}

/// The rights of a rule: group, resource, verb.
fn rights(rule: &Value) -> Vec<(&str, &str, &str)> {
    let mut rights = Vec::new();
    for group in words(rule, "apiGroups") {
        for resource in words(rule, "resources") {
            rights.extend(words(rule, "verbs").into_iter().map(|verb| (group, resource, verb)));
        }
    }
    rights.sort_unstable();
    rights
}
