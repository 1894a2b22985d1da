//! No Secret holds its values in a file.

use super::context::TreeContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;

pub(super) const RULE: Rule = Rule { codes: &[Code::PlainSecret], judge: Judge::Tree(judge), loosens: false };

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for object in context.inventory.of_kind("Secret") {
        let holds =
            |place: &&&str| object.at(place).is_some_and(|value| value.as_object().is_none_or(|map| !map.is_empty()) && !value.is_null());
        if let Some(place) = ["/data", "/stringData"].iter().find(|place| holds(place)) {
            let message = format!("`{}` holds its values in the file", object.id());
            found.push(Finding::new(
                Code::PlainSecret,
                object,
                place,
                message,
                "put them into the secret manager, and name them under `secrets`",
            ));
        }
    }
}
