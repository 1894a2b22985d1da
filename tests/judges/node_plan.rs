//! Pods against planned nodes, read from the plan of a cluster root and the manifests of its region: some node group has the labels that each pod asks for
//! and only taints that the pod tolerates, all groups with these labels are in one subnet of the spec where the pod names one, and AWS takes back no node
//! with a persistent volume. A difference is a finding of tfcheck's rule `nodes`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::cluster_plan::manifests;
use super::judge::{Fault, list, words};

/// The label with the subnet of the spec.
const SUBNET: &str = "platgen.io/subnet";

/// A node group, as the scheduler sees its nodes.
struct Group<'a> {
    labels: BTreeMap<String, String>,
    taints: &'a [Value],
    /// Whether AWS takes nodes back.
    spot: bool,
}

/// The effect of a taint in the words of Kubernetes.
fn effect(taint: &Value) -> &'static str {
    match words(&taint["effect"]).as_str() {
        "NO_SCHEDULE" => "NoSchedule",
        "NO_EXECUTE" => "NoExecute",
        _ => "PreferNoSchedule",
    }
}

impl Group<'_> {
    /// Whether nodes of the group meet a condition of a pod. Clouds give their nodes names, zones and architectures.
    fn meets(&self, condition: &Value) -> bool {
        let key = words(&condition["key"]);
        if key == "kubernetes.io/arch" || key == "kubernetes.io/os" || key == "kubernetes.io/hostname" || key.starts_with("topology.") {
            return true;
        }
        let among = self.labels.get(&key).is_some_and(|label| list(&condition["values"]).iter().any(|value| words(value) == *label));
        match words(&condition["operator"]).as_str() {
            "In" => among,
            "NotIn" => !among,
            "Exists" => self.labels.contains_key(&key),
            "DoesNotExist" => !self.labels.contains_key(&key),
            _ => false,
        }
    }

    /// Whether a pod with these tolerations may run on nodes of the group.
    fn takes(&self, tolerations: &[Value]) -> bool {
        let tolerated = |taint: &&Value| {
            tolerations.iter().any(|one| {
                let exists = one["operator"] == "Exists";
                (one["key"] == taint["key"] || exists && one["key"].is_null())
                    && (exists || words(&one["value"]) == words(&taint["value"]))
                    && (one["effect"].is_null() || one["effect"] == effect(taint))
            })
        };
        self.taints.iter().filter(|taint| effect(taint) != "PreferNoSchedule").all(|taint| tolerated(&taint))
    }
}

/// A pod of a document: the object, the pod's spec, and whether it has persistent volumes of its own.
type Pod<'d> = (String, &'d Value, bool);

fn pods(documents: &[Value]) -> Vec<Pod<'_>> {
    let pod = |object: &'_ Value| {
        let template = if object["kind"] == "CronJob" { "/spec/jobTemplate/spec/template/spec" } else { "/spec/template/spec" };
        object.pointer(template).is_some_and(|spec| spec["containers"].is_array()).then_some(template)
    };
    let name = |object: &Value| {
        format!("{}/{}/{}", words(&object["kind"]), words(&object["metadata"]["namespace"]), words(&object["metadata"]["name"]))
    };
    let claims = |object: &Value| !list(&object["spec"]["volumeClaimTemplates"]).is_empty();
    documents.iter().filter_map(|object| Some((name(object), object.pointer(pod(object)?)?, claims(object)))).collect()
}

/// The terms of a pod's node selection, of which one has to hold. None: any node.
fn terms(spec: &Value) -> Vec<Vec<Value>> {
    let own: Vec<Value> = spec["nodeSelector"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| json!({"key": key, "operator": "In", "values": [value]}))
        .collect();
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    let all: Vec<Vec<Value>> =
        list(required).iter().map(|term| own.iter().chain(list(&term["matchExpressions"])).cloned().collect()).collect();
    if all.is_empty() { vec![own] } else { all }
}

