//! Small platforms, and what they lose by hand.

use super::words::verdict;
use super::*;
use crate::analysis::page::Style;
use crate::tests::estate::estate;

mod region;

/// A platform on AWS in `eu-west-1` with three zones, and whatever a test adds.
fn spec(environments: &str, pools: &str, rest: &str) -> Estate {
    estate(&text(environments, pools, rest))
}

fn text(environments: &str, pools: &str, rest: &str) -> String {
    format!(
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
    )
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
    assert_eq!((rooms[0].nodes, rooms[0].left, rooms[0].waiting), (3, 2, Some(2)));
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

/// Each server has a zone of its own, and those without one do not run.
#[test]
fn servers_run_where_zones_have_nodes() {
    let queue = "  queue: {engine: rabbitmq, version: \"4.3\", users: {app: {}}, storage: 10Gi, backup: {none: r}, replicas: 3}\n";
    let of = |nodes: &str| {
        let stores = format!("stores:\n{ORDERS}{queue}");
        estate(&text("regions: [eu-west-1], protected: true", nodes, &stores).replace("nat: one", "nat: per-zone"))
    };
    let waits = Some(Waits::Zone);
    for (nodes, state, writes, left, line) in [
        ("1", State::Stops, Writes::Stop, 0, vec!["cluster.pools.general.nodes: 1..3"]),
        ("2", State::MayStop, Writes::Wait, 1, vec!["cluster.pools.general.nodes: 2..3"]),
        ("3", State::Serves, Writes::GoOn, 2, vec![]),
    ] {
        let estate = of(nodes);
        let found = zone(&estate, "eu-west-1a");
        for name in ["store/shop/orders", "store/shop/queue"] {
            let store = entry(&found, name);
            assert_eq!((store.state, store.writes), (state, Some(writes)), "{name} on {nodes}");
            assert_eq!(store.pods, pods(3, 3, left, left, left, waits), "{name} on {nodes}");
        }
        assert_eq!((found.hit, lines(&found)), (state != State::Serves, line), "{nodes}");
        // The last zone has no node but of three.
        let state = if nodes == "3" { State::Serves } else { State::Untouched };
        assert_eq!(entry(&zone(&estate, "eu-west-1c"), "store/shop/queue").state, state, "{nodes}");
    }
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

/// On other clouds the network is planned, and nothing of it is made.
#[test]
fn a_planned_network_has_no_way_out() {
    let apps = format!(
        "apps:\n{}external: {{cards: {{url: \"https://api.cards.example\"}}}}\n",
        app("web", "scale: {replicas: 3}, needs: [external/cards]")
    );
    let aws = text("regions: [eu-west-1], protected: true", "3..6", &apps);
    for (provider, account, region, machine, first) in [
        ("google", "shop-production", "europe-west1", "n2-standard-2", "europe-west1-b"),
        ("azure", "11111111-1111-1111-1111-111111111111", "westeurope", "Standard_D2s_v5", "1"),
    ] {
        let text = aws
            .replace("provider: aws", &format!("provider: {provider}"))
            .replace("111111111111", account)
            .replace(", eu-central-1: {zones: 2}", "")
            .replace("eu-west-1", region)
            .replace("m7i.large", machine);
        let estate = estate(&text);
        let found = without_zone(site(&estate, region), first);
        assert_eq!(found.zones_left.len(), 2, "{:?}", estate.environments["production"].regions[region].zones);
        assert!(found.parts.iter().all(|part| part.part != "nat"), "{:?}", found.parts);
        assert_eq!((found.hit, lines(&found)), (false, vec![]), "{provider}");
    }
}

#[test]
fn jobs_break_off_and_nodes_that_are_left_keep_their_agents() {
    let apps = "apps:\n  report: {image: \"registry.example/report:v1\", schedule: \"0 3 * * *\"}\n  agent: {image: \"registry.example/agent:v1\", per_node: true, probes: {none: r}}\n";
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", apps), "eu-west-1b");
    assert_eq!([entry(&found, "app/shop/report").state, entry(&found, "app/shop/agent").state], [State::BreaksOff, State::Serves]);
    assert!(!found.hit);
    assert_eq!(verdict(&found), "1 app keeps serving; 1 app runs jobs, which break off.");
    let (only_jobs, _) = apps.split_once("  agent").expect("two apps");
    let found = zone(&spec("regions: [eu-west-1], protected: true", "3..6", only_jobs), "eu-west-1b");
    assert_eq!(verdict(&found), "1 app runs jobs, which break off.");
    assert!(report(&found, Style::Plain).contains("as often as the `backoffLimit` of the job allows"));
    // The pool has no node in the last zone.
    let found = zone(&spec("regions: [eu-west-1], protected: true", "2", only_jobs), "eu-west-1c");
    assert_eq!(verdict(&found), "1 app is not affected.");
}

#[test]
fn nothing_is_lost_where_nothing_runs() {
    let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..6", "");
    let found = zone(&estate, "eu-west-1b");
    assert_eq!((verdict(&found), found.hit), ("Nothing of the spec runs there.".to_owned(), false));
    assert_eq!(verdict(&without_region(site(&estate, "eu-west-1"))), "Nothing of the spec runs there.");
    assert_eq!(verdict(&zone(&estate, "eu-west-1a")), "Lost: nat.");
}

/// An app of which the spec wants no pod serves nothing, and calls nobody.
#[test]
fn what_has_no_pods_loses_none() {
    let apps = format!(
        "apps:\n{}{}",
        app("web", "scale: {replicas: 0}, needs: [app/cart]"),
        app("cart", "scale: {replicas: 1}, needs: [app/web]")
    );
    let estate = spec("regions: [eu-west-1], protected: true", "3..6", &apps);
    let found = zone(&estate, "eu-west-1b");
    let web = entry(&found, "app/shop/web");
    assert_eq!((web.state, web.until, web.pods), (State::Untouched, None, pods(0, 0, 0, 0, 0, None)));
    assert_eq!((&web.behind[..], verdict(&found).as_str()), (&[][..], "1 app may be away; 1 app is not affected."));
    assert!(report(&found, Style::Plain).contains("\n  not in this zone, or without pods: app/shop/web\n"));
    assert_eq!(lines(&found), ["apps.cart.scale.replicas: 2"]);

    let found = without_region(site(&estate, "eu-west-1"));
    let web = entry(&found, "app/shop/web");
    assert_eq!((web.state, web.until, &web.elsewhere), (State::Untouched, None, &None));
    assert_eq!(verdict(&found), "1 app stops; 1 app is not affected.");
    assert!(report(&found, Style::Plain).contains("\nWITHOUT PODS\n  app/shop/web\n"));

    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 0}, regions: primary"));
    let found = without_region(site(&spec("regions: [eu-west-1, eu-central-1], protected: true", "3..6", &apps), "eu-west-1"));
    assert_eq!((entry(&found, "app/shop/web").state, found.hit, lines(&found)), (State::Untouched, false, vec![]));
}

/// More pods than are placed one by one.
#[test]
fn what_is_not_counted_is_said() {
    const SAID: &str = "  there are more than 5000 pods: whether they find room is not counted\n";
    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 3..6000, cpu: 50%}, resources: {cpu: 100m, memory: 64Mi}"));
    let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..9", &apps);
    let found = zone(&estate, "eu-west-1b");
    let rooms = found.rooms.as_ref().expect("known nodes");
    assert_eq!((rooms[0].waiting, rooms[0].waiting_at_most, found.hit), (Some(0), None, false));
    assert_eq!(lines(&found), [""; 0]);
    let text = report(&found, Style::Plain);
    assert!(
        text.contains("  general  9              6                  0                  not counted\n") && text.contains(SAID),
        "{text}"
    );
    assert!(report(&found, Style::Markdown).contains("| not counted |\n\n- there are more than 5000 pods"));
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["rooms"][0]["waiting_at_most"], serde_json::Value::Null);

    let found = without_region(site(&estate, "eu-west-1"));
    let shared = entry(&found, "app/shop/web").elsewhere.as_ref().and_then(|elsewhere| elsewhere.pods).expect("pods");
    assert_eq!((shared.before, shared.left, shared.most, shared.is_short()), (6, 3, None, false));
    let text = report(&found, Style::Plain);
    assert!(text.contains("  not counted\n") && text.contains(SAID), "{text}");

    // Fewer pods are counted, and nothing is said.
    let apps = apps.replace("6000", "60");
    let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..9", &apps);
    let found = zone(&estate, "eu-west-1b");
    assert_eq!(found.rooms.as_ref().expect("known nodes")[0].waiting_at_most, Some(0));
    let other = without_region(site(&estate, "eu-west-1"));
    for found in [&found, &other] {
        assert!(!report(found, Style::Plain).contains("not counted"));
    }
}

