//! What a folder is asked: the namespaces and what admission and authorization read are stored, the rest is a dry run.

use std::fmt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use platgen::guard::{BREAK_GLASS, guard_policies};
use platgen::model::{Addon, FOREIGN_NAMESPACES, Platform};
use serde_json::{Value, json};

use super::api::{Api, JSON, MERGE};
use super::objects::{Object, read};
use super::process::wait;
use super::server::add_ons;
use super::{access, definitions, rights};
use crate::judges::judge::{Finding, Input};
use crate::judges::kubernetes::{is_tooling, version};

/// Kinds that are stored, in this order: others are judged by them, or cannot be asked about before they are there.
const STORED: [(&str, &str); 13] = [
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
    ("", "ServiceAccount"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
];

/// Warnings of the server, each with the version of Kubernetes that brought what it recommends.
const LATER: [(&str, &str); 1] = [("\"PreferClose\" is deprecated; use \"PreferSameZone\"", "1.35")];

/// How long the server may take until it has removed an object, or heeds a new policy.
pub const HEEDED: Duration = Duration::from_secs(30);

/// How often a refusal is asked for again, and after how long: the server learns of stored objects a moment later.
const AGAIN: (usize, Duration) = (4, Duration::from_millis(500));

/// How much was asked.
#[derive(Default)]
pub struct Counts {
    pub folders: usize,
    pub objects: usize,
    pub pods: usize,
    pub rights: usize,
    pub cells: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folders, objects, pods, rights, cells } = self;
        write!(to, "{folders} folders, {objects} objects, {pods} pods, {rights} rights, {cells} cells of access")
    }
}

/// A folder of manifests, or what a trial made of one.
pub struct Folder<'a> {
    /// Its path in the tree, for findings about no object.
    pub path: &'a str,
    /// Its objects.
    pub objects: Vec<Object>,
    /// The version of Kubernetes that it was rendered for: `1.35`.
    pub version: String,
    /// The model of its environment; without one nothing is known of rights.
    pub platform: Option<Platform>,
}

impl<'a> Folder<'a> {
    /// Reads a folder of a tree.
    pub fn read(tree: &Path, input: &'a Input, platform: Option<Platform>) -> Result<Self, String> {
        let files: Vec<&String> = input.yaml().filter(|file| !is_tooling(file)).collect();
        Ok(Self { path: &input.path, objects: read(tree, &files)?, version: version(tree, input), platform })
    }
}

/// Judges a folder. Leaves nothing behind, whatever comes of it.
pub fn judge(api: &Api, folder: &Folder, counts: &mut Counts) -> Result<Vec<Finding>, String> {
    judged(api, folder, None, counts)
}

/// Judges a folder, and what `platgen access` says of some objects. That takes minutes for one region.
pub fn judge_claims(api: &Api, folder: &Folder, claimed: &[Object], counts: &mut Counts) -> Result<Vec<Finding>, String> {
    judged(api, folder, Some(claimed), counts)
}

fn judged(api: &Api, folder: &Folder, claimed: Option<&[Object]>, counts: &mut Counts) -> Result<Vec<Finding>, String> {
    let objects = &folder.objects;
    let is_of_addons = |object: &Object| FOREIGN_NAMESPACES.contains(&object.name.as_str()) && object.name != Addon::Monitoring.namespace();
    for namespace in objects.iter().filter(|object| rank(object) == Some(0) && !is_of_addons(object)) {
        if api.get(&api.path(namespace)?)?.is_ok() {
            return Err(format!("the cluster has a namespace `{}` already: take a cluster that may be used up", namespace.name));
        }
    }
    // Those of the folder before have been removed with it.
    add_ons(api)?;
    let mut stored = Vec::new();
    let findings = ask(api, objects, &mut stored, counts).and_then(|mut findings| {
        findings.retain(|finding| !is_of_later(finding, &folder.version));
        findings.extend(rights::judge(api, folder, &mut counts.rights)?);
        if let Some(claimed) = claimed {
            findings.extend(access::judge(api, folder, claimed, &mut counts.cells)?);
        }
        Ok(findings)
    });
    counts.folders += 1;
    let removed = remove(api, &stored);
    findings.and_then(|findings| removed.map(|()| findings))
}

