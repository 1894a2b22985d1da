//! Commands, exit codes and printing.

use super::program::{Project, root, tree};
use crate::support::platgen;
use platgen::diagnostic::Code;
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};

const COMMANDS: [&str; 21] = [
    "init",
    "validate",
    "render",
    "check",
    "show",
    "diff",
    "impact",
    "outage",
    "access",
    "reach",
    "graph",
    "guard",
    "secrets",
    "parity",
    "kind",
    "fmt",
    "lock",
    "explain",
    "schema",
    "completions",
    "man",
];
pub(crate) const WEB: &str = "deploy/kubernetes/production/eu-west-1/hello/web.yaml";

pub(crate) fn help_and_exit_codes() {
    let project = Project::new();
    for words in COMMANDS.iter().map(|command| vec![*command, "--help"]).chain([vec!["--help"], vec!["--version"], vec!["help", "render"]])
    {
        let ran = project.run(&words).exits(0);
        assert!(!ran.out.is_empty() && ran.err.is_empty(), "{words:?}: {ran:?}");
    }
    let listed = project.run(&["--help"]).out;
    for command in COMMANDS {
        assert!(listed.contains(&format!("\n  {command} ")), "{command} is not in:\n{listed}");
    }
    let wrong: [&[&str]; 12] = [
        &[],
        &["frobnicate"],
        &["render", "--frobnicate"],
        &["render", "--check", "--force"],
        &["render", "--check", "--stdout"],
        &["render", "--check", "--dry-run"],
        &["render", "--stdout", "--dry-run"],
        &["render", "--stdout", "--force"],
        &["render", "--stdout=all", "--force=deploy"],
        &["render", "--stdout=some"],
        &["lock", "--check", "--resolve"],
        &["completions", "tcl"],
    ];
    for words in wrong {
        let ran = project.run(words).exits(64);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{words:?}: {ran:?}");
    }
    assert!(tree(&project.folder).is_empty());
    project.write("platform.yaml", "apiVersion: platgen/v1\nplatform: {nme: x}\n");
    for command in ["validate", "render", "check", "lock", "show"] {
        assert!(project.run(&[command]).exits(1).codes().contains("unknown-key"), "{command}");
    }
    assert_eq!(tree(&project.folder).len(), 1, "a refused spec leaves nothing behind");
    assert_eq!(Project::init().run(&["lock", "--check"]).code, 2);
    assert_eq!(Project::init().run(&["render", "--check"]).code, 2);
}

pub(crate) fn formats() {
    let project = Project::new();
    project.write("platform.yaml", "apiVersion: platgen/v1\nplatform: {nme: x}\n");
    for format in ["json", "sarif"] {
        let ran = project.run(&["validate", "--format", format]).exits(1);
        serde_json::from_str::<Value>(&ran.out).unwrap_or_else(|error| panic!("{format}: {error}\n{}", ran.out));
        assert!(ran.out.contains("unknown-key") && ran.err.is_empty(), "{ran:?}");
    }
    let ran = project.run(&["validate", "--format", "github"]).exits(1);
    assert!(ran.out.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{}", ran.out);
    let coloured = project.run(&["validate", "--color", "always"]).exits(1);
    assert!(coloured.err.contains('\u{1b}') && !project.run(&["validate"]).err.contains('\u{1b}'));
    let project = Project::init();
    let quiet = project.run(&["--quiet", "render"]).exits(0);
    assert!(quiet.out.is_empty() && quiet.err.is_empty(), "{quiet:?}");
}

pub(crate) fn a_dry_run_writes_nothing() {
    let project = Project::init();
    let before = tree(&project.folder);
    let dry = project.run(&["render", "--dry-run"]).exits(0);
    assert!(before == tree(&project.folder), "{dry:?}");
    let count =
        |ran: &str, words: &str| ran.lines().find(|line| line.contains(words)).map(|line| line.split(' ').next().map(str::to_owned));
    assert!(
        dry.err.contains(" ranges added\n") && dry.err.contains(": the render would change it: ") && !dry.err.contains("commit"),
        "{}",
        dry.err
    );
    assert!(dry.err.contains("  to write README.md\n") && dry.err.ends_with("dry run: nothing was written\n"), "{}", dry.err);
    let wet = project.run(&["render"]).exits(0);
    assert_eq!(count(&dry.err, " files to write, 0 unchanged, 0 to remove"), count(&wet.err, " files written, 0 unchanged, 0 removed"));
    // What a render refuses, its dry run refuses.
    project.write(WEB, "edited: true\n");
    let before = tree(&project.folder);
    assert!(project.run(&["render", "--dry-run"]).exits(2).codes().contains("edited-file"));
    project.run(&["render", "--dry-run", "--force"]).exits(0);
    assert!(before == tree(&project.folder), "something was written");
    project.edit("platform.yaml", "port: 8080", "prt: 8080");
    project.run(&["render", "--dry-run"]).exits(1);
}

pub(crate) fn warnings_are_denied() {
    let project = Project::init();
    for command in ["validate", "render"] {
        project.run(&[command, "--deny-warnings"]).exits(0);
    }
    project.run(&["check", "--deny-warnings", "--today", "2026-12-01"]).exits(0);
    project.edit("platform.yaml", "\napps:", "\nprofiles: {nobody: {grace: 5s}}\napps:");
    let before = tree(&project.folder);
    for words in [&["validate"][..], &["render", "--dry-run"], &["render", "--check"], &["check", "--today", "2026-12-01"]] {
        let denied = project.run(&[words, &["--deny-warnings"]].concat()).exits(2);
        assert!(denied.codes().contains("unused-profile"), "{words:?}: {denied:?}");
        assert!(before == tree(&project.folder), "{words:?} wrote something");
        let quiet = project.run(&[words, &["--deny-warnings", "--quiet"]].concat()).exits(2);
        assert!(quiet.codes().contains("unused-profile"), "{words:?} is quiet about what it refuses: {quiet:?}");
        project.run(words).exits(0);
        assert_eq!(project.run(&[words, &["--quiet"]].concat()).exits(0).err, "", "{words:?}");
    }
    assert!(project.run(&["render", "--deny-warnings"]).exits(2).err.ends_with("nothing was written\n"));
    assert!(project.run(&["render", "--stdout=all", "--deny-warnings"]).exits(2).out.is_empty());
}

/// A quiet check prints the findings that it exits with, also warnings, and no warning of the spec.
pub(crate) fn a_quiet_check_says_why() {
    let project = Project::init();
    project.edit("platform.yaml", "port: 8080", "port: 8080\n    scale: {replicas: 1}");
    project.edit("platform.yaml", "\napps:", "\nprofiles: {nobody: {grace: 5s}}\napps:");
    project.run(&["render"]).exits(0);
    let ran = project.run(&["check", "--today", "2026-12-01", "--quiet"]).exits(2);
    assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), ["single-replica"], "{}", ran.err);
    assert!(ran.err.starts_with("warning[single-replica]"), "{}", ran.err);
    let ran = project.run(&["check", "--tree", "deploy/kubernetes/production", "--quiet"]);
    assert!(ran.code == 0 || !ran.err.is_empty(), "{ran:?}");
}

