//! The program as its users have it: a process, a folder, what it prints and what it leaves on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{ALLOW_INCOMPLETE, platgen, scratch};
use tempfile::TempDir;

/// What a run gave back.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Ran {
    /// The same, once the exit code is the expected one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// What `render --check` says: the path below the output folder and the causes, manifests left out unless nothing else differs.
    pub(crate) fn causes(&self) -> Vec<String> {
        let line = |line: &str| {
            let (path, rest) = line.split_once(" would be ")?;
            let (_, causes) = rest.split_once(": ")?;
            let path = path.rsplit_once("deploy/").map_or(path, |(_, path)| path).trim_start_matches("./");
            Some(format!("{path}: {causes}"))
        };
        let all: Vec<String> = self.out.lines().filter_map(line).collect();
        let files: Vec<String> = all.iter().filter(|line| !line.contains(".platgen-manifest:")).cloned().collect();
        if files.is_empty() { all } else { files }
    }

    /// Codes of the findings, printed for people.
    pub(crate) fn codes(&self) -> BTreeSet<String> {
        let code = |line: &str| {
            let rest = line.strip_prefix("error[").or_else(|| line.strip_prefix("warning["))?;
            Some(rest.split_once(']')?.0.to_string())
        };
        self.err.lines().filter_map(code).collect()
    }
}

/// A project folder.
pub(crate) struct Project {
    _dir: TempDir,
    pub(crate) folder: PathBuf,
    /// Whether its spec uses something that is not rendered: the commands that resolve it get `--allow-incomplete`.
    incomplete: bool,
}

impl Project {
    pub(crate) fn new() -> Project {
        Project::named("project")
    }

    pub(crate) fn named(name: &str) -> Project {
        let dir = scratch();
        let folder = dir.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Project { _dir: dir, folder, incomplete: false }
    }

    /// The same project, whose spec uses something that is not rendered.
    pub(crate) fn incomplete(self) -> Project {
        Project { incomplete: true, ..self }
    }

    /// A project with the first spec that `init` writes.
    pub(crate) fn init() -> Project {
        let project = Project::new();
        project.run(&["init"]).exits(0);
        project
    }

    /// The same, rendered.
    pub(crate) fn rendered() -> Project {
        let project = Project::init();
        project.run(&["render"]).exits(0);
        project
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let resolves = words.first().is_some_and(|command| {
            ["validate", "render", "check", "show", "impact", "outage", "access", "reach", "graph", "guard", "secrets", "parity", "kind"]
                .contains(command)
        });
        let flag = (self.incomplete && resolves).then_some(ALLOW_INCOMPLETE);
        platgen().args(words).args(flag).current_dir(&self.folder).output().expect("the program starts").into()
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().expect("a parent")).expect("a folder");
        fs::write(self.at(path), text).expect("a file");
    }

    /// Replaces what must be there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    pub(crate) fn check(&self) -> Ran {
        let before = tree(&self.folder);
        let ran = self.run(&["render", "--check"]);
        assert!(before == tree(&self.folder), "a check wrote something");
        ran
    }
}

/// Every file below a folder with its bytes; links by where they lead.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    collect(folder, folder, &mut all);
    all
}

fn collect(root: &Path, folder: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(root, &path, all);
        } else {
            all.insert(name, fs::read(&path).unwrap_or_default());
        }
    }
}

/// Says where two trees differ; nothing where they don't.
pub(crate) fn compare(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differing: Vec<&str> = names.into_iter().filter(|name| a.get(*name) != b.get(*name)).map(String::as_str).collect();
    if differing.is_empty() { Ok(()) } else { Err(format!("{} files differ: {}", differing.len(), differing.join(", "))) }
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The specs of the repository by name: the file, or the folder of a spec in several files.
pub(crate) fn specs() -> BTreeMap<String, PathBuf> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(root().join("specs")).expect("specs").flatten() {
        let folder = entry.path();
        let files: Vec<PathBuf> =
            fs::read_dir(&folder).expect("a folder").flatten().map(|file| file.path()).filter(|p| is_spec(p)).collect();
        let path = if let [one] = &files[..] { one.clone() } else { folder };
        all.insert(entry.file_name().to_string_lossy().into_owned(), path);
    }
    assert!(all.len() >= 4, "{all:?}");
    all
}

/// Whether a file is part of a spec, by its name.
pub(crate) fn is_spec(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "toml")
}

/// Copies a spec without what was rendered from it; the files in the given order. Returns the path to name on the command line.
pub(crate) fn copy(spec: &Path, to: &Path, reversed: bool) -> PathBuf {
    let folder = if spec.is_dir() { spec } else { spec.parent().expect("a parent") };
    let mut files: Vec<(String, Vec<u8>)> = tree(folder)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("deploy/") && !name.starts_with(".github/") && name != "platgen.lock")
        .collect();
    if reversed {
        files.reverse();
    }
    for (name, bytes) in files {
        let path = to.join(&name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    if spec.is_dir() { to.to_path_buf() } else { to.join(spec.file_name().expect("a name")) }
}
