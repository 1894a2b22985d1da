//! The exposed routes of the documents are those of the model.

use super::Finding;
use super::compare::expect;
use super::context::{GATEWAYS, RegionContext};
use platgen::inventory::Object;
use platgen::model::{Entrance, Region, Sticky, Via, Workload};
use platgen::provider::Provider;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn routes<'s>(context: &'s RegionContext) -> impl Iterator<Item = &'s Object> {
    ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"].into_iter().flat_map(|kind| context.inventory.of_kind(kind))
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

/// A Gateway is of the class that the proxies of the platform serve, ends TLS with its own certificate unless apps end it, admits routes of the
/// platform's namespaces alone, and is open to the internet where it is a public one and private where it is an internal one.
fn gateways(context: &RegionContext, found: &mut Vec<Finding>) {
    let scheme = |scheme: &str| {
        json!({
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "instance",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": scheme,
            "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes": "preserve_client_ip.enabled=true",
        })
    };
    let (public, private) = match context.region.provider {
        Provider::Aws => (scheme("internet-facing"), scheme("internal")),
        Provider::Google => (Value::Null, json!({"networking.gke.io/load-balancer-type": "Internal"})),
        Provider::Azure => (Value::Null, json!({"service.beta.kubernetes.io/azure-load-balancer-internal": "true"})),
        Provider::Kind | Provider::Existing => (Value::Null, Value::Null),
    };
    let both = |name: &'static str, other: &'static str, wanted: Value| [(name, true, wanted.clone()), (other, false, wanted)];
    let all = [both("public", "public-passthrough", public), both("internal", "internal-passthrough", private)];
    for (name, ends, wanted) in all.into_iter().flatten() {
        if let Some(gateway) = context.inventory.get("Gateway", GATEWAYS, name) {
            let admitted = json!({"from": "Selector", "selector": {"matchLabels": {"platgen.io/platform": context.platform.name}}});
            let certificate = json!([{"kind": "Secret", "name": format!("{name}-tls")}]);
            for (place, wanted) in [
                ("/spec/gatewayClassName", json!("envoy")),
                ("/spec/infrastructure/annotations", wanted),
                ("/spec/listeners/0/port", json!(80)),
                ("/spec/listeners/0/allowedRoutes/namespaces", json!({"from": "Same"})),
            ] {
                expect(context, found, "wrong-route", gateway, place, &wanted);
            }
            let https = [
                ("/spec/listeners/1/port", json!(443)),
                ("/spec/listeners/1/tls/mode", json!("Terminate")),
                ("/spec/listeners/1/tls/certificateRefs", certificate),
                ("/spec/listeners/1/allowedRoutes/namespaces", admitted),
            ];
            for (place, wanted) in https.iter().filter(|_| ends) {
                expect(context, found, "wrong-route", gateway, place, wanted);
            }
            listeners(context, found, gateway, name);
            proxies(context, found, gateway, name);
        }
    }
}

