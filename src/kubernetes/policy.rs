//! Flows -> the NetworkPolicy of each workload, which allows the connections of its flows and no others.
//!
//! Policies select pods and peers by labels, never by the addresses of pods. Ports are container ports, because a policy sees traffic after the
//! Service has translated its port.

use serde::Serialize;
use serde_json::{Value, json};

use super::metadata::{Context, Labels, Metadata, Owner, fragment};
use crate::labels::NAMESPACE_NAME;
use crate::model::{Addon, Chart, Flow, Peer};
use crate::template::{Comment, Fragment, TemplateError, render_yaml};
use crate::value::{Cidr, NetworkPort};
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    selector: Fragment,
    ingress: Option<Vec<Rule>>,
    name_servers: &'m [Cidr],
    egress: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    why: Comment,
    peers: Fragment,
    ports: Vec<Port>,
}

#[derive(Serialize)]
struct Port {
    number: u16,
    protocol: &'static str,
}

/// The policy of a workload. Egress to the name service is always allowed.
pub(super) fn document(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let (context, workload) = (owner.context, owner.workload);
    let ingress: Vec<Rule> = context.flows.to(workload).iter().map(|flow| rule(context, flow, &flow.from)).collect();
    let view = View {
        metadata: owner.metadata(workload.name.as_str()),
        selector: owner.selector.clone(),
        ingress: (!ingress.is_empty()).then_some(ingress),
        name_servers: &context.region.cluster.name_servers,
        egress: context.flows.from(workload).iter().map(|flow| rule(context, flow, &flow.to)).collect(),
    };
    render_yaml("kubernetes/network-policy.yaml.j2", &view)
}

/// The policy of an add-on whose namespace is the platform's.
pub(super) fn of_addon(context: &Context, metadata: Metadata, addon: Addon) -> Result<Vec<Document>, TemplateError> {
    of_pods(context, metadata, &Peer::Addon(addon), addon.pods())
}

/// The policy of the pods of a chart of the spec.
pub(super) fn of_chart(context: &Context, metadata: Metadata, chart: &Chart) -> Result<Vec<Document>, TemplateError> {
    let peer = Peer::Chart { namespace: chart.namespace.clone(), name: chart.name.clone() };
    of_pods(context, metadata, &peer, Chart::pods(&chart.name))
}

/// The policy of pods that are in no document, by their label.
fn of_pods(context: &Context, metadata: Metadata, peer: &Peer, label: (&str, &str)) -> Result<Vec<Document>, TemplateError> {
    let flows = |end: fn(&Flow) -> &Peer| context.region.flows.iter().filter(move |flow| end(flow) == peer);
    let ingress: Vec<Rule> = flows(|flow| &flow.to).map(|flow| rule(context, flow, &flow.from)).collect();
    let view = View {
        metadata,
        selector: fragment(&Labels::from([label])),
        ingress: (!ingress.is_empty()).then_some(ingress),
        name_servers: &context.region.cluster.name_servers,
        egress: flows(|flow| &flow.from).map(|flow| rule(context, flow, &flow.to)).collect(),
    };
    render_yaml("kubernetes/network-policy.yaml.j2", &view)
}

/// Who calls these ports of a workload, each peer once.
pub(super) fn callers(owner: &Owner, ports: &[u16]) -> Vec<Value> {
    let (context, mut found) = (owner.context, Vec::new());
    let called = context.flows.to(owner.workload).iter().filter(|flow| flow.ports.iter().any(|port| ports.contains(&port.number())));
    for peer in called.flat_map(|flow| peers(context, &flow.from).as_array().cloned().unwrap_or_default()) {
        if !found.contains(&peer) {
            found.push(peer);
        }
    }
    found
}

fn rule(context: &Context, flow: &Flow, other: &Peer) -> Rule {
    Rule { why: Comment::new(&flow.why), peers: Fragment::from_json(&peers(context, other)), ports: flow.ports.iter().map(port).collect() }
}

fn port(port: &NetworkPort) -> Port {
    Port { number: port.number(), protocol: port.transport().name() }
}

/// The peers of a rule. Each is a one-of, so it is one value.
fn peers(context: &Context, peer: &Peer) -> Value {
    if let Some(ranges) = context.region.node_ranges(peer) {
        return ranges.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect();
    }
    let pods = |namespace: &str, label: &str, value: &str| {
        json!([{
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}},
            "podSelector": {"matchLabels": {label: value}},
        }])
    };
    match peer {
        Peer::Workload { namespace, name, .. } => {
            let (label, value) = context.region.pods_of(peer, name);
            pods(namespace, label, value)
        }
        Peer::Addon(addon) => {
            let (label, value) = addon.pods();
            pods(addon.namespace(), label, value)
        }
        Peer::Chart { namespace, name } => {
            let (label, value) = Chart::pods(name);
            pods(namespace, label, value)
        }
        Peer::Outside { cidrs, .. } if cidrs.is_empty() => json!([{"ipBlock": {"cidr": "0.0.0.0/0", "except": context.region.inside}}]),
        Peer::Cluster { cidrs } | Peer::Outside { cidrs, .. } => cidrs.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect(),
    }
}
