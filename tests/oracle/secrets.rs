//! Presence: each secret value of the model leads, through the pod, its ExternalSecret and the store of its namespace, to one place in the
//! manager.
//!
//! Both sides are written in one form, `<key#property>` among literal text, so that how a Secret is put together does not matter.

use super::compare::expect;
use super::context::{RegionContext, Running};
use super::pod_specs::{Placed, placed};
use super::{Finding, addons};
use platgen::inventory::Object;
use platgen::model::{FactPart, Kind, SecretStore, Source, TemplatePart};
use platgen::provider::Provider;
use platgen::value::SecretRef;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    stores(context, found);
    registry(context, found);
    let of_programs = |object: &&Object| context.workload_of(object).is_some_and(|workload| workload.operated().is_none());
    for object in context.inventory.of_kind("ExternalSecret").filter(of_programs) {
        for (place, wanted) in [
            ("/spec/secretStoreRef/kind", json!("SecretStore")),
            ("/spec/target/creationPolicy", json!("Owner")),
            ("/spec/target/deletionPolicy", json!("Retain")),
            ("/spec/target/template/engineVersion", json!("v2")),
            ("/spec/target/template/type", json!("Opaque")),
            ("/spec/target/template/metadata/labels", json!(object.labels)),
        ] {
            expect(context, found, "wrong-secrets", object, place, &wanted);
        }
    }
    for running in context.running() {
        let Running { object, .. } = running;
        restarts(context, &running, found);
        for one in placed(&running) {
            whole(context, object, &one, found);
            let pointer = format!("{}/env", one.pointer);
            if context.is_patched(object, &pointer) {
                continue;
            }
            let has: Vec<(String, String)> = object
                .items(&pointer)
                .iter()
                .map(|variable| {
                    let text = |pointer: &str| variable.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                    let (secret, key) = (text("/valueFrom/secretKeyRef/name"), text("/valueFrom/secretKeyRef/key"));
                    let value = match (text("/valueFrom/fieldRef/fieldPath"), text("/value")) {
                        ("", "") => value_of(context, &object.namespace, secret, key).unwrap_or_else(|| "nothing that is there".to_owned()),
                        (field, value) => format!("{value}<{field}>"),
                    };
                    (text("/name").to_owned(), value)
                })
                .collect();
            let secrets = one.container.variables.iter().filter(|variable| !matches!(variable.value, Source::Text(_)));
            let wanted: Vec<(String, String)> =
                secrets.map(|variable| (variable.name.clone(), canonical(context, &variable.value))).collect();
            let differs = |(name, value): &&(String, String)| !has.iter().any(|(known, has)| known == name && has == value);
            let message = if let Some((name, value)) = wanted.iter().find(differs) {
                let read = has.iter().find(|(known, _)| known == name).map_or("nothing", |(_, value)| value.as_str());
                format!(
                    "the variable `{name}` of the container `{}` of `{}` reads {read}, where it should be {value}",
                    one.container.name,
                    object.id()
                )
            } else if let Some((name, _)) = has.iter().find(|(name, _)| !wanted.iter().any(|(known, _)| known == name)) {
                format!("the variable `{name}` of the container `{}` of `{}` is not in the spec", one.container.name, object.id())
            } else {
                continue;
            };
            found.push(context.finding("wrong-secrets", object, message));
        }
    }
}

