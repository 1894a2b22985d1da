//! What the programs of a region's monitoring read: their policies, their secrets, what Prometheus scrapes, and whom Alertmanager tells of an alert.
//!
//! The chart kube-prometheus-stack makes the programs themselves. Routes find the team by the label `owner` and the receiver by `severity`.

use serde::Serialize;
use serde_json::{Value, json};

use super::metadata::{Context, Labels, Metadata, Owner, Texts, fragment};
use super::secrets;
use crate::model::{Addon, AlertRoute, MailServer, Monitoring, Namespace, Receiver};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::SecretRef;
use crate::yaml::Document;

/// The Secret with the keys and the URLs of receivers.
const RECEIVERS: &str = "alert-receivers";

/// The Secret with the user and the password of Grafana's administrator, which the values of the chart name.
pub const GRAFANA: &str = "grafana-admin";

/// The Role of Grafana, to which the chart binds its service account. That of the chart reads all Secrets of the namespace, those of receivers among them.
pub const GRAFANA_ROLE: &str = "grafana";

/// The receiver that tells nobody.
const NOBODY: &str = "nobody";

/// The receiver, and the entry of the Secret, of the alert that always fires.
const HEARTBEAT: &str = "heartbeat";

/// The entry of the Secret with the password of the mail server's user.
const MAIL: &str = "mail";

/// The port at which a mail server speaks TLS from the start (RFC 8314).
const TLS_FROM_THE_START: u16 = 465;

/// The time in which warnings wait.
const QUIET: &str = "outside-working-hours";

/// The labels that alerts have in common if one call is enough for them.
const GROUP: [&str; 6] = ["environment", "region", "alertname", "namespace", "workload", "owner"];

/// The labels that say what an alert is about, beside its name and the workload.
const SAME: [&str; 10] =
    ["alertname", "namespace", "workload", "pod", "container", "instance", "node", "persistentvolumeclaim", "mountpoint", "device"];

/// The most samples in one answer of a pod: several times what large programs have.
const SAMPLES: u32 = 50_000;

/// What a receiver shows, in the language of Alertmanager's templates. PagerDuty makes an incident of low urgency of a warning.
const TITLE: &str = "{{ .CommonLabels.alertname }}{{ with .CommonLabels.workload }} of {{ . }}{{ end }} in {{ .CommonLabels.environment }}, {{ .CommonLabels.region }}";
const SUBJECT: &str = "[{{ .Status }}] {{ .CommonLabels.alertname }}{{ with .CommonLabels.workload }} of {{ . }}{{ end }} in {{ .CommonLabels.environment }}, {{ .CommonLabels.region }}";
const TEXT: &str = "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ with or .Annotations.runbook .Annotations.runbook_url }}Runbook: {{ . }}\n{{ end }}{{ end }}";
const SEVERITY: &str = "{{ if eq .CommonLabels.severity \"critical\" }}critical{{ else }}warning{{ end }}";
const OWNER: &str = "{{ .CommonLabels.owner }}";
const RUNBOOK: &str = "{{ or .CommonAnnotations.runbook .CommonAnnotations.runbook_url }}";

/// The alert that says that alerts reach nobody.
const UNDELIVERED: &str = "NotificationsFail";

/// Alerts that say less than another one that fires: that one, these, and the labels that they have in common.
const MUTED: [(&str, &str, &[&str]); 3] = [
    (
        "ErrorBudgetGoneIn2Days",
        "ErrorBudgetGoneIn5Days|ErrorBudgetGoneIn10Days|ErrorBudgetGoneIn30Days|RequestsFail",
        &["namespace", "workload"],
    ),
    ("ErrorBudgetGoneIn5Days", "ErrorBudgetGoneIn10Days|ErrorBudgetGoneIn30Days", &["namespace", "workload"]),
    ("VolumeAlmostFull", "VolumeFillsUp|MonitoringVolumeAlmostFull", &["namespace", "persistentvolumeclaim"]),
];

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

