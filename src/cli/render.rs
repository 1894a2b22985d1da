//! `platgen render`: the files to disk or to stdout, or what differs from disk.

use super::lock::lock_is_lost;
use super::select::{regions, unknown, unknown_place};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic};
use crate::files::Files;
use crate::model::Estate;
use crate::output::{self, Cause, Force, Job, Lock, Outcome, Refusal, Report, Roots, Selection, Summary};
use crate::project::{LOCK, OUTPUT, Project, Rendered, Resolved};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Flags of `render`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Render {
    #[command(flatten)]
    spec: super::Spec,
    /// The output folder. Default: `deploy/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Only this environment.
    #[arg(long)]
    env: Option<String>,
    /// Only this region.
    #[arg(long)]
    region: Option<String>,
    /// Only the files of this app or store (`name` or `namespace/name`).
    #[arg(long)]
    app: Option<String>,
    /// Print instead of writing: the Kubernetes documents in the order to apply them, or every file with `--stdout=all`.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "kubernetes", value_parser = ["kubernetes", "all"])]
    stdout: Option<String>,
    /// Write nothing; exit with 2 and the cause of each difference where the files are not what the spec says.
    #[arg(long, conflicts_with_all = ["stdout", "force"])]
    check: bool,
    /// Replace edited and foreign files that are in the way: all of them, or those under a path. Can be repeated.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PATH", default_missing_value = "")]
    force: Vec<OsString>,
}

pub(super) fn run(render: &Render, terminal: &Terminal) -> Ended {
    let mut opened = Project::open(render.spec.spec.as_deref())?;
    let roots = Roots {
        output: render.output.clone().unwrap_or_else(|| opened.folder.join(OUTPUT)),
        project: opened.folder.clone(),
        outside: vec![LOCK.to_string()],
    };
    if let Some(fault) = misplaced(&roots).or_else(|| nothing_forced(render, &roots)) {
        terminal.tell_plain(&[fault]);
        return Ok(FAILED);
    }
    let mut recovered = false;
    // An interrupted render is completed first, so that the lock is read as that render meant it.
    if !render.check && render.stdout.is_none() {
        match output::recover(&roots) {
            Ok(true) => {
                opened = Project::open(render.spec.spec.as_deref())?;
                recovered = true;
            }
            Ok(false) => {}
            Err(faults) => {
                terminal.tell_plain(&faults);
                return Ok(FAILED);
            }
        }
    }
    let Rendered { resolved: Resolved { mut project, estate, lock }, files } = opened.resolve()?.render()?;
    if let Some(fault) = unknown_selection(render, &estate) {
        return Ok(end(FAILED, vec![fault], &mut project, terminal));
    }
    let paths = render.app.as_deref().map(|app| files_of(app, &files));
    let selection = Selection { environment: render.env.as_deref(), region: render.region.as_deref(), paths: paths.as_ref() };
    if let Some(what) = &render.stdout {
        match lock_is_lost(&project, &roots.output) {
            Ok(None) => {}
            Ok(Some(fault)) => return Ok(end(DIFFERENT, vec![fault], &mut project, terminal)),
            Err(faults) => return Ok(end(FAILED, faults, &mut project, terminal)),
        }
        let code = end(FINE, Vec::new(), &mut project, terminal);
        print_all(&stream(&files, &selection, what == "all"));
        return Ok(code);
    }
    let locks = [Lock { path: LOCK.to_string(), text: lock.print(), previous: project.lock_text.clone() }];
    let force = force(&render.force);
    let version = env!("CARGO_PKG_VERSION");
    let job = Job { roots: &roots, files: &files, outside: None, locks: &locks, selection, force: &force, version, never_foreign: &[] };
    Ok(if render.check { check(&job, terminal, &mut project) } else { write(&job, terminal, &estate, &mut project, recovered) })
}

/// Tells everything there is to say, in one piece: what reads a list of findings reads one list.
fn end(code: u8, more: Vec<Diagnostic>, project: &mut Project, terminal: &Terminal) -> u8 {
    project.found.extend(more);
    terminal.tell(&project.found.sorted(), &project.sources);
    code
}

