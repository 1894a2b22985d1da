//! `render --check` and what keeps a render from writing, through the program.

use super::cli::WEB;
use super::program::{Project, tree};
use sha2::{Digest, Sha256};
use std::fs;

const SHORT: &str = "kubernetes/production/eu-west-1/hello/web.yaml";

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn the_spec_changed() {
    let project = Project::rendered();
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    let ran = project.check().exits(2);
    assert_eq!(ran.causes(), [format!("{SHORT}: spec changed")]);
    assert!(ran.out.contains("-  LOG_LEVEL: \"info\"") || ran.out.contains("-  LOG_LEVEL: info"), "{}", ran.out);
    project.run(&["render"]).exits(0);
    assert_eq!(project.check().code, 0);
}

pub(crate) fn files_were_edited_deleted_added() {
    let project = Project::rendered();
    project.write(WEB, &(project.read(WEB) + "# mine\n"));
    fs::remove_file(project.at("deploy/README.md")).expect("removed");
    project.write("deploy/kubernetes/production/eu-west-1/hello/mine.yaml", "mine\n");
    assert_eq!(project.check().exits(2).causes(), ["README.md: missing", &format!("{SHORT}: file edited")]);
    assert!(project.check().err.contains("not written by platgen, left alone: deploy/kubernetes/production/eu-west-1/hello/mine.yaml"));
    // Render and check agree: what is left alone is no difference, what is refused is said with the same words.
    let (refused, checked) = (project.run(&["render"]).exits(2), project.check());
    let finding = |ran: &crate::acceptance::program::Ran| -> Vec<String> {
        ran.err.lines().skip_while(|line| !line.starts_with("error[edited-file]")).take(3).map(str::to_owned).collect()
    };
    assert!(finding(&refused).len() == 3 && finding(&refused) == finding(&checked), "{}\n{}", refused.err, checked.err);
    project.run(&["render", &format!("--force={WEB}")]).exits(0);
    assert_eq!(project.check().exits(0).causes(), [""; 0]);
}

pub(crate) fn the_lock_is_missing_or_stale() {
    let project = Project::rendered();
    let lock = project.read("platgen.lock");
    fs::remove_file(project.at("platgen.lock")).expect("removed");
    assert_eq!(project.check().exits(2).causes(), ["platgen.lock: lock missing"]);
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    let alone = project.check().exits(2);
    assert_eq!(alone.out, "platgen.lock would be created: lock missing\n", "no difference but the lock");
    assert!(alone.err.contains("the lock is missing") && !alone.err.contains("spec changed"), "{}", alone.err);
    project.edit("platform.yaml", "LOG_LEVEL: warn", "LOG_LEVEL: info");
    let before = tree(&project.folder);
    let refused: [&[&str]; 5] = [&["render"], &["render", "--stdout"], &["lock"], &["lock", "--check"], &["lock", "--resolve"]];
    for words in refused {
        let ran = project.run(words).exits(2);
        assert!(ran.codes().contains("missing-lock") && ran.out.is_empty(), "{words:?}: {ran:?}");
    }
    assert!(before == tree(&project.folder), "something was written without the lock");
    project.write("platgen.lock", &lock);
    assert_eq!(project.check().code, 0);
    add_region(&project);
    let causes = project.check().exits(2).causes();
    assert_eq!(causes[0], "platgen.lock: lock stale", "{causes:?}");
    assert!(causes.len() > 10 && causes[1..].iter().all(|line| line.ends_with("spec changed")), "{causes:?}");
    project.run(&["lock"]).exits(0);
    assert!(project.check().exits(2).causes().iter().all(|line| line.ends_with("spec changed")));
    assert!(project.read("platgen.lock").lines().collect::<Vec<_>>().len() > lock.lines().count());
    assert!(lock.lines().all(|line| project.read("platgen.lock").contains(line)), "ranges are added, never changed");
}

fn add_region(project: &Project) {
    project.edit("platform.yaml", "  eu-west-1: {zones: 3}", "  eu-central-1: {zones: 3}\n  eu-west-1: {zones: 3}");
    project.edit("platform.yaml", "regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]");
}

