//! `platgen render`: the files to disk or to stdout, or what differs from disk.

use super::lock::{self, lock_is_lost, roots};
use super::select::{regions, unknown, unknown_place};
use super::transition;
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::files::Files;
use crate::model::Estate;
use crate::output::{self, Cause, Force, Job, Lock, Outcome, Refusal, Replaced, Report, Roots, Selection, Summary};
use crate::project::{Failure, LOCK, Project, Rendered, Resolved};
use crate::source::Span;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Flags of `render`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Render {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
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
    /// Print instead of writing: the Kubernetes documents of one cluster in the order to apply them, or every file below a line with its path with
    /// `--stdout=all`.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "kubernetes", value_parser = ["kubernetes", "all"])]
    stdout: Option<String>,
    /// Write nothing; exit with 2 and the cause of each difference where the files are not what the spec says.
    #[arg(long, conflicts_with_all = ["stdout", "force"])]
    check: bool,
    /// Replace edited and foreign files that are in the way: all of them, or those under a path. An entry, as in `--force=shop/orders`, may lose its data.
    /// Can be repeated.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PATH or ENTRY", default_missing_value = "")]
    force: Vec<OsString>,
}

pub(super) fn run(render: &Render, terminal: &Terminal) -> Ended {
    let open = || Ok::<_, Box<Failure>>(Project::open(render.spec.spec.as_deref())?.allow_incomplete(render.gaps.allow_incomplete));
    let mut opened = open()?;
    terminal.tell_files(&opened);
    let roots = roots(&opened, render.output.as_deref());
    if let Some(fault) = misplaced(&roots).or_else(|| nothing_forced(render, &roots)) {
        terminal.tell_plain(&[fault]);
        return Ok(FAILED);
    }
    let mut recovered = false;
    // An interrupted render is completed first, so that the lock is read as that render wrote it.
    if !render.check && render.stdout.is_none() {
        recovered = match output::recover(&roots) {
            Ok(recovered) => recovered,
            Err(faults) => {
                terminal.tell_plain(&faults);
                return Ok(FAILED);
            }
        };
        if recovered {
            opened = open()?;
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
        let text = if what == "all" { Ok(every_file(&files, &selection)) } else { documents(&files, &selection) };
        return Ok(match text {
            Ok(text) => {
                let code = end(FINE, Vec::new(), &mut project, terminal);
                print_all(&text);
                code
            }
            Err(fault) => end(FAILED, vec![*fault], &mut project, terminal),
        });
    }
    let locks = [Lock { path: LOCK.to_string(), text: lock.print(), previous: project.lock_text.clone() }];
    let (entries, paths): (Vec<OsString>, Vec<OsString>) =
        render.force.iter().cloned().partition(|word| transition::is_entry(word, &roots));
    let entries: BTreeSet<String> = entries.into_iter().map(|entry| entry.to_string_lossy().into_owned()).collect();
    let force = force(&paths);
    let version = env!("CARGO_PKG_VERSION");
    let job = Job { roots: &roots, files: &files, outside: None, locks: &locks, selection, force: &force, version, never_foreign: &[] };
    let code = if render.check {
        check(&job, terminal, &mut project)
    } else {
        let plan = lock::changes(&project.lock, &lock);
        write(&job, terminal, &estate, &mut project, recovered, &plan, &entries)
    };
    // The program ends here. Freeing a million small values one by one would take longer than ending the process.
    std::mem::forget((project, estate, files));
    Ok(code)
}

/// Prints the findings of the project and further ones as one list: programs read one list.
fn end(code: u8, more: Vec<Diagnostic>, project: &mut Project, terminal: &Terminal) -> u8 {
    project.found.extend(more);
    terminal.tell(&project.found.sorted(), &project.sources);
    code
}

/// The finding for an output folder that holds the spec: rendered files would be read as parts of the spec.
fn misplaced(roots: &Roots) -> Option<Diagnostic> {
    let (output, project) = (roots.output.canonicalize().ok()?, roots.project.canonicalize().ok()?);
    if !project.starts_with(&output) {
        return None;
    }
    let message = format!("the output folder `{}` holds the spec", roots.output.display());
    Some(Diagnostic::new(Code::UnsafePath, message).help("choose a folder of its own, such as the default `deploy` beside the spec"))
}

/// The finding for a path of `--force` that does not exist: a misspelt path would have no effect.
fn nothing_forced(render: &Render, roots: &Roots) -> Option<Diagnostic> {
    let exists = |path: &&Path| path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok();
    let mut paths = render.force.iter().filter(|path| !path.is_empty() && !transition::is_entry(path, roots)).map(Path::new);
    let path = paths.find(|path| !path.ends_with(LOCK) && !exists(path))?;
    let message = format!("`--force` names `{}`, and there is no such file or folder", path.display());
    Some(Diagnostic::new(Code::UnknownReference, message).help("write the path as in the finding, or relative to the output folder"))
}

/// The flags of `--force`; a flag without a path covers everything that need not be named.
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

/// The selected files: folder of the unit, path in it, text.
fn selected<'f>(files: &'f Files, selection: &Selection<'_>) -> impl Iterator<Item = (&'f str, &'f str, &'f str)> {
    let fits = |wanted: Option<&str>, has: &Option<String>| wanted.is_none_or(|wanted| has.as_deref() == Some(wanted));
    let units =
        files.units.iter().filter(move |(_, unit)| fits(selection.environment, &unit.environment) && fits(selection.region, &unit.region));
    let texts = units.flat_map(|(folder, unit)| unit.files.iter().map(move |(path, text)| (folder.as_str(), path.as_str(), text.as_str())));
    texts.filter(|(folder, path, _)| selection.paths.is_none_or(|paths| paths.contains(&format!("{folder}/{path}"))))
}

