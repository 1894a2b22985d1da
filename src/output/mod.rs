//! Files to disk, and back again for comparison: ownership, pruning, checks, and writing that survives a kill.
//!
//! Each unit of a render keeps a manifest of its files with their hashes, so that what we wrote can be told from what others wrote or
//! changed. `survey` looks, `plan` decides, `transaction` carries the plan out, `check` reports it. Only paths below the declared [`Roots`] are ever
//! written. Knows texts and hashes, not what they mean; prints nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};
use crate::files::{Files, Unit};

mod check;
mod force;
mod journal;
mod manifest;
mod place;
mod plan;
mod survey;
mod transaction;
mod walk;

pub use force::Force;
pub use place::Roots;

/// The name under which a [`Summary`] lists what lies outside the output folder.
pub const OUTSIDE_UNIT: &str = "outside the output folder";

/// What is rendered, where to, and how much of it.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// Where files may lie.
    pub roots: &'a Roots,
    /// The whole render, also where only a part is selected.
    pub files: &'a Files,
    /// The files a CI system wants elsewhere, by path relative to [`Roots::project`]; owned and pruned like a unit.
    pub outside: Option<&'a Unit>,
    /// The locks that go with the render; written before everything else.
    pub locks: &'a [Lock],
    /// Which part is written.
    pub selection: Selection<'a>,
    /// What may be replaced although it is not ours.
    pub force: &'a Force,
    /// The version of platgen that renders; manifests record it.
    pub version: &'a str,
    /// Names or paths that are never foreign, besides `.terraform/`, `.terraform.lock.hcl`, `*.tfplan` and `.git`: a pattern with `/`
    /// is a path from the output folder, one without a name anywhere; `*` stands for any text within a name.
    pub never_foreign: &'a [String],
}

/// A lock file, written whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lock {
    /// Relative to [`Roots::project`].
    pub path: String,
    /// What it should say.
    pub text: String,
    /// What the caller read and made `text` from; `None` where there was no file. If the disk holds anything else, nothing is written.
    pub previous: Option<String>,
}

/// The part of a render that is written; by default all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Units of this environment.
    pub environment: Option<&'a str>,
    /// Units of this region.
    pub region: Option<&'a str>,
    /// These files alone, relative to the output folder: those of one app.
    pub paths: Option<&'a BTreeSet<String>>,
}

/// What a render did, or why it did nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The disk is as rendered.
    Done(Summary),
    /// Nothing was written; every file in the way by path, then live Terraform roots in the order in which to destroy them.
    Refused(Vec<Refusal>),
}

/// What a render did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// By the unit's folder; units without files of the selection are left out.
    pub units: BTreeMap<String, UnitSummary>,
    /// Locks written.
    pub locks: Vec<String>,
    /// Files that differ but stay as they are, because the selection shares them with what it leaves out.
    pub left: Vec<String>,
    /// Files in our folders that are not ours and not in the way; they stay.
    pub foreign: Vec<String>,
    /// Whether an earlier render that was cut short has been completed first.
    pub recovered: bool,
}

/// What a render did to one unit; paths are relative to the output folder.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UnitSummary {
    /// Files made or replaced.
    pub written: Vec<String>,
    /// Files that were right already.
    pub unchanged: usize,
    /// Files pruned.
    pub removed: Vec<String>,
}

impl Summary {
    /// Whether no file was written or removed.
    pub fn is_unchanged(&self) -> bool {
        self.locks.is_empty() && self.units.values().all(|unit| unit.written.is_empty() && unit.removed.is_empty())
    }
}

/// A reason not to write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The file or folder.
    pub path: String,
    /// What is the matter.
    pub why: Obstacle,
}

