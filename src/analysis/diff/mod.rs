//! The rendered files of a platform before and after a change -> what the change does: objects and what becomes of pods, values that containers read, who may
//! talk to whom, who may do what, hosts, and resources of Terraform.
//!
//! Nothing is asked of a cluster or a cloud: what runs is taken to be what was rendered before. Which resources Terraform replaces, and what it computes
//! itself, a plan alone says.

mod connections;
mod report;
mod rights;
mod terraform;

pub use connections::Connection;
use connections::connections;
pub use report::report;
pub use rights::Grant;
pub use terraform::{Resource, Root};

use super::impact::{self, Applied, Call, Leads, Outcome, Reach, Workload, hosts, impact};
use super::transition::{argument, is_versioned, runs_pods};
use crate::diagnostic::{Code, Diagnostic};
use crate::inventory::Inventory;
use crate::model::{Platform, Region};
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
    /// Further files that differ: values of charts, objects of GitOps controllers, jobs of pipelines, scripts and pages.
    pub others: Vec<String>,
    /// What needs more than an apply, with the code of its finding.
    pub steps: Vec<Step>,
    /// What could not be read or judged, and so is not part of the report.
    pub unread: Vec<String>,
}

/// A change that needs more than an apply. `platgen render` prints the commands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// The code of the finding.
    pub code: &'static str,
    /// Whether data is lost, so that `platgen render` writes nothing without `--force`.
    pub loses_data: bool,
    /// What happens.
    pub message: String,
}

impl Step {
    /// The step of a finding.
    pub fn of(finding: &Diagnostic) -> Step {
        let loses_data = finding.code == Code::LosesData;
        Step { code: finding.code.name(), loses_data, message: finding.message.clone() }
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
    /// The objects that leave, as arguments of kubectl with their namespaces. Objects whose names change with their content are none.
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
    /// As an argument of kubectl, such as `deployment.apps/web`.
    pub argument: String,
    /// The namespace; empty for objects of the whole cluster.
    pub namespace: String,
    /// Whether it runs pods, by itself or through an operator.
    pub runs_pods: bool,
}

/// A region of the spec.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// Its environment.
    pub platform: &'a Platform,
    /// The region.
    pub region: &'a Region,
}

/// What the files of `after` change about those of `before`, each with its name. `site` finds the region of an environment in the spec, whose groups have
/// the rights.
pub fn diff<'s>(before: (&str, &Tree), after: (&str, &Tree), site: impl Fn(&str, &str) -> Option<Site<'s>>) -> Diff {
    let mut unread = Vec::new();
    let clusters = places(before.1, after.1)
        .into_iter()
        .filter_map(|(environment, region)| {
            let site = site(&environment, &region);
            cluster(&environment, &region, [before.1, after.1], site, &mut unread)
        })
        .collect();
    let roots = terraform::roots(before.1, after.1, &mut unread);
    Diff { before: before.0.to_owned(), after: after.0.to_owned(), clusters, roots, others: Vec::new(), steps: Vec::new(), unread }
}

/// Environment and region of every cluster with files.
fn places(before: &Tree, after: &Tree) -> BTreeSet<(String, String)> {
    before
        .keys()
        .chain(after.keys())
        .filter_map(|path| place(path))
        .map(|(environment, region)| (environment.into(), region.into()))
        .collect()
}

/// Environment and region of a file of Kubernetes.
fn place(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.strip_prefix("kubernetes/")?.split('/');
    let place = (parts.next()?, parts.next()?);
    parts.next().map(|_| place)
}

/// The objects of a cluster.
fn documents(tree: &Tree, environment: &str, region: &str) -> Inventory {
    let folder = format!("kubernetes/{environment}/{region}/");
    let files = tree.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, text.as_str())));
    Inventory::read(files.filter(|(path, _)| path.ends_with(".yaml")))
}

/// What changes in a cluster; `None` if nothing does.
fn cluster(environment: &str, region: &str, trees: [&Tree; 2], site: Option<Site<'_>>, unread: &mut Vec<String>) -> Option<Cluster> {
    let [before, after] = trees.map(|tree| documents(tree, environment, region));
    let name = format!("{environment}/{region}");
    for fault in before.unreadable().iter().chain(after.unreadable()) {
        unread.push(format!("`kubernetes/{name}/{}` can't be read: {}", fault.file, fault.reason));
    }
    let existence = Existence::of(!before.objects().is_empty(), !after.objects().is_empty());
    let left = before.objects().iter().filter(|object| after.same_as(object).is_none() && !is_versioned(object));
    let left: Vec<Left> = left
        .map(|object| Left {
            object: object.id(),
            argument: argument(object),
            namespace: object.namespace.clone(),
            runs_pods: runs_pods(object),
        })
        .collect();
    let [old_hosts, new_hosts] = [&before, &after].map(|side| side.objects().iter().flat_map(hosts).collect::<BTreeSet<String>>());
    let (mut opened, mut grants) = (Vec::new(), Vec::new());
    if existence == Existence::Stays {
        let unjudged = |what: &str, fault: &dyn std::fmt::Display| format!("{what} of `{name}` are not judged: {fault}");
        match connections(&before, &after) {
            Ok(found) => opened = found,
            Err(fault) => unread.push(unjudged("connections", &fault)),
        }
        match site.map(|site| rights::grants(site, &before, &after)) {
            Some(Ok(found)) => grants = found,
            Some(Err(fault)) => unread.push(unjudged("rights", &fault)),
            None => unread.push(unjudged("rights", &"the spec has no such region")),
        }
    }
    let side = |name: &str, inventory| impact::Side { name: name.to_owned(), inventory, unread: Vec::new() };
    let found = impact(&side("after", after), &side("before", before), &[]);
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
