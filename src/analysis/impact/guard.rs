//! The guard of a cluster, as its documents say: whose the cluster is, and the policy that refuses objects of others.
//!
//! The policy is known by its rules and not by its name alone: one that somebody changed is not evaluated.

use crate::guard::{ENVIRONMENT_POLICY, GUARD_LABELS, IDENTITY_NAMESPACE, Requests, guard_policies};
use crate::inventory::{Inventory, Object};
use crate::model::SYSTEM_NAMESPACES;
use serde_json::{Value, json};

/// What the cluster's own objects have: label, value, and a word for both.
pub(super) type Own<'a> = (&'static str, &'a str, &'static str);

/// The guard of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Guard<'a> {
    own: Vec<Own<'a>>,
    /// The binding that puts the policy in force, `Kind/name`.
    pub(super) binding: String,
}

impl<'a> Guard<'a> {
    /// The guard that the documents of a cluster have in force.
    pub(super) fn of(onto: &'a Inventory) -> Option<Guard<'a>> {
        let identity = onto.get("Namespace", "", IDENTITY_NAMESPACE)?;
        onto.get("ValidatingAdmissionPolicy", "", ENVIRONMENT_POLICY).filter(|policy| is_known(policy))?;
        let binding = onto.of_kind("ValidatingAdmissionPolicyBinding").find(|binding| denies(binding))?.id();
        let own = |(label, word): (&'static str, &'static str)| Some((label, identity.labels.get(label)?.as_str(), word));
        Some(Guard { own: GUARD_LABELS.into_iter().map(own).collect::<Option<_>>()?, binding })
    }

    /// Why the policy refuses an object; `old` is the one in its place.
    pub(super) fn refusal(&self, new: &Object, old: Option<&Object>) -> Option<String> {
        // The API server lets no policy judge policies.
        if new.group() == "admissionregistration.k8s.io" || SYSTEM_NAMESPACES.contains(&new.namespace.as_str()) {
            return None;
        }
        self.own.iter().find_map(|(label, own, word)| {
            let named = new.labels.get(*label).filter(|named| named.as_str() != *own)?;
            let stays = old.is_some_and(|old| old.labels.get(*label) == Some(named));
            (!stays).then(|| {
                format!("the policy `{ENVIRONMENT_POLICY}`: the {word} of the object is `{named}`, and that of the cluster is `{own}`")
            })
        })
    }
}

/// Whether a policy has the rules that are evaluated here.
fn is_known(policy: &Object) -> bool {
    let Some(known) = guard_policies().into_iter().find(|known| known.name == ENVIRONMENT_POLICY) else { return false };
    let expressions = |pointer: &str| -> Vec<&str> {
        policy.items(pointer).iter().filter_map(|one| one.get("expression").and_then(Value::as_str)).collect()
    };
    let conditions: Vec<&str> = known.conditions.iter().map(|(_, expression)| expression.as_str()).collect();
    let validations: Vec<&str> = known.validations.iter().map(|one| one.expression.as_str()).collect();
    let requests = policy.items("/spec/matchConstraints/resourceRules");
    let is_request = |(request, known): (&Value, &Requests)| {
        [("apiGroups", json!([known.group])), ("operations", json!(known.operations)), ("resources", json!(known.resources))]
            .iter()
            .all(|(key, wanted)| request.get(key) == Some(wanted))
    };
    let selected = known.namespaces.map(|(key, operator, values)| json!([{"key": key, "operator": operator, "values": values}]));
    policy.at("/spec/matchConstraints/namespaceSelector/matchExpressions") == selected.as_ref()
        && policy.at("/spec/failurePolicy").is_none_or(|word| word == "Fail")
        && policy.text("/spec/paramKind/kind") == "Namespace"
        && expressions("/spec/matchConditions") == conditions
        && expressions("/spec/validations") == validations
        && requests.len() == known.requests.len()
        && requests.iter().zip(&known.requests).all(is_request)
}

/// Whether a binding puts the policy in force everywhere, with the identity of the cluster.
fn denies(binding: &Object) -> bool {
    binding.text("/spec/policyName") == ENVIRONMENT_POLICY
        && binding.items("/spec/validationActions").iter().any(|action| action == "Deny")
        && binding.at("/spec/matchResources").is_none()
        && binding.text("/spec/paramRef/name") == IDENTITY_NAMESPACE
}
