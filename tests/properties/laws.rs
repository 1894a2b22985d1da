//! What holds for every spec: no panic, both formats alike, a new `needs` only opens, every fault is told.

use super::mutate::{self, Step};
use super::pipeline::{Made, make};
use crate::support::toml::toml;
use platgen::model::Flow;
use platgen::project::Project;
use platgen::syntax::Node;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn sample() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/sample/platform.yaml");
    serde_yaml::from_str(&std::fs::read_to_string(path).expect("the sample")).expect("YAML")
}

/// A changed sample never panics, and says the same in YAML and in TOML.
pub(crate) fn changed_specs_never_panic() {
    let sample = sample();
    let step = (any::<u8>(), any::<u32>(), any::<u32>()).prop_map(|(what, at, other)| Step { what, at, other });
    let (rendered, refused) = (Cell::new(0), Cell::new(0));
    let law = |steps: Vec<Step>| {
        let mut tree = sample.clone();
        steps.iter().for_each(|step| mutate::apply(&mut tree, step));
        let text = tree.to_string();
        let yaml = make(&[("platform.yaml", &text)]);
        let counter = if yaml.files.is_some() { &rendered } else { &refused };
        counter.set(counter.get() + 1);
        if let Some(text) = toml(&tree) {
            let toml = make(&[("platform.toml", &text)]);
            prop_assert_eq!(findings(&yaml), findings(&toml), "{}", text);
            prop_assert_eq!(yaml.files, toml.files);
        }
        Ok(())
    };
    runner(256).run(&proptest::collection::vec(step, 1..4), law).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(rendered.get() > 10 && refused.get() > 100, "{} rendered, {} refused", rendered.get(), refused.get());
}

/// What was found, by code and words; the readers' own words for syntax faults differ.
fn findings(made: &Made) -> Vec<String> {
    made.findings.iter().map(|line| if line.contains("[syntax]") { "error[syntax]".into() } else { line.clone() }).collect()
}

type Allowed = BTreeSet<(String, String, platgen::value::NetworkPort)>;

/// Who may call whom on which port, in every region.
fn allowed(made: &Made) -> Allowed {
    let estate = made.estate.as_ref().expect("an estate");
    let regions =
        estate.environments.values().flat_map(|platform| platform.regions.iter().map(move |(name, region)| (platform, name, region)));
    regions
        .flat_map(|(platform, name, region)| {
            let place = format!("{}/{name}", platform.environment);
            region.flows.iter().flat_map(move |flow: &Flow| {
                let ends = (format!("{place} {:?}", flow.from), format!("{:?}", flow.to));
                flow.ports.iter().map(move |port| (ends.0.clone(), ends.1.clone(), *port)).collect::<Vec<_>>()
            })
        })
        .collect()
}

/// Every peer and port that a rendered NetworkPolicy lets through.
fn opened(made: &Made) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (path, text) in
        made.files.as_ref().expect("files").iter().filter(|(path, _)| path.starts_with("kubernetes/") && path.ends_with(".yaml"))
    {
        for document in text.split("\n---\n").filter(|document| document.contains("kind: NetworkPolicy\n")) {
            let policy: Value = serde_yaml::from_str(document).unwrap_or_else(|error| panic!("{path}: {error}\n{document}"));
            for (direction, ends) in [("ingress", "from"), ("egress", "to")] {
                for rule in policy["spec"][direction].as_array().into_iter().flatten() {
                    for peer in rule[ends].as_array().into_iter().flatten() {
                        for port in rule["ports"].as_array().cloned().unwrap_or_else(|| vec![Value::Null]) {
                            all.insert(format!("{path} {} {direction} {peer} {port}", policy["metadata"]["name"]));
                        }
                    }
                }
            }
        }
    }
    all
}

/// Every pair of apps of the sample: one more `needs` takes nothing away, in the model and in the rendered policies.
pub(crate) fn a_need_only_opens() {
    let sample = sample();
    let before = make(&[("platform.yaml", &sample.to_string())]);
    let (flows, rules) = (allowed(&before), opened(&before));
    assert!(flows.len() > 5 && rules.len() > 20, "{flows:?}\n{rules:?}");
    let mut grown = 0;
    for from in ["frontend", "cart", "payment", "report"] {
        for to in ["app/frontend", "app/cart", "app/payment", "store/carts", "external/card-gateway"] {
            let mut tree = sample.clone();
            let app = tree["apps"][from].as_object_mut().expect("an app");
            let needs = app.entry("needs").or_insert_with(|| Value::Array(Vec::new())).as_array_mut().expect("a list");
            if needs.iter().any(|need| need == to) || to == format!("app/{from}") {
                continue;
            }
            needs.push(to.into());
            let after = make(&[("platform.yaml", &tree.to_string())]);
            assert!(after.errors().is_empty(), "{from} needs {to}: {:?}", after.errors());
            let (more, open) = (allowed(&after), opened(&after));
            let (lost, closed): (Vec<_>, Vec<_>) = (flows.difference(&more).collect(), rules.difference(&open).collect());
            assert!(lost.is_empty() && closed.is_empty(), "{from} needs {to}: lost {lost:?}, closed {closed:#?}");
            grown += usize::from(more.len() > flows.len() && open.len() > rules.len());
        }
    }
    assert!(grown >= 10, "{grown}");
}

