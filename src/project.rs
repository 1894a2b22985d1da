//! The pipeline: a spec on disk is opened, resolved and rendered. Commands, tests and analyses start here.
//!
//! Opening finds and reads the spec, its lock and the files it includes; every later stage is pure. Knows nothing of terminals.

mod input;

pub(crate) use input::{READ, reason, regular};

use input::{files, find, include, read, stream, unreadable};

use crate::conflict;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::files::Files;
use crate::model::Estate;
use crate::model::lock::{AddonLock, Lock};
use crate::render::{self, nothing_to_render};
use crate::resolve::{Inputs, Resolution, resolve, resolve_with_provenance};
use crate::source::{Sources, Span};
use crate::spec::{DEFAULTS, Spec, Specs, assemble, assemble_as};
use crate::syntax::{Node, parse};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The name of the lock beside a spec file, or in a spec folder.
pub const LOCK: &str = "platgen.lock";

/// The name of the lock of add-ons, beside the other one.
pub const ADDONS_LOCK: &str = "addons.lock";

/// The path that stands for a YAML text on stdin. Its lock and the files it includes are those of the current folder.
pub const STDIN: &str = "-";

pub use crate::files::OUTPUT;

/// A spec with its lock and the files it includes, read as far as possible.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds the lock and, by default, the output.
    pub folder: PathBuf,
    /// The spec's files, as the user would name them.
    pub paths: Vec<PathBuf>,
    /// Their texts, and those of the lock and the defaults.
    pub sources: Sources,
    /// The spec of each environment.
    pub specs: Specs,
    /// The static defaults, as a tree.
    defaults: Node,
    /// The files that the spec includes, by path: the content, or why it could not be read.
    pub included: BTreeMap<String, Result<Vec<u8>, String>>,
    /// The lock's text; `None` without a lock file.
    pub lock_text: Option<String>,
    /// The lock.
    pub lock: Lock,
    /// The text of the lock of add-ons; `None` without a file.
    pub addons_text: Option<String>,
    /// The lock of add-ons.
    pub addons: AddonLock,
    /// Whether spec and lock could be read well enough to be resolved.
    pub sound: bool,
    /// Whether the output may lack what an entry asks for; `false` unless [`Project::allow_incomplete`] says otherwise.
    allow_incomplete: bool,
    /// The findings so far.
    pub found: Diagnostics,
}

/// A project whose spec is valid.
#[derive(Debug)]
pub struct Resolved {
    /// The project; its findings hold no error.
    pub project: Project,
    /// Every environment of the spec.
    pub estate: Estate,
    /// The lock with every new range.
    pub lock: Lock,
    /// The lock of add-ons with every new version.
    pub addons: AddonLock,
}

/// A project with the files that it is rendered to.
#[derive(Debug)]
pub struct Rendered {
    /// What was rendered.
    pub resolved: Resolved,
    /// Every file of every environment.
    pub files: Files,
}

/// Why a project can't be read, resolved or rendered.
#[derive(Debug)]
pub struct Failure {
    /// Every finding, at least one of them an error.
    pub found: Diagnostics,
    /// The texts that the findings point into.
    pub sources: Sources,
}

impl From<Box<Diagnostic>> for Box<Failure> {
    fn from(fault: Box<Diagnostic>) -> Self {
        let mut found = Diagnostics::default();
        found.push(*fault);
        Box::new(Failure { found, sources: Sources::default() })
    }
}

