//! What the plan promises, over examples and over random platforms.

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

use super::*;
use crate::model::lock::{Known, Merged, Purpose};
use crate::provider::Provider;
use crate::source::FileId;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn region(provider: Provider, zones: &[&str], subnets: &[&str]) -> Region {
    let subnet = |name: &&str| (name.to_string(), Subnet { default: *name == "general", ..Subnet::default() });
    let zones = zones.iter().map(|zone| zone.to_string()).collect();
    Region { provider, zones, subnets: subnets.iter().map(subnet).collect(), renamed_from: None }
}

fn request(network: &str, environments: &[(&str, &[&str])], like: &Region) -> Request {
    let environment = |(name, regions): &(&str, &[&str])| {
        let regions = regions.iter().map(|region| (region.to_string(), like.clone())).collect();
        (name.to_string(), Environment { regions })
    };
    Request {
        network: cidr(network),
        pods: pod_supernet(),
        services: service_supernets(),
        reserved: Vec::new(),
        environments: environments.iter().map(environment).collect(),
    }
}

fn sample(network: &str) -> Request {
    let like = region(Provider::Aws, &["a", "b", "c"], &["general", "payments", "data"]);
    request(network, &[("dev", &["eu-west-1"]), ("production", &["eu-west-1", "eu-central-1"])], &like)
}

fn fresh(request: &Request) -> Lock {
    let (_, lock, problems) = plan(request, &Lock::default());
    assert_eq!(problems, []);
    lock
}

fn lines(lock: &Lock, prefix: &str) -> Vec<String> {
    lock.print().lines().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
}

#[test]
fn an_aws_region_has_the_layout_of_the_table() {
    let lock = fresh(&sample("10.0.0.0/8"));
    assert_eq!(lock.live(&Key::environment("production")), Some(cidr("10.16.0.0/12")));
    assert_eq!(
        lines(&lock, "production/eu-west-1/"),
        [
            "endpoints 10.17.96.0/22",
            "endpoints/a 10.17.96.0/24",
            "endpoints/b 10.17.97.0/24",
            "endpoints/c 10.17.98.0/24",
            "lb-internal 10.17.100.0/22",
            "lb-internal/a 10.17.100.0/24",
            "lb-internal/b 10.17.101.0/24",
            "lb-internal/c 10.17.102.0/24",
            "lb-public 10.17.104.0/22",
            "lb-public/a 10.17.104.0/24",
            "lb-public/b 10.17.105.0/24",
            "lb-public/c 10.17.106.0/24",
            "pods 100.66.0.0/16",
            "pods/a 100.66.0.0/18",
            "pods/b 100.66.64.0/18",
            "pods/c 100.66.128.0/18",
            "services 172.16.32.0/20",
            "subnet/data 10.17.64.0/20",
            "subnet/data/a 10.17.64.0/22",
            "subnet/data/b 10.17.68.0/22",
            "subnet/data/c 10.17.72.0/22",
            "subnet/general 10.17.0.0/18",
            "subnet/general/a 10.17.0.0/20",
            "subnet/general/b 10.17.16.0/20",
            "subnet/general/c 10.17.32.0/20",
            "subnet/payments 10.17.80.0/20",
            "subnet/payments/a 10.17.80.0/22",
            "subnet/payments/b 10.17.84.0/22",
            "subnet/payments/c 10.17.88.0/22",
            "transit 10.17.108.0/26",
            "transit/a 10.17.108.0/28",
            "transit/b 10.17.108.16/28",
            "transit/c 10.17.108.32/28",
            "vpc 10.17.0.0/16",
        ]
    );
}

#[test]
fn google_and_azure_regions_are_not_split_by_zone() {
    let of = |provider| {
        lines(&fresh(&request("10.0.0.0/8", &[("beta", &["x"])], &region(provider, &["1", "2", "3"], &["data", "general"]))), "beta/x/")
    };
    assert_eq!(
        of(Provider::Google),
        [
            "endpoints 10.0.26.0/24",
            "lb-internal 10.0.27.0/24",
            "managed 10.0.16.0/22",
            "pods 100.64.0.0/16",
            "pods/data 100.64.128.0/19",
            "pods/general 100.64.0.0/17",
            "proxy-only 10.0.24.0/23",
            "services 172.16.0.0/20",
            "subnet/data 10.0.20.0/22",
            "subnet/general 10.0.0.0/20",
            "vpc 10.0.0.0/16",
        ]
    );
    assert_eq!(
        of(Provider::Azure),
        [
            "api-server 10.0.24.32/28",
            "dns-inbound 10.0.24.48/28",
            "dns-outbound 10.0.24.64/28",
            "endpoints 10.0.20.0/24",
            "gateway 10.0.24.0/27",
            "lb-internal 10.0.21.0/24",
            "lb-public 10.0.22.0/24",
            "managed 10.0.23.0/24",
            "pods 100.64.0.0/16",
            "services 172.16.0.0/20",
            "subnet/data 10.0.16.0/22",
            "subnet/general 10.0.0.0/20",
            "vpc 10.0.0.0/16",
        ]
    );
}

