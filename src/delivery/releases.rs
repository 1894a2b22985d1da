//! The charts of a region -> the releases that a GitOps controller makes of them, in their order.
//!
//! Definitions come in releases of their own where objects of the files need them before their program can run: those of the Gateway API, which their
//! project has in a chart of their own, and those of the monitoring, whose programs wait for Secrets that the files have fetched.
//!
//! Sources: `helm template` of kube-prometheus-stack 88.5.3, whose parts are all off, prints its ten definitions and nothing else; the values of
//! gateway-crds-helm.

use serde_json::{Value, json};

use crate::model::{AddonChart, Chart, Region};
use crate::value::Definitions;

/// When a release is made.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// Definitions alone.
    Definitions,
    /// Before the objects that its program serves.
    Addons,
    /// After the Secrets that its program reads.
    Monitoring,
    /// A chart of the spec: after the apps and stores, whose objects it may need.
    Charts,
}

impl Phase {
    /// The name of its stage.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Definitions => "definitions",
            Phase::Addons => "addons",
            Phase::Monitoring => "monitoring",
            Phase::Charts => "charts",
        }
    }
}

/// A release of a chart.
#[derive(Clone, Debug)]
pub struct Release<'r> {
    /// The name of the objects that a controller makes it of. Releases of two namespaces can have one name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The chart of the region.
    pub of: &'r Chart,
    /// The name of the chart in its repository.
    pub chart: &'r str,
    /// When it is made.
    pub phase: Phase,
    /// Whether it makes what the chart has in `crds/`. None: it has nothing there.
    pub makes_definitions: Option<bool>,
    /// Its values. None: those of the chart of the region.
    pub values: Option<Value>,
}

/// The releases of a region, in the order in which they are made.
pub fn releases(region: &Region) -> Vec<Release<'_>> {
    let mut all: Vec<Release<'_>> = region.charts.iter().filter_map(definitions).collect();
    let phase = |chart: &Chart| match chart.addon {
        Some(AddonChart::Monitoring) => Phase::Monitoring,
        Some(_) => Phase::Addons,
        None => Phase::Charts,
    };
    all.extend(region.charts.iter().map(|chart| Release {
        id: id(chart),
        name: chart.name.clone(),
        of: chart,
        chart: &chart.chart,
        phase: phase(chart),
        makes_definitions: match chart.definitions {
            Definitions::Beside => Some(phase(chart) != Phase::Monitoring),
            Definitions::Apart | Definitions::Unused => Some(false),
            Definitions::Within | Definitions::None => None,
        },
        values: None,
    }));
    all.sort_by_key(|release| release.phase);
    all
}

/// The name of a chart among all of its region: names of add-ons are taken.
pub fn id(chart: &Chart) -> String {
    if chart.addon.is_some() { chart.name.clone() } else { format!("{}-{}", chart.namespace, chart.name) }
}

/// The release of the definitions of a chart, where they have one of their own.
fn definitions(chart: &Chart) -> Option<Release<'_>> {
    let (name, values) = match (chart.definitions, chart.addon) {
        (Definitions::Apart, _) => (
            "gateway-crds-helm",
            json!({"crds": {
                "envoyGateway": {"enabled": true},
                "gatewayAPI": {"channel": "standard", "enabled": true},
            }}),
        ),
        (Definitions::Beside, Some(AddonChart::Monitoring)) => {
            let parts = [
                "alertmanager",
                "grafana",
                "kubeStateMetrics",
                "kubernetesServiceMonitors",
                "nodeExporter",
                "prometheus",
                "prometheusOperator",
            ];
            let off = parts.into_iter().map(|part| (part.to_owned(), json!({"enabled": false})));
            let rules = ("defaultRules".to_owned(), json!({"create": false}));
            (chart.chart.as_str(), Value::Object(off.chain([rules]).collect()))
        }
        _ => return None,
    };
    Some(Release {
        id: format!("{}-definitions", id(chart)),
        name: format!("{}-definitions", chart.name),
        of: chart,
        chart: name,
        phase: Phase::Definitions,
        makes_definitions: (chart.definitions == Definitions::Beside).then_some(true),
        values: Some(values),
    })
}
