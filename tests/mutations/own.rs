//! What platgen and its tests notice in process: the strict reader and the canonical forms, the rules of `platgen check`, and the second opinion.

use std::collections::{BTreeMap, BTreeSet};

use platgen::check::{Tree, findings, folder};
use platgen::files::Unit;
use platgen::layers::Layer;
use platgen::model::{Estate, Platform, Region};
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
    places: Vec<Place<'a>>,
    /// What it finds in the unchanged files, by folder.
    base: BTreeMap<String, BTreeSet<(&'static str, String)>>,
}

impl<'a> Check<'a> {
    /// Notes what it finds in the unchanged files.
    pub fn new(ground: &'a Ground) -> Self {
        let places = places(ground);
        let found = |place: &Place| {
            let files = ground.files.units.get(&place.unit).cloned().unwrap_or_default();
            (place.unit.clone(), place.findings(ground, &files).into_iter().collect())
        };
        Self { ground, base: places.iter().map(found).collect(), places }
    }

    /// What the rules and the second opinion find first in the changed files alone, by who finds it.
    pub fn notices(&self, mutant: &Mutant) -> BTreeMap<&'static str, String> {
        let mut noticed = BTreeMap::new();
        let nothing = BTreeSet::new();
        for place in &self.places {
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
            for (who, found) in place.findings(self.ground, &files).into_iter().filter(|found| !known.contains(found)) {
                noticed.entry(who).or_insert(found);
            }
        }
        noticed
    }
}

/// The Kubernetes files and the roots of every region.
fn places(ground: &Ground) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for (environment, platform) in &ground.estate.environments {
        for (name, region) in &platform.regions {
            let mut alone = ground.estate.clone();
            alone.environments.retain(|other, _| other == environment);
            alone.environments.values_mut().for_each(|platform| platform.regions.retain(|other, _| other == name));
            places.push(Place { unit: folder(environment, name), judged: Judged::Cluster(Box::new(alone)), platform, region });
            for layer in oracle::LAYERS {
                places.push(Place { unit: root_folder(environment, name, layer), judged: Judged::Root(layer), platform, region });
            }
        }
    }
    places
}

/// What a folder holds.
enum Judged {
    /// Kubernetes files, with the estate of their region alone.
    Cluster(Box<Estate>),
    /// A Terraform root.
    Root(Layer),
}

/// A folder that is judged as one.
struct Place<'a> {
    unit: String,
    judged: Judged,
    platform: &'a Platform,
    region: &'a Region,
}

impl Place<'_> {
    /// Findings, each with who finds it.
    fn findings(&self, ground: &Ground, files: &Unit) -> Vec<(&'static str, String)> {
        let (platform, region) = (self.platform, self.region);
        let (opinion, found) = match &self.judged {
            Judged::Root(layer) => (oracle::findings_in_root(platform, region, *layer, Some(files)), Vec::new()),
            Judged::Cluster(estate) => {
                // As `platgen check` judges a committed tree: what the spec renders is known beside it.
                let tree: Tree = files.files.iter().map(|(path, text)| (format!("{}/{path}", self.unit), text.clone())).collect();
                (oracle::findings_in(platform, region, files), findings(estate, &ground.files, &tree))
            }
        };
        let found = found
            .iter()
            .filter(|one| one.reason.is_none())
            .map(|one| ("check", format!("{} {}: {}", one.rule.name(), one.object, one.message)));
        found.chain(opinion.iter().map(|one| ("oracle", format!("{} {}: {}", one.rule, one.object, one.message)))).collect()
    }
}