/// Every selected file below a line with its path.
fn every_file(files: &Files, selection: &Selection<'_>) -> String {
    let mut all = String::new();
    for (folder, path, text) in selected(files, selection) {
        all.extend(["# ", folder, if folder.is_empty() { "" } else { "/" }, path, "\n", text]);
    }
    all
}

/// The Kubernetes documents of one cluster in the order to apply them: namespaces, cluster-wide objects, the rules of each namespace, apps.
fn documents(files: &Files, selection: &Selection<'_>) -> Result<String, Box<Diagnostic>> {
    let is_document = |(folder, path, _): &(&str, &str, &str)| {
        folder.starts_with("kubernetes/") && path.ends_with(".yaml") && *path != "kustomization.yaml"
    };
    let mut chosen: Vec<(&str, &str, &str)> = selected(files, selection).filter(is_document).collect();
    let clusters: BTreeSet<&str> = chosen.iter().map(|(folder, _, _)| folder.trim_start_matches("kubernetes/")).collect();
    if clusters.len() > 1 {
        let message = format!("the selection has {} clusters, and a stream of documents is for one", clusters.len());
        let list = clusters.into_iter().collect::<Vec<_>>().join("`, `");
        let help = format!("choose one with `--env` and `--region`: `{list}`; `--stdout=all` prints every file");
        return Err(Box::new(Diagnostic::new(Code::SeveralClusters, message).help(help)));
    }
    chosen.sort_by_key(|(_, path, _)| (rank(path), *path));
    // The first line of a file says that it is generated.
    let texts: Vec<&str> = chosen.iter().map(|(_, _, text)| text.split_once('\n').map_or(*text, |(_, rest)| rest)).collect();
    Ok(texts.join("---\n"))
}

fn rank(path: &str) -> u8 {
    match path {
        "cluster/namespaces.yaml" => 0,
        path if path.starts_with("cluster/") => 1,
        path if path.ends_with("/namespace.yaml") => 2,
        _ => 3,
    }
}

/// How many lines of differences `--check` prints for people.
const SHOWN: usize = 120;

/// How many changed files the summary of a render lists.
const LISTED: usize = 8;

fn check(job: &Job<'_>, terminal: &Terminal, project: &mut Project) -> u8 {
    let report = match output::check(job) {
        Ok(report) => report,
        Err(faults) => return end(FAILED, faults, project, terminal),
    };
    let code = if report.is_clean() { FINE } else { DIFFERENT };
    // People see the lines that differ, programs a finding for each cause.
    if !terminal.is_for_people() {
        let located = report.diagnostics().into_iter().map(|finding| located(finding, project)).collect();
        return end(code, located, project, terminal);
    }
    let mut left = SHOWN;
    for difference in &report.differences {
        let causes: Vec<&str> = difference.causes.iter().map(|cause| cause.text()).collect();
        let (change, conflict) = (difference.change.text(), difference.conflict_text());
        print_all(&format!("{} {change}: {}{conflict}\n", difference.path, causes.join(", ")));
        if let Some(diff) = difference.diff.as_deref().filter(|_| !terminal.quiet) {
            let lines: Vec<&str> = diff.split_inclusive('\n').collect();
            let (shown, rest) = lines.split_at(left.min(lines.len()));
            left -= shown.len();
            print_all(&shown.concat());
            if !rest.is_empty() {
                print_all(&format!("... {} not shown\n", Count(rest.len(), "more line")));
            }
        }
    }
    end(code, report.refused.iter().map(Refusal::diagnostic).collect(), project, terminal);
    terminal.say(&conclude(&report, job.version));
    code
}

/// A finding about a file with the file as its place, for formats that annotate files.
fn located(finding: Diagnostic, project: &mut Project) -> Diagnostic {
    match finding.subject.clone().filter(|_| finding.span.is_none()) {
        Some(path) => finding.at(Span::new(project.sources.add(path, ""), 0..0)),
        None => finding,
    }
}