impl Project {
    /// Reads the spec that was named, or the nearest one, with its lock and the files it includes. Faults in their texts are findings of the project.
    ///
    /// # Errors
    /// There is no spec, there are two, or a file can't be read.
    pub fn open(named: Option<&Path>) -> Result<Project, Box<Failure>> {
        let path = match named {
            Some(path) => path.to_path_buf(),
            None => find()?,
        };
        let is_stream = path == Path::new(STDIN);
        let (folder, paths) = if is_stream { (PathBuf::from("."), vec![PathBuf::from("<stdin>")]) } else { files(&path)? };
        let mut texts = Vec::new();
        for path in paths {
            let text = if is_stream { stream()? } else { read(&path)? };
            texts.push((path, text));
        }
        let lock = |name: &str| -> Result<Option<String>, Box<Failure>> {
            let path = folder.join(name);
            match regular(&path, READ).and_then(|()| std::fs::read_to_string(&path)) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(unreadable(&path, &error).into()),
            }
        };
        let locks = [lock(LOCK)?, lock(ADDONS_LOCK)?];
        Ok(Project::of(folder.clone(), texts, locks, |path| include(&folder, path)))
    }

    /// A project from the texts of its files by path, its locks (that of addresses, then that of add-ons), and a reader of included files. Touches no disk.
    pub fn of(
        folder: PathBuf,
        texts: Vec<(PathBuf, String)>,
        [lock_text, addons_text]: [Option<String>; 2],
        include: impl Fn(&str) -> Result<Vec<u8>, String>,
    ) -> Project {
        let mut sources = Sources::default();
        let mut found = Diagnostics::default();
        let mut nodes: Vec<Node> = Vec::new();
        let mut sound = true;
        let mut paths = Vec::new();
        for (path, text) in texts {
            let id = sources.add(path.display().to_string(), text);
            let mut faults = Diagnostics::default();
            match parse(&sources, id, &mut faults) {
                Some(node) => nodes.push(node),
                None => sound = false,
            }
            // Conflict markers break the syntax; the fault of the parser would be about one of them, or about a key that both versions have.
            match conflict::first(&sources.get(id).text).filter(|_| faults.has_errors()) {
                Some((range, _)) => {
                    sound = false;
                    found.push(conflict_markers(Span::new(id, range)));
                }
                None => found.extend(faults),
            }
            paths.push(path);
        }
        // A part that can't be read, or an anchor in place of a value, would be followed by findings about what is missing.
        sound &= !found.iter().any(|fault| matches!(fault.code, Code::Syntax | Code::Anchor));
        let id = sources.add_default("defaults.yaml", DEFAULTS);
        let defaults = parse(&sources, id, &mut found).unwrap_or_else(|| Node::map(Span::new(id, 0..0), Vec::new()));
        let specs = if sound { assemble(&nodes, &defaults, &mut found) } else { Specs::default() };
        let mut lock = Lock::default();
        if let Some(text) = &lock_text {
            let id = sources.add(folder.join(LOCK).display().to_string(), text.clone());
            match Lock::parse(id, text) {
                Ok(read) => lock = read,
                Err(faults) => {
                    found.extend(faults);
                    sound = false;
                }
            }
        }
        let mut addons = AddonLock::default();
        if let Some(text) = &addons_text {
            let id = sources.add(folder.join(ADDONS_LOCK).display().to_string(), text.clone());
            match AddonLock::parse(id, text) {
                Ok(read) => addons = read,
                Err(faults) => {
                    found.extend(faults);
                    sound = false;
                }
            }
        }
        let included = wanted(&specs).into_iter().map(|path| (path.clone(), include(&path))).collect();
        Project {
            folder,
            paths,
            sources,
            specs,
            defaults,
            included,
            lock_text,
            lock,
            addons_text,
            addons,
            sound,
            allow_incomplete: false,
            found,
        }
    }

    /// Allows, or not, that the output lacks what an entry asks for and this version does not render: the findings are warnings then.
    pub fn allow_incomplete(self, allow: bool) -> Project {
        Project { allow_incomplete: allow, ..self }
    }

    /// Resolves what can be resolved, for commands that have something to show of a faulty spec; the findings join the project's. `None` where the
    /// spec or the lock can't be read.
    pub fn resolve_soundly(&mut self) -> Option<Resolution> {
        self.resolve_by(resolve)
    }

    /// Resolves as [`Project::resolve_soundly`] and records each computed value with its origin.
    pub fn resolve_with_provenance(&mut self) -> Option<Resolution> {
        self.resolve_by(resolve_with_provenance)
    }

    fn resolve_by(&mut self, resolve: fn(&Specs, &Lock, Inputs<'_>) -> Resolution) -> Option<Resolution> {
        if !self.sound {
            return None;
        }
        let Project { sources, included, addons, .. } = &*self;
        let inputs = Inputs { sources, included, addons, allow_incomplete: self.allow_incomplete };
        let mut resolution = resolve(&self.specs, &self.lock, inputs);
        self.found.extend(std::mem::take(&mut resolution.diagnostics));
        Some(resolution)
    }

    /// Resolves every environment.
    ///
    /// # Errors
    /// The spec or the lock has a fault.
    pub fn resolve(mut self) -> Result<Resolved, Box<Failure>> {
        let resolution = self.resolve_soundly().filter(|_| !self.found.has_errors());
        match resolution.and_then(|resolution| Some((resolution.estate?, resolution.lock, resolution.addons))) {
            Some((estate, lock, addons)) => Ok(Resolved { project: self, estate, lock, addons }),
            None if self.found.has_errors() => Err(self.fail([])),
            None => Err(self.fail([nothing_to_render()])),
        }
    }

    /// The failure with the project's findings and further ones.
    pub fn fail(mut self, more: impl IntoIterator<Item = Diagnostic>) -> Box<Failure> {
        self.found.extend(more);
        Box::new(Failure { found: self.found, sources: self.sources })
    }
}