/// What keeps a render from writing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Obstacle {
    /// A file that was edited since we wrote it would be replaced.
    Edited,
    /// A file that is no longer rendered, but was edited since we wrote it, would be removed.
    EditedStale,
    /// A file that we did not write would be replaced.
    Foreign,
    /// A Terraform root is no longer rendered, but what it made may still run.
    LiveRoot {
        /// The commands that destroy its resources, in their order; one removes `prevent_destroy` where the root has guards.
        commands: Vec<String>,
    },
    /// There are rendered files, but the lock that they were made with is gone.
    LockMissing,
}

impl Refusal {
    /// The finding to show.
    pub fn diagnostic(&self) -> Diagnostic {
        let path = &self.path;
        let word = force::shell_word(path);
        let (code, message, help) = match &self.why {
            Obstacle::Edited => (
                Code::EditedFile,
                format!("`{path}` was edited since it was rendered and would be replaced"),
                format!("move the edit into the spec, or give it up with `--force={word}`"),
            ),
            Obstacle::EditedStale => (
                Code::EditedFile,
                format!("`{path}` is no longer rendered but was edited, and would be removed"),
                format!("keep the file elsewhere, or give it up with `--force={word}`"),
            ),
            Obstacle::Foreign => (
                Code::ForeignFile,
                format!("`{path}` was not written by platgen and would be replaced"),
                format!("move it away, or give it up with `--force={word}`"),
            ),
            Obstacle::LiveRoot { commands } => (
                Code::LiveTerraformRoot,
                format!("the spec no longer has the Terraform root `{path}`, but what it made may still run"),
                format!(
                    "first take down what runs in it, then destroy its resources and remove its files (repeat `--force` for each root), in this order:\n{}\nplatgen render --force={word}",
                    commands.join("\n")
                ),
            ),
            Obstacle::LockMissing => (
                Code::MissingLock,
                format!("`{path}` is missing, but files were rendered with it"),
                format!("bring it back from version control; `--force={word}` plans every address anew, which can replace networks"),
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
    /// Files in our folders that are not ours and not in the way; they are no differences.
    pub foreign: Vec<String>,
    /// Other versions of platgen that wrote files here.
    pub versions: BTreeSet<String>,
}

impl Report {
    /// Whether a render would change nothing.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.refused.is_empty()
    }

    /// Every finding: refusals as a render says them, then each cause of each difference that no refusal says.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let refused = self.refused.iter().map(Refusal::diagnostic);
        refused.chain(self.differences.iter().flat_map(Difference::diagnostics)).collect()
    }
}

/// One difference between render and disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// The file.
    pub path: String,
    /// What a render would do.
    pub change: Change,
    /// Why, sorted; more than one where two things happened to the same file.
    pub causes: Vec<Cause>,
    /// A unified diff from the disk to the render; `None` for binary files, manifests and unedited files that go.
    pub diff: Option<String>,
    /// Whether this file is one of those that keep a render from writing.
    pub refused: bool,
}

impl Difference {
    /// A finding for each cause; none for a cause that the refusal of this file names.
    fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        let told = |cause: &&Cause| !(self.refused && matches!(cause, Cause::Edited | Cause::Foreign | Cause::LockMissing));
        self.causes.iter().filter(told).map(|cause| {
            let message = format!("`{}` {}: {}", self.path, self.change.text(), cause.text());
            let (code, help) = match cause {
                Cause::Edited => (Code::EditedFile, "`platgen render` writes it"),
                Cause::Missing => (Code::MissingFile, "`platgen render` writes it: commit it with the spec"),
                Cause::Foreign => (Code::ForeignFile, "move it away, or `platgen render --force=PATH`"),
                Cause::Merged => (Code::MergedFile, "`platgen render` writes it: commit it with the merge"),
                Cause::Interrupted => (Code::InterruptedRender, "`platgen render` completes it"),
                Cause::LockMissing => (Code::MissingLock, "`platgen render` plans it: commit it with the spec"),
                Cause::LockStale => (Code::StaleLock, "`platgen lock` adds what it lacks: commit it with the spec"),
                Cause::SpecChanged => (Code::SpecChanged, "`platgen render` writes it: commit it with the spec"),
                Cause::PlatgenChanged => (
                    Code::PlatgenChanged,
                    "another version of platgen wrote the file; changes of the spec may be part of the difference. `platgen render` writes it",
                ),
            };
            Diagnostic { subject: Some(self.path.clone()), ..Diagnostic::new(code, message).help(help) }
        })
    }
}

