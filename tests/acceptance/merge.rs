//! Two branches that both grow the address plan meet in git, and `lock --resolve` mends what the merge left.

use super::program::{Project, Ran};
use libtest_mimic::Failed;
use platgen::model::lock::{Key, Lock};
use platgen::source::FileId;
use std::process::Command;

/// A project in a repository of its own, whatever the machine's settings.
struct Repository(Project);

impl Repository {
    fn git(&self, words: &[&str]) -> Ran {
        let mut command = Command::new("git");
        command.current_dir(&self.0.folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.args(["-c", "user.name=tests", "-c", "user.email=tests@example.invalid", "-c", "init.defaultBranch=main"]);
        command.args(words).output().expect("git starts").into()
    }

    /// Writes the spec, renders it and commits all of it.
    fn commit(&self, spec: &str) {
        self.0.write("platform.yaml", spec);
        self.0.run(&["render"]).exits(0);
        self.git(&["add", "--all"]).exits(0);
        self.git(&["commit", "--quiet", "--message", "spec, lock and files"]).exits(0);
    }

    fn lock(&self) -> Lock {
        Lock::parse(FileId(0), &self.0.read("platgen.lock")).unwrap_or_else(|faults| panic!("{faults:?}"))
    }
}

/// A platform with these regions and subnets in its only environment.
fn spec(regions: &[&str], subnets: &[&str]) -> String {
    let declared: String = regions.iter().map(|region| format!("  {region}: {{zones: 3}}\n")).collect();
    let named: String = subnets.iter().map(|subnet| format!("    {subnet}: {{isolated: true}}\n")).collect();
    let pools: String =
        subnets.iter().map(|subnet| format!("    {subnet}: {{subnet: {subnet}, machine: m7i.large, nodes: 3..6}}\n")).collect();
    format!(
        "apiVersion: platgen/v1
platform: {{name: shop, owner: ops, domain: shop.example}}
cloud: {{provider: aws, accounts: {{live: \"111111111111\"}}, state: {{region: eu-west-1}}}}
regions:
{declared}environments:
  live: {{branch: main, regions: [{}]}}
network:
  subnets:
    general: {{default: true}}
{named}cluster:
  pools:
    general: {{subnet: general, machine: m7i.large, nodes: 3..6}}
{pools}access: {{mfa: required, groups: {{ops: {{id: platform-admin, role: admin}}}}}}
teams:
  ops: {{group: ops, page: {{email: ops@shop.example}}, ticket: {{email: ops@shop.example}}}}
namespaces: {{shop: {{owner: ops}}}}
apps:
  web: {{image: \"registry.example/web:v1\", port: 8080, probes: {{ready: /ready, live: /live}}}}
",
        regions.join(", ")
    )
}

/// Regions and subnets of a branch.
type Side = (&'static [&'static str], &'static [&'static str]);

/// Where the subnets of both branches stand on neighbouring lines, git leaves a conflict.
const CONFLICT: [Side; 3] = [
    (&["eu-west-1"], &["payments"]),
    (&["eu-west-1", "eu-central-1"], &["payments", "data"]),
    (&["eu-west-1", "us-east-1"], &["payments", "edge"]),
];

/// New regions far apart in the lock: git merges them without a word, and both have the same range.
const CLEAN: [Side; 3] = [(&["eu-west-1"], &[]), (&["eu-west-1", "eu-central-1"], &[]), (&["eu-west-1", "us-east-1"], &[])];

/// What a case has to show: the sides, git's conflict style, whether a conflict is left.
pub(crate) fn conflict_in_the_default_style() -> Result<(), Failed> {
    meet(CONFLICT, "merge", true)
}

pub(crate) fn conflict_in_the_diff3_style() -> Result<(), Failed> {
    meet(CONFLICT, "diff3", true)
}

pub(crate) fn clean_merge_with_overlaps() -> Result<(), Failed> {
    meet(CLEAN, "merge", false)
}

fn meet([base, one, other]: [Side; 3], style: &str, conflict: bool) -> Result<(), Failed> {
    let mut outcomes = Vec::new();
    for [ours, theirs] in [[one, other], [other, one]] {
        let repository = Repository(Project::new());
        let project = &repository.0;
        repository.git(&["init", "--quiet"]).exits(0);
        repository.git(&["config", "merge.conflictStyle", style]).exits(0);
        repository.commit(&spec(base.0, base.1));
        let ancestor = repository.lock();
        repository.git(&["checkout", "--quiet", "-b", "theirs"]).exits(0);
        repository.commit(&spec(theirs.0, theirs.1));
        repository.git(&["checkout", "--quiet", "main"]).exits(0);
        repository.commit(&spec(ours.0, ours.1));

        let merged = repository.git(&["merge", "--quiet", "theirs"]);
        let left = project.read("platgen.lock");
        assert_eq!(left.contains("<<<<<<< "), conflict, "{merged:?}\n{left}");
        assert_eq!(left.contains("||||||| "), conflict && style == "diff3", "{left}");
        // The spec is put together by its authors.
        let all = |one: &[&'static str], other: &[&'static str]| -> Vec<&str> {
            let mut all = [one, other].concat();
            all.sort_unstable();
            all.dedup();
            all
        };
        project.write("platform.yaml", &spec(&all(ours.0, theirs.0), &all(ours.1, theirs.1)));
        let wanted = if conflict { "lock-conflict" } else { "network-overlap" };
        let refused = project.run(&["render"]).exits(1);
        assert!(refused.codes().contains(wanted) && refused.err.contains("platgen lock --resolve"), "{}", refused.err);

        project.run(&["lock", "--resolve"]).exits(0);
        let (text, lock) = (project.read("platgen.lock"), repository.lock());
        for (key, entry) in &ancestor.entries {
            assert_eq!(lock.entries.get(key), Some(entry), "{key} was known to both branches");
        }
        let new = lock.entries.len() - ancestor.entries.len();
        assert!(new > 30, "{new} new ranges");
        no_overlaps(&lock);
        let again = project.run(&["lock", "--resolve"]).exits(0);
        assert!(again.err.contains("is complete") && project.read("platgen.lock") == text, "{}", again.err);

        // The files, too, are what the merge left of them.
        project.run(&["render", "--force"]).exits(0);
        assert_eq!(project.check().exits(0).causes(), [""; 0]);
        assert_eq!(project.read("platgen.lock"), text, "a render moves nothing");
        outcomes.push(text);
    }
    assert_eq!(outcomes[0], outcomes[1], "the same, whichever branch was merged into which");
    Ok(())
}

fn no_overlaps(lock: &Lock) {
    let all: Vec<(&Key, _)> = lock.entries.iter().map(|(key, entry)| (key, entry.cidr)).collect();
    for (at, (key, range)) in all.iter().enumerate() {
        for (other, taken) in &all[at + 1..] {
            let nested = key.is_ancestor_of(other) || other.is_ancestor_of(key);
            assert!(nested || !range.overlaps(*taken), "{key} {range} overlaps {other} {taken}");
        }
    }
}
