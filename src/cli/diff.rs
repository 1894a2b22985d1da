//! `platgen diff`: what the spec changes about the rendered files, or what makes an environment another one, by meaning.

use super::select::unknown;
use super::tree::read_files;
use super::values::{differing, pair};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, git, print_all, transition};
use crate::analysis::diff::{Declared, Diff as Found, Step, Tree, compare, diff, is_applied, place, report};
use crate::analysis::page::Style;
use crate::analysis::parity::Pair;
use crate::delivery::OUTSIDE;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Estate;
use crate::output::Replaced;
use crate::project::{Failure, OUTPUT, Project, Rendered, Resolved};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Flags of `diff`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Diff {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The files before: a revision of git, such as `main` or `HEAD~1`, or an output folder, such as `./old/deploy`. Default: the output folder as it is on the disk.
    #[arg(long, value_name = "REV|DIR")]
    from: Option<String>,
    /// The environment that `--env` is compared with: what makes it another one, told as a change from the configuration of this one.
    #[arg(long, value_name = "ENV", requires = "env", conflicts_with_all = ["from", "output"])]
    with: Option<String>,
    /// The environment. Default: all.
    #[arg(long)]
    env: Option<String>,
    /// The region. Default: all.
    #[arg(long)]
    region: Option<String>,
    /// The output folder. Default: `deploy/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Diff, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let found = match (&args.env, &args.with) {
        (Some(environment), Some(model)) => compared(args, project, environment, model)?,
        _ => changed(args, project)?,
    };
    print(&found, as_json, terminal);
    // What could not be read may differ as well: only a whole report says that nothing does.
    let declared = found.declared.iter().flatten().count();
    Ok(match (found.clusters.is_empty() && found.roots.is_empty() && found.others.is_empty() && declared == 0, found.unread.is_empty()) {
        (false, _) => DIFFERENT,
        (true, false) => FAILED,
        (true, true) => FINE,
    })
}

/// What the spec changes about the files before.
fn changed(args: &Diff, project: Project) -> Result<Found, Box<Failure>> {
    let Rendered { resolved: Resolved { project, estate, .. }, files } = project.resolve()?.render()?;
    let output = args.output.clone().unwrap_or_else(|| project.folder.join(OUTPUT));
    let (name, mut before) = before(args.from.as_deref(), &output, &project.folder)?;
    let outside = files.outside.files.iter().map(|(path, text)| (path.clone(), text.clone()));
    let mut after: Tree =
        files.iter().filter(|(path, _)| is_told(path)).map(|(path, text)| (path, text.to_owned())).chain(outside).collect();
    if let Some(fault) = unknown_place(args, [&before, &after]) {
        return Err(Box::new(fault).into());
    }
    for side in [&mut before, &mut after] {
        side.retain(|path, _| is_meant(args, path));
    }
    let steps = steps(&before, &after, &estate);
    Ok(diff((&name, &before), ("the spec", &after), &estate, steps))
}

/// What makes an environment another one than it would be with the configuration of `model`. Both are rendered under its own name and in its own accounts, so
/// that nothing differs but what the spec says.
fn compared(args: &Diff, project: Project, environment: &str, model: &str) -> Result<Found, Box<Failure>> {
    let [configured, own] = pair(project, environment, model)?.1;
    let values = differing([&configured, &own], environment, model).into_iter();
    // The line of the environment says it, or that of the other one.
    let place = |one: &Pair| one.environment.as_ref().or(one.with.as_ref()).map(|(_, place)| place.clone()).unwrap_or_default();
    let value = |side: Option<(String, String)>| side.map(|(value, _)| value);
    let declared =
        values.map(|one| Declared { place: place(&one), path: one.path, before: value(one.with), after: value(one.environment) });
    let declared: Vec<Declared> = declared.collect();
    let render = |project: Project| -> Result<(Estate, Tree), Box<Failure>> {
        let Rendered { resolved: Resolved { estate, .. }, files } = project.resolve()?.render()?;
        Ok((estate, files.iter().filter(|(path, _)| is_applied(path)).map(|(path, text)| (path, text.to_owned())).collect()))
    };
    let ((_, mut before), (estate, mut after)) = (render(configured)?, render(own)?);
    if let Some(fault) = unknown_place(args, [&before, &after]) {
        return Err(Box::new(fault).into());
    }
    for side in [&mut before, &mut after] {
        side.retain(|path, _| is_meant(args, path));
    }
    Ok(compare((&format!("the configuration of {model}"), &before), (environment, &after), &estate, declared))
}

