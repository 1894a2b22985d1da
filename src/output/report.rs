//! The results of a render that was refused, and of `render --check`, as findings.

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostic::wording::shell_word;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::layers::Layer;

/// A reason not to write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The file or folder.
    pub path: String,
    /// The obstacle.
    pub why: Obstacle,
}

/// An obstacle to a render.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Obstacle {
    /// A file that was edited since platgen wrote it would be replaced.
    Edited,
    /// A file that is no longer rendered, but was edited since platgen wrote it, would be removed.
    EditedStale,
    /// A file that platgen did not write would be replaced.
    Foreign,
    /// A file with git's conflict markers would be replaced, and the manifest does not say that platgen wrote both versions.
    Conflict {
        /// The line of the first marker.
        line: usize,
    },
    /// A Terraform root is no longer rendered, but its resources may still exist.
    LiveRoot {
        /// The commands that destroy its resources, or let Terraform forget its buckets, in their order; one removes `prevent_destroy` where the root has guards.
        commands: Vec<String>,
    },
    /// There are rendered files, but their lock is missing.
    LockMissing,
}

impl Refusal {
    /// The finding about it.
    pub fn diagnostic(&self) -> Diagnostic {
        let path = &self.path;
        let word = shell_word(path);
        let of_buckets = Path::new(path).file_name().is_some_and(|name| name == Layer::Data.name());
        let (code, message, help) = match &self.why {
            Obstacle::Edited => (
                Code::EditedFile,
                format!("`{path}` was edited since it was rendered and would be replaced"),
                format!("move the edit into the spec, or discard it with `--force={word}`"),
            ),
            Obstacle::EditedStale => (
                Code::EditedFile,
                format!("`{path}` is no longer rendered but was edited, and would be removed"),
                format!("move the file elsewhere, or discard it with `--force={word}`"),
            ),
            Obstacle::Foreign => (
                Code::ForeignFile,
                format!("`{path}` was not written by platgen and would be replaced"),
                format!("move the file away, or replace it with `--force={word}`"),
            ),
            Obstacle::Conflict { line } => (
                Code::ConflictMarkers,
                format!("`{path}` has conflict markers of git from line {line} on, and would be replaced"),
                format!("merge the spec; then `platgen render --force={word}` writes the file anew"),
            ),
            Obstacle::LiveRoot { commands } => (
                Code::LiveTerraformRoot,
                format!("the spec no longer has the Terraform root `{path}`, but its resources may still exist"),
                if of_buckets {
                    format!(
                        "let Terraform forget the buckets that `{path}/locals.tf` names, and their key: they stay, with their objects; empty and delete them once nobody needs them. The last command removes the files of every such root:\n{}",
                        commands.join("\n")
                    )
                } else {
                    format!(
                        "follow \"Remove a region\" in RUNBOOK.md of the output folder: first remove the workloads that run in it, then destroy its resources, in this order; the last command removes the files of every such root:\n{}",
                        commands.join("\n")
                    )
                },
            ),
            Obstacle::LockMissing => (
                Code::MissingLock,
                format!("`{path}` is missing, but files were rendered with it"),
                format!("restore it from version control; `--force={word}` plans every address anew, which can replace networks"),
            ),
        };
        Diagnostic::new(code, message).subject(path).help(help)
    }
}

/// How the disk differs from a render.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// The differences, in a fixed order. The files of a Terraform root that is no longer rendered are left out: `refused` names the root.
    pub differences: Vec<Difference>,
    /// Why a render would write nothing.
    pub refused: Vec<Refusal>,
    /// Files that platgen did not write and that are not in the way; they are no differences.
    pub foreign: Vec<String>,
    /// Manifests that still have lines of both branches of a merge. They are no differences: platgen reads them as they are, and the next render
    /// removes the lines that are out of date.
    pub merged: Vec<String>,
    /// Other versions of platgen that wrote files here.
    pub versions: BTreeSet<String>,
}

impl Report {
    /// Whether a render would change nothing.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.refused.is_empty()
    }

    /// Every finding: refusals in the words of a render, each cause of each difference that no refusal names, then merged manifests as notes. `command`
    /// is what writes the files.
    pub fn diagnostics(&self, command: &str) -> Vec<Diagnostic> {
        let refused = self.refused.iter().map(Refusal::diagnostic);
        let merged = self.merged.iter().map(|path| {
            let message = format!("`{path}` has lines of both branches of a merge");
            let note = Diagnostic::new(Code::MergedFile, message).subject(path).help(format!("the next `{command}` removes the old lines"));
            Diagnostic { severity: Severity::Note, ..note }
        });
        refused.chain(self.differences.iter().flat_map(|difference| difference.diagnostics(command))).chain(merged).collect()
    }
}

