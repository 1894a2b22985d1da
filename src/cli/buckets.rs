//! The data roots that a render replaces -> findings about buckets that leave them.
//!
//! Terraform itself destroys none: each has `prevent_destroy`. A bucket of the same name in another region starts empty.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::hcl::Block;
use crate::layers::{FOLDER, Layer, Scope};
use crate::model::Estate;
use crate::output::Replaced;
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
        // A root that leaves as a whole is refused.
        let (Some((environment, region)), Some(before), Some(after)) = (place(changed.path), &changed.before, changed.after) else {
            continue;
        };
        let after = buckets(after);
        for (name, id) in buckets(before).into_iter().filter(|(name, _)| !after.contains_key(name)) {
            let bucket = estate.environments.get(environment).and_then(|platform| platform.buckets.get(&name));
            let starts_empty = bucket.filter(|bucket| {
                let home = file(environment, bucket.region.as_str());
                let new = replaced.iter().find(|file| file.path == home);
                new.is_some_and(|file| !file.before.as_deref().is_some_and(|text| buckets(text).contains_key(&name)))
            });
            let folder = format!("{FOLDER}/{}", Scope::region(environment, region).path(Layer::Data));
            let forget = format!(
                "`terraform -chdir={folder} state list | grep -F '[\"{name}\"]' | while read -r address; do terraform -chdir={folder} state rm \"$address\"; done`"
            );
            let mut finding = match starts_empty {
                Some(bucket) => {
                    let message = format!(
                        "`bucket/{name}` moves from `{region}` to `{}` and starts empty: its objects stay in `{id}`",
                        bucket.region
                    );
                    let word = format!("{environment}/bucket/{name}");
                    let finding = Diagnostic::new(Code::LosesData, message);
                    if forced.contains(&word) {
                        let help = format!(
                            "allowed by `--force`; when the objects are copied, let Terraform forget the old bucket, in the output folder: {forget}"
                        );
                        Diagnostic { severity: Severity::Warning, ..finding.help(help) }
                    } else {
                        finding.help(format!(
                            "first give it `copy_to: {}`, apply, and copy what it holds already; then render again; or render with `--force={word}`",
                            bucket.region
                        ))
                    }
                }
                None => {
                    let message = format!(
                        "the bucket `{id}` left the files and stays, with its objects: the next plan of `{folder}` stops at `prevent_destroy`"
                    );
                    let help = format!(
                        "to let Terraform forget it, in the output folder: {forget}; then plan again, and empty and delete the bucket once nobody needs it"
                    );
                    Diagnostic::new(Code::NotInPlace, message).help(help)
                }
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

/// Whether a data root of an environment on the disk has a bucket.
pub(super) fn is_rendered(output: &Path, environment: &str, name: &str) -> bool {
    let regions = std::fs::read_dir(output.join(FOLDER).join(environment)).into_iter().flatten().flatten();
    let text = |region: std::fs::DirEntry| std::fs::read_to_string(region.path().join(Layer::Data.name()).join(NAMES)).ok();
    regions.filter_map(text).any(|text| buckets(&text).contains_key(name))
}
