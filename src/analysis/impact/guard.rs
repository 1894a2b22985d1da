//! The guard of a cluster, as its documents say: whose the cluster is, and what its policies refuse.
//!
//! A policy is known by its rules and not by its name alone: one that somebody changed is not evaluated. People apply: what the policies refuse to them
//! alone is refused, and nobody breaks the glass.

use crate::analysis::identity::in_force;
use crate::diagnostic::wording::plural;
use crate::guard::{
    DELETION_POLICY, ENVIRONMENT_POLICY, GUARD_LABELS, GuardPolicy, HAND_MADE_POLICY, IDENTITY_NAMESPACE, NAMESPACES_POLICY, charts_make_in,
};
use crate::inventory::{Inventory, Object};
use crate::labels::{ENVIRONMENT, PROTECTED};
use crate::model::SYSTEM_NAMESPACES;

/// What the cluster's own objects have: label, value, and a word for both.
type Own<'a> = (&'static str, &'a str, &'static str);

/// The guard of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Guard<'a> {
    onto: &'a Inventory,
    /// The policies that are in force.
    policies: Vec<GuardPolicy>,
    /// Whose the cluster is; empty where it does not say it.
    own: Vec<Own<'a>>,
    /// Whether its environment is protected.
    protected: bool,
}

/// Why a policy refuses an object.
pub(super) struct Refused {
    /// The policy.
    pub(super) policy: &'static str,
    /// The reason.
    pub(super) reason: String,
}

impl<'a> Guard<'a> {
    /// The guard that the documents of a cluster have in force.
    pub(super) fn of(onto: &'a Inventory) -> Guard<'a> {
        let identity = onto.get("Namespace", "", IDENTITY_NAMESPACE);
        let label = |label: &str| identity?.labels.get(label).map(String::as_str);
        let own: Option<Vec<Own<'a>>> = GUARD_LABELS.into_iter().map(|(key, word)| Some((key, label(key)?, word))).collect();
        let there: Vec<_> =
            onto.objects().iter().filter(|one| one.kind.starts_with("ValidatingAdmissionPolicy")).map(|one| one.value.clone()).collect();
        let mut policies = in_force(&there);
        // Without an identity these refuse nothing.
        policies.retain(|policy| own.is_some() || !policy.reads_identity);
        Guard { onto, policies, protected: label(PROTECTED) == Some("true"), own: own.unwrap_or_default() }
    }

    /// The names of the policies that are in force.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'static str> {
        self.policies.iter().map(|policy| policy.name)
    }

    fn policy(&self, name: &str) -> Option<&GuardPolicy> {
        self.policies.iter().find(|policy| policy.name == name)
    }

    /// The policies that refuse an object, and why; `old` is the one in its place.
    pub(super) fn refusals(&self, new: &Object, old: Option<&Object>) -> Vec<Refused> {
        // The API server lets no policy judge policies.
        if new.group() == "admissionregistration.k8s.io" {
            return Vec::new();
        }
        let all = [
            (ENVIRONMENT_POLICY, self.is_foreign(new, old)),
            (NAMESPACES_POLICY, old.and_then(|old| relabelled(new, old))),
            (HAND_MADE_POLICY, self.is_hand_made(new).then(|| "a ConfigMap of people has the labels of the platform".to_owned())),
        ];
        all.into_iter()
            .filter(|(policy, _)| self.policy(policy).is_some())
            .filter_map(|(policy, why)| Some(Refused { policy, reason: format!("the policy `{policy}`: {}", why?) }))
            .collect()
    }

    /// Why an object belongs to another cluster.
    fn is_foreign(&self, new: &Object, old: Option<&Object>) -> Option<String> {
        let namespace = if new.kind == "Namespace" { &new.name } else { &new.namespace };
        if SYSTEM_NAMESPACES.contains(&namespace.as_str()) {
            return None;
        }
        self.own.iter().find_map(|(label, own, word)| {
            let named = new.labels.get(*label).filter(|named| named.as_str() != *own)?;
            let stays = old.is_some_and(|old| old.labels.get(*label) == Some(named));
            (!stays).then(|| format!("the {word} of the object is `{named}`, and that of the cluster is `{own}`"))
        })
    }

    /// Whether an object is a ConfigMap that nobody rendered, in a protected environment.
    fn is_hand_made(&self, new: &Object) -> bool {
        self.protected
            && (new.group(), new.kind.as_str()) == ("", "ConfigMap")
            && !new.labels.contains_key(ENVIRONMENT)
            && self.is_of_the_platform(&new.namespace)
            && !charts_make_in().contains(&new.namespace.as_str())
    }

    /// Whether a namespace of the cluster has the label of an environment.
    fn is_of_the_platform(&self, namespace: &str) -> bool {
        self.onto.get("Namespace", "", namespace).is_some_and(|namespace| namespace.labels.contains_key(ENVIRONMENT))
    }

    /// Whether it takes breaking the glass to delete an object.
    pub(super) fn keeps(&self, object: &Object) -> bool {
        let Some(policy) = self.policy(DELETION_POLICY).filter(|_| self.protected) else { return false };
        let resource = plural(&object.kind.to_lowercase());
        let is_named = policy.requests.iter().any(|one| one.group == object.group() && one.resources.contains(&resource));
        is_named
            && match object.kind.as_str() {
                "Namespace" => object.labels.contains_key(ENVIRONMENT),
                // The objects of a definition go with it.
                "CustomResourceDefinition" => {
                    policy.requests.iter().any(|one| !one.group.is_empty() && object.name.ends_with(&format!(".{}", one.group)))
                }
                _ => object.labels.contains_key(ENVIRONMENT) || self.is_of_the_platform(&object.namespace),
            }
    }
}

/// Why a namespace does not take the new labels: those that say whose it is stay, and so does the protection.
fn relabelled(new: &Object, old: &Object) -> Option<String> {
    if (new.group(), new.kind.as_str()) != ("", "Namespace") {
        return None;
    }
    let is_labelled = GUARD_LABELS.iter().any(|(key, _)| old.labels.contains_key(*key));
    let changed = GUARD_LABELS.iter().find_map(|(key, word)| {
        let before = old.labels.get(*key).filter(|before| new.labels.get(*key) != Some(before))?;
        Some(format!("the {word} of the namespace stays `{before}`"))
    });
    let protected = |object: &Object| object.labels.get(PROTECTED).map(String::as_str) == Some("true");
    let ends = || (protected(old) && !protected(new)).then(|| "a protected environment stays protected".to_owned());
    changed.or_else(ends).filter(|_| is_labelled)
}
