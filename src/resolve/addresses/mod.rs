//! The address plan: every range of the platform, from what the spec wants and what the lock remembers.
//!
//! A key's range is, in this order: what the spec says with `cidr`; what the lock has, be the key living or removed; else the first free aligned
//! block of its pool. Only new keys are allocated, so adding or removing anything never renumbers another. All environments share one routing
//! domain (they meet on the premises), so everything is disjoint except what lies in one another by design. Pure; knows nothing of spec or disk.

mod layout;
mod overlap;
mod problem;
mod request;
mod space;
#[cfg(test)]
mod tests;

pub use problem::{Party, Pool, Problem};
pub use request::{Environment, Region, Request, Reserved, Subnet, always_reserved, pod_supernet, service_supernets};

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::model::lock::{Entry, Key, Lock};
use crate::value::Cidr;
use layout::BlockRequest;

/// The range of every key that the request wants.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Ranges by key.
    pub ranges: BTreeMap<Key, Cidr>,
}

impl Plan {
    /// The range of a key.
    pub fn get(&self, key: &Key) -> Option<Cidr> {
        self.ranges.get(key).copied()
    }
}

/// Plans every range. The new lock has the old one's entries, those of new keys, and as removed those that nothing wants any more; where it
/// differs from the old one, the lock on disk is stale. With problems, keys without a place are missing from both.
pub fn plan(request: &Request, lock: &Lock) -> (Plan, Lock, Vec<Problem>) {
    let mut planner = Planner::new(request, lock);
    planner.networks();
    planner.clusters();
    let unsound = overlap::problems(&planner);
    if unsound.iter().any(|problem| matches!(problem, Problem::Overlap { .. })) {
        // Overlapping ranges block one another's room; whether some is missing shows once they are apart.
        planner.problems.retain(|problem| !matches!(problem, Problem::NoRoom { .. }));
    }
    planner.problems.extend(unsound);
    let mut entries: BTreeMap<Key, Entry> = planner.removed.into_iter().map(|(key, cidr)| (key, Entry { cidr, removed: true })).collect();
    entries.extend(planner.live.iter().map(|(key, cidr)| (key.clone(), Entry { cidr: *cidr, removed: false })));
    (Plan { ranges: planner.live }, Lock { entries }, planner.problems)
}

/// The state of one planning run.
struct Planner<'a> {
    request: &'a Request,
    reserved: Vec<Reserved>,
    /// What has a range: from the spec, from the lock, then from the pools.
    live: BTreeMap<Key, Cidr>,
    /// What the lock holds for keys that nothing wants.
    removed: BTreeMap<Key, Cidr>,
    /// What the spec asks for.
    explicit: BTreeMap<Key, Cidr>,
    problems: Vec<Problem>,
}

impl<'a> Planner<'a> {
    /// Settles all that is not new.
    fn new(request: &'a Request, lock: &Lock) -> Self {
        let wanted = wanted(request);
        let mut entries = renamed(lock, &wanted);
        let reserved = request.reserved.iter().cloned().chain(always_reserved()).collect();
        let mut planner =
            Planner { request, reserved, live: BTreeMap::new(), removed: BTreeMap::new(), explicit: BTreeMap::new(), problems: Vec::new() };
        for (key, (want, longest)) in wanted {
            let known = entries.remove(&key);
            if let Some(cidr) = want.explicit {
                planner.explicit.insert(key.clone(), cidr);
                let party = Party { key: key.clone(), cidr, explicit: true, removed: false };
                if cidr.prefix() > longest {
                    planner.problems.push(Problem::TooSmall { party, longest });
                }
            }
            let range = match (want.explicit, known) {
                (Some(spec), Some(entry)) if !entry.removed && entry.cidr != spec => {
                    planner.problems.push(Problem::Disagreement { key: key.clone(), spec, lock: entry.cidr });
                    Some(entry.cidr)
                }
                (Some(spec), _) => Some(spec),
                (None, known) => known.map(|entry| entry.cidr),
            };
            planner.live.extend(range.map(|cidr| (key, cidr)));
        }
        planner.removed = entries.into_iter().map(|(key, entry)| (key, entry.cidr)).collect();
        planner
    }

