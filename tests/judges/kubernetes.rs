//! Judges of Kubernetes documents: kubeconform (schemas), kube-score (practice), checkov (security), kubectl (kustomize), promtool (rules).

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::judge::{Finding, Input, Judge, Program, Subject, configuration, fetched, home, json, list, on_path, python, say, words};

/// Lines of documents that checkov has rules for.
const WORKLOADS: [&str; 5] = ["kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: CronJob", "kind: Job"];

/// The version judged for when the documents name none.
const DEFAULT_VERSION: &str = "1.35";

pub fn judges() -> Vec<Judge> {
    let manifests = |name, batch, find, run| Judge { name, subject: Subject::Manifests, batch, find, run };
    vec![
        manifests("kubeconform", false, find_kubeconform, kubeconform),
        manifests("kube-score", false, || fetched("kube-score", &["version"]), kube_score),
        manifests(
            "checkov",
            // Given several folders, it takes the documents of one for those of the next.
            false,
            || fetched("checkov", &["--version"]),
            |program, tree, inputs| checkov(program, tree, inputs, "kubernetes"),
        ),
        manifests("kubectl", false, || on_path("kubectl", &["version", "--client"]), kustomize),
        manifests("promtool", false, || fetched("promtool", &["--version"]), promtool),
    ]
}

/// kubeconform with the schemas that `schemas.py` writes; custom kinds need PLATGEN_CRDS.
fn find_kubeconform() -> Result<Program, String> {
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
fn version(tree: &Path, input: &Input) -> String {
    let named = input.yaml().find_map(|file| {
        let text = fs::read_to_string(tree.join(file)).ok()?;
        let after = text.split_once("pod-security.kubernetes.io/enforce-version:")?.1;
        let word: String =
            after.trim_start_matches([' ', '"', '\'', 'v']).chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        (!word.is_empty()).then_some(word)
    });
    named.unwrap_or_else(|| DEFAULT_VERSION.into())
}

/// Files that are instructions to kustomize or kind, not objects of the cluster.
fn is_tooling(file: &str) -> bool {
    file.ends_with("/kustomization.yaml") || file.ends_with("/kind.yaml")
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
            findings.push(Finding {
                judge: "kubeconform".into(),
                rule: if resource["status"] == "statusInvalid" { "invalid" } else { "unreadable" }.into(),
                object: format!("{}/{}", words(&resource["kind"]), words(&resource["name"])),
                file: words(&resource["filename"]),
                // The part before the paths names a schema file of this machine.
                message: said.split_once("json#' - ").map_or(said.clone(), |(_, after)| after.into()),
            });
        }
    }
    Ok(findings)
}

fn kube_score(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for input in inputs {
        let mut command = Command::new(&program.path);
        command
            .current_dir(tree)
            .args(["score", "--output-format", "json", "--kubernetes-version"])
            .arg(format!("v{}", version(tree, input)));
        command.args(["--enable-optional-test", "container-seccomp-profile"]);
        command.args(["--disable-ignore-checks-annotations", "--disable-optional-checks-annotations"]);
        command.args(input.yaml().filter(|file| !is_tooling(file)));
        let answer = json(&say(&mut command, &[0, 1])?)?;
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
                findings.push(Finding {
                    judge: "kube-score".into(),
                    rule: words(&check["check"]["id"]),
                    object: name.clone(),
                    file: relative(tree, &object["file_name"]),
                    message: said.collect::<Vec<_>>().join("; "),
                });
            }
        }
    }
    Ok(findings)
}

/// The parts that are not empty, joined by `/`.
fn path_of(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("/")
}

/// checkov over all inputs at once: it takes seconds to start. Skips written into the files count: they carry their reason.
pub fn checkov(program: &Program, tree: &Path, inputs: &[&Input], framework: &str) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["--framework", framework, "--output", "json", "--compact", "--skip-download"]);
    // Its own settings must not depend on the machine.
    command.env("HOME", tree).env("LOG_LEVEL", "ERROR");
    for input in inputs {
        // Given a relative folder, it doubles the folder in its answers.
        command.arg("--directory").arg(tree.join(&input.path));
    }
    // One answer per folder, one after the other; a list where several kinds of report are made of one.
    let said = say(&mut command, &[0, 1])?;
    let mut reports = Vec::new();
    for answer in serde_json::Deserializer::from_str(&said).into_iter::<Value>() {
        let answer = answer.map_err(|error| format!("answer is not JSON ({error}): {}", said.chars().take(200).collect::<String>()))?;
        reports.extend(if answer.is_array() { list(&answer).to_vec() } else { vec![answer] });
    }
    if reports.is_empty() {
        return Err("checkov answered nothing".into());
    }
    let mut findings = Vec::new();
    for failed in reports.iter().flat_map(|report| list(&report["results"]["failed_checks"])) {
        let resource = words(&failed["resource"]);
        findings.push(Finding {
            judge: "checkov".into(),
            rule: words(&failed["check_id"]),
            object: if framework == "kubernetes" { resource.replacen('.', "/", 2) } else { resource },
            file: relative(tree, &failed["file_abs_path"]),
            message: words(&failed["check_name"]),
        });
    }
    let mut unread: Vec<_> =
        reports.iter().flat_map(|report| list(&report["results"]["parsing_errors"])).map(|file| relative(tree, file)).collect();
    if framework == "kubernetes" {
        // A document that its reader does not like is left out without a word.
        let checks = reports
            .iter()
            .flat_map(|report| list(&report["results"]["passed_checks"]).iter().chain(list(&report["results"]["failed_checks"])));
        let seen: BTreeSet<_> = checks.map(|check| relative(tree, &check["file_abs_path"])).collect();
        for file in inputs.iter().flat_map(|input| input.yaml()).filter(|file| !seen.contains(*file)) {
            let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
            if text.lines().any(|line| WORKLOADS.contains(&line.trim_end())) {
                unread.push(file.clone());
            }
        }
    }
    findings.extend(unread.into_iter().map(|file| Finding {
        judge: "checkov".into(),
        rule: "unread".into(),
        object: String::new(),
        file,
        message: "cannot be read".into(),
    }));
    Ok(findings)
}

/// An absolute path of an answer, relative to the tree.
fn relative(tree: &Path, path: &Value) -> String {
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
            findings.push(Finding {
                judge: "kubectl".into(),
                rule: "kustomize".into(),
                object: String::new(),
                file: file.clone(),
                message,
            });
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
            findings.push(Finding { judge: "promtool".into(), rule: rule.into(), object: String::new(), file: (*file).clone(), message });
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
