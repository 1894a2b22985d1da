//! checkov, for Kubernetes documents and Terraform roots: each folder with the rendered configuration, and bare.
//!
//! What only the bare run finds is accepted by the configuration; a skip that the bare run does not need is a finding of its own.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::judge::{Finding, Input, Program, configuration, json, list, python, words};
use super::kubernetes::relative;

/// Lines of documents that checkov has rules for.
const WORKLOADS: [&str; 5] = ["kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: CronJob", "kind: Job"];

/// How skips are written into files, and what makes them mere text.
const SKIPS: [(&str, &str); 2] = [("checkov.io/skip", "checkov.io/kept"), ("checkov:skip=", "checkov:kept=")];

pub fn find() -> Result<Program, String> {
    python("checkov")
}

pub fn run(program: &Program, tree: &Path, inputs: &[&Input], framework: &str) -> Result<Vec<Finding>, String> {
    // No dot in front of its name: checkov leaves hidden folders out.
    let keep = tempfile::Builder::new().prefix("platgen-bare-").tempdir().map_err(|error| error.to_string())?;
    let bare = keep.path().canonicalize().map_err(|error| error.to_string())?;
    for file in inputs.iter().flat_map(|input| &input.files) {
        let copied = copy(&tree.join(file), &bare.join(file));
        copied.map_err(|error| format!("{file}: {error}"))?;
    }
    let mut calls = Vec::new();
    for input in inputs {
        // Given a relative folder, it doubles the folder in its answers.
        let told = |root: &Path| {
            let folder = root.join(&input.path).to_string_lossy().into_owned();
            ["--framework", framework, "--output", "json", "--compact", "--skip-download", "--directory", &folder]
                .map(String::from)
                .to_vec()
        };
        let mut configured = told(tree);
        configured.extend(["--config-file".into(), tree.join("deploy/.checkov.yaml").to_string_lossy().into_owned()]);
        calls.extend([configured, told(&bare)]);
    }
    let answers = answers(program, &bare, &calls)?;
    let mut findings = Vec::new();
    for (input, pair) in inputs.iter().zip(answers.chunks(2)) {
        let [told, alone] = pair else { return Err("checkov gave too few answers".into()) };
        let news: BTreeSet<_> = checks(told, "failed_checks", tree, framework).into_iter().map(key).collect();
        let mut failed = checks(alone, "failed_checks", &bare, framework);
        let known: BTreeSet<_> = failed.iter().cloned().map(key).collect();
        for finding in &mut failed {
            finding.accepted = !news.contains(&key(finding.clone()));
        }
        if let Some(more) = news.difference(&known).next() {
            return Err(format!("checkov finds more with its configuration than without: {more:?}"));
        }
        let skipped = checks(told, "skipped_checks", tree, framework).into_iter().filter(|skip| !known.contains(&key(skip.clone())));
        findings.extend(skipped.map(|skip| Finding {
            message: format!("nothing to skip: {}", skip.rule),
            rule: "unneeded".into(),
            ..skip
        }));
        findings.extend(failed);
        findings.extend(unread(alone, &bare, input, framework)?);
    }
    Ok(findings)
}

/// A file in which nothing is skipped.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut text = String::from_utf8_lossy(&fs::read(from)?).into_owned();
    for (skip, kept) in SKIPS {
        text = text.replace(skip, kept);
    }
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    fs::write(to, text)
}

/// One report per call.
fn answers(program: &Program, home: &Path, calls: &[Vec<String>]) -> Result<Vec<Vec<Value>>, String> {
    let mut command = Command::new(&program.path);
    // Its own settings must not depend on the machine, so its home and folder have none.
    command.arg(configuration().join("run_checkov.py")).current_dir(home).env("HOME", home).env("LOG_LEVEL", "ERROR");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| format!("checkov: {error}"))?;
    let asked = serde_json::to_vec(calls).map_err(|error| error.to_string())?;
    child.stdin.take().ok_or("checkov takes no input")?.write_all(&asked).map_err(|error| format!("checkov: {error}"))?;
    let done = child.wait_with_output().map_err(|error| format!("checkov: {error}"))?;
    let complaint = || String::from_utf8_lossy(&done.stderr).lines().rev().take(6).collect::<Vec<_>>().join("\n");
    if !done.status.success() {
        return Err(format!("checkov ended with {}:\n{}", done.status, complaint()));
    }
    let mut reports = Vec::new();
    for answer in list(&json(&String::from_utf8_lossy(&done.stdout))?) {
        let (code, said) = (&answer[1], answer[2].as_str().unwrap_or_default());
        if *code != 0 && *code != 1 {
            return Err(format!("checkov ended with {code} for {}:\n{}", answer[0], complaint()));
        }
        // A list where several kinds of report are made of one folder.
        let report = json(said)?;
        reports.push(if report.is_array() { list(&report).to_vec() } else { vec![report] });
    }
    match reports.len() == calls.len() {
        true => Ok(reports),
        false => Err("checkov gave too few answers".into()),
    }
}

fn key(finding: Finding) -> (String, String, String) {
    (finding.rule, finding.object, finding.file)
}

/// Checks of one outcome.
fn checks(reports: &[Value], outcome: &str, root: &Path, framework: &str) -> Vec<Finding> {
    let all = reports.iter().flat_map(|report| list(&report["results"][outcome]));
    all.map(|check| {
        let resource = words(&check["resource"]);
        let object = if framework == "kubernetes" { resource.replacen('.', "/", 2) } else { resource };
        let file = relative(root, &check["file_abs_path"]);
        Finding::new("checkov", &words(&check["check_id"]), &file, words(&check["check_name"])).about(object)
    })
    .collect()
}

/// Documents that its reader does not like: it leaves them out without a word.
fn unread(reports: &[Value], root: &Path, input: &Input, framework: &str) -> Result<Vec<Finding>, String> {
    let errors = reports.iter().flat_map(|report| list(&report["results"]["parsing_errors"]));
    let mut unread: Vec<_> = errors.map(|file| relative(root, file)).collect();
    if framework == "kubernetes" {
        let checks = ["passed_checks", "failed_checks"].map(|outcome| checks(reports, outcome, root, framework));
        let seen: BTreeSet<_> = checks.into_iter().flatten().map(|check| check.file).collect();
        for file in input.yaml().filter(|file| !seen.contains(*file)) {
            let text = fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
            if text.lines().any(|line| WORKLOADS.contains(&line.trim_end())) {
                unread.push(file.clone());
            }
        }
    }
    Ok(unread.iter().map(|file| Finding::new("checkov", "unread", file, "cannot be read")).collect())
}
