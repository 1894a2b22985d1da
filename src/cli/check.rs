//! `platgen check`: the rules over the committed Kubernetes files, or over any tree of manifests.

use super::select::unknown_place;
use super::tree::{is_manifest, read_tree};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal};
use crate::check::{self, Finding, Judged, Tree, apply, diagnostics, findings, findings_of_folders, tree_findings};
use crate::diagnostic::wording::Count;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::files::Files;
use crate::model::Estate;
use crate::project::{OUTPUT, Project, Rendered, Resolved};
use crate::source::Sources;
use crate::value::Date;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The folder of the Kubernetes files, below the output folder.
const KUBERNETES: &str = "kubernetes";

/// Flags of `check`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = rules())]
pub(super) struct Check {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    #[command(flatten)]
    strict: super::Strict,
    /// The folder of the rendered files. Default: `deploy/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Judge a folder of manifests without a spec, by the rules that need none.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["spec", "output", "env", "region", "today", "accepted", "allow_incomplete"])]
    tree: Option<PathBuf>,
    /// Only this environment.
    #[arg(long)]
    env: Option<String>,
    /// Only this region.
    #[arg(long)]
    region: Option<String>,
    /// The day by which waivers are judged, `YYYY-MM-DD`. Default: the system's, in UTC.
    #[arg(long, value_name = "DAY")]
    today: Option<Date>,
    /// List the findings that the spec accepts, with their reasons.
    #[arg(long)]
    accepted: bool,
}

