//! The files that a render replaces -> findings about changes that what runs does not take in place.

use crate::analysis::procedure::{self, Place};
use crate::analysis::transition::{Change, Cluster, Loss, Transition, transitions};
use crate::analysis::{buckets, databases, gitops, mirror};
use crate::diagnostic::Diagnostic;
use crate::inventory::Inventory;
use crate::kubernetes::RULES;
use crate::layers::{FOLDER, Layer};
use crate::model::{Bucket, Estate, Region};
use crate::output::{Replaced, Roots};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The findings about what this render changes; `replaced` is what a render of everything replaces. What is in `forced`, an entry as
/// `environment/namespace/entry` or a bucket as [`buckets::word`] writes it, may lose its data.
pub(super) fn findings(replaced: &[Replaced<'_>], estate: &Estate, forced: &BTreeSet<String>) -> Vec<Diagnostic> {
    let selected: BTreeMap<&str, &Replaced<'_>> = replaced.iter().filter(|file| file.selected).map(|file| (file.path, file)).collect();
    let region = |environment: &str, name: &str| estate.environments.get(environment).and_then(|platform| platform.regions.get(name));
    let place = |environment: &str, name: &str| match region(environment, name) {
        Some(region) => Place { context: region.cluster.name.clone(), is_there: true },
        None => Place { context: format!("{}-{environment}-{name}", estate.name), is_there: false },
    };
    // Of an entry that moved, the line in another region of the environment.
    let line = |environment: &str, namespace: &str, entry: &str| {
        let key = format!("{namespace}/{entry}");
        estate.environments.get(environment)?.regions.values().find_map(|region| {
            let volume = || region.volumes.iter().find(|one| one.namespace.as_str() == namespace && one.name.as_str() == entry);
            region.workloads.get(&key).map(|workload| workload.span).or_else(|| volume().map(|volume| volume.span))
        })
    };
    let prunes = |environment: &str, name: &str| {
        region(environment, name).is_some() && estate.environments.get(environment).is_some_and(|platform| platform.gitops.is_some())
    };
    let clusters = clusters(replaced, prunes);
    let mut found = transitions(&clusters);
    found.retain(|one| one.files.iter().any(|file| selected.contains_key(file.as_str())));
    let mut findings = procedure::findings(&found, forced, place, line);
    findings.extend(procedure::unreadable(&clusters).filter(|one| one.subject.as_deref().is_some_and(|file| selected.contains_key(file))));

    let files: Vec<mirror::File<'_>> =
        selected.values().map(|file| mirror::File { path: file.path, before: file.before.as_deref(), after: file.after }).collect();
    let closes =
        |region: &Region| region.network.iter().flat_map(|network| &network.subnets).any(|subnet| subnet.private && subnet.internet);
    findings.extend(mirror::findings(&mirror::turned(&files), |environment, name| region(environment, name).is_some_and(closes)));

    let files: Vec<gitops::File<'_>> =
        selected.values().map(|file| gitops::File { path: file.path, before: file.before.as_deref(), after: file.after }).collect();
    findings.extend(gitops::findings(&files));

    let bucket = |environment: &str, name: &str| estate.environments.get(environment).and_then(|platform| platform.buckets.get(name));
    let moved = buckets::moved(&data_roots(replaced), |environment, name| Some(bucket(environment, name)?.region.to_string()));
    findings.extend(buckets::findings(
        &moved,
        forced,
        |environment, name| bucket(environment, name).map(|bucket| bucket.span),
        |environment, name| {
            let copy = |bucket: &Bucket| bucket.copy_to(&estate.environments, environment, &bucket.region);
            bucket(environment, name).map(copy).unwrap_or_default()
        },
    ));
    findings.extend(of_databases(replaced, &found, estate, forced));
    findings
}

/// The findings about managed databases and about what buckets hold. A store in the cluster whose backups are deleted earlier is told as such already.
fn of_databases(replaced: &[Replaced<'_>], found: &[Transition], estate: &Estate, forced: &BTreeSet<String>) -> Vec<Diagnostic> {
    let roots = replaced.iter().filter(|file| file.selected).filter_map(|file| {
        let (environment, region) = buckets::place(file.path)?;
        let (before, after) = (file.before.as_deref()?, file.after?);
        Some(databases::Root { environment, region, before, after })
    });
    let roots: Vec<databases::Root<'_>> = roots.collect();
    let mut lost = databases::lost(&roots);
    lost.retain(|lost| {
        let is_same = |one: &Transition| {
            let is_it = |(namespace, store): (&str, &str)| one.namespace == namespace && one.entry == store;
            let is_backups = matches!(&one.change, Change::LosesData(Loss::Backups { .. }, _));
            is_backups && one.environment == lost.environment && lost.entry().is_some_and(is_it)
        };
        !found.iter().any(is_same)
    });
    databases::findings(&lost, forced, |lost| {
        let platform = estate.environments.get(lost.environment)?;
        let bucket = || platform.buckets.get(&lost.key).map(|bucket| bucket.span);
        platform.regions.get(lost.region)?.managed.get(&lost.key).map(|managed| managed.span).or_else(bucket)
    })
}

/// The documents of each cluster that differ; `prunes` says whether a controller deletes what left those of a region.
fn clusters(replaced: &[Replaced<'_>], prunes: impl Fn(&str, &str) -> bool) -> Vec<Cluster> {
    let mut files: BTreeMap<(&str, &str), Vec<&Replaced<'_>>> = BTreeMap::new();
    for file in replaced.iter().filter(|file| file.path.ends_with(".yaml")) {
        let mut parts = file.path.split('/');
        if let (Some("kubernetes"), Some(environment), Some(region)) = (parts.next(), parts.next(), parts.next()) {
            files.entry((environment, region)).or_default().push(file);
        }
    }
    let cluster = |((environment, region), files): ((&str, &str), Vec<&Replaced<'_>>)| Cluster {
        environment: environment.to_owned(),
        region: region.to_owned(),
        before: Inventory::read(files.iter().filter_map(|file| Some((file.path, file.before.as_deref()?)))),
        after: Inventory::read(files.iter().filter_map(|file| Some((file.path, file.after?)))),
        prunes: prunes(environment, region),
    };
    files.into_iter().map(cluster).collect()
}

/// The data roots whose buckets differ.
fn data_roots(replaced: &[Replaced<'_>]) -> Vec<buckets::Root> {
    let root = |file: &Replaced<'_>| {
        let (environment, region) = buckets::place(file.path)?;
        Some(buckets::Root {
            environment: environment.to_owned(),
            region: region.to_owned(),
            before: file.before.as_deref().map(buckets::Buckets::read),
            after: file.after.map(buckets::Buckets::read),
            selected: file.selected,
        })
    };
    replaced.iter().filter_map(root).collect()
}

/// The words of `--force`: the entries and buckets among them, and the paths.
pub(super) fn entries<'w>(words: &'w [OsString], roots: &Roots) -> (BTreeSet<String>, Vec<&'w OsString>) {
    let (mut entries, mut paths) = (BTreeSet::new(), Vec::new());
    for word in words {
        match word.to_str().filter(|text| is_entry(text, roots) || is_bucket(text, roots)) {
            Some(entry) => _ = entries.insert(entry.to_owned()),
            None => paths.push(word),
        }
    }
    (entries, paths)
}

/// Whether a word of `--force` names an entry that was rendered. A path of a file or folder is no entry.
fn is_entry(word: &str, roots: &Roots) -> bool {
    let path = Path::new(word);
    let parts: Vec<&str> = word.split('/').collect();
    let &[environment, namespace, entry] = &parts[..] else { return false };
    if path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok() {
        return false;
    }
    // The claim of a shared volume is in the file of its namespace.
    let is_there = |folder: PathBuf| {
        let rules = std::fs::read_to_string(folder.join(RULES)).unwrap_or_default();
        let holds_claim = || Inventory::read([(RULES, rules.as_str())]).get("PersistentVolumeClaim", namespace, entry).is_some();
        folder.join(format!("{entry}.yaml")).is_file() || holds_claim()
    };
    folders(&roots.output.join("kubernetes").join(environment)).any(|region| is_there(region.join(namespace)))
}

/// Whether a word of `--force` names a bucket that was rendered.
fn is_bucket(word: &str, roots: &Roots) -> bool {
    let Some((environment, name)) = buckets::parse(word) else { return false };
    let text = |region: PathBuf| std::fs::read_to_string(region.join(Layer::Data.name()).join(buckets::NAMES)).ok();
    folders(&roots.output.join(FOLDER).join(environment)).filter_map(text).any(|text| buckets::Buckets::read(&text).has(name))
}

/// The paths in a folder; none if it can't be read.
fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
