//! `platgen guard`: whose a cluster is, before anybody applies something to it. Asks through kubectl, and changes nothing.

use super::select::unknown_place;
use super::tree::rendered;
use super::{DIFFERENT, Ended, FINE, Terminal, print_all, usage};
use crate::analysis::identity::{self, Identity, Place, broken, report, wanted};
use crate::diagnostic::{Code, Diagnostic};
use crate::guard::{IDENTITY_NAMESPACE, guard_policies};
use crate::model::{Estate, Platform, Region};
use crate::project::{Failure, Project, Rendered, Resolved};
use serde_json::Value;
use std::process::{Command, Stdio};

/// The kinds of the guard, as kubectl names them.
const POLICIES: &str =
    "validatingadmissionpolicies.admissionregistration.k8s.io,validatingadmissionpolicybindings.admissionregistration.k8s.io";

/// Flags of `guard`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Guard {
    #[command(flatten)]
    spec: super::Spec,
    #[command(flatten)]
    gaps: super::Gaps,
    /// The context of kubectl. Default: the one that the rendered files name for the environment and the region.
    #[arg(long)]
    context: Option<String>,
    /// The environment that is meant. Default: any of the spec.
    #[arg(long)]
    env: Option<String>,
    /// The region that is meant. Default: the primary region of the environment.
    #[arg(long, requires = "env")]
    region: Option<String>,
}

pub(super) fn run(args: &Guard, terminal: &Terminal) -> Ended {
    let as_json = match terminal.data_is_json() {
        Ok(as_json) => as_json,
        Err(code) => return Ok(code),
    };
    if args.context.is_none() && args.env.is_none() {
        return Ok(usage("name the cluster: `--context` or `--env`"));
    }
    let project = Project::open(args.spec.spec.as_deref())?.allow_incomplete(args.gaps.allow_incomplete);
    terminal.tell_files(&project);
    let Rendered { resolved: Resolved { project, estate, .. }, files } = project.resolve()?.documents()?;
    if let Some(fault) = unknown_place(&estate, args.env.as_deref(), args.region.as_deref()) {
        return Err(project.fail([fault]));
    }
    let meant = meant(args, &estate);
    if let Some((platform, region)) = meant
        && let Some(reason) = &platform.no_guard
    {
        let message = format!("the cluster of `{}/{}` has no guard, and so no identity: {reason}", platform.environment, region.name);
        return Err(project.fail([Diagnostic::new(Code::MissingGuard, message).help("see `platgen explain cluster.guard`")]));
    }
    let context = match (&args.context, meant) {
        (Some(context), _) => context.clone(),
        (None, Some((_, region))) => region.cluster.name.clone(),
        (None, None) => return Ok(usage("name the cluster with `--context`")),
    };
    let (mut found, namespace) = judged(&context, meant, &estate)?;
    let guarded = found.found.clone().filter(|_| found.own);
    if let Some(place) = guarded {
        let documents = rendered(&files, &place.environment, &place.region);
        let identity = documents.get("Namespace", "", IDENTITY_NAMESPACE).map(|object| object.value.clone());
        let policies: Vec<Value> = guard_policies().iter().flat_map(wanted).collect();
        let there = ask(&context, &["get", POLICIES])?.and_then(|mut list| list.get_mut("items").map(Value::take));
        let mut there = there.and_then(|items| items.as_array().cloned()).unwrap_or_default();
        there.extend(namespace);
        found.broken = broken(identity.iter().chain(&policies), &there);
    }
    print_all(&if as_json { format!("{:#}\n", serde_json::to_value(&found).unwrap_or_default()) } else { report(&found) });
    Ok(if found.own && found.broken.is_empty() { FINE } else { DIFFERENT })
}

/// The environment and the region that are meant.
fn meant<'e>(args: &Guard, estate: &'e Estate) -> Option<(&'e Platform, &'e Region)> {
    let platform = estate.environments.get(args.env.as_deref()?)?;
    Some((platform, platform.regions.get(args.region.as_deref().unwrap_or(platform.primary.as_str()))?))
}

/// Asks the cluster whose it is; with its answer.
fn judged(context: &str, meant: Option<(&Platform, &Region)>, estate: &Estate) -> Result<(Identity, Option<Value>), Box<Failure>> {
    let of = |platform: &'_ Platform| platform.regions.values().map(|region| Place::of(platform, region)).collect::<Vec<_>>();
    let known: Vec<Place> = estate.environments.values().flat_map(of).collect();
    let namespace = ask(context, &["get", "namespace", IDENTITY_NAMESPACE])?;
    Ok((identity::identity(context, namespace.as_ref(), meant.map(|(platform, region)| Place::of(platform, region)), &known), namespace))
}

/// What kubectl gets, as JSON; `None` for what does not exist.
fn ask(context: &str, words: &[&str]) -> Result<Option<Value>, Box<Failure>> {
    let mut command = Command::new("kubectl");
    command.args(["--context", context, "--request-timeout=20s"]).args(words).args(["--output", "json"]).stdin(Stdio::null());
    let failed =
        |message: String, help: &str| -> Box<Failure> { Box::new(Diagnostic::new(Code::UnreachableCluster, message).help(help)).into() };
    let ran = command
        .output()
        .map_err(|error| failed(format!("kubectl can't be started: {error}"), "install kubectl, or add its folder to PATH"))?;
    if ran.status.success() {
        let answer = serde_json::from_slice(&ran.stdout);
        return answer.map(Some).map_err(|error| failed(format!("kubectl printed no JSON: {error}"), "run the command by hand"));
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    if said.contains("(NotFound)") {
        return Ok(None);
    }
    let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("kubectl failed").trim().to_owned();
    Err(failed(
        format!("the cluster of `{context}` can't be asked: {line}"),
        "check the context with `kubectl config get-contexts`, and your rights in the cluster",
    ))
}
