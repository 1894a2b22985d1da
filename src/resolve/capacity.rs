//! Capacity: whether a node pool fits each workload by subnet, taints, architecture and machine size, and whether quotas hold the workloads.
//!
//! Reports only certain failures: unknown machines and clusters without declared pools are not judged, and system reservations are not counted.

use super::EnvironmentResolver;
use super::access::{DEFAULT_CPU, DEFAULT_MEMORY};
use super::names::{Entry, EntrySpec};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::layers::Layer;
use crate::model::{Container, Kind, Machine, Platform, Pool, Region, Volume, Workload};
use crate::source::Span;
use crate::value::{Name, Quantity};

/// One amount of a quota: unit, quota, span, demand of the namespace, and the function that measures both.
type Amount<'q> = (&'static str, &'q Option<Quantity>, Option<Span>, u128, fn(&Quantity) -> u128);

/// The taint that the add-ons of EKS tolerate: of nodes for add-ons alone.
const ADDONS_ONLY: &str = "CriticalAddonsOnly";

impl EnvironmentResolver<'_> {
    /// Reports a cluster without nodes for add-ons. The pods of CoreDNS would stay pending, Terraform would wait for them until it gives up, and no
    /// autoscaler helps: its own pods need the names of the cluster.
    pub(super) fn addon_nodes(&mut self, region: &Region) {
        let pools = &region.cluster.pools;
        if pools.is_empty() || !Layer::Cluster.providers().contains(&region.provider) || self.has_faulty_pools(region) {
            return;
        }
        let tolerated = |(key, _, effect): &(String, String, &str)| *effect == "PreferNoSchedule" || key == ADDONS_ONLY;
        let open: Vec<&Pool> = pools.iter().filter(|pool| region.node_taints(pool).iter().all(tolerated)).collect();
        if open.iter().any(|pool| pool.nodes.0 > 0) {
            return;
        }
        let section = &self.spec.cluster.at(|cluster| &cluster.pools);
        let (cause, at, help) = match open.first() {
            Some(first) => {
                let names = open.iter().map(|pool| format!("`{}`", pool.name)).collect::<Vec<_>>().join(" and ");
                let at = section.value(first.name.as_str()).and_then(|pool| pool.nodes.span());
                (
                    format!("the minimum of `nodes` of {names} is 0"),
                    at,
                    format!("raise `nodes` of `{}`, such as to `2..{}`", first.name, first.nodes.1.max(2)),
                )
            }
            None => {
                let at = section.span().or(self.spec.network.at(|network| &network.subnets).span());
                let help = "add a pool without `taints` in a subnet that is not isolated and has a route to the internet";
                ("all nodes have taints".to_owned(), at, help.to_owned())
            }
        };
        let mut diagnostic = Diagnostic::new(Code::NoRoom, format!("no node pool takes the pods of add-ons such as CoreDNS: {cause}"));
        diagnostic.span = at;
        self.tell(diagnostic.help(help));
    }

    /// Reports a workload that fits no node pool. DaemonSets are not judged, and no workload is where a pool has a fault.
    pub(super) fn capacity(&mut self, entry: &Entry, workload: &Workload, region: &Region) {
        if region.cluster.pools.is_empty() || matches!(workload.kind, Kind::DaemonSet) || self.has_faulty_pools(region) {
            return;
        }
        let (subnet, arch, resources, chooses_pool) = match &entry.spec {
            EntrySpec::App(app) => (app.subnet.span(), app.arch.span(), app.resources.span(), true),
            EntrySpec::Store(store) => (store.subnet.span(), None, store.resources.span(), false),
            EntrySpec::External | EntrySpec::Other => return,
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
            let message = format!("there is no node pool in the subnet `{home}`, where `{name}` runs");
            tell(message, subnet, format!("add a pool with `subnet: {home}` under `cluster.pools`"));
            return;
        }
        if !pools.iter().any(|pool| place.tolerates(pool)) {
            let message = format!("every pool in the subnet `{home}` has a taint that `{name}` does not tolerate");
            let help = match chooses_pool {
                true => "name one of them under `pool`: pods tolerate the taints of that pool".to_owned(),
                false => format!("choose another subnet under `subnet`, or add a pool without taints to `{home}`"),
            };
            tell(message, subnet, help);
            return;
        }
        pools.retain(|pool| place.tolerates(pool));
        if !pools.iter().any(|pool| place.runs_on(pool)) {
            let wanted = place.architectures.join("` or `");
            let message = format!("`{name}` needs machines of the architecture `{wanted}`, which none of its pools has");
            let have: Vec<String> = pools.iter().map(|pool| format!("`{}`", pool.machine)).collect();
            tell(message, arch, format!("its pools have {}: correct `arch`, or add a pool", have.join(", ")));
            return;
        }
        pools.retain(|pool| place.runs_on(pool));
        if pools.iter().all(|pool| pool.nodes.1 == 0) {
            let names = pools.iter().map(|pool| format!("`{}`", pool.name)).collect::<Vec<_>>().join(", ");
            let message = format!("`{name}` has no node to run on: the maximum of `nodes` is 0 in each of its pools: {names}");
            tell(message, None, format!("raise `nodes` of {names}"));
            return;
        }
        pools.retain(|pool| pool.nodes.1 > 0);
        let gpus = workload.of_pod(|container| u128::from(container.gpus));
        let most = pools.iter().map(|pool| pool.capacity.as_ref().map(|machine| u128::from(machine.gpus)));
        // An unknown machine may have GPUs.
        let most = most.max_by_key(|gpus| gpus.unwrap_or(u128::MAX)).flatten();
        if let Some(most) = most.filter(|most| *most < gpus) {
            let has = if most == 0 {
                "no machine of its pools has one".to_owned()
            } else {
                format!("the machines of its pools have at most {most}")
            };
            let message = format!("a pod of `{name}` asks for {gpus} of the GPUs of a node, and {has}");
            let machine = u32::try_from(gpus).ok().and_then(|gpus| facts::machine_with_gpus(region.provider, gpus));
            let such = machine.map_or_else(String::new, |machine| format!(", such as `machine: {machine}`"));
            let help = match chooses_pool {
                true => format!("name a pool of machines with GPUs under `pool`, or add one{such}"),
                false => format!("choose the subnet of a pool of machines with GPUs under `subnet`, or add one to `{home}`{such}"),
            };
            tell(message, resources, help);
            return;
        }
        pools.retain(|pool| gpus == 0 || pool.capacity.as_ref().is_none_or(|machine| u128::from(machine.gpus) >= gpus));
        let (cpu, memory) = (workload.of_pod(cpu), workload.of_pod(memory));
        let (mut room, mut largest): (u128, Option<(u128, &str, String)>) = (0, None);
        for pool in pools {
            // An unknown machine is not judged.
            let Some(Machine { cpu: Some(cpus), memory: Some(memories), .. }) = &pool.capacity else { return };
            let fits = |has: u128, asks: u128| has.checked_div(asks).unwrap_or(u128::from(u32::MAX));
            let by_gpus = fits(pool.capacity.as_ref().map_or(0, |machine| u128::from(machine.gpus)), gpus);
            let pods = fits(cpus.millis(), cpu).min(fits(bytes(memories), memory)).min(by_gpus);
            room += pods * u128::from(pool.nodes.1);
            if largest.as_ref().is_none_or(|(most, ..)| *most < bytes(memories)) {
                let has = format!("{} processors and {}", cpus.canonical(), memories.canonical());
                largest = Some((bytes(memories), &pool.machine, has));
            }
        }
        let asks = |count: u128| {
            let memory = u64::try_from(memory * count).unwrap_or(u64::MAX);
            format!("{} processors and {}", Quantity::from_millis(cpu * count).canonical(), Quantity::from_bytes(memory).canonical())
        };
        let fewest = u128::from(workload.replicas.0);
        match largest {
            Some((_, machine, has)) if room == 0 => {
                let asks = asks(1);
                let message = format!("a pod of `{name}` requests {asks}, and `{machine}`, the largest machine of its pools, has {has}");
                let larger = facts::larger_machine(region.provider, machine, cpu, memory);
                let such = larger.map_or_else(String::new, |machine| format!(", such as `machine: {machine}`"));
                tell(message, resources, format!("request less, or add a pool of larger machines{such}"));
            }
            Some(_) if room < fewest => {
                let message =
                    format!("{fewest} pods of `{name}` request {}, but its pools hold only {room} of them at their maximum", asks(fewest));
                tell(message, resources, "raise `nodes` of a pool, or lower `replicas` or `resources`".to_owned());
            }
            _ => {}
        }
    }

    /// Reports quotas that are smaller than the demand of the namespace in a region: autoscalers at their maximum, and the extra pod of a rollout or job.
    pub(super) fn quotas(&mut self, platform: &Platform, region: &Region) {
        let spec = self.spec;
        for (name, _, declared) in spec.namespaces.entries() {
            let (Some(quota), Some(said)) = (platform.namespaces.get(name.as_str()).map(|known| &known.quota), declared.quota.get()) else {
                continue;
            };
            let workloads: Vec<&Workload> = region.workloads.values().filter(|workload| workload.namespace == *name).collect();
            let shared = region.volumes.iter().filter(|volume| volume.namespace == *name).map(|volume| bytes(&volume.size));
            let stored = workloads.iter().map(|workload| storage(workload)).chain(shared).sum();
            let kinds: [Amount; 3] = [
                ("processors", &quota.cpu, said.cpu.span(), most(&workloads, cpu), Quantity::millis),
                ("of memory", &quota.memory, said.memory.span(), most(&workloads, memory_limit), bytes),
                ("of volumes", &quota.storage, said.storage.span(), stored, bytes),
            ];
            for (what, quota, at, need, measure) in kinds {
                let (Some(quota), Some(at)) = (quota, at) else { continue };
                if measure(quota) < need {
                    let amount = match what {
                        "processors" => Quantity::from_millis(need),
                        _ => Quantity::from_bytes(u64::try_from(need).unwrap_or(u64::MAX)),
                    };
                    let message = format!("`{name}` needs up to {} {what}, and its quota is {}", amount.canonical(), quota.canonical());
                    let help = "raise the quota, or lower `replicas` or `resources`: the demand includes autoscalers at their maximum and the extra pod of \
                                a rollout or job, without which the rollout waits forever";
                    self.tell(Diagnostic::new(Code::QuotaExceeded, message).at(at).help(help));
                }
            }
        }
    }
}

