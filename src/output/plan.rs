//! What a render does to the disk: which files are written and removed, and what forbids it.
//!
//! All or nothing: one refusal and no step is taken. Works on a survey alone; the disk is not touched.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::force::shell_word;
use super::journal::Step;
use super::manifest::{Manifest, hash, same};
use super::place::{Base, Disk, Found, Place};
use super::survey::{Entry, Group, Scope, State, Survey, unsafe_path};
use super::{Job, Obstacle, Refusal, Summary};
use crate::diagnostic::{Code, Diagnostic};
use crate::layers::{self, Layer};

/// A step with the text it writes.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    pub(super) step: Step,
    pub(super) text: Cow<'a, str>,
    pub(super) subject: Subject,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Subject {
    Lock,
    /// An entry of the survey.
    File(usize),
    /// The manifest of a group of the survey.
    Manifest(usize),
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
pub(super) fn plan<'a>(job: &Job<'a>, survey: &Survey<'a>) -> Result<Plan<'a>, Vec<Diagnostic>> {
    let mut plan = Plan::default();
    locks(job, survey, &mut plan)?;
    let live = live_roots(job, survey);
    let is_live = |entry: &Entry<'_>| entry.text.is_none() && live.keys().any(|root| is_below(&entry.place, root));
    let mut removals = Vec::new();
    for (number, entry) in survey.entries.iter().enumerate() {
        let group = &survey.groups[entry.group];
        let summary = plan.summary.units.entry(unit_name(group));
        let subject = Subject::File(number);
        let mut refuse = |why| plan.refused.push(Refusal { path: job.roots.show(&entry.place), why });
        match (&entry.text, &entry.state, entry.scope) {
            (_, _, Scope::Outside) | (None, State::Absent | State::Same, _) => {}
            (Some(_), State::Same, Scope::Left) => {}
            (_, _, Scope::Left) => plan.summary.left.push(job.roots.show(&entry.place)),
            (Some(_), State::Same, Scope::Selected) => summary.or_default().unchanged += 1,
            (Some((text, new)), state, Scope::Selected) => {
                if !entry.is_ours() && !job.force.takes(job.roots, &entry.place) {
                    refuse(if entry.owned.is_empty() { Obstacle::Foreign } else { Obstacle::Edited });
                }
                let old = if let State::Other(hash) = state { Some(hash.clone()) } else { None };
                let step = Step::Write { place: entry.place.clone(), old, new: new.clone() };
                plan.steps.push(Planned { step, text: Cow::Borrowed(text), subject });
                summary.or_default().written.push(entry.place.path.clone());
            }
            // The root is refused as a whole.
            (None, _, Scope::Selected) if is_live(entry) => {}
            (None, state, Scope::Selected) => {
                if !entry.is_ours() && !job.force.takes(job.roots, &entry.place) || *state == State::Alien {
                    refuse(Obstacle::EditedStale);
                }
                if let State::Other(old) = state {
                    let step = Step::Remove { place: entry.place.clone(), old: old.clone() };
                    removals.push(Planned { step, text: Cow::Borrowed(""), subject });
                    summary.or_default().removed.push(entry.place.path.clone());
                }
            }
        }
    }
    plan.refused.sort_by(|a, b| a.path.cmp(&b.path));
    plan.steps.extend(removals);
    let stays: BTreeSet<usize> = survey.entries.iter().filter(|entry| is_live(entry)).map(|entry| entry.group).collect();
    for (number, group) in survey.groups.iter().enumerate().filter(|(number, _)| !stays.contains(number)) {
        manifest_step(job, survey, number, group, &mut plan);
    }
    let mut live: Vec<(&str, Vec<String>)> = live.into_iter().collect();
    // A root goes before the roots that it builds on, and one of no known layer goes first.
    live.sort_by_key(|(root, _)| (Layer::of_folder(root).map(Reverse), root.to_owned()));
    let refusal = |(root, commands)| Refusal { path: job.roots.show(&Place::output(root)), why: Obstacle::LiveRoot { commands } };
    plan.refused.extend(live.into_iter().map(refusal));
    plan.summary.foreign = survey.foreign.iter().map(|place| job.roots.show(place)).collect();
    plan.strays = survey.strays.clone();
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
        plan.steps.push(Planned { step, text: Cow::Borrowed(&lock.text), subject: Subject::Lock });
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Whether a file lies in this folder of the output folder.
fn is_below(place: &Place, folder: &str) -> bool {
    place.base == Base::Output && place.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder of a file in the output folder.
fn parent(place: &Place) -> Option<&str> {
    (place.base == Base::Output).then(|| place.path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

/// Terraform roots that the render no longer has, by folder, with the commands that destroy their resources.
fn live_roots<'s>(job: &Job<'_>, survey: &'s Survey<'_>) -> BTreeMap<&'s str, Vec<String>> {
    let is_root = |entry: &&Entry<'_>| {
        let path = &entry.place.path;
        parent(&entry.place).is_some()
            && path.split('/').next() == Some(layers::FOLDER)
            && (path.ends_with(".tf") || path.ends_with(".tf.json"))
            && !path.split('/').any(|part| part == "modules")
    };
    let mut roots: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    let mut rendered: BTreeSet<&str> = BTreeSet::new();
    for entry in survey.entries.iter().filter(is_root) {
        let root = parent(&entry.place).unwrap_or_default();
        if entry.text.is_some() {
            rendered.insert(root);
        } else if entry.scope == Scope::Selected && entry.state != State::Absent {
            roots.entry(root).or_default().push(entry);
        }
    }
    roots.retain(|root, _| !rendered.contains(root) && !job.force.names(job.roots, &Place::output(*root)));
    let mut disk = Disk::new(job.roots);
    let mut guarded = |entry: &&Entry<'_>| matches!(disk.look(&entry.place), Ok(Found::File(bytes)) if String::from_utf8_lossy(&bytes).contains("prevent_destroy"));
    let commands = |root: &str, guarded: bool| {
        let folder = shell_word(&job.roots.show(&Place::output(root)));
        let mut commands = vec![format!("terraform -chdir={folder} init")];
        // Terraform reads the guard from the configuration alone: no apply is needed in between. `-i.bak` works for GNU and BSD.
        if guarded {
            commands.push(format!("sed -i.bak '/prevent_destroy/d' {folder}/*.tf && rm {folder}/*.tf.bak"));
        }
        commands.push(format!("terraform -chdir={folder} destroy"));
        commands
    };
    roots.into_iter().map(|(root, files)| (root, commands(root, files.iter().any(&mut guarded)))).collect()
}

/// Brings a unit's manifest up to what the steps make of it.
fn manifest_step<'a>(job: &Job<'_>, survey: &Survey<'a>, number: usize, group: &Group<'a>, plan: &mut Plan<'a>) {
    if group.scope != Scope::Selected {
        return;
    }
    let (place, subject) = (group.manifest_place(), Subject::Manifest(number));
    let old = group.manifest.as_ref().map(|text| hash(text.as_bytes()));
    match (wanted_manifest(job, survey, number, group), old) {
        (None, None) => {}
        (None, Some(old)) => plan.steps.push(Planned { step: Step::Remove { place, old }, text: Cow::Borrowed(""), subject }),
        (Some(wanted), old) => {
            let text = wanted.print();
            if group.manifest.as_ref().is_none_or(|old| !same(old.as_bytes(), &text)) {
                let step = Step::Write { place, old, new: hash(text.as_bytes()) };
                plan.steps.push(Planned { step, text: Cow::Owned(text), subject });
            }
        }
    }
}

/// A unit's manifest after the render; `None` where it goes. The lines of files that the selection leaves out stay as they were.
fn wanted_manifest(job: &Job<'_>, survey: &Survey<'_>, number: usize, group: &Group<'_>) -> Option<Manifest> {
    let entries = || survey.entries.iter().filter(move |entry| entry.group == number);
    let is_settled = |entry: &Entry<'_>| {
        entry.scope == Scope::Selected
            || matches!(entry.state, State::Same | State::Absent) && entry.text.is_some() == (entry.state == State::Same)
    };
    let whole = entries().all(is_settled);
    if whole && group.unit.is_none() {
        return None;
    }
    let known = group.known.as_ref();
    let mut files = BTreeMap::new();
    for entry in entries() {
        let hashes = match &entry.text {
            Some((_, new)) if whole || entry.scope == Scope::Selected => BTreeSet::from([new.clone()]),
            None if whole || entry.scope == Scope::Selected => BTreeSet::new(),
            _ => entry.owned.clone(),
        };
        if !hashes.is_empty() {
            let path = entry.place.path.strip_prefix(&group.folder).unwrap_or_default().trim_start_matches('/');
            files.insert(path.to_owned(), hashes);
        }
    }
    if !whole && files.is_empty() {
        return known.cloned();
    }
    // The recorded version is that of the last change: an upgrade alone touches no manifest.
    let before = known.map(|known| known.versions.clone()).unwrap_or_default();
    let unchanged = before.len() == 1 && known.is_some_and(|known| known.files == files);
    let versions = match whole {
        _ if unchanged => before,
        true => BTreeSet::from([job.version.to_owned()]),
        // Of a unit that was never rendered whole no version is recorded, so that the other files count as missing.
        false if before.is_empty() => before,
        false => before.into_iter().chain([job.version.to_owned()]).collect(),
    };
    let place = |own: fn(&crate::files::Unit) -> &Option<String>, known: Option<&String>| {
        group.unit.map_or(known.cloned(), |unit| own(unit).clone())
    };
    Some(Manifest {
        versions,
        environment: place(|unit| &unit.environment, known.and_then(|known| known.environment.as_ref())),
        region: place(|unit| &unit.region, known.and_then(|known| known.region.as_ref())),
        files,
        ..Manifest::default()
    })
}
