//! Every way in from outside is encrypted; the plain port only redirects.

use super::context::{TreeContext, list, text};
use super::route_conflicts::{parents, routes};
use super::{Finding, Judge, Rule};
use crate::diagnostic::Code;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { codes: &[Code::ExposedWithoutTls], judge: Judge::Tree(judge), loosens: true };

/// Whether the spec declares connections to the port of a listener.
fn is_declared(context: &TreeContext, gateway: &str, listener: &Value) -> bool {
    let port = listener.get("port").and_then(Value::as_u64);
    text(listener, "/protocol") == "TCP"
        && context.connections.iter().any(|(name, number)| *name == gateway && Some(u64::from(*number)) == port)
}

fn judge(context: &TreeContext, found: &mut Vec<Finding>) {
    let mut unprotected = BTreeSet::new();
    for gateway in context.inventory.of_kind("Gateway") {
        for (number, listener) in gateway.items("/spec/listeners").iter().enumerate() {
            let name = text(listener, "/name");
            // A listener that passes TLS through needs no certificate; `options` name the certificates of a cloud.
            let encrypts = text(listener, "/tls/mode") == "Passthrough"
                || listener.pointer("/tls/options").is_some()
                || listener.pointer("/tls/certificateRefs").and_then(Value::as_array).is_some_and(|refs| !refs.is_empty());
            let fault = match text(listener, "/protocol") {
                "HTTP" => {
                    unprotected.insert((gateway.namespace.clone(), gateway.name.clone(), name.to_owned()));
                    let from = text(listener, "/allowedRoutes/namespaces/from");
                    (!["", "Same"].contains(&from)).then_some("takes routes of other namespaces without encryption")
                }
                "HTTPS" | "TLS" => (!encrypts).then_some("has no certificate"),
                // Other protocols may be encrypted by themselves.
                _ => (context.closed && !is_declared(context, &gateway.name, listener)).then_some("speaks neither HTTP nor TLS"),
            };
            if let Some(fault) = fault {
                let message = format!("the listener `{name}` of `{}` {fault}", gateway.id());
                let at = format!("/spec/listeners/{number}");
                let help = "terminate TLS at every listener but the one that redirects";
                found.push(Finding::new(Code::ExposedWithoutTls, gateway, &at, message, help));
            }
        }
    }
    let mut redirected = BTreeSet::new();
    for route in routes(context) {
        let redirects = |rule: &Value| {
            list(rule, "filters").iter().any(|filter| text(filter, "/requestRedirect/scheme") == "https")
                && list(rule, "backendRefs").is_empty()
        };
        let all = !route.items("/spec/rules").is_empty() && route.items("/spec/rules").iter().all(redirects);
        for parent in parents(route) {
            let open = unprotected.contains(&parent)
                || (parent.2.is_empty() && unprotected.iter().any(|known| (&known.0, &known.1) == (&parent.0, &parent.1)));
            if open && !all {
                let message = format!("`{}` answers without encryption on the Gateway `{}`", route.id(), parent.1);
                let help = "attach the route to a listener with TLS: set `sectionName`";
                found.push(Finding::new(Code::ExposedWithoutTls, route, "/spec/parentRefs", message, help));
            } else if open {
                redirected.insert(parent);
            }
        }
    }
    for (namespace, gateway, section) in unprotected.difference(&redirected) {
        if let Some(object) = context.inventory.get("Gateway", namespace, gateway) {
            let message = format!("no route redirects the listener `{section}` of `{}` to TLS", object.id());
            found.push(Finding::new(Code::ExposedWithoutTls, object, "/spec/listeners", message, "redirect it with a route of its own"));
        }
    }
}
