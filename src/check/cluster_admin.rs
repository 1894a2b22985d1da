//! Nobody is bound to `cluster-admin`.

use super::context::{TreeContext, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::ClusterAdmin], judge: Judge::Tree(judge), loosens: true };

/// The role with every right, which each cluster has.
pub(super) const ROLE: &str = "cluster-admin";

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let bindings = context.inventory.of_kind("ClusterRoleBinding").chain(context.inventory.of_kind("RoleBinding"));
    for object in bindings.filter(|object| object.text("/roleRef/name") == ROLE && object.text("/roleRef/kind") == "ClusterRole") {
        let names: Vec<&str> = object.items("/subjects").iter().map(|subject| text(subject, "/name")).collect();
        let message = format!("`{}` binds `{}` to `{ROLE}`", object.id(), names.join("`, `"));
        let help = "bind a role with the rights that are needed";
        found.push(Finding::new(Code::ClusterAdmin, object, "/roleRef/name", message, help));
    }
}
