//! `parity` through the program: a desktop against the page that `kind` writes, two environments with every weight and line, what nobody declared, and words that
//! mean nothing.

use super::diff::spec_that_varies;
use super::program::{Project, copy, specs};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn report(project: &Project, words: &[&str], code: i32) -> Value {
    let ran = project.run(&[&["parity", "--format", "json"], words].concat()).exits(code);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}{}", ran.out, ran.err))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { "-".to_owned() } else { value.to_string() }, str::to_owned)
}

/// The weight of each reason of `specs/sample` in production.
const REASONS: &[(&str, &str)] = &[
    ("access", "A kind cluster has no secret manager and no load balancers of a cloud"),
    ("behavior", "The scripts of a desktop install the add-ons"),
    ("behavior", "a pod reads a changed secret at its next start"),
    ("behavior", "an image of kind, with the newest patch that it has"),
    ("behavior", "the version that these files were written for"),
    ("capacity", "A worker stands for a zone and for a pool"),
    ("capacity", "Two pods show what several pods show"),
    ("capacity", "the fewest that carry each zone"),
    ("convenience", "A kind cluster has no load balancers"),
    ("convenience", "No DNS record leads to a laptop."),
    ("convenience", "Nobody is told of a laptop at night"),
    ("convenience", "Nodes pull from the registries of the spec"),
    ("convenience", "nobody is on call for a laptop"),
    ("convenience", "nothing in the files depends on them"),
    ("convenience", "the laptop has no load balancer"),
    ("data", "Backups go to buckets of the cloud"),
    ("data", "One server is enough where no zone can be lost"),
    ("isolation", "A desktop is not its environment"),
    ("isolation", "a desktop is not its environment"),
    ("isolation", "that of a cloud runs nowhere else"),
];

