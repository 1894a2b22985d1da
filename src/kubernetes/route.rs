//! Exposures -> routes to a Gateway.
//!
//! Routes are in the namespace of their app, and have what ExternalDNS reads to make the records of a host of several regions. Allowed source ranges are
//! a SecurityPolicy of Envoy Gateway, and what binds a client to a pod is a BackendTrafficPolicy, because the Gateway API has no fields for them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::gateway::Listener;
use super::inputs;
use super::metadata::{Metadata, Owner, Texts};
use crate::model::{self, Addon, Certificate, Entrance, Exposure, Protocol, Sticky, Via, Workload};
use crate::template::{TemplateError, render_yaml};
use crate::value::{digest, truncate_with_hash};
use crate::yaml::Document;

/// The most rules that a route holds (Gateway API, `HTTPRouteSpec`).
const MOST_RULES: usize = 16;

/// The prefix of the annotations that ExternalDNS reads, since 0.22.
const EXTERNAL_DNS: &str = "external-dns.kubernetes.io";

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
struct Connection<'m> {
    metadata: Metadata,
    gateway: &'static str,
    gateways: &'static str,
    listener: &'m str,
    /// The host of TLS connections; those over TCP carry none.
    #[serde(flatten)]
    host: Option<ConnectionHost<'m>>,
    service: &'m str,
    port: u16,
}

#[derive(Serialize)]
struct ConnectionHost<'m> {
    host: &'m str,
}

#[derive(Serialize)]
struct Target<'m> {
    path: &'m str,
    scheme: &'m str,
    to: &'m str,
    port: Option<u16>,
    replacement: Option<&'m str>,
}

#[derive(Serialize)]
struct Traffic<'m> {
    metadata: Metadata,
    kind: &'static str,
    route: &'m str,
    cookie: Option<String>,
}

#[derive(Serialize)]
struct BackendTls<'m> {
    metadata: Metadata,
    service: &'m str,
    ports: &'m [String],
    host: &'m str,
    /// Whether public authorities signed the certificate.
    public: bool,
    /// The ConfigMap with the authority.
    config_map: Option<String>,
}

#[derive(Serialize)]
struct Sources<'m> {
    metadata: Metadata,
    kind: &'static str,
    route: &'m str,
    cidrs: &'m [String],
}

/// The routes of a workload: one per host, entry point, set of source ranges and way to choose a pod; one per port for connections.
pub(super) fn documents(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    let (connections, requests): (Vec<&Exposure>, Vec<&Exposure>) =
        owner.workload.exposures.iter().partition(|exposure| exposure.entrance != Entrance::Http);
    for ((host, via, from, sticky), mut exposures) in groups(&requests) {
        exposures.sort_by(|a, b| a.path.cmp(&b.path));
        // A GRPCRoute has no paths, rewrites or timeouts. An HTTPRoute has them, and carries gRPC as well.
        let plain = |exposure: &&Exposure| exposure.path == "/" && exposure.rewrite.is_none() && exposure.timeout.is_none();
        let grpc = exposures.iter().all(|exposure| speaks_grpc(owner.workload, exposure) && plain(exposure));
        for (number, exposures) in exposures.chunks(MOST_RULES).enumerate() {
            let route = Printed {
                owner,
                name: name(owner.workload, host, via, (&from, sticky), number),
                kind: if grpc { "GRPCRoute" } else { "HTTPRoute" },
            };
            documents.extend(if grpc {
                let rules: Vec<Backend> = exposures.iter().map(|exposure| backend(owner.workload, exposure)).collect();
                route.print("kubernetes/grpc-route.yaml.j2", via, host, rules)?
            } else {
                let rules: Vec<Rule> = exposures.iter().map(|exposure| rule(owner.workload, exposure)).collect();
                route.print("kubernetes/http-route.yaml.j2", via, host, rules)?
            });
            documents.extend(route.sources(&from)?);
            if let Some(sticky) = sticky {
                documents.extend(route.sticky(sticky)?);
            }
        }
    }
    for exposure in connections {
        documents.extend(connection(owner, exposure)?);
    }
    documents.extend(redirects(owner)?);
    documents.extend(certificate(owner)?);
    Ok(documents)
}

