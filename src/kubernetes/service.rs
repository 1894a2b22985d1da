//! Services: one with the workload's name, one per alias, and a headless one for the members of a StatefulSet. Those of a store that an operator runs lead to
//! the servers that answer, and the operator may make the one with the store's name itself. Those of a
//! store of several servers lead to its proxies.

use serde::Serialize;

use super::metadata::{Context, Labels, Metadata, Owner, fragment};
use crate::labels::WORKLOAD;
use crate::model::{Entrance, Kind, Protocol, Replication, Service, ServicePort, Software, Workload, headless_name};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::KubernetesVersion;
use crate::yaml::Document;

#[derive(Serialize)]
struct View<'m> {
    metadata: Metadata,
    headless: bool,
    /// Whether pods that are not ready have an address as well.
    unready: bool,
    distribution: Option<&'static str>,
    selector: Fragment,
    ports: Option<Vec<Port<'m>>>,
}

#[derive(Serialize)]
struct Port<'m> {
    name: &'m str,
    port: u16,
    target: u16,
    transport: &'static str,
    protocol: Option<&'static str>,
}

/// The Services of a workload.
pub(super) fn documents(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let mut documents = Vec::new();
    let software = workload.operated().map(|operated| &operated.software);
    let own_pods = &owner.selector;
    let answering = match software.and_then(Software::answering) {
        Some(label) => fragment(&Labels::from([workload.pods(), label])),
        None if workload.is_replicated() => fragment(&Labels::from([(WORKLOAD, Replication::proxies(workload.name.as_str()).as_str())])),
        None => own_pods.clone(),
    };
    let mut print = |name: String, (headless, unready): (bool, bool), selector: &Fragment, ports: Option<Vec<Port>>| {
        let distribution = if headless { None } else { distribution(owner.context, workload) };
        let view = View { metadata: owner.metadata(name), headless, unready, distribution, selector: selector.clone(), ports };
        render_yaml("kubernetes/service.yaml.j2", &view).map(|printed| documents.extend(printed))
    };
    let service = workload.service.as_ref();
    if let Some(service) = service {
        let own = Some(&workload.name).filter(|_| !software.is_some_and(Software::has_own_service));
        for name in own.into_iter().chain(&service.aliases) {
            print(name.to_string(), (service.headless, false), &answering, ports(workload, service))?;
        }
    }
    if matches!(workload.kind, Kind::StatefulSet) {
        print(headless_name(&workload.name), (true, true), own_pods, service.and_then(|service| ports(workload, service)))?;
    }
    Ok(documents)
}

fn ports<'m>(workload: &Workload, service: &'m Service) -> Option<Vec<Port<'m>>> {
    let ports: Vec<Port> = service
        .ports
        .iter()
        .map(|port| Port {
            name: &port.name,
            port: port.port,
            target: port.target,
            transport: port.transport.name(),
            protocol: app_protocol(workload, port),
        })
        .collect();
    (!ports.is_empty()).then_some(ports)
}

/// The protocol of a port as clients and gateways read it. A port that is exposed for connections alone speaks TLS, or a protocol that nobody names.
fn app_protocol(workload: &Workload, port: &ServicePort) -> Option<&'static str> {
    let exposed = |http: bool| workload.exposures.iter().any(|one| one.port == port.port && (one.entrance == Entrance::Http) == http);
    if exposed(false) && !exposed(true) {
        return None;
    }
    match port.protocol? {
        Protocol::Http => Some("http"),
        Protocol::Https => Some("https"),
        Protocol::Grpc => Some("kubernetes.io/h2c"),
        Protocol::Tcp => None,
    }
}

/// Prefers endpoints in the zone of the client. Before 1.35 the API knows the value by another name only.
fn distribution(context: &Context, workload: &Workload) -> Option<&'static str> {
    if workload.is_store() || context.region.zones.len() < 2 {
        return None;
    }
    Some(if context.region.cluster.version >= KubernetesVersion::new(1, 35) { "PreferSameZone" } else { "PreferClose" })
}
