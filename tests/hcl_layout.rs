//! `hcl::format` against `terraform fmt`: both lay out the same spoilt files and must agree to the byte.
//!
//! Files: `tests/data/hcl`, the Terraform that the specs render, and every `*.tf` and `*.hcl` below the folder that `PLATGEN_HCL_CORPUS` names. Their
//! layout is destroyed at random: indentation, the gaps around `=` and before comments, blank lines. Without a terraform binary on the PATH the
//! trials are shown as ignored, or fail where `PLATGEN_JUDGES=required`; without a corpus its trial is shown as ignored.
//! Other layouts: `PLATGEN_HCL_SEED=7`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use libtest_mimic::{Failed, Trial};

use crate::support::{ALLOW_INCOMPLETE, platgen, required};

/// How often each file is spoilt.
const VARIANTS: usize = 4;

/// The trials of this module.
pub(crate) fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let present = terraform(&["version"], Path::new(".")).is_ok();
    let missing = if present { "" } else { " (no terraform on the PATH)" };
    let data = root.join("tests/data/hcl");
    let mut trials = vec![
        Trial::test(format!("hcl_layout::as terraform fmt: tests/data/hcl{missing}"), move || agrees(&data, 4)),
        Trial::test(format!("hcl_layout::as terraform fmt: what the specs render{missing}"), rendered),
    ];
    let corpus = env::var_os("PLATGEN_HCL_CORPUS").map(PathBuf::from);
    let name = if corpus.is_some() {
        "hcl_layout::as terraform fmt: the corpus"
    } else {
        "hcl_layout::as terraform fmt: the corpus (no PLATGEN_HCL_CORPUS)"
    };
    let judge = corpus.clone().unwrap_or_default();
    let skipped = corpus.is_none();
    trials.push(Trial::test(format!("{name}{missing}"), move || agrees(&judge, 200)).with_ignored_flag(skipped));
    let trials = trials.into_iter().map(|trial| if present || required() { trial } else { trial.with_ignored_flag(true) });
    trials.collect()
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

/// Renders every spec into one folder and judges that.
fn rendered() -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    for spec in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"))? {
        let spec = spec?.path();
        let copy = scratch.path().join(spec.file_name().unwrap_or_default());
        copy_spec(&spec, &copy)?;
        let run = platgen().args(["render", ALLOW_INCOMPLETE, "--quiet"]).arg(&copy).output()?;
        if !run.status.success() {
            return Err(format!("{}: {}", spec.display(), String::from_utf8_lossy(&run.stderr)).into());
        }
    }
    agrees(scratch.path(), 40)
}

fn copy_spec(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let copy = to.join(path.file_name().unwrap_or_default());
        match path.is_dir() {
            true if path.ends_with("deploy") => {}
            true => copy_spec(&path, &copy)?,
            false => _ = fs::copy(&path, &copy)?,
        }
    }
    Ok(())
}

