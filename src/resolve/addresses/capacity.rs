//! How many nodes and pods fit into a range, by the rules of each cloud.
//!
//! AWS (custom networking with prefix delegation): a node takes one address of its subnet, and /28 prefixes of its zone's pod range for its pods plus
//! one kept warm. Google: a node takes a block of at least twice its maximum of pods from its subnet's pod range. Azure (overlay): a node takes a /24 of
//! the pod range whatever its maximum.

use crate::provider::Provider;
use crate::value::Cidr;

/// What node pools at their maximum ask of one subnet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Demand {
    /// Whose rules hold.
    pub provider: Provider,
    /// The most nodes at any time in this subnet (on AWS: in this zone's part), those of a rolling upgrade included.
    pub nodes: u32,
    /// The most nodes at any time that share the pod range, this subnet's included.
    pub nodes_on_pods: u32,
    /// The most pods on a node.
    pub max_pods: u32,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shortage {
    /// The subnet has too few addresses for the nodes.
    Nodes {
        /// The subnet.
        range: Cidr,
        /// How many nodes it holds.
        room: u64,
        /// How many there may be.
        wanted: u32,
    },
    /// The pod range has room for the pods of too few nodes.
    Pods {
        /// The pod range.
        range: Cidr,
        /// How many nodes' pods it holds.
        room: u64,
        /// How many nodes there may be.
        wanted: u32,
    },
}

impl Shortage {
    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Shortage::Nodes { range, room, wanted } => {
                format!("the subnet `{range}` has addresses for {room} nodes, but its pools may have {wanted}")
            }
            Shortage::Pods { range, room, wanted } => {
                format!("the pod range `{range}` serves {room} nodes, but the pools on it may have {wanted}")
            }
        }
    }

    /// The edit that would mend it.
    pub fn help(&self) -> String {
        match self {
            Shortage::Nodes { room, .. } => {
                format!("lower the maximum of `nodes` to {room} in all, upgrades included, or move a pool to another subnet")
            }
            Shortage::Pods { room, .. } => {
                format!("lower the maximum of `nodes` to {room} in all, upgrades included, or the pods per node")
            }
        }
    }
}

/// Whether nodes and pods fit: `subnet` and `pods` are the ranges the nodes take from (on AWS, of one zone).
pub fn fits(demand: &Demand, subnet: Cidr, pods: Cidr) -> Result<(), Shortage> {
    let room = node_capacity(demand.provider, subnet);
    if room < u64::from(demand.nodes) {
        return Err(Shortage::Nodes { range: subnet, room, wanted: demand.nodes });
    }
    let room = pod_capacity(demand.provider, pods, demand.max_pods);
    if room < u64::from(demand.nodes_on_pods) {
        return Err(Shortage::Pods { range: pods, room, wanted: demand.nodes_on_pods });
    }
    Ok(())
}

/// Addresses of a subnet that are ours: AWS and Azure keep five, Google four.
pub fn usable(provider: Provider, subnet: Cidr) -> u64 {
    let kept = match provider {
        Provider::Aws | Provider::Azure => 5,
        Provider::Google => 4,
        Provider::Kind | Provider::Existing => 0,
    };
    subnet.size().saturating_sub(kept)
}

/// How many nodes a subnet has addresses for.
pub fn node_capacity(provider: Provider, subnet: Cidr) -> u64 {
    usable(provider, subnet)
}

/// How many nodes a pod range serves when each may have this many pods.
pub fn pod_capacity(provider: Provider, pods: Cidr, max_pods: u32) -> u64 {
    let max_pods = u64::from(max_pods.max(1));
    match provider {
        // The first and the last /28 hold the addresses that AWS keeps, so they are no prefixes.
        Provider::Aws => (pods.size() / 16).saturating_sub(2) / (max_pods.div_ceil(16) + 1),
        Provider::Google => pods.size() / (2 * max_pods).next_power_of_two(),
        _ => pods.size() / 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_clouds_own_figures() {
        let capacity = |provider, pods: &str, max| pod_capacity(provider, pods.parse().unwrap(), max);
        assert_eq!(capacity(Provider::Aws, "100.64.0.0/18", 110), 127);
        assert_eq!(capacity(Provider::Aws, "10.0.0.0/20", 110), 31);
        assert_eq!(capacity(Provider::Google, "100.64.0.0/14", 110), 1024);
        assert_eq!(capacity(Provider::Google, "100.64.0.0/16", 110), 256);
        assert_eq!(capacity(Provider::Google, "100.64.0.0/16", 32), 1024);
        assert_eq!(capacity(Provider::Google, "100.64.0.0/24", 8), 16);
        assert_eq!(capacity(Provider::Azure, "100.64.0.0/16", 30), 256);
        assert_eq!(usable(Provider::Aws, "10.0.0.0/24".parse().unwrap()), 251);
        assert_eq!(usable(Provider::Google, "10.0.0.0/24".parse().unwrap()), 252);
    }

    #[test]
    fn names_what_is_short() {
        let demand = Demand { provider: Provider::Aws, nodes: 60, nodes_on_pods: 130, max_pods: 110 };
        let (small, large, pods): (Cidr, Cidr, Cidr) =
            ("10.0.0.0/26".parse().unwrap(), "10.0.0.0/22".parse().unwrap(), "100.64.0.0/18".parse().unwrap());
        assert_eq!(
            fits(&demand, small, pods).unwrap_err().message(),
            "the subnet `10.0.0.0/26` has addresses for 59 nodes, but its pools may have 60"
        );
        assert_eq!(
            fits(&demand, large, pods).unwrap_err().message(),
            "the pod range `100.64.0.0/18` serves 127 nodes, but the pools on it may have 130"
        );
        assert_eq!(fits(&Demand { nodes_on_pods: 127, ..demand }, large, pods), Ok(()));
    }
}
