//! The workflows of GitHub and the script that their jobs run: what they name, and what the script does with programs in place of Terraform and curl that
//! say what they were asked.

use super::program::{Project, Ran};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

pub(super) const SPEC: &str = r#"apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "111111111111", production: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}}
environments:
  dev: {branch: develop, regions: [eu-west-1], domain: dev.shop.example}
  production: {branch: main, regions: [eu-west-1, eu-central-1], domain: shop.example, protected: true, approvals: 2, approvers: [ops]}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
apps:
  web: {image: "registry.example/web:v1", port: 8080, probes: {ready: /ready, live: /live}}
delivery: {repository: "https://github.com/acme/platform", ci: github, scanners: [checkov, detect-secrets, gitguardian, gitleaks]}
"#;

const WORKFLOWS: [&str; 5] = ["platgen-apply", "platgen-check", "platgen-drift", "platgen-rollback", "platgen-root"];

pub(super) const ROOT: &str = "terraform/production/eu-west-1/network";

/// The roots of [`SPEC`] that jobs plan and apply, in their order.
pub(super) const ROOTS: [&str; 9] = [
    "terraform/dev/global",
    "terraform/dev/eu-west-1/network",
    "terraform/dev/eu-west-1/cluster",
    "terraform/production/global",
    "terraform/production/eu-west-1/network",
    "terraform/production/eu-west-1/cluster",
    "terraform/production/eu-central-1/network",
    "terraform/production/eu-central-1/cluster",
    "terraform/production/interconnect/eu-central-1--eu-west-1",
];

/// What the programs of the trials answer: a plan ends with `$planned` and shows `$shown`; a release is what lies in the folder `release`.
const PROGRAMS: &str = r#"
terraform() {
  echo "$*" >>log
  case $* in
    *' plan '*) return "$planned" ;;
    *' show '*) printf '%s\n' "$shown" ;;
    *' test') [ "$1" != "-chdir=$fails" ] ;;
  esac
}
curl() {
  while [ "$#" -gt 2 ]; do
    [ "$1" = --output ] && to=$2
    shift
  done
  from=$2
  cp "release/${from##*/}" "$to"
}
planned=0 shown= fails=none
"#;

fn shop() -> Project {
    let project = Project::new();
    project.write("platform.yaml", SPEC);
    project.run(&["render"]).exits(0);
    project
}

fn workflow(project: &Project, name: &str) -> Value {
    serde_yaml::from_str(&project.read(&format!(".github/workflows/{name}.yaml"))).expect("YAML")
}

/// Runs the script with the programs, some of whose values are others. Returns what it said and what Terraform was asked.
fn script(project: &Project, values: &str, words: &str) -> (Ran, Vec<String>) {
    project.write("deploy/log", "");
    let script = format!("{PROGRAMS}{values}\nset -- {words}\n. ./pipeline.sh");
    let output = Command::new("sh").args(["-c", &script]).current_dir(project.at("deploy")).output().expect("a shell");
    (Ran::from(output), project.read("deploy/log").lines().map(str::to_owned).collect())
}

