//! `render --check`: the plan of a render as a report, with the cause of each difference and the lines that differ. Writes nothing.
//!
//! Every difference and every refusal comes from the plan that a render would carry out, so that both commands say the same.

use std::collections::BTreeSet;

use similar::TextDiff;

use super::journal::{self, Step};
use super::place::{Disk, Found, Place};
use super::plan::{self, Planned, Subject};
use super::survey::{Entry, Group, State, Survey, survey};
use super::{Cause, Change, Difference, Job, Report, transaction};
use crate::diagnostic::Diagnostic;

/// Compares. The differences are an interrupted render, locks, then files by path.
pub(super) fn check(job: &Job<'_>) -> Result<Report, Vec<Diagnostic>> {
    let _guard = transaction::wait(&job.roots.output);
    let survey = survey(job)?;
    let plan = plan::plan(job, &survey)?;
    let refused: BTreeSet<&str> = plan.refused.iter().map(|refusal| refusal.path.as_str()).collect();
    let (mut differences, mut files) = (Vec::new(), Vec::new());
    if survey.interrupted {
        let path = job.roots.show(&Place::output(journal::NAME));
        differences.push(Difference { path, change: Change::Remove, causes: vec![Cause::Interrupted], diff: None, refused: false });
    }
    let mut disk = Disk::new(job.roots);
    for planned in &plan.steps {
        let change = match &planned.step {
            Step::Write { old: None, .. } => Change::Create,
            Step::Write { .. } => Change::Modify,
            Step::Remove { .. } => Change::Remove,
        };
        let mut causes = match planned.subject {
            Subject::Lock if change == Change::Create => vec![Cause::LockMissing],
            Subject::Lock => vec![Cause::LockStale],
            Subject::File(number) => file_causes(job, &survey, &survey.entries[number]),
            Subject::Manifest(number) => manifest_causes(job, &survey, number, planned),
        };
        if causes.is_empty() {
            continue;
        }
        causes.sort_unstable();
        causes.dedup();
        let path = job.roots.show(planned.step.place());
        // The lines of a file that goes say nothing, unless somebody changed them.
        let shown = !matches!(planned.subject, Subject::Manifest(_)) && (change != Change::Remove || causes.contains(&Cause::Edited));
        let diff = shown.then(|| diff(&mut disk, planned, &path, change)).flatten();
        let difference = Difference { refused: refused.contains(path.as_str()), path, change, causes, diff };
        if planned.subject == Subject::Lock { differences.push(difference) } else { files.push(difference) }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    differences.extend(files);
    let versions = survey.groups.iter().filter_map(|group| group.known.as_ref()).flat_map(|known| known.versions.iter().cloned());
    let versions = versions.filter(|version| version != job.version).collect();
    Ok(Report { differences, refused: plan.refused, foreign: plan.summary.foreign, versions })
}

/// Why a file differs.
fn file_causes(job: &Job<'_>, survey: &Survey<'_>, entry: &Entry<'_>) -> Vec<Cause> {
    let group = &survey.groups[entry.group];
    let new = entry.text.as_ref().map(|(_, hash)| hash.as_str());
    let pending = entry.pending.as_ref().is_some_and(|step| step.after() == new);
    let reason = if pending { Cause::Interrupted } else { changed(job, group) };
    let also = |cause: Cause| if entry.is_changed() { vec![cause, reason] } else { vec![cause] };
    match &entry.state {
        State::Absent if !entry.owned.is_empty() => also(Cause::Missing),
        // Without a manifest, or with that of a partial render, nothing says that the file was ever written: it is gone, or new.
        State::Absent if !pending && group.known.as_ref().is_none_or(|known| known.versions.is_empty()) => missing(job, survey),
        State::Absent => vec![reason],
        _ if entry.is_merged() => also(Cause::Merged),
        _ if entry.is_ours() => vec![reason],
        _ if entry.owned.is_empty() => vec![Cause::Foreign],
        _ => also(Cause::Edited),
    }
}

/// The causes of what is absent although no manifest tells when it went.
fn missing(job: &Job<'_>, survey: &Survey<'_>) -> Vec<Cause> {
    let moved = |entry: &Entry<'_>| {
        let group = &survey.groups[entry.group];
        group.known.is_some() && entry.is_changed() && entry.state != State::Absent && changed(job, group) == Cause::SpecChanged
    };
    let spec = survey.entries.iter().any(moved).then_some(Cause::SpecChanged);
    [Some(Cause::Missing), spec].into_iter().flatten().collect()
}

/// Why the render of a unit is not the last one: another version of platgen prints in another way; for the same version it is the spec.
fn changed(job: &Job<'_>, group: &Group<'_>) -> Cause {
    let other = |version: &String| version != job.version;
    let upgraded = group.unit.is_some() && group.known.as_ref().is_some_and(|known| known.versions.iter().any(other));
    if upgraded { Cause::PlatgenChanged } else { Cause::SpecChanged }
}

/// Why a manifest differs; nothing where a merge left lines of both branches and those of this render are among them.
fn manifest_causes(job: &Job<'_>, survey: &Survey<'_>, number: usize, planned: &Planned<'_>) -> Vec<Cause> {
    let group = &survey.groups[number];
    // What a partial check would make of a manifest depends on what it left out.
    if job.selection.paths.is_some() {
        return Vec::new();
    }
    let pending = survey.pending.get(planned.step.place());
    if pending.is_some_and(|step| step.after() == planned.step.after()) {
        return vec![Cause::Interrupted];
    }
    let Some(known) = &group.known else { return missing(job, survey) };
    if matches!(planned.step, Step::Remove { .. }) {
        return vec![Cause::SpecChanged];
    }
    if super::manifest::Manifest::parse(&planned.text).is_some_and(|wanted| known.covers(&wanted)) {
        return Vec::new();
    }
    let differs = |entry: &Entry<'_>| entry.state != State::Same && (entry.text.is_some() || entry.state != State::Absent);
    let moved = |entry: &Entry<'_>| entry.group == number && differs(entry) && entry.is_changed();
    let mut causes = Vec::new();
    causes.extend(survey.entries.iter().any(moved).then(|| changed(job, group)));
    causes.extend(known.is_merged().then_some(Cause::Merged));
    // With nothing else to explain the difference, lines were changed by hand.
    causes.extend((known.damaged || causes.is_empty()).then_some(Cause::Edited));
    causes
}

/// The lines that differ, from the disk to the render; binary files have none.
fn diff(disk: &mut Disk<'_>, planned: &Planned<'_>, path: &str, change: Change) -> Option<String> {
    let old = match disk.look(planned.step.place()) {
        Ok(Found::File(bytes)) => String::from_utf8(bytes).ok()?,
        Ok(Found::Absent) => String::new(),
        Ok(Found::Link | Found::Other) | Err(_) => return None,
    };
    let (from, to) = match change {
        Change::Create => ("/dev/null", path),
        Change::Modify => (path, path),
        Change::Remove => (path, "/dev/null"),
    };
    let old = if old.contains('\r') { old.replace("\r\n", "\n") } else { old };
    Some(TextDiff::from_lines(old.as_str(), &*planned.text).unified_diff().context_radius(3).header(from, to).to_string())
}
