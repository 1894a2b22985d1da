//! What platgen and its tests notice in process: the strict reader and the canonical forms, the rules of `platgen check`, and the second opinion.

use std::collections::{BTreeMap, BTreeSet};

use platgen::check::{findings_in, folder};
use platgen::files::Unit;
use platgen::layers::Layer;
use platgen::model::{Platform, Region};
use platgen::yaml::{emit_all, read};

use super::ground::Ground;
use super::mutant::Mutant;
use crate::oracle::{self, root_folder};

/// Whether the form of a changed file is wrong: YAML that the strict reader refuses or prints otherwise, HCL that is laid out otherwise.
pub fn form(mutant: &Mutant) -> bool {
    mutant.changes.iter().any(|(path, text)| match (text, path.rsplit('.').next()) {
        (Some(text), Some("yaml")) => read(text).map_or(true, |documents| emit_all(&documents) != *text),
        (Some(text), Some("tf" | "hcl")) => platgen::hcl::format(text) != *text,
        _ => false,
    })
}

/// The rules over files, and the second opinion.
pub struct Check<'a> {
    ground: &'a Ground,
    /// What it finds in the unchanged files, by folder.
    base: BTreeMap<String, BTreeSet<(&'static str, String)>>,
}

impl<'a> Check<'a> {
    /// Notes what it finds in the unchanged files.
    pub fn new(ground: &'a Ground) -> Self {
        let mut check = Self { ground, base: BTreeMap::new() };
        for place in check.places() {
            let files = ground.files.units.get(&place.unit).cloned().unwrap_or_default();
            let found = place.findings(&files);
            check.base.insert(place.unit, found.into_iter().collect());
        }
        check
    }

    /// What the rules and the second opinion find first in the changed files alone, by who finds it.
    pub fn notices(&self, mutant: &Mutant) -> BTreeMap<&'static str, String> {
        let mut noticed = BTreeMap::new();
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
            for (who, found) in place.findings(&files).into_iter().filter(|found| !known.contains(found)) {
                noticed.entry(who).or_insert(found);
            }
        }
        noticed
    }

    /// The Kubernetes files and the roots of every region.
    fn places(&self) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        for (environment, platform) in &self.ground.estate.environments {
            for (name, region) in &platform.regions {
                places.push(Place { unit: folder(environment, name), root: None, platform, region });
                for layer in oracle::LAYERS {
                    places.push(Place { unit: root_folder(environment, name, layer), root: Some(layer), platform, region });
                }
            }
        }
        places
    }
}

/// A folder that is judged as one.
struct Place<'a> {
    unit: String,
    /// The layer of a Terraform root; none for the Kubernetes files.
    root: Option<Layer>,
    platform: &'a Platform,
    region: &'a Region,
}

impl Place<'_> {
    /// Findings, each with who finds it.
    fn findings(&self, files: &Unit) -> Vec<(&'static str, String)> {
        let (platform, region) = (self.platform, self.region);
        let opinion = match self.root {
            Some(layer) => oracle::findings_in_root(platform, region, layer, Some(files)),
            None => oracle::findings_in(platform, region, files),
        };
        let found = if self.root.is_some() { Vec::new() } else { findings_in(platform, region, &files.files) };
        let found = found.iter().map(|one| ("check", format!("{} {}: {}", one.rule.name(), one.object, one.message)));
        found.chain(opinion.iter().map(|one| ("oracle", format!("{} {}: {}", one.rule, one.object, one.message)))).collect()
    }
}
