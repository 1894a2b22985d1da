//! Weights of paths, and what follows from which line.

use super::weight::{kind, of};
use super::*;

#[test]
fn paths_have_weights() {
    use Weight::{Access, Behavior, Capacity, Convenience, Data, Isolation};
    let expected = [
        ("environments.beta.protected", "environments", Data),
        ("stores.orders.backup.every", "stores", Data),
        ("stores.orders.scale.replicas", "stores", Data),
        ("stores.orders.only", "stores", Data),
        ("stores.orders.resources.cpu", "stores", Capacity),
        ("stores.orders.version", "stores", Behavior),
        ("stores.orders.users.app", "stores", Access),
        ("buckets.invoices.region", "buckets", Data),
        ("apps.web.only", "apps", Behavior),
        ("apps.web.scale.replicas", "apps", Capacity),
        ("apps.web.needs", "apps", Isolation),
        ("apps.web.expose[0].host", "apps", Isolation),
        // The name of a variable decides nothing, and neither does that of an entry.
        ("apps.web.config.backup", "apps", Behavior),
        ("apps.backup.image", "apps", Behavior),
        ("apps.web.security.user", "apps", Access),
        ("apps.web.slo.availability", "apps", Convenience),
        ("access.groups.ops.role", "access", Access),
        ("network.subnets.data.isolated", "network", Isolation),
        ("network.nat", "network", Capacity),
        ("cluster.pools.general.nodes", "cluster", Capacity),
        ("cluster.guard.none", "cluster", Isolation),
        ("cluster.version", "cluster", Behavior),
        ("environment.primary", "environments", Capacity),
        ("environments.beta.approvals", "environments", Access),
        ("environments.beta.night.stop", "environments", Capacity),
        ("namespaces.shop.quota.cpu", "namespaces", Capacity),
        ("namespaces.shop.pod_security.level", "namespaces", Access),
        ("observability.retention", "observability", Convenience),
        ("manifests.more.only", "manifests", Behavior),
        ("vars.backup", "vars", Behavior),
        ("regions.eu-west-1.dns_firewall", "regions", Isolation),
        ("regions.eu-west-1.monitoring.replicas", "regions", Convenience),
    ];
    let found: Vec<(&str, &str, Weight)> = expected.iter().map(|(path, ..)| (*path, kind(path), of(path))).collect();
    assert_eq!(found, expected);
}

fn pair(path: &str, with: Option<(&str, &str)>, environment: Option<(&str, &str)>) -> Pair {
    let side = |side: Option<(&str, &str)>| side.map(|(value, origin)| (value.to_owned(), origin.to_owned()));
    Pair { path: path.to_owned(), with: side(with), environment: side(environment) }
}

/// `path: with / environment (lines)` of what is declared, and of what is not.
fn told(values: &[Pair], computed: &[Pair]) -> (Vec<String>, Vec<String>) {
    let found = compared(["beta", "production"], values, computed, "default");
    let or = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let declared = found.declared.into_iter();
    let undeclared = found.undeclared.into_iter();
    (
        declared.map(|one| format!("{}: {} / {} ({})", one.path, or(one.with), or(one.environment), one.lines.join("; "))).collect(),
        undeclared.map(|one| format!("{}: {} / {}: {}", one.what, or(one.expected), or(one.found), one.why)).collect(),
    )
}

#[test]
fn what_follows_names_the_line_that_it_follows_from() {
    let values = [
        pair("environments.beta.protected", Some(("true", "p.yaml:9, environment production")), Some(("false", "default"))),
        pair("apps.web.scale.replicas", Some(("3", "p.yaml:20, environment production")), None),
        pair("apps.night.only", None, Some(("[beta]", "p.yaml:30"))),
    ];
    let computed = [
        // Named by its origin, and through another computed value.
        pair("regions.here.pools.a.spot", Some(("false", "environments.beta.protected")), Some(("true", "environments.beta.protected"))),
        pair("regions.here.pools.a.alternatives", None, Some(("[x]", "cluster.pools.a.machine and regions.here.pools.a.spot"))),
        // Computed on one side, and written on the other one.
        pair("apps.web.scale.replicas", None, Some(("1", "environments.beta.protected"))),
        // Of the same entry.
        pair("apps.web.zone_spread", Some(("hard", "its replicas")), Some(("none", "its replicas"))),
        // Of an entry that one side lacks.
        pair("apps.night.kind", None, Some(("CronJob", "apps.night.schedule"))),
        // Of nothing that differs.
        pair("apps.api.kind", Some(("Deployment", "apps.api.volumes")), Some(("StatefulSet", "apps.api.volumes"))),
    ];
    let (declared, undeclared) = told(&values, &computed);
    assert_eq!(
        declared,
        [
            "environments.beta.protected: true / false (p.yaml:9, environment production)",
            "apps.night.only: - / [beta] (p.yaml:30)",
            "apps.web.scale.replicas: 3 / 1 (p.yaml:20, environment production)",
            "apps.web.zone_spread: hard / none (p.yaml:20, environment production)",
            "regions.here.pools.a.alternatives: - / [x] (p.yaml:9, environment production)",
            "regions.here.pools.a.spot: false / true (p.yaml:9, environment production)",
        ]
    );
    assert_eq!(undeclared, ["apps.api.kind: Deployment / StatefulSet: it is computed from apps.api.volumes, of which no line differs"]);
}

#[test]
fn regions_are_named_where_nothing_else_is() {
    let values = [pair("environments.beta.regions", Some(("[a, b]", "p.yaml:3")), Some(("[a]", "p.yaml:2")))];
    let computed = [pair("regions.a.shared_hosts", Some(("x", "the hosts of other regions")), None)];
    assert_eq!(
        told(&values, &computed).0,
        ["environments.beta.regions: [a, b] / [a] (p.yaml:2; p.yaml:3)", "regions.a.shared_hosts: x / - (p.yaml:2; p.yaml:3)"]
    );
    // Of a line and a block in it, the block says so.
    let values = [pair("apps.web.image", Some(("v1", "p.yaml:7, environment production")), Some(("v2", "p.yaml:7")))];
    assert_eq!(told(&values, &[]).0, ["apps.web.image: v1 / v2 (p.yaml:7, environment production)"]);
}
