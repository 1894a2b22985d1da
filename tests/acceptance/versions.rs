//! `addons.lock`: versions of add-ons stay until somebody moves them.

use super::program::Project;

/// An app that reads a secret, which an add-on fetches.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {dev: {regions: [eu-west-1]}}
cluster: {version: "1.35", pools: {general: {subnet: general, machine: m7i.large, nodes: 3}}}
network: {cidr: 10.0.0.0/8, subnets: {general: {default: true}}}
access: {mfa: required, groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
apps:
  api: {image: "registry.example/api:v1", secrets: {TOKEN: "shop/api#token"}}
"#;

/// The line of the add-on, at the newest version for 1.35 and at an older one that the program knows.
const NEWEST: &str = "external-secrets 1.35 2.8.0";
const OLDER: &str = "external-secrets 1.35 2.6.0";

fn project() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

/// The version that the steps of the region install.
fn installed(project: &Project) -> String {
    let readme = project.read("deploy/kubernetes/dev/eu-west-1/README.md");
    let line = readme.lines().find(|line| line.starts_with("helm upgrade --install external-secrets ")).expect("a step").to_owned();
    line.split_once("--version ").and_then(|(_, rest)| rest.split(' ').next()).expect("a version").to_owned()
}

pub(crate) fn a_version_stays_until_it_is_moved() {
    let project = project();
    let lock = project.read("addons.lock");
    let lines: Vec<&str> = lock.lines().skip(1).collect();
    assert_eq!(lines, [NEWEST, "reloader 1.35 2.2.16"]);
    assert_eq!(installed(&project), "2.8.0");
    project.edit("addons.lock", NEWEST, OLDER);
    assert_eq!(
        project.run(&["render", "--check"]).exits(2).causes(),
        ["kubernetes/dev/apply.sh: spec changed", "kubernetes/dev/eu-west-1/README.md: spec changed"]
    );
    project.run(&["render"]).exits(0);
    assert_eq!(installed(&project), "2.6.0");
    assert!(project.run(&["lock", "--check"]).exits(0).err.contains("platgen.lock and addons.lock are up to date"));
    let told = project.run(&["lock", "--addons", "--check"]).exits(2).err;
    assert!(
        told.contains(
            "external-secrets for Kubernetes 1.35: 2.6.0 -> 2.8.0\naddons.lock is out of date: `platgen lock --addons` writes it"
        ),
        "{told}"
    );
    let told = project.run(&["lock", "--addons"]).exits(0).err;
    assert!(told.contains("addons.lock is written: 1 version of add-ons changed"), "{told}");
    assert_eq!(project.read("addons.lock"), lock);
    project.run(&["render"]).exits(0);
    assert_eq!(installed(&project), "2.8.0");
}

pub(crate) fn a_lost_lock_of_versions_is_written_again() {
    let project = project();
    let lock = project.read("addons.lock");
    std::fs::remove_file(project.at("addons.lock")).expect("it is there");
    assert_eq!(project.run(&["render", "--check"]).exits(2).causes(), ["addons.lock: lock missing"]);
    project.run(&["render"]).exits(0);
    assert_eq!(project.read("addons.lock"), lock);
}

pub(crate) fn versions_of_the_spec_are_not_locked() {
    let project = project();
    let spec = format!("{SPEC}addons: {{external-secrets: {{version: 2.6.0}}, reloader: {{mode: existing}}}}\n");
    project.write("platform.yaml", &spec);
    project.run(&["render"]).exits(0);
    assert_eq!(installed(&project), "2.6.0");
    assert_eq!(project.read("addons.lock").lines().count(), 1);
    let fresh = Project::new();
    fresh.write("platform.yaml", &spec);
    fresh.run(&["render"]).exits(0);
    assert!(!fresh.at("addons.lock").exists(), "nothing is locked");
}

pub(crate) fn faults_of_the_lock_of_versions_are_told() {
    let project = project();
    let lock = project.read("addons.lock");
    for (text, code) in [
        (lock.replace(NEWEST, "external-secrets 1.35 99.0.0"), "lock-syntax"),
        (lock.replace(NEWEST, "external-secrets"), "lock-syntax"),
        (format!("{lock}{NEWEST}\n"), "lock-conflict"),
        (format!("{lock}<<<<<<< HEAD\n"), "lock-conflict"),
    ] {
        project.write("addons.lock", &text);
        for command in ["render", "validate", "lock"] {
            let ran = project.run(&[command]).exits(1);
            assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), [code], "{}", ran.err);
            assert!(ran.err.contains("addons.lock:"), "{}", ran.err);
        }
    }
}