/// The lock is that of the files in another output folder, too.
pub(crate) fn a_lock_beside_other_files() {
    let project = Project::init();
    project.run(&["render", "-o", "out"]).exits(0);
    fs::remove_file(project.at("platgen.lock")).expect("a lock");
    assert!(project.run(&["lock", "-o", "out"]).exits(2).codes().contains("missing-lock"));
    project.run(&["lock"]).exits(0);
}

/// `platgen schema | head -1`: the reader has enough, and that is no fault.
pub(crate) fn closed_pipe_is_quiet() {
    let project = Project::rendered();
    for words in
        [&["schema"][..], &["man"], &["completions", "bash"], &["show"], &["render", "--stdout=all"], &["explain", "apps"], &["--help"]]
    {
        let mut child =
            platgen().args(words).current_dir(&project.folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    }
}

/// A disk that is full below stdout: what did not arrive is no success.
pub(crate) fn full_stdout_fails() {
    let project = Project::rendered();
    for words in [&["schema"][..], &["show"], &["render", "--stdout"], &["validate", "--format", "json"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
        let output = platgen().args(words).current_dir(&project.folder).stdout(full).output().expect("runs");
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: stdout can't be written: "), "{words:?}");
    }
}

/// A finding names the place of a credential in every format, and shows it in none.
pub(crate) fn credentials_are_not_printed() {
    let project = Project::init();
    project.edit("platform.yaml", "LOG_LEVEL: info", "DB_PASSWORD: hunter2hunter2, LOG_LEVEL: \"${app/nobody.host}\"");
    for format in ["human", "json", "sarif", "github"] {
        let ran = project.run(&["validate", "--format", format]).exits(1);
        let all = ran.out + &ran.err;
        assert!(all.contains("secret-literal") && all.contains("unknown-reference"), "{all}");
        assert!(!all.contains("hunter2"), "{format}:\n{all}");
    }
}

/// A spec of several files is found as a whole from inside its folder: one of them alone would remove what the others declare.
pub(crate) fn a_folder_is_found_from_inside() {
    let project = Project::init();
    project.write("hidden/.yamllint.yaml", "rules: {}\n");
    let spec = project.read("platform.yaml");
    project.write("hidden/platform.yaml", &spec);
    let inside = |words: &[&str]| platgen().args(words).current_dir(project.at("hidden")).output().expect("runs");
    assert_eq!(inside(&["render"]).status.code(), Some(0));
    project.write("hidden/more.toml", "apiVersion = \"platgen/v1\"\n[vars]\nx = \"y\"\n[apps.more]\nimage = \"registry.example/more:v1\"\nprobes = {none = \"it only works\"}\n");
    assert_eq!(project.run(&["render", "hidden"]).code, 0);
    let whole = tree(&project.at("hidden"));
    assert!(whole.keys().any(|path| path.ends_with("/more.yaml")), "{whole:?}");
    let ran = inside(&["render"]);
    assert_eq!(ran.status.code(), Some(0));
    super::program::compare(&tree(&project.at("hidden")), &whole).expect("nothing is removed");
    // Files of others do not make it a folder; links that lead nowhere are told.
    project.write("beside.yaml", "apiVersion: v1\nkind: List\n");
    project.run(&["validate"]).exits(0);
    std::os::unix::fs::symlink("nowhere", project.at("hidden/lost.yaml")).expect("a link");
    let lost = inside(&["render"]);
    assert_eq!(lost.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&lost.stderr).contains("`lost.yaml` can't be read"), "{lost:?}");
}

/// From nothing to files that are what the spec says, in one folder per cloud and format.
pub(crate) fn init_validate_render_check() {
    for cloud in ["aws", "google", "azure"] {
        for toml in [false, true] {
            let project = Project::new();
            let mut words = vec!["init", "--cloud", cloud];
            words.extend(toml.then_some("--toml"));
            project.run(&words).exits(0);
            let ran = project.run(&["validate"]).exits(0);
            assert!(ran.codes().is_empty() || cloud != "aws", "{ran:?}");
            project.run(&["render"]).exits(0);
            assert_eq!(project.check().exits(0).causes(), [""; 0]);
            assert_eq!(project.run(&["lock", "--check"]).code, 0);
            assert_eq!(project.run(&["fmt", "--check"]).code, 0, "{cloud} toml={toml}");
            assert!(project.at("platgen.schema.json").is_file());
        }
    }
}

pub(crate) fn init_in_both_formats_says_the_same() {
    let trees = ["", "--toml"].map(|flag| {
        let project = Project::new();
        project.run(&["init", flag].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>()).exits(0);
        project.run(&["render"]).exits(0);
        tree(&project.at("deploy"))
    });
    super::program::compare(&trees[0], &trees[1]).expect("the same files");
}

pub(crate) fn fmt_checks_writes_and_refuses() {
    let project = Project::init();
    let canonical = project.read("platform.yaml");
    let spoilt = canonical.replace("  web:\n    image", "  web:\n\n\n    image").replace("port: 8080", "port:   8080   ");
    project.write("platform.yaml", &spoilt);
    let ran = project.run(&["fmt", "--check"]).exits(2);
    assert!(ran.out.contains("\n-    port:   8080   \n+    port: 8080\n") && project.read("platform.yaml") == spoilt, "{}", ran.out);
    // For programs, the same is one finding at the first line that differs.
    let ran = project.run(&["fmt", "--check", "--format", "json"]).exits(2);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    let line = 1 + spoilt.lines().zip(canonical.lines()).take_while(|(one, other)| one == other).count();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!((&found[0]["code"], &found[0]["place"]["line"]), (&"not-formatted".into(), &line.into()), "{found}");
    let ran = project.run(&["fmt", "--check", "--format", "github"]).exits(2);
    assert!(ran.out.starts_with("::error ") && ran.out.contains(&format!("file=platform.yaml,line={line}")), "{}", ran.out);
    let ran = project.run(&["fmt", "--check", "--format", "sarif"]).exits(2);
    let log: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!(log["runs"][0]["tool"]["driver"].get("informationUri"), None, "no address is better than an empty one");
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "not-formatted");
    assert_eq!(project.run(&["fmt", "--format", "json"]).exits(0).out, "[]\n");
    assert_eq!(project.read("platform.yaml"), canonical);
    assert_eq!(project.run(&["fmt", "--check", "--format", "json"]).exits(0).out, "[]\n");
    project.write("platform.yaml", &spoilt);
    assert!(project.run(&["fmt"]).exits(0).err.contains("formatted"));
    assert_eq!(project.read("platform.yaml"), canonical);
    assert_eq!(project.run(&["fmt", "--check"]).exits(0).out, "");
    // One file that can't be laid out stays; the others of its folder do not wait for it.
    let odd = "apiVersion: platgen/v1\n? vars\n:   {a: b}\n";
    project.write("platform/a.yaml", odd);
    project.write("platform/b.yaml", "apiVersion:   platgen/v1\n");
    let ran = project.run(&["fmt", "platform", "--check", "--format", "json"]).exits(1);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one document");
    let codes: Vec<&serde_json::Value> = found.as_array().into_iter().flatten().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["layout", "not-formatted"], "{found}");
    for words in [&["fmt", "platform", "--check"][..], &["fmt", "platform"]] {
        let ran = project.run(words).exits(1);
        assert!(ran.codes().contains("layout") && ran.err.contains("platform/a.yaml:2"), "{}", ran.err);
    }
    assert_eq!((project.read("platform/a.yaml").as_str(), project.read("platform/b.yaml").as_str()), (odd, "apiVersion: platgen/v1\n"));
    project.write("platform/a.yaml", "a: [\n");
    assert!(project.run(&["fmt", "platform"]).exits(1).codes().contains("syntax"));
}

