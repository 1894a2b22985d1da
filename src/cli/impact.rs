//! `platgen impact`: what happens when the files of one environment are applied to the cluster of another, and the way back.

use super::select::unknown;
use super::tree::{read_tree, shown};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, USAGE, eprint_all, print_all};
use crate::analysis::impact::{Files as Applicable, Impact as Found, Procedure, Side, Style, Target, impact, procedure, report, select};
use crate::check;
use crate::diagnostic::{Code, Diagnostic, Severity, wording};
use crate::files::Files;
use crate::inventory::Inventory;
use crate::model::{Estate, Region};
use crate::project::{Failure, OUTPUT, Project, Rendered, Resolved};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Flags of `impact`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Impact {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// What is applied: an environment of the spec (`production`, `production/eu-west-1`), or a folder of manifests (`./old/production`).
    #[arg(long, value_name = "ENV|DIR")]
    applied: String,
    /// Where: the environment whose cluster it is applied to, or the folder of what that cluster runs.
    #[arg(long, value_name = "ENV|DIR")]
    onto: String,
    /// Only objects of these kinds are applied, such as `ConfigMap,Secret`. Default: all.
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    kind: Vec<String>,
    /// The region of both environments. Default: every region of `--onto`, each with the files of its own region, or else of the first one.
    #[arg(long)]
    region: Option<String>,
    /// Take `--applied` and `--onto` as folders below this one, of manifests that platgen need not have made; no spec is read.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["spec", "region", "allow_incomplete", "output"])]
    tree: Option<PathBuf>,
    /// The namespace of objects in folders that name none.
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// The context of kubectl for the printed commands. Default: the cluster's name in the spec; for folders, a variable.
    #[arg(long)]
    context: Option<String>,
    /// The folder of the rendered files, for the printed commands. Default: `deploy/` beside the spec.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// A folder, or the documents of a region, as one side of an impact.
struct Documents {
    side: Side,
    /// The folder, as one reads it.
    folder: String,
    files: Applicable,
    /// The environment and region of the spec.
    place: Option<(String, String)>,
}

pub(super) fn run(args: &Impact, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    if args.applied == args.onto {
        return Ok(usage("`--applied` and `--onto` are the same: name two environments, regions or folders"));
    }
    let is_path = |word: &str| word.starts_with(['.', '/']);
    let (pairs, project) = if args.tree.is_some() || (is_path(&args.applied) && is_path(&args.onto)) {
        let base = args.tree.clone().unwrap_or_default();
        let read = |word: &str| folder(&base.join(word), &args.namespace, terminal);
        (vec![(read(&args.applied)?, read(&args.onto)?)], None)
    } else {
        let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
        terminal.tell_files(&project);
        let Rendered { resolved: Resolved { project, estate, .. }, files } = project.resolve()?.documents()?;
        let pairs = pairs(args, &estate, &files, &project, terminal)?;
        (pairs, Some((project, estate)))
    };
    if pairs.is_empty() {
        return Ok(usage("`--applied` and `--onto` are the same region: name two environments, regions or folders"));
    }
    let mut hit = false;
    let mut said = Vec::new();
    for (applied, onto) in &pairs {
        let documents = select(&applied.side.inventory, &args.kind, &args.namespace);
        if documents.objects().is_empty() {
            return Ok(fail(terminal, no_object(args, &applied.side)));
        }
        let estate = project.as_ref().map(|(_, estate)| estate);
        let found = impact(&Side { name: applied.side.name.clone(), inventory: documents }, &onto.side, &apart(estate, applied, onto));
        let target = target(args, estate, onto);
        let way_back = procedure(&found, &target);
        hit |= found.hit;
        said.push(match as_json {
            true => as_value(&found, &way_back),
            false => {
                let style = if terminal.markdown { Style::Markdown } else { Style::Plain };
                report(&found, &way_back, target.context.is_none(), style).into()
            }
        });
    }
    if as_json {
        print_all(&format!("{:#}\n", json!({ "impacts": said })));
    } else {
        let texts: Vec<&str> = said.iter().filter_map(Value::as_str).collect();
        print_all(&texts.join("\n"));
    }
    Ok(if hit { DIFFERENT } else { FINE })
}

/// The impact as JSON, with the way back.
fn as_value(found: &Found, way_back: &Procedure) -> Value {
    let mut value = serde_json::to_value(found).unwrap_or_default();
    value["procedure"] = serde_json::to_value(way_back).unwrap_or_default();
    value
}

/// The sides to compare, for each region of the cluster's environment.
fn pairs(
    args: &Impact,
    estate: &Estate,
    files: &Files,
    project: &Project,
    terminal: &Terminal,
) -> Result<Vec<(Documents, Documents)>, Box<Failure>> {
    let output = args.output.clone().unwrap_or_else(|| project.folder.join(OUTPUT));
    let read = |word: &Word<'_>, region: Option<&str>| -> Result<Documents, Box<Failure>> {
        match word {
            Word::Folder(path) => Ok(folder(path, &args.namespace, terminal)?),
            Word::Environment(environment, regions) => {
                let region = region.filter(|wanted| regions.contains(wanted)).or(regions.first().copied()).unwrap_or_default();
                Ok(rendered(environment, region, files, &output))
            }
        }
    };
    let (applied, onto) = (word(&args.applied, args.region.as_deref(), estate)?, word(&args.onto, args.region.as_deref(), estate)?);
    let regions: Vec<Option<&str>> = match &onto {
        Word::Folder(_) => vec![None],
        Word::Environment(_, regions) => regions.iter().copied().map(Some).collect(),
    };
    let mut pairs = Vec::new();
    for region in regions {
        let pair = (read(&applied, region)?, read(&onto, region)?);
        if pair.0.folder != pair.1.folder {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

/// What a word of `--applied` or `--onto` names.
enum Word<'e> {
    Folder(PathBuf),
    /// An environment and its regions in question.
    Environment(&'e str, Vec<&'e str>),
}

fn word<'e>(text: &str, region: Option<&str>, estate: &'e Estate) -> Result<Word<'e>, Box<Diagnostic>> {
    let (name, named) = text.split_once('/').map_or((text, None), |(name, region)| (name, Some(region)));
    let known = estate.environments.get_key_value(name).filter(|_| !text.starts_with(['.', '/']));
    let Some((environment, platform)) = known else {
        if Path::new(text).is_dir() {
            return Ok(Word::Folder(PathBuf::from(text)));
        }
        let names: Vec<&str> = estate.environments.keys().map(String::as_str).collect();
        return Err(Box::new(unknown("environment or folder", text, &names)));
    };
    let mut regions: Vec<&str> = platform.regions.keys().map(String::as_str).collect();
    if let Some(wanted) = named.filter(|region| !region.is_empty()).or(region) {
        if !regions.contains(&wanted) {
            return Err(Box::new(unknown(&format!("region of `{environment}` called"), wanted, &regions)));
        }
        regions.retain(|region| *region == wanted);
    }
    Ok(Word::Environment(environment, regions))
}

