//! Every disruption budget lets a node be drained.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Selector;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::BlockedEviction], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let mut budgeted: BTreeMap<usize, String> = BTreeMap::new();
    for object in context.inventory.of_kind("PodDisruptionBudget") {
        let selector = object.at("/spec/selector").map(Selector::of).unwrap_or_default();
        let pods = context.inventory.selected(&object.namespace, &selector);
        let replicas =
            pods.iter().filter_map(|number| context.least_replicas(context.inventory.owner(context.inventory.pods().get(*number)?))).min();
        let zero = |pointer: &str| {
            let value = object.at(pointer)?;
            Some(value.as_i64().or_else(|| value.as_str()?.strip_suffix('%')?.parse().ok())? == 0)
        };
        let all = |value: &Value| match (value.as_i64(), value.as_str()) {
            (Some(least), _) => replicas.is_some_and(|replicas| least >= replicas),
            (_, Some(share)) => share == "100%",
            _ => false,
        };
        let help = "let one pod be away with `maxUnavailable: 1`";
        if zero("/spec/maxUnavailable") == Some(true) || object.at("/spec/minAvailable").is_some_and(all) {
            found.push(Finding::new(Code::BlockedEviction, object, "/spec", format!("`{}` allows no eviction", object.id()), help));
        }
        for number in pods {
            if let Some(other) = budgeted.insert(number, object.id()).filter(|other| *other != object.id()) {
                let message = format!("`{}` and `{other}` select the same pods, which blocks every eviction", object.id());
                found.push(Finding::new(Code::BlockedEviction, object, "/spec/selector", message, "keep one of them"));
                break;
            }
        }
    }
}
