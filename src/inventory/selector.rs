//! Labels, and the selectors that mean objects by them.

use serde_json::Value;
use std::collections::BTreeMap;

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// The labels in a map; what is no text is no label.
pub(super) fn labels_at(value: Option<&Value>) -> Labels {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The items of a list; empty for any other value.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Which labels an object must have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selector {
    /// Labels with their one value.
    pub equal: Labels,
    /// Key, whether one of the values is wanted, values; no values: whether the key is.
    pub among: Vec<(String, bool, Vec<String>)>,
}

impl Selector {
    /// A map of labels, as Services have it.
    pub fn of_labels(value: &Value) -> Selector {
        Selector { equal: labels_at(Some(value)), among: Vec::new() }
    }

    /// A label selector: `matchLabels` and `matchExpressions`. An empty one means everything.
    pub fn of(value: &Value) -> Selector {
        let mut selector = Selector { equal: labels_at(value.get("matchLabels")), among: Vec::new() };
        for expression in items(value.get("matchExpressions")) {
            let text = |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or_default();
            let values = items(expression.get("values")).iter().filter_map(Value::as_str).map(str::to_owned);
            selector.among.push((text("key").to_owned(), matches!(text("operator"), "In" | "Exists"), values.collect()));
        }
        selector
    }

    /// Whether it means everything.
    pub fn is_everything(&self) -> bool {
        self.equal.is_empty() && self.among.is_empty()
    }

    /// Whether it means something with these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        let is_among = |(key, wanted, values): &(String, bool, Vec<String>)| {
            let has = labels.get(key).is_some_and(|value| values.is_empty() || values.contains(value));
            has == *wanted
        };
        self.equal.iter().all(|(key, value)| labels.get(key) == Some(value)) && self.among.iter().all(is_among)
    }
}
