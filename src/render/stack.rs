//! The values of the chart kube-prometheus-stack for a region: a file for `helm`, and no object of Kubernetes.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use crate::alerts;
use crate::kubernetes::{GRAFANA, GRAFANA_ROLE, REGISTRY, priority_class};
use crate::labels::{ENVIRONMENT, SUBNET};
use crate::model::{Addon, AddonChart, FILLED, Monitoring, Platform, Receiver, Region};
use crate::provider::Provider;
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Quantity;
use crate::yaml::Document;

/// The name of the release, from which the chart makes the names and labels of its objects.
const RELEASE: &str = AddonChart::Monitoring.name();

/// An image: registry and repository. The chart knows the version.
#[derive(Serialize)]
struct Image<'m> {
    registry: &'m str,
    repository: &'m str,
}

#[derive(Serialize)]
struct Labels<'m> {
    platform: &'m str,
    environment: &'m str,
    region: &'m str,
}

/// What a Prometheus requests.
#[derive(Serialize)]
struct Sizes {
    cpu: &'static str,
    memory: &'static str,
}

/// The sizes by whether the environment is protected: 200,000 series, and a third of that.
const SIZES: [Sizes; 2] = [Sizes { cpu: "200m", memory: "1536Mi" }, Sizes { cpu: "500m", memory: "4Gi" }];

/// The objects of add-ons whose state kube-state-metrics serves.
#[derive(Serialize)]
struct Objects {
    config: Fragment,
    rights: Fragment,
}