#[test]
fn smaller_networks_scale_and_too_small_ones_say_what_fits() {
    let sizes = |network: &str| {
        let lock = fresh(&sample(network));
        let prefix = |key: Key| lock.live(&key).map(Cidr::prefix);
        [
            prefix(Key::environment("dev")),
            prefix(Key::vpc("dev", "eu-west-1")),
            prefix(Key::subnet("dev", "eu-west-1", "general").part("a")),
        ]
        .map(Option::unwrap)
    };
    assert_eq!(sizes("10.0.0.0/8"), [12, 16, 20]);
    assert_eq!(sizes("10.40.0.0/14"), [16, 18, 22]);
    assert_eq!(sizes("172.16.0.0/12"), [14, 16, 20]);
    assert_eq!(sizes("10.0.0.0/16"), [18, 20, 24]);
    assert_eq!(sizes("10.0.0.0/20")[2], 26);

    let (_, _, problems) = plan(&sample("10.0.0.0/24"), &Lock::default());
    let [Problem::NoRoom { smallest, .. }] = &problems[..] else { panic!("{problems:?}") };
    assert_eq!(*smallest, 20);
    assert_eq!(problems[0].message(), "`network.cidr` (10.0.0.0/24) has no free block of /21 or larger for `production/range`");
    assert_eq!(problems[0].help(), "the smallest `network.cidr` that holds everything is a /20");
    assert_eq!(plan(&sample("10.0.0.0/21"), &Lock::default()).2.len(), 1);
}

#[test]
fn reserved_ranges_are_left_out() {
    let mut request = sample("172.16.0.0/12");
    request.reserved.push(Reserved { cidr: cidr("172.20.0.0/16"), by: "on-premises network".to_owned(), only: None });
    let lock = fresh(&request);
    for reserved in request.reserved.iter().chain(&always_reserved()) {
        let hit = lock.entries.iter().find(|(key, entry)| !key.is_environment() && entry.cidr.overlaps(reserved.cidr));
        assert_eq!(hit, None);
    }
    assert_eq!(lock.live(&Key::services("dev", "eu-west-1")), Some(cidr("192.168.0.0/20")));
}

#[test]
fn an_explicit_range_wins_and_draws_its_region_around_it() {
    let mut request = sample("10.0.0.0/8");
    let set = |request: &mut Request, range: &str| {
        let subnet = request.environments.get_mut("dev").unwrap().regions.get_mut("eu-west-1").unwrap().subnets.get_mut("data").unwrap();
        subnet.cidr = Some(cidr(range));
    };
    set(&mut request, "10.35.16.0/20");
    let lock = fresh(&request);
    assert_eq!(lock.live(&Key::vpc("dev", "eu-west-1")), Some(cidr("10.35.0.0/16")));
    assert_eq!(lock.live(&Key::subnet("dev", "eu-west-1", "data").part("a")), Some(cidr("10.35.16.0/22")));

    set(&mut request, "10.35.128.0/20");
    let (_, _, problems) = plan(&request, &lock);
    assert_eq!(
        problems.iter().map(Problem::message).collect::<Vec<_>>(),
        ["the spec gives `dev/eu-west-1/subnet/data` the range `10.35.128.0/20`, but it has `10.35.16.0/20` in the lock"]
    );
    set(&mut request, "10.35.16.0/27");
    assert!(plan(&request, &Lock::default()).2.iter().any(|problem| problem.code() == crate::diagnostic::Code::NetworkTooSmall));
}

#[test]
fn an_overlap_is_one_problem_with_both_ranges_and_the_next_block() {
    let request = sample("10.0.0.0/8");
    let mut lock = fresh(&request);
    let other = lock.entries[&Key::environment("dev")];
    lock.entries.insert(Key::environment("production"), other);
    for region in ["eu-central-1", "eu-west-1"] {
        lock.entries.retain(|key, _| !Key::vpc("production", region).is_ancestor_of(key));
    }
    lock.entries.remove(&Key::vpc("production", "eu-west-1"));
    lock.entries.insert(Key::vpc("production", "eu-central-1"), lock.entries[&Key::vpc("dev", "eu-west-1")]);
    let (_, _, problems) = plan(&request, &lock);
    assert_eq!(
        problems.iter().map(Problem::message).collect::<Vec<_>>(),
        ["`production/range` (`10.0.0.0/12`) overlaps `dev/range` (`10.0.0.0/12`)"]
    );
    assert_eq!(
        problems[0].help(),
        "run `platgen lock --resolve`, then `platgen render`: the range that the target branch of the merge has stays, and the other moves; `10.16.0.0/12` is free"
    );
}

#[test]
fn ranges_of_others_and_misplaced_ones_are_named() {
    let mut request = sample("10.0.0.0/8");
    let lock = fresh(&request);
    request.reserved.push(Reserved { cidr: cidr("10.0.0.0/17"), by: "`network.reserved`".to_owned(), only: None });
    let messages = |request: &Request| plan(request, &lock).2.iter().map(Problem::message).collect::<Vec<_>>();
    assert_eq!(messages(&request), ["`dev/eu-west-1/vpc` has `10.0.0.0/16`, but `10.0.0.0/17` belongs to `network.reserved`"]);
    request.reserved.clear();
    request.network = cidr("10.0.0.0/12");
    assert_eq!(messages(&request), ["`production/range` has `10.16.0.0/12`, which is not inside `network.cidr` (10.0.0.0/12)"]);
}

#[test]
fn a_purpose_of_the_table_is_found_by_its_key() {
    let (plan, ..) = plan(&sample("10.0.0.0/8"), &Lock::default());
    assert_eq!(plan.get(&Key::purpose("dev", "eu-west-1", Purpose::Transit).part("b")), Some(cidr("10.0.108.16/28")));
    assert_eq!(plan.get(&Key::purpose("dev", "eu-west-1", Purpose::Gateway)), None);
}

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