/// Every root but `bootstrap` has one job that applies it, after the job of the root before; each runs for the branch of its environment, with its roles.
pub(crate) fn roots_are_applied_one_after_the_other() {
    let project = shop();
    let apply = workflow(&project, "platgen-apply");
    let jobs = apply["jobs"].as_object().expect("jobs");
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, job) in jobs {
        let with = |key: &str| job["with"][key].as_str().unwrap_or_default();
        let (environment, account, branch) = match with("environment") {
            "dev" => ("dev", "111111111111", "develop"),
            other => (other, "222222222222", "main"),
        };
        let (first, here) = (before.insert(environment, id), format!("github.ref_name == '{branch}'"));
        // A skipped job of the root before would skip this one.
        let after = first.map(|first| format!("!cancelled() && needs['{first}'].result == 'success' && {here}"));
        assert_eq!((job["needs"].as_str(), job["if"].as_str()), (first, Some(after.unwrap_or(here).as_str())));
        assert_eq!(with("name"), with("root").replace('/', "-"));
        for purpose in ["plan", "apply"] {
            let role = with(&format!("{purpose}_role"));
            let made = project.read(&format!("deploy/terraform/bootstrap/{environment}/pipelines.tf"))
                + &project.read(&format!("deploy/terraform/bootstrap/{environment}/locals.tf"));
            let name = role.strip_prefix(&format!("arn:aws:iam::{account}:role/")).unwrap_or_else(|| panic!("{role}"));
            assert!(made.contains(&format!("\"{name}\"")), "bootstrap makes {role}");
        }
    }
    let order: Vec<&str> = jobs.values().filter_map(|job| job["with"]["root"].as_str()).collect();
    assert_eq!(order, ROOTS);
    // Every root is planned: in pull requests to the branch, and at night.
    for name in ["platgen-check", "platgen-drift"] {
        let workflow = workflow(&project, name);
        let jobs = workflow["jobs"].as_object().expect("jobs");
        let planned = jobs.values().flat_map(|job| job["strategy"]["matrix"]["include"].as_array().into_iter().flatten());
        assert_eq!(planned.filter_map(|root| root["root"].as_str()).collect::<Vec<_>>(), ROOTS, "{name}");
    }
}

/// No workflow and no job has a right that its work does not need, and every action is pinned to a commit.
pub(crate) fn jobs_have_the_rights_of_their_work() {
    let project = shop();
    let mut rights: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in WORKFLOWS {
        let workflow = workflow(&project, name);
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{name}");
        for (id, job) in workflow["jobs"].as_object().expect("jobs") {
            let own = job["permissions"].as_object().expect("permissions");
            let words: Vec<String> = own.iter().map(|(scope, right)| format!("{scope}: {}", right.as_str().unwrap_or_default())).collect();
            rights.entry(words.join(", ")).or_default().insert(format!("{name}/{}", id.split('-').next().unwrap_or_default()));
            for step in job["steps"].as_array().into_iter().flatten().filter_map(|step| step["uses"].as_str()) {
                let commit = step.rsplit('@').next().unwrap_or_default();
                assert!(commit.len() == 40 && commit.chars().all(|one| one.is_ascii_hexdigit()), "{step}");
            }
        }
    }
    let wanted = [
        ("actions: write", vec!["platgen-drift/start"]),
        ("contents: read", vec!["platgen-check/files", "platgen-check/scan", "platgen-check/terraform"]),
        (
            "contents: read, id-token: write",
            vec!["platgen-apply/terraform", "platgen-check/plan", "platgen-drift/plan", "platgen-root/apply", "platgen-root/plan"],
        ),
        ("contents: write, pull-requests: write", vec!["platgen-rollback/revert"]),
        ("pull-requests: write", vec!["platgen-check/report"]),
    ];
    let wanted: BTreeMap<String, BTreeSet<String>> =
        wanted.into_iter().map(|(right, jobs)| (right.to_owned(), jobs.into_iter().map(str::to_owned).collect())).collect();
    assert_eq!(rights, wanted);
}

/// Jobs call commands that the script and the program have.
pub(crate) fn jobs_call_what_exists() {
    let project = shop();
    let script = project.read("deploy/pipeline.sh");
    let mut called = BTreeSet::new();
    for name in WORKFLOWS {
        let text = project.read(&format!(".github/workflows/{name}.yaml"));
        for line in text.lines().filter(|line| line.contains("sh \"$SCRIPT\"") || line.contains("run: platgen")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "\"$SCRIPT\"" || *word == "platgen").expect("a command");
            called.insert(words[at + 1].to_owned());
        }
    }
    let commands = ["apply", "install-platgen", "install-scanners", "plan", "revert", "scan", "test"];
    assert_eq!(called, commands.iter().chain(&["check", "render", "validate"]).map(ToString::to_string).collect());
    for command in commands {
        assert!(script.contains(&format!("\n  {command}) ")), "pipeline.sh has {command}");
    }
    for words in
        [vec!["validate", "--format", "github"], vec!["render", "--check", "--format", "github"], vec!["check", "--format", "github"]]
    {
        let ran = project.run(&words);
        assert_ne!(ran.code, 64, "{words:?}: {}", ran.err);
    }
}

