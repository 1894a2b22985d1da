//! The render, the manifests and the disk, file by file: the rendered text, the hashes that platgen wrote, and the file on the disk.
//!
//! `plan` decides from a scan which files are written, `check` which cause a difference has. Each file is read once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::disk::{Disk, Found};
use super::journal::{self, Journal, Step};
use super::manifest::{self, Hash, Manifest, same};
use super::place::{Base, Place, in_the_way, join, normal};
use super::walk::{Tree, walk};
use super::{Job, Selection};
use crate::conflict;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Unit;

/// Whether a unit or file belongs to the selection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// Selected: the render writes it.
    Selected,
    /// Shared with parts outside of the selection: it stays unchanged.
    Shared,
    /// Not selected.
    Outside,
}

/// The file on the disk, compared with the rendered text.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum State {
    Absent,
    /// The rendered text; line ends may differ.
    Same,
    Other {
        hash: Hash,
        /// The line of the first conflict marker.
        conflict: Option<usize>,
        /// Whether every conflict hunk is whole.
        whole: bool,
    },
    /// A link or a folder.
    NotAFile,
}

/// A rendered file.
#[derive(Debug)]
pub(super) struct Rendered<'a> {
    place: Place,
    /// The folder of its unit.
    folder: &'a str,
    text: &'a str,
    hash: Hash,
}

/// A unit that is rendered, or has a manifest, or both.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) base: Base,
    pub(super) folder: String,
    pub(super) unit: Option<&'a Unit>,
    pub(super) known: Option<Manifest>,
    /// The manifest's text on the disk.
    pub(super) manifest: Option<String>,
    pub(super) scope: Scope,
    /// Its entries, by their numbers in [`Scan::entries`].
    pub(super) members: Vec<usize>,
}

impl Group<'_> {
    /// The place of its manifest.
    pub(super) fn manifest_place(&self) -> Place {
        match self.base {
            Base::Output => Place::output(join(&self.folder, manifest::NAME)),
            Base::Project => Place::output(manifest::OUTSIDE),
        }
    }
}

/// A file that is rendered, or listed in a manifest, or both.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) place: Place,
    /// The number of its group.
    pub(super) group: usize,
    /// The rendered text and its hash.
    pub(super) text: Option<(&'a str, Hash)>,
    /// The hashes in the manifest; several after a merge of two branches, none where platgen did not write the file.
    pub(super) owned: Vec<Hash>,
    /// The step of an interrupted render.
    pub(super) pending: Option<Step>,
    pub(super) state: State,
    pub(super) scope: Scope,
}

impl Entry<'_> {
    /// Whether a render may replace or remove the file without `--force`: platgen wrote it, or git merged it from two texts that platgen wrote.
    pub(super) fn is_ours(&self) -> bool {
        match &self.state {
            State::Other { hash, .. } => {
                self.owned.contains(hash) || self.pending.as_ref().and_then(|step| step.new) == Some(*hash) || self.is_merged()
            }
            State::Absent | State::Same => true,
            State::NotAFile => false,
        }
    }

    /// Whether git merged the file from the texts of two branches.
    ///
    /// Where both branches changed a file, the merged manifest has a hash from each. The manifest also has two hashes where one branch changed
    /// the file and the other branch changed the file on the next line of the manifest; then one of the hashes is that of the rendered text and git
    /// had nothing to merge, so that another text is an edit. Conflict markers alone prove nothing: a file that no manifest lists, or that only one
    /// branch changed, keeps them.
    pub(super) fn is_merged(&self) -> bool {
        matches!(&self.state, State::Other { hash, whole, .. }
            if !self.owned.contains(hash) && self.owned.len() > 1 && (*whole || self.is_changed()))
    }

    /// Whether the rendered text differs from the text that platgen wrote last.
    pub(super) fn is_changed(&self) -> bool {
        self.text.as_ref().is_none_or(|(_, new)| !self.owned.contains(new))
    }

    /// The line of the first conflict marker in the file.
    pub(super) fn conflict(&self) -> Option<usize> {
        if let State::Other { conflict, .. } = self.state { conflict } else { None }
    }
}

