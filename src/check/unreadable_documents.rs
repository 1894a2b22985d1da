//! Every file is YAML, and every document with an `apiVersion` or a `kind` is an object that an API server can take.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnreadableDocument], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for fault in context.inventory.unreadable() {
        let message = format!("`{}` can't be read: {}", fault.file, fault.reason);
        let help = "write one object per document; a template of Helm has to be rendered first, with `helm template`";
        found.push(Finding::of_file(Code::UnreadableDocument, &fault.file, fault.line, message, help));
    }
}
