//! The listing of the output folder: files, manifests, and temporary files of a killed render.
//!
//! Links are listed, never followed. Folders that are never foreign (`.terraform/` and the user's list) are not entered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::journal;
use super::manifest;
use super::place::{Base, Place, failed, is_folder, join};
use crate::diagnostic::Diagnostic;
use crate::value::matches_pattern;

/// Names that are never foreign: files that Terraform writes beside its configuration, and git's folder.
const NEVER_FOREIGN: [&str; 4] = [".git", ".terraform", ".terraform.lock.hcl", "*.tfplan"];

/// A listing; paths are relative to the output folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// All files and links, sorted, each with whether it is a regular file. Left out: manifests, names that are never foreign, and files of a running or
    /// killed render.
    pub(super) files: Vec<(String, bool)>,
    /// Folders with a manifest.
    pub(super) units: BTreeSet<String>,
    /// Whether there is a manifest of files outside of the output folder.
    pub(super) outside: bool,
    /// Temporary files of a killed render.
    pub(super) strays: BTreeSet<String>,
}

impl Tree {
    /// Whether the place is a listed regular file; then no folder above it is a link.
    pub(super) fn has_file(&self, place: &Place) -> bool {
        let found = || self.files.binary_search_by(|(path, _)| path.cmp(&place.path));
        place.base == Base::Output && found().is_ok_and(|at| self.files[at].1)
    }
}

/// Walks the output folder. `ignored` lists names that are never foreign besides the built-in list.
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
            } else {
                let kind = entry.file_type().map_err(read)?;
                if kind.is_dir() { folders.push(whole) } else { tree.files.push((whole, kind.is_file())) }
            }
        }
    }
    tree.files.sort_unstable();
    Ok(tree)
}

/// A pattern with `/` inside is a path from the output folder, another pattern a name in any folder; `*` stands for any text within a name.
fn is_ignored(path: &str, name: &str, ignored: &[String]) -> bool {
    NEVER_FOREIGN.into_iter().chain(ignored.iter().map(String::as_str)).any(|pattern| {
        let pattern = pattern.trim_end_matches('/');
        match pattern.trim_start_matches('/') {
            bare if bare.len() == pattern.len() && !pattern.contains('/') => matches_pattern(bare, name),
            bare => {
                bare.split('/').count() == path.split('/').count()
                    && bare.split('/').zip(path.split('/')).all(|(p, part)| matches_pattern(p, part))
            }
        }
    })
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
