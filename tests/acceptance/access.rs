//! `access` through the program: the specs of the repository, roles of manifests and patches, and words that mean nothing.

use super::program::{Project, copy, root, specs};
use serde_json::Value;
use std::collections::BTreeMap;

fn of(spec: &str) -> Project {
    let project = Project::new().incomplete();
    copy(&specs()[spec], &project.folder, false);
    project
}

fn report(project: &Project, words: &[&str], code: i32) -> Vec<Value> {
    let ran = project.run(&[&["access", "--format", "json"], words].concat()).exits(code);
    let value: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{}", ran.out));
    value["access"].as_array().cloned().unwrap_or_default()
}

/// The levels and letters of each holder, as a table shows them.
fn levels(access: &Value) -> BTreeMap<String, String> {
    let letter = |one: &Value| match one.as_str().unwrap_or_default() {
        "secrets" => "S",
        "named-secrets" => "s",
        "shells" => "X",
        "pods" => "P",
        "forwards" => "F",
        "data" => "D",
        "rights" => "R",
        "guards" => "G",
        other => panic!("{other}"),
    };
    let cell = |cell: &Value| {
        let letters: String = cell["notable"].as_array().into_iter().flatten().map(letter).collect();
        let place = cell["namespace"].as_str().unwrap_or("*");
        format!("{place}:{}{letters}", cell["level"].as_str().unwrap_or_default())
    };
    let row = |holder: &Value| {
        let cells: Vec<String> = holder["cells"].as_array().into_iter().flatten().map(cell).collect();
        (format!("{} {}", holder["kind"].as_str().unwrap_or_default(), holder["name"].as_str().unwrap_or_default()), cells.join(" "))
    };
    access["holders"].as_array().into_iter().flatten().map(row).collect()
}

fn table(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    rows.iter().map(|(who, cells)| ((*who).to_owned(), (*cells).to_owned())).collect()
}