/// The summary of a check.
fn conclude(report: &Report, version: &str) -> String {
    let mut lines: Vec<String> = report.foreign.iter().map(|path| foreign(path)).collect();
    if report.differences.iter().any(|difference| difference.causes.contains(&Cause::PlatgenChanged)) {
        let versions: Vec<&str> = report.versions.iter().map(String::as_str).collect();
        lines.push(format!(
            "files were rendered by platgen {}, this is {version}: changes of the spec may be among the differences",
            versions.join(" and ")
        ));
    }
    if !report.merged.is_empty() {
        let manifests = Count(report.merged.len(), "manifest");
        lines.push(format!(
            "{manifests} with lines of both branches of a merge: they work as they are, and the next `platgen render` tidies them"
        ));
    }
    let differences = Count(report.differences.len(), "difference");
    let lock_is_missing =
        report.differences.iter().any(|difference| difference.causes == [Cause::LockMissing]) && !report.refused.is_empty();
    lines.push(match (report.is_clean(), report.refused.is_empty()) {
        (true, _) => "the files are as the spec says".to_string(),
        (false, true) => format!("{differences} between the spec and the files; `platgen render` writes the files"),
        (false, false) if lock_is_missing => "the lock is missing: without it the files can't be compared with the spec".to_string(),
        (false, false) => {
            format!("{differences} between the spec and the files; `platgen render` writes nothing until the errors above are resolved")
        }
    });
    lines.join("\n")
}

fn foreign(path: &str) -> String {
    format!("not written by platgen, left alone: {path}")
}

fn write(
    job: &Job<'_>,
    terminal: &Terminal,
    estate: &Estate,
    project: &mut Project,
    recovered: bool,
    plan: &str,
    forced: &BTreeSet<String>,
) -> u8 {
    let mut transitions = Vec::new();
    let review = |replaced: &[Replaced<'_>]| {
        transitions = transition::findings(replaced, estate, forced);
        transitions.iter().all(|finding| finding.severity != Severity::Error)
    };
    let outcome = output::render_reviewed(job, review);
    project.found.extend(transitions);
    match outcome {
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
            terminal.say(&summarize(&summary, estate, job, plan));
            FINE
        }
    }
}

/// The changes of a render, their meaning, and the next steps. `plan` says what changed in the address plan.
fn summarize(summary: &Summary, estate: &Estate, job: &Job<'_>, plan: &str) -> String {
    let mut lines = Vec::new();
    if summary.recovered {
        lines.push("an interrupted render was completed first".to_string());
    }
    let selected = |wanted: Option<&str>, has: &str| wanted.is_none_or(|wanted| wanted == has);
    for (environment, platform) in estate.environments.iter().filter(|(name, _)| selected(job.selection.environment, name)) {
        for (name, region) in platform.regions.iter().filter(|(name, _)| selected(job.selection.region, name)) {
            let subnets = region.network.as_ref().map_or(0, |network| network.subnets.len());
            let (workloads, flows) = (Count(region.workloads.len(), "workload"), Count(region.flows.len(), "flow"));
            lines.push(format!("{environment}/{name}: {workloads}, {flows}, {}", Count(subnets, "subnet")));
        }
    }
    let written = summary.units.values().flat_map(|unit| &unit.written).map(|path| ("written", path));
    let removed = summary.units.values().flat_map(|unit| &unit.removed).map(|path| ("removed", path));
    let changed: Vec<(&str, &String)> = written.chain(removed).collect();
    let count = |wanted: &str| changed.iter().filter(|(change, _)| *change == wanted).count();
    let unchanged: usize = summary.units.values().map(|unit| unit.unchanged).sum();
    let output = job.roots.output.display();
    let files = Count(count("written"), "file");
    lines.push(format!("{files} written, {unchanged} unchanged, {} removed in {output}", count("removed")));
    lines.extend(changed.iter().take(LISTED).map(|(change, path)| format!("  {change} {path}")));
    if changed.len() > LISTED {
        lines.push(format!("  and {}", Count(changed.len() - LISTED, "more file")));
    }
    lines.extend(summary.locks.iter().map(|path| format!("{path}: {plan}; commit it with the files")));
    lines.extend(summary.left.iter().map(|path| format!("left as it is, because others share it: {path}")));
    lines.extend(summary.foreign.iter().map(|path| foreign(path)));
    if !summary.is_unchanged() {
        // `git diff` alone leaves new files out.
        let lock = job.roots.project.join(LOCK);
        let lock = lock.strip_prefix(".").unwrap_or(&lock).display();
        lines.push(format!(
            "next: `git add {output} {lock}`, review the change (`git diff --staged`), commit it with the spec, and apply it as {output}/README.md says"
        ));
    }
    lines.join("\n")
}
