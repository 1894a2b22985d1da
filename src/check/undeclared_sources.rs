//! Images and secrets come from where the spec says: a file names no repository of images and no entry of the secret manager that the spec does not name.

use super::context::{RegionContext, TreeContext, text};
use super::images::split;
use super::wrong_environment::is_of;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::UndeclaredImage, Code::UndeclaredSecret], judge: Judge::Edits(judge), loosens: false };

fn judge(context: &RegionContext, rendered: &RegionContext, found: &mut Vec<Finding>) {
    let declared: BTreeSet<&str> = rendered.tree.images().map(|image| split(image.name).0).collect();
    for image in context.tree.images() {
        let repository = split(image.name).0;
        if !repository.is_empty() && !declared.contains(repository) {
            let message = format!("{} has an image from `{repository}`, which the spec does not name", image.shown);
            let help = "declare the image in the spec, or bring the file back with `platgen render --force=FILE`";
            found.push(image.finding(Code::UndeclaredImage, message, help));
        }
    }
    let declared: BTreeSet<(String, String)> = secrets(&rendered.tree).into_iter().map(|(_, secret)| secret).collect();
    for ((object, pointer), (namespace, secret)) in secrets(&context.tree) {
        // The rule `wrong-environment` reports secrets of other environments.
        let is_declared = declared.contains(&(namespace, secret.clone()));
        if !is_declared && is_of(&secret, context.platform.environment.as_str()) {
            let message = format!("`{}` reads `{secret}`, which the spec does not name for this namespace", object.id());
            let help = "declare it under `secrets` of an entry, or bring the file back with `platgen render --force=FILE`";
            found.push(Finding::new(Code::UndeclaredSecret, object, &pointer, message, help));
        }
    }
}

type Place<'s> = (&'s crate::inventory::Object, String);

/// What ExternalSecrets read: namespace, and `path#key` in the secret manager.
fn secrets<'s>(context: &'s TreeContext) -> Vec<(Place<'s>, (String, String))> {
    let mut found = Vec::new();
    for object in context.inventory.of_kind("ExternalSecret") {
        for (list, reference) in [("/spec/data", "/remoteRef"), ("/spec/dataFrom", "/extract")] {
            for (number, entry) in object.items(list).iter().enumerate() {
                let part = |field: &str| text(entry, &format!("{reference}/{field}"));
                let secret = [part("key"), part("property")].join("#").trim_end_matches('#').to_owned();
                found.push(((object, format!("{list}/{number}{reference}/key")), (object.namespace.clone(), secret)));
            }
        }
    }
    found
}
