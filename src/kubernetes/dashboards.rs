//! The dashboards of a region as ConfigMaps, which a container beside Grafana finds by their label and gives to it.

use serde::Serialize;

use super::metadata::{Context, Metadata, fragment};
use crate::dashboards::{Dashboard, dashboards};
use crate::model::{Addon, Namespace};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::Document;

/// The label by which the container finds them, and its value: `sidecar.dashboards` of the chart kube-prometheus-stack.
const LABEL: (&str, &str) = ("grafana_dashboard", "1");

#[derive(Serialize)]
struct View {
    metadata: Metadata,
    data: Fragment,
}

/// The ConfigMaps in the namespace of the monitoring; none in others.
pub(super) fn documents(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    if !context.region.is_monitored() || namespace.name.as_str() != Addon::Monitoring.namespace() {
        return Ok(Vec::new());
    }
    let mut documents = Vec::new();
    for dashboard in dashboards(context.platform, context.region) {
        documents.extend(render_yaml("kubernetes/dashboard.yaml.j2", &view(context, namespace, dashboard))?);
    }
    Ok(documents)
}

/// The name has no hash: Grafana knows a dashboard by what is in it.
fn view(context: &Context, namespace: &Namespace, dashboard: &Dashboard) -> View {
    let mut labels = context.labels(&namespace.owner);
    labels.insert(LABEL.0, LABEL.1);
    let file = format!("{}.json", dashboard.uid);
    let data = Document::from_texts([(file.as_str(), dashboard.json().as_str())]);
    View {
        metadata: Metadata::new(format!("dashboard-{}", dashboard.uid), Some(&namespace.name), fragment(&labels)),
        data: Fragment::new(data),
    }
}
