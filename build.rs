//! Generates a table of the names and texts of all files in `templates/`, so that a new template needs no registration.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rustc-env=PLATGEN_VERSION={}", version());
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("templates");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut names = Vec::new();
    if root.is_dir() {
        walk(&root, "", &mut names)?;
    }
    names.sort_unstable();
    let mut table = String::from("&[\n");
    for name in names {
        let path = root.join(&name);
        writeln!(table, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("templates.rs"), table)
}

/// The version, in a release build from a Git checkout with the commit. Debug builds leave the commit out, so that a commit rebuilds nothing.
fn version() -> String {
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo:rerun-if-env-changed=PLATGEN_COMMIT");
    if env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return version;
    }
    // Builds from a source archive set the commit in the environment.
    let commit = env::var("PLATGEN_COMMIT").ok().or_else(|| git(&["rev-parse", "--short=10", "HEAD"]));
    if let Some(path) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={path}");
    }
    commit.map_or(version.clone(), |commit| format!("{version} ({commit})"))
}

/// The output of a Git command in the package's folder; `None` without Git or a repository.
fn git(words: &[&str]) -> Option<String> {
    let ran = Command::new("git").args(words).output().ok().filter(|ran| ran.status.success())?;
    let text = String::from_utf8(ran.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Collects the names of all templates, relative to the folder, with `/` as the separator.
fn walk(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), names)?;
        } else if name.ends_with(".j2") {
            names.push(name);
        }
    }
    Ok(())
}