/// The Gateway names its proxies, which survive the loss of a zone where the environment is protected.
fn proxies(context: &RegionContext, found: &mut Vec<Finding>, gateway: &Object, name: &str) {
    let named = json!({"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": name});
    expect(context, found, "wrong-route", gateway, "/spec/infrastructure/parametersRef", &named);
    let Some(proxy) = context.inventory.get("EnvoyProxy", GATEWAYS, name) else {
        let message = format!("the proxies of `{}` are not there", gateway.id());
        found.push(context.finding("wrong-route", gateway, message));
        return;
    };
    let (least, most) = if context.platform.protected { (context.region.zones.len().max(3), 12) } else { (2, 4) };
    let networks = context.region.network.iter();
    let subnet = networks.flat_map(|network| &network.subnets).find(|subnet| subnet.default).map(|subnet| subnet.name.as_str());
    let own = json!({"matchLabels": {
        "gateway.envoyproxy.io/owning-gateway-name": name,
        "gateway.envoyproxy.io/owning-gateway-namespace": GATEWAYS,
    }});
    let spread = |key: &str| {
        let soft = "ScheduleAnyway";
        json!({"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": soft, "nodeTaintsPolicy": "Honor", "labelSelector": own})
    };
    let mut pod = json!({
        "priorityClassName": format!("{}-critical", context.platform.name),
        "topologySpreadConstraints": [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
    });
    if let Some(subnet) = subnet {
        pod["nodeSelector"] = json!({"platgen.io/subnet": subnet});
    }
    let mut taints: Vec<Value> = subnet
        .filter(|_| context.region.network.iter().flat_map(|network| &network.subnets).any(|one| one.default && one.isolated))
        .map(|name| json!({"key": "platgen.io/subnet", "operator": "Equal", "value": name, "effect": "NoSchedule"}))
        .into_iter()
        .collect();
    let pools = context.region.cluster.pools.iter().filter(|pool| subnet == Some(pool.subnet.as_str()));
    let easiest = pools.min_by_key(|pool| pool.taints.len()).map(|pool| &pool.taints).into_iter().flatten();
    taints.extend(easiest.map(|(key, value, effect)| json!({"key": key, "operator": "Equal", "value": value, "effect": effect})));
    if !taints.is_empty() {
        pod["tolerations"] = taints.into();
    }
    let share = json!({"container": "envoy", "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}});
    let mut kubernetes = json!({
        "envoyDeployment": {
            "pod": pod,
            "container": {"resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}}},
        },
        "envoyHpa": {
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "ContainerResource", "containerResource": share}],
        },
        "envoyPDB": {"maxUnavailable": 1},
        "envoyService": {"externalTrafficPolicy": "Local"},
    });
    if context.region.provider == Provider::Aws {
        kubernetes["envoyService"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    }
    let mut spec = json!({"provider": {"type": "Kubernetes", "kubernetes": kubernetes}});
    if context.region.monitoring.is_some() {
        // Rules find the app by this name: kind of the route, namespace and Service.
        spec["telemetry"] = json!({"metrics": {"clusterStatName": "%ROUTE_KIND%/%BACKEND_REFS%"}});
    }
    expect(context, found, "wrong-route", proxy, "/spec", &spec);
}

/// A way in: host, Gateway, path or listener, what the path becomes, timeout and what binds a client, Service, port, who may come in.
type Way = (String, String, String, String, String, String, String, Vec<String>);

/// A Gateway verifies the certificate of each workload that it reaches over HTTPS, and of no other.
fn certificates(context: &RegionContext, found: &mut Vec<Finding>) {
    for workload in context.region.workloads.values() {
        let Some(certificate) = &workload.certificate else { continue };
        let Some(policy) = context.inventory.get("BackendTLSPolicy", workload.namespace.as_str(), workload.name.as_str()) else {
            let object = format!("BackendTLSPolicy/{}/{}", workload.namespace, workload.name);
            found.push(context.about("wrong-route", &object, format!("`{object}` is not there")));
            continue;
        };
        let target = |port: &String| json!({"group": "", "kind": "Service", "name": workload.name, "sectionName": port});
        expect(context, found, "wrong-route", policy, "/spec/targetRefs", &certificate.ports.iter().map(target).collect());
        expect(context, found, "wrong-route", policy, "/spec/validation/hostname", &json!(certificate.host));
        let public = if certificate.authority.is_none() { json!("System") } else { Value::Null };
        expect(context, found, "wrong-route", policy, "/spec/validation/wellKnownCACertificates", &public);
        let authorities = policy.items("/spec/validation/caCertificateRefs").iter();
        let texts: Vec<String> = authorities
            .filter(|one| text(one, "/group").is_empty() && text(one, "/kind") == "ConfigMap")
            .filter_map(|one| context.inventory.get("ConfigMap", workload.namespace.as_str(), text(one, "/name")))
            .map(|map| map.text("/data/ca.crt").to_owned())
            .collect();
        if texts != certificate.authority.iter().cloned().collect::<Vec<_>>() && !context.is_changed(policy) {
            let message = format!("`{}` trusts other authorities than the spec says", policy.id());
            found.push(context.finding("wrong-route", policy, message));
        }
    }
}

/// The ways in of the model against those of the documents.
pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    gateways(context, found);
    certificates(context, found);
    let mut callers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // A policy of another version, or about something else, keeps nobody out.
    for policy in
        context.inventory.of_kind("SecurityPolicy").filter(|policy| policy.text("/apiVersion") == "gateway.envoyproxy.io/v1alpha1")
    {
        let from = caller_ranges(policy);
        for target in policy.items("/spec/targetRefs").iter().filter(|target| text(target, "/group") == "gateway.networking.k8s.io") {
            callers.insert(format!("{}/{}/{}", text(target, "/kind"), policy.namespace, text(target, "/name")), from.clone());
        }
    }
    let mut bound: BTreeMap<String, String> = BTreeMap::new();
    for policy in
        context.inventory.of_kind("BackendTrafficPolicy").filter(|policy| policy.text("/apiVersion") == "gateway.envoyproxy.io/v1alpha1")
    {
        let hash = policy.at("/spec/loadBalancer").map(sorted).unwrap_or_default();
        for target in policy.items("/spec/targetRefs").iter().filter(|target| text(target, "/group") == "gateway.networking.k8s.io") {
            bound.insert(format!("{}/{}/{}", text(target, "/kind"), policy.namespace, text(target, "/name")), hash.clone());
        }
    }
    let mut present: BTreeMap<Way, &Object> = BTreeMap::new();
    for route in routes(context).filter(|route| route.namespace != GATEWAYS && !context.is_changed(route)) {
        records(context, found, route);
        let from = callers.get(&route.id()).cloned().unwrap_or_default();
        let bound = bound.get(&route.id()).cloned().unwrap_or_default();
        for (_, gateway, section) in parents(route) {
            let hosts: Vec<&str> = match route.items("/spec/hostnames") {
                [] => vec![""],
                hosts => hosts.iter().filter_map(Value::as_str).collect(),
            };
            for host in hosts {
                for rule in route.items("/spec/rules") {
                    for way in ways(route, rule, host, (&gateway, &section), (&from, &bound)) {
                        present.insert(way, route);
                    }
                }
            }
        }
    }
    for workload in context.region.workloads.values() {
        let changed =
            |route: &&Object| context.is_changed(route) && context.workload_of(route).is_some_and(|other| std::ptr::eq(other, workload));
        if workload.entrances().next().is_some() && routes(context).any(|route| changed(&route)) {
            continue;
        }
        for way in wanted(workload) {
            let own = present.remove(&way).is_some();
            if !own {
                let object = format!("HTTPRoute/{}/{}", workload.namespace, workload.name);
                let message = format!("`{}/{}` is not reached at `{}{}` as the spec says", workload.namespace, workload.name, way.0, way.2);
                found.push(context.about("wrong-route", &object, message));
            }
        }
    }
    for ((host, _, path, ..), route) in present {
        let message = format!("`{}` answers at `{host}{path}` otherwise than the spec says", route.id());
        found.push(context.finding("wrong-route", route, message));
    }
}

/// Where several regions on AWS answer at a host, DNS has a record for each, chosen by latency among those whose load balancer is healthy. Of any other
/// host, nothing is said to ExternalDNS.
fn records(context: &RegionContext, found: &mut Vec<Finding>, route: &Object) {
    let answers = |region: &&Region, host: &str| {
        let own = |workload: &Workload| {
            workload.exposures.iter().any(|one| one.host == host) || workload.redirects.iter().any(|one| one.host == host)
        };
        region.provider == Provider::Aws && region.workloads.values().any(own)
    };
    for host in route.items("/spec/hostnames").iter().filter_map(Value::as_str) {
        let regions = context.platform.regions.values().filter(|region| answers(region, host)).count();
        let here = context.region.name.as_str();
        let cluster = format!("{}-{}-{here}", context.platform.name, context.platform.environment);
        let wanted = match context.region.provider {
            Provider::Aws if regions > 1 => json!({
                "external-dns.kubernetes.io/aws-evaluate-target-health": "true",
                "external-dns.kubernetes.io/aws-region": here,
                "external-dns.kubernetes.io/set-identifier": cluster,
            }),
            _ => Value::Null,
        };
        expect(context, found, "wrong-route", route, "/metadata/annotations", &wanted);
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

fn ways(route: &Object, rule: &Value, host: &str, (gateway, section): (&str, &str), (from, bound): (&[String], &str)) -> Vec<Way> {
    let paths: Vec<String> = match list(rule, "matches") {
        // Connections have no path: the listener tells them apart.
        [] if route.kind == "TCPRoute" || route.kind == "TLSRoute" => vec![section.to_owned()],
        [] => vec!["/".to_owned()],
        all => all
            .iter()
            .map(|one| match text(one, "/path/type") {
                "PathPrefix" => text(one, "/path/value").to_owned(),
                kind => format!("{kind} {}", text(one, "/path/value")),
            })
            .collect(),
    };
    let sent_on = |filter: &Value| filter.pointer("/requestRedirect").map(sorted).unwrap_or_default();
    let rewritten = |filter: &Value| text(filter, "/urlRewrite/path/replacePrefixMatch").to_owned() + &sent_on(filter);
    let rewrite = list(rule, "filters").iter().map(rewritten).collect::<String>();
    let timeout = format!("{}{bound}", text(rule, "/timeouts/request"));
    let mut ways = Vec::new();
    let nobody = [Value::Null];
    let backends = if list(rule, "backendRefs").is_empty() { &nobody[..] } else { list(rule, "backendRefs") };
    for backend in backends {
        let service = backend.get("name").and_then(Value::as_str).map(|name| format!("{}/{name}", route.namespace)).unwrap_or_default();
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
        let gateway = gateway(exposure.via, exposure.entrance);
        // A duration of the Gateway API has at most five digits.
        let mut timeout = match (exposure.timeout.map(|time| time.millis()), exposure.websocket) {
            (Some(millis), _) if !millis.is_multiple_of(1000) => format!("{millis}ms"),
            (Some(millis), _) if millis > 99_999_000 => format!("{}h", millis.div_ceil(3_600_000).min(99_999)),
            (Some(millis), _) => format!("{}s", millis / 1000),
            (None, true) => "0s".to_owned(),
            (None, false) => String::new(),
        };
        if let Some(sticky) = exposure.sticky {
            let hash = match sticky {
                Sticky::Cookie => {
                    let attributes = json!({"Path": "/", "SameSite": "Lax", "Secure": ""});
                    let cookie = json!({"name": format!("{}-pod", workload.name), "ttl": "0s", "attributes": attributes});
                    json!({"type": "Cookie", "cookie": cookie})
                }
                Sticky::Client => json!({"type": "SourceIP"}),
            };
            timeout += &sorted(&json!({"type": "ConsistentHash", "consistentHash": hash}));
        }
        let path = match exposure.entrance {
            Entrance::Http => exposure.path.clone(),
            Entrance::Tcp(port) => format!("tcp-{port}"),
            Entrance::Passthrough => format!("tls-{}", exposure.host.replace("*.", "wildcard.")),
        };
        let mut from: Vec<String> = exposure.from.iter().map(ToString::to_string).collect();
        from.sort();
        let service = format!("{}/{}", workload.namespace, workload.name);
        let rewrite = exposure.rewrite.clone().unwrap_or_default();
        ways.push((exposure.host.clone(), gateway, path, rewrite, timeout, service, exposure.port.to_string(), from));
    }
    for redirect in &workload.redirects {
        let mut target = json!({"scheme": redirect.scheme, "hostname": redirect.to, "statusCode": 301});
        if let Some(port) = redirect.port {
            target["port"] = json!(port);
        }
        if let Some(path) = &redirect.replacement {
            target["path"] = json!({"type": "ReplaceFullPath", "replaceFullPath": path});
        }
        let (host, gateway, path) = (redirect.host.clone(), gateway(redirect.via, Entrance::Http), redirect.path.clone());
        ways.push((host, gateway, path, sorted(&target), String::new(), String::new(), String::new(), Vec::new()));
    }
    ways
}

/// A value as a text that does not depend on the order of keys.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("{:?}", map.iter().map(|(key, value)| (key, sorted(value))).collect::<BTreeMap<_, _>>()),
        other => other.to_string(),
    }
}

fn gateway(via: Via, entrance: Entrance) -> String {
    let name = if via == Via::Public { "public" } else { "internal" };
    if entrance == Entrance::Passthrough { format!("{name}-passthrough") } else { name.to_owned() }
}

/// The listeners of a Gateway for connections are those that the exposures need.
fn listeners(context: &RegionContext, found: &mut Vec<Finding>, gateway: &Object, name: &str) {
    let admitted = json!({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"platgen.io/platform": context.platform.name}}}});
    let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
    let exposures = context.region.workloads.values().flat_map(|workload| &workload.exposures);
    for exposure in exposures.filter(|exposure| self::gateway(exposure.via, exposure.entrance) == name) {
        let listener = match exposure.entrance {
            Entrance::Http => continue,
            Entrance::Tcp(port) => json!({"name": format!("tcp-{port}"), "port": port, "protocol": "TCP", "allowedRoutes": admitted}),
            Entrance::Passthrough => json!({
                "name": format!("tls-{}", exposure.host.replace("*.", "wildcard.")),
                "hostname": exposure.host,
                "port": 443,
                "protocol": "TLS",
                "tls": {"mode": "Passthrough"},
                "allowedRoutes": admitted,
            }),
        };
        wanted.insert(text(&listener, "/name").to_owned(), listener);
    }
    let wanted: Vec<Value> = wanted.into_values().collect();
    let has = gateway.items("/spec/listeners").get(if name.ends_with("passthrough") { 1 } else { 2 }..).unwrap_or_default();
    if has != wanted {
        let message = format!("the listeners for connections of `{}` are not those of the spec", gateway.id());
        found.push(context.finding("wrong-route", gateway, message));
    }
}
