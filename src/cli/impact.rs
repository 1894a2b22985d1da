//! `platgen impact`: what happens when the files of one environment are applied to the cluster of another, and the way back.

use super::select::unknown;
use super::tree::{is_kustomization, read_tree, shown, unapplied};
use super::{DIFFERENT, Ended, FAILED, FINE, Terminal, print_all, usage};
use crate::analysis::identity::identity;
use crate::analysis::impact::{
    Controller, Files as Applicable, Impact as Found, Part, Procedure, Revision, Side, Target, impact, procedure, report, select,
};
use crate::analysis::page::Style;
use crate::check;
use crate::delivery::{GITOPS, flux};
use crate::diagnostic::{Code, Diagnostic, Severity, wording};
use crate::files::Files;
use crate::guard::IDENTITY_NAMESPACE;
use crate::inventory::Inventory;
use crate::kinds::{self, Scope};
use crate::model::{Estate, GitOpsController, Platform, Region, Stages};
use crate::project::{Failure, OUTPUT, Project, Rendered, Resolved};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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
    files: Vec<Part>,
    /// Files with objects of which commands can't say the namespace.
    mixed: Vec<String>,
    /// The environment and region of the spec.
    place: Option<(String, String)>,
    /// The file that tells a controller to apply them.
    told: String,
}

pub(super) fn run(args: &Impact, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    let base = args.tree.clone().unwrap_or_default();
    let (applied, onto) = (base.join(&args.applied), base.join(&args.onto));
    let is_path = |word: &str| word.starts_with(['.', '/']);
    let folders = args.tree.is_some() || (is_path(&args.applied) && is_path(&args.onto));
    if args.applied == args.onto || (folders && is_same(&applied, &onto)) {
        return Ok(usage("`--applied` and `--onto` are the same: name two environments, regions or folders"));
    }
    let (pairs, project) = if folders {
        if let Some(flag) = ignored(args) {
            return Ok(usage(&format!("{flag} means nothing for two folders: no spec is read")));
        }
        let read = |path: &Path| folder(path, &args.namespace, terminal);
        (vec![(read(&applied)?, read(&onto)?)], None)
    } else {
        if let Some((word, region)) = contradiction(args) {
            return Ok(usage(&format!("`{word}` and `--region {region}` name two regions")));
        }
        let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
        terminal.tell_files(&project);
        let Rendered { resolved: Resolved { project, estate, .. }, files } = project.resolve()?.documents()?;
        let pairs = pairs(args, &estate, &files, &project, terminal)?;
        (pairs, Some((project, estate)))
    };
    if pairs.is_empty() {
        return Ok(usage("`--applied` and `--onto` are the same region: name two environments, regions or folders"));
    }
    let (mut hit, mut incomplete) = (false, false);
    let mut said = Vec::new();
    for (applied, onto) in &pairs {
        let inventory = select(&applied.side.inventory, &args.kind, &args.namespace);
        if let Some(fault) =
            unknown_kind(args, &applied.side).or_else(|| inventory.objects().is_empty().then(|| no_object(args, &applied.side)))
        {
            return Ok(fail(terminal, fault));
        }
        let estate = project.as_ref().map(|(_, estate)| estate);
        let selected = Side { name: applied.side.name.clone(), inventory, unread: applied.side.unread.clone() };
        let found = impact(&selected, &onto.side, &apart(estate, applied, onto));
        let target = target(args, estate, onto);
        let way_back = procedure(&found, &target);
        hit |= found.hit;
        incomplete |= !found.unread.is_empty();
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
    // What could not be read may hit as well: only a whole report says that nothing is hit.
    Ok(match (hit, incomplete) {
        (true, _) => DIFFERENT,
        (false, true) => FAILED,
        (false, false) => FINE,
    })
}

/// The first flag that means nothing where no spec is read.
fn ignored(args: &Impact) -> Option<&'static str> {
    let flags = [
        ("the spec", args.spec.spec.is_some()),
        ("`--region`", args.region.is_some()),
        ("`--output`", args.output.is_some()),
        ("`--allow-incomplete`", args.gaps.allow_incomplete),
    ];
    flags.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
}

