//! How Envoy Gateway runs the proxies of a Gateway: the EnvoyProxy that the Gateway names.
//!
//! Without one, Envoy Gateway starts a single proxy without a disruption budget, and every request of the region goes through that proxy.

use serde::Serialize;

use super::cluster::Priority;
use super::metadata::{Context, Metadata};
use super::pod::{TolerationView, toleration};
use crate::alerts::STAT_NAME;
use crate::labels;
use crate::template::{TemplateError, render_yaml};
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    /// How the metrics of requests name what they went to.
    stat_name: Option<&'static str>,
    gateway: &'m str,
    gateways: &'m str,
    least: usize,
    most: usize,
    priority: String,
    subnet: Option<Subnet<'m>>,
    tolerations: Option<Vec<TolerationView<'m>>>,
    load_balancer: Option<&'static str>,
    /// The ports of nodes by those of the Gateway, where no load balancer leads to them.
    node_ports: Option<Vec<NodePort>>,
}

#[derive(Serialize)]
struct NodePort {
    port: u16,
    node: u16,
}

#[derive(Serialize)]
struct Subnet<'m> {
    label: &'static str,
    name: &'m str,
}

/// The proxies of the Gateway that `metadata` names, in its namespace.
pub(super) fn document(context: &Context, metadata: Metadata) -> Result<Vec<Document>, TemplateError> {
    let (gateway, gateways) = (metadata.name.clone(), metadata.namespace.clone().unwrap_or_default());
    let proxies = &context.region.cluster.proxies;
    let tolerations: Vec<TolerationView> = proxies.tolerations.iter().map(toleration).collect();
    let ports = proxies.host_ports.iter().filter(|port| port.gateway == gateway);
    let node_ports: Vec<NodePort> = ports.map(|port| NodePort { port: port.port, node: port.node }).collect();
    let view = View {
        metadata,
        stat_name: context.region.is_monitored().then_some(STAT_NAME),
        gateway: &gateway,
        gateways: &gateways,
        least: proxies.least,
        most: proxies.most,
        priority: Priority::Critical.class(context),
        subnet: proxies.subnet.as_ref().map(|subnet| Subnet { label: labels::SUBNET, name: subnet.as_str() }),
        tolerations: (!tolerations.is_empty()).then_some(tolerations),
        load_balancer: proxies.load_balancer_class,
        node_ports: (!node_ports.is_empty()).then_some(node_ports),
    };
    render_yaml("kubernetes/envoy-proxy.yaml.j2", &view)
}
