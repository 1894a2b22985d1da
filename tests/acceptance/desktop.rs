//! `kind` through the program: the overlay against a rendering for kind, the report against the overlay, the scripts against stand-ins for the programs that
//! they call, and words that mean nothing.

use super::program::{Project, Ran, copy, specs, tree};
use crate::support::scratch;
use libtest_mimic::Failed;
use platgen::model::Desk;
use platgen::value::Quantity;
use platgen::{kubernetes, project, render, resolve};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

fn of(spec: &str) -> Project {
    let project = Project::new().incomplete();
    copy(&specs()[spec], &project.folder, false);
    project.run(&["render"]).exits(0);
    project
}

/// Objects by what tells them apart.
fn objects(values: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let key = |value: &Value| {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"].map(text).join(" ")
    };
    values.into_iter().map(|value| (key(&value), value)).collect()
}

fn kustomized(folder: &Path) -> Result<BTreeMap<String, Value>, Failed> {
    let ran = Ran::from(Command::new("kubectl").arg("kustomize").arg(folder).output()?).exits(0);
    Ok(objects(serde_yaml::from_multiple::<Value>(&ran.out)?))
}

/// A region on a desktop.
struct Desktop {
    /// The spec, the environment and the region.
    name: String,
    /// The files of the region.
    base: BTreeMap<String, String>,
    /// Those of the desktop, in the folder `desktop` beside the folder `base`.
    files: BTreeMap<String, String>,
    /// The objects of the region, rendered for the desktop.
    direct: BTreeMap<String, Value>,
}

/// Every region of every spec.
fn desktops() -> Result<Vec<Desktop>, String> {
    let desk = Desk { cpus: Quantity::from_millis(6000), memory: Quantity::from_bytes(24 << 30) };
    let told = |failure: Box<project::Failure>| format!("{:?}", failure.found);
    let mut all = Vec::new();
    for (name, spec) in specs().into_iter().filter(|(name, _)| !name.ends_with("-toml")) {
        let resolved = project::Project::open(Some(&spec)).map_err(told)?.allow_incomplete(true).resolve().map_err(told)?;
        for (environment, platform) in &resolved.estate.environments {
            for (place, region) in platform.regions.iter().filter(|(_, region)| region.provider.is_cloud()) {
                let desktop = resolve::desktop(&resolved.project.specs, platform, region, &desk).map_err(|fault| fault.message)?;
                let (own_platform, own) = desktop.result().ok_or("no step")?;
                let tree = |platform, region| kubernetes::render(platform, region).map(|done| done.tree).map_err(|fault| fault.to_string());
                all.push(Desktop {
                    name: format!("{name} {environment} {place}"),
                    base: kubernetes::files(tree(platform, region)?).map_err(|fault| fault.to_string())?,
                    files: render::desktop::files(platform, region, &desktop, "../base").map_err(|fault| fault.to_string())?,
                    direct: objects(tree(own_platform, own)?.values().flatten().map(|document| document.to_json())),
                });
            }
        }
    }
    if all.len() >= 10 { Ok(all) } else { Err(format!("only {} desktops", all.len())) }
}

static DESKTOPS: LazyLock<Result<Vec<Desktop>, String>> = LazyLock::new(desktops);

fn write(folder: &Path, files: &BTreeMap<String, String>) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

pub(crate) fn every_overlay_is_the_rendering() -> Result<(), Failed> {
    for Desktop { name, base, files, direct } in DESKTOPS.as_ref()? {
        let place = scratch();
        write(&place.path().join("base"), base);
        write(&place.path().join("desktop"), files);
        let overlay = kustomized(&place.path().join("desktop"))?;
        assert_eq!(overlay.keys().collect::<Vec<_>>(), direct.keys().collect::<Vec<_>>(), "{name}");
        for (key, value) in direct {
            assert_eq!(overlay[key], *value, "{name}: {key}");
        }
        every_difference_is_told(&place.path().join("desktop"));
    }
    Ok(())
}

