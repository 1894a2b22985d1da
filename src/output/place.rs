//! The declared roots, paths relative to them, and the files there.
//!
//! Every path that is read, written, removed or taken from a manifest or a journal is checked here, so that nothing outside of the declared roots is
//! ever touched: no `..`, no absolute path, no symbolic link on the way. Knows nothing of units and ownership.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic};

/// The folders a render may write to.
#[derive(Clone, Debug)]
pub struct Roots {
    /// The output folder; made when it is missing.
    pub output: PathBuf,
    /// The folder that `outside` is relative to: it holds the spec and, as a rule, the repository.
    pub project: PathBuf,
    /// The files and folders in `project` that may be written, such as locks and the files of a CI system; with `/` between parts.
    pub outside: Vec<String>,
}

/// The root that a path is relative to. Files outside of the output folder (locks, CI files) sort first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Base {
    Project,
    Output,
}

impl Base {
    /// The name in a journal.
    pub(super) fn name(self) -> &'static str {
        match self {
            Base::Project => "project",
            Base::Output => "output",
        }
    }
}

/// A file by root and path, with `/` between parts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) base: Base,
    pub(super) path: String,
}

impl Place {
    pub(super) fn new(base: Base, path: impl Into<String>) -> Self {
        Place { base, path: path.into() }
    }

    /// A path relative to the output folder.
    pub(super) fn output(path: impl Into<String>) -> Self {
        Place::new(Base::Output, path)
    }

    /// The place as a borrowed key with the same order.
    pub(super) fn as_key(&self) -> (Base, &str) {
        (self.base, &self.path)
    }

    /// The folder of the file, relative to the root; empty for the root itself.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl Roots {
    /// The root itself.
    pub(super) fn base(&self, base: Base) -> &Path {
        match base {
            Base::Project => &self.project,
            Base::Output => &self.output,
        }
    }

    /// The path on the disk.
    pub(super) fn at(&self, place: &Place) -> PathBuf {
        self.base(place.base).join(&place.path)
    }

    /// The path for messages.
    pub(super) fn show(&self, place: &Place) -> String {
        show(&self.at(place))
    }

    /// The reason why this file must not be written, if there is one.
    pub(super) fn objection(&self, place: &Place) -> Option<&'static str> {
        let declared = place.base == Base::Output || self.outside.iter().any(|root| Path::new(&place.path).starts_with(root));
        objection(&place.path).or((!declared).then_some("it lies outside the folders that platgen writes"))
    }
}

/// A path with `/` between its parts.
pub(super) fn show(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text };
    text.strip_prefix("./").map(str::to_owned).unwrap_or(text)
}

/// A folder and a path in it, both relative; the folder may be empty.
pub(super) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The reason why a relative path must not be written, if there is one.
pub(super) fn objection(path: &str) -> Option<&'static str> {
    if path.contains(|c: char| c.is_control() || c == '\\') {
        return Some("it has a control character or a backslash");
    }
    if path.starts_with('/') || Path::new(path).components().any(|part| matches!(part, Component::Prefix(_) | Component::RootDir)) {
        return Some("it is absolute");
    }
    path.split('/').any(|part| matches!(part, "" | "." | "..")).then_some("one of its parts is empty, `.` or `..`")
}

/// An absolute path without `.` and `..`, by its text alone.
pub(super) fn normal(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut normal = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// Whether a root exists. An error if the path is not a folder.
pub(super) fn is_folder(root: &Path) -> Result<bool, Box<Diagnostic>> {
    match fs::metadata(root) {
        Ok(about) if about.is_dir() => Ok(true),
        Ok(_) => Err(in_the_way(root, "a file", "a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(root).is_ok_and(|about| about.is_symlink()) => {
            Err(in_the_way(root, "a symbolic link that leads nowhere", "a folder"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            let file = root.ancestors().skip(1).find(|above| above.is_file()).unwrap_or(root);
            Err(in_the_way(file, "a file", "a folder"))
        }
        Err(error) => Err(failed("read", root, &error)),
    }
}

/// The finding for a path that is taken by an object which platgen never replaces.
pub(super) fn in_the_way(path: &Path, what: &str, wanted: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(Code::PathInTheWay, format!("`{}` is {what} where the render needs {wanted}", show(path)))
            .subject(show(path))
            .help("move it away, or render into another folder with `-o`; nothing was written"),
    )
}

/// The finding for a failed disk operation.
pub(super) fn failed(action: &str, path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let (why, help) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ("the disk is full".into(), "free some space and render again"),
        ErrorKind::PermissionDenied => {
            ("permission denied".into(), "give yourself the right to read and write there, or choose another folder with `-o`")
        }
        ErrorKind::ReadOnlyFilesystem => ("the file system is read-only".into(), "choose another folder with `-o`"),
        _ => (error.to_string(), "see to the cause and render again"),
    };
    Box::new(Diagnostic::new(Code::OutputFailed, format!("cannot {action} `{}`: {why}", show(path))).subject(show(path)).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_lead_out_are_refused() {
        for bad in ["", "/etc/x", "../x", "a/../x", "a//b", "a/", "./a", "a/.", "a\\b", "a\nb", ".."] {
            assert!(objection(bad).is_some(), "{bad:?}");
        }
        for good in ["a", ".gitattributes", "a/b c/ü.yaml", "..a/b.."] {
            assert!(objection(good).is_none(), "{good:?}");
        }
    }

    #[test]
    fn outside_the_output_only_declared_paths_are_written() {
        let roots =
            Roots { output: "deploy".into(), project: ".".into(), outside: vec![".github/workflows".into(), "platgen.lock".into()] };
        let allowed = |path: &str| roots.objection(&Place::new(Base::Project, path)).is_none();
        assert!(allowed(".github/workflows/a.yml") && allowed("platgen.lock"));
        assert!(!allowed(".github/workflows-x/a.yml") && !allowed("platform.yaml") && !allowed("platgen.lock.x"));
    }
}
