//! No two documents are the same object.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::DuplicateObject], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    // Objects whose name is generated are never the same.
    for object in context.inventory.objects().iter().filter(|object| !object.name.is_empty()) {
        let Some(first) = seen.insert((object.group(), object.id()), &object.file) else { continue };
        let folder = |file: &str| file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
        let message = format!("`{}` is defined in `{first}` and again in `{}`", object.id(), object.file);
        let help = if context.closed || folder(first) == folder(&object.file) {
            "remove one of them"
        } else {
            "remove one of them; if the folders belong to two clusters, check each one by itself with `--tree FOLDER`"
        };
        found.push(Finding::new(Code::DuplicateObject, object, "", message, help));
    }
}