pub(crate) fn init_never_overwrites() {
    for (present, folder) in [("platform.yaml", false), ("platform.toml", false), ("platform", true)] {
        for words in [&["init"][..], &["init", "--toml"]] {
            let project = Project::new();
            if folder {
                project.write("platform/x.yaml", "mine\n");
            } else {
                project.write(present, "mine\n");
            }
            let before = tree(&project.folder);
            assert!(project.run(words).exits(1).codes().contains("spec-exists"));
            assert!(before == tree(&project.folder));
        }
    }
}

pub(crate) fn no_spec_and_two_specs() {
    let project = Project::new();
    for command in ["validate", "render", "check", "show", "fmt", "lock"] {
        assert!(project.run(&[command]).exits(1).codes().contains("no-spec"), "{command}");
    }
    assert!(project.run(&["validate", "nowhere.yaml"]).exits(1).codes().contains("no-spec"));
    assert!(project.run(&["show"]).exits(1).err.contains("name the spec with `--spec SPEC`; or `platgen init` writes a first one"));
    project.write("other/platform.yaml", "apiVersion: platgen/v1\n");
    assert!(project.run(&["show", "other", "--env", "beta"]).exits(1).err.contains("name the spec with `--spec other`\n"));
    project.write("platform.yml", "apiVersion: platgen/v1\n");
    assert!(project.run(&["validate"]).exits(1).err.contains("`platform.yml` is here: rename it to `platform.yaml`\n"));
    fs::remove_file(project.at("platform.yml")).expect("a file");
    project.run(&["init"]).exits(0);
    assert!(project.run(&["show", "other"]).exits(1).err.contains("name the spec with `--spec other`\n"));
    fs::create_dir_all(project.at("a/b")).expect("folders");
    let below = platgen().arg("validate").current_dir(project.at("a/b")).output().expect("starts");
    assert_eq!(below.status.code(), Some(0), "the spec of a folder above is found");
    project.write("platform.toml", "apiVersion = \"platgen/v1\"\n");
    for command in ["validate", "render", "check", "show", "fmt", "lock"] {
        assert!(project.run(&[command]).exits(1).codes().contains("ambiguous-spec"), "{command}");
    }
    project.run(&["validate", "platform.yaml"]).exits(0);
    project.write("latin.yaml", "");
    fs::write(project.at("latin.yaml"), b"apiVersion: platgen/v1 # \xe9\n").expect("a file");
    assert!(project.run(&["validate", "latin.yaml"]).exits(1).codes().contains("syntax"));
}