impl Resolved {
    /// The project with one environment alone: configured as another one, and as it is. Both are environments of the spec. Addresses are those that all
    /// environments together have, so that nothing differs between the two but what the spec says.
    pub fn compared(&self, environment: &str, model: &str) -> [Project; 2] {
        let Project { specs, defaults, .. } = &self.project;
        let mut found = Diagnostics::default();
        let configured = assemble_as(specs, environment, model, defaults, &mut found);
        [(configured, found), (specs.clone(), Diagnostics::default())].map(|(mut specs, found)| {
            specs.environments.retain(|name, _| name == environment);
            Project { specs, found, lock: self.lock.clone(), addons: self.addons.clone(), ..self.project.clone() }
        })
    }

    /// Renders every file of every environment.
    ///
    /// # Errors
    /// No environment to render, a patch that fits nothing, a manifest that can't be read, a fault in a template.
    pub fn render(self) -> Result<Rendered, Box<Failure>> {
        self.render_by(render::files)
    }

    /// Renders the Kubernetes documents of every cluster: no Terraform, and no file for people.
    ///
    /// # Errors
    /// As of [`Resolved::render`].
    pub fn documents(self) -> Result<Rendered, Box<Failure>> {
        self.render_by(render::documents)
    }

    fn render_by(self, render: fn(&Estate) -> Result<Files, Vec<Diagnostic>>) -> Result<Rendered, Box<Failure>> {
        if self.estate.environments.is_empty() {
            return Err(self.project.fail([nothing_to_render()]));
        }
        match render(&self.estate) {
            Ok(files) => Ok(Rendered { resolved: self, files }),
            Err(faults) => Err(self.project.fail(faults)),
        }
    }
}

/// The finding for a spec file that git could not merge.
fn conflict_markers(line: Span) -> Diagnostic {
    let message = "the file has conflict markers of git: two branches changed the same lines";
    let help = "keep the right lines and remove the markers; then `platgen lock --resolve` and `platgen render` update the lock and the rendered files";
    Diagnostic::new(Code::ConflictMarkers, message).at(line).label("the first conflict").help(help)
}

/// The files that a spec includes, in any environment.
fn wanted(specs: &Specs) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for spec in specs.environments.values().chain([&specs.base]) {
        collect(spec, &mut paths);
    }
    paths
}

fn collect(spec: &Spec, paths: &mut BTreeSet<String>) {
    let mut files = |fields: crate::spec::ContainerFields<'_>| {
        let named = fields.files.entries().filter_map(|(_, _, file)| file.from.get());
        paths.extend(named.map(|path| path.to_string()));
    };
    for (_, _, app) in spec.apps.entries() {
        files(app.container());
        app.init.entries().for_each(|(_, _, inner)| files(inner.container()));
        app.sidecars.entries().for_each(|(_, _, inner)| files(inner.container()));
    }
    for (_, _, store) in spec.stores.entries() {
        files(store.container());
        store.init.entries().for_each(|(_, _, inner)| files(inner.container()));
        store.sidecars.entries().for_each(|(_, _, inner)| files(inner.container()));
    }
    let authorities = spec.apps.entries().filter_map(|(_, _, app)| app.certificate.get()?.authority.get());
    paths.extend(authorities.map(|path| path.to_string()));
    let manifests = spec.manifests.entries().filter_map(|(_, _, manifest)| manifest.from.get());
    paths.extend(manifests.map(|path| path.to_string()));
    let terraform = spec.terraform.entries().filter_map(|(_, _, file)| file.from.get());
    paths.extend(terraform.map(|path| path.to_string()));
}
