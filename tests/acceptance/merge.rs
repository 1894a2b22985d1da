//! Two branches meet in git: unrelated changes merge by themselves, `lock --resolve` mends the address plan, `render` mends generated files.

use super::program::{Project, Ran};
use libtest_mimic::Failed;
use platgen::model::lock::{Key, Lock};
use platgen::source::FileId;
use std::fs;
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

    /// The files that differ between two revisions.
    fn changed(&self, range: &str) -> Vec<String> {
        self.git(&["diff", "--name-only", range]).exits(0).out.lines().map(str::to_owned).collect()
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
    meet(CONFLICT, "merge", true, "")
}

pub(crate) fn conflict_in_the_diff3_style() -> Result<(), Failed> {
    meet(CONFLICT, "diff3", true, "")
}

/// Tools that don't know `merge=union` leave conflict markers in manifests.
pub(crate) fn conflict_in_manifests_too() -> Result<(), Failed> {
    meet(CONFLICT, "merge", true, ".platgen-manifest merge\n")
}

pub(crate) fn clean_merge_with_overlaps() -> Result<(), Failed> {
    meet(CLEAN, "merge", false, "")
}

fn meet([base, one, other]: [Side; 3], style: &str, conflict: bool, attributes: &str) -> Result<(), Failed> {
    for [ours, theirs] in [[one, other], [other, one]] {
        let repository = Repository(Project::new());
        let project = &repository.0;
        repository.git(&["init", "--quiet"]).exits(0);
        repository.git(&["config", "merge.conflictStyle", style]).exits(0);
        fs::create_dir_all(project.at(".git/info"))?;
        project.write(".git/info/attributes", attributes);
        repository.commit(&spec(base.0, base.1));
        let ancestor = repository.lock();
        repository.git(&["checkout", "--quiet", "-b", "theirs"]).exits(0);
        repository.commit(&spec(theirs.0, theirs.1));
        repository.git(&["checkout", "--quiet", "main"]).exits(0);
        repository.commit(&spec(ours.0, ours.1));
        let target = repository.lock();

        let merged = repository.git(&["merge", "--quiet", "theirs"]);
        let left = project.read("platgen.lock");
        assert_eq!(left.contains("<<<<<<< "), conflict, "{merged:?}\n{left}");
        assert_eq!(left.contains("||||||| "), conflict && style == "diff3", "{left}");
        let unmerged = repository.git(&["diff", "--name-only", "--diff-filter=U"]).exits(0).out;
        let marked = |name: &str| unmerged.lines().any(|path| path.starts_with("deploy/") && path.ends_with(name));
        assert_eq!(marked(".tf"), conflict, "{unmerged}");
        assert_eq!(marked(".platgen-manifest"), !attributes.is_empty(), "{unmerged}");
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
        for (key, entry) in &target.entries {
            assert_eq!(lock.entries.get(key), Some(entry), "main has {key}");
        }
        let new = lock.entries.len() - ancestor.entries.len();
        assert!(new > 30, "{new} new ranges");
        no_overlaps(&lock);
        let again = project.run(&["lock", "--resolve"]).exits(0);
        assert!(again.err.contains("up to date") && project.read("platgen.lock") == text, "{}", again.err);

        // The files, too, are what the merge left of them; nothing has to be forced.
        project.run(&["render"]).exits(0);
        assert_eq!(project.check().exits(0).causes(), [""; 0]);
        assert_eq!(project.read("platgen.lock"), text, "a render moves nothing");
    }
    Ok(())
}

/// A platform with three apps and a job.
fn images(api: u32, cart: u32, job: u32) -> String {
    let app = |name: &str, image: u32| {
        format!(
            "  {name}:\n    image: \"registry.example/{name}:v{image}\"\n    port: 8080\n    probes:\n      ready: /ready\n      live: /live\n    resources:\n      cpu: 100m\n      memory: 64Mi\n"
        )
    };
    let job = format!(
        "  setup:\n    image: \"registry.example/setup:v{job}\"\n    run: before-deploy\n    resources:\n      cpu: 100m\n      memory: 64Mi\n"
    );
    spec(&["eu-west-1"], &[]) + &app("api", api) + &app("cart", cart) + &job
}