/// Everything that `plan` and `check` read.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    /// Sorted by base and folder.
    pub(super) groups: Vec<Group<'a>>,
    /// Sorted by place.
    pub(super) entries: Vec<Entry<'a>>,
    /// Files in selected units that are neither rendered nor listed in a manifest.
    pub(super) foreign: Vec<Place>,
    /// Temporary files without a journal.
    pub(super) strays: Vec<Place>,
    /// Whether a render was interrupted.
    pub(super) interrupted: bool,
    /// The steps of an interrupted render.
    pub(super) pending: BTreeMap<Place, Step>,
}

impl Scan<'_> {
    /// Whether an earlier render left a manifest.
    pub(super) fn has_tree(&self) -> bool {
        self.groups.iter().any(|group| group.known.is_some())
    }
}

/// The rendered files, sorted by place, with their hashes.
///
/// # Errors
/// Paths that can't be written.
pub(super) fn rendered<'a>(job: &Job<'a>) -> Result<Vec<Rendered<'a>>, Vec<Diagnostic>> {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    let inside = job.files.units.iter().map(|(folder, unit)| (Base::Output, folder.as_str(), unit));
    for (base, folder, unit) in job.outside.map(|unit| (Base::Project, "", unit)).into_iter().chain(inside) {
        for (path, text) in &unit.files {
            let place = Place::new(base, join(folder, path));
            match objection(job, &place) {
                Some(why) => errors.push(unsafe_path(job, &place, why)),
                None => files.push(Rendered { place, folder, text, hash: Hash::of(text.as_bytes()) }),
            }
        }
    }
    files.sort_by(|a, b| a.place.cmp(&b.place));
    for pair in files.windows(2).filter(|pair| pair[0].place == pair[1].place) {
        errors.push(unsafe_path(job, &pair[1].place, "two units hold it"));
    }
    let mut last = "";
    for file in &files {
        let folder = file.place.folder();
        let ancestors = std::iter::successors(Some(folder), |folder| Some(folder.rsplit_once('/')?.0));
        for above in ancestors.take_while(|above| !above.is_empty() && *above != last) {
            if files.binary_search_by(|other| other.place.as_key().cmp(&(file.place.base, above))).is_ok() {
                errors.push(unsafe_path(job, &file.place, &format!("`{above}` is a file of the same render")));
            }
        }
        last = folder;
    }
    if errors.is_empty() { Ok(files) } else { Err(errors) }
}

