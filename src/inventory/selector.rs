//! Labels and label selectors.

use serde_json::Value;
use std::collections::BTreeMap;

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// The labels in a map; values that are not text are skipped.
pub(super) fn labels_at(value: Option<&Value>) -> Labels {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The items of a list; empty for any other value.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A label selector.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selector {
    /// Required labels.
    pub equal: Labels,
    /// Key, whether the key must have one of the values (or must not), values. Without values: whether the key must exist.
    pub among: Vec<(String, bool, Vec<String>)>,
}

impl Selector {
    /// The selector of a Service: a map of labels.
    pub fn of_labels(value: &Value) -> Selector {
        Selector { equal: labels_at(Some(value)), among: Vec::new() }
    }

    /// A label selector with `matchLabels` and `matchExpressions`. An empty selector matches everything.
    pub fn of(value: &Value) -> Selector {
        let mut selector = Selector { equal: labels_at(value.get("matchLabels")), among: Vec::new() };
        for expression in items(value.get("matchExpressions")) {
            let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
            let values = items(expression.get("values")).iter().filter_map(Value::as_str).map(str::to_owned);
            selector.among.push((text("key").to_owned(), matches!(text("operator"), "In" | "Exists"), values.collect()));
        }
        selector
    }

    /// Whether the selector is empty and matches everything.
    pub fn is_everything(&self) -> bool {
        self.equal.is_empty() && self.among.is_empty()
    }

    /// Whether the selector matches these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        let is_among = |(key, wanted, values): &(String, bool, Vec<String>)| {
            let has = labels.get(key).is_some_and(|value| values.is_empty() || values.contains(value));
            has == *wanted
        };
        self.equal.iter().all(|(key, value)| labels.get(key) == Some(value)) && self.among.iter().all(is_among)
    }
}
