//! The cluster of a region: node pools, proxies of the Gateways and storage.

use super::{Controller, HostPort, Mirror, Placement, Region, Toleration};
use crate::source::Span;
use crate::value::{Cidr, KubernetesVersion, Name, PolicyEngine, Quantity, SecretPath, Url};
use std::collections::{BTreeMap, BTreeSet};

/// The cluster of a region.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// `<platform>-<environment>-<region>`.
    pub name: String,
    /// Its version.
    pub version: KubernetesVersion,
    /// The engine that enforces network policies.
    pub policy_engine: PolicyEngine,
    /// The secret with the passwords of the registries of images. `None`: images are pulled without a password.
    pub registry_secret: Option<SecretPath>,
    /// The registry of copies from which its nodes pull. `None`: they pull from the registries of the spec.
    pub mirror: Option<Mirror>,
    /// The ranges of name servers beside the DNS service of the cluster.
    pub name_servers: Vec<Cidr>,
    /// The certificate authority of its Gateways. `None`: somebody else makes the Secrets with their certificates.
    pub issuer: Option<Issuer>,
    /// Node pools.
    pub pools: Vec<Pool>,
    /// The private ranges from which people reach the API server.
    pub admin_cidrs: Vec<Cidr>,
    /// Retention of the control plane's logs in days.
    pub log_days: u32,
    /// The controllers that call the API of the cloud. Empty where platgen gives no rights in the cloud.
    pub controllers: BTreeSet<Controller>,
    /// The proxies of its Gateways.
    pub proxies: Proxies,
    /// The storage classes that the spec declares.
    pub storage: Vec<StorageClass>,
    /// The names of storage classes that the cluster has beside these.
    pub existing_classes: BTreeSet<String>,
}

/// A certificate authority that speaks ACME.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The URL of its directory.
    pub server: Url,
    /// The address that it writes to.
    pub email: String,
}

/// The proxies of the Gateways of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// The subnet of their nodes. `None` if platgen does not create the networks of the provider.
    pub subnet: Option<Name>,
    /// The taints that they tolerate.
    pub tolerations: Vec<Toleration>,
    /// The fewest proxies of a Gateway.
    pub least: usize,
    /// The most proxies of a Gateway.
    pub most: usize,
    /// The class of the controller that makes the load balancers; the cluster's own without one.
    pub load_balancer_class: Option<&'static str>,
    /// The ports of a laptop that lead to them. Empty where load balancers do.
    pub host_ports: Vec<HostPort>,
}

/// A storage class. Its volumes are made in the zone of their pod and kept when their claim is deleted.
#[derive(Clone, Debug)]
pub struct StorageClass {
    /// Its name in the cluster.
    pub name: String,
    /// The driver that makes the volumes.
    pub provisioner: &'static str,
    /// Parameters of the driver.
    pub parameters: BTreeMap<String, String>,
    /// Whether the driver can make volumes larger.
    pub expandable: bool,
    /// What happens to a volume when its claim is deleted, as in Kubernetes.
    pub reclaim_policy: &'static str,
}

/// A volume that several workloads mount at the same time.
#[derive(Clone, Debug)]
pub struct SharedVolume {
    /// The span of its name in the spec.
    pub span: Span,
    /// Its name, unique in its namespace, and that of its claim.
    pub name: Name,
    /// Its namespace.
    pub namespace: Name,
    /// Its size.
    pub size: Quantity,
    /// Its storage class.
    pub class: String,
    /// Which nodes mount it at the same time: an access mode of Kubernetes.
    pub access: &'static str,
    /// The reason for having no backups.
    pub no_backup: Option<String>,
}

/// A node pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its name.
    pub name: Name,
    /// The subnet of its nodes.
    pub subnet: Name,
    /// The machine type.
    pub machine: String,
    /// The capacity of a machine, if known.
    pub capacity: Option<Machine>,
    /// The minimum and maximum number of nodes in the region.
    pub nodes: (u32, u32),
    /// Labels on its nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of its nodes: key, value, and effect as in Kubernetes.
    pub taints: Vec<(String, String, &'static str)>,
    /// The size of a node's disk.
    pub disk: Quantity,
    /// Whether the nodes are Spot instances, which AWS takes back at short notice.
    pub spot: bool,
    /// The machine types that a Spot node may have instead, of the same size as `machine`: one type alone runs out.
    pub alternatives: Vec<&'static str>,
}

impl Pool {
    /// The machine types that its nodes may have, the one that the spec names first.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.machine.as_str()).chain(self.alternatives.iter().copied())
    }

    /// The minimum and maximum number of its nodes in the zone of this place among the zones of the region. The nodes of a region are split evenly; the first
    /// zones have those that are left over.
    pub fn nodes_in(&self, zone: usize, zones: usize) -> (u32, u32) {
        let zones = u32::try_from(zones).unwrap_or(u32::MAX).max(1);
        let share = |nodes: u32| nodes / zones + u32::from(u32::try_from(zone).is_ok_and(|zone| zone < nodes % zones));
        (share(self.nodes.0), share(self.nodes.1))
    }
}

impl Region {
    /// The zones whose nodes may run pods of a placement, by their place among the zones of the region; all of them where the nodes are not part of the spec.
    pub fn zones_of(&self, placement: &Placement) -> Vec<usize> {
        let (pools, zones) = (&self.cluster.pools, self.zones.len());
        let has_nodes = |at: &usize| pools.iter().any(|pool| placement.admits(pool) && pool.nodes_in(*at, zones).1 > 0);
        (0..zones).filter(|at| pools.is_empty() || has_nodes(at)).collect()
    }
}

/// When an environment has no nodes.
#[derive(Clone, Debug)]
pub struct Night {
    /// When all nodes end: minute, hour and days of the week, in figures.
    pub stop: String,
    /// When each pool has its minimum of nodes again.
    pub start: String,
    /// The time zone of both.
    pub timezone: String,
}

/// The capacity of a machine type, including what the node reserves for the system.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The architecture, as in Kubernetes.
    pub architecture: Option<&'static str>,
    /// Its processors.
    pub cpu: Option<Quantity>,
    /// Its memory.
    pub memory: Option<Quantity>,
    /// Its GPUs of NVIDIA.
    pub gpus: u32,
}
