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
const NEWEST: &str = "external-secrets 1.35 2.8.0 sha256:251e4615013c6d2f9ade5cedf1cd8615613f286bfc381e44fb005f197e611ecd";
const OLDER: &str = "external-secrets 1.35 2.6.0 sha256:f3659c0085a41e1be5c016cf186b80aac262ef249a91b1b770b941f18296ef3f";

/// The line of another add-on.
const RELOADER: &str = "reloader 1.35 2.2.16 sha256:5389fb496a120d6aac8f2b33c54ba21ed59014131def14cfc78f9d4a9374d2b7";

fn project() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

/// The version that the steps of the region install.
fn installed(project: &Project) -> String {
    let readme = project.read("deploy/kubernetes/dev/eu-west-1/README.md");
    let line = readme.lines().find(|line| line.contains(" && helm upgrade --install external-secrets ")).expect("a step").to_owned();
    line.split_once("--version ").and_then(|(_, rest)| rest.split([' ', ')']).next()).expect("a version").to_owned()
}

pub(crate) fn a_version_stays_until_it_is_moved() {
    let project = project();
    let lock = project.read("addons.lock");
    let lines: Vec<&str> = lock.lines().skip(1).collect();
    assert_eq!(lines, [NEWEST, RELOADER]);
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

/// A lock without digests, of a version of platgen that knew none: a render adds them, and moves nothing.
pub(crate) fn digests_come_to_locked_versions() {
    let project = project();
    let lock = project.read("addons.lock");
    let (name, _) = OLDER.split_once(" sha256:").expect("a digest");
    project.edit("addons.lock", NEWEST, name);
    assert_eq!(
        project.run(&["render", "--check"]).exits(2).causes(),
        ["addons.lock: lock stale", "kubernetes/dev/apply.sh: spec changed", "kubernetes/dev/eu-west-1/README.md: spec changed"]
    );
    project.run(&["render"]).exits(0);
    assert_eq!(project.read("addons.lock"), lock.replace(NEWEST, OLDER));
    let command = "chart=$(sh chart.sh f3659c0085a41e1be5c016cf186b80aac262ef249a91b1b770b941f18296ef3f external-secrets --repo https://charts.external-secrets.io --version 2.6.0) && helm upgrade --install external-secrets \"$chart\" ";
    for file in ["deploy/kubernetes/dev/eu-west-1/README.md", "deploy/kubernetes/dev/apply.sh"] {
        assert_eq!(project.read(file).matches(command).count(), 1, "{file}");
    }
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
    let digest = |version: &str, digest: &str| {
        let spec = format!("{SPEC}addons: {{external-secrets: {{version: {version}{digest}}}, reloader: {{mode: existing}}}}\n");
        project.write("platform.yaml", &spec);
        project.run(&["render"]).exits(0);
        assert_eq!(project.read("addons.lock").lines().count(), 1);
        let readme = project.read("deploy/kubernetes/dev/eu-west-1/README.md");
        let at = readme.find("helm upgrade --install external-secrets ").expect("a step");
        let line = readme[..at].rsplit('\n').next().expect("a line");
        line.split_once("chart.sh ").and_then(|(_, rest)| rest.split(' ').next()).map(str::to_owned)
    };
    let own = "0123456789abcdef".repeat(4);
    assert_eq!(digest("2.7.7", ""), None, "nobody knows the digest of this version");
    assert_eq!(digest("2.7.7", &format!(", digest: \"sha256:{own}\"")), Some(own.clone()));
    assert_eq!(digest("2.6.0", &format!(", digest: \"sha256:{own}\"")), Some(own), "the spec wins");
    assert_eq!(digest("2.6.0", "").as_deref(), OLDER.split_once("sha256:").map(|(_, digits)| digits));
    assert_eq!(installed(&project), "2.6.0");
    let spec = project.read("platform.yaml");
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
        (lock.replace(NEWEST, &NEWEST.replace(":251e", ":251f")), "lock-syntax"),
        (lock.replace(NEWEST, "external-secrets 1.35 2.8.0 $(id)"), "lock-syntax"),
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
