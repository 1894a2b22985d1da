//! Who calls what is lost, directly or through others.

use crate::model::{Region, Replication, Workload};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// An entry that the calls of another one end at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Behind {
    /// What is lost, such as `store/shop/carts`.
    pub lost: String,
    /// The entry that it calls to get there; absent where it calls the lost entry itself.
    pub through: Option<String>,
}

/// The name of a workload in reports: that of references, with its namespace. The proxies of a store have the name of the store.
pub(super) fn id(workload: &Workload) -> String {
    let name = if let Some(Replication::Proxies { store }) = &workload.replication { store } else { &workload.name };
    format!("{}/{}/{name}", if workload.is_store() { "store" } else { "app" }, workload.namespace)
}

/// For each entry that is not lost, the lost ones that its calls lead to, on the shortest ways.
pub(super) fn behind(region: &Region, lost: &[String]) -> BTreeMap<String, Vec<Behind>> {
    let mut callers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for flow in &region.flows {
        let (Some(from), Some(to)) = (region.workload_of(&flow.from), region.answering(&flow.to)) else { continue };
        let (from, to) = (id(from), id(to));
        let known = callers.entry(to.clone()).or_default();
        if from != to && !known.contains(&from) {
            known.push(from);
        }
    }
    let mut found: BTreeMap<String, Vec<Behind>> = BTreeMap::new();
    for root in lost {
        let mut seen = vec![root];
        let mut next = VecDeque::from([root]);
        while let Some(callee) = next.pop_front() {
            for caller in callers.get(callee).into_iter().flatten() {
                if seen.contains(&caller) {
                    continue;
                }
                seen.push(caller);
                next.push_back(caller);
                if !lost.contains(caller) {
                    let through = (callee != root).then(|| callee.clone());
                    found.entry(caller.clone()).or_default().push(Behind { lost: root.clone(), through });
                }
            }
        }
    }
    found
}