fn print(found: &Found, as_json: bool, terminal: &Terminal) {
    if as_json {
        print_all(&format!("{:#}\n", serde_json::to_value(found).unwrap_or_default()));
    } else {
        print_all(&report(found, if terminal.markdown { Style::Markdown } else { Style::Plain }));
    }
}

/// Whether the report tells of a file: not of the lists of files, and of the tests of roots.
pub(super) fn is_told(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.starts_with('.') && !name.ends_with(".hcl")
}

/// The files before, with the name for them. Those outside of the output folder are beside the spec, in `beside`.
fn before(from: Option<&str>, output: &Path, beside: &Path) -> Result<(String, Tree), Box<Diagnostic>> {
    let is_outside = |path: &str| OUTSIDE.contains(&path);
    let folder = from.map(Path::new).filter(|folder| folder.is_dir());
    if let (Some(revision), None) = (from, folder) {
        let at = |folder: &Path, wanted: &dyn Fn(&str) -> bool| git::files_at(folder, revision, wanted);
        let Some((mut files, outside)) = at(output, &is_told).zip(at(beside, &is_outside)) else {
            return Err(Box::new(no_revision(revision, git::history(output))));
        };
        // A revision from before the first render has none: everything is new then.
        files.extend(outside);
        return Ok((revision.to_owned(), files));
    }
    let mut files = read_files(folder.unwrap_or(output), &is_told)?;
    let name = folder.unwrap_or(output).display().to_string();
    if !files.keys().any(|path| is_applied(path)) {
        let fault = Diagnostic::new(Code::MissingTree, format!("`{name}` holds no rendered file of Kubernetes or Terraform"));
        return Err(Box::new(fault.help("name an output folder, such as `deploy`")));
    }
    // A folder that is named is beside the spec that it was rendered from.
    let beside = folder.map_or(beside, |folder| folder.parent().unwrap_or(folder));
    files.extend(OUTSIDE.iter().filter_map(|path| Some(((*path).to_owned(), std::fs::read_to_string(beside.join(path)).ok()?))));
    Ok((name, files))
}

/// The fault of a word that is neither a folder nor a revision.
fn no_revision(word: &str, history: git::History) -> Diagnostic {
    let (why, help) = match history {
        git::History::Some => (
            format!("`{word}` is neither a folder nor a revision of git"),
            "name an output folder, or what `git rev-parse` knows, such as `main` or `HEAD~1`",
        ),
        git::History::Empty => (
            format!("`{word}` is no folder, and the repository of git has no commit yet"),
            "commit the rendered files first, or name an output folder",
        ),
        git::History::None => (
            format!("`{word}` is no folder, and the output folder is in no repository of git"),
            "name an output folder, or put the platform under git",
        ),
    };
    Diagnostic::new(Code::MissingTree, why).help(help)
}

/// Whether the flags select a file.
fn is_meant(args: &Diff, path: &str) -> bool {
    let here = place(path);
    let is_it = |wanted: &Option<String>, name: Option<&str>| wanted.as_deref().is_none_or(|wanted| Some(wanted) == name);
    is_it(&args.env, here.environment) && is_it(&args.region, here.region)
}

/// The fault of a flag that names no environment or region of either side.
fn unknown_place(args: &Diff, sides: [&Tree; 2]) -> Option<Diagnostic> {
    let places = || sides.into_iter().flat_map(|side| side.keys()).filter(|path| path.starts_with("kubernetes/")).map(|path| place(path));
    let fault = |kind: &str, name: &str, known: BTreeSet<&str>| {
        (!known.contains(name)).then(|| unknown(kind, name, &known.into_iter().collect::<Vec<_>>()))
    };
    let environments = places().filter_map(|place| place.environment).collect();
    if let Some(fault) = args.env.as_deref().and_then(|name| fault("environment", name, environments)) {
        return Some(fault);
    }
    let here = places().filter(|place| args.env.is_none() || args.env.as_deref() == place.environment);
    let kind = args.env.as_ref().map_or_else(|| "region".to_owned(), |environment| format!("region of `{environment}` called"));
    args.region.as_deref().and_then(|name| fault(&kind, name, here.filter_map(|place| place.region).collect()))
}

/// What needs more than an apply.
fn steps(before: &Tree, after: &Tree, estate: &Estate) -> Vec<Step> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let replaced: Vec<Replaced<'_>> = paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| Replaced { selected: true, path, before: before.get(path).cloned(), after: after.get(path).map(String::as_str) })
        .collect();
    transition::findings(&replaced, estate, &BTreeSet::new()).iter().map(Step::of).collect()
}
