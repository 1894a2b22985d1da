//! Reads the manifests of a folder, as they lie on disk, and those of a render.

pub(super) use crate::check::is_kustomization;
use crate::check::{Tree, folder, is_data};
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::inventory::Inventory;
use crate::project::{READ, reason, regular};
use std::path::Path;

/// Folders inside each other beyond this are refused.
const DEPTH: usize = 32;

/// The texts of the YAML and JSON files below a folder, by path with `/` between parts; and the paths of files that are not UTF-8, which have an empty
/// text. Hidden files and links are left out: they configure other tools, or lead out of the folder.
///
/// # Errors
/// The folder does not exist, or a file in it can't be read.
pub(super) fn read_tree(folder: &Path) -> Result<(Tree, Vec<String>), Box<Diagnostic>> {
    let (mut tree, mut garbled) = (Tree::new(), Vec::new());
    if !folder.is_dir() {
        let message = format!("`{}` is not a folder", folder.display());
        let fault = Diagnostic::new(Code::MissingTree, message);
        return Err(Box::new(fault.help("write the files with `platgen render`, or name a folder of manifests with `--tree`")));
    }
    walk(folder, "", 0, &|path| is_manifest(path.rsplit('/').next().unwrap_or_default()), &mut |path, bytes| {
        let text = String::from_utf8(bytes).unwrap_or_else(|_| {
            garbled.push(path.clone());
            String::new()
        });
        tree.insert(path, text);
    })?;
    Ok((tree, garbled))
}

/// The texts of the files below a folder that `wanted` takes by their path, with `/` between parts. Hidden files and links are left out.
///
/// # Errors
/// The folder does not exist, or a file in it can't be read.
pub(super) fn read_files(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Tree, Box<Diagnostic>> {
    if !folder.is_dir() {
        let fault = Diagnostic::new(Code::MissingTree, format!("`{}` is not a folder", folder.display()));
        return Err(Box::new(fault.help("write the files with `platgen render`, or name a folder or a revision with `--from`")));
    }
    let mut tree = Tree::new();
    walk(folder, "", 0, wanted, &mut |path, bytes| _ = tree.insert(path, String::from_utf8_lossy(&bytes).into_owned()))?;
    Ok(tree)
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    wanted: &dyn Fn(&str) -> bool,
    found: &mut impl FnMut(String, Vec<u8>),
) -> Result<(), Box<Diagnostic>> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        let message = format!("`{}` can't be read: {}", path.display(), reason(error));
        Box::new(Diagnostic::new(Code::Unreadable, message).help("check the path and its permissions"))
    };
    if depth > DEPTH {
        return Err(unreadable(folder, &std::io::Error::other(format!("it is nested deeper than {DEPTH} folders"))));
    }
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        if name.starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            walk(&path, &format!("{prefix}{name}/"), depth + 1, wanted, found)?;
        } else if wanted(&format!("{prefix}{name}")) {
            let bytes = regular(&path, READ).and_then(|()| std::fs::read(&path)).map_err(|error| unreadable(&path, &error))?;
            found(format!("{prefix}{name}"), bytes);
        }
    }
    Ok(())
}

/// The objects that the spec renders for the cluster of a region.
pub(super) fn rendered(files: &Files, environment: &str, region: &str) -> Inventory {
    let texts = files.units.get(&folder(environment, region)).map(|unit| &unit.files).into_iter().flatten();
    Inventory::read(texts.filter(|(path, _)| is_manifest(path)).map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The finding for a rendered object that the API server would refuse: it comes from a manifest or a patch.
pub(super) fn refused(fault: &impl std::fmt::Display) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnreadableDocument, format!("{fault}, and the API server refuses it"));
    diagnostic.help("correct the manifest or the patch that it comes from")
}

/// Whether a file may hold manifests.
pub(super) fn is_manifest(path: &str) -> bool {
    is_data(path) || is_kustomization(path)
}

/// That the kustomization of a folder was not applied.
pub(super) fn unapplied(folder: &str) -> String {
    let folder = if folder.is_empty() { "." } else { folder };
    format!(
        "the kustomization in `{folder}` changes its objects or adds some, and was not applied: render it with `kubectl kustomize` into a folder and name that"
    )
}

/// A folder as messages name it: with `/` between parts; empty for the current one.
pub(super) fn shown(folder: &Path) -> String {
    let parts: Vec<String> =
        folder.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).filter(|part| part != ".").collect();
    parts.join("/").replacen("//", "/", 1)
}
