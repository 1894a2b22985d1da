//! The guard of a cluster, against the accident that it is made for: production's files on beta's cluster.
//!
//! Beta's namespaces, roles, policies and identity are stored, and a claim and a database. Everything else is asked as a dry run, by people, service
//! accounts and whoever breaks the glass.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use platgen::guard::{BREAK_GLASS, ENVIRONMENT_POLICY, IDENTITY_NAMESPACE, guard_policies};
use platgen::labels::PROTECTED;
use serde_json::{Value, json};

use super::api::{Answer, Api, JSON, MERGE};
use super::guard_kinds;
use super::objects::Object;
use super::process::wait;
use super::region::{self, Folder, HEEDED, by, rank};
use super::with;
use crate::judges::trees::Tree;

/// A namespace of the platform.
const NAMESPACE: &str = "/api/v1/namespaces/shop";

/// The ConfigMaps in it.
const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

/// Somebody who may ask.
pub struct Asker<'a> {
    api: &'a Api,
    headers: Vec<String>,
}

impl Asker<'_> {
    /// Asks as a dry run.
    pub fn asks(&self, method: &str, path: &str, kind: &str, body: &Value) -> Result<Answer, String> {
        let headers: Vec<String> = self.headers.iter().cloned().chain([format!("Content-Type: {kind}")]).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let joined = if path.contains('?') { '&' } else { '?' };
        self.api.ask(method, &format!("{path}{joined}dryRun=All"), &headers, &body)
    }

    fn makes(&self, map: &Value) -> Result<Answer, String> {
        self.asks("POST", MAPS, JSON, map)
    }

    fn changes(&self, path: &str, part: &Value) -> Result<Answer, String> {
        self.asks("PATCH", path, MERGE, part)
    }

    fn deletes(&self, path: &str) -> Result<Answer, String> {
        self.asks("DELETE", path, JSON, &Value::Null)
    }
}

/// Stores beta's guard and asks.
pub fn prove(tree: &Tree) -> Result<(), String> {
    let read = |path: &str| {
        let input = tree.inputs.iter().find(|input| input.path == path).ok_or_else(|| format!("no {path}"))?;
        Folder::read(&tree.root, input, None).map(|folder| folder.objects)
    };
    let (beta, production) = (read("deploy/kubernetes/beta/eu-west-1")?, read("deploy/kubernetes/production/eu-west-1")?);
    with(|server, _| {
        let mut stored = Vec::new();
        let held = ask(&server.api, &beta, &production, &mut stored);
        let removed = region::remove(&server.api, &stored);
        held.and(removed)
    })
}

/// Whether an object is of a kind that no policy judges.
fn is_policy(object: &Object) -> bool {
    object.group() == "admissionregistration.k8s.io"
}

