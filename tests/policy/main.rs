//! Who may talk to whom, by the NetworkPolicies: against a second evaluator over random worlds, in cases where others went wrong, and of what
//! the specs render against what their models say.

mod many;
mod oracle;
mod specs;
mod traps;
mod worlds;

use platgen::policy::{Labels, Pod};
use platgen::yaml::Document;
use serde_json::Value;

/// Documents from JSON values.
fn documents(values: &[Value]) -> Vec<Document> {
    values.iter().map(Document::from_json).collect()
}

/// A pod of a namespace with labels.
fn pod(namespace: &str, labels: &[(&str, &str)]) -> Pod {
    let labels: Labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Pod { namespace: namespace.to_owned(), labels, ..Pod::default() }
}