pub(crate) fn unchanged_files_keep_their_time() {
    let project = Project::rendered();
    let times = |project: &Project| -> Vec<_> {
        let all = tree(&project.folder).into_keys();
        all.map(|path| (path.clone(), fs::metadata(project.at(&path)).and_then(|data| data.modified()).expect("a time"))).collect()
    };
    let before = times(&project);
    project.run(&["render"]).exits(0);
    assert_eq!(before, times(&project));
    project.edit("platform.yaml", "LOG_LEVEL: info", "LOG_LEVEL: warn");
    project.run(&["render"]).exits(0);
    let changed: Vec<String> =
        times(&project).into_iter().zip(before).filter(|(now, then)| now.1 != then.1).map(|(now, _)| now.0).collect();
    assert_eq!(
        changed,
        [
            "deploy/kubernetes/production/eu-west-1/.platgen-manifest",
            "deploy/kubernetes/production/eu-west-1/hello/web.yaml",
            "platform.yaml"
        ]
    );
}

/// A spec with two environments, two namespaces and a store, from the repository.
fn sample() -> Project {
    let project = Project::new().incomplete();
    super::program::copy(&root().join("specs/sample/platform.yaml"), &project.folder, false);
    project
}

pub(crate) fn selections() {
    let project = sample();
    let names = |project: &Project| tree(&project.at("deploy")).into_keys().collect::<Vec<_>>();
    project.run(&["render", "--env", "production", "--region", "eu-central-1"]).exits(0);
    let some = names(&project);
    assert!(some.iter().all(|path| !path.contains("/") || path.contains("/production/eu-central-1/")), "{some:?}");
    assert!(some.iter().any(|path| path.starts_with("terraform/")) && some.iter().any(|path| path.starts_with("kubernetes/")));
    project.run(&["render", "--env", "beta", "--app", "cart"]).exits(0);
    let added: Vec<String> = names(&project).into_iter().filter(|path| path.contains("/beta/") && !path.contains(".platgen")).collect();
    assert_eq!(added, ["kubernetes/beta/eu-west-1/shop/cart.yaml"]);
    project.run(&["render"]).exits(0);
    assert_eq!(project.check().code, 0);
    for (flag, name) in [("--env", "prod"), ("--region", "eu-west-9"), ("--app", "carrt"), ("--app", "payments/cart")] {
        let before = tree(&project.folder);
        let ran = project.run(&["render", flag, name]).exits(1);
        assert!(ran.codes().contains("unknown-reference"), "{ran:?}");
        assert!(before == tree(&project.folder));
    }
    project.run(&["render", "--app", "shop/cart", "--check"]).exits(0);
}

pub(crate) fn streams() {
    let project = sample();
    let one = project.run(&["render", "--env", "beta", "--stdout"]).exits(0).out;
    assert!(!project.at("deploy").exists() && !project.at("platgen.lock").exists(), "a stream writes nothing");
    let kinds: Vec<&str> = one.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
    let first = |kind: &str| kinds.iter().position(|found| *found == kind).unwrap_or_else(|| panic!("no {kind} in {kinds:?}"));
    let last = kinds.iter().rposition(|found| *found == "Namespace").expect("a namespace");
    assert!(last < first("Deployment") && first("NetworkPolicy") < first("Deployment"), "{kinds:?}");
    assert!(one.split("\n---\n").all(|document| document.contains("kind: ")), "every document is an object");
    assert!(!one.contains("kustomize.config"));
    let app = project.run(&["render", "--env", "beta", "--app", "cart", "--stdout"]).exits(0).out;
    assert!(app.contains("name: cart") && !app.contains("kind: Namespace\n") && app.len() < one.len());
    for words in [&["render", "--stdout"][..], &["render", "--env", "production", "--stdout"], &["render", "--app", "cart", "--stdout"]] {
        let ran = project.run(words).exits(1);
        assert!(ran.out.is_empty() && ran.codes().contains("several-clusters"), "{words:?}: {ran:?}");
        assert!(ran.err.contains("`--env` and `--region`") && ran.err.contains("`production/eu-west-1`"), "{}", ran.err);
    }
    let all = project.run(&["render", "--stdout=all"]).exits(0).out;
    project.run(&["render"]).exits(0);
    let files = tree(&project.at("deploy"));
    let mut said: Vec<&str> = Vec::new();
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".platgen-manifest") && !path.ends_with(".platgen-outside")) {
        assert!(all.contains(&format!("# {path}\n{}", String::from_utf8_lossy(bytes))), "{path} is not in the stream of all files");
        said.push(path);
    }
    let workflow = ".github/workflows/platgen-check.yaml";
    assert!(all.contains(&format!("# ../{workflow}\n{}", project.read(workflow))), "{workflow} is not in the stream of all files");
    assert!(said.len() > 80, "{said:?}");
}

