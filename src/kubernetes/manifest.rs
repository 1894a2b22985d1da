//! Raw manifests -> documents: parsed with the full YAML parser, with the namespace and the labels of environment and platform added.

use serde_json::{Map, Value};

use super::metadata::Context;
use super::{RenderError, texts};
use crate::kinds::{self, Scope};
use crate::labels::{ENVIRONMENT, PLATFORM};
use crate::model::{AddonChart, Manifest};
use crate::yaml::Document;

/// The objects of a manifest.
pub(super) fn documents(context: &Context, manifest: &Manifest) -> Result<Vec<Document>, RenderError> {
    let wrong = |what: String| RenderError::Manifest { span: manifest.span, message: format!("`{}` {what}", manifest.path) };
    // As kubectl reads: a file mode such as `0400` is octal.
    let options = serde_yaml::options! { legacy_octal_numbers: true };
    let values: Vec<Value> = serde_yaml::from_multiple_with_options(&manifest.text, options).map_err(|error| {
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        wrong(format!("is not valid YAML: {first}"))
    })?;
    let mut documents = Vec::new();
    for (at, value) in values.into_iter().enumerate() {
        if value.is_null() {
            continue;
        }
        let number = at + 1;
        let Value::Object(mut object) = value else {
            return Err(wrong(format!("holds something else than an object in document {number}")));
        };
        let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            return Err(wrong(format!("has no `apiVersion` and `kind` in document {number}")));
        };
        let scope = kinds::scope(version, kind);
        if let Some(addon) = claimed(context, version, kind, &object) {
            let message = format!(
                "`{}` defines a kind of {} in document {number}, and so does the chart of the add-on",
                manifest.path,
                addon.title()
            );
            return Err(RenderError::Claimed { span: manifest.span, message, addon: addon.name() });
        }
        let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(metadata) = metadata else { return Err(wrong(format!("has no map under `metadata` in document {number}"))) };
        if let (Some(namespace), Scope::Namespace) = (&manifest.namespace, scope) {
            metadata.entry("namespace").or_insert_with(|| namespace.as_str().into());
        }
        let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(labels) = labels else { return Err(wrong(format!("has no map under `labels` in document {number}"))) };
        for (key, value) in [(ENVIRONMENT, context.platform.identity.as_str()), (PLATFORM, context.platform.name.as_str())] {
            labels.insert(key.to_owned(), value.into());
        }
        let object = Value::Object(object);
        if let Some((place, value)) = texts::not_text(&object) {
            let message = format!("`{}` sets `{place}` in document {number} to `{value}`, which is not a string: quote it", manifest.path);
            return Err(RenderError::NotText { span: manifest.span, message });
        }
        documents.push(Document::from_json(&object));
    }
    if documents.is_empty() {
        return Err(wrong("holds no object".to_owned()));
    }
    Ok(documents)
}

/// The add-on of the region that defines a kind which a manifest defines as well: the later apply would take the fields of the other.
fn claimed(context: &Context, version: &str, kind: &str, object: &Map<String, Value>) -> Option<AddonChart> {
    let is_definition = kind == "CustomResourceDefinition" && version.starts_with("apiextensions.k8s.io/");
    let group = object.get("spec").filter(|_| is_definition)?.get("group")?.as_str()?;
    context.region.charts.iter().filter_map(|chart| chart.addon).find(|addon| addon.serves(group))
}