/// Reloader restarts pods that keep running for each Secret that one of their containers names, unless the spec says otherwise.
fn restarts(context: &RegionContext, running: &Running, found: &mut Vec<Finding>) {
    let Running { object, workload, pod } = running;
    let runs_on = matches!(object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet");
    let mut names = BTreeSet::new();
    let mut add = |value: Option<&Value>| _ = value.and_then(Value::as_str).map(|name| names.insert(name.to_owned()));
    for one in placed(running) {
        object.items(&format!("{}/envFrom", one.pointer)).iter().for_each(|source| add(source.pointer("/secretRef/name")));
        object.items(&format!("{}/env", one.pointer)).iter().for_each(|variable| add(variable.pointer("/valueFrom/secretKeyRef/name")));
    }
    object.items(&format!("{}/volumes", pod.spec())).iter().for_each(|volume| add(volume.pointer("/secret/secretName")));
    let wanted = if runs_on && workload.restarts_on_rotation && !names.is_empty() {
        json!(names.into_iter().collect::<Vec<_>>().join(","))
    } else {
        Value::Null
    };
    expect(context, found, "wrong-secrets", object, "/metadata/annotations/secret.reloader.stakater.com~1reload", &wanted);
}

/// A container reads its whole secrets in the order of the spec, before its ConfigMap, so that plain variables win.
fn whole(context: &RegionContext, object: &Object, one: &Placed, found: &mut Vec<Finding>) {
    let pointer = format!("{}/envFrom", one.pointer);
    if context.is_patched(object, &pointer) {
        return;
    }
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let place = |source: &Value| {
        let name = text(source, "/secretRef/name");
        let made = context
            .inventory
            .of_kind("ExternalSecret")
            .find(|made| made.namespace == object.namespace && made.text("/spec/target/name") == name);
        made.filter(|made| made.items("/spec/data").is_empty())
            .map(|made| made.items("/spec/dataFrom"))
            .unwrap_or_default()
            .iter()
            .map(|from| text(from, "/extract/key"))
            .collect::<String>()
    };
    let sources = object.items(&pointer);
    let has: Vec<String> = sources.iter().take_while(|source| source.get("secretRef").is_some()).map(place).collect();
    let wanted: Vec<String> = one.container.secrets.iter().map(|path| manager_key(context, path.as_str())).collect();
    if has != wanted || sources.iter().skip(has.len()).any(|source| source.get("secretRef").is_some()) {
        let message =
            format!("the container `{}` of `{}` reads the secrets {has:?}, where it should be {wanted:?}", one.container.name, object.id());
        found.push(context.finding("wrong-secrets", object, message));
    }
}

/// Every store reads the manager of the spec, as the account of its namespace.
fn stores(context: &RegionContext, found: &mut Vec<Finding>) {
    for store in context.inventory.of_kind("SecretStore").filter(|store| !context.is_by_hand(store)) {
        expect(context, found, "wrong-secrets", store, "/spec/provider", &manager(context, &store.namespace));
        if let Some(account) = context.inventory.get("ServiceAccount", &store.namespace, ACCOUNT) {
            expect(context, found, "wrong-secrets", account, "/metadata/annotations", &reader(context, &store.namespace));
        }
    }
}

/// Every account pulls images with the Secret of its namespace, which holds the registry secret of the spec, and with nothing else.
fn registry(context: &RegionContext, found: &mut Vec<Finding>) {
    const NAME: &str = "platgen-registry";
    let pull = context.region.cluster.registry_secret.as_ref();
    let wanted = pull.map_or(Value::Null, |_| json!([{"name": NAME}]));
    for account in context.inventory.of_kind("ServiceAccount").filter(|account| !context.is_by_hand(account)) {
        let wanted = if addons::is_of_addons(&account.namespace) { &Value::Null } else { &wanted };
        expect(context, found, "wrong-secrets", account, "/imagePullSecrets", wanted);
    }
    let namespaces = pull.iter().flat_map(|_| context.platform.namespaces_in(context.region)).map(|namespace| namespace.name.as_str());
    for namespace in namespaces.filter(|name| !addons::is_of_addons(name)) {
        if context.inventory.get("ExternalSecret", namespace, NAME).is_none() {
            let message = format!("the registry secret of the namespace `{namespace}` is not there");
            found.push(context.about("wrong-secrets", &format!("ExternalSecret/{namespace}/{NAME}"), message));
        }
    }
    for object in context.inventory.of_kind("ExternalSecret").filter(|object| object.name == NAME && !context.is_by_hand(object)) {
        let mut source = json!({"key": pull.map(|path| manager_key(context, path.as_str()))});
        if matches!((context.platform.secrets.store, context.region.provider), (SecretStore::Cloud, Provider::Kind | Provider::Existing)) {
            source["property"] = json!(".dockerconfigjson");
        }
        let template = json!({"engineVersion": "v2", "type": "kubernetes.io/dockerconfigjson", "metadata": {"labels": object.labels}});
        let target = json!({"name": NAME, "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template});
        for (place, wanted) in [
            ("/spec/secretStoreRef", json!({"kind": "SecretStore", "name": ACCOUNT})),
            ("/spec/refreshInterval", json!("1h")),
            ("/spec/target", target),
            ("/spec/data", json!([{"secretKey": ".dockerconfigjson", "remoteRef": source}])),
        ] {
            expect(context, found, "wrong-secrets", object, place, &wanted);
        }
    }
}

/// The account that a store reads with.
const ACCOUNT: &str = "platgen";

/// What the account of a store carries: on AWS the role that it takes.
fn reader(context: &RegionContext, namespace: &str) -> Value {
    match (context.platform.secrets.store, context.region.provider, &context.region.account) {
        (SecretStore::Cloud, Provider::Aws, Some(account)) => {
            json!({"eks.amazonaws.com/role-arn": format!("arn:aws:iam::{account}:role/{}", context.region.secrets_role(namespace))})
        }
        _ => Value::Null,
    }
}

/// The manager as a store of a namespace names it.
fn manager(context: &RegionContext, namespace: &str) -> Value {
    let (platform, region) = (context.platform, context.region);
    let account = json!({"name": ACCOUNT});
    match (platform.secrets.store, region.provider) {
        (SecretStore::Vault, _) => {
            let (server, path, role) = platform.secrets.vault.clone().unwrap_or_default();
            let kubernetes = json!({"mountPath": "kubernetes", "role": role, "serviceAccountRef": account});
            json!({"vault": {"server": server, "path": path, "version": "v2", "auth": {"kubernetes": kubernetes}}})
        }
        (SecretStore::Cloud, Provider::Aws) => {
            json!({"aws": {"service": "SecretsManager", "region": region.name, "auth": {"jwt": {"serviceAccountRef": account}}}})
        }
        (SecretStore::Cloud, Provider::Google) => {
            let identity = json!({"clusterLocation": region.name, "clusterName": region.cluster.name, "serviceAccountRef": account});
            json!({"gcpsm": {"projectID": region.account.clone().unwrap_or_default(), "auth": {"workloadIdentity": identity}}})
        }
        (SecretStore::Cloud, Provider::Azure) => {
            let vault = format!("https://{}.vault.azure.net", region.key_vault());
            json!({"azurekv": {"authType": "WorkloadIdentity", "vaultUrl": vault, "serviceAccountRef": account}})
        }
        (SecretStore::Cloud, Provider::Kind | Provider::Existing) => {
            let authority = json!({"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"});
            let auth = json!({"serviceAccount": account});
            json!({"kubernetes": {"remoteNamespace": namespace, "server": {"caProvider": authority}, "auth": auth}})
        }
    }
}

/// The place of a secret in the manager, with the characters that it allows.
fn remote_key(context: &RegionContext, reference: &SecretRef) -> String {
    manager_key(context, reference.path())
}

/// A path in the manager, with the characters that it allows.
pub(super) fn manager_key(context: &RegionContext, path: &str) -> String {
    let key = format!("{}/{path}", context.platform.environment);
    let replaced = |key: &str, fits: fn(char) -> bool| key.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    match (context.platform.secrets.store, context.region.provider) {
        (SecretStore::Vault, _) | (SecretStore::Cloud, Provider::Aws) => key,
        (SecretStore::Cloud, Provider::Google) => replaced(&key, |c| c.is_ascii_alphanumeric() || "-_".contains(c)),
        (SecretStore::Cloud, Provider::Azure) => replaced(&key, |c| c.is_ascii_alphanumeric()),
        (SecretStore::Cloud, Provider::Kind | Provider::Existing) => {
            replaced(&key.to_ascii_lowercase(), |c| c.is_ascii_alphanumeric() || c == '.')
        }
    }
}

/// A value of the model in the common form.
pub(super) fn canonical(context: &RegionContext, source: &Source) -> String {
    let place = |reference: &SecretRef, url: bool| {
        format!("<{}#{}{}>", remote_key(context, reference), reference.key(), if url { " in a URL" } else { "" })
    };
    match source {
        Source::Text(text) => text.clone(),
        Source::Secret(reference) => place(reference, false),
        Source::Template(parts) => parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Secret { reference, in_url } => place(reference, *in_url),
            })
            .collect(),
        Source::Made { secret, key } => of_operator(secret, key),
        Source::Fact(fact) => format!("<{}>", fact.field()),
        Source::Composed(parts) => {
            let part = |part: &FactPart| match part {
                FactPart::Text(text) => text.replace('$', "$$"),
                FactPart::Fact(fact) => format!("$({})", fact.variable()),
            };
            format!("{}<>", parts.iter().map(part).collect::<String>())
        }
    }
}

/// An entry of a Secret of an operator in the common form.
fn of_operator(secret: &str, key: &str) -> String {
    format!("<{secret}#{key} of an operator>")
}

/// What stands in an entry of a Secret, in the common form; none where nothing makes it.
pub(super) fn value_of(context: &RegionContext, namespace: &str, secret: &str, key: &str) -> Option<String> {
    // CloudNativePG makes the password of a superuser.
    let restored = secret.strip_suffix("-superuser").and_then(|name| context.region.workloads.get(&format!("{namespace}/{name}")));
    if key == "password" && restored.is_some_and(|workload| matches!(workload.kind, Kind::Restored(_))) {
        return Some(of_operator(secret, key));
    }
    // The ExternalSecret has the name of its Secret unless it says otherwise.
    let target = |object: &&Object| object.namespace == namespace && object.text("/spec/target/name") == secret;
    let direct = context.inventory.get("ExternalSecret", namespace, secret).filter(target);
    let object = direct.or_else(|| context.inventory.of_kind("ExternalSecret").find(target))?;
    let fetched = |name: &str| {
        let entry = object.items("/spec/data").iter().find(|entry| entry.get("secretKey").and_then(Value::as_str) == Some(name))?;
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        Some((text("/remoteRef/key"), text("/remoteRef/property")))
    };
    match object.at("/spec/target/template/data") {
        None => fetched(key).map(|(key, property)| format!("<{key}#{property}>")),
        Some(template) => Some(filled(template.get(key)?.as_str()?, fetched)),
    }
}

/// A template of the secret operator with the places of its values in it.
fn filled<'s>(template: &str, fetched: impl Fn(&str) -> Option<(&'s str, &'s str)>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((action, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        rest = after;
        let action = action.trim();
        if action == "\"{\"" {
            out.push('{');
            continue;
        }
        let (name, url) = match action.split_once(" | ") {
            Some((name, "urlquery | replace \"+\" \"%20\"")) => (name, " in a URL"),
            Some(_) => ("", ""),
            None => (action, ""),
        };
        match name.strip_prefix('.').and_then(&fetched) {
            Some((key, property)) => out.push_str(&format!("<{key}#{property}{url}>")),
            None => out.push_str("<nothing>"),
        }
    }
    out.push_str(rest);
    out
}

/// Templates of the secret operator become places in the manager.
pub(crate) fn templates_become_places() {
    let fetched = |name: &str| (name == "a").then_some(("dev/db", "password"));
    assert_eq!(
        filled("x {{ .a }}/{{ .a | urlquery | replace \"+\" \"%20\" }} {{ \"{\" }}{", fetched),
        "x <dev/db#password>/<dev/db#password in a URL> {{"
    );
    assert_eq!(filled("{{ .b }}{{ .a | upper }}{{ .a", fetched), "<nothing><nothing> .a");
}
