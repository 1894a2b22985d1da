//! No two routes claim the same host and path.

use super::context::{TreeContext, list, text};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use crate::inventory::Object;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { codes: &[Code::RouteConflict], judge: Judge::Tree(judge), loosens: false };

/// The annotation with the hosts of a Service that ExternalDNS makes records for: since version 0.22, and before it.
const HOSTNAMES: [&str; 2] =
    ["/metadata/annotations/external-dns.kubernetes.io~1hostname", "/metadata/annotations/external-dns.alpha.kubernetes.io~1hostname"];

pub(super) fn routes<'s>(context: &'s TreeContext) -> impl Iterator<Item = &'s Object> {
    ["HTTPRoute", "GRPCRoute", "TLSRoute"].into_iter().flat_map(|kind| context.inventory.of_kind(kind))
}

/// The Gateways and listeners of a route: namespace, name, listener.
pub(super) fn parents(route: &Object) -> Vec<(String, String, String)> {
    let parents = route.items("/spec/parentRefs").iter();
    parents
        .map(|parent| {
            let namespace = Some(text(parent, "/namespace")).filter(|name| !name.is_empty()).unwrap_or(&route.namespace);
            (namespace.to_owned(), text(parent, "/name").to_owned(), text(parent, "/sectionName").to_owned())
        })
        .collect()
}

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let mut claimed: BTreeMap<String, String> = BTreeMap::new();
    let mut claim = |object: &Object, at: &str, key: String, host: &str| {
        if let Some(other) = claimed.insert(key, object.id()).filter(|other| *other != object.id()) {
            let message = format!("`{}` and `{other}` both claim `{host}`", object.id());
            found.push(Finding::new(Code::RouteConflict, object, at, message, "give one of them another host or path"));
        }
    };
    for route in routes(context) {
        for (number, host) in route.items("/spec/hostnames").iter().enumerate() {
            let (Some(host), at) = (host.as_str(), format!("/spec/hostnames/{number}")) else { continue };
            for rule in route.items("/spec/rules") {
                let paths: Vec<&str> = list(rule, "matches").iter().map(|one| text(one, "/path/value")).collect();
                for path in if paths.is_empty() { vec!["/"] } else { paths } {
                    let path = if path.is_empty() { "/" } else { path };
                    for (namespace, gateway, section) in parents(route) {
                        claim(route, &at, format!("{namespace}/{gateway}/{section}/{host}{path}"), &format!("{host}{path}"));
                    }
                }
            }
        }
    }
    for route in context.inventory.of_kind("TCPRoute") {
        for (number, (namespace, gateway, section)) in parents(route).into_iter().enumerate() {
            let at = format!("/spec/parentRefs/{number}/sectionName");
            claim(route, &at, format!("{namespace}/{gateway}/{section}"), &format!("{section} of {gateway}"));
        }
    }
    for service in context.inventory.of_kind("Service") {
        for at in HOSTNAMES {
            for host in service.text(at).split(',').map(str::trim).filter(|host| !host.is_empty()) {
                claim(service, at, format!("dns/{host}"), host);
            }
        }
    }
    for ingress in context.inventory.of_kind("Ingress") {
        let class = ingress.text("/spec/ingressClassName");
        for (number, rule) in ingress.items("/spec/rules").iter().enumerate() {
            let (host, at) = (text(rule, "/host"), format!("/spec/rules/{number}/host"));
            for path in rule.pointer("/http/paths").and_then(Value::as_array).into_iter().flatten().filter(|_| !host.is_empty()) {
                let path = text(path, "/path");
                claim(ingress, &at, format!("ingress/{class}/{host}{path}"), &format!("{host}{path}"));
            }
        }
    }
}