    /// Environments, their regions, and what lies in those.
    fn networks(&mut self) {
        let request = self.request;
        let wants = request.environments.iter().map(|(name, environment)| layout::environment(request, name, environment)).collect();
        self.allocate(Pool::Network, wants);
        for (name, environment) in &request.environments {
            let around = Key::environment(name);
            let Some(range) = self.live.get(&around).copied() else { continue };
            let network =
                |(region_name, region): (&String, &Region)| layout::network(name, environment, range.prefix(), region_name, region);
            self.allocate(Pool::Key(around), environment.regions.iter().map(network).collect());
            for (region_name, region) in &environment.regions {
                let vpc = Key::vpc(name, region_name);
                let Some(range) = self.live.get(&vpc).copied() else { continue };
                let blocks = layout::blocks(name, region_name, region, range.prefix());
                self.allocate(Pool::Key(vpc), blocks.clone());
                for block in blocks {
                    let Some(range) = self.live.get(&block.key).copied() else { continue };
                    self.allocate(Pool::Key(block.key.clone()), layout::zones(&block, region, range.prefix()));
                }
            }
        }
    }

    /// Pod and Service addresses of every cluster.
    fn clusters(&mut self) {
        let request = self.request;
        let all = || {
            request
                .environments
                .iter()
                .flat_map(|(name, environment)| environment.regions.iter().map(move |(region, it)| (name, region, it)))
        };
        self.allocate(Pool::Pods, all().map(|(name, region_name, region)| layout::pods(request, name, region_name, region)).collect());
        for (name, region_name, region) in all() {
            let pods = layout::pods(request, name, region_name, region);
            let Some(range) = self.live.get(&pods.key).copied() else { continue };
            self.allocate(Pool::Key(pods.key.clone()), layout::pod_parts(&pods, region, range.prefix()));
        }
        self.allocate(Pool::Services, all().map(|(name, region_name, region)| layout::services(name, region_name, region)).collect());
    }

    /// Gives those wants that have no range yet one out of a pool, all of them or none.
    fn allocate(&mut self, pool: Pool, mut wants: Vec<BlockRequest>) {
        wants.retain(|want| !self.live.contains_key(&want.key));
        if wants.is_empty() {
            return;
        }
        let ranges = self.ranges(&pool);
        let hints = self.hints(&wants);
        let placed = self.attempt(&pool, &ranges, &wants, &hints).or_else(|_| self.attempt(&pool, &ranges, &wants, &BTreeMap::new()));
        match placed {
            Ok(placed) => self.live.extend(placed),
            Err(key) => {
                let prefix = wants.iter().find(|want| want.key == key).map_or(32, |want| want.floor);
                let smallest = space::smallest_pool(&ranges, &self.blocked(&ranges, &pool, &BTreeMap::new(), true), &wants);
                // Where the sum would fit but no single block is free, only a larger pool helps.
                let smallest = smallest.min(ranges.iter().map(|range| range.prefix()).min().unwrap_or(32).saturating_sub(1));
                let inside = |cidr: &Cidr| ranges.iter().any(|range| range.overlaps(*cidr));
                let removed = self.removed.iter().filter(|(_, cidr)| inside(cidr)).map(|(key, _)| key.clone()).collect();
                self.problems.push(Problem::NoRoom { key, prefix, pool, ranges, wanted: wants.len(), smallest, removed });
            }
        }
    }

    /// Tries the pool in the ways that its kind allows, best first.
    fn attempt(
        &self,
        pool: &Pool,
        ranges: &[Cidr],
        wants: &[BlockRequest],
        hints: &BTreeMap<Key, Vec<Cidr>>,
    ) -> Result<Vec<(Key, Cidr)>, Key> {
        let any = |_: &BlockRequest, _: Cidr| true;
        let blocked = self.blocked(ranges, pool, hints, true);
        match pool {
            Pool::Network => space::place(ranges, &blocked, wants, hints, &any).or_else(|_| {
                // An environment's range may contain reserved ranges as long as its regions find room beside them.
                let holes = self.reserved_ranges();
                let room = |want: &BlockRequest, range: Cidr| {
                    let environment = self.request.environments.get(want.key.environment_name());
                    let regions = environment.map(|environment| &environment.regions).into_iter().flatten();
                    let floors: Vec<u8> = regions.map(|(_, region)| layout::region_floor(region)).collect();
                    let largest = floors.iter().copied().min().unwrap_or(32);
                    space::free(&[range], &holes, largest).take(floors.len()).count() == floors.len()
                };
                space::place(ranges, &self.blocked(ranges, pool, hints, false), wants, hints, &room)
            }),
            Pool::Services => {
                // Service addresses are never routed, but a Service hides what has the same address outside: so beside the networks, present and
                // to come, and inside `network.cidr` only where nothing else is private.
                let mut aside = [&blocked[..], &[self.request.network, self.request.pods]].concat();
                aside.sort();
                space::place(ranges, &aside, wants, hints, &any).or_else(|_| space::place(ranges, &blocked, wants, hints, &any))
            }
            Pool::Pods | Pool::Key(_) => space::place(ranges, &blocked, wants, hints, &any),
        }
    }

