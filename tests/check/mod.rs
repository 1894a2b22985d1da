//! The rules of `platgen check`, each proved by files that break it: see `check/cases.yaml`; and the tests' second opinion, proved in the same way by
//! `oracle/cases.yaml`.
//!
//! A case edits the rendered files of `check/spec`, or the spec itself, and names every finding that follows: one more or one less fails it. The program
//! judges files on disk. The specs of the repository have no finding.

mod case;
mod project;
mod trees;
mod waivers;
mod world;

use crate::oracle;
use libtest_mimic::{Failed, Trial};
use platgen::check;
use platgen::diagnostic::Code;
use project::Project;
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
    let proved: BTreeSet<String> = cases.iter().map(|case| case.rule.clone()).collect();
    let mut trials = vec![
        Trial::test("check::every_rule_has_a_case", move || {
            let missing: Vec<&str> = Code::RULES.iter().map(|rule| rule.name()).filter(|name| !proved.contains(*name)).collect();
            if missing.is_empty() { Ok(()) } else { Err(format!("no case for {missing:?}").into()) }
        }),
        Trial::test("check::nothing_rendered_is_found", nothing_rendered),
        Trial::test("check::oracle/differences", || {
            oracle::every_difference_has_its_place();
            Ok(())
        }),
        Trial::test("check::oracle/templates", || {
            oracle::templates_become_places();
            Ok(())
        }),
        Trial::test("check::garbage_is_no_fault_of_the_run", || {
            world::survives_garbage(&World::load(&root().join("tests/check/spec"), &[]));
            Ok(())
        }),
    ];
    for name in ["boutique", "features", "minimal/platform.yaml", "minimal-toml/platform.toml", "sample/platform.yaml"] {
        trials.push(Trial::test(format!("check::clean/{name}"), move || clean(&root().join("specs").join(name))));
    }
    trials.push(Trial::test("check::clean/tests", || clean(&root().join("tests/check/spec"))));
    let base = Arc::new(Project::rendered(&[]));
    for case in cases {
        let base = base.clone();
        trials.push(Trial::test(format!("check::{}/{}", case.rule, case.name), move || case.ask_check(&base)));
    }
    let world = Arc::new(World::load(&root().join("tests/check/spec"), &[]));
    for case in case::read(&root().join("tests/oracle/cases.yaml")) {
        let world = world.clone();
        trials.push(Trial::test(format!("check::oracle/{}/{}", case.rule, case.name), move || case.ask_oracle(&world)));
    }
    trials.extend(trees::trials());
    trials.extend(waivers::trials());
    trials
}

/// A region without files: the program refuses it, the rules and the second opinion miss what should be there.
fn nothing_rendered() -> Result<(), Failed> {
    let world = World::load(&root().join("tests/check/spec"), &[]);
    let mut files = world.files.clone();
    files.units.values_mut().for_each(|unit| unit.files.clear());
    let found = check::findings(&world.estate, &world.files, &check::Tree::new());
    let mut rules: BTreeSet<&str> = found.iter().map(|finding| finding.rule.name()).collect();
    rules.extend(world.ask_oracle("beta", &files).iter().map(|finding| finding.rule));
    let expected = [
        "kustomization-list",
        "missing-isolation",
        "missing-root",
        "missing-workload",
        "unexpected-object",
        "wrong-access",
        "wrong-namespace",
        "wrong-route",
    ];
    let missing: Vec<&&str> = expected.iter().filter(|rule| !rules.contains(**rule)).collect();
    let project = Project::rendered(&[]);
    project.replace("deploy/kubernetes/beta/eu-west-1", &Default::default());
    let refused = project::run(project.path(), &["check", "--format", "json"]);
    let refused = refused.iter().any(|(_, found)| found.rule == "missing-tree" && found.message.contains("beta/eu-west-1"));
    if missing.is_empty() && refused { Ok(()) } else { Err(format!("{missing:?} are not found; refused: {refused}").into()) }
}

/// A spec of the repository raises nothing that it does not accept.
fn clean(spec: &Path) -> Result<(), Failed> {
    let world = World::load(spec, &[]);
    let tree: check::Tree =
        world.files.iter().filter(|(path, _)| path.ends_with(".yaml")).map(|(path, text)| (path, text.to_owned())).collect();
    let judged = check::apply(&world.estate, check::findings(&world.estate, &world.files, &tree), world::day("2026-11-23"), true);
    let mut left: Vec<String> = judged.left.iter().map(|found| format!("{}: {}", found.rule.name(), found.message)).collect();
    left.extend(judged.faults.iter().map(|fault| format!("{}: {}", fault.code.name(), fault.message)));
    for environment in world.estate.environments.keys() {
        left.extend(world.ask_oracle(environment, &world.files).iter().map(|found| format!("{}: {}", found.rule, found.message)));
    }
    let regions: usize = world.estate.environments.values().map(|platform| platform.regions.len()).sum();
    if left.is_empty() && regions > 1 { Ok(()) } else { Err(format!("{regions} regions:\n{}", left.join("\n")).into()) }
}
