//! `render --check`: every difference between the render and the disk, with what caused it and what it looks like. Writes nothing.

use similar::TextDiff;

use super::journal;
use super::manifest::{hash, same};
use super::place::{Base, Disk, Found, Place};
use super::plan::manifest_text;
use super::survey::{Entry, Group, Scope, State, Survey, survey, unsafe_path};
use super::{Cause, Change, Difference, Job, transaction};
use crate::diagnostic::Diagnostic;

/// Differences: an interrupted render, locks, then files by path.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<Difference>, Vec<Diagnostic>> {
    let _guard = transaction::wait(&job.roots.output);
    let survey = survey(job)?;
    let mut disk = Disk::new(job.roots);
    let mut all = Vec::new();
    if survey.interrupted {
        let path = job.roots.show(&Place::output(journal::NAME));
        all.push(Difference { path, change: Change::Remove, causes: vec![Cause::Interrupted], diff: None });
    }
    for lock in job.locks {
        let place = Place::new(Base::Project, lock.path.as_str());
        if let Some(why) = job.roots.objection(&place) {
            return Err(vec![unsafe_path(job, &place, why)]);
        }
        let (change, cause) = match disk.look(&place).map_err(|error| vec![*error])? {
            Found::File(bytes) if same(&bytes, &lock.text) => continue,
            Found::Absent => (Change::Create, Cause::LockMissing),
            Found::File(_) | Found::Link | Found::Other => (Change::Modify, Cause::LockStale),
        };
        all.push(difference(job, &mut disk, &place, change, vec![cause], &lock.text));
    }
    let mut files = Vec::new();
    for entry in survey.entries.iter().filter(|entry| entry.scope == Scope::Selected) {
        if let Some((change, causes)) = judge(&survey, entry) {
            let text = entry.text.as_ref().map_or("", |(text, _)| text);
            files.push(difference(job, &mut disk, &entry.place, change, causes, text));
        }
    }
    // What a partial check would make of a manifest depends on what it left out.
    let manifests = survey.groups.iter().enumerate().filter(|(_, group)| group.scope == Scope::Selected && job.selection.paths.is_none());
    for (number, group) in manifests {
        if let Some((change, causes)) = judge_manifest(&survey, number, group) {
            files.push(Difference { path: job.roots.show(&group.manifest_place()), change, causes, diff: None });
        }
    }
    for place in &survey.foreign {
        files.push(Difference { path: job.roots.show(place), change: Change::Remove, causes: vec![Cause::Foreign], diff: None });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    all.extend(files);
    Ok(all)
}

/// What differs about a file, and why; the causes in the order of their declaration.
fn judge(survey: &Survey<'_>, entry: &Entry<'_>) -> Option<(Change, Vec<Cause>)> {
    let group = &survey.groups[entry.group];
    let new = entry.text.as_ref().map(|(_, hash)| hash.as_str());
    let change = match (new, &entry.state) {
        (Some(_), State::Same) | (None, State::Absent | State::Same) => return None,
        (Some(_), State::Absent) => Change::Create,
        (Some(_), _) => Change::Modify,
        (None, _) => Change::Remove,
    };
    // The render differs from what we wrote last.
    let moved = new.is_none_or(|new| !entry.owned.iter().any(|old| old == new));
    let pending = entry.pending.as_ref().is_some_and(|step| step.after() == new);
    let reason = if pending { Cause::Interrupted } else { changed(group) };
    let causes = match change {
        Change::Create if !entry.owned.is_empty() => [Some(Cause::Missing), moved.then_some(reason)],
        Change::Create if pending => [Some(reason), None],
        // Nothing says that it was ever written: the folder is gone, or new.
        Change::Create if group.known.as_ref().is_none_or(|known| known.inputs.is_empty()) => {
            [Some(Cause::Missing), spec_moved(survey).then_some(Cause::SpecChanged)]
        }
        Change::Create => [Some(reason), None],
        _ if entry.is_ours() => [Some(reason), None],
        _ if entry.owned.is_empty() => [Some(Cause::Foreign), None],
        _ => [Some(Cause::Edited), moved.then_some(reason)],
    };
    Some((change, sorted(causes)))
}

fn sorted(causes: [Option<Cause>; 2]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = causes.into_iter().flatten().collect();
    causes.sort_unstable();
    causes
}

/// Why a unit's render differs from what its manifest says.
fn changed(group: &Group<'_>) -> Cause {
    match (group.unit, &group.known) {
        (Some(unit), Some(known)) if known.inputs.len() == 1 && known.inputs.contains(&unit.inputs) => Cause::PlatgenChanged,
        _ => Cause::SpecChanged,
    }
}

/// Whether any unit shows that the spec is not the one of the last render.
fn spec_moved(survey: &Survey<'_>) -> bool {
    survey.groups.iter().any(|group| {
        let known = group.known.as_ref().filter(|known| !known.inputs.is_empty());
        known.is_some_and(|known| group.unit.is_none_or(|unit| !known.inputs.contains(&unit.inputs)))
    })
}

/// What differs about a unit's manifest, and why.
fn judge_manifest(survey: &Survey<'_>, number: usize, group: &Group<'_>) -> Option<(Change, Vec<Cause>)> {
    let wanted = manifest_text(survey, number, group);
    let change = match (&wanted, &group.manifest) {
        (None, None) => return None,
        (Some(wanted), Some(found)) if same(found.as_bytes(), wanted) => return None,
        (Some(_), None) => Change::Create,
        (Some(_), Some(_)) => Change::Modify,
        (None, Some(_)) => Change::Remove,
    };
    let pending = survey.pending.get(&group.manifest_place());
    if pending.is_some_and(|step| step.after() == wanted.as_ref().map(|text| hash(text.as_bytes())).as_deref()) {
        return Some((change, vec![Cause::Interrupted]));
    }
    let Some(known) = &group.known else {
        return Some((change, sorted([Some(Cause::Missing), spec_moved(survey).then_some(Cause::SpecChanged)])));
    };
    // With nothing else to explain it, its lines were changed by hand.
    let explained = changed(group) == Cause::SpecChanged
        || survey
            .entries
            .iter()
            .any(|entry| entry.group == number && judge(survey, entry).is_some_and(|(_, causes)| causes.contains(&Cause::PlatgenChanged)));
    let edited = !known.intact || !explained;
    Some((change, sorted([edited.then_some(Cause::Edited), explained.then(|| changed(group))])))
}

/// A difference with the lines that differ, from the disk to the render; binary files have none.
fn difference(job: &Job<'_>, disk: &mut Disk<'_>, place: &Place, change: Change, causes: Vec<Cause>, text: &str) -> Difference {
    let path = job.roots.show(place);
    let old = match disk.look(place) {
        Ok(Found::File(bytes)) => String::from_utf8(bytes).ok(),
        Ok(Found::Absent) => Some(String::new()),
        Ok(Found::Link | Found::Other) | Err(_) => None,
    };
    let (from, to) = match change {
        Change::Create => ("/dev/null", path.as_str()),
        Change::Modify => (path.as_str(), path.as_str()),
        Change::Remove => (path.as_str(), "/dev/null"),
    };
    let diff = old.map(|old| {
        let old = if old.contains('\r') { old.replace("\r\n", "\n") } else { old };
        TextDiff::from_lines(old.as_str(), text).unified_diff().context_radius(3).header(from, to).to_string()
    });
    Difference { path, change, causes, diff }
}
