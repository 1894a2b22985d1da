//! Variables and files of each container are those of the model, and so are its volumes.

use super::Finding;
use super::compare::expect;
use super::context::{RegionContext, Running};
use super::databases::restored;
use super::pod_specs::{Placed, placed};
use super::secrets::value_of;
use platgen::inventory::Object;
use platgen::model::{ConfigFile, FileContent, Medium, Source, Volume};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    for running in context.running() {
        for one in placed(&running) {
            variables(context, running, &one, found);
            files(context, running, &one, found);
        }
    }
}

fn variables(context: &RegionContext, running: Running, one: &Placed, found: &mut Vec<Finding>) {
    let Running { object, .. } = running;
    let texts: Map<String, Value> = one
        .container
        .variables
        .iter()
        .filter_map(|variable| if let Source::Text(text) = &variable.value { Some((variable.name.clone(), json!(text))) } else { None })
        .collect();
    let pointer = format!("{}/envFrom", one.pointer);
    if context.is_patched(object, &pointer) {
        return;
    }
    let sources: Vec<&Value> = object.items(&pointer).iter().filter(|source| source.get("secretRef").is_none()).collect();
    let name = sources.first().map(|source| text(source, "/configMapRef/name")).unwrap_or_default();
    let message = match (texts.is_empty(), sources.len()) {
        (true, 0) => return,
        (false, 1) => match context.inventory.get("ConfigMap", &object.namespace, name) {
            Some(map) => return content(context, map, &texts, &Map::new(), found),
            None => format!("the container `{}` of `{}` reads no ConfigMap that is there", one.container.name, object.id()),
        },
        (true, _) => format!("the container `{}` of `{}` reads variables that the spec does not have", one.container.name, object.id()),
        (false, _) => format!("the container `{}` of `{}` does not read exactly one ConfigMap", one.container.name, object.id()),
    };
    found.push(context.finding("wrong-config", object, message));
}

/// A ConfigMap has the entries of the model and can't change. That its name is the hash of its content, `platgen check` judges.
fn content(context: &RegionContext, map: &Object, texts: &Map<String, Value>, binaries: &Map<String, Value>, found: &mut Vec<Finding>) {
    for (place, wanted) in [("/data", texts), ("/binaryData", binaries)] {
        let wanted = if wanted.is_empty() { Value::Null } else { Value::Object(wanted.clone()) };
        expect(context, found, "wrong-config", map, place, &wanted);
    }
    expect(context, found, "wrong-config", map, "/immutable", &json!(true));
}

fn files(context: &RegionContext, running: Running, one: &Placed, found: &mut Vec<Finding>) {
    let Running { object, pod, .. } = running;
    let (mut texts, mut binaries) = (Map::new(), Map::new());
    let mut from = None;
    for file in &one.container.files {
        let fault = match stored(context, running, one, file) {
            Stored::Lacking(fault) => Some(fault.to_owned()),
            Stored::Plain(map, key) => {
                match &file.content {
                    FileContent::Binary(bytes) => binaries.insert(key.to_owned(), json!(base64(bytes))),
                    FileContent::Text(text) => texts.insert(key.to_owned(), json!(text)),
                    FileContent::Restored(database) => {
                        let printed = map.at("/data").and_then(|data| data.get(key)).cloned().unwrap_or_default();
                        restored(context, map, printed.as_str().unwrap_or_default(), database, found);
                        texts.insert(key.to_owned(), printed)
                    }
                    FileContent::Secret(_) => None,
                };
                from = Some(map);
                None
            }
            Stored::Secret => None,
        };
        let place = format!("{}/volumeMounts", one.pointer);
        if let Some(fault) =
            fault.filter(|_| !context.is_patched(object, &place) && !context.is_patched(object, &format!("{}/volumes", pod.spec())))
        {
            let message = format!("the file `{}` of the container `{}` of `{}` {fault}", file.path, one.container.name, object.id());
            found.push(context.finding("wrong-config", object, message));
        }
    }
    if let Some(map) = from {
        content(context, map, &texts, &binaries, found);
    }
}

/// Where a file of the model comes from.
enum Stored<'s> {
    /// A ConfigMap and the key in it.
    Plain(&'s Object, &'s str),
    /// A secret, the right one.
    Secret,
    /// Why it does not come.
    Lacking(&'static str),
}

