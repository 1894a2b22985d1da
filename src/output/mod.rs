//! Writes rendered files to disk and compares them with the disk: ownership, pruning, checks, and writing that survives a kill.
//!
//! Each unit of a render has a manifest of its files with their hashes, which tells the files that platgen wrote from foreign and edited ones. `scan`
//! reads manifests and files, `plan` decides, `transaction` carries out the plan, `check` reports it. Only paths below the declared [`Roots`] are
//! written. The module handles texts and hashes, does not know what the texts mean, and prints nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::files::{Files, Unit};

mod check;
mod disk;
mod force;
mod journal;
mod manifest;
mod place;
mod plan;
mod report;
mod scan;
mod transaction;
mod walk;

pub use force::Force;
pub use place::Roots;
pub use report::{Cause, Change, Difference, Obstacle, Refusal, Report};

/// The name of the unit of files outside of the output folder in a [`Summary`].
pub const OUTSIDE_UNIT: &str = "outside the output folder";

/// The input of a render.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The folders that may be written.
    pub roots: &'a Roots,
    /// The files of the whole render, also where only a part is selected.
    pub files: &'a Files,
    /// Files outside of the output folder, such as those of a CI system, by path relative to [`Roots::project`]; owned and pruned like a unit.
    pub outside: Option<&'a Unit>,
    /// The locks of the render; written before every other file.
    pub locks: &'a [Lock],
    /// The part that is written.
    pub selection: Selection<'a>,
    /// Edited and foreign files that may be replaced.
    pub force: &'a Force,
    /// The version of platgen that renders; manifests record it.
    pub version: &'a str,
    /// Names or paths that are never foreign, besides `.terraform/`, `.terraform.lock.hcl`, `*.tfplan` and `.git`: a pattern with `/`
    /// is a path from the output folder, another pattern a name in any folder; `*` stands for any text within a name.
    pub never_foreign: &'a [String],
}

/// A lock file, written whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lock {
    /// Relative to [`Roots::project`].
    pub path: String,
    /// The new text.
    pub text: String,
    /// The text that the caller read and derived `text` from; `None` without a file. If the file has another text by now, nothing is written.
    pub previous: Option<String>,
    /// Whether files that were rendered with it cannot be compared without it, so that a missing one is refused.
    pub vital: bool,
}

/// The part of a render that is written; by default all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// Units of this environment.
    pub environment: Option<&'a str>,
    /// Units of this region.
    pub region: Option<&'a str>,
    /// Only these files, relative to the output folder: those of one app.
    pub paths: Option<&'a BTreeSet<String>>,
}

/// The result of a render.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The files on the disk are as rendered.
    Done(Summary),
    /// Nothing was written: every obstacle by path, then live Terraform roots in the order in which to destroy them. Empty if the caller's review of the
    /// replaced files forbade the render.
    Refused(Vec<Refusal>),
}

/// A file that a render of everything replaces, creates or removes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaced<'a> {
    /// Whether this render does so: what a part changes may have its meaning in another part, which is left as it is.
    pub selected: bool,
    /// Relative to the output folder.
    pub path: &'a str,
    /// The text on the disk; `None` without a file.
    pub before: Option<String>,
    /// The rendered text; `None` for a file that is removed.
    pub after: Option<&'a str>,
}

/// The changes of a render.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// By the unit's folder; units without files of the selection are left out.
    pub units: BTreeMap<String, UnitSummary>,
    /// Locks written.
    pub locks: Vec<String>,
    /// Files that differ but stay unchanged, because they also belong to parts outside of the selection.
    pub left: Vec<String>,
    /// Files that platgen did not write and that are not in the way; they stay.
    pub foreign: Vec<String>,
    /// Whether an interrupted render was completed first.
    pub recovered: bool,
}

/// The changes of one unit; paths are relative to the output folder.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UnitSummary {
    /// Files that were created or replaced.
    pub written: Vec<String>,
    /// The number of files that were right already.
    pub unchanged: usize,
    /// Files that were removed.
    pub removed: Vec<String>,
}

impl Summary {
    /// Whether no file was written or removed.
    pub fn is_unchanged(&self) -> bool {
        self.locks.is_empty() && self.units.values().all(|unit| unit.written.is_empty() && unit.removed.is_empty())
    }
}

/// Writes the rendered files that differ from the disk and removes stale ones, or returns the obstacles.
pub fn render(job: &Job<'_>) -> Result<Outcome, Vec<Diagnostic>> {
    render_reviewed(job, |_| true)
}

/// Renders as [`render`] if `review` allows it. `review` sees the files that change in a tree that was rendered before, outside of the selection as
/// well; nothing is written before it returns.
pub fn render_reviewed(job: &Job<'_>, review: impl FnOnce(&[Replaced<'_>]) -> bool) -> Result<Outcome, Vec<Diagnostic>> {
    let rendered = scan::rendered(job)?;
    // A tree that is as rendered is not locked. Every other state may be that of a render under way: everything is read again under the lock.
    if !scan::has_leftovers(&job.roots.output)
        && let Ok(plan) = scan::scan(job, &rendered).and_then(|scan| plan::plan(job, &scan))
        && plan.refused.is_empty()
        && plan.steps.is_empty()
        && plan.strays.is_empty()
    {
        return Ok(Outcome::Done(plan.summary));
    }
    let (held, recovered) = hold(job.roots)?;
    let scan = scan::scan(job, &rendered)?;
    let plan = plan::plan(job, &scan)?;
    if !is_allowed(job, &rendered, &scan, &plan, review)? {
        return Ok(Outcome::Refused(plan.refused));
    }
    transaction::commit(job.roots, &held, &plan).map_err(one)?;
    Ok(Outcome::Done(Summary { recovered, ..plan.summary }))
}

