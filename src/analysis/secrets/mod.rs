//! The documents of a cluster -> every secret that it fetches from the secret manager: who reads it, as what, when a new value takes effect, and who may
//! read the copy in the cluster. No value is read: the documents have none.
//!
//! Read from the documents and not from the model, so that patches and raw manifests count as well. Of the resolved platform come the secret manager and the
//! names of groups.
//!
//! Sources: "ExternalSecret" in the documentation of External Secrets; "Secrets" in that of Kubernetes, for the moment at which a new value reaches a
//! container.

mod report;
#[cfg(test)]
mod tests;

pub use report::report;

use super::access::{Administrator, Unjudged};
use super::fetched::{Fetch, Fetched};
use super::inputs::{Input, Variable, inputs, is_reloaded};
use crate::inventory::{Inventory, Object, Part, PodTemplate, references};
use crate::labels::IAM_ROLE;
use crate::model::{Addon, Group, Platform, Region};
use crate::rbac::{Fault, Request, Rights, Subject};
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
    /// What is fetched from it, by path and key.
    pub secrets: Vec<Secret>,
    /// The Secrets that hold copies, by namespace and name.
    pub copies: Vec<Held>,
    /// The role in the cloud that may do everything in the cluster, and so reads every copy. Absent where these files make none.
    pub administrator: Option<Administrator>,
    /// Bindings to roles whose rules are in no document: whether they let somebody read a copy is not part of the report.
    pub unjudged: Vec<Unjudged>,
}

/// A value of the secret manager.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Secret {
    /// Its path, as the manager has it.
    pub path: String,
    /// Its key; absent if the whole secret is fetched.
    pub key: Option<String>,
    /// Who reads it. Empty: it is fetched for nobody.
    pub uses: Vec<Use>,
}

/// A reading of a value.
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
pub struct Held {
    /// `Secret/namespace/name`.
    pub object: String,
    /// The interval at which it is fetched, such as `1h`.
    pub interval: String,
    /// The service account with whose identity it is fetched, `namespace/name`; absent where the store has another way.
    pub account: Option<String>,
    /// The role of AWS that the account takes.
    pub role: Option<String>,
    /// Who may read it in the cluster by roles and bindings: groups by their names in the spec, users, service accounts.
    pub read_by: Vec<String>,
}

/// How often a Secret is fetched whose ExternalSecret does not say it: the default of the definition of ExternalSecrets.
const INTERVAL: &str = "1h";

/// The secrets of the cluster of a region, by its documents.
///
/// # Errors
/// A role or a binding that the API server refuses.
pub fn secrets(platform: &Platform, region: &Region, documents: &Inventory) -> Result<Secrets, Fault> {
    let rights = Rights::read(documents.objects().iter().map(|object| &object.value))?;
    let mut readings = readings(documents);
    readings.extend(region.monitoring.iter().flat_map(|_| of_grafana()));
    let mut uses: BTreeMap<Fetch, BTreeSet<Use>> = BTreeMap::new();
    let mut copies = Vec::new();
    for external in documents.of_kind("ExternalSecret") {
        let fetched = Fetched::of(external);
        let copy = held(platform, &rights, documents, (external, fetched.name));
        fetched.values.iter().for_each(|value| _ = uses.entry(value.clone()).or_default());
        for Reading { key, usage } in readings.iter().filter(|reading| reading.usage.copy == copy.object) {
            fetched.behind(key).for_each(|value| _ = uses.entry(value.clone()).or_default().insert(usage.clone()));
        }
        copies.push(copy);
    }
    copies.sort_by(|one, other| one.object.cmp(&other.object));
    Ok(Secrets {
        environment: platform.environment.to_string(),
        region: region.name.to_string(),
        manager: platform.secret_manager(region),
        secrets: uses.into_iter().map(|(Fetch { path, key }, uses)| Secret { path, key, uses: uses.into_iter().collect() }).collect(),
        copies,
        administrator: Administrator::of(platform, region),
        unjudged: Unjudged::all(&rights),
    })
}