/// A plan takes no lock. Its exit code says whether there are changes, and its report what is deleted.
pub(crate) fn a_plan_says_what_it_deletes() {
    let project = shop();
    let words = format!("plan {ROOT}");
    let (ran, asked) = script(&project, "", &words);
    assert_eq!(ran.exits(0).out, format!("### {ROOT}\n\nNo changes.\n\n"));
    let init = format!("-chdir={ROOT} init -input=false");
    let plan = format!("-chdir={ROOT} plan -input=false -lock=false -detailed-exitcode -out=pipeline.tfplan");
    assert_eq!(asked, [init.clone(), plan]);
    let shown = "shown='  # aws_subnet.a will be destroyed\n  # aws_vpc.main must be replaced\n  # aws_eip.x will be created\nPlan: 2 to add, 0 to change, 2 to destroy.'";
    let (ran, _) = script(&project, &format!("planned=2 {shown}"), &words);
    let out = ran.exits(2).out;
    let wanted = format!(
        "### {ROOT}\n\nPlan: 2 to add, 0 to change, 2 to destroy.\n\n**This plan deletes:**\n\n- aws_subnet.a will be destroyed\n- aws_vpc.main must be replaced\n\n"
    );
    assert!(out.starts_with(&wanted), "{out}");
    let (ran, _) = script(&project, "planned=1", &words);
    assert!(ran.exits(1).out.contains("The plan failed"));
    // With a lock file, the providers are those of the file.
    project.write(&format!("deploy/{ROOT}/.terraform.lock.hcl"), "");
    let (ran, asked) = script(&project, "", &format!("apply {ROOT}"));
    ran.exits(0);
    assert_eq!(asked, [format!("{init} -lockfile=readonly"), format!("-chdir={ROOT} apply -input=false pipeline.tfplan")]);
    for wrong in ["", "plan", "plan terraform/nowhere", "apply", "destroy"] {
        let command = format!("sh deploy/pipeline.sh {wrong}");
        let output = Command::new("sh").args(["-c", &command]).current_dir(&project.folder).output().expect("a shell");
        let err = Ran::from(output).exits(64).err;
        assert!(err.starts_with("Usage: sh pipeline.sh COMMAND\n"), "{command}: {err}");
    }
}

/// A revert is a branch with the files of before: the spec and what it was rendered to go back together.
pub(crate) fn a_release_goes_back_as_a_commit() {
    let project = shop();
    let git = |words: &str| {
        let identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@shop.example GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@shop.example";
        Ran::from(Command::new("sh").args(["-c", &format!("{identity}\n{words}")]).current_dir(&project.folder).output().expect("a shell"))
    };
    let commit = || git("git add --all && git commit --quiet --message=change").exits(0);
    git("git init --quiet --initial-branch main").exits(0);
    commit();
    let runbook = project.read("deploy/RUNBOOK.md");
    for (environment, branch) in [("dev", "develop"), ("production", "main")] {
        let row = format!("| {environment} | `{branch}` | `gh workflow run platgen-rollback.yaml --ref {branch} --field commit=COMMIT` |");
        assert!(runbook.contains(&row), "{runbook}");
    }
    project.edit("platform.yaml", "web:v1", "web:v2");
    project.run(&["render"]).exits(0);
    commit();
    project.edit("platform.yaml", "approvals: 2", "approvals: 1");
    project.run(&["render"]).exits(0);
    commit();

    // The commit before the last one: what came later stays.
    git("sh deploy/pipeline.sh revert HEAD^").exits(0);
    assert_eq!(git("git branch --show-current").out, git("echo rollback/$(git rev-parse --short=12 main^)").out);
    project.run(&["render", "--check"]).exits(0);
    let spec = project.read("platform.yaml");
    assert!(spec.contains("web:v1") && spec.contains("approvals: 1"), "{spec}");

    // A merge commit with all that it brought.
    git("git checkout --quiet -b topic main && echo more > more && git add more && git commit --quiet --message=more && git checkout --quiet main && git merge --quiet --no-ff --no-edit topic").exits(0);
    git("sh deploy/pipeline.sh revert HEAD").exits(0);
    assert!(!project.at("more").exists());

    // Neither a commit of another branch nor one whose lines were changed again.
    git("git checkout --quiet main").exits(0);
    let other = git("git rev-parse rollback/$(git rev-parse --short=12 HEAD)").out;
    assert!(git(&format!("sh deploy/pipeline.sh revert {other}")).exits(1).err.contains("is no commit of the branch"));
    assert!(git("sh deploy/pipeline.sh revert nothing").exits(1).err.contains("nothing is no commit of the branch"));
    project.edit("platform.yaml", "web:v2", "web:v3");
    commit();
    let again = "sh deploy/pipeline.sh revert $(git log --format=%H --grep=change -- platform.yaml | sed -n 3p)";
    assert!(git(again).exits(1).err.contains("already exists"));
    git("git branch --quiet -D $(git branch --list 'rollback/*')").exits(0);
    assert!(git(again).exits(1).err.contains("later commits changed the same lines"));
    assert_eq!(git("git status --porcelain").out, "");
    git("sh deploy/pipeline.sh revert").exits(64);
}

