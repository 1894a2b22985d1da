//! The steps of a render: the files that it writes and removes, or the reasons why it does neither.
//!
//! One refusal forbids every step. Works on a scan; writes nothing.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::disk::{Disk, Found};
use super::journal::Step;
use super::manifest::{Hash, Manifest, same};
use super::place::{Base, Place};
use super::scan::{Entry, Group, Scan, Scope, State, unsafe_path};
use super::{Job, Obstacle, Refusal, Summary};
use crate::diagnostic::wording::shell_word;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Unit;
use crate::layers::{self, Layer};

/// A step with the text that it writes.
#[derive(Debug)]
pub(super) struct Planned<'a> {
    pub(super) step: Step,
    pub(super) text: Cow<'a, str>,
    pub(super) subject: Subject,
}

/// The kind of file that a step changes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Subject {
    Lock,
    /// The entry of this number in the scan.
    File(usize),
    /// The manifest of the group of this number in the scan.
    Manifest(usize),
}

/// The steps, or the refusals.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    /// Locks first, so that every manifest on the disk has its lock; then written files, removed files and manifests.
    pub(super) steps: Vec<Planned<'a>>,
    /// Temporary files without a journal, to be removed.
    pub(super) strays: Vec<Place>,
    pub(super) refused: Vec<Refusal>,
    /// The files of the Terraform roots that the spec no longer has, which are refused.
    pub(super) leaving: Vec<Place>,
    pub(super) summary: Summary,
}

impl Plan<'_> {
    /// Whether the files that the plan changes can be judged: nothing is refused but Terraform roots that left the spec.
    pub(super) fn is_reviewable(&self) -> bool {
        self.refused.iter().all(|refusal| matches!(refusal.why, Obstacle::LiveRoot { .. }))
    }
}

/// Decides about every file of a scan.
pub(super) fn plan<'a>(job: &Job<'a>, scan: &Scan<'a>) -> Result<Plan<'a>, Vec<Diagnostic>> {
    let mut plan = Plan { strays: scan.strays.clone(), ..Plan::default() };
    locks(job, scan.has_tree(), &mut plan)?;
    let live = live_roots(job, scan);
    let is_live = |entry: &Entry<'_>| entry.text.is_none() && live.keys().any(|root| is_below(&entry.place, root));
    let (mut removals, mut manifests) = (Vec::new(), Vec::new());
    for (number, group) in scan.groups.iter().enumerate().filter(|(_, group)| group.scope != Scope::Outside) {
        let mut summary = None;
        for &member in &group.members {
            let entry = &scan.entries[member];
            let (force, shown) = (|| job.force.takes(job.roots, &entry.place), || job.roots.show(&entry.place));
            let mut refuse = |why| plan.refused.push(Refusal { path: shown(), why });
            let conflict = entry.conflict().map(|line| Obstacle::Conflict { line });
            let old = if let State::Other { hash, .. } = entry.state { Some(hash) } else { None };
            let step = |new| Step { place: entry.place.clone(), old, new };
            match (&entry.text, &entry.state, entry.scope) {
                (_, _, Scope::Outside) | (None, State::Absent | State::Same, _) | (Some(_), State::Same, Scope::Shared) => {}
                (_, _, Scope::Shared) => plan.summary.left.push(shown()),
                (Some(_), State::Same, Scope::Selected) => summary.get_or_insert_with(super::UnitSummary::default).unchanged += 1,
                (Some((text, new)), _, Scope::Selected) => {
                    if !entry.is_ours() && !force() {
                        refuse(conflict.unwrap_or(if entry.owned.is_empty() { Obstacle::Foreign } else { Obstacle::Edited }));
                    }
                    plan.steps.push(Planned { step: step(Some(*new)), text: Cow::Borrowed(text), subject: Subject::File(member) });
                    summary.get_or_insert_with(Default::default).written.push(entry.place.path.clone());
                }
                // `live_roots` refuses the whole root.
                (None, _, Scope::Selected) if is_live(entry) => plan.leaving.extend(old.map(|_| entry.place.clone())),
                (None, state, Scope::Selected) => {
                    if !entry.is_ours() && !force() || *state == State::NotAFile {
                        refuse(Obstacle::EditedStale);
                    }
                    if old.is_some() {
                        removals.push(Planned { step: step(None), text: Cow::Borrowed(""), subject: Subject::File(member) });
                        summary.get_or_insert_with(Default::default).removed.push(entry.place.path.clone());
                    }
                }
            }
        }
        let name = if group.base == Base::Output { group.folder.as_str() } else { super::OUTSIDE_UNIT };
        plan.summary.units.extend(summary.map(|summary| (name.to_owned(), summary)));
        if group.scope == Scope::Selected && !group.members.iter().any(|member| is_live(&scan.entries[*member])) {
            manifests.extend(manifest_step(job, scan, number, group));
        }
    }
    plan.steps.extend(removals);
    plan.steps.extend(manifests);
    plan.summary.left.sort();
    plan.refused.sort_by(|a, b| a.path.cmp(&b.path));
    let mut live: Vec<(&str, Vec<String>)> = live.into_iter().collect();
    // A root is destroyed before the roots that it builds on, and one of an unknown layer first.
    live.sort_by_key(|(root, _)| (Layer::of_folder(root).map(Reverse), root.to_owned()));
    // The files of all roots go once the resources of the last one are gone.
    let forces: String = live.iter().map(|(root, _)| format!(" --force={}", shell_word(&job.roots.show(&Place::output(*root))))).collect();
    if let Some((_, commands)) = live.last_mut() {
        commands.push(format!("platgen render{forces}"));
    }
    let refusal = |(root, commands)| Refusal { path: job.roots.show(&Place::output(root)), why: Obstacle::LiveRoot { commands } };
    plan.refused.extend(live.into_iter().map(refusal));
    plan.summary.foreign = scan.foreign.iter().map(|place| job.roots.show(place)).collect();
    Ok(plan)
}

