//! An environment without one of its regions.

use super::*;

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
        let pods = Shared { before: 6, left: 3, most: Some(most), share: 200, load: Some(load), limit: Some(limit) };
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

/// A standby serves nobody until people make its region the primary one.
#[test]
fn a_standby_brings_a_store_back() {
    let store = "stores:\n  orders: {engine: postgres, version: \"17\", storage: 10Gi, users: {app: {}}, standby: [eu-central-1], backup: {every: 6h, keep: 35d, copy_to: eu-central-1}}\n";
    let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..12", &format!("apps:\n{}{store}", app("web", "")));
    let found = without_region(site(&estate, "eu-west-1"));
    let orders = entry(&found, "store/shop/orders");
    assert_eq!((orders.state, orders.until, &orders.elsewhere), (State::Stops, Some(Until::Back), &None));
    let back = "its standby in eu-central-1, which takes over once `primary` is that region, as RUNBOOK.md says";
    assert_eq!(orders.brought_back.as_deref(), Some(back));
    let found = without_region(site(&estate, "eu-central-1"));
    assert_eq!(entry(&found, "store/shop/orders").state, State::Serves);
}

/// Backups of a store are copied to a region in which the store does not run.
#[test]
fn backups_are_copied_where_their_store_is_not() {
    let store = |more: &str| {
        format!("{{engine: postgres, version: \"17\", users: {{app: {{}}}}, storage: 10Gi, backup: {{every: 6h, keep: 35d}}{more}}}")
    };
    let two = "regions: [eu-west-1, eu-central-1], protected: true";
    let of = |text: &str| {
        let estate = estate(&text.replace("regions: {", "regions: {eu-north-1: {zones: 3}, "));
        let found = without_region(site(&estate, "eu-west-1"));
        let copies = found.advice.iter().filter(|advice| advice.line.contains("copy_to"));
        copies.map(|advice| (advice.line.clone(), advice.why.clone())).collect::<Vec<_>>()
    };
    let line = |text: &str| (text.to_owned(), "its objects are then in another region, too".to_owned());
    let one = |more: &str| format!("stores:\n  orders: {}\n", store(more));
    assert_eq!(of(&text(two, "3..6", &one(""))), [line("stores.orders.backup.copy_to: eu-central-1")]);
    assert_eq!(of(&text(two, "3..6", &one(", independent: true"))), [line("stores.orders.backup.copy_to: ANOTHER-REGION")]);

    // Another environment knows a third region, and the line is for this one.
    let three = format!("{two}}}, beta: {{regions: [eu-north-1]");
    let more = "; write the other keys there as well, because `backup` is replaced as a whole";
    let stores = format!("stores:\n  shop/orders: {}\n  pay/orders: {}\n", store(", independent: true"), store(""));
    let both = text(&three, "3..6", &stores)
        .replace("namespaces: {", "namespaces: {pay: {owner: ops}, ")
        .replace("accounts: {", "accounts: {beta: \"222222222222\", ");
    let line = |text: &str| (text.to_owned(), format!("its objects are then in another region, too{more}"));
    let expected = [
        line("stores.pay/orders.environments.production.backup.copy_to: eu-central-1"),
        line("stores.shop/orders.environments.production.backup.copy_to: eu-north-1"),
    ];
    assert_eq!(of(&both), expected);
}

/// A second region is one of the same provider.
#[test]
fn a_desk_is_no_second_region() {
    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 3}"));
    let desk = text("regions: [eu-west-1], protected: true}, local: {regions: [desk]", "3..6", &apps)
        .replace("regions: {", "regions: {desk: {provider: kind}, ");
    let of =
        |text: &str| lines(&without_region(site(&estate(text), "eu-west-1"))).iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(of(&desk), ["environments.production.regions: [eu-west-1, ANOTHER-REGION]"]);
    let beta =
        desk.replace("local: {", "beta: {regions: [eu-central-1]}, local: {").replace("accounts: {", "accounts: {beta: \"222222222222\", ");
    assert_eq!(of(&beta), ["environments.production.regions: [eu-west-1, eu-central-1]"]);
}

#[test]
fn a_region_alone_takes_everything() {
    let apps = format!("apps:\n{}", app("web", "scale: {replicas: 3}"));
    let found = without_region(site(&spec("regions: [eu-west-1], protected: true", "3..6", &apps), "eu-west-1"));
    assert_eq!(entry(&found, "app/shop/web").state, State::Stops);
    assert_eq!(lines(&found), ["environments.production.regions: [eu-west-1, ANOTHER-REGION]"]);
    assert!(found.hit);
}

#[test]
fn stores_of_services_have_copies_elsewhere_or_not() {
    let of = |servers: &str, backup: &str| {
        let store = format!(
            "  bills: {{engine: mysql, version: \"8.4\", mode: managed, machine: db.m7g.large, storage: 20Gi, users: {{app: {{}}}}, {servers}backup: {{{backup}}}}}\n"
        );
        let rest = format!("apps:\n{}stores:\n{store}", app("web", "scale: {replicas: 3}, regions: primary, needs: [store/bills]"));
        let estate = spec("regions: [eu-west-1, eu-central-1], protected: true", "3..12", &rest);
        let part = |found: &Outage| {
            let part = found.parts.iter().find(|part| part.part == "managed-store").expect("a store").clone();
            (part.standing, part.entries)
        };
        [part(&zone(&estate, "eu-west-1b")), part(&without_region(site(&estate, "eu-west-1")))]
    };
    let web = vec!["app/shop/web".to_owned()];
    let both = |zone, region| [(zone, web.clone()), (region, web.clone())];
    assert_eq!(of("", "every: 6h, keep: 7d"), both(Standing::Lost, Standing::Lost));
    assert_eq!(of("replicas: 2, ", "every: 6h, keep: 7d, copy_to: eu-central-1"), both(Standing::Works, Standing::Manual));
    assert_eq!(of("replicas: 2, ", "none: a trial"), both(Standing::Works, Standing::Lost));
}
