//! The specs of the repository, rendered: the same bytes whatever the surroundings, the expected warnings, and what other tools make of them.

use super::program::{Project, Ran, compare, copy, root, specs, tree};
use crate::support::{ALLOW_INCOMPLETE, platgen, program};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Tree = BTreeMap<String, Vec<u8>>;

/// Renders a copy of a spec; the lock and every file.
fn render(spec: &Path) -> Tree {
    let project = Project::new().incomplete();
    let named = copy(spec, &project.folder, false);
    project.run(&["render", &named.display().to_string()]).exits(0);
    only_rendered(&project.folder)
}

fn only_rendered(folder: &Path) -> Tree {
    tree(folder)
        .into_iter()
        .filter(|(path, _)| [".github/", "deploy/"].iter().any(|start| path.starts_with(start)) || path == "platgen.lock")
        .collect()
}

/// Two folders, and then other surroundings one by one: locale, time zone, umask, home, working directory, links, order of files.
pub(crate) fn same_bytes(spec: &Path) -> Result<(), Failed> {
    let wanted = render(spec);
    compare(&wanted, &render(spec)).map_err(|fault| format!("a second render: {fault}"))?;
    let project = Project::new().incomplete();
    let named = copy(spec, &project.folder, true);
    let script = "umask 0077; exec \"$@\"";
    let command = |program: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(program).stdin(Stdio::null());
        command.env_clear().envs([("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Pacific/Kiritimati"), ("HOME", "/nonexistent"), ("COLUMNS", "20")]);
        command
    };
    let program = program();
    Ran::from(command(program).args(["render", ALLOW_INCOMPLETE]).arg(&named).current_dir("/").output()?).exits(0);
    compare(&wanted, &only_rendered(&project.folder)).map_err(|fault| format!("other surroundings: {fault}"))?;

    let project = Project::new().incomplete();
    let named = copy(spec, &project.folder.join("real"), false);
    let inner = named.strip_prefix(project.folder.join("real"))?.to_path_buf();
    #[cfg(unix)]
    std::os::unix::fs::symlink("real", project.at("link"))?;
    let linked: PathBuf = ["link".into(), inner].iter().filter(|part: &&PathBuf| !part.as_os_str().is_empty()).collect();
    project.run(&["render", &linked.display().to_string()]).exits(0);
    compare(&wanted, &only_rendered(&project.at("real"))).map_err(|fault| format!("through a link: {fault}"))?;
    Ok(())
}

/// The warnings are what `tests/data/warnings` says; UPDATE_GOLDENS=1 writes them anew.
pub(crate) fn warnings(name: &str, spec: &Path) -> Result<(), Failed> {
    let ran = Ran::from(platgen().args(["validate", ALLOW_INCOMPLETE, "--format", "json"]).arg(spec).output()?).exits(0);
    let found: serde_json::Value = serde_json::from_str(&ran.out)?;
    let line = |finding: &serde_json::Value| {
        let word = |key: &str| finding[key].as_str().unwrap_or_default().to_string();
        format!("{}[{}]: {}\n", word("severity"), word("code"), word("message"))
    };
    let mut lines: Vec<String> = found.as_array().ok_or("no list")?.iter().map(line).collect();
    lines.sort();
    let path = root().join(format!("tests/data/warnings/{name}.txt"));
    let text = lines.concat();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &text)?;
    }
    let wanted = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if wanted == text { Ok(()) } else { Err(format!("wanted:\n{wanted}\nfound:\n{text}").into()) }
}

/// Maps of values that take any key.
const OPEN: [&str; 22] = [
    "additionalLabels",
    "additionalRuleLabels",
    "affinity",
    "alertmanagerConfigMatcherStrategy",
    "annotations",
    "commonLabels",
    "config",
    "containerSecurityContext",
    "disabled",
    "externalLabels",
    "extraArgs",
    "extraLabels",
    "featureGates",
    "grafana.ini",
    "labels",
    "nodeSelector",
    "podLabels",
    "podSecurityContext",
    "resources",
    "securityContext",
    "volumeClaimTemplate",
    "vpcTags",
];

/// The paths of the keys of a chart's values, down to the maps that take any key.
fn keys_of(value: &serde_json::Value, path: &str, all: &mut BTreeSet<String>) {
    let is_open = path.rsplit('/').next().is_some_and(|key| OPEN.contains(&key));
    match value.as_object().filter(|map| !map.is_empty() && !is_open) {
        Some(map) => map.iter().for_each(|(key, value)| {
            keys_of(value, &if path.is_empty() { key.clone() } else { format!("{path}/{key}") }, all);
        }),
        None => drop(all.insert(path.to_owned())),
    }
}

