//! `kustomization.yaml` lists every file of its folder: `kubectl apply -k` applies nothing else.

use super::context::{RegionContext, is_manifest};
use super::{Finding, Judge, Rule};
use crate::diagnostic::{Code, wording};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::KustomizationList], judge: Judge::Region(judge), loosens: false };

const NAME: &str = "kustomization.yaml";

fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let files = context.tree.files;
    let mut tell =
        |message: String| found.push(Finding::of_file(Code::KustomizationList, NAME, 1, message, "render again with `platgen render`"));
    let Some(text) = files.get(NAME) else { return tell(format!("`{NAME}` is missing")) };
    let here: BTreeSet<&str> = files.keys().map(String::as_str).filter(|path| is_manifest(path)).collect();
    let documents: Vec<serde_json::Value> = serde_yaml::from_multiple(text).unwrap_or_default();
    let resources: Vec<&str> =
        documents.iter().flat_map(|document| super::context::list(document, "resources")).filter_map(|item| item.as_str()).collect();
    let listed: BTreeSet<&str> = resources.iter().copied().collect();
    let (left_out, absent): (Vec<&&str>, Vec<&&str>) = (here.difference(&listed).collect(), listed.difference(&here).collect());
    if !left_out.is_empty() {
        tell(format!("`{NAME}` does not list {}", wording::all(left_out)));
    }
    if !absent.is_empty() {
        tell(format!("`{NAME}` lists {}, which is missing", wording::all(absent)));
    }
    if resources.len() > listed.len() {
        tell(format!("`{NAME}` lists a file twice"));
    }
}
