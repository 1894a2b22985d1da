//! The program and the library, from spec to files: the same findings and the same bytes for every example. What other trials say of the
//! pipeline in the library therefore holds for the program that `PLATGEN_BIN` names.

use crate::acceptance::program::{Project, compare, copy, specs, tree};
use libtest_mimic::{Failed, Trial};
use platgen::diagnostic::{Format, print};
use platgen::project::{self, Rendered, Resolved};
use std::collections::BTreeMap;
use std::path::Path;

/// The trials of this module: one per example.
pub(crate) fn trials() -> Vec<Trial> {
    let specs = specs().into_iter();
    specs.map(|(name, spec)| Trial::test(format!("pipeline::{name}"), move || agree(&spec))).collect()
}

fn agree(spec: &Path) -> Result<(), Failed> {
    let place = Project::new().incomplete();
    let spec = copy(spec, &place.folder, false);
    let opened =
        project::Project::open(Some(&spec)).and_then(|project| project.allow_incomplete(true).resolve()).and_then(Resolved::render);
    let Rendered { resolved, files } = opened.map_err(|failure| format!("{:?}", failure.found))?;
    let said = print(Format::Json, &resolved.project.found.sorted(), &resolved.project.sources, false);
    let mut wanted: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(path, text)| (format!("deploy/{path}"), text.as_bytes().to_vec())).collect();
    wanted.extend(files.outside.files.iter().map(|(path, text)| (path.clone(), text.as_bytes().to_vec())));
    wanted.insert("platgen.lock".into(), resolved.lock.print().into_bytes());
    let before = tree(&place.folder);
    let ran = place.run(&["render", "--format", "json", &spec.display().to_string()]).exits(0);
    if ran.out != said {
        return Err(format!("the program says:\n{}\nthe library says:\n{said}", ran.out).into());
    }
    // Manifests are written by the output stage.
    let is_manifest = |path: &str| path.ends_with(".platgen-manifest") || path.ends_with(".platgen-outside");
    let written = tree(&place.folder).into_iter().filter(|(path, _)| !before.contains_key(path) && !is_manifest(path));
    let written: BTreeMap<String, Vec<u8>> = written.collect();
    Ok(compare(&wanted, &written)?)
}
