//! Every name that an object uses for another object leads to one.

use super::context::{TreeContext, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::{Code, wording};
use crate::inventory::{Labels, Object, Part, Reference, Selector, references};
use crate::model::Restored;
use crate::provider::Provider;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The Secrets that documents make, by `namespace/name`, with their entries; `None` where these are not known.
type Secrets = BTreeMap<String, Option<BTreeSet<String>>>;

pub(super) const RULE: Rule = Rule {
    codes: &[
        Code::MissingConfigMap,
        Code::MissingParent,
        Code::MissingPriorityClass,
        Code::MissingRole,
        Code::MissingScaleTarget,
        Code::MissingSecret,
        Code::MissingSecretStore,
        Code::MissingService,
        Code::MissingServiceAccount,
        Code::MissingStorageClass,
        Code::MissingVolume,
    ],
    judge: Judge::Tree(judge),
    loosens: false,
};

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let secrets = secrets(context);
    for object in context.inventory.objects() {
        for reference in references(object) {
            let Some((rule, what)) = rule(&reference) else { continue };
            let fault = missing(context, &secrets, object, &reference);
            if let Some(fault) = fault {
                let message = format!("`{}` names the {what} `{}`, {fault}", object.id(), reference.name);
                found.push(Finding::new(rule, object, &reference.at, message, help(context, &reference)));
            }
        }
    }
}

/// The rule about references to this kind, and what the kind is called.
fn rule(reference: &Reference) -> Option<(Code, &'static str)> {
    Some(match reference.kind.as_str() {
        "ConfigMap" => (Code::MissingConfigMap, "ConfigMap"),
        "Secret" => (Code::MissingSecret, "secret"),
        "ServiceAccount" => (Code::MissingServiceAccount, "account"),
        "PriorityClass" => (Code::MissingPriorityClass, "priority class"),
        "PersistentVolumeClaim" => (Code::MissingVolume, "claim"),
        "StorageClass" => (Code::MissingStorageClass, "storage class"),
        "Service" => (Code::MissingService, "Service"),
        "Role" | "ClusterRole" => (Code::MissingRole, "role"),
        "SecretStore" | "ClusterSecretStore" => (Code::MissingSecretStore, "secret store"),
        "Gateway" => (Code::MissingParent, "Gateway"),
        "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" => (Code::MissingParent, "route"),
        "Deployment" | "StatefulSet" | "ReplicaSet" => (Code::MissingScaleTarget, "target"),
        _ if reference.at.starts_with("/spec/scaleTargetRef") => (Code::MissingScaleTarget, "target"),
        _ => return None,
    })
}

/// The nearest name that there is.
fn help(context: &TreeContext, reference: &Reference) -> String {
    let known = context.inventory.of_kind(&reference.kind).filter(|object| object.namespace == reference.namespace);
    match wording::suggest(&reference.name, known.map(|object| object.name.as_str())) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "name one that exists, or declare it".to_owned(),
    }
}

/// The reason why a reference leads nowhere, as a part of a sentence.
fn missing(context: &TreeContext, secrets: &Secrets, object: &Object, reference: &Reference) -> Option<String> {
    let Reference { kind, namespace, name, part, .. } = reference;
    let absent = || Some("which does not exist".to_owned());
    if is_given(context, reference) {
        return None;
    }
    if kind == "Secret" {
        let Some(keys) = secrets.get(&format!("{namespace}/{name}")) else { return absent() };
        return match (part, keys) {
            (Part::Key(key), Some(keys)) if !keys.contains(key) => Some(format!("which has no entry `{key}`")),
            _ => None,
        };
    }
    let Some(target) = context.inventory.get(kind, namespace, name) else { return absent() };
    match part {
        Part::Whole => None,
        Part::Key(key) => {
            let pointer = key.replace('~', "~0").replace('/', "~1");
            let has = ["data", "binaryData"].iter().any(|map| target.at(&format!("/{map}/{pointer}")).is_some());
            (!has).then(|| format!("which has no entry `{key}`"))
        }
        Part::Port(port) => {
            let is = |known: &Value| {
                text(known, "/name") == port || known.get("port").and_then(Value::as_u64).is_some_and(|number| port.parse() == Ok(number))
            };
            (!target.items("/spec/ports").iter().any(is)).then(|| format!("which has no port `{port}`"))
        }
        Part::Container(container) => {
            let pods = context.inventory.pods().iter().filter(|pod| std::ptr::eq(context.inventory.owner(pod), target));
            let mut names =
                pods.flat_map(|pod| target.items(&format!("{}/containers", pod.spec()))).filter_map(|known| known.get("name")?.as_str());
            (!names.any(|known| known == container)).then(|| format!("which has no container `{container}`"))
        }
        Part::Section(section) => {
            let listener = target.items("/spec/listeners").iter().find(|known| known.get("name").and_then(Value::as_str) == Some(section));
            match listener {
                None => Some(format!("which has no listener `{section}`")),
                Some(listener) if !admits(context, target, listener, object) => {
                    Some(format!("whose listener `{section}` does not admit it"))
                }
                Some(_) => None,
            }
        }
    }
}

