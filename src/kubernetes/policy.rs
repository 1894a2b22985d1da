//! Flows -> the NetworkPolicy of each workload: what may call it and what it may call, and nothing else.
//!
//! The pods are selected by one label, and peers by labels and never by the addresses of pods. Ports are container ports: a policy sees
//! traffic after the Service has turned its port into the container's.

use serde::Serialize;
use serde_json::{Value, json};

use super::metadata::{Metadata, Owner, Site};
use crate::labels::{NAMESPACE_NAME, WORKLOAD};
use crate::model::{Flow, Peer};
use crate::template::{Comment, Fragment, TemplateError, render_yaml};
use crate::value::Cidr;
use crate::yaml::Document;

#[derive(Serialize)]
struct View {
    metadata: Metadata,
    selector: Fragment,
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
pub(super) fn document(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let (site, workload) = (owner.site, owner.workload);
    let ingress: Vec<Rule> = site.flows.to(workload).iter().map(|flow| rule(site, flow, &flow.from)).collect();
    let view = View {
        metadata: owner.metadata(workload.name.as_str()),
        selector: owner.selector.clone(),
        ingress: (!ingress.is_empty()).then_some(ingress),
        egress: site.flows.from(workload).iter().map(|flow| rule(site, flow, &flow.to)).collect(),
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
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}},
            "podSelector": {"matchLabels": {label: value}},
        })]
    };
    match peer {
        Peer::Workload { namespace, name, .. } => pods(namespace, WORKLOAD, name),
        Peer::Addon(addon) => {
            let (label, value) = addon.pods();
            pods(addon.namespace(), label, value)
        }
        Peer::Outside { cidrs, .. } if cidrs.is_empty() => vec![json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": Cidr::PRIVATE}})],
        Peer::Outside { cidrs, .. } => cidrs.iter().map(|cidr| json!({"ipBlock": {"cidr": cidr}})).collect(),
    }
}