/// The word that names another region than `--region`.
fn contradiction(args: &Impact) -> Option<(&str, &str)> {
    let wanted = args.region.as_deref()?;
    let names = |word: &&str| {
        !word.starts_with(['.', '/']) && word.split_once('/').is_some_and(|(_, region)| !region.is_empty() && region != wanted)
    };
    [args.applied.as_str(), args.onto.as_str()].into_iter().find(names).map(|word| (word, wanted))
}

/// Whether two paths lead to one folder.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
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
    if let (Word::Environment(environment, all), Word::Folder(_)) = (&applied, &onto)
        && let [first, _, ..] = &all[..]
    {
        let number = all.len();
        terminal.say(&format!("`{environment}` has {number} regions: the files of {first} are applied; `--region` chooses another one"));
    }
    let mut pairs = Vec::new();
    for region in regions {
        let pair = (read(&applied, region)?, read(&onto, region)?);
        if !is_same(Path::new(&pair.0.folder), Path::new(&pair.1.folder)) {
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
    let inventory = super::tree::rendered(files, environment, region);
    let path = shown(&output.join(&folder));
    Documents {
        side: Side { name: format!("{environment}/{region}"), inventory, unread: Vec::new() },
        files: vec![Part { files: Applicable::Kustomization(path.clone()), namespace: None }],
        folder: path,
        mixed: Vec::new(),
        told: shown(&output.join(GITOPS).join(environment).join(format!("{region}.yaml"))),
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
    let faults = inventory
        .unreadable()
        .iter()
        .map(|fault| (&fault.file, fault.reason.as_str()))
        .chain(garbled.iter().map(|file| (file, "it is not UTF-8")));
    let mut unread = Vec::new();
    for (file, reason) in faults {
        let message = format!("`{name}/{file}` can't be read: {reason}");
        unread.push(message.clone());
        let fault = Diagnostic::new(Code::UnreadableDocument, message);
        terminal.tell_warning(&Diagnostic { severity: Severity::Warning, ..fault.help("its objects are not part of the report") });
    }
    for below in changing {
        let message = unapplied(&shown(&path.join(below)));
        terminal.say(&message);
        unread.push(message);
    }
    let is_kustomized = tree.keys().any(|file| !file.contains('/') && is_kustomization(file));
    let files = if is_kustomized { Applicable::Kustomization(name.clone()) } else { Applicable::Folder(name.clone()) };
    let (files, mixed) = parts(&inventory, namespace, files, path);
    let inventory = select(&inventory, &[], namespace);
    Ok(Documents { side: Side { name: name.clone(), inventory, unread }, folder: name, files, mixed, place: None, told: String::new() })
}

/// The files of a folder by the namespace that kubectl has to be told, and those in which objects with a namespace stand beside others without one.
fn parts(inventory: &Inventory, namespace: &str, whole: Applicable, folder: &Path) -> (Vec<Part>, Vec<String>) {
    let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for object in inventory.objects() {
        let of_file = named.entry(&object.file).or_default();
        if kinds::scope(&object.api, &object.kind) == Scope::Namespace {
            of_file.insert(&object.namespace);
        }
    }
    let all: BTreeSet<&str> = named.values().flatten().copied().collect();
    let is_other = |name: &&str| !name.is_empty() && *name != namespace;
    let given = Some(namespace.to_owned());
    // Also `default`: a context may say another one.
    if !all.contains("") {
        return (vec![Part { files: whole, namespace: None }], Vec::new());
    }
    if !all.iter().any(is_other) {
        return (vec![Part { files: whole, namespace: given }], Vec::new());
    }
    let path = |(file, _): &(&&str, &BTreeSet<&str>)| shown(&folder.join(file));
    let (told, others): (Vec<_>, Vec<_>) = named.iter().partition(|(_, names)| names.contains("") && !names.iter().any(is_other));
    let mixed = others.iter().filter(|(_, names)| names.contains("")).map(path).collect();
    let part = |of: &[(&&str, &BTreeSet<&str>)], namespace| Part { files: Applicable::Several(of.iter().map(path).collect()), namespace };
    let parts = [part(&others, None), part(&told, given)];
    (parts.into_iter().filter(|part| !matches!(&part.files, Applicable::Several(paths) if paths.is_empty())).collect(), mixed)
}

/// The cluster of a side, for commands.
fn target(args: &Impact, estate: Option<&Estate>, onto: &Documents) -> Target {
    let place = place(estate, onto);
    Target {
        context: args.context.clone().or_else(|| place.map(|(_, region)| region.cluster.name.clone())),
        files: onto.files.clone(),
        applied: place.map_or(Revision::Unknown, |(platform, region)| match &platform.gitops {
            Some(gitops) => Revision::Of(Controller {
                of: gitops.controller,
                name: match gitops.controller {
                    GitOpsController::ArgoCd => region.cluster.name.clone(),
                    GitOpsController::Flux => flux::kustomization(platform, Stages::APPS),
                },
                file: onto.told.clone(),
            }),
            None => Revision::Tag(flux::tag(platform, region)),
        }),
        identity: says(&onto.side.inventory),
        mixed: onto.mixed.clone(),
    }
}

/// What the cluster of these documents says that it is.
fn says(documents: &Inventory) -> Option<String> {
    let namespace = documents.get("Namespace", "", IDENTITY_NAMESPACE)?;
    identity("", Some(&namespace.value), None, &[]).found.map(|place| place.to_string())
}

/// The environment and the region of the spec whose files a side is.
fn place<'e>(estate: Option<&'e Estate>, side: &Documents) -> Option<(&'e Platform, &'e Region)> {
    let (environment, region) = side.place.as_ref()?;
    let platform = estate?.environments.get(environment)?;
    Some((platform, platform.regions.get(region)?))
}

/// The ranges of the applied environment's network, where no link joins it with that of the cluster: only regions of one environment are linked.
fn apart(estate: Option<&Estate>, applied: &Documents, onto: &Documents) -> Vec<IpNet> {
    let (Some((_, from)), Some((_, to))) = (place(estate, applied), place(estate, onto)) else { return Vec::new() };
    let same = applied.place.as_ref().map(|(environment, _)| environment) == onto.place.as_ref().map(|(environment, _)| environment);
    let (Some(network), Some(_), false) = (&from.network, &to.network, same) else { return Vec::new() };
    [network.cidr, network.pods].iter().filter_map(|cidr| cidr.to_string().parse().ok()).collect()
}

/// The fault of a word of `--kind` that is no kind: neither one of the side nor one of Kubernetes.
fn unknown_kind(args: &Impact, side: &Side) -> Option<Diagnostic> {
    let mut known: BTreeSet<&str> = kinds::names().map(|name| -> &str { name }).collect();
    known.extend(side.inventory.objects().iter().map(|object| object.kind.as_str()));
    let word = args.kind.iter().find(|word| !known.iter().any(|kind| kind.eq_ignore_ascii_case(word)))?;
    Some(unknown("kind", word, &known.into_iter().collect::<Vec<_>>()))
}

/// The fault of `--kind` that leaves no object.
fn no_object(args: &Impact, side: &Side) -> Diagnostic {
    let kinds: BTreeSet<&str> = side.inventory.objects().iter().map(|object| object.kind.as_str()).collect();
    let fault =
        Diagnostic::new(Code::UnknownReference, format!("`{}` has no object of the kind {}", side.name, wording::either(&args.kind)));
    fault.help(format!("its kinds: {}", kinds.into_iter().collect::<Vec<_>>().join(", ")))
}

fn fail(terminal: &Terminal, fault: Diagnostic) -> u8 {
    terminal.tell_plain(&[fault]);
    FAILED
}
