//! Mechanical faults in Kubernetes documents: for one document of each template every field removed, every scalar changed, every list
//! item dropped, neighbours swapped. What comes out is in canonical form, as a wrong renderer would print it.

use platgen::yaml::{Document, Id, Node, Value as Content, emit_all, read};
use serde_json::{Value, json};

use super::ground::{Ground, kubernetes};
use super::mutant::{Class, Mutant};

/// The templates that print whole documents, with a document of each: path in a region's folder, kind and name. The others are parts of
/// these; `trial.rs` compares the list with the folder.
pub const TEMPLATES: &[(&str, &str, &str)] = &[
    ("account-cluster-role", "shop/worker.yaml", "ClusterRole/acme.shop.worker"),
    ("account-role", "shop/worker.yaml", "Role/worker-kubernetes"),
    ("allow-dns", "shop/namespace.yaml", "NetworkPolicy/allow-dns"),
    ("autoscaler", "shop/web.yaml", "HorizontalPodAutoscaler/web"),
    ("backend-tls-policy", "shop/search.yaml", "BackendTLSPolicy/search"),
    ("backend-traffic-policy", "shop/web.yaml", "BackendTrafficPolicy/web.back.*"),
    ("cluster-role", "cluster/access.yaml", "ClusterRole/acme-cluster-viewer"),
    ("cluster-role-binding", "cluster/access.yaml", "ClusterRoleBinding/acme-sre-cluster-viewer"),
    ("certificate", "cluster/certificates.yaml", "Certificate/internal"),
    ("cluster-issuer", "cluster/certificates.yaml", "ClusterIssuer/acme-acme"),
    ("config-map", "shop/web.yaml", "ConfigMap/web-config-*"),
    ("cron-job", "shop/report.yaml", "CronJob/report"),
    ("daemon-set", "agents/agent.yaml", "DaemonSet/agent"),
    ("database", "shop/orders.yaml", "Cluster/orders"),
    ("default-deny", "shop/namespace.yaml", "NetworkPolicy/default-deny"),
    ("deployment", "shop/web.yaml", "Deployment/web"),
    ("disruption-budget", "shop/web.yaml", "PodDisruptionBudget/web"),
    ("envoy-proxy", "cluster/gateways.yaml", "EnvoyProxy/internal"),
    ("external-secret", "shop/api.yaml", "ExternalSecret/api-secrets-*"),
    ("gateway", "cluster/gateways.yaml", "Gateway/internal"),
    ("gateway-class", "cluster/gateways.yaml", "GatewayClass/envoy"),
    ("grpc-route", "shop/api.yaml", "GRPCRoute/api.*"),
    ("guard", "cluster/guard.yaml", "ValidatingAdmissionPolicy/platgen-environment"),
    ("host-redirect", "shop/web.yaml", "HTTPRoute/web.old.*"),
    ("http-route", "shop/web.yaml", "HTTPRoute/web.back.*"),
    ("job", "shop/migrate.yaml", "Job/migrate-*"),
    ("kustomization", "kustomization.yaml", "Kustomization/"),
    ("kafka", "shop/journal.yaml", "Kafka/journal"),
    ("kafka-pool", "shop/journal.yaml", "KafkaNodePool/journal"),
    ("kafka-user", "shop/journal.yaml", "KafkaUser/writer"),
    ("limit-range", "shop/namespace.yaml", "LimitRange/limits"),
    ("mongodb", "shop/notes.yaml", "PerconaServerMongoDB/notes"),
    ("mysql", "shop/bills.yaml", "PerconaXtraDBCluster/bills"),
    ("namespace", "cluster/namespaces.yaml", "Namespace/shop"),
    ("network-policy", "shop/api.yaml", "NetworkPolicy/api"),
    ("object-store", "shop/orders.yaml", "ObjectStore/orders"),
    ("priority-class", "cluster/priorities.yaml", "PriorityClass/acme-batch"),
    ("rabbitmq", "shop/events.yaml", "RabbitmqCluster/events"),
    ("redirect", "cluster/gateways.yaml", "HTTPRoute/public-redirect"),
    ("resource-quota", "shop/namespace.yaml", "ResourceQuota/quota"),
    ("role-binding", "shop/namespace.yaml", "RoleBinding/shop-developers-developer"),
    ("scheduled-backup", "shop/orders.yaml", "ScheduledBackup/orders"),
    ("secret-store", "shop/namespace.yaml", "SecretStore/platgen"),
    ("security-policy", "shop/web.yaml", "SecurityPolicy/web.back.*"),
    ("service", "shop/web.yaml", "Service/web"),
    ("service-account", "shop/namespace.yaml", "ServiceAccount/platgen"),
    ("storage-class", "cluster/storage.yaml", "StorageClass/acme-fast"),
    ("volume-claim", "shop/namespace.yaml", "PersistentVolumeClaim/pictures"),
    ("stateful-set", "shop/search.yaml", "StatefulSet/search"),
    ("tcp-route", "shop/relay.yaml", "TCPRoute/relay.tcp-22-internal"),
    ("tls-route", "shop/relay.yaml", "TLSRoute/relay.relay.*"),
];

