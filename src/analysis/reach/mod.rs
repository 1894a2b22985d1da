//! The flows of a region, the NetworkPolicies of its documents and the firewall between its subnets -> who may talk to whom, and where these differ.
//!
//! A connection is possible where every layer allows it. Two kinds of differences are reported: a declared flow that a layer denies, and a connection that
//! every layer allows though nobody declared it. A pair is told apart that is open only because policies know an end by addresses that a declared end has too,
//! or select no pods of it: that is no difference. The documents may hold what patches and raw manifests bring; flows and firewall follow from the resolved
//! platform. Pods in the network of their node are no pods to NetworkPolicies, which know them by the ranges of the nodes.
//!
//! Not judged: routes, load balancers, DNS names, policies of other kinds than NetworkPolicy, and calls from outside to pods where a firewall of these files
//! guards the nodes.

mod also;
mod ends;
mod layers;
mod picture;
mod question;
mod report;
#[cfg(test)]
mod tests;

pub use also::{Also, Cause};
pub use ends::INTERNET;
pub(super) use ends::id;
pub use picture::{mermaid, svg};
pub use question::{Answer, matching};
pub use report::report;

use crate::diagnostic::wording::plain;
use crate::inventory::Inventory;
use crate::model::{Platform, Region};
use crate::policy::{Fault, Policies, Ports};
use crate::source::Span;
use ends::{End, ends};
use layers::Layers;
use serde::Serialize;

/// A region with what it is rendered to.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The environment.
    pub platform: &'a Platform,
    /// The region.
    pub region: &'a Region,
    /// The documents of its cluster.
    pub documents: &'a Inventory,
    /// The file and line of a place in the spec.
    pub place: &'a dyn Fn(Span) -> String,
}

/// Who may talk to whom in a region.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Reach {
    /// The environment.
    pub environment: String,
    /// The region.
    pub region: String,
    /// Whether declared flows and layers differ.
    pub hit: bool,
    /// All ends: workloads, add-ons, what is outside of the cluster.
    pub ends: Vec<Place>,
    /// Every pair with a declared connection, or one that NetworkPolicies allow, by caller and then by callee.
    pub pairs: Vec<Pair>,
    /// What is not judged, in sentences.
    pub unjudged: Vec<String>,
    /// The answer to the question that was asked.
    pub answer: Option<Answer>,
}

/// An end of connections.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Place {
    /// Its name: `app/shop/cart`, `store/shop/orders`, the name of an add-on or of an external service, or `Deployment/shop/tool` of a raw manifest.
    pub name: String,
    /// Whether it is outside of the pods that NetworkPolicies select; they know it by its ranges then, all of the internet where it has none.
    pub outside: bool,
    /// Its ranges.
    pub ranges: Vec<String>,
}

/// A caller and a callee.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Pair {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// Its flows.
    pub declared: Vec<Declared>,
    /// The ports that NetworkPolicies allow.
    pub policies: Vec<String>,
    /// The ports that the firewall allows. Absent where no firewall of these files is in the way.
    pub firewall: Option<Vec<String>>,
    /// The ports on which connections are possible.
    pub open: Vec<String>,
    /// Those of them that the flows declare.
    pub declared_open: Vec<String>,
    /// Declared ports that a layer denies.
    pub blocked: Vec<Blocked>,
    /// Ports that every layer allows and no flow declares: a difference.
    pub undeclared: Vec<String>,
    /// The NetworkPolicies that allow an undeclared port.
    pub allowed_by: Vec<String>,
    /// The other ports that are open and that no flow of the pair declares: no difference, as policies can't tell the pair from a declared one.
    pub also: Option<Also>,
}

/// A flow of the spec.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Declared {
    /// Its ports.
    pub ports: Vec<String>,
    /// The cause, such as `app/web calls store/orders`.
    pub why: String,
    /// The file and line of the cause. Absent for what every workload does.
    pub place: Option<String>,
}

/// A declared port that a layer denies.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Blocked {
    /// The ports.
    pub ports: Vec<String>,
    /// The layer.
    pub layer: Layer,
    /// Why.
    pub reason: String,
}

/// What can deny a connection.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The NetworkPolicies of the caller.
    Egress,
    /// The NetworkPolicies of the callee.
    Ingress,
    /// The firewall between subnets.
    Firewall,
}

/// Who may talk to whom in a region; with a question, by the names of two ends, the answer to it.
///
/// # Errors
/// A document that the API server refuses.
pub fn reach(site: Site<'_>, question: Option<(&str, &str)>) -> Result<Reach, Fault> {
    let policies = Policies::of_objects(site.documents.objects().iter().map(|object| &object.value))?;
    let ends = ends(site, &policies);
    let layers = Layers::new(site, &policies, &ends);
    let mut pairs = Vec::new();
    for from in ends.iter().filter(|end| end.calls) {
        pairs.extend(ends.iter().filter_map(|to| layers.pair(from, to)));
        pairs.extend(layers.elsewhere(from));
    }
    let internet = ends::internet(&policies);
    let answer = question.and_then(|(from, to)| {
        let end = |name: &str| ends.iter().chain(&internet).find(|end| end.name == name);
        Some(layers.answer(end(from)?, end(to)?))
    });
    Ok(Reach {
        environment: site.platform.environment.to_string(),
        region: site.region.name.to_string(),
        hit: pairs.iter().any(|pair| !pair.blocked.is_empty() || !pair.undeclared.is_empty()),
        ends: ends
            .iter()
            .map(|end| Place {
                name: end.name.clone(),
                outside: end.is_outside(),
                ranges: end.ranges.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        pairs,
        unjudged: unjudged(&policies, &ends),
        answer,
    })
}

fn unjudged(policies: &Policies, ends: &[End<'_>]) -> Vec<String> {
    let others = policies.unjudged().iter().map(|object| format!("{object} is no NetworkPolicy of Kubernetes, and is not judged"));
    let mut all: Vec<String> = others.collect();
    let on_nodes: Vec<&str> = ends.iter().filter(|end| end.on_node).map(|end| end.name.as_str()).collect();
    if !on_nodes.is_empty() {
        let names = on_nodes.join(", ");
        all.push(format!(
            "no NetworkPolicy selects pods in the network of their node: {names}; only what other pods and the firewall allow is judged"
        ));
    }
    let free: Vec<&str> = ends.iter().filter(|end| end.pods && !end.own && !end.on_node).map(|end| end.name.as_str()).collect();
    if free.len() > 1 {
        let names = plain(&free);
        all.push(format!(
            "no NetworkPolicy of these files selects the pods of {names}; of what they call of each other only declared flows are judged"
        ));
    }
    let unknown: Vec<&str> = ends.iter().filter(|end| end.places.is_empty()).map(|end| end.name.as_str()).collect();
    if !unknown.is_empty() {
        all.push(format!("the ranges of the nodes are not known, and so not who may call and be called by {}", unknown.join(", ")));
    }
    all
}

/// Ports as words: `TCP 8080` for each range.
fn words(ports: &Ports) -> Vec<String> {
    ports.to_string().split(", ").filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
