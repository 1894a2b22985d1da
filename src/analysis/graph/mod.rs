//! The workloads, the entrances, the networks and the flows of a region -> a graph: what runs where, and who calls whom.
//!
//! Its arrows are the declared flows, as `reach` knows them; what policies and firewalls allow beyond them is not part of it. Name resolution, the monitoring of
//! the platform, and what add-ons do without a workload are routine, and no part of a picture.

mod picture;
mod plan;
mod report;
mod svg;
#[cfg(test)]
mod tests;

pub use picture::{dot, mermaid};
pub use report::report;
pub use svg::svg;

use super::reach::{Site, id, reach};
use crate::model::{Addon, Kind, Region, Workload};
use crate::policy::Fault;
use crate::value::Via;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What runs where in a region, and who calls whom.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Graph {
    /// The platform.
    pub platform: String,
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// Where nodes of the graph are, those that are not empty.
    pub groups: Vec<Group>,
    /// What calls and is called, by group.
    pub nodes: Vec<Node>,
    /// The flows.
    pub edges: Vec<Edge>,
}

/// A place of nodes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Group {
    /// What it is.
    pub kind: Place,
    /// The name of the subnet; a word for every other place.
    pub name: String,
    /// The ranges of the subnet, with their zones, and whether it is isolated.
    pub details: Vec<String>,
}

/// What a place is, in the order of pictures.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The load balancers.
    Entrances,
    /// Nodes of a subnet.
    Subnet,
    /// Every node.
    Nodes,
    /// Add-ons of the cluster.
    Addons,
    /// What is not in the cluster.
    Outside,
}

/// Something that calls or is called.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Node {
    /// The name, as in `reach`; `entrance/public` for a load balancer.
    pub name: String,
    /// Its short name.
    pub title: String,
    /// What it is: the kind of a workload and the number of its pods, the hosts of an entrance.
    pub details: Vec<String>,
    /// The place of the group in the list of groups.
    pub group: usize,
    /// What kind of thing it is.
    pub kind: Sort,
}

/// The kind of a node.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// A load balancer.
    Entrance,
    /// An app.
    App,
    /// A job, on a schedule or of a rollout.
    Job,
    /// A store.
    Store,
    /// An add-on.
    Addon,
    /// A service outside of the cluster.
    External,
}

/// A caller and a callee.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Edge {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// The ports.
    pub ports: Vec<String>,
    /// The causes.
    pub why: Vec<String>,
    /// The lines of the spec. None for what every workload does.
    pub lines: Vec<String>,
    /// Whether it is name resolution, monitoring or a flow between add-ons, which no picture shows.
    pub routine: bool,
}

