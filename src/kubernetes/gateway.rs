//! The Gateways of a region.
//!
//! They are in the namespace of the proxies: one per load balancer of the spec (public, internal), and another one beside it for TLS connections that end
//! at an app. Envoy Gateway programs the listeners of a port together: when one of them has no route, no host of the port is served.

use std::collections::BTreeMap;

use serde::Serialize;

use super::metadata::{Context, Metadata, OnlyMetadata, Texts};
use super::proxy;
use crate::labels::PLATFORM;
use crate::model::{Addon, AddonChart, Entrance, Exposure, Via};
use crate::provider::Provider;
use crate::template::{TemplateError, render_yaml};
use crate::value::truncate_with_hash;
use crate::yaml::Document;

/// The class of every Gateway.
const CLASS: &str = "envoy";

#[derive(Serialize)]
struct Gateway<'m> {
    metadata: Metadata,
    class: &'static str,
    name: &'static str,
    annotations: Option<Texts>,
    /// The Secret with the certificate for requests; none where every TLS connection ends at an app.
    certificate: Option<String>,
    label: &'static str,
    platform: String,
    listeners: Vec<Listener<'m>>,
}

/// A listener for connections.
#[derive(Serialize)]
pub(super) struct Listener<'m> {
    pub(super) name: String,
    pub(super) host: Option<&'m str>,
    port: u16,
    protocol: &'static str,
    passthrough: bool,
}

#[derive(Serialize)]
struct Redirect {
    metadata: Metadata,
    gateway: &'static str,
}

/// The Gateways that the region's exposures and redirects go through, each with a redirect from HTTP.
pub(super) fn documents(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let mut needed: BTreeMap<(Via, bool), BTreeMap<String, Listener>> = BTreeMap::new();
    for workload in context.region.workloads.values() {
        for exposure in &workload.exposures {
            let listeners = needed.entry((exposure.via, exposure.entrance == Entrance::Passthrough)).or_default();
            listeners.extend(Listener::of(exposure).map(|listener| (listener.name.clone(), listener)));
        }
        for redirect in &workload.redirects {
            needed.entry((redirect.via, false)).or_default();
        }
    }
    let mut documents = class(context)?;
    for ((via, passthrough), listeners) in needed {
        let metadata = |name: String| Metadata { namespace: Some(Addon::Gateway.namespace().to_owned()), ..context.cluster_wide(name) };
        let name = if passthrough { Entrance::Passthrough } else { Entrance::Http }.gateway(via);
        let view = Gateway {
            metadata: metadata(name.to_owned()),
            class: CLASS,
            name,
            annotations: reach(context.region.provider, via),
            certificate: (!passthrough).then(|| certificate(name)),
            label: PLATFORM,
            platform: context.platform.name.to_string(),
            listeners: listeners.into_values().collect(),
        };
        // Before the Gateway that names it.
        documents.extend(proxy::document(context, metadata(name.to_owned()))?);
        documents.extend(render_yaml("kubernetes/gateway.yaml.j2", &view)?);
        let view = Redirect { metadata: metadata(format!("{name}-redirect")), gateway: name };
        documents.extend(render_yaml("kubernetes/redirect.yaml.j2", &view)?);
    }
    Ok(documents)
}

/// The Secret with the certificate of a Gateway.
pub(super) fn certificate(gateway: &str) -> String {
    format!("{gateway}-tls")
}

/// The class of the Gateways, where these files install the program that serves it: its chart makes none.
fn class(context: &Context) -> Result<Vec<Document>, TemplateError> {
    if context.region.chart(AddonChart::Gateway).is_none() {
        return Ok(Vec::new());
    }
    render_yaml("kubernetes/gateway-class.yaml.j2", &OnlyMetadata { metadata: context.cluster_wide(CLASS) })
}

impl<'m> Listener<'m> {
    /// The listener of an exposure, if it passes on connections.
    pub(super) fn of(exposure: &'m Exposure) -> Option<Listener<'m>> {
        match exposure.entrance {
            Entrance::Http => None,
            Entrance::Tcp(port) => Some(Listener { name: format!("tcp-{port}"), host: None, port, protocol: "TCP", passthrough: false }),
            Entrance::Passthrough => {
                let host = &exposure.host;
                let name = format!("tls-{}", host.replace("*.", "wildcard."));
                Some(Listener { name: truncate_with_hash(&name, 253), host: Some(host), port: 443, protocol: "TLS", passthrough: true })
            }
        }
    }
}

/// The annotations that each cloud reads from the Service of a Gateway: whether its load balancer is public or internal, and on AWS that it passes on
/// the addresses of clients, which the SecurityPolicies compare. The default is internal with the AWS Load Balancer Controller, and public on Google
/// and Azure.
fn reach(provider: Provider, via: Via) -> Option<Texts> {
    let annotations: &[(&str, &str)] = match (provider, via) {
        (Provider::Aws, _) => &[
            ("service.beta.kubernetes.io/aws-load-balancer-nlb-target-type", "instance"),
            ("service.beta.kubernetes.io/aws-load-balancer-scheme", if via == Via::Public { "internet-facing" } else { "internal" }),
            ("service.beta.kubernetes.io/aws-load-balancer-target-group-attributes", "preserve_client_ip.enabled=true"),
        ],
        (Provider::Google, Via::Internal) => &[("networking.gke.io/load-balancer-type", "Internal")],
        (Provider::Azure, Via::Internal) => &[("service.beta.kubernetes.io/azure-load-balancer-internal", "true")],
        (Provider::Google | Provider::Azure, Via::Public) | (Provider::Kind | Provider::Existing, _) => return None,
    };
    Some(annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}