pub(crate) fn spaces_and_unicode() {
    let project = Project::named("Über uns & co — 平台");
    project.run(&["init"]).exits(0);
    let rendered = project.run(&["render", "--output", "aus gabe/ö"]).exits(0);
    assert!(rendered.err.contains("aus gabe/ö"), "{}", rendered.err);
    project.run(&["render", "--output", "aus gabe/ö", "--check"]).exits(0);
    let plain = Project::rendered();
    super::program::compare(&tree(&project.at("aus gabe/ö")), &tree(&plain.at("deploy"))).expect("the path is no part of a file");
    fs::rename(project.at("platform.yaml"), project.at("mein spec ü.yaml")).expect("renamed");
    project.run(&["validate", "mein spec ü.yaml"]).exits(0);
    project.edit("mein spec ü.yaml", "port: 8080", "prt: 8080");
    let ran = project.run(&["validate", "mein spec ü.yaml"]).exits(1);
    assert!(ran.err.contains("mein spec ü.yaml"), "{}", ran.err);
}

pub(crate) fn explain_every_code_and_section() {
    let project = Project::new();
    for code in Code::ALL {
        let ran = project.run(&["explain", code.name()]).exits(0);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&ran.out).contains(&words(code.explain())) && ran.err.is_empty(), "{}", code.name());
    }
    let schema = platgen::cli::schema();
    let sections: Vec<&String> = schema["properties"].as_object().expect("sections").keys().collect();
    assert!(sections.len() > 15, "{sections:?}");
    let all = project.run(&["explain"]).exits(0).out;
    for section in sections {
        assert!(all.contains(&format!("  {section} ")), "{section} is not listed");
        let ran = project.run(&["explain", section]).exits(0);
        let words = ran.out.lines().next().unwrap_or_default().trim_start_matches(section.as_str()).trim_start_matches(':').trim();
        assert!(words.len() > 3, "{section}: {}", ran.out);
    }
    for path in ["apps.web.probes.ready", "apps.web.environments.dev.scale", "cluster.version", "stores.x.backup.every", "vars.x"] {
        let ran = project.run(&["explain", path]).exits(0);
        assert!(ran.out.contains("type: "), "{path}: {}", ran.out);
    }
    let ran = project.run(&["explain", "apps.web.prt"]).exits(1);
    assert!(ran.err.contains("`port`"), "{}", ran.err);
    let ran = project.run(&["explain", "cluster.pools.general.capacity_type"]).exits(1);
    assert!(ran.err.contains("write `spot: true`"), "{}", ran.err);
    let ran = project.run(&["explain", "apps.web.frobnicate"]).exits(1);
    assert!(ran.err.contains("`platgen explain apps.web`"), "{}", ran.err);
}

/// Words of other tools on the command line lead on.
pub(crate) fn habits_of_other_tools() {
    let project = Project::init();
    for (words, code, tip) in [
        (&["apply"][..], 64, "platgen applies nothing"),
        (&["plan"], 64, "`platgen diff`"),
        (&["render", "production"], 1, "`--env production`"),
        (&["show", "apps.web.LOG_LEVEL"], 1, "did you mean `apps.web.config.LOG_LEVEL`?"),
    ] {
        let ran = project.run(words).exits(code);
        assert!(ran.err.contains(tip), "{words:?}: {}", ran.err);
    }
    let ran = project.run(&["explain", "ingress"]).exits(0);
    assert!(ran.out.contains("keys:\n"), "{}", ran.out);
}

