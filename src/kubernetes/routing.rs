//! Whom Alertmanager tells of an alert: an AlertmanagerConfig for each team with the ExternalSecret that it reads, and one for the heartbeat.
//!
//! The Prometheus operator leaves out a whole AlertmanagerConfig when a Secret or a key that it names is missing (`pkg/alertmanager/operator.go` of 0.93,
//! `checkAlertmanagerConfigResource`), and External Secrets makes no Secret when one of its values is missing. So no team shares either with another.
//!
//! The operator puts the routes of all objects side by side and continues after each one, so an alert has to fit the route of one object alone: its label
//! `owner` says which. The objects are in the namespace of Alertmanager, so the operator adds no condition on the namespace of an alert, and what mutes holds
//! for all.

use serde::Serialize;
use serde_json::{Value, json};

use super::metadata::{Context, Metadata};
use super::secrets;
use crate::files::OUTPUT;
use crate::model::{AlertRoute, MailServer, Monitoring, Namespace, Receiver};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::SecretRef;
use crate::yaml::Document;

/// The AlertmanagerConfig of the platform's owner. Those of other teams have the name of the team behind it.
const ALERTS: &str = "alerts";

/// The Secret with the keys and the URLs of receivers of the platform's owner. Those of other teams have the name of the team behind it.
const RECEIVERS: &str = "alert-receivers";

/// The receiver that tells nobody.
const NOBODY: &str = "nobody";

/// The AlertmanagerConfig, the Secret, its entry and the receiver of the alert that always fires.
const HEARTBEAT: &str = "heartbeat";

/// The alert that always fires.
const WATCHDOG: &str = "Watchdog";

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

/// What a receiver shows, in the language of Alertmanager's templates. PagerDuty makes an incident of low urgency of a warning.
const TITLE: &str = "{{ .CommonLabels.alertname }}{{ with .CommonLabels.workload }} of {{ . }}{{ end }} in {{ .CommonLabels.environment }}, {{ .CommonLabels.region }}";
const SUBJECT: &str = "[{{ .Status }}] {{ .CommonLabels.alertname }}{{ with .CommonLabels.workload }} of {{ . }}{{ end }} in {{ .CommonLabels.environment }}, {{ .CommonLabels.region }}";
const SEVERITY: &str = "{{ if eq .CommonLabels.severity \"critical\" }}critical{{ else }}warning{{ end }}";
const OWNER: &str = "{{ .CommonLabels.owner }}";

/// The alert that says that alerts reach nobody.
const UNDELIVERED: &str = "NotificationsFail";

/// Alerts that say less than another one that fires: that one, these, and the labels that they have in common.
const MUTED: [(&str, &str, &[&str]); 6] = [
    ("AddonDown", "AddonMetricsMissing", &["addon"]),
    ("CertificateExpires", "CertificateNotReady|CertificateRenewalLate", &["namespace", "name"]),
    ("GatewayDown", "GatewayNotProgrammed", &["gateway"]),
    (
        "ErrorBudgetGoneIn2Days",
        "ErrorBudgetGoneIn5Days|ErrorBudgetGoneIn10Days|ErrorBudgetGoneIn30Days|RequestsFail",
        &["namespace", "workload"],
    ),
    ("ErrorBudgetGoneIn5Days", "ErrorBudgetGoneIn10Days|ErrorBudgetGoneIn30Days", &["namespace", "workload"]),
    ("VolumeAlmostFull", "VolumeFillsUp|MonitoringVolumeAlmostFull", &["namespace", "persistentvolumeclaim"]),
];

