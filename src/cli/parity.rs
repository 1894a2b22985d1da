//! `platgen parity`: what is different from an environment on a desktop, or in another environment.

use super::diff::is_told;
use super::kind::{Laptop, place};
use super::select::unknown_place;
use super::tree::read_files;
use super::values::{DEFAULT, differing, pair};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all};
use crate::analysis::diff::{Tree, diff, is_applied, place as place_of};
use crate::analysis::page::Style;
use crate::analysis::parity::{self, Compared, Pair, compared, edits};
use crate::diagnostic::Diagnostic;
use crate::project::{Failure, OUTPUT, Project, Rendered, Resolved};
use crate::render::desktop;
use crate::resolve::{self, Computed, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Flags of `parity`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Parity {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The environment.
    #[arg(long)]
    env: String,
    /// The environment that `--env` is compared with. Default: its own desktop, as `platgen kind` makes it.
    #[arg(long, value_name = "ENV", conflicts_with_all = ["cpus", "memory"])]
    with: Option<String>,
    /// The region. Default: the primary region of the environment; with `--with`, all.
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    laptop: Laptop,
    /// With `--with`, the rendered files. Default: `deploy/` beside the spec.
    #[arg(long, value_name = "DIR", requires = "with")]
    tree: Option<PathBuf>,
}

pub(super) fn run(args: &Parity, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
    terminal.tell_files(&project);
    match &args.with {
        None => of_desktop(args, project, as_json, terminal),
        Some(with) => of_environments(args, with, project, as_json, terminal),
    }
}

/// The differences of a desktop: the value that `PARITY.md` is printed from.
fn of_desktop(args: &Parity, project: Project, as_json: bool, terminal: &Terminal) -> Ended {
    let Resolved { project, estate, .. } = project.resolve()?;
    let (platform, region) = match place(&estate, &args.env, args.region.as_deref()) {
        Ok(place) => place,
        Err(fault) => return Err(project.fail(fault.map(|fault| *fault))),
    };
    let desktop = match resolve::desktop(&project.specs, platform, region, &args.laptop.desk()) {
        Ok(desktop) => desktop,
        Err(fault) => return Err(project.fail([*fault])),
    };
    let base = format!("{OUTPUT}/kubernetes/{}/{}", platform.environment, region.name);
    let Some((found, page)) = desktop::parity(platform, region, &desktop, &base).map_err(|fault| Box::new(Diagnostic::from(fault)))? else {
        return Ok(FAILED);
    };
    print_all(&match (as_json, terminal.markdown) {
        (true, _) => format!("{:#}\n", serde_json::to_value(&found).unwrap_or_default()),
        (false, true) => page,
        (false, false) => parity::desktop(&found),
    });
    Ok(if found.differences.iter().any(|one| one.reasons.is_empty()) { DIFFERENT } else { FINE })
}

/// The differences of two environments.
fn of_environments(args: &Parity, with: &str, project: Project, as_json: bool, terminal: &Terminal) -> Ended {
    let (resolved, [mut configured, mut own]) = pair(project, &args.env, with)?;
    if let Some(fault) = unknown_place(&resolved.estate, Some(&args.env), args.region.as_deref()) {
        return Err(resolved.project.fail([fault]));
    }
    let values = differing([&configured, &own], &args.env, with);
    let sides = [&mut configured, &mut own].map(|project| computed(project, &args.env));
    let mut found = compared([&args.env, with], &values, &computed_pairs(&sides), DEFAULT);
    edited(args, with, resolved, &mut found)?;
    if as_json {
        print_all(&format!("{:#}\n", serde_json::to_value(&found).unwrap_or_default()));
    } else {
        print_all(&parity::environments(&found, if terminal.markdown { Style::Markdown } else { Style::Plain }));
    }
    Ok(if found.undeclared.is_empty() { FINE } else { DIFFERENT })
}

/// What somebody changed in the rendered files of both environments.
fn edited(args: &Parity, with: &str, resolved: Resolved, found: &mut Compared) -> Result<(), Box<Failure>> {
    let Rendered { resolved: Resolved { project, estate, .. }, files } = resolved.render()?;
    let folder = args.tree.clone().unwrap_or_else(|| project.folder.join(OUTPUT));
    let name = folder.strip_prefix(".").unwrap_or(&folder).display().to_string();
    if args.tree.is_none() && !folder.is_dir() {
        found.unread.push(format!("rendered files with the spec, as there are none in `{name}`"));
        return Ok(());
    }
    let is_meant = |path: &str| {
        let here = place_of(path);
        let is_region = args.region.as_deref().is_none_or(|region| here.region.is_none_or(|own| own == region));
        is_applied(path) && is_region && here.environment.is_some_and(|own| own == args.env || own == with)
    };
    let mut there: Tree = read_files(&folder, &is_told)?;
    there.retain(|path, _| is_meant(path));
    let expected: Tree = files.iter().filter(|(path, _)| is_meant(path)).map(|(path, text)| (path, text.to_owned())).collect();
    let told = diff(("the spec", &expected), (&name, &there), &estate, Vec::new());
    found.undeclared.extend(edits(&told, &name));
    found.unread.extend(told.unread);
    Ok(())
}

/// The values of an environment that resolve computed, by path and region; and the regions.
type Values = (BTreeMap<(String, Option<String>), (String, String)>, BTreeSet<String>);

fn computed(project: &mut Project, environment: &str) -> Values {
    let Some(mut resolution) = project.resolve_with_provenance() else { return Values::default() };
    let regions = resolution.estate.iter().filter_map(|estate| estate.environments.get(environment));
    let regions: BTreeSet<String> = regions.flat_map(|platform| platform.regions.keys().cloned()).collect();
    let tree = project.specs.trees.get(environment);
    let written: BTreeSet<String> =
        tree.map(|tree| super::values::lines(tree, project, environment)).unwrap_or_default().into_iter().map(|(path, ..)| path).collect();
    let all = resolution.provenance.remove(environment).unwrap_or_default();
    let value = |Computed { path, value, origin }: Computed| {
        let origin = match origin {
            Origin::Spec(from) => from,
            Origin::Lock(_) => "the address plan of the region".to_owned(),
        };
        // An entry has a value for each region where its regions disagree.
        let place = path.strip_suffix(']').and_then(|path| path.rsplit_once('['));
        let place = place.filter(|(_, region)| regions.contains(*region)).map(|(path, region)| (path.to_owned(), Some(region.to_owned())));
        (place.unwrap_or((path, None)), (value, origin))
    };
    let mut values = BTreeMap::new();
    for ((path, region), (value, origin)) in all.into_iter().filter(|one| !written.contains(&one.path)).map(value) {
        // A list is one value.
        let item = path.strip_suffix(']').and_then(|path| path.rsplit_once('[')).filter(|(_, number)| number.parse::<usize>().is_ok());
        let list = item.map(|(list, _)| list.to_owned());
        let is_item = list.is_some();
        let (known, _) = values.entry((list.unwrap_or(path), region)).or_insert_with(|| (String::new(), origin));
        *known = match (is_item, known.is_empty()) {
            (false, _) => value,
            (true, true) => format!("[{value}]"),
            (true, false) => format!("{}, {value}]", known.trim_end_matches(']')),
        };
    }
    (values, regions)
}

/// The computed values that differ in a region of both sides. That one side has a region, and the other one has not, is a line of the spec. Who reads a secret
/// follows from the entries, which are compared themselves.
fn computed_pairs([with, own]: &[Values; 2]) -> Vec<Pair> {
    let common: Vec<&String> = with.1.intersection(&own.1).collect();
    let only: Vec<&String> = with.1.symmetric_difference(&own.1).collect();
    let is_left_out = |path: &str| {
        let mut parts = path.split(['.', '[', ']']);
        parts.next().is_some_and(|section| ["addresses", "regions"].contains(&section))
            && parts.next().is_some_and(|name| only.iter().any(|region| **region == name))
            || path.starts_with("secrets.readers.")
    };
    let paths: BTreeSet<&String> = with.0.keys().chain(own.0.keys()).map(|(path, _)| path).filter(|path| !is_left_out(path)).collect();
    let mut pairs = Vec::new();
    for path in paths {
        let of = |side: &Values, region: &str| -> Option<(String, String)> {
            let one = side.0.get(&(path.clone(), Some(region.to_owned())));
            one.or_else(|| side.0.get(&(path.clone(), None))).cloned()
        };
        let sides: Vec<_> = common.iter().map(|region| (*region, of(with, region), of(own, region))).collect();
        let value = |side: &Option<(String, String)>| side.as_ref().map(|(value, _)| value.clone());
        let differing: Vec<_> = sides.iter().filter(|(_, one, other)| value(one) != value(other)).collect();
        let values: BTreeSet<_> = differing.iter().map(|(_, one, other)| (value(one), value(other))).collect();
        let whole = differing.len() == sides.len() && values.len() == 1;
        for (region, one, other) in differing.iter().take(if whole { 1 } else { differing.len() }) {
            let path = if whole { path.clone() } else { format!("{path}[{region}]") };
            pairs.push(Pair { path, with: one.clone(), environment: other.clone() });
        }
    }
    pairs
}
