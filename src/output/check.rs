//! `render --check`: the plan of a render as a report, with the cause of each difference and the lines that differ. Writes nothing.
//!
//! Every difference and every refusal comes from the plan that a render would carry out, so that both commands say the same.

use std::collections::BTreeSet;

use similar::TextDiff;

use super::disk::{Disk, Found};
use super::journal;
use super::manifest::Manifest;
use super::place::Place;
use super::plan::{self, Planned, Subject};
use super::scan::{self, Entry, Group, Scan, State};
use super::{Cause, Change, Difference, Job, Obstacle, Replaced, Report, transaction};
use crate::diagnostic::Diagnostic;

/// Compares. The differences are an interrupted render, locks, then files by path.
pub(super) fn check(job: &Job<'_>, review: impl FnOnce(&[Replaced<'_>])) -> Result<Report, Vec<Diagnostic>> {
    let _guard = transaction::wait(&job.roots.output);
    let rendered = scan::rendered(job)?;
    let scan = scan::scan(job, &rendered)?;
    let plan = plan::plan(job, &scan)?;
    if plan.is_reviewable() && scan.has_tree() {
        super::reviewed(job, &rendered, &plan, review)?;
    }
    let refused: BTreeSet<&str> = plan.refused.iter().map(|refusal| refusal.path.as_str()).collect();
    // Without the lock, a render plans every address anew, so that the differences of files do not follow from the spec.
    let lock_is_lost = plan.refused.iter().any(|refusal| refusal.why == Obstacle::LockMissing);
    let (mut differences, mut files, mut merged) = (Vec::new(), Vec::new(), Vec::new());
    if scan.interrupted {
        let path = job.roots.show(&Place::output(journal::NAME));
        differences.push(Difference {
            path,
            change: Change::Remove,
            causes: vec![Cause::Interrupted],
            conflict: None,
            diff: None,
            refused: false,
        });
    }
    let mut disk = Disk::new(job.roots);
    for planned in plan.steps.iter().filter(|planned| planned.subject == Subject::Lock || !lock_is_lost) {
        let path = job.roots.show(&planned.step.place);
        let change = match (planned.step.old, planned.step.new) {
            (None, _) => Change::Create,
            (Some(_), Some(_)) => Change::Modify,
            (Some(_), None) => Change::Remove,
        };
        let mut conflict = None;
        let mut causes = match planned.subject {
            Subject::Lock if change == Change::Create => vec![Cause::LockMissing],
            Subject::Lock => vec![Cause::LockStale],
            Subject::File(number) => {
                conflict = scan.entries[number].conflict();
                file_causes(job, &scan, &scan.entries[number])
            }
            Subject::Manifest(_) if job.selection.paths.is_some() => continue,
            Subject::Manifest(number) if is_covered(&scan.groups[number], planned) => {
                merged.push(path);
                continue;
            }
            Subject::Manifest(number) => manifest_causes(job, &scan, number, planned),
        };
        causes.sort_unstable();
        causes.dedup();
        // The lines of a removed file are shown only if somebody edited the file; those of a new lock are not shown.
        let shown = match planned.subject {
            Subject::Lock => change != Change::Create,
            Subject::File(_) => change != Change::Remove || causes.contains(&Cause::Edited),
            Subject::Manifest(_) => false,
        };
        let diff = if shown { diff(&mut disk, planned, &path, change) } else { None };
        let difference = Difference { refused: refused.contains(path.as_str()), path, change, causes, conflict, diff };
        if planned.subject == Subject::Lock { differences.push(difference) } else { files.push(difference) }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    differences.extend(files);
    let versions = scan.groups.iter().filter_map(|group| group.known.as_ref()).flat_map(|known| known.versions.iter().cloned());
    let versions = versions.filter(|version| version != job.version).collect();
    Ok(Report { differences, refused: plan.refused, foreign: plan.summary.foreign, merged, versions })
}

/// Why a file differs.
fn file_causes(job: &Job<'_>, scan: &Scan<'_>, entry: &Entry<'_>) -> Vec<Cause> {
    let group = &scan.groups[entry.group];
    let new = entry.text.as_ref().map(|(_, hash)| *hash);
    let pending = entry.pending.as_ref().is_some_and(|step| step.new == new);
    let reason = if pending { Cause::Interrupted } else { changed(job, group) };
    let also = |cause: Cause| if entry.is_changed() { vec![cause, reason] } else { vec![cause] };
    match &entry.state {
        State::Absent if !entry.owned.is_empty() => also(Cause::Missing),
        // Without a manifest, or with that of a partial render, the file may have been deleted or may be new.
        State::Absent if !pending && group.known.as_ref().is_none_or(|known| known.versions.is_empty()) => missing(job, scan),
        State::Absent => vec![reason],
        _ if entry.is_merged() => also(Cause::Merged),
        _ if entry.is_ours() => vec![reason],
        _ if entry.conflict().is_some() => also(Cause::Conflict),
        _ if entry.owned.is_empty() => vec![Cause::Foreign],
        _ => also(Cause::Edited),
    }
}

/// The causes for a file that is absent, where no manifest tells whether it was ever written.
fn missing(job: &Job<'_>, scan: &Scan<'_>) -> Vec<Cause> {
    let moved = |entry: &Entry<'_>| {
        let group = &scan.groups[entry.group];
        group.known.is_some() && entry.is_changed() && entry.state != State::Absent && changed(job, group) == Cause::SpecChanged
    };
    let spec = scan.entries.iter().any(moved).then_some(Cause::SpecChanged);
    [Some(Cause::Missing), spec].into_iter().flatten().collect()
}

