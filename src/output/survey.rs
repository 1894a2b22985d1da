//! Render, manifests and disk side by side: for every file that is rendered or ours, what should be there, what we left and what is.
//!
//! Decides nothing: whether a difference may be written is for `plan`, what caused it for `check`. Reads each file once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::journal::{self, Journal, Step};
use super::manifest::{self, Manifest, hash, same};
use super::place::{Base, Disk, Found, Place, in_the_way, join, normal};
use super::walk::{Tree, walk};
use super::{Job, Selection};
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Unit;

/// How a file lies to the selection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// It is to be written.
    Selected,
    /// It is shared by what is selected and what is not, and stays as it is.
    Left,
    /// It belongs to something else.
    Outside,
}

/// What stands in a file's place, compared with what is rendered.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum State {
    Absent,
    /// The rendered text, line ends apart.
    Same,
    /// Something else, with its hash.
    Other(String),
    /// A link or a folder.
    Alien,
}

/// A unit: as rendered, as its manifest says, or both.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) base: Base,
    pub(super) folder: String,
    pub(super) unit: Option<&'a Unit>,
    pub(super) known: Option<Manifest>,
    /// The manifest's text on the disk.
    pub(super) manifest: Option<String>,
    pub(super) scope: Scope,
}

impl Group<'_> {
    /// Where its manifest lies.
    pub(super) fn manifest_place(&self) -> Place {
        match self.base {
            Base::Output => Place::output(join(&self.folder, manifest::NAME)),
            Base::Project => Place::output(manifest::OUTSIDE),
        }
    }
}

/// One file.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) place: Place,
    /// Which of the groups it belongs to.
    pub(super) group: usize,
    /// The rendered text and its hash.
    pub(super) text: Option<(&'a str, String)>,
    /// The hashes that its manifest knows; several after a merge of two branches, none where the file is not ours.
    pub(super) owned: BTreeSet<String>,
    /// Whether the file on the disk has conflict markers of git.
    pub(super) conflicted: bool,
    /// What a render that was cut short would have done to it.
    pub(super) pending: Option<Step>,
    pub(super) state: State,
    pub(super) scope: Scope,
}

impl Entry<'_> {
    /// Whether a render may replace or remove the file without being forced: platgen wrote it, or git made it of two texts that platgen wrote.
    pub(super) fn is_ours(&self) -> bool {
        match &self.state {
            State::Other(hash) => {
                self.owned.contains(hash) || self.pending.as_ref().and_then(Step::after) == Some(hash) || self.is_merged()
            }
            State::Absent | State::Same => true,
            State::Alien => false,
        }
    }

    /// Whether git made the file of the texts of two branches.
    ///
    /// Where both branches changed a file, the merged manifest has a hash from each. The manifest also has two hashes where one branch changed
    /// the file and the other branch changed the file on the next line of the manifest; then one of the hashes is that of the rendered text and git
    /// had nothing to merge, so that another text is an edit. Conflict markers alone prove nothing: a file that no manifest lists, or that only one
    /// branch changed, keeps them.
    pub(super) fn is_merged(&self) -> bool {
        let unlisted = self.text.as_ref().is_none_or(|(_, new)| !self.owned.contains(new));
        matches!(&self.state, State::Other(hash) if !self.owned.contains(hash)) && self.owned.len() > 1 && (self.conflicted || unlisted)
    }

    /// Whether the render is another text than the last one that platgen wrote.
    pub(super) fn is_changed(&self) -> bool {
        self.text.as_ref().is_none_or(|(_, new)| !self.owned.contains(new))
    }
}

/// Everything there is to know before deciding.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// Sorted by place.
    pub(super) entries: Vec<Entry<'a>>,
    /// Files in selected units that are neither rendered nor ours.
    pub(super) foreign: Vec<Place>,
    /// Temporary files without a journal.
    pub(super) strays: Vec<Place>,
    /// Whether a render was cut short.
    pub(super) interrupted: bool,
    /// What it would have done.
    pub(super) pending: BTreeMap<Place, Step>,
}

impl Survey<'_> {
    /// Whether an earlier render left a manifest.
    pub(super) fn has_tree(&self) -> bool {
        self.groups.iter().any(|group| group.known.is_some())
    }
}

