//! `apply.sh` with programs in place of kubectl and helm that say what they were asked: the order of waves and charts, and what stops it. Against a real API
//! server it is proved in `tests/judges`.

use super::program::{Project, Ran};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A platform with a chart, a job and a store that the job calls, in two regions.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: existing}
regions: {north: {zones: 3}, south: {zones: 3}}
environments: {production: {regions: [north, south], primary: north, protected: true}}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
addons: {kube-prometheus-stack: {version: 88.5.3, digest: "sha256:DIGEST"}}
observability: {retention: 30d, page: {slack: "ops/slack#url"}, ticket: {slack: "ops/slack#url"}}
stores: {db: {engine: custom, image: "registry.example/db:v1", port: 5432, storage: 10Gi, backup: {none: trial}}}
apps:
  migrate: {image: "registry.example/web:v1", run: before-deploy, config: {DB: "${store/db.address}"}, deadline: 20m}
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready}}
"#;

/// In place of kubectl: a job is over at once, unless `$over` says otherwise; a cluster is `$owner`.
const KUBECTL: &str = r#"#!/bin/sh
case $* in
  *'get namespace platgen-system'*) printf '%s' "$owner" ;;
  *'get job'*) printf '%s' "${over-SuccessCriteriaMet Complete}" ;;
  *' apply '*'-') [ -n "$(cat)" ] && printf '%s: apply -\n' "$2" >>"$LOG" ;;
  *' apply '*) for word; do file=$word; done; printf '%s: apply %s\n' "$2" "${file##*/}" >>"$LOG"; [ "${file##*/}" != "${breaks-}" ] ;;
  *'rollout status'* | *' wait '*) for word; do [ "${word#*/}" = "$word" ] || printf '%s: wait %s\n' "$2" "$word" >>"$LOG"; done ;;
esac
"#;

/// In place of helm: it fetches an archive with the text `$archive`.
const HELM: &str = r#"#!/bin/sh
printf 'helm %s %s\n' "$1" "$2" >>"$LOG"
[ "$1" != "${fails-}" ] || exit 1
if [ "$1" != pull ]; then
  echo text
  exit
fi
for word; do folder=$word; done
printf '%s' "${archive-the chart}" >"$folder/kube-prometheus-stack-88.5.3.tgz"
"#;

/// What `sha256sum` says of the archive that the helm above fetches.
const DIGEST: &str = "34b4feaa1c0b1b0a454fc14939000646a1118cce9d4136e962d80a0743f0ae0e";

