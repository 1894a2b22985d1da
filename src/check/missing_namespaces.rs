//! Every object stands in a namespace that exists.
//!
//! A tree that declares no namespace leaves them to somebody else: there is nothing to hold names against.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::kinds::{self, Scope};

pub(super) const RULE: Rule = Rule { codes: &[Code::MissingNamespace], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let declared = |name: &str| context.inventory.get("Namespace", "", name).is_some();
    if !context.closed && context.inventory.of_kind("Namespace").next().is_none() {
        return;
    }
    for object in context.inventory.objects() {
        let (pointer, message) = match object.namespace.as_str() {
            // `kubectl apply --namespace` may give one.
            "" if !context.closed || kinds::scope(&object.api, &object.kind) == Scope::Cluster => continue,
            "" => ("/metadata/name", format!("`{}` names no namespace", object.id())),
            name if context.foreign.contains(&name) || declared(name) => continue,
            name => ("/metadata/namespace", format!("`{}` is in the namespace `{name}`, which does not exist", object.id())),
        };
        let help = "declare the namespace, or name one that is declared";
        found.push(Finding::new(Code::MissingNamespace, object, pointer, message, help));
    }
}