/// The lines of a list in `tests/data`.
fn list(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("tests/data").join(name)).expect("the list");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The values of charts have the keys that somebody looked up in these charts, and no others. The list has every version that the program knows.
pub(crate) fn values_have_keys_of_their_chart() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut read = |files: BTreeMap<String, Vec<u8>>| {
        for (path, text) in files {
            let chart = path.rsplit_once("/addons/").and_then(|(_, file)| file.strip_suffix(".yaml"));
            if let Some(chart) = chart.filter(|chart| !chart.contains('.')) {
                let text = String::from_utf8(text).expect("a text");
                keys_of(&serde_yaml::from_str(&text).expect("YAML"), "", found.entry(chart.to_owned()).or_default());
            }
        }
    };
    for name in ["boutique", "features", "sample"] {
        read(render(&specs()[name]));
    }
    // With copies of the images of every chart.
    let project = Project::new().incomplete();
    let folder = copy(&specs()["features"], &project.folder, false);
    let file = folder.join("platform.yaml");
    let text = fs::read_to_string(&file).expect("a spec");
    let mirrored = text.replace("registry: {pull: platform/registry}", "registry: {mirror: true}");
    assert_ne!(text, mirrored);
    fs::write(&file, mirrored).expect("written");
    project.run(&["render", &folder.display().to_string()]).exits(0);
    read(only_rendered(&project.folder));

    assert_eq!(found.remove("kube-prometheus-stack"), Some(list("stack-keys.txt")));
    let table = fs::read_to_string(root().join("src/facts/charts.tsv")).expect("the table");
    let rows = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let versions: BTreeSet<(&str, &str)> = rows.map(|(name, rest)| (name, rest.split('\t').next().unwrap_or_default())).collect();
    let wanted = versions.iter().flat_map(|(name, version)| {
        let keys = found.get(*name).into_iter().flatten();
        keys.map(move |key| format!("{name} {version} {key}"))
    });
    let (wanted, known): (BTreeSet<String>, BTreeSet<String>) = (wanted.collect(), list("chart-keys.txt"));
    assert_eq!(wanted.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "look these keys up in the chart");
    assert_eq!(known.difference(&wanted).collect::<Vec<_>>(), Vec::<&String>::new(), "no values have these keys");
    assert_eq!(found.len(), 13, "{:?}", found.keys());
}

/// The committed trees of the smallest specs are what the program renders, so that a change of the output shows in its own diff.
pub(crate) fn committed_trees_are_current() {
    for name in ["minimal", "sample"] {
        let spec = root().join("specs").join(name).join("platform.yaml");
        let ran = platgen().args(["render", ALLOW_INCOMPLETE, "--check"]).arg(&spec).output().expect("the program");
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(0), "render `{}` and commit its tree:\n{out}{err}", spec.display());
    }
}

pub(crate) fn yaml_and_toml_are_the_same() {
    let sample = render(&specs()["sample"]);
    let project = Project::new().incomplete();
    fs::copy(root().join("tests/data/sample.toml"), project.at("platform.toml")).expect("copied");
    project.run(&["render"]).exits(0);
    compare(&sample, &only_rendered(&project.folder)).expect("the sample in TOML");
    compare(&render(&specs()["minimal"]), &render(&specs()["minimal-toml"])).expect("the smallest spec in TOML");
}

pub(crate) fn are_formatted() {
    for spec in specs().values() {
        Ran::from(platgen().args(["fmt", "--check"]).arg(spec).output().expect("starts")).exits(0);
    }
}

/// Every rendered file is a text that tools and reviewers can live with.
pub(crate) fn rendered_files_are_clean() {
    for (name, spec) in specs() {
        for (path, bytes) in render(&spec) {
            let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{name}: {path} is not UTF-8"));
            assert!(text.ends_with('\n') && !text.contains('\r') && !text.contains('\t'), "{name}: {path}");
            assert!(text.lines().all(|line| line == line.trim_end()), "{name}: {path} has blanks at line ends");
            // Commands in a pod have a folder of their own.
            let machine = text.replace("/tmp/admin.", "").replace("/tmp/ca.", "").replace("/tmp/topics.", "").replace("/tmp/plan.", "");
            assert!(!machine.contains("/tmp/"), "{name}: {path} names a folder of this machine");
        }
    }
}

/// The Python with the judges.
pub(crate) fn python() -> PathBuf {
    std::env::var_os("PLATGEN_PYTHON").map_or_else(|| root().join("target/judges/python/bin/python"), PathBuf::from)
}

