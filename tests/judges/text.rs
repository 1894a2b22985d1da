//! Judges of text, whatever it configures: PyYAML (what a YAML 1.1 reader sees), Grafana's model of dashboards, yamllint, detect-secrets, actionlint, zizmor,
//! check-jsonschema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::judge::{Finding, Input, Judge, Program, Subject, configuration, fetched, home, json, list, python, say, words};

pub fn judges() -> Vec<Judge> {
    let judge = |name, subject, find, run| Judge { name, subject, batch: false, find, run };
    vec![
        judge("pyyaml", Subject::Tree, find_pyyaml, pyyaml),
        judge("grafana", Subject::Tree, find_grafana, grafana),
        judge("yamllint", Subject::Tree, || fetched("yamllint", &["--version"]), yamllint),
        judge("detect-secrets", Subject::Tree, || fetched("detect-secrets", &["--version"]), detect_secrets),
        judge("trivy", Subject::Tree, || fetched("trivy", &["--version"]), trivy),
        judge("actionlint", Subject::Workflows, find_actionlint, actionlint),
        judge("zizmor", Subject::Workflows, || fetched("zizmor", &["--version"]), zizmor),
        judge("check-jsonschema", Subject::Jobs, || fetched("check-jsonschema", &["--version"]), check_jsonschema),
    ]
}

fn find_pyyaml() -> Result<Program, String> {
    Ok(Program { config: configuration_text("pyyaml.py")?, ..python("PyYAML")? })
}

/// A YAML 1.1 and a YAML 1.2 reader must see the same documents.
fn pyyaml(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    // Workflows are excepted: their key `on` is a word only to the YAML 1.2 reader that they are made for.
    let files: Vec<_> = inputs.iter().flat_map(|input| input.yaml()).filter(|file| !file.contains(".github/workflows/")).collect();
    let script = configuration().join("pyyaml.py");
    let answer = json(&say(Command::new(&program.path).current_dir(tree).arg(script).args(&files), &[0])?)?;
    let mut findings = Vec::new();
    for (file, seen) in files.iter().zip(list(&answer)) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let expected: Result<Vec<Value>, _> = yaml_serde::Deserializer::from_str(&text).map(Value::deserialize).collect();
        let (rule, message) = match (expected, seen.get("error")) {
            (_, Some(error)) => ("unreadable", words(error)),
            (Err(error), None) => ("unreadable", format!("only YAML 1.1 reads it: {error}")),
            (Ok(expected), None) => match difference(&Value::Array(expected), &seen["documents"], "") {
                Some(place) => ("read-differently", place),
                None => continue,
            },
        };
        findings.push(Finding::new("pyyaml", rule, file, message));
    }
    Ok(findings)
}

fn find_grafana() -> Result<Program, String> {
    Ok(Program { config: configuration_text("dashboards.py")?, ..python("grafana-foundation-sdk")? })
}

/// Grafana's own model of dashboards knows every key, and reads every value as it is.
fn grafana(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let files: Vec<_> = inputs.iter().flat_map(|input| input.yaml()).filter(|file| file.ends_with("/monitoring/dashboards.yaml")).collect();
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let script = configuration().join("dashboards.py");
    let answer = json(&say(Command::new(&program.path).current_dir(tree).arg(script).args(&files), &[0])?)?;
    let of_file = |(file, lost): (&&String, &Value)| {
        let paths: Vec<Finding> = list(lost).iter().map(|path| Finding::new("grafana", "unknown-key", file, words(path))).collect();
        paths
    };
    Ok(files.iter().zip(list(&answer)).flat_map(of_file).collect())
}

/// The first place where two readings differ.
fn difference(new: &Value, old: &Value, place: &str) -> Option<String> {
    match (new, old) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) => {
            a.iter().find_map(|(key, value)| difference(value, &b[key], &format!("{place}/{key}")))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (x, y))| difference(x, y, &format!("{place}/{index}")))
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        _ if new == old => None,
        _ => Some(format!("{place}: YAML 1.2 reads {new}, YAML 1.1 reads {old}")),
    }
}

/// Every finding of the output folder, accepted where trivy is silent when it is told. A file that trivy is told about without need is a finding.
fn trivy(program: &Program, tree: &Path, _: &[&Input]) -> Result<Vec<Finding>, String> {
    let run = |told: bool| -> Result<BTreeSet<Finding>, String> {
        let mut command = Command::new(&program.path);
        command.current_dir(tree.join("deploy")).args([
            "config",
            "--quiet",
            "--skip-check-update",
            "--skip-version-check",
            "--disable-telemetry",
        ]);
        command.args(["--format", "json", "--cache-dir"]).arg(home().join("trivy"));
        let nothing = tempfile::Builder::new().suffix(".yaml").tempfile().map_err(|error| error.to_string())?;
        command.arg("--ignorefile").arg(if told { tree.join("deploy/.trivyignore.yaml") } else { nothing.path().to_owned() }).arg(".");
        let answer = json(&say(&mut command, &[0])?)?;
        let results = list(&answer["Results"]).iter();
        let findings = results.flat_map(|result| {
            let file = format!("deploy/{}", words(&result["Target"]));
            list(&result["Misconfigurations"])
                .iter()
                .map(move |one| Finding::new("trivy", &words(&one["ID"]), &file, words(&one["Message"])))
        });
        Ok(findings.collect())
    };
    let (news, all) = (run(true)?, run(false)?);
    let text = fs::read_to_string(tree.join("deploy/.trivyignore.yaml")).map_err(|error| error.to_string())?;
    let ignored: Value = yaml_serde::from_str(&text).map_err(|error| error.to_string())?;
    let named = list(&ignored["misconfigurations"])
        .iter()
        .flat_map(|entry| list(&entry["paths"]).iter().map(|path| (words(&entry["id"]), words(path))));
    let needed = |rule: &str, path: &str| all.iter().any(|one| one.rule == rule && one.file == format!("deploy/{path}"));
    let idle = named.filter(|(rule, path)| !path.contains('*') && !needed(rule, path));
    let idle: Vec<Finding> = idle
        .map(|(rule, path)| Finding::new("trivy", "unneeded", &format!("deploy/{path}"), format!("nothing to ignore: {rule}")))
        .collect();
    Ok(all.into_iter().map(|one| Finding { accepted: !news.contains(&one), ..one }).chain(idle).collect())
}

