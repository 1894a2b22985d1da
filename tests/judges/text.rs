//! Judges of text, whatever it configures: PyYAML (what a YAML 1.1 reader sees), yamllint, detect-secrets, actionlint, amtool.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::judge::{Finding, Input, Judge, Program, Subject, configuration, fetched, json, list, python, say, words};

pub fn judges() -> Vec<Judge> {
    let judge = |name, subject, find, run| Judge { name, subject, batch: false, find, run };
    vec![
        judge("pyyaml", Subject::Tree, find_pyyaml, pyyaml),
        judge("yamllint", Subject::Tree, find_yamllint, yamllint),
        judge("detect-secrets", Subject::Tree, || fetched("detect-secrets", &["--version"]), detect_secrets),
        judge("actionlint", Subject::Workflows, find_actionlint, actionlint),
        judge("amtool", Subject::Tree, || fetched("amtool", &["--version"]), amtool),
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
        findings.push(Finding { judge: "pyyaml".into(), rule: rule.into(), object: String::new(), file: (*file).clone(), message });
    }
    Ok(findings)
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

fn find_yamllint() -> Result<Program, String> {
    Ok(Program { config: configuration_text("yamllint.yaml")?, ..fetched("yamllint", &["--version"])? })
}

fn yamllint(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["--format", "parsable", "--config-file"]).arg(configuration().join("yamllint.yaml"));
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
            Some(Finding { judge: "yamllint".into(), rule: rule.into(), object: String::new(), file: file.into(), message })
        })
        .collect())
}

/// Lines that only look like secrets: settings that name a token, the name of a variable that an ExternalSecret fills, and what an image's
/// bytes hash to.
const NO_SECRET: [&str; 4] = [
    r"^\s*automountServiceAccountToken: false$",
    r#"^\s*http_tokens\s*= "required"$"#,
    r"^\s*- secretKey: [A-Za-z_][A-Za-z0-9_]*$",
    r"^\s*(- )?image: \S+@sha256:[0-9a-f]{64}$",
];

/// Nothing that looks like a credential, in any file.
fn detect_secrets(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["scan", "--all-files", "--no-verify"]);
    command.args(NO_SECRET.iter().flat_map(|line| ["--exclude-lines", line])).args(inputs.iter().flat_map(|input| &input.files));
    let answer = json(&say(&mut command, &[0])?)?;
    let results = answer["results"].as_object().ok_or("answer has no results")?;
    Ok(results
        .iter()
        .flat_map(|(file, found)| list(found).iter().map(move |secret| (file, secret)))
        .map(|(file, secret)| Finding {
            judge: "detect-secrets".into(),
            rule: words(&secret["type"]),
            object: String::new(),
            file: file.clone(),
            message: format!("line {}", secret["line_number"]),
        })
        .collect())
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
        .map(|error| Finding {
            judge: "actionlint".into(),
            rule: words(&error["kind"]),
            object: String::new(),
            file: words(&error["filepath"]),
            message: format!("line {}: {}", error["line"], words(&error["message"])),
        })
        .collect())
}

/// Plain Alertmanager configurations (`alertmanager*.yaml` with a `route:`); an AlertmanagerConfig object is kubeconform's.
fn amtool(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for file in inputs.iter().flat_map(|input| input.yaml()) {
        let text = fs::read_to_string(tree.join(file)).map_err(|error| format!("{file}: {error}"))?;
        if !file.rsplit('/').next().is_some_and(|name| name.starts_with("alertmanager"))
            || !text.lines().any(|line| line.starts_with("route:"))
        {
            continue;
        }
        if let Err(said) = say(Command::new(&program.path).current_dir(tree).args(["check-config", file]), &[0]) {
            let message = said.lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ");
            findings.push(Finding { judge: "amtool".into(), rule: "config".into(), object: String::new(), file: file.clone(), message });
        }
    }
    Ok(findings)
}

/// The text of one of the harness's own files, as part of the cache key.
fn configuration_text(name: &str) -> Result<String, String> {
    fs::read_to_string(configuration().join(name)).map_err(|error| format!("{}: {error}", configuration().join(name).display()))
}
