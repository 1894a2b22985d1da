use crate::cloud::{self, Root};
use crate::hcl::Block;
use crate::layers::Layer;
use crate::tests::estate::estate;
use serde_json::{Value, json};

/// Two users of one bucket in two regions; the copies are in a region that the environment runs in, and in one that it does not run in.
const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}, eu-north-1: {zones: 3}}
environments:
  dev: {regions: [eu-west-1]}
  production: {regions: [eu-west-1, eu-central-1], protected: true}
cluster: {version: "1.35", pools: {general: {machine: m7i.large, nodes: 3..6}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: "registry.example/web:v1", config: {PICTURES: "${bucket/pictures.url}"}, probes: {none: it calls}}
  paint: {image: "registry.example/paint:v1", needs: ["bucket/pictures:write", bucket/archive], regions: primary, only: [production], probes: {none: it calls}}
buckets:
  pictures: {retention: 35d, copy_to: eu-central-1, environments: {dev: {without: [retention, copy_to]}}}
  archive: {copy_to: eu-north-1, only: [production]}
  logs: {only: [production]}
"#;

fn roots(spec: &str, environment: &str) -> Vec<Root> {
    cloud::roots(&estate(spec).environments[environment]).unwrap().into_iter().filter(|root| root.layer == Layer::Data).collect()
}

fn local(root: &Root, name: &str) -> Value {
    Block::read(&root.files["locals.tf"]).unwrap().inside("locals").next().unwrap().get(name).clone()
}

fn role(region: &str, name: &str) -> String {
    format!("arn:aws:iam::222222222222:role/shop-production-{region}.shop.{name}")
}

#[test]
fn a_copy_is_judged_where_the_bucket_is() {
    let spec = SPEC.replace("archive: {copy_to: eu-north-1, only: [production]}", "archive: {copy_to: eu-west-1, only: [production]}");
    let spec = spec.replace("{regions: [eu-west-1, eu-central-1], protected", "{regions: [eu-central-1, eu-west-1], protected");
    let spec = spec
        .replace("{retention: 35d, copy_to: eu-central-1, environments", "{retention: 35d, environments")
        .replace("[retention, copy_to]", "[retention]");
    assert_eq!(roots(&spec, "production").len(), 2);
}

#[test]
fn each_region_with_buckets_or_copies_has_a_root() {
    let roots = roots(SPEC, "production");
    let known: Vec<(String, &str, Vec<String>)> = roots
        .iter()
        .map(|root| (root.folder(), root.state.bucket.as_str(), local(root, "buckets").as_object().unwrap().keys().cloned().collect()))
        .collect();
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let folder = |region: &str| format!("terraform/production/{region}/data");
    let wanted = [
        (folder("eu-central-1"), "shop-production-eu-central-1-state-222222222222", keys(&["pictures"])),
        (folder("eu-north-1"), "shop-production-eu-north-1-state-222222222222", keys(&["archive"])),
        (folder("eu-west-1"), "shop-production-eu-west-1-state-222222222222", keys(&["pictures", "archive", "logs"])),
    ];
    let sorted = |mut keys: Vec<String>| {
        keys.sort();
        keys
    };
    assert_eq!(
        known.into_iter().map(|(a, b, c)| (a, b, sorted(c))).collect::<Vec<_>>(),
        wanted.map(|(a, b, c)| (a, b, sorted(c))).to_vec()
    );
    assert_eq!(roots.iter().map(|root| root.files.contains_key("replication.tf")).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn users_are_the_roles_of_the_apps_that_refer_to_a_bucket() {
    let roots = roots(SPEC, "production");
    let copier = "arn:aws:iam::222222222222:role/shop-production-eu-west-1-bucket-copier";
    let pictures = json!({
        "name": "shop-production-pictures-eu-west-1-222222222222", "lock": {"mode": "COMPLIANCE", "days": 35}, "old_versions": 35, "expires": null,
        "readers": [role("eu-west-1", "web"), role("eu-central-1", "web"), copier], "writers": [role("eu-west-1", "paint")],
    });
    let [central, _, west] = &roots[..] else { panic!("{roots:?}") };
    assert_eq!(local(west, "buckets")["pictures"], pictures);
    let copy = json!({
        "name": "shop-production-pictures-eu-central-1-222222222222", "lock": {"mode": "COMPLIANCE", "days": 35}, "old_versions": 35, "expires": null, "readers": [], "writers": [copier],
    });
    assert_eq!(local(central, "buckets")["pictures"], copy);
    assert_eq!(local(west, "buckets")["logs"]["lock"], Value::Null);
    assert_eq!(local(west, "buckets")["logs"]["old_versions"], 30);
    let alias = "shop-production-eu-central-1-data";
    let wanted = json!({"name": "shop-production-pictures-eu-central-1-222222222222", "region": "eu-central-1", "alias": alias});
    assert_eq!(local(west, "copies")["pictures"], wanted);
    assert_eq!(local(central, "key"), alias);
}

/// The copy becomes the bucket: both names stay, and so do the addresses of all resources.
#[test]
fn the_primary_region_moves_to_the_copy() {
    let moved = SPEC.replace("regions: [eu-west-1, eu-central-1]", "regions: [eu-west-1, eu-central-1], primary: eu-central-1");
    let moved = moved.replace("copy_to: eu-central-1", "copy_to: eu-west-1");
    let names = |roots: &[Root], region: &str| {
        let root = roots.iter().find(|root| root.scope.regions == [region.to_owned()]).unwrap();
        local(root, "buckets")["pictures"]["name"].clone()
    };
    let (before, after) = (roots(SPEC, "production"), roots(&moved, "production"));
    for region in ["eu-west-1", "eu-central-1"] {
        assert_eq!(names(&before, region), names(&after, region));
    }
    let central = after.iter().find(|root| root.scope.regions == ["eu-central-1".to_owned()]).unwrap();
    assert_eq!(local(central, "copies")["pictures"]["region"], "eu-west-1");
}

#[test]
fn locks_of_unprotected_environments_can_be_ended() {
    let locked = SPEC.replace(", environments: {dev: {without: [retention, copy_to]}}", ", environments: {dev: {without: [copy_to]}}");
    let mode = |environment: &str| local(&roots(&locked, environment)[0], "buckets")["pictures"]["lock"]["mode"].clone();
    assert_eq!([mode("production"), mode("dev")], [json!("COMPLIANCE"), json!("GOVERNANCE")]);
}

#[test]
fn no_root_without_buckets() {
    assert!(
        roots(
            &SPEC[..SPEC.find("buckets:").unwrap()]
                .replace("${bucket/pictures.url}", "x")
                .replace(r#"needs: ["bucket/pictures:write", bucket/archive], "#, ""),
            "dev"
        )
        .is_empty()
    );
}

/// Pipelines make no role without the boundary.
#[test]
fn the_role_that_copies_has_the_boundary() {
    let bounded = SPEC
        .replace("dev: {regions", "dev: {branch: develop, regions")
        .replace("production: {regions", "production: {branch: main, regions")
        + "delivery: {repository: \"https://github.com/acme/shop\", ci: github}\n";
    for (spec, wanted) in [(SPEC, Value::Null), (&bounded, json!("arn:aws:iam::222222222222:policy/shop-production-boundary"))] {
        let roots = roots(spec, "production");
        let copying = roots.iter().find(|root| root.files.contains_key("replication.tf")).unwrap();
        assert_eq!(local(copying, "boundary"), wanted);
        let said = ["replication.tf", "tests/data.tftest.hcl"].map(|file| copying.files[file].contains("local.boundary"));
        assert_eq!(said, [!wanted.is_null(); 2]);
    }
}

/// A database with a copy where no cluster is, and one without backups.
const DATABASES: &str = r#"
  orders:
    engine: postgres
    version: "17"
    mode: managed
    machine: db.m7g.large
    storage: 100Gi
    replicas: 2
    users: {app: {}}
    backup: {every: 6h, keep: 30d, copy_to: eu-north-1}
    environments: {dev: {replicas: 1, backup: {every: 24h, keep: 7d}}}
  bills: {engine: mysql, version: "8.4", mode: managed, machine: db.t4g.medium, storage: 20Gi, users: {app: {}}, backup: {none: a trial}, only: [production]}
"#;

fn with_databases() -> String {
    let (start, _) = SPEC.split_once("apps:").unwrap();
    format!("{start}apps: {{web: {{image: \"registry.example/web:v1\", regions: primary, needs: [store/orders]}}}}\nstores:{DATABASES}")
}

#[test]
fn databases_are_as_the_spec_says() {
    let roots = roots(&with_databases(), "production");
    let files = |root: &Root| ["databases.tf", "plans.tf", "vault.tf"].map(|name| root.files.contains_key(name));
    let known: Vec<(String, [bool; 3])> = roots.iter().map(|root| (root.folder(), files(root))).collect();
    let folder = |region: &str| format!("terraform/production/{region}/data");
    assert_eq!(known, [(folder("eu-north-1"), [false, false, true]), (folder("eu-west-1"), [true, true, true])]);
    let own = &roots[1];
    let databases = local(own, "databases");
    let orders = &databases["shop/orders"];
    let id = orders["id"].as_str().unwrap();
    assert!(id.starts_with("shop-production-shop-orders-"), "{id}");
    let said = ["engine", "version", "family", "machine", "storage", "standby", "port", "keep", "callers", "parameters", "host"]
        .map(|key| orders[key].clone());
    let wanted = json!([
        "postgres", "17", "postgres17", "db.m7g.large", 100, true, 5432, 30, ["general"], {"rds.force_ssl": "1"}, "orders.shop.shop-production-eu-west-1.internal"
    ]);
    assert_eq!(Value::from(said.to_vec()), wanted);
    assert_eq!(orders["subnets"].as_object().unwrap().len(), 3);
    // RDS keeps a day for its own ends.
    assert_eq!((&databases["shop/bills"]["keep"], &databases["shop/bills"]["standby"]), (&json!(1), &json!(false)));
    let plans = local(own, "plans");
    assert_eq!(plans.as_object().unwrap().keys().collect::<Vec<_>>(), ["shop/orders"]);
    assert_eq!(plans["shop/orders"]["copy"], json!("arn:aws:backup:eu-north-1:222222222222:backup-vault:shop-production-eu-north-1"));
    for root in &roots {
        assert_eq!((&local(root, "vault")["least"], &local(root, "vault")["most"]), (&json!(30), &json!(30)));
        assert!(root.files["vault.tf"].contains("changeable_for_days = 3"), "{}", root.files["vault.tf"]);
    }
    let instances = &own.files["databases.tf"];
    assert!(instances.contains("deletion_protection         = true") && instances.contains("prevent_destroy = true"), "{instances}");
}

#[test]
fn databases_of_a_trial_can_go() {
    let roots = roots(&with_databases(), "dev");
    let [root] = &roots[..] else { panic!("{} roots", roots.len()) };
    let instances = &root.files["databases.tf"];
    assert!(instances.contains("deletion_protection         = false") && !instances.contains("prevent_destroy"), "{instances}");
    assert!(!root.files["vault.tf"].contains("changeable_for_days"));
    assert_eq!(local(root, "plans")["shop/orders"]["copy"], Value::Null);
}
