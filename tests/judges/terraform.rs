//! Judges of Terraform roots: tfcheck (fmt, init, validate, plan, apply, policy against provider schemas), tflint.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::cache::hex;
use super::checkov;
use super::judge::{Finding, Input, Judge, Program, Subject, fetched, json, list, on_path, say, words};
use super::{cluster_plan, network_plan, resources};

pub fn judges() -> Vec<Judge> {
    let root = |name, batch, find, run| Judge { name, subject: Subject::Root, batch, find, run };
    vec![
        root("tfcheck", true, find_tfcheck, tfcheck),
        root("tflint", false, || fetched("tflint", &["--version"]), tflint),
        root("checkov", true, checkov::find, |program, tree, inputs| checkov::run(program, tree, inputs, "terraform")),
    ]
}

/// The program that PLATGEN_TFCHECK names; it needs a real terraform.
fn find_tfcheck() -> Result<Program, String> {
    let path = PathBuf::from(env::var_os("PLATGEN_TFCHECK").ok_or("tfcheck not found: set PLATGEN_TFCHECK to its path")?);
    let terraform = on_path("terraform", &["version"])?;
    let bytes = fs::read(&path).map_err(|error| format!("PLATGEN_TFCHECK={}: {error}", path.display()))?;
    let config = hex(&Sha256::digest([&bytes, resources::TEXT.as_bytes()].concat()));
    Ok(Program { version: terraform.version.replace("Terraform ", "terraform "), config, path })
}

fn tfcheck(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let answer = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let mut command = Command::new(&program.path);
    command.current_dir(tree).args(["--fmt", "--policy", "--apply"]);
    if inputs.iter().any(|input| input.files.iter().any(|file| file.ends_with(".tftest.hcl"))) {
        command.arg("--test");
    }
    command.arg("--json").arg(answer.path()).args(inputs.iter().map(|input| &input.path));
    say(&mut command, &[0, 1])?;
    let roots = json(&fs::read_to_string(answer.path()).map_err(|error| error.to_string())?)?;
    let mut findings = Vec::new();
    for root in list(&roots) {
        for error in list(&root["errors"]) {
            // "plan: terraform/a/main.tf:15: No value for required variable - ..."; some name no file.
            let said = words(error);
            let (stage, text) = said.split_once(": ").unwrap_or(("error", &said));
            let folder = words(&root["root"]);
            let file = text.split(':').next().filter(|file| file.starts_with(&folder)).map_or(folder, str::to_owned);
            findings.push(Finding::new("tfcheck", stage, &file, text));
        }
        let folder = words(&root["root"]);
        if folder.ends_with("/network") && root["planned"].is_array() {
            findings.extend(network_plan::judge(&folder, &root["planned"])?);
        }
        if folder.ends_with("/cluster") && root["planned"].is_array() {
            findings.extend(cluster_plan::judge(tree, &folder, &root["planned"])?);
        }
        // What can't be planned has a finding already; the table knows nothing of random specs.
        let listed = |input: &&&Input| words(&root["root"]) == input.path && !input.tree.starts_with("random-");
        if let Some(input) = inputs.iter().find(listed).filter(|_| root["planned"].is_array()) {
            findings.extend(resources::compare(&input.tree, &input.path, &root["planned"])?);
        }
    }
    // Every root that was asked for must have been judged.
    let missing: Vec<_> = inputs.iter().filter(|input| !list(&roots).iter().any(|root| words(&root["root"]) == input.path)).collect();
    match missing.first() {
        Some(input) => Err(format!("tfcheck did not judge {}", input.path)),
        None => Ok(findings),
    }
}

fn tflint(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for input in inputs {
        let mut command = Command::new(&program.path);
        command.current_dir(tree).args(["--format", "json", "--chdir", &input.path, "--config"]).arg(tree.join("deploy/.tflint.hcl"));
        // Exit code 2 is "issues found".
        let answer = json(&say(&mut command, &[0, 2])?)?;
        for issue in list(&answer["issues"]) {
            let message = format!("line {}: {}", issue["range"]["start"]["line"], words(&issue["message"]));
            findings.push(Finding::new("tflint", &words(&issue["rule"]["name"]), &words(&issue["range"]["filename"]), message));
        }
    }
    Ok(findings)
}