/// Of many lines that differ the first ones are shown; every file is named.
pub(crate) fn long_differences_are_cut() {
    let project = Project::init();
    let ran = project.check().exits(2);
    assert!(ran.out.lines().count() < 320 && ran.out.contains("more lines not shown"), "{}", ran.out);
    project.run(&["render"]).exits(0);
    let files = tree(&project.at("deploy")).len();
    assert_eq!(ran.out.lines().filter(|line| line.contains(" would be created: ")).count(), files + 2, "each file and the locks");
}

/// What git left in a spec is named by its line, and nothing that follows from it is said.
pub(crate) fn a_spec_with_conflict_markers() {
    for toml in [false, true] {
        let project = Project::new();
        project.run(if toml { &["init", "--toml"] } else { &["init"] }).exits(0);
        let name = if toml { "platform.toml" } else { "platform.yaml" };
        project.run(&["render"]).exits(0);
        let spec = project.read(name);
        let (at, line) = spec.lines().enumerate().find(|(_, line)| line.contains("LOG_LEVEL")).expect("a line");
        project.write(name, &spec.replace(line, &format!("<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> other")));
        for command in [&["validate"][..], &["render"], &["render", "--check"], &["lock"], &["lock", "--resolve"]] {
            let ran = project.run(command).exits(1);
            assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), ["conflict-markers"], "{command:?}: {}", ran.err);
            assert!(ran.err.contains(&format!("{name}:{}:1", at + 1)), "{}", ran.err);
        }
    }
}

/// A subnet that leaves the spec keeps its ranges: the plan does not grow.
pub(crate) fn the_summary_says_what_changed() {
    let project = Project::init();
    let ran = project.run(&["render"]).exits(0);
    assert!(ran.err.contains(" ranges added; commit it with the files") && ran.err.contains("\n  and "), "{}", ran.err);
    let spec = project.read("platform.yaml");
    project.write("platform.yaml", &spec.replace("eu-west-1: {zones: 3}", "eu-west-1: {zones: 2}"));
    let ran = project.run(&["render"]).exits(0);
    assert!(ran.err.contains(" marked as removed, and still reserved; commit") && !ran.err.contains("added"), "{}", ran.err);
    project.write("platform.yaml", &spec);
    assert!(project.run(&["render"]).exits(0).err.contains(" restored; commit"));
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    let ran = project.run(&["render"]).exits(0);
    assert!(ran.err.contains(&format!("\n  written {SHORT}\nnext: ")), "{}", ran.err);
}

/// The lock is written as a render writes it: never through a link, and never over a text that was not read.
pub(crate) fn the_lock_alone() {
    let project = Project::init();
    let ran = project.run(&["lock", "--resolve"]).exits(1);
    assert!(ran.codes().contains("missing-lock") && ran.err.contains("there is no `platgen.lock` to resolve"), "{}", ran.err);
    project.run(&["lock"]).exits(0);
    assert!(!project.at("deploy").exists(), "no folder is left behind");
    let lock = project.read("platgen.lock");
    let kept: String = lock.lines().take(3).map(|line| format!("{line}\n")).collect();
    project.write("kept.lock", &kept);
    fs::remove_file(project.at("platgen.lock")).expect("removed");
    std::os::unix::fs::symlink("kept.lock", project.at("platgen.lock")).expect("a link");
    assert!(project.run(&["lock"]).exits(1).codes().contains("path-in-the-way"));
    assert!(project.read("kept.lock") == kept && project.at("platgen.lock").is_symlink());
}

/// An earlier version wrote another text and said so in the manifest.
pub(crate) fn platgen_changed() {
    let project = Project::rendered();
    let (now, then) = (project.read(WEB), project.read(WEB).replace("info", "other"));
    assert_ne!(now, then);
    project.write(WEB, &then);
    let manifest = "deploy/kubernetes/production/eu-west-1/.platgen-manifest";
    project.edit(manifest, &hash(&now), &hash(&then));
    assert_eq!(project.check().exits(2).causes(), [format!("{SHORT}: spec changed")], "the same version");
    project.edit(manifest, &format!("# platgen {}\n", env!("CARGO_PKG_VERSION")), "# platgen 0.0.1\n");
    assert!(project.check().err.contains("files were rendered by platgen 0.0.1"), "{}", project.check().err);
    assert_eq!(project.check().exits(2).causes(), [format!("{SHORT}: platgen changed")]);
    project.run(&["render"]).exits(0);
    assert_eq!(project.read(WEB), now);
}

