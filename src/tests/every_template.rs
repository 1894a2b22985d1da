//! Every template, printed with hostile text in every string, reads back to exactly its view; and every field of every view is of use.
//!
//! The views are those that the specs of the repository and the cases of `tests/features/` lead to: one of each shape is printed again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::Value;
use minijinja::value::ValueKind;

use super::hostile::check;
use super::spy::inside;
use crate::kubernetes;
use crate::model::Desk;
use crate::project::{Failure, Project, Resolved};
use crate::resolve::desktop;
use crate::template::{Comment, Fragment, Templates, record};
use crate::value::Quantity;

#[path = "../../tests/support/features.rs"]
mod features;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Renders a spec, as the program does.
fn render(path: &Path) {
    let rendered = resolve(path).and_then(Resolved::render);
    rendered.unwrap_or_else(|failure| panic!("{}: {:#?}", path.display(), failure.found));
}

fn resolve(path: &Path) -> Result<Resolved, Box<Failure>> {
    Project::open(Some(path)).and_then(|project| project.allow_incomplete(true).resolve())
}

/// Renders every region of a spec for a desktop.
fn desktops(path: &Path) {
    let resolved = resolve(path).unwrap_or_else(|failure| panic!("{}: {:#?}", path.display(), failure.found));
    let desk = Desk { cpus: Quantity::from_millis(100_000), memory: Quantity::from_bytes(1 << 40) };
    for platform in resolved.estate.environments.values() {
        for region in platform.regions.values().filter(|region| region.provider.is_cloud()) {
            let desktop = desktop(&resolved.project.specs, platform, region, &desk).unwrap_or_else(|fault| panic!("{fault:?}"));
            let (platform, region) = desktop.result().expect("a step");
            kubernetes::render(platform, region).unwrap_or_else(|fault| panic!("{fault}"));
        }
    }
}

fn render_everything() {
    for name in ["minimal/platform.yaml", "sample/platform.yaml", "boutique", "features", "github/platform.yaml", "gitlab/platform.yaml"] {
        render(&root().join("specs").join(name));
        desktops(&root().join("specs").join(name));
    }
    let place = tempfile::tempdir().expect("a folder");
    fs::create_dir(place.path().join("files")).expect("a folder");
    for file in fs::read_dir(features::folder().join("files")).expect("a folder").flatten() {
        fs::copy(file.path(), place.path().join("files").join(file.file_name())).expect("copied");
    }
    for case in features::cases() {
        let path = place.path().join("platform.yaml");
        fs::write(&path, serde_yaml::to_string(&case.whole()).expect("YAML")).expect("written");
        render(&path);
    }
}

/// What kinds of values a view holds, and where; views of one shape differ in their texts and numbers alone.
fn shape(value: &Value) -> String {
    match value.kind() {
        ValueKind::Seq => {
            let items: BTreeSet<String> = value.try_iter().expect("a list").map(|item| shape(&item)).collect();
            format!("[{}]", items.into_iter().collect::<Vec<_>>().join("|"))
        }
        ValueKind::Map => {
            let entry = |key: Value| format!("{key}:{}", shape(&value.get_item(&key).expect("a key of this map")));
            format!("{{{}}}", value.try_iter().expect("a map").map(entry).collect::<Vec<_>>().join(","))
        }
        ValueKind::Bool => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// All that is known of the views of a template.
#[derive(Default)]
struct Known {
    /// Fields, and those that the template read.
    fields: BTreeSet<String>,
    read: BTreeSet<String>,
    /// Texts, and those that it printed.
    texts: BTreeSet<String>,
    printed: BTreeSet<String>,
    /// Fields and lists that were absent or empty in some view, and those that held something in some.
    without: BTreeSet<String>,
    with: BTreeSet<String>,
}

impl Known {
    /// Notes the fields of a view and what is in them; a map that is printed whole has none.
    fn note(&mut self, value: &Value, place: &str, whole: &BTreeSet<String>) {
        let opaque = value.downcast_object_ref::<Fragment>().is_some() || value.downcast_object_ref::<Comment>().is_some();
        let empty = match value.kind() {
            ValueKind::None => true,
            ValueKind::Seq | ValueKind::Map => !opaque && value.len() == Some(0),
            _ => false,
        };
        if !place.is_empty() {
            let noted = if empty { &mut self.without } else { &mut self.with };
            noted.insert(place.to_owned());
        }
        match value.kind() {
            ValueKind::Seq => value.try_iter().expect("a list").for_each(|item| self.note(&item, &inside(place, "[]"), whole)),
            ValueKind::Map if !opaque && !whole.contains(place) => {
                for key in value.try_iter().expect("a map") {
                    let below = inside(place, &key.to_string());
                    self.note(&value.get_item(&key).expect("a key of this map"), &below, whole);
                    self.fields.insert(below);
                }
            }
            _ => {}
        }
    }
}

/// A template and what it includes, by the texts of the files.
fn with_included(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("templates").join(name)).expect("a template");
    let names = text.split("include \"").skip(1).filter_map(|rest| rest.split('"').next());
    names.flat_map(with_included).chain([name.to_owned()]).collect()
}

#[test]
fn every_template_prints_its_view_and_nothing_else() {
    let views = record::views(render_everything);
    let mut shapes = BTreeSet::new();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, view) in &views {
        if !shapes.insert((name, shape(view))) {
            continue;
        }
        match check(Templates::embedded(), name, view) {
            Ok(spied) => {
                // One view has what the values of all charts are made of, and each chart takes a part of it.
                let name = if name.starts_with("charts/") { "charts/*" } else { name };
                let known = known.entry(name.to_owned()).or_default();
                known.note(view, "", &spied.whole);
                known.read.extend(spied.read);
                known.printed.extend(spied.texts.iter().filter(|(_, printed)| **printed).map(|(place, _)| place.clone()));
                known.texts.extend(spied.texts.into_keys());
                // Each chart names the images of its parts in one of the forms that there are.
                let is_form = |place: &String| ["full.", "images.", "places."].iter().any(|form| place.starts_with(form));
                if name.starts_with("charts/") {
                    known.fields.retain(|place| !is_form(place));
                    known.texts.retain(|place| !is_form(place));
                }
            }
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let seen: BTreeSet<String> = shapes.iter().flat_map(|(name, _)| with_included(name)).collect();
    let unseen: Vec<&str> = Templates::embedded().names().filter(|name| !seen.contains(*name)).collect();
    let list = |pick: fn(&Known) -> Vec<&String>| -> Vec<String> {
        known.iter().flat_map(|(name, known)| pick(known).into_iter().map(move |place| format!("{name}: {place}"))).collect()
    };
    let found: [(&str, Vec<String>); 4] = [
        ("templates that no view was printed with", unseen.into_iter().map(str::to_owned).collect()),
        ("fields that no template reads", list(|known| known.fields.difference(&known.read).collect())),
        ("texts that are never printed", list(|known| known.texts.difference(&known.printed).collect())),
        ("what is absent in every view", list(|known| known.without.difference(&known.with).collect())),
    ];
    assert!(found.iter().all(|(_, list)| list.is_empty()), "{found:#?}");
    eprintln!("{} views of {} shapes", views.len(), shapes.len());
}