/// Why the rendered text of a unit changed: another version of platgen may print the same spec in another way.
fn changed(job: &Job<'_>, group: &Group<'_>) -> Cause {
    let other = |version: &String| version != job.version;
    let upgraded = group.unit.is_some() && group.known.as_ref().is_some_and(|known| known.versions.iter().any(other));
    if upgraded { Cause::PlatgenChanged } else { Cause::SpecChanged }
}

/// Whether a manifest has every line that a render would write, and further lines of the other branch of a merge. It works as it is.
fn is_covered(group: &Group<'_>, planned: &Planned<'_>) -> bool {
    let wanted = planned.step.new.and_then(|_| Manifest::parse(&planned.text));
    wanted.is_some_and(|wanted| group.known.as_ref().is_some_and(|known| known.covers(&wanted)))
}

/// Why a manifest differs.
fn manifest_causes(job: &Job<'_>, scan: &Scan<'_>, number: usize, planned: &Planned<'_>) -> Vec<Cause> {
    let group = &scan.groups[number];
    let pending = scan.pending.get(&planned.step.place);
    if pending.is_some_and(|step| step.new == planned.step.new) {
        return vec![Cause::Interrupted];
    }
    let Some(known) = &group.known else { return missing(job, scan) };
    if planned.step.new.is_none() {
        return vec![Cause::SpecChanged];
    }
    let moved =
        |entry: &Entry<'_>| entry.state != State::Same && (entry.text.is_some() || entry.state != State::Absent) && entry.is_changed();
    let mut causes = Vec::new();
    causes.extend(group.members.iter().any(|member| moved(&scan.entries[*member])).then(|| changed(job, group)));
    causes.extend(known.is_merged().then_some(Cause::Merged));
    // Without another explanation, somebody edited the manifest.
    causes.extend((known.damaged || causes.is_empty()).then_some(Cause::Edited));
    causes
}

/// The lines that differ, from the disk to the render; binary files have none.
fn diff(disk: &mut Disk<'_>, planned: &Planned<'_>, path: &str, change: Change) -> Option<String> {
    let old = match disk.look(&planned.step.place) {
        Ok(Found::File(bytes)) => std::str::from_utf8(bytes).ok()?.replace("\r\n", "\n"),
        Ok(Found::Absent) => String::new(),
        Ok(Found::Link | Found::Other) | Err(_) => return None,
    };
    let (from, to) = match change {
        Change::Create => ("/dev/null", path),
        Change::Modify => (path, path),
        Change::Remove => (path, "/dev/null"),
    };
    Some(TextDiff::from_lines(old.as_str(), &*planned.text).unified_diff().context_radius(3).header(from, to).to_string())
}
