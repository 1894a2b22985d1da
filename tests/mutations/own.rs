//! What platgen itself notices, in process: the strict reader and the canonical forms, and the check of files against the estate.

use std::collections::{BTreeMap, BTreeSet};

use platgen::check::{Finding, findings_in, findings_in_root, folder, root_folder};
use platgen::files::Unit;
use platgen::model::{Platform, Region};
use platgen::yaml::{emit_all, read};

use super::ground::Ground;
use super::mutant::Mutant;

/// Whether the form of a changed file is wrong: YAML that the strict reader refuses or prints otherwise, HCL that is laid out otherwise.
pub fn form(mutant: &Mutant) -> bool {
    mutant.changes.iter().any(|(path, text)| match (text, path.rsplit('.').next()) {
        (Some(text), Some("yaml")) => read(text).map_or(true, |documents| emit_all(&documents) != *text),
        (Some(text), Some("tf" | "hcl")) => platgen::hcl::format(text) != *text,
        _ => false,
    })
}

/// The check of files against the estate.
pub struct Check<'a> {
    ground: &'a Ground,
    /// What it finds in the unchanged files, by folder.
    base: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Check<'a> {
    /// Notes what it finds in the unchanged files.
    pub fn new(ground: &'a Ground) -> Self {
        let mut check = Self { ground, base: BTreeMap::new() };
        for place in check.places() {
            let files = ground.files.units.get(&place.unit).cloned().unwrap_or_default();
            let found = place.findings(&files);
            check.base.insert(place.unit, found.iter().map(told).collect());
        }
        check
    }

    /// The first thing that it finds in the changed files alone.
    pub fn notices(&self, mutant: &Mutant) -> Option<String> {
        let nothing = BTreeSet::new();
        for place in self.places() {
            let inside = format!("{}/", place.unit);
            if !mutant.changes.keys().any(|path| path.starts_with(&inside)) {
                continue;
            }
            let mut files: Unit = self.ground.files.units.get(&place.unit).cloned().unwrap_or_default();
            for (path, text) in mutant.changes.iter().filter_map(|(path, text)| Some((path.strip_prefix(&inside)?, text))) {
                match text {
                    Some(text) => files.files.insert(path.to_owned(), text.clone()),
                    None => files.files.remove(path),
                };
            }
            let known = self.base.get(&place.unit).unwrap_or(&nothing);
            if let Some(new) = place.findings(&files).iter().map(told).find(|told| !known.contains(told)) {
                return Some(new);
            }
        }
        None
    }

    /// The Kubernetes files and the network root of every region.
    fn places(&self) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        for (environment, platform) in &self.ground.estate.environments {
            for (name, region) in &platform.regions {
                places.push(Place { unit: folder(environment, name), root: false, platform, region });
                places.push(Place { unit: root_folder(environment, name), root: true, platform, region });
            }
        }
        places
    }
}

/// A folder that is judged as one.
struct Place<'a> {
    unit: String,
    root: bool,
    platform: &'a Platform,
    region: &'a Region,
}

impl Place<'_> {
    fn findings(&self, files: &Unit) -> Vec<Finding> {
        let (platform, region) = (self.platform, self.region);
        if self.root { findings_in_root(platform, region, Some(files)) } else { findings_in(platform, region, files) }
    }
}

fn told(finding: &Finding) -> String {
    format!("{} {}: {}", finding.rule.name(), finding.object, finding.message)
}