/// The documents that the spec renders for a region.
fn rendered(environment: &str, region: &str, files: &Files, output: &Path) -> Documents {
    let folder = check::folder(environment, region);
    let texts = files.units.get(&folder).map(|unit| &unit.files).into_iter().flatten();
    let inventory =
        Inventory::read(texts.filter(|(path, _)| super::tree::is_manifest(path)).map(|(path, text)| (path.as_str(), text.as_str())));
    let path = shown(&output.join(&folder));
    Documents {
        side: Side { name: format!("{environment}/{region}"), inventory },
        files: Applicable::Kustomization(path.clone()),
        folder: path,
        place: Some((environment.to_owned(), region.to_owned())),
    }
}

/// The documents of a folder, as they lie there.
fn folder(path: &Path, namespace: &str, terminal: &Terminal) -> Result<Documents, Box<Diagnostic>> {
    let (tree, garbled) = read_tree(path)?;
    let (inventory, changing) = check::objects(&tree);
    let name = shown(path);
    if inventory.objects().is_empty() {
        let fault = Diagnostic::new(Code::MissingTree, format!("`{name}` holds no object of Kubernetes"));
        return Err(Box::new(fault.help("name a folder with manifests in YAML or JSON")));
    }
    let unread = inventory
        .unreadable()
        .iter()
        .map(|fault| (&fault.file, fault.reason.as_str()))
        .chain(garbled.iter().map(|file| (file, "it is not UTF-8")));
    for (file, reason) in unread {
        let fault = Diagnostic::new(Code::UnreadableDocument, format!("`{name}/{file}` can't be read: {reason}"));
        terminal.tell_warning(&Diagnostic { severity: Severity::Warning, ..fault.help("its objects are not part of the report") });
    }
    for below in changing {
        let below = below.trim_end_matches('/');
        let below = if below.is_empty() { ".".to_owned() } else { format!("`{below}`") };
        terminal.say(&format!(
            "the kustomization in {below} of `{name}` changes its objects or adds some, and was not applied: render it with `kubectl kustomize` into a folder and name that"
        ));
    }
    let inventory = select(&inventory, &[], namespace);
    let is_kustomization = ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().any(|file| tree.contains_key(*file));
    let files = if is_kustomization { Applicable::Kustomization(name.clone()) } else { Applicable::Folder(name.clone()) };
    Ok(Documents { side: Side { name: name.clone(), inventory }, folder: name, files, place: None })
}