/// Adds the locks to a plan. A missing lock is refused if there are rendered files (`tree`); a lock that changed since the caller read it is an error.
pub(super) fn locks<'a>(job: &Job<'a>, tree: bool, plan: &mut Plan<'a>) -> Result<(), Vec<Diagnostic>> {
    let mut disk = Disk::new(job.roots);
    let mut errors = Vec::new();
    for lock in job.locks {
        let place = Place::new(Base::Project, lock.path.as_str());
        let path = job.roots.show(&place);
        if let Some(why) = job.roots.objection(&place) {
            errors.push(unsafe_path(job, &place, why));
            continue;
        }
        let old = match disk.read(&place) {
            Ok(Some(bytes)) if same(bytes, &lock.text) => continue,
            Ok(Some(bytes)) if lock.previous.as_ref().is_some_and(|text| same(bytes, text)) => Some(Hash::of(bytes)),
            Ok(None) if lock.previous.is_none() => None,
            Ok(_) => {
                let message = format!("`{path}` changed while platgen was running");
                errors.push(Diagnostic::new(Code::ConcurrentChange, message).subject(path).help("run the command again"));
                continue;
            }
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        if old.is_none() && tree && lock.vital && !job.force.names(job.roots, &place) {
            plan.refused.push(Refusal { path: path.clone(), why: Obstacle::LockMissing });
        }
        plan.summary.locks.push(path);
        let step = Step { place, old, new: Some(Hash::of(lock.text.as_bytes())) };
        plan.steps.push(Planned { step, text: Cow::Borrowed(&lock.text), subject: Subject::Lock });
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Whether a file is in this folder of the output folder.
fn is_below(place: &Place, folder: &str) -> bool {
    place.base == Base::Output && place.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder of Terraform modules, which roots call: no state, so nothing to destroy.
const MODULES: &str = "terraform/modules";

/// Terraform roots that the spec no longer has, by folder, with the commands that destroy their resources, or let Terraform forget their buckets.
fn live_roots<'s>(job: &Job<'_>, scan: &'s Scan<'_>) -> BTreeMap<&'s str, Vec<String>> {
    let is_root = |entry: &&Entry<'_>| {
        is_below(&entry.place, layers::FOLDER)
            && (entry.place.path.ends_with(".tf") || entry.place.path.ends_with(".tf.json"))
            && !is_below(&entry.place, MODULES)
    };
    let mut roots: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
    let mut rendered: BTreeSet<&str> = BTreeSet::new();
    for entry in scan.entries.iter().filter(is_root) {
        if entry.text.is_some() {
            rendered.insert(entry.place.folder());
        } else if entry.scope == Scope::Selected && entry.state != State::Absent {
            roots.entry(entry.place.folder()).or_default().push(entry);
        }
    }
    roots.retain(|root, _| !rendered.contains(root) && !job.force.names(job.roots, &Place::output(*root)));
    let mut disk = Disk::new(job.roots);
    let mut has = |files: &[&Entry<'_>], test: fn(&str) -> bool| {
        files.iter().any(|entry| matches!(disk.look(&entry.place), Ok(Found::File(bytes)) if test(&String::from_utf8_lossy(bytes))))
    };
    let commands = |root: &str, guarded: bool, edits: &[&str]| {
        let folder = shell_word(&job.roots.show(&Place::output(root)));
        let mut commands = vec![format!("terraform -chdir={folder} init")];
        // The root that makes the store of states destroys the store of its own: the state moves to the disk before.
        let layer = Layer::of_folder(root);
        // Objects are not Terraform's to delete, nor the key without which they can't be read: the buckets stay, and Terraform forgets them.
        if layer == Some(Layer::Data) {
            commands.push(format!(
                "terraform -chdir={folder} state list | while read -r address; do terraform -chdir={folder} state rm \"$address\"; done"
            ));
            return commands;
        }
        let bootstrap = layer == Some(Layer::Bootstrap);
        if bootstrap {
            commands.push(format!("printf 'terraform {{\\n  backend \"local\" {{}}\\n}}\\n' > {folder}/backend_override.tf"));
            commands.push(format!("terraform -chdir={folder} init -migrate-state"));
        }
        // Terraform reads the guard from the configuration alone: no apply is needed in between. `-i.bak` works for GNU and BSD.
        if guarded {
            commands.push(format!("sed -i.bak '/prevent_destroy/d' {folder}/*.tf && rm {folder}/*.tf.bak"));
        }
        // The cloud reads its own protection from the resource, and the provider the leave to delete what is in a bucket or a repository from the state.
        if bootstrap {
            commands.push(format!("sed -i.bak '/force_destroy/s/false/true/' {folder}/*.tf && rm {folder}/*.tf.bak"));
            commands.push(format!("terraform -chdir={folder} apply"));
        }
        if !edits.is_empty() {
            commands.push(format!("sed -i.bak '{}' {folder}/*.tf && rm {folder}/*.tf.bak", edits.join("; ")));
            commands.push(format!("terraform -chdir={folder} apply"));
        }
        commands.push(format!("terraform -chdir={folder} destroy"));
        if bootstrap {
            commands.push(format!("rm {folder}/backend_override.tf {folder}/terraform.tfstate*"));
        }
        commands
    };
    roots
        .into_iter()
        .map(|(root, files)| {
            let protected = has(&files, |text| text.lines().any(|line| line.contains("deletion_protection") && line.ends_with("true")));
            // Repositories of images, which hold copies alone.
            let kept = has(&files, |text| text.lines().any(|line| line.contains("force_delete") && line.ends_with("false")));
            let edits = [(protected, "/deletion_protection/s/true/false/"), (kept, "/force_delete/s/false/true/")];
            let edits: Vec<&str> = edits.into_iter().filter_map(|(needed, edit)| needed.then_some(edit)).collect();
            (root, commands(root, has(&files, |text| text.contains("prevent_destroy")), &edits))
        })
        .collect()
}

