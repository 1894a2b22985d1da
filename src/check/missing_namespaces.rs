//! Every object of a platform stands in a namespace that exists.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::kinds::{self, Scope};

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingNamespace], judge: Judge::Region(judge), loosens: false };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let context = &context.tree;
    for object in context.inventory.objects() {
        let (pointer, message) = match object.namespace.as_str() {
            "" if kinds::scope(&object.api, &object.kind) == Scope::Cluster => continue,
            "" => ("", format!("`{}` names no namespace", object.id())),
            name if (context.foreign.contains(&name) && !context.declared.contains(name))
                || context.inventory.get("Namespace", "", name).is_some() =>
            {
                continue;
            }
            name => ("/metadata/namespace", format!("`{}` is in the namespace `{name}`, which does not exist", object.id())),
        };
        let help = "declare the namespace, or name one that is declared";
        found.push(Finding::new(Code::MissingNamespace, object, pointer, message, help));
    }
}
