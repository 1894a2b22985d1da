//! `outage` through the program: a zone and a region of the specs of the repository, and words that mean nothing.

use super::program::{Project, copy, specs};
use serde_json::Value;

fn boutique() -> Project {
    let project = Project::new();
    copy(&specs()["boutique"], &project.folder, false);
    project
}

fn report(project: &Project, words: &[&str], code: i32) -> Value {
    let ran = project.run(&[&["outage", "--format", "json"], words].concat()).exits(code);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out))
}

/// The entries in a state.
fn of<'v>(outage: &'v Value, state: &str) -> Vec<&'v str> {
    let entries = outage["entries"].as_array().into_iter().flatten().filter(|entry| entry["state"] == state);
    entries.filter_map(|entry| entry["entry"].as_str()).collect()
}

pub(crate) fn a_zone_of_a_real_platform() {
    let project = boutique();
    let words = ["--env", "production", "--zone", "eu-west-1a"];
    let outage = report(&project, &words, 0);
    assert_eq!(of(&outage, "may-stop"), ["store/shop/redis-cart"]);
    assert_eq!(of(&outage, "stops"), [""; 0]);
    let behind: Vec<&str> = outage["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["behind"].as_array().is_some_and(|behind| !behind.is_empty()))
        .filter_map(|entry| entry["entry"].as_str())
        .collect();
    assert_eq!(behind, ["app/shop/cartservice", "app/payments/checkoutservice", "app/shop/frontend"]);
    assert_eq!((&outage["hit"], &outage["zones_left"]), (&Value::from(false), &serde_json::json!(["eu-west-1b", "eu-west-1c"])));
    // The same zone by its short name.
    assert_eq!(outage, report(&project, &["--env", "production", "--zone", "a", "--region", "eu-west-1"], 0));
    let text = project.run(&[&["outage"], &words[..]].concat()).exits(0).out;
    for line in [
        "production/eu-west-1 without eu-west-1a\n",
        "The spec accepts what is away.",
        "    called by app/shop/cartservice\n",
        "    accepted: a cart that is lost is filled again by its customer\n",
        "nat: works; each zone has a NAT gateway of its own\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let markdown = project.run(&[&["outage", "--format", "markdown"], &words[..]].concat()).exits(0).out;
    assert!(markdown.starts_with("# production/eu-west-1 without eu-west-1a\n") && markdown.contains("\n|---|"), "{markdown}");
    // The environment has one NAT gateway, in its first zone, and promises nothing.
    let text = project.run(&["outage", "--env", "beta", "--zone", "eu-west-1a"]).exits(0).out;
    assert!(text.contains("nat: LOST; the only NAT gateway is in this zone: no zone reaches the internet"), "{text}");
}

pub(crate) fn a_region_of_a_real_platform() {
    let project = boutique();
    let outage = report(&project, &["--env", "production", "--region", "eu-west-1"], 0);
    assert_eq!(of(&outage, "stops"), [""; 0]);
    let frontend = outage["entries"].as_array().into_iter().flatten().find(|entry| entry["entry"] == "app/shop/frontend");
    let expected = serde_json::json!({"regions": ["eu-central-1"], "pods": {"before": 6, "left": 3, "most": 12, "share": 200, "load": 140, "limit": 200}});
    assert_eq!(frontend.map(|entry| &entry["elsewhere"]), Some(&expected));
    // What runs in the primary alone stops with it.
    let sample = Project::new().incomplete();
    copy(&specs()["sample"], &sample.folder, false);
    let outage = report(&sample, &["--env", "production", "--region", "eu-west-1"], 2);
    assert_eq!(of(&outage, "stops"), ["app/shop/report", "store/shop/orders"]);
    let text = sample.run(&["outage", "--env", "production", "--region", "eu-west-1"]).exits(2).out;
    assert!(text.contains("dns: works; boutique.example: Route 53 leaves the region out"), "{text}");
}

/// What the report says about copies of backups is what `validate` takes; the other region of the environment is refused.
pub(crate) fn lines_that_the_spec_takes() {
    let project = Project::init();
    project.write("platform.yaml", STORES);
    let advised = || {
        let outage = report(&project, &["--env", "production", "--region", "eu-west-1"], 2);
        let lines = outage["advice"].as_array().into_iter().flatten().filter_map(|advice| advice["line"].as_str().map(str::to_owned));
        lines.filter(|line| line.contains("copy_to")).collect::<Vec<_>>()
    };
    assert_eq!(advised(), ["stores.orders.backup.copy_to: eu-central-1"]);
    project.edit("platform.yaml", "keep: 35d}", "keep: 35d, copy_to: eu-central-1}");
    project.run(&["validate"]).exits(0);
    project.edit("platform.yaml", "copy_to: eu-central-1}", "copy_to: eu-central-1}, independent: true");
    project.run(&["validate"]).exits(1);

    project.write("platform.yaml", STORES);
    project.edit("platform.yaml", "keep: 35d}", "keep: 35d}, independent: true");
    assert_eq!(advised(), ["stores.orders.backup.copy_to: ANOTHER-REGION"]);
    project.edit("platform.yaml", "environments: {", "environments: {beta: {regions: [eu-north-1]}, ");
    project.edit("platform.yaml", "accounts: {", "accounts: {beta: \"222222222222\", ");
    assert_eq!(advised(), ["stores.orders.environments.production.backup.copy_to: eu-north-1"]);
    let own = "independent: true, environments: {production: {backup: {every: 6h, keep: 35d, copy_to: eu-north-1}}}";
    project.edit("platform.yaml", "independent: true", own);
    project.run(&["validate"]).exits(0);
    assert_eq!(advised(), [""; 0]);
}

/// One zone has nodes: `validate` warns, and the loss of that zone stops what the spec wants in three.
pub(crate) fn servers_without_a_zone() {
    let project = Project::init();
    project.write("platform.yaml", STORES);
    let quiet = project.run(&["validate"]).exits(0).err;
    assert!(!quiet.contains("no-room"), "{quiet}");
    project.edit("platform.yaml", "nodes: 3..6", "nodes: 1");
    let warned = project.run(&["validate"]).exits(0).err;
    assert!(warned.contains("warning[no-room]: 2 of the 3 servers of `store/orders` wait for ever"), "{warned}");
    let words = ["--env", "production", "--zone", "a", "--region", "eu-west-1"];
    assert_eq!(of(&report(&project, &words, 2), "stops"), ["store/shop/cache", "store/shop/orders"]);
    let markdown = project.run(&[&["outage", "--format", "markdown"], &words[..]].concat()).exits(2).out;
    assert!(markdown.contains("\n  - accepted: see \\[runbook\\](https://shop.example) &amp; &lt;b>\n"), "{markdown}");
}

pub(crate) fn words_that_mean_nothing() {
    let project = boutique();
    let fails = |words: &[&str], code: i32, said: &[&str]| {
        let ran = project.run(&[&["outage"], words].concat()).exits(code);
        for line in said {
            assert!(ran.err.contains(line) && ran.out.is_empty(), "{line} is not in:\n{}{}", ran.err, ran.out);
        }
    };
    fails(&["--env", "production"], 64, &["error: name what is lost: `--zone` or `--region`"]);
    fails(&["--zone", "eu-west-1a"], 64, &["--env <ENV>"]);
    fails(&["--env", "prodction", "--zone", "a"], 1, &["there is no environment `prodction`", "did you mean `production`?"]);
    let region = ["there is no region of `production` called `eu-west-2`", "did you mean `eu-west-1`?"];
    fails(&["--env", "production", "--region", "eu-west-2"], 1, &region);
    fails(&["--env", "production", "--region", "eu-west-2", "--zone", "a"], 1, &region);
    let zone = ["there is no zone of `production` called `eu-west-1d`", "did you mean `eu-west-1a`?"];
    fails(&["--env", "production", "--zone", "eu-west-1d"], 1, &zone);
    fails(&["--env", "production", "--zone", "d", "--region", "eu-west-1"], 1, &["there is no zone of `eu-west-1` called `d`"]);
    let several = "error: `eu-west-1` and `eu-central-1` have a zone `a`: name one of them with `--region`";
    fails(&["--env", "production", "--zone", "a"], 64, &[several]);
    let two = "error: `--zone eu-west-1a` and `--region eu-central-1` name two regions: the zone is in `eu-west-1`";
    fails(&["--env", "production", "--zone", "eu-west-1a", "--region", "eu-central-1"], 64, &[two]);
    fails(&["--env", "production", "--zone", "eu-west-1a", "--format", "sarif"], 64, &["this command prints data, not findings"]);

    let own = Project::init();
    own.write("platform.yaml", OWN);
    let ran = own.run(&["outage", "--env", "production", "--zone", "a"]).exits(1);
    for line in [
        "error[missing-field]: the zones of `here` are not known",
        "platform.yaml:4:",
        "add their number or their names, such as `zones: 3`",
    ] {
        assert!(ran.err.contains(line), "{line} is not in:\n{}", ran.err);
    }
    own.edit("platform.yaml", "here: {}", "here: {zones: [north, south]}");
    assert!(own.run(&["outage", "--env", "production", "--zone", "north"]).exits(2).out.starts_with("production/here without north\n"));
}

/// A store with backups, and a cache whose reason is full of marks.
const STORES: &str = "apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {production: \"111111111111\"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}, eu-north-1: {zones: 3}}
environments: {production: {regions: [eu-west-1, eu-central-1], protected: true}}
network: {cidr: 10.0.0.0/8, nat: per-zone}
cluster: {version: \"1.35\", pools: {general: {machine: m7i.large, nodes: 3..6}}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
stores:
  orders: {engine: postgres, version: \"17\", users: {app: {}}, storage: 10Gi, replicas: 3, backup: {every: 6h, keep: 35d}}
  cache: {engine: redis, storage: none, backup: {none: \"see [runbook](https://shop.example) & <b>\"}}
";

/// A cluster that is there already, of which the spec says no zones.
const OWN: &str = "apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: existing}
regions: {here: {}}
environments: {production: {regions: [here], protected: true}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
apps:
  web: {image: \"registry.example/web:v2\", port: 8080, probes: {ready: /healthz}, scale: {replicas: 2}}
";
