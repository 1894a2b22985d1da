//! Trees of manifests that platgen never made, judged without a spec: see `trees.yaml`.

use super::case::differences;
use super::project::run;
use super::root;
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// A tree of `trees.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    name: String,
    /// Texts by path.
    files: BTreeMap<String, String>,
    /// Texts of files that are written in Latin-1, by path.
    #[serde(default)]
    latin: BTreeMap<String, String>,
    /// Every finding: rule, object, file and line.
    finds: Vec<String>,
}

pub(crate) fn trials() -> Vec<Trial> {
    let text = fs::read_to_string(root().join("tests/check/trees.yaml")).expect("the trees");
    let trees: Vec<Tree> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("trees.yaml: {error}"));
    trees.into_iter().map(|tree| Trial::test(format!("check::trees/{}", tree.name), move || judge(&tree))).collect()
}

fn judge(tree: &Tree) -> Result<(), Failed> {
    let folder = TempDir::new()?;
    for (path, text) in &tree.files {
        let path = folder.path().join("tree").join(path);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        fs::write(path, text)?;
    }
    for (path, text) in &tree.latin {
        fs::write(folder.path().join("tree").join(path), text.chars().map(|sign| sign as u32 as u8).collect::<Vec<_>>())?;
    }
    let mut found: Vec<_> =
        run(folder.path(), &["check", "--tree", "tree", "--format", "json"]).into_iter().map(|(_, found)| found).collect();
    found.iter_mut().for_each(|found| found.place = found.place.trim_start_matches("tree/").to_owned());
    let faults = differences(&tree.finds, found);
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}
