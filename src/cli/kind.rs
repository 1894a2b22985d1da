//! `platgen kind`: a region of an environment on a laptop.

use super::compare::differences;
use super::lock::{lock_is_lost, roots};
use super::render::nothing_forced;
use super::select::unknown_place;
use super::tree::shown;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::check::folder;
use crate::delivery;
use crate::diagnostic::wording::{Count, shell_word};
use crate::diagnostic::{Code, Diagnostic};
use crate::files::{Files, Unit};
use crate::model::{Desk, Desktop, Estate, Platform, Region};
use crate::output::{self, Force, Job, Outcome, Refusal, Report, Roots, Selection};
use crate::project::{Project, READ, Rendered, Resolved, regular};
use crate::render::desktop;
use crate::resolve;
use crate::value::Quantity;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The folder of desktops beside a spec.
const FOLDER: &str = "kind";

/// Flags of `kind`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Kind {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The environment.
    #[arg(long)]
    env: String,
    /// The region. Default: the primary region of the environment.
    #[arg(long)]
    region: Option<String>,
    /// The folder of the desktop. Default: `kind/ENV/REGION/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// The rendered files, on which the desktop builds. Default: `deploy/` beside the spec.
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    #[command(flatten)]
    laptop: Laptop,
    /// Write nothing; exit with 2 and the lines that differ where the files of the desktop are not what the spec says.
    #[arg(long, conflicts_with = "force")]
    check: bool,
    /// Replace edited and foreign files that are in the way: all of them, or those under a path. Can be repeated.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PATH", default_missing_value = "")]
    force: Vec<OsString>,
}

/// What a laptop gives to a desktop.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Laptop {
    /// Processors that the nodes of the desktop may take together.
    #[arg(long, value_name = "N", default_value = "4")]
    cpus: Quantity,
    /// Memory that the nodes of the desktop may take together.
    #[arg(long, value_name = "M", default_value = "8Gi")]
    memory: Quantity,
}

impl Laptop {
    pub(super) fn desk(&self) -> Desk {
        Desk { cpus: self.cpus.clone(), memory: self.memory.clone() }
    }
}

/// Why nothing was written: the exit code and the findings.
type Stopped = (u8, Vec<Diagnostic>);

/// How the command ends: the exit code, findings, and the summary.
type Ending = (u8, Vec<Diagnostic>, String);

