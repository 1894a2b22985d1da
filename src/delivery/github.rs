//! Workflows of GitHub Actions.
//!
//! - `platgen-check.yaml` judges every pull request to the branch of an environment, and plans the roots of the environment.
//! - `platgen-apply.yaml` runs on the branch of an environment: one root after the other is planned, approved and applied, by `platgen-root.yaml`.
//! - `platgen-drift.yaml` plans every root at night: a change that no commit made fails the job.
//! - `platgen-rollback.yaml` opens a pull request that reverts a commit, once somebody starts it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::actions::{Actions, Artifacts, Checkout, actions, artifacts, checkout};
use super::script::{self, PLAN, TERRAFORM};
use super::{Root, Stage, comparison};
use crate::files::{HEADER, OUTPUT};
use crate::model::Estate;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::emit_all;

/// The paths of the workflows. GitHub reads them in the root of a repository.
pub(super) const FILES: [&str; 5] = [
    ".github/workflows/platgen-apply.yaml",
    ".github/workflows/platgen-check.yaml",
    ".github/workflows/platgen-drift.yaml",
    ".github/workflows/platgen-rollback.yaml",
    ".github/workflows/platgen-root.yaml",
];

#[derive(Serialize)]
struct Check<'a> {
    actions: Actions,
    artifacts: Artifacts,
    terraform: &'static str,
    branches: Vec<&'a str>,
    script: String,
    validate: String,
    changes: String,
    compare: String,
    judge: String,
    /// Whether a scanner asks a service, with a key that is a secret of the repository.
    guarded: bool,
    plans: Vec<Plans<'a>>,
    planned: Vec<String>,
}

#[derive(Serialize)]
struct Drift<'a> {
    actions: Actions,
    terraform: &'static str,
    branches: String,
    script: String,
    plans: Vec<Plans<'a>>,
}

#[derive(Serialize)]
struct Rollback {
    actions: Checkout,
    script: String,
    condition: String,
    compare: String,
}

/// When roots are planned.
#[derive(Clone, Copy)]
enum When {
    /// In a pull request.
    Proposed,
    /// At night.
    Nightly,
}

/// A job that plans every root of an environment.
#[derive(Serialize)]
struct Plans<'a> {
    id: String,
    name: String,
    condition: String,
    role: String,
    region: &'a str,
    roots: Vec<Planned>,
}

/// A root in the matrix of a job.
#[derive(Serialize)]
struct Planned {
    root: String,
    /// The root in the name of a file that a run keeps.
    name: String,
}

#[derive(Serialize)]
struct Apply<'a> {
    branches: Vec<&'a str>,
    paths: String,
    roots: Vec<Applied<'a>>,
}

/// A job that plans a root and applies the plan, after the job of the root before.
#[derive(Serialize)]
struct Applied<'a> {
    id: String,
    name: String,
    needs: Option<String>,
    condition: String,
    environment: &'a str,
    root: &'a str,
    region: &'a str,
    plan_role: String,
    apply_role: String,
}

#[derive(Serialize)]
struct OneRoot {
    actions: Actions,
    artifacts: Artifacts,
    terraform: &'static str,
    script: String,
    /// The names of the plan among the files that a run keeps, of its folder and of the file.
    artifact: &'static str,
    folder: String,
    plan: String,
}

