//! How Envoy Gateway runs the proxies of a Gateway: the EnvoyProxy that the Gateway names.
//!
//! Without one, Envoy Gateway starts a single proxy without a disruption budget, and every request of the region goes through it.

use serde::Serialize;

use super::cluster::Priority;
use super::metadata::{Context, Metadata};
use crate::labels;
use crate::provider::Provider;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

/// The fewest and the most proxies: in a protected environment one for each zone and more under load, elsewhere what survives the drain of a node.
const PROTECTED: (usize, usize) = (3, 12);
const OTHER: (usize, usize) = (2, 4);

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    gateway: &'m str,
    gateways: &'m str,
    least: usize,
    most: usize,
    priority: String,
    subnet: Option<Subnet<'m>>,
    load_balancer: Option<&'static str>,
}

#[derive(Serialize)]
struct Subnet<'m> {
    label: &'static str,
    name: &'m str,
}

/// The proxies of the Gateway that `metadata` names, in its namespace.
pub(super) fn document(context: &Context, metadata: Metadata) -> Result<Vec<Document>, TemplateError> {
    let (gateway, gateways) = (metadata.name.clone(), metadata.namespace.clone().unwrap_or_default());
    let (least, most) = if context.platform.protected { PROTECTED } else { OTHER };
    let mut subnets = context.region.network.iter().flat_map(|network| &network.subnets);
    let view = View {
        metadata,
        gateway: &gateway,
        gateways: &gateways,
        least: least.max(if context.platform.protected { context.region.zones.len() } else { 0 }),
        most,
        priority: Priority::Critical.class(context),
        subnet: subnets.find(|subnet| subnet.default).map(|subnet| Subnet { label: labels::SUBNET, name: subnet.name.as_str() }),
        load_balancer: load_balancer(context.region.provider),
    };
    render_yaml("kubernetes/envoy-proxy.yaml.j2", &view)
}

/// The class that makes the load balancer. On AWS the API server then needs no webhook of the AWS Load Balancer Controller to hand the Service over;
/// the other clouds make their load balancers themselves.
fn load_balancer(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Aws => Some("service.k8s.aws/nlb"),
        Provider::Google | Provider::Azure | Provider::Kind | Provider::Existing => None,
    }
}
