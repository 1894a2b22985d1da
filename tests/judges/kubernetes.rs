//! Judges of Kubernetes documents: kubeconform (schemas), kube-score (practice), kubectl (kustomize), promtool (rules).

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::judge::{Finding, Input, Judge, Program, Subject, configuration, fetched, home, json, list, on_path, python, say, words};
use super::{checkov, waivers};

/// The version judged for when the documents name none.
const DEFAULT_VERSION: &str = "1.35";

pub fn judges() -> Vec<Judge> {
    let manifests = |name, batch, find, run| Judge { name, subject: Subject::Manifests, batch, find, run };
    vec![
        manifests("kubeconform", false, find_kubeconform, kubeconform),
        manifests("kube-score", false, || fetched("kube-score", &["version"]), kube_score),
        manifests("checkov", true, checkov::find, |program, tree, inputs| checkov::run(program, tree, inputs, "kubernetes")),
        manifests("kubectl", false, || on_path("kubectl", &["version", "--client"]), kustomize),
        manifests("promtool", false, || fetched("promtool", &["--version"]), promtool),
        Judge { name: "promtool", subject: Subject::Rules, batch: false, find: || fetched("promtool", &["--version"]), run: rule_tests },
    ]
}

/// kubeconform with the schemas that `schemas.py` writes; custom kinds need PLATGEN_CRDS.
pub fn find_kubeconform() -> Result<Program, String> {
    let program = fetched("kubeconform", &["-v"])?;
    let writer = python("kubernetes-validate")?;
    if env::var_os("PLATGEN_CRDS").is_none() {
        return Err("no schemas of custom kinds: set PLATGEN_CRDS to a folder of CustomResourceDefinitions".into());
    }
    say(Command::new(writer.path).arg(configuration().join("schemas.py")), &[0])?;
    let config = fs::read_to_string(home().join("schemas/stamp")).map_err(|error| format!("schemas/stamp: {error}"))?;
    Ok(Program { config, ..program })
}

/// The Kubernetes version the documents are made for: what their namespaces enforce.
pub fn version(tree: &Path, input: &Input) -> String {
    let named = input.yaml().find_map(|file| {
        let text = fs::read_to_string(tree.join(file)).ok()?;
        let after = text.split_once("pod-security.kubernetes.io/enforce-version:")?.1;
        let word: String =
            after.trim_start_matches([' ', '"', '\'', 'v']).chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        (!word.is_empty()).then_some(word)
    });
    named.unwrap_or_else(|| DEFAULT_VERSION.into())
}

/// Files that are instructions to kustomize, kind or helm, not objects of the cluster.
pub fn is_tooling(file: &str) -> bool {
    file.ends_with("/kustomization.yaml") || file.ends_with("/kind.yaml") || file.contains("/addons/")
}

fn kubeconform(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let schemas = home().join("schemas");
    let place = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";
    let mut findings = Vec::new();
    for input in inputs {
        let mut command = Command::new(&program.path);
        command.current_dir(tree).args(["-strict", "-output", "json", "-kubernetes-version"]).arg(format!("{}.0", version(tree, input)));
        command.args(["-schema-location", &format!("{}/{{{{.NormalizedKubernetesVersion}}}}/{place}", schemas.display())]);
        command.args(["-schema-location", &format!("{}/crds/{place}", schemas.display())]);
        command.args(input.yaml().filter(|file| !is_tooling(file)));
        for resource in list(&json(&say(&mut command, &[0, 1])?)?["resources"]) {
            let said = words(&resource["msg"]);
            let rule = if resource["status"] == "statusInvalid" { "invalid" } else { "unreadable" };
            // The part before the paths names a schema file of this machine.
            let message = said.split_once("json#' - ").map_or(said.clone(), |(_, after)| after.into());
            let object = format!("{}/{}", words(&resource["kind"]), words(&resource["name"]));
            findings.push(Finding::new("kubeconform", rule, &words(&resource["filename"]), message).about(object));
        }
    }
    Ok(findings)
}

/// Twice: as the README of the tree says, and bare. What only the bare run finds is accepted; what stands on an object and is accepted
/// without need is a finding too.
fn kube_score(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let ignored = waivers::flags(tree, "kube-score", "--ignore-test");
    let mut findings = Vec::new();
    for input in inputs {
        let told: Vec<&str> = ignored.iter().flat_map(|rule| ["--ignore-test", rule]).collect();
        let news = score(program, tree, input, &told)?;
        let mut bare = score(program, tree, input, &["--disable-ignore-checks-annotations", "--disable-optional-checks-annotations"])?;
        for finding in &mut bare {
            finding.accepted = !news.contains(finding);
        }
        for (object, file, rule) in ignore_annotations(tree, input)? {
            if !bare.iter().any(|finding| finding.object == object && finding.file == file && finding.rule == rule) {
                findings.push(Finding::new("kube-score", "unneeded", &file, format!("nothing to ignore: {rule}")).about(object));
            }
        }
        findings.extend(bare);
    }
    Ok(findings)
}