pub(super) fn run(kind: &Kind, terminal: &Terminal) -> Ended {
    let project = Project::open(kind.spec.spec.as_deref())?.allow_incomplete(kind.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let Rendered { resolved: Resolved { mut project, estate, .. }, files } = project.resolve()?.documents()?;
    let (code, faults, last) = match write(kind, &project, &estate, &files, terminal) {
        Ok(ending) => ending,
        Err((code, faults)) => (code, faults, "nothing was written".to_owned()),
    };
    project.found.extend(faults);
    terminal.tell(&project.found.sorted(), &project.sources);
    terminal.say(&last);
    Ok(code)
}

/// Writes the desktop, or compares it with the spec.
fn write(kind: &Kind, project: &Project, estate: &Estate, rendered: &Files, terminal: &Terminal) -> Result<Ending, Stopped> {
    let failed = |fault: Diagnostic| (FAILED, vec![fault]);
    let (platform, region) = place(estate, &kind.env, kind.region.as_deref()).map_err(|fault| (FAILED, fault.into_iter().map(|fault| *fault).collect()))?;
    let tree = roots(project, kind.tree.as_deref()).output;
    match lock_is_lost(project, &tree) {
        Ok(None) => {}
        Ok(Some(fault)) => return Err((DIFFERENT, vec![fault])),
        Err(faults) => return Err((FAILED, faults)),
    }
    let desktop = resolve::desktop(&project.specs, platform, region, &kind.laptop.desk()).map_err(|fault| failed(*fault))?;
    let folder = folder(&kind.env, region.name.as_str());
    let output = kind.output.clone().unwrap_or_else(|| project.folder.join(FOLDER).join(&kind.env).join(region.name.as_str()));
    let roots = Roots { output, project: project.folder.clone(), outside: Vec::new() };
    let spec = kind.spec.spec.as_deref().map(|spec| format!(" {}", spec.display())).unwrap_or_default();
    let forced: Vec<&OsString> = kind.force.iter().collect();
    let taken = taken(project);
    let fault = beside(&roots, &tree, &taken)
        .or_else(|| of_another(&roots, &desktop.name))
        .or_else(|| nothing_forced(&forced, &roots))
        .or_else(|| stale(&tree.join(&folder), rendered, &folder, &spec));
    if let Some(fault) = fault {
        return Err(failed(fault));
    }
    let base = relative(&roots.output, &tree.join(&folder));
    let texts = desktop::files(platform, region, &desktop, &base).map_err(|fault| failed(fault.into()))?;
    let files = Files { units: BTreeMap::from([(String::new(), Unit { files: texts, ..Unit::default() })]), outside: Unit::default() };
    let (paths, bare): (Vec<&OsString>, Vec<&OsString>) = kind.force.iter().partition(|path| !path.is_empty());
    let job = Job {
        roots: &roots,
        files: &files,
        outside: None,
        locks: &[],
        selection: Selection::default(),
        force: &Force { everything: !bare.is_empty(), paths: paths.into_iter().map(PathBuf::from).collect() },
        version: env!("CARGO_PKG_VERSION"),
        never_foreign: &desktop::OWN.map(str::to_owned),
    };
    if kind.check {
        if output::units(&job.roots.output).unwrap_or_default().is_empty() {
            let message = format!("there is no desktop in `{}`", named(&job.roots.output));
            let help = format!("`{}` writes it", command(kind, &spec));
            // People need one line, and no list of files.
            return Ok(match terminal.is_for_people() && !terminal.quiet {
                true => (DIFFERENT, Vec::new(), format!("{message}; {help}")),
                false => (DIFFERENT, vec![Diagnostic::new(Code::MissingTree, message).help(help)], String::new()),
            });
        }
        let report = output::check(&job).map_err(|faults| (FAILED, faults))?;
        return Ok(compared(&report, terminal));
    }
    match output::render(&job) {
        Err(faults) => Err((FAILED, faults)),
        Ok(Outcome::Refused(refused)) => Err((DIFFERENT, refused.iter().map(|refusal| refusal.diagnostic()).collect())),
        Ok(Outcome::Done(summary)) => {
            let of = |unit: &output::UnitSummary| (unit.written.len(), unit.unchanged, unit.removed.len());
            let numbers = summary.units.values().map(of).fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
            Ok((FINE, Vec::new(), conclusion(region, &desktop, numbers, &roots.output)))
        }
    }
}

/// The environment and its region; the primary one where none is named.
///
/// # Errors
/// There is no such environment or region.
pub(super) fn place<'e>(
    estate: &'e Estate,
    environment: &str,
    region: Option<&str>,
) -> Result<(&'e Platform, &'e Region), Option<Box<Diagnostic>>> {
    if let Some(fault) = unknown_place(estate, Some(environment), region) {
        return Err(Some(Box::new(fault)));
    }
    let platform = estate.environments.get(environment).ok_or(None)?;
    let region = platform.regions.get(region.unwrap_or(platform.primary.as_str())).ok_or(None)?;
    Ok((platform, region))
}

/// The command that writes a desktop, with the flags of this one. `spec` is the argument that names the spec, after a blank.
fn command(kind: &Kind, spec: &str) -> String {
    let region = kind.region.as_ref().map(|region| format!(" --region {region}")).unwrap_or_default();
    let output = kind.output.as_ref().map(|output| format!(" --output {}", shell_word(&output.display().to_string()))).unwrap_or_default();
    format!("platgen kind{spec} --env {}{region}{output}", kind.env)
}

/// What differs between the files of the desktop and the spec.
fn compared(report: &Report, terminal: &Terminal) -> Ending {
    if report.is_clean() {
        return (FINE, Vec::new(), "the desktop is as the spec says".to_owned());
    }
    // People see the lines that differ, programs a finding for each cause.
    let findings = if terminal.is_for_people() {
        differences(report, terminal);
        report.refused.iter().map(Refusal::diagnostic).collect()
    } else {
        report.diagnostics("platgen kind")
    };
    let count = Count(report.differences.len(), "difference");
    let next = if report.refused.is_empty() {
        "`platgen kind` writes its files"
    } else {
        "`platgen kind --force=PATH` writes over the edited files"
    };
    (DIFFERENT, findings, format!("{count} between the spec and the desktop; {next}"))
}

