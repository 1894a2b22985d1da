//! Free blocks and the placing of wants in them: aligned, first fit, largest first.

use std::collections::BTreeMap;

use super::layout::{BlockRequest, prefix_for};
use crate::model::lock::Key;
use crate::value::Cidr;

/// The aligned blocks of this prefix length that no blocked range touches, pool by pool, in order. `blocked` is sorted.
pub(super) fn free<'a>(pools: &'a [Cidr], blocked: &'a [Cidr], prefix: u8) -> impl Iterator<Item = Cidr> + 'a {
    pools.iter().filter(move |pool| pool.prefix() <= prefix).flat_map(move |pool| free_in(*pool, blocked, prefix))
}

fn free_in(pool: Cidr, blocked: &[Cidr], prefix: u8) -> impl Iterator<Item = Cidr> {
    let (size, end) = (1u64 << (32 - prefix.min(32)), u64::from(pool.last()));
    let (mut start, mut at) = (u64::from(pool.first()), 0);
    std::iter::from_fn(move || {
        while start + size - 1 <= end {
            match blocked.get(at) {
                Some(taken) if u64::from(taken.last()) < start => at += 1,
                Some(taken) if u64::from(taken.first()) < start + size => {
                    start = (u64::from(taken.last()) + 1).next_multiple_of(size);
                    at += 1;
                }
                _ => {
                    start += size;
                    return Some(Cidr::around((start - size) as u32, prefix));
                }
            }
        }
        None
    })
}

/// Finds a block for every want, or names the first that has none.
///
/// All wants start at their preferred size; while one has no room, all shrink by a bit, each down to its floor. Larger blocks go first and, of
/// equal ones, the key that sorts first: this packs blocks of powers of two without gaps. A want with hints is placed around them.
pub(super) fn place(
    pools: &[Cidr],
    blocked: &[Cidr],
    wants: &[BlockRequest],
    hints: &BTreeMap<Key, Vec<Cidr>>,
    accept: &dyn Fn(&BlockRequest, Cidr) -> bool,
) -> Result<Vec<(Key, Cidr)>, Key> {
    let steps = wants.iter().map(|want| want.floor - want.preferred).max().unwrap_or_default();
    let mut failed = None;
    for step in 0..=steps {
        match place_at(step, pools, blocked, wants, hints, accept) {
            Ok(placed) => return Ok(placed),
            Err(key) => failed = Some(key),
        }
    }
    failed.map_or(Ok(Vec::new()), Err)
}

fn place_at(
    step: u8,
    pools: &[Cidr],
    blocked: &[Cidr],
    wants: &[BlockRequest],
    hints: &BTreeMap<Key, Vec<Cidr>>,
    accept: &dyn Fn(&BlockRequest, Cidr) -> bool,
) -> Result<Vec<(Key, Cidr)>, Key> {
    let prefix = |want: &BlockRequest| (want.preferred + step).min(want.floor);
    let mut order: Vec<&BlockRequest> = wants.iter().collect();
    order.sort_by_key(|want| (!hints.contains_key(&want.key), prefix(want), &want.key));
    let mut blocked = blocked.to_vec();
    let mut placed = Vec::new();
    for want in order {
        let fits = |candidate: &Cidr| accept(want, *candidate);
        let found = match hints.get(&want.key) {
            Some(hints) => hints.first().map(|hint| Cidr::around(hint.first(), prefix(want))).filter(|around| {
                hints.iter().all(|hint| around.contains(*hint))
                    && pools.iter().any(|pool| pool.contains(*around))
                    && !blocked.iter().any(|taken| taken.overlaps(*around))
            }),
            None => free(pools, &blocked, prefix(want)).find(fits),
        };
        let cidr = found.ok_or_else(|| want.key.clone())?;
        blocked.insert(blocked.partition_point(|taken| *taken < cidr), cidr);
        placed.push((want.key.clone(), cidr));
    }
    Ok(placed)
}

/// The longest prefix length of a single pool that would hold what is blocked in these pools and all wants at their floors.
pub(super) fn smallest_pool(pools: &[Cidr], blocked: &[Cidr], wants: &[BlockRequest]) -> u8 {
    let mut outermost: Vec<Cidr> = Vec::new();
    for taken in blocked {
        if pools.iter().any(|pool| pool.contains(*taken)) && !outermost.last().is_some_and(|last| last.contains(*taken)) {
            outermost.push(*taken);
        }
    }
    prefix_for(outermost.iter().map(|taken| taken.size()).chain(wants.iter().map(|want| 1 << (32 - want.floor))).sum())
}
