//! A folder to render into, and renders to put there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use platgen::diagnostic::Diagnostic;
use platgen::files::{Files, Unit};
use platgen::output::{self, Difference, Force, Job, Lock, Obstacle, Outcome, Report, Roots, Selection, Summary};
use tempfile::TempDir;

pub(crate) const DEV: &str = "kubernetes/dev/eu";
pub(crate) const PROD: &str = "kubernetes/prod/eu";
pub(crate) const NETWORK: &str = "terraform/dev/eu/network";

/// Everything a render is called with, owned.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) roots: Roots,
    pub(crate) files: Files,
    pub(crate) outside: Option<Unit>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) force: Force,
    pub(crate) version: &'static str,
    pub(crate) ignored: Vec<String>,
    pub(crate) environment: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) paths: Option<BTreeSet<String>>,
}

impl World {
    /// A small render: shared files, two environments, a Terraform root, a CI file and a lock.
    pub(crate) fn new() -> World {
        World::under(TempDir::new().unwrap(), "")
    }

    pub(crate) fn under(dir: TempDir, folder: &str) -> World {
        let project: PathBuf = dir.path().join(folder).components().collect();
        fs::create_dir_all(&project).unwrap();
        let outside = vec!["platgen.lock".to_owned(), ".github/workflows".to_owned()];
        let roots = Roots { output: project.join("deploy"), project, outside };
        let mut files = Files::default();
        files.units.insert(String::new(), unit(None, &[("README.md", "readme\n"), (".gitattributes", "* text\n")]));
        files.units.insert(
            DEV.into(),
            unit(Some("dev"), &[("kustomization.yaml", "- shop\n"), ("shop/cart.yaml", "a: 1\nb: 2\n"), ("shop/ad.yaml", "x\n")]),
        );
        files.units.insert(PROD.into(), unit(Some("prod"), &[("kustomization.yaml", "- shop\n"), ("shop/cart.yaml", "a: 3\n")]));
        files.units.insert(NETWORK.into(), unit(Some("dev"), &[("main.tf", "# net\n"), ("versions.tf", "# v\n")]));
        let outside = Some(unit(None, &[(".github/workflows/platform.yml", "on: push\n")]));
        let locks = vec![Lock { path: "platgen.lock".into(), text: "a = 1\n".into(), previous: None, vital: true }];
        let (force, ignored) = (Force::default(), Vec::new());
        World { dir, roots, files, outside, locks, force, version: "1.0.0", ignored, environment: None, region: None, paths: None }
    }

    /// The same, already rendered.
    pub(crate) fn rendered() -> World {
        let mut world = World::new();
        world.done();
        world.read_lock();
        world
    }

    pub(crate) fn job(&self) -> Job<'_> {
        let selection = Selection { environment: self.environment.as_deref(), region: self.region.as_deref(), paths: self.paths.as_ref() };
        Job {
            roots: &self.roots,
            files: &self.files,
            outside: self.outside.as_ref(),
            locks: &self.locks,
            selection,
            force: &self.force,
            version: self.version,
            never_foreign: &self.ignored,
        }
    }

    pub(crate) fn render(&self) -> Result<Outcome, Vec<Diagnostic>> {
        output::render(&self.job())
    }

    /// Renders; it must be done.
    pub(crate) fn done(&self) -> Summary {
        match self.render() {
            Ok(Outcome::Done(summary)) => summary,
            other => panic!("{other:#?}"),
        }
    }

    /// Renders; it must be refused and leave everything as it was.
    pub(crate) fn refused(&self) -> Vec<(String, Obstacle)> {
        let before = self.snapshot();
        let Ok(Outcome::Refused(list)) = self.render() else { panic!("not refused") };
        assert_eq!(before, self.snapshot(), "a refused render wrote something");
        assert!(list.iter().all(|refusal| refusal.diagnostic().message.contains(&refusal.path)));
        if self.force == Force::default() {
            assert_eq!(self.report().refused, list, "a check says what a render refuses");
        }
        list.into_iter().map(|refusal| (self.short(&refusal.path), refusal.why)).collect()
    }

    /// Renders; it must fail with these codes and leave everything as it was.
    pub(crate) fn fails(&self) -> Vec<(&'static str, String)> {
        let before = self.snapshot();
        let list = self.render().expect_err("no error");
        assert_eq!(before, self.snapshot(), "a failed render wrote something");
        list.into_iter().map(|d| (d.code.name(), self.short(&d.message))).collect()
    }

    pub(crate) fn differences(&self) -> Vec<Difference> {
        self.report().differences
    }

    pub(crate) fn report(&self) -> Report {
        let before = self.snapshot();
        let report = output::check(&self.job()).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert_eq!(before, self.snapshot(), "a check wrote something");
        report
    }

    /// The differences as lines: path and causes. Manifests are left out unless nothing else differs.
    pub(crate) fn causes(&self) -> Vec<String> {
        let line =
            |d: &Difference| format!("{}: {}", self.short(&d.path), d.causes.iter().map(|c| c.text()).collect::<Vec<_>>().join(", "));
        let all: Vec<String> = self.differences().iter().map(line).collect();
        let files: Vec<String> =
            all.iter().filter(|line| !line.contains(".platgen-manifest:") && !line.contains(".platgen-outside:")).cloned().collect();
        if files.is_empty() { all } else { files }
    }

    /// Reads the lock as a command would before it resolves.
    pub(crate) fn read_lock(&mut self) {
        self.locks[0].previous = fs::read_to_string(self.roots.project.join("platgen.lock")).ok();
    }

    /// The spec of an environment changes one of its files.
    pub(crate) fn change(&mut self, folder: &str, path: &str, text: &str) {
        let unit = self.files.units.get_mut(folder).unwrap();
        unit.files.insert(path.into(), text.into());
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.roots.output.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// Every file of the project with its text and time of change; links by where they lead.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, (String, Option<SystemTime>)> {
        let mut all = BTreeMap::new();
        collect(&self.roots.project, &self.roots.project, &mut all);
        all
    }

    /// Paths from the output folder, or from the project.
    fn short(&self, text: &str) -> String {
        let root = |path: &Path| format!("{}/", path.display());
        let output = self.roots.output.display().to_string();
        text.replace(&root(&self.roots.output), "").replace(&output, "OUTPUT").replace(&root(&self.roots.project), "./")
    }
}

fn collect(root: &Path, folder: &Path, all: &mut BTreeMap<String, (String, Option<SystemTime>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if kind.is_dir() {
            all.insert(name + "/", (String::new(), None));
            collect(root, &path, all);
        } else if kind.is_symlink() {
            all.insert(name, (fs::read_link(&path).unwrap().display().to_string(), None));
        } else {
            all.insert(name, (fs::read_to_string(&path).unwrap_or_default(), entry.metadata().unwrap().modified().ok()));
        }
    }
}

pub(crate) fn unit(environment: Option<&str>, files: &[(&str, &str)]) -> Unit {
    Unit {
        environment: environment.map(str::to_owned),
        region: environment.map(|_| "eu".to_owned()),
        files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
    }
}