/// The summary, with the next step.
fn conclusion(region: &Region, desktop: &Desktop, numbers: (usize, usize, usize), output: &Path) -> String {
    let (written, unchanged, removed) = numbers;
    let workers = Count(desktop.workers.len(), "worker");
    let output = output.strip_prefix(".").unwrap_or(output).display();
    format!(
        "{}: {workers} for {}\n{} written, {unchanged} unchanged, {removed} removed in {output}\nnext: {output}/README.md says how to start it, and {output}/PARITY.md what is different",
        desktop.name,
        Count(region.zones.len(), "zone"),
        Count(written, "file")
    )
}

/// The folders beside a spec that other files are for: those that it includes, and those of CI systems.
fn taken(project: &Project) -> Vec<PathBuf> {
    let files = project.included.keys().map(String::as_str).chain(delivery::OUTSIDE.iter().copied());
    let folders = files.filter_map(|file| Path::new(file).components().next().filter(|first| first.as_os_str() != file));
    folders.map(|first| whole(&project.folder.join(first))).collect()
}

/// The finding for a folder that holds the spec or rendered files, or is within these: each would take the files of the other for its own.
fn beside(roots: &Roots, tree: &Path, taken: &[PathBuf]) -> Option<Diagnostic> {
    let (own, tree) = (whole(&roots.output), whole(tree));
    let holds = |other: &Path| other.starts_with(&own);
    let holds_others = || output::units(&roots.output).unwrap_or_default().iter().any(|unit| !unit.is_empty());
    let is_within = |other: &PathBuf| own.starts_with(other);
    if !is_within(&tree) && !taken.iter().any(is_within) && !holds(&tree) && !holds(&whole(&roots.project)) && !holds_others() {
        return None;
    }
    let message = format!(
        "the folder `{}` of the desktop holds the spec, files that it includes or other rendered files, or is within these",
        named(&roots.output)
    );
    let help = "choose a folder of its own, such as the default `kind/ENV/REGION` beside the spec";
    Some(Diagnostic::new(Code::UnsafePath, message).help(help))
}

/// The finding for a folder with another desktop: values of secrets and a cluster that no script would delete any more stand in it.
fn of_another(roots: &Roots, name: &str) -> Option<Diagnostic> {
    let text = std::fs::read_to_string(roots.output.join("cluster.yaml")).ok()?;
    let other = text.lines().find_map(|line| line.strip_prefix("name: ")).filter(|other| *other != name)?;
    let message = format!("the folder `{}` is that of the desktop `{other}`", named(&roots.output));
    let help = "choose a folder of its own with `-o`, or run its `down.sh` and remove it first";
    Some(Diagnostic::new(Code::UnsafePath, message).help(help))
}

/// The finding for rendered files that are missing or are not as the spec says. `spec` is the argument that names the spec, after a blank.
fn stale(place: &Path, files: &Files, folder: &str, spec: &str) -> Option<Diagnostic> {
    let unit = files.units.get(folder)?;
    if !place.is_dir() {
        let message = format!("the desktop builds on the files in `{}`, and there are none", shown(place));
        return Some(
            Diagnostic::new(Code::MissingTree, message).help("write them with `platgen render`, or name their folder with `--tree`"),
        );
    }
    let read = |path: &Path| regular(path, READ).and_then(|()| std::fs::read_to_string(path)).ok();
    let is_other = |path: &str, text: &str| read(&place.join(path)).is_none_or(|known| known.replace("\r\n", "\n") != text);
    let (path, _) = unit.files.iter().find(|(path, text)| is_other(path, text))?;
    let path = shown(&place.join(path));
    let message = format!("the desktop builds on `{path}`, which is not as the spec says");
    let help = format!("run `platgen render{spec}`, or `platgen render --check{spec}` to see what differs");
    Some(Diagnostic::new(Code::StaleTree, message).subject(path).help(help))
}

/// A folder in a message.
fn named(folder: &Path) -> String {
    let name = shown(folder);
    if name.is_empty() { ".".to_owned() } else { name }
}

/// A path from the root, with links followed as far as the path exists.
fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain = plain.canonicalize().unwrap_or(plain);
    }
    plain
}

/// The path from one folder to another, with `/` between parts.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (whole(from), whole(to));
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| "..".to_owned());
    let down = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}