fn agrees(folder: &Path, at_least: usize) -> Result<(), Failed> {
    let scratch = tempfile::tempdir()?;
    let mut sources = Vec::new();
    collect(folder, &mut sources)?;
    sources.sort();
    sources.dedup();
    for (index, source) in sources.iter().enumerate() {
        fs::write(scratch.path().join(format!("{index}.tf")), source)?;
    }
    // Only what is laid out already: terraform fmt also mends spaces inside expressions, which are not this formatter's business.
    let listed = terraform(&["fmt", "-list=true", "-write=true", "."], scratch.path())?;
    let untidy: Vec<&str> = listed.lines().collect();
    let seed = env::var("PLATGEN_HCL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1u64);
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut spoilt = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let name = format!("{index}.tf");
        fs::remove_file(scratch.path().join(&name))?;
        if !untidy.contains(&name.as_str()) {
            for variant in 0..VARIANTS {
                let (path, text) = (scratch.path().join(format!("{index}-{variant}.tf")), spoil(source, &mut random));
                fs::write(&path, &text)?;
                spoilt.push((path, text));
            }
        }
    }
    let tidy = sources.len() - untidy.len();
    if tidy < at_least {
        return Err(format!("{tidy} files to judge, {at_least} wanted").into());
    }
    let moved = terraform(&["fmt", "-list=true", "."], scratch.path())?.lines().count();
    if moved * 10 < spoilt.len() * 8 {
        return Err(format!("only {moved} of {} files were spoilt", spoilt.len()).into());
    }
    let mut wrong = 0;
    for (path, text) in &spoilt {
        let (theirs, ours) = (fs::read_to_string(path)?, platgen::hcl::format(text));
        if theirs != ours {
            wrong += 1;
            if wrong <= 10 {
                let diff = similar::TextDiff::from_lines(&theirs, &ours);
                eprintln!("{}", diff.unified_diff().header("terraform fmt", "platgen"));
            }
        }
    }
    println!("{tidy} files in {VARIANTS} spoilt layouts each, {} set aside as untidy, {wrong} differ", untidy.len());
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of {} files differ", spoilt.len()).into()) }
}

fn collect(folder: &Path, sources: &mut Vec<String>) -> Result<(), Failed> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "tf" || extension == "hcl") {
            sources.push(fs::read_to_string(path)?);
        }
    }
    Ok(())
}

/// xorshift64: the same layouts every time for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn blanks(&mut self, least: usize, most: usize) -> String {
        let sign = if self.below(12) == 0 { "\t" } else { " " };
        sign.repeat(least + self.below(most - least + 1))
    }
}

/// Destroys the layout: each line gets some indentation or none, some gaps around the `=` of an argument and before a comment at its end, and
/// now and then a blank line goes or comes. In heredocs, where blanks are text, only blank lines are left alone.
fn spoil(text: &str, random: &mut Random) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut heredoc: Option<String> = None;
    // Some files lose all their indentation, some get the same everywhere, some another on every line.
    let (style, depth) = (random.below(4), random.below(9));
    for line in text.split_inclusive('\n') {
        let words = line.trim_start_matches([' ', '\t']);
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
            out.push_str(line);
            continue;
        }
        if let Some((_, mark)) = line.split_once("<<") {
            let mark = mark.trim_start_matches('-').trim();
            if !mark.is_empty() && mark.chars().all(|char| char.is_ascii_alphanumeric() || char == '_') {
                heredoc = Some(mark.to_owned());
            }
        }
        if words.trim().is_empty() {
            match random.below(4) {
                0 => {}
                1 => out.push_str("\n\n"),
                _ => out.push_str(line),
            }
            continue;
        }
        if random.below(25) == 0 {
            out.push('\n');
        }
        match style {
            0 => {}
            1 => out.push_str(&" ".repeat(depth)),
            _ => out.push_str(&random.blanks(0, 9)),
        }
        out.push_str(&respaced(words, random));
    }
    out
}

/// The line with other gaps around the `=` after a bare name at its start, and before the comment at its end.
fn respaced(words: &str, random: &mut Random) -> String {
    let name = words.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
    let rest = words[name..].trim_start_matches(' ');
    let mut out = words[..name].to_owned();
    let mut rest = match rest.strip_prefix('=').filter(|rest| name > 0 && rest.starts_with(' ')) {
        Some(value) => {
            out.push_str(&random.blanks(0, 5));
            out.push('=');
            out.push_str(&random.blanks(0, 5));
            value.trim_start_matches(' ')
        }
        None => &words[name..],
    };
    // A sign of a comment without quotes before it is one.
    if let Some(at) = ["#", "//"].iter().filter_map(|sign| rest.find(sign)).min().filter(|&at| !rest[..at].contains('"')) {
        out.push_str(rest[..at].trim_end_matches(' '));
        if at > 0 || name > 0 {
            out.push_str(&random.blanks(0, 6));
        }
        rest = &rest[at..];
    }
    out.push_str(rest);
    out
}