/// The workflows by path.
pub(super) fn files(estate: &Estate, stages: &[Stage<'_>]) -> Result<BTreeMap<String, String>, TemplateError> {
    let script = format!("{OUTPUT}/{}", super::SCRIPT);
    let gaps = if estate.missing.iter().any(|gap| gap.needed) { " --allow-incomplete" } else { "" };
    let command = |command: &str| format!("platgen {command} --format github{gaps}");
    let plans = |when: When| stages.iter().filter_map(|stage| plans(stage, when)).collect::<Vec<_>>();
    let branches: Vec<&str> = stages.iter().map(|stage| stage.pipelines.branch.as_str()).collect();
    let check = Check {
        actions: actions(),
        artifacts: artifacts(),
        terraform: TERRAFORM,
        branches: branches.clone(),
        script: script.clone(),
        validate: command("validate"),
        changes: comparison(&format!("platgen diff --from HEAD^1 --format markdown{gaps} >> \"$GITHUB_STEP_SUMMARY\"")),
        compare: command("render --check"),
        judge: command("check"),
        guarded: script::asks_service(estate),
        planned: plans(When::Proposed).into_iter().map(|plans| plans.id).collect(),
        plans: plans(When::Proposed),
    };
    let apply =
        Apply { branches: branches.clone(), paths: format!("{OUTPUT}/terraform/**"), roots: stages.iter().flat_map(applied).collect() };
    let drift = Drift {
        actions: actions(),
        terraform: TERRAFORM,
        branches: branches.join(" "),
        script: script.clone(),
        plans: plans(When::Nightly),
    };
    let rollback = Rollback {
        actions: checkout(),
        script: script.clone(),
        condition: branches.iter().map(|branch| format!("github.ref_name == {}", quoted(branch))).collect::<Vec<_>>().join(" || "),
        compare: command("render --check"),
    };
    let folder = format!("{OUTPUT}/${{{{ inputs.root }}}}");
    let root = OneRoot {
        actions: actions(),
        artifacts: artifacts(),
        terraform: TERRAFORM,
        script,
        artifact: "plan-${{ inputs.name }}",
        plan: format!("{folder}/{PLAN}"),
        folder,
    };
    Ok([print("apply", &apply)?, print("check", &check)?, print("drift", &drift)?, print("rollback", &rollback)?, print("root", &root)?]
        .into_iter()
        .collect())
}

fn print(name: &str, view: &impl Serialize) -> Result<(String, String), TemplateError> {
    let documents = render_yaml(&format!("delivery/github/{name}.yaml.j2"), view)?;
    Ok((format!(".github/workflows/platgen-{name}.yaml"), format!("{HEADER}{}", emit_all(&documents))))
}

/// The job that plans the roots of an environment; none without a root.
fn plans<'a>(stage: &'a Stage<'_>, when: When) -> Option<Plans<'a>> {
    let environment = stage.platform.environment.as_str();
    let branch = quoted(&stage.pipelines.branch);
    Some(Plans {
        id: format!("plan-{environment}"),
        name: format!("{environment}: ${{{{ matrix.root }}}}"),
        condition: match when {
            // A pull request from a fork gets no token.
            When::Proposed => format!("github.base_ref == {branch} && github.event.pull_request.head.repo.full_name == github.repository"),
            When::Nightly => format!("github.event_name == 'workflow_dispatch' && github.ref_name == {branch}"),
        },
        role: stage.role("plan"),
        region: &stage.roots.first()?.region,
        roots: stage.roots.iter().map(|root| Planned { root: root.folder.clone(), name: root.id() }).collect(),
    })
}

/// The jobs that apply the roots of an environment, each after the one before.
fn applied<'a>(stage: &'a Stage<'_>) -> Vec<Applied<'a>> {
    let mut before = None;
    let one = |root: &'a Root| {
        let (id, here) = (root.id(), format!("github.ref_name == {}", quoted(&stage.pipelines.branch)));
        let needs: Option<String> = before.replace(id.clone());
        Applied {
            // A root without changes skips its apply, and without a condition of its own GitHub would skip every job behind it.
            condition: match &needs {
                Some(needs) => format!("!cancelled() && needs['{needs}'].result == 'success' && {here}"),
                None => here,
            },
            needs,
            id,
            name: root.folder.trim_start_matches("terraform/").to_owned(),
            environment: stage.platform.environment.as_str(),
            root: &root.folder,
            region: &root.region,
            plan_role: stage.role("plan"),
            apply_role: stage.role("apply"),
        }
    };
    stage.roots.iter().map(one).collect()
}

/// A text as a literal of GitHub's expressions.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
