//! `kustomization.yaml` lists every file of its folder and nothing else: `kubectl apply -k` applies the listed files alone, and other fields would change them.

use super::context::{RegionContext, list};
use super::kustomize::is_data;
use super::{Finding, Judge, Rule};
use crate::diagnostic::{Code, wording};
use crate::files::is_values;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::KustomizationList], judge: Judge::Region(judge), loosens: false };

const NAME: &str = "kustomization.yaml";

/// The fields of a kustomization that change nothing.
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "resources"];

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let files = context.tree.files;
    let mut tell = |file: &str, message: String, help: &str| found.push(Finding::of_file(Code::KustomizationList, file, 1, message, help));
    let bring_back = "bring the file back with `platgen render --force=FILE`";
    let Some(text) = files.get(NAME) else { return tell(NAME, format!("`{NAME}` is missing"), "write it with `platgen render`") };
    let here: BTreeSet<&str> = files.keys().map(String::as_str).filter(|path| *path != NAME && is_data(path) && !is_values(path)).collect();
    let documents: Vec<Value> = serde_yaml::from_multiple(text).unwrap_or_default();
    let resources: Vec<&str> = documents.iter().flat_map(|document| list(document, "resources")).filter_map(Value::as_str).collect();
    let listed: BTreeSet<&str> = resources.iter().copied().collect();
    let (left_out, absent): (Vec<&str>, Vec<&str>) =
        (here.difference(&listed).copied().collect(), listed.difference(&here).copied().collect());
    if listed.is_empty() {
        return tell(NAME, format!("`{NAME}` lists no file: `kubectl apply -k` applies nothing"), bring_back);
    }
    for path in left_out {
        let message = format!("`{path}` is not listed in `{NAME}`: `kubectl apply -k` does not apply it");
        let help = "if the file is yours, remove it, or declare it under `manifests`; if platgen wrote it, bring `kustomization.yaml` back with `platgen render --force=FILE`";
        tell(path, message, help);
    }
    if !absent.is_empty() {
        tell(NAME, format!("`{NAME}` lists {}, which is missing", wording::all(absent)), "write the missing files with `platgen render`");
    }
    if resources.len() > listed.len() {
        tell(NAME, format!("`{NAME}` lists a file twice"), bring_back);
    }
    let fields = documents.iter().filter_map(Value::as_object).flat_map(|document| document.keys());
    let changing: Vec<&String> = fields.filter(|field| !FIELDS.contains(&field.as_str())).collect();
    if !changing.is_empty() {
        let message = format!("`{NAME}` has {}, which may change the listed objects", wording::all(changing));
        tell(NAME, message, "declare the change under `patches` in the spec, and bring the file back with `platgen render --force=FILE`");
    }
}