/// Everything that is wrong between planned nodes and pods: the object, and why.
fn faults(planned: &Value, documents: &[Value]) -> Vec<Fault> {
    let groups: Vec<Group> = list(planned)
        .iter()
        .filter(|resource| resource["type"] == "aws_eks_node_group")
        .map(|group| {
            let labels =
                group["after"]["labels"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), words(value))).collect();
            Group { labels, taints: list(&group["after"]["taint"]), spot: group["after"]["capacity_type"] == "SPOT" }
        })
        .collect();
    let mut found = Vec::new();
    for (name, spec, claims) in pods(documents) {
        let (terms, tolerations) = (terms(spec), list(&spec["tolerations"]));
        let asked: Vec<&Group> = groups.iter().filter(|group| terms.iter().any(|term| term.iter().all(|one| group.meets(one)))).collect();
        let fitting: Vec<&&Group> = asked.iter().filter(|group| group.takes(tolerations)).collect();
        if asked.is_empty() {
            found.push((name.clone(), "it asks for labels that no node group has".to_owned()));
        } else if fitting.is_empty() && !name.starts_with("DaemonSet/") {
            found.push((name.clone(), "it does not tolerate the taints of the node groups with the labels that it asks for".to_owned()));
        }
        if claims && fitting.iter().any(|group| group.spot) {
            found.push((name.clone(), "it has a persistent volume and may run on a node that AWS takes back".to_owned()));
        }
        let classes: BTreeSet<Option<&String>> = fitting.iter().map(|group| group.labels.get(SUBNET)).collect();
        if classes.len() > 1 && !name.starts_with("DaemonSet/") {
            found.push((name.clone(), format!("it may run in several subnets: {classes:?}")));
        }
        for toleration in tolerations.iter().filter(|one| words(&one["key"]).starts_with("platgen.io/")) {
            let given = |taint: &Value| taint["key"] == toleration["key"] && taint["value"] == toleration["value"];
            if !groups.iter().any(|group| group.taints.iter().any(given)) {
                found.push((
                    name.clone(),
                    format!("it tolerates {}={}, which taints no node", words(&toleration["key"]), words(&toleration["value"])),
                ));
            }
        }
    }
    found
}

/// The faults of a root's plan (tfcheck's `planned`); `tree` is the folder that `path` is relative to.
pub fn judge(tree: &Path, path: &str, planned: &Value) -> Result<Vec<Fault>, String> {
    let text = manifests(tree, path)?;
    let documents: Result<Vec<Value>, _> = yaml_serde::Deserializer::from_str(&text).map(Value::deserialize).collect();
    let documents = documents.map_err(|error| format!("{path}: {error}"))?;
    Ok(faults(planned, &documents))
}

/// Each fault of a small plan is found.
pub fn prove() -> Result<(), String> {
    let group = |subnet: &str, taint: Value| json!({"type": "aws_eks_node_group", "after": {"labels": {SUBNET: subnet}, "taint": taint}});
    let taint = |effect: &str| json!([{"key": SUBNET, "value": "payments", "effect": effect}]);
    let isolated = json!({"key": SUBNET, "operator": "Equal", "value": "payments", "effect": "NoSchedule"});
    let check = |effect: &str, subnet: &str, tolerations: Value, wanted: &[&str]| {
        let plan = json!([group("general", json!([])), group("payments", taint(effect))]);
        let spec = json!({"containers": [], "nodeSelector": {SUBNET: subnet}, "tolerations": tolerations});
        let app = json!({"kind": "Deployment", "metadata": {"namespace": "shop", "name": "web"}, "spec": {"template": {"spec": spec}}});
        let found: Vec<String> = faults(&plan, &[app]).into_iter().map(|(_, fault)| fault).collect();
        if found == wanted { Ok(()) } else { Err(format!("found {found:?}, wanted {wanted:?}")) }
    };
    check("NO_SCHEDULE", "payments", json!([isolated]), &[])?;
    check("NO_SCHEDULE", "general", json!([]), &[])?;
    check("PREFER_NO_SCHEDULE", "payments", json!([]), &[])?;
    let refused = "it does not tolerate the taints of the node groups with the labels that it asks for";
    check("NO_SCHEDULE", "payments", json!([]), &[refused])?;
    check("NO_EXECUTE", "payments", json!([isolated]), &[refused])?;
    check("NO_SCHEDULE", "data", json!([]), &["it asks for labels that no node group has"])?;
    let other = json!([{"key": SUBNET, "value": "data", "effect": "NoSchedule"}]);
    check("NO_SCHEDULE", "general", other, &["it tolerates platgen.io/subnet=data, which taints no node"])?;
    let stateful = |capacity: &str, claims: Value, wanted: usize| {
        let mut plan = json!([group("general", json!([]))]);
        plan[0]["after"]["capacity_type"] = capacity.into();
        let spec = json!({"template": {"spec": {"containers": []}}, "volumeClaimTemplates": claims});
        let found = faults(&plan, &[json!({"kind": "StatefulSet", "spec": spec})]);
        if found.len() == wanted { Ok(()) } else { Err(format!("a volume on {capacity}: {found:?}")) }
    };
    stateful("SPOT", json!([{"metadata": {"name": "data"}}]), 1)?;
    stateful("SPOT", json!([]), 0)?;
    stateful("ON_DEMAND", json!([{"metadata": {"name": "data"}}]), 0)?;
    let anywhere = json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [], "tolerations": [isolated]}}}});
    let plan = json!([group("general", json!([])), group("payments", taint("NO_SCHEDULE"))]);
    let found = faults(&plan, &[anywhere]);
    if found.len() == 1 { Ok(()) } else { Err(format!("a pod without a subnet: {found:?}")) }
}
