//! Mutants before other people's checkers: each in a folder of its own of one big tree, so that programs that are slow to start see
//! many at once. A finding counts when the unchanged files do not have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::ground::Ground;
use super::mutant::Mutant;
use crate::judges::judge::{self, Finding, Input, Judge, Program, Subject};

/// The folder of the unchanged files.
const BASE: &str = "base";

/// The tree's name; no table of resources knows it.
const TREE: &str = "mutants";

/// How much of the platform stands beside a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// The changed files alone; one start for all mutants.
    Files,
    /// Everything of the region; one start for each mutant.
    Region,
    /// The Terraform root; one start for all mutants.
    Roots,
    /// The Terraform root; one start for each mutant.
    Root,
}

/// The judges, and which are there.
pub struct Outside {
    judges: Vec<(Judge, Result<Program, String>)>,
}

/// What a judge noticed: what it found first, by the mutant's number.
pub type Noticed = BTreeMap<usize, String>;

impl Outside {
    /// Looks for every judge.
    pub fn open() -> Self {
        Self { judges: judge::all().into_iter().map(|judge| ((judge.find)(), judge)).map(|(program, judge)| (judge, program)).collect() }
    }

    /// The judges of a list that are absent, each with how to get it.
    pub fn absent(&self, names: &[&str]) -> Vec<String> {
        let judges = self.judges.iter().filter(|(judge, _)| names.contains(&judge.name));
        judges.filter_map(|(_, program)| program.as_ref().err().cloned()).collect()
    }

    /// Shows mutants to a judge; an absent one notices nothing.
    pub fn show(
        &self,
        ground: &Ground,
        name: &str,
        subject: Subject,
        scope: Scope,
        mutants: &[(usize, &Mutant)],
    ) -> Result<Noticed, String> {
        let judge = self.judges.iter().find(|(judge, _)| judge.name == name && judge.subject == subject);
        let Some((judge, Ok(program))) = judge else { return Ok(Noticed::new()) };
        if mutants.is_empty() {
            return Ok(Noticed::new());
        }
        let tree = Tree::new(ground, scope, mutants)?;
        let faults = |error: String| format!("{name}: {error}");
        match scope {
            Scope::Files | Scope::Roots => {
                let inputs: Vec<Input> = match scope {
                    Scope::Files => vec![tree.input(subject, ".")],
                    _ => tree.roots(subject),
                };
                let findings = (judge.run)(program, &tree.root, &inputs.iter().collect::<Vec<_>>()).map_err(faults)?;
                Ok(tree.sort(findings))
            }
            Scope::Region | Scope::Root => tree.one_by_one(judge, program, subject).map_err(faults),
        }
    }
}

/// The mutants of one judging, written to a folder.
struct Tree {
    root: PathBuf,
    /// Files by folder, each relative to the tree.
    folders: BTreeMap<String, Vec<String>>,
    _keep: TempDir,
}

impl Tree {
    fn new(ground: &Ground, scope: Scope, mutants: &[(usize, &Mutant)]) -> Result<Self, String> {
        let keep = tempfile::Builder::new().prefix("platgen-mutants-").tempdir().map_err(|error| error.to_string())?;
        let root = keep.path().canonicalize().map_err(|error| error.to_string())?;
        let mut tree = Self { root, folders: BTreeMap::new(), _keep: keep };
        // What the scanners are told of the whole tree.
        for (path, text) in ground.files.iter().filter(|(path, _)| !path.contains('/')) {
            tree.write("deploy", &path, text)?;
        }
        tree.folders.clear();
        let top = if matches!(scope, Scope::Roots | Scope::Root) { "terraform" } else { "kubernetes" };
        let mut touched = BTreeSet::new();
        for (number, mutant) in mutants {
            let folder = format!("m{number:05}");
            let units: BTreeSet<String> = mutant.below(top).map(|(path, _)| unit(path)).collect();
            touched.extend(mutant.below(top).map(|(path, _)| path.clone()));
            for (path, text) in mutant.below(top) {
                if let Some(text) = text {
                    tree.write(&folder, path, text)?;
                }
            }
            if scope != Scope::Files {
                tree.company(ground, &folder, &units)?;
                let beside = |path: &str| is_beside(&units, path);
                for (path, text) in ground.files.iter().filter(|(path, _)| beside(path) && !mutant.changes.contains_key(path)) {
                    tree.write(&folder, &path, text)?;
                }
            }
        }
        let units: BTreeSet<String> = touched.iter().map(|path| unit(path)).collect();
        if scope != Scope::Files {
            tree.company(ground, BASE, &units)?;
        }
        let beside = |path: &str| is_beside(&units, path);
        for (path, text) in
            ground.files.iter().filter(|(path, _)| if scope == Scope::Files { touched.contains(path) } else { beside(path) })
        {
            tree.write(BASE, &path, text)?;
        }
        Ok(tree)
    }

    fn write(&mut self, folder: &str, path: &str, text: &str) -> Result<(), String> {
        self.put(folder, path, text)?;
        self.folders.entry(folder.to_owned()).or_default().push(format!("{folder}/{path}"));
        Ok(())
    }

    /// Files of other roots that the judges of these units read. Nobody judges them here.
    fn company(&self, ground: &Ground, folder: &str, units: &BTreeSet<String>) -> Result<(), String> {
        let read = ground.files.iter().filter(|(path, _)| !units.contains(&unit(path)) && units.iter().any(|unit| reads(unit, path)));
        read.into_iter().try_for_each(|(path, text)| self.put(folder, &path, text))
    }