/// Whether a program starts.
pub(crate) fn starts(program: &Path, words: &[&str]) -> bool {
    Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

pub(crate) fn kustomize_builds_every_region() -> Result<(), Failed> {
    let mut built = 0;
    for (name, spec) in specs() {
        let project = Project::new().incomplete();
        let named = copy(&spec, &project.folder, false);
        project.run(&["render", &named.display().to_string()]).exits(0);
        let regions = tree(&project.folder).into_keys().filter_map(|path| path.strip_suffix("/kustomization.yaml").map(str::to_string));
        for region in regions {
            let ran = Ran::from(Command::new("kubectl").arg("kustomize").arg(project.at(&region)).output()?);
            let kinds = |text: &str| text.lines().filter(|line| line.starts_with("kind: ")).count();
            let parts: Vec<&str> = region.split('/').collect();
            let [.., environment, place] = parts[..] else { return Err(region.into()) };
            let words = ["render", &named.display().to_string(), "--env", environment, "--region", place, "--stdout"];
            let stream = project.run(&words).exits(0);
            if ran.code != 0 || kinds(&ran.out) == 0 || kinds(&ran.out) != kinds(&stream.out) {
                return Err(format!("{name}: {region}: {} of {} objects: {}", kinds(&ran.out), kinds(&stream.out), ran.err).into());
            }
            built += 1;
        }
    }
    if built >= 12 { Ok(()) } else { Err(format!("only {built} regions").into()) }
}

const VALIDATE: &str = r#"
import sys, yaml, kubernetes_validate
version, count, custom = sys.argv[1], 0, set()
for document in yaml.safe_load_all(sys.stdin):
    if not document:
        continue
    try:
        kubernetes_validate.validate(document, version, strict=True)
        count += 1
    except kubernetes_validate.SchemaNotFoundError:
        custom.add(document["apiVersion"].split("/")[0] + "/" + document["kind"])
    except kubernetes_validate.ValidationError as error:
        print("fault:", document["kind"], document["metadata"]["name"], error.message[:300])
print("objects:", count)
for kind in sorted(custom):
    print("custom:", kind)
"#;

/// Groups that are no part of Kubernetes itself.
const CUSTOM: [&str; 13] = [
    "barmancloud.cnpg.io/",
    "external-secrets.io/",
    "gateway.networking.k8s.io/",
    "gateway.envoyproxy.io/",
    "policy.networking.k8s.io/",
    "gateway.k8s.aws/",
    "cert-manager.io/",
    "postgresql.cnpg.io/",
    "rabbitmq.com/",
    "kafka.strimzi.io/",
    "psmdb.percona.com/",
    "pxc.percona.com/",
    "monitoring.coreos.com/",
];

/// Every object of the sample and of the boutique is one of the version that the spec names.
pub(crate) fn strict_in_version(version: &str) -> Result<(), Failed> {
    for name in ["sample", "boutique"] {
        let project = Project::new().incomplete();
        let named = copy(&specs()[name], &project.folder, false);
        let file =
            if named.is_dir() { "platform.yaml".to_string() } else { named.file_name().unwrap_or_default().to_string_lossy().into() };
        project.edit(&file, "version: \"1.35\"", &format!("version: \"{version}\""));
        project.run(&["render", &named.display().to_string()]).exits(0);
        let documents = tree(&project.at("deploy/kubernetes"))
            .into_iter()
            .filter(|(path, _)| !path.ends_with("kustomization.yaml") && !path.contains("/addons/"));
        let texts = documents.filter(|(path, _)| path.ends_with(".yaml")).map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        project.write("stream.txt", &texts.collect::<Vec<_>>().join("---\n"));
        let input = fs::File::open(project.at("stream.txt"))?;
        let ran = Ran::from(Command::new(python()).args(["-c", VALIDATE, version]).stdin(input).output()?).exits(0);
        let bad = ran.out.lines().filter(|line| match line.split_once(": ") {
            Some(("objects", count)) => count.parse().unwrap_or(0) < 100,
            Some(("custom", kind)) => !CUSTOM.iter().any(|group| kind.starts_with(group)),
            _ => true,
        });
        let bad: Vec<&str> = bad.collect();
        if !bad.is_empty() {
            return Err(format!("{name} in {version}:\n{}\n{}", bad.join("\n"), ran.err).into());
        }
    }
    Ok(())
}

/// The boutique loses nothing of the original shop and invents nothing, but what is meant to differ.
pub(crate) fn boutique_keeps_the_facts() -> Result<(), Failed> {
    let project = Project::new().incomplete();
    let named = copy(&specs()["boutique"], &project.folder, false);
    let words = ["render", &named.display().to_string(), "--env", "beta", "--stdout"];
    project.write("stream.yaml", &project.run(&words).exits(0).out);
    let folder = root().join("tests/boutique");
    let mut compare = Command::new(python());
    compare.arg(folder.join("facts.py")).arg("compare").arg(folder.join("facts.json")).arg(project.at("stream.yaml"));
    let ran = Ran::from(compare.output()?);
    if ran.code != 0 {
        return Err(format!("{}{}", ran.out, ran.err).into());
    }
    Ok(())
}