/// Whether a warning speaks of something that the folder's version does not have yet.
fn is_of_later(finding: &Finding, version: &str) -> bool {
    let minor = |version: &str| version.trim_start_matches("1.").parse().unwrap_or(0_u32);
    let later = |(text, since): &(&str, &str)| finding.message.contains(text) && minor(version) < minor(since);
    finding.rule == "warning" && LATER.iter().any(later)
}

/// The place of the object's kind in [`STORED`].
pub fn rank(object: &Object) -> Option<usize> {
    STORED.iter().position(|kind| *kind == (object.group(), object.kind.as_str()))
}

/// Stores and applies the objects, and makes a pod of each workload. `stored` receives the paths of what is stored.
fn ask(api: &Api, objects: &[Object], stored: &mut Vec<String>, counts: &mut Counts) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    // The guard has its own proof: here its policies are not in force, so that what is said of an object is said of the object alone.
    let is_of_the_guard = |object: &Object| guard_policies().iter().any(|policy| policy.name == object.name);
    let is_stored = |object: &Object| rank(object).is_some() && !is_of_the_guard(object);
    let mut first: Vec<&Object> = objects.iter().filter(|object| is_stored(object)).collect();
    first.sort_by_key(|object| rank(object));
    for object in &first {
        findings.extend(apply(api, object, Some(stored))?);
    }
    counts.objects += objects.len();
    if first.iter().any(|object| object.kind == "ValidatingAdmissionPolicy") {
        heed_policies(api, stored)?;
    }
    let mut pods = Vec::new();
    for object in objects.iter().filter(|object| !is_stored(object)) {
        let told = apply(api, object, None)?;
        // A workload that is refused makes no pods.
        if told.iter().all(|finding| finding.rule == "warning") {
            pods.extend(object.pod().map(|pod| (object, pod)));
        }
        findings.extend(told);
    }
    counts.pods += pods.len();
    findings.extend(settled(pods, |(object, pod)| admit(api, object, pod))?);
    Ok(findings)
}

/// Applies an object: stores it, or as a dry run.
pub fn apply(api: &Api, object: &Object, stored: Option<&mut Vec<String>>) -> Result<Vec<Finding>, String> {
    let path = match api.path(object) {
        Ok(path) => path,
        Err(error) => return Ok(vec![object.finding("refused", error)]),
    };
    let answer = api.apply(&path, &object.text, stored.is_none())?;
    let mut findings: Vec<Finding> = answer.warnings.iter().map(|warning| object.finding("warning", warning)).collect();
    match (answer.is_ok(), stored) {
        (false, _) => findings.push(object.finding("refused", answer.message())),
        (true, None) => {}
        (true, Some(stored)) => {
            stored.push(path.clone());
            follow(api, object, &path)?;
        }
    }
    Ok(findings)
}

/// What a controller does with a stored object.
fn follow(api: &Api, object: &Object, path: &str) -> Result<(), String> {
    match object.kind.as_str() {
        // Admission reads the quota from its status.
        "ResourceQuota" => {
            let hard = &object.value["spec"]["hard"];
            let used: serde_json::Map<String, Value> =
                hard.as_object().into_iter().flatten().map(|(key, _)| (key.clone(), json!("0"))).collect();
            let status = json!({"status": {"hard": hard, "used": used}});
            api.merge(&format!("{path}/status"), &status)
        }
        "CustomResourceDefinition" => definitions::served(api, object),
        _ => Ok(()),
    }
}

