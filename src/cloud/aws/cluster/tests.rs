use hcl_edit::expr::{Expression, ObjectKey};

use crate::cloud::{self, Root};
use crate::layers::Layer;
use crate::tests::estate::estate;

/// `payments` is isolated; `general` has two pools, one of them on arm64 and with fewer nodes than zones.
const SPEC: &str = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-central-1}}
regions: {eu-west-1: {zones: 3}}
environments:
  dev: {regions: [eu-west-1]}
  production: {regions: [eu-west-1], protected: true}
network:
  subnets: {general: {default: true}, payments: {isolated: true}}
cluster:
  version: "1.35"
  admin_cidrs: [10.200.0.0/16]
  pools:
    general: {machine: m7i.large, nodes: 4..7, labels: {tier: web}}
    small: {machine: m7g.large, nodes: 1, taints: {arch: {value: arm, effect: no-execute}}}
    payments: {subnet: payments, machine: m7i.large, nodes: 3}
access:
  groups:
    sre: {id: platform-admin, role: admin}
    dev: {id: dev.team, role: developer, namespaces: [shop]}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}, payments: {owner: sre}}
apps:
  web:
    namespace: shop
    image: registry.example/web:v1
    port: 8080
    probes: {ready: /ready, live: /live}
    environments: {production: {expose: ["@", {host: "pay.other.example."}]}}
    secrets: {KEY: "shop/web#key", SHARED: "common/mail#key"}
    identity: {aws: ["arn:aws:iam::aws:policy/AmazonSQSFullAccess", own-policy]}
  card:
    namespace: payments
    subnet: payments
    image: registry.example/card:v1
    secrets: {KEY: "payments/card#key"}
"#;

fn root(spec: &str, environment: &str) -> Root {
    let estate = estate(spec);
    let roots = cloud::roots(&estate.environments[environment]).unwrap();
    roots.into_iter().find(|root| root.layer == Layer::Cluster).unwrap()
}

/// The value of a local as JSON.
fn local(root: &Root, name: &str) -> serde_json::Value {
    let body: hcl_edit::structure::Body = root.files["locals.tf"].parse().unwrap();
    let locals = body.get_blocks("locals").next().unwrap();
    json(&locals.body.get_attribute(name).unwrap().value)
}

fn json(expression: &Expression) -> serde_json::Value {
    match expression {
        Expression::Null(_) => serde_json::Value::Null,
        Expression::Number(number) => number.value().as_u64().into(),
        Expression::String(text) => text.as_str().into(),
        Expression::Array(items) => items.iter().map(json).collect(),
        Expression::Object(object) => object.iter().map(|(key, value)| (word(key), json(value.expr()))).collect(),
        other => panic!("{other:?}"),
    }
}

fn word(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Ident(name) => name.as_str().to_owned(),
        ObjectKey::Expression(key) => key.as_str().unwrap().to_owned(),
    }
}

#[test]
fn nodes_are_split_evenly_over_zones_and_stand_in_the_subnet_of_their_class() {
    let groups = local(&root(SPEC, "production"), "node_groups");
    let sizes: Vec<String> = groups
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, group)| format!("{key} {}..{} {}", group["min"], group["max"], group["cidr"].as_str().unwrap()))
        .collect();
    let expected = [
        "general/eu-west-1a 2..3 10.16.0.0/20",
        "general/eu-west-1b 1..2 10.16.16.0/20",
        "general/eu-west-1c 1..2 10.16.32.0/20",
        "small/eu-west-1a 1..1 10.16.0.0/20",
        "payments/eu-west-1a 1..1 10.16.64.0/22",
        "payments/eu-west-1b 1..1 10.16.68.0/22",
        "payments/eu-west-1c 1..1 10.16.72.0/22",
    ];
    assert_eq!(sizes, expected);
}

