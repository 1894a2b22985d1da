//! Presence: variables and files of each container as the model has them, in ConfigMaps whose names are their content, and its volumes.

use super::Finding;
use super::compare::expect;
use super::running::{Placed, placed};
use super::scene::{RENDER, Running, Scene};
use super::secrets::value_of;
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::model::{ConfigFile, FileContent, Medium, Source, Volume, Workload};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn judge(scene: &Scene, found: &mut Vec<Finding>) {
    for running in scene.running() {
        for one in placed(&running) {
            variables(scene, running, &one, found);
            files(scene, running, &one, found);
        }
    }
}

fn variables(scene: &Scene, running: Running, one: &Placed, found: &mut Vec<Finding>) {
    let Running { workload, object, .. } = running;
    let texts: Map<String, Value> = one
        .container
        .variables
        .iter()
        .filter_map(|variable| if let Source::Text(text) = &variable.value { Some((variable.name.clone(), json!(text))) } else { None })
        .collect();
    let pointer = format!("{}/envFrom", one.pointer);
    if scene.is_patched(object, &pointer) {
        return;
    }
    let sources = object.items(&pointer);
    let name = sources.first().map(|source| text(source, "/configMapRef/name")).unwrap_or_default();
    let message = match (texts.is_empty(), sources.len()) {
        (true, 0) => return,
        (false, 1) => match scene.inventory.get("ConfigMap", &object.namespace, name) {
            Some(map) => return content(scene, workload, one, map, "config", &texts, found),
            None => format!("the container `{}` of `{}` reads no ConfigMap that is there", one.container.name, object.id()),
        },
        (true, _) => format!("the container `{}` of `{}` reads variables that the spec does not have", one.container.name, object.id()),
        (false, _) => format!("the container `{}` of `{}` does not read exactly one ConfigMap", one.container.name, object.id()),
    };
    found.push(scene.finding(Code::WrongConfig, object, message, RENDER));
}

/// A ConfigMap has what the model says, can't change, and is called by its content.
fn content(
    scene: &Scene,
    workload: &Workload,
    one: &Placed,
    map: &Object,
    what: &str,
    wanted: &Map<String, Value>,
    found: &mut Vec<Finding>,
) {
    expect(scene, found, Code::WrongConfig, map, "/data", &Value::Object(wanted.clone()));
    expect(scene, found, Code::WrongConfig, map, "/binaryData", &Value::Null);
    expect(scene, found, Code::WrongConfig, map, "/immutable", &json!(true));
    let own = one.container.name == workload.main.name;
    let prefix = if own { format!("{}-{what}", workload.name) } else { format!("{}-{}-{what}", workload.name, one.container.name) };
    let mut parts = vec![
        scene.platform.environment.as_str(),
        &prefix,
        workload.namespace.as_str(),
        workload.name.as_str(),
        one.container.name.as_str(),
    ];
    let entries = map.at("/data").and_then(Value::as_object);
    parts.extend(entries.into_iter().flatten().flat_map(|(key, value)| [key.as_str(), value.as_str().unwrap_or_default()]));
    if !map.name.ends_with(&format!("-{}", digest(&parts))) && !scene.is_changed(map) {
        let message = format!("`{}` has not the name of its content", map.id());
        found.push(scene.finding(Code::HashMismatch, map, message, "render again instead of editing the file"));
    }
}

/// The first ten hexadecimal digits of a hash over parts, each with its length before it. Spelt out here once more, so that names are held to
/// what they promise and not to what made them.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

fn files(scene: &Scene, running: Running, one: &Placed, found: &mut Vec<Finding>) {
    let Running { workload, object, pod } = running;
    let mut texts = Map::new();
    let mut from = None;
    for file in &one.container.files {
        let fault = match stored(scene, running, one, file) {
            Stored::Lacking(fault) => Some(fault.to_owned()),
            Stored::Text(map, key, text) => {
                texts.insert(key.to_owned(), json!(text));
                from = Some(map);
                None
            }
            Stored::Secret => None,
        };
        let place = format!("{}/volumeMounts", one.pointer);
        if let Some(fault) =
            fault.filter(|_| !scene.is_patched(object, &place) && !scene.is_patched(object, &format!("{}/volumes", pod.spec())))
        {
            let message = format!("the file `{}` of the container `{}` of `{}` {fault}", file.path, one.container.name, object.id());
            found.push(scene.finding(Code::WrongConfig, object, message, RENDER));
        }
    }
    if let Some(map) = from {
        content(scene, workload, one, map, "files", &texts, found);
    }
}

