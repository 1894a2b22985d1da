//! The issuer of a cluster and the certificates of its Gateways: every host of the routes of a Gateway is in its certificate, and no other.

use super::Finding;
use super::compare::expect;
use super::context::{GATEWAYS, RegionContext};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RULE: &str = "wrong-certificate";

pub(super) fn judge(context: &RegionContext, found: &mut Vec<Finding>) {
    let Some(authority) = &context.region.cluster.issuer else { return };
    let name = format!("{}-acme", context.platform.name);
    let mut domains = BTreeSet::from([context.platform.domain.to_string()]);
    let mut served = false;
    for gateway in ["internal", "public"].iter().filter(|name| context.inventory.get("Gateway", GATEWAYS, name).is_some()) {
        served = true;
        let mut hosts = BTreeSet::new();
        for route in ["GRPCRoute", "HTTPRoute"].iter().flat_map(|kind| context.inventory.of_kind(kind)) {
            let is_of = |parent: &Value| {
                let word = |key: &str| parent[key].as_str().unwrap_or(&route.namespace);
                word("namespace") == GATEWAYS && word("name") == *gateway
            };
            if route.items("/spec/parentRefs").iter().any(is_of) {
                hosts.extend(route.items("/spec/hostnames").iter().filter_map(|host| host.as_str().map(str::to_owned)));
            }
        }
        let own = format!(".{}", context.platform.domain);
        let foreign = hosts.iter().map(|host| host.trim_start_matches("*."));
        domains.extend(foreign.filter(|host| !host.ends_with(&own)).map(str::to_owned));
        let Some(certificate) = context.inventory.get("Certificate", GATEWAYS, gateway) else {
            let object = format!("Certificate/{GATEWAYS}/{gateway}");
            found.push(context.about(RULE, &object, format!("`{object}` is not there")));
            continue;
        };
        let wanted = json!({
            "secretName": format!("{gateway}-tls"),
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": name},
            "dnsNames": hosts,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["digital signature", "server auth"],
        });
        expect(context, found, RULE, certificate, "/spec", &wanted);
    }
    match context.inventory.get("ClusterIssuer", "", &name) {
        Some(issuer) => {
            let solver = json!({"selector": {"dnsZones": domains}, "dns01": {"route53": {"region": context.region.name}}});
            let wanted = json!({"acme": {
                "server": authority.server.to_string(),
                "email": authority.email,
                "privateKeySecretRef": {"name": format!("{name}-account")},
                "solvers": [solver],
            }});
            expect(context, found, RULE, issuer, "/spec", &wanted);
        }
        None if served => found.push(context.about(RULE, &format!("ClusterIssuer/{name}"), format!("`ClusterIssuer/{name}` is not there"))),
        None => {}
    }
}
