//! What a render does to the disk: which files are written and removed, and what forbids it.
//!
//! All or nothing: one refusal and no step is taken. Works on a survey alone; the disk is not touched.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::force::shell_word;
use super::journal::Step;
use super::manifest::{self, hash, same};
use super::place::{Base, Disk, Place};
use super::survey::{Entry, Group, Scope, State, Survey, unsafe_path};
use super::{Job, Obstacle, Refusal, Summary};
use crate::diagnostic::{Code, Diagnostic};
use crate::layers::{self, Layer};

/// A step with the text it writes.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    pub(super) step: Step,
    pub(super) text: Cow<'a, str>,
}

/// What is to be done, or why nothing is.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    /// Locks first, so that no manifest ever stands without them, then files, removals and manifests.
    pub(super) steps: Vec<Planned<'a>>,
    /// Temporary files without a journal, to be removed.
    pub(super) strays: Vec<Place>,
    pub(super) refused: Vec<Refusal>,
    pub(super) summary: Summary,
}

/// Decides, file by file.
pub(super) fn plan<'a>(job: &Job<'a>, survey: Survey<'a>) -> Result<Plan<'a>, Vec<Diagnostic>> {
    let mut plan = Plan::default();
    locks(job, &survey, &mut plan)?;
    let live = live_roots(job, &survey);
    let mut removals = Vec::new();
    for entry in &survey.entries {
        let group = &survey.groups[entry.group];
        let summary = plan.summary.units.entry(unit_name(group));
        match (&entry.text, &entry.state, entry.scope) {
            (_, _, Scope::Outside) | (None, State::Absent | State::Same, _) => {}
            (Some(_), State::Same, Scope::Left) => {}
            (_, _, Scope::Left) => plan.summary.left.push(job.roots.show(&entry.place)),
            (Some(_), State::Same, Scope::Selected) => summary.or_default().unchanged += 1,
            (Some((text, new)), state, Scope::Selected) => {
                if !entry.is_ours() && !job.force.takes(job.roots, &entry.place) {
                    let why = if entry.owned.is_empty() { Obstacle::Foreign } else { Obstacle::Edited };
                    plan.refused.push(Refusal { path: job.roots.show(&entry.place), why });
                }
                let old = if let State::Other(hash) = state { Some(hash.clone()) } else { None };
                let step = Step::Write { place: entry.place.clone(), old, new: new.clone() };
                plan.steps.push(Planned { step, text: Cow::Borrowed(text) });
                summary.or_default().written.push(entry.place.path.clone());
            }
            (None, state, Scope::Selected) => {
                let is_live = live.iter().any(|(root, _)| parent(&entry.place) == Some(root));
                match state {
                    State::Other(old) if entry.is_ours() || job.force.takes(job.roots, &entry.place) => {
                        let step = Step::Remove { place: entry.place.clone(), old: old.clone() };
                        removals.push(Planned { step, text: Cow::Borrowed("") });
                        summary.or_default().removed.push(entry.place.path.clone());
                    }
                    // The root above it is refused as a whole.
                    _ if is_live => {}
                    _ => plan.refused.push(Refusal { path: job.roots.show(&entry.place), why: Obstacle::EditedStale }),
                }
            }
        }
    }
    plan.refused.sort_by(|a, b| a.path.cmp(&b.path));
    plan.refused.extend(
        live.into_iter()
            .map(|(root, commands)| Refusal { path: job.roots.show(&Place::output(root)), why: Obstacle::LiveRoot { commands } }),
    );
    plan.steps.extend(removals);
    for (number, group) in survey.groups.iter().enumerate() {
        manifest_step(&survey, number, group, &mut plan);
    }
    plan.summary.foreign = survey.foreign.iter().map(|place| job.roots.show(place)).collect();
    plan.strays = survey.strays;
    Ok(plan)
}

/// The folder of a unit as a summary names it.
fn unit_name(group: &Group<'_>) -> String {
    match group.base {
        Base::Output => group.folder.clone(),
        Base::Project => super::OUTSIDE_UNIT.to_owned(),
    }
}