pub(crate) fn a_desktop_is_weighed() {
    let project = Project::new().incomplete();
    copy(&specs()["sample"], &project.folder, false);
    project.run(&["render"]).exits(0);
    project.run(&["kind", "--env", "production"]).exits(0);
    let page = project.read("kind/production/eu-west-1/PARITY.md");
    let found = report(&project, &["--env", "production"], 0);
    assert_eq!((text(&found["environment"]), text(&found["region"])), ("production".to_owned(), "eu-west-1".to_owned()));
    let differences = list(&found["differences"]);
    // The same differences as on the page: a row for each, below its reason and its weight.
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let objects = page.split("\n## The objects\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    for part in objects.split("\n### ").skip(1) {
        let weight = part.split(':').next().unwrap_or_default().to_owned();
        let of_objects = part.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| kind |")).count();
        rows.insert(weight, of_objects);
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for one in differences.iter().filter(|one| one["kind"] != "cluster") {
        *told.entry(text(&one["weight"])).or_default() += 1;
    }
    assert_eq!(told, rows);
    for weight in ["data", "isolation", "access", "behavior", "capacity", "convenience"] {
        let count = differences.iter().filter(|one| one["weight"] == weight).count();
        assert!(page.contains(&format!("\n| {weight} | {count} | ")), "{weight} {count}: {page}");
    }
    // Heaviest first, each with a reason.
    let reasons: BTreeSet<(String, String)> =
        differences.iter().flat_map(|one| list(&one["reasons"]).iter().map(|reason| (text(&one["weight"]), text(reason)))).collect();
    let alone: BTreeSet<(String, String)> = differences
        .iter()
        .filter(|one| list(&one["reasons"]).len() == 1)
        .map(|one| (text(&one["weight"]), text(&one["reasons"][0])))
        .collect();
    assert!(differences.iter().all(|one| !list(&one["reasons"]).is_empty()), "{reasons:#?}");
    let known: BTreeSet<(String, String)> = alone
        .into_iter()
        .map(|(weight, reason)| {
            let start =
                REASONS.iter().find(|(_, start)| reason.starts_with(start)).map_or(reason.clone(), |(_, start)| (*start).to_owned());
            (weight, start)
        })
        .collect();
    let expected: BTreeSet<(String, String)> = REASONS.iter().map(|(weight, start)| ((*weight).to_owned(), (*start).to_owned())).collect();
    assert_eq!(known, expected);
    // Markdown is the page itself; only the path to the files is another one.
    let printed = project.run(&["parity", "--env", "production", "--format", "markdown"]).exits(0).out;
    assert_eq!(printed.replace("`deploy/kubernetes/", "`../../../deploy/kubernetes/"), page);
    let people = project.run(&["parity", "--env", "production"]).exits(0).out;
    assert!(people.starts_with("boutique-production-eu-west-1: production/eu-west-1 on a desktop\n\n"), "{people}");
    let order: Vec<usize> = ["\nDATA: ", "\nISOLATION: ", "\nACCESS: ", "\nBEHAVIOR: ", "\nCAPACITY: ", "\nCONVENIENCE: "]
        .iter()
        .map(|heading| people.find(heading).unwrap_or_else(|| panic!("no {heading} in {people}")))
        .collect();
    assert!(order.is_sorted(), "{people}");
    // Another laptop is another difference, and another region other files.
    let small = report(&project, &["--env", "production", "--memory", "2Gi"], 0);
    let requests: BTreeSet<String> = list(&small["differences"])
        .iter()
        .filter(|one| list(&one["reasons"]).iter().any(|reason| text(reason).starts_with("Requests are ")))
        .map(|one| text(&one["weight"]))
        .collect();
    assert_eq!(requests, BTreeSet::from(["capacity".to_owned()]));
    assert_eq!(report(&project, &["--env", "production", "--region", "eu-central-1"], 0)["region"], "eu-central-1");
}

/// What the spec that varies says of beta against production: weight, path, values, lines.
const COMPARED: &[&str] = &[
    "data: environments.beta.protected: true / false (platform.yaml:7)",
    "isolation: regions.eu-west-1.dns_firewall: block / none (follows from platform.yaml:7)",
    "isolation: regions.eu-west-1.endpoints: all / needed (follows from platform.yaml:7)",
    "access: access.groups.developers.role: viewer / developer (platform.yaml:19, environment production)",
    "behavior: apps.night.only: [] / [beta] (platform.yaml:47)",
    "behavior: apps.web.config.LOG_LEVEL: info / debug (platform.yaml:35, environment beta; platform.yaml:36)",
    "behavior: apps.web.config.THEME: dark / - (platform.yaml:35, environment production)",
    "capacity: apps.api.disruption_budget.max_unavailable: 1 / - (follows from platform.yaml:42, environment production; platform.yaml:7)",
    "capacity: apps.api.scale.replicas: 3 / 1 (platform.yaml:42, environment production)",
    "capacity: apps.api.zone_spread: hard / none (follows from platform.yaml:42, environment production; platform.yaml:7)",
    "capacity: apps.web.disruption_budget.max_unavailable: 1 / - (follows from platform.yaml:7)",
    "capacity: apps.web.scale.replicas: 2 / 1 (follows from platform.yaml:7)",
    "capacity: apps.web.zone_spread: hard / none (follows from platform.yaml:7)",
    "capacity: environments.beta.regions: [eu-west-1, eu-central-1] / [eu-west-1] (platform.yaml:6; platform.yaml:7)",
    "capacity: regions.eu-west-1.nat: per-zone / one (follows from platform.yaml:7)",
    "capacity: regions.eu-west-1.pools.data.alternatives: - / [r7a.large, r6a.large, r6i.large, r5.large, r5a.large] (follows from platform.yaml:7)",
    "capacity: regions.eu-west-1.pools.data.spot: false / true (follows from platform.yaml:7)",
    "capacity: regions.eu-west-1.proxies.least: 3 / 2 (follows from platform.yaml:7)",
    "capacity: regions.eu-west-1.proxies.most: 12 / 4 (follows from platform.yaml:7)",
    "capacity: regions.eu-west-1.shared_hosts: beta.shop.example / - (follows from platform.yaml:6; platform.yaml:7)",
    "convenience: regions.eu-west-1.cluster_logs: 365d / 30d (follows from platform.yaml:7)",
    "convenience: regions.eu-west-1.flow_logs: 365d / 30d (follows from platform.yaml:7)",
];

pub(crate) fn environments_are_weighed() {
    let project = Project::new();
    project.write("platform.yaml", &spec_that_varies());
    let found = report(&project, &["--env", "beta", "--with", "production"], 0);
    let told: Vec<String> = list(&found["declared"])
        .iter()
        .map(|one| {
            let lines: Vec<String> = list(&one["lines"]).iter().map(text).collect();
            let follows = if one["computed_from"].is_null() { "" } else { "follows from " };
            let section = text(&one["path"]).split('.').next().unwrap_or_default().to_owned();
            assert_eq!(text(&one["kind"]), section);
            format!(
                "{}: {}: {} / {} ({follows}{})",
                text(&one["weight"]),
                text(&one["path"]),
                text(&one["with"]),
                text(&one["environment"]),
                lines.join("; ")
            )
        })
        .collect();
    assert_eq!(told, COMPARED);
    assert_eq!((list(&found["undeclared"]).len(), list(&found["unread"]).len()), (0, 1));
    let people = project.run(&["parity", "--env", "beta", "--with", "production"]).exits(0).out;
    for line in [
        "beta against production\n\n",
        "\nDATA: ",
        "\n  environments.beta.protected  true        false  platform.yaml:7\n",
        "Not compared: rendered files with the spec, as there are none in `deploy`.\n",
    ] {
        assert!(people.contains(line), "{line} is not in:\n{people}");
    }
    let page = project.run(&["parity", "--env", "beta", "--with", "production", "--format", "markdown"]).exits(0).out;
    assert!(page.contains("\n| value | production | beta | said by |\n|---|---|---|---|\n"), "{page}");
}

pub(crate) fn what_nobody_declared_is_an_error() {
    let project = Project::new();
    copy(&specs()["minimal"], &project.folder, false);
    project.run(&["render"]).exits(0);
    let words = ["--env", "beta", "--with", "production"];
    let clean = report(&project, &words, 0);
    assert_eq!((list(&clean["undeclared"]).len(), list(&clean["unread"]).len()), (0, 0));
    project.edit("deploy/kubernetes/beta/eu-west-1/hello/web.yaml", "replicas: 1", "replicas: 7");
    let found = report(&project, &words, 2);
    let told: Vec<[String; 3]> =
        list(&found["undeclared"]).iter().map(|one| ["what", "expected", "found"].map(|key| text(&one[key]))).collect();
    assert_eq!(told, [["deploy/kubernetes/beta/eu-west-1: Deployment/hello/web spec.replicas", "1", "7"]]);
    let people = project.run(&[&["parity"], &words[..]].concat()).exits(2).out;
    for line in [
        "UNDECLARED: 1. ",
        "\nUNDECLARED\nThe rendered files have it so, and the spec does not:\n  deploy/kubernetes/beta/eu-west-1: Deployment/hello/web spec.replicas: 1 -> 7\n",
    ] {
        assert!(people.contains(line), "{line} is not in:\n{people}");
    }
    // Other environments and regions do not count.
    project.edit("deploy/kubernetes/beta/eu-west-1/hello/web.yaml", "replicas: 7", "replicas: 1");
    report(&project, &words, 0);
    project.write(
        "deploy/kubernetes/production/eu-west-1/hello/extra.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: hello}\n",
    );
    let found = report(&project, &words, 2);
    assert_eq!(text(&found["undeclared"][0]["what"]), "deploy/kubernetes/production/eu-west-1: ConfigMap/hello/more");
}

pub(crate) fn words_that_mean_nothing() {
    let project = Project::new().incomplete();
    copy(&specs()["minimal"], &project.folder, false);
    let fails = |words: &[&str], code: i32, told: &str| {
        let ran = project.run(&[&["parity"], words].concat()).exits(code);
        assert!(ran.err.contains(told) && ran.out.is_empty(), "{words:?}: {}{}", ran.err, ran.out);
    };
    fails(&["--env", "prodution"], 1, "did you mean `production`?");
    fails(&["--env", "beta", "--region", "eu-west-2"], 1, "there is no region of `beta` called `eu-west-2`");
    fails(&["--env", "beta", "--with", "staging"], 1, "there is no environment `staging`");
    fails(&["--env", "beta", "--with", "beta"], 1, "`beta` is compared with itself");
    fails(&["--env", "beta", "--with", "production", "--tree", "away"], 1, "`away` is not a folder");
    fails(&["--env", "beta", "--memory", "80Mi"], 1, "does not fit `4` processors and `80Mi` of memory");
    fails(&["--env", "beta", "--with", "production", "--cpus", "2"], 64, "cannot be used with");
    fails(&["--env", "beta", "--tree", "deploy"], 64, "--with");
    fails(&["--env", "beta", "--format", "sarif"], 64, "this command prints data");
    fails(&[], 64, "--env");
}