/// A key, a value and a word of other tools are found wherever they are.
pub(crate) fn explain_finds_keys() {
    let project = Project::new();
    for (name, paths) in [
        ("replicas", &["stores.NAME.replicas", "apps.NAME.scale.replicas"][..]),
        ("scale.replicas", &["apps.NAME.scale.replicas"]),
        ("timezone", &["apps.NAME.timezone", "environments.NAME.night.timezone"]),
        ("hpa", &["apps.NAME.scale"]),
        ("postgresql", &["stores.NAME.engine"]),
        ("grpc", &["apps.NAME.protocol", "apps.NAME.probes.ready.grpc", "apps.NAME.probes.live.grpc", "apps.NAME.probes.start.grpc"]),
    ] {
        let out = project.run(&["explain", name, "--format", "json"]).exits(0).out;
        let pages: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        let found: Vec<&str> = pages.as_array().expect("a list").iter().filter_map(|page| page["path"].as_str()).collect();
        let own: Vec<&str> = found.iter().copied().filter(|path| !path.contains(".init.") && !path.contains(".sidecars.")).collect();
        let own: Vec<&str> = own.into_iter().filter(|path| name != "grpc" || path.starts_with("apps.")).collect();
        assert_eq!(own, paths, "{name}: {found:?}");
    }
    let text = project.run(&["explain", "replicas"]).exits(0).out;
    assert!(text.contains("  apps.NAME.scale.replicas  Pods per region"), "{text}");
    assert!(project.run(&["explain", "deadline"]).exits(0).out.starts_with("apps.NAME.deadline: "));
    let ran = project.run(&["explain", "replcas"]).exits(1);
    assert!(ran.err.contains("did you mean `replicas`?"), "{}", ran.err);
}

pub(crate) fn completions_and_manual() {
    let project = Project::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = project.run(&["completions", shell]).exits(0);
        assert!(ran.out.contains("platgen") && ran.out.contains("COMPLETE"), "{shell}: {}", ran.out);
        if shell == "bash" {
            project.write("c.bash", &ran.out);
            let read = Command::new("bash").args(["-n", "c.bash"]).current_dir(&project.folder).status();
            assert!(read.is_ok_and(|status| status.success()), "bash can't read its completions");
        }
    }
    let manual = project.run(&["man"]).exits(0).out;
    assert!(manual.contains(".TH platgen") && COMMANDS.iter().all(|command| manual.contains(command)), "{manual}");
    project.run(&["man", "--dir", "pages"]).exits(0);
    for command in COMMANDS {
        let page = project.read(&format!("pages/platgen-{command}.1"));
        assert!(page.contains("Exit codes:") && page.contains("Examples:") && page.contains(&format!("platgen {command}")), "{page}");
        assert!(project.run(&["man", command]).exits(0).out.contains("Exit codes:"), "{command}");
    }
    assert!(project.run(&["man", "rendr"]).exits(1).err.contains("`render`"));
}

/// What a shell is offered after these words, of which the last one is incomplete.
fn offered(project: &Project, words: &[&str]) -> Vec<String> {
    let mut command = platgen();
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "false");
    let ran = command.arg("--").arg("platgen").args(words).current_dir(&project.folder).output().expect("starts");
    String::from_utf8_lossy(&ran.stdout).lines().map(str::to_owned).collect()
}

pub(crate) fn names_of_the_spec_are_completed() {
    let project = sample();
    assert_eq!(offered(&project, &["rend"]), ["render"]);
    assert_eq!(offered(&project, &["render", "--env", "pro"]), ["production"]);
    assert_eq!(offered(&project, &["render", "--region", "eu-c"]), ["eu-central-1"]);
    assert_eq!(offered(&project, &["render", "--app", "car"]), ["cart", "carts"]);
    assert_eq!(offered(&project, &["explain", "unknown-m"]), ["unknown-machine"]);
    assert!(offered(&Project::new(), &["render", "--env", "pro"]).is_empty(), "no spec, no names");
}

pub(crate) fn habits() {
    let project = Project::init();
    let other = Project::new();
    let folder = project.folder.to_str().expect("a path");
    assert!(other.run(&["-C", folder, "validate"]).exits(0).err.contains("the spec is valid"));
    assert!(other.run(&["-C", "nowhere", "validate"]).exits(1).err.contains("`nowhere`"));
    let told = project.run(&["validate", "--verbose"]).exits(0).err;
    assert!(told.contains("read platform.yaml ("), "{told}");
    assert!(project.run(&["--version"]).exits(0).out.starts_with(&format!("platgen {}", env!("CARGO_PKG_VERSION"))));
    // A text on stdin is read with the lock and the files of the current folder.
    let piped = |words: &[&str], text: &str| {
        let child =
            platgen().args(words).current_dir(&project.folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), text.as_bytes()).expect("written");
        child.wait_with_output().expect("ends")
    };
    let spec = project.read("platform.yaml");
    assert_eq!(piped(&["validate", "-"], &spec).status.code(), Some(0));
    let wrong = piped(&["validate", "-"], &spec.replace("port: 8080", "prt: 8080"));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("<stdin>:"), "{wrong:?}");
    let formatted = piped(&["fmt", "-"], &spec.replace("port: 8080", "port:    8080"));
    assert_eq!(String::from_utf8_lossy(&formatted.stdout), spec);
    assert_eq!(piped(&["fmt", "-", "--check"], &spec).status.code(), Some(0));
}

/// The schema of a key, or of the entries of a map.
fn below<'a>(schema: &'a Value, key: &str) -> &'a Value {
    let forms = schema["anyOf"].as_array().into_iter().flatten();
    for form in forms.chain([schema, &schema["items"]]).rev() {
        if form["properties"][key].is_object() {
            return &form["properties"][key];
        }
        if form["additionalProperties"].is_object() {
            return &form["additionalProperties"];
        }
        if form["items"].is_object() {
            return below(&form["items"], key);
        }
    }
    panic!("the schema has no `{key}`");
}