/// Neighbouring apps: their lines in the manifest conflict, and git keeps both.
pub(crate) fn images_of_two_apps() -> Result<(), Failed> {
    let repository = Repository(Project::new());
    let project = &repository.0;
    repository.git(&["init", "--quiet"]).exits(0);
    repository.commit(&images(1, 1, 1));
    let unit = |name: &str| {
        vec![
            format!("deploy/kubernetes/live/eu-west-1/.platgen-manifest"),
            format!("deploy/kubernetes/live/eu-west-1/shop/{name}.yaml"),
            "platform.yaml".to_owned(),
        ]
    };
    for (branch, spec, app) in [("one", images(2, 1, 1), "api"), ("two", images(1, 2, 1), "cart"), ("three", images(1, 1, 2), "setup")] {
        repository.git(&["checkout", "--quiet", "-b", branch, "main"]).exits(0);
        repository.commit(&spec);
        assert_eq!(repository.changed(&format!("main..{branch}")), unit(app));
    }
    repository.git(&["checkout", "--quiet", "main"]).exits(0);
    for branch in ["one", "two", "three"] {
        repository.git(&["merge", "--quiet", "--no-edit", "--no-ff", branch]).exits(0);
        assert!(!project.read("deploy/kubernetes/live/eu-west-1/.platgen-manifest").contains("<<<<"));
        let ran = project.check().exits(0);
        assert_eq!(ran.causes(), [""; 0], "after {branch}");
        assert_eq!(ran.err.contains("1 manifest with lines of both branches of a merge"), branch != "one", "after {branch}: {}", ran.err);
    }
    assert_eq!(project.read("platform.yaml"), images(2, 2, 2));
    project.run(&["render"]).exits(0);
    let tidied = repository.git(&["status", "--porcelain"]).exits(0).out;
    assert_eq!(tidied, " M deploy/kubernetes/live/eu-west-1/.platgen-manifest\n", "doubled lines");
    assert!(!project.check().exits(0).err.contains("branches of a merge"));
    Ok(())
}

