//! `platgen render`: the files to disk or to stdout, or what differs from disk.

use super::load::{LOCK, OUTPUT};
use super::lock::lock_is_lost;
use super::select::{regions, unknown, unknown_place};
use super::{DIFFERENT, FAILED, FINE, Loaded, Terminal, load, print_all};
use crate::diagnostic::wording::Count;
use crate::files::Files;
use crate::model::Estate;
use crate::output::{self, Change, Force, Job, Lock, Outcome, Roots, Selection, Summary};
use crate::render::{Origin, files, nothing_to_render};
use std::collections::BTreeSet;
use std::path::PathBuf;

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
    /// Replace edited and foreign files that are in the way: all of them, or those under a path.
    #[arg(long, num_args = 0..=1, value_name = "PATH")]
    force: Option<Option<PathBuf>>,
}

pub(super) fn run(render: &Render, terminal: &Terminal) -> u8 {
    let mut loaded = match load(render.spec.spec.as_deref()) {
        Ok(loaded) => loaded,
        Err(fault) => return fail(terminal, &[*fault]),
    };
    let roots = Roots {
        output: render.output.clone().unwrap_or_else(|| loaded.folder.join(OUTPUT)),
        project: loaded.folder.clone(),
        outside: vec![LOCK.to_string()],
    };
    let mut recovered = false;
    // An interrupted render is completed first, so that the lock is read as that render meant it.
    if !render.check && render.stdout.is_none() {
        match output::recover(&roots) {
            Ok(true) => match load(render.spec.spec.as_deref()) {
                Ok(again) => {
                    loaded = again;
                    recovered = true;
                }
                Err(fault) => return fail(terminal, &[*fault]),
            },
            Ok(false) => {}
            Err(faults) => return fail(terminal, &faults),
        }
    }
    let resolution = loaded.resolve();
    let rendered = match resolution {
        Some(resolution) if !loaded.found.has_errors() => {
            let origin = Origin { specs: &loaded.specs, lock: &resolution.lock, included: &loaded.included };
            match &resolution.estate {
                Some(estate) if !estate.environments.is_empty() => files(estate, origin).map(|files| (files, resolution)),
                _ => Err(vec![nothing_to_render()]),
            }
        }
        _ => Err(Vec::new()),
    };
    let rendered = rendered.map_err(|faults| loaded.found.extend(faults));
    terminal.tell(&loaded.found.sorted(), &loaded.sources);
    let Ok((files, resolution)) = rendered else { return FAILED };
    let Some(estate) = &resolution.estate else { return FAILED };
    if let Some(fault) = unknown_selection(render, estate) {
        return fail(terminal, &[fault]);
    }
    let paths = render.app.as_deref().map(|app| files_of(app, &files));
    let selection = Selection { environment: render.env.as_deref(), region: render.region.as_deref(), paths: paths.as_ref() };
    if let Some(what) = &render.stdout {
        match lock_is_lost(&loaded, &roots.output) {
            Ok(None) => {}
            Ok(Some(fault)) => {
                terminal.tell_plain(&[fault]);
                return DIFFERENT;
            }
            Err(faults) => return fail(terminal, &faults),
        }
        print_all(&stream(&files, &selection, what == "all"));
        return FINE;
    }
    let locks = [Lock { path: LOCK.to_string(), text: resolution.lock.print(), previous: loaded.lock_text.clone() }];
    let force = force(&render.force);
    let job = Job { roots: &roots, files: &files, outside: None, locks: &locks, selection, force: &force, never_foreign: &[] };
    if render.check { check(&job, terminal) } else { write(&job, terminal, estate, &loaded, recovered) }
}

fn fail(terminal: &Terminal, faults: &[crate::diagnostic::Diagnostic]) -> u8 {
    terminal.tell_plain(faults);
    FAILED
}

fn force(flag: &Option<Option<PathBuf>>) -> Force {
    match flag {
        None => Force::Nothing,
        Some(None) => Force::Everything,
        Some(Some(path)) => Force::Paths(vec![path.clone()]),
    }
}

/// The finding for a selection that selects nothing.
fn unknown_selection(render: &Render, estate: &Estate) -> Option<crate::diagnostic::Diagnostic> {
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
            let kubernetes = folder.starts_with("kubernetes/") && path != "kustomization.yaml";
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

fn check(job: &Job<'_>, terminal: &Terminal) -> u8 {
    let differences = match output::check(job) {
        Ok(differences) => differences,
        Err(faults) => return fail(terminal, &faults),
    };
    if differences.is_empty() {
        terminal.say("the files are what the spec says");
        return FINE;
    }
    for difference in &differences {
        let causes: Vec<&str> = difference.causes.iter().map(|cause| cause.text()).collect();
        let change = match difference.change {
            Change::Create => "would be created",
            Change::Modify => "would be replaced",
            Change::Remove => "would be removed",
        };
        print_all(&format!("{} {change}: {}\n", difference.path, causes.join(", ")));
        if let Some(diff) = difference.diff.as_deref().filter(|_| !terminal.quiet) {
            print_all(diff);
        }
    }
    terminal.say(&format!("{} between the spec and the files; `platgen render` writes them", Count(differences.len(), "difference")));
    DIFFERENT
}

fn write(job: &Job<'_>, terminal: &Terminal, estate: &Estate, loaded: &Loaded, recovered: bool) -> u8 {
    match output::render(job) {
        Err(faults) => fail(terminal, &faults),
        Ok(Outcome::Refused(refused)) => {
            let findings: Vec<_> = refused.iter().map(|refusal| refusal.diagnostic()).collect();
            terminal.tell_plain(&findings);
            terminal.say("nothing was written");
            DIFFERENT
        }
        Ok(Outcome::Done(mut summary)) => {
            summary.recovered |= recovered;
            terminal.say(&summarize(&summary, estate, job, loaded));
            FINE
        }
    }
}

/// What was done, what it means, and the next steps.
fn summarize(summary: &Summary, estate: &Estate, job: &Job<'_>, loaded: &Loaded) -> String {
    let mut lines = Vec::new();
    if summary.recovered {
        lines.push("an interrupted render was completed first".to_string());
    }
    for (environment, platform) in &estate.environments {
        for (name, region) in &platform.regions {
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
        lines.push(format!("the address plan in {} has grown: commit it with the files", loaded.folder.join(LOCK).display()));
    }
    for path in &summary.left {
        lines.push(format!("left as it is, because others share it: {path}"));
    }
    for path in &summary.foreign {
        lines.push(format!("not ours, left alone: {path}"));
    }
    if !summary.is_unchanged() {
        lines.push(format!("next: review the change (`git diff {output}`), commit it, and apply it as {output}/README.md says"));
    }
    lines.join("\n")
}
