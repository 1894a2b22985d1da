//! The data roots of a platform before and after -> buckets that leave a root, and buckets that start empty.
//!
//! Terraform itself destroys none: each has `prevent_destroy`. The commands that destroy a whole root delete its objects. A bucket of the same name in
//! another region starts empty.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::hcl::Block;
use crate::layers::{FOLDER, Layer, Scope};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The file of a data root that names its buckets.
pub const NAMES: &str = "locals.tf";

/// A data root whose buckets differ.
#[derive(Debug)]
pub struct Root {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// The buckets that are there; `None` without the root.
    pub before: Option<Buckets>,
    /// The buckets that it has from now on; `None` for a root that leaves.
    pub after: Option<Buckets>,
    /// Whether this render changes it.
    pub selected: bool,
}

/// The buckets of a root, copies among them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Buckets {
    /// The names in the cloud, by their keys: the name in the spec, or namespace and store of backups.
    names: BTreeMap<String, String>,
    /// Those of them that have a copy in another region.
    copied: BTreeSet<String>,
}

impl Buckets {
    /// Reads [`NAMES`].
    pub fn read(text: &str) -> Buckets {
        let locals = Block::read(text).unwrap_or_default();
        let all = |name: &str| locals.inside("locals").find_map(|block| block.get(name).as_object()).cloned().unwrap_or_default();
        let name = |(key, bucket): (String, serde_json::Value)| (key, bucket["name"].as_str().unwrap_or_default().to_owned());
        Buckets { names: all("buckets").into_iter().map(name).collect(), copied: all("copies").into_iter().map(|(key, _)| key).collect() }
    }

    /// Whether a bucket of this name in the spec, or its copy, is here.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }
}

/// Environment and region of a file that names buckets; none for another file.
pub fn place(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.strip_prefix(FOLDER)?.strip_prefix('/')?.split('/');
    let (environment, region) = (parts.next()?, parts.next()?);
    (path == format!("{}/{NAMES}", folder(environment, region))).then_some((environment, region))
}

/// The folder of a data root, below the output folder.
fn folder(environment: &str, region: &str) -> String {
    format!("{FOLDER}/{}", Scope::region(environment, region).path(Layer::Data))
}

/// A bucket that is not where it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Moved {
    /// The environment.
    pub environment: String,
    /// The region where it is.
    pub region: String,
    /// Its key in the root.
    pub name: String,
    /// Its name in the cloud.
    pub id: String,
    /// What becomes of it in the root of that region.
    pub fate: Fate,
    /// The region where the bucket of the spec is from now on, which is empty. `None`: nobody needs the bucket any more, or a copy takes its place.
    pub starts_empty: Option<String>,
}

/// What becomes of a bucket in its root.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It stays in the root, as the copy of the one that takes its place.
    Stays,
    /// It leaves the root.
    Leaves,
    /// The root leaves as a whole, which is refused with commands that let Terraform forget it.
    LeavesWithRoot,
}

/// The buckets that are not where they were. `home` names the region where a bucket of an environment is from now on.
///
/// A root that does not differ has what it should have: only a bucket that joins the root of its region can start empty there.
pub fn moved(roots: &[Root], home: impl Fn(&str, &str) -> Option<String>) -> Vec<Moved> {
    let mut found = Vec::new();
    let environments: BTreeSet<&str> = roots.iter().map(|root| root.environment.as_str()).collect();
    for environment in environments {
        let own = || roots.iter().filter(move |root| root.environment == environment);
        let names: BTreeSet<&String> = own().filter_map(|root| root.before.as_ref()).flat_map(|before| before.names.keys()).collect();
        for name in names {
            let holders: Vec<(&Root, &Buckets)> =
                own().filter_map(|root| Some((root, root.before.as_ref().filter(|before| before.has(name))?))).collect();
            let joins = home(environment, name).and_then(|region| own().find(|root| root.region == region)).filter(|root| {
                !root.before.as_ref().is_some_and(|before| before.has(name)) && root.after.as_ref().is_some_and(|after| after.has(name))
            });
            // Where there are a bucket and its copy, the bucket is what moves.
            let mover = holders.iter().find(|(_, before)| before.copied.contains(name)).or(holders.first()).filter(|_| joins.is_some());
            for (root, before) in &holders {
                let fate = match &root.after {
                    None => Fate::LeavesWithRoot,
                    Some(after) if after.has(name) => Fate::Stays,
                    Some(_) => Fate::Leaves,
                };
                let starts_empty = joins.filter(|_| mover.is_some_and(|(mover, _)| mover.region == root.region));
                let selected = match starts_empty {
                    Some(new) => root.selected || new.selected,
                    None => root.selected && fate != Fate::Stays,
                };
                if selected {
                    found.push(Moved {
                        environment: environment.to_owned(),
                        region: root.region.clone(),
                        name: name.clone(),
                        id: before.names.get(name).cloned().unwrap_or_default(),
                        fate,
                        starts_empty: starts_empty.map(|new| new.region.clone()),
                    });
                }
            }
        }
    }
    found
}