/// The step that updates a unit's manifest to the files after the render.
fn manifest_step<'a>(job: &Job<'_>, scan: &Scan<'a>, number: usize, group: &Group<'a>) -> Option<Planned<'a>> {
    let text = wanted_manifest(job, scan, group).map(|wanted| wanted.print());
    match (&text, &group.manifest) {
        (Some(text), Some(manifest)) if same(manifest.as_bytes(), text) => return None,
        (None, None) => return None,
        _ => {}
    }
    let hash = |text: &String| Hash::of(text.as_bytes());
    let step = Step { place: group.manifest_place(), old: group.manifest.as_ref().map(hash), new: text.as_ref().map(hash) };
    Some(Planned { step, text: Cow::Owned(text.unwrap_or_default()), subject: Subject::Manifest(number) })
}

/// A unit's manifest after the render; `None` if it is removed. Lines of files outside of the selection stay unchanged.
fn wanted_manifest(job: &Job<'_>, scan: &Scan<'_>, group: &Group<'_>) -> Option<Manifest> {
    let entries = || group.members.iter().map(|member| &scan.entries[*member]);
    let whole = entries().all(|entry| {
        entry.scope == Scope::Selected
            || matches!(entry.state, State::Same | State::Absent) && entry.text.is_some() == (entry.state == State::Same)
    });
    // A unit without files has no manifest either: those of the CI system, where the spec names none.
    if whole && group.unit.is_none_or(|unit| unit.files.is_empty()) {
        return None;
    }
    let known = group.known.as_ref();
    let mut files = BTreeMap::new();
    for entry in entries() {
        let hashes = match &entry.text {
            Some((_, new)) if whole || entry.scope == Scope::Selected => vec![*new],
            None if whole || entry.scope == Scope::Selected => Vec::new(),
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
        // The unit was never rendered as a whole: without a version its other files count as missing.
        false if before.is_empty() => before,
        false => before.into_iter().chain([job.version.to_owned()]).collect(),
    };
    let place = |own: fn(&Unit) -> &Option<String>, known: Option<&String>| group.unit.map_or(known.cloned(), |unit| own(unit).clone());
    Some(Manifest {
        versions,
        environment: place(|unit| &unit.environment, known.and_then(|known| known.environment.as_ref())),
        region: place(|unit| &unit.region, known.and_then(|known| known.region.as_ref())),
        files,
        ..Manifest::default()
    })
}
