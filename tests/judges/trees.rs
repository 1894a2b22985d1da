//! What is judged: every spec of `specs/`, rendered by the built binary in a copy, and the fixture with planted faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{ALLOW_INCOMPLETE, platgen};

use super::cache::hex;
use super::judge::{Input, Subject, home, say};
use super::random;

/// What scanners are told about a tree, under `deploy/`.
pub const CONFIGURATION: [&str; 6] =
    [".checkov.yaml", ".secrets.baseline", ".tflint.hcl", ".trivyignore.yaml", ".yamllint.yaml", "README.md"];

/// One rendered spec, or the fixture.
pub struct Tree {
    /// The spec's folder name, or `fixture`.
    pub name: String,
    /// Where it lies.
    pub root: PathBuf,
    /// What the judges are shown.
    pub inputs: Vec<Input>,
    /// The seed and the text of a random spec.
    again: Option<(u64, String)>,
    /// Keeps the folder until the last judge is done.
    _keep: TempDir,
}

/// A fresh folder. Its name has no dot in front: checkov leaves hidden folders out without a word.
pub fn folder() -> Result<TempDir, String> {
    tempfile::Builder::new().prefix("platgen-judges-").tempdir().map_err(|error| error.to_string())
}

/// Renders one spec folder; an error is what the binary said.
pub fn render(spec: &Path, keep: TempDir) -> Result<Tree, String> {
    let root = keep.path().canonicalize().map_err(|error| error.to_string())?.join("tree");
    let written_by_hand = copy(spec, &root).map_err(|error| format!("{}: {error}", spec.display()))?;
    let mut command = platgen();
    command.current_dir(&root).args(["render", ALLOW_INCOMPLETE, "."]);
    say(&mut command, &[0])?;
    let tree = read(spec, root, keep, |file| {
        [".github/", ".gitlab/", "deploy/"].iter().any(|start| file.starts_with(start)) || !written_by_hand.contains(file)
    })?;
    match tree.inputs.iter().any(|input| input.subject != Subject::Tree) {
        true => Ok(tree),
        false => Err("render ended well and wrote neither Kubernetes documents nor Terraform".into()),
    }
}

/// Renders the random spec of a seed; a refusal keeps the spec.
pub fn random(seed: u64) -> Result<Tree, String> {
    let text = serde_json::to_string_pretty(&random::spec(seed)).map_err(|error| error.to_string())?;
    let origin = folder()?;
    let spec = origin.path().join(format!("random-{seed}"));
    fs::create_dir(&spec).and_then(|()| fs::write(spec.join("platform.yaml"), &text)).map_err(|error| error.to_string())?;
    match render(&spec, folder()?) {
        Ok(mut tree) => {
            tree.again = Some((seed, text));
            Ok(tree)
        }
        Err(error) => Err(kept(seed, &text, &error)),
    }
}

/// A complaint about a random spec, which is kept for the one who mends it.
fn kept(seed: u64, text: &str, complaint: &str) -> String {
    let place = home().join(format!("random/{seed}/platform.yaml"));
    let kept = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&place, text));
    let place = kept.map_or_else(|error| error.to_string(), |()| place.display().to_string());
    format!("{complaint}\nPLATGEN_SEED={seed} PLATGEN_RANDOM=1; the spec is {place}")
}

impl Tree {
    /// The paths of its Terraform roots.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter(|input| input.subject == Subject::Root).map(|input| input.path.as_str())
    }

    /// A complaint about the tree; the spec of a random one is kept with it.
    pub fn keep(&self, complaint: &str) -> String {
        self.again.as_ref().map_or_else(|| complaint.to_owned(), |(seed, text)| kept(*seed, text, complaint))
    }
}

/// The fixture as it lies in the repository, under the scanners' files of a rendered tree: faults must show in spite of them.
pub fn fixture(folder: &Path, rendered: &Tree, keep: TempDir) -> Result<Tree, String> {
    let root = keep.path().canonicalize().map_err(|error| error.to_string())?.join("tree");
    copy(folder, &root).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in CONFIGURATION {
        fs::copy(rendered.root.join("deploy").join(name), root.join("deploy").join(name)).map_err(|error| format!("{name}: {error}"))?;
    }
    read(folder, root, keep, |_| true)
}

/// The files that are `judged`, as inputs: what people wrote (spec, files it names) is theirs.
fn read(origin: &Path, root: PathBuf, keep: TempDir, judged: impl Fn(&str) -> bool) -> Result<Tree, String> {
    let name = origin.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut texts = BTreeMap::new();
    walk(&root, "", &mut texts).map_err(|error| error.to_string())?;
    texts.retain(|file, _| judged(file));
    let mut folders = BTreeMap::from([(".".to_owned(), Subject::Tree)]);
    for file in texts.keys() {
        let parts: Vec<_> = file.split('/').collect();
        let place = |length: usize| parts[..length].join("/");
        if let Some(at) = parts.iter().position(|part| *part == "kubernetes").filter(|at| parts.len() > at + 3) {
            folders.insert(place(at + 3), Subject::Manifests);
        } else if let Some(at) = parts.iter().position(|part| *part == "gitops").filter(|at| parts.len() > at + 1) {
            folders.insert(place(at + 1), Subject::Manifests);
        } else if let Some(at) = parts.iter().position(|part| *part == "rule-tests") {
            folders.insert(place(at + 1), Subject::Rules);
        } else if file.contains(".github/workflows/") {
            folders.insert(place(parts.len() - 1), Subject::Workflows);
        } else if file.contains(".gitlab/") {
            folders.insert(place(parts.len() - 1), Subject::Jobs);
        } else if file.ends_with(".tf") {
            folders.insert(place(parts.len() - 1), Subject::Root);
        }
    }
    let whole = input(&name, ".".to_owned(), Subject::Tree, &texts).hash;
    let inputs = folders.into_iter().map(|(path, subject)| Input { whole: whole.clone(), ..input(&name, path, subject, &texts) }).collect();
    Ok(Tree { name, root, inputs, again: None, _keep: keep })
}

/// A folder as an input: a Terraform root is its own files, everything else the files below it.
fn input(tree: &str, path: String, subject: Subject, texts: &BTreeMap<String, Vec<u8>>) -> Input {
    let inside = |file: &&String| path == "." || file.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'));
    let files: Vec<_> = texts.keys().filter(inside).cloned().collect();
    let mut digest = Sha256::new();
    let told = CONFIGURATION.map(|name| format!("deploy/{name}"));
    for file in files.iter().chain(told.iter().filter(|name| texts.contains_key(*name))) {
        for part in [file.as_bytes(), &texts[file]] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    let hash = hex(&digest.finalize());
    Input { subject, tree: tree.to_owned(), path, files, hash, whole: String::new() }
}

/// Every file below a folder with its bytes, by path relative to it.
fn walk(root: &Path, below: &str, texts: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            walk(root, &path, texts)?;
        } else {
            texts.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Copies a folder; the paths copied.
fn copy(from: &Path, to: &Path) -> std::io::Result<BTreeSet<String>> {
    let mut texts = BTreeMap::new();
    walk(from, "", &mut texts)?;
    fs::create_dir_all(to)?;
    for (path, text) in &texts {
        let target = to.join(path);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::write(target, text)?;
    }
    Ok(texts.into_keys().collect())
}
