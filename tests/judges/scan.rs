//! What a user does: the commands of the output's README, as they stand there. They find nothing, and they find what is planted.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::judge::{configuration, home};
use super::kubernetes::find_kubeconform;
use super::trees::Tree;

/// Whose commands must stand there.
const SCANNERS: [&str; 6] = ["checkov", "yamllint", "tflint", "detect-secrets-hook", "kube-score", "trivy"];

/// The commands of the README's part about scanning.
fn commands(tree: &Tree) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(tree.root.join("deploy/README.md")).map_err(|error| format!("deploy/README.md: {error}"))?;
    let block = text.split_once("## Scan").and_then(|(_, rest)| rest.split_once("```sh\n")).and_then(|(_, rest)| rest.split_once("```"));
    let commands: Vec<String> = block.map(|(block, _)| block.lines().map(str::to_owned).collect()).unwrap_or_default();
    match SCANNERS.iter().find(|name| !commands.iter().any(|command| program(command) == **name)) {
        Some(name) => Err(format!("the README has no command of {name}")),
        // What the jobs of the CI system run.
        None => Ok(commands.into_iter().chain(["sh pipeline.sh scan".to_owned()]).collect()),
    }
}

fn program(command: &str) -> &str {
    command.split_whitespace().next().unwrap_or_default()
}

/// Runs a command in the output folder: whether it was content, and what it said.
fn run(deploy: &Path, command: &str) -> Result<(bool, String), String> {
    let mut path = vec![home().join("bin"), home().join("python/bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path = env::join_paths(path).map_err(|error| error.to_string())?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(deploy).env("PATH", path).env("HOME", deploy.join("..")).env("LOG_LEVEL", "ERROR");
    // The schemas of the judges, without the network.
    let schemas = home().join("schemas/{{.NormalizedKubernetesVersion}}/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json");
    shell.env("KUBERNETES_SCHEMAS", schemas);
    let done = shell.output().map_err(|error| format!("sh: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    match done.status.code() {
        Some(126 | 127) | None => Err(format!("`{command}` could not be run: {said}")),
        code => Ok((code == Some(0), said)),
    }
}

/// Every command finds nothing; with the fixture's faults in the tree, one command of each scanner finds something.
pub fn prove(tree: &Tree) -> Result<(), String> {
    find_kubeconform()?;
    let deploy = tree.root.join("deploy");
    let commands = commands(tree)?;
    for command in &commands {
        let (content, said) = run(&deploy, command)?;
        if !content {
            return Err(format!("`{command}` is not content:\n{said}"));
        }
    }
    let fixture = configuration().join("fixture");
    let plant = |from: &str, to: &str| fs::copy(fixture.join(from), deploy.join(to)).map_err(|error| format!("{to}: {error}"));
    let first = |folder: &str, subject| {
        let paths = tree.inputs.iter().filter(|input| input.subject == subject).filter_map(|input| input.path.strip_prefix("deploy/"));
        paths.into_iter().find(|path| path.starts_with(folder))
    };
    // The commands name the folders of regions: those of GitOps hold no pods.
    let region = first("kubernetes/", super::judge::Subject::Manifests).ok_or("no Kubernetes documents")?;
    let root = first("terraform/", super::judge::Subject::Root).ok_or("no Terraform root")?;
    plant("deploy/kubernetes/production/eu-west-1/shop/api.yaml", &format!("{region}/planted.yaml"))?;
    plant("deploy/terraform/production/eu-west-1/network/main.tf", &format!("{root}/planted.tf"))?;
    plant("settings.yaml", "settings.yaml")?;
    for name in SCANNERS {
        let mut blind = true;
        for command in commands.iter().filter(|command| program(command) == name) {
            blind &= run(&deploy, command)?.0;
        }
        if blind {
            return Err(format!("`{name}` as the README runs it does not see what is planted"));
        }
    }
    Ok(())
}