fn yamllint(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["--format", "parsable", "--config-file", "deploy/.yamllint.yaml"]);
    command.args(inputs.iter().flat_map(|input| input.yaml()));
    // "a/b.yaml:3:7: [error] too many spaces after colon (colons)"
    let out = say(&mut command, &[0, 1])?;
    Ok(out
        .lines()
        .filter_map(|line| {
            let (file, rest) = line.split_once(':')?;
            let (place, said) = rest.split_once(": [")?;
            let (message, rule) = said.trim_end_matches(')').rsplit_once(" (")?;
            let message = format!("line {}: {}", place.split(':').next()?, message.split_once("] ")?.1);
            Some(Finding::new("yamllint", rule, file, message))
        })
        .collect())
}

/// Nothing that looks like a credential, in any file.
fn detect_secrets(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(program.path.with_file_name("detect-secrets-hook"));
    command.current_dir(tree).args(["--json", "--baseline", "deploy/.secrets.baseline"]);
    command.args(inputs.iter().flat_map(|input| &input.files));
    let done = command.output().map_err(|error| format!("detect-secrets-hook: {error}"))?;
    let (said, complaint) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    // It finds nothing and is content when its file names no detectors.
    match done.status.code() {
        _ if complaint.contains("ERROR") => return Err(format!("detect-secrets-hook: {complaint}")),
        Some(0) => return Ok(Vec::new()),
        Some(1) if !said.is_empty() => {}
        _ => return Err(format!("detect-secrets-hook ended with {}: {complaint}", done.status)),
    }
    let answer = json(&said)?;
    let results = answer["results"].as_object().ok_or("answer has no results")?;
    let found = results.iter().flat_map(|(file, found)| list(found).iter().map(move |secret| (file, secret)));
    let told = |(file, secret): (&String, &Value)| {
        Finding::new("detect-secrets", &words(&secret["type"]), file, format!("line {}", secret["line_number"]))
    };
    Ok(found.map(told).collect())
}

/// actionlint, which hands the scripts of `run:` steps to shellcheck.
fn find_actionlint() -> Result<Program, String> {
    let shellcheck = fetched("shellcheck", &["--version"])?;
    Ok(Program { config: format!("shellcheck {}", shellcheck.version), ..fetched("actionlint", &["-version"])? })
}

fn actionlint(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let shellcheck = fetched("shellcheck", &["--version"])?;
    let mut command = Command::new(&program.path);
    command
        .current_dir(tree)
        .args(["-no-color", "-pyflakes=", "-format", "{{json .}}"])
        .arg(format!("-shellcheck={}", shellcheck.path.display()));
    command.args(inputs.iter().flat_map(|input| input.yaml()));
    let answer = json(&say(&mut command, &[0, 1])?)?;
    Ok(list(&answer)
        .iter()
        .map(|error| {
            let message = format!("line {}: {}", error["line"], words(&error["message"]));
            Finding::new("actionlint", &words(&error["kind"]), &words(&error["filepath"]), message)
        })
        .collect())
}

/// zizmor, which looks for what a workflow lends to an attacker.
fn zizmor(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args([
        "--offline",
        "--no-progress",
        "--persona=pedantic",
        "--min-severity=medium",
        "--format=json-v1",
        "--no-exit-codes",
    ]);
    command.args(inputs.iter().flat_map(|input| input.yaml()));
    let answer = json(&say(&mut command, &[0])?)?;
    let told = |finding: &Value| {
        let place = &finding["locations"][0];
        let message = format!("{}: {}", words(&finding["desc"]), words(&place["symbolic"]["annotation"]));
        Finding::new("zizmor", &words(&finding["ident"]), &words(&place["symbolic"]["key"]["Local"]["verbatim_path"]), message)
    };
    Ok(list(&answer).iter().map(told).collect())
}

/// check-jsonschema, with the schema that GitLab publishes for jobs.
fn check_jsonschema(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "--output-format", "json"]);
    command.args(inputs.iter().flat_map(|input| input.yaml()));
    let answer = json(&say(&mut command, &[0, 1])?)?;
    let told = |error: &Value| {
        let message = format!("{}: {}", words(&error["path"]), words(&error["message"]));
        Finding::new("check-jsonschema", "schema", &words(&error["filename"]), message)
    };
    let unread = |error: &Value| Finding::new("check-jsonschema", "unreadable", &words(&error["filename"]), words(&error["message"]));
    Ok(list(&answer["errors"]).iter().map(told).chain(list(&answer["parse_errors"]).iter().map(unread)).collect())
}

/// The text of one of the harness's own files, as part of the cache key.
fn configuration_text(name: &str) -> Result<String, String> {
    fs::read_to_string(configuration().join(name)).map_err(|error| format!("{}: {error}", configuration().join(name).display()))
}
