//! No object stands in a namespace of the cluster itself.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::model::SYSTEM_NAMESPACES;

pub(super) const RULE: Rule = Rule { codes: &[Code::SystemNamespace], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in context.tree.inventory.objects().iter().filter(|object| SYSTEM_NAMESPACES.contains(&object.namespace.as_str())) {
        let message = format!("`{}` is in the namespace `{}` of the cluster itself", object.id(), object.namespace);
        found.push(Finding::new(Code::SystemNamespace, object, "/metadata/namespace", message, "use a namespace of the platform"));
    }
}
