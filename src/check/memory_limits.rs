//! Every container has a memory limit, of its own or of its namespace.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::NoMemoryLimit], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let gives = |object: &&Object| object.items("/spec/limits").iter().any(|limit| limit.pointer("/default/memory").is_some());
    let given: BTreeSet<&str> = context.inventory.of_kind("LimitRange").filter(gives).map(|object| object.namespace.as_str()).collect();
    for container in context.containers().filter(|container| !given.contains(container.object.namespace.as_str())) {
        if container.value.pointer("/resources/limits/memory").is_none() {
            let message = format!("{} has no memory limit", container.shown());
            found.push(container.finding(Code::NoMemoryLimit, "/resources", message, "give it `resources.limits.memory`"));
        }
    }
}
