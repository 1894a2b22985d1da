use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;
use std::collections::BTreeMap;

/// Two environments share an account, and the domain of each of the first two is below that of production.
const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", beta: "111111111111", production: "222222222222"}, state: {region: eu-central-1}}
regions: {eu-west-1: {zones: 3}, eu-west-2: {zones: 3}}
environments:
  dev: {regions: [eu-west-1], domain: dev.shop.example}
  beta: {regions: [eu-west-1], domain: beta.shop.example}
  production: {regions: [eu-west-1, eu-west-2], domain: shop.example, protected: true}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready, live: /live}, expose: "@"}
"#;

fn roots(spec: &str) -> BTreeMap<String, Root> {
    let estate = estate(spec);
    let of = |(name, platform): (&String, _)| {
        let root = cloud::roots(platform).unwrap().into_iter().find(|root| root.layer == Layer::Global)?;
        Some((name.clone(), root))
    };
    estate.environments.iter().filter_map(of).collect()
}

fn files(root: &Root) -> Vec<&str> {
    root.files.keys().map(String::as_str).collect()
}

/// The files of a root without a zone in an account that another environment leads.
const SHARED: [&str; 8] = [
    "README.md",
    "backend.tf",
    "kms.tf",
    "locals.tf",
    "providers.tf",
    "tests/global.tftest.hcl",
    "tests/global.tofutest.hcl",
    "versions.tf",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut files = [&SHARED[..], more].concat();
    files.sort_unstable();
    files
}

#[test]
fn the_first_environment_of_an_account_has_its_settings() {
    let roots = roots(SPEC);
    let (zone, account) = (["dns.tf", "outputs.tf"], ["ACCOUNT.md", "account.tf", "alarms.tf"]);
    assert_eq!(files(&roots["dev"]), with(&[&zone[..], &account].concat()));
    assert_eq!(files(&roots["beta"]), with(&zone));
    assert_eq!(files(&roots["production"]), with(&[&zone[..], &account].concat()));
    assert!(roots["production"].files["ACCOUNT.md"].contains(":shop-production-account-alarms\""));
}

#[test]
fn the_state_is_in_the_region_of_states() {
    let root = &roots(SPEC)["production"];
    assert_eq!(root.folder(), "terraform/production/global");
    let state = (root.state.bucket.as_str(), root.state.key.as_str(), root.state.region.as_str());
    assert_eq!(state, ("shop-production-eu-central-1-state-222222222222", "production/global/terraform.tfstate", "eu-central-1"));
}

#[test]
fn a_zone_knows_the_zone_above() {
    let roots = roots(SPEC);
    let says = |environment: &str, text: &str| roots[environment].files["README.md"].contains(text);
    assert!(says("beta", "`shop.example` is the zone of the environment `production`. With the rights of its account 222222222222"));
    assert!(says("production", "No zone of this platform is above it"));
    assert!(says("dev", "--dns-name shop.example") && says("dev", "dig +short NS dev.shop.example"));
    assert!(roots.values().all(|root| !root.files.values().any(|text| text.contains("{domain}") || text.contains("{account}"))));
}

#[test]
fn hosts_of_another_domain_need_no_zone() {
    let elsewhere = SPEC.replace("expose: \"@\"", "only: [production], expose: www.other.example.");
    let roots = roots(&elsewhere);
    assert_eq!(files(&roots["production"]), with(&["ACCOUNT.md", "account.tf", "alarms.tf"]));
    assert!(!roots.contains_key("beta"));
}

#[test]
fn environments_of_one_domain_have_one_zone() {
    // The hosts differ: one host would be claimed twice.
    let one = SPEC.replace("domain: beta.shop.example", "domain: dev.shop.example");
    let one = one.replace("expose: \"@\"", "expose: a, environments: {beta: {expose: b}}");
    let roots = roots(&one);
    assert!(roots["dev"].files.contains_key("dns.tf"));
    assert!(!roots.contains_key("beta"));
}