/// Whether a listener takes routes of the object's namespace.
fn admits(context: &TreeContext, gateway: &Object, listener: &Value, object: &Object) -> bool {
    let namespaces = listener.pointer("/allowedRoutes/namespaces");
    match namespaces.and_then(|namespaces| namespaces.get("from")).and_then(Value::as_str) {
        Some("All") => true,
        Some("Selector") => {
            let selector = namespaces.and_then(|namespaces| namespaces.get("selector")).map(Selector::of).unwrap_or_default();
            let nothing = Labels::new();
            let labels = context.inventory.get("Namespace", "", &object.namespace).map_or(&nothing, |namespace| &namespace.labels);
            selector.matches(labels)
        }
        _ => object.namespace == gateway.namespace,
    }
}

/// Whether the cluster, its provider, an add-on or kustomize brings the named object. Without a spec, objects that belong to no namespace may be
/// elsewhere.
fn is_given(context: &TreeContext, reference: &Reference) -> bool {
    let name = reference.name.as_str();
    match reference.kind.as_str() {
        "ConfigMap" if name == "kube-root-ca.crt" => true,
        "ConfigMap" if context.kustomizations.lists("configMapGenerator", name) => true,
        "Secret" if context.kustomizations.lists("secretGenerator", name) => true,
        "ServiceAccount" if name == "default" => true,
        "PriorityClass" => !context.closed || name.starts_with("system-"),
        "ClusterRole" => is_of_every_cluster(name),
        "StorageClass" if context.storage_classes.contains(name) => true,
        "StorageClass" => context.provider.is_none_or(|provider| storage_classes(provider).contains(&name)),
        "ClusterSecretStore" => !context.closed,
        // The Gateways of a platform are in its tree, though their namespace is an add-on's.
        "Gateway" if context.closed => false,
        _ => !reference.namespace.is_empty() && context.is_unseen(&reference.namespace),
    }
}

/// Whether every cluster has this ClusterRole.
pub(super) fn is_of_every_cluster(role: &str) -> bool {
    ["admin", "cluster-admin", "edit", "view"].contains(&role) || role.starts_with("system:")
}

/// The storage classes that a provider's clusters come with.
fn storage_classes(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Aws => &["gp2"],
        Provider::Google => &["premium-rwo", "standard", "standard-rwo"],
        Provider::Azure => &["azurefile", "azurefile-csi", "azurefile-premium", "default", "managed", "managed-csi", "managed-csi-premium"],
        Provider::Kind => &["standard"],
        Provider::Existing => &[],
    }
}

/// Every Secret that a document makes: the Secret itself, an ExternalSecret, a Certificate, a database that a job makes.
fn secrets(context: &TreeContext) -> Secrets {
    let keys = |value: Option<&Value>| value.and_then(Value::as_object).map(|map| map.keys().cloned().collect::<BTreeSet<_>>());
    let mut secrets = Secrets::new();
    for object in context.inventory.of_kind("Secret") {
        let both = ["/data", "/stringData"].iter().filter_map(|place| keys(object.at(place))).flatten().collect();
        secrets.insert(format!("{}/{}", object.namespace, object.name), Some(both));
    }
    for object in context.inventory.of_kind("ExternalSecret") {
        let target = object.text("/spec/target/name");
        let name = if target.is_empty() { &object.name } else { target };
        let fetched = object.items("/spec/data").iter().filter_map(|entry| Some(entry.get("secretKey")?.as_str()?.to_owned()));
        let entries = match (keys(object.at("/spec/target/template/data")), object.items("/spec/dataFrom")) {
            (Some(keys), _) => Some(keys),
            (None, []) => Some(fetched.collect()),
            (None, _) => None,
        };
        secrets.insert(format!("{}/{name}", object.namespace), entries);
    }
    // CloudNativePG makes the password of a superuser.
    for object in context.inventory.of_kind("ConfigMap").flat_map(Object::held) {
        if object.at("/spec/enableSuperuserAccess").and_then(Value::as_bool) == Some(true) {
            secrets.insert(format!("{}/{}", object.namespace, Restored::superuser(&object.name)), None);
        }
    }
    for object in context.inventory.of_kind("Certificate") {
        let entries = ["ca.crt", "tls.crt", "tls.key"].map(str::to_owned).into();
        secrets.insert(format!("{}/{}", object.namespace, object.text("/spec/secretName")), Some(entries));
    }
    secrets
}
