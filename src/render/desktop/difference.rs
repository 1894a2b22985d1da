//! The difference between two sets of objects: objects that come and go, and the steps of a JSON patch (RFC 6902) for those that change.

use crate::kubernetes::Tree;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What tells an object apart from all others of a cluster.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) api: String,
}

/// The objects of a cluster.
#[derive(Debug, Default)]
pub(super) struct Objects(BTreeMap<Key, Value>);

/// A step of a JSON patch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    /// JSON pointer of the value.
    pub(super) path: String,
    /// The value before; none where one is added.
    pub(super) before: Option<Value>,
    /// The value after; none where it is removed.
    pub(super) after: Option<Value>,
}

/// What becomes of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    Added(Value),
    Removed,
    Changed(Vec<Operation>),
}

/// An object that is different on a desktop.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) key: Key,
    pub(super) edit: Edit,
    /// The reasons: for each operation of a change, else for the object as a whole.
    pub(super) reasons: Vec<Vec<String>>,
}

impl Objects {
    pub(super) fn of(tree: &Tree) -> Objects {
        let object = |value: Value| {
            let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let key =
                Key { namespace: text("/metadata/namespace"), kind: text("/kind"), name: text("/metadata/name"), api: text("/apiVersion") };
            (key, value)
        };
        Objects(tree.values().flatten().map(|document| object(document.to_json())).collect())
    }

    /// What makes the other objects of these.
    fn edits(&self, other: &Objects) -> BTreeMap<Key, Edit> {
        let mut edits = BTreeMap::new();
        for (key, before) in &self.0 {
            let edit = match other.0.get(key) {
                None => Edit::Removed,
                Some(after) => {
                    let mut operations = Vec::new();
                    compare(before, after, "", &mut operations);
                    Edit::Changed(operations)
                }
            };
            if edit != Edit::Changed(Vec::new()) {
                edits.insert(key.clone(), edit);
            }
        }
        let added = other.0.iter().filter(|(key, _)| !self.0.contains_key(key));
        edits.extend(added.map(|(key, value)| (key.clone(), Edit::Added(value.clone()))));
        edits
    }
}

/// The differences between the objects of an environment and those of the last stage, each with the reasons of the stages that made it.
pub(super) fn differences(before: &Objects, stages: &[(&str, Objects)]) -> Vec<Difference> {
    let Some((_, last)) = stages.last() else { return Vec::new() };
    let mut known = before;
    let mut steps = Vec::new();
    for (reason, objects) in stages {
        steps.push((*reason, known.edits(objects)));
        known = objects;
    }
    let of = |key: &Key, path: Option<&str>| -> Vec<String> {
        let made = steps.iter().filter(|(_, edits)| edits.get(key).is_some_and(|edit| touches(edit, path)));
        let reasons: BTreeSet<(usize, &str)> = made.map(|(reason, _)| *reason).enumerate().collect();
        reasons.into_iter().map(|(_, reason)| reason.to_owned()).collect()
    };
    let reasons = |key: &Key, edit: &Edit| match edit {
        Edit::Changed(operations) => operations.iter().map(|operation| of(key, Some(&operation.path))).collect(),
        Edit::Added(_) | Edit::Removed => vec![of(key, None)],
    };
    let edits = before.edits(last).into_iter();
    edits.map(|(key, edit)| Difference { reasons: reasons(&key, &edit), key, edit }).collect()
}

/// The differences without those of one value, which every object has at the same path.
pub(super) fn without(differences: Vec<Difference>, path: &str) -> Vec<Difference> {
    let kept = |mut difference: Difference| {
        if let Edit::Changed(operations) = &mut difference.edit {
            let mut reasons = std::mem::take(&mut difference.reasons).into_iter();
            operations.retain(|operation| {
                let own = reasons.next().filter(|_| operation.path != path);
                let stays = own.is_some();
                difference.reasons.extend(own);
                stays
            });
            if operations.is_empty() {
                return None;
            }
        }
        Some(difference)
    };
    differences.into_iter().filter_map(kept).collect()
}

/// Whether an edit changes the value at a path, one around it or one in it; without a path, whether the object comes or goes with it.
fn touches(edit: &Edit, path: Option<&str>) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match (edit, path) {
        (Edit::Added(_) | Edit::Removed, _) => true,
        (Edit::Changed(_), None) => false,
        (Edit::Changed(operations), Some(path)) => {
            operations.iter().any(|operation| within(&operation.path, path) || within(path, &operation.path))
        }
    }
}

/// The operations that make one value of another. Lists of one length are compared item by item, others are replaced.
fn compare(before: &Value, after: &Value, path: &str, operations: &mut Vec<Operation>) {
    let below = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                match new.get(key) {
                    Some(after) => compare(value, after, &below(key), operations),
                    None => operations.push(Operation { path: below(key), before: Some(value.clone()), after: None }),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                operations.push(Operation { path: below(key), before: None, after: Some(value.clone()) });
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (before, after)) in old.iter().zip(new).enumerate() {
                compare(before, after, &format!("{path}/{at}"), operations);
            }
        }
        _ if before != after => {
            operations.push(Operation { path: path.to_owned(), before: Some(before.clone()), after: Some(after.clone()) });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_are_as_deep_as_they_can_be() {
        let before = json!({"a": {"x/y": 1, "gone": [1]}, "list": [{"b": 1}, 2], "short": [1, 2]});
        let after = json!({"a": {"x/y": 2, "new": true}, "list": [{"b": 3}, 2], "short": [1]});
        let mut found = Vec::new();
        compare(&before, &after, "", &mut found);
        let expected = [
            ("/a/x~1y", Some(json!(1)), Some(json!(2))),
            ("/a/gone", Some(json!([1])), None),
            ("/a/new", None, Some(json!(true))),
            ("/list/0/b", Some(json!(1)), Some(json!(3))),
            ("/short", Some(json!([1, 2])), Some(json!([1]))),
        ];
        let expected = expected.map(|(path, before, after)| Operation { path: path.to_owned(), before, after });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_value_that_every_object_has_is_left_out_with_its_reasons() {
        let key = |name: &str| Key { namespace: "shop".into(), kind: "A".into(), name: name.into(), api: "v1".into() };
        let objects = |x: u8, y: u8| Objects(BTreeMap::from([(key("both"), json!({"x": x, "y": y})), (key("one"), json!({"x": x}))]));
        let stages = [("first", objects(2, 1)), ("second", objects(2, 2))];
        let found = without(differences(&objects(1, 1), &stages), "/x");
        assert_eq!(
            found.iter().map(|one| (&*one.key.name, &one.reasons)).collect::<Vec<_>>(),
            [("both", &vec![vec!["second".to_owned()]])]
        );
        assert!(matches!(&found[0].edit, Edit::Changed(operations) if operations.len() == 1 && operations[0].path == "/y"));
    }

    #[test]
    fn a_difference_has_the_reasons_of_the_steps_that_made_it() {
        let key = Key { namespace: "shop".into(), kind: "A".into(), name: "a".into(), api: "v1".into() };
        let objects = |value: Value| Objects(BTreeMap::from([(key.clone(), value)]));
        let stages = [("first", objects(json!({"x": 2, "y": 1}))), ("second", objects(json!({"x": 2, "y": 2})))];
        let found = differences(&objects(json!({"x": 1, "y": 1})), &stages);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].reasons, [["first"], ["second"]]);
        let gone = differences(&objects(json!({})), &[("first", objects(json!({}))), ("second", Objects::default())]);
        assert_eq!((&gone[0].edit, &gone[0].reasons[0][..]), (&Edit::Removed, &["second".to_owned()][..]));
    }
}
