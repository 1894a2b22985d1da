//! The rules of security groups in `locals.tf`.

use serde::Serialize;

use super::super::text::{description, descriptions};
use crate::model::Rules;

/// A rule, by the key that the model gives it.
#[derive(Serialize)]
pub(super) struct Rule {
    key: String,
    from: String,
    to: String,
    protocol: &'static str,
    port: Option<u16>,
    description: String,
}

/// Rules of the model, each with its reasons as one description.
pub(super) fn rules(rules: Rules) -> Vec<Rule> {
    let rule = |(key, rule): (String, crate::model::Rule)| {
        let mut reasons: Vec<String> = Vec::new();
        for reason in rule.reasons.iter().map(|reason| description(reason)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Rule {
            key,
            from: rule.from.to_string(),
            to: rule.to,
            protocol: rule.protocol,
            port: rule.port,
            description: descriptions(&reasons),
        }
    };
    rules.into_iter().map(rule).collect()
}
