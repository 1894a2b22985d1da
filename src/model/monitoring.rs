//! The monitoring of a region: how long metrics are kept, who is told of an alert, and what Prometheus scrapes.

use super::Region;
use crate::value::{Duration, Name, Quantity, SecretRef};
use std::collections::BTreeSet;

/// The Prometheus, the Alertmanager and the Grafana of a region.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// How long metrics are kept.
    pub retention: Duration,
    /// The size of the volume of each Prometheus.
    pub storage: Quantity,
    /// How many Prometheus and Alertmanager servers there are: a pair in a protected environment, else one.
    pub replicas: u32,
    /// Who is told of the alerts of each team that owns something here: the platform's owner first, then the others by name.
    pub routes: Vec<AlertRoute>,
    /// The secret value that holds the URL to which the always-firing alert is sent, so that somebody outside notices when it stops. Its key is the region's
    /// name.
    pub heartbeat: Option<SecretRef>,
}

/// Who is told of the alerts of a team.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlertRoute {
    /// The team.
    pub owner: Name,
    /// The receiver of critical alerts. `None`: nobody is paged.
    pub page: Option<Receiver>,
    /// The receiver of warnings. `None`: nobody gets them.
    pub ticket: Option<Receiver>,
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
}

impl Receiver {
    /// The value in the secret manager.
    pub fn secret(&self) -> &SecretRef {
        match self {
            Receiver::PagerDuty(secret) | Receiver::Slack(secret) | Receiver::Webhook(secret) => secret,
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
    /// The route of a team. `None` if the team owns nothing here.
    pub fn route(&self, owner: &Name) -> Option<&AlertRoute> {
        self.routes.iter().find(|route| route.owner == *owner)
    }

    /// Every value of the secret manager that Alertmanager reads.
    pub fn secret_values(&self) -> BTreeSet<&SecretRef> {
        let receivers = self.routes.iter().flat_map(|route| [&route.page, &route.ticket]).flatten();
        receivers.map(Receiver::secret).chain(&self.heartbeat).collect()
    }
}

impl Region {
    /// Whether platgen renders the monitoring of the region.
    pub fn is_monitored(&self) -> bool {
        self.monitoring.is_some()
    }
}
