//! The commands of the jobs that judge a change, taken from the files of the CI system and run on the tree that was rendered with them: they are content,
//! and the one that is for it finds each planted fault.
//!
//! Terraform's providers can't be had without a network: `terraform fmt` is the real one, and what needs a provider is judged by `tfcheck` elsewhere.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use super::judge::{configuration, home, on_path};
use super::kubernetes::find_kubeconform;
use crate::acceptance::program::Project;
use crate::support::program;

/// Programs of the jobs, beside platgen, git and a shell.
const PROGRAMS: [&str; 8] = ["checkov", "detect-secrets-hook", "gitleaks", "kubeconform", "promtool", "terraform", "tflint", "yamllint"];

/// The platform: an app that calls another one.
const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}}
environments: {production: {branch: main, regions: [eu-west-1], protected: true, approvals: 1, approvers: [ops]}}
access: {mfa: required, groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
apps:
  api: {image: "registry.example/api:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", port: 8080, probes: {ready: /ready, live: /live}}
  web: {image: "registry.example/web:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", port: 8080, probes: {ready: /ready, live: /live}, needs: [app/api]}
delivery: {repository: "https://HOST/acme/platform", ci: SYSTEM, scanners: [checkov, detect-secrets, gitleaks]}
observability: {retention: 30d, page: {slack: "ops/slack#url"}, ticket: {slack: "ops/slack#url"}, heartbeat: ops/heartbeat}
"#;

/// Terraform without providers: the layout alone.
const TERRAFORM: &str = "#!/bin/sh\ncase $1 in fmt) exec 'REAL' \"$@\" ;; esac\n";

/// Faults: the step that has to find it, by a word of its command; the file, what is replaced there and by what. An empty text to be replaced is the
/// start of the file.
const FAULTS: [(&str, &str, &str, &str); 13] = [
    ("validate", "platform.yaml", "needs: [app/api]", "needs: [app/nobody]"),
    ("validate", "platform.yaml", "port: 8080, probes", "port: http, probes"),
    ("diff", "platform.yaml", "namespaces: {shop", "namespaces: {[shop"),
    ("render --check", "deploy/kubernetes/production/eu-west-1/shop/web.yaml", "registry.example/web:v1", "registry.example/web:v2"),
    ("render --check", "platform.yaml", "registry.example/web:v1", "registry.example/web:v2"),
    // A policy that keeps nobody out, and a flow that the spec does not have.
    (
        "check",
        "deploy/kubernetes/production/eu-west-1/shop/namespace.yaml",
        "policyTypes:\n  - Ingress\n  - Egress",
        "policyTypes:\n  - Egress",
    ),
    (
        "check",
        "deploy/kubernetes/production/eu-west-1/shop/api.yaml",
        "podSelector:\n        matchLabels:\n          platgen.io/workload: web",
        "podSelector: {}",
    ),
    ("test", "deploy/terraform/production/eu-west-1/network/network.tf", "resource \"aws_vpc\"", "resource   \"aws_vpc\""),
    ("scan", "deploy/settings.yaml", "", "FIXTURE"),
    ("scan", "deploy/kubernetes/production/eu-west-1/shop/web.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    // A field that the kind does not have, and an alert that no longer fires.
    ("scan", "deploy/kubernetes/production/eu-west-1/shop/web.yaml", "terminationGracePeriodSeconds:", "terminationGracePeriodSecond:"),
    ("scan", "deploy/rule-tests/rules/nodes.yaml", "expr: ", "expr: 0 * "),
    ("scan", "deploy/terraform/production/eu-west-1/network/network.tf", "", "variable \"unused\" {\n  default = 1\n}\n\n"),
];

/// What the jobs need that is absent.
pub fn find() -> Result<(), String> {
    find_kubeconform()?;
    on_path("terraform", &["version"])?;
    on_path("git", &["--version"])?;
    let absent = |name: &&&str| !home().join("bin").join(name).exists() && !home().join("python/bin").join(name).exists();
    match PROGRAMS.iter().filter(|name| **name != "terraform").find(absent) {
        Some(name) => Err(format!("{name} not found: run tests/judges/get {name}")),
        None => Ok(()),
    }
}

/// Runs the jobs of a CI system.
pub fn prove(system: &str) -> Result<(), String> {
    let project = Project::new();
    let host = if system == "github" { "github.com" } else { "gitlab.com" };
    project.write("platform.yaml", &SPEC.replace("HOST", host).replace("SYSTEM", system));
    let ran = project.run(&["render"]);
    if ran.code != 0 {
        return Err(ran.err);
    }
    let real = on_path("terraform", &["version"])?.path.display().to_string();
    project.write("../bin/terraform", &TERRAFORM.replace("REAL", &real));
    fs::set_permissions(project.at("../bin/terraform"), fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    std::os::unix::fs::symlink(program(), project.at("../bin/platgen")).map_err(|error| error.to_string())?;
    let git = "git init --quiet --initial-branch main && git config user.name a && git config user.email a@shop.example && git add --all && git commit --quiet --message=one && git commit --quiet --allow-empty --message=two && git branch base HEAD^ && git fetch --quiet . base";
    run(&project, git)??;
    let steps = if system == "github" { of_github(&project)? } else { of_gitlab(&project)? };
    let words = ["validate", "diff", "render --check", "check", "test", "scan"];
    let commands: BTreeMap<&str, &String> =
        words.iter().filter_map(|word| Some((*word, steps.iter().find(|step| is_for(step, word))?))).collect();
    if commands.len() != words.len() || steps.len() != words.len() {
        return Err(format!("the jobs have the steps {steps:#?}"));
    }
    for step in &steps {
        if let Some(said) = run(&project, step)?.err() {
            return Err(format!("`{step}` is not content:\n{said}"));
        }
    }
    let fixture = fs::read_to_string(configuration().join("fixture/settings.yaml")).map_err(|error| error.to_string())?;
    for (word, file, from, to) in FAULTS {
        let before = fs::read_to_string(project.at(file)).unwrap_or_default();
        if !before.contains(from) {
            return Err(format!("{file} has no `{from}`"));
        }
        let to = if to == "FIXTURE" { &fixture } else { to };
        project.write(file, &before.replacen(from, to, 1));
        if run(&project, commands[word])?.is_ok() {
            return Err(format!("`{}` does not find `{to}` in {file}", commands[word]));
        }
        run(&project, "git checkout --quiet . && git clean --quiet --force -d")??;
    }
    Ok(())
}

/// Whether a step runs a command.
fn is_for(step: &str, word: &str) -> bool {
    ["platgen ", "sh \"$SCRIPT\" "]
        .iter()
        .any(|start| step.lines().any(|line| line.strip_prefix(start).is_some_and(|rest| rest.starts_with(word))))
}

/// The steps of the jobs of a pull request that judge, but for those that install something.
fn of_github(project: &Project) -> Result<Vec<String>, String> {
    let workflow: Value = serde_yaml::from_str(&project.read(".github/workflows/platgen-check.yaml")).map_err(|error| error.to_string())?;
    let steps = ["files", "terraform", "scan"].into_iter().flat_map(|job| workflow["jobs"][job]["steps"].as_array().into_iter().flatten());
    Ok(steps.filter_map(|step| step["run"].as_str()).filter(|step| !step.contains(" install-")).map(str::to_owned).collect())
}

/// The same of a merge request.
fn of_gitlab(project: &Project) -> Result<Vec<String>, String> {
    let jobs: Value = serde_yaml::from_str(&project.read(".gitlab/platgen.yaml")).map_err(|error| error.to_string())?;
    let lines = ["files", "terraform", "scan"]
        .into_iter()
        .flat_map(|job| jobs[format!("platgen:{job}")]["script"].as_array().into_iter().flatten());
    let judges = |step: &&str| !step.contains(" install") && !step.starts_with("export ") && !step.starts_with("git ");
    Ok(lines.filter_map(Value::as_str).filter(judges).map(str::to_owned).collect())
}

/// Runs a command as a runner does; what it said is the error where it failed.
fn run(project: &Project, command: &str) -> Result<Result<(), String>, String> {
    let mut path = vec![project.at("../bin"), home().join("bin"), home().join("python/bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(path).map_err(|error| error.to_string())?;
    let mut shell = Command::new("sh");
    shell.args(["-ec", command]).current_dir(&project.folder).env("PATH", path).env("HOME", project.at("..")).env("LOG_LEVEL", "ERROR");
    let done = shell
        .env("SCRIPT", "deploy/pipeline.sh")
        // Jobs fetch the schemas.
        .env(
            "KUBERNETES_SCHEMAS",
            home().join("schemas/{{.NormalizedKubernetesVersion}}/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"),
        )
        .env("GITHUB_STEP_SUMMARY", project.at("../summary"))
        .output()
        .map_err(|error| error.to_string())?;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    match done.status.code() {
        Some(126 | 127) | None => Err(format!("`{command}` could not be run: {said}")),
        Some(0) => Ok(Ok(())),
        Some(_) => Ok(Err(said)),
    }
}
