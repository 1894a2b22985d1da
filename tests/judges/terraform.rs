//! Judges of Terraform roots: tfcheck (fmt, init, validate, plan, apply, test, policy against provider schemas) with Terraform and with OpenTofu, tflint,
//! trivy.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::cache::hex;
use super::checkov;
use super::judge::{Fault, Finding, Input, Judge, Program, Subject, fetched, home, json, list, on_path, say, words};
use super::{
    address_plan, bootstrap_plan, cluster_plan, data_plan, global_plan, iam, interconnect_plan, network_plan, node_plan, pipelines_plan,
    resources, states, vpn_plan,
};

pub fn judges() -> Vec<Judge> {
    let root = |name, batch, find, run| Judge { name, subject: Subject::Root, batch, find, run };
    vec![
        root("tfcheck", true, find_tfcheck, tfcheck),
        root("tofu", true, find_tofu, |program, tree, inputs| {
            let answer = check(program, tree, inputs, "tofu", &tofu_settings()?)?;
            Ok(answer.iter().flat_map(|(_, findings)| findings.clone()).collect())
        }),
        root("tflint", false, || fetched("tflint", &["--version"]), tflint),
        root("checkov", true, checkov::find, |program, tree, inputs| checkov::run(program, tree, inputs, "terraform")),
    ]
}

/// The program that PLATGEN_TFCHECK names, written anew; it needs a real terraform.
fn find_tfcheck() -> Result<Program, String> {
    let terraform = on_path("terraform", &["version"])?;
    let (path, own) = tailored("terraform", &AS_ROOT)?;
    let config = hex(&Sha256::digest([own.as_bytes(), resources::TEXT.as_bytes(), data_plan::TEXT.as_bytes()].concat()));
    Ok(Program { version: terraform.version.replace("Terraform ", "terraform "), config, path })
}

fn tfcheck(program: &Program, tree: &Path, inputs: &[&Input]) -> Result<Vec<Finding>, String> {
    let mut all = Vec::new();
    // The states of the applies are kept for the judges of whole regions.
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let answer = check(program, tree, inputs, "tfcheck", &[("TMPDIR", scratch.path().to_path_buf()), ("TFCHECK_SCHEMAS", schemas()?)])?;
    states::keep(scratch.path(), tree, program, inputs)?;
    for (root, findings) in answer {
        all.extend(findings);
        let folder = words(&root["root"]);
        // What can't be planned has a finding already.
        if !root["planned"].is_array() {
            continue;
        }
        for (rule, faults) in planned_faults(tree, &folder, &root["planned"])? {
            all.extend(faults.into_iter().map(|(object, message)| Finding::new("tfcheck", rule, &folder, message).about(object)));
        }
        // The table knows nothing of random specs.
        let listed = |input: &&&Input| folder == input.path && !input.tree.starts_with("random-");
        if let Some(input) = inputs.iter().find(listed) {
            all.extend(resources::compare(&input.tree, &input.path, &root["planned"])?);
            let faults = data_plan::compare(&input.tree, &input.path, &root["planned"])?;
            all.extend(faults.into_iter().map(|(object, message)| Finding::new("tfcheck", "data", &folder, message).about(object)));
        }
    }
    Ok(all)
}

/// What is wrong with the plan of a root, by the rule of the finding.
fn planned_faults(tree: &Path, folder: &str, planned: &Value) -> Result<Vec<(&'static str, Vec<Fault>)>, String> {
    let mut all = faults_of_layer(tree, folder, planned)?;
    all.push(("policies", iam::malformed(planned)));
    Ok(all)
}

/// What is wrong with the plan of a root of its layer.
fn faults_of_layer(tree: &Path, folder: &str, planned: &Value) -> Result<Vec<(&'static str, Vec<Fault>)>, String> {
    if folder.contains("terraform/bootstrap/") {
        return Ok(vec![("bootstrap", bootstrap_plan::faults(planned)?), ("pipelines", pipelines_plan::judge(tree, folder, planned)?)]);
    }
    if folder.contains("/interconnect/") {
        return Ok(vec![("interconnect", interconnect_plan::judge(tree, folder, planned)?)]);
    }
    Ok(match folder.rsplit('/').next() {
        Some("global") => vec![("global", global_plan::judge(tree, folder, planned)?)],
        Some("network") => vec![
            ("network", network_plan::faults(planned)?),
            ("vpn", vpn_plan::faults(planned)),
            ("pipelines", pipelines_plan::roles(tree, folder, planned)?),
            ("addresses", address_plan::judge(tree, folder, planned)?),
        ],
        Some("cluster") => vec![
            ("cluster", cluster_plan::judge(tree, folder, planned)?),
            ("nodes", node_plan::judge(tree, folder, planned)?),
            ("pipelines", pipelines_plan::roles(tree, folder, planned)?),
            ("addresses", address_plan::judge(tree, folder, planned)?),
        ],
        Some("data") => vec![("data", data_plan::faults(planned)?), ("pipelines", pipelines_plan::roles(tree, folder, planned)?)],
        _ => Vec::new(),
    })
}

