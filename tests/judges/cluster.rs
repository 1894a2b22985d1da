//! A real API server, asked by a dry run: admission, CEL rules and defaulting that no schema knows. Never required.
//!
//! With KUBECONFIG set and PLATGEN_CLUSTER=dry-run. A dry run needs the namespace of what it is asked about and the definitions of custom kinds,
//! so these two are written; nothing else is. Take a cluster that is there to be thrown away.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::judge::{Finding, Input, Judge, Program, Subject, on_path, say};
use super::kubernetes::is_tooling;

pub fn judge() -> Judge {
    Judge { name: "cluster", subject: Subject::Manifests, batch: false, optional: true, find, run }
}

fn find() -> Result<Program, String> {
    let set = |name: &str| env::var(name).unwrap_or_default();
    wanted(&set("KUBECONFIG"), &set("PLATGEN_CLUSTER"))?;
    let program = on_path("kubectl", &["version", "--client"])?;
    // A cluster that was asked for and does not answer is no reason to be silent: the first trial says so.
    let server = say(Command::new(&program.path).args(["version", "--output", "json"]), &[0]).unwrap_or_default();
    let server: Value = serde_json::from_str(&server).unwrap_or_default();
    Ok(Program { version: server["serverVersion"]["gitVersion"].as_str().unwrap_or("no answer").into(), ..program })
}

/// Both have to be said: that a cluster is known does not mean that it may be asked.
fn wanted(kubeconfig: &str, cluster: &str) -> Result<(), String> {
    match (kubeconfig, cluster) {
        ("", _) | (_, "") => Err("no cluster: set KUBECONFIG and PLATGEN_CLUSTER=dry-run (writes namespaces and definitions only)".into()),
        (_, "dry-run") => Ok(()),
        (_, other) => Err(format!("PLATGEN_CLUSTER={other} is no mode: there is `dry-run`")),
    }
}

fn run(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    ask(program, tree, inputs, env::var("PLATGEN_CRDS").ok().as_deref())
}

fn ask(program: &Program, tree: &Path, inputs: &[&Input], definitions: Option<&str>) -> Result<Vec<Finding>, String> {
    let kubectl = || {
        let mut command = Command::new(&program.path);
        command.current_dir(tree).args(["apply", "--server-side", "--validate=strict"]);
        command
    };
    let mut findings = Vec::new();
    for input in inputs {
        if let Some(folder) = definitions {
            say(kubectl().args(["--recursive", "--filename", folder]), &[0])?;
            say(Command::new(&program.path).args(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]), &[0])?;
        }
        let files: Vec<&String> = input.yaml().filter(|file| !is_tooling(file)).collect();
        let namespaces = namespaces(tree, &files)?;
        if !namespaces.is_empty() {
            let list = tempfile::NamedTempFile::with_suffix(".json").map_err(|error| error.to_string())?;
            let items = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": namespaces});
            fs::write(list.path(), items.to_string()).map_err(|error| error.to_string())?;
            say(kubectl().arg("--filename").arg(list.path()), &[0])?;
        }
        let mut command = kubectl();
        command.args(["--dry-run=server", "--warnings-as-errors"]).args(files.iter().flat_map(|file| ["--filename", file]));
        let done = command.output().map_err(|error| format!("kubectl: {error}"))?;
        let told = read(&String::from_utf8_lossy(&done.stderr), &input.path, &files);
        if !done.status.success() && told.is_empty() {
            return Err(format!("kubectl ended with {} and said nothing", done.status));
        }
        findings.extend(told);
    }
    Ok(findings)
}

/// The Namespace objects of the files.
fn namespaces(tree: &Path, files: &[&String]) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        for document in yaml_serde::Deserializer::from_str(&text) {
            let value = Value::deserialize(document).map_err(|error| format!("{file}: {error}"))?;
            if value["apiVersion"] == "v1" && value["kind"] == "Namespace" {
                all.push(value);
            }
        }
    }
    Ok(all)
}