/// Looks at everything. Nothing is written.
pub(super) fn survey<'a>(job: &Job<'a>) -> Result<Survey<'a>, Vec<Diagnostic>> {
    let tree = walk(&job.roots.output, job.never_foreign).map_err(|error| vec![*error])?;
    let mut disk = Disk::new(job.roots);
    let journal = read_text(&mut disk, &Place::output(journal::NAME)).map_err(|error| vec![*error])?;
    let steps = journal.as_deref().map(|text| Journal::parse(text).steps).unwrap_or_default();
    let pending: BTreeMap<Place, Step> = steps.into_iter().map(|step| (step.place().clone(), step)).collect();

    let mut errors = Vec::new();
    let groups = groups(job, &tree, &mut disk, &mut errors);
    let entries = entries(job, &groups, &pending, &mut disk, &mut errors);
    if !errors.is_empty() {
        // One link above many files is one error.
        errors.sort_by(|a, b| (&a.subject, &a.message).cmp(&(&b.subject, &b.message)));
        errors.dedup();
        return Err(errors);
    }
    let foreign = foreign(job, &tree, &groups, &entries);
    let strays = tree.strays.into_iter().map(Place::output).collect();
    Ok(Survey { groups, entries, foreign, strays, interrupted: journal.is_some(), pending })
}

/// Every unit that is rendered or has a manifest.
fn groups<'a>(job: &Job<'a>, tree: &Tree, disk: &mut Disk<'_>, errors: &mut Vec<Diagnostic>) -> Vec<Group<'a>> {
    let folders: BTreeSet<&String> = job.files.units.keys().chain(&tree.units).collect();
    let inside = folders.into_iter().map(|folder| (Base::Output, folder.clone(), job.files.units.get(folder)));
    let outside = (job.outside.is_some() || tree.outside).then(|| (Base::Project, String::new(), job.outside));
    let mut groups = Vec::new();
    for (base, folder, unit) in outside.into_iter().chain(inside) {
        let mut group = Group { base, folder, unit, known: None, manifest: None, scope: Scope::Selected };
        let place = group.manifest_place();
        group.manifest = read_text(disk, &place).unwrap_or_else(|error| {
            errors.push(*error);
            None
        });
        group.known = group.manifest.as_deref().and_then(Manifest::parse);
        if group.manifest.is_some() && group.known.is_none() {
            let path = job.roots.show(&place);
            let message = format!("`{path}` was written by a newer platgen");
            errors.push(
                Diagnostic::new(Code::NewerManifest, message).subject(path).help("render with the version that the rest of the team uses"),
            );
        }
        let (environment, region) = match (unit, &group.known) {
            (Some(unit), _) => (unit.environment.as_deref(), unit.region.as_deref()),
            (None, Some(known)) => (known.environment.as_deref(), known.region.as_deref()),
            (None, None) => (None, None),
        };
        group.scope = job.selection.scope(environment, region);
        groups.push(group);
    }
    groups
}

/// The text of a manifest or journal, bad characters replaced; an error where something else has its name.
fn read_text(disk: &mut Disk<'_>, place: &Place) -> Result<Option<String>, Box<Diagnostic>> {
    Ok(disk.read(place)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Every file that is rendered or listed in a manifest, with all that is wrong about their paths.
fn entries<'a>(
    job: &Job<'a>,
    groups: &[Group<'a>],
    pending: &BTreeMap<Place, Step>,
    disk: &mut Disk<'_>,
    errors: &mut Vec<Diagnostic>,
) -> Vec<Entry<'a>> {
    let mut files: BTreeMap<Place, Entry<'a>> = BTreeMap::new();
    let before = errors.len();
    let entry = |place: Place, group: usize| {
        let paths = job.selection.paths.filter(|_| groups[group].scope == Scope::Selected);
        let chosen = paths.is_none_or(|paths| place.base == Base::Output && paths.contains(&place.path));
        let scope = if chosen { groups[group].scope } else { Scope::Left };
        let pending = pending.get(&place).cloned();
        Entry { place, group, text: None, owned: BTreeSet::new(), conflicted: false, pending, state: State::Absent, scope }
    };
    for (number, group) in groups.iter().enumerate() {
        for (path, text) in group.unit.iter().flat_map(|unit| &unit.files) {
            let place = Place::new(group.base, join(&group.folder, path));
            match objection(job, &place).or_else(|| files.contains_key(&place).then_some("two units hold it")) {
                Some(why) => errors.push(unsafe_path(job, &place, why)),
                None => {
                    let mut rendered = entry(place.clone(), number);
                    rendered.text = Some((text, hash(text.as_bytes())));
                    files.insert(place, rendered);
                }
            }
        }
    }
    for place in files.keys() {
        let mut folder = place.path.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if files.contains_key(&Place::new(place.base, above)) {
                errors.push(unsafe_path(job, place, &format!("`{above}` is a file of the same render")));
            }
        }
    }
    for (number, group) in groups.iter().enumerate() {
        for (path, hashes) in group.known.iter().flat_map(|known| &known.files) {
            let place = Place::new(group.base, join(&group.folder, path));
            // A manifest is a file like any other: what it could not have named is not ours.
            if objection(job, &place).is_none() {
                files.entry(place.clone()).or_insert_with(|| entry(place, number)).owned.extend(hashes.iter().cloned());
            }
        }
    }
    // What an interrupted render had put there before its manifest could say so.
    for place in pending.keys().filter(|place| place.base == Base::Output && objection(job, place).is_none()) {
        if let Some(number) = above(groups, &place.path) {
            files.entry(place.clone()).or_insert_with(|| entry(place.clone(), number));
        }
    }
    // Paths that can't be right are not looked at.
    let sound = errors.len() == before;
    for entry in files.values_mut().filter(|entry| sound && entry.scope != Scope::Outside) {
        match disk.look(&entry.place) {
            Err(error) => errors.push(*error),
            Ok(Found::Absent) => {}
            Ok(Found::File(bytes)) => {
                let is_same = entry.text.as_ref().is_some_and(|(text, _)| same(&bytes, text));
                entry.state = if is_same { State::Same } else { State::Other(hash(&bytes)) };
                entry.conflicted = !is_same && entry.owned.len() > 1 && manifest::has_conflict(&String::from_utf8_lossy(&bytes));
            }
            // What was ours and is a folder now is gone; what is in the folder is judged by itself.
            Ok(Found::Other) if entry.text.is_none() => {}
            Ok(found) if entry.text.is_some() && entry.scope == Scope::Selected => {
                errors.push(*in_the_way(&job.roots.at(&entry.place), found.what(), "a file"));
            }
            Ok(_) => entry.state = State::Alien,
        }
    }
    files.into_values().collect()
}