/// An environment that is configured as another one has each value of that one; but for `only`, which names environments, and for what these are.
pub(crate) fn an_environment_as_another_has_its_values() {
    let mut varying = 0;
    for spec in ["boutique", "features", "sample"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(spec);
        let project = Project::open(Some(&path)).expect("a spec").allow_incomplete(true);
        let resolved = project.resolve().expect("a valid spec");
        let trees = &resolved.project.specs.trees;
        for (one, other) in trees.keys().flat_map(|one| trees.keys().filter(move |other| *other != one).map(move |other| (one, other))) {
            let [configured, own] = resolved.compared(one, other);
            assert_eq!(values(&configured.specs.trees[one]), values(&trees[other]), "{spec}: {one} as {other}");
            varying += usize::from(values(&own.specs.trees[one]) != values(&trees[other]));
        }
    }
    assert!(varying >= 8, "{varying}");
}

/// The values of an environment's tree by path.
fn values(tree: &Node) -> BTreeMap<String, String> {
    fn walk(node: &Node, path: &str, all: &mut BTreeMap<String, String>) {
        for entry in node.entries().iter().filter(|entry| !matches!(&*entry.key, "environments" | "only")) {
            walk(&entry.value, &format!("{path}/{}", entry.key), all);
        }
        for (at, item) in node.items().iter().enumerate() {
            walk(item, &format!("{path}/{at}"), all);
        }
        all.extend(node.scalar().map(|text| (path.to_owned(), text.to_owned())));
    }
    let mut all = BTreeMap::new();
    walk(tree, "", &mut all);
    all
}

/// A spec with many apps, each fifth of which has a fault of one of five kinds.
pub(crate) fn many(apps: usize, faults: usize) -> String {
    let mut text = String::from(
        "apiVersion: platgen/v1\nplatform: {name: big, owner: ops, domain: big.example}\ncloud:\n  provider: aws\n  accounts: {production: \"111111111111\"}\n  state: {region: eu-west-1}\nregions:\n  eu-west-1: {zones: 3}\nenvironments:\n  production: {branch: main, regions: [eu-west-1]}\ncluster:\n  pools:\n    general: {machine: m7i.large, nodes: 3..6}\naccess:\n  mfa: required\n  groups:\n    ops: {id: platform-admin, role: admin}\nteams:\n  ops: {group: ops, page: {email: ops@big.example}, ticket: {email: ops@big.example}}\nnamespaces:\n  big: {owner: ops}\napps:\n",
    );
    for number in 0..apps {
        let faulty = faults > 0 && number % (apps / faults) == 0;
        let (image, more) = match (faulty, number / 5 % 5) {
            (false, _) => ("registry.example/app:v1", "port: 8080"),
            (true, 0) => ("registry.example/app:v1", "prt: 8080"),
            (true, 1) => ("registry.example/app", "port: 8080"),
            (true, 2) => ("registry.example/app:v1", "port: 80808"),
            (true, 3) => ("registry.example/app:v1", "port: 8080, needs: [app/nobody]"),
            (true, _) => ("registry.example/app:v1", "port: 8080, config: {A: \"${app/nobody.address}\"}"),
        };
        let probes = if more.starts_with("prt") { "probes: {none: x}" } else { "probes: {ready: /r, live: /l}" };
        text.push_str(&format!("  a{number}: {{image: \"{image}\", {more}, {probes}, resources: {{cpu: 100m, memory: 64Mi}}}}\n"));
    }
    text
}

/// A thousand among five thousand apps; a fifth of that in a debug build, which takes minutes for the whole.
pub(crate) fn a_thousand_faults_are_told() {
    let part = if cfg!(debug_assertions) { 5 } else { 1 };
    let made = make(&[("platform.yaml", &many(5000 / part, 1000 / part))]);
    let errors = made.errors();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for error in &errors {
        *kinds.entry(error.split(':').next().unwrap_or_default()).or_default() += 1;
    }
    let wanted = BTreeMap::from([
        ("error[invalid-value]", 400 / part),
        ("error[unknown-key]", 200 / part),
        ("error[unknown-reference]", 400 / part),
    ]);
    assert_eq!(kinds, wanted, "{:#?}", errors.iter().take(3).collect::<Vec<_>>());
}

/// A ConfigMap of more than 1 MiB would be refused by the API server, and by nobody before; each file alone may fit.
pub(crate) fn a_config_map_has_room() {
    let half = 1 << 19;
    let errors = |second: usize| {
        let files =
            format!("files: {{/etc/a: {{text: \"{}\"}}, /etc/b: {{text: \"{}\"}}}}, resources:", "x".repeat(half), "y".repeat(second));
        let made = make(&[("platform.yaml", &many(1, 0).replacen("resources:", &files, 1))]);
        made.errors().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(errors(half), Vec::<String>::new());
    assert_eq!(errors(half + 1), ["error[config-too-large]: with `/etc/b` the files take 1048577 bytes"]);
}
