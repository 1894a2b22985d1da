//! No binding gives people a role that the spec does not give their group, or an account a role of the whole cluster.

use super::context::{RegionContext, text};
use super::permissions::roles;
use super::references::is_of_every_cluster;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::model::GroupRole;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::ExcessAccess], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let declared = declared(context);
    let inventory = &context.tree.inventory;
    for object in inventory.of_kind("RoleBinding").chain(inventory.of_kind("ClusterRoleBinding")) {
        let role = object.text("/roleRef/name");
        let exists = is_of_every_cluster(role) || roles(&context.tree).any(|known| known.name == role);
        // Other rules report `cluster-admin`, and roles that don't exist.
        if !exists || role == super::cluster_admin::ROLE {
            continue;
        }
        for (number, subject) in object.items("/subjects").iter().enumerate() {
            let (kind, name) = (text(subject, "/kind"), text(subject, "/name"));
            let binding = (object.namespace.clone(), name.to_owned(), role.to_owned());
            let of_workload = context.grantee(object).is_some_and(|workload| {
                role == object.name
                    && kind == "ServiceAccount"
                    && name == workload.name.as_str()
                    && text(subject, "/namespace") == workload.namespace.as_str()
            });
            let given = of_workload || is_of_account(object, subject) || (kind == "Group" && declared.contains(&binding));
            if !given {
                let message =
                    format!("`{}` gives {} `{name}` the role `{role}`, which the spec does not", object.id(), kind.to_lowercase());
                let help = "declare it under `access.groups`, or remove it";
                found.push(Finding::new(Code::ExcessAccess, object, &format!("/subjects/{number}"), message, help));
            }
        }
    }
}

/// Whether a binding gives an account of its own namespace a role of its own namespace.
fn is_of_account(object: &Object, subject: &Value) -> bool {
    let own = text(subject, "/namespace") == object.namespace && text(subject, "/kind") == "ServiceAccount";
    own && object.kind == "RoleBinding" && object.text("/roleRef/kind") == "Role"
}

/// The bindings of the groups of the model: namespace (empty: the whole cluster), group, role.
fn declared(context: &RegionContext) -> BTreeSet<(String, String, String)> {
    let platform = context.platform;
    let mut declared = BTreeSet::new();
    for group in &platform.groups {
        let level = |role: GroupRole| match role {
            GroupRole::Admin => "admin",
            GroupRole::Developer => "developer",
            GroupRole::Viewer => "viewer",
        };
        let roles = platform.namespaces.values().filter_map(|one| Some((&one.name, group.role_in(&one.name)?)));
        declared.extend(roles.map(|(name, role)| (name.to_string(), group.id.clone(), format!("{}-{}", platform.name, level(role)))));
        if group.administers() {
            declared.insert((String::new(), group.id.clone(), format!("{}-cluster-viewer", platform.name)));
        }
    }
    declared
}
