//! Jobs of GitLab CI, in one file, which the project's own configuration includes.
//!
//! - In a merge request to the branch of an environment, jobs judge the files and plan the roots of the environment.
//! - On the branch of an environment, one root after the other is planned, approved and applied, if its files changed or somebody started the pipeline.
//! - A scheduled pipeline plans every root: a change that no commit made fails its job.
//! - In every other pipeline of the branch, a person may start the job that opens a merge request with the revert of a commit.
//!
//! The file sets nothing that is global (stages, defaults, a workflow), so that it changes no other job of the project.

use std::collections::BTreeMap;

use serde::Serialize;

use super::script::{PLAN, TERRAFORM};
use super::{Root, Stage, comparison};
use crate::files::{HEADER, OUTPUT};
use crate::model::Estate;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::emit_all;

/// The path of the file.
pub(super) const FILE: &str = ".gitlab/platgen.yaml";

/// The image of jobs without Terraform: curl for a release of platgen, Go and a distribution with pipx for the scanners.
const TOOLS: &str = "golang:1.26.6-trixie";

#[derive(Serialize)]
struct Jobs {
    terraform: String,
    tools: &'static str,
    script: String,
    proposals: Vec<Rule>,
    validate: String,
    changes: String,
    compare: String,
    judge: String,
    plans: Vec<Plans>,
    roots: Vec<Applied>,
    rollbacks: Vec<Rollback>,
}

/// The job that reverts a commit of the branch of an environment.
#[derive(Serialize)]
struct Rollback {
    name: String,
    rules: [Rule; 1],
}

/// When a job is part of a pipeline.
#[derive(Serialize)]
struct Rule {
    #[serde(rename = "if")]
    condition: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<[String; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<&'static str>,
    /// Whether a pipeline is over although nobody started the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_failure: Option<bool>,
}

/// The jobs that plan every root of an environment: in merge requests, and in scheduled pipelines.
#[derive(Serialize)]
struct Plans {
    proposed: String,
    scheduled: String,
    on_proposal: [Rule; 1],
    on_schedule: [Rule; 1],
    role: String,
    region: String,
    roots: Vec<String>,
}

/// The two jobs of a root: one plans it after the roots before, and one applies the plan.
#[derive(Serialize)]
struct Applied {
    plan: String,
    apply: String,
    needs: Option<Vec<Need>>,
    on_plan: Vec<Rule>,
    on_apply: Vec<Rule>,
    environment: String,
    group: String,
    root: String,
    kept: String,
    region: String,
    plan_role: String,
    apply_role: String,
}

/// A job that comes before another one if it is part of the pipeline.
#[derive(Serialize)]
struct Need {
    job: String,
    artifacts: bool,
    optional: bool,
}

/// The file by its path.
pub(super) fn files(estate: &Estate, stages: &[Stage<'_>]) -> Result<BTreeMap<String, String>, TemplateError> {
    let gaps = if estate.missing.iter().any(|gap| gap.needed) { " --allow-incomplete" } else { "" };
    let command = |command: &str| format!("platgen {command}{gaps}");
    let jobs = Jobs {
        terraform: format!("hashicorp/terraform:{TERRAFORM}"),
        tools: TOOLS,
        script: format!("{OUTPUT}/{}", super::SCRIPT),
        proposals: stages.iter().map(|stage| rule(proposed(&stage.pipelines.branch))).collect(),
        validate: command("validate"),
        changes: comparison(&command("diff --from FETCH_HEAD")),
        compare: command("render --check"),
        judge: command("check"),
        plans: stages.iter().filter_map(plans).collect(),
        roots: stages.iter().flat_map(applied).collect(),
        rollbacks: stages.iter().map(rollback).collect(),
    };
    let documents = render_yaml("delivery/gitlab/jobs.yaml.j2", &jobs)?;
    Ok(BTreeMap::from([(FILE.to_owned(), format!("{HEADER}{}", emit_all(&documents)))]))
}

fn rule(condition: String) -> Rule {
    Rule { condition, changes: None, when: None, allow_failure: None }
}

/// A merge request to a branch.
fn proposed(branch: &str) -> String {
    format!("$CI_PIPELINE_SOURCE == \"merge_request_event\" && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == \"{branch}\"")
}

/// A pipeline of a branch that was started in this way.
fn started(source: &str, branch: &str) -> String {
    format!("$CI_PIPELINE_SOURCE == \"{source}\" && $CI_COMMIT_BRANCH == \"{branch}\"")
}

/// A person starts it, in any pipeline of the branch.
fn rollback(stage: &Stage<'_>) -> Rollback {
    let condition = format!("$CI_COMMIT_BRANCH == \"{}\" && $CI_PIPELINE_SOURCE != \"schedule\"", stage.pipelines.branch);
    let rule = Rule { condition, changes: None, when: Some("manual"), allow_failure: Some(true) };
    Rollback { name: format!("platgen:rollback:{}", stage.platform.environment), rules: [rule] }
}

/// None without a root.
fn plans(stage: &Stage<'_>) -> Option<Plans> {
    let (environment, branch) = (stage.platform.environment.as_str(), &stage.pipelines.branch);
    // The token of a fork takes no role.
    let own = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID";
    Some(Plans {
        proposed: format!("platgen:plan:{environment}"),
        scheduled: format!("platgen:drift:{environment}"),
        on_proposal: [rule(format!("{} && {own}", proposed(branch)))],
        on_schedule: [rule(started("schedule", branch))],
        role: stage.role("plan"),
        region: stage.roots.first()?.region.clone(),
        roots: stage.roots.iter().map(|root| root.folder.clone()).collect(),
    })
}

/// The jobs of the roots of an environment, in their order.
fn applied(stage: &Stage<'_>) -> Vec<Applied> {
    let (environment, branch) = (stage.platform.environment.as_str(), &stage.pipelines.branch);
    let asks = stage.platform.protected || stage.pipelines.approvals > 0;
    let mut before: Vec<String> = Vec::new();
    let one = |root: &Root| {
        let name = root.folder.trim_start_matches("terraform/");
        let (plan, apply) = (format!("platgen:plan:{name}"), format!("platgen:apply:{name}"));
        let rules = |when: Option<&'static str>| {
            let changes = Some([format!("{OUTPUT}/{}/**/*", root.folder)]);
            vec![
                Rule { condition: started("push", branch), changes, when, allow_failure: None },
                Rule { condition: started("web", branch), changes: None, when, allow_failure: None },
            ]
        };
        // Which of the roots before are part of the pipeline is not known: each of them is named.
        let needs = before.iter().map(|job| Need { job: job.clone(), artifacts: false, optional: true }).collect::<Vec<_>>();
        before.push(apply.clone());
        Applied {
            plan,
            apply,
            needs: (!needs.is_empty()).then_some(needs),
            on_plan: rules(None),
            on_apply: rules(asks.then_some("manual")),
            environment: environment.to_owned(),
            group: format!("platgen-{environment}"),
            root: root.folder.clone(),
            kept: format!("{OUTPUT}/{}/{PLAN}", root.folder),
            region: root.region.clone(),
            plan_role: stage.role("plan"),
            apply_role: stage.role("apply"),
        }
    };
    stage.roots.iter().map(one).collect()
}
