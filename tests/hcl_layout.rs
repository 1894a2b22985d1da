//! `hcl::format` against `terraform fmt`: both lay out the same spoilt files and must agree to the byte.
//!
//! Files: `tests/data/hcl`, and every `*.tf` below the folder that `PLATGEN_HCL_CORPUS` names. Without a terraform binary on the PATH the
//! trials are shown as ignored, or fail where `PLATGEN_JUDGES=required`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/hcl")];
    folders.extend(env::var_os("PLATGEN_HCL_CORPUS").map(PathBuf::from));
    let present = terraform(&["version"], Path::new(".")).is_ok();
    let required = env::var("PLATGEN_JUDGES").is_ok_and(|value| value == "required");
    let trials = folders.into_iter().map(|folder| {
        let name = format!("as terraform fmt: {}{}", folder.display(), if present { "" } else { " (no terraform on the PATH)" });
        Trial::test(name, move || agrees(&folder)).with_ignored_flag(!present && !required)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn terraform(arguments: &[&str], folder: &Path) -> Result<String, Failed> {
    let run = Command::new("terraform").args(arguments).current_dir(folder).env_remove("TF_CLI_CONFIG_FILE").output();
    let run = run.map_err(|error| format!("terraform: {error}"))?;
    if run.status.success() {
        Ok(String::from_utf8(run.stdout)?)
    } else {
        Err(format!("terraform {arguments:?}: {}", String::from_utf8_lossy(&run.stderr)).into())
    }
}

fn agrees(folder: &Path) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let mut sources = Vec::new();
    collect(folder, &mut sources)?;
    for (index, source) in sources.iter().enumerate() {
        fs::write(scratch.path().join(format!("{index}.tf")), source)?;
    }
    // Only what is laid out already: terraform fmt also mends spaces inside expressions, which are not this formatter's business.
    let untidy = terraform(&["fmt", "-list=true", "-write=true", "."], scratch.path())?;
    let untidy: Vec<&str> = untidy.lines().collect();
    let mut spoilt = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let name = format!("{index}.tf");
        let path = scratch.path().join(&name);
        if untidy.contains(&name.as_str()) {
            fs::remove_file(path)?;
        } else {
            let text = spoil(source);
            fs::write(&path, &text)?;
            spoilt.push((path, text));
        }
    }
    if spoilt.is_empty() {
        return Err("no file to judge".into());
    }
    terraform(&["fmt", "-list=false", "."], scratch.path())?;
    let mut wrong = 0;
    for (path, text) in &spoilt {
        let (theirs, ours) = (fs::read_to_string(path)?, platgen::hcl::format(text));
        if theirs != ours {
            wrong += 1;
            let diff = similar::TextDiff::from_lines(&theirs, &ours);
            eprintln!("{}", diff.unified_diff().header("terraform fmt", "platgen"));
        }
    }
    println!("{} files, {} set aside as untidy, {wrong} differ", spoilt.len(), untidy.len());
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of {} files differ", spoilt.len()).into()) }
}

fn collect(folder: &Path, sources: &mut Vec<String>) -> Result<(), Failed> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            sources.push(fs::read_to_string(path)?);
        }
    }
    Ok(())
}

/// Takes indentation and alignment away, and puts wrong indentation and gaps before multi-line values in their place.
fn spoil(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let words = line.trim_start_matches(' ');
        if !words.trim().is_empty() {
            out.extend(std::iter::repeat_n(' ', index * 7 % 5));
        }
        let mut blank = false;
        let opens = words.trim_end().ends_with(" = {") || words.trim_end().ends_with(" = [");
        let gap = if opens && !words.contains('"') { words.replacen(" = ", "   =  ", 1) } else { String::new() };
        if !gap.is_empty() {
            out.push_str(&gap);
            continue;
        }
        for char in words.chars() {
            if !(blank && char == ' ') {
                out.push(char);
            }
            blank = char == ' ';
        }
    }
    out
}