/// The policy by which Gateways connect with the workload over TLS, and the ConfigMap with the authority of the workload's certificate.
fn certificate(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let Some(Certificate { ports, host, authority }) = &owner.workload.certificate else { return Ok(Vec::new()) };
    let (service, mut documents) = (owner.workload.name.as_str(), Vec::new());
    let mut config_map = None;
    if let Some(authority) = authority {
        let data = Texts::from([("ca.crt".to_owned(), authority.clone())]);
        let (name, document) = inputs::config_map(owner, &owner.workload.main, &format!("{service}-authority"), data, Texts::new())?;
        documents.extend(document);
        config_map = Some(name);
    }
    let view = BackendTls { metadata: owner.metadata(service), service, ports, host, public: config_map.is_none(), config_map };
    documents.extend(render_yaml("kubernetes/backend-tls-policy.yaml.j2", &view)?);
    Ok(documents)
}

/// Whether an exposure leads to a port for gRPC.
fn speaks_grpc(workload: &Workload, exposure: &Exposure) -> bool {
    let ports = workload.service.iter().flat_map(|service| &service.ports);
    ports.into_iter().any(|port| port.port == exposure.port && port.protocol == Some(Protocol::Grpc))
}

/// Host, entry point, source ranges and way to choose a pod of a route.
type Group<'m> = (&'m str, Via, Vec<String>, Option<Sticky>);

fn groups<'m>(exposures: &[&'m Exposure]) -> BTreeMap<Group<'m>, Vec<&'m Exposure>> {
    let mut groups: BTreeMap<Group, Vec<&Exposure>> = BTreeMap::new();
    for exposure in exposures {
        let from = exposure.from.iter().map(ToString::to_string).collect();
        groups.entry((&exposure.host, exposure.via, from, exposure.sticky)).or_default().push(exposure);
    }
    groups
}

/// A route with its policies.
struct Printed<'m> {
    owner: &'m Owner<'m>,
    name: String,
    kind: &'static str,
}

impl Printed<'_> {
    /// Metadata of a route for a host. Where other regions answer at the host as well, each has a record of its own there. Without these annotations, which
    /// ExternalDNS reads from routes and not from Gateways, the first region alone would have a record.
    fn metadata(&self, host: &str) -> Metadata {
        let (metadata, region) = (self.owner.metadata(&self.name), self.owner.context.region);
        if !region.shared_hosts.contains(host) {
            return metadata;
        }
        // Environments may share a zone, where a region's name alone would not tell whose record it is.
        let (identifier, name) = (region.cluster.name.as_str(), region.name.as_str());
        let texts = [("set-identifier", identifier), ("aws-region", name), ("aws-evaluate-target-health", "true")];
        metadata.with_annotations(&texts.map(|(key, value)| (format!("{EXTERNAL_DNS}/{key}"), value.to_owned())).into())
    }

    fn print<R: Serialize>(&self, template: &str, via: Via, host: &str, rules: Vec<R>) -> Result<Vec<Document>, TemplateError> {
        let (metadata, gateways) = (self.metadata(host), Addon::Gateway.namespace());
        let gateway = Entrance::Http.gateway(via);
        render_yaml(template, &Route { metadata, gateway, gateways, host, rules })
    }

    /// The policy of the permitted client ranges.
    fn sources(&self, from: &[String]) -> Result<Vec<Document>, TemplateError> {
        if from.is_empty() {
            return Ok(Vec::new());
        }
        let view = Sources { metadata: self.owner.metadata(&self.name), kind: self.kind, route: &self.name, cidrs: from };
        render_yaml("kubernetes/security-policy.yaml.j2", &view)
    }

    /// The policy that binds a client to one pod. Routes of the Gateway API have no field for it in the standard channel.
    fn sticky(&self, sticky: Sticky) -> Result<Vec<Document>, TemplateError> {
        let cookie = (sticky == Sticky::Cookie).then(|| format!("{}-pod", self.owner.workload.name));
        let view = Traffic { metadata: self.owner.metadata(&self.name), kind: self.kind, route: &self.name, cookie };
        render_yaml("kubernetes/backend-traffic-policy.yaml.j2", &view)
    }
}

