use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;

const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-central-1}}
regions: {eu-west-1: {zones: 3}, eu-north-1: {zones: 3}}
environments:
  dev: {regions: [eu-west-1]}
  production: {regions: [eu-west-1, eu-north-1], protected: true}
cluster: {version: "1.35", pools: {general: {machine: m7i.large, nodes: 3}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps: {}
"#;

fn root(environment: &str) -> Root {
    let estate = estate(SPEC);
    let roots = cloud::roots(&estate.environments[environment]).unwrap();
    roots.into_iter().find(|root| root.layer == Layer::Bootstrap).unwrap()
}

#[test]
fn every_region_with_a_state_has_a_bucket() {
    let locals = &root("production").files["locals.tf"];
    for region in ["eu-central-1", "eu-north-1", "eu-west-1"] {
        let line = format!("\"shop-production-{region}-state-222222222222\"");
        assert!(locals.contains(&line), "{locals}");
    }
    assert!(!root("dev").files["locals.tf"].contains("eu-north-1"));
}

#[test]
fn its_own_state_is_in_the_state_region() {
    let root = root("dev");
    assert_eq!(
        (root.state.bucket.as_str(), root.state.key.as_str()),
        ("shop-dev-eu-central-1-state-111111111111", "bootstrap/dev/terraform.tfstate")
    );
    assert_eq!(root.folder(), "terraform/bootstrap/dev");
}
