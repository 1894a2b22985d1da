//! Rules about ways in from outside: those of the model and no others, each host one's own, and none without encryption.

use super::Finding;
use super::compare::expect;
use super::scene::{GATEWAYS, RENDER, Scene};
use crate::diagnostic::Code;
use crate::inventory::Object;
use crate::model::{Via, Workload};
use crate::provider::Provider;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn routes<'s>(scene: &'s Scene) -> impl Iterator<Item = &'s Object> {
    scene.inventory.of_kind("HTTPRoute").chain(scene.inventory.of_kind("GRPCRoute"))
}

/// The Gateways and listeners of a route: namespace, name, listener.
fn parents(route: &Object) -> Vec<(String, String, String)> {
    let parents = route.items("/spec/parentRefs").iter();
    parents
        .map(|parent| {
            let namespace = Some(text(parent, "/namespace")).filter(|name| !name.is_empty()).unwrap_or(&route.namespace);
            (namespace.to_owned(), text(parent, "/name").to_owned(), text(parent, "/sectionName").to_owned())
        })
        .collect()
}

/// Hosts and paths that two routes claim, and hosts that two Services do.
pub(super) fn conflicts(scene: &Scene, found: &mut Vec<Finding>) {
    let mut claimed: BTreeMap<String, String> = BTreeMap::new();
    let mut claim = |object: &Object, key: String, host: &str, found: &mut Vec<Finding>| {
        if let Some(other) = claimed.insert(key, object.id()).filter(|other| *other != object.id()) {
            let message = format!("`{}` and `{other}` both claim `{host}`", object.id());
            found.push(scene.finding(Code::RouteConflict, object, message, "give one of them another host or path"));
        }
    };
    for route in routes(scene) {
        for host in route.items("/spec/hostnames").iter().filter_map(Value::as_str) {
            for rule in route.items("/spec/rules") {
                let paths: Vec<&str> = list(rule, "matches").iter().map(|one| text(one, "/path/value")).collect();
                for path in if paths.is_empty() { vec!["/"] } else { paths } {
                    let path = if path.is_empty() { "/" } else { path };
                    for (namespace, gateway, section) in parents(route) {
                        claim(route, format!("{namespace}/{gateway}/{section}/{host}{path}"), &format!("{host}{path}"), found);
                    }
                }
            }
        }
    }
    for service in scene.inventory.of_kind("Service") {
        for host in
            service.text("/metadata/annotations/external-dns.alpha.kubernetes.io~1hostname").split(',').filter(|host| !host.is_empty())
        {
            claim(service, format!("dns/{host}"), host, found);
        }
    }
}

/// Ways in without encryption.
pub(super) fn plain(scene: &Scene, found: &mut Vec<Finding>) {
    let mut unprotected = BTreeSet::new();
    for gateway in scene.inventory.of_kind("Gateway") {
        for listener in gateway.items("/spec/listeners") {
            let name = text(listener, "/name");
            let ends = text(listener, "/tls/mode") == "Terminate"
                && !listener.pointer("/tls/certificateRefs").is_none_or(|refs| refs.as_array().is_none_or(Vec::is_empty));
            let fault = match text(listener, "/protocol") {
                "HTTP" => {
                    unprotected.insert((gateway.namespace.clone(), gateway.name.clone(), name.to_owned()));
                    let from = text(listener, "/allowedRoutes/namespaces/from");
                    (!["", "Same"].contains(&from)).then_some("takes routes of other namespaces without encryption")
                }
                "HTTPS" | "TLS" => (!ends).then_some("has no certificate to end TLS with"),
                _ => Some("speaks neither HTTP nor TLS"),
            };
            if let Some(fault) = fault {
                let message = format!("the listener `{name}` of `{}` {fault}", gateway.id());
                found.push(scene.finding(Code::ExposedWithoutTls, gateway, message, RENDER));
            }
        }
    }
    let mut redirected = BTreeSet::new();
    for route in routes(scene) {
        let redirects = |rule: &Value| {
            list(rule, "filters").iter().any(|filter| text(filter, "/requestRedirect/scheme") == "https")
                && list(rule, "backendRefs").is_empty()
        };
        let all = !route.items("/spec/rules").is_empty() && route.items("/spec/rules").iter().all(redirects);
        for parent in parents(route) {
            let open = unprotected.contains(&parent)
                || (parent.2.is_empty() && unprotected.iter().any(|known| (&known.0, &known.1) == (&parent.0, &parent.1)));
            if open && !all {
                let message = format!("`{}` answers on the plain port of the Gateway `{}`", route.id(), parent.1);
                found.push(scene.finding(Code::ExposedWithoutTls, route, message, "attach it to the listener `https`"));
            } else if open {
                redirected.insert(parent);
            }
        }
    }
    for (namespace, gateway, section) in unprotected.difference(&redirected) {
        if let Some(object) = scene.inventory.get("Gateway", namespace, gateway).filter(|object| !scene.is_changed(object)) {
            let message = format!("nothing redirects what comes in at the listener `{section}` of `{}` to TLS", object.id());
            found.push(scene.finding(Code::ExposedWithoutTls, object, message, RENDER));
        }
    }
}

