//! What the programs of a region's monitoring read: their policies, their secrets, and what Prometheus scrapes.
//!
//! The chart kube-prometheus-stack makes the programs themselves.

use serde::Serialize;

use super::metadata::{Context, Labels, Metadata, Owner, Texts, fragment};
use super::{routing, secrets};
use crate::model::{Addon, Monitoring, Namespace};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::Document;

/// The Secret with the user and the password of Grafana's administrator, which the values of the chart name.
pub const GRAFANA: &str = "grafana-admin";

/// The Role of Grafana, to which the chart binds its service account. That of the chart reads all Secrets of the namespace, those of receivers among them.
pub const GRAFANA_ROLE: &str = "grafana";

/// The most samples in one answer of a pod: several times what large programs have.
const SAMPLES: u32 = 50_000;

#[derive(Serialize)]
struct Monitor<'m> {
    metadata: Metadata,
    /// The namespace of the pods, unless it is that of the monitor.
    namespace: Option<&'static str>,
    selector: Fragment,
    limit: Option<u32>,
    endpoints: Vec<EndpointView<'m>>,
    /// The label that alerts join.
    workload: Option<&'m str>,
    /// Whether the pods are the proxies of Gateways, which alerts and dashboards tell apart.
    proxies: bool,
    /// Whether a label that its metrics have stays: the namespace of an object that they tell of.
    objects: bool,
}

#[derive(Serialize)]
struct EndpointView<'m> {
    /// `None` if another container has a port of the name.
    port: Option<&'m str>,
    number: u16,
    path: &'m str,
}

#[derive(Serialize)]
struct Named {
    metadata: Metadata,
}

/// The PodMonitor of a workload; none without metrics, or where nobody reads them.
pub(super) fn monitor(owner: &Owner) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    if workload.metrics.is_empty() || !owner.context.region.is_monitored() {
        return Ok(Vec::new());
    }
    let is_shared = |name: &str| workload.containers().filter(|one| one.ports.iter().any(|(port, _)| port == name)).count() > 1;
    let endpoints = workload.metrics.iter().map(|endpoint| EndpointView {
        port: Some(endpoint.port.as_str()).filter(|port| !is_shared(port)),
        number: endpoint.number,
        path: &endpoint.path,
    });
    let view = Monitor {
        metadata: owner.metadata(workload.name.as_str()),
        namespace: None,
        selector: owner.selector.clone(),
        limit: Some(SAMPLES),
        endpoints: endpoints.collect(),
        workload: Some(workload.name.as_str()),
        proxies: false,
        objects: false,
    };
    render_yaml("kubernetes/pod-monitor.yaml.j2", &view)
}

/// What has to be in the namespace of the monitoring before its pods start, beside their policies: the Secrets that they read.
pub(super) fn rules(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let Some(monitoring) = monitoring(context, namespace) else { return Ok(Vec::new()) };
    let mut documents = Vec::new();
    documents.extend(routing::secrets(context, namespace, monitoring)?);
    let template =
        Texts::from([("admin-password", "{{ .password }}"), ("admin-user", "admin")].map(|(key, text)| (key.to_owned(), text.to_owned())));
    let password = vec![("password".to_owned(), &monitoring.password)];
    documents.extend(secrets::of_namespace(context, context.shared(namespace, GRAFANA), Some(template), password)?);
    documents.extend(render_yaml("kubernetes/grafana-role.yaml.j2", &Named { metadata: context.shared(namespace, GRAFANA_ROLE) })?);
    Ok(documents)
}

/// The routes of alerts, and what Prometheus scrapes outside of the namespaces of the spec.
pub(super) fn documents(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let Some(monitoring) = monitoring(context, namespace) else { return Ok(Vec::new()) };
    let mut documents = routing::configs(context, namespace, monitoring)?;
    if context.region.workloads.values().any(|workload| workload.entrances().next().is_some()) {
        let endpoint = Addon::Gateway.metrics().map(|(number, path)| (Some("metrics"), number, path));
        if let Some(endpoint) = endpoint {
            documents.extend(of_addon(context.shared(namespace, "gateways"), Addon::Gateway, endpoint)?);
        }
    }
    Ok(documents)
}

/// The PodMonitor of a program of an add-on, by the name of its port, or the number of one without a name.
pub(super) fn of_addon(
    metadata: Metadata,
    program: Addon,
    (port, number, path): (Option<&'static str>, u16, &'static str),
) -> Result<Vec<Document>, TemplateError> {
    let view = Monitor {
        metadata,
        namespace: Some(program.namespace()),
        selector: fragment(&Labels::from([program.pods()])),
        limit: None,
        endpoints: vec![EndpointView { port, number, path }],
        workload: None,
        proxies: program == Addon::Gateway,
        objects: program.tells_of_objects(),
    };
    render_yaml("kubernetes/pod-monitor.yaml.j2", &view)
}

/// The monitoring of the region, if the namespace is its own.
fn monitoring<'m>(context: &Context<'m>, namespace: &Namespace) -> Option<&'m Monitoring> {
    context.region.monitoring.as_ref().filter(|_| namespace.name.as_str() == Addon::Monitoring.namespace())
}