#[derive(Serialize)]
struct Config {
    metadata: Metadata,
    receiver: String,
    nobody: &'static str,
    watchdog: &'static str,
    group_by: [&'static str; 6],
    same: [&'static str; 10],
    undelivered: &'static str,
    /// The other receiver of the platform's owner.
    fallback: Option<String>,
    routes: Vec<Route>,
    muted: Vec<Muted>,
    secret: &'static str,
    heartbeat: Option<&'static str>,
    receivers: Vec<ReceiverView>,
    quiet: Option<&'static str>,
}

#[derive(Serialize)]
struct Muted {
    source: &'static str,
    targets: &'static str,
    equal: &'static [&'static str],
}

#[derive(Serialize)]
struct Route {
    matchers: Fragment,
    receiver: String,
    repeat: &'static str,
    mute: Option<&'static str>,
}

/// A receiver. What it has is a one-of, so it is one value.
#[derive(Serialize)]
struct ReceiverView {
    name: String,
    field: &'static str,
    configs: Fragment,
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
    };
    render_yaml("kubernetes/pod-monitor.yaml.j2", &view)
}

/// What has to be in the namespace of the monitoring before its pods start, beside their policies: the Secrets that they read.
pub(super) fn rules(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let Some(monitoring) = monitoring(context, namespace) else { return Ok(Vec::new()) };
    let mut documents = Vec::new();
    let receivers = monitoring.receivers();
    let mut values: Vec<(String, &SecretRef)> =
        receivers.iter().filter_map(|(name, receiver)| Some((name.clone(), receiver.secret()?))).collect();
    let login = monitoring.mail.as_ref().and_then(|mail| mail.login.as_ref());
    values.extend(login.map(|(_, password)| (MAIL.to_owned(), password)));
    values.extend(monitoring.heartbeat.as_ref().map(|value| (HEARTBEAT.to_owned(), value)));
    if !values.is_empty() {
        documents.extend(secrets::of_namespace(context, context.shared(namespace, RECEIVERS), None, values)?);
    }
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
    let mut documents = render_yaml("kubernetes/alertmanager-config.yaml.j2", &config(context, namespace, monitoring))?;
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
    };
    render_yaml("kubernetes/pod-monitor.yaml.j2", &view)
}

/// The monitoring of the region, if the namespace is its own.
fn monitoring<'m>(context: &Context<'m>, namespace: &Namespace) -> Option<&'m Monitoring> {
    context.region.monitoring.as_ref().filter(|_| namespace.name.as_str() == Addon::Monitoring.namespace())
}

fn config(context: &Context, namespace: &Namespace, monitoring: &Monitoring) -> Config {
    let quiet = monitoring.quiet.then_some(QUIET);
    let mut routes = Vec::new();
    for route in &monitoring.routes {
        routes.extend(of_team(route, true, quiet));
    }
    // The platform's owner is the first, and takes what belongs to nobody.
    let first = monitoring.routes.first();
    routes.extend(first.into_iter().flat_map(|route| of_team(route, false, quiet)));
    Config {
        metadata: context.shared(namespace, "alerts"),
        receiver: first.and_then(|route| receiver(route, false)).unwrap_or_else(|| NOBODY.to_owned()),
        nobody: NOBODY,
        watchdog: if monitoring.heartbeat.is_some() { HEARTBEAT } else { NOBODY },
        group_by: GROUP,
        same: SAME,
        undelivered: UNDELIVERED,
        // Critical alerts go to the first receiver; this one goes to both.
        fallback: first
            .filter(|route| route.page.is_some())
            .and_then(|route| route.ticket.as_ref().map(|_| format!("{}-ticket", route.owner))),
        routes,
        muted: MUTED.into_iter().map(|(source, targets, equal)| Muted { source, targets, equal }).collect(),
        secret: RECEIVERS,
        heartbeat: monitoring.heartbeat.as_ref().map(|_| HEARTBEAT),
        receivers: views(monitoring),
        quiet,
    }
}