/// Nodes that are not part of the spec are not too many pods.
#[test]
fn nodes_outside_of_the_spec_are_said() {
    let text = text("regions: [eu-west-1]", "3", &format!("apps:\n{}", app("web", "scale: {replicas: 3..6000, cpu: 50%}")))
        .replace("provider: aws, accounts: {production: \"111111111111\"}, state: {region: eu-west-1}", "provider: existing")
        .replace("network: {cidr: 10.0.0.0/8, nat: one}\n", "")
        .replace("cluster: {version: \"1.35\", pools: {general: {machine: m7i.large, nodes: 3}}}\n", "")
        .replace("mfa: required, ", "");
    let estate = estate(&text);
    let found = without_zone(site(&estate, "eu-west-1"), "a");
    assert_eq!(found.rooms, None);
    let text = report(&found, Style::Plain);
    assert!(text.contains("the nodes of this cluster are not part of the spec") && !text.contains("5000"), "{text}");
}

#[test]
fn stores_elsewhere_lose_what_nobody_here_says() {
    let note = |stores: &str, needs: &str| {
        let rest = format!("apps:\n{}stores:\n{stores}", app("web", &format!("scale: {{replicas: 3}}, needs: [{needs}]")));
        let found = zone(&spec("regions: [eu-west-1]", "3..6", &rest), "eu-west-1b");
        found.parts.iter().find(|part| part.part == "existing-stores").expect("a part").note.clone()
    };
    let old = "  old: {engine: postgres, mode: existing, host: old.example, cidrs: [203.0.113.0/24]}\n";
    assert_eq!(note(old, "store/old"), "store/old runs elsewhere: these files do not say what it loses");
    let two = format!("{old}  older: {{engine: redis, mode: existing, host: older.example, cidrs: [203.0.113.0/24]}}\n");
    let said = "store/old and store/older run elsewhere: these files do not say what they lose";
    assert_eq!(note(&two, "store/old, store/older"), said);
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
