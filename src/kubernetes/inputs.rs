//! Variables and files of a workload -> its ConfigMaps, its ExternalSecret, and the references to both in each container.
//!
//! A ConfigMap is immutable, and its name ends with a hash over environment, namespace, name and content. So a pod never reads the ConfigMap of
//! another environment, and a change starts a rollout. All values from the secret manager are in one Secret per workload.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::base64::base64;
use super::metadata::{Context, Metadata, Owner, Texts, fragment};
use super::secrets::{Entry, Value, external_secret, whole_secret};
use super::volume::{Item, Volume};
use crate::model::{Container, FactPart, FileContent, Source, TemplatePart, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::{SecretPath, digest, truncate_with_hash};
use crate::yaml::Document;

/// The variables and files of all containers of a workload.
#[derive(Default)]
pub(super) struct Inputs {
    /// ConfigMaps and the ExternalSecret.
    pub(super) documents: Vec<Document>,
    /// The names of the Secrets.
    pub(super) secrets: BTreeSet<String>,
    /// Volumes with files.
    pub(super) volumes: Vec<Volume>,
    /// The inputs of each container, by its name.
    pub(super) containers: BTreeMap<String, ContainerInputs>,
}

/// The variables and files of one container.
#[derive(Default)]
pub(super) struct ContainerInputs {
    /// The objects whose entries are variables; later ones override earlier ones.
    pub(super) sources: Vec<VariableSource>,
    /// Variables that are not in these objects, which they override. A variable stands before those that refer to it.
    pub(super) variables: Vec<EnvironmentVariable>,
    /// Files.
    pub(super) mounts: Vec<FileMount>,
}

/// An object whose entries are variables.
#[derive(Serialize)]
pub(super) struct VariableSource {
    /// The field that refers to it: `configMapRef` or `secretRef`.
    kind: &'static str,
    name: String,
}

/// A variable with its value, the field of the pod that holds the value, or the entry of the workload's Secret.
#[derive(Default, Serialize)]
pub(super) struct EnvironmentVariable {
    name: String,
    value: Option<String>,
    field: Option<&'static str>,
    secret: Option<SecretKey>,
}

/// An entry of a Secret.
#[derive(Serialize)]
struct SecretKey {
    name: String,
    key: String,
}

/// A single file in a container.
pub(super) struct FileMount {
    pub(super) volume: String,
    pub(super) path: String,
    pub(super) key: String,
}

#[derive(Serialize)]
struct ConfigMap {
    metadata: Metadata,
    data: Option<Fragment>,
    /// Entries in base64.
    binary: Option<Fragment>,
}

/// The manifest of the database with this `namespace/name`, which a file of a job holds. None without such a database.
pub(super) type Manifest = fn(&Context, &str) -> Result<Option<String>, TemplateError>;

/// Makes the inputs of a workload.
pub(super) fn inputs(owner: &Owner, manifest: Manifest) -> Result<Inputs, TemplateError> {
    let workload = owner.workload;
    let mut inputs = Inputs::default();
    let mut entries: Vec<Entry> = Vec::new();
    let mut secret_files: Vec<Item> = Vec::new();
    let mut whole: BTreeMap<&SecretPath, String> = BTreeMap::new();
    for container in workload.containers() {
        let main = container.name == workload.main.name;
        let prefix = if main { workload.name.to_string() } else { format!("{}-{}", workload.name, container.name) };
        let mut seen = ContainerInputs::default();

        for path in &container.secrets {
            let name = match whole.get(path) {
                Some(name) => name.clone(),
                None => {
                    let name = whole_secret_name(owner, path);
                    inputs.documents.extend(whole_secret(owner, &name, path)?);
                    inputs.secrets.insert(name.clone());
                    whole.insert(path, name.clone());
                    name
                }
            };
            seen.sources.push(VariableSource { kind: "secretRef", name });
        }
        let mut texts = Texts::new();
        for variable in &container.variables {
            let value = match &variable.value {
                Source::Text(text) => {
                    texts.insert(variable.name.clone(), text.clone());
                    continue;
                }
                Source::Secret(reference) => Value::Whole(reference.clone()),
                Source::Template(parts) => Value::Template(parts.clone()),
                Source::Fact(fact) => {
                    let name = variable.name.clone();
                    seen.variables.push(EnvironmentVariable { name, field: Some(fact.field()), ..EnvironmentVariable::default() });
                    continue;
                }
                Source::Made { secret, key } => {
                    let (name, secret) = (variable.name.clone(), SecretKey { name: secret.clone(), key: (*key).to_owned() });
                    seen.variables.push(EnvironmentVariable { name, secret: Some(secret), ..EnvironmentVariable::default() });
                    continue;
                }
                Source::Composed(parts) => {
                    let name = variable.name.clone();
                    seen.variables.push(EnvironmentVariable { name, value: Some(expanding(parts)), ..EnvironmentVariable::default() });
                    continue;
                }
            };
            let wanted = if main { variable.name.clone() } else { format!("{}.{}", container.name, variable.name) };
            let key = claim(&mut entries, &wanted, value);
            let (name, secret) = (variable.name.clone(), Some(SecretKey { name: String::new(), key }));
            seen.variables.push(EnvironmentVariable { name, secret, ..EnvironmentVariable::default() });
        }
        if !texts.is_empty() {
            let (name, document) = config_map(owner, container, &format!("{prefix}-config"), texts, Texts::new())?;
            seen.sources.push(VariableSource { kind: "configMapRef", name });
            inputs.documents.extend(document);
        }

        let (mut files, mut binaries) = (Texts::new(), Texts::new());
        let mut items: Vec<Item> = Vec::new();
        for file in &container.files {
            let base = file.path.rsplit('/').next().unwrap_or_default();
            let base: String = base.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' }).collect();
            // The key of an entry has at most 253 characters, and a container's name and a number may follow.
            let base = truncate_with_hash(base.trim_start_matches(".."), 180);
            match &file.content {
                FileContent::Text(_) | FileContent::Binary(_) | FileContent::Restored(_) => {
                    let key = unused(&base, |key| items.iter().any(|(known, _)| known == key));
                    items.push((key.clone(), file.mode));
                    let (volume, path) = (volume_name(workload, container.name.as_str(), main), file.path.clone());
                    seen.mounts.push(FileMount { volume, path, key: key.clone() });
                    match &file.content {
                        FileContent::Text(text) => _ = files.insert(key, text.clone()),
                        FileContent::Binary(bytes) => _ = binaries.insert(key, base64(bytes)),
                        FileContent::Restored(database) => {
                            let manifest = manifest(owner.context, database)?;
                            files.extend(manifest.map(|text| (key, text)));
                        }
                        FileContent::Secret(_) => (),
                    }
                }
                FileContent::Secret(reference) => {
                    let wanted = if main { base } else { format!("{}.{base}", container.name) };
                    let key = claim(&mut entries, &wanted, Value::Whole(reference.clone()));
                    secret_files.push((key.clone(), file.mode));
                    seen.mounts.push(FileMount { volume: SECRET_VOLUME.to_owned(), path: file.path.clone(), key });
                }
            }
        }
        if !items.is_empty() {
            let (name, document) = config_map(owner, container, &format!("{prefix}-files"), files, binaries)?;
            inputs.documents.extend(document);
            inputs.volumes.push(Volume::config_map(volume_name(workload, container.name.as_str(), main), &name, &items));
        }
        inputs.containers.insert(container.name.to_string(), seen);
    }
    if entries.is_empty() {
        return Ok(inputs);
    }
    // The name is a hash of all entries.
    let secret_name = secret_name(owner, &entries);
    let keys = inputs.containers.values_mut().flat_map(|seen| &mut seen.variables).filter_map(|variable| variable.secret.as_mut());
    for secret in keys.filter(|secret| secret.name.is_empty()) {
        secret.name.clone_from(&secret_name);
    }
    if !secret_files.is_empty() {
        inputs.volumes.push(Volume::secret(SECRET_VOLUME.to_owned(), &secret_name, &secret_files));
    }
    inputs.documents.extend(external_secret(owner, &secret_name, &entries)?);
    inputs.secrets.insert(secret_name);
    Ok(inputs)
}

/// The name of a workload's Secret, which ends with a hash over the references and templates of its entries. So a pod never starts with the Secret
/// of another version of the spec, and a change starts a rollout. New values in the secret manager do not change the name.
fn secret_name(owner: &Owner, entries: &[Entry]) -> String {
    let workload = owner.workload;
    let mut parts = vec![owner.context.platform.environment.to_string(), workload.namespace.to_string(), workload.name.to_string()];
    for entry in entries {
        parts.push(entry.key.clone());
        match &entry.value {
            Value::Whole(reference) => parts.push(reference.to_string()),
            Value::Template(pieces) => parts.extend(pieces.iter().map(|piece| match piece {
                TemplatePart::Text(literal) => format!("text {literal}"),
                TemplatePart::Secret { reference, in_url } => format!("{} {reference}", if *in_url { "url" } else { "value" }),
            })),
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    format!("{}-{}", truncate_with_hash(&format!("{}-secrets", workload.name), 242), digest(&parts, 10))
}

/// The name of the Secret of a whole secret: the end of its path, and a hash that tells equal ends apart.
fn whole_secret_name(owner: &Owner, path: &SecretPath) -> String {
    let workload = owner.workload;
    let parts = [owner.context.platform.environment.as_str(), workload.namespace.as_str(), workload.name.as_str(), path.as_str()];
    let end = path.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let end: String = end.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}-{}", truncate_with_hash(&format!("{}-{}", workload.name, end.trim_matches('-')), 242), digest(&parts, 10))
}

/// A value in which Kubernetes inserts facts of the pod: it reads `$(NAME)` as a variable and `$$` as `$`.
fn expanding(parts: &[FactPart]) -> String {
    let part = |part: &FactPart| match part {
        FactPart::Text(text) => text.replace('$', "$$"),
        FactPart::Fact(fact) => format!("$({})", fact.variable()),
    };
    parts.iter().map(part).collect()
}

/// The volume with the files from the secret manager.
const SECRET_VOLUME: &str = "platgen-secret-files";

/// The volume with a container's files.
fn volume_name(workload: &Workload, container: &str, main: bool) -> String {
    let taken: BTreeSet<&str> = workload.volumes.iter().map(crate::model::Volume::name).collect();
    let wanted = if main { "platgen-files".to_owned() } else { truncate_with_hash(&format!("platgen-files-{container}"), 60) };
    unused(&wanted, |name| taken.contains(name) || name == SECRET_VOLUME)
}

/// Adds a value to the Secret and returns its key: the wanted one, with a number behind it if the key is taken.
fn claim(entries: &mut Vec<Entry>, wanted: &str, value: Value) -> String {
    let key = unused(wanted, |key| entries.iter().any(|entry| entry.key == key));
    entries.push(Entry { key: key.clone(), value });
    key
}

/// The name, with a number behind it where it is taken.
fn unused(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let wanted = if wanted.is_empty() { "file" } else { wanted };
    let mut name = wanted.to_owned();
    let mut number = 1;
    while taken(&name) {
        number += 1;
        name = format!("{wanted}-{number}");
    }
    name
}

/// A ConfigMap with this content, and its name. The hash takes workload and container apart, because `web-agent` may be the name of a workload or
/// of the container `agent` of `web`.
pub(super) fn config_map(
    owner: &Owner,
    container: &Container,
    name: &str,
    data: Texts,
    binary: Texts,
) -> Result<(String, Vec<Document>), TemplateError> {
    let mut parts = vec![owner.context.platform.environment.as_str(), name];
    parts.extend([&owner.workload.namespace, &owner.workload.name, &container.name].map(|part| part.as_str()));
    parts.extend(data.iter().chain(&binary).flat_map(|(key, value)| [key.as_str(), value.as_str()]));
    let name = format!("{}-{}", truncate_with_hash(name, 242), digest(&parts, 10));
    let entries = |texts: &Texts| (!texts.is_empty()).then(|| fragment(texts));
    let view = ConfigMap { metadata: owner.metadata(&name), data: entries(&data), binary: entries(&binary) };
    let documents = render_yaml("kubernetes/config-map.yaml.j2", &view)?;
    Ok((name, documents))
}