/// The report has a row for each operation of the overlay, below a reason.
fn every_difference_is_told(folder: &Path) {
    let page = fs::read_to_string(folder.join("PARITY.md")).expect("a report");
    let objects = page.split("\n## The objects\n").nth(1).expect("a section").split("\n## ").next().unwrap_or_default();
    let mut rows = 0;
    for section in objects.split("| kind | object | field | environment | desktop |\n|---|---|---|---|---|\n") {
        let (table, text): (Vec<&str>, Vec<&str>) = section.lines().partition(|line| line.starts_with('|'));
        rows += table.len();
        // The last section has a table and no reason for a next one.
        let reason = text.concat();
        assert!(reason.is_empty() || reason.ends_with('.'), "{reason:?}");
    }
    assert!(!objects.contains("\n\n\n"), "a table without a reason: {objects}");
    let kustomization: Value = serde_yaml::from_str(&fs::read_to_string(folder.join("kustomization.yaml")).expect("a file")).expect("YAML");
    let mut expected = 0;
    for patch in kustomization["patches"].as_array().into_iter().flatten() {
        expected += match patch["path"].as_str() {
            None => 1,
            Some(path) => {
                let steps: Vec<Value> = serde_yaml::from_str(&fs::read_to_string(folder.join(path)).expect("a patch")).expect("YAML");
                steps.len()
            }
        };
    }
    if let Ok(added) = fs::read_to_string(folder.join("added.yaml")) {
        expected += serde_yaml::from_multiple::<Value>(&added).expect("YAML").len();
    }
    assert_eq!(rows, expected, "{page}");
}