/// The same, of the region on a desktop, whose secrets are read from the cluster.
pub const DESKTOP: &[(&str, &str, &str)] = &[
    ("secret-reader", "shop/namespace.yaml", "Role/platgen-secrets"),
    ("secret-reader", "shop/namespace.yaml", "RoleBinding/platgen-secrets"),
];

/// Every mechanical fault of every document.
pub fn mutants(ground: &Ground) -> Result<Vec<Mutant>, String> {
    let mut all = Vec::new();
    let home = TEMPLATES.iter().map(|(_, file, object)| (kubernetes(file), *object));
    let desktop = DESKTOP.iter().map(|(_, file, object)| (format!("kubernetes/dev/laptop/{file}"), *object));
    for (path, object) in home.chain(desktop) {
        let text = ground.text(&path).ok_or_else(|| format!("no file {path}"))?;
        let documents = read(text).map_err(|error| format!("{path}: {error}"))?;
        let at = documents.iter().position(|document| fits(object, &named(document)));
        let at =
            at.ok_or_else(|| format!("{path}: no {object}; there are {}", documents.iter().map(named).collect::<Vec<_>>().join(", ")))?;
        let mut edits = Vec::new();
        walk(documents[at].root(), String::new(), &mut edits);
        for edit in edits {
            let mut changed = documents.clone();
            edit.apply(&mut changed[at]);
            all.push(Mutant::of(Class::Field, object, edit.name, &path, Some(emit_all(&changed))));
        }
    }
    Ok(all)
}

/// `Kind/name` of a document.
pub fn named(document: &Document) -> String {
    let word = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
    format!("{}/{}", word(document.get("kind")), word(document.root().at(&["metadata", "name"])))
}

/// Whether a name is the one meant; `*` at the end stands for any ending.
pub fn fits(meant: &str, name: &str) -> bool {
    meant.strip_suffix('*').map_or(meant == name, |start| name.starts_with(start))
}

/// A change to one document.
struct Edit {
    name: String,
    action: Action,
}

enum Action {
    Remove(Id, Id),
    Replace(Id, Value),
}

impl Edit {
    fn apply(&self, document: &mut Document) {
        match &self.action {
            Action::Remove(parent, child) => {
                document.remove(*parent, *child);
            }
            Action::Replace(node, value) => document.replace(*node, value),
        }
    }
}

/// Notes every edit at and below a node.
fn walk(node: Node<'_>, path: String, edits: &mut Vec<Edit>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match node.value() {
        Content::Map(_) => {
            for (key, child) in node.entries() {
                let place = below(key);
                edits.push(Edit { name: format!("{place} removed"), action: Action::Remove(node.id(), child.id()) });
                walk(child, place, edits);
            }
        }
        Content::List(_) => {
            let items: Vec<Value> = node.items().map(Node::to_json).collect();
            for (index, child) in node.items().enumerate() {
                let place = below(&index.to_string());
                edits.push(Edit { name: format!("{place} removed"), action: Action::Remove(node.id(), child.id()) });
                if index > 0 && items[index - 1] != items[index] {
                    let mut swapped = items.clone();
                    swapped.swap(index - 1, index);
                    edits.push(Edit { name: format!("{place} moved up"), action: Action::Replace(node.id(), Value::Array(swapped)) });
                }
                walk(child, place, edits);
            }
        }
        _ => {
            if let Some(other) = other(&node.to_json()) {
                edits.push(Edit { name: format!("{path} changed"), action: Action::Replace(node.id(), other) });
            }
        }
    }
}

/// Another value of the same type: the other truth, the next number, a text with its last number counted up or a letter more.
fn other(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(truth) => Some(json!(!truth)),
        Value::Number(number) => number.as_i64().map(|number| json!(number + 1)),
        Value::String(text) => Some(json!(another(text))),
        _ => None,
    }
}

/// A text that is nearly the same: its last number counted up, else a letter more.
pub fn another(text: &str) -> String {
    let Some(end) = text.rfind(|c: char| c.is_ascii_digit()).map(|at| at + 1) else { return format!("{text}x") };
    let start = text[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    match text[start..end].parse::<u64>() {
        Ok(number) => format!("{}{}{}", &text[..start], number + 1, &text[end..]),
        Err(_) => format!("{text}x"),
    }
}