/// Reads the manifests and every file that is rendered or listed in one. Writes nothing.
pub(super) fn scan<'a>(job: &Job<'a>, rendered: &[Rendered<'a>]) -> Result<Scan<'a>, Vec<Diagnostic>> {
    let one = |error: Box<Diagnostic>| vec![*error];
    let tree = walk(&job.roots.output, job.never_foreign).map_err(one)?;
    let mut disk = Disk::with(job.roots, &tree);
    let journal = read_text(&mut disk, &Place::output(journal::NAME)).map_err(one)?;
    let steps = journal.as_deref().map(|text| Journal::parse(text).steps).unwrap_or_default();
    let pending: BTreeMap<Place, Step> = steps.into_iter().map(|step| (step.place.clone(), step)).collect();

    let mut errors = Vec::new();
    let mut groups = groups(job, &tree, &mut disk, &mut errors);
    let mut entries = entries(job, rendered, &groups, &pending);
    for (number, entry) in entries.iter_mut().enumerate() {
        groups[entry.group].members.push(number);
        if entry.scope != Scope::Outside
            && let Err(error) = compare(entry, &mut disk)
        {
            errors.push(*error);
        }
    }
    if !errors.is_empty() {
        // One link above many files is one error.
        errors.sort_by(|a, b| (&a.subject, &a.message).cmp(&(&b.subject, &b.message)));
        errors.dedup();
        return Err(errors);
    }
    let foreign = foreign(job, &tree, &groups, &entries);
    let strays = tree.strays.into_iter().map(Place::output).collect();
    Ok(Scan { groups, entries, foreign, strays, interrupted: journal.is_some(), pending })
}

/// Every unit that is rendered or has a manifest.
fn groups<'a>(job: &Job<'a>, tree: &Tree, disk: &mut Disk<'_>, errors: &mut Vec<Diagnostic>) -> Vec<Group<'a>> {
    let mut folders: BTreeMap<(Base, &str), Option<&'a Unit>> =
        tree.units.iter().map(|folder| ((Base::Output, folder.as_str()), None)).collect();
    folders.extend(job.files.units.iter().map(|(folder, unit)| ((Base::Output, folder.as_str()), Some(unit))));
    if job.outside.is_some() || tree.outside {
        folders.insert((Base::Project, ""), job.outside);
    }
    let mut groups = Vec::new();
    for ((base, folder), unit) in folders {
        let mut group =
            Group { base, folder: folder.to_owned(), unit, known: None, manifest: None, scope: Scope::Selected, members: Vec::new() };
        let place = group.manifest_place();
        group.manifest = read_text(disk, &place).unwrap_or_else(|error| {
            errors.push(*error);
            None
        });
        group.known = group.manifest.as_deref().and_then(Manifest::parse);
        if group.manifest.is_some() && group.known.is_none() {
            let path = job.roots.show(&place);
            let message = format!("`{path}` was written by a newer version of platgen");
            let help = "render with the version that the rest of the team uses";
            errors.push(Diagnostic::new(Code::NewerManifest, message).subject(path).help(help));
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

/// The text of a manifest or journal, with invalid UTF-8 replaced. An error if the path is not a file.
fn read_text(disk: &mut Disk<'_>, place: &Place) -> Result<Option<String>, Box<Diagnostic>> {
    Ok(disk.read(place)?.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

/// Every file that is rendered, listed in a manifest, or part of an interrupted render; not yet compared with the disk.
fn entries<'a>(job: &Job<'a>, rendered: &[Rendered<'a>], groups: &[Group<'a>], pending: &BTreeMap<Place, Step>) -> Vec<Entry<'a>> {
    let entry = |place: Place, group: usize, text, owned| {
        let paths = job.selection.paths.filter(|_| groups[group].scope == Scope::Selected);
        let chosen = paths.is_none_or(|paths| place.base == Base::Output && paths.contains(&place.path));
        let scope = if chosen { groups[group].scope } else { Scope::Shared };
        let pending = pending.get(&place).cloned();
        Entry { place, group, text, owned, pending, state: State::Absent, scope }
    };
    let number = |base, folder: &str| groups.binary_search_by(|group| (group.base, group.folder.as_str()).cmp(&(base, folder)));
    let mut entries: Vec<Entry<'a>> = rendered
        .iter()
        .filter_map(|file| {
            Some(entry(file.place.clone(), number(file.place.base, file.folder).ok()?, Some((file.text, file.hash)), Vec::new()))
        })
        .collect();
    let mut more: BTreeMap<Place, Entry<'a>> = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        for (path, hashes) in group.known.iter().flat_map(|known| &known.files) {
            let place = Place::new(group.base, join(&group.folder, path));
            if let Ok(at) = entries.binary_search_by(|entry| entry.place.cmp(&place)) {
                entries[at].owned.extend(hashes);
            // A hand edit or a merge may have put any path into a manifest.
            } else if objection(job, &place).is_none() {
                more.entry(place.clone()).or_insert_with(|| entry(place, number, None, Vec::new())).owned.extend(hashes);
            }
        }
    }
    // An interrupted render wrote files before it wrote their manifest.
    for place in pending.keys().filter(|place| place.base == Base::Output && objection(job, place).is_none()) {
        if entries.binary_search_by(|entry| entry.place.cmp(place)).is_err()
            && let Some(number) = above(groups, &place.path)
        {
            more.entry(place.clone()).or_insert_with(|| entry(place.clone(), number, None, Vec::new()));
        }
    }
    if !more.is_empty() {
        entries.extend(more.into_values());
        entries.sort_by(|a, b| a.place.cmp(&b.place));
    }
    entries
}

/// Compares a file on the disk with its entry.
fn compare(entry: &mut Entry<'_>, disk: &mut Disk<'_>) -> Result<(), Box<Diagnostic>> {
    let roots = disk.roots;
    entry.state = match disk.look(&entry.place)? {
        Found::Absent => State::Absent,
        Found::File(bytes) if entry.text.is_some_and(|(text, _)| same(bytes, text)) => State::Same,
        Found::File(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let conflict = conflict::first(&text).map(|(_, line)| line);
            State::Other { hash: Hash::of(bytes), conflict, whole: conflict.is_some() && conflict::has_hunks(&text) }
        }
        // A folder in place of a file that is no longer rendered: the file is gone, and the files in the folder have entries of their own.
        Found::Other if entry.text.is_none() => State::Absent,
        found if entry.text.is_some() && entry.scope == Scope::Selected => {
            return Err(in_the_way(&roots.at(&entry.place), found.what(), "a file"));
        }
        _ => State::NotAFile,
    };
    Ok(())
}

/// The reason why a rendered file can't have this path, if there is one.
fn objection(job: &Job<'_>, place: &Place) -> Option<&'static str> {
    let name = place.path.rsplit('/').next().unwrap_or_default();
    let own = name == manifest::NAME || name == manifest::OUTSIDE || journal::OWN.contains(&name) || journal::is_temporary(name);
    job.roots.objection(place).or(own.then_some("platgen keeps its own records under this name"))
}

/// The finding for a rendered file with a path that must not be written.
pub(super) fn unsafe_path(job: &Job<'_>, place: &Place, why: &str) -> Diagnostic {
    Diagnostic::new(Code::UnsafePath, format!("`{}` is not written: {why}", place.path))
        .subject(job.roots.show(place))
        .help("change the name in the spec from which the path is made")
}

/// The unit of a file in the output folder: the one with the deepest folder above it.
fn above(groups: &[Group<'_>], path: &str) -> Option<usize> {
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        match groups.binary_search_by(|group| (group.base, group.folder.as_str()).cmp(&(Base::Output, folder))) {
            Ok(number) => return Some(number),
            Err(_) if folder.is_empty() => return None,
            Err(_) => {}
        }
    }
}

/// Files in selected units that are neither rendered nor listed in a manifest.
fn foreign(job: &Job<'_>, tree: &Tree, groups: &[Group<'_>], entries: &[Entry<'_>]) -> Vec<Place> {
    let known = |path: &str| entries.binary_search_by(|entry| entry.place.as_key().cmp(&(Base::Output, path))).is_ok();
    let in_selected = |path: &str| above(groups, path).is_some_and(|number| groups[number].scope == Scope::Selected);
    let unknown: Vec<&str> = tree.files.iter().map(|(path, _)| path.as_str()).filter(|path| !known(path) && in_selected(path)).collect();
    // A lock or a CI file may lie inside the output folder.
    let root = normal(&job.roots.output);
    let declared =
        job.roots.outside.iter().filter_map(|path| Some(normal(&job.roots.project.join(path)).strip_prefix(&root).ok()?.to_owned()));
    let declared: Vec<_> = if unknown.is_empty() { Vec::new() } else { declared.collect() };
    unknown.into_iter().filter(|path| !declared.iter().any(|root| Path::new(path).starts_with(root))).map(Place::output).collect()
}

impl Selection<'_> {
    /// Whether nothing is left out.
    pub(super) fn is_everything(&self) -> bool {
        self.environment.is_none() && self.region.is_none() && self.paths.is_none()
    }

    /// The scope of a unit of this environment and region.
    fn scope(&self, environment: Option<&str>, region: Option<&str>) -> Scope {
        let pairs = [(self.environment, environment), (self.region, region)];
        let wanted = pairs.into_iter().filter_map(|(wanted, own)| wanted.map(|wanted| own.map(|own| own == wanted)));
        wanted.fold(Scope::Selected, |scope, fits| match (scope, fits) {
            (Scope::Outside, _) | (_, Some(false)) => Scope::Outside,
            (Scope::Shared, _) | (_, None) => Scope::Shared,
            _ => scope,
        })
    }
}

/// Whether a killed or running render left its records in the output folder.
pub(super) fn has_leftovers(output: &Path) -> bool {
    journal::OWN.iter().any(|name| fs::symlink_metadata(output.join(name)).is_ok())
}