/// The list of rules, for `--help`.
fn rules() -> String {
    let width = Code::RULES.iter().map(|rule| rule.name().len()).max().unwrap_or(0);
    let lines = Code::RULES.iter().map(|rule| format!("  {:width$}  {}", rule.name(), rule.summary()));
    std::iter::once("Rules (`platgen explain RULE` says why and how to mend):".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

pub(super) fn run(check: &Check, terminal: &Terminal) -> Ended {
    if let Some(folder) = &check.tree {
        return Ok(foreign(folder, terminal));
    }
    let project = Project::open(check.spec.spec.as_deref())?.allow_incomplete(check.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let Rendered { resolved: Resolved { project, estate, .. }, files } = project.resolve()?.render()?;
    if let Some(fault) = unknown_place(&estate, check.env.as_deref(), check.region.as_deref()) {
        return Ok(fail(terminal, fault));
    }
    let folder = check.output.clone().unwrap_or_else(|| project.folder.join(OUTPUT));
    let (mut tree, garbled) = match read_tree(&folder.join(KUBERNETES)) {
        Ok(read) => read,
        Err(fault) => return Ok(fail(terminal, *fault)),
    };
    let below = |path: String| format!("{KUBERNETES}/{path}");
    tree = tree.into_iter().map(|(path, text)| (below(path), text)).collect();
    let whole = check.env.is_none() && check.region.is_none();
    let mut found = if whole { findings_of_folders(&estate, &tree) } else { Vec::new() };
    let estate = selected(estate, check);
    // A region without files would pass every rule about objects that exist.
    for region in folders(&estate).map(|region| format!("{region}/")) {
        if !tree.keys().any(|path| path.starts_with(&region)) {
            let message = format!("`{}` holds no manifests", folder.join(region.trim_end_matches('/')).display());
            return Ok(fail(terminal, Diagnostic::new(Code::MissingTree, message).help("write them with `platgen render`")));
        }
        found.extend(
            garbled.iter().map(|path| below(path.clone())).filter(|path| path.starts_with(&region)).map(|path| check::garbled(&path)),
        );
    }
    found.extend(findings(&estate, &files, &tree));
    let judged = apply(&estate, found, check.today.unwrap_or_else(today), whole);
    Ok(tell(check, terminal, project, judged, &tree, &folder, &differing(&estate, &files, &tree)))
}

fn selected(mut estate: Estate, check: &Check) -> Estate {
    estate.environments.retain(|name, _| check.env.as_ref().is_none_or(|wanted| wanted == name));
    for platform in estate.environments.values_mut() {
        platform.regions.retain(|name, _| check.region.as_ref().is_none_or(|wanted| wanted == name));
    }
    estate
}

/// The folders of the estate's regions, below the output folder.
fn folders(estate: &Estate) -> impl Iterator<Item = String> {
    let regions =
        estate.environments.iter().flat_map(|(environment, platform)| platform.regions.keys().map(move |region| (environment, region)));
    regions.map(|(environment, region)| check::folder(environment, region))
}

/// Files of the estate's regions that differ from those that the spec renders.
fn differing(estate: &Estate, rendered: &Files, tree: &Tree) -> Vec<String> {
    let mut differing = Vec::new();
    for folder in folders(estate) {
        let files = rendered.units.get(&folder).map(|unit| &unit.files).into_iter().flatten();
        let wanted: Tree =
            files.filter(|(path, _)| is_manifest(path)).map(|(path, text)| (format!("{folder}/{path}"), text.clone())).collect();
        differing.extend(wanted.iter().filter(|(path, text)| tree.get(*path) != Some(text)).map(|(path, _)| path.clone()));
        let prefix = format!("{folder}/");
        differing.extend(tree.keys().filter(|path| path.starts_with(&prefix) && !wanted.contains_key(*path)).cloned());
    }
    differing
}

fn tell(check: &Check, terminal: &Terminal, mut project: Project, judged: Judged, tree: &Tree, folder: &Path, differing: &[String]) -> u8 {
    let (name, accepted) = (super::tree::shown(folder), judged.accepted.len());
    let mut left = diagnostics(judged.left, tree, &name, &mut project.sources);
    left.extend(judged.faults);
    let count = left.iter().filter(|finding| finding.severity != Severity::Note).count();
    if check.accepted {
        let accepted = judged.accepted.into_iter().map(|(finding, reason)| Finding { reason: Some(reason), ..finding });
        left.extend(diagnostics(accepted.collect(), tree, &name, &mut project.sources));
    }
    // Diagnostics of the spec itself are no findings of the check, and decide nothing unless warnings are denied.
    let own: Vec<Code> = left.iter().map(|finding| finding.code).collect();
    let decides =
        |finding: &Diagnostic| check.strict.is_denied(finding) || (finding.severity != Severity::Note && own.contains(&finding.code));
    project.found.extend(left);
    terminal.tell_deciding(&project.found.sorted(), &project.sources, decides);
    if !differing.is_empty() {
        let verb = if differing.len() == 1 { "differs" } else { "differ" };
        terminal.say(&format!(
            "{} {verb} from the spec: `platgen render --check` shows the difference and the cause",
            Count(differing.len(), "file")
        ));
    }
    let accepted = if accepted == 0 { String::new() } else { format!(", {accepted} accepted") };
    terminal.say(&format!("{} rules, {}{accepted}", Code::RULES.len(), Count(count, "finding")));
    if count == 0 && !check.strict.denies(project.found.iter()) { FINE } else { DIFFERENT }
}

/// Judges a folder without a spec.
fn foreign(folder: &Path, terminal: &Terminal) -> u8 {
    let (tree, garbled) = match read_tree(folder) {
        Ok(read) => read,
        Err(fault) => return fail(terminal, *fault),
    };
    let mut judged = tree_findings(&tree);
    judged.findings.extend(garbled.iter().map(|path| check::garbled(path)));
    judged.skipped.retain(|path| !garbled.contains(path));
    if judged.objects == 0 && judged.findings.is_empty() {
        let message = format!("`{}` holds no object of Kubernetes", folder.display());
        return fail(terminal, Diagnostic::new(Code::MissingTree, message).help("name a folder with manifests in YAML or JSON"));
    }
    let mut sources = Sources::default();
    let found = diagnostics(judged.findings, &tree, &super::tree::shown(folder), &mut sources);
    terminal.tell_deciding(&found.iter().collect::<Vec<_>>(), &sources, |_| true);
    let skipped = match judged.skipped.len() {
        0 => String::new(),
        skipped => format!(", {} without objects of Kubernetes skipped", Count(skipped, "file")),
    };
    for below in judged.changing {
        terminal.say(&super::tree::unapplied(&super::tree::shown(&folder.join(below))));
    }
    terminal.say(&format!("{}, {}{skipped}", Count(judged.objects, "object"), Count(found.len(), "finding")));
    if found.is_empty() { FINE } else { DIFFERENT }
}

fn fail(terminal: &Terminal, fault: Diagnostic) -> u8 {
    terminal.tell_plain(&[fault]);
    FAILED
}

/// The system's day in UTC.
fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // No clock is beyond the year 9999; one that is has no waiver that still holds.
    Date::after_1970(seconds / 86_400).unwrap_or(Date::LAST)
}
