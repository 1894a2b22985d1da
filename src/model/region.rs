//! A region of an environment, and the names of what it has in the cloud.

use super::{
    Addon, AddonChart, Chart, Cluster, Engine, Entrance, Flow, Managed, Monitoring, Network, Peer, Pool, ROLE, SYSTEM_NAMESPACES,
    SharedVolume, Workload,
};
use crate::labels::{POOL, SUBNET, WORKLOAD};
use crate::provider::Provider;
use crate::value::{Cidr, Name, kept_start, truncate_with_hash};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// A region of an environment.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its name.
    pub name: Name,
    /// Its provider.
    pub provider: Provider,
    /// The full names of the zones in use.
    pub zones: Vec<String>,
    /// Its account, project or subscription.
    pub account: Option<String>,
    /// Whether no other environment uses the account in this region. If so, the network root sets the defaults of the account there.
    pub owns_account: bool,
    /// Whether it is the environment's primary.
    pub primary: bool,
    /// Its network. `None` if platgen does not create networks for the provider.
    pub network: Option<Network>,
    /// The ranges that are not the internet, sorted: private addresses, the platform's network and the company's.
    pub inside: Vec<Cidr>,
    /// Its cluster.
    pub cluster: Cluster,
    /// Workloads by `namespace/name`, in the order of the spec: apps, then stores, each with its restore test behind it.
    pub workloads: IndexMap<String, Workload>,
    /// Stores that services of the cloud run, by `namespace/name`, in the order of the spec.
    pub managed: IndexMap<String, Managed>,
    /// The hosts at which other regions of the environment answer as well. DNS has a record of each region for such a host, and answers with the nearest
    /// region whose load balancer is healthy. Empty outside of AWS.
    pub shared_hosts: BTreeSet<String>,
    /// The volumes that several workloads mount.
    pub volumes: Vec<SharedVolume>,
    /// The permitted flows, sorted.
    pub flows: Vec<Flow>,
    /// Its monitoring. `None` without the section `observability`, and on a desktop.
    pub monitoring: Option<Monitoring>,
    /// The charts that its files install, in the order of installation.
    pub charts: Vec<Chart>,
}

impl Region {
    /// The release of an add-on's chart. `None` where the add-on is not needed, or somebody else installs it.
    pub fn chart(&self, addon: AddonChart) -> Option<&Chart> {
        self.charts.iter().find(|chart| chart.addon == Some(addon))
    }

    /// The releases of charts in a namespace.
    pub fn charts_in<'r>(&'r self, namespace: &'r str) -> impl Iterator<Item = &'r Chart> {
        self.charts.iter().filter(move |chart| chart.namespace == namespace)
    }

    /// The programs of add-ons whose connections the files know: those of the charts that they install, and those of the monitoring.
    pub fn programs(&self) -> impl Iterator<Item = Addon> {
        let charts = self.charts.iter().filter_map(|chart| chart.addon).filter(|addon| *addon != AddonChart::Monitoring);
        let monitoring = self.is_monitored().then_some(AddonChart::Monitoring);
        charts.chain(monitoring).flat_map(AddonChart::programs).copied()
    }

    /// Whether the files have the policies of a program: it is in a namespace of the platform, and has addresses of its own.
    pub fn guards(&self, program: Addon) -> bool {
        let is_own = !SYSTEM_NAMESPACES.contains(&program.namespace()) && !program.is_on_nodes();
        is_own && self.programs().any(|one| one == program)
    }

    /// Whether an operator runs servers of the engine here.
    pub fn operates(&self, engine: Engine) -> bool {
        self.workloads.values().any(|workload| workload.store == Some(engine) && workload.operated().is_some())
    }

    /// Whether requests go through a Gateway, whose proxies count them.
    pub fn counts_requests(&self) -> bool {
        self.workloads.values().any(|workload| workload.exposures.iter().any(|exposure| exposure.entrance == Entrance::Http))
    }

    /// The apps and stores of the spec: every workload but restore tests, proxies of stores, and jobs that make users.
    pub fn entries(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.values().filter(|workload| workload.test_of.is_none() && workload.users_of.is_none() && !workload.is_proxy())
    }

    /// The hosts at which the region answers, those that only redirect among them. Connections over TCP have none.
    pub fn hosts(&self) -> BTreeSet<&str> {
        let exposed = self.workloads.values().flat_map(|workload| &workload.exposures).map(|exposure| &exposure.host);
        let redirected = self.workloads.values().flat_map(|workload| &workload.redirects).map(|redirect| &redirect.host);
        exposed.chain(redirected).map(String::as_str).filter(|host| !host.is_empty()).collect()
    }

