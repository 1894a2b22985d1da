//! The definitions of custom kinds that the server is given.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::api::{APPLY, Api};
use super::objects::{self, Object};
use super::process::wait;
use crate::judges::judge::list;

/// How long a definition may take until its kind is served.
const SERVED: Duration = Duration::from_secs(120);

/// The CustomResourceDefinitions of a folder, in the order of their files.
pub fn read(folder: &Path) -> Result<Vec<Object>, String> {
    let mut files = Vec::new();
    list_files(folder, "", &mut files).map_err(|error| format!("{}: {error}", folder.display()))?;
    files.sort();
    let mut objects = objects::read(folder, &files.iter().collect::<Vec<_>>())?;
    objects.retain(|object| object.kind == "CustomResourceDefinition");
    if objects.is_empty() { Err(format!("no CustomResourceDefinition in {}", folder.display())) } else { Ok(objects) }
}

/// YAML files below a folder.
fn list_files(root: &Path, below: &str, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            list_files(root, &path, files)?;
        } else if path.ends_with(".yaml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Stores definitions, and waits until their kinds are served.
pub fn load(api: &Api, definitions: &[Object]) -> Result<(), String> {
    for object in definitions {
        // Several bundles may bring one definition.
        let path = format!("{}?fieldManager=platgen-judge&force=true", api.path(object)?);
        let body = object.text.as_str();
        api.send("PATCH", &path, APPLY, body)?.ok().map_err(|error| format!("{}: {error}", object.id()))?;
    }
    definitions.iter().try_for_each(|object| served(api, object))
}

/// Waits until the kind of a stored definition is served.
pub fn served(api: &Api, definition: &Object) -> Result<(), String> {
    let path = api.path(definition)?;
    wait(&format!("{} is served", definition.id()), SERVED, || {
        let body = api.get(&path)?.ok()?;
        let established = |condition: &Value| condition["type"] == "Established" && condition["status"] == "True";
        Ok(list(&body["status"]["conditions"]).iter().any(established).then_some(()))
    })
}