/// Two branches each add a subnet; git merges the lock without a conflict, and both have the same range. The range that `main` has stays, whichever
/// branch is checked out, during the merge and after it; `--onto` says otherwise.
pub(crate) fn two_new_subnets() -> Result<(), Failed> {
    const BASE: &[&str] = &["mid"];
    for (main, feature) in [("alpha", "zulu"), ("zulu", "alpha")] {
        for (head, committed) in [("main", false), ("main", true), ("feature", false), ("feature", true)] {
            let repository = Repository(Project::new());
            let project = &repository.0;
            repository.git(&["init", "--quiet"]).exits(0);
            repository.commit(&spec(&["eu-west-1"], BASE));
            repository.git(&["checkout", "--quiet", "-b", "feature"]).exits(0);
            repository.commit(&spec(&["eu-west-1"], &[&[feature], BASE].concat()));
            let theirs = repository.lock();
            repository.git(&["checkout", "--quiet", "main"]).exits(0);
            repository.commit(&spec(&["eu-west-1"], &[&[main], BASE].concat()));
            let ours = repository.lock();
            repository.git(&["checkout", "--quiet", head]).exits(0);
            repository.git(&["merge", "--quiet", "--no-commit", if head == "main" { "feature" } else { "main" }]);
            assert!(!project.read("platgen.lock").contains("<<<<"), "{}", project.read("platgen.lock"));
            project.write("platform.yaml", &spec(&["eu-west-1"], &["alpha", "mid", "zulu"]));
            if committed {
                repository.git(&["add", "--all"]).exits(0);
                repository.git(&["commit", "--quiet", "--message", "merge"]).exits(0);
            }
            let case = format!("{main} on main, {head} checked out, committed: {committed}");
            let refused = project.run(&["render"]).exits(1);
            assert!(
                refused.codes().contains("network-overlap") && refused.err.contains("`platgen lock --resolve`, then `platgen render`"),
                "{}",
                refused.err
            );
            let merged = project.read("platgen.lock");

            let ran = project.run(&["lock", "--resolve"]).exits(0);
            let lock = repository.lock();
            assert!(
                ran.err.contains(if head == "main" && committed { "every range of the first parent" } else { "every range of `main`" }),
                "{case}: {}",
                ran.err
            );
            assert_eq!(moved(&ran), expected(&theirs, &lock), "{case}");
            assert!(!moved(&ran).is_empty() && moved(&ran).iter().all(|line| line.contains(&format!("/{feature}"))), "{case}: {}", ran.err);
            assert!(ours.entries.iter().all(|(key, entry)| lock.entries.get(key) == Some(entry)), "{case}");
            no_overlaps(&lock);

            project.write("platgen.lock", &merged);
            let ran = project.run(&["lock", "--resolve", "--onto", "feature"]).exits(0);
            let kept = repository.lock();
            if !(head == "feature" && committed) {
                assert!(theirs.entries.iter().all(|(key, entry)| kept.entries.get(key) == Some(entry)), "{case}: {}", ran.err);
                assert_eq!(moved(&ran), expected(&ours, &kept), "{case}");
            }
            project.write("platgen.lock", &merged);
            assert!(project.run(&["lock", "--resolve", "--onto", "nowhere"]).exits(1).codes().contains("unknown-reference"));
            project.run(&["lock", "--resolve"]).exits(0);
            project.run(&["render"]).exits(0);
            assert_eq!(project.check().exits(0).causes(), [""; 0], "{case}");
        }
    }
    Ok(())
}

/// `--onto` names a branch that has nothing to do with the main branch: a subnet that both it and `HEAD` have, and that the merged lock lacks, was deleted
/// on purpose. The merge base of `HEAD` and the main branch would say that the target branch added it.
pub(crate) fn the_base_is_that_of_head_and_onto() -> Result<(), Failed> {
    let repository = Repository(Project::new());
    let project = &repository.0;
    repository.git(&["init", "--quiet"]).exits(0);
    repository.commit(&spec(&["eu-west-1"], &["mid"]));
    repository.git(&["checkout", "--quiet", "-b", "feature"]).exits(0);
    repository.commit(&spec(&["eu-west-1"], &["alpha", "mid"]));
    repository.git(&["branch", "release"]).exits(0);
    repository.commit(&(spec(&["eu-west-1"], &["alpha", "mid"]) + "# more\n"));
    repository.git(&["checkout", "--quiet", "main"]).exits(0);
    repository.commit(&spec(&["eu-west-1"], &["mid", "zulu"]));
    repository.git(&["checkout", "--quiet", "feature"]).exits(0);
    project.write("platform.yaml", &spec(&["eu-west-1"], &["mid"]));
    let kept: String =
        project.read("platgen.lock").lines().filter(|line| !line.contains("/alpha")).map(|line| format!("{line}\n")).collect();
    project.write("platgen.lock", &kept);
    project.run(&["lock", "--resolve", "--onto", "release"]).exits(0);
    assert_eq!(project.read("platgen.lock"), kept);
    Ok(())
}

/// The lines of `lock --resolve` about ranges that move.
fn moved(ran: &Ran) -> Vec<String> {
    ran.err.lines().filter_map(|line| line.strip_prefix("moved: ").map(str::to_owned)).collect()
}

/// What differs between a branch's lock and the resolved one, in the same form.
fn expected(branch: &Lock, resolved: &Lock) -> Vec<String> {
    let moved = branch.entries.iter().filter(|(key, entry)| resolved.entries[*key].cidr != entry.cidr);
    moved.map(|(key, entry)| format!("{key} {} -> {}", entry.cidr, resolved.entries[key].cidr)).collect()
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