    fn put(&self, folder: &str, path: &str, text: &str) -> Result<(), String> {
        let target = self.root.join(folder).join(path);
        let put = || -> std::io::Result<()> {
            fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))?;
            fs::write(&target, text)
        };
        put().map_err(|error| format!("{folder}/{path}: {error}"))
    }

    /// A folder as an input; `.` is the whole tree.
    fn input(&self, subject: Subject, folder: &str) -> Input {
        let files = self.folders.iter().filter(|(name, _)| folder == "." || *name == folder).flat_map(|(_, files)| files.clone()).collect();
        Input { subject, tree: TREE.to_owned(), path: folder.to_owned(), files, hash: String::new(), whole: String::new() }
    }

    /// The Terraform roots of every folder.
    fn roots(&self, subject: Subject) -> Vec<Input> {
        self.folders.keys().flat_map(|folder| self.roots_of(folder, subject)).collect()
    }

    fn roots_of(&self, folder: &str, subject: Subject) -> Vec<Input> {
        let mut roots: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in &self.folders[folder] {
            if let Some(path) = file.strip_prefix(&format!("{folder}/")).filter(|path| path.starts_with("terraform/")) {
                roots.entry(format!("{folder}/{}", unit(path))).or_default().push(file.clone());
            }
        }
        roots
            .into_iter()
            .map(|(path, files)| Input { subject, tree: TREE.to_owned(), path, files, hash: String::new(), whole: String::new() })
            .collect()
    }

    /// One start for each folder, two at a time. What the judge cannot read at all, it noticed.
    fn one_by_one(&self, judge: &Judge, program: &Program, subject: Subject) -> Result<Noticed, String> {
        let run = |folder: &String| -> Result<Vec<Finding>, String> {
            let inputs = match subject {
                Subject::Root => self.roots_of(folder, subject),
                _ => vec![self.input(subject, folder)],
            };
            (judge.run)(program, &self.root, &inputs.iter().collect::<Vec<_>>())
        };
        let all = Mutex::new(run(&BASE.to_owned())?);
        let folders: Vec<&String> = self.folders.keys().filter(|folder| *folder != BASE).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                let found = run(folder).unwrap_or_else(|error| {
                    let text = error.replace(folder.as_str(), "");
                    vec![Finding::new(judge.name, "refused", &format!("{folder}/"), text)]
                });
                all.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(found);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            scope.spawn(work);
        });
        Ok(self.sort(all.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())))
    }

    /// Findings by mutant, without those of the unchanged files.
    fn sort(&self, findings: Vec<Finding>) -> Noticed {
        let mut base = BTreeSet::new();
        let mut rest = Vec::new();
        for finding in findings.into_iter().filter(|finding| !finding.accepted) {
            let (folder, file) = finding.file.split_once('/').unwrap_or((&finding.file, ""));
            let key = (finding.rule.clone(), finding.object.replace(folder, ""), file.to_owned(), plain(&finding.message, folder));
            match folder.strip_prefix('m').and_then(|number| number.parse::<usize>().ok()) {
                Some(number) => rest.push((number, key)),
                None => {
                    base.insert(key);
                }
            }
        }
        let mut noticed = Noticed::new();
        for (number, key) in rest {
            if !base.contains(&key) {
                noticed.entry(number).or_insert_with(|| format!("{} {}", key.0, key.3));
            }
        }
        noticed
    }
}

/// The folder of a unit: `kubernetes/<environment>/<region>`, `terraform/<environment>/<region>/<root>`, `terraform/<environment>/global` or
/// `terraform/bootstrap/<environment>`.
fn unit(path: &str) -> String {
    let names: Vec<&str> = path.split('/').collect();
    let parts = if names[0] == "terraform" && names.get(1) != Some(&"bootstrap") && names.get(2) != Some(&"global") { 4 } else { 3 };
    path.split('/').take(parts).collect::<Vec<_>>().join("/")
}

/// Whether the judge of a root's plan reads a file of another root: a bootstrap root goes with the places and the zone of its environment, any other root
/// with the boundary of its environment.
fn reads(unit: &str, path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let unit: Vec<&str> = unit.split('/').collect();
    match (&unit[..], &names[..]) {
        (
            ["terraform", "bootstrap", environment],
            ["terraform", of, "global", "account.tf" | "locals.tf"] | ["terraform", of, _, "data" | "network", "locals.tf"],
        ) => environment == of,
        (["terraform", environment, ..], ["terraform", "bootstrap", of, "locals.tf"]) => environment == of,
        _ => false,
    }
}

/// Whether a file is in one of the units, or among the manifests of the region of a cluster root or of the environment of a global root: their judges
/// compare the two.
fn is_beside(units: &BTreeSet<String>, path: &str) -> bool {
    units.iter().any(|unit| {
        let place = unit.strip_suffix("/cluster").or_else(|| unit.strip_suffix("/global"));
        let manifests = place.map(|place| place.replacen("terraform/", "kubernetes/", 1));
        [Some(unit), manifests.as_ref()]
            .into_iter()
            .flatten()
            .any(|folder| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
    })
}

/// A message without the numbers of lines and the folder, which differ between copies of the same file.
fn plain(message: &str, folder: &str) -> String {
    let text = message.replace(folder, "");
    let mut words = Vec::new();
    let mut after_line = false;
    for word in text.split_whitespace() {
        if !after_line {
            words.push(word);
        }
        after_line = word == "line";
    }
    words.join(" ")
}
