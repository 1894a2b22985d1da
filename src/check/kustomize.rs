//! Which files of a folder belong to one cluster, and which of them hold objects, as the files of kustomize and Helm say.
//!
//! A kustomization that no other one includes is a cluster: its files, and those of the kustomizations that it includes under `resources`, `bases` or
//! `components`. Files outside of every kustomization are one cluster together. Objects are judged as they are written: kustomize itself is not run.

use super::Tree;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields of a kustomization that include files and folders with objects.
const INCLUDES: [&str; 4] = ["bases", "components", "crds", "resources"];

/// Fields of a kustomization that change objects or add some.
const CHANGES: [&str; 20] = [
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "images",
    "labels",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "secretGenerator",
    "transformers",
    "vars",
];

/// The kustomizations of some files.
#[derive(Default)]
pub(super) struct Kustomizations {
    /// The documents of each, by its folder: with `/` at the end, empty for the top.
    by_folder: BTreeMap<String, Vec<Value>>,
}

impl Kustomizations {
    pub(super) fn read(files: &Tree) -> Kustomizations {
        let named = files.iter().filter(|(path, _)| is_kustomization(path));
        // The rule `unreadable-document` reports a kustomization that is no YAML.
        let read = named.map(|(path, text)| (folder(path).to_owned(), serde_yaml::from_multiple(text).unwrap_or_default()));
        Kustomizations { by_folder: read.collect() }
    }

    /// The files of each cluster.
    pub(super) fn clusters(&self, files: &Tree) -> Vec<Tree> {
        let included: BTreeSet<&String> = self.by_folder.keys().flat_map(|folder| self.included(folder)).collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut clusters = Vec::new();
        // Kustomizations that include each other in a circle have no root: the first by name stands for it.
        let (roots, others): (Vec<_>, Vec<_>) = self.by_folder.keys().partition(|folder| !included.contains(folder));
        for root in roots.into_iter().chain(others) {
            if seen.contains(root.as_str()) {
                continue;
            }
            let mut folders: BTreeSet<&str> = BTreeSet::from([root.as_str()]);
            let mut next = vec![root];
            while let Some(folder) = next.pop() {
                next.extend(self.included(folder).filter(|inner| folders.insert(inner)));
            }
            let listed: BTreeSet<String> =
                folders.iter().flat_map(|folder| self.paths(folder, |field| INCLUDES.contains(&field))).collect();
            let is_in = |path: &str| listed.contains(path) || self.home(path).is_some_and(|home| folders.contains(home));
            clusters.push(files.iter().filter(|(path, _)| is_in(path)).map(|(path, text)| (path.clone(), text.clone())).collect());
            seen.extend(folders);
        }
        let claimed: BTreeSet<&String> = clusters.iter().flat_map(Tree::keys).collect();
        let loose = files.iter().filter(|(path, _)| !claimed.contains(path));
        let loose: Tree = loose.map(|(path, text)| (path.clone(), text.clone())).collect();
        clusters.push(loose);
        clusters
    }

    /// Files that a kustomization reads for something else than objects: patches, generators, configuration.
    pub(super) fn without_objects(&self) -> BTreeSet<String> {
        self.by_folder.keys().flat_map(|folder| self.paths(folder, |field| !INCLUDES.contains(&field))).collect()
    }

    /// Folders whose kustomization changes objects or adds some.
    pub(super) fn changing(&self) -> impl Iterator<Item = &String> {
        let changes = |documents: &[Value]| CHANGES.iter().any(|field| documents.iter().any(|document| document.get(field).is_some()));
        self.by_folder.iter().filter(move |(_, documents)| changes(documents)).map(|(folder, _)| folder)
    }

    /// Whether an entry of a list has this name: a generator of ConfigMaps, a version for an image.
    pub(super) fn lists(&self, field: &str, name: &str) -> bool {
        let lists = self.by_folder.values().flatten().filter_map(|document| document.get(field)?.as_array());
        lists.flatten().any(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
    }

    /// The kustomizations that one includes.
    fn included(&self, folder: &str) -> impl Iterator<Item = &String> {
        let paths = self.paths(folder, |field| INCLUDES.contains(&field));
        paths.into_iter().filter_map(|path| Some(self.by_folder.get_key_value(&if path.is_empty() { path } else { format!("{path}/") })?.0))
    }

    /// The folder of the nearest kustomization around a file.
    fn home(&self, path: &str) -> Option<&str> {
        let mut folders = self.by_folder.keys().rev();
        folders.find(|folder| path.starts_with(folder.as_str())).map(String::as_str)
    }

    /// The texts of some fields as paths of the tree, however deep they stand. Those that are no paths lead nowhere.
    fn paths(&self, folder: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let fields = self.by_folder.get(folder).into_iter().flatten().filter_map(Value::as_object).flatten();
        let mut texts = Vec::new();
        fields.filter(|(field, _)| wanted(field)).for_each(|(_, value)| collect(value, &mut texts));
        // A generator names a file by itself or as `key=file`.
        let paths = texts.into_iter().flat_map(|text| [Some(text), text.split_once('=').map(|(_, file)| file)]).flatten();
        paths.filter_map(|path| join(folder, path)).collect()
    }
}

/// Whether a file holds documents to apply: neither a page nor a script, nor the list that kustomize reads.
pub(super) fn is_manifest(path: &str) -> bool {
    is_data(path) && !is_kustomization(path)
}

/// Whether a file holds YAML or JSON, by its name.
pub fn is_data(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["json", "yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whether a file is a kustomization; kustomize reads its document and nobody applies it.
pub fn is_kustomization(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// The folders of Helm charts, with `/` at the end. Their templates are no YAML before Helm renders them.
pub(super) fn charts(files: &Tree) -> Vec<&str> {
    let is_chart = |path: &&String| path.rsplit('/').next() == Some("Chart.yaml");
    let folders = files.keys().filter(is_chart).map(|path| folder(path));
    folders.filter(|folder| files.keys().any(|path| path.starts_with(&format!("{folder}templates/")))).collect()
}

/// The folder of a file, with `/` at the end; empty for the top.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..=end])
}

/// A path inside of the tree, without `.` and `..`. `None` where it leads out.
fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop()?;
        } else {
            parts.push(part);
        }
    }
    Some(parts.join("/"))
}

fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