/// The route of connections, with the policy of its client ranges.
fn connection(owner: &Owner, exposure: &Exposure) -> Result<Vec<Document>, TemplateError> {
    let Some(listener) = Listener::of(exposure) else { return Ok(Vec::new()) };
    let (kind, template, name) = match exposure.entrance {
        Entrance::Tcp(port) => {
            let inside = if exposure.via == Via::Internal { "-internal" } else { "" };
            ("TCPRoute", "kubernetes/tcp-route.yaml.j2", truncate_with_hash(&format!("{}.tcp-{port}{inside}", owner.workload.name), 253))
        }
        Entrance::Http | Entrance::Passthrough => {
            ("TLSRoute", "kubernetes/tls-route.yaml.j2", name(owner.workload, &exposure.host, exposure.via, (&[], None), 0))
        }
    };
    let route = Printed { owner, name, kind };
    let Backend { service, port } = backend(owner.workload, exposure);
    let view = Connection {
        metadata: route.metadata(&exposure.host),
        gateway: exposure.entrance.gateway(exposure.via),
        gateways: Addon::Gateway.namespace(),
        listener: &listener.name,
        host: listener.host.map(|host| ConnectionHost { host }),
        service,
        port,
    };
    let from: Vec<String> = exposure.from.iter().map(ToString::to_string).collect();
    let mut documents = render_yaml(template, &view)?;
    documents.extend(route.sources(&from)?);
    Ok(documents)
}

/// The routes that send requests on to other URLs: one per host and entry point.
fn redirects(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let mut groups: BTreeMap<(&str, Via), Vec<&model::Redirect>> = BTreeMap::new();
    for redirect in &owner.workload.redirects {
        groups.entry((&redirect.host, redirect.via)).or_default().push(redirect);
    }
    let mut documents = Vec::new();
    for ((host, via), mut redirects) in groups {
        redirects.sort_by(|a, b| a.path.cmp(&b.path));
        for (number, redirects) in redirects.chunks(MOST_RULES).enumerate() {
            let name = format!("{}-redirect", name(owner.workload, host, via, (&[], None), number));
            let route = Printed { owner, name: truncate_with_hash(&name, 253), kind: "HTTPRoute" };
            let rules = redirects.iter().map(|redirect| Target {
                path: &redirect.path,
                scheme: &redirect.scheme,
                to: &redirect.to,
                port: redirect.port,
                replacement: redirect.replacement.as_deref(),
            });
            documents.extend(route.print("kubernetes/host-redirect.yaml.j2", via, host, rules.collect())?);
        }
    }
    Ok(documents)
}

fn rule<'m>(workload: &'m Workload, exposure: &'m Exposure) -> Rule<'m> {
    let timeout = match (exposure.timeout, exposure.websocket) {
        (Some(time), _) => Some(duration(time.millis())),
        // Zero disables the timeout, so that the connection stays open.
        (None, true) => Some("0s".to_owned()),
        (None, false) => None,
    };
    Rule { path: &exposure.path, rewrite: exposure.rewrite.as_deref(), timeout, backend: backend(workload, exposure) }
}

/// Milliseconds as a duration of the Gateway API (GEP-2257): up to four figures of at most five digits, each with a unit.
fn duration(millis: u64) -> String {
    if millis.is_multiple_of(1000) && millis <= 99_999_000 {
        return format!("{}s", millis / 1000);
    }
    if millis <= 99_999 {
        return format!("{millis}ms");
    }
    let seconds = millis / 1000;
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"), (millis % 1000, "ms")];
    parts.iter().filter(|(figure, _)| *figure > 0).map(|(figure, unit)| format!("{figure}{unit}")).collect()
}

fn backend<'m>(workload: &'m Workload, exposure: &Exposure) -> Backend<'m> {
    Backend { service: workload.name.as_str(), port: exposure.port }
}

/// The name of a route, which does not depend on other exposures. Names of workloads have no dot, so the names of two workloads' routes differ.
fn name(workload: &Workload, host: &str, via: Via, (from, sticky): (&[String], Option<Sticky>), number: usize) -> String {
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
    if let Some(sticky) = sticky {
        name = format!("{name}-{}", sticky.name());
    }
    if number > 0 {
        name = format!("{name}.{}", number + 1);
    }
    truncate_with_hash(&name, 253)
}