/// The graph of a region. With the name of a node, that node and those that it calls and is called by.
///
/// # Errors
/// A document that the API server refuses.
pub fn graph(site: Site<'_>) -> Result<Graph, Fault> {
    let found = reach(site, None)?;
    let region = site.region;
    let mut all = Found::default();
    for workload in region.workloads.values() {
        let group = of_workload(region, workload);
        all.add(group, Node { kind: sort(workload), details: details(workload), ..node(id(workload), workload.name.to_string()) });
    }
    for end in &found.ends {
        let known = region.workloads.values().any(|workload| id(workload) == end.name);
        if known {
            continue;
        }
        let addon = Addon::ALL.iter().any(|addon| addon.name() == end.name);
        // A raw manifest runs where the scheduler wants; pods in the network of their node are outside to policies alone.
        let is_pods = end.name.split('/').count() == 3;
        let (place, name, kind) = match (addon, end.outside && !is_pods) {
            (true, _) => (Place::Addons, "add-ons of the cluster", Sort::Addon),
            (false, true) => (Place::Outside, "outside of the cluster", Sort::External),
            (false, false) => (Place::Nodes, "any node", Sort::App),
        };
        // A name in words, such as that of the backups of a store, is no path.
        let title = if end.name.contains(' ') { &end.name } else { end.name.rsplit('/').next().unwrap_or(&end.name) }.to_owned();
        let group = Group { kind: place, name: name.to_owned(), details: Vec::new() };
        let details = if kind == Sort::External { end.ranges.clone() } else { Vec::new() };
        all.add(group, Node { kind, details, ..node(end.name.clone(), title) });
    }
    let own: BTreeSet<String> =
        all.nodes.iter().filter(|node| !matches!(node.kind, Sort::Addon | Sort::External)).map(|node| node.name.clone()).collect();
    let is_own = |name: &str| own.contains(name);
    for pair in found.pairs.iter().filter(|pair| !pair.declared.is_empty()) {
        let ports: BTreeSet<String> = pair.declared.iter().flat_map(|flow| flow.ports.iter().cloned()).collect();
        let mut why: Vec<String> = pair.declared.iter().map(|flow| flow.why.clone()).collect();
        let mut lines: Vec<String> = pair.declared.iter().filter_map(|flow| flow.place.clone()).collect();
        why.dedup();
        lines.dedup();
        let edge = |from: String, ports: Vec<String>| Edge {
            from,
            to: pair.to.clone(),
            ports,
            why: why.clone(),
            lines: lines.clone(),
            routine: is_routine(&pair.from, &pair.to) || !is_own(&pair.from) && !is_own(&pair.to),
        };
        let callee = region.workloads.values().find(|workload| id(workload) == pair.to);
        // Each entrance leads to the ports that it exposes.
        let mut entrances: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
        for one in callee.filter(|_| pair.from == Addon::Gateway.name()).iter().flat_map(|workload| &workload.exposures) {
            entrances.entry(one.entrance.gateway(one.via)).or_default().insert(one.target);
        }
        if entrances.is_empty() {
            all.edges.push(edge(pair.from.clone(), ports.iter().cloned().collect()));
        }
        for (gateway, ports) in entrances {
            let name = format!("entrance/{gateway}");
            let group = Group { kind: Place::Entrances, name: "entrances".to_owned(), details: Vec::new() };
            all.add(group, Node { kind: Sort::Entrance, details: hosts(region, gateway), ..node(name.clone(), gateway.to_owned()) });
            all.edges.push(edge(name, ports.iter().map(|port| format!("TCP {port}")).collect()));
        }
    }
    Ok(all.sorted(site))
}

/// The graph of a node and those that it calls and is called by; the whole one where there is no such node.
pub fn around(graph: Graph, name: &str) -> Graph {
    let edges: Vec<Edge> = graph.edges.into_iter().filter(|edge| edge.from == name || edge.to == name).collect();
    let is_kept = |node: &Node| node.name == name || edges.iter().any(|edge| edge.from == node.name || edge.to == node.name);
    let nodes = graph.nodes.into_iter().filter(is_kept).collect();
    without_empty(Graph { nodes, edges, ..graph })
}

/// A graph without what no picture shows: routine, and who takes part in nothing else. Workloads stay.
fn drawn(graph: &Graph) -> Graph {
    let edges: Vec<Edge> = graph.edges.iter().filter(|edge| !edge.routine && edge.from != edge.to).cloned().collect();
    let is_shown = |node: &&Node| {
        let takes_part = edges.iter().any(|edge| edge.from == node.name || edge.to == node.name);
        takes_part || !matches!(node.kind, Sort::Addon | Sort::External)
    };
    let nodes = graph.nodes.iter().filter(is_shown).cloned().collect();
    without_empty(Graph { nodes, edges, ..graph.clone() })
}

/// A graph whose groups have nodes.
fn without_empty(mut graph: Graph) -> Graph {
    let used: Vec<usize> = (0..graph.groups.len()).filter(|group| graph.nodes.iter().any(|node| node.group == *group)).collect();
    graph.nodes.iter_mut().for_each(|node| node.group = used.iter().position(|group| *group == node.group).unwrap_or_default());
    let mut at = 0;
    graph.groups.retain(|_| {
        at += 1;
        used.contains(&(at - 1))
    });
    graph
}