    /// The ranges of a pool.
    fn ranges(&self, pool: &Pool) -> Vec<Cidr> {
        match pool {
            Pool::Network => vec![self.request.network],
            Pool::Pods => vec![self.request.pods],
            Pool::Services => self.request.services.clone(),
            Pool::Key(key) => self.live.get(key).copied().into_iter().collect(),
        }
    }

    /// What cannot be given away in these ranges, sorted: all that is known but the pool itself, what it lies in, and what is to be enclosed.
    fn blocked(&self, ranges: &[Cidr], pool: &Pool, enclosed: &BTreeMap<Key, Vec<Cidr>>, reserved: bool) -> Vec<Cidr> {
        let around = |key: &Key| matches!(pool, Pool::Key(owner) if key == owner || key.is_ancestor_of(owner));
        let inside = |key: &Key| enclosed.keys().any(|outer| outer.is_ancestor_of(key));
        let taken = |(key, cidr): (&Key, &Cidr)| {
            (ranges.iter().any(|range| range.overlaps(*cidr)) && !around(key) && !inside(key)).then_some(*cidr)
        };
        let mut blocked: Vec<Cidr> = self.live.iter().chain(&self.removed).filter_map(taken).collect();
        if reserved {
            blocked.extend(self.reserved_ranges());
        }
        blocked.sort();
        blocked
    }

    fn reserved_ranges(&self) -> Vec<Cidr> {
        let mut ranges: Vec<Cidr> = self.reserved.iter().map(|reserved| reserved.cidr).collect();
        ranges.sort();
        ranges
    }

    /// Ranges that are known to lie in new ones: a new region goes around the subnet for which the spec gives a `cidr`.
    fn hints(&self, wants: &[BlockRequest]) -> BTreeMap<Key, Vec<Cidr>> {
        let known = |want: &BlockRequest| -> Vec<Cidr> {
            let family = want.key.family();
            let near = self
                .live
                .range::<str, _>((Bound::Included(family.as_str()), Bound::Unbounded))
                .take_while(|(key, _)| key.as_str().starts_with(&family));
            near.filter(|(key, _)| want.key.is_ancestor_of(key)).map(|(_, cidr)| *cidr).collect()
        };
        wants.iter().map(|want| (want.key.clone(), known(want))).filter(|(_, known)| !known.is_empty()).collect()
    }
}

/// Every key of the request, with the longest prefix length that a `cidr` for it may have; sizes are nominal.
fn wanted(request: &Request) -> BTreeMap<Key, (BlockRequest, u8)> {
    let mut wanted = BTreeMap::new();
    let mut add = |want: BlockRequest, longest: u8| _ = wanted.insert(want.key.clone(), (want, longest));
    for (name, environment) in &request.environments {
        add(layout::environment(request, name, environment), 32);
        for (region_name, region) in &environment.regions {
            add(layout::network(name, environment, 16, region_name, region), 32);
            for block in layout::blocks(name, region_name, region, 16) {
                layout::zones(&block, region, 16).into_iter().for_each(|zone| add(zone, 32));
                add(block, layout::smallest_block(region));
            }
            let pods = layout::pods(request, name, region_name, region);
            layout::pod_parts(&pods, region, 16).into_iter().for_each(|part| add(part, 32));
            add(pods, 32);
            add(layout::services(name, region_name, region), 32);
        }
    }
    wanted
}

/// The lock's entries with those moved whose key was renamed: where the new key is not alive yet and nothing wants the old one.
fn renamed(lock: &Lock, wanted: &BTreeMap<Key, (BlockRequest, u8)>) -> BTreeMap<Key, Entry> {
    let mut entries = lock.entries.clone();
    for (key, (want, _)) in wanted {
        let Some(was) = want.was.as_ref().filter(|was| !wanted.contains_key(*was)) else { continue };
        if lock.live(key).is_none()
            && let Some(entry) = lock.entries.get(was)
        {
            entries.remove(was);
            entries.insert(key.clone(), *entry);
        }
    }
    entries
}