/// The locks: written whole, refused where the tree has lost its lock, and never over a text that the caller has not read.
fn locks<'a>(job: &Job<'a>, survey: &Survey<'a>, plan: &mut Plan<'a>) -> Result<(), Vec<Diagnostic>> {
    let mut disk = Disk::new(job.roots);
    let mut errors = Vec::new();
    for lock in job.locks {
        let place = Place::new(Base::Project, lock.path.as_str());
        if let Some(why) = job.roots.objection(&place) {
            errors.push(unsafe_path(job, &place, why));
            continue;
        }
        let old = match disk.read(&place) {
            Ok(Some(bytes)) if same(&bytes, &lock.text) => continue,
            Ok(Some(bytes)) if lock.previous.as_ref().is_some_and(|text| same(&bytes, text)) => Some(hash(&bytes)),
            Ok(None) if lock.previous.is_none() => None,
            Ok(_) => {
                let message = format!("`{}` changed while this render was under way", job.roots.show(&place));
                errors.push(Diagnostic::new(Code::ConcurrentChange, message).subject(job.roots.show(&place)).help("render again"));
                continue;
            }
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        if old.is_none() && survey.has_tree() && !job.force.names(job.roots, &place) {
            plan.refused.push(Refusal { path: job.roots.show(&place), why: Obstacle::LockMissing });
        }
        plan.summary.locks.push(job.roots.show(&place));
        let step = Step::Write { place, old, new: hash(lock.text.as_bytes()) };
        plan.steps.push(Planned { step, text: Cow::Borrowed(&lock.text) });
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// The folder of a file in the output folder.
fn parent(place: &Place) -> Option<&str> {
    (place.base == Base::Output).then(|| place.path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

/// Terraform roots that the render no longer has, with the commands that take down what they stand for, dependants first.
fn live_roots(job: &Job<'_>, survey: &Survey<'_>) -> Vec<(String, Vec<String>)> {
    let is_root = |entry: &&Entry<'_>| {
        let path = &entry.place.path;
        parent(&entry.place).is_some()
            && path.split('/').next() == Some(layers::FOLDER)
            && (path.ends_with(".tf") || path.ends_with(".tf.json"))
            && !path.split('/').any(|part| part == "modules")
    };
    let mut roots: BTreeMap<&str, bool> = BTreeMap::new();
    for entry in survey.entries.iter().filter(is_root) {
        let gone = entry.text.is_none();
        if !gone || (entry.scope == Scope::Selected && entry.state != State::Absent) {
            let all_gone = roots.entry(parent(&entry.place).unwrap_or_default()).or_insert(true);
            *all_gone &= gone;
        }
    }
    let gone = roots.into_iter().filter(|&(root, gone)| gone && !job.force.names(job.roots, &Place::output(root)));
    let mut gone: Vec<(String, Vec<String>)> = gone
        .map(|(root, _)| {
            let folder = shell_word(&job.roots.show(&Place::output(root)));
            (root.to_owned(), ["init", "destroy"].map(|verb| format!("terraform -chdir={folder} {verb}")).to_vec())
        })
        .collect();
    // A root goes before the roots that it builds on, and one of no known layer goes first.
    gone.sort_by_key(|(root, _)| (Layer::of_folder(root).map(Reverse), root.clone()));
    gone
}

/// Brings a unit's manifest up to what the steps make of it.
fn manifest_step<'a>(survey: &Survey<'a>, number: usize, group: &Group<'a>, plan: &mut Plan<'a>) {
    if group.scope != Scope::Selected {
        return;
    }
    let place = group.manifest_place();
    let old = group.manifest.as_ref().map(|text| hash(text.as_bytes()));
    let Some(text) = manifest_text(survey, number, group) else {
        if let Some(old) = old {
            plan.steps.push(Planned { step: Step::Remove { place, old }, text: Cow::Borrowed("") });
        }
        return;
    };
    if group.manifest.as_ref().is_none_or(|old| !same(old.as_bytes(), &text)) {
        let step = Step::Write { place, old, new: hash(text.as_bytes()) };
        plan.steps.push(Planned { step, text: Cow::Owned(text) });
    }
}

/// A unit's manifest after the render; `None` where it goes. Of a unit that is rendered in part, the lines of the other files and the
/// hash of the inputs stay as they were, so that the rest still shows as changed.
pub(super) fn manifest_text(survey: &Survey<'_>, number: usize, group: &Group<'_>) -> Option<String> {
    let entries = || survey.entries.iter().filter(move |entry| entry.group == number);
    let in_folder = |entry: &Entry<'_>| match group.folder.as_str() {
        "" => entry.place.path.clone(),
        folder => entry.place.path[folder.len() + 1..].to_owned(),
    };
    let is_settled = |entry: &Entry<'_>| {
        entry.scope == Scope::Selected
            || matches!(entry.state, State::Same | State::Absent) && entry.text.is_some() == (entry.state == State::Same)
    };
    let whole = entries().all(is_settled);
    let Some(unit) = group.unit.filter(|_| whole) else {
        if whole {
            return None;
        }
        let (unit, known) = (group.unit, group.known.as_ref());
        let mut files: BTreeMap<String, &str> = BTreeMap::new();
        for entry in entries() {
            match (&entry.text, entry.scope) {
                (Some((_, new)), Scope::Selected) => files.insert(in_folder(entry), new),
                (None, Scope::Selected) => None,
                _ => entry.owned.first().and_then(|hash| files.insert(in_folder(entry), hash)),
            };
        }
        if files.is_empty() {
            return group.manifest.clone();
        }
        let inputs = known.and_then(|known| known.inputs.first()).map(String::as_str);
        let environment = unit.map_or(known.and_then(|known| known.environment.as_deref()), |unit| unit.environment.as_deref());
        let region = unit.map_or(known.and_then(|known| known.region.as_deref()), |unit| unit.region.as_deref());
        return Some(manifest::print(inputs, environment, region, files.iter().map(|(path, hash)| (path.as_str(), *hash))));
    };
    let files: BTreeMap<String, &str> = entries().filter_map(|entry| Some((in_folder(entry), entry.text.as_ref()?.1.as_str()))).collect();
    let files = files.iter().map(|(path, hash)| (path.as_str(), *hash));
    Some(manifest::print(Some(&unit.inputs), unit.environment.as_deref(), unit.region.as_deref(), files))
}
