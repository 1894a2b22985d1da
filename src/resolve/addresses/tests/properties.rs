//! What the plan promises, over random platforms.

use super::*;
use crate::model::lock::{Known, Merged};
use crate::source::FileId;
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

/// A platform's shape: environments, their regions, and per region provider, zones and subnets.
type Shape = BTreeMap<String, BTreeMap<String, (u8, usize, std::collections::BTreeSet<String>)>>;

fn shape() -> impl Strategy<Value = Shape> {
    let region = (0u8..3, 1usize..=4, btree_set("[a-d]", 0..4));
    btree_map("[a-d]", btree_map("[r-u]", region, 0..4), 0..4)
}

fn asked(network: &str, shape: &Shape) -> Request {
    let mut request = request(network, &[], &region(Provider::Aws, &[], &[]));
    for (name, regions) in shape {
        let environment = request.environments.entry(name.clone()).or_default();
        for (region_name, (_, zones, subnets)) in regions {
            // The cloud of a region does not change, so it follows from the name.
            let provider = [Provider::Aws, Provider::Google, Provider::Azure][usize::from(region_name.as_bytes()[0]) % 3];
            let mut names = vec!["general"];
            names.extend(subnets.iter().map(String::as_str));
            environment.regions.insert(region_name.clone(), region(provider, &["1", "2", "3", "4"][..*zones], &names));
        }
    }
    request
}

/// Both shapes in one: every environment, region, zone and subnet of either.
fn union(one: &Shape, other: &Shape) -> Shape {
    let mut all = one.clone();
    for (name, regions) in other {
        let known = all.entry(name.clone()).or_default();
        for (region, (cloud, zones, subnets)) in regions {
            let known = known.entry(region.clone()).or_insert((*cloud, *zones, Default::default()));
            known.1 = known.1.max(*zones);
            known.2.extend(subnets.iter().cloned());
        }
    }
    all
}

/// Disjoint but for nesting by key, and inside the parent; alignment is the type's.
fn assert_sound(request: &Request, lock: &Lock) {
    let all: Vec<(&Key, Cidr)> = lock.entries.iter().map(|(key, entry)| (key, entry.cidr)).collect();
    for (at, (key, range)) in all.iter().enumerate() {
        for (other, taken) in &all[at + 1..] {
            let related = || key.is_ancestor_of(other) || other.is_ancestor_of(key);
            assert!(!range.overlaps(*taken) || related(), "{key} {range} overlaps {other} {taken}");
        }
        let inside = match key.parent() {
            Some(parent) => lock.entries[&parent].cidr.contains(*range),
            None if key.is_environment() => request.network.contains(*range),
            None if key.as_str().ends_with("/pods") => request.pods.contains(*range),
            None => request.services.iter().any(|pool| pool.contains(*range)),
        };
        assert!(inside, "{key} {range} is not inside its parent");
    }
}

fn assert_kept(old: &Lock, new: &Lock) {
    for (key, entry) in &old.entries {
        assert_eq!(new.entries.get(key).map(|now| now.cidr), Some(entry.cidr), "{key}");
    }
}