fn bytes(quantity: &Quantity) -> u128 {
    u128::from(quantity.bytes())
}

/// The demand of a namespace's pods: all replicas at their maximum, the pods that operators make beside them, and the largest temporary pod of a rollout or
/// job.
fn most(workloads: &[&Workload], of: fn(&Container) -> u128) -> u128 {
    let of_pod = |workload: &Workload| workload.of_pod(of);
    let running = |workload: &&&Workload| matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::Operated(_));
    let all: u128 = workloads.iter().filter(running).map(|workload| of_pod(workload) * u128::from(workload.replicas.1)).sum();
    let helpers = workloads.iter().filter_map(|workload| workload.operated()?.helper.as_ref());
    let beside: u128 = helpers.map(|helper| helper.containers.iter().map(of).sum::<u128>() * u128::from(helper.pods)).sum();
    // A StatefulSet and an operator replace their pods one by one, and the number of a DaemonSet's nodes is not known.
    let is_temporary = |workload: &&&Workload| match workload.kind {
        Kind::Deployment => !workload.is_recreated(),
        Kind::CronJob(_) | Kind::Job { .. } | Kind::Restored(_) => true,
        Kind::StatefulSet | Kind::Operated(_) | Kind::DaemonSet => false,
    };
    let extra = workloads.iter().filter(is_temporary);
    all + beside + extra.map(|workload| of_pod(workload)).max().unwrap_or_default()
}

/// The bytes of a workload's volumes.
fn storage(workload: &Workload) -> u128 {
    let claims =
        workload.volumes.iter().filter_map(|volume| if let Volume::Claim { size, .. } = volume { Some(bytes(size)) } else { None });
    claims.sum::<u128>() * u128::from(workload.replicas.1)
}

/// The processors that a container requests, in thousandths.
pub(super) fn cpu(container: &Container) -> u128 {
    container.cpu.as_ref().map_or(DEFAULT_CPU, |(request, _)| request.millis())
}

/// The memory that a container requests, in bytes.
pub(super) fn memory(container: &Container) -> u128 {
    container.memory.as_ref().map_or(u128::from(DEFAULT_MEMORY), |(request, _)| bytes(request))
}

fn memory_limit(container: &Container) -> u128 {
    container.memory.as_ref().map_or(u128::from(DEFAULT_MEMORY), |(_, limit)| bytes(limit))
}
