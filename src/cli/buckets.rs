//! The data roots that a render replaces -> findings about buckets that leave them.
//!
//! Terraform itself destroys none: each has `prevent_destroy`. The commands that destroy a whole root delete its objects.
//! A bucket of the same name in another region starts empty.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::hcl::Block;
use crate::layers::{FOLDER, Layer, Scope};
use crate::model::{Bucket, Estate};
use crate::output::Replaced;
use crate::value::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The file of a data root that names its buckets.
const NAMES: &str = "locals.tf";

/// The names in the cloud of the buckets of a root, by their names in the spec.
fn buckets(text: &str) -> BTreeMap<String, String> {
    let locals = Block::read(text).unwrap_or_default();
    let all = locals.inside("locals").filter_map(|block| block.get("buckets").as_object()).flatten();
    all.map(|(key, bucket)| (key.clone(), bucket["name"].as_str().unwrap_or_default().to_owned())).collect()
}

/// The file that names the buckets of a region.
fn file(environment: &str, region: &str) -> String {
    format!("{FOLDER}/{}/{NAMES}", Scope::region(environment, region).path(Layer::Data))
}

/// Environment and region of a file that names buckets.
fn place(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.strip_prefix(FOLDER)?.strip_prefix('/')?.split('/');
    let (environment, region) = (parts.next()?, parts.next()?);
    (path == file(environment, region)).then_some((environment, region))
}

/// The findings; a bucket in `forced`, written `environment/bucket/NAME`, may start empty.
pub(super) fn findings(replaced: &[Replaced<'_>], estate: &Estate, forced: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for changed in replaced {
        let (Some((environment, region)), Some(before)) = (place(changed.path), &changed.before) else { continue };
        let leaves = changed.after.is_none();
        let after = buckets(changed.after.unwrap_or_default());
        for (name, id) in buckets(before).into_iter().filter(|(name, _)| !after.contains_key(name)) {
            let bucket = estate.environments.get(environment).and_then(|platform| platform.buckets.get(&name));
            let starts_empty = bucket.filter(|bucket| {
                let home = file(environment, bucket.region.as_str());
                let new = replaced.iter().find(|file| file.path == home);
                new.is_some_and(|file| !file.before.as_deref().is_some_and(|text| buckets(text).contains_key(&name)))
            });
            let left = Left { environment, region, name: &name, id: &id, with_root: leaves };
            let mut finding = match starts_empty {
                Some(bucket) => left.starts_empty(&bucket.region, estate, forced),
                None => left.stays(),
            };
            match bucket {
                Some(bucket) => finding.span = Some(bucket.span),
                None => finding.subject = Some(changed.path.to_owned()),
            }
            finding.environments = vec![environment.to_owned()];
            found.push(finding);
        }
    }
    found
}

/// A bucket that leaves the data root of a region.
struct Left<'b> {
    environment: &'b str,
    region: &'b str,
    /// Its name in the spec.
    name: &'b str,
    /// Its name in the cloud.
    id: &'b str,
    /// Whether the root leaves as a whole, which is refused with commands that let Terraform forget it.
    with_root: bool,
}

impl Left<'_> {
    /// The folder of the root, below the output folder.
    fn folder(&self) -> String {
        format!("{FOLDER}/{}", Scope::region(self.environment, self.region).path(Layer::Data))
    }

    /// The command after which Terraform no longer knows the bucket.
    fn forget(&self) -> String {
        let (folder, name) = (self.folder(), self.name);
        format!(
            "`terraform -chdir={folder} state list | grep -F '[\"{name}\"]' | while read -r address; do terraform -chdir={folder} state rm \"$address\"; done`"
        )
    }

    /// The finding about a bucket without objects in its new region.
    fn starts_empty(&self, new: &Name, estate: &Estate, forced: &BTreeSet<String>) -> Diagnostic {
        let Self { environment, region, name, id, with_root } = self;
        let message = format!("`bucket/{name}` moves from `{region}` to `{new}` and starts empty: its objects stay in `{id}`");
        let word = format!("{environment}/bucket/{name}");
        let finding = Diagnostic::new(Code::LosesData, message);
        let is_forced = forced.contains(&word);
        let help = match (is_forced, with_root) {
            (true, true) => "allowed by `--force`: repeat the flag in the last command of the root".to_owned(),
            (true, false) => {
                let forget = self.forget();
                format!(
                    "allowed by `--force`; when the objects are copied, let Terraform forget the old bucket, in the output folder: {forget}"
                )
            }
            (false, _) => {
                let form = Bucket::copy_to(&estate.environments, environment, name, new);
                format!(
                    "first set `primary` back, give the bucket `{form}`, apply, and copy what it holds already; then move with `{region}` in place of `{new}`; or render with `--force={word}`"
                )
            }
        };
        let severity = if is_forced { Severity::Warning } else { finding.severity };
        Diagnostic { severity, ..finding.help(help) }
    }

    /// The finding about a bucket that nobody needs any more, or whose copy takes its place.
    fn stays(&self) -> Diagnostic {
        let (Self { environment, name, id, .. }, folder) = (self, self.folder());
        if self.with_root {
            let message = format!("`{name}` of `{environment}` leaves with the root `{folder}`: the bucket `{id}` stays, with its objects");
            return Diagnostic::new(Code::NotInPlace, message)
                .help("empty and delete the bucket, and then the key of the root, once nobody needs them");
        }
        let message =
            format!("the bucket `{id}` left the files and stays, with its objects: the next plan of `{folder}` stops at `prevent_destroy`");
        let forget = self.forget();
        let help = format!(
            "to let Terraform forget it, in the output folder: {forget}; then plan again, and empty and delete the bucket once nobody needs it"
        );
        Diagnostic::new(Code::NotInPlace, message).help(help)
    }
}

/// Whether a data root of an environment on the disk has a bucket.
pub(super) fn is_rendered(output: &Path, environment: &str, name: &str) -> bool {
    let regions = std::fs::read_dir(output.join(FOLDER).join(environment)).into_iter().flatten().flatten();
    let text = |region: std::fs::DirEntry| std::fs::read_to_string(region.path().join(Layer::Data.name()).join(NAMES)).ok();
    regions.filter_map(text).any(|text| buckets(&text).contains_key(name))
}
