//! Every container has a memory limit, of its own or of its namespace.

use super::context::{TreeContext, text};
use super::pod_parts::containers;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::NoMemoryLimit], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let gives = |object: &&Object| object.items("/spec/limits").iter().any(|limit| limit.pointer("/default/memory").is_some());
    let given: BTreeSet<&str> = context.inventory.of_kind("LimitRange").filter(gives).map(|object| object.namespace.as_str()).collect();
    for (object, pointer, spec) in context.pods().filter(|(object, ..)| !given.contains(object.namespace.as_str())) {
        for (at, container) in containers(&pointer, spec) {
            if container.pointer("/resources/limits/memory").is_none() {
                let message = format!("the container `{}` of `{}` has no memory limit", text(container, "/name"), object.id());
                found.push(Finding::new(
                    Code::NoMemoryLimit,
                    object,
                    &format!("{at}/resources"),
                    message,
                    "give it `resources.limits.memory`",
                ));
            }
        }
    }
}
