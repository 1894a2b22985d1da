//! Every object belongs to the environment whose files it is in, and reads the secrets of that environment.

use super::context::RegionContext;
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::{Labels, Object};
use crate::labels::ENVIRONMENT;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::WrongEnvironment], judge: Judge::Region(judge), loosens: true };

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for object in context.tree.inventory.objects() {
        environment_of(context, object, "", &object.labels, found);
    }
    for pod in context.tree.inventory.pods() {
        let object = context.tree.inventory.owner(pod);
        // Pods of a manifest carry the labels of its author.
        if !pod.pointer.is_empty() && context.workload_of(object).is_some() {
            environment_of(context, object, pod.pointer, &pod.labels, found);
        }
    }
    for object in context.tree.inventory.of_kind("ExternalSecret") {
        secrets(context, object, found);
    }
    accounts(context, found);
}

fn environment_of(context: &RegionContext, object: &Object, pointer: &str, labels: &Labels, found: &mut Vec<Finding>) {
    let own = context.platform.environment.as_str();
    let what = if pointer.is_empty() { "" } else { "the pods of " };
    let message = match labels.get(ENVIRONMENT).map(String::as_str) {
        Some(named) if named == own => return,
        Some(named) => format!("{what}`{}` belongs to the environment `{named}`, in the files of `{own}`", object.id()),
        None => format!("{what}`{}` has no label `{ENVIRONMENT}`", object.id()),
    };
    let at = format!("{pointer}/metadata/labels/{}", ENVIRONMENT.replace('/', "~1"));
    let help = "bring the file back with `platgen render --force=FILE`";
    found.push(Finding::new(Code::WrongEnvironment, object, &at, message, help));
}

/// Roles and stores on AWS are those of the environment's own account and region.
fn accounts(context: &RegionContext, found: &mut Vec<Finding>) {
    let Some(account) = context.region.account.as_deref() else { return };
    let help = "name the role and the region of this environment";
    let at = "/metadata/annotations/eks.amazonaws.com~1role-arn";
    let roles = context.tree.inventory.of_kind("ServiceAccount").map(|object| (object, object.text(at)));
    let other = |role: &str| !role.is_empty() && role.split(':').nth(4) != Some(account);
    for (object, role) in roles.filter(|(_, role)| other(role)) {
        let message = format!("`{}` takes the role `{role}`, which is not of the account `{account}`", object.id());
        found.push(Finding::new(Code::WrongEnvironment, object, at, message, help));
    }
    let at = "/spec/provider/aws/region";
    let stores = context.tree.inventory.of_kind("SecretStore").map(|object| (object, object.text(at)));
    let own = context.region.name.as_str();
    for (object, region) in stores.filter(|(_, region)| !region.is_empty() && *region != own) {
        let message = format!("`{}` reads the secrets of `{region}`, in the region `{own}`", object.id());
        found.push(Finding::new(Code::WrongEnvironment, object, at, message, help));
    }
}

/// Secrets are read below the environment's name.
fn secrets(context: &RegionContext, object: &Object, found: &mut Vec<Finding>) {
    let own = context.platform.environment.as_str();
    for (number, entry) in object.items("/spec/data").iter().enumerate() {
        let key = entry.pointer("/remoteRef/key").and_then(Value::as_str).unwrap_or_default();
        if !is_of(key, own) {
            let message = format!("`{}` reads `{key}`, which is not a secret of `{own}`", object.id());
            let at = format!("/spec/data/{number}/remoteRef/key");
            found.push(Finding::new(Code::WrongEnvironment, object, &at, message, "read a secret of this environment"));
            return;
        }
    }
}

/// Whether a key of the secret manager is below the name of an environment. A manager that knows no `/` has `-` in its place.
pub(super) fn is_of(key: &str, environment: &str) -> bool {
    key.strip_prefix(environment).is_some_and(|rest| rest.starts_with(['/', '-']))
}
