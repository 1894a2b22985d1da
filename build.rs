//! Generates a table of the names and texts of all files in `templates/`, so that a new template needs no registration.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
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
