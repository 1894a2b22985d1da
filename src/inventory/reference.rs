//! References of an object to other objects by name: configuration, secrets, service accounts, volumes, Services, roles, scale targets, parents of routes.
//!
//! Selectors are not references; [`super::Inventory::selected`] finds the pods that a selector matches.

use super::object::{Object, PodTemplate};
use super::selector::items;
use crate::kinds::{MONGODB_USERS, MYSQL_USERS};
use serde_json::Value;

/// A reference to another object by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// The kind of the referenced object.
    pub kind: String,
    /// The namespace; empty for a cluster-scoped object.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The part of the object.
    pub part: Part,
    /// JSON pointer of the name in the referring object.
    pub at: String,
}

/// The part of the referenced object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Part {
    /// The whole object.
    Whole,
    /// An entry of a ConfigMap or Secret.
    Key(String),
    /// A port of a Service, by name or number.
    Port(String),
    /// A listener of a Gateway.
    Section(String),
    /// A container of a scaled workload.
    Container(String),
}

/// The references of an object.
pub fn references(object: &Object) -> Vec<Reference> {
    let mut found = Found { object, list: Vec::new() };
    if let Some(template) = PodTemplate::of(0, object) {
        found.pod(&template.spec());
    }
    match object.kind.as_str() {
        "Cluster" if object.group() == "postgresql.cnpg.io" => found.database(),
        "PerconaServerMongoDB" => found.mongodb(),
        "PerconaXtraDBCluster" => found.mysql(),
        "RabbitmqCluster" if object.group() == "rabbitmq.com" => found.rabbitmq(),
        "Kafka" if object.group() == "kafka.strimzi.io" => found.made_pods("/spec/entityOperator/template/pod"),
        "KafkaNodePool" => {
            found.made_pods("/spec/template/pod");
            for at in 0..object.items("/spec/storage/volumes").len() {
                found.wide("StorageClass", &format!("/spec/storage/volumes/{at}/class"));
            }
        }
        "AlertmanagerConfig" => found.receivers(),
        "KafkaUser" => found.entry("Secret", "/spec/authentication/password/valueFrom/secretKeyRef", "name", Some("password")),
        "ScheduledBackup" => found.named("Cluster", "/spec/cluster/name"),
        "StatefulSet" => {
            found.named("Service", "/spec/serviceName");
            for (at, _) in object.items("/spec/volumeClaimTemplates").iter().enumerate() {
                found.wide("StorageClass", &format!("/spec/volumeClaimTemplates/{at}/spec/storageClassName"));
            }
        }
        "PersistentVolumeClaim" => found.wide("StorageClass", "/spec/storageClassName"),
        "HorizontalPodAutoscaler" => found.scaling(),
        "RoleBinding" | "ClusterRoleBinding" => found.binding(),
        "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" => found.route(),
        "SecurityPolicy" | "BackendTrafficPolicy" | "BackendTLSPolicy" | "ClientTrafficPolicy" => {
            for (at, target) in object.items("/spec/targetRefs").iter().enumerate() {
                let kind = text(target, "/kind").to_owned();
                let section = if kind == "Service" { text(target, "/sectionName") } else { "" };
                let part = if section.is_empty() { Part::Whole } else { Part::Port(section.to_owned()) };
                found.add(&kind, &object.namespace, part, &format!("/spec/targetRefs/{at}/name"));
            }
            for (at, authority) in object.items("/spec/validation/caCertificateRefs").iter().enumerate() {
                let kind = text(authority, "/kind").to_owned();
                found.add(
                    &kind,
                    &object.namespace,
                    Part::Key("ca.crt".to_owned()),
                    &format!("/spec/validation/caCertificateRefs/{at}/name"),
                );
            }
        }
        "Gateway" => {
            for (at, listener) in object.items("/spec/listeners").iter().enumerate() {
                for (number, _) in items(listener.pointer("/tls/certificateRefs")).iter().enumerate() {
                    found.named("Secret", &format!("/spec/listeners/{at}/tls/certificateRefs/{number}/name"));
                }
            }
        }
        "ExternalSecret" => match object.text("/spec/secretStoreRef/kind") {
            "ClusterSecretStore" => found.wide("ClusterSecretStore", "/spec/secretStoreRef/name"),
            _ => found.named("SecretStore", "/spec/secretStoreRef/name"),
        },
        "ServiceAccount" => {
            for at in 0..object.items("/imagePullSecrets").len() {
                found.named("Secret", &format!("/imagePullSecrets/{at}/name"));
            }
        }
        "SecretStore" => found.accounts("/spec/provider", object.at("/spec/provider")),
        "Ingress" => found.ingress(),
        _ => {}
    }
    found.list
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A name or a number as a text; empty for anything else.
fn word(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

struct Found<'o> {
    object: &'o Object,
    list: Vec<Reference>,
}

impl Found<'_> {
    fn add(&mut self, kind: &str, namespace: &str, part: Part, at: &str) {
        let name = self.object.text(at);
        if !name.is_empty() {
            let (kind, namespace, name, at) = (kind.to_owned(), namespace.to_owned(), name.to_owned(), at.to_owned());
            self.list.push(Reference { kind, namespace, name, part, at });
        }
    }

    /// A name of the same namespace.
    fn named(&mut self, kind: &str, at: &str) {
        let object = self.object;
        self.add(kind, &object.namespace, Part::Whole, at);
    }

    /// A name that belongs to no namespace.
    fn wide(&mut self, kind: &str, at: &str) {
        self.add(kind, "", Part::Whole, at);
    }

    /// An entry of a ConfigMap or Secret, unless it may be absent.
    fn entry(&mut self, kind: &str, at: &str, name: &str, key: Option<&str>) {
        let object = self.object;
        let Some(value) = object.at(at) else { return };
        if value.get("optional").and_then(Value::as_bool) != Some(true) {
            let part = key.filter(|key| !key.is_empty()).map_or(Part::Whole, |key| Part::Key(key.to_owned()));
            self.add(kind, &object.namespace, part, &format!("{at}/{name}"));
        }
    }

    fn pod(&mut self, spec: &str) {
        let object = self.object;
        self.named("ServiceAccount", &format!("{spec}/serviceAccountName"));
        self.wide("PriorityClass", &format!("{spec}/priorityClassName"));
        for at in 0..object.items(&format!("{spec}/imagePullSecrets")).len() {
            self.named("Secret", &format!("{spec}/imagePullSecrets/{at}/name"));
        }
        for at in 0..object.items(&format!("{spec}/volumes")).len() {
            let volume = format!("{spec}/volumes/{at}");
            self.volume(&volume, "configMap", "ConfigMap", "name");
            self.volume(&volume, "secret", "Secret", "secretName");
            self.named("PersistentVolumeClaim", &format!("{volume}/persistentVolumeClaim/claimName"));
            for number in 0..object.items(&format!("{volume}/projected/sources")).len() {
                let source = format!("{volume}/projected/sources/{number}");
                self.volume(&source, "configMap", "ConfigMap", "name");
                self.volume(&source, "secret", "Secret", "name");
            }
        }
        for list in ["initContainers", "containers"] {
            for at in 0..object.items(&format!("{spec}/{list}")).len() {
                self.container(&format!("{spec}/{list}/{at}"), spec);
            }
        }
    }

    /// A volume made of a ConfigMap or Secret, and the entries that it picks.
    fn volume(&mut self, volume: &str, field: &str, kind: &str, name: &str) {
        let (object, at) = (self.object, format!("{volume}/{field}"));
        self.entry(kind, &at, name, None);
        for item in object.items(&format!("{at}/items")) {
            self.entry(kind, &at, name, Some(text(item, "/key")));
        }
    }

    fn container(&mut self, container: &str, spec: &str) {
        let object = self.object;
        for at in 0..object.items(&format!("{container}/envFrom")).len() {
            self.entry("ConfigMap", &format!("{container}/envFrom/{at}/configMapRef"), "name", None);
            self.entry("Secret", &format!("{container}/envFrom/{at}/secretRef"), "name", None);
        }
        for (at, variable) in object.items(&format!("{container}/env")).iter().enumerate() {
            for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                let key = text(variable, &format!("/valueFrom/{field}/key"));
                self.entry(kind, &format!("{container}/env/{at}/valueFrom/{field}"), "name", Some(key));
            }
        }
        // A `subPath` of a ConfigMap or Secret volume names an entry.
        for mount in object.items(&format!("{container}/volumeMounts")) {
            let (volume, path) = (text(mount, "/name"), text(mount, "/subPath"));
            let volumes = object.items(&format!("{spec}/volumes"));
            let number = volumes.iter().position(|known| text(known, "/name") == volume && known.pointer("/configMap/items").is_none());
            if let (Some(number), false) = (number, path.is_empty()) {
                self.entry("ConfigMap", &format!("{spec}/volumes/{number}/configMap"), "name", Some(path));
                self.entry("Secret", &format!("{spec}/volumes/{number}/secret"), "secretName", Some(path));
            }
        }
    }

    /// The Secrets of the users of a database, and what its pods need.
    fn database(&mut self) {
        let object = self.object;
        let secrets = |at: String| [("username", at.clone()), ("password", at)];
        let owner = "/spec/bootstrap/initdb/secret".to_owned();
        let roles = (0..object.items("/spec/managed/roles").len()).map(|at| format!("/spec/managed/roles/{at}/passwordSecret"));
        for (key, at) in [owner].into_iter().chain(roles).flat_map(secrets) {
            self.entry("Secret", &at, "name", Some(key));
        }
        for at in 0..object.items("/spec/imagePullSecrets").len() {
            self.named("Secret", &format!("/spec/imagePullSecrets/{at}/name"));
        }
        for at in 0..object.items("/spec/plugins").len() {
            self.named("ObjectStore", &format!("/spec/plugins/{at}/parameters/barmanObjectName"));
        }
        self.named("ServiceAccount", "/spec/serviceAccountName");
        self.wide("PriorityClass", "/spec/priorityClassName");
        self.wide("StorageClass", "/spec/storage/storageClass");
    }

    /// The entries of Secrets with the keys and the URLs of receivers of alerts.
    fn receivers(&mut self) {
        let object = self.object;
        for (at, receiver) in object.items("/spec/receivers").iter().enumerate() {
            for (list, field) in [
                ("pagerdutyConfigs", "routingKey"),
                ("slackConfigs", "apiURL"),
                ("webhookConfigs", "urlSecret"),
                ("emailConfigs", "authPassword"),
            ] {
                for (number, config) in receiver.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
                    let key = config.pointer(&format!("/{field}/key")).and_then(Value::as_str);
                    self.entry("Secret", &format!("/spec/receivers/{at}/{list}/{number}/{field}"), "name", key);
                }
            }
        }
    }

    /// The Secrets of the users of a PerconaXtraDBCluster, and what its pods need.
    fn mysql(&mut self) {
        let object = self.object;
        for user in MYSQL_USERS {
            self.entry("Secret", "/spec", "secretsName", Some(user));
        }
        for at in 0..object.items("/spec/users").len() {
            self.entry("Secret", &format!("/spec/users/{at}/passwordSecretRef"), "name", Some("password"));
        }
        for pods in ["/spec/pxc", "/spec/haproxy"] {
            self.made_pods(pods);
        }
        self.wide("StorageClass", "/spec/pxc/volumeSpec/persistentVolumeClaim/storageClassName");
    }

    /// The Secrets of the users of a PerconaServerMongoDB, and what its pods need.
    fn mongodb(&mut self) {
        let object = self.object;
        for key in MONGODB_USERS.iter().flat_map(|(_, start)| [format!("{start}_USER"), format!("{start}_PASSWORD")]) {
            self.entry("Secret", "/spec/secrets", "users", Some(&key));
        }
        for at in 0..object.items("/spec/users").len() {
            self.entry("Secret", &format!("/spec/users/{at}/passwordSecretRef"), "name", Some("password"));
        }
        for at in 0..object.items("/spec/imagePullSecrets").len() {
            self.named("Secret", &format!("/spec/imagePullSecrets/{at}/name"));
        }
        for at in 0..object.items("/spec/replsets").len() {
            self.wide("PriorityClass", &format!("/spec/replsets/{at}/priorityClassName"));
            self.wide("StorageClass", &format!("/spec/replsets/{at}/volumeSpec/persistentVolumeClaim/storageClassName"));
        }
    }

    /// The Secret of the user of a RabbitmqCluster, and what its pods need.
    fn rabbitmq(&mut self) {
        let object = self.object;
        self.entry("Secret", "/spec/secretBackend/externalSecret", "name", Some("default_user.conf"));
        for at in 0..object.items("/spec/imagePullSecrets").len() {
            self.named("Secret", &format!("/spec/imagePullSecrets/{at}/name"));
        }
        self.wide("PriorityClass", "/spec/override/statefulSet/spec/template/spec/priorityClassName");
        self.wide("StorageClass", "/spec/persistence/storageClassName");
    }

    /// What the pods need that an operator makes, by the template that it has for them.
    fn made_pods(&mut self, template: &str) {
        for at in 0..self.object.items(&format!("{template}/imagePullSecrets")).len() {
            self.named("Secret", &format!("{template}/imagePullSecrets/{at}/name"));
        }
        self.wide("PriorityClass", &format!("{template}/priorityClassName"));
    }

    fn scaling(&mut self) {
        let object = self.object;
        let (kind, at) = (object.text("/spec/scaleTargetRef/kind").to_owned(), "/spec/scaleTargetRef/name");
        self.named(&kind, at);
        for metric in object.items("/spec/metrics") {
            let container = text(metric, "/containerResource/container");
            if !container.is_empty() {
                self.add(&kind, &object.namespace, Part::Container(container.to_owned()), at);
            }
        }
    }

    fn binding(&mut self) {
        let object = self.object;
        match object.text("/roleRef/kind") {
            "ClusterRole" => self.wide("ClusterRole", "/roleRef/name"),
            _ => self.named("Role", "/roleRef/name"),
        }
        for (at, subject) in object.items("/subjects").iter().enumerate() {
            if text(subject, "/kind") == "ServiceAccount" {
                self.add("ServiceAccount", text(subject, "/namespace"), Part::Whole, &format!("/subjects/{at}/name"));
            }
        }
    }

    fn route(&mut self) {
        let object = self.object;
        let home =
            |value: &Value| Some(text(value, "/namespace")).filter(|named| !named.is_empty()).unwrap_or(&object.namespace).to_owned();
        for (at, parent) in object.items("/spec/parentRefs").iter().enumerate() {
            let section = text(parent, "/sectionName");
            let part = if section.is_empty() { Part::Whole } else { Part::Section(section.to_owned()) };
            let kind = Some(text(parent, "/kind")).filter(|kind| !kind.is_empty()).unwrap_or("Gateway");
            self.add(kind, &home(parent), part, &format!("/spec/parentRefs/{at}/name"));
        }
        for (rule, value) in object.items("/spec/rules").iter().enumerate() {
            for (at, backend) in items(value.get("backendRefs")).iter().enumerate() {
                let kind = Some(text(backend, "/kind")).filter(|kind| !kind.is_empty()).unwrap_or("Service");
                let port = word(backend.get("port"));
                let part = if port.is_empty() { Part::Whole } else { Part::Port(port) };
                self.add(kind, &home(backend), part, &format!("/spec/rules/{rule}/backendRefs/{at}/name"));
            }
        }
    }

    fn ingress(&mut self) {
        let object = self.object;
        self.wide("IngressClass", "/spec/ingressClassName");
        for at in 0..object.items("/spec/tls").len() {
            self.named("Secret", &format!("/spec/tls/{at}/secretName"));
        }
        for (rule, value) in object.items("/spec/rules").iter().enumerate() {
            for (at, path) in items(value.pointer("/http/paths")).iter().enumerate() {
                let port = path.pointer("/backend/service/port/name").or(path.pointer("/backend/service/port/number"));
                let at = format!("/spec/rules/{rule}/http/paths/{at}/backend/service/name");
                self.add("Service", &object.namespace, Part::Port(word(port)), &at);
            }
        }
    }

    /// The service accounts of a SecretStore, at any depth below its provider.
    fn accounts(&mut self, pointer: &str, value: Option<&Value>) {
        for (key, inner) in value.and_then(Value::as_object).into_iter().flatten() {
            let at = format!("{pointer}/{key}");
            if (key == "serviceAccountRef" || key == "serviceAccount") && inner.get("name").is_some() {
                self.named("ServiceAccount", &format!("{at}/name"));
            } else {
                self.accounts(&at, Some(inner));
            }
        }
    }
}
