//! The objects of a folder, each with its text as the server is shown it.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::judges::judge::{Finding, words};
use platgen::model::RESTORE_TESTS;

/// A document of a file.
pub struct Object {
    /// `v1` or `group/version`.
    pub version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file, relative to the tree.
    pub file: String,
    /// The document as it stands in the file.
    pub text: String,
    /// What it says.
    pub value: Value,
}

impl Object {
    /// The object of a document.
    pub fn new(file: &str, text: String, value: Value) -> Self {
        let meta = &value["metadata"];
        let [version, kind, namespace, name] = [&value["apiVersion"], &value["kind"], &meta["namespace"], &meta["name"]].map(words);
        Self { version, kind, namespace, name, file: file.to_owned(), text, value }
    }

    /// `Kind/namespace/name` or `Kind/name`.
    pub fn id(&self) -> String {
        let parts = [&self.kind, &self.namespace, &self.name].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// The API group, empty for the core.
    pub fn group(&self) -> &str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }

    /// A finding about the object.
    pub fn finding(&self, rule: &str, message: impl Into<String>) -> Finding {
        Finding::new("cluster", rule, &self.file, message).about(self.id())
    }

    /// The pod that a workload makes; `None` for other kinds.
    pub fn pod(&self) -> Option<Value> {
        let spec = &self.value["spec"];
        let template = match self.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => &spec["template"],
            "CronJob" => &spec["jobTemplate"]["spec"]["template"],
            _ => return None,
        };
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
        pod["metadata"]["name"] = json!(format!("{}-0", self.name));
        // The controller adds the volumes of the claims.
        for claim in spec["volumeClaimTemplates"].as_array().into_iter().flatten() {
            let volume = json!({"name": claim["metadata"]["name"], "persistentVolumeClaim": {"claimName": "claim"}});
            match pod["spec"]["volumes"].as_array_mut() {
                Some(volumes) => volumes.push(volume),
                None => pod["spec"]["volumes"] = json!([volume]),
            }
        }
        Some(pod)
    }
}

/// The objects of files below a folder, in the order of the files; a document that cannot be read is an error.
pub fn read(folder: &Path, files: &[&String]) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for file in files {
        let text = fs::read_to_string(folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        objects.extend(parse(file, &text)?);
    }
    let made = objects.iter().filter(|object| object.kind == "ConfigMap").flat_map(applied_by_jobs);
    let made: Vec<(String, String)> = made.collect();
    for (file, text) in made {
        objects.extend(parse(&file, &text)?);
    }
    Ok(objects)
}

/// The manifests in a ConfigMap that a job applies, each with the file that it stands in.
fn applied_by_jobs(map: &Object) -> Vec<(String, String)> {
    let data = map.value["data"].as_object().into_iter().flatten();
    let manifests = data.filter(|(key, _)| map.namespace == RESTORE_TESTS && key.ends_with(".yaml"));
    manifests.filter_map(|(_, text)| Some((map.file.clone(), text.as_str()?.to_owned()))).collect()
}

/// The objects of a file's text.
pub fn parse(file: &str, text: &str) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for text in documents(text) {
        let document = yaml_serde::Deserializer::from_str(&text);
        let value = Value::deserialize(document).map_err(|error| format!("{file}: {error}"))?;
        if !value.is_null() {
            objects.push(Object::new(file, text, value));
        }
    }
    Ok(objects)
}

/// The documents of a stream.
fn documents(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines() {
        match all.last_mut() {
            Some(last) if line.trim_end() != "---" => *last += &format!("{line}\n"),
            _ => all.push(String::new()),
        }
    }
    all.retain(|document| document.lines().any(|line| !line.is_empty() && !line.starts_with('#')));
    all
}
