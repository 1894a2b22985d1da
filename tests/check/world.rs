//! A spec with everything that is made from it, in memory.

use crate::oracle;
use platgen::check;
use platgen::files::Files;
use platgen::model::{Estate, Kind};
use platgen::project::{Project, Rendered, Resolved};
use platgen::value::Date;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What a spec becomes.
pub(crate) struct World {
    pub(crate) estate: Estate,
    pub(crate) files: Files,
}

impl World {
    /// Reads a spec, with replacements in its main file.
    pub(crate) fn load(spec: &Path, replacements: &[(String, String)]) -> World {
        if replacements.is_empty() {
            return World::resolve(spec);
        }
        let folder = TempDir::new().expect("a temporary folder");
        copy(spec, folder.path());
        let path = folder.path().join("platform.yaml");
        let mut text = fs::read_to_string(&path).expect("the spec");
        for (from, to) in replacements {
            assert!(text.contains(from.as_str()), "the spec has no {from:?}");
            text = text.replace(from, to);
        }
        fs::write(&path, text).expect("written");
        World::resolve(folder.path())
    }

    fn resolve(spec: &Path) -> World {
        let rendered = Project::open(Some(spec)).and_then(|project| project.allow_incomplete(true).resolve()).and_then(Resolved::render);
        let Rendered { resolved, files } = rendered.unwrap_or_else(|failure| panic!("{}: {:?}", spec.display(), failure.found));
        World { estate: resolved.estate, files }
    }

    /// Reads a spec and renders the documents of its clusters alone.
    pub(crate) fn documents(spec: &Path) -> World {
        let rendered = Project::open(Some(spec)).and_then(|project| project.allow_incomplete(true).resolve()).and_then(Resolved::documents);
        let Rendered { resolved, files } = rendered.unwrap_or_else(|failure| panic!("{}: {:?}", spec.display(), failure.found));
        World { estate: resolved.estate, files }
    }

    /// Whether a region has jobs that run once.
    pub(crate) fn has_jobs(&self) -> bool {
        let mut workloads =
            self.estate.environments.values().flat_map(|one| one.regions.values()).flat_map(|region| region.workloads.values());
        workloads.any(|workload| matches!(workload.kind, Kind::Job { .. }))
    }

    /// What the second opinion finds in the waves of every region.
    pub(crate) fn ask_about_waves(&self) -> Vec<oracle::Finding> {
        let regions =
            self.estate.environments.values().flat_map(|platform| platform.regions.values().map(move |region| (platform, region)));
        regions
            .flat_map(|(platform, region)| {
                let unit = &self.files.units[&check::folder(platform.environment.as_str(), region.name.as_str())];
                oracle::waves_in(platform, region, unit)
            })
            .collect()
    }

    /// What the second opinion finds in the scripts of the environments that no controller applies.
    pub(crate) fn ask_about_scripts(&self) -> Vec<oracle::Finding> {
        let mut found = Vec::new();
        for (environment, platform) in self.estate.environments.iter().filter(|(_, platform)| platform.gitops.is_none()) {
            let script = &self.files.units[&format!("kubernetes/{environment}")].files["apply.sh"];
            for (name, region) in &platform.regions {
                found.extend(oracle::script_in(platform, region, &self.files.units[&check::folder(environment, name)], script));
            }
        }
        found
    }

    /// What the second opinion finds in one region.
    pub(crate) fn ask_oracle(&self, environment: &str, files: &Files) -> Vec<oracle::Finding> {
        let platform = &self.estate.environments[environment];
        let (name, region) = platform.regions.first().expect("a region");
        let mut found = oracle::findings_in(platform, region, &files.units[&check::folder(environment, name)]);
        for layer in oracle::LAYERS {
            let unit = files.units.get(&oracle::root_folder(environment, name, layer));
            found.extend(oracle::findings_in_root(platform, region, layer, unit));
        }
        found
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// Places of every document at once, emptied or of another type: nothing panics, whatever is missing.
pub(crate) fn survives_garbage(world: &World) {
    const ROUNDS: usize = 40;
    let garbage =
        [serde_json::Value::Null, serde_json::json!([]), serde_json::json!({}), serde_json::json!(-1), serde_json::json!([{"": []}])];
    let folder = "kubernetes/beta/eu-west-1";
    let mut files = world.files.clone();
    files.units.retain(|known, _| known == folder);
    let texts = files.units[folder].files.clone();
    for round in 0..ROUNDS {
        for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".yaml")) {
            let mut documents: Vec<serde_json::Value> =
                platgen::yaml::read(text).expect("documents").iter().map(|one| one.to_json()).collect();
            for (at, document) in documents.iter_mut().enumerate() {
                let mut places = Vec::new();
                pointers(document, String::new(), &mut places);
                // Each round takes another place of each document, and in the end all kinds of garbage meet all kinds of fields.
                let place = &places[(round * 7 + at * 3) % places.len()];
                // Without who it is an object is not judged at all.
                if !["", "/kind", "/apiVersion", "/metadata", "/metadata/name"].contains(&place.as_str()) || round % 10 == 0 {
                    *document.pointer_mut(place).expect("a place") = garbage[(round + at) % garbage.len()].clone();
                }
            }
            let printed: Vec<_> = documents.iter().map(platgen::yaml::Document::from_json).collect();
            files.units.get_mut(folder).expect("the unit").files.insert(path.clone(), platgen::yaml::emit_all(&printed));
        }
        let platform = &world.estate.environments["beta"];
        let region = platform.regions.first().expect("a region").1;
        let found = check::findings_in(platform, region, &files.units[folder].files).len();
        assert!(found > 5 && world.ask_oracle("beta", &files).len() > 20, "round {round}: {found}");
    }
}

pub(crate) fn pointers(value: &serde_json::Value, at: String, places: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(entries) => {
            entries.iter().for_each(|(key, inner)| pointers(inner, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, inner)| pointers(inner, format!("{at}/{number}"), places))
        }
        _ => {}
    }
    places.push(at);
}