/// A Gateway is of the class that the proxies of the platform serve, ends TLS with its own certificate, admits routes of the platform's
/// namespaces alone, and is open to the internet where it is the public one and private where it is the internal one.
fn gateways(scene: &Scene, found: &mut Vec<Finding>) {
    let scheme = |scheme: &str| json!({"service.beta.kubernetes.io/aws-load-balancer-scheme": scheme});
    let (public, private) = match scene.region.provider {
        Provider::Aws => (scheme("internet-facing"), scheme("internal")),
        Provider::Google => (Value::Null, json!({"networking.gke.io/load-balancer-type": "Internal"})),
        Provider::Azure => (Value::Null, json!({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"})),
        Provider::Kind | Provider::Existing => (Value::Null, Value::Null),
    };
    for (name, wanted) in [("public", public), ("internal", private)] {
        if let Some(gateway) = scene.inventory.get("Gateway", GATEWAYS, name) {
            let admitted = json!({"from": "Selector", "selector": {"matchLabels": {"platgen.io/platform": scene.platform.name}}});
            let certificate = json!([{"kind": "Secret", "name": format!("{name}-tls")}]);
            for (place, wanted) in [
                ("/spec/gatewayClassName", json!("envoy")),
                ("/spec/infrastructure/annotations", wanted),
                ("/spec/listeners/0/port", json!(80)),
                ("/spec/listeners/0/allowedRoutes/namespaces", json!({"from": "Same"})),
                ("/spec/listeners/1/port", json!(443)),
                ("/spec/listeners/1/tls/certificateRefs", certificate),
                ("/spec/listeners/1/allowedRoutes/namespaces", admitted),
            ] {
                expect(scene, found, Code::WrongRoute, gateway, place, &wanted);
            }
        }
    }
}

/// A way in: host, Gateway, path, what the path becomes, timeout, Service, port, who may come in.
type Way = (String, String, String, String, String, String, String, Vec<String>);

/// The ways in of the model against those of the documents.
pub(super) fn exposures(scene: &Scene, found: &mut Vec<Finding>) {
    gateways(scene, found);
    let mut callers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // A policy of another version, or about something else, keeps nobody out.
    for policy in scene.inventory.of_kind("SecurityPolicy").filter(|policy| policy.text("/apiVersion") == "gateway.envoyproxy.io/v1alpha1")
    {
        let from = caller_ranges(policy);
        for target in policy.items("/spec/targetRefs").iter().filter(|target| text(target, "/group") == "gateway.networking.k8s.io") {
            callers.insert(format!("{}/{}/{}", text(target, "/kind"), policy.namespace, text(target, "/name")), from.clone());
        }
    }
    let mut present: BTreeMap<Way, &Object> = BTreeMap::new();
    for route in routes(scene).filter(|route| route.namespace != GATEWAYS && !scene.is_changed(route)) {
        let from = callers.get(&route.id()).cloned().unwrap_or_default();
        for (_, gateway, _) in parents(route) {
            for host in route.items("/spec/hostnames").iter().filter_map(Value::as_str) {
                for rule in route.items("/spec/rules") {
                    for way in ways(route, rule, host, &gateway, &from) {
                        present.insert(way, route);
                    }
                }
            }
        }
    }
    for workload in scene.region.workloads.values() {
        let changed =
            |route: &&Object| scene.is_changed(route) && scene.workload_of(route).is_some_and(|other| std::ptr::eq(other, workload));
        if !workload.exposures.is_empty() && routes(scene).any(|route| changed(&route)) {
            continue;
        }
        for way in wanted(workload) {
            let own = present.remove(&way).is_some();
            if !own {
                let object = format!("HTTPRoute/{}/{}", workload.namespace, workload.name);
                let message = format!("`{}/{}` is not reached at `{}{}` as the spec says", workload.namespace, workload.name, way.0, way.2);
                found.push(scene.lacks(Code::WrongRoute, workload, &object, message));
            }
        }
    }
    for ((host, _, path, ..), route) in present {
        let message = format!("`{}` answers at `{host}{path}` otherwise than the spec says", route.id());
        found.push(scene.finding(Code::WrongRoute, route, message, RENDER));
    }
}

/// Who may come in; what is no list of ranges that all others are refused for is one nobody expects.
fn caller_ranges(policy: &Object) -> Vec<String> {
    let denies = policy.text("/spec/authorization/defaultAction") == "Deny";
    let rules = policy.items("/spec/authorization/rules");
    let mut from: Vec<String> = Vec::new();
    for rule in rules {
        let ranges = rule.pointer("/principal/clientCIDRs").and_then(Value::as_array).into_iter().flatten();
        from.extend(ranges.filter_map(|range| Some(range.as_str()?.to_owned())));
        if text(rule, "/action") != "Allow" {
            from.push("otherwise".to_owned());
        }
    }
    if !denies {
        from.push("anyone".to_owned());
    }
    from.sort();
    from
}

fn ways(route: &Object, rule: &Value, host: &str, gateway: &str, from: &[String]) -> Vec<Way> {
    let paths: Vec<String> = match list(rule, "matches") {
        [] => vec!["/".to_owned()],
        all => all
            .iter()
            .map(|one| match text(one, "/path/type") {
                "PathPrefix" => text(one, "/path/value").to_owned(),
                kind => format!("{kind} {}", text(one, "/path/value")),
            })
            .collect(),
    };
    let rewrite = list(rule, "filters").iter().map(|filter| text(filter, "/urlRewrite/path/replacePrefixMatch")).collect::<String>();
    let timeout = text(rule, "/timeouts/request").to_owned();
    let mut ways = Vec::new();
    let nobody = [Value::Null];
    let backends = if list(rule, "backendRefs").is_empty() { &nobody[..] } else { list(rule, "backendRefs") };
    for backend in backends {
        let service = format!("{}/{}", route.namespace, text(backend, "/name"));
        let port = backend.get("port").map(Value::to_string).unwrap_or_default();
        for path in &paths {
            ways.push((
                host.to_owned(),
                gateway.to_owned(),
                path.clone(),
                rewrite.clone(),
                timeout.clone(),
                service.clone(),
                port.clone(),
                from.to_vec(),
            ));
        }
    }
    ways
}

fn wanted(workload: &Workload) -> Vec<Way> {
    let mut ways = Vec::new();
    for exposure in &workload.exposures {
        let gateway = match exposure.via {
            Via::Public => "public",
            Via::Internal => "internal",
        };
        // A duration of the Gateway API has at most five digits.
        let timeout = match (exposure.timeout, exposure.websocket) {
            (Some(seconds), _) if seconds > 99_999 => format!("{}h", seconds.div_ceil(3600).min(99_999)),
            (Some(seconds), _) => format!("{seconds}s"),
            (None, true) => "0s".to_owned(),
            (None, false) => String::new(),
        };
        let mut from: Vec<String> = exposure.from.iter().map(ToString::to_string).collect();
        from.sort();
        let service = format!("{}/{}", workload.namespace, workload.name);
        let rewrite = exposure.rewrite.clone().unwrap_or_default();
        ways.push((
            exposure.host.clone(),
            gateway.to_owned(),
            exposure.path.clone(),
            rewrite,
            timeout,
            service,
            exposure.port.to_string(),
            from,
        ));
    }
    ways
}