pub(crate) fn a_laptop_is_like_production() {
    let project = of("sample");
    let ran = project.run(&["kind", "--env", "production"]).exits(0);
    assert!(ran.err.contains("kind/production/eu-west-1/README.md says how to start it"), "{ran:?}");
    let at = |path: &str| project.read(&format!("kind/production/eu-west-1/{path}"));
    let cluster: Value = serde_yaml::from_str(&at("cluster.yaml")).expect("YAML");
    let nodes = cluster["nodes"].as_array().expect("nodes");
    assert!(
        nodes
            .iter()
            .all(|node| node["image"].as_str().is_some_and(|image| image.starts_with("kindest/node:v1.35.") && image.contains("@sha256:")))
    );
    let label = |node: &Value, key: &str| node["labels"][key].as_str().unwrap_or_default().to_owned();
    let of = |key: &str| -> BTreeSet<String> { nodes[1..].iter().map(|node| label(node, key)).collect() };
    assert_eq!(of("topology.kubernetes.io/zone").into_iter().collect::<Vec<_>>(), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    let ports: Vec<&Value> = nodes[0]["extraPortMappings"].as_array().into_iter().flatten().map(|port| &port["hostPort"]).collect();
    assert_eq!(ports, [8080, 8443]);
    // Git sees no value, and no file of the rendered tree is touched.
    assert_eq!(project.read("kind/production/eu-west-1/.gitignore").lines().nth(1), Some("/secrets.env"));
    assert!(at("secrets.example.env").lines().filter(|line| !line.starts_with('#')).all(|line| line.is_empty() || line.ends_with('=')));
    project.check().exits(0);
    // The same again writes nothing, and what stands in the way is not lost.
    assert!(project.run(&["kind", "--env", "production"]).exits(0).err.contains("0 files written"));
    project.write("kind/production/eu-west-1/secrets.env", "mine");
    project.edit("kind/production/eu-west-1/up.sh", "set -eu", "set -eux");
    let refused = project.run(&["kind", "--env", "production"]).exits(2);
    assert!(refused.codes().contains("edited-file") && refused.err.contains("nothing was written"), "{refused:?}");
    project.run(&["kind", "--env", "production", "--force"]).exits(0);
    assert_eq!(project.read("kind/production/eu-west-1/secrets.env"), "mine");
}

/// A committed desktop is as the spec says, or a check tells what differs and writes nothing.
pub(crate) fn a_desktop_is_compared_with_the_spec() {
    let project = of("sample");
    let check = |code: i32| {
        let before = tree(&project.folder);
        let ran = project.run(&["kind", "--env", "beta", "--check"]).exits(code);
        assert!(before == tree(&project.folder), "something was written");
        ran
    };
    // Without a desktop there is nothing to list: one line says so.
    let none = check(2);
    let line = "there is no desktop in `kind/beta/eu-west-1`; `platgen kind --env beta` writes it";
    assert!(none.out.is_empty() && none.codes() == BTreeSet::from(["unbalanced-calls".to_owned()]), "{none:?}");
    assert_eq!(none.err.lines().last(), Some(line), "{none:?}");
    let quiet = project.run(&["kind", "--env", "beta", "--check", "--quiet"]).exits(2);
    assert_eq!(quiet.codes(), BTreeSet::from(["missing-tree".to_owned()]), "{quiet:?}");
    project.run(&["kind", "--env", "beta"]).exits(0);
    assert!(check(0).err.ends_with("\nthe desktop is as the spec says\n"));
    project.edit("platform.yaml", "report:v2", "report:v3");
    assert!(check(1).codes().contains("stale-tree"));
    project.run(&["render"]).exits(0);
    let ran = check(2);
    assert!(
        ran.out.contains("kind/beta/eu-west-1/PARITY.md would be replaced") && ran.out.contains("`registry.example/report:v3` |\n"),
        "{}",
        ran.out
    );
    let ran = project.run(&["kind", "--env", "beta", "--check", "--format", "json"]).exits(2);
    assert!(ran.out.contains("\"spec-changed\"") && ran.out.contains("`platgen kind` writes it"), "{}", ran.out);
    project.run(&["kind", "--env", "beta", "--check", "--force"]).exits(64);
}

pub(crate) fn words_that_mean_nothing() {
    let project = of("minimal");
    let says = |words: &[&str], exit: i32, code: &str, text: &str| {
        let before = tree(&project.folder);
        let ran = project.run(&[&["kind"], words].concat()).exits(exit);
        assert!(ran.codes().contains(code) && ran.err.contains(text), "{words:?}: {}", ran.err);
        assert!(before == tree(&project.folder), "{words:?} wrote something");
    };
    says(&["--env", "prodution"], 1, "unknown-reference", "did you mean `production`?");
    says(&["--env", "beta", "--region", "eu-west-2"], 1, "unknown-reference", "there is no region of `beta` called `eu-west-2`");
    says(&["--env", "beta", "-o", "deploy/desk"], 1, "unsafe-path", "choose a folder of its own");
    says(&["--env", "beta", "-o", "."], 1, "unsafe-path", "the folder `.` of the desktop holds the spec");
    says(&["--env", "beta", "-o", ".github/desk"], 1, "unsafe-path", "choose a folder of its own");
    project.run(&["kind", "--env", "beta", "-o", "desk"]).exits(0);
    says(&["--env", "production", "-o", "desk"], 1, "unsafe-path", "is that of the desktop `hello-beta-eu-west-1`");
    says(&["--env", "beta", "-o", "desk", "--force=nowhere"], 1, "unknown-reference", "`--force` names `nowhere`");
    says(
        &["--env", "beta", "--memory", "80Mi"],
        1,
        "desktop-too-small",
        "`beta/eu-west-1` does not fit `4` processors and `80Mi` of memory: its pods request at least `64Mi` of memory, a quarter of the `256Mi` that they \
         request in the environment, and three quarters, `60Mi`, are for them",
    );
    says(&["--env", "beta", "--cpus", "12m"], 1, "desktop-too-small", "give the desktop more, such as `--cpus 1`");
    project.edit("deploy/kubernetes/beta/eu-west-1/hello/web.yaml", "replicas: 1", "replicas: 3");
    says(&["--env", "beta"], 1, "stale-tree", "hello/web.yaml`, which is not as the spec says");
    fs::remove_dir_all(project.at("deploy/kubernetes/beta")).expect("removed");
    says(&["--env", "beta"], 1, "missing-tree", "write them with `platgen render`");
    project.run(&["kind", "--env", "beta", "--cpus", "many"]).exits(64);
    project.run(&["kind"]).exits(64);
    // The region is a kind cluster: the finding points at the line that says so.
    project.edit("platform.yaml", "eu-west-1: {zones: 3}", "eu-west-1: {zones: 3}\n  desk: {provider: kind}");
    project.edit("platform.yaml", "beta: {regions: [eu-west-1],", "beta: {regions: [desk],");
    let ran = project.run(&["kind", "--env", "beta"]).exits(1);
    assert!(ran.codes().contains("already-kind") && ran.err.contains("platform.yaml:12:20"), "{}", ran.err);
}

/// A program on PATH that writes down how it was called, with the kubeconfig that it saw.
fn stand_in(folder: &Path, name: &str, does: &str) {
    let path = folder.join(name);
    let text = format!("#!/bin/sh\nprintf '%s %s: %s\\n' {name} \"$KUBECONFIG\" \"$*\" >> \"$CALLS\"\n{does}\n");
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its permissions");
}

pub(crate) fn scripts_speak_to_their_cluster_alone() {
    let project = of("sample");
    project.run(&["kind", "--env", "production"]).exits(0);
    let (folder, bin, calls) = (project.at("kind/production/eu-west-1"), project.at("bin"), project.at("calls"));
    fs::create_dir(&bin).expect("a folder");
    stand_in(
        &bin,
        "kubectl",
        "case \" $* \" in *' get '*) exit 1 ;; *' --filename - '*) cat > /dev/null ;; *' --dry-run=client '*) echo 'kind: Any' ;; esac",
    );
    stand_in(&bin, "kind", "[ \"$1\" != get ] || cat \"$CALLS.clusters\" 2> /dev/null || :");
    stand_in(&bin, "openssl", "while [ $# -gt 0 ]; do case $1 in -keyout | -out) echo pem > \"$2\" ;; esac; shift; done");
    let run = |script: &str| -> Ran {
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.arg(folder.join(script)).env("PATH", path).env("CALLS", &calls).env("KUBECONFIG", "/nowhere");
        command.output().expect("a shell").into()
    };
    let called = || fs::read_to_string(&calls).unwrap_or_default();
    let missing = run("up.sh").exits(1);
    assert!(missing.err.contains("secrets.env is missing") && called().is_empty(), "{missing:?} {}", called());
    let template = fs::read_to_string(folder.join("secrets.example.env")).expect("a template");
    fs::write(folder.join("secrets.env"), &template).expect("a file");
    let empty = run("up.sh").exits(1);
    let wanted: Vec<&str> = template.lines().filter(|line| line.contains('#') && !line.starts_with('#')).collect();
    assert!(wanted.len() >= 2 && wanted.iter().all(|line| empty.err.contains(line)) && called().is_empty(), "{empty:?}");
    let filled: String = template
        .lines()
        .map(|line| if line.ends_with('=') && !line.starts_with('#') { format!("{line}it's=a $(value)\n") } else { format!("{line}\n") })
        .collect();
    fs::write(folder.join("secrets.env"), filled).expect("a file");
    run("up.sh").exits(0);
    let (name, own) = ("boutique-production-eu-west-1", folder.join("kubeconfig").display().to_string());
    for line in called().lines().filter(|line| !line.starts_with("openssl")) {
        let (program, words) = line.split_once(": ").expect("a call");
        assert!(program.ends_with(&own), "{line}");
        assert!(!program.starts_with("kubectl") || words.starts_with(&format!("--context kind-{name} ")), "{line}");
        assert!(!line.contains("a $(value)"), "a value is an argument: {line}");
    }
    assert!(called().contains(&format!("create cluster --name {name} --config cluster.yaml --kubeconfig {own}")), "{}", called());
    assert!(called().contains("apply --server-side --force-conflicts --kustomize ."), "{}", called());
    // A cluster that is there is not made again.
    fs::write(project.at("calls.clusters"), format!("{name}\n")).expect("a file");
    fs::remove_file(&calls).expect("removed");
    run("up.sh").exits(0);
    assert!(called().contains("export kubeconfig") && !called().contains("create cluster"), "{}", called());
    fs::remove_file(&calls).expect("removed");
    run("down.sh").exits(0);
    assert_eq!(called(), format!("kind {own}: delete cluster --name {name} --kubeconfig {own}\n"));
}

pub(crate) fn shellcheck_is_content(shellcheck: &Path) -> Result<(), Failed> {
    for Desktop { name, files, .. } in DESKTOPS.as_ref()? {
        let place = scratch();
        write(place.path(), files);
        let ran = Ran::from(Command::new(shellcheck).args(["--shell=sh", "up.sh", "down.sh"]).current_dir(place.path()).output()?);
        if ran.code != 0 {
            return Err(format!("{name}: {}", ran.out).into());
        }
    }
    Ok(())
}

/// A stand-in for docker that takes every command, and keeps what kind writes into the nodes.
const DOCKER: &str = r#"case $1 in
  -v) echo 'Docker version 29.0.0' ;;
  info) echo '{"CgroupDriver":"systemd","CgroupVersion":"2","MemoryLimit":true,"PidsLimit":true,"CPUShares":true}' ;;
  network) case $2 in ls) echo kind ;; inspect) echo '[]' ;; esac ;;
  logs) echo 'Reached target Multi-User System.' ;;
  ps) case "$*" in *'{{.Names}}'*) [ ! -s "$CALLS.nodes" ] || cat "$CALLS.nodes" ;; esac ;;
  run) while [ $# -gt 0 ]; do [ "$1" != --name ] || echo "$2" >> "$CALLS.nodes"; shift; done ;;
  inspect)
    case "$*" in
      *IPAddress*) echo '172.18.0.2,' ;;
      *kind.role*control-plane*) echo control-plane ;;
      *kind.role*) echo worker ;;
    esac
    ;;
  exec)
    case "$*" in
      */kind/version*) echo v1.35.8 ;;
      */dev/stdin*) cat > "$CALLS.$(echo "$*" | sed 's/.* \([^ ]*-control-plane\|[^ ]*-worker[0-9]*\) .*/\1/')" ;;
      *'kubeadm init'*) exit 1 ;;
    esac
    ;;