#[test]
fn labels_and_taints_are_those_that_pods_ask_for() {
    let pools = local(&root(SPEC, "production"), "pools");
    let pool = |name: &str| &pools[name];
    assert_eq!(pool("general")["labels"], serde_json::json!({"platgen.io/pool": "general", "platgen.io/subnet": "general", "tier": "web"}));
    assert_eq!(pool("payments")["taints"], serde_json::json!([{"key": "platgen.io/subnet", "value": "payments", "effect": "NO_SCHEDULE"}]));
    assert_eq!(pool("small")["taints"], serde_json::json!([{"key": "arch", "value": "arm", "effect": "NO_EXECUTE"}]));
    assert_eq!((&pool("small")["image"], &pool("general")["image"]), (&"BOTTLEROCKET_ARM_64".into(), &"BOTTLEROCKET_x86_64".into()));
    let gpus = local(&root(&SPEC.replace("m7i.large", "g5.xlarge"), "production"), "pools");
    assert_eq!(gpus["general"]["image"], "BOTTLEROCKET_x86_64_NVIDIA");
}

/// Type of capacity and machines of each pool.
fn capacity(root: &Root) -> Vec<String> {
    let pools = local(root, "pools");
    let machines = |pool: &serde_json::Value| -> Vec<String> {
        pool["machines"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let line =
        |(name, pool): (&String, &serde_json::Value)| format!("{name} {} {}", pool["capacity"].as_str().unwrap(), machines(pool).join(" "));
    pools.as_object().unwrap().iter().map(line).collect()
}

#[test]
fn nodes_that_may_go_are_spot_instances() {
    let large = "m7i.large m7a.large m6a.large m6i.large m5.large m5a.large";
    let dev = [
        format!("general SPOT {large}"),
        "small SPOT m7g.large m6g.large m7gd.large m6gd.large".to_owned(),
        format!("payments SPOT {large}"),
    ];
    assert_eq!(capacity(&root(SPEC, "dev")), dev);
    let stay = ["general ON_DEMAND m7i.large", "small ON_DEMAND m7g.large", "payments ON_DEMAND m7i.large"];
    assert_eq!(capacity(&root(SPEC, "production")), stay);
    let with = |from: &str, to: &str| SPEC.replacen(from, to, 1);
    // The volume of a pod holds the nodes that it may run on: not those of another subnet, nor those whose taint it does not tolerate.
    let volume = with("    secrets: {KEY: \"payments/card#key\"}", "    volumes: {/data: 1Gi}");
    assert_eq!(capacity(&root(&volume, "dev")), [dev[0].as_str(), &dev[1], stay[2]]);
    let store = format!("{SPEC}stores:\n  orders: {{namespace: shop, engine: redis, storage: 1Gi, backup: {{none: a test}}}}\n");
    assert_eq!(capacity(&root(&store, "dev")), [stay[0], &dev[1], &dev[2]]);
    let cache = format!("{SPEC}stores:\n  carts: {{namespace: shop, engine: redis, storage: none}}\n");
    assert_eq!(capacity(&root(&cache, "dev")), dev);
    let gpus = with("machine: m7i.large", "machine: g5.xlarge");
    assert_eq!(capacity(&root(&gpus, "dev"))[0], "general ON_DEMAND g5.xlarge");
    // The spec decides where it says something, also for GPUs and in a protected environment.
    let said = with("machine: m7i.large, nodes: 4..7", "machine: m7i.large, nodes: 4..7, spot: true");
    assert_eq!(capacity(&root(&said, "production")), [dev[0].as_str(), stay[1], stay[2]]);
    assert_eq!(capacity(&root(&said.replace("spot: true", "spot: false"), "dev"))[0], stay[0]);
    assert_eq!(capacity(&root(&said.replacen("m7i.large", "g5.xlarge", 1), "dev"))[0], "general SPOT g5.xlarge");
}

#[test]
fn a_night_has_its_file_and_its_hours() {
    let night = SPEC
        .replace("dev: {regions: [eu-west-1]}", "dev: {regions: [eu-west-1], night: {stop: \"0 20 * * mon-fri\", start: \"0 6 * * 1-5\"}}");
    let dev = root(&night, "dev");
    assert_eq!(local(&dev, "night"), serde_json::json!({"stop": "0 20 * * 1-5", "start": "0 6 * * 1-5", "timezone": "Etc/UTC"}));
    let has = |root: &Root| (root.files.contains_key("night.tf"), root.files["README.md"].contains("## Hours without nodes"));
    assert_eq!((has(&dev), has(&root(&night, "production"))), ((true, true), (false, false)));
}

#[test]
fn groups_of_people_are_roles_of_identity_center() {
    let root = root(SPEC, "production");
    let groups = serde_json::json!({"dev.team": r"^AWSReservedSSO_dev\.team_[0-9a-f]{16}$", "platform-admin": "^AWSReservedSSO_platform-admin_[0-9a-f]{16}$"});
    assert_eq!(local(&root, "groups"), groups);
    let admins = "arn:aws:iam::222222222222:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_platform-admin_????????????????";
    assert_eq!(local(&root, "administrators"), serde_json::json!([admins]));
    assert_eq!(local(&root, "admin_cidrs"), serde_json::json!(["10.200.0.0/16"]));
}

#[test]
fn a_namespace_reads_its_own_secrets_and_those_that_its_entries_name() {
    let readers = local(&root(SPEC, "production"), "secret_readers");
    assert_eq!(readers["shop"]["secrets"], serde_json::json!(["production/shop/*", "production/common/mail-??????"]));
    assert_eq!(readers["payments"]["secrets"], serde_json::json!(["production/payments/*"]));
    assert_eq!(readers["shop"]["role"], "shop-production-eu-west-1-secrets-shop");
    let vault = format!("{SPEC}secrets: {{store: vault, vault: {{address: \"https://vault.example\", path: kv, role: reader}}}}\n");
    assert_eq!(local(&root(&vault, "production"), "secret_readers"), serde_json::json!({}));
}

#[test]
fn identities_are_those_of_add_ons_and_apps() {
    let identities = |spec: &str| local(&root(spec, "production"), "identities");
    let all = identities(SPEC);
    let names = ["cert-manager", "cluster-autoscaler", "ebs-csi", "external-dns", "load-balancer-controller", "shop/web", "vpc-cni"];
    assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), names);
    let policies = ["arn:aws:iam::222222222222:policy/own-policy", "arn:aws:iam::aws:policy/AmazonSQSFullAccess"];
    assert_eq!((&all["shop/web"]["account"], &all["shop/web"]["policies"]), (&"web".into(), &serde_json::json!(policies)));
    let fixed =
        SPEC.replace("4..7", "4").replace("    environments: {production: {expose: [\"@\", {host: \"pay.other.example.\"}]}}\n", "");
    assert_eq!(identities(&fixed).as_object().unwrap().keys().collect::<Vec<_>>(), ["ebs-csi", "shop/web", "vpc-cni"]);
    let domains = root(SPEC, "production").files["policies.tf"].lines().find(|line| line.contains("domains ")).unwrap().to_owned();
    assert!(domains.ends_with("= [\"pay.other.example\", \"production.shop.example\"]"), "{domains}");
}

