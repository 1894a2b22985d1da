//! The rules of `platgen check`, each proved by documents that break it: see `check/cases.yaml`.
//!
//! A case changes what was rendered from `check/spec`, or the spec itself, and names every finding that follows: one more or one less fails it.
//! The specs of the repository have none.

mod case;
mod waivers;
mod world;

use libtest_mimic::Trial;
use platgen::check;
use platgen::diagnostic::Code;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use world::World;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let cases = case::read(&root().join("tests/check/cases.yaml"));
    let world = Arc::new(World::load(&root().join("tests/check/spec"), &[]));
    let mut trials = vec![
        Trial::test("check::every_rule_has_a_case", {
            let proved: BTreeSet<String> = cases.iter().map(|case| case.rule.clone()).collect();
            move || {
                let missing: Vec<&str> = Code::RULES.iter().map(|rule| rule.name()).filter(|name| !proved.contains(*name)).collect();
                if missing.is_empty() { Ok(()) } else { Err(format!("no case for {missing:?}").into()) }
            }
        }),
        Trial::test("check::nothing_rendered_is_found", || {
            let world = World::load(&root().join("tests/check/spec"), &[]);
            let mut files = world.files.clone();
            files.units.clear();
            let found = check::findings(&world.estate, &files);
            let rules: BTreeSet<&str> = found.iter().map(|finding| finding.rule.name()).collect();
            let expected = [
                "kustomization-list",
                "missing-isolation",
                "missing-root",
                "missing-workload",
                "wrong-access",
                "wrong-namespace",
                "wrong-route",
            ];
            if expected.iter().all(|rule| rules.contains(rule)) { Ok(()) } else { Err(format!("{rules:?}").into()) }
        }),
        Trial::test("check::garbage_is_no_fault_of_the_run", || {
            let world = World::load(&root().join("tests/check/spec"), &[]);
            world::survives_garbage(&world);
            Ok(())
        }),
    ];
    for name in ["boutique", "minimal/platform.yaml", "minimal-toml/platform.toml", "sample/platform.yaml"] {
        trials.push(Trial::test(format!("check::clean/{name}"), move || clean(&root().join("specs").join(name))));
    }
    trials.push(Trial::test("check::clean/tests", || clean(&root().join("tests/check/spec"))));
    for case in cases {
        let world = world.clone();
        trials.push(Trial::test(format!("check::mutant/{}/{}", case.rule, case.name), move || case.run(&world)));
    }
    trials.extend(waivers::trials());
    trials
}

/// A spec of the repository raises nothing that its waivers do not accept.
fn clean(spec: &Path) -> Result<(), libtest_mimic::Failed> {
    let world = World::load(spec, &[]);
    let judged = check::apply(&world.estate, check::findings(&world.estate, &world.files), world::day("2026-11-23"), true);
    let left: Vec<String> = judged.left.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect();
    let regions: usize = world.estate.environments.values().map(|platform| platform.regions.len()).sum();
    if left.is_empty() && regions > 1 { Ok(()) } else { Err(format!("{regions} regions:\n{}", left.join("\n")).into()) }
}