#[derive(Serialize)]
struct View<'m> {
    registry: Option<&'static str>,
    owner: &'m str,
    disabled: Fragment,
    namespaces: String,
    coredns: bool,
    pair: bool,
    labels: Labels<'m>,
    retention: String,
    retention_size: String,
    replicas: u32,
    storage: String,
    sizes: &'static Sizes,
    critical: String,
    standard: String,
    subnet_label: &'static str,
    environment_label: &'static str,
    subnet: Option<&'m str>,
    tolerations: Option<Fragment>,
    images: Option<BTreeMap<&'static str, Image<'m>>>,
    grafana_secret: &'static str,
    grafana_role: &'static str,
    exporters: &'static str,
    collectors: [&'static str; 2],
    /// The configuration of kube-state-metrics for objects of add-ons, and the rights to read them: by group, the names of the kinds.
    objects: Option<Objects>,
    allowed_labels: [&'static str; 3],
    /// The subnets whose nodes pull no image of the chart.
    closed: Option<Vec<&'m str>>,
}

/// The values; none without monitoring.
///
/// # Errors
/// A fault in a template.
pub(super) fn values(platform: &Platform, region: &Region) -> Result<Option<Vec<Document>>, TemplateError> {
    let values = |monitoring| render_yaml("stack/values.yaml.j2", &view(platform, region, monitoring));
    region.monitoring.as_ref().map(values).transpose()
}

/// The section of a region's README about its monitoring; empty without one.
pub(super) fn page(platform: &Platform, region: &Region) -> String {
    let Some(monitoring) = &region.monitoring else { return String::new() };
    let (context, namespace) = (&region.cluster.name, Addon::Monitoring.namespace());
    let password = platform.secret_name(region.provider, monitoring.password.path());
    let mut text = format!(
        "\n### Monitoring\n\nPrometheus keeps metrics for {}, and less when its volume of {} is full. Grafana has no address outside of the cluster. Who may forward\n\
         ports in `{namespace}` opens it at http://localhost:3000, as `admin` with the key `{}` of the secret `{password}`:\n\n\
         ```sh\nkubectl --context {context} -n {namespace} port-forward services/{RELEASE}-grafana 3000:80\n```\n\n\
         | team | critical alerts | warnings |\n|---|---|---|\n",
        monitoring.retention,
        monitoring.storage,
        monitoring.password.key(),
    );
    let shown = |one: Option<&Receiver>| {
        one.map_or("nobody".to_owned(), |one| match one {
            Receiver::Mail(address) => format!("mail to {address}"),
            _ => format!("{} of `{}`", one.kind(), one.target()),
        })
    };
    for route in &monitoring.routes {
        let (page, ticket) = (route.page.as_ref(), route.ticket.as_ref());
        let _ = writeln!(text, "| {} | {} | {} |", route.owner, shown(page.or(ticket)), shown(ticket.or(page)));
    }
    if monitoring.quiet {
        text.push_str("\nWarnings wait for working hours: 07:00 to 18:00 UTC, from Monday to Friday.\n");
    }
    if let Some(heartbeat) = &monitoring.heartbeat {
        let _ = write!(
            text,
            "\nAlertmanager calls the URL of `{heartbeat}` every five minutes. The service there has to alert when no call came for fifteen: nobody else\nnotices when the monitoring or the whole region is down.\n"
        );
    }
    text
}

fn view<'m>(platform: &'m Platform, region: &'m Region, monitoring: &'m Monitoring) -> View<'m> {
    let closed: Vec<&str> = monitoring.closed.iter().map(|subnet| subnet.as_str()).collect();
    let tolerations: Value = monitoring
        .tolerations
        .iter()
        .map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect}))
        .collect();
    let owned = platform.namespaces_in(region).map(|one| one.name.as_str());
    let namespaces: Vec<&str> = owned.filter(|name| *name != Addon::Monitoring.namespace()).collect();
    let disabled: Value =
        alerts::replaced().into_iter().map(|name| (name.to_owned(), json!(true))).collect::<serde_json::Map<_, _>>().into();
    let image = |(part, image): (&&'static str, &'m String)| {
        let (registry, rest) = image.split_once('/')?;
        Some((*part, Image { registry, repository: rest.rsplit_once(':').map_or(rest, |(repository, _)| repository) }))
    };
    let images: BTreeMap<&str, Image> = monitoring.images.iter().filter_map(image).collect();
    View {
        registry: region.cluster.registry_secret.is_some().then_some(REGISTRY),
        owner: platform.owner.as_str(),
        disabled: Fragment::from_json(&disabled),
        namespaces: namespaces.join("|"),
        coredns: region.provider != Provider::Google,
        pair: monitoring.replicas > 1,
        labels: Labels { platform: platform.name.as_str(), environment: platform.environment.as_str(), region: region.name.as_str() },
        retention: monitoring.retention.prometheus(),
        retention_size: retention_size(&monitoring.storage),
        replicas: monitoring.replicas,
        storage: monitoring.storage.canonical(),
        sizes: &SIZES[usize::from(platform.protected)],
        critical: priority_class(platform, "critical"),
        standard: priority_class(platform, "standard"),
        subnet_label: SUBNET,
        environment_label: ENVIRONMENT,
        subnet: monitoring.subnet.as_ref().map(|subnet| subnet.as_str()),
        tolerations: (!monitoring.tolerations.is_empty()).then(|| Fragment::from_json(&tolerations)),
        images: (!images.is_empty()).then_some(images),
        grafana_secret: GRAFANA,
        grafana_role: GRAFANA_ROLE,
        exporters: Addon::NodeExporter.namespace(),
        collectors: alerts::COLLECTORS,
        objects: objects(platform, region),
        allowed_labels: alerts::LABELS,
        closed: (!closed.is_empty()).then_some(closed),
    }
}

/// What kube-state-metrics reads of objects of add-ons; none without any.
fn objects(platform: &Platform, region: &Region) -> Option<Objects> {
    let all = alerts::objects(platform, region);
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &all {
        groups.entry(one.group).or_default().push(one.resource);
    }
    let rights: Value =
        groups.iter().map(|(group, resources)| json!({"apiGroups": [group], "resources": resources, "verbs": ["list", "watch"]})).collect();
    (!all.is_empty())
        .then(|| Objects { config: Fragment::from_json(&alerts::custom_resource_state(&all)), rights: Fragment::from_json(&rights) })
}

/// The most that blocks of metrics take of a volume, in the notation of Prometheus.
fn retention_size(storage: &Quantity) -> String {
    format!("{}MiB", u128::from(storage.bytes()) * u128::from(FILLED) / 100 / (1 << 20))
}
