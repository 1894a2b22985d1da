//! `cluster`: the versions and the node pools of the clusters of an environment.

use super::EnvironmentResolver;
use super::gpus::GOOGLE_TAINT;
use super::network::SubnetSpec;
use super::regions::RegionSpec;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::labels::SUBNET;
use crate::layers::Layer;
use crate::model::{Controller, Machine, Pool, Region};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::TaintEffect;
use crate::syntax::{Field, Map};
use crate::value::{Cidr, KubernetesVersion, Name, Quantity};
use std::collections::{BTreeMap, BTreeSet};

/// The oldest and the newest supported version of Kubernetes.
const VERSIONS: (KubernetesVersion, KubernetesVersion) = (KubernetesVersion::new(1, 33), KubernetesVersion::new(1, 37));

/// The machine of pools that the spec does not declare.
const MACHINE: &str = "m7i.xlarge";

/// The largest number of nodes in a zone of such a pool.
const MOST_PER_ZONE: u32 = 4;

/// The size of a node's disk in bytes.
const DISK: u64 = 100 << 30;

/// The shortest prefix of a range of name servers.
const NAME_SERVERS: u8 = 24;

impl EnvironmentResolver<'_> {
    pub(super) fn pools(&mut self, subnets: &[SubnetSpec], place: &RegionSpec) -> Vec<Pool> {
        let (spec, provider) = (self.spec, place.provider);
        let mut pools = Vec::new();
        if spec.cluster.at(|cluster| &cluster.pools).keys().next().is_none() && Layer::Cluster.providers().contains(&provider) {
            return subnets.iter().map(|subnet| self.default_pool(&subnet.name, place)).collect();
        }
        for (name, span, pool) in spec.cluster.at(|cluster| &cluster.pools).entries() {
            let machine = self.require(&pool.machine, "machine", span).cloned();
            let nodes = self.require(&pool.nodes, "nodes", span).copied();
            if let Some((disk, at)) = pool.disk.spanned() {
                self.has_unit("disk", disk, at);
            }
            let subnet = match pool.subnet.spanned() {
                Some((subnet, at)) if !subnets.iter().any(|known| known.name == *subnet) => {
                    self.unknown("subnet", subnet.as_str(), subnets.iter().map(|subnet| subnet.name.as_str()), at);
                    None
                }
                Some((subnet, _)) => Some(subnet.clone()),
                None if !pool.subnet.is_missing() => None,
                None => {
                    let default = subnets.iter().find(|subnet| subnet.default).map(|subnet| subnet.name.clone());
                    self.record(|| {
                        let subnet = default.as_ref().map(ToString::to_string).unwrap_or_default();
                        (format!("cluster.pools.{name}.subnet"), subnet, self.default_subnet())
                    });
                    default
                }
            };
            let taints = pool.taints.entries().map(|(key, _, taint)| {
                let effect = match taint.effect.get() {
                    Some(TaintEffect::NoExecute) => "NoExecute",
                    Some(TaintEffect::PreferNoSchedule) => "PreferNoSchedule",
                    _ => "NoSchedule",
                };
                (key.to_string(), taint.value.get().map(ToString::to_string).unwrap_or_default(), effect)
            });
            if let (Some(machine), Some(nodes), Some(subnet)) = (machine, nodes, subnet) {
                let capacity = self.machine(provider, &machine, pool.machine.span());
                let mut taints: Vec<_> = taints.collect();
                let (key, value, effect) = GOOGLE_TAINT;
                let is_tainted = || taints.iter().any(|(known, ..)| known == key);
                if provider == Provider::Google && capacity.as_ref().is_some_and(|machine| machine.gpus > 0) && !is_tainted() {
                    taints.push((key.to_owned(), value.to_owned(), effect));
                }
                self.record_capacity(name, capacity.as_ref());
                if let Some((disk, at)) = pool.disk.spanned() {
                    self.disk(disk, at, provider);
                }
                pools.push(Pool {
                    name: name.clone(),
                    subnet,
                    machine,
                    capacity,
                    nodes: (nodes.min(), nodes.max()),
                    labels: pool.labels.entries().map(|(key, _, value)| (key.to_string(), value.to_string())).collect(),
                    taints,
                    disk: pool.disk.get().cloned().unwrap_or_else(|| Quantity::from_bytes(DISK)),
                    spot: pool.spot.is_true(),
                    alternatives: Vec::new(),
                });
            }
        }
        pools
    }

    /// Whether a declared pool is absent from the region because of a fault, which is reported.
    pub(super) fn has_faulty_pools(&self, region: &Region) -> bool {
        let declared = self.spec.cluster.at(|cluster| &cluster.pools);
        let is_known = |name: &Name| region.cluster.pools.iter().any(|pool| pool.name == *name);
        matches!(declared, Field::Bad(_)) || declared.get().is_some_and(Map::is_broken) || !declared.keys().all(is_known)
    }

    /// The pool of a subnet, where the spec declares none: a node per zone at least.
    fn default_pool(&mut self, subnet: &Name, place: &RegionSpec) -> Pool {
        let zones = u32::try_from(place.zones.len()).unwrap_or(u32::MAX);
        let nodes = (zones, zones.saturating_mul(MOST_PER_ZONE));
        let disk = Quantity::from_bytes(DISK);
        for (key, value) in [("machine", MACHINE.to_owned()), ("nodes", format!("{}..{}", nodes.0, nodes.1)), ("disk", disk.canonical())] {
            self.record(|| {
                (format!("regions.{}.pools.{subnet}.{key}", place.name), value, "one pool per subnet: `cluster.pools` is empty")
            });
        }
        let capacity = self.machine(place.provider, MACHINE, None);
        Pool {
            name: subnet.clone(),
            subnet: subnet.clone(),
            machine: MACHINE.to_owned(),
            capacity,
            nodes,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            disk,
            spot: false,
            alternatives: Vec::new(),
        }
    }

    /// The capacity of a machine type: from `cloud.machines`, or from the facts of the provider. Reports unknown machine types.
    fn machine(&mut self, provider: Provider, name: &str, at: Option<Span>) -> Option<Machine> {
        if let Some(declared) = self.spec.cloud.at(|cloud| &cloud.machines).find(name) {
            let machine = declared.value.get()?;
            if let Some((cpu, at)) = machine.cpu.spanned() {
                self.is_processors(cpu, at);
            }
            let architecture = machine.arch.get().map(|one| one.name());
            let (cpu, memory, gpus) = (machine.cpu.get().cloned(), machine.memory.get().cloned(), machine.gpus.get().copied().unwrap_or(0));
            return Some(Machine { architecture, cpu, memory, gpus });
        }
        if !provider.is_cloud() {
            return None;
        }
        let Some(machine) = facts::machine(provider, name) else {
            let message = format!("`{name}` is not a machine type of {} that platgen knows", provider.name());
            let mut diagnostic = Diagnostic::new(Code::UnknownMachine, message);
            diagnostic.span = at;
            let otherwise = format!("declare the machine under `cloud.machines`: `{name}: {{arch: amd64, cpu: \"4\", memory: 16Gi}}`");
            self.tell(diagnostic.suggest(facts::nearest_machine(provider, name), otherwise));
            return None;
        };
        Some(Machine {
            architecture: Some(machine.architecture.name()),
            cpu: Some(Quantity::from_millis(u128::from(machine.cpus) * 1000)),
            memory: Some(Quantity::from_bytes(machine.memory << 20)),
            gpus: machine.gpus,
        })
    }

    /// The controllers of a region's cluster that call the cloud, where platgen makes the cluster: each has work there.
    pub(super) fn controllers(&self, region: &Region) -> BTreeSet<Controller> {
        if !Layer::Cluster.providers().contains(&region.provider) {
            return BTreeSet::new();
        }
        let mut all = BTreeSet::from([Controller::Disks, Controller::PodNetwork]);
        if region.workloads.values().any(|workload| workload.entrances().next().is_some()) {
            all.insert(Controller::LoadBalancers);
        }
        if !region.hosts().is_empty() {
            all.extend([Controller::CertManager, Controller::ExternalDns]);
        }
        if region.cluster.pools.iter().any(|pool| pool.nodes.0 < pool.nodes.1) {
            all.insert(Controller::Autoscaler);
        }
        self.record(|| {
            let accounts: Vec<String> =
                all.iter().map(|one| one.account()).map(|(namespace, name)| format!("{namespace}/{name}")).collect();
            (format!("regions.{}.controllers", region.name), accounts.join(", "), "the hosts and the pools of the region")
        });
        all
    }

    /// Records the capacity of a pool's nodes.
    fn record_capacity(&self, name: &Name, capacity: Option<&Machine>) {
        let at = format!("cluster.pools.{name}");
        if let Some(Machine { architecture, cpu, memory, gpus }) = capacity {
            let gpus = (*gpus > 0).then(|| gpus.to_string());
            let cpu = cpu.as_ref().map(Quantity::canonical);
            let memory = memory.as_ref().map(Quantity::canonical);
            for (key, value) in [("arch", architecture.map(str::to_owned)), ("cpu", cpu), ("memory", memory), ("gpus", gpus)] {
                if let Some(value) = value {
                    self.record(|| (format!("{at}.capacity.{key}"), value, format!("{at}.machine")));
                }
            }
        }
    }

    /// Records the taints of the nodes of a region.
    pub(super) fn record_taints(&self, region: &Region) {
        let declared = self.spec.cluster.at(|cluster| &cluster.pools);
        for pool in &region.cluster.pools {
            let spec = declared.value(pool.name.as_str());
            let at = if spec.is_some() {
                format!("cluster.pools.{}", pool.name)
            } else {
                format!("regions.{}.pools.{}", region.name, pool.name)
            };
            for (number, (key, value, effect)) in region.node_taints(pool).into_iter().enumerate() {
                self.record(|| {
                    let is_declared = spec.is_some_and(|pool| pool.taints.keys().any(|known| known.to_string() == key));
                    let from = match is_declared {
                        true => format!("{at}.taints"),
                        false if key == SUBNET => self.isolation(&value),
                        false => format!("{at}.machine"),
                    };
                    (format!("{at}.node_taints[{number}]"), format!("{key}={value}:{effect}"), from)
                });
            }
        }
    }

    /// The key of the spec that isolates a subnet.
    pub(super) fn isolation(&self, subnet: &str) -> String {
        let declared = self.spec.network.at(|network| &network.subnets).value(subnet);
        let isolated = declared.is_some_and(|subnet| subnet.isolated.is_true());
        format!("network.subnets.{subnet}.{}", if isolated { "isolated" } else { "egress" })
    }

    /// The ranges of `cluster.dns`. Reports a range that is larger than a name service.
    pub(super) fn name_servers(&mut self) -> Vec<Cidr> {
        let cidrs = self.spec.cluster.at(|cluster| &cluster.dns).at(|dns| &dns.cidrs);
        for (cidr, at) in cidrs.items().filter(|(cidr, _)| cidr.prefix() < NAME_SERVERS) {
            let message = format!("`{cidr}` has {} addresses: every pod may send data to port 53 of each", cidr.size());
            let help = "write the addresses of the name servers, such as `169.254.20.10/32`";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
        cidrs.values().copied().collect()
    }

    /// Why the clusters have no guard.
    pub(super) fn no_guard(&mut self) -> Option<String> {
        let (guard, at) = self.spec.cluster.at(|cluster| &cluster.guard).spanned()?;
        self.reason(&guard.none, "none", "a cluster without a guard", at)
    }

    /// Reports a version that platgen does not support or the provider does not offer.
    pub(super) fn version(&mut self, version: KubernetesVersion, at: Span, provider: Provider) {
        let (oldest, newest) = VERSIONS;
        if !is_rendered_for(version) {
            let message = format!("platgen renders for Kubernetes {oldest} to {newest}, not for {version}");
            let offered = facts::versions(provider).into_iter().rev().filter_map(|known| known.name.parse().ok());
            let latest = offered.filter(|known| (oldest..=newest).contains(known)).max().unwrap_or(newest);
            let nearest = if version < oldest { oldest } else { latest };
            self.tell(Diagnostic::new(Code::UnknownValue, message).at(at).help(format!("write one of them, such as `{nearest}`")));
        } else if provider.is_cloud() && facts::version(provider, &version.to_string()).is_none() {
            let known: Vec<&str> = facts::versions(provider).iter().map(|version| version.name).collect();
            let message = format!("{} is not known to offer Kubernetes {version}", provider.name());
            let offered = known.last().copied().unwrap_or_default();
            self.tell(Diagnostic::new(Code::UnofferedVersion, message).at(at).help(format!("the newest known version is {offered}")));
        }
    }
}

/// Whether platgen renders for a version of Kubernetes.
pub(super) fn is_rendered_for(version: KubernetesVersion) -> bool {
    let (oldest, newest) = VERSIONS;
    (oldest..=newest).contains(&version)
}
