//! Proves a plan: everything inside what it belongs to, nothing on top of another, nothing on what belongs to others.
//!
//! Blocks are nested or apart, never half over each other. So one sort and one sweep with a stack of the enclosing blocks meets every pair that
//! shares addresses. Of pairs that follow from another (all subnets of two equal networks), only that other is reported.

use std::collections::BTreeSet;

use super::problem::{Party, Pool, Problem};
use super::request::Reserved;
use super::{Planner, space};
use crate::model::lock::Key;
use crate::value::Cidr;

/// Whose addresses a range is.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Live(&'a Key),
    Removed(&'a Key),
    Reserved(&'a Reserved),
}

impl<'a> Owner<'a> {
    fn key(self) -> Option<&'a Key> {
        match self {
            Owner::Live(key) | Owner::Removed(key) => Some(key),
            Owner::Reserved(_) => None,
        }
    }
}

/// All that is wrong with what has been planned.
pub(super) fn problems(planner: &Planner<'_>) -> Vec<Problem> {
    let mut items: Vec<(Cidr, Owner<'_>)> = planner.live.iter().map(|(key, cidr)| (*cidr, Owner::Live(key))).collect();
    items.extend(planner.removed.iter().map(|(key, cidr)| (*cidr, Owner::Removed(key))));
    items.extend(planner.reserved.iter().map(|reserved| (reserved.cidr, Owner::Reserved(reserved))));
    items.sort_by_key(|(cidr, _)| *cidr);
    let mut problems = Vec::new();
    let mut open: Vec<(Cidr, Owner<'_>)> = Vec::new();
    for (cidr, owner) in items {
        open.retain(|(around, _)| around.contains(cidr));
        let roots = open.iter().filter(|(_, other)| clash(planner, *other, owner) && !follows(planner, *other, owner));
        problems.extend(roots.filter_map(|(_, other)| problem(planner, *other, owner)));
        open.push((cidr, owner));
    }
    let overlapping: BTreeSet<Key> = problems
        .iter()
        .flat_map(|problem| match problem {
            Problem::Overlap { stays, moves, .. } => vec![stays.key.clone(), moves.key.clone()],
            other => vec![other.key().clone()],
        })
        .collect();
    let outside = planner.live.iter().filter(|(key, _)| !overlapping.contains(*key));
    problems.extend(outside.filter_map(|(key, cidr)| misplaced(planner, key, *cidr)));
    problems
}

/// Whether two ranges that share addresses must not.
fn clash(planner: &Planner<'_>, one: Owner<'_>, other: Owner<'_>) -> bool {
    match (one, other) {
        (Owner::Reserved(reserved), Owner::Live(key)) | (Owner::Live(key), Owner::Reserved(reserved)) => {
            let provider = key.region_name().and_then(|name| planner.request.environments.get(key.environment_name())?.regions.get(name));
            !key.is_environment() && reserved.only.is_none_or(|only| provider.is_some_and(|region| region.provider == only))
        }
        (Owner::Reserved(_), _) | (_, Owner::Reserved(_)) => false,
        _ => match (one.key(), other.key()) {
            (Some(one), Some(other)) => !one.is_ancestor_of(other) && !other.is_ancestor_of(one),
            _ => false,
        },
    }
}

/// Whether the clash is a mere consequence: what one of them lies in clashes with the other already.
fn follows(planner: &Planner<'_>, one: Owner<'_>, other: Owner<'_>) -> bool {
    let range = |owner: Owner<'_>| match owner {
        Owner::Live(key) => planner.live.get(key).copied(),
        Owner::Removed(key) => planner.removed.get(key).copied(),
        Owner::Reserved(reserved) => Some(reserved.cidr),
    };
    let parent_clashes = |child: Owner<'_>, other: Owner<'_>| {
        let Some(parent) = child.key().and_then(Key::parent) else { return false };
        let parent = if planner.live.contains_key(&parent) { Owner::Live(&parent) } else { Owner::Removed(&parent) };
        let overlap = matches!((range(parent), range(other)), (Some(around), Some(other)) if around.overlaps(other));
        overlap && clash(planner, parent, other)
    };
    parent_clashes(one, other) || parent_clashes(other, one)
}

fn problem(planner: &Planner<'_>, one: Owner<'_>, other: Owner<'_>) -> Option<Problem> {
    match (one, other) {
        (Owner::Reserved(reserved), key) | (key, Owner::Reserved(reserved)) => {
            Some(Problem::Reserved { party: party(planner, key.key()?)?, reserved: reserved.clone() })
        }
        _ => {
            let mut parties = [party(planner, one.key()?)?, party(planner, other.key()?)?];
            parties.sort_by(|a, b| (a.removed, a.explicit, &a.key).cmp(&(b.removed, b.explicit, &b.key)));
            let [stays, moves] = parties;
            let next = next_free(planner, &moves);
            Some(Problem::Overlap { stays, moves, next })
        }
    }
}

fn party(planner: &Planner<'_>, key: &Key) -> Option<Party> {
    let live = planner.live.get(key);
    let cidr = *live.or_else(|| planner.removed.get(key))?;
    Some(Party { key: key.clone(), cidr, explicit: live.is_some() && planner.explicit.get(key) == live, removed: live.is_none() })
}

fn pool(key: &Key) -> Pool {
    match key.parent() {
        Some(parent) => Pool::Key(parent),
        None if key.is_environment() => Pool::Network,
        None if key.as_str().ends_with("/pods") => Pool::Pods,
        None => Pool::Services,
    }
}

fn next_free(planner: &Planner<'_>, party: &Party) -> Option<Cidr> {
    let pool = pool(&party.key);
    let ranges = planner.ranges(&pool);
    let mut blocked = planner.blocked(&ranges, &pool, &Default::default(), true);
    if pool == Pool::Services {
        blocked.extend([planner.request.network, planner.request.pods]);
        blocked.sort();
    }
    space::free(&ranges, &blocked, party.cidr.prefix()).next()
}

fn misplaced(planner: &Planner<'_>, key: &Key, cidr: Cidr) -> Option<Problem> {
    let pool = pool(key);
    let ranges = planner.ranges(&pool);
    // A parent without a range has a problem of its own.
    let outside = !ranges.is_empty() && !ranges.iter().any(|range| range.contains(cidr));
    outside.then_some(Problem::Outside { party: party(planner, key)?, pool, ranges })
}