    /// The labels of a pool's nodes: those of the pool, and the names of pool and subnet.
    pub fn node_labels(&self, pool: &Pool) -> BTreeMap<String, String> {
        let own = [(POOL.to_owned(), pool.name.to_string()), (SUBNET.to_owned(), pool.subnet.to_string())];
        pool.labels.clone().into_iter().chain(own).collect()
    }

    /// The taints of a pool's nodes: those of the pool, and that of an isolated subnet.
    pub fn node_taints(&self, pool: &Pool) -> Vec<(String, String, &'static str)> {
        let mut subnets = self.network.iter().flat_map(|network| &network.subnets);
        let isolated = subnets.any(|subnet| subnet.name == pool.subnet && subnet.isolated);
        let isolation = isolated.then(|| (SUBNET.to_owned(), pool.subnet.to_string(), "NoSchedule"));
        pool.taints.iter().cloned().chain(isolation).collect()
    }

    /// The workload at an end of a flow. `None` if the end is not a workload of this region.
    pub fn workload_of(&self, peer: &Peer) -> Option<&Workload> {
        let Peer::Workload { namespace, name, .. } = peer else { return None };
        self.workloads.get(&format!("{namespace}/{name}"))
    }

    /// Key and value of the label by which policies select the pods of a workload. One that is not rendered has its labels all the same.
    pub fn pods_of<'p>(&'p self, peer: &Peer, name: &'p str) -> (&'static str, &'p str) {
        self.workload_of(peer).map_or((WORKLOAD, name), Workload::pods)
    }

    /// The workload that answers at an end of a flow: the workload itself, or the app behind a public address. `None` if neither is in this region.
    pub fn answering(&self, peer: &Peer) -> Option<&Workload> {
        match peer {
            Peer::Outside { app: Some(app), .. } => self.workloads.get(app),
            _ => self.workload_of(peer),
        }
    }

    /// The address ranges of the nodes of a workload or an add-on in the host network, which network policies can't select by labels. `None` for pods with
    /// addresses of their own, and for a workload if the node ranges are not known. Add-ons may then be in every private range.
    pub fn node_ranges(&self, peer: &Peer) -> Option<Vec<Cidr>> {
        if let Peer::Addon(addon) = peer {
            let nodes =
                || self.network.as_ref().map(|network| network.subnets.iter().flat_map(|subnet| &subnet.ranges).map(|range| range.cidr));
            return addon.is_on_nodes().then(|| nodes().map_or_else(|| self.inside.clone(), Iterator::collect));
        }
        let workload = self.workload_of(peer).filter(|workload| workload.host_network)?;
        let subnets = self.network.as_ref()?.subnets.iter().filter(|subnet| workload.placement.subnets.contains(&subnet.name));
        let ranges: Vec<Cidr> = subnets.flat_map(|subnet| &subnet.ranges).map(|range| range.cidr).collect();
        // A rule without a peer would allow everybody.
        (!ranges.is_empty()).then_some(ranges)
    }

    /// The IAM role on AWS of the cluster for a purpose, at most [`ROLE`] characters.
    pub fn role(&self, purpose: &str) -> String {
        truncate_with_hash(&format!("{}-{purpose}", self.cluster.name), ROLE)
    }

    /// What the names of all IAM roles on AWS of the region start with: those of [`Region::role`] and others that start with the cluster's name.
    pub fn role_prefix(&self) -> &str {
        kept_start(&self.cluster.name, ROLE)
    }

    /// The IAM role on AWS of the service account of a workload, at most [`ROLE`] characters. No name has a dot: with hyphens, `a/b-c` and `a-b/c` would
    /// have one role.
    pub fn account_role(&self, workload: &Workload) -> String {
        truncate_with_hash(&format!("{}.{}.{}", self.cluster.name, workload.namespace, workload.name), ROLE)
    }

    /// The IAM role on AWS that administers the cluster.
    pub fn administrator_role(&self) -> String {
        self.role("administrator")
    }

    /// The IAM role on AWS that reads the secrets of a namespace. The service account of the namespace's SecretStore assumes it.
    pub fn secrets_role(&self, namespace: &str) -> String {
        self.role(&format!("secrets-{namespace}"))
    }

    /// The name of the key vault of the region on Azure, at most 24 characters.
    pub fn key_vault(&self) -> String {
        truncate_with_hash(&self.cluster.name, 24)
    }
}
