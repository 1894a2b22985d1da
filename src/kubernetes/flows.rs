//! The flows of a region, found by workload without a search through all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Flow, Kind, Peer, Region, Workload};

/// A workload: its namespace and its name.
type Id<'m> = (&'m str, &'m str);

/// The flows of a region by workload, each list in the order of the region's flows.
pub(super) struct Flows<'m> {
    to: BTreeMap<Id<'m>, Vec<&'m Flow>>,
    from: BTreeMap<Id<'m>, Vec<&'m Flow>>,
    critical: BTreeSet<Id<'m>>,
}

impl<'m> Flows<'m> {
    /// Sorts the flows of a region.
    pub(super) fn new(region: &'m Region) -> Self {
        let mut flows = Flows { to: BTreeMap::new(), from: BTreeMap::new(), critical: BTreeSet::new() };
        for flow in &region.flows {
            for (peer, sorted) in [(&flow.to, &mut flows.to), (&flow.from, &mut flows.from)] {
                if let Some(id) = id_of(peer) {
                    sorted.entry(id).or_default().push(flow);
                }
            }
        }
        flows.critical = flows.called(region.workloads.values().filter(|workload| is_critical_itself(workload)).map(id));
        flows
    }

    /// These workloads and those that they call, directly or through others.
    fn called(&self, callers: impl Iterator<Item = Id<'m>>) -> BTreeSet<Id<'m>> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Id> = callers.collect();
        while let Some(caller) = open.pop() {
            if found.insert(caller) {
                open.extend(self.from.get(&caller).into_iter().flatten().filter_map(|flow| id_of(&flow.to)));
            }
        }
        found
    }

    /// Whether a workload answers people outside or serves a whole node, or is called by one that does, directly or through others.
    pub(super) fn is_critical(&self, workload: &Workload) -> bool {
        self.critical.contains(&id(workload))
    }

    /// The flows that a workload receives.
    pub(super) fn to(&self, workload: &'m Workload) -> &[&'m Flow] {
        self.to.get(&id(workload)).map_or(&[], Vec::as_slice)
    }

    /// The flows that a workload starts.
    pub(super) fn from(&self, workload: &'m Workload) -> &[&'m Flow] {
        self.from.get(&id(workload)).map_or(&[], Vec::as_slice)
    }
}

fn id(workload: &Workload) -> Id<'_> {
    (workload.namespace.as_str(), workload.name.as_str())
}

fn id_of(peer: &Peer) -> Option<Id<'_>> {
    match peer {
        Peer::Workload { namespace, name, .. } => Some((namespace, name)),
        Peer::Addon(_) | Peer::Chart { .. } | Peer::Cluster { .. } | Peer::Outside { .. } => None,
    }
}

fn is_critical_itself(workload: &Workload) -> bool {
    matches!(workload.kind, Kind::DaemonSet) || !workload.exposures.is_empty()
}
