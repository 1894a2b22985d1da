//! Small platforms, and what they lose by hand.

use super::*;
use crate::analysis::page::Style;
use crate::tests::estate::estate;

/// A platform on AWS in `eu-west-1` with three zones, and whatever a test adds.
fn spec(environments: &str, pools: &str, rest: &str) -> Estate {
    estate(&format!(
        "apiVersion: platgen/v1
platform: {{name: shop, owner: ops, domain: shop.example}}
cloud: {{provider: aws, accounts: {{production: \"111111111111\"}}, state: {{region: eu-west-1}}}}
regions: {{eu-west-1: {{zones: 3}}, eu-central-1: {{zones: 2}}}}
environments: {{production: {{branch: main, {environments}}}}}
network: {{cidr: 10.0.0.0/8, nat: one}}
cluster: {{version: \"1.35\", pools: {{general: {{machine: m7i.large, nodes: {pools}}}}}}}
access: {{mfa: required, groups: {{ops: {{id: platform-admin, role: admin}}}}}}
teams: {{ops: {{group: ops}}}}
namespaces: {{shop: {{owner: ops}}}}
{rest}"
    ))
}

fn app(name: &str, more: &str) -> String {
    format!("  {name}: {{image: \"registry.example/{name}:v1\", port: 8080, probes: {{ready: /ready}}, {more}}}\n")
}

const ORDERS: &str = "  orders: {engine: postgres, version: \"17\", users: {app: {}}, storage: 10Gi, backup: {none: r}, replicas: 3}\n";

fn site<'e>(estate: &'e Estate, region: &str) -> Site<'e> {
    let platform = &estate.environments["production"];
    Site { estate, platform, region: &platform.regions[region] }
}

fn zone(estate: &Estate, zone: &str) -> Outage {
    without_zone(site(estate, zone.trim_end_matches(['a', 'b', 'c'])), zone)
}

fn entry<'o>(outage: &'o Outage, name: &str) -> &'o Entry {
    outage.entries.iter().find(|entry| entry.entry == name).expect("an entry")
}

fn lines(outage: &Outage) -> Vec<&str> {
    outage.advice.iter().map(|advice| advice.line.as_str()).collect()
}

fn pods(before: u32, most: u32, worst: u32, even: u32, after: u32, waits: Option<Waits>) -> Option<Pods> {
    Some(Pods { before, most, worst, even, after, waits })
}

/// Six pods of 1 processor, on machines with 2: two of three zones have room for 4 with three nodes, and for 6 with six.
#[test]
fn strictly_spread_pods_serve_and_find_room_or_not() {
    let web = app("web", "scale: {replicas: 6}, resources: {cpu: \"1\", memory: 64Mi}");
    let roomy = spec("regions: [eu-west-1], protected: true", "3..6", &format!("apps:\n{web}"));
    let found = zone(&roomy, "eu-west-1b");
    assert_eq!(entry(&found, "app/shop/web").pods, pods(6, 6, 3, 4, 6, None));
    assert_eq!(entry(&found, "app/shop/web").state, State::Serves);
    assert_eq!(found.zones_left, ["eu-west-1a", "eu-west-1c"]);
    assert_eq!((found.hit, lines(&found)), (false, vec![]));

    let full = spec("regions: [eu-west-1], protected: true", "3", &format!("apps:\n{web}"));
    let found = zone(&full, "eu-west-1b");
    assert_eq!(entry(&found, "app/shop/web").pods, pods(6, 6, 3, 4, 4, Some(Waits::Room)));
    let rooms = found.rooms.as_ref().expect("known nodes");
    assert_eq!((rooms[0].nodes, rooms[0].left, rooms[0].waiting), (3, 2, 2));
    assert!(found.hit);
    // Two zones of three have a third of six nodes each: the next step with room for three pods in each.
    assert_eq!(lines(&found), ["cluster.pools.general.nodes: 3..6"]);
}

#[test]
fn a_single_pod_may_be_there_and_comes_back_elsewhere() {
    let apps =
        format!("apps:\n{}{}", app("web", "scale: {replicas: 3}, needs: [app/cart]"), app("cart", "scale: {replicas: 1..4, cpu: 70%}"));
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", &apps), "eu-west-1c");
    let cart = entry(&found, "app/shop/cart");
    assert_eq!((cart.state, cart.until), (State::MayStop, Some(Until::Replaced)));
    assert_eq!(cart.pods, pods(1, 4, 0, 0, 1, None));
    assert_eq!((&cart.accepted, found.hit), (&None, true));
    let behind = Behind { lost: "app/shop/cart".to_owned(), through: None };
    assert_eq!(entry(&found, "app/shop/web").behind, [behind]);
    assert_eq!(lines(&found), ["apps.cart.scale.replicas: 2..4"]);

    // Nobody was promised more.
    let found = zone(&spec("regions: [eu-west-1]", "3..6", &apps), "eu-west-1c");
    assert_eq!(entry(&found, "app/shop/cart").accepted.as_deref(), Some("`production` is not protected"));
    assert!(!found.hit);
    let waived = format!(
        "{apps}waivers: {{one: {{rule: platgen/single-replica, objects: Deployment/shop/cart, reason: carts are small, expires: 2030-01-31}}}}\n"
    );
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", &waived), "eu-west-1c");
    assert_eq!((entry(&found, "app/shop/cart").accepted.as_deref(), found.hit), (Some("carts are small"), false));
}

#[test]
fn callers_of_callers_stand_behind_what_is_lost() {
    let apps = format!(
        "apps:\n{}{}stores:\n  carts: {{engine: redis, storage: none, backup: {{none: carts are rebuilt}}}}\n",
        app("web", "expose: \"@\", needs: [app/cart]"),
        app("cart", "needs: [store/carts]")
    );
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", &apps), "eu-west-1b");
    let carts = entry(&found, "store/shop/carts");
    assert_eq!((carts.state, carts.data, carts.accepted.as_deref()), (State::MayStop, Some(Data::Lost), Some("carts are rebuilt")));
    let behind = |name: &str| entry(&found, name).behind.clone();
    let lost = || "store/shop/carts".to_owned();
    assert_eq!(behind("app/shop/cart"), [Behind { lost: lost(), through: None }]);
    assert_eq!(behind("app/shop/web"), [Behind { lost: lost(), through: Some("app/shop/cart".to_owned()) }]);
    let text = report(&found, Style::Plain);
    for line in [
        "production/eu-west-1 without eu-west-1b\n",
        "1 store may be away; 2 apps behind it work in part",
        "  store/shop/carts (redis): away if its only pod is there; until another pod runs in another zone; ITS CONTENT IS LOST, as no volume keeps it\n",
        "    called by app/shop/cart\n    behind these: app/shop/web (production.shop.example) through app/shop/cart\n    accepted: carts are rebuilt\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[test]
fn databases_go_on_wait_or_stop() {
    let of = |replicas: u32, more: &str| {
        let store = ORDERS.replace("replicas: 3", &format!("replicas: {replicas}"));
        spec("regions: [eu-west-1], protected: true", "3..9", &format!("stores:\n{store}{more}"))
    };
    let judged = |replicas: u32| {
        let found = zone(&of(replicas, ""), "eu-west-1b");
        let orders = entry(&found, "store/shop/orders");
        let advice = lines(&found).iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        (orders.state, orders.until, orders.writes, orders.data, orders.pods, advice)
    };
    let three = vec!["stores.orders.replicas: 3".to_owned()];
    let zone = Some(Waits::Zone);
    assert_eq!(judged(3), (State::Serves, None, Some(Writes::GoOn), Some(Data::Kept), pods(3, 3, 2, 2, 2, zone), vec![]));
    let last = Some(Data::LastTransactions);
    assert_eq!(judged(2), (State::Serves, None, Some(Writes::GoOn), last, pods(2, 2, 1, 1, 1, zone), three.clone()));
    let (stop, away) = (Some(Writes::Stop), Some(Data::Away));
    assert_eq!(judged(1), (State::MayStop, Some(Until::Back), stop, away, pods(1, 1, 0, 0, 0, zone), three.clone()));
    // Five servers in three zones: two of them share a zone, or all of them do.
    assert_eq!(judged(5), (State::MayStop, Some(Until::Back), stop, away, pods(5, 5, 0, 3, 0, zone), three));
}

#[test]
fn two_zones_guarantee_nothing() {
    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 4}"));
    let estate = spec("regions: [eu-central-1], protected: true", "2..4", &apps);
    let found = without_zone(site(&estate, "eu-central-1"), "eu-central-1b");
    let web = entry(&found, "app/shop/web");
    assert_eq!((web.state, web.until, web.pods), (State::MayStop, Some(Until::Replaced), pods(4, 4, 0, 2, 4, None)));
    assert_eq!(lines(&found), ["regions.eu-central-1.zones: 3"]);
}

#[test]
fn volumes_stay_in_their_zone() {
    let apps = "apps:\n  files: {image: \"registry.example/files:v1\", port: 8080, probes: {ready: /ready}, volumes: {/data: 1Gi}, scale: {replicas: 3}}\n";
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", apps), "eu-west-1a");
    let files = entry(&found, "app/shop/files");
    assert_eq!((files.state, files.data, files.pods), (State::Serves, Some(Data::Away), pods(3, 3, 1, 2, 1, Some(Waits::Zone))));
    let one = apps.replace("replicas: 3", "replicas: 1");
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", &one), "eu-west-1a");
    assert_eq!((entry(&found, "app/shop/files").state, entry(&found, "app/shop/files").until), (State::MayStop, Some(Until::Back)));
    assert!(found.hit);
}

/// The only NAT gateway is in the first zone.
#[test]
fn the_only_way_out_is_lost_with_its_zone() {
    let apps = format!(
        "apps:\n{}external: {{cards: {{url: \"https://api.cards.example\"}}}}\n",
        app("web", "scale: {replicas: 3}, needs: [external/cards]")
    );
    let estate = spec("regions: [eu-west-1], protected: true", "3..6", &apps);
    let found = zone(&estate, "eu-west-1a");
    let nat = found.parts.iter().find(|part| part.part == "nat").expect("a part");
    assert_eq!((nat.standing, &nat.entries[..]), (Standing::Lost, &["app/shop/web".to_owned()][..]));
    assert_eq!((found.hit, lines(&found)), (true, vec!["network.nat: per-zone"]));
    let found = zone(&estate, "eu-west-1b");
    assert_eq!((found.hit, lines(&found)), (false, vec![]));
}

#[test]
fn jobs_break_off_and_nodes_that_are_left_keep_their_agents() {
    let apps = "apps:\n  report: {image: \"registry.example/report:v1\", schedule: \"0 3 * * *\"}\n  agent: {image: \"registry.example/agent:v1\", per_node: true, probes: {none: r}}\n";
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", apps), "eu-west-1b");
    assert_eq!([entry(&found, "app/shop/report").state, entry(&found, "app/shop/agent").state], [State::BreaksOff, State::Serves]);
    assert!(!found.hit);
}

/// A region of one zone loses everything with it.
#[test]
fn the_only_zone_takes_everything() {
    let text = "apiVersion: platgen/v1
platform: {name: shop, owner: ops, domain: shop.example}
cloud: {provider: existing}
regions: {here: {zones: 1}}
environments: {production: {regions: [here], protected: true}}
access: {groups: {ops: {id: platform-admin, role: admin}}}
teams: {ops: {group: ops}}
namespaces: {shop: {owner: ops}}
apps:
";
    let estate = estate(&format!(
        "{text}{}{}  report: {{image: \"registry.example/report:v1\", schedule: \"0 3 * * *\"}}\n  agent: {{image: \"registry.example/agent:v1\", per_node: true, probes: {{none: r}}}}\nstores:\n{ORDERS}",
        app("web", "scale: {replicas: 3}"),
        app("cart", "scale: {replicas: 2..9}")
    ));
    let found = without_zone(site(&estate, "here"), "a");
    for entry in &found.entries {
        assert_eq!((entry.state, entry.until), (State::Stops, Some(Until::Back)), "{}", entry.entry);
        assert!(entry.pods.is_none_or(|pods| (pods.worst, pods.even, pods.after) == (0, 0, 0)), "{entry:?}");
    }
    assert_eq!((found.zones_left.len(), found.hit), (0, true));
}

#[test]
fn another_region_carries_the_load_or_not() {
    let apps = format!(
        "apps:\n{}{}{}  report: {{image: \"registry.example/report:v1\", schedule: \"0 3 * * *\"}}\nstores:\n{ORDERS}",
        app("web", "expose: \"@\", scale: {replicas: 3..12, cpu: 70%}, resources: {cpu: 100m..200m, memory: 64Mi}"),
        app("here", "expose: here, regions: primary, scale: {replicas: 2}"),
        app("tight", "scale: {replicas: 3..4, cpu: 40%}")
    );
    let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..12", &apps);
    let found = without_region(site(&estate, "eu-west-1"));
    let web = entry(&found, "app/shop/web");
    let elsewhere = |most, load, limit| {
        let pods = Shared { before: 6, left: 3, most, share: 200, load: Some(load), limit: Some(limit) };
        Some(Elsewhere { regions: vec!["eu-central-1".to_owned()], pods: Some(pods) })
    };
    assert_eq!((web.state, &web.elsewhere), (State::Serves, &elsewhere(12, 140, 200)));
    assert_eq!(entry(&found, "app/shop/tight").elsewhere, elsewhere(4, 80, 400));
    for name in ["app/shop/here", "app/shop/report", "store/shop/orders"] {
        let entry = entry(&found, name);
        assert_eq!((entry.state, entry.until, &entry.elsewhere), (State::Stops, Some(Until::Back), &None), "{name}");
    }
    assert_eq!(entry(&found, "store/shop/orders").brought_back.as_deref(), Some("nothing, as the spec accepts: r"));
    let of =
        |part: &str| found.parts.iter().filter(|one| one.part == part).map(|one| (one.standing, one.note.as_str())).collect::<Vec<_>>();
    let dns = [
        (Standing::Works, "production.shop.example: Route 53 leaves the region out once its load balancer fails its checks"),
        (Standing::Lost, "here.production.shop.example: no other region answers"),
    ];
    assert_eq!(of("dns"), dns);
    assert_eq!(of("states").len(), 1);
    assert!(found.hit);
    let expected = ["apps.here.regions: all", "apps.tight.scale.replicas: 3..6", "apps.web.scale.cpu: 50%"];
    assert_eq!(lines(&found), expected);

    // The other region is no primary: what runs in the primary alone is not lost with it.
    let found = without_region(site(&estate, "eu-central-1"));
    let names: Vec<&str> = found.entries.iter().map(|entry| entry.entry.as_str()).collect();
    assert_eq!(names, ["app/shop/tight", "app/shop/web"]);
}

#[test]
fn buckets_live_on_in_their_copies() {
    let of = |copy: &str| {
        let rest = format!("apps:\n{}buckets: {{invoices: {{{copy}}}}}\n", app("web", "needs: [\"bucket/invoices:write\"]"));
        let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..12", &rest);
        let found = without_region(site(&estate, "eu-west-1"));
        let bucket = found.parts.iter().find(|part| part.part == "bucket").expect("a bucket");
        (bucket.standing, bucket.entries.clone(), found.advice.iter().map(|advice| advice.line.clone()).collect::<Vec<_>>(), found.hit)
    };
    let web = vec!["app/shop/web".to_owned()];
    assert_eq!(of(""), (Standing::Lost, web.clone(), vec!["buckets.invoices: {copy_to: eu-central-1}".to_owned()], true));
    assert_eq!(of("copy_to: eu-central-1"), (Standing::Manual, web, vec![], false));
}

#[test]
fn a_region_alone_takes_everything() {
    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 3}"));
    let found = without_region(site(&spec("regions: [eu-west-1], protected: true", "3..6", &apps), "eu-west-1"));
    assert_eq!(entry(&found, "app/shop/web").state, State::Stops);
    assert_eq!(lines(&found), ["environments.production.regions: [eu-west-1, ANOTHER-REGION]"]);
    assert!(found.hit);
}
