//! No network policy allows all traffic in a direction.

use super::context::{TreeContext, list};
use super::policy_peers::Way;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::OpenPolicy], judge: Judge::Tree(judge), loosens: true };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for policy in context.inventory.of_kind("NetworkPolicy") {
        for way in Way::BOTH {
            for (at, _) in way.rules(policy).filter(|(_, rule)| allows_all(rule, way)) {
                let direction = if way == Way::In { "ingress from everywhere" } else { "egress to everywhere" };
                let message = format!("`{}` allows {direction} on every port", policy.id());
                found.push(Finding::new(Code::OpenPolicy, policy, &at, message, "name the peers and ports, or remove the rule"));
            }
        }
    }
}

/// Whether a rule names neither peers nor ports.
pub(super) fn allows_all(rule: &Value, way: Way) -> bool {
    list(rule, way.field()).is_empty() && list(rule, "ports").is_empty()
}
