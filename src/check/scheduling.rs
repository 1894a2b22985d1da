//! Some pool of nodes takes each pod, and no pod tolerates a taint that no pool has.

use super::context::{RegionContext, list, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Selector;
use crate::labels::SUBNET;
use crate::model::Pool;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::Unschedulable, Code::UnknownTaint], judge: Judge::Region(judge), loosens: false };

/// Without declared pools nothing is known of the nodes.
fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let nodes: Vec<Node> = context.region.cluster.pools.iter().map(|pool| Node::of(context, pool)).collect();
    if nodes.is_empty() {
        return;
    }
    for (object, pointer, spec) in context.tree.pods() {
        let tolerations = list(spec, "tolerations");
        let wanted = requirements(spec);
        let fitting: Vec<&Node> = nodes.iter().filter(|node| wanted.is_empty() || wanted.iter().any(|term| node.has(term))).collect();
        let open = fitting.iter().any(|node| node.refusing().all(|taint| tolerations.iter().any(|known| tolerates(known, taint))));
        if !open && object.kind != "DaemonSet" {
            let (at, why) = if fitting.is_empty() {
                (if spec.get("nodeSelector").is_some() { "nodeSelector" } else { "affinity" }, "asks for labels that no pool has")
            } else {
                ("tolerations", "does not tolerate the taints of the pools with the labels that it asks for")
            };
            let help = "correct `subnet`, `pool` or `arch` of the entry, or the taints of the pools";
            let at = format!("{pointer}/{at}");
            found.push(Finding::new(Code::Unschedulable, object, &at, format!("`{}` {why}", object.id()), help));
        }
        // A toleration without a key tolerates every taint.
        let mut keyed = tolerations.iter().filter(|known| !text(known, "/key").is_empty());
        let idle = keyed.find(|known| !nodes.iter().flat_map(|node| &node.taints).any(|taint| tolerates(known, taint)));
        // Where platgen does not make the network, nobody knows whether the nodes of a subnet are tainted.
        let is_unknown = |key: &str| key.starts_with("node.kubernetes.io/") || (key == SUBNET && context.region.network.is_none());
        if let Some(idle) = idle.filter(|idle| !is_unknown(text(idle, "/key"))) {
            let message = format!("`{}` tolerates the taint `{}`, which no pool has", object.id(), text(idle, "/key"));
            let help = "remove it, or declare the taint on the pool";
            found.push(Finding::new(Code::UnknownTaint, object, &format!("{pointer}/tolerations"), message, help));
        }
    }
}

/// The nodes of a pool, as the scheduler sees them.
struct Node {
    labels: BTreeMap<String, String>,
    taints: Vec<(String, String, &'static str)>,
}

impl Node {
    fn of(context: &RegionContext, pool: &Pool) -> Node {
        let mut labels = context.region.node_labels(pool);
        labels.insert("kubernetes.io/os".to_owned(), "linux".to_owned());
        if let Some(architecture) = pool.capacity.as_ref().and_then(|machine| machine.architecture) {
            labels.insert("kubernetes.io/arch".to_owned(), architecture.to_owned());
        }
        Node { labels, taints: context.region.node_taints(pool) }
    }

    /// The taints that keep pods away: the scheduler may ignore `PreferNoSchedule`.
    fn refusing(&self) -> impl Iterator<Item = &(String, String, &'static str)> {
        self.taints.iter().filter(|(_, _, effect)| *effect != "PreferNoSchedule")
    }

    /// Whether a node can meet every condition. Zones, names and the like are given to nodes by the cloud.
    fn has(&self, term: &[(String, bool, Vec<String>)]) -> bool {
        term.iter().all(|(key, wanted, values)| match self.labels.get(key) {
            Some(label) => (values.is_empty() || values.contains(label)) == *wanted,
            None if key == "kubernetes.io/arch" || key.starts_with("topology.") || key == "kubernetes.io/hostname" => true,
            None => !wanted,
        })
    }
}

/// The terms of a pod's node selection, of which one must hold: each is a list of conditions. None: any node.
fn requirements(spec: &Value) -> Vec<Vec<(String, bool, Vec<String>)>> {
    let selector = spec.get("nodeSelector").map(|value| Selector::of_labels(value).equal).unwrap_or_default();
    let own: Vec<_> = selector.into_iter().map(|(key, value)| (key, true, vec![value])).collect();
    let terms = spec.pointer("/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    let terms = terms.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if terms.is_empty() {
        return if own.is_empty() { Vec::new() } else { vec![own] };
    }
    terms.iter().map(|term| own.iter().cloned().chain(Selector::of(term).among).collect()).collect()
}

fn tolerates(toleration: &Value, (key, value, effect): &(String, String, &'static str)) -> bool {
    let said = |field: &str| Some(text(toleration, field)).filter(|text| !text.is_empty());
    let exists = said("/operator") == Some("Exists");
    said("/effect").is_none_or(|said| said == *effect)
        && said("/key").map_or(exists, |said| said == key)
        && (exists || text(toleration, "/value") == value)
}
