//! `render --stdout`: the selected files as one text.

use crate::diagnostic::{Code, Diagnostic};
use crate::files::{Files, is_values};
use crate::kubernetes;
use crate::output::Selection;
use std::collections::BTreeSet;

/// The paths of an app's own files.
pub(super) fn files_of(app: &str, files: &Files) -> BTreeSet<String> {
    let wanted = format!("/{app}.yaml");
    files.iter().map(|(path, _)| path).filter(|path| path.starts_with("kubernetes/") && path.ends_with(&wanted)).collect()
}

/// The selected files: folder of the unit, path in it, text.
fn selected<'f>(files: &'f Files, selection: &Selection<'_>) -> impl Iterator<Item = (&'f str, &'f str, &'f str)> {
    let fits = |wanted: Option<&str>, has: &Option<String>| wanted.is_none_or(|wanted| has.as_deref() == Some(wanted));
    let units =
        files.units.iter().filter(move |(_, unit)| fits(selection.environment, &unit.environment) && fits(selection.region, &unit.region));
    let texts = units.flat_map(|(folder, unit)| unit.files.iter().map(move |(path, text)| (folder.as_str(), path.as_str(), text.as_str())));
    texts.filter(|(folder, path, _)| selection.paths.is_none_or(|paths| paths.contains(&format!("{folder}/{path}"))))
}

/// Every selected file below a line with its path.
pub(super) fn every_file(files: &Files, selection: &Selection<'_>) -> String {
    let mut all = String::new();
    for (folder, path, text) in selected(files, selection) {
        all.extend(["# ", folder, if folder.is_empty() { "" } else { "/" }, path, "\n", text]);
    }
    // The files of the CI system belong to no environment. The folder of the spec holds the output folder.
    if selection.environment.is_none() && selection.region.is_none() && selection.paths.is_none() {
        for (path, text) in &files.outside.files {
            all.extend(["# ../", path, "\n", text]);
        }
    }
    all
}

/// The Kubernetes documents of one cluster in the order to apply them: namespaces, cluster-wide objects, the rules of each namespace, apps.
pub(super) fn documents(files: &Files, selection: &Selection<'_>) -> Result<String, Box<Diagnostic>> {
    let is_document = |(folder, path, _): &(&str, &str, &str)| {
        folder.starts_with("kubernetes/") && path.ends_with(".yaml") && *path != "kustomization.yaml" && !is_values(path)
    };
    let mut chosen: Vec<(&str, &str, &str)> = selected(files, selection).filter(is_document).collect();
    let clusters: BTreeSet<&str> = chosen.iter().map(|(folder, _, _)| folder.trim_start_matches("kubernetes/")).collect();
    if clusters.len() > 1 {
        let message = format!("the selection has {} clusters, and a stream of documents is for one", clusters.len());
        let list = clusters.into_iter().collect::<Vec<_>>().join("`, `");
        let help = format!("choose one with `--env` and `--region`: `{list}`; `--stdout=all` prints every file");
        return Err(Box::new(Diagnostic::new(Code::SeveralClusters, message).help(help)));
    }
    chosen.sort_by_key(|(_, path, _)| (kubernetes::Stage::of(path), *path));
    // The first line of a file says that it is generated.
    let texts: Vec<&str> = chosen.iter().map(|(_, _, text)| text.split_once('\n').map_or(*text, |(_, rest)| rest)).collect();
    Ok(texts.join("---\n"))
}