/// What was found so far.
#[derive(Default)]
struct Found {
    groups: Vec<Group>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Found {
    fn add(&mut self, group: Group, node: Node) {
        if self.nodes.iter().any(|known| known.name == node.name) {
            return;
        }
        let group = self.groups.iter().position(|known| *known == group).unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        self.nodes.push(Node { group, ..node });
    }

    /// Groups in the order of places, and subnets in that of the spec.
    fn sorted(self, site: Site<'_>) -> Graph {
        let Found { groups, mut nodes, edges } = self;
        let subnets = site.region.network.iter().flat_map(|network| &network.subnets);
        let subnets: Vec<&str> = subnets.map(|subnet| subnet.name.as_str()).collect();
        let turn = |group: &Group| (group.kind, subnets.iter().position(|name| *name == group.name).unwrap_or(usize::MAX));
        let mut order: Vec<usize> = (0..groups.len()).collect();
        order.sort_by_key(|at| groups.get(*at).map(turn));
        for node in &mut nodes {
            node.group = order.iter().position(|at| *at == node.group).unwrap_or_default();
        }
        nodes.sort_by_key(|node| node.group);
        let groups = order.into_iter().filter_map(|at| groups.get(at).cloned()).collect();
        let platform = site.platform.name.to_string();
        Graph { platform, environment: site.platform.environment.to_string(), region: site.region.name.to_string(), groups, nodes, edges }
    }
}

fn node(name: String, title: String) -> Node {
    Node { name, title, details: Vec::new(), group: 0, kind: Sort::App }
}

/// Where the pods of a workload run.
fn of_workload(region: &Region, workload: &Workload) -> Group {
    let placement = &workload.placement;
    let [name] = &placement.subnets[..] else {
        return Group {
            kind: Place::Nodes,
            name: if placement.everywhere { "every node" } else { "any node" }.to_owned(),
            details: Vec::new(),
        };
    };
    let subnet = region.network.iter().flat_map(|network| &network.subnets).find(|subnet| subnet.name == *name);
    let mut details = Vec::new();
    if let Some(subnet) = subnet {
        details.extend(subnet.ranges.iter().map(|range| format!("{} {}", range.cidr, range.zone).trim_end().to_owned()));
        details.extend(subnet.isolated.then(|| "isolated".to_owned()));
        details.extend((!subnet.internet).then(|| "no route to the internet".to_owned()));
    }
    Group { kind: Place::Subnet, name: name.to_string(), details }
}

fn sort(workload: &Workload) -> Sort {
    match workload.kind {
        _ if workload.is_store() => Sort::Store,
        Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => Sort::Job,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Operated(_) => Sort::App,
    }
}

/// What a workload is, in a line.
fn details(workload: &Workload) -> Vec<String> {
    let (least, most) = workload.replicas;
    let pods = if least == most { format!("{least}") } else { format!("{least}..{most}") };
    let what = match &workload.kind {
        Kind::CronJob(cron) => format!("CronJob {}", cron.schedule),
        Kind::Job { .. } | Kind::Restored(_) | Kind::DaemonSet => workload.kind.name().to_owned(),
        Kind::Deployment | Kind::StatefulSet | Kind::Operated(_) => format!("{} {pods}", workload.kind.name()),
    };
    vec![format!("{}, {what}", workload.namespace)]
}

/// The hosts of a Gateway, and its ports without one.
fn hosts(region: &Region, gateway: &str) -> Vec<String> {
    let exposures = region.workloads.values().flat_map(|workload| &workload.exposures);
    let mut all: BTreeSet<String> = exposures
        .filter(|one| one.entrance.gateway(one.via) == gateway)
        .map(|one| match one.entrance {
            crate::model::Entrance::Tcp(port) => format!("port {port}"),
            _ => one.host.clone(),
        })
        .collect();
    let redirects = region.workloads.values().flat_map(|workload| &workload.redirects);
    let is_meant = |via: Via| crate::model::Entrance::Http.gateway(via) == gateway;
    all.extend(redirects.filter(|one| is_meant(one.via)).map(|one| one.host.clone()));
    all.into_iter().collect()
}

/// Whether a flow is name resolution or the monitoring of the platform.
fn is_routine(from: &str, to: &str) -> bool {
    let is = |addons: &[Addon], name: &str| addons.iter().any(|addon| addon.name() == name);
    is(&[Addon::Dns], to) || is(&Addon::STACK, from) || is(&Addon::STACK, to) || is(&[Addon::Kubelet], from)
}
