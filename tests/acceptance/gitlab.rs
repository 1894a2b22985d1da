//! The jobs of GitLab: which pipelines have them, in which order they run, and what their scripts do with a program in place of Terraform.

use super::pipelines::{ROOT, ROOTS, SPEC};
use super::program::{Project, Ran};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

const FILE: &str = ".gitlab/platgen.yaml";

/// A program in place of Terraform: a plan ends with `$planned` and shows `$shown`; a plan is kept where Terraform is told to.
const TERRAFORM: &str = r#"#!/bin/sh
printf '%s %s\n' "$AWS_ROLE_ARN $(cat "$AWS_WEB_IDENTITY_TOKEN_FILE")" "$*" >>"$LOG"
case $* in
  *' plan '*) folder=${1#-chdir=}; echo kept >"$folder/pipeline.tfplan"; exit "$planned" ;;
  *' show '*) printf '%s\n' "$shown" ;;
esac
"#;

fn shop() -> Project {
    let project = Project::new();
    let spec = SPEC.replace("https://github.com/acme/platform", "https://gitlab.com/acme/platform").replace("ci: github", "ci: gitlab");
    project.write("platform.yaml", &spec);
    project.run(&["render"]).exits(0);
    project
}

fn jobs(project: &Project) -> BTreeMap<String, Value> {
    serde_yaml::from_str(&project.read(FILE)).expect("YAML")
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A job with what it inherits.
fn whole(jobs: &BTreeMap<String, Value>, name: &str) -> Value {
    let job = jobs.get(name).unwrap_or_else(|| panic!("no job {name}"));
    let Some(base) = job["extends"].as_str() else { return job.clone() };
    let mut merged = whole(jobs, base);
    for (key, value) in job.as_object().expect("a job") {
        match (merged[key].as_object_mut(), value.as_object()) {
            (Some(below), Some(above)) => below.extend(above.clone()),
            _ => merged[key] = value.clone(),
        }
    }
    merged
}

/// Every root but `bootstrap` is planned and applied after those before it, on the branch of its environment, with its roles: where its files changed, or in a
/// pipeline that somebody started. A protected environment asks before each apply.
pub(crate) fn roots_are_applied_one_after_the_other() {
    let project = shop();
    let jobs = jobs(&project);
    let mut order = Vec::new();
    let mut before: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let text = project.read(FILE);
    let names = text.lines().filter_map(|line| line.strip_prefix("\"platgen:apply:")?.strip_suffix("\":"));
    for name in names {
        let (environment, account, branch, when) = match name.split_once('/').expect("a root").0 {
            "dev" => ("dev", "111111111111", "develop", Value::Null),
            _ => ("production", "222222222222", "main", json!("manual")),
        };
        let (plan, apply) = (whole(&jobs, &format!("platgen:plan:{name}")), whole(&jobs, &format!("platgen:apply:{name}")));
        let root = format!("terraform/{name}");
        let kept = format!("deploy/{root}/pipeline.tfplan");
        let rules = |when: &Value| {
            let started = |source: &str| format!("$CI_PIPELINE_SOURCE == \"{source}\" && $CI_COMMIT_BRANCH == \"{branch}\"");
            let mut all = [json!({"if": started("push"), "changes": [format!("deploy/{root}/**/*")]}), json!({"if": started("web")})];
            if !when.is_null() {
                all.iter_mut().for_each(|rule| rule["when"] = when.clone());
            }
            json!(all)
        };
        let needs = before.entry(environment).or_default();
        assert_eq!((&plan["rules"], &plan["needs"]), (&rules(&Value::Null), &json!(needs)), "{name}");
        assert_eq!(
            (&apply["rules"], &apply["needs"]),
            (&rules(&when), &json!([{"job": format!("platgen:plan:{name}"), "artifacts": true}]))
        );
        needs.push(json!({"job": format!("platgen:apply:{name}"), "artifacts": false, "optional": true}));
        assert_eq!((&plan["artifacts"]["paths"], &apply["variables"]["KEPT"]), (&json!([kept]), &json!(kept)));
        assert_eq!(
            (&apply["environment"]["name"], &apply["resource_group"]),
            (&json!(environment), &json!(format!("platgen-{environment}")))
        );
        let made =
            ["pipelines", "locals"].map(|file| project.read(&format!("deploy/terraform/bootstrap/{environment}/{file}.tf"))).concat();
        for job in [&plan, &apply] {
            assert_eq!((&job["stage"], &job["variables"]["ROOT"]), (&json!("deploy"), &json!(root)));
            assert_eq!(job["id_tokens"], json!({"AWS_TOKEN": {"aud": "sts.amazonaws.com"}}));
            let role = job["variables"]["AWS_ROLE_ARN"].as_str().unwrap_or_default();
            let role = role.strip_prefix(&format!("arn:aws:iam::{account}:role/")).unwrap_or_else(|| panic!("{role}"));
            assert!(made.contains(&format!("\"{role}\"")), "bootstrap makes {role}");
        }
        assert_ne!(plan["variables"]["AWS_ROLE_ARN"], apply["variables"]["AWS_ROLE_ARN"]);
        order.push(root);
    }
    assert_eq!(order, ROOTS);
    // Every root is planned: in merge requests to the branch, and in scheduled pipelines of it.
    for purpose in ["plan", "drift"] {
        let planned = ["dev", "production"].map(|environment| {
            let job = whole(&jobs, &format!("platgen:{purpose}:{environment}"));
            texts(&job["parallel"]["matrix"][0]["ROOT"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(planned.concat(), ROOTS, "{purpose}");
    }
}

/// A job without a token takes no role, and the file has nothing that other jobs of the project would inherit.
pub(crate) fn jobs_have_what_their_work_needs() {
    let project = shop();
    let jobs = jobs(&project);
    let signed: Vec<&str> = jobs.keys().filter(|name| whole(&jobs, name)["id_tokens"].is_object()).map(String::as_str).collect();
    let others: Vec<&str> = jobs.keys().filter(|name| !signed.contains(&name.as_str())).map(String::as_str).collect();
    let rollbacks = ["platgen:rollback:dev", "platgen:rollback:production"];
    assert_eq!(
        others,
        [&[".platgen", ".platgen-terraform", "platgen:files"][..], &rollbacks, &["platgen:scan", "platgen:terraform"]].concat()
    );
    assert!(
        signed
            .iter()
            .all(|name| [".platgen-role", "platgen:plan:", "platgen:apply:", "platgen:drift:"].iter().any(|start| name.starts_with(start)))
    );
    let judged = ["develop", "main"]
        .map(|branch| json!({"if": format!("$CI_PIPELINE_SOURCE == \"merge_request_event\" && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == \"{branch}\"")}));
    for name in ["platgen:files", "platgen:scan", "platgen:terraform"] {
        assert_eq!(jobs[name]["rules"], json!(judged), "{name}");
    }
    // GitLab ends a run for a newer one only where nothing is changed.
    for (name, job) in jobs.iter().filter(|(name, _)| !name.starts_with('.')) {
        let changes = name.contains('/') || name.starts_with("platgen:rollback:");
        assert_eq!(whole(&jobs, name)["interruptible"] == true, !changes, "{name}: {job}");
    }
}

/// Runs the script of a job as a runner does, in the repository. Returns what it said and what Terraform was asked, by whom.
fn run(project: &Project, name: &str, values: &str) -> (Ran, Vec<String>) {
    let job = whole(&jobs(project), name);
    let mut script = format!("set -e\nexport {values} LOG=$PWD/log PATH=\"$PWD/bin:$PATH\" AWS_TOKEN=token-of-the-job\n");
    for (key, value) in job["variables"].as_object().expect("variables") {
        script += &format!("export {key}='{}'\n", value.as_str().unwrap_or_default());
    }
    script += &texts(&job["script"]).join("\n");
    project.write("log", "");
    let output = Command::new("sh").args(["-c", &script]).current_dir(&project.folder).output().expect("a shell");
    let asked = project.read("log").lines().map(str::to_owned).collect();
    (Ran::from(output), asked)
}

/// A plan without changes is not kept, and its apply does nothing. A plan with changes is applied as it is, by the role that applies.
pub(crate) fn a_kept_plan_is_applied() {
    use std::os::unix::fs::PermissionsExt;
    let project = shop();
    project.write("bin/terraform", TERRAFORM);
    std::fs::set_permissions(project.at("bin/terraform"), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let name = ROOT.trim_start_matches("terraform/");
    let (plan, apply) = (format!("platgen:plan:{name}"), format!("platgen:apply:{name}"));
    let kept = format!("deploy/{ROOT}/pipeline.tfplan");
    let role = |purpose: &str| format!("arn:aws:iam::222222222222:role/shop-production-pipeline-{purpose} token-of-the-job");

    run(&project, &plan, "planned=0 shown=").0.exits(0);
    assert!(!project.at(&kept).exists());
    let (ran, asked) = run(&project, &apply, "planned=0 shown=");
    assert_eq!((ran.exits(0).out.as_str(), asked), ("No changes.\n", Vec::<String>::new()));

    run(&project, &plan, "planned=1 shown=").0.exits(1);

    let shown = "planned=2 shown='Plan: 1 to import, 2 to add, 3 to change, 4 to destroy.'";
    let (ran, asked) = run(&project, &plan, shown);
    assert!(ran.exits(0).out.contains("\nPlan: 1 to import, 2 to add, 3 to change, 4 to destroy.\n"));
    assert!(asked.iter().all(|line| line.starts_with(&format!("{} -chdir={ROOT} ", role("plan")))), "{asked:?}");
    let (ran, asked) = run(&project, &apply, shown);
    ran.exits(0);
    assert_eq!(asked.last(), Some(&format!("{} -chdir={ROOT} apply -input=false pipeline.tfplan", role("apply"))));

    // A merge request has the numbers; a scheduled plan with changes fails.
    let of_all = format!("ROOT={ROOT} {shown}");
    run(&project, "platgen:plan:production", &of_all).0.exits(0);
    assert_eq!(project.read("numbers.json"), "{\"create\":2,\"update\":3,\"delete\":4}\n");
    run(&project, "platgen:drift:production", &of_all).0.exits(2);
    let unchanged = format!("ROOT={ROOT} planned=0 shown=");
    run(&project, "platgen:plan:production", &unchanged).0.exits(0);
    assert_eq!(project.read("numbers.json"), "{\"create\":0,\"update\":0,\"delete\":0}\n");
    run(&project, "platgen:drift:production", &unchanged).0.exits(0);
}

/// A person starts the job that opens a merge request with a revert of the commit of the pipeline, on the newest commit of the branch.
pub(crate) fn a_person_opens_the_revert() {
    let project = shop();
    let jobs = jobs(&project);
    for (environment, branch) in [("dev", "develop"), ("production", "main")] {
        let rules = json!([{"if": format!("$CI_COMMIT_BRANCH == \"{branch}\" && $CI_PIPELINE_SOURCE != \"schedule\""), "when": "manual", "allow_failure": true}]);
        assert_eq!(jobs[&format!("platgen:rollback:{environment}")]["rules"], rules);
        let row =
            format!("| {environment} | `{branch}` | in the pipeline of the bad commit, start the job `platgen:rollback:{environment}` |");
        assert!(project.read("deploy/RUNBOOK.md").contains(&row));
    }
    // A repository with a bare one beside it, and a program in place of the installation.
    let git = |words: &str| Ran::from(Command::new("sh").args(["-ec", words]).current_dir(&project.folder).output().expect("a shell"));
    let identity = "git config user.name a && git config user.email a@shop.example";
    git(&format!("git init --quiet --initial-branch main && {identity} && git add --all && git commit --quiet --message=one")).exits(0);
    project.edit("platform.yaml", "web:v1", "web:v2");
    project.run(&["render"]).exits(0);
    git("git commit --quiet --all --message=two && git init --quiet --bare ../remote && git -C ../remote config receive.advertisePushOptions true && git remote add origin ../remote && git push --quiet origin main").exits(0);
    let job = whole(&jobs, "platgen:rollback:production");
    let lines: Vec<&str> =
        texts(&job["script"]).into_iter().filter(|line| !line.contains("install-platgen") && !line.starts_with("platgen ")).collect();
    assert_eq!(lines.len() + 2, texts(&job["script"]).len());
    let values = "export SCRIPT=deploy/pipeline.sh CI_COMMIT_SHA=$(git rev-parse HEAD) CI_COMMIT_BRANCH=main CI_REPOSITORY_URL=../remote";
    git(&format!("{values}\n{}", lines.join("\n"))).exits(0);
    project.run(&["render", "--check"]).exits(0);
    let pushed =
        git("git -C ../remote branch --list 'rollback/*' && git -C ../remote show rollback/$(git rev-parse --short=12 main):platform.yaml")
            .out;
    assert!(pushed.contains("rollback/") && pushed.contains("web:v1"), "{pushed}");
}

/// Jobs call commands that the script and the program have.
pub(crate) fn jobs_call_what_exists() {
    let project = shop();
    let script = project.read("deploy/pipeline.sh");
    let jobs = jobs(&project);
    for line in jobs.values().flat_map(|job| texts(&job["script"])).flat_map(str::lines).map(str::trim) {
        if let Some(words) = line.strip_prefix("sh \"$SCRIPT\" ") {
            let command = words.split(' ').next().unwrap_or_default();
            assert!(script.contains(&format!("\n  {command}) ")), "pipeline.sh has {command}");
        } else if let Some(words) = line.strip_prefix("platgen ") {
            let words = words.split(" || ").next().unwrap_or_default();
            assert_ne!(project.run(&words.split(' ').collect::<Vec<_>>()).code, 64, "{words}");
        }
    }
}

/// The jobs leave with `ci`.
pub(crate) fn jobs_leave() {
    let project = shop();
    project.edit("platform.yaml", "ci: gitlab, ", "ci: none, ");
    project.run(&["render", "--force"]).exits(0);
    assert!(!project.at(FILE).exists() && !project.at("deploy/pipeline.sh").exists());
}