pub(crate) fn groups_of_real_platforms() {
    let sample = of("sample");
    let tested = report(&sample, &["--env", "production", "--region", "eu-west-1"], 0);
    assert_eq!(
        levels(&tested[0])["account restore-tests/orders-shop-test"],
        "*:none cert-manager:none cnpg-system:none envoy-gateway-system:none external-dns:none external-secrets:none monitoring:none payments:none platgen-system:none reloader:none restore-tests:changeD shop:none"
    );
    // Without restore tests and the operator of the store, both regions have the same rights.
    sample.edit("platform.yaml", "restore_test: 7d, ", "");
    let spec = sample.read("platform.yaml");
    let existing = "addons: {cloudnative-pg: {mode: existing}, plugin-barman-cloud: {mode: existing}}\n";
    sample.write("platform.yaml", &format!("{spec}{existing}"));
    let production = report(&sample, &["--env", "production"], 0);
    let regions: Vec<&Value> = production.iter().map(|access| &access["region"]).collect();
    assert_eq!(regions, ["eu-west-1", "eu-central-1"]);
    let expected = table(&[
        (
            "group sre",
            "*:read cert-manager:change envoy-gateway-system:change external-dns:change external-secrets:change monitoring:changePFD payments:changePFD platgen-system:read reloader:change shop:changePFD",
        ),
        (
            "group shop-developers",
            "*:none cert-manager:none envoy-gateway-system:none external-dns:none external-secrets:none monitoring:none payments:none platgen-system:none reloader:none shop:read",
        ),
        (
            "group payments-developers",
            "*:none cert-manager:none envoy-gateway-system:none external-dns:none external-secrets:none monitoring:none payments:read platgen-system:none reloader:none shop:none",
        ),
        (
            "group auditors",
            "*:none cert-manager:read envoy-gateway-system:read external-dns:read external-secrets:read monitoring:read payments:read platgen-system:none reloader:read shop:read",
        ),
    ]);
    production.iter().for_each(|access| assert_eq!(levels(access), expected));
    let sign_in = &production[0]["holders"][0]["sign_in"];
    assert_eq!(
        *sign_in,
        serde_json::json!({"account": "333333333333", "permission_set": "platform-admin", "second_factor": true, "administers": true})
    );
    // Developers change their own namespace in the other environments.
    let dev = report(&sample, &["--env", "dev"], 0);
    assert_eq!(
        levels(&dev[0])["group shop-developers"],
        "*:none cert-manager:none envoy-gateway-system:none external-dns:none external-secrets:none monitoring:none payments:none platgen-system:none reloader:none shop:change"
    );
    assert_eq!(report(&sample, &[], 0).len(), 4);
    // One section for both regions; the role of each is named.
    let text = sample.run(&["access", "--env", "production"]).exits(0).out;
    assert_eq!(text.matches("who may do what").count(), 1, "{text}");
    for line in [
        "production/eu-west-1 and production/eu-central-1: who may do what\n",
        "  group sre                  read          change        change                change        change            change PFD  change PFD  read            change    change PFD\n",
        "  group auditors             none          read          read                  read          read              read        read        none            read      read\n",
        "  D: deletes data: volumes, claims of volumes, databases or namespaces\n",
        "  auditors: with the permission set `auditor` in the account 333333333333, second factor required\n",
        "  boutique-production-eu-west-1-administrator: sre may take this role of AWS, which does everything in the cluster, for an hour at most\n",
        "  boutique-production-eu-central-1-administrator: sre may",
        "\nIDENTITIES IN THE CLOUD\n  cert-manager/cert-manager, as boutique-production-eu-west-1-cert-manager: changes DNS records that prove whose a domain is\n",
        "  external-dns/external-dns, as boutique-production-eu-central-1-external-dns: changes the DNS records of hosts\n",
        "  shop/orders, as boutique-production-eu-west-1.shop.orders: reads and writes bucket/",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("S: reads") && !text.contains("RIGHTS"), "{text}");
    // A picture shows one cluster.
    let one = ["access", "--env", "production", "--region", "eu-west-1", "--format"];
    let matrix = sample.run(&[&one[..], &["svg"]].concat()).exits(0).out;
    let cell = "<title>group sre, payments: ClusterRole/";
    assert!(matrix.starts_with("<svg ") && matrix.contains(cell) && matrix.contains(">change PFD</text>"), "{matrix}");
    // Two groups of developers read one namespace each, auditors eight; `sre` changes eight, and reads one and the cluster.
    assert_eq!(
        (matrix.matches("#dbeafe").count(), matrix.matches("#fed7aa").count(), matrix.matches("#fca5a5").count()),
        (1 + 12, 1 + 8, 1)
    );
    let graph = sample.run(&[&one[..], &["mermaid"]].concat()).exits(0).out;
    assert!(
        graph.starts_with("---\ntitle: \"production/eu-west-1: who may do what\"\n---\nflowchart LR\n  h0([\"group sre\"])\n"),
        "{graph}"
    );
    assert!(graph.contains("\n  n0[\"cluster-wide\"]\n") && graph.contains(" -->|\"change PFD: ClusterRole/"), "{graph}");
    let several = sample.run(&["access", "--env", "production", "--format", "svg"]).exits(64);
    assert!(several.err.contains("a picture shows one cluster"), "{}", several.err);
    let markdown = sample.run(&["access", "--env", "production", "--format", "markdown"]).exits(0).out;
    assert!(markdown.starts_with("# production/eu-west-1") && markdown.contains(&format!("\n|{}\n", "---|".repeat(11))), "{markdown}");
}

