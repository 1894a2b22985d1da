//! Every file is YAML or JSON, and every document with an `apiVersion` or a `kind` is an object that an API server takes: its fields have the types of the
//! API. A field of another type would be invisible to the other rules.

use super::blocked_flows::policies;
use super::context::TreeContext;
use super::{Finding, Judge, Rule, kustomize};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::kinds;
use serde_json::Value;

pub(super) const RULE: Rule = Rule { codes: &[Code::UnreadableDocument], judge: Judge::Tree(judge), loosens: false };

/// API groups whose fields mean the same everywhere.
const GROUPS: [&str; 8] =
    ["", "apps", "autoscaling", "batch", "gateway.networking.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"];

/// The finding about a file that is not UTF-8.
pub fn garbled(file: &str) -> Finding {
    let message = format!("`{file}` is not UTF-8");
    Finding::of_file(Code::UnreadableDocument, file, 1, message, "save the file as UTF-8, or move it out of the folder")
}

/// The type of a field.
#[derive(Clone, Copy)]
enum Type {
    Map,
    Maps,
    Texts,
    Switch,
    Number,
    Text,
}

impl Type {
    /// The type of a field that the rules read, by its name. `None` for the others.
    fn of(field: &str) -> Option<Type> {
        Some(match field {
            "affinity" | "annotations" | "capabilities" | "configMap" | "emptyDir" | "hostPath" | "httpGet" | "jobTemplate" | "labels"
            | "livenessProbe" | "matchLabels" | "metadata" | "namespaceSelector" | "nodeSelector" | "podSelector" | "readinessProbe"
            | "requests" | "roleRef" | "scaleTargetRef" | "secret" | "securityContext" | "selector" | "spec" | "startupProbe"
            | "template" => Type::Map,
            "backendRefs"
            | "containers"
            | "egress"
            | "ingress"
            | "env"
            | "envFrom"
            | "imagePullSecrets"
            | "initContainers"
            | "items"
            | "listeners"
            | "matchExpressions"
            | "parentRefs"
            | "paths"
            | "ports"
            | "rules"
            | "subjects"
            | "tolerations"
            | "topologySpreadConstraints"
            | "volumeClaimTemplates"
            | "volumeMounts"
            | "volumes" => Type::Maps,
            "apiGroups" | "args" | "command" | "drop" | "externalIPs" | "hostnames" | "policyTypes" | "resourceNames" | "verbs" => {
                Type::Texts
            }
            "allowPrivilegeEscalation"
            | "automountServiceAccountToken"
            | "hostIPC"
            | "hostNetwork"
            | "hostPID"
            | "hostProcess"
            | "immutable"
            | "optional"
            | "privileged"
            | "readOnlyRootFilesystem"
            | "runAsNonRoot" => Type::Switch,
            "containerPort" | "hostPort" | "maxReplicas" | "minReplicas" | "replicas" | "runAsGroup" | "runAsUser" => Type::Number,
            "image" | "name" | "namespace" | "priorityClassName" | "serviceAccountName" => Type::Text,
            _ => return None,
        })
    }

    /// The reason why a value is not of the type.
    fn fault(self, value: &Value) -> Option<&'static str> {
        let all = |test: fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(test));
        let (fits, fault) = match self {
            Type::Map => (value.is_object(), "it is not a map"),
            Type::Maps => (all(Value::is_object), "it is not a list of maps"),
            Type::Texts => (all(Value::is_string), "it is not a list of texts"),
            Type::Switch => (value.is_boolean(), "it is neither true nor false"),
            Type::Number => (value.is_i64(), "it is not a whole number"),
            Type::Text => (value.is_string(), "it is not text"),
        };
        (!fits).then_some(fault)
    }
}

/// Whether the author of a document chooses the keys below a field.
fn is_open(field: &str) -> bool {
    let free = ["annotations", "binaryData", "data", "hard", "labels", "limits", "matchLabels", "nodeSelector", "requests", "stringData"];
    free.contains(&field) || field == "status"
}

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    for chart in kustomize::charts(context.files) {
        let message =
            format!("`{chart}` is a Helm chart, whose templates are not judged", chart = if chart.is_empty() { "." } else { chart });
        let help = "render the chart with `helm template`, and check the output with `--tree`";
        found.push(Finding::of_file(Code::UnreadableDocument, &format!("{chart}Chart.yaml"), 1, message, help));
    }
    for fault in context.inventory.unreadable() {
        let is_template = context.files.get(&fault.file).is_some_and(|text| text.contains("{{"));
        let help = if is_template {
            "render the template, and check the output"
        } else {
            "correct the document, or move the file out of the folder"
        };
        let message = format!("`{}` can't be read: {}", fault.file, fault.reason);
        found.push(Finding::of_file(Code::UnreadableDocument, &fault.file, fault.line, message, help));
    }
    let before = found.len();
    let is_known = |object: &&Object| GROUPS.contains(&object.group()) && kinds::find(&object.api, &object.kind).is_some();
    for object in context.inventory.objects().iter().filter(is_known) {
        types(object, "", &object.value, found);
    }
    for (object, pointer, pod) in context.pods() {
        // The test of the types reports a value that is no list.
        if pod.get("containers").is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty)) {
            let message = format!("`{}` has no containers", object.id());
            found.push(Finding::new(Code::UnreadableDocument, object, &format!("{pointer}/containers"), message, "add a container"));
        }
    }
    // The evaluator of network policies is stricter, and stops at the first fault.
    if let (true, Err(fault)) = (found.len() == before, policies(context)) {
        let (kind, namespace, name) = (&fault.object.kind, &fault.object.namespace, &fault.object.name);
        // An object that names no namespace is evaluated in `default`.
        let object = ["", namespace].iter().find_map(|namespace| context.inventory.get(kind, namespace, name));
        let pointer = format!("/{}", fault.field.replace(['.', '['], "/").replace(']', ""));
        found.extend(object.map(|object| wrong(object, &pointer, &fault.reason)));
    }
}

/// Reports values of a wrong type. `null` counts as absent, as in the API.
fn types(object: &Object, at: &str, value: &Value, found: &mut Vec<Finding>) {
    let entries = match value {
        Value::Object(entries) => entries,
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| types(object, &format!("{at}/{number}"), item, found));
            return;
        }
        _ => return,
    };
    for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match Type::of(key).and_then(|expected| expected.fault(value)) {
            Some(fault) => found.push(wrong(object, &pointer, fault)),
            None if is_open(key) => {}
            None => types(object, &pointer, value, found),
        }
    }
}

fn wrong(object: &Object, pointer: &str, fault: &str) -> Finding {
    let message = format!("`{}` of `{}`: {fault}", pointer.trim_start_matches('/').replace('/', "."), object.id());
    Finding::new(Code::UnreadableDocument, object, pointer, message, "write the field as the API defines it: see `kubectl explain`")
}