#[derive(Serialize)]
struct Config {
    metadata: Metadata,
    /// Which alerts are the team's.
    matchers: Option<Fragment>,
    group_by: [&'static str; 6],
    nobody: &'static str,
    undelivered: &'static str,
    /// The other receiver of the platform's owner.
    fallback: Option<&'static str>,
    /// The receiver of warnings.
    receiver: &'static str,
    routes: Vec<Route>,
    receivers: Vec<ReceiverView>,
    /// What mutes, in one object for all.
    mutes: Option<Mutes>,
    quiet: Option<&'static str>,
}

#[derive(Serialize)]
struct Mutes {
    same: [&'static str; 10],
    muted: Vec<Muted>,
}

#[derive(Serialize)]
struct Muted {
    source: &'static str,
    targets: &'static str,
    equal: &'static [&'static str],
}

#[derive(Serialize)]
struct Route {
    matchers: Option<Fragment>,
    receiver: &'static str,
    repeat: &'static str,
    mute: Option<&'static str>,
}

/// A receiver. What it has is a one-of, so it is one value.
#[derive(Serialize)]
struct ReceiverView {
    name: &'static str,
    field: &'static str,
    configs: Fragment,
}

#[derive(Serialize)]
struct Heartbeat {
    metadata: Metadata,
    watchdog: &'static str,
    heartbeat: &'static str,
    receivers: Vec<ReceiverView>,
}

/// What a receiver says of the page on an alert. Alerts of the chart have a URL, those of platgen a path below the output folder.
struct Pages {
    /// All alerts of a message, each with its page.
    text: String,
    /// The page alone.
    runbook: String,
}

impl Pages {
    fn of(monitoring: &Monitoring) -> Pages {
        let start = monitoring.pages.as_ref().map_or(String::new(), |pages| format!("{pages}/{OUTPUT}/"));
        let text = format!(
            "{{{{ range .Alerts }}}}{{{{ .Annotations.summary }}}}\n{{{{ .Annotations.description }}}}\n\
             {{{{ with .Annotations.runbook }}}}Runbook: {start}{{{{ . }}}}\n{{{{ end }}}}\
             {{{{ with .Annotations.runbook_url }}}}Runbook: {{{{ . }}}}\n{{{{ end }}}}{{{{ end }}}}"
        );
        let runbook = format!(
            "{{{{ with .CommonAnnotations.runbook }}}}{start}{{{{ . }}}}{{{{ else }}}}{{{{ .CommonAnnotations.runbook_url }}}}{{{{ end }}}}"
        );
        Pages { text, runbook }
    }
}

/// A team's route, and whether the team owns the platform, which also takes what belongs to nobody.
fn teams(monitoring: &Monitoring) -> impl Iterator<Item = (&AlertRoute, bool)> {
    monitoring.routes.iter().enumerate().map(|(number, route)| (route, number == 0))
}

/// The name of a team's object.
fn name(start: &str, route: &AlertRoute, first: bool) -> String {
    if first { start.to_owned() } else { format!("{start}-{}", route.owner) }
}

/// The ExternalSecrets with the keys and the URLs of receivers.
pub(super) fn secrets(context: &Context, namespace: &Namespace, monitoring: &Monitoring) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for (route, first) in teams(monitoring) {
        let mut values: Vec<(String, &SecretRef)> =
            route.receivers().filter_map(|(kind, receiver)| Some((kind.to_owned(), receiver.secret()?))).collect();
        let login = monitoring.mail.as_ref().and_then(|mail| mail.login.as_ref()).filter(|_| route.tells_by_mail());
        values.extend(login.map(|(_, password)| (MAIL.to_owned(), password)));
        if !values.is_empty() {
            let metadata = context.shared(namespace, name(RECEIVERS, route, first));
            documents.extend(secrets::of_namespace(context, metadata, None, values)?);
        }
    }
    if let Some(url) = &monitoring.heartbeat {
        documents.extend(secrets::of_namespace(context, context.shared(namespace, HEARTBEAT), None, vec![(HEARTBEAT.to_owned(), url)])?);
    }
    Ok(documents)
}

/// The AlertmanagerConfigs.
pub(super) fn configs(context: &Context, namespace: &Namespace, monitoring: &Monitoring) -> Result<Vec<Document>, TemplateError> {
    let mut documents = Vec::new();
    for (route, first) in teams(monitoring) {
        documents.extend(render_yaml("kubernetes/alertmanager-config.yaml.j2", &config(context, namespace, monitoring, route, first))?);
    }
    if monitoring.heartbeat.is_some() {
        let view = Heartbeat {
            metadata: context.shared(namespace, HEARTBEAT),
            watchdog: WATCHDOG,
            heartbeat: HEARTBEAT,
            receivers: teams(monitoring).next().map(|(route, first)| receivers(monitoring, route, first)).unwrap_or_default(),
        };
        documents.extend(render_yaml("kubernetes/heartbeat.yaml.j2", &view)?);
    }
    Ok(documents)
}