/// The name of the receiver of a team's critical alerts, or of its warnings.
fn receiver(route: &AlertRoute, critical: bool) -> Option<String> {
    let both =
        [("page", &route.page), ("ticket", &route.ticket)].map(|(kind, one)| one.as_ref().map(|_| format!("{}-{kind}", route.owner)));
    let [page, ticket] = both;
    if critical { page.or(ticket) } else { ticket.or(page) }
}

/// The routes of a team's alerts, or of the alerts of nobody: first the critical ones.
fn of_team(route: &AlertRoute, named: bool, quiet: Option<&'static str>) -> Vec<Route> {
    let matcher = |name: &str, value: &str| json!({"name": name, "matchType": "=", "value": value});
    let of = |critical: bool| {
        let owner = named.then(|| matcher("owner", route.owner.as_str()));
        let severity = critical.then(|| matcher("severity", "critical"));
        let matchers: Value = owner.into_iter().chain(severity).collect();
        let (repeat, mute) = if critical { ("4h", None) } else { ("24h", quiet) };
        Some(Route { matchers: Fragment::from_json(&matchers), receiver: receiver(route, critical)?, repeat, mute })
    };
    [of(true), of(false)].into_iter().flatten().collect()
}

/// The receivers. Alertmanager fills in the texts.
fn views(monitoring: &Monitoring) -> Vec<ReceiverView> {
    let view = |(name, receiver): (String, &Receiver)| -> Option<ReceiverView> {
        let secret = json!({"name": RECEIVERS, "key": name});
        let (field, config) = match receiver {
            Receiver::PagerDuty(_) => {
                let details = [("owner", OWNER), ("runbook", RUNBOOK)].map(|(key, value)| json!({"key": key, "value": value}));
                (
                    "pagerdutyConfigs",
                    json!({"routingKey": secret, "sendResolved": true, "severity": SEVERITY, "description": TITLE, "details": details}),
                )
            }
            Receiver::Slack(_) => ("slackConfigs", json!({"apiURL": secret, "sendResolved": true, "title": TITLE, "text": TEXT})),
            Receiver::Webhook(_) => ("webhookConfigs", json!({"urlSecret": secret, "sendResolved": true})),
            Receiver::Mail(address) => ("emailConfigs", mail(monitoring.mail.as_ref()?, address)),
        };
        Some(ReceiverView { name, field, configs: Fragment::from_json(&json!([config])) })
    };
    monitoring.receivers().into_iter().filter_map(view).collect()
}

/// A mail: plain text, as the page on an alert has all that matters.
fn mail(server: &MailServer, address: &str) -> Value {
    let mut config = json!({
        "to": address,
        "from": server.from,
        "smarthost": format!("{}:{}", server.host, server.port),
        "requireTLS": server.port != TLS_FROM_THE_START,
        "sendResolved": true,
        "headers": [{"key": "Subject", "value": SUBJECT}],
        "html": "",
        "text": TEXT,
    });
    if server.port == TLS_FROM_THE_START {
        config["forceImplicitTLS"] = json!(true);
    }
    if let Some((user, _)) = &server.login {
        config["authUsername"] = json!(user);
        config["authPassword"] = json!({"name": RECEIVERS, "key": MAIL});
    }
    config
}

#[cfg(test)]
mod tests {
    use super::{MUTED, UNDELIVERED};
    use crate::alerts::all;
    use std::collections::BTreeSet;

    /// What mutes, and what is muted, are alerts that there are.
    #[test]
    fn names_are_those_of_alerts() {
        let known: BTreeSet<&str> = all().flat_map(|subject| subject.alerts).map(|alert| alert.name).collect();
        let named = MUTED.iter().flat_map(|(source, targets, _)| targets.split('|').chain([*source])).chain([UNDELIVERED]);
        let unknown: Vec<&str> = named.filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, [""; 0]);
    }
}