/// Why a file can't have this path, if so.
fn objection(job: &Job<'_>, place: &Place) -> Option<&'static str> {
    let name = place.path.rsplit('/').next().unwrap_or_default();
    let own = name == manifest::NAME || name == manifest::OUTSIDE || journal::OWN.contains(&name) || journal::is_temporary(name);
    job.roots.objection(place).or(own.then_some("platgen keeps its own records under this name"))
}

/// A rendered file with a path that must not be written.
pub(super) fn unsafe_path(job: &Job<'_>, place: &Place, why: &str) -> Diagnostic {
    Diagnostic::new(Code::UnsafePath, format!("`{}` is not written: {why}", place.path))
        .subject(job.roots.show(place))
        .help("change the name in the spec that this path is made from")
}

/// The unit a file of the output folder belongs to: the one with the deepest folder above it.
fn above(groups: &[Group<'_>], path: &str) -> Option<usize> {
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        // Groups stand in the order of root and folder.
        match groups.binary_search_by(|group| (group.base, group.folder.as_str()).cmp(&(Base::Output, folder))) {
            Ok(number) => return Some(number),
            Err(_) if folder.is_empty() => return None,
            Err(_) => {}
        }
    }
}

/// Files in selected units that are neither rendered nor ours.
fn foreign(job: &Job<'_>, tree: &Tree, groups: &[Group<'_>], entries: &[Entry<'_>]) -> Vec<Place> {
    let known: BTreeSet<&str> = entries.iter().filter(|e| e.place.base == Base::Output).map(|e| e.place.path.as_str()).collect();
    // A lock or a CI file may lie inside the output folder.
    let declared: Vec<String> = job
        .roots
        .outside
        .iter()
        .filter_map(|path| Some(normal(&job.roots.project.join(path)).strip_prefix(normal(&job.roots.output)).ok()?.to_str()?.to_owned()))
        .collect();
    let in_selected = |path: &str| above(groups, path).is_some_and(|number| groups[number].scope == Scope::Selected);
    let is_foreign = |path: &&String| {
        !known.contains(path.as_str()) && in_selected(path) && !declared.iter().any(|root| Path::new(path).starts_with(root))
    };
    tree.files.iter().filter(is_foreign).map(|path| Place::output(path.as_str())).collect()
}

impl Selection<'_> {
    /// How a unit of this environment and region lies to it.
    fn scope(&self, environment: Option<&str>, region: Option<&str>) -> Scope {
        let pairs = [(self.environment, environment), (self.region, region)];
        let wanted = pairs.into_iter().filter_map(|(wanted, own)| wanted.map(|wanted| own.map(|own| own == wanted)));
        wanted.fold(Scope::Selected, |scope, fits| match (scope, fits) {
            (Scope::Outside, _) | (_, Some(false)) => Scope::Outside,
            (Scope::Left, _) | (_, None) => Scope::Left,
            _ => scope,
        })
    }
}

/// Whether a killed or running render left its records in the output folder.
pub(super) fn has_leftovers(output: &Path) -> bool {
    journal::OWN.iter().any(|name| fs::symlink_metadata(output.join(name)).is_ok())
}
