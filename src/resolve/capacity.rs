//! Capacity: whether a node pool fits each workload by subnet, taints, architecture and machine size, and whether quotas hold the workloads.
//!
//! Reports only certain failures: unknown machines and clusters without declared pools are not judged, and system reservations are not counted.

use super::EnvironmentResolver;
use super::names::{Entry, EntrySpec};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Container, Kind, Machine, Platform, Pool, Region, Toleration, Volume, Workload};
use crate::source::Span;
use crate::value::{Name, Quantity};

/// The default CPU request of the LimitRange, in thousandths of a processor.
const DEFAULT_CPU: u128 = 100;
/// The default memory request and limit of the LimitRange, in bytes.
const DEFAULT_MEMORY: u64 = 128 << 20;

impl EnvironmentResolver<'_> {
    /// Reports a workload that fits no node pool. DaemonSets are not judged.
    pub(super) fn capacity(&mut self, entry: &Entry, workload: &Workload, region: &Region) {
        if region.cluster.pools.is_empty() || matches!(workload.kind, Kind::DaemonSet) {
            return;
        }
        let (subnet, arch, resources) = match &entry.spec {
            EntrySpec::App(app) => (app.subnet.span(), app.arch.span(), app.resources.span()),
            EntrySpec::Store(store) => (store.subnet.span(), None, store.resources.span()),
            EntrySpec::External { .. } | EntrySpec::Other => return,
        };
        let place = &workload.placement;
        let mut pools: Vec<&Pool> = region.cluster.pools.iter().filter(|pool| place.subnets.contains(&pool.subnet)).collect();
        if let Some(chosen) = &place.pool {
            pools.retain(|pool| pool.name == *chosen);
        }
        let name = entry.display();
        let mut tell = |message: String, at: Option<Span>, help: String| {
            self.tell(Diagnostic::new(Code::NoRoom, message).at(at.unwrap_or(entry.key)).help(help));
        };
        let home = place.subnets.iter().map(Name::as_str).collect::<Vec<_>>().join("` or `");
        if pools.is_empty() {
            let message = format!("`{name}` runs in the subnet `{home}`, which has no node pool");
            tell(message, subnet, format!("add a pool with `subnet: {home}` under `cluster.pools`"));
            return;
        }
        let tolerated = |(key, value, effect): &(String, String, &str)| {
            let same = |one: &Toleration| (&one.key, &one.value, one.effect) == (key, value, *effect);
            *effect == "PreferNoSchedule" || place.tolerations.iter().any(same)
        };
        if !pools.iter().any(|pool| pool.taints.iter().all(tolerated)) {
            let message = format!("every pool in the subnet `{home}` has a taint that `{name}` does not tolerate");
            tell(message, subnet, "name one of them under `pool`: pods tolerate the taints of that pool".to_owned());
            return;
        }
        pools.retain(|pool| pool.taints.iter().all(tolerated));
        let fits = |pool: &&Pool| {
            let known = pool.capacity.as_ref().and_then(|machine| machine.architecture);
            place.architectures.is_empty() || known.is_none_or(|known| place.architectures.contains(&known))
        };
        if !pools.iter().any(fits) {
            let wanted = place.architectures.join("` or `");
            let message = format!("`{name}` needs machines of the architecture `{wanted}`, which none of its pools has");
            let have: Vec<String> = pools.iter().map(|pool| format!("`{}`", pool.machine)).collect();
            tell(message, arch, format!("its pools have {}: correct `arch`, or add a pool", have.join(", ")));
            return;
        }
        pools.retain(fits);
        let (cpu, memory) = request(workload);
        // One pool that may be large enough suffices; otherwise the finding names the largest machine.
        let mut largest: Option<(u64, &str, String)> = None;
        for pool in pools {
            let Some(Machine { cpu: Some(cpus), memory: Some(bytes), .. }) = &pool.capacity else { return };
            if cpu <= cpus.millis() && memory <= bytes.bytes() {
                return;
            }
            if largest.as_ref().is_none_or(|(most, ..)| *most < bytes.bytes()) {
                let has = format!("{} processors and {}", cpus.canonical(), bytes.canonical());
                largest = Some((bytes.bytes(), &pool.machine, has));
            }
        }
        if let Some((_, machine, has)) = largest {
            let asks = format!("{} processors and {}", Quantity::from_millis(cpu).canonical(), Quantity::from_bytes(memory).canonical());
            let message = format!("a pod of `{name}` requests {asks}, and `{machine}`, the largest machine of its pools, has {has}");
            tell(message, resources, "request less, or add a pool of larger machines".to_owned());
        }
    }

    /// Reports quotas that are smaller than the minimum of the namespace's workloads in a region.
    pub(super) fn quotas(&mut self, platform: &Platform, region: &Region) {
        let spec = self.spec;
        for (name, _, declared) in spec.namespaces.entries() {
            let (Some(quota), Some(said)) = (platform.namespaces.get(name.as_str()).map(|known| &known.quota), declared.quota.get()) else {
                continue;
            };
            let mut need = Demand::default();
            for workload in region.workloads.values().filter(|workload| workload.namespace == *name) {
                need.add(workload);
            }
            let bytes = |quantity: &Quantity| u128::from(quantity.bytes());
            let kinds = [
                ("processors", &quota.cpu, said.cpu.span(), need.cpu, Quantity::millis as fn(&Quantity) -> u128),
                ("of memory limits", &quota.memory, said.memory.span(), need.memory, bytes as fn(&Quantity) -> u128),
                ("of volumes", &quota.storage, said.storage.span(), need.storage, bytes),
            ];
            for (what, quota, at, need, measure) in kinds {
                let (Some(quota), Some(at)) = (quota, at) else { continue };
                if measure(quota) < need {
                    let amount = match what {
                        "processors" => Quantity::from_millis(need),
                        _ => Quantity::from_bytes(u64::try_from(need).unwrap_or(u64::MAX)),
                    };
                    let message = format!(
                        "the entries of `{name}` take {} {what} at their minimum, and the quota is {}",
                        amount.canonical(),
                        quota.canonical()
                    );
                    self.tell(
                        Diagnostic::new(Code::QuotaExceeded, message)
                            .at(at)
                            .help("raise the quota, with room for rollouts and jobs, or lower `replicas` or `resources`"),
                    );
                }
            }
        }
    }
}