pub(crate) fn a_render_was_interrupted() {
    let project = Project::rendered();
    let now = project.read(WEB);
    project.write("deploy/.platgen-journal", &format!("platgen-journal 1 commit\nwrite output - {} {SHORT}\n", hash(&now)));
    let causes = project.check().exits(2).causes();
    assert!(causes.iter().any(|line| line.contains(".platgen-journal") && line.contains("interrupted")), "{causes:?}");
    let ran = project.run(&["render"]).exits(0);
    assert!(ran.err.contains("interrupted"), "{}", ran.err);
    assert!(!project.at("deploy/.platgen-journal").exists());
    assert_eq!(project.check().code, 0);
}

pub(crate) fn edited_and_foreign_files_need_force() {
    let project = Project::rendered();
    project.write(WEB, "mine\n");
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    project.edit("platform.yaml", "apps:\n", "apps:\n  api: {image: \"registry.example/api:v1\", port: 8080, probes: {none: it is tiny}, resources: {cpu: 100m, memory: 64Mi}}\n");
    let foreign = "deploy/kubernetes/production/eu-west-1/hello/api.yaml";
    project.write(foreign, "mine\n");
    let before = tree(&project.folder);
    let ran = project.run(&["render"]).exits(2);
    assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), ["edited-file", "foreign-file"], "{}", ran.err);
    assert!(before == tree(&project.folder), "a refused render wrote something");
    assert_eq!(project.run(&["render", &format!("--force={WEB}")]).exits(2).codes().into_iter().collect::<Vec<_>>(), ["foreign-file"]);
    project.run(&["render", "--force"]).exits(0);
    assert!(project.read(WEB).contains("LOG_LEVEL: \"warn\"") || project.read(WEB).contains("LOG_LEVEL: warn"), "{}", project.read(WEB));
    assert_ne!(project.read(foreign), "mine\n");
    assert_eq!(project.check().code, 0);
}