/// Asks for a workload's pod, as its controller would.
fn admit(api: &Api, object: &Object, pod: &Value) -> Result<Vec<Finding>, String> {
    let path = format!("/api/v1/namespaces/{}/pods?dryRun=All&fieldValidation=Strict", object.namespace);
    let answer = api.send("POST", &path, JSON, &pod.to_string())?;
    let mut findings: Vec<Finding> = answer.warnings.iter().map(|warning| object.finding("pod-warning", warning)).collect();
    if !answer.is_ok() {
        findings.push(object.finding("pod-refused", answer.message()));
    }
    Ok(findings)
}

/// Asks every question, and those with findings again: the findings of the last asking.
pub fn settled<Q>(questions: Vec<Q>, mut ask: impl FnMut(&Q) -> Result<Vec<Finding>, String>) -> Result<Vec<Finding>, String> {
    let mut open: Vec<(Q, Vec<Finding>)> = questions.into_iter().map(|question| (question, Vec::new())).collect();
    for number in 0..AGAIN.0 {
        if number > 0 && !open.is_empty() {
            thread::sleep(AGAIN.1);
        }
        for (question, findings) in &mut open {
            *findings = ask(question)?;
        }
        open.retain(|(_, findings)| !findings.is_empty());
    }
    Ok(open.into_iter().flat_map(|(_, findings)| findings).collect())
}

/// Waits until policies that were stored are heeded: stores one more, and waits until it refuses.
fn heed_policies(api: &Api, stored: &mut Vec<String>) -> Result<(), String> {
    const NAME: &str = "platgen-judge-heeded";
    let base = "/apis/admissionregistration.k8s.io/v1";
    let matches =
        json!({"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]});
    let validation = json!({"expression": format!("object.metadata.name != '{NAME}'")});
    let spec = json!({"failurePolicy": "Fail", "matchConstraints": matches, "validations": [validation]});
    let object = |kind: &str, spec: Value| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}, "spec": spec}).to_string()
    };
    let policy = object("ValidatingAdmissionPolicy", spec);
    let binding = object("ValidatingAdmissionPolicyBinding", json!({"policyName": NAME, "validationActions": ["Deny"]}));
    for (segment, text) in [("validatingadmissionpolicies", policy), ("validatingadmissionpolicybindings", binding)] {
        let path = format!("{base}/{segment}/{NAME}");
        api.apply(&path, &text, false)?.ok()?;
        stored.push(path);
    }
    let refused = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}}).to_string();
    wait("a policy is heeded", HEEDED, || {
        let answer = api.send("POST", "/api/v1/namespaces/default/configmaps?dryRun=All", JSON, &refused)?;
        Ok((!answer.is_ok()).then_some(()))
    })
}

/// The headers of a request by somebody else, with all rights.
pub fn by(user: &str, groups: &[&str]) -> Vec<String> {
    let groups = groups.iter().chain(&["system:masters"]).map(|group| format!("Impersonate-Group: {group}"));
    std::iter::once(format!("Impersonate-User: {user}")).chain(groups).collect()
}

/// Removes what was stored, the last first, and waits until it is gone.
pub fn remove(api: &Api, stored: &[String]) -> Result<(), String> {
    for path in stored.iter().rev() {
        if path.contains("/validatingadmissionpolic") {
            // Gone already, or without a finalizer: the deletion says so.
            api.ask("PATCH", path, &[format!("Content-Type: {MERGE}")], r#"{"metadata":{"finalizers":null}}"#)?;
        }
        // Policies that are gone are heeded for a moment longer.
        api.ask("DELETE", path, &by("judge", &[BREAK_GLASS]), "")?;
        // No controller runs that would empty the namespace and let it go: what was stored in it is gone by now.
        if path.starts_with("/api/v1/namespaces/") && path.split('/').count() == 5 {
            let mut namespace = api.get(path)?.body;
            namespace["spec"]["finalizers"] = json!([]);
            api.send("PUT", &format!("{path}/finalize"), JSON, &namespace.to_string())?;
        }
    }
    for path in stored {
        wait(&format!("{path} is removed"), HEEDED, || Ok((api.get(path)?.status == 404).then_some(())))?;
    }
    Ok(())
}
