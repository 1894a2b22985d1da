//! No two documents are the same object.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::DuplicateObject], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    // Objects whose name is generated are never the same.
    for object in context.inventory.objects().iter().filter(|object| !object.name.is_empty()) {
        if !seen.insert((object.group(), object.id())) {
            let message = format!("`{}` is defined twice", object.id());
            found.push(Finding::new(Code::DuplicateObject, object, "", message, "remove one of them"));
        }
    }
}