fn stored<'s>(context: &'s RegionContext, Running { object, pod, .. }: Running<'s>, one: &Placed<'s>, file: &'s ConfigFile) -> Stored<'s> {
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
    let source = volume.get("configMap").or(volume.get("secret"));
    let items = source.and_then(|source| source.get("items")?.as_array());
    let item = items.and_then(|items| items.iter().find(|item| text(item, "/key") == key && text(item, "/path") == key));
    let mode = item.and_then(|item| item.get("mode")?.as_u64());
    if (items.is_some() && item.is_none()) || mode != file.mode.map(|mode| u64::from(mode.bits())) {
        return Stored::Lacking("has other permissions than the spec says, or is not in its volume");
    }
    match &file.content {
        FileContent::Text(_) | FileContent::Binary(_) | FileContent::Restored(_) => {
            match context.inventory.get("ConfigMap", &object.namespace, text(volume, "/configMap/name")) {
                Some(map) if !key.is_empty() => Stored::Plain(map, key),
                _ => Stored::Lacking("comes from no ConfigMap that is there"),
            }
        }
        FileContent::Secret(reference) => {
            let wanted = super::secrets::canonical(context, &Source::Secret(reference.clone()));
            let name = text(volume, "/secret/secretName");
            match value_of(context, &object.namespace, name, key) {
                Some(value) if value == wanted => Stored::Secret,
                _ => Stored::Lacking("does not come from its place in the secret manager"),
            }
        }
    }
}

/// Bytes in base64, bit by bit.
fn base64(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let digit = |six: &[u8]| {
        let number = (0..6).fold(0, |number, at| number * 2 + six.get(at).copied().unwrap_or(0));
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"+/").nth(usize::from(number)).map(char::from)
    };
    let text: String = bits.chunks(6).filter_map(digit).collect();
    format!("{text}{}", &"=="[..(3 - bytes.len() % 3) % 3])
}

/// Mounts and volumes.
pub(super) fn volumes(context: &RegionContext, found: &mut Vec<Finding>) {
    for running in context.running() {
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
            expect(context, found, "wrong-volumes", object, &pointer, &if wanted.is_empty() { Value::Null } else { Value::Array(wanted) });
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
        expect(context, found, "wrong-volumes", object, &pointer, &if wanted.is_empty() { Value::Null } else { Value::Array(wanted) });
        claims(context, running, found);
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
        Volume::Shared { name, claim, read_only } => {
            let read_only = if *read_only { json!(true) } else { Value::Null };
            Some(json!({"name": name, "persistentVolumeClaim": {"claimName": claim, "readOnly": read_only}}))
        }
    }
}

fn claims(context: &RegionContext, Running { workload, object, .. }: Running, found: &mut Vec<Finding>) {
    let wanted: Vec<(&str, String, &str)> = workload
        .volumes
        .iter()
        .filter_map(|volume| {
            if let Volume::Claim { name, size, class } = volume {
                Some((name.as_str(), size.canonical(), class.as_deref().unwrap_or_default()))
            } else {
                None
            }
        })
        .collect();
    let has = object.items("/spec/volumeClaimTemplates").iter();
    let has: Vec<(&str, String, &str)> = has
        .map(|claim| {
            let size = text(claim, "/spec/resources/requests/storage").to_owned();
            (text(claim, "/metadata/name"), size, text(claim, "/spec/storageClassName"))
        })
        .collect();
    if wanted != has && !context.is_patched(object, "/spec/volumeClaimTemplates") {
        let message = format!("`{}` claims {has:?}, where it should be {wanted:?}", object.id());
        found.push(context.finding("wrong-volumes", object, message));
    }
    let kept = json!({"whenDeleted": "Retain", "whenScaled": "Retain"});
    if object.kind == "StatefulSet" {
        let start = if workload.parallel_start { "Parallel" } else { "OrderedReady" };
        expect(context, found, "wrong-volumes", object, "/spec/podManagementPolicy", &json!(start));
        expect(context, found, "wrong-volumes", object, "/spec/persistentVolumeClaimRetentionPolicy", &kept);
        for at in 0..has.len() {
            expect(
                context,
                found,
                "wrong-volumes",
                object,
                &format!("/spec/volumeClaimTemplates/{at}/spec/accessModes"),
                &json!(["ReadWriteOnce"]),
            );
        }
    }
}
