//! The issuer of a cluster and the certificates of its Gateways, which cert-manager fetches from a certificate authority by ACME (RFC 8555).
//!
//! Fields: `cert-manager.io_clusterissuers.yaml` and `cert-manager.io_certificates.yaml` of cert-manager 1.21.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::gateway::certificate;
use super::metadata::{Context, Metadata};
use crate::model::{Addon, Entrance};
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

#[derive(Serialize)]
struct Issuer<'m> {
    metadata: Metadata,
    server: String,
    email: &'m str,
    /// The Secret with the key of the account, which cert-manager makes in its own namespace.
    key: String,
    domains: Vec<&'m str>,
    region: &'m str,
}

#[derive(Serialize)]
struct Certificate<'m> {
    metadata: Metadata,
    secret: String,
    issuer: String,
    hosts: Vec<&'m str>,
}

/// The issuer, and a certificate of the hosts of each Gateway at which TLS ends. Nothing where the spec leaves certificates to others.
pub(super) fn documents(context: &Context) -> Result<Vec<Document>, TemplateError> {
    let (platform, region) = (context.platform, context.region);
    let Some(issuer) = &region.cluster.issuer else { return Ok(Vec::new()) };
    let name = format!("{}-acme", platform.name);
    let mut gateways: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for workload in region.workloads.values() {
        let exposed = workload.exposures.iter().filter(|one| one.entrance == Entrance::Http).map(|one| (one.via, &one.host));
        for (via, host) in exposed.chain(workload.redirects.iter().map(|one| (one.via, &one.host))) {
            gateways.entry(Entrance::Http.gateway(via)).or_default().insert(host);
        }
    }
    if gateways.is_empty() {
        return Ok(Vec::new());
    }
    let view = Issuer {
        metadata: context.cluster_wide(&name),
        server: issuer.server.to_string(),
        email: &issuer.email,
        key: format!("{name}-account"),
        domains: platform.zones_of(region),
        region: region.name.as_str(),
    };
    let mut documents = render_yaml("kubernetes/cluster-issuer.yaml.j2", &view)?;
    for (gateway, hosts) in gateways {
        let view = Certificate {
            metadata: Metadata { namespace: Some(Addon::Gateway.namespace().to_owned()), ..context.cluster_wide(gateway) },
            secret: certificate(gateway),
            issuer: name.clone(),
            hosts: hosts.into_iter().collect(),
        };
        documents.extend(render_yaml("kubernetes/certificate.yaml.j2", &view)?);
    }
    Ok(documents)
}