/// The finding about each bucket. One in `forced`, written as [`word`] does, may start empty. `place` is the line of the spec that declares a bucket of
/// an environment; `copy` is what its entry says in the spec so that the copy is in the region where it would start empty.
pub fn findings(
    moved: &[Moved],
    forced: &BTreeSet<String>,
    place: impl Fn(&str, &str) -> Option<Span>,
    copy: impl Fn(&str, &str) -> String,
) -> Vec<Diagnostic> {
    let finding = |one: &Moved| {
        let mut finding = match &one.starts_empty {
            Some(new) => one.starts_empty_in(new, || copy(&one.environment, &one.name), forced),
            None => one.stays_behind(),
        };
        match place(&one.environment, &one.name) {
            Some(span) => finding.span = Some(span),
            None => finding.subject = Some(format!("{}/{NAMES}", one.folder())),
        }
        finding.environments = vec![one.environment.clone()];
        finding
    };
    moved.iter().map(finding).collect()
}

/// What comes before the name of a bucket in a word of `--force`. No name of a namespace has a colon, so that no entry looks like a bucket.
const BUCKET: &str = "/bucket:";

/// A bucket of an environment as `--force` names it.
pub fn word(environment: &str, name: &str) -> String {
    format!("{environment}{BUCKET}{name}")
}

/// Environment and bucket of a word of `--force`; none for a word that names something else.
pub fn parse(word: &str) -> Option<(&str, &str)> {
    word.split_once(BUCKET)
}

impl Moved {
    fn folder(&self) -> String {
        folder(&self.environment, &self.region)
    }

    /// Namespace and store, if it holds backups: keys of backups alone have dots.
    fn backed_up(&self) -> Option<(&str, &str)> {
        let mut parts = self.name.split('.');
        Some((parts.next()?, parts.next()?))
    }

    /// What it holds.
    fn what(&self) -> String {
        let backups = self.backed_up().map(|(namespace, store)| format!("the backups of `{namespace}/{store}`"));
        backups.unwrap_or_else(|| "its objects".to_owned())
    }

    /// The command after which Terraform no longer knows the bucket.
    fn forget(&self) -> String {
        let (folder, name) = (self.folder(), &self.name);
        format!(
            "`terraform -chdir={folder} state list | grep -F '[\"{name}\"]' | while read -r address; do terraform -chdir={folder} state rm \"$address\"; done`"
        )
    }

    /// The finding about a bucket without objects in its new region.
    fn starts_empty_in(&self, new: &str, copy: impl FnOnce() -> String, forced: &BTreeSet<String>) -> Diagnostic {
        let Self { environment, region, name, id, .. } = self;
        let what = self.what();
        let (bucket, who) = match self.backed_up() {
            None => (format!("`bucket/{name}`"), "the bucket".to_owned()),
            Some((_, store)) => (format!("the bucket of the backups of `store/{store}`"), format!("`store/{store}`")),
        };
        let message = format!("{bucket} moves from `{region}` to `{new}` and starts empty: {what} stay in `{id}`");
        let finding = Diagnostic::new(Code::LosesData, message);
        let word = word(environment, name);
        if !forced.contains(&word) {
            let form = copy();
            return finding.help(format!(
                "first set `primary` back, give {who} `{form}`, apply, and copy what it holds already; then move with `{region}` in place of `{new}`; or render with `--force={word}`"
            ));
        }
        let help = match self.fate {
            Fate::LeavesWithRoot => "allowed by `--force`: repeat the flag in the last command of the root".to_owned(),
            Fate::Leaves => format!(
                "allowed by `--force`; when {what} are copied, let Terraform forget the old bucket, in the output folder: {}",
                self.forget()
            ),
            Fate::Stays => format!("allowed by `--force`; after the apply, copy {what} from `{id}`, which becomes the copy"),
        };
        Diagnostic { severity: Severity::Warning, ..finding.help(help) }
    }

    /// The finding about a bucket that nobody needs any more, or whose copy takes its place.
    fn stays_behind(&self) -> Diagnostic {
        let (Self { environment, name, id, .. }, folder, what) = (self, self.folder(), self.what());
        if self.fate == Fate::LeavesWithRoot {
            let message = format!("`{name}` of `{environment}` leaves with the root `{folder}`: the bucket `{id}` stays, with {what}");
            return Diagnostic::new(Code::NotInPlace, message)
                .help("empty and delete the bucket, and then the key of the root, once nobody needs them");
        }
        let message =
            format!("the bucket `{id}` left the files and stays, with {what}: the next plan of `{folder}` stops at `prevent_destroy`");
        let forget = self.forget();
        let help = format!(
            "to let Terraform forget it, in the output folder: {forget}; then plan again, and empty and delete the bucket once nobody needs it"
        );
        Diagnostic::new(Code::NotInPlace, message).help(help)
    }
}

#[cfg(test)]
mod tests;
