//! The monitoring of a region: how long metrics are kept, where its programs run, who is told of an alert, and what Prometheus scrapes.

use super::{Region, Toleration};
use crate::value::{Duration, HostAddress, Name, Quantity, SecretRef};
use std::collections::{BTreeMap, BTreeSet};

/// The share of its volume that Prometheus fills, in percent.
pub const FILLED: u64 = 80;

/// The programs of kube-prometheus-stack in a region.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// How long metrics are kept.
    pub retention: Duration,
    /// The size of the volume of each Prometheus.
    pub storage: Quantity,
    /// How many Prometheus and Alertmanager servers there are: a pair in a protected environment, else one.
    pub replicas: u32,
    /// The subnet of its programs. `None`: any node without a taint.
    pub subnet: Option<Name>,
    /// The taints that they tolerate, where no node of the subnet is free of them.
    pub tolerations: Vec<Toleration>,
    /// Who is told of the alerts of each team that owns something here: the platform's owner first, then the others by name.
    pub routes: Vec<AlertRoute>,
    /// Whether warnings wait for working hours.
    pub quiet: bool,
    /// The secret value that holds the URL to which the always-firing alert is sent, so that somebody outside notices when it stops. Its key is the region's
    /// name.
    pub heartbeat: Option<SecretRef>,
    /// The server that sends mails; `None` where nobody is told by mail.
    pub mail: Option<MailServer>,
    /// The URL at which people see the files of the environment's branch in the root of the repository; `None` where nobody knows it.
    pub pages: Option<String>,
    /// The alerts that are other here than elsewhere, by name.
    pub alerts: BTreeMap<String, AlertSetting>,
    /// The password of Grafana's administrator.
    pub password: SecretRef,
    /// The subnets whose nodes pull no image of the chart: they reach neither its registries nor copies.
    pub closed: Vec<Name>,
    /// The images of its programs, by [`IMAGES`]. Empty: those of the chart.
    pub images: BTreeMap<&'static str, String>,
}

/// The images of kube-prometheus-stack 88.5.3, by the part of the chart that runs them (its templates, rendered with the values of platgen).
pub const IMAGES: [(&str, &str); 9] = [
    ("alertmanager", "quay.io/prometheus/alertmanager:v0.34.0"),
    ("certificates", "ghcr.io/jkroepke/kube-webhook-certgen:1.8.7"),
    ("grafana", "docker.io/grafana/grafana:13.2.0"),
    ("nodes", "quay.io/prometheus/node-exporter:v1.12.1-distroless"),
    ("operator", "quay.io/prometheus-operator/prometheus-operator:v0.93.1"),
    ("prometheus", "quay.io/prometheus/prometheus:v3.14.0-distroless"),
    ("reloader", "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1"),
    ("sidecar", "quay.io/kiwigrid/k8s-sidecar:2.10.1"),
    ("state", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0"),
];

/// What is other about an alert, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AlertSetting {
    /// There is no such alert.
    Off {
        /// Why.
        reason: String,
    },
    /// It fires from another value on.
    Threshold {
        /// The value as people write it.
        text: String,
        /// The value as PromQL writes it.
        value: String,
        /// Why.
        reason: String,
    },
}

/// Who is told of the alerts of a team.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlertRoute {
    /// The team.
    pub owner: Name,
    /// The receiver of critical alerts. `None`: they go where warnings go.
    pub page: Option<Receiver>,
    /// The receiver of warnings. `None`: they go where critical alerts go.
    pub ticket: Option<Receiver>,
}

impl AlertRoute {
    /// The receivers with the word for each: `page` and `ticket`.
    pub fn receivers(&self) -> impl Iterator<Item = (&'static str, &Receiver)> {
        [("page", &self.page), ("ticket", &self.ticket)].into_iter().filter_map(|(kind, receiver)| Some((kind, receiver.as_ref()?)))
    }

    /// Whether somebody is told by mail.
    pub fn tells_by_mail(&self) -> bool {
        self.receivers().any(|(_, receiver)| matches!(receiver, Receiver::Mail(_)))
    }
}

/// A server that sends mails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailServer {
    /// Its domain or address.
    pub host: HostAddress,
    /// Its port. At 465 it speaks TLS from the start, elsewhere after STARTTLS.
    pub port: u16,
    /// The address that mails are from.
    pub from: String,
    /// Who signs in to it, and the value with the password.
    pub login: Option<(String, SecretRef)>,
}

/// A receiver of alerts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Receiver {
    /// The integration key of a service of PagerDuty.
    PagerDuty(SecretRef),
    /// The URL of an incoming webhook of Slack.
    Slack(SecretRef),
    /// The URL of a webhook.
    Webhook(SecretRef),
    /// A mail address.
    Mail(String),
}

impl Receiver {
    /// The service, as people write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Receiver::PagerDuty(_) => "PagerDuty",
            Receiver::Slack(_) => "Slack",
            Receiver::Webhook(_) => "a webhook",
            Receiver::Mail(_) => "mail",
        }
    }

    /// The value in the secret manager. A mail address is none.
    pub fn secret(&self) -> Option<&SecretRef> {
        match self {
            Receiver::PagerDuty(secret) | Receiver::Slack(secret) | Receiver::Webhook(secret) => Some(secret),
            Receiver::Mail(_) => None,
        }
    }

    /// Whom or what it reaches: the value in the secret manager, or the mail address.
    pub fn target(&self) -> String {
        match self {
            Receiver::PagerDuty(secret) | Receiver::Slack(secret) | Receiver::Webhook(secret) => secret.to_string(),
            Receiver::Mail(address) => address.clone(),
        }
    }
}

/// An address at which each pod of a workload serves metrics.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// The name of the container's port.
    pub port: String,
    /// The number of the port.
    pub number: u16,
    /// The HTTP path.
    pub path: String,
}

impl Monitoring {
    /// Whether the spec wants no such alert.
    pub fn is_off(&self, alert: &str) -> bool {
        matches!(self.alerts.get(alert), Some(AlertSetting::Off { .. }))
    }

    /// The route of a team. `None` if the team owns nothing here.
    pub fn route(&self, owner: &Name) -> Option<&AlertRoute> {
        self.routes.iter().find(|route| route.owner == *owner)
    }

    /// Every value of the secret manager that its programs read.
    pub fn secret_values(&self) -> BTreeSet<&SecretRef> {
        let receivers = self.routes.iter().flat_map(AlertRoute::receivers).map(|(_, receiver)| receiver);
        let password = self.mail.iter().flat_map(|mail| &mail.login).map(|(_, password)| password);
        receivers.filter_map(Receiver::secret).chain(password).chain(&self.heartbeat).chain([&self.password]).collect()
    }
}

impl Region {
    /// Whether platgen renders the monitoring of the region.
    pub fn is_monitored(&self) -> bool {
        self.monitoring.is_some()
    }
}