/// Both texts as git would leave them where the whole body conflicts: every line that both have, then the two sides between markers.
fn conflicted(ours: &Lock, theirs: &Lock) -> String {
    let (ours, theirs) = (ours.print(), theirs.print());
    let both: Vec<&str> = ours.lines().filter(|line| theirs.lines().any(|other| other == *line)).collect();
    let only = |text: &str| text.lines().filter(|line| !both.contains(line)).collect::<Vec<_>>().join("\n");
    format!("{}\n<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", both.join("\n"), only(&ours), only(&theirs))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_and_removing_never_renumber(first in shape(), more in shape(), network in prop::sample::select(vec!["10.0.0.0/8", "172.16.0.0/12", "10.40.0.0/14"])) {
        let small = asked(network, &first);
        let start = fresh(&small);
        assert_sound(&small, &start);
        let large = asked(network, &union(&first, &more));
        let (_, grown, problems) = plan(&large, &start);
        prop_assert_eq!(&problems, &[]);
        assert_kept(&start, &grown);
        assert_sound(&large, &grown);

        // Removed and added again, everything is where it was; and a lock that is up to date stays as it is.
        let (shrunk_plan, shrunk, problems) = plan(&asked(network, &more), &grown);
        prop_assert_eq!(&problems, &[]);
        assert_kept(&grown, &shrunk);
        prop_assert!(shrunk_plan.ranges.iter().all(|(key, range)| grown.live(key) == Some(*range)));
        let (_, again, problems) = plan(&large, &shrunk);
        prop_assert_eq!(&problems, &[]);
        prop_assert_eq!(&again, &grown);
        let read = Lock::parse(FileId(0), &again.print());
        prop_assert_eq!(read.as_ref(), Ok(&again));
    }

    #[test]
    fn the_way_to_a_platform_does_not_move_what_is_known(first in shape(), left in shape(), right in shape()) {
        let network = "10.0.0.0/8";
        let all = asked(network, &union(&union(&first, &left), &right));
        let start = fresh(&asked(network, &first));
        for step in [&left, &right] {
            // What the first platform had is away while the others are added.
            let lock = plan(&asked(network, step), &start).1;
            let (_, end, problems) = plan(&all, &lock);
            prop_assert_eq!(&problems, &[]);
            assert_kept(&start, &end);
        }
    }

    #[test]
    fn two_branches_meet_without_moving_what_both_knew(first in shape(), left in shape(), right in shape()) {
        let network = "10.0.0.0/8";
        let base = fresh(&asked(network, &first));
        // One branch adds; the other adds and takes away.
        let ours = plan(&asked(network, &union(&first, &left)), &base).1;
        let theirs = plan(&asked(network, &right), &base).1;
        let all = asked(network, &union(&union(&first, &left), &right));
        let mut results = Vec::new();
        for text in [conflicted(&ours, &theirs), conflicted(&theirs, &ours)] {
            let merged = Merged::parse(FileId(0), &text).unwrap();
            for known in [None, Some(&base)] {
                let resolved = merged.resolve(Known { base: known, target: None });
                assert_kept(&base, &resolved.lock);
                let (_, end, problems) = plan(&all, &resolved.lock);
                prop_assert_eq!(&problems, &[]);
                assert_kept(&resolved.lock, &end);
                assert_sound(&all, &end);
                results.push(end);
            }
        }
        prop_assert!(results.iter().all(|end| *end == results[0]));
    }

    #[test]
    fn a_new_name_keeps_the_ranges(first in shape()) {
        let network = "10.0.0.0/8";
        let mut request = asked(network, &first);
        let start = fresh(&request);
        for environment in request.environments.values_mut() {
            let regions = std::mem::take(&mut environment.regions);
            environment.regions = regions.into_iter().map(|(name, mut region)| {
                let subnets = std::mem::take(&mut region.subnets);
                region.subnets = subnets.into_iter().map(|(name, subnet)| (format!("new-{name}"), Subnet { renamed_from: Some(name), ..subnet })).collect();
                (format!("new-{name}"), Region { renamed_from: Some(name), ..region })
            }).collect();
        }
        let (_, moved, problems) = plan(&request, &start);
        prop_assert_eq!(&problems, &[]);
        let under_old_names: BTreeMap<String, Entry> = moved.entries.iter().map(|(key, entry)| (key.as_str().replace("new-", ""), *entry)).collect();
        let before: BTreeMap<String, Entry> = start.entries.iter().map(|(key, entry)| (key.to_string(), *entry)).collect();
        prop_assert_eq!(under_old_names, before);
        // Once moved, the old names may leave the spec, and nothing changes.
        prop_assert_eq!(&plan(&request, &moved).1, &moved);
    }

    #[test]
    fn the_smallest_network_that_is_named_is_the_smallest(first in shape()) {
        let request = |prefix: u8| asked(&format!("10.0.0.0/{prefix}"), &first);
        let named = |problems: &[Problem]| match problems { [Problem::NoRoom { smallest, pool: Pool::Network, .. }] => Some(*smallest), _ => None };
        let (_, _, problems) = plan(&request(28), &Lock::default());
        if let Some(smallest) = named(&problems) {
            prop_assert_eq!(plan(&request(smallest), &Lock::default()).2, vec![]);
            prop_assert_eq!(named(&plan(&request(smallest + 1), &Lock::default()).2), Some(smallest));
        }
    }
}