pub(crate) fn accounts_of_apps() {
    let features = of("features");
    let access = report(&features, &["--env", "production"], 0);
    let foreman = &levels(&access[0])["account workshop/foreman"];
    assert!(foreman.starts_with("*:read ") && foreman.ends_with("workshop:changes") && foreman.contains("studio:none"), "{foreman}");
    let text = features.run(&["access", "--env", "production", "--group", "makers"]).exits(0).out;
    for line in [
        "  group makers (atelier-developer)\n",
        "    in studio, by RoleBinding/studio/makers-developer\n",
        "      create: pods/eviction\n",
        "      get, patch, update: deployments/scale, statefulsets/scale of apps\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(!text.contains("foreman") && !text.contains("in workshop"), "{text}");
    // By the name in the cluster.
    assert_eq!(features.run(&["access", "--env", "production", "--group", "atelier-developer"]).exits(0).out, text);
}

/// What is printed counts, whatever the spec says elsewhere.
pub(crate) fn manifests_and_patches_count() {
    let project = Project::init();
    let own = report(&project, &["--env", "production"], 0);
    let spec = project.read("platform.yaml");
    project.write("platform.yaml", &format!("{spec}{MORE}"));
    project.write("files/more.yaml", &manifest("ClusterRole", "cluster-admin"));
    let access = report(&project, &["--env", "production"], 0);
    assert_eq!(
        levels(&access[0])["group helpers"],
        "*:fullSXPFDRG cert-manager:fullSXPFDRG envoy-gateway-system:fullSXPFDRG external-dns:fullSXPFDRG hello:fullSXPFDRG platgen-system:fullSXPFDRG"
    );
    let mut others = levels(&access[0]);
    others.remove("group helpers");
    assert_eq!(others, levels(&own[0]));
    // The rules of `view` are in no file.
    project.write("files/more.yaml", &manifest("ClusterRole", "view"));
    let access = report(&project, &["--env", "production"], 1);
    assert_eq!(
        levels(&access[0])["group helpers"],
        "*:none cert-manager:none envoy-gateway-system:none external-dns:none hello:none platgen-system:none"
    );
    let text = project.run(&["access", "--env", "production"]).exits(1).out;
    assert!(
        text.contains("NOT COMPLETE: ") && text.contains("  ClusterRoleBinding/helpers gives ClusterRole/view to group helpers\n"),
        "{text}"
    );
    project.write("files/more.yaml", &manifest("Rolle", "view"));
    let ran = project.run(&["access", "--env", "production"]).exits(1);
    let said = "`/roleRef/kind` of `ClusterRoleBinding/helpers`: it is neither `Role` nor `ClusterRole`, and the API server refuses it";
    assert!(ran.err.contains(said) && ran.out.is_empty(), "{}", ran.err);
}

const MORE: &str = "manifests:\n  more: {from: files/more.yaml, reason: helpers of another company}\n";

fn manifest(kind: &str, role: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: helpers}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {role}}}\n\
         subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: helpers}}]\n"
    )
}

pub(crate) fn words_that_mean_nothing() {
    let project = of("boutique");
    let fails = |words: &[&str], code: i32, said: &[&str]| {
        let ran = project.run(&[&["access"], words].concat()).exits(code);
        for line in said {
            assert!(ran.err.contains(line) && ran.out.is_empty(), "{line} is not in:\n{}{}", ran.err, ran.out);
        }
    };
    fails(&["--env", "prodction"], 1, &["there is no environment `prodction`", "did you mean `production`?"]);
    fails(
        &["--env", "production", "--region", "eu-west-2"],
        1,
        &["there is no region of `production` called `eu-west-2`", "did you mean `eu-west-1`?"],
    );
    fails(&["--group", "shop-developer-s"], 1, &["there is no group `shop-developer-s`", "did you mean `shop-developers`?"]);
    fails(&["--format", "sarif"], 64, &["this command prints data, not findings"]);
}

/// The commands of the README, with the exit codes that it says.
pub(crate) fn the_readme_is_right() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let mut ran = 0;
    let is_meant = |line: &&str| {
        ["access", "graph", "parity", "reach", "secrets"].iter().any(|command| line.starts_with(&format!("platgen {command} ")))
    };
    for line in readme.lines().filter(is_meant) {
        let (words, said) = line.split_once(" # exit ").unwrap_or_else(|| panic!("{line} says no exit code"));
        let code = said.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("an exit code");
        let words: Vec<&str> = words.split_whitespace().skip(1).collect();
        let output = crate::support::platgen().args(words).current_dir(root()).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(code), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert!(ran >= 11, "{ran}");
}