/// Where a file of the model comes from.
enum Stored<'s> {
    /// A ConfigMap, the key in it, and what the model has there.
    Text(&'s Object, &'s str, &'s str),
    /// A secret, the right one.
    Secret,
    /// Why it does not come.
    Lacking(&'static str),
}

fn stored<'s>(scene: &'s Scene, Running { object, pod, .. }: Running<'s>, one: &Placed<'s>, file: &'s ConfigFile) -> Stored<'s> {
    let mounts = object.items(&format!("{}/volumeMounts", one.pointer));
    let Some(mount) = mounts.iter().find(|mount| text(mount, "/mountPath") == file.path) else { return Stored::Lacking("is not mounted") };
    if mount.get("readOnly").and_then(Value::as_bool) != Some(true) {
        return Stored::Lacking("can be written");
    }
    let volumes = object.items(&format!("{}/volumes", pod.spec()));
    let Some(volume) = volumes.iter().find(|volume| text(volume, "/name") == text(mount, "/name")) else {
        return Stored::Lacking("has no volume");
    };
    let key = text(mount, "/subPath");
    match &file.content {
        FileContent::Text(wanted) => match scene.inventory.get("ConfigMap", &object.namespace, text(volume, "/configMap/name")) {
            Some(map) if !key.is_empty() => Stored::Text(map, key, wanted),
            _ => Stored::Lacking("comes from no ConfigMap that is there"),
        },
        FileContent::Secret(reference) => {
            let wanted = super::secrets::canonical(scene, &Source::Secret(reference.clone()));
            let name = text(volume, "/secret/secretName");
            match value_of(scene, &object.namespace, name, key) {
                Some(value) if value == wanted => Stored::Secret,
                _ => Stored::Lacking("does not come from its place in the secret manager"),
            }
        }
    }
}

/// Mounts and volumes.
pub(super) fn volumes(scene: &Scene, found: &mut Vec<Finding>) {
    for running in scene.running() {
        let Running { workload, object, pod } = running;
        let containers = placed(&running);
        for one in &containers {
            let pointer = format!("{}/volumeMounts", one.pointer);
            let read_only = |value: bool| if value { json!(true) } else { Value::Null };
            let own = one
                .container
                .mounts
                .iter()
                .map(|mount| json!({"name": mount.volume, "mountPath": mount.path, "readOnly": read_only(mount.read_only)}));
            let paths: BTreeSet<&str> = one.container.files.iter().map(|file| file.path.as_str()).collect();
            // How files are mounted is judged with what is in them.
            let of_files = object.items(&pointer).iter().filter(|mount| paths.contains(text(mount, "/mountPath"))).cloned();
            let wanted: Vec<Value> = own.chain(of_files).collect();
            expect(scene, found, Code::WrongVolumes, object, &pointer, &if wanted.is_empty() { Value::Null } else { Value::Array(wanted) });
        }
        let mounted: BTreeSet<&str> = containers
            .iter()
            .flat_map(|one| {
                let paths: BTreeSet<&str> = one.container.files.iter().map(|file| file.path.as_str()).collect();
                object.items(&format!("{}/volumeMounts", one.pointer)).iter().filter(move |mount| paths.contains(text(mount, "/mountPath")))
            })
            .map(|mount| text(mount, "/name"))
            .collect();
        let pointer = format!("{}/volumes", pod.spec());
        let of_files = object.items(&pointer).iter().filter(|volume| {
            mounted.contains(text(volume, "/name")) && (volume.get("configMap").is_some() || volume.get("secret").is_some())
        });
        let modes = of_files.cloned().map(|mut volume| {
            // Files of a secret are for the pod's group alone.
            if let Some(secret) = volume.get_mut("secret").and_then(Value::as_object_mut) {
                secret.insert("defaultMode".to_owned(), json!(0o440));
            }
            volume
        });
        let wanted: Vec<Value> = workload.volumes.iter().filter_map(volume).chain(modes).collect();
        expect(scene, found, Code::WrongVolumes, object, &pointer, &if wanted.is_empty() { Value::Null } else { Value::Array(wanted) });
        claims(scene, running, found);
    }
}

fn volume(volume: &Volume) -> Option<Value> {
    match volume {
        Volume::Tmp { name, medium, size } => {
            let medium = if *medium == Medium::Memory { json!("Memory") } else { Value::Null };
            Some(json!({"name": name, "emptyDir": {"medium": medium, "sizeLimit": size.canonical()}}))
        }
        Volume::Host(host) => Some(json!({"name": host.name, "hostPath": {"path": host.path}})),
        Volume::Claim { .. } => None,
    }
}

fn claims(scene: &Scene, Running { workload, object, .. }: Running, found: &mut Vec<Finding>) {
    let wanted: Vec<(&str, String)> = workload
        .volumes
        .iter()
        .filter_map(|volume| if let Volume::Claim { name, size } = volume { Some((name.as_str(), size.canonical())) } else { None })
        .collect();
    let has = object.items("/spec/volumeClaimTemplates").iter();
    let has: Vec<(&str, String)> =
        has.map(|claim| (text(claim, "/metadata/name"), text(claim, "/spec/resources/requests/storage").to_owned())).collect();
    if wanted != has && !scene.is_patched(object, "/spec/volumeClaimTemplates") {
        let message = format!("`{}` claims {has:?}, where it should be {wanted:?}", object.id());
        found.push(scene.finding(Code::WrongVolumes, object, message, RENDER));
    }
    let kept = json!({"whenDeleted": "Retain", "whenScaled": "Retain"});
    if object.kind == "StatefulSet" {
        expect(scene, found, Code::WrongVolumes, object, "/spec/persistentVolumeClaimRetentionPolicy", &kept);
        for at in 0..has.len() {
            expect(
                scene,
                found,
                Code::WrongVolumes,
                object,
                &format!("/spec/volumeClaimTemplates/{at}/spec/accessModes"),
                &json!(["ReadWriteOnce"]),
            );
        }
    }
}
