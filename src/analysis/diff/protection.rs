//! Blocks of Terraform and objects of a cluster, before and after -> what a change protects no more from deletion, from loss and from people.

use crate::guard::IDENTITY_NAMESPACE;
use crate::inventory::Inventory;
use crate::labels::PROTECTED;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something that is protected less than before.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Unprotected {
    /// From what it was protected.
    #[serde(skip)]
    pub from: Danger,
    /// The consequence, such as `Terraform may destroy it`.
    pub what: String,
    /// The address of a block, with the path in a local value; `Kind/namespace/name` of an object.
    pub object: String,
    /// The folder of a root of Terraform, or environment and region of a cluster.
    pub place: String,
}

/// From what something is protected, in the order in which the ends of protections are told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Danger {
    /// Files of other environments, and people.
    Others,
    /// Its deletion.
    Deletion,
    /// Its end after a while.
    Time,
}

/// What an argument has to become for its protection to be gone.
enum Gone {
    /// Any other value.
    Else(&'static str),
    /// This one.
    To(&'static str),
}

/// Arguments that protect: name, value that protects, how the protection ends, and what that means.
const ARGUMENTS: [(&str, &str, Gone, &str); 9] = [
    ("prevent_destroy", "true", Gone::Else("true"), "Terraform may destroy it"),
    ("deletion_protection", "true", Gone::Else("true"), "the cloud does not refuse its deletion"),
    ("force_delete", "false", Gone::To("true"), "it is deleted with all that it holds"),
    ("force_destroy", "false", Gone::To("true"), "it is deleted with all that it holds"),
    ("skip_final_snapshot", "false", Gone::To("true"), "it is deleted without a last snapshot"),
    ("delete_automated_backups", "false", Gone::To("true"), "its backups are deleted with it"),
    ("mode", "COMPLIANCE", Gone::Else("COMPLIANCE"), "administrators may delete locked versions"),
    ("capacity", "ON_DEMAND", Gone::To("SPOT"), "the cloud may take its nodes away at any time"),
    ("standby", "true", Gone::To("false"), "no second server takes over"),
];

/// How long a group of logs keeps them, in days.
const LOGS: &str = "retention_in_days";

/// What the blocks of a root, by address, protect no more. The root is there before and after.
pub(super) fn of_blocks(place: &str, before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<Unprotected> {
    let mut all = Vec::new();
    for (address, old) in before {
        let new = after.get(address);
        if old == new.unwrap_or(&Value::Null) || new.is_none() && is_renamed(address, after) {
            continue;
        }
        let mut found = Vec::new();
        compare("", old, new, &mut found);
        for (path, from, what) in found {
            let object = if address.starts_with("local.") && !path.is_empty() { format!("{address} {path}") } else { address.clone() };
            all.push(Unprotected { from, what, object, place: place.to_owned() });
        }
    }
    all
}

/// Whether a block has another address now, or Terraform forgets it without a change in the cloud.
fn is_renamed(address: &str, after: &BTreeMap<String, Value>) -> bool {
    let from = |(name, block): (&String, &Value)| {
        let kind = name.trim_end_matches('+');
        let from = block["from"].as_str().unwrap_or_default().trim_start_matches("${").trim_end_matches('}');
        ["moved", "removed"].contains(&kind) && from.split('[').next() == Some(address)
    };
    after.iter().any(from)
}

/// The arguments of a value that protect no more, each with the path of what holds it.
fn compare(path: &str, before: &Value, after: Option<&Value>, found: &mut Vec<(String, Danger, String)>) {
    match before {
        Value::Object(fields) => {
            for (key, old) in fields {
                let new = after.and_then(|after| after.get(key));
                if let Some((from, what)) = ended(key, old, new, after.is_some()) {
                    found.push((path.to_owned(), from, what));
                }
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&below, old, new, found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, old)| compare(path, old, after.and_then(|after| after.get(at)), found));
        }
        _ => {}
    }
}

/// From what an argument protected and protects no more, and what that means; `None` where it protects from nothing.
fn ended(key: &str, old: &Value, new: Option<&Value>, holder_stays: bool) -> Option<(Danger, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (was, is) = (text(old), new.map(text));
    if key == LOGS {
        let (from, to) = (old.as_u64()?, new?.as_u64()?);
        return (to < from).then(|| (Danger::Time, format!("logs are deleted after {to} days, and before after {from}")));
    }
    let (_, _, gone, what) = ARGUMENTS.iter().find(|(name, protects, ..)| *name == key && *protects == was)?;
    let is_gone = match gone {
        Gone::Else(value) => is.as_deref() != Some(*value) && (holder_stays || key == "prevent_destroy"),
        Gone::To(value) => is.as_deref() == Some(*value),
    };
    is_gone.then(|| (Danger::Deletion, (*what).to_owned()))
}

/// What the guard of a cluster, which is there before and after, refuses no more.
pub(super) fn of_objects(place: &str, before: &Inventory, after: &Inventory) -> Vec<Unprotected> {
    let protects = |side: &Inventory| {
        let labels = |namespace: &crate::inventory::Object| namespace.labels.get(PROTECTED).is_some_and(|value| value == "true");
        side.get("Namespace", "", IDENTITY_NAMESPACE).is_some_and(labels)
    };
    let one = |what: &str, object: String| Unprotected { from: Danger::Others, what: what.to_owned(), object, place: place.to_owned() };
    let mut all = Vec::new();
    if protects(before) && !protects(after) {
        let what = "the guard lets everybody with the right delete, and make objects by hand";
        all.push(one(what, format!("Namespace/{IDENTITY_NAMESPACE}")));
    }
    let policies = before.objects().iter().filter(|object| object.kind.starts_with("ValidatingAdmissionPolicy"));
    let left = policies.filter(|object| after.same_as(object).is_none());
    all.extend(left.map(|object| one("what it refused is not refused any more", object.id())));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: Value, after: Option<Value>) -> Vec<String> {
        let side = |value: Option<Value>| value.into_iter().map(|value| ("aws_x.this".to_owned(), value)).collect();
        of_blocks("terraform/a", &side(Some(before)), &side(after)).into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn each_protection_is_told_when_it_ends() {
        for (before, after, expected) in [
            (json!({"lifecycle": [{"prevent_destroy": true}]}), json!({}), &["Terraform may destroy it"][..]),
            (json!({"lifecycle": [{"prevent_destroy": true}]}), json!({"lifecycle": [{"prevent_destroy": true}], "a": 1}), &[]),
            (json!({"deletion_protection": true}), json!({"deletion_protection": false}), &["the cloud does not refuse its deletion"]),
            (json!({"deletion_protection": false}), json!({"deletion_protection": true}), &[]),
            (json!({"force_delete": false}), json!({"force_delete": true}), &["it is deleted with all that it holds"]),
            (json!({"force_delete": false}), json!({}), &[]),
            (
                json!({"lock": {"mode": "COMPLIANCE"}}),
                json!({"lock": {"mode": "GOVERNANCE"}}),
                &["administrators may delete locked versions"],
            ),
            (
                json!({"a": {"capacity": "ON_DEMAND"}}),
                json!({"a": {"capacity": "SPOT"}}),
                &["the cloud may take its nodes away at any time"],
            ),
            (json!({"a": {"capacity": "ON_DEMAND"}}), json!({}), &[]),
            (
                json!({"retention_in_days": 365}),
                json!({"retention_in_days": 30}),
                &["logs are deleted after 30 days, and before after 365"],
            ),
        ] {
            assert_eq!(told(before.clone(), Some(after.clone())), expected, "{before} {after}");
        }
        assert_eq!(
            told(json!({"lifecycle": [{"prevent_destroy": true}], "deletion_protection": true}), None),
            ["Terraform may destroy it"]
        );
    }

    #[test]
    fn another_address_protects_as_before() {
        let before = [("aws_x.this".to_owned(), json!({"lifecycle": [{"prevent_destroy": true}]}))].into();
        for kind in ["moved", "removed"] {
            let after = [(format!("{kind}+"), json!({"from": "${aws_x.this}"}))].into();
            assert_eq!(of_blocks("terraform/a", &before, &after), [], "{kind}");
        }
    }
}
