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
        Trial::test("check::oracle/waves_of_every_spec", waves),
        Trial::test("check::oracle/scripts_of_every_spec", scripts),
        Trial::test("check::oracle/objects_of_argo_cd", told),
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

/// The specs of the repository and the cases of `tests/features`, told to be applied by a controller, have waves in which everything is there in time.
fn waves() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let features = crate::support::features::folder();
    std::fs::create_dir(place.path().join("files"))?;
    world::copy(&features.join("files"), &place.path().join("files"));
    let path = place.path().join("platform.yaml");
    let (mut found, mut jobs) = (Vec::new(), 0);
    // What a container says changes no wave.
    for case in crate::support::features::cases().into_iter().filter(|case| !case.name.starts_with("containers/")) {
        let mut spec = case.whole();
        let environments = spec["environments"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        for name in environments {
            spec["environments"][&name]["branch"] = name.as_str().into();
        }
        for controller in ["argocd", "flux"] {
            spec["delivery"] =
                serde_json::json!({"repository": "https://git.example/shop/platform.git", "ci": "none", "gitops": controller});
            std::fs::write(&path, serde_yaml::to_string(&spec)?)?;
            let world = World::documents(&path);
            jobs += usize::from(world.has_jobs());
            found.extend(world.ask_about_waves().into_iter().map(|finding| format!("{} by {controller}: {finding:?}", case.name)));
        }
    }
    for spec in ["boutique", "features", "github", "gitlab", "sample/platform.yaml"] {
        let world = World::documents(&root().join("specs").join(spec));
        found.extend(world.ask_about_waves().into_iter().map(|finding| format!("{spec}: {finding:?}")));
    }
    assert!(jobs > 10, "{jobs} cases have jobs");
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

/// The same, applied by the script of the environment.
fn scripts() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let features = crate::support::features::folder();
    std::fs::create_dir(place.path().join("files"))?;
    world::copy(&features.join("files"), &place.path().join("files"));
    let path = place.path().join("platform.yaml");
    let (mut found, mut jobs) = (Vec::new(), 0);
    for case in crate::support::features::cases().into_iter().filter(|case| !case.name.starts_with("containers/")) {
        let mut spec = case.whole();
        spec["delivery"] = serde_json::json!({"ci": "none", "gitops": "none"});
        std::fs::write(&path, serde_yaml::to_string(&spec)?)?;
        let world = World::load(&path, &[]);
        jobs += usize::from(world.has_jobs());
        found.extend(world.ask_about_scripts().into_iter().map(|finding| format!("{}: {finding:?}", case.name)));
    }
    for spec in ["features", "minimal"] {
        let world = World::load(&root().join("specs").join(spec), &[]);
        found.extend(world.ask_about_scripts().into_iter().map(|finding| format!("{spec}: {finding:?}")));
    }
    assert!(jobs > 5, "{jobs} cases have jobs");
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

/// Controllers are told to apply what is there, and Argo CD may do no more than that.
fn told() -> Result<(), Failed> {
    let mut faults = Vec::new();
    for spec in [
        "tests/check/spec",
        "specs/sample/platform.yaml",
        "specs/boutique",
        "specs/github/platform.yaml",
        "specs/gitlab/platform.yaml",
        "specs/minimal/platform.yaml",
    ] {
        let World { estate, mut files } = World::load(&root().join(spec), &[]);
        faults.extend(oracle::gitops_faults(&estate, &files).into_iter().map(|fault| format!("{spec}: {fault}")));
        if estate.environments.values().any(|platform| platform.gitops.is_some()) {
            let clusters = files.units.iter_mut().filter(|(folder, _)| folder.starts_with("kubernetes/"));
            clusters
                .flat_map(|(_, unit)| unit.files.values_mut())
                .for_each(|text| *text = text.replace("kind: NetworkPolicy\n", "kind: Lease\n"));
            assert!(!oracle::gitops_faults(&estate, &files).is_empty(), "{spec}: a kind that is not in the files");
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}
