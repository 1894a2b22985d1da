//! The rendered files of a platform before and after a change -> what the change does: objects and what becomes of pods, values that containers read, who may
//! talk to whom, who may do what, hosts, and resources of Terraform.
//!
//! Nothing is asked of a cluster or a cloud: what runs is taken to be what was rendered before. Which resources Terraform replaces, and what it computes
//! itself, a plan alone says.

mod connections;
mod protection;
mod report;
mod rights;
mod terraform;

pub use connections::Connection;
use connections::connections;
pub use protection::Unprotected;
pub use report::report;
pub use rights::Grant;
pub use terraform::{Resource, Root};

use super::impact::{self, Applied, Call, Leads, Outcome, Reach, Workload, hosts, impact};
use super::transition::{is_versioned, runs_pods};
use crate::diagnostic::Diagnostic;
use crate::files::is_values;
use crate::inventory::Inventory;
use crate::layers::Layer;
use crate::model::Estate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rendered files by path, relative to the output folder.
pub type Tree = BTreeMap<String, String>;

/// What a change does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The name of the files before.
    pub before: String,
    /// The name of the files afterwards.
    pub after: String,
    /// Every cluster that changes, by environment and region.
    pub clusters: Vec<Cluster>,
    /// Every root of Terraform that changes, by folder.
    pub roots: Vec<Root>,
    /// Further files that differ: objects of GitOps controllers, jobs of pipelines, scripts and pages.
    pub others: Vec<String>,
    /// What is protected less than before: the first thing to look at.
    pub unprotected: Vec<Unprotected>,
    /// What needs more than an apply, with the code of its finding. Empty for a comparison.
    pub steps: Vec<Step>,
    /// Of a comparison: the values of the spec that differ. `None` for a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<Vec<Declared>>,
    /// What could not be read or judged, and so is not part of the report.
    pub unread: Vec<String>,
}

/// A value of the spec that differs between two environments.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Declared {
    /// The path in the spec, such as `apps.web.scale.replicas`.
    pub path: String,
    /// The value of the environment that is compared with; `None` if it has none.
    pub before: Option<String>,
    /// The value of the environment.
    pub after: Option<String>,
    /// What sets the value, as file and line; of a value that is gone, what would set it.
    pub place: String,
}

/// A change that needs more than an apply. `platgen render` prints the commands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// The code of the finding.
    pub code: &'static str,
    /// What happens.
    pub message: String,
}

impl Step {
    /// The step of a finding.
    pub fn of(finding: &Diagnostic) -> Step {
        Step { code: finding.code.name(), message: finding.message.clone() }
    }
}

/// What changes in the cluster of a region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// Whether the cluster is new, leaves or stays.
    pub existence: Existence,
    /// The objects that are new or other ones, and those that the API server refuses.
    pub objects: Vec<Applied>,
    /// The objects that leave. Those whose names change with their content are none.
    pub left: Vec<Left>,
    /// The workloads whose pods or values change.
    pub workloads: Vec<Workload>,
    /// The addresses in changed values.
    pub calls: Vec<Call>,
    /// The connections that open or close.
    pub connections: Vec<Connection>,
    /// The rights that are granted or taken away.
    pub grants: Vec<Grant>,
    /// The hosts at which the region begins to answer.
    pub new_hosts: Vec<String>,
    /// The hosts at which it does not answer any more.
    pub left_hosts: Vec<String>,
}

/// Whether something is on both sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existence {
    /// It is on both sides.
    Stays,
    /// It is there afterwards.
    New,
    /// It was there before.
    Leaves,
}

impl Existence {
    fn of(before: bool, after: bool) -> Existence {
        match (before, after) {
            (false, true) => Existence::New,
            (true, false) => Existence::Leaves,
            _ => Existence::Stays,
        }
    }
}

/// An object that leaves the files.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Left {
    /// `Kind/namespace/name`.
    pub object: String,
    /// Whether it runs pods, by itself or through an operator.
    pub runs_pods: bool,
    /// Whether it is a store whose data is gone with its pods.
    pub loses_data: bool,
}

/// What the rendered files of `after` change about those of `before`, each with the name of its side. `estate` is what `after` was rendered from, and `steps`
/// is what of the change needs more than an apply.
pub fn diff(before: (&str, &Tree), after: (&str, &Tree), estate: &Estate, steps: Vec<Step>) -> Diff {
    let (mut unread, mut unprotected) = (Vec::new(), Vec::new());
    let paths: BTreeSet<&String> = before.1.keys().chain(after.1.keys()).collect();
    let changed: Vec<&str> = paths.into_iter().filter(|path| before.1.get(*path) != after.1.get(*path)).map(String::as_str).collect();
    let places: BTreeSet<(&str, &str)> = changed.iter().filter(|path| is_object(path)).filter_map(|path| place(path).both()).collect();
    let mut places: Vec<(&str, &str)> = places.into_iter().collect();
    // The order of promotion, and that of the regions.
    places.sort_by_key(|(environment, region)| {
        let platform = estate.environments.get(*environment);
        let turn = |index: Option<usize>| index.unwrap_or(usize::MAX);
        let of_region = platform.and_then(|platform| platform.regions.get_index_of(*region));
        (turn(estate.environments.get_index_of(*environment)), turn(of_region))
    });
    let cluster = |(environment, region)| cluster(environment, region, [before.1, after.1], estate, &mut unread, &mut unprotected);
    let clusters = places.into_iter().filter_map(cluster).collect();
    let roots = terraform::roots(before.1, after.1, &mut unread, &mut unprotected);
    unprotected.sort();
    let others = changed.into_iter().filter(|path| !is_object(path) && !terraform::is_part(path)).map(str::to_owned).collect();
    Diff { before: before.0.to_owned(), after: after.0.to_owned(), clusters, roots, others, unprotected, steps, declared: None, unread }
}

