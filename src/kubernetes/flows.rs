//! The flows of a region, found by workload without a search through all of them.

use std::collections::BTreeMap;

use crate::model::{Flow, Peer, Region, Workload};

/// The flows of a region by workload, each list in the order of the region's flows.
pub(super) struct Flows<'m> {
    to: BTreeMap<(&'m str, &'m str), Vec<&'m Flow>>,
    from: BTreeMap<(&'m str, &'m str), Vec<&'m Flow>>,
}

impl<'m> Flows<'m> {
    /// Sorts the flows of a region.
    pub(super) fn new(region: &'m Region) -> Self {
        let mut flows = Flows { to: BTreeMap::new(), from: BTreeMap::new() };
        for flow in &region.flows {
            for (peer, sorted) in [(&flow.to, &mut flows.to), (&flow.from, &mut flows.from)] {
                if let Peer::Workload { namespace, name } = peer {
                    sorted.entry((namespace.as_str(), name.as_str())).or_default().push(flow);
                }
            }
        }
        flows
    }

    /// The flows that a workload receives.
    pub(super) fn to(&self, workload: &'m Workload) -> &[&'m Flow] {
        self.to.get(&(workload.namespace.as_str(), workload.name.as_str())).map_or(&[], Vec::as_slice)
    }

    /// The flows that a workload starts.
    pub(super) fn from(&self, workload: &'m Workload) -> &[&'m Flow] {
        self.from.get(&(workload.namespace.as_str(), workload.name.as_str())).map_or(&[], Vec::as_slice)
    }
}