/// The Secret that an ExternalSecret makes, by its name.
fn held(platform: &Platform, rights: &Rights, documents: &Inventory, (external, name): (&Object, &str)) -> Held {
    let request = Request { namespace: &external.namespace, verb: "get", group: "", resource: "secrets", name };
    let readers = rights.subjects().into_iter().filter(|subject| rights.allows(subject, &request));
    let named = |subject: &Subject| {
        let is_meant = |group: &&Group| matches!(subject, Subject::Group(id) if group.id == *id);
        let known = platform.groups.iter().find(is_meant);
        known.map_or_else(|| subject.to_string(), |group| format!("group {}", group.name))
    };
    let interval = external.text("/spec/refreshInterval");
    let account = account(documents, external);
    let role = account.and_then(|account| account.at("/metadata/annotations")?.get(IAM_ROLE)?.as_str());
    Held {
        object: format!("Secret/{}/{name}", external.namespace),
        interval: if interval.is_empty() { INTERVAL } else { interval }.to_owned(),
        account: account.map(|account| format!("{}/{}", account.namespace, account.name)),
        role: role.map(str::to_owned),
        read_by: readers.map(named).collect(),
    }
}

/// The service account of the store that an ExternalSecret names.
fn account<'d>(documents: &'d Inventory, external: &Object) -> Option<&'d Object> {
    let store = references(external).into_iter().find(|one| one.kind.ends_with("SecretStore"))?;
    let store = documents.get(&store.kind, &store.namespace, &store.name)?;
    let account = references(store).into_iter().find(|one| one.kind == "ServiceAccount")?;
    documents.get("ServiceAccount", &account.namespace, &account.name)
}

/// A reading of a Secret, with the entry that is read; empty for all.
struct Reading {
    key: String,
    usage: Use,
}

/// What Grafana reads: its chart, which is in no document, takes the user and the password as variables.
fn of_grafana() -> impl Iterator<Item = Reading> {
    let namespace = Addon::Monitoring.namespace();
    [("admin-user", "GF_SECURITY_ADMIN_USER"), ("admin-password", "GF_SECURITY_ADMIN_PASSWORD")].into_iter().map(move |(key, variable)| {
        let usage = Use {
            object: format!("Deployment/{namespace}/kube-prometheus-stack-grafana"),
            container: Some("grafana".to_owned()),
            name: variable.to_owned(),
            copy: format!("Secret/{namespace}/grafana-admin"),
            effect: Effect::NextStart,
        };
        Reading { key: key.to_owned(), usage }
    })
}

/// Everything in the documents that reads a Secret.
fn readings(documents: &Inventory) -> Vec<Reading> {
    let mut all = Vec::new();
    for object in documents.objects() {
        let is_owner = |pod: &&PodTemplate| std::ptr::eq(documents.owner(pod), object) && pod.operated.is_none();
        let pod = documents.pods().iter().find(is_owner).filter(|_| object.kind != "ConfigMap");
        all.extend(pod.into_iter().flat_map(|pod| read_by_containers(documents, object, pod)));
        for reference in references(object).into_iter().filter(|one| one.kind == "Secret") {
            let (field, effect) = match reference.at.contains("/imagePullSecrets/") {
                true => ("imagePullSecrets".to_owned(), Effect::NextPull),
                false if pod.is_some() => continue,
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
    let reading = |((container, variable), input): ((String, Variable), Input)| {
        let source = input.source.filter(|source| source.object.starts_with("Secret/"))?;
        let name = match variable {
            Variable::Named(name) if name == "*" => "all keys, as variables".to_owned(),
            Variable::Named(name) | Variable::File(name) => name,
        };
        let effect = match input.way.is_live() {
            _ if object.kind == "CronJob" => Effect::NextRun,
            _ if is_reloaded(object, pod.pointer, &source) => Effect::Restart,
            true => Effect::File,
            false => Effect::NextStart,
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
