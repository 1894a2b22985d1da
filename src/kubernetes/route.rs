//! Exposures -> routes to a Gateway, and the Gateways themselves.
//!
//! Gateways are in the namespace of the proxies, one per entry point (public, internal). Routes are in the namespace of their app. Allowed source
//! ranges are a SecurityPolicy of Envoy Gateway, because the Gateway API has no field for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::metadata::{Context, Metadata, Owner, Texts};
use super::proxy;
use crate::labels::PLATFORM;
use crate::model::{Addon, Exposure, Workload};
use crate::model::{Protocol, Via};
use crate::provider::Provider;
use crate::template::{TemplateError, render_yaml};
use crate::value::{digest, truncate_with_hash};
use crate::yaml::Document;

/// The most rules that a route holds (Gateway API, `HTTPRouteSpec`).
const MOST_RULES: usize = 16;

#[derive(Serialize)]
struct Route<'m, R> {
    metadata: Metadata,
    gateway: &'static str,
    gateways: &'static str,
    host: &'m str,
    rules: Vec<R>,
}

#[derive(Serialize)]
struct Rule<'m> {
    path: &'m str,
    rewrite: Option<&'m str>,
    timeout: Option<String>,
    #[serde(flatten)]
    backend: Backend<'m>,
}

#[derive(Serialize)]
struct Backend<'m> {
    service: &'m str,
    port: u16,
}

#[derive(Serialize)]
struct Sources<'m> {
    metadata: Metadata,
    kind: &'static str,
    route: &'m str,
    cidrs: &'m [String],
}

#[derive(Serialize)]
struct Gateway {
    metadata: Metadata,
    name: &'static str,
    annotations: Option<Texts>,
    certificate: String,
    label: &'static str,
    platform: String,
}

#[derive(Serialize)]
struct Redirect {
    metadata: Metadata,
    gateway: &'static str,
}

/// The Gateway of an entry point.
fn gateway(via: Via) -> &'static str {
    match via {
        Via::Public => "public",
        Via::Internal => "internal",
    }
}

/// The routes of a workload: one per host, entry point and set of source ranges.
pub(super) fn documents(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let mut groups: BTreeMap<(&str, Via, Vec<String>), Vec<&Exposure>> = BTreeMap::new();
    for exposure in &workload.exposures {
        let from = exposure.from.iter().map(ToString::to_string).collect();
        groups.entry((&exposure.host, exposure.via, from)).or_default().push(exposure);
    }
    let mut documents = Vec::new();
    for ((host, via, from), mut exposures) in groups {
        exposures.sort_by(|a, b| a.path.cmp(&b.path));
        // A GRPCRoute has no paths, rewrites or timeouts. An HTTPRoute has them, and carries gRPC as well.
        let plain = |exposure: &&Exposure| exposure.path == "/" && exposure.rewrite.is_none() && exposure.timeout.is_none();
        let grpc = workload.protocol == Protocol::Grpc && exposures.iter().all(plain);
        for (number, exposures) in exposures.chunks(MOST_RULES).enumerate() {
            let name = name(workload, host, via, &from, number);
            let (metadata, gateway, gateways) = (owner.metadata(&name), gateway(via), Addon::Gateway.namespace());
            documents.extend(if grpc {
                let rules = exposures.iter().map(|exposure| backend(workload, exposure)).collect();
                render_yaml("kubernetes/grpc-route.yaml.j2", &Route { metadata, gateway, gateways, host, rules })?
            } else {
                let rules = exposures.iter().map(|exposure| rule(workload, exposure)).collect();
                render_yaml("kubernetes/http-route.yaml.j2", &Route { metadata, gateway, gateways, host, rules })?
            });
            if !from.is_empty() {
                let kind = if grpc { "GRPCRoute" } else { "HTTPRoute" };
                let view = Sources { metadata: owner.metadata(&name), kind, route: &name, cidrs: &from };
                documents.extend(render_yaml("kubernetes/security-policy.yaml.j2", &view)?);
            }
        }
    }
    Ok(documents)
}

fn rule<'m>(workload: &'m Workload, exposure: &'m Exposure) -> Rule<'m> {
    let timeout = match (exposure.timeout, exposure.websocket) {
        (Some(seconds), _) => Some(duration(seconds)),
        // Zero disables the timeout, so that the connection stays open.
        (None, true) => Some("0s".to_owned()),
        (None, false) => None,
    };
    Rule { path: &exposure.path, rewrite: exposure.rewrite.as_deref(), timeout, backend: backend(workload, exposure) }
}

/// Seconds as a duration of the Gateway API (GEP-2257): up to four figures of at most five digits, each with a unit.
fn duration(seconds: u64) -> String {
    if seconds <= 99_999 {
        return format!("{seconds}s");
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.iter().filter(|(figure, _)| *figure > 0).map(|(figure, unit)| format!("{figure}{unit}")).collect()
}

fn backend<'m>(workload: &'m Workload, exposure: &Exposure) -> Backend<'m> {
    Backend { service: workload.name.as_str(), port: exposure.port }
}

/// The name of a route, which does not depend on other exposures. Names of workloads have no dot, so the names of two workloads' routes differ.
fn name(workload: &Workload, host: &str, via: Via, from: &[String], number: usize) -> String {
    let mut name = format!("{}.{}", workload.name, host.trim_start_matches("*."));
    if host.starts_with("*.") {
        name.push_str("-wildcard");
    }
    if via == Via::Internal {
        name.push_str("-internal");
    }
    if !from.is_empty() {
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        name = format!("{name}-{}", digest(&from, 6));
    }
    if number > 0 {
        name = format!("{name}.{}", number + 1);
    }
    truncate_with_hash(&name, 253)
}

/// The Gateways that the region's exposures go through, each with a redirect from HTTP.
pub(super) fn gateways(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let ways: BTreeSet<Via> =
        context.region.workloads.values().flat_map(|workload| &workload.exposures).map(|exposure| exposure.via).collect();
    let mut documents = Vec::new();
    for via in ways {
        let metadata = |name: String| Metadata { namespace: Some(Addon::Gateway.namespace().to_owned()), ..context.cluster_wide(name) };
        let name = gateway(via);
        let view = Gateway {
            metadata: metadata(name.to_owned()),
            name,
            annotations: reach(context.region.provider, via),
            certificate: format!("{name}-tls"),
            label: PLATFORM,
            platform: context.platform.name.to_string(),
        };
        // Before the Gateway that names it.
        documents.extend(proxy::document(context, metadata(name.to_owned()))?);
        documents.extend(render_yaml("kubernetes/gateway.yaml.j2", &view)?);
        let view = Redirect { metadata: metadata(format!("{name}-redirect")), gateway: name };
        documents.extend(render_yaml("kubernetes/redirect.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The annotation for a public or an internal load balancer, which each cloud reads from the Service of a Gateway. The default is internal with the
/// AWS Load Balancer Controller, and public on Google and Azure.
fn reach(provider: Provider, via: Via) -> Option<Texts> {
    let (key, value) = match (provider, via) {
        (Provider::Aws, Via::Public) => ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internet-facing"),
        (Provider::Aws, Via::Internal) => ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
        (Provider::Google, Via::Internal) => ("networking.gke.io/load-balancer-type", "Internal"),
        (Provider::Azure, Via::Internal) => ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
        (Provider::Google | Provider::Azure, Via::Public) | (Provider::Kind | Provider::Existing, _) => return None,
    };
    Some(Texts::from([(key.to_owned(), value.to_owned())]))
}
