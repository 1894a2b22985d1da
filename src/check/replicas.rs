//! Several replicas serve in a protected environment.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::kinds::{self, Operator};
use crate::model::Volume;

pub(super) const RULE: Rule = Rule { codes: &[Code::SingleReplica], judge: Judge::Region(judge), loosens: false };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    if !context.platform.protected {
        return;
    }
    let kinds = Operator::ALL.into_iter().map(|operator| operator.facts().servers).chain(["Deployment", "StatefulSet"]);
    for object in kinds.flat_map(|kind| context.tree.inventory.of_kind(kind)) {
        let Some(workload) = context.workload_of(object).filter(|workload| workload.service.is_some()) else { continue };
        // Beside the servers that a store is named after there may be none.
        if workload.is_store() && object.name != workload.name.as_str() {
            continue;
        }
        let name = format!("{}/{}", object.namespace, object.name);
        // A cache loses nothing that its clients can't make again.
        let is_cache = workload.is_store() && !workload.volumes.iter().any(|volume| matches!(volume, Volume::Claim { .. }));
        if is_cache || context.tree.least_replicas(object).is_none_or(|least| least > 1) {
            continue;
        }
        let message = format!("one replica of `{name}` serves in the protected environment `{}`", context.platform.environment);
        let help = if workload.is_store() {
            "say `replicas` where the engine keeps copies of its own, or a waiver with the reason why one is enough"
        } else {
            "say `scale: {replicas: 2..6}` or more, or a waiver with the reason why one is enough"
        };
        let field = kinds::replicas(&object.api, &object.kind);
        found.push(Finding::new(Code::SingleReplica, object, field, message, help));
    }
}
