//! The README of the bootstrap root.

use crate::model::{CiSystem, Pipelines, Platform, Subjects};

/// The README's own part, with a part about pipelines where there are any.
pub(super) fn readme(platform: &Platform, account: &str) -> String {
    let own = include_str!("../../../../templates/terraform/aws/bootstrap/README.md");
    let Some(pipelines) = &platform.pipelines else { return own.to_owned() };
    format!("{own}\n{}", about_pipelines(platform, pipelines, account))
}

fn about_pipelines(platform: &Platform, pipelines: &Pipelines, account: &str) -> String {
    let arn = format!("arn:aws:iam::{account}:oidc-provider/{}", pipelines.issuer);
    let provider = if pipelines.makes_provider {
        format!(
            "This root makes the identity provider of the account. Where the account has it already, import it before the first plan:\n\n```sh\nterraform import aws_iam_openid_connect_provider.pipelines {arn}\n```\n"
        )
    } else {
        "The root `bootstrap` of another environment makes the identity provider of this account: the first one in promotion order here. Apply that one before this one.\n".to_owned()
    };
    let (environment, branch) = (platform.environment.as_str(), pipelines.branch.as_str());
    let planners = match &pipelines.planners {
        Subjects::Exactly(_) => format!("jobs of pull requests, and of the branch `{branch}` without an environment"),
        Subjects::Like(_) => "jobs of every branch of the project".to_owned(),
    };
    let (setup, appliers) = match pipelines.system {
        CiSystem::Github => (
            include_str!("../../../../templates/terraform/aws/bootstrap/github.md"),
            format!("jobs with the environment `{environment}` of GitHub, on the branch `{branch}`"),
        ),
        CiSystem::Gitlab => {
            (include_str!("../../../../templates/terraform/aws/bootstrap/gitlab.md"), format!("jobs of the branch `{branch}`"))
        }
    };
    let rule = match pipelines.reference {
        Some(_) => "AWS asks for the branch as well.",
        None => "AWS does not see the branch of such a job: without this rule, every branch applies.",
    };
    let buckets = if platform.buckets.is_empty() {
        ""
    } else {
        "- `local.buckets` names the buckets that pipelines make. A new bucket or a new copy changes this root: apply it before a job applies the root `data`.\n  No job deletes a bucket.\n"
    };
    let databases = if platform.has_managed_stores() {
        "- `local.databases` names the databases that pipelines make. A new store of `mode: managed` changes this root: apply it before a job applies the root\n  `data`. No job deletes a database.\n"
    } else {
        ""
    };
    let approvers: Vec<String> = pipelines.approvers.iter().map(|group| format!("`{group}`")).collect();
    let reviewers = if approvers.is_empty() { String::new() } else { format!(": members of {}", approvers.join(", ")) };
    let approvals = match pipelines.approvals {
        0 => "approvals".to_owned(),
        1 => "one approval".to_owned(),
        number => format!("{number} approvals"),
    };
    let words = [
        ("{buckets}", &*format!("{buckets}{databases}")),
        ("{setup}", setup),
        ("{reviewers}", &*reviewers),
        ("{approvals}", &*approvals),
        ("{rule}", rule),
        ("{subject}", &format!("`{}`", pipelines.applier)),
        ("{provider}", &provider),
        ("{planners}", &planners),
        ("{appliers}", &appliers),
        ("{environment}", environment),
        ("{branch}", branch),
        ("{plan}", &platform.pipeline_role("plan")),
        ("{apply}", &platform.pipeline_role("apply")),
    ];
    let text = include_str!("../../../../templates/terraform/aws/bootstrap/pipelines.md").to_owned();
    words.iter().fold(text, |text, (word, value)| text.replace(word, value))
}
