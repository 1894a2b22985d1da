//! The nouns of the judging: a judge (someone else's checker), the input it is shown, the finding it answers with.
//!
//! A judge is a plain struct of functions, one per program, listed in [`all`]. Knows how to find and start programs; not what becomes of
//! the findings.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::{alertmanager, cluster, kubernetes, terraform, text};

/// Someone else's checker.
pub struct Judge {
    /// Its name in trials, waivers and the table.
    pub name: &'static str,
    /// What it is shown.
    pub subject: Subject,
    /// One start for all inputs of a tree, for programs that take seconds to start.
    pub batch: bool,
    /// The program and its version; the error says how to get it.
    pub find: fn() -> Result<Program, String>,
    /// Judges inputs of one tree; findings name files relative to the tree.
    pub run: Run,
}

/// Program, tree, inputs of that tree: what the judge finds, or why it could not judge.
pub type Run = fn(&Program, &Path, &[&Input]) -> Result<Vec<Finding>, String>;

/// Kinds of input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// A folder of Kubernetes documents: one region of one environment, or the GitOps objects.
    Manifests,
    /// A Terraform root: a folder with `*.tf`.
    Root,
    /// A `.github/workflows` folder.
    Workflows,
    /// A `.gitlab` folder.
    Jobs,
    /// A `rule-tests` folder: rules as Prometheus reads them, and their tests.
    Rules,
    /// Everything one spec became.
    Tree,
}

/// A folder of a rendered tree.
pub struct Input {
    /// What kind of folder it is.
    pub subject: Subject,
    /// The tree's name.
    pub tree: String,
    /// Path relative to the tree, `/` between parts; `.` is the tree itself.
    pub path: String,
    /// Its files, relative to the tree, sorted.
    pub files: Vec<String>,
    /// SHA-256 (hex) over names and bytes of its files and of what scanners are told about the tree.
    pub hash: String,
    /// The same over the whole tree, for judges that read what stands beside an input.
    pub whole: String,
}

/// A program that was found.
pub struct Program {
    /// What to start.
    pub path: PathBuf,
    /// Its version, or that of the thing that matters most.
    pub version: String,
    /// What else decides its findings (configuration, schemas): part of the cache key.
    pub config: String,
}

/// One thing a judge does not like.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Finding {
    /// The judge's name.
    pub judge: String,
    /// The judge's own id of the rule.
    pub rule: String,
    /// `Kind/namespace/name`, `Kind/name` or a Terraform address; empty when the judge names none.
    pub object: String,
    /// Path relative to the tree.
    pub file: String,
    /// What the judge says, on one line.
    pub message: String,
    /// Whether the scanner's own configuration, as rendered, keeps it silent.
    pub accepted: bool,
}

impl Judge {
    /// Its name, with its subject where it stands in the table twice.
    pub fn title(&self) -> String {
        match (self.name, self.subject) {
            ("checkov", Subject::Root) => "checkov terraform".into(),
            ("checkov", _) => "checkov kubernetes".into(),
            ("promtool", Subject::Rules) => "promtool tests".into(),
            (name, _) => name.into(),
        }
    }
}

/// An object and what is wrong with it.
pub type Fault = (String, String);

impl Finding {
    /// A finding without an object, not accepted.
    pub fn new(judge: &str, rule: &str, file: &str, message: impl Into<String>) -> Self {
        let (judge, rule, file, message) = (judge.into(), rule.into(), file.into(), message.into());
        Self { judge, rule, object: String::new(), file, message, accepted: false }
    }

    /// The same about an object.
    pub fn about(self, object: impl Into<String>) -> Self {
        Self { object: object.into(), ..self }
    }
}

impl Input {
    /// Its YAML files, relative to the tree.
    pub fn yaml(&self) -> impl Iterator<Item = &String> {
        self.files.iter().filter(|file| file.ends_with(".yaml") || file.ends_with(".yml"))
    }
}

/// Every judge, in the order of the table.
pub fn all() -> Vec<Judge> {
    let mut judges = kubernetes::judges();
    judges.extend(terraform::judges());
    judges.extend(text::judges());
    judges.push(alertmanager::judge());
    judges.push(cluster::judge());
    judges
}

/// The folder that `tests/judges/get` fills; PLATGEN_JUDGES_HOME names another one.
pub fn home() -> PathBuf {
    env::var_os("PLATGEN_JUDGES_HOME").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/judges"), PathBuf::from)
}

/// The folder of the harness's own files.
pub fn configuration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges")
}

/// A program that `tests/judges/get` fetches: from target/judges, else from PATH, where `ask` makes it say its version.
pub fn fetched(name: &str, ask: &[&str]) -> Result<Program, String> {
    for folder in ["bin", "python/bin"] {
        let path = home().join(folder).join(name);
        if let (true, Ok(version)) = (path.exists(), fs::read_to_string(home().join("stamps").join(name))) {
            return Ok(Program { path, version: version.trim().into(), config: String::new() });
        }
    }
    on_path(name, ask).map_err(|_| format!("{name} not found: run tests/judges/get {name}"))
}

/// A program on PATH, with the first line that it answers to `ask` as its version.
pub fn on_path(name: &str, ask: &[&str]) -> Result<Program, String> {
    let found = env::split_paths(&env::var_os("PATH").unwrap_or_default()).map(|folder| folder.join(name)).find(|path| path.is_file());
    let path = found.ok_or_else(|| format!("{name} not found: put it on PATH"))?;
    let said = say(Command::new(&path).args(ask), &[0])?;
    let version = said.lines().next().unwrap_or_default().trim_start_matches("Client Version: ").trim().to_owned();
    Ok(Program { path, version, config: String::new() })
}

/// The Python environment, when `package` was fetched into it.
pub fn python(package: &str) -> Result<Program, String> {
    let path = home().join("python/bin/python");
    match fs::read_to_string(home().join("stamps").join(package)) {
        Ok(version) if path.exists() => Ok(Program { path, version: version.trim().into(), config: String::new() }),
        _ => Err(format!("{package} not found: run tests/judges/get {package}")),
    }
}

/// Runs a command; its standard output when it ends with one of the `expected` codes, else what it complained about.
pub fn say(command: &mut Command, expected: &[i32]) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("{name}: {error}"))?;
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    // Some end with the code of "findings" when they could not read their input: then they print no answer.
    if done.status.success() || !out.is_empty() && done.status.code().is_some_and(|code| expected.contains(&code)) {
        return Ok(out);
    }
    let complaint = String::from_utf8_lossy(&done.stderr);
    let lines: Vec<_> = complaint.lines().chain(out.lines()).filter(|line| !line.trim().is_empty()).take(12).collect();
    Err(format!("{name} ended with {}:\n{}", done.status, lines.join("\n")))
}

/// The judge's answer as JSON.
pub fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("answer is not JSON ({error}): {}", text.chars().take(200).collect::<String>()))
}

/// A text of a JSON value, empty when it is no text.
pub fn words(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The elements of a JSON list, none when it is no list.
pub fn list(value: &serde_json::Value) -> &[serde_json::Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
