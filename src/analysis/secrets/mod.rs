//! The documents of a cluster -> every secret that it fetches from the secret manager: who reads it, as what, when a new value takes effect, and who may
//! read the copy in the cluster. No value is read: the documents have none.
//!
//! Read from the documents and not from the model, so that patches and raw manifests count as well. Of the resolved platform come the secret manager and the
//! names of groups.
//!
//! Sources: "ExternalSecret" in the documentation of External Secrets; "Secrets" in that of Kubernetes, for the moment at which a new value reaches a
//! container.

mod fetch;
mod report;
#[cfg(test)]
mod tests;

pub use report::report;

use super::inputs::{Variable, inputs, is_reloaded};
use crate::inventory::{Inventory, Object, Part, PodTemplate, references};
use crate::kinds;
use crate::model::{Platform, Region};
use crate::rbac::{Fault, Request, Rights, Subject};
use fetch::{Fetched, Path, fetched};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The secrets of a cluster.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Secrets {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The secret manager, as a sentence.
    pub manager: String,
    /// What is fetched from it, by path.
    pub secrets: Vec<Secret>,
    /// The Secrets that hold copies, by namespace and name.
    pub copies: Vec<Copy>,
    /// The groups whose members may do everything in the cluster, and so read every copy. Such rights are in no document.
    pub administrators: Vec<String>,
}

/// A secret of the manager.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Secret {
    /// Its path, as the manager has it.
    pub path: String,
    /// The keys that are fetched; empty if the whole value is.
    pub keys: BTreeSet<String>,
    /// Who reads it. Empty: it is fetched for nobody.
    pub uses: Vec<Use>,
}

/// A reading of a secret.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Use {
    /// The reader, `Kind/namespace/name`.
    pub object: String,
    /// The container; absent where the object is no workload, or an operator makes its pods.
    pub container: Option<String>,
    /// The variable, the path of the file, or the field of the object.
    pub name: String,
    /// The Secret that it is read from, `Secret/namespace/name`.
    pub copy: String,
    /// When a new value takes effect.
    pub effect: Effect,
}

/// When a new value of a secret takes effect, once the cluster has it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Reloader restarts the pods, where it runs.
    Restart,
    /// The file changes while the container runs.
    File,
    /// When the container starts next.
    NextStart,
    /// When a job runs next.
    NextRun,
    /// When an image is pulled next.
    NextPull,
    /// The operator or controller of the object decides.
    Controller,
}

/// A Secret that External Secrets keeps up to date.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Copy {
    /// `Secret/namespace/name`.
    pub object: String,
    /// The interval at which it is fetched, such as `1h`; empty for the default of External Secrets.
    pub interval: String,
    /// The service account with whose identity it is fetched, `namespace/name`; absent where the store has another way.
    pub account: Option<String>,
    /// The role of AWS that the account takes.
    pub role: Option<String>,
    /// Who may read it in the cluster by roles and bindings: groups by their names in the spec, users, service accounts.
    pub read_by: Vec<String>,
}

/// The secrets of the cluster of a region, by its documents.
///
/// # Errors
/// A role or a binding that the API server refuses.
pub fn secrets(platform: &Platform, region: &Region, documents: &Inventory) -> Result<Secrets, Fault> {
    let rights = Rights::read(documents.objects().iter().map(|object| &object.value))?;
    let all: Vec<Fetched> = documents.of_kind("ExternalSecret").map(|object| fetched(documents, object)).collect();
    let mut secrets: BTreeMap<&str, Secret> = BTreeMap::new();
    for Path { path, key } in all.iter().flat_map(|one| one.entries.values().flatten()) {
        let secret = secrets.entry(path).or_insert_with(|| Secret { path: path.clone(), keys: BTreeSet::new(), uses: Vec::new() });
        secret.keys.extend(key.clone());
    }
    let readings = readings(documents);
    for one in &all {
        for reading in readings.iter().filter(|reading| reading.usage.copy == one.copy) {
            for Path { path, .. } in one.paths(&reading.key) {
                secrets.entry(path).and_modify(|secret| secret.uses.push(reading.usage.clone()));
            }
        }
    }
    for secret in secrets.values_mut() {
        secret.uses.sort();
        secret.uses.dedup();
    }
    let mut copies: Vec<Copy> = all.iter().map(|one| copy(platform, &rights, one)).collect();
    copies.sort_by(|one, other| one.object.cmp(&other.object));
    Ok(Secrets {
        environment: platform.environment.to_string(),
        region: region.name.to_string(),
        manager: platform.secret_manager(region),
        secrets: secrets.into_values().collect(),
        copies,
        administrators: platform.groups.iter().filter(|group| group.administers()).map(|group| group.name.to_string()).collect(),
    })
}