fn score(program: &Program, tree: &Path, input: &Input, told: &[&str]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["score", "--output-format", "json", "--kubernetes-version"]);
    command.arg(format!("v{}", version(tree, input))).args(["--enable-optional-test", "container-seccomp-profile"]).args(told);
    command.args(input.yaml().filter(|file| !is_tooling(file)));
    let answer = json(&say(&mut command, &[0, 1])?)?;
    let mut findings = Vec::new();
    for object in list(&answer) {
        let meta = &object["object_meta"];
        let name = path_of(&[words(&object["type_meta"]["kind"]), words(&meta["namespace"]), words(&meta["name"])]);
        for check in list(&object["checks"]) {
            // Grades: 1 critical, 5 warning, 7 almost good, 10 good.
            if check["skipped"] == true || check["grade"].as_u64().unwrap_or(0) > 5 {
                continue;
            }
            let said =
                list(&check["comments"]).iter().map(|comment| format!("{}: {}", words(&comment["path"]), words(&comment["summary"])));
            let file = relative(tree, &object["file_name"]);
            let message = said.collect::<Vec<_>>().join("; ");
            findings.push(Finding::new("kube-score", &words(&check["check"]["id"]), &file, message).about(name.clone()));
        }
    }
    Ok(findings)
}

/// Object, file and rule of everything that annotations tell kube-score to ignore.
fn ignore_annotations(tree: &Path, input: &Input) -> Result<Vec<(String, String, String)>, String> {
    use serde::Deserialize;
    let mut all = Vec::new();
    for file in input.yaml() {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        for document in yaml_serde::Deserializer::from_str(&text).filter_map(|document| Value::deserialize(document).ok()) {
            let meta = &document["metadata"];
            let object = path_of(&[words(&document["kind"]), words(&meta["namespace"]), words(&meta["name"])]);
            let rules = words(&meta["annotations"]["kube-score/ignore"]);
            all.extend(rules.split(',').filter(|rule| !rule.is_empty()).map(|rule| (object.clone(), file.clone(), rule.to_owned())));
        }
    }
    Ok(all)
}

/// The parts that are not empty, joined by `/`.
fn path_of(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
}

/// An absolute path of an answer, relative to the tree.
pub fn relative(tree: &Path, path: &Value) -> String {
    let path = words(path);
    Path::new(&path).strip_prefix(tree).map_or(path.clone(), |inside| inside.to_string_lossy().into_owned())
}

/// `kubectl kustomize` builds every folder that has a kustomization.
fn kustomize(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for file in inputs.iter().flat_map(|input| input.yaml()).filter(|file| file.ends_with("/kustomization.yaml")) {
        let folder = file.trim_end_matches("/kustomization.yaml");
        if let Err(said) = say(Command::new(&program.path).current_dir(tree).args(["kustomize", folder]), &[0]) {
            let message = said.lines().skip(1).collect::<Vec<_>>().join(" ");
            findings.push(Finding::new("kubectl", "kustomize", file, message));
        }
    }
    Ok(findings)
}

/// promtool reads plain rule files: in a copy of the folder each PrometheusRule is replaced by its `spec`, so that unit tests beside them
/// (files with `rule_files` and `tests`) name the committed files.
fn promtool(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let copy = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (mut rules, mut tests) = (Vec::new(), Vec::new());
    for file in inputs.iter().flat_map(|input| input.yaml()) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let plain = if text.contains("kind: PrometheusRule") {
            rules.push(file);
            groups(&text).map_err(|error| format!("{file}: {error}"))?
        } else if text.lines().any(|line| line.starts_with("rule_files:")) {
            tests.push(file);
            text
        } else {
            continue;
        };
        let target = copy.path().join(file);
        fs::create_dir_all(target.parent().unwrap_or(copy.path())).map_err(|error| error.to_string())?;
        fs::write(target, plain).map_err(|error| error.to_string())?;
    }
    let mut findings = Vec::new();
    for (rule, file) in rules.iter().map(|file| ("check", file)).chain(tests.iter().map(|file| ("test", file))) {
        let command = &mut Command::new(&program.path);
        let verb: &[&str] = if rule == "check" { &["check", "rules", "--lint=all", "--lint-fatal"] } else { &["test", "rules"] };
        if let Err(said) = say(command.current_dir(copy.path()).args(verb).arg(file), &[0]) {
            let message = said.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
            findings.push(Finding::new("promtool", rule, file, message));
        }
    }
    Ok(findings)
}

/// The rules of a folder and their tests, as people run them: each file of tests names the rules beside it.
fn rule_tests(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for file in inputs.iter().flat_map(|input| input.yaml()) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let tests = text.lines().any(|line| line.starts_with("rule_files:"));
        let verb: &[&str] = if tests { &["test", "rules"] } else { &["check", "rules", "--lint=all", "--lint-fatal"] };
        if let Err(said) = say(Command::new(&program.path).current_dir(tree).args(verb).arg(file), &[0]) {
            let message = said.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
            findings.push(Finding::new("promtool", verb[0], file, message));
        }
    }
    Ok(findings)
}

/// The rule groups of every PrometheusRule in a file, as promtool reads them (JSON is YAML).
fn groups(text: &str) -> Result<String, String> {
    use serde::Deserialize;
    let mut groups = Vec::new();
    for document in yaml_serde::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| error.to_string())?;
        if value["kind"] == "PrometheusRule" {
            groups.extend(list(&value["spec"]["groups"]).to_vec());
        }
    }
    Ok(serde_json::json!({ "groups": groups }).to_string())
}
