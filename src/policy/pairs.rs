//! All pairs of workloads that may connect, and their ports.

use super::{End, Place, Policies, Ports, Workload};

/// Two workloads whose pods may connect; both may be the same workload.
#[derive(Clone, Debug)]
pub struct Pair<'p> {
    /// The caller.
    pub from: &'p Workload,
    /// The callee.
    pub to: &'p Workload,
    /// The allowed ports of the callee; never empty.
    pub ports: Ports,
}

impl Policies {
    /// Every pair of workloads with an allowed port, in the order of the documents, by caller and then by callee. Workloads in the network of their
    /// node are left out, because no policy applies to them.
    pub fn pairs(&self) -> Vec<Pair<'_>> {
        let judged = self.workloads.iter().filter(|workload| !workload.pod.host_network);
        let placed: Vec<(&Workload, Place)> = judged.map(|workload| (workload, self.place(&End::Pod(workload.pod.clone())))).collect();
        let mut pairs = Vec::new();
        for (from, caller) in &placed {
            for (to, called) in &placed {
                let ports = self.ports(caller, called);
                if !ports.is_empty() {
                    pairs.push(Pair { from, to, ports });
                }
            }
        }
        pairs
    }
}