esac"#;

/// kind reads the configuration, and writes one for kubeadm of each node, with its labels and taints.
pub(crate) fn kind_configures_every_node(kind: &Path) -> Result<(), Failed> {
    let desktops = DESKTOPS.as_ref()?;
    for name in ["sample production eu-west-1", "minimal beta eu-west-1"] {
        let desktop = desktops.iter().find(|desktop| desktop.name == name).ok_or(name)?;
        let place = scratch();
        write(place.path(), &desktop.files);
        let (bin, calls) = (place.path().join("bin"), place.path().join("calls"));
        fs::create_dir(&bin)?;
        stand_in(&bin, "docker", DOCKER);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(kind);
        command.args(["create", "cluster", "--config", "cluster.yaml", "--kubeconfig", "kubeconfig"]).current_dir(place.path());
        let ran = Ran::from(command.env("PATH", path).env("CALLS", &calls).env("KUBECONFIG", "none").output()?);
        if !ran.err.contains("failed to init node with kubeadm") {
            return Err(format!("{name}: {}", ran.err).into());
        }
        let cluster: Value = serde_yaml::from_str(&desktop.files["cluster.yaml"])?;
        let workers = cluster["nodes"].as_array().into_iter().flatten().filter(|node| node["role"] == "worker");
        let mut wanted: Vec<(BTreeSet<String>, BTreeSet<String>)> = Vec::new();
        for worker in workers {
            let labels = worker["labels"].as_object().into_iter().flatten();
            let patch: Value = serde_yaml::from_str(worker["kubeadmConfigPatches"][0].as_str().unwrap_or("{}"))?;
            wanted.push((labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect(), taints(&patch)));
        }
        let mut found = Vec::new();
        for number in 1..=wanted.len() {
            let suffix = if number > 1 { number.to_string() } else { String::new() };
            let file = format!("calls.{}-worker{suffix}", cluster["name"].as_str().unwrap_or_default());
            let documents: Vec<Value> = serde_yaml::from_multiple(&fs::read_to_string(place.path().join(file))?)?;
            let join = documents.iter().find(|document| document["kind"] == "JoinConfiguration").ok_or("no configuration")?;
            let labels = join["nodeRegistration"]["kubeletExtraArgs"]["node-labels"].as_str().unwrap_or_default();
            found.push((labels.split(',').map(str::to_owned).collect(), taints(join)));
        }
        assert_eq!(found, wanted, "{name}");
        let runs = fs::read_to_string(&calls)?;
        let published: Vec<&str> = runs.split_whitespace().filter(|word| word.starts_with("--publish=127.0.0.1:8")).collect();
        assert!(published.contains(&"--publish=127.0.0.1:8443:30443/TCP"), "{runs}");
    }
    Ok(())
}

fn taints(document: &Value) -> BTreeSet<String> {
    let taint = |taint: &Value| ["key", "value", "effect"].map(|key| taint[key].as_str().unwrap_or_default().to_owned()).join(" ");
    document["nodeRegistration"]["taints"].as_array().into_iter().flatten().map(taint).collect()
}
