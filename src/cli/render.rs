//! `platgen render`: writes the files to disk.

use super::compare::compare;
use super::lock::{self, lock_is_lost, roots};
use super::run::{Run, foreign};
use super::select::{regions, unknown, unknown_place};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all, stream, transition};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::model::Estate;
use crate::output::{self, Force, Job, OUTSIDE_UNIT, Outcome, Replaced, Roots, Selection, Summary, UnitSummary};
use crate::project::{ADDONS_LOCK, Failure, LOCK, OUTPUT, Project, Rendered, Resolved};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// Flags of `render`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Render {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    #[command(flatten)]
    strict: super::Strict,
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
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "kubernetes", value_parser = ["kubernetes", "all"], conflicts_with = "force")]
    stdout: Option<String>,
    /// Write nothing; say what a render would write, remove and refuse, with its exit code.
    #[arg(long, conflicts_with_all = ["stdout", "check"])]
    dry_run: bool,
    /// Write nothing; exit with 2 and the cause of each difference where the files are not what the spec says.
    #[arg(long, conflicts_with_all = ["stdout", "force"])]
    check: bool,
    /// Replace edited and foreign files that are in the way: all of them, or those under a path. An entry, as in `--force=production/shop/orders`
    /// (environment, namespace and name), may lose its data, and a bucket, as in `--force=production/bucket:invoices`, may start empty. Can be repeated.
    #[arg(long, num_args = 0..=1, require_equals = true, value_name = "PATH or ENTRY", default_missing_value = "")]
    force: Vec<OsString>,
}

