//! What the plan promises, over examples.

mod properties;

use super::*;
use crate::model::lock::Purpose;
use crate::provider::Provider;

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
