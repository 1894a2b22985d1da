//! A spec whose entries need something that is not rendered: refused, or rendered with `--allow-incomplete` and a list of what the files lack.

use super::program::{Project, tree};

/// A database that is not rendered, an app that needs it, and backups of a store in one environment.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {beta: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {beta: {regions: [eu-west-1], domain: beta.shop.example}, production: {regions: [eu-west-1]}}
access: {mfa: required, groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops, page: {email: ops@shop.example}}}
namespaces: {shop: {owner: ops}}
stores:
  orders: {engine: opensearch, storage: 10Gi, backup: {every: 6h, keep: 35d}}
  carts:
    engine: redis
    storage: 1Gi
    backup: {none: trial}
    environments: {production: {backup: {every: 6h, keep: 35d}, without: [backup.none]}}
apps:
  api: {image: "registry.example/api:v1", config: {DATABASE_URL: "${store/orders.url}"}, needs: [store/orders]}
"#;

fn project() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project
}

/// The lines of the section of the output's README.
fn listed(project: &Project) -> Vec<String> {
    let readme = project.read("deploy/README.md");
    let section = readme.split_once("## Not in these files\n").map_or("", |(_, rest)| rest.split("\n## ").next().unwrap_or_default());
    section.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect()
}

pub(crate) fn it_is_refused() {
    let project = project();
    project.run(&["lock"]).exits(0);
    let before = tree(&project.folder);
    for words in [
        &["validate"][..],
        &["render"],
        &["render", "--check"],
        &["render", "--stdout=all"],
        &["render", "--env", "beta"],
        &["check"],
        &["show"],
    ] {
        let ran = project.run(words).exits(1);
        assert!(ran.err.contains("error[incomplete]: `DATABASE_URL` of `app/api` refers to `store/orders`"), "{words:?}: {}", ran.err);
        assert!(ran.err.contains("`--allow-incomplete`"), "{words:?}: {}", ran.err);
    }
    assert!(before == tree(&project.folder), "something was written");
}

pub(crate) fn it_is_allowed_and_listed() {
    let project = project();
    let ran = project.run(&["render", "--allow-incomplete"]).exits(0);
    assert!(ran.err.contains("warning[incomplete]: `DATABASE_URL` of `app/api` refers to `store/orders`"), "{}", ran.err);
    assert!(!ran.err.contains("--allow-incomplete"), "the advice was taken: {}", ran.err);
    let wanted = [
        "`DATABASE_URL` of `app/api` refers to `store/orders`, which this version does not render (beta, production)",
        "`backup` of `store/carts` is not rendered by this version (production)",
        "`needs` of `app/api` refers to `store/orders`, which this version does not render (beta, production)",
        "`store/orders` is not rendered: this version does not render `opensearch` stores (beta, production)",
        "`page` is read and checked, but nothing uses it without `observability`",
    ];
    assert_eq!(listed(&project), wanted);
    project.run(&["render", "--check", "--allow-incomplete"]).exits(0);
    project.run(&["validate", "--allow-incomplete"]).exits(0);
    project.run(&["check", "--allow-incomplete"]).exits(0);
    project.run(&["show", "--allow-incomplete", "apps.api"]).exits(0);
    // Without gaps that an entry needs, the flag changes nothing and is not named. Without any gap there is no list.
    project.edit("platform.yaml", "{engine: opensearch, storage: 10Gi, backup: {every: 6h, keep: 35d}}", "{engine: redis, storage: none}");
    project.edit("platform.yaml", "    environments: {production: {backup: {every: 6h, keep: 35d}, without: [backup.none]}}\n", "");
    project.run(&["render"]).exits(0);
    assert_eq!(listed(&project), wanted[4..]);
    assert!(!project.read("deploy/README.md").contains("allow-incomplete"));
    project.edit("platform.yaml", "mfa: required, ", "");
    project.edit("platform.yaml", ", page: {email: ops@shop.example}", "");
    project.run(&["render"]).exits(0);
    assert_eq!(listed(&project), [""; 0]);
    assert!(!project.read("deploy/README.md").contains("Not in these files"));
    project.run(&["render", "--check", "--allow-incomplete"]).exits(0);
}