fn config(context: &Context, namespace: &Namespace, monitoring: &Monitoring, route: &AlertRoute, first: bool) -> Config {
    let others: Vec<&str> = monitoring.routes.iter().skip(1).map(|route| route.owner.as_str()).collect();
    let matcher = |name: &str, kind: &str, value: &str| Fragment::from_json(&json!([{"name": name, "matchType": kind, "value": value}]));
    // What has no owner, or one that owns nothing here, is the platform's.
    let matchers = match (first, others.is_empty()) {
        (true, true) => None,
        (true, false) => Some(matcher("owner", "!~", &others.join("|"))),
        (false, _) => Some(matcher("owner", "=", route.owner.as_str())),
    };
    let quiet = monitoring.quiet.then_some(QUIET);
    let [page, ticket] = [route.page.as_ref().map(|_| "page"), route.ticket.as_ref().map(|_| "ticket")];
    let critical = page.or(ticket).unwrap_or(NOBODY);
    let warning = ticket.or(page).unwrap_or(NOBODY);
    Config {
        metadata: context.shared(namespace, name(ALERTS, route, first)),
        matchers,
        group_by: GROUP,
        nobody: NOBODY,
        undelivered: UNDELIVERED,
        // Critical alerts go to the page; this one goes to both.
        fallback: ticket.filter(|_| first && page.is_some()),
        receiver: warning,
        routes: vec![
            Route { matchers: Some(matcher("severity", "=", "critical")), receiver: critical, repeat: "4h", mute: None },
            Route { matchers: None, receiver: warning, repeat: "24h", mute: quiet },
        ],
        receivers: receivers(monitoring, route, first),
        mutes: first.then(|| Mutes {
            same: SAME,
            muted: MUTED.into_iter().map(|(source, targets, equal)| Muted { source, targets, equal }).collect(),
        }),
        quiet,
    }
}

/// The receivers of a team. Alertmanager fills in the texts.
fn receivers(monitoring: &Monitoring, route: &AlertRoute, first: bool) -> Vec<ReceiverView> {
    let held = name(RECEIVERS, route, first);
    let pages = Pages::of(monitoring);
    let view = |(name, receiver): (&'static str, &Receiver)| -> Option<ReceiverView> {
        let secret = json!({"name": held, "key": name});
        let (field, config) = match receiver {
            Receiver::PagerDuty(_) => {
                let details =
                    [("owner", OWNER), ("runbook", pages.runbook.as_str())].map(|(key, value)| json!({"key": key, "value": value}));
                (
                    "pagerdutyConfigs",
                    json!({"routingKey": secret, "sendResolved": true, "severity": SEVERITY, "description": TITLE, "details": details}),
                )
            }
            Receiver::Slack(_) => ("slackConfigs", json!({"apiURL": secret, "sendResolved": true, "title": TITLE, "text": pages.text})),
            Receiver::Webhook(_) => ("webhookConfigs", json!({"urlSecret": secret, "sendResolved": true})),
            Receiver::Mail(address) => ("emailConfigs", mail(monitoring.mail.as_ref()?, address, &held, &pages.text)),
        };
        Some(ReceiverView { name, field, configs: Fragment::from_json(&json!([config])) })
    };
    route.receivers().filter_map(view).collect()
}

/// A mail: plain text, as the page on an alert has all that matters. `held` is the Secret with the password.
fn mail(server: &MailServer, address: &str, held: &str, text: &str) -> Value {
    let mut config = json!({
        "to": address,
        "from": server.from,
        "smarthost": format!("{}:{}", server.host, server.port),
        "requireTLS": server.port != TLS_FROM_THE_START,
        "sendResolved": true,
        "headers": [{"key": "Subject", "value": SUBJECT}],
        "html": "",
        "text": text,
    });
    if server.port == TLS_FROM_THE_START {
        config["forceImplicitTLS"] = json!(true);
    }
    if let Some((user, _)) = &server.login {
        config["authUsername"] = json!(user);
        config["authPassword"] = json!({"name": held, "key": MAIL});
    }
    config
}

#[cfg(test)]
mod tests {
    use super::{MUTED, UNDELIVERED, WATCHDOG};
    use crate::alerts::all;
    use std::collections::BTreeSet;

    /// What mutes, and what is muted, are alerts that there are.
    #[test]
    fn names_are_those_of_alerts() {
        let known: BTreeSet<&str> = all().flat_map(|subject| subject.alerts).map(|alert| alert.name).collect();
        let named = MUTED.iter().flat_map(|(source, targets, _)| targets.split('|').chain([*source])).chain([UNDELIVERED, WATCHDOG]);
        let unknown: Vec<&str> = named.filter(|name| !known.contains(name)).collect();
        assert_eq!(unknown, [""; 0]);
    }
}