/// What a render would do to a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Make it.
    Create,
    /// Replace it.
    Modify,
    /// Remove it.
    Remove,
}

/// Why a file differs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// The file was changed after it was rendered.
    Edited,
    /// The file is gone, or was never rendered.
    Missing,
    /// The file is not one of ours, and the render needs its path.
    Foreign,
    /// A merge of two branches left it.
    Merged,
    /// A render was cut short.
    Interrupted,
    /// There is no lock.
    LockMissing,
    /// The lock lacks something that the spec needs.
    LockStale,
    /// This version of platgen wrote the last render, of another spec.
    SpecChanged,
    /// Another version of platgen wrote the last render; whether the spec changed as well is not recorded.
    PlatgenChanged,
}

impl Change {
    /// How a report says it.
    pub fn text(self) -> &'static str {
        match self {
            Change::Create => "would be created",
            Change::Modify => "would be replaced",
            Change::Remove => "would be removed",
        }
    }
}

impl Cause {
    /// How a report names it.
    pub fn text(self) -> &'static str {
        match self {
            Cause::Edited => "file edited",
            Cause::Missing => "missing",
            Cause::Foreign => "foreign",
            Cause::Merged => "left by a merge",
            Cause::Interrupted => "interrupted render",
            Cause::LockMissing => "lock missing",
            Cause::LockStale => "lock stale",
            Cause::SpecChanged => "spec changed",
            Cause::PlatgenChanged => "platgen changed",
        }
    }
}

/// Makes the disk what the render says, or says what is in the way. Touches only what differs.
pub fn render(job: &Job<'_>) -> Result<Outcome, Vec<Diagnostic>> {
    if !survey::has_leftovers(&job.roots.output) {
        let plan = plan::plan(job, &survey::survey(job)?)?;
        if !plan.refused.is_empty() {
            return Ok(Outcome::Refused(plan.refused));
        }
        if plan.steps.is_empty() && plan.strays.is_empty() {
            return Ok(Outcome::Done(plan.summary));
        }
    }
    // Another render may have written since: everything is looked at again once no other can.
    let one = |error: Box<Diagnostic>| vec![*error];
    let mut hold = transaction::Hold::acquire(&job.roots.output).map_err(one)?;
    let recovered = transaction::recover(job.roots, &hold).map_err(one)?;
    let mut plan = plan::plan(job, &survey::survey(job)?)?;
    if !plan.refused.is_empty() {
        return Ok(Outcome::Refused(plan.refused));
    }
    transaction::commit(job.roots, &mut hold, &plan).map_err(one)?;
    plan.summary.recovered = recovered;
    Ok(Outcome::Done(plan.summary))
}

/// How the disk differs from the render, and what a render would refuse. Writes nothing; waits for a render under way.
pub fn check(job: &Job<'_>) -> Result<Report, Vec<Diagnostic>> {
    check::check(job)
}

/// Whether files were rendered into this folder: it holds a manifest.
pub fn was_rendered(output: &Path) -> Result<bool, Vec<Diagnostic>> {
    let tree = walk::walk(output, &[]).map_err(|error| vec![*error])?;
    Ok(tree.outside || !tree.units.is_empty())
}

/// Completes a render that was cut short, so that the locks can be read as it meant them. Returns whether there was one.
pub fn recover(roots: &Roots) -> Result<bool, Vec<Diagnostic>> {
    if !survey::has_leftovers(&roots.output) {
        return Ok(false);
    }
    let one = |error: Box<Diagnostic>| vec![*error];
    let hold = transaction::Hold::acquire(&roots.output).map_err(one)?;
    transaction::recover(roots, &hold).map_err(one)
}
