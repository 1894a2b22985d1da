use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;

const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-central-1}}
regions: {eu-west-1: {zones: 3}, eu-north-1: {zones: 3}, eu-central-1: {zones: 3}}
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

/// The bootstrap roots of a spec with pipelines, by environment; both environments have one account.
fn with_pipelines(delivery: &str) -> Vec<Root> {
    let spec = SPEC
        .replace("dev: {regions", "dev: {branch: develop, regions")
        .replace("production: {regions", "production: {branch: main, regions");
    let spec = spec.replace("222222222222", "111111111111") + delivery;
    let estate = estate(&spec);
    let roots = estate.environments.values().map(|platform| cloud::roots(platform).unwrap());
    roots.map(|roots| roots.into_iter().find(|root| root.layer == Layer::Bootstrap).unwrap()).collect()
}

#[test]
fn the_first_environment_of_an_account_makes_the_identity_provider() {
    let roots = with_pipelines("delivery: {repository: \"https://github.com/acme/shop\", ci: github}\n");
    let makes = |root: &Root| root.files["pipelines.tf"].contains("resource \"aws_iam_openid_connect_provider\"");
    assert_eq!(roots.iter().map(makes).collect::<Vec<_>>(), [true, false]);
    assert!(roots[1].files["README.md"].contains("another environment makes the identity provider"));
    assert!(roots.iter().all(|root| root.files["locals.tf"].contains("issuer   = \"token.actions.githubusercontent.com\"")));
}

#[test]
fn issuers_follow_the_repository() {
    for (delivery, issuer) in [
        ("{repository: \"https://acme.ghe.com/acme/shop\", ci: github}", "token.actions.acme.ghe.com"),
        ("{repository: \"https://git.example/acme/shop.git\", ci: github}", "git.example/_services/token"),
        ("{repository: \"https://gitlab.example/acme/tools/shop\", ci: gitlab}", "gitlab.example"),
    ] {
        let roots = with_pipelines(&format!("delivery: {delivery}\n"));
        let locals = &roots[1].files["locals.tf"];
        assert!(locals.contains(&format!("issuer   = \"{issuer}\"")), "{locals}");
        // Of these, AWS reads no claim but audience and subject.
        assert!(!locals.contains(":ref\""), "{locals}");
    }
}

#[test]
fn a_branch_of_gitlab_is_in_the_subject() {
    let roots = with_pipelines("delivery: {repository: \"https://gitlab.example/acme/tools/shop\", ci: gitlab}\n");
    let locals = &roots[1].files["locals.tf"];
    assert!(locals.contains("[\"project_path:acme/tools/shop:ref_type:branch:ref:main\"]"), "{locals}");
    assert!(locals.contains("[\"project_path:acme/tools/shop:ref_type:branch:ref:*\"]"), "{locals}");
}

#[test]
fn a_subject_with_numbers_takes_the_place_of_the_names() {
    let subject = "repo:acme@1/shop@2";
    let roots =
        with_pipelines(&format!("delivery: {{repository: \"https://github.com/acme/shop\", ci: github, subject: \"{subject}\"}}\n"));
    let locals = &roots[0].files["locals.tf"];
    for end in ["environment:dev", "pull_request", "ref:refs/heads/develop"] {
        assert!(locals.contains(&format!("\"{subject}:{end}\"")), "{locals}");
    }
    assert!(!locals.contains("repo:acme/shop"), "{locals}");
}

#[test]
fn pipelines_make_the_buckets_of_the_spec() {
    let delivery = "delivery: {repository: \"https://github.com/acme/shop\", ci: github}\n";
    let roots = with_pipelines(&format!("{delivery}buckets: {{pictures: {{only: [production], copy_to: eu-central-1}}}}\n"));
    assert!(!roots[0].files.contains_key("pipeline_data.tf") && !roots[0].files["pipelines.tf"].contains("bucket_statements"));
    let (locals, rights) = (&roots[1].files["locals.tf"], &roots[1].files["pipeline_data.tf"]);
    for line in [
        "\"eu-central-1\" = [\"shop-production-pictures-eu-central-1-111111111111\"]",
        "\"eu-west-1\"    = [\"shop-production-pictures-eu-west-1-111111111111\"]",
        "\"eu-central-1\" = \"shop-production-eu-central-1-data\"",
        "\"arn:aws:iam::111111111111:role/shop-production-eu-central-1-bucket-copier\"",
        "\"arn:aws:iam::111111111111:role/shop-production-eu-west-1-bucket-copier\"",
    ] {
        assert!(locals.contains(line), "{locals}");
    }
    assert!(rights.contains("\"iam:PassRole\"") && rights.contains("AliasesOfCopies"), "{rights}");
    assert!(roots[1].files["README.md"].contains("A new bucket or a new copy changes this root"));
}

#[test]
fn pipelines_make_the_databases_of_the_spec() {
    let delivery = "delivery: {repository: \"https://github.com/acme/shop\", ci: github}\n";
    let store = "stores: {orders: {engine: postgres, version: \"17\", mode: managed, machine: db.m7g.large, storage: 20Gi, users: {app: {}}, backup: {every: 6h, keep: 7d, copy_to: eu-central-1}, only: [production]}}\n";
    let roots = with_pipelines(&format!("{delivery}{store}"));
    assert!(!roots[0].files.contains_key("pipeline_stores.tf") && !roots[0].files["pipelines.tf"].contains("store_statements"));
    let (locals, rights) = (&roots[1].files["locals.tf"], &roots[1].files["pipeline_stores.tf"]);
    for line in [
        "eu-west-1 = [\"shop-production-shop-orders-",
        "eu-central-1 = \"shop-production-eu-central-1\"",
        "eu-west-1    = \"shop-production-eu-west-1\"",
        "eu-central-1 = \"shop-production-eu-central-1-data\"",
    ] {
        assert!(locals.replace('"', "").contains(&line.replace('"', "")), "{line}: {locals}");
    }
    assert!(!roots[1].files.contains_key("pipeline_data.tf") && !locals.contains("copiers"), "{locals}");
    assert!(
        rights.contains("AliasesOfVaults") && rights.contains("\"backup.amazonaws.com\"") && !rights.contains("rds:DeleteDBInstance"),
        "{rights}"
    );
    assert!(roots[1].files["pipelines.tf"].contains("concat(local.read_statements, local.store_read_statements)"));
    assert!(roots[1].files["README.md"].contains("No job deletes a database"));
}