fn shop() -> Project {
    let project = Project::new();
    project.write("platform.yaml", &SPEC.replace("DIGEST", DIGEST));
    project.run(&["render"]).exits(0);
    for (name, text) in [("kubectl", KUBECTL), ("helm", HELM)] {
        project.write(&format!("bin/{name}"), text);
        std::fs::set_permissions(project.at(&format!("bin/{name}")), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let git = "git init --quiet && git config user.name a && git config user.email a@shop.example && git add --all && git commit --quiet --message=one";
    assert!(Command::new("sh").args(["-ec", git]).current_dir(&project.folder).status().expect("a shell").success());
    project
}

/// Runs the script, and returns what it said and what the programs were asked.
fn run(project: &Project, values: &str, flags: &str) -> (Ran, Vec<String>) {
    project.write("../log", "");
    let _ = std::fs::remove_dir_all(project.at("../cache"));
    let script = format!(
        "export {values} LOG=\"$PWD/../log\" XDG_CACHE_HOME=\"$PWD/../cache\" PATH=\"$PWD/bin:$PATH\"\nsh deploy/kubernetes/production/apply.sh {flags}"
    );
    let output = Command::new("sh").args(["-ec", &script]).current_dir(&project.folder).output().expect("a shell");
    (Ran::from(output), project.read("../log").lines().map(str::to_owned).collect())
}

/// One region after the other, and in each: namespaces, definitions of charts, rules, charts, configuration, the store, the job, everything else.
pub(crate) fn waves_and_charts_are_in_order() {
    let project = shop();
    let (ran, asked) = run(&project, "owner=shop/production/north", "--region north");
    ran.exits(0);
    let applied: Vec<&str> =
        asked.iter().filter_map(|line| line.strip_prefix("shop-production-north: apply ").or_else(|| line.strip_prefix("helm "))).collect();
    let chart = "upgrade --install";
    let wanted = [
        "-",
        "-1000.yaml",
        "pull kube-prometheus-stack",
        "show crds",
        "-",
        "-998.yaml",
        "-997.yaml",
        "-996.yaml",
        "-995.yaml",
        "-994.yaml",
        chart,
        "-2.yaml",
        "-1.yaml",
        "0.yaml",
        "-",
    ];
    assert_eq!(applied, wanted, "{asked:#?}");
    // A wave waits before the next one is applied.
    let at = |word: &str| asked.iter().position(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}: {asked:#?}"));
    assert!(at("wait StatefulSet.apps/db") < at("apply -1.yaml") && at("apply 0.yaml") < at("wait Deployment.apps/web"), "{asked:#?}");
    // The deadline of the job and a minute.
    assert_eq!(project.read("deploy/kubernetes/production/apply.sh").matches("\n      jobs=1260\n").count(), 1);
}

/// Whatever stops the script, it says what, and nothing after it is applied: not in this region, and not in the next one.
pub(crate) fn it_stops_at_the_first_fault() {
    let project = shop();
    for (values, flags, code, said, last) in [
        ("owner=", "", 1, "does not say whose it is. If it is the new cluster of shop/production/north, add --new", None),
        ("owner=shop/beta/north", "--new", 1, "is shop/beta/north, and these files are of shop/production/north: nothing is changed", None),
        ("owner=shop/production/north breaks=-996.yaml", "", 1, "Later waves are not applied", Some("north: apply -996.yaml")),
        ("owner=shop/production/north fails=pull", "", 1, "", Some("north: apply -1000.yaml")),
        (
            "owner=shop/production/north archive=other",
            "",
            1,
            "refused: the archive of kube-prometheus-stack has the SHA-256",
            Some("north: apply -1000.yaml"),
        ),
        ("owner=shop/production/north fails=show", "", 1, "", Some("north: apply -1000.yaml")),
        ("owner=shop/production/north fails=upgrade", "", 1, "", Some("north: apply -994.yaml")),
        ("owner=shop/production/north over=Failed", "", 1, "it failed. Read its log", Some("north: apply -1.yaml")),
        ("owner=shop/production/north over=", "--timeout 1", 1, "it is not over after 1 seconds", Some("north: apply -1.yaml")),
        ("owner=shop/production/north", "", 1, "the cluster shop-production-south is shop/production/north", Some("north: apply -")),
        ("owner=", "--region west", 1, "no region west in production: north south", None),
        ("owner=", "--timeout soon", 64, "Usage: sh apply.sh", None),
        ("owner=", "--regions north", 64, "Usage: sh apply.sh", None),
    ] {
        let (ran, asked) = run(&project, values, flags);
        let ran = ran.exits(code);
        assert!(ran.err.contains(said), "{values} {flags}: {}", ran.err);
        let last = last.map(|last| format!("shop-production-{last}"));
        assert_eq!(asked.iter().rfind(|line| line.contains(": apply")), last.as_ref(), "{values} {flags}: {asked:#?}");
    }
    // What the objects of a commit were is not known without it.
    project.write("deploy/kubernetes/production/north/shop/web.yaml", "");
    let (ran, asked) = run(&project, "owner=shop/production/north", "--region north");
    assert!(ran.exits(1).err.contains("has changes that no commit has") && asked.is_empty(), "{asked:#?}");
    let (ran, asked) = run(&project, "owner=shop/production/north", "--region north --since nothing");
    assert_ne!(ran.code, 0);
    assert!(asked.is_empty(), "{asked:#?}");
}

/// An archive that was fetched is compared each time, and fetched again when it is another one by now. One that is another one at once is not kept.
pub(crate) fn the_archive_of_a_chart_is_compared_each_time() {
    let project = shop();
    let fetch = |words: &str, values: &str| {
        project.write("../log", "");
        let script = format!(
            "export {values} LOG=\"$PWD/../log\" XDG_CACHE_HOME=\"$PWD/../kept\" PATH=\"$PWD/bin:$PATH\"\nsh deploy/chart.sh {words}"
        );
        let ran = Ran::from(Command::new("sh").args(["-ec", &script]).current_dir(&project.folder).output().expect("a shell"));
        (ran, project.read("../log"))
    };
    let words = format!("{DIGEST} kube-prometheus-stack --repo https://charts.example --version 88.5.3");
    let file = format!("../kept/platgen/charts/{DIGEST}.tgz");
    let (ran, asked) = fetch(&words, "archive=other");
    assert!(ran.exits(1).out.is_empty() && asked == "helm pull kube-prometheus-stack\n", "{asked}");
    let kept = || std::fs::read_dir(project.at("../kept/platgen/charts")).expect("a folder").count();
    assert_eq!(kept(), 0);
    let (ran, _) = fetch(&words, "fails=pull");
    assert!(ran.exits(1).out.is_empty());
    let (ran, _) = fetch(&words, "fails=");
    assert!(ran.exits(0).out.trim_end().ends_with(&file[3..]));
    assert_eq!((project.read(&file), kept()), ("the chart".to_owned(), 1));
    assert_eq!(fetch(&words, "fails=pull").1, "", "it is here");
    project.write(&file, "changed");
    let (ran, asked) = fetch(&words, "fails=");
    ran.exits(0);
    assert_eq!((project.read(&file).as_str(), asked.as_str()), ("the chart", "helm pull kube-prometheus-stack\n"));
    assert!(fetch("", "fails=").0.exits(64).err.starts_with("Usage: sh chart.sh SHA256 CHART"));
}