/// Each complaint as a finding about the file that it names, else about the folder.
fn read(said: &str, folder: &str, files: &[&String]) -> Vec<Finding> {
    let count = |line: &str| line.starts_with("error: ") && (line.ends_with(" warning received") || line.ends_with(" warnings received"));
    let lines = said.lines().filter(|line| !line.trim().is_empty() && !count(line));
    let finding = |line: &str| {
        let file = files.iter().find(|file| line.contains(file.as_str())).map_or(folder, |file| file.as_str());
        let rule = if line.starts_with("Warning: ") { "warning" } else { "refused" };
        Finding::new("cluster", rule, file, line.trim())
    };
    lines.map(finding).collect()
}

/// A kubectl that notes what it is asked, and answers as an API server would that knows one deprecated kind and refuses one field.
const FAKE: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/asked"
case "$*" in
  *dry-run=server*bad.yaml*)
    echo "Warning: policy/v1beta1 PodDisruptionBudget is deprecated" >&2
    echo 'Error from server (BadRequest): error when creating "a/bad.yaml": strict decoding error: unknown field "spec.x"' >&2
    echo "error: 1 warning received" >&2
    exit 1;;
  *dry-run=server*) echo "deployment.apps/web serverside-applied (server dry run)"; exit 0;;
  *.json*) [ -e "$here/closed" ] && { echo "error: You must be logged in to the server (Unauthorized)" >&2; exit 1; }
    cp "${*##* }" "$here/written"; exit 0;;
esac
"#;

/// This file's logic against the kubectl above; no cluster is needed.
pub fn prove() -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).map_err(|error| error.to_string());
    fs::create_dir(place.path().join("a")).map_err(|error| error.to_string())?;
    write("kubectl", FAKE)?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path().join("kubectl"), mode).map_err(|error| error.to_string())?;
    write(
        "a/all.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
    )?;
    write("a/bad.yaml", "apiVersion: v1\nkind: ConfigMap\n")?;
    write("a/kustomization.yaml", "resources: []\n")?;
    let program = Program { path: place.path().join("kubectl"), version: String::new(), config: String::new() };
    let asking = |files: &[&str]| {
        let files = files.iter().map(ToString::to_string).collect();
        let input = Input { subject: Subject::Manifests, tree: String::new(), path: "a".into(), files, hash: String::new() };
        let found = ask(&program, place.path(), &[&input], Some("/crds"));
        let asked = fs::read_to_string(place.path().join("asked")).unwrap_or_default();
        let _ = fs::remove_file(place.path().join("asked"));
        (found, asked.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let (good, asked) = asking(&["a/all.yaml", "a/kustomization.yaml"]);
    let written = fs::read_to_string(place.path().join("written")).unwrap_or_default();
    let (bad, _) = asking(&["a/all.yaml", "a/bad.yaml"]);
    let bad = bad?;
    write("closed", "")?;
    let (closed, _) = asking(&["a/all.yaml"]);
    let writes: Vec<&String> = asked.iter().filter(|line| line.starts_with("apply") && !line.contains("--dry-run=server")).collect();
    let rules: Vec<&str> = bad.iter().map(|finding| finding.rule.as_str()).collect();
    let checks = [
        ("is content with what the server accepts", good.as_ref().is_ok_and(Vec::is_empty)),
        ("sends definitions, waits, sends namespaces, then asks", asked.len() == 4 && asked[1].starts_with("wait")),
        (
            "writes definitions and namespaces and nothing else",
            writes.len() == 2 && writes[0].contains("/crds") && writes[1].contains(".json"),
        ),
        ("writes the Namespace and not what stands beside it", written.contains("\"shop\"") && !written.contains("Secret")),
        (
            "asks strictly, and about objects only",
            asked[3].contains("--validate=strict --dry-run=server --warnings-as-errors") && !asked[3].contains("kustomization"),
        ),
        ("takes warnings and refusals for findings", rules == ["warning", "refused"]),
        ("names the file that is refused", bad.iter().any(|finding| finding.file == "a/bad.yaml" && finding.message.contains("spec.x"))),
        ("fails where the server does not answer", closed.is_err_and(|error| error.contains("Unauthorized"))),
        ("asks for both variables", wanted("", "dry-run").is_err() && wanted("/k", "").is_err() && wanted("/k", "dry-run").is_ok()),
        ("knows no other mode", wanted("/k", "apply").is_err()),
    ];
    match checks.iter().find(|(_, holds)| !holds) {
        Some((rule, _)) => Err(format!("no longer {rule}: {asked:?} {bad:?}")),
        None => Ok(()),
    }
}
