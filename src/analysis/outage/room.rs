//! Whether pods find room on the nodes of the zones that are left: first-fit decreasing on as many nodes as the pools may have there.
//!
//! Counted are requests and whole machines, as in the checks of a spec. What a node keeps for the system and what add-ons request is not counted, so a pod
//! without room has none for certain.

use crate::model::{Container, Kind, Platform, Pool, Region, Spread, Workload};

/// Pods that have to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'m> {
    pub(super) workload: &'m Workload,
    pub(super) pods: u32,
}

/// The most pods that are placed one by one.
pub(super) const MOST: u64 = 5_000;

/// Why it is not known whether pods find room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unknown {
    /// The nodes are not part of the spec.
    NoPools,
    /// There are more than [`MOST`] pods.
    TooMany,
}

/// An amount of what nodes have and pods request.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    cpu: u128,
    memory: u128,
    gpus: u128,
}

impl Size {
    /// What a pod requests.
    fn of(platform: &Platform, workload: &Workload) -> Size {
        let namespace = platform.namespaces.get(workload.namespace.as_str());
        let cpu = |container: &Container| {
            let default = namespace.map_or(0, |namespace| namespace.default_cpu.millis());
            container.cpu.as_ref().map_or(default, |(request, _)| request.millis())
        };
        let memory = |container: &Container| {
            let default = namespace.map_or(0, |namespace| namespace.default_memory.bytes());
            u128::from(container.memory.as_ref().map_or(default, |(request, _)| request.bytes()))
        };
        Size { cpu: workload.of_pod(cpu), memory: workload.of_pod(memory), gpus: workload.of_pod(|one| u128::from(one.gpus)) }
    }

    /// What a machine has. `None` if that is not known.
    fn of_machine(pool: &Pool) -> Option<Size> {
        let machine = pool.capacity.as_ref()?;
        let (cpu, memory) = (machine.cpu.as_ref()?.millis(), machine.memory.as_ref()?.bytes());
        Some(Size { cpu, memory: u128::from(memory), gpus: u128::from(machine.gpus) })
    }

    /// What is left without an amount; `None` if it is more.
    fn without(self, other: Size) -> Option<Size> {
        Some(Size {
            cpu: self.cpu.checked_sub(other.cpu)?,
            memory: self.memory.checked_sub(other.memory)?,
            gpus: self.gpus.checked_sub(other.gpus)?,
        })
    }

    /// The larger share of a machine, in millionths.
    fn share(self, machine: Size) -> u128 {
        let share = |part: u128, whole: u128| part.saturating_mul(1_000_000).checked_div(whole).unwrap_or_default();
        share(self.cpu, machine.cpu).max(share(self.memory, machine.memory)).max(share(self.gpus, machine.gpus))
    }
}

/// The nodes of a pool in a zone.
struct Group<'m> {
    pool: &'m Pool,
    zone: usize,
    /// How many there may be.
    most: usize,
    /// What a new one has for pods.
    empty: Size,
    /// What is free on those that have pods.
    free: Vec<Size>,
}

impl Group<'_> {
    /// Puts a pod on a node with room, a new one if `new` says so.
    fn takes(&mut self, pod: Size, new: bool) -> bool {
        if new {
            let Some(rest) = self.empty.without(pod).filter(|_| self.free.len() < self.most) else { return false };
            self.free.push(rest);
            return true;
        }
        self.free.iter_mut().any(|free| {
            free.without(pod).is_some_and(|rest| {
                *free = rest;
                true
            })
        })
    }
}

/// How many pods of each workload find room in these zones, given by their place among those of the region.
pub(super) fn fit(
    platform: &Platform,
    region: &Region,
    pools: &[Pool],
    zones: &[usize],
    wanted: &[Wanted<'_>],
) -> Result<Vec<u32>, Unknown> {
    if pools.is_empty() {
        return Err(Unknown::NoPools);
    }
    if wanted.iter().map(|one| u64::from(one.pods)).sum::<u64>() > MOST {
        return Err(Unknown::TooMany);
    }
    let daemons: Vec<&Workload> = region.workloads.values().filter(|one| matches!(one.kind, Kind::DaemonSet)).collect();
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut largest = Size::default();
    for pool in pools {
        let Some(machine) = Size::of_machine(pool) else { continue };
        let mut taken = daemons.iter().filter(|one| one.placement.admits(pool)).map(|one| Size::of(platform, one));
        let empty = taken.try_fold(machine, |rest, daemon| rest.without(daemon)).unwrap_or_default();
        largest =
            Size { cpu: largest.cpu.max(machine.cpu), memory: largest.memory.max(machine.memory), gpus: largest.gpus.max(machine.gpus) };
        groups.extend(zones.iter().map(|zone| Group {
            pool,
            zone: *zone,
            most: usize::try_from(pool.nodes_in(*zone, region.zones.len()).1).unwrap_or(usize::MAX),
            empty,
            free: Vec::new(),
        }));
    }
    let sizes: Vec<Size> = wanted.iter().map(|one| Size::of(platform, one.workload)).collect();
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(sizes[*at].share(largest)));
    let mut placed = vec![0; wanted.len()];
    for at in order {
        placed[at] = place(&mut groups, pools, region, zones, sizes[at], &wanted[at]);
    }
    Ok(placed)
}

/// Places the pods of a workload; how many found room.
fn place(groups: &mut [Group<'_>], pools: &[Pool], region: &Region, zones: &[usize], size: Size, wanted: &Wanted<'_>) -> u32 {
    let placement = &wanted.workload.placement;
    let admitted = |pool: &Pool, zone: usize| placement.admits(pool) && pool.nodes_in(zone, region.zones.len()).1 > 0;
    // A machine that is not known may be as large as a pod needs it.
    if pools.iter().any(|pool| Size::of_machine(pool).is_none() && zones.iter().any(|zone| admitted(pool, *zone))) {
        return wanted.pods;
    }
    let mut counts: Vec<(u32, usize)> =
        zones.iter().filter(|zone| pools.iter().any(|pool| admitted(pool, **zone))).map(|zone| (0, *zone)).collect();
    for number in 0..wanted.pods {
        // The emptiest zone first; under a strict spread no other.
        counts.sort_unstable();
        let least = counts.first().map_or(0, |(count, _)| *count);
        let strict = placement.spread == Spread::Hard;
        let found = counts.iter_mut().filter(|(count, _)| !strict || *count == least).find(|(_, zone)| {
            [false, true].into_iter().any(|new| {
                let mut here = groups.iter_mut().filter(|group| group.zone == *zone && placement.admits(group.pool));
                here.any(|group| group.takes(size, new))
            })
        });
        match found {
            Some((count, _)) => *count += 1,
            None => return number,
        }
    }
    wanted.pods
}