#[test]
fn hosts_that_redirect_have_records_and_connections_have_none() {
    let expose = |entrance: &str| SPEC.replace("[\"@\", {host: \"pay.other.example.\"}]", entrance);
    let has_dns = |spec: &str| local(&root(spec, "production"), "identities").get("external-dns").is_some();
    assert!(has_dns(&expose("{host: www, redirect: \"https://shop.example\"}")));
    assert!(!has_dns(&expose("{protocol: tcp, listen: 9000}")));
    let both = root(&expose("[{protocol: tcp, listen: 9000}, {host: old.example., redirect: \"https://shop.example\"}]"), "production");
    assert!(both.files["policies.tf"].contains("= [\"old.example\", \"production.shop.example\"]"), "{}", both.files["policies.tf"]);
}

#[test]
fn no_two_identities_have_one_role() {
    let spec = SPEC.replace("namespaces: {", "namespaces: {shop-web: {owner: sre}, ").replace(
        "  card:\n",
        "  api: {namespace: shop-web, image: \"registry.example/a:v1\", identity: {aws: [a]}}\n  web-api: {namespace: shop, image: \"registry.example/b:v1\", identity: {aws: [b]}}\n  card:\n",
    );
    let all = local(&root(&spec, "production"), "identities");
    let roles: std::collections::BTreeSet<&str> = all.as_object().unwrap().values().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles.len(), all.as_object().unwrap().len(), "{roles:?}");
}

#[test]
fn a_spec_without_pools_gets_one_per_subnet() {
    let start = SPEC.find("  pools:").unwrap();
    let end = SPEC.find("access:").unwrap();
    let pools = local(&root(&format!("{}{}", &SPEC[..start], &SPEC[end..]), "production"), "pools");
    assert_eq!(pools.as_object().unwrap().keys().collect::<Vec<_>>(), ["general", "payments"]);
    assert_eq!(pools["payments"]["class"], "payments");
}
