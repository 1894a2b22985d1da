//! The files that release and install platgen, before judges that other people wrote: workflows, the action, the container image.

use crate::judges::judge::{fetched, say};
use crate::support::{functions, required};
use libtest_mimic::Trial;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The trials of this module. A judge that is absent fails only where judges are required.
pub(crate) fn trials() -> Vec<Trial> {
    let judged: [(&str, &str, &[&str]); 4] = [
        ("actionlint", "-version", &[".github/workflows/release.yml"]),
        ("zizmor", "--version", &["--offline", "--persona=pedantic", ".github/workflows", "packaging/action"]),
        ("hadolint", "--version", &["packaging/Dockerfile"]),
        ("shellcheck", "--version", &[]),
    ];
    let mut trials = functions! { self: every_path_is_there; };
    for (judge, ask, words) in judged {
        let found = fetched(judge, &[ask]);
        let absent = found.is_err() && !required();
        let trial = Trial::test(format!("packaging::{judge}"), move || {
            let path = found?.path;
            if words.is_empty() {
                return scripts().iter().try_for_each(|script| shellcheck(&path, script));
            }
            say(Command::new(path).args(words).current_dir(root()), &[0]).map(drop).map_err(Into::into)
        });
        trials.push(trial.with_ignored_flag(absent));
    }
    trials
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The scripts of the composite action, which actionlint does not read.
fn scripts() -> Vec<String> {
    let action: serde_json::Value = serde_yaml::from_str(&read("packaging/action/action.yml")).expect("YAML");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    steps.iter().filter_map(|step| step["run"].as_str()).map(str::to_owned).collect()
}

fn shellcheck(program: &PathBuf, script: &str) -> Result<(), libtest_mimic::Failed> {
    let file = tempfile::NamedTempFile::new()?;
    // As the runner starts it.
    std::fs::write(file.path(), format!("set -eo pipefail\n{script}"))?;
    say(Command::new(program).args(["--shell=bash"]).arg(file.path()), &[0]).map(drop).map_err(Into::into)
}

/// What the image copies, what the ignore file lets in and what Cargo builds are the same files; the hook and the action name commands that exist.
pub(crate) fn every_path_is_there() {
    for line in read("packaging/Dockerfile.dockerignore").lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(root().join(line).exists(), "{line} is not there");
    }
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a version").trim_matches('"');
    assert!(read("packaging/Dockerfile").contains(&format!("FROM rust:{version}-alpine")), "the image builds with Rust {version}");
    for (file, command) in [(".pre-commit-hooks.yaml", "platgen render --check"), ("packaging/action/action.yml", "\"$PLATGEN\" check")] {
        assert!(read(file).contains(command), "{file} calls `{command}`");
    }
}