pub(super) fn run(render: &Render, terminal: &Terminal) -> Ended {
    let open = || Ok::<_, Box<Failure>>(Project::open(render.spec.spec.as_deref())?.allow_incomplete(render.gaps.allow_incomplete));
    let mut opened = open()?;
    terminal.tell_files(&opened);
    let roots = roots(&opened, render.output.as_deref());
    let (forced, words) = transition::entries(&render.force, &roots);
    if let Some(fault) = misplaced(&roots).or_else(|| nothing_forced(&words, &roots)) {
        terminal.tell_plain(&[fault]);
        return Ok(FAILED);
    }
    let mut recovered = false;
    // An interrupted render is completed first, so that the lock is read as that render wrote it.
    if !render.check && !render.dry_run && render.stdout.is_none() {
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
    let resolved = opened.resolve()?;
    let of_cluster = render.stdout.as_ref().is_some_and(|what| what != "all");
    let rendered = if of_cluster { resolved.documents()? } else { resolved.render()? };
    let Rendered { resolved: Resolved { project, estate, lock, addons }, files } = rendered;
    // The program ends with this command: returning the memory piece by piece is work for nothing.
    let (project, estate, files) = (ManuallyDrop::new(project), ManuallyDrop::new(estate), ManuallyDrop::new(files));
    let mut run = Run { terminal, strict: render.strict, project, estate, forced };
    if let Some(fault) = unknown_selection(render, &run.estate) {
        return Ok(run.end(FAILED, vec![fault]));
    }
    if !render.check && run.strict.denies(run.project.found.iter()) {
        run.end(DIFFERENT, Vec::new());
        terminal.say("nothing was written");
        return Ok(DIFFERENT);
    }
    let paths = render.app.as_deref().map(|app| stream::files_of(app, &files));
    let selection = Selection { environment: render.env.as_deref(), region: render.region.as_deref(), paths: paths.as_ref() };
    if let Some(what) = &render.stdout {
        match lock_is_lost(&run.project, &roots.output) {
            Ok(None) => {}
            Ok(Some(fault)) => return Ok(run.end(DIFFERENT, vec![fault])),
            Err(faults) => return Ok(run.end(FAILED, faults)),
        }
        let text = if what == "all" { Ok(stream::every_file(&files, &selection)) } else { stream::documents(&files, &selection) };
        return Ok(match text {
            Ok(text) => {
                let code = run.end(FINE, Vec::new());
                print_all(&text);
                code
            }
            Err(fault) => run.end(FAILED, vec![*fault]),
        });
    }
    let locks = lock::locks(&run.project, &lock, &addons);
    let force = force(words);
    let version = env!("CARGO_PKG_VERSION");
    let job = Job {
        roots: &roots,
        files: &files,
        outside: at_home(&roots).then_some(&files.outside),
        locks: &locks,
        selection,
        force: &force,
        version,
        never_foreign: &[],
    };
    let code = if render.check {
        compare(&job, &mut run)
    } else {
        let versions = addons.moved(&run.project.addons).count();
        let moved =
            Moved { ranges: lock::changes(&run.project.lock, &lock), versions: format!("{} of add-ons", Count(versions, "version")) };
        write(&job, &mut run, render.dry_run, recovered, &moved)
    };
    // The program ends here. Freeing a million small values one by one would take longer than ending the process.
    std::mem::forget((run, files));
    Ok(code)
}

/// Whether the output folder is the default one, which the files of the CI system name.
fn at_home(roots: &Roots) -> bool {
    roots.output.components().eq(roots.project.join(OUTPUT).components())
        || matches!((roots.output.canonicalize(), roots.project.join(OUTPUT).canonicalize()), (Ok(one), Ok(other)) if one == other)
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

/// The finding for a word of `--force` that names nothing: a misspelt path would have no effect.
pub(super) fn nothing_forced(words: &[&OsString], roots: &Roots) -> Option<Diagnostic> {
    let exists = |path: &&Path| path.symlink_metadata().is_ok() || roots.output.join(path).symlink_metadata().is_ok();
    let mut paths = words.iter().filter(|word| !word.is_empty()).map(Path::new);
    let path = paths.find(|path| !path.ends_with(LOCK) && !exists(path))?;
    let message = format!("`--force` names `{}`, and there is no such file, folder or rendered entry", path.display());
    let help = "write a path as in the finding or relative to the output folder, or an entry as `ENVIRONMENT/NAMESPACE/ENTRY` or `ENVIRONMENT/bucket:NAME`";
    Some(Diagnostic::new(Code::UnknownReference, message).help(help))
}

/// The flags of `--force`; a flag without a path covers everything that need not be named.
fn force(words: Vec<&OsString>) -> Force {
    let (paths, bare): (Vec<&OsString>, Vec<&OsString>) = words.into_iter().partition(|path| !path.is_empty());
    Force { everything: !bare.is_empty(), paths: paths.into_iter().map(PathBuf::from).collect() }
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

/// How many changed files the summary of a render lists.
const LISTED: usize = 8;

/// Writes the files, or says in a dry run what would change.
fn write(job: &Job<'_>, run: &mut Run<'_>, dry: bool, recovered: bool, moved: &Moved) -> u8 {
    let terminal = run.terminal;
    let mut found = Vec::new();
    let review = |replaced: &[Replaced<'_>]| {
        found = run.transitions(replaced);
        !run.strict.denies(&found) && !found.iter().any(|finding| finding.severity == Severity::Error)
    };
    let outcome = if dry { output::preview(job, review) } else { output::render_reviewed(job, review) };
    match outcome {
        Err(faults) => {
            found.extend(faults);
            run.end(FAILED, found)
        }
        Ok(Outcome::Refused(refused)) => {
            found.extend(refused.iter().map(|refusal| refusal.diagnostic()));
            run.end(DIFFERENT, found);
            terminal.say(if recovered {
                "an interrupted render was completed first; nothing else was written"
            } else {
                "nothing was written"
            });
            DIFFERENT
        }
        Ok(Outcome::Done(mut summary)) => {
            let code = run.end(FINE, found);
            summary.recovered |= recovered;
            terminal.say(&summarize(&summary, &run.estate, job, moved, dry));
            code
        }
    }
}

/// What a render changes in the locks, in a few words.
struct Moved {
    /// In the address plan.
    ranges: String,
    /// In the versions of add-ons.
    versions: String,
}

/// The changes of a render, their meaning, and the next steps.
fn summarize(summary: &Summary, estate: &Estate, job: &Job<'_>, moved: &Moved, dry: bool) -> String {
    let (written, removed) = if dry { ("to write", "to remove") } else { ("written", "removed") };
    let mut lines = Vec::new();
    if summary.recovered {
        let done = if dry { "an interrupted render would be completed first" } else { "an interrupted render was completed first" };
        lines.push(done.to_string());
    }
    let selected = |wanted: Option<&str>, has: &str| wanted.is_none_or(|wanted| wanted == has);
    for (environment, platform) in estate.environments.iter().filter(|(name, _)| selected(job.selection.environment, name)) {
        for (name, region) in platform.regions.iter().filter(|(name, _)| selected(job.selection.region, name)) {
            let subnets = region.network.as_ref().map_or(0, |network| network.subnets.len());
            let (workloads, flows) = (Count(region.workloads.len(), "workload"), Count(region.flows.len(), "flow"));
            lines.push(format!("{environment}/{name}: {workloads}, {flows}, {}", Count(subnets, "subnet")));
        }
    }
    let of = |paths: fn(&UnitSummary) -> &Vec<String>| summary.units.values().flat_map(paths).collect::<Vec<_>>();
    let (new, old) = (of(|unit| &unit.written), of(|unit| &unit.removed));
    let changed: Vec<(&str, &String)> = new.iter().map(|path| (written, *path)).chain(old.iter().map(|path| (removed, *path))).collect();
    let unchanged: usize = summary.units.values().map(|unit| unit.unchanged).sum();
    let output = job.roots.output.display();
    let (files, old) = (Count(new.len(), "file"), old.len());
    lines.push(format!("{files} {written}, {unchanged} unchanged, {old} {removed} in {output}"));
    lines.extend(changed.iter().take(LISTED).map(|(change, path)| format!("  {change} {path}")));
    if changed.len() > LISTED {
        lines.push(format!("  and {}", Count(changed.len() - LISTED, "more file")));
    }
    lines.extend(summary.locks.iter().map(|path| {
        let moved = if path.ends_with(ADDONS_LOCK) { &moved.versions } else { &moved.ranges };
        match dry {
            true => format!("{path}: the render would change it: {moved}"),
            false => format!("{path}: {moved}; commit it with the files"),
        }
    }));
    lines.extend(summary.left.iter().map(|path| format!("left as it is, because others share it: {path}")));
    lines.extend(summary.foreign.iter().map(|path| foreign(path)));
    if dry {
        lines.push("dry run: nothing was written".to_string());
    } else if !summary.is_unchanged() {
        // `git diff` alone leaves new files out.
        let beside = |path: &str| {
            let path = job.roots.project.join(path);
            path.strip_prefix(".").map_or(path.clone(), Path::to_owned)
        };
        let jobs = job.outside.iter().flat_map(|unit| unit.files.keys());
        let left = summary.units.get(OUTSIDE_UNIT).into_iter().flat_map(|unit| &unit.removed);
        let folders: BTreeSet<&str> = jobs.chain(left).filter_map(|path| Path::new(path.as_str()).parent()?.to_str()).collect();
        let others: String =
            job.locks.iter().map(|lock| lock.path.as_str()).chain(folders).map(|path| format!(" {}", beside(path).display())).collect();
        lines.push(format!(
            "next: `git add {output}{others}`, review the change (`git diff --staged`), commit it with the spec, and apply it as {output}/README.md says"
        ));
    }
    lines.join("\n")
}
