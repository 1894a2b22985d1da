//! Flows -> the NetworkPolicy of each workload: what may call it and what it may call, and nothing else.
//!
//! The pods are selected by one label, and peers by labels and never by the addresses of pods. Ports are container ports: a policy sees
//! traffic after the Service has turned its port into the container's.

use serde::Serialize;
use serde_json::{Value, json};

use super::metadata::{Labels, Metadata, Site, WORKLOAD, selector};
use crate::model::{Flow, Peer, Workload};
use crate::template::{Comment, TemplateError, render_yaml};
use crate::yaml::Document;

/// What "the internet" leaves out: private networks (RFC 1918), carriers' (RFC 6598) and link-local addresses with the clouds' metadata services.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/// The label that Kubernetes itself puts on every namespace, so that nobody can forge it.
const NAMESPACE: &str = "kubernetes.io/metadata.name";

#[derive(Serialize)]
struct View {
    metadata: Metadata,
    selector: Labels,
    ingress: Option<Vec<Rule>>,
    egress: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    why: Comment,
    peers: Vec<Value>,
    /// None: every port.
    ports: Option<Vec<u16>>,
}

/// The policy of a workload. It always opens egress to the name service, so it never is without egress rules.
pub(super) fn document(site: &Site, workload: &Workload) -> Result<Vec<Document>, TemplateError> {
    let is_it = |peer: &Peer| matches!(peer, Peer::Workload { namespace, name, .. } if *namespace == *workload.namespace.as_str() && *name == *workload.name.as_str());
    let flows = &site.region.flows;
    let ingress: Vec<Rule> = flows.iter().filter(|flow| is_it(&flow.to)).map(|flow| rule(site, flow, &flow.from)).collect();
    let view = View {
        metadata: site.owned(workload, workload.name.as_str()),
        selector: selector(workload),
        ingress: (!ingress.is_empty()).then_some(ingress),
        egress: flows.iter().filter(|flow| is_it(&flow.from)).map(|flow| rule(site, flow, &flow.to)).collect(),
    };
    render_yaml("kubernetes/network-policy.yaml.j2", &view)
}

fn rule(site: &Site, flow: &Flow, other: &Peer) -> Rule {
    Rule { why: Comment::new(&flow.why), peers: peers(site, other), ports: (!flow.ports.is_empty()).then(|| flow.ports.clone()) }
}

/// The other end; each is a one-of, so a whole map.
fn peers(site: &Site, peer: &Peer) -> Vec<Value> {
    if let Some(ranges) = site.region.node_ranges(peer) {
        return ranges.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect();
    }
    let pods = |namespace: &str, label: &str, value: &str| {
        vec![json!({
            "namespaceSelector": {"matchLabels": {NAMESPACE: namespace}},
            "podSelector": {"matchLabels": {label: value}},
        })]
    };
    match peer {
        Peer::Workload { namespace, name, .. } => pods(namespace, WORKLOAD, name),
        Peer::Addon(addon) => {
            let (label, value) = addon.pods();
            pods(addon.namespace(), label, value)
        }
        Peer::Outside { cidrs, .. } if cidrs.is_empty() => vec![json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}})],
        Peer::Outside { cidrs, .. } => cidrs.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect(),
    }
}