pub(crate) fn a_terraform_root_that_left_the_spec() {
    let project = Project::init();
    let spec = project.read("platform.yaml");
    add_region(&project);
    project.run(&["render"]).exits(0);
    project.write("platform.yaml", &spec);
    let before = tree(&project.folder);
    let ran = project.run(&["render"]).exits(2);
    assert!(ran.codes().contains("live-terraform-root") && ran.err.contains("eu-central-1/network"), "{}", ran.err);
    assert!(ran.err.contains("\"Remove a region\" in RUNBOOK.md"), "{}", ran.err);
    assert!(project.read("deploy/RUNBOOK.md").contains("\n## Remove a region\n"));
    assert!(before == tree(&project.folder), "a refused render wrote something");
    let checked = project.check().exits(2);
    let procedure = |err: &str| -> Vec<String> {
        let start =
            |line: &&str| ["terraform ", "sed ", "platgen "].iter().any(|word| line.trim_start_matches([' ', '|', '=']).starts_with(word));
        err.lines().filter(start).map(|line| line.trim_start_matches([' ', '|', '=']).to_owned()).collect()
    };
    let commands = procedure(&ran.err);
    assert_eq!(procedure(&checked.err), commands, "{}", checked.err);
    // No line of a file that goes, and no file of the root.
    assert!(!checked.out.contains("+++ /dev/null"), "{}", checked.out);
    assert!(!checked.out.lines().any(|line| line.starts_with("deploy/terraform/production/eu-central-1")), "{}", checked.out);
    let words: Vec<&str> = commands.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    let cluster = ["terraform", "sed", "sed", "terraform", "terraform"];
    let link = ["terraform", "terraform"];
    assert_eq!(words, [&link[..], &cluster, &["terraform", "sed", "terraform", "platgen"]].concat(), "{commands:?}");
    assert!(commands[0].ends_with("/interconnect/eu-central-1--eu-west-1 init") && commands[1].ends_with(" destroy"));
    assert!(commands[2].ends_with("/cluster init") && commands[5].ends_with(" apply") && commands[6].ends_with(" destroy"));
    assert!(commands[7].ends_with("/network init") && commands[9].ends_with(" destroy"));
    // The procedure is run as it stands, with a terraform that refuses to destroy what is guarded.
    let bin = project.folder.parent().expect("a folder").join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let script = "#!/bin/sh\n[ \"$2\" != destroy ] || ! grep -Eq 'prevent_destroy|deletion_protection *= true' \"${1#-chdir=}\"/*.tf\n";
    let platgen = format!("#!/bin/sh\nexec '{}' \"$@\"\n", crate::support::program().display());
    for (name, text) in [("terraform", script), ("platgen", &platgen)] {
        fs::write(bin.join(name), text).expect("written");
        assert!(std::process::Command::new("chmod").arg("+x").arg(bin.join(name)).status().expect("chmod").success());
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let shell = |line: &str| {
        std::process::Command::new("sh").arg("-c").arg(line).current_dir(&project.folder).env("PATH", &path).status().expect("sh").success()
    };
    assert!(!shell(&commands[6]) && !shell(&commands[9]), "guards keep the cluster and the network");
    for line in &commands {
        assert!(shell(line), "{line}");
    }
    assert!(!project.at("deploy/terraform/production/eu-central-1").exists());
    assert!(!project.at("deploy/terraform/production/interconnect").exists());
    assert!(!project.at("deploy/kubernetes/production/eu-central-1").exists());
    assert_eq!(project.check().code, 0);
}

/// A lock after a merge of two branches: markers stop everything but `lock --resolve`.
pub(crate) fn a_lock_with_conflict_markers() {
    let project = Project::init();
    project.run(&["lock"]).exits(0);
    let lock = project.read("platgen.lock");
    let line = lock.lines().nth(1).expect("a line");
    project.write("platgen.lock", &lock.replace(line, &format!("<<<<<<< ours\n{line}\n=======\n{line}\n>>>>>>> theirs")));
    assert!(project.run(&["render"]).exits(1).codes().contains("lock-conflict"));
    project.run(&["lock", "--resolve"]).exits(0);
    assert_eq!(project.read("platgen.lock"), lock);
    project.run(&["render"]).exits(0);
}

/// What a program reads of a check is one list, with a finding for each cause.
pub(crate) fn differences_are_findings_for_programs() {
    let project = Project::rendered();
    let list = |words: &[&str], code| -> Vec<serde_json::Value> {
        serde_json::from_str(&project.run(words).exits(code).out).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    };
    assert_eq!(list(&["render", "--check", "--format", "json"], 0), [serde_json::Value::Null; 0]);
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    fs::remove_file(project.at("deploy/README.md")).expect("removed");
    project.write("deploy/kubernetes/production/eu-west-1/hello/mine.yaml", "mine\n");
    let found = list(&["render", "--check", "--format", "json"], 2);
    let told: std::collections::BTreeSet<(&str, &str)> =
        found.iter().map(|one| (one["code"].as_str().unwrap_or_default(), one["subject"].as_str().unwrap_or_default())).collect();
    for wanted in [("missing-file", "README.md"), ("spec-changed", "hello/web.yaml")] {
        assert!(told.iter().any(|(code, path)| *code == wanted.0 && path.ends_with(wanted.1)), "{wanted:?} in {told:?}");
    }
    let github = project.run(&["render", "--check", "--format", "github"]).exits(2).out;
    assert!(
        github.lines().any(|line| line.starts_with(&format!("::error file={WEB},line=1,")) && line.contains("title=spec-changed::")),
        "{github}"
    );
    assert!(found.iter().all(|one| one["place"]["file"] == one["subject"]), "{found:?}");
    // A render that is refused tells one list, too.
    project.write(WEB, "mine\n");
    assert_eq!(list(&["render", "--format", "json"], 2).len(), 1);
}

/// What is named and means nothing is told, and nothing is written.
pub(crate) fn names_that_mean_nothing() {
    let project = Project::rendered();
    let before = tree(&project.folder);
    for (words, code) in [
        (&["render", "--force=nope"][..], "unknown-reference"),
        (&["render", "-o", "."], "unsafe-path"),
        (&["render", "--env", "production", "--region", "eu-north-1"], "unknown-reference"),
    ] {
        let ran = project.run(words).exits(1);
        assert!(ran.codes().contains(code), "{words:?}: {ran:?}");
    }
    assert!(before == tree(&project.folder), "something was written");
    project.write("more.YAML", "apiVersion: platgen/v1\n");
    let ran = project.run(&["validate", "."]).exits(1);
    assert!(ran.err.contains("rename it to `./more.yaml`"), "{ran:?}");
}
