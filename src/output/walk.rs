//! The output folder as it is: every file, every manifest, every temporary file that a killed render left.
//!
//! Links are listed, never followed. Folders that are never foreign (`.terraform/`, what the user lists) are not entered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::journal;
use super::manifest;
use super::place::{failed, is_folder, join};
use crate::diagnostic::Diagnostic;

/// Never foreign: what Terraform puts beside its configuration, and the version control's own folder.
const NEVER_FOREIGN: [&str; 4] = [".git", ".terraform", ".terraform.lock.hcl", "*.tfplan"];

/// What a walk found; paths are relative to the output folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Everything that is not a folder, except what is never foreign, manifests and files of a running or killed render.
    pub(super) files: BTreeSet<String>,
    /// Folders with a manifest.
    pub(super) units: BTreeSet<String>,
    /// Whether there is a manifest of files outside the output folder.
    pub(super) outside: bool,
    /// Temporary files of a killed render.
    pub(super) strays: BTreeSet<String>,
}

/// Walks the output folder. `ignored` names what is never foreign besides the built-in list.
pub(super) fn walk(root: &Path, ignored: &[String]) -> Result<Tree, Box<Diagnostic>> {
    let mut tree = Tree::default();
    let mut folders = if is_folder(root)? { vec![String::new()] } else { Vec::new() };
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let read = |error| failed("read", &path, &error);
        for entry in fs::read_dir(&path).map_err(read)? {
            let entry = entry.map_err(read)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let whole = join(&folder, &name);
            if journal::is_temporary(&name) {
                tree.strays.insert(whole);
            } else if name == manifest::NAME {
                tree.units.insert(folder.clone());
            } else if folder.is_empty() && name == manifest::OUTSIDE {
                tree.outside = true;
            } else if (folder.is_empty() && journal::OWN.contains(&name.as_str())) || is_ignored(&whole, &name, ignored) {
            } else if entry.file_type().map_err(read)?.is_dir() {
                folders.push(whole);
            } else {
                tree.files.insert(whole);
            }
        }
    }
    Ok(tree)
}

/// A pattern with `/` inside means a path from the output folder, one without a name anywhere; `*` stands for any text within a name.
fn is_ignored(path: &str, name: &str, ignored: &[String]) -> bool {
    NEVER_FOREIGN.into_iter().chain(ignored.iter().map(String::as_str)).any(|pattern| {
        let pattern = pattern.trim_end_matches('/');
        match pattern.trim_start_matches('/') {
            bare if bare.len() == pattern.len() && !pattern.contains('/') => matches(bare, name),
            bare => {
                bare.split('/').count() == path.split('/').count() && bare.split('/').zip(path.split('/')).all(|(p, part)| matches(p, part))
            }
        }
    })
}

/// Whether a name fits a pattern with `*`. The first and last piece are fixed, those between are taken at their first occurrence.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = name.find(piece) else { return false };
        name = &name[at + piece.len()..];
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let ignored = |path: &str, pattern: &str| is_ignored(path, path.rsplit('/').next().unwrap_or(path), &[pattern.to_owned()]);
        assert!(ignored("a/b/.DS_Store", ".DS_Store") && ignored("a/x.tfstate.backup", "*.tfstate*") && ignored("notes", "notes/"));
        assert!(ignored("a/b/c", "a/*/c") && ignored("c", "/c") && ignored("x/plan.tfplan", "none") && ignored(".terraform", "none"));
        assert!(!ignored("a/c", "/c") && !ignored("a/b/b/c", "a/*/c") && !ignored("ab", "*a") && !ignored("a", "a*a"));
    }
}