/// The finding for an output folder that is the spec's own: its files would be read as parts of the spec.
fn misplaced(roots: &Roots) -> Option<Diagnostic> {
    let (output, project) = (roots.output.canonicalize().ok()?, roots.project.canonicalize().ok()?);
    if !project.starts_with(&output) {
        return None;
    }
    let message = format!("the output folder `{}` holds the spec", roots.output.display());
    Some(Diagnostic::new(Code::UnsafePath, message).help("name a folder of its own, such as the default `deploy` beside the spec"))
}

/// The finding for a path of `--force` that means nothing: a misspelt one would be taken for done.
fn nothing_forced(render: &Render, roots: &Roots) -> Option<Diagnostic> {
    let exists = |path: &&Path| path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok();
    let mut paths = render.force.iter().filter(|path| !path.is_empty()).map(Path::new);
    let path = paths.find(|path| !path.ends_with(LOCK) && !exists(path))?;
    let message = format!("there is no file or folder `{}` to take", path.display());
    Some(Diagnostic::new(Code::UnknownReference, message).help("name it as the finding does, from here or from the output folder"))
}

/// The flags of `--force`; a flag without a path takes everything that needs no name of its own.
fn force(flags: &[OsString]) -> Force {
    let paths: Vec<PathBuf> = flags.iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    match (flags, &paths[..]) {
        ([], _) => Force::Nothing,
        (_, []) => Force::Everything,
        _ => Force::Paths(paths),
    }
}

/// The finding for a selection that selects nothing.
fn unknown_selection(render: &Render, estate: &Estate) -> Option<Diagnostic> {
    if let Some(fault) = unknown_place(estate, render.env.as_deref(), render.region.as_deref()) {
        return Some(fault);
    }
    let app = render.app.as_deref()?;
    let workloads: BTreeSet<(&str, &str)> = regions(estate)
        .flat_map(|region| region.workloads.values())
        .map(|workload| (workload.namespace.as_str(), workload.name.as_str()))
        .collect();
    let found = workloads.iter().any(|(namespace, name)| app == *name || app == format!("{namespace}/{name}"));
    (!found).then(|| unknown("app or store", app, &workloads.iter().map(|(_, name)| *name).collect::<Vec<_>>()))
}

/// The paths of an app's own files.
fn files_of(app: &str, files: &Files) -> BTreeSet<String> {
    let wanted = format!("/{app}.yaml");
    files.iter().map(|(path, _)| path).filter(|path| path.starts_with("kubernetes/") && path.ends_with(&wanted)).collect()
}

/// The selected texts as one stream.
fn stream(files: &Files, selection: &Selection<'_>, all: bool) -> String {
    let mut chosen: Vec<(u8, String, &str)> = Vec::new();
    for (folder, unit) in &files.units {
        let fits = |wanted: Option<&str>, has: &Option<String>| wanted.is_none_or(|wanted| has.as_deref() == Some(wanted));
        if !fits(selection.environment, &unit.environment) || !fits(selection.region, &unit.region) {
            continue;
        }
        for (path, text) in &unit.files {
            let whole = if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") };
            if selection.paths.is_some_and(|paths| !paths.contains(&whole)) {
                continue;
            }
            let kubernetes = folder.starts_with("kubernetes/") && path.ends_with(".yaml") && path != "kustomization.yaml";
            if all || kubernetes {
                chosen.push((rank(path), whole, text));
            }
        }
    }
    if all {
        return chosen.iter().fold(String::new(), |out, (_, path, text)| out + "# " + path + "\n" + text);
    }
    // Namespaces, then what is cluster-wide, then each namespace's own rules before its apps; one region after the other.
    chosen.sort_by(|a, b| (region_of(&a.1), a.0, &a.1).cmp(&(region_of(&b.1), b.0, &b.1)));
    let texts: Vec<&str> = chosen.iter().map(|(_, _, text)| text.split_once('\n').map_or(*text, |(_, rest)| rest)).collect();
    texts.join("---\n")
}

fn rank(path: &str) -> u8 {
    match path {
        "cluster/namespaces.yaml" => 0,
        path if path.starts_with("cluster/") => 1,
        path if path.ends_with("/namespace.yaml") => 2,
        _ => 3,
    }
}

