//! What platgen itself notices, in process: the strict reader and the canonical forms, and the check of files against the estate.

use std::collections::{BTreeMap, BTreeSet};

use platgen::check::{Finding, findings_in, folder};
use platgen::files::Unit;
use platgen::model::{Platform, Region};
use platgen::yaml::{emit_all, read};

use crate::ground::Ground;
use crate::mutant::Mutant;

/// Whether the form of a changed file is wrong: YAML that the strict reader refuses or prints otherwise, HCL that is laid out otherwise.
pub fn form(mutant: &Mutant) -> bool {
    mutant.changes.iter().any(|(path, text)| match (text, path.rsplit('.').next()) {
        (Some(text), Some("yaml")) => read(text).map_or(true, |documents| emit_all(&documents) != *text),
        (Some(text), Some("tf" | "hcl")) => platgen::hcl::format(text) != *text,
        _ => false,
    })
}

/// The check of Kubernetes files against the estate.
pub struct Check<'a> {
    ground: &'a Ground,
    /// What it finds in the unchanged files, by folder.
    base: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Check<'a> {
    /// Notes what it finds in the unchanged files.
    pub fn new(ground: &'a Ground) -> Self {
        let mut check = Self { ground, base: BTreeMap::new() };
        for (unit, platform, region) in check.regions() {
            let files = ground.files.units.get(&unit).cloned().unwrap_or_default();
            let found = findings_in(platform, region, &files);
            check.base.insert(unit, found.iter().map(told).collect());
        }
        check
    }

    /// The first thing that it finds in the changed files alone.
    pub fn notices(&self, mutant: &Mutant) -> Option<String> {
        let nothing = BTreeSet::new();
        for (unit, platform, region) in self.regions() {
            let inside = format!("{unit}/");
            if !mutant.changes.keys().any(|path| path.starts_with(&inside)) {
                continue;
            }
            let mut files: Unit = self.ground.files.units.get(&unit).cloned().unwrap_or_default();
            for (path, text) in mutant.changes.iter().filter_map(|(path, text)| Some((path.strip_prefix(&inside)?, text))) {
                match text {
                    Some(text) => files.files.insert(path.to_owned(), text.clone()),
                    None => files.files.remove(path),
                };
            }
            let known = self.base.get(&unit).unwrap_or(&nothing);
            if let Some(new) = findings_in(platform, region, &files).iter().map(told).find(|told| !known.contains(told)) {
                return Some(new);
            }
        }
        None
    }

    fn regions(&self) -> Vec<(String, &'a Platform, &'a Region)> {
        let estate = &self.ground.estate;
        let pairs = estate.environments.iter().flat_map(|(environment, platform)| {
            platform.regions.iter().map(move |(name, region)| (folder(environment, name), platform, region))
        });
        pairs.collect()
    }
}

fn told(finding: &Finding) -> String {
    format!("{} {}: {}", finding.rule.name(), finding.object, finding.message)
}