/// The cluster of a side, for commands.
fn target(args: &Impact, estate: Option<&Estate>, onto: &Documents) -> Target {
    let region = region(estate, onto);
    let place = onto.place.as_ref();
    Target {
        context: args.context.clone().or_else(|| region.map(|region| region.cluster.name.clone())),
        files: onto.files.clone(),
        tag: place.map(|(environment, region)| format!("applied/{environment}/{region}")),
        namespace: (place.is_none() && args.namespace != "default").then(|| args.namespace.clone()),
    }
}

fn region<'e>(estate: Option<&'e Estate>, side: &Documents) -> Option<&'e Region> {
    let (environment, region) = side.place.as_ref()?;
    estate?.environments.get(environment)?.regions.get(region)
}

/// The ranges of the applied environment's network, where no link joins it with that of the cluster: only regions of one environment are linked.
fn apart(estate: Option<&Estate>, applied: &Documents, onto: &Documents) -> Vec<IpNet> {
    let (Some(from), Some(to)) = (region(estate, applied), region(estate, onto)) else { return Vec::new() };
    let same = applied.place.as_ref().map(|(environment, _)| environment) == onto.place.as_ref().map(|(environment, _)| environment);
    let (Some(network), Some(_), false) = (&from.network, &to.network, same) else { return Vec::new() };
    [network.cidr, network.pods].iter().filter_map(|cidr| cidr.to_string().parse().ok()).collect()
}

/// The fault of `--kind` that leaves no object.
fn no_object(args: &Impact, side: &Side) -> Diagnostic {
    let kinds: BTreeSet<&str> = side.inventory.objects().iter().map(|object| object.kind.as_str()).collect();
    let fault =
        Diagnostic::new(Code::UnknownReference, format!("`{}` has no object of the kind {}", side.name, wording::either(&args.kind)));
    let close = args.kind.iter().find_map(|kind| wording::suggest(kind, kinds.iter().copied()));
    match close {
        Some(close) => fault.help(format!("did you mean `{close}`?")),
        None => fault.help(format!("its kinds: {}", kinds.into_iter().collect::<Vec<_>>().join(", "))),
    }
}

fn usage(text: &str) -> u8 {
    eprint_all(&format!("error: {text}\n"));
    USAGE
}

fn fail(terminal: &Terminal, fault: Diagnostic) -> u8 {
    terminal.tell_plain(&[fault]);
    FAILED
}