fn copy(platform: &Platform, rights: &Rights, one: &Fetched) -> Copy {
    let request = Request { namespace: one.namespace, verb: "get", group: "", resource: "secrets", name: one.name };
    let reads = rights.subjects().into_iter().filter(|subject| rights.allows(subject, &request));
    let named = |subject: &Subject| match subject {
        Subject::Group(id) => {
            let known = platform.groups.iter().find(|group| group.id == *id);
            known.map_or_else(|| subject.to_string(), |group| format!("group {}", group.name))
        }
        Subject::User(_) | Subject::Account(..) => subject.to_string(),
    };
    Copy {
        object: one.copy.clone(),
        interval: one.interval.to_owned(),
        account: one.account.clone(),
        role: one.role.clone(),
        read_by: reads.map(named).collect(),
    }
}

/// A reading of a Secret, with the entry that is read; empty for all.
struct Reading {
    key: String,
    usage: Use,
}

/// Everything in the documents that reads a Secret.
fn readings(documents: &Inventory) -> Vec<Reading> {
    let mut all = Vec::new();
    for object in documents.objects() {
        let pods = documents.pods().iter().find(|pod| documents.owner(pod).id() == object.id() && pod.operated.is_none());
        if let Some(pod) = pods.filter(|_| object.kind != "ConfigMap") {
            all.extend(read_by_containers(documents, object, pod));
        }
        // References of containers are known better already.
        let is_own = |at: &str| pods.is_none() || at.contains("/imagePullSecrets/");
        for reference in references(object).into_iter().filter(|one| one.kind == "Secret" && is_own(&one.at)) {
            let (field, effect) = match reference.at.contains("/imagePullSecrets/") {
                true => ("imagePullSecrets".to_owned(), Effect::NextPull),
                false => (field(&reference.at), Effect::Controller),
            };
            let key = if let Part::Key(key) = reference.part { key } else { String::new() };
            let copy = format!("Secret/{}/{}", reference.namespace, reference.name);
            all.push(Reading { key, usage: Use { object: object.id(), container: None, name: field, copy, effect } });
        }
    }
    all
}

/// What the containers of a workload read of Secrets.
fn read_by_containers(documents: &Inventory, object: &Object, pod: &PodTemplate) -> Vec<Reading> {
    let read = inputs(documents, object, pod).into_iter();
    let reading = |((container, variable), input): ((String, Variable), super::inputs::Input)| {
        let source = input.source.filter(|source| source.object.starts_with("Secret/"))?;
        let name = match variable {
            Variable::Named(name) if name == "*" => "all keys, as variables".to_owned(),
            Variable::Named(name) | Variable::File(name) => name,
        };
        let effect = match (kinds::find(&object.api, &object.kind), input.way.is_live()) {
            _ if object.kind == "CronJob" => Effect::NextRun,
            _ if is_reloaded(object, pod.pointer, &source) => Effect::Restart,
            (_, true) => Effect::File,
            (_, false) => Effect::NextStart,
        };
        let usage = Use { object: object.id(), container: Some(container), name, copy: source.object, effect };
        Some(Reading { key: source.key, usage })
    };
    read.filter_map(reading).collect()
}

/// A JSON pointer of a name as people write the field that refers: `/spec/managed/roles/0/passwordSecret/name` is `spec.managed.roles[0].passwordSecret`.
fn field(pointer: &str) -> String {
    let mut text = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text += &format!("[{part}]");
        } else {
            text += &format!("{}{part}", if text.is_empty() { "" } else { "." });
        }
    }
    text.strip_suffix(".name").unwrap_or(&text).to_owned()
}