/// The resources of a namespace's workloads at their minimum replicas, without jobs.
#[derive(Default)]
struct Demand {
    /// Thousandths of a processor.
    cpu: u128,
    /// Bytes.
    memory: u128,
    /// Bytes.
    storage: u128,
}

impl Demand {
    fn add(&mut self, workload: &Workload) {
        if !matches!(workload.kind, Kind::Deployment | Kind::StatefulSet) {
            return;
        }
        let count = u128::from(workload.replicas.0);
        for container in std::iter::once(&workload.main).chain(&workload.sidecars) {
            let limit = container.memory.as_ref().map_or(DEFAULT_MEMORY, |(_, limit)| limit.bytes());
            self.cpu += cpu(container) * count;
            self.memory += u128::from(limit) * count;
        }
        for volume in &workload.volumes {
            if let Volume::Claim { size, .. } = volume {
                self.storage += u128::from(size.bytes()) * count;
            }
        }
    }
}

fn cpu(container: &Container) -> u128 {
    container.cpu.as_ref().map_or(DEFAULT_CPU, |(request, _)| request.millis())
}

/// The requests of one pod: sidecars plus the larger of the main container and the largest init container.
fn request(workload: &Workload) -> (u128, u64) {
    let memory = |container: &Container| container.memory.as_ref().map_or(DEFAULT_MEMORY, |(request, _)| request.bytes());
    let beside = |others: &[Container]| (others.iter().map(cpu).sum::<u128>(), others.iter().map(memory).fold(0u64, u64::saturating_add));
    let (sidecars_cpu, sidecars_memory) = beside(&workload.sidecars);
    let alone = std::iter::once(&workload.main).chain(&workload.init);
    let most = alone.map(|one| (cpu(one), memory(one))).fold((0, 0), |most, one| (most.0.max(one.0), most.1.max(one.1)));
    (most.0 + sidecars_cpu, most.1.saturating_add(sidecars_memory))
}
