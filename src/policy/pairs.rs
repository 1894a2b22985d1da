//! All pairs of a cluster's workloads that may talk, and on which ports.

use super::{End, Place, Policies, Ports, Workload};

/// Pods of one workload may connect to pods of another, or to other pods of the same.
#[derive(Clone, Debug)]
pub struct Pair<'p> {
    /// Who calls.
    pub from: &'p Workload,
    /// Who is called.
    pub to: &'p Workload,
    /// On which ports; never empty.
    pub ports: Ports,
}

impl Policies {
    /// Every pair of workloads between which anything passes, in the order of the documents, callers first. Those in the node's network are
    /// left out: no policy speaks of them, so every pair with one of them would depend on the other's alone.
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
