//! The guard on objects of every kind that platgen prints: created, changed, scaled and deleted, with the labels of the cluster, with those of another one, and
//! with none. Exactly the foreign ones are refused. Commands in pods are nobody's object, and operators make their own.

use std::collections::{BTreeMap, BTreeSet};

use platgen::guard::{ENVIRONMENT_POLICY, IDENTITY_NAMESPACE};
use serde_json::{Value, json};

use super::api::{Api, JSON, MERGE};
use super::guard::Asker;
use super::objects::Object;
use crate::judges::judge::words;

/// The labels that tell environments, platforms and regions apart.
const LABELS: [&str; 3] = ["platgen.io/environment", "platgen.io/platform", "platgen.io/region"];

/// Whether the answer is that a policy refuses.
enum Verdict {
    Taken,
    Refused,
}

/// Asks about an object of each kind among those that are stored. `operator` is a service account of an operator.
pub fn every_kind(api: &Api, stored: &[&Object], person: &Asker, operator: &Asker) -> Result<(), String> {
    let mut kinds: BTreeMap<(&str, &str), &Object> = BTreeMap::new();
    for object in stored {
        kinds.entry((object.group(), &object.kind)).or_insert(object);
    }
    let mut scaled = BTreeSet::new();
    for ((_, kind), object) in &kinds {
        let path = api.path(object)?;
        let all = path.rsplit_once('/').map(|(all, _)| all).unwrap_or_default();
        let labelled = |labels: [Value; 3]| {
            let labels: serde_json::Map<String, Value> = LABELS.iter().map(|key| (*key).to_owned()).zip(labels).collect();
            json!({"metadata": {"labels": labels}})
        };
        let [environment, platform, region] = LABELS.map(|key| object.value["metadata"]["labels"][key].clone());
        let cases = [
            ("own", [environment.clone(), platform.clone(), region.clone()], Verdict::Taken),
            ("of another environment", [json!("production"), platform.clone(), region.clone()], Verdict::Refused),
            ("of another platform", [environment.clone(), json!("other"), region], Verdict::Refused),
            ("of another region", [environment, platform, json!("eu-central-1")], Verdict::Refused),
            ("without labels", [Value::Null, Value::Null, Value::Null], Verdict::Taken),
        ];
        for (what, labels, verdict) in cases {
            let mut new = object.value.clone();
            new["metadata"]["name"] = json!(format!("{}-again", object.name));
            let part = labelled(labels);
            for key in LABELS {
                match &part["metadata"]["labels"][key] {
                    Value::Null => _ = new["metadata"]["labels"].as_object_mut().map(|labels| labels.remove(key)),
                    label => new["metadata"]["labels"][key] = label.clone(),
                }
            }
            let created = person.asks("POST", all, JSON, &new)?;
            judged(&format!("a new {kind} {what}"), &created, &verdict, &[ENVIRONMENT_POLICY])?;
            let changed = person.asks("PATCH", &path, MERGE, &part)?;
            // The labels of a namespace stay, whatever they become.
            let is_namespace = *kind == "Namespace";
            let verdict = if is_namespace && what != "own" { Verdict::Refused } else { verdict };
            let policies = [ENVIRONMENT_POLICY, "platgen-namespaces"];
            judged(&format!("a {kind} that becomes {what}"), &changed, &verdict, &policies[..1 + usize::from(is_namespace)])?;
        }
        let noted = person.asks("PATCH", &path, MERGE, &json!({"metadata": {"annotations": {"asked": "yes"}}}))?;
        judged(&format!("a {kind} with a note"), &noted, &Verdict::Taken, &[])?;
        let verdict = if object.name == IDENTITY_NAMESPACE { Verdict::Refused } else { Verdict::Taken };
        judged(
            &format!("a {kind} that is deleted"),
            &person.asks("DELETE", &path, JSON, &Value::Null)?,
            &verdict,
            &["platgen-namespaces"],
        )?;
        if ["Deployment", "StatefulSet"].contains(kind) {
            let scale = person.asks("PATCH", &format!("{path}/scale"), MERGE, &json!({"spec": {"replicas": 3}}))?;
            judged(&format!("a {kind} that is scaled"), &scale, &Verdict::Taken, &[])?;
            scaled.insert(*kind);
        }
    }
    if kinds.len() < 20 || scaled.len() < 2 {
        return Err(format!("only {} kinds: {:?}; scaled: {scaled:?}", kinds.len(), kinds.keys()));
    }
    in_pods(api, stored, person)?;
    of_operators(operator)
}

