//! The proxies of the Gateways: how many, and on which nodes.

use super::network::SubnetSpec;
use super::regions::RegionSpec;
use crate::labels::SUBNET;
use crate::model::{Pool, Proxies, Toleration};
use crate::provider::Provider;

/// The fewest and the most proxies of a protected environment. In many zones there is one for each zone, and twice as many under load.
const PROTECTED: (usize, usize) = (3, 12);
/// The fewest and the most proxies elsewhere: what survives the drain of a node.
const OTHER: (usize, usize) = (2, 4);

/// The proxies of a region. They run in the default subnet, and tolerate the taints of its nodes where no node is free of them.
pub(super) fn proxies(place: &RegionSpec, protected: bool, subnets: &[SubnetSpec], pools: &[Pool]) -> Proxies {
    let zones = place.zones.len();
    let (least, most) = if protected { (PROTECTED.0.max(zones), PROTECTED.1.max(2 * zones)) } else { OTHER };
    let subnet = subnets.iter().find(|subnet| subnet.default && place.provider.is_cloud());
    Proxies {
        subnet: subnet.map(|subnet| subnet.name.clone()),
        tolerations: tolerations(subnet, pools),
        least,
        most,
        // On AWS the API server then needs no webhook of the AWS Load Balancer Controller to hand the Service over; the other clouds make their load
        // balancers themselves.
        load_balancer_class: (place.provider == Provider::Aws).then_some("service.k8s.aws/nlb"),
        host_ports: Vec::new(),
    }
}

/// What pods of add-ons in a subnet tolerate: its isolation, and the taints of the pool that has the fewest.
pub(super) fn tolerations(subnet: Option<&SubnetSpec>, pools: &[Pool]) -> Vec<Toleration> {
    let isolation = subnet.filter(|subnet| subnet.isolated).map(|subnet| (SUBNET.to_owned(), subnet.name.to_string(), "NoSchedule"));
    let mut here: Vec<&Pool> = pools.iter().filter(|pool| subnet.is_some_and(|subnet| subnet.name == pool.subnet)).collect();
    here.sort_by_key(|pool| pool.taints.len());
    let of_pool = here.first().into_iter().flat_map(|pool| pool.taints.iter().cloned());
    isolation.into_iter().chain(of_pool).map(|(key, value, effect)| Toleration { key, value, effect }).collect()
}
