//! The files that a render replaces -> findings about changes that a running cluster does not take in place.

use crate::analysis::procedure;
use crate::analysis::transition::{Change, Cluster, transitions};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::inventory::Inventory;
use crate::model::Estate;
use crate::output::{Replaced, Roots};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

/// The findings; an entry in `forced`, written `namespace/entry`, may lose its data.
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
    let unreadable: Vec<Diagnostic> = unreadable.collect();
    let mut found = transitions(&clusters);
    let is_forced = |namespace: &str, entry: &str| forced.contains(&format!("{namespace}/{entry}"));
    let allowed: Vec<_> =
        found.extract_if(.., |one| matches!(one.change, Change::LosesData(_)) && is_forced(&one.namespace, &one.entry)).collect();
    let context = |environment: &str, region: &str| {
        let region = estate.environments.get(environment).and_then(|platform| platform.regions.get(region));
        region.map(|region| region.cluster.name.clone()).unwrap_or_else(|| "CONTEXT".to_owned())
    };
    // Of an entry that moved, the line in another region of the environment.
    let place = |environment: &str, namespace: &str, entry: &str| {
        let key = format!("{namespace}/{entry}");
        estate.environments.get(environment)?.regions.values().find_map(|region| region.workloads.get(&key)).map(|workload| workload.span)
    };
    let mut findings = procedure::findings(&found, context, place);
    findings.extend(unreadable);
    findings.extend(procedure::findings(&allowed, context, place).into_iter().map(|finding| Diagnostic {
        severity: Severity::Warning,
        help: Some(
            "allowed by `--force`: restore the data where the entry runs now, and delete the old objects, which go on running".to_owned(),
        ),
        ..finding
    }));
    findings
}

/// Whether a word of `--force` names an entry, `namespace/entry`, and no file or folder.
pub(super) fn is_entry(word: &OsStr, roots: &Roots) -> bool {
    let path = Path::new(word);
    let is_label =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let exists = path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok();
    !exists && word.to_str().and_then(|word| word.split_once('/')).is_some_and(|(namespace, entry)| is_label(namespace) && is_label(entry))
}