/// A root that fails its tests does not hide those that come after it.
pub(crate) fn every_root_is_tested() {
    let project = shop();
    let (ran, asked) = script(&project, &format!("fails={ROOT}"), "test");
    ran.exits(1);
    let tested: Vec<&String> = asked.iter().filter(|words| words.ends_with(" test")).collect();
    assert_eq!(asked[0], "fmt -check -diff -recursive terraform");
    assert_eq!(tested.len(), 11, "{tested:?}");
    assert!(asked.iter().all(|words| !words.contains(" init ") || words.contains("-backend=false")), "{asked:?}");
}

/// A release that is not what its checksums say is not installed.
pub(crate) fn a_release_is_held_against_its_checksum() {
    let project = shop();
    let build = "mkdir -p release tools && cd release && echo program >platgen && name=\"platgen-x86_64-unknown-linux-musl.tar.gz\" && tar -czf \"$name\" platgen && sha256sum \"$name\" >SHA256SUMS";
    let made = Command::new("sh").args(["-c", build]).current_dir(project.at("deploy")).status().expect("a shell");
    assert!(made.success());
    let values =
        "uname() { [ \"$1\" = -s ] && echo Linux || echo x86_64; }\nHOME=$PWD TOOLS=$PWD/tools PLATGEN_RELEASES=https://releases.example";
    script(&project, values, "install-platgen").0.exits(0);
    assert_eq!(project.read("deploy/tools/platgen"), "program\n");
    project.write("deploy/tools/platgen", "");
    project.write("deploy/release/SHA256SUMS", &format!("{}  platgen-x86_64-unknown-linux-musl.tar.gz\n", "0".repeat(64)));
    let (ran, _) = script(&project, values, "install-platgen");
    ran.exits(1);
    assert_eq!(project.read("deploy/tools/platgen"), "");
    let (ran, _) = script(&project, "HOME=$PWD", "install-platgen");
    assert!(ran.exits(2).err.contains("PLATGEN_RELEASES"));
}

/// The files of the CI system are owned as all others, leave with `ci`, and are written into the default output folder alone, which they name.
pub(crate) fn workflows_are_owned_and_leave() {
    let project = shop();
    let path = ".github/workflows/platgen-check.yaml";
    project.write(path, "name: mine\n");
    let ran = project.run(&["render", "--check"]).exits(2);
    assert!(ran.out.contains(path), "{}", ran.out);
    project.run(&["render"]).exits(2);
    project.run(&["render", "--force"]).exits(0);
    project.run(&["render", "--check"]).exits(0);
    let other = Project::new();
    other.write("platform.yaml", SPEC);
    other.run(&["render", "-o", "out"]).exits(0);
    assert!(!other.at(".github").exists());
    project.edit("platform.yaml", "ci: github, ", "ci: none, ");
    project.run(&["render", "--force"]).exits(0);
    assert!(!project.at(path).exists() && !project.at("deploy/pipeline.sh").exists());
}
