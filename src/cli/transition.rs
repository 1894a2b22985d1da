//! The files that a render replaces -> findings about changes that a running cluster does not take in place.

use super::buckets;
use crate::analysis::procedure;
use crate::analysis::transition::{Change, Cluster, transitions};
use crate::diagnostic::{Code, Diagnostic};
use crate::inventory::Inventory;
use crate::kubernetes::RULES;
use crate::model::Estate;
use crate::output::{Replaced, Roots};
use crate::value::RefKind;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The findings; an entry in `forced`, written `environment/namespace/entry` or `environment/bucket/NAME`, may lose its data.
pub(super) fn findings(replaced: &[Replaced<'_>], estate: &Estate, forced: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut files: BTreeMap<(&str, &str), Vec<&Replaced<'_>>> = BTreeMap::new();
    for file in replaced.iter().filter(|file| file.path.ends_with(".yaml")) {
        let mut parts = file.path.split('/');
        if let (Some("kubernetes"), Some(environment), Some(region)) = (parts.next(), parts.next(), parts.next()) {
            files.entry((environment, region)).or_default().push(file);
        }
    }
    let clusters: Vec<Cluster> = files
        .into_iter()
        .map(|((environment, region), files)| Cluster {
            environment: environment.to_owned(),
            region: region.to_owned(),
            before: Inventory::read(files.iter().filter_map(|file| Some((file.path, file.before.as_deref()?)))),
            after: Inventory::read(files.iter().filter_map(|file| Some((file.path, file.after?)))),
        })
        .collect();
    let unreadable = clusters.iter().flat_map(|cluster| cluster.before.unreadable()).map(|fault| {
        let message = format!("the committed `{}` can't be read, so changes of the objects in it are not judged", fault.file);
        Diagnostic::new(Code::NotInPlace, message)
            .subject(fault.file.clone())
            .help("compare the file with its last good version in git before the apply")
    });
    let region = |environment: &str, region: &str| estate.environments.get(environment).and_then(|platform| platform.regions.get(region));
    let mut found = transitions(&clusters);
    // Of a region that left the spec, every object left the files: that is one finding.
    let gone: BTreeSet<(String, String)> = found
        .extract_if(.., |one| matches!(one.change, Change::Left { .. }) && region(&one.environment, &one.region).is_none())
        .map(|one| (one.environment, one.region))
        .collect();
    let gone = gone.into_iter().map(|(environment, region)| {
        let message = format!("`{region}` left `{environment}`, and the objects stay in its cluster");
        let help = "destroy the cluster; if it has to stay, `removed.sh` in the output folder prints the commands that delete the objects";
        Diagnostic::new(Code::NotInPlace, message).subject(format!("kubernetes/{environment}/{region}")).help(help)
    });
    let context = |environment: &str, name: &str| match region(environment, name) {
        Some(region) => region.cluster.name.clone(),
        None => format!("{}-{environment}-{name}", estate.name),
    };
    // Of an entry that moved, the line in another region of the environment.
    let place = |environment: &str, namespace: &str, entry: &str| {
        let key = format!("{namespace}/{entry}");
        estate.environments.get(environment)?.regions.values().find_map(|region| {
            let volume = || region.volumes.iter().find(|one| one.namespace.as_str() == namespace && one.name.as_str() == entry);
            region.workloads.get(&key).map(|workload| workload.span).or_else(|| volume().map(|volume| volume.span))
        })
    };
    let mut findings = procedure::findings(&found, forced, context, place);
    findings.extend(gone.chain(unreadable).chain(mirrored(replaced, estate)));
    findings.extend(buckets::findings(replaced, estate, forced));
    findings
}

/// Regions that run, and pull copies of images from now on. The network root takes the way to other registries from nodes of isolated subnets, and the
/// README.md of the region has it first: it is for a region that is new, or has its copies.
fn mirrored(replaced: &[Replaced<'_>], estate: &Estate) -> impl Iterator<Item = Diagnostic> {
    let isolated = |environment: &str, region: &str| {
        let region = estate.environments.get(environment).and_then(|platform| platform.regions.get(region));
        region
            .and_then(|region| region.network.as_ref())
            .is_some_and(|network| network.subnets.iter().any(|subnet| subnet.private && subnet.internet))
    };
    let runs = |folder: &str| replaced.iter().any(|file| file.before.is_some() && file.path.starts_with(folder));
    let new = replaced.iter().filter(|file| file.before.is_none() && file.after.is_some());
    let turned = new.filter_map(move |file| {
        let folder = file.path.strip_suffix("/mirror.sh")?;
        let (environment, region) = folder.strip_prefix("kubernetes/")?.split_once('/')?;
        (isolated(environment, region) && runs(&format!("{folder}/"))).then_some((folder, environment, region))
    });
    turned.map(|(folder, environment, region)| {
        let message = format!(
            "nodes of isolated subnets of `{environment}/{region}` lose the way to other registries with the apply of `network`, before copies exist"
        );
        let help = format!("apply in this order, once: the root `cluster`, `sh {folder}/mirror.sh`, the manifests, the root `network`");
        let mut finding = Diagnostic::new(Code::NotInPlace, message).subject(folder).help(help);
        finding.environments.push(environment.to_owned());
        finding
    })
}

/// The words of `--force`: the entries among them, as `environment/namespace/entry`, and the paths.
pub(super) fn entries<'w>(words: &'w [OsString], roots: &Roots) -> (BTreeSet<String>, Vec<&'w OsString>) {
    let (mut entries, mut paths) = (BTreeSet::new(), Vec::new());
    for word in words {
        match entry(word, roots) {
            Some(entry) => _ = entries.insert(entry),
            None => paths.push(word),
        }
    }
    (entries, paths)
}

/// The entry or the bucket that a word of `--force` names, as `environment/namespace/entry`: one that was rendered. A path of a file or folder is no entry.
fn entry(word: &OsStr, roots: &Roots) -> Option<String> {
    let path = Path::new(word);
    let parts: Vec<&str> = word.to_str()?.split('/').collect();
    let &[environment, namespace, entry] = &parts[..] else { return None };
    if path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok() {
        return None;
    }
    let regions = std::fs::read_dir(roots.output.join("kubernetes").join(environment)).ok()?;
    // The claim of a shared volume is in the file of its namespace.
    let is_there = |folder: PathBuf| {
        let rules = std::fs::read_to_string(folder.join(RULES)).unwrap_or_default();
        let holds_claim = || Inventory::read([(RULES, rules.as_str())]).get("PersistentVolumeClaim", namespace, entry).is_some();
        folder.join(format!("{entry}.yaml")).is_file() || holds_claim()
    };
    let is_bucket = namespace == RefKind::Bucket.as_str() && buckets::is_rendered(&roots.output, environment, entry);
    (is_bucket || regions.flatten().any(|region| is_there(region.path().join(namespace)))).then(|| parts.join("/"))
}