/// `stored` receives the paths of what is stored.
fn ask(api: &Api, beta: &[Object], production: &[Object], stored: &mut Vec<String>) -> Result<(), String> {
    let is_database = |object: &Object| object.kind == "Cluster" && object.namespace == "shop";
    let mut first: Vec<&Object> = beta.iter().filter(|object| rank(object).is_some()).collect();
    first.sort_by_key(|object| rank(object));
    for object in first.into_iter().chain(beta.iter().filter(|object| is_database(object))) {
        if let Some(finding) = region::apply(api, object, Some(stored))?.first() {
            return Err(format!("{}: {}", object.id(), finding.message));
        }
    }
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kept"},
        "spec": {"storageClassName": "none", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let claims = format!("{NAMESPACE}/persistentvolumeclaims");
    api.send("POST", &claims, JSON, &claim.to_string())?.ok()?;
    let claim = format!("{claims}/kept");
    stored.push(claim.clone());
    // No controller runs that would take the finalizer away.
    api.merge(&claim, &json!({"metadata": {"finalizers": null}}))?;

    let person = Asker { api, headers: by("somebody", &["people"]) };
    let account = Asker { api, headers: by("system:serviceaccount:shop:web", &["system:serviceaccounts", "system:serviceaccounts:shop"]) };
    let rescuer = Asker { api, headers: by("somebody", &[BREAK_GLASS]) };
    let map = |labels: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "asked", "labels": labels}});
    // Where two policies refuse, the API server tells of either.
    let refused_by = |what: &str, answer: Answer, policies: &[&str]| {
        let message = answer.message();
        let is_told =
            |policy: &&str| message.contains(&format!("ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: "));
        let is_refused = !answer.is_ok() && policies.iter().any(is_told);
        if is_refused { Ok(()) } else { Err(format!("{what} is to be refused by {}: {message}", policies.join(" or "))) }
    };
    let refused = |what: &str, answer: Answer, policy: &str| refused_by(what, answer, &[policy]);
    let taken = |what: &str, answer: Answer| if answer.is_ok() { Ok(()) } else { Err(format!("{what} is refused: {}", answer.message())) };

    // The accident: every object is refused, but for the policies, which the API server lets no policy judge.
    let foreign = || person.makes(&map(json!({"platgen.io/environment": "production"})));
    let heeds = |yes: bool, what: &str| wait(what, HEEDED, || Ok((foreign()?.message().contains(ENVIRONMENT_POLICY) == yes).then_some(())));
    heeds(true, "the policy is heeded")?;
    // As RUNBOOK.md turns a policy off, and the next apply on again. No other policy of the cluster that reads an identity is bound meanwhile.
    let bindings: Vec<&Object> = beta.iter().filter(|object| object.kind == "ValidatingAdmissionPolicyBinding").collect();
    for binding in &bindings {
        api.merge(&api.path(binding)?, &json!({"metadata": {"finalizers": null}}))?;
        api.ask("DELETE", &api.path(binding)?, &[], "")?.ok()?;
    }
    heeds(false, "policies without a binding are not heeded")?;
    for binding in &bindings {
        taken(&binding.id(), api.apply(&api.path(binding)?, &binding.text, false)?)?;
    }
    heeds(true, "the policy is heeded again")?;
    for object in production {
        let answer = api.apply(&api.path(object)?, &object.text, true)?;
        match object.kind.as_str() {
            _ if is_policy(object) => taken(&object.id(), answer)?,
            "Namespace" => refused_by(&object.id(), answer, &[ENVIRONMENT_POLICY, "platgen-namespaces"])?,
            _ => refused(&object.id(), answer, ENVIRONMENT_POLICY)?,
        }
    }
    let policies: BTreeSet<String> = production.iter().filter(|object| is_policy(object)).map(|object| object.name.clone()).collect();
    let known: BTreeSet<String> = guard_policies().iter().map(|policy| policy.name.to_owned()).collect();
    if policies != known || production.len() < 40 {
        return Err(format!("{} objects, of them the policies {policies:?}", production.len()));
    }
    // Policies that replaced beta's are the same.
    let specs = |side: &[Object]| -> Vec<Value> {
        side.iter().filter(|object| is_policy(object)).map(|object| object.value["spec"].clone()).collect()
    };
    if specs(beta) != specs(production) {
        return Err("the policies of the environments differ".into());
    }
    // What belongs here goes on.
    for object in beta {
        taken(&object.id(), api.apply(&api.path(object)?, &object.text, true)?)?;
    }
    // Every kind: the rest of beta's files is stored for it.
    let is_stored = |object: &&Object| rank(object).is_some() || is_database(object);
    for object in beta.iter().filter(|object| !is_stored(object)) {
        if let Some(finding) = region::apply(api, object, Some(stored))?.iter().find(|finding| finding.rule == "refused") {
            return Err(format!("{}: {}", object.id(), finding.message));
        }
    }
    let operator = Asker {
        api,
        headers: by("system:serviceaccount:cnpg-system:cnpg-manager", &["system:serviceaccounts", "system:serviceaccounts:cnpg-system"]),
    };
    let set = as_stateful_set(beta)?;
    region::apply(api, &set, Some(stored))?;
    let judged: Vec<&Object> = beta.iter().filter(|object| !is_policy(object)).chain([&set]).collect();
    guard_kinds::every_kind(api, &judged, &person, &operator)?;
    refused("another platform", person.makes(&map(json!({"platgen.io/platform": "other"})))?, ENVIRONMENT_POLICY)?;
    refused("another region", person.makes(&map(json!({"platgen.io/region": "eu-central-1"})))?, ENVIRONMENT_POLICY)?;
    refused("of an account", account.makes(&map(json!({"platgen.io/environment": "production"})))?, ENVIRONMENT_POLICY)?;
    taken("an object without labels", person.makes(&map(json!({})))?)?;

    // The identity and the labels that others go by.
    let unmarked = json!({"metadata": {"labels": {"platgen.io/environment": null}}});
    refused("a namespace without its label", person.changes(NAMESPACE, &unmarked)?, "platgen-namespaces")?;
    refused(
        "another label of a namespace",
        account.changes(NAMESPACE, &json!({"metadata": {"labels": {"platgen.io/platform": null}}}))?,
        "platgen-namespaces",
    )?;
    taken("the label of a namespace, with broken glass", rescuer.changes(NAMESPACE, &unmarked)?)?;
    taken("another label of a namespace", person.changes(NAMESPACE, &json!({"metadata": {"labels": {"a": "b"}}}))?)?;
    let identity = format!("/api/v1/namespaces/{IDENTITY_NAMESPACE}");
    let other = |key: &str| json!({"metadata": {"labels": {format!("platgen.io/{key}"): "other"}}});
    for key in ["environment", "platform", "region"] {
        refused_by("another identity", person.changes(&identity, &other(key))?, &[ENVIRONMENT_POLICY, "platgen-namespaces"])?;
        refused("another identity, with broken glass", rescuer.changes(&identity, &other(key))?, ENVIRONMENT_POLICY)?;
    }
    let statuses = format!("{identity}/status");
    refused_by(
        "another identity through its status",
        person.changes(&statuses, &other("region"))?,
        &["platgen-namespaces", ENVIRONMENT_POLICY],
    )?;
    refused("no identity", account.deletes(&identity)?, "platgen-namespaces")?;
    taken("no identity, with broken glass", rescuer.deletes(&identity)?)?;

    // An environment that is not protected, and then one that is.
    let database = api.path(beta.iter().find(|object| is_database(object)).ok_or("beta has no database")?)?;
    let held = [NAMESPACE, &claim, &database];
    for path in held {
        taken(&format!("the deletion of {path}"), person.deletes(path)?)?;
    }
    taken("a ConfigMap made by hand", person.makes(&map(json!({})))?)?;
    let protect = |word: &str| api.merge(&identity, &json!({"metadata": {"labels": {PROTECTED: word}}}));
    protect("true")?;
    wait("the identity is heeded", HEEDED, || Ok((!person.makes(&map(json!({})))?.is_ok()).then_some(())))?;
    refused("a ConfigMap made by hand", person.makes(&map(json!({})))?, "platgen-hand-made")?;
    // Charts make their own, by the hands of who installs them.
    let in_namespace = |namespace: &str| {
        let labels = json!({"app.kubernetes.io/managed-by": "Helm"});
        person.asks("POST", &format!("/api/v1/namespaces/{namespace}/configmaps"), JSON, &map(labels))
    };
    taken("a ConfigMap of a chart", in_namespace("cert-manager")?)?;
    refused("a ConfigMap made by hand in the monitoring", in_namespace("monitoring")?, "platgen-hand-made")?;
    taken("a ConfigMap of the platform", person.makes(&map(json!({"platgen.io/environment": "beta"})))?)?;
    taken("a ConfigMap of an account", account.makes(&map(json!({})))?)?;
    taken("a ConfigMap made by hand, with broken glass", rescuer.makes(&map(json!({})))?)?;
    for path in held {
        refused(&format!("the deletion of {path}"), person.deletes(path)?, "platgen-deletion")?;
        taken(&format!("the deletion of {path}, with broken glass"), rescuer.deletes(path)?)?;
    }
    refused("the deletion of a namespace by an account", account.deletes(NAMESPACE)?, "platgen-deletion")?;
    taken("the deletion of a claim by an account", account.deletes(&claim)?)?;
    // A commit that takes the mark away which keeps data from being pruned.
    for (name, namespace) in
        [("argocd-application-controller", "argocd"), ("argocd-manager", "kube-system"), ("kustomize-controller", "flux-system")]
    {
        let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}")];
        let deliverer = Asker { api, headers: by(&format!("system:serviceaccount:{namespace}:{name}"), &groups) };
        for path in [&claim, &database] {
            refused(&format!("the deletion of {path} by {name}"), deliverer.deletes(path)?, "platgen-deletion")?;
        }
        taken(&format!("a ConfigMap of {name}"), deliverer.makes(&map(json!({})))?)?;
    }
    refused("the deletion of all claims", person.deletes(&claims)?, "platgen-deletion")?;
    let unprotect = json!({"metadata": {"labels": {PROTECTED: "false"}}});
    refused("the end of the protection", person.changes(&identity, &unprotect)?, "platgen-namespaces")?;
    taken("the end of the protection, with broken glass", rescuer.changes(&identity, &unprotect)?)?;
    // The objects of a definition go with it.
    let definition = |name: &str| format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    refused("the definition of databases", person.deletes(&definition("clusters.postgresql.cnpg.io"))?, "platgen-deletion")?;
    taken("the definition of certificates", person.deletes(&definition("certificates.cert-manager.io"))?)?;
    // Beta's own files still go on.
    for object in beta.iter().filter(|object| object.name != IDENTITY_NAMESPACE) {
        taken(&object.id(), api.apply(&api.path(object)?, &object.text, true)?)?;
    }
    // Policies that somebody deletes with a folder of files are in force all the same.
    for object in beta.iter().filter(|object| is_policy(object)) {
        api.ask("DELETE", &api.path(object)?, &[], "")?.ok()?;
    }
    thread::sleep(Duration::from_secs(5));
    refused("a ConfigMap of another environment, after the deletion of the policies", foreign()?, ENVIRONMENT_POLICY)?;
    refused("the deletion of a database, after that of the policies", person.deletes(&database)?, "platgen-deletion")
}

/// A StatefulSet like a Deployment of the files, which have none.
fn as_stateful_set(objects: &[Object]) -> Result<Object, String> {
    let deployment = objects.iter().find(|object| object.kind == "Deployment").ok_or("no Deployment")?;
    let mut value = deployment.value.clone();
    value["kind"] = json!("StatefulSet");
    value["metadata"]["name"] = json!(format!("{}-set", deployment.name));
    let spec = &deployment.value["spec"];
    value["spec"] = json!({"serviceName": deployment.name, "replicas": 1, "selector": spec["selector"], "template": spec["template"]});
    Ok(Object::new(&deployment.file, value.to_string(), value))
}