fn region_of(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn check(job: &Job<'_>, terminal: &Terminal, project: &mut Project) -> u8 {
    let report = match output::check(job) {
        Ok(report) => report,
        Err(faults) => return end(FAILED, faults, project, terminal),
    };
    let code = if report.is_clean() { FINE } else { DIFFERENT };
    // People see the lines that differ, programs a finding for each cause.
    if !terminal.is_for_people() {
        return end(code, report.diagnostics(), project, terminal);
    }
    for difference in &report.differences {
        let causes: Vec<&str> = difference.causes.iter().map(|cause| cause.text()).collect();
        print_all(&format!("{} {}: {}\n", difference.path, difference.change.text(), causes.join(", ")));
        if let Some(diff) = difference.diff.as_deref().filter(|_| !terminal.quiet) {
            print_all(diff);
        }
    }
    end(code, report.refused.iter().map(Refusal::diagnostic).collect(), project, terminal);
    terminal.say(&conclude(&report, job.version));
    code
}

/// What a check found, in a few lines.
fn conclude(report: &Report, version: &str) -> String {
    let mut lines: Vec<String> = report.foreign.iter().map(|path| format!("not ours, left alone: {path}")).collect();
    if report.differences.iter().any(|difference| difference.causes.contains(&Cause::PlatgenChanged)) {
        let versions: Vec<&str> = report.versions.iter().map(String::as_str).collect();
        lines.push(format!(
            "files were rendered by platgen {}, this is {version}: changes of the spec may be among the differences",
            versions.join(" and ")
        ));
    }
    let differences = Count(report.differences.len(), "difference");
    lines.push(match (report.is_clean(), report.refused.is_empty()) {
        (true, _) => "the files are what the spec says".to_string(),
        (false, true) => format!("{differences} between the spec and the files; `platgen render` writes them"),
        (false, false) => {
            format!("{differences} between the spec and the files; `platgen render` refuses to write until the errors above are mended")
        }
    });
    lines.join("\n")
}

fn write(job: &Job<'_>, terminal: &Terminal, estate: &Estate, project: &mut Project, recovered: bool) -> u8 {
    match output::render(job) {
        Err(faults) => end(FAILED, faults, project, terminal),
        Ok(Outcome::Refused(refused)) => {
            let findings = refused.iter().map(|refusal| refusal.diagnostic()).collect();
            end(DIFFERENT, findings, project, terminal);
            terminal.say("nothing was written");
            DIFFERENT
        }
        Ok(Outcome::Done(mut summary)) => {
            end(FINE, Vec::new(), project, terminal);
            summary.recovered |= recovered;
            terminal.say(&summarize(&summary, estate, job, project));
            FINE
        }
    }
}

/// What was done, what it means, and the next steps.
fn summarize(summary: &Summary, estate: &Estate, job: &Job<'_>, project: &Project) -> String {
    let mut lines = Vec::new();
    if summary.recovered {
        lines.push("an interrupted render was completed first".to_string());
    }
    let selected = |wanted: Option<&str>, has: &str| wanted.is_none_or(|wanted| wanted == has);
    for (environment, platform) in estate.environments.iter().filter(|(name, _)| selected(job.selection.environment, name)) {
        for (name, region) in platform.regions.iter().filter(|(name, _)| selected(job.selection.region, name)) {
            let subnets = region.network.as_ref().map_or(0, |network| network.subnets.len());
            lines.push(format!(
                "{environment}/{name}: {}, {}, {}",
                Count(region.workloads.len(), "workload"),
                Count(region.flows.len(), "flow"),
                Count(subnets, "subnet")
            ));
        }
    }
    let written: usize = summary.units.values().map(|unit| unit.written.len()).sum();
    let unchanged: usize = summary.units.values().map(|unit| unit.unchanged).sum();
    let removed: usize = summary.units.values().map(|unit| unit.removed.len()).sum();
    let output = job.roots.output.display();
    lines.push(format!("{} written, {unchanged} unchanged, {removed} removed in {output}", Count(written, "file")));
    if !summary.locks.is_empty() {
        lines.push(format!("the address plan in {} has grown: commit it with the files", project.folder.join(LOCK).display()));
    }
    for path in &summary.left {
        lines.push(format!("left as it is, because others share it: {path}"));
    }
    for path in &summary.foreign {
        lines.push(format!("not ours, left alone: {path}"));
    }
    if !summary.is_unchanged() {
        // `git diff` alone leaves new files out.
        let lock = project.folder.join(LOCK);
        let lock = lock.strip_prefix(".").unwrap_or(&lock).display();
        lines.push(format!(
            "next: `git add {output} {lock}`, review the change (`git diff --staged`), commit it with the spec, and apply it as {output}/README.md says"
        ));
    }
    lines.join("\n")
}