/// What makes an environment another one: its rendered files against those that it would have as the other one is configured. Nothing is applied, so that
/// nothing is lost or refused.
pub fn compare(before: (&str, &Tree), after: (&str, &Tree), estate: &Estate, declared: Vec<Declared>) -> Diff {
    let mut found = diff(before, after, estate, Vec::new());
    for cluster in &mut found.clusters {
        cluster.workloads.iter_mut().for_each(|workload| workload.loses_data = false);
        cluster.left.iter_mut().for_each(|left| left.loses_data = false);
        let refused = cluster.objects.iter_mut().filter(|object| object.outcome == Outcome::Refused);
        refused.for_each(|object| object.outcome = Outcome::Changed);
    }
    // Pages and pipelines follow from what is told.
    Diff { others: Vec::new(), declared: Some(declared), ..found }
}

/// Whether a file is part of what is applied to a cluster, or by Terraform.
pub fn is_applied(path: &str) -> bool {
    is_object(path) || terraform::is_part(path)
}

/// Whether a file holds objects of a cluster.
fn is_object(path: &str) -> bool {
    let below_region = path.splitn(4, '/').nth(3).unwrap_or_default();
    path.starts_with("kubernetes/") && path.ends_with(".yaml") && !is_values(below_region)
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place<'p> {
    /// The environment; `None` for files of the whole platform.
    pub environment: Option<&'p str>,
    /// The region; `None` for files that regions share.
    pub region: Option<&'p str>,
}

impl<'p> Place<'p> {
    fn both(self) -> Option<(&'p str, &'p str)> {
        self.environment.zip(self.region)
    }
}

/// Whose file it is, by its path.
pub fn place(path: &str) -> Place<'_> {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    let mut parts = folders.split('/').skip(1).filter(|part| *part != Layer::Bootstrap.name());
    let environment = parts.next();
    // Roots of the whole environment stand beside those of its regions.
    let is_region = |name: &&str| ![Layer::Global, Layer::Interconnect].iter().any(|layer| layer.name() == *name);
    Place { environment, region: parts.next().filter(is_region) }
}

/// The objects of a cluster.
fn documents(tree: &Tree, environment: &str, region: &str) -> Inventory {
    let folder = format!("kubernetes/{environment}/{region}/");
    let files = tree.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, text.as_str())));
    Inventory::read(files.filter(|(path, _)| path.ends_with(".yaml") && !is_values(path)))
}

/// What changes in a cluster; `None` if nothing does.
fn cluster(
    environment: &str,
    region: &str,
    trees: [&Tree; 2],
    estate: &Estate,
    unread: &mut Vec<String>,
    unprotected: &mut Vec<Unprotected>,
) -> Option<Cluster> {
    let [before, after] = trees.map(|tree| documents(tree, environment, region));
    let name = format!("{environment}/{region}");
    for fault in before.unreadable().iter().chain(after.unreadable()) {
        unread.push(format!("`kubernetes/{name}/{}` can't be read: {}", fault.file, fault.reason));
    }
    let existence = Existence::of(!before.objects().is_empty(), !after.objects().is_empty());
    let left = before.objects().iter().filter(|object| after.same_as(object).is_none() && !is_versioned(object));
    let left = left.map(|object| Left {
        object: object.id(),
        runs_pods: runs_pods(object),
        loses_data: impact::holds_data_in_pods(&before, object),
    });
    let left: Vec<Left> = left.collect();
    let [old_hosts, new_hosts] = [&before, &after].map(|side| side.objects().iter().flat_map(hosts).collect::<BTreeSet<String>>());
    let (mut opened, mut grants) = (Vec::new(), Vec::new());
    if existence == Existence::Stays {
        unprotected.extend(protection::of_objects(&name, &before, &after));
        let unjudged = |what: &str, fault: &dyn std::fmt::Display| format!("{what} of `{name}` are not judged: {fault}");
        match connections(&before, &after) {
            Ok(found) => opened = found,
            Err(fault) => unread.push(unjudged("connections", &fault)),
        }
        let platform = estate.environments.get(environment);
        if let Some((platform, region)) = platform.and_then(|platform| Some((platform, platform.regions.get(region)?))) {
            match rights::grants(platform, region, &before, &after) {
                Ok(found) => grants = found,
                Err(fault) => unread.push(unjudged("rights", &fault)),
            }
        }
    }
    let side = |name: &str, inventory| impact::Side { name: name.to_owned(), inventory, unread: Vec::new() };
    let (after, before) = (side("after", after), side("before", before));
    let mut found = impact(&after, &before, &[]);
    // An apply deletes no autoscaler; a change does.
    for workload in &mut found.workloads {
        let object = after.inventory.objects().iter().find(|object| object.id() == workload.object);
        workload.pods_after = object.and_then(|object| impact::pods(&after.inventory, object));
    }
    let objects: Vec<Applied> = found.objects.into_iter().filter(|object| object.outcome != Outcome::Unchanged).collect();
    let cluster = Cluster {
        environment: environment.to_owned(),
        region: region.to_owned(),
        existence,
        objects,
        left,
        workloads: found.workloads,
        // That a new value leads to a Service of the cluster is nothing to look at.
        calls: found.calls.into_iter().filter(|call| call.leads != Leads::Inside || call.reach != Reach::Open).collect(),
        connections: opened,
        grants,
        new_hosts: new_hosts.difference(&old_hosts).cloned().collect(),
        left_hosts: old_hosts.difference(&new_hosts).cloned().collect(),
    };
    let changes = !cluster.objects.is_empty() || !cluster.left.is_empty();
    changes.then_some(cluster)
}