/// Every key has an example that the schema accepts, and the reference says what the schema says.
pub(crate) fn explain_is_whole() {
    let project = Project::new();
    let json = |words: &[&str]| -> Value { serde_json::from_str(&project.run(words).exits(0).out).expect("JSON") };
    let all = json(&["explain", "--recursive", "--format", "json"]);
    let mut pages = Vec::new();
    let mut open = vec![&all];
    while let Some(page) = open.pop() {
        open.extend(page["keys"].as_array().expect("keys"));
        pages.push(page);
    }
    assert!(pages.len() > 500, "{}", pages.len());
    let schema = platgen::cli::schema();
    let mut faults = Vec::new();
    for page in pages.iter().filter(|page| page["path"] != "") {
        let path = page["path"].as_str().expect("a path");
        let shape = path.split('.').fold(&schema, |shape, key| below(shape, key));
        let validator = jsonschema::validator_for(shape).expect("a schema");
        if !validator.is_valid(&page["example"]) {
            faults.push(format!("{path}: {} is not valid", page["example"]));
        }
        // A placeholder explains nothing, and the rules say when a key is required, wherever its sentence does.
        if page["example"] == "text" || page["example"] == json!(["text"]) {
            faults.push(format!("{path} has no example: add one to src/spec/examples.yaml"));
        }
        if page["description"].as_str().is_some_and(|words| words.contains("Required"))
            && page["required"].is_null()
            && !path.contains("profiles")
        {
            faults.push(format!("{path} is called required, and `rules::required` does not know it"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let engine = json(&["explain", "stores.x.engine", "--format", "json"]);
    assert_eq!((&engine["required"], &engine["values"][0][0]), (&json!("yes"), &json!("postgres")));
    assert_eq!(json(&["explain", "access.mfa", "--format", "json"])["short_form"], "`true` for `required`");
    assert_eq!(json(&["explain", "unknown-key", "--format", "json"])["code"], "unknown-key");
    let text = project.run(&["explain", "stores.x.engine"]).exits(0).out;
    assert!(
        text.contains("required: yes") && text.contains("  postgres    PostgreSQL.") && text.contains("example:\n  engine: postgres"),
        "{text}"
    );
    let text = project.run(&["explain", "references"]).exits(0).out;
    assert!(text.contains("${app/NAME.address}") && text.contains("${store/NAME.users.USER.password}"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    for format in ["sarif", "github"] {
        project.run(&["explain", "apps", "--format", format]).exits(64);
    }
}

pub(crate) fn show_says_where_values_come_from() {
    let project = sample();
    let shown = project.run(&["show", "--env", "dev", "apps.frontend.config"]).exits(0).out;
    let line = shown.lines().find(|line| line.contains("LOG_LEVEL")).unwrap_or_else(|| panic!("{shown}"));
    assert!(line.contains("debug") && line.contains("environment dev") && line.contains("platform.yaml:"), "{line}");
    let line = project.run(&["show", "--env", "production", "apps.frontend.scale.cpu"]).exits(0).out;
    assert!(line.contains("70%") && line.contains("profile service"), "{line}");
    assert!(project.run(&["show", "apps.frontend.nothing"]).exits(1).codes().contains("unknown-reference"));
    let close = project.run(&["show", "app.frontend"]).exits(1).err;
    assert!(close.contains("did you mean `apps.frontend`?"), "{close}");
    assert!(project.run(&["show", "--env", "nowhere"]).exits(1).codes().contains("unknown-reference"));
}

pub(crate) fn short_forms_mean_their_long_forms() {
    let printed = |scale: &str, mfa: &str| {
        let project = Project::init();
        project.edit("platform.yaml", "apps:\n  web:\n", &format!("apps:\n  web:\n    scale: {scale}\n"));
        project.edit("platform.yaml", "access:\n", &format!("access:\n  mfa: {mfa}\n"));
        project.run(&["render", "--stdout=all"]).exits(0).out
    };
    let short = printed("3", "true");
    assert!(short.contains("replicas: 3"));
    assert_eq!(short, printed("{replicas: 3}", "required"));
}

pub(crate) fn show_is_whole_as_json() {
    let project = sample();
    let shown = |words: &[&str], code| -> Value { serde_json::from_str(&project.run(words).exits(code).out).expect("one JSON document") };
    let whole = shown(&["show", "--env", "dev", "apps.frontend.config.LOG_LEVEL", "--format", "json"], 0);
    assert_eq!(whole["environment"], "dev");
    assert_eq!(whole["findings"], json!([]));
    let values = whole["values"].as_array().expect("values");
    assert_eq!(values.len(), 1);
    assert_eq!(values[0]["path"], "apps.frontend.config.LOG_LEVEL");
    assert!(values[0]["origin"].as_str().is_some_and(|origin| origin.ends_with("environment dev")), "{whole}");
    project.edit("platform.yaml", "LOG_LEVEL: debug", "LOG_LEVEL: \"${var/nobody}\"");
    let whole = shown(&["show", "--env", "dev", "--format", "json"], 1);
    assert_eq!(whole["findings"][0]["code"], "unknown-reference");
    assert!(whole["values"].as_array().is_some_and(|values| values.len() > 100));
    project.run(&["show", "--format", "sarif"]).exits(64);
}

/// `check`: what a CI job sees of it, in every format, with and without a waiver.
pub(crate) fn check_judges_by_rules_and_waivers() {
    let project = Project::init();
    let absent = project.run(&["check"]).exits(1);
    assert!(absent.codes().contains("missing-tree") && absent.err.contains("`platgen render`"), "{absent:?}");
    assert!(!project.at("deploy").exists() && !project.at("platgen.lock").exists(), "a check writes nothing");
    project.run(&["render"]).exits(0);
    let clean = project.run(&["check"]).exits(0);
    assert!(clean.err.contains(" rules, 0 findings") && clean.out.is_empty(), "{clean:?}");
    // One replica in production, which is guarded.
    let spec = project.read("platform.yaml");
    assert!(spec.contains("apps:\n  web:\n"), "{spec}");
    project.edit("platform.yaml", "apps:\n  web:\n", "apps:\n  web:\n    scale: {replicas: 1}\n");
    project.run(&["render"]).exits(0);
    let ran = project.run(&["check", "--today", "2026-11-23"]).exits(2);
    assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), ["single-replica"], "{}", ran.err);
    let json: serde_json::Value = serde_json::from_str(&project.run(&["check", "--format", "json"]).exits(2).out).expect("JSON");
    assert_eq!(json[0]["code"], "single-replica");
    assert_eq!(json[0]["environments"], serde_json::json!(["production"]));
    let sarif: serde_json::Value = serde_json::from_str(&project.run(&["check", "--format", "sarif"]).exits(2).out).expect("SARIF");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(Code::RULES.iter().all(|rule| rules.iter().any(|known| known["id"] == rule.name() && known["help"]["text"] == rule.explain())));
    let index = run["results"][0]["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(rules[index]["id"], "single-replica");
    let github = project.run(&["check", "--format", "github"]).exits(2).out;
    assert!(github.starts_with("::warning file=deploy/kubernetes/production/"), "{github}");
    project.run(&["check", "--env", "production"]).exits(2);
    assert!(project.run(&["check", "--env", "prod"]).exits(1).codes().contains("unknown-reference"));
    assert!(project.run(&["check", "--region", "eu-west-9"]).exits(1).codes().contains("unknown-reference"));
    let waiver = "waivers:\n  small: {rule: platgen/single-replica, objects: Deployment/*/web, reason: nobody waits for it, expires: 2027-06-30}\napps:\n  web:\n";
    project.edit("platform.yaml", "apps:\n  web:\n", waiver);
    let waived = project.run(&["check", "--today", "2027-06-30"]).exits(0);
    assert!(waived.err.contains("0 findings, 1 accepted"), "{}", waived.err);
    let over = project.run(&["check", "--today", "2027-07-01"]).exits(2);
    assert_eq!(over.codes().into_iter().collect::<Vec<_>>(), ["expired-waiver", "single-replica"], "{}", over.err);
    project.edit("platform.yaml", "    scale: {replicas: 1}\n", "");
    project.run(&["render"]).exits(0);
    assert_eq!(project.run(&["check", "--today", "2027-06-30"]).exits(2).codes().into_iter().collect::<Vec<_>>(), ["unused-waiver"]);
    project.run(&["check", "--today", "2027-02-30"]).exits(64);
}

/// `check` judges the files on disk: it points at the line that was edited, and says that the files are not those of the spec.
pub(crate) fn check_points_at_the_committed_line() {
    let project = Project::rendered();
    let web = project.read(WEB);
    project.write(WEB, &web.replacen("privileged: false", "privileged: true", 1));
    let line = web.lines().position(|line| line.contains("privileged: false")).expect("a line") + 1;
    let column = web.lines().nth(line - 1).and_then(|line| line.find("privileged")).expect("a column") + 1;
    let ran = project.run(&["check"]).exits(2);
    assert_eq!(ran.codes().into_iter().collect::<Vec<_>>(), ["privileged-container"], "{}", ran.err);
    let shown =
        [&format!("--> {WEB}:{line}:{column}\n"), "privileged: true\n", "the spec declares it here\n", "1 file differs from the spec"];
    assert!(shown.iter().all(|text| ran.err.contains(*text)), "{}", ran.err);
    let github = project.run(&["check", "--format", "github"]).exits(2).out;
    assert!(github.starts_with(&format!("::error file={WEB},line={line},")), "{github}");
    // The same files under another name, and as a tree of somebody else.
    fs::rename(project.at("deploy"), project.at("output")).expect("renamed");
    assert!(project.run(&["check"]).exits(1).codes().contains("missing-tree"));
    assert!(project.run(&["check", "-o", "output"]).exits(2).err.contains("--> output/kubernetes/production/"));
    let foreign = project.run(&["check", "--tree", "output"]).exits(2);
    assert_eq!(foreign.codes().into_iter().collect::<Vec<_>>(), ["privileged-container"], "{}", foreign.err);
    project.run(&["check", "--tree", "output", "--env", "production"]).exits(64);
    assert!(project.run(&["check", "--tree", "nowhere"]).exits(1).codes().contains("missing-tree"));
}

/// Every rule is listed where people look for it.
pub(crate) fn rules_are_listed() {
    let help = Project::new().run(&["check", "--help"]).exits(0).out;
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    for rule in Code::RULES {
        assert!(help.contains(&format!("  {} ", rule.name())), "`check --help` does not list {}", rule.name());
        assert!(readme.contains(&format!("`{}`", rule.name())), "the README does not list {}", rule.name());
    }
}