/// A command in a pod passes; there is no kubelet that could run it.
fn in_pods(api: &Api, stored: &[&Object], person: &Asker) -> Result<(), String> {
    let workload = stored.iter().find(|object| object.kind == "Deployment").ok_or("no Deployment")?;
    let mut pod = workload.pod().ok_or("no pod")?;
    let pods = format!("/api/v1/namespaces/{}/pods", workload.namespace);
    let again = person.asks("POST", &pods, JSON, &pod)?;
    judged("an own pod", &again, &Verdict::Taken, &[])?;
    pod["metadata"]["labels"][LABELS[0]] = json!("production");
    judged("a pod of another environment", &person.asks("POST", &pods, JSON, &pod)?, &Verdict::Refused, &[ENVIRONMENT_POLICY])?;
    pod["metadata"]["labels"][LABELS[0]] = workload.value["metadata"]["labels"][LABELS[0]].clone();
    pod["spec"]["nodeName"] = json!("nowhere");
    api.send("POST", &pods, JSON, &pod.to_string())?.ok()?;
    let path = format!("{pods}/{}", words(&pod["metadata"]["name"]));
    let command = person.asks("POST", &format!("{path}/exec?command=true&stdout=true"), JSON, &Value::Null)?;
    api.ask("DELETE", &format!("{path}?gracePeriodSeconds=0"), &[], "")?.ok()?;
    // Neither forbidden nor invalid: nobody is there who could run it.
    let message = command.message();
    if [403, 422].contains(&command.status) || message.contains("ValidatingAdmissionPolicy") || command.is_ok() {
        return Err(format!("a command in a pod: {message}"));
    }
    Ok(())
}

/// What an operator makes has its own labels alone.
fn of_operators(operator: &Asker) -> Result<(), String> {
    let meta =
        |name: &str| json!({"name": name, "labels": {"cnpg.io/cluster": "orders", "app.kubernetes.io/managed-by": "cloudnative-pg"}});
    let made = [
        ("secrets", json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("made"), "stringData": {"a": "b"}})),
        ("configmaps", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("made"), "data": {"a": "b"}})),
        ("serviceaccounts", json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("made")})),
        ("services", json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("made"), "spec": {"ports": [{"port": 80}]}})),
        (
            "persistentvolumeclaims",
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("made"),
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        ),
    ];
    for (kind, object) in made {
        let answer = operator.asks("POST", &format!("/api/v1/namespaces/shop/{kind}"), JSON, &object)?;
        judged(&format!("{kind} of an operator"), &answer, &Verdict::Taken, &[])?;
    }
    Ok(())
}

/// Holds an answer against what the policies have to say.
fn judged(what: &str, answer: &super::api::Answer, verdict: &Verdict, policies: &[&str]) -> Result<(), String> {
    let message = answer.message();
    let is_told = policies
        .iter()
        .any(|policy| message.contains(&format!("ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: ")));
    match verdict {
        Verdict::Taken if answer.is_ok() => Ok(()),
        Verdict::Refused if !answer.is_ok() && is_told => Ok(()),
        Verdict::Taken => Err(format!("{what} is refused: {message}")),
        Verdict::Refused => Err(format!("{what} is to be refused by {}: {message}", policies.join(" or "))),
    }
}