/// One difference between render and disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// The file.
    pub path: String,
    /// The change that a render would make.
    pub change: Change,
    /// The causes, sorted; several where two things happened to the same file.
    pub causes: Vec<Cause>,
    /// The line of the first conflict marker in the file.
    pub conflict: Option<usize>,
    /// A unified diff from the disk to the render; `None` for binary files, manifests, new locks and unedited files that would be removed.
    pub diff: Option<String>,
    /// Whether a render would be refused because of this file.
    pub refused: bool,
}

impl Difference {
    /// A finding for each cause, except the one that the refusal of this file names.
    fn diagnostics<'d>(&'d self, command: &'d str) -> impl Iterator<Item = Diagnostic> + 'd {
        let told =
            |cause: &&Cause| !(self.refused && matches!(cause, Cause::Edited | Cause::Foreign | Cause::Conflict | Cause::LockMissing));
        self.causes.iter().filter(told).map(move |cause| {
            let message = format!("`{}` {}: {}{}", self.path, self.change.text(), cause.text(), self.conflict_text());
            let (code, help) = match cause {
                Cause::Edited => (Code::EditedFile, format!("`{command}` writes it")),
                Cause::Missing => (Code::MissingFile, format!("`{command}` writes it: commit it with the spec")),
                Cause::Foreign => (Code::ForeignFile, format!("move the file away, or replace it with `{command} --force=PATH`")),
                Cause::Conflict => (Code::ConflictMarkers, format!("merge the spec; then `{command} --force=PATH` writes the file anew")),
                Cause::Merged => (Code::MergedFile, format!("`{command}` writes it: commit it with the merge")),
                Cause::Interrupted => (Code::InterruptedRender, format!("`{command}` completes it")),
                Cause::LockMissing => (Code::MissingLock, format!("restore it from version control; in a new project, `{command}` writes it: commit it with the spec")),
                Cause::LockStale => (Code::StaleLock, "`platgen lock` updates it: commit it with the spec".to_owned()),
                Cause::SpecChanged => (Code::SpecChanged, format!("`{command}` writes it: commit it with the spec")),
                Cause::PlatgenChanged => (
                    Code::PlatgenChanged,
                    format!("another version of platgen wrote the file; changes of the spec may be part of the difference. `{command}` writes it"),
                ),
            };
            Diagnostic { subject: Some(self.path.clone()), ..Diagnostic::new(code, message).help(help) }
        })
    }
}

impl Difference {
    /// The place of conflict markers, to follow the causes; empty without markers.
    pub fn conflict_text(&self) -> String {
        self.conflict.map(|line| format!(" (conflict markers from line {line} on)")).unwrap_or_default()
    }
}

/// The change that a render would make to a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Create it.
    Create,
    /// Replace it.
    Modify,
    /// Remove it.
    Remove,
}

/// The cause of a difference.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// The file was changed after it was rendered.
    Edited,
    /// The file was deleted, or was never rendered.
    Missing,
    /// platgen did not write the file, and the render needs its path.
    Foreign,
    /// The file has conflict markers, and the manifest does not say that platgen wrote both versions.
    Conflict,
    /// A merge of two branches left it.
    Merged,
    /// A render was interrupted.
    Interrupted,
    /// There is no lock.
    LockMissing,
    /// The lock is not that of the spec.
    LockStale,
    /// The spec changed since the last render by this version of platgen.
    SpecChanged,
    /// Another version of platgen wrote the files; whether the spec changed as well is not recorded.
    PlatgenChanged,
}

impl Change {
    /// The words of a report.
    pub fn text(self) -> &'static str {
        match self {
            Change::Create => "would be created",
            Change::Modify => "would be replaced",
            Change::Remove => "would be removed",
        }
    }
}

impl Cause {
    /// The words of a report.
    pub fn text(self) -> &'static str {
        match self {
            Cause::Edited => "file edited",
            Cause::Missing => "missing",
            Cause::Foreign => "foreign",
            Cause::Conflict => "conflict markers",
            Cause::Merged => "left by a merge",
            Cause::Interrupted => "interrupted render",
            Cause::LockMissing => "lock missing",
            Cause::LockStale => "lock stale",
            Cause::SpecChanged => "spec changed",
            Cause::PlatgenChanged => "platgen changed",
        }
    }
}