/// Whether a plan refuses nothing and `review` allows it. A root that left the spec is refused, and what else changes with it is reviewed all the same.
fn is_allowed(
    job: &Job<'_>,
    rendered: &[scan::Rendered<'_>],
    scan: &scan::Scan<'_>,
    plan: &plan::Plan<'_>,
    review: impl FnOnce(&[Replaced<'_>]) -> bool,
) -> Result<bool, Vec<Diagnostic>> {
    let is_fine = !(scan.has_tree() && plan.is_reviewable()) || reviewed(job, rendered, plan, review)?;
    Ok(is_fine && plan.refused.is_empty())
}

/// What `review` says of the files that a render of everything changes. `plan` is that of this render.
fn reviewed<T>(
    job: &Job<'_>,
    rendered: &[scan::Rendered<'_>],
    plan: &plan::Plan<'_>,
    review: impl FnOnce(&[Replaced<'_>]) -> T,
) -> Result<T, Vec<Diagnostic>> {
    if job.selection.is_everything() {
        return Ok(review(&replaced(job, plan, |_| true)?));
    }
    let whole = Job { selection: Selection::default(), ..job.clone() };
    let all = plan::plan(&whole, &scan::scan(&whole, rendered)?)?;
    let selected: BTreeSet<&place::Place> = plan.steps.iter().map(|planned| &planned.step.place).chain(&plan.leaving).collect();
    Ok(review(&replaced(job, &all, |place| selected.contains(place))?))
}

/// The files of the output folder that a plan changes, and those of the roots that left the spec.
fn replaced<'p>(
    job: &Job<'_>,
    plan: &'p plan::Plan<'_>,
    selected: impl Fn(&place::Place) -> bool,
) -> Result<Vec<Replaced<'p>>, Vec<Diagnostic>> {
    let mut disk = disk::Disk::new(job.roots);
    let files = plan.steps.iter().filter(|planned| matches!(planned.subject, plan::Subject::File(_)));
    let files = files.filter(|planned| planned.step.place.base == place::Base::Output);
    let replaced = |planned: &'p plan::Planned<'_>| {
        let before = disk.read(&planned.step.place)?.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let after = planned.step.new.is_some().then_some(&*planned.text);
        Ok(Replaced { selected: selected(&planned.step.place), path: &planned.step.place.path, before, after })
    };
    let mut all = files.map(replaced).collect::<Result<Vec<_>, _>>().map_err(one)?;
    for place in &plan.leaving {
        let before = disk.read(place).map_err(one)?.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        all.push(Replaced { selected: selected(place), path: &place.path, before, after: None });
    }
    Ok(all)
}

/// Writes the locks of a job and nothing else, as a render writes them. Returns the paths of the locks that changed.
///
/// # Errors
/// A lock changed since the caller read it, is not below the declared roots, or can't be written.
pub fn write_locks(job: &Job<'_>) -> Result<Vec<String>, Vec<Diagnostic>> {
    let (held, _) = hold(job.roots)?;
    let mut plan = plan::Plan::default();
    plan::locks(job, false, &mut plan)?;
    transaction::commit(job.roots, &held, &plan).map_err(one)?;
    Ok(plan.summary.locks)
}

/// The differences between the disk and the render, and the refusals of a render. Writes nothing; waits for a running render.
pub fn check(job: &Job<'_>) -> Result<Report, Vec<Diagnostic>> {
    check_reviewed(job, |_| {})
}

/// Checks as [`check`]. `review` sees the files that a render would change in a tree that was rendered before, unless the render would refuse
/// more than Terraform roots that left the spec.
pub fn check_reviewed(job: &Job<'_>, review: impl FnOnce(&[Replaced<'_>])) -> Result<Report, Vec<Diagnostic>> {
    check::check(job, review)
}

/// What [`render_reviewed`] would do. Writes nothing; waits for a running render.
pub fn preview(job: &Job<'_>, review: impl FnOnce(&[Replaced<'_>]) -> bool) -> Result<Outcome, Vec<Diagnostic>> {
    let _guard = transaction::wait(&job.roots.output);
    let rendered = scan::rendered(job)?;
    let scan = scan::scan(job, &rendered)?;
    let plan = plan::plan(job, &scan)?;
    if !is_allowed(job, &rendered, &scan, &plan, review)? {
        return Ok(Outcome::Refused(plan.refused));
    }
    Ok(Outcome::Done(Summary { recovered: scan.interrupted, ..plan.summary }))
}

/// The units that were rendered into a folder: those that have a manifest.
pub fn units(output: &Path) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
    Ok(walk::walk(output, &[]).map_err(one)?.units)
}

/// Whether files were rendered into this folder: it has a manifest.
pub fn was_rendered(output: &Path) -> Result<bool, Vec<Diagnostic>> {
    let tree = walk::walk(output, &[]).map_err(one)?;
    Ok(tree.outside || !tree.units.is_empty())
}

/// Completes an interrupted render, so that the locks are read as that render wrote them. Returns whether there was one.
pub fn recover(roots: &Roots) -> Result<bool, Vec<Diagnostic>> {
    Ok(scan::has_leftovers(&roots.output) && hold(roots)?.1)
}

/// Locks the output folder and completes an interrupted render. Returns whether there was one.
fn hold(roots: &Roots) -> Result<(transaction::RenderLock, bool), Vec<Diagnostic>> {
    let held = transaction::RenderLock::acquire(&roots.output).map_err(one)?;
    let recovered = transaction::recover(roots, &held).map_err(one)?;
    Ok((held, recovered))
}

fn one(error: Box<Diagnostic>) -> Vec<Diagnostic> {
    vec![*error]
}