/// What a run of tfcheck says of each root, and the errors in it as findings of `judge`.
fn check(
    program: &Program,
    tree: &Path,
    inputs: &[&Input],
    judge: &str,
    settings: &[(&str, PathBuf)],
) -> Result<Vec<(Value, Vec<Finding>)>, String> {
    let answer = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let mut command = Command::new(&program.path);
    command.current_dir(tree).envs(settings.iter().cloned()).args(["--fmt", "--policy", "--apply"]);
    // Who gives a folder for scratch wants to find what is left in it.
    if settings.iter().any(|(name, _)| *name == "TMPDIR") {
        command.arg("--keep");
    }
    if inputs.iter().any(|input| input.files.iter().any(|file| file.ends_with(".tftest.hcl"))) {
        command.arg("--test");
    }
    command.arg("--json").arg(answer.path()).args(inputs.iter().map(|input| &input.path));
    say(&mut command, &[0, 1])?;
    let roots = json(&fs::read_to_string(answer.path()).map_err(|error| error.to_string())?)?;
    // Every root that was asked for must have been judged.
    if let Some(input) = inputs.iter().find(|input| !list(&roots).iter().any(|root| words(&root["root"]) == input.path)) {
        return Err(format!("{judge} did not judge {}", input.path));
    }
    let finding = |folder: &str, error: &Value| {
        // "plan: terraform/a/main.tf:15: No value for required variable - ..."; some name no file.
        let said = words(error);
        let (stage, text) = said.split_once(": ").unwrap_or(("error", &said));
        let file = text.split(':').next().filter(|file| file.starts_with(folder)).unwrap_or(folder);
        Finding::new(judge, stage, file, text)
    };
    let judged = |root: &Value| {
        let folder = words(&root["root"]);
        (root.clone(), list(&root["errors"]).iter().map(|error| finding(&folder, error)).collect())
    };
    Ok(list(&roots).iter().map(judged).collect())
}

/// A text of tfcheck, and what stands there instead.
type Change = [&'static str; 2];

/// The line of tfcheck that names the registry of providers, and the same for OpenTofu, whose providers have addresses of its own registry.
const REGISTRY: Change = ["\nREGISTRY = \"registry.terraform.io\"\n", "\nREGISTRY = \"registry.opentofu.org\"\n"];

/// Who runs Terraform: the root user of the account that the root is for. A bootstrap root refuses others, and tfcheck makes somebody up.
const AS_ROOT: [Change; 2] = [
    [
        "            dt = cfg.get(\"default_tags\") or []\n",
        "            c[\"account\"] = (list(cfg.get(\"allowed_account_ids\") or []) + [ACCOUNT])[0]\n            dt = cfg.get(\"default_tags\") or []\n",
    ],
    [
        "        if n == \"arn\" or n.endswith(\"_arn\"):\n",
        "        if n == \"issuer_arn\":\n            return f\"arn:aws:iam::{self.conf['account']}:root\"\n        if n == \"arn\" or n.endswith(\"_arn\"):\n",
    ],
];

/// The program that PLATGEN_TFCHECK names.
fn named() -> Result<PathBuf, String> {
    env::var_os("PLATGEN_TFCHECK").map(PathBuf::from).ok_or_else(|| "tfcheck not found: set PLATGEN_TFCHECK to its path".to_owned())
}

/// The schemas of providers, which tfcheck looks for beside itself.
fn schemas() -> Result<PathBuf, String> {
    let beside = named()?.canonicalize().map_err(|error| error.to_string())?.with_file_name("../provider-schemas");
    Ok(env::var_os("TFCHECK_SCHEMAS").map_or(beside, PathBuf::from))
}

/// A copy of tfcheck with changes, and its hash.
fn tailored(name: &str, changes: &[Change]) -> Result<(PathBuf, String), String> {
    let path = named()?;
    let mut text = fs::read_to_string(&path).map_err(|error| format!("PLATGEN_TFCHECK={}: {error}", path.display()))?;
    for [old, new] in changes {
        if !text.contains(old) {
            return Err(format!("{} has no `{}`", path.display(), old.trim()));
        }
        text = text.replace(old, new);
    }
    let config = hex(&Sha256::digest(&text));
    let copy = home().join(format!("{name}/tfcheck-{}", &config[..16]));
    let put = || -> std::io::Result<()> {
        let folder = home().join(name);
        fs::create_dir_all(&folder)?;
        let mut file = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempfile_in(&folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&copy).map(drop).map_err(|error| error.error)
    };
    if !copy.exists() {
        put().map_err(|error| format!("{}: {error}", copy.display()))?;
    }
    Ok((copy, config))
}

/// tfcheck, written anew for OpenTofu's registry, and a tofu for it to start.
fn find_tofu() -> Result<Program, String> {
    let tofu = fetched("tofu", &["version"])?;
    let (path, config) = tailored("tofu", &[&[REGISTRY][..], &AS_ROOT].concat())?;
    Ok(Program { path, version: format!("tofu {}", tofu.version), config })
}

/// What tfcheck has to know to start OpenTofu.
fn tofu_settings() -> Result<Vec<(&'static str, PathBuf)>, String> {
    Ok(vec![
        ("TFCHECK_TERRAFORM", fetched("tofu", &["version"])?.path),
        // Its mirror of providers has the addresses of one registry.
        ("TFCHECK_CACHE", home().join("tofu/cache")),
        ("TFCHECK_SCHEMAS", schemas()?),
        // A missing configuration of the user's is a warning in the middle of OpenTofu's JSON.
        ("TF_CLI_CONFIG_FILE", PathBuf::from("/dev/null")),
    ])
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
