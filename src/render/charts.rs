//! The charts that a region installs -> the values of each, the commands that install them, and what to know about that.
//!
//! Values are files for `helm`, and no objects of Kubernetes. A template prints those of an add-on; what the spec sets on top is a file of its own, which
//! wins.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::stack;
use super::uses::Uses;
use crate::delivery::flux::overlaid;
use crate::delivery::id;
use crate::files::{ADDONS, HEADER};
use crate::kubernetes::priority_class;
use crate::labels::{ENVIRONMENT, SUBNET};
use crate::model::{AddonChart, Chart, Estate, Platform, Region};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::Definitions;
use crate::yaml::{Document, emit};

/// What the values of add-ons are made of.
#[derive(Serialize)]
struct View<'m> {
    cluster: &'m str,
    region: &'m str,
    environment_label: &'static str,
    environment: &'m str,
    /// The name of the network in the cloud.
    network: String,
    /// The domain of the environment, and the hosts outside of it.
    domains: Vec<&'m str>,
    /// The kinds of routes that hosts have, as ExternalDNS names them.
    sources: Vec<String>,
    /// Whether programs that others wait for have two pods.
    pair: bool,
    /// The number of their pods.
    replicas: u32,
    critical: String,
    standard: String,
    subnet_label: &'static str,
    subnet: Option<&'m str>,
    tolerations: Option<Fragment>,
    /// Whether the region has Gateways.
    gateways: bool,
    /// The images by part, without their versions. None: those of the chart.
    images: Option<BTreeMap<&'static str, &'m str>>,
    /// The same with their versions.
    full: &'m BTreeMap<&'static str, String>,
    /// The same without their versions, in the parts of which charts make them.
    places: Option<BTreeMap<&'static str, Place<'m>>>,
    /// The version of the program, where the chart has another. `None`: that of the chart.
    program: Option<&'m str>,
}

/// An image without its version, in parts.
#[derive(Serialize)]
struct Place<'m> {
    registry: &'m str,
    /// Everything after the registry.
    repository: &'m str,
    /// The same without the last part, the name.
    folder: &'m str,
}

impl<'m> Place<'m> {
    fn of(image: &'m str) -> Option<Place<'m>> {
        let (registry, repository) = image.split_once('/')?;
        Some(Place { registry, repository, folder: repository.rsplit_once('/')?.0 })
    }
}

/// The values of a chart: the documents of each of its files.
fn documents(platform: &Platform, region: &Region, uses: &Uses, chart: &Chart) -> Result<Vec<Vec<Document>>, TemplateError> {
    let mut files = Vec::new();
    match chart.addon {
        Some(AddonChart::Monitoring) => files.extend(stack::values(platform, region)?),
        Some(addon) => {
            let view = view(platform, region, uses, chart);
            files.push(render_yaml(&format!("charts/{}.yaml.j2", addon.name()), &view)?);
        }
        None => (),
    }
    files.extend(chart.values.as_ref().map(|values| vec![Document::from_json(values)]));
    Ok(files)
}

/// The files with the values of every chart of a region, by their path below the folder of the region.
///
/// # Errors
/// A fault in a template.
pub(super) fn values(platform: &Platform, region: &Region, uses: &Uses) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut files = BTreeMap::new();
    for chart in &region.charts {
        let texts = documents(platform, region, uses, chart)?.into_iter().map(|documents| printed(&documents));
        files.extend(chart.value_files().into_iter().map(|file| format!("{ADDONS}/{file}")).zip(texts));
    }
    Ok(files)
}

/// The values of every chart of a region, by its name among all charts: those of the spec over those of platgen.
///
/// # Errors
/// A fault in a template.
pub(super) fn whole_values(platform: &Platform, region: &Region, uses: &Uses) -> Result<BTreeMap<String, Value>, TemplateError> {
    let of = |chart: &Chart| {
        let files = documents(platform, region, uses, chart)?;
        let values = files.iter().flatten().map(|document| document.root().to_json());
        Ok((id(chart), values.fold(json!({}), |below, above| overlaid(below, &above))))
    };
    region.charts.iter().map(of).collect()
}

/// The commands that make the definitions which helm itself would make once and never change: of charts that keep them beside their templates.
pub(super) fn definitions(region: &Region) -> Vec<String> {
    let context = &region.cluster.name;
    let of = |chart: &Chart| {
        let apply = format!("kubectl --context {context} apply --server-side -f -");
        match chart.definitions {
            Definitions::Beside => Some(of_chart(chart, |chart| format!("helm show crds {chart} | {apply}"))),
            // Those of the Gateway API that are stable, and those of Envoy Gateway.
            Definitions::Apart => Some(format!(
                "helm template envoy-gateway-definitions {}/gateway-crds-helm --version {} --set crds.gatewayAPI.enabled=true,crds.gatewayAPI.channel=standard,crds.envoyGateway.enabled=true | {apply}",
                chart.repository, chart.version
            )),
            Definitions::Within | Definitions::Unused | Definitions::None => None,
        }
    };
    region.charts.iter().filter_map(of).collect()
}

/// The command that installs or upgrades a chart; `folder` is that of the region. It waits until the pods of the chart are ready.
pub(super) fn install(region: &Region, chart: &Chart, folder: &str) -> String {
    let values: String = chart.value_files().iter().map(|file| format!(" --values {folder}/{ADDONS}/{file}")).collect();
    let skip = if matches!(chart.definitions, Definitions::Beside | Definitions::Unused) { " --skip-crds" } else { "" };
    of_chart(chart, |source| {
        format!(
            "helm upgrade --install {} {source} --kube-context {} --namespace {}{values}{skip} --wait",
            chart.name, region.cluster.name, chart.namespace
        )
    })
}

/// A command for a chart: for its archive, where the digest is known, which is compared before. `command` makes it of the words that name a chart.
fn of_chart(chart: &Chart, command: impl Fn(&str) -> String) -> String {
    let (source, flags) = chart.source();
    let source = format!("{source}{flags} --version {}", chart.version);
    match &chart.digest {
        Some(digest) => format!("chart=$(sh {FETCH} {} {source}) && {}", digest.digits(), command("\"$chart\"")),
        None => command(&source),
    }
}

/// The script that fetches and compares charts: its name at the top of the output, and its text. None: no chart has a digest.
pub(super) fn fetching(estate: &Estate) -> Option<(String, String)> {
    let mut charts = estate.environments.values().flat_map(|platform| platform.regions.values()).flat_map(|region| &region.charts);
    charts.any(|chart| chart.digest.is_some()).then(|| (FETCH.to_owned(), FETCHING.replacen('\n', &format!("\n{HEADER}"), 1)))
}

/// The name of the script that fetches and compares charts.
const FETCH: &str = "chart.sh";

/// Its text.
const FETCHING: &str = include_str!("../../templates/output/chart.sh");

fn printed(documents: &[Document]) -> String {
    let mut text = HEADER.to_owned();
    documents.iter().for_each(|document| emit(document, &mut text));
    text
}

fn view<'m>(platform: &'m Platform, region: &'m Region, uses: &Uses, chart: &'m Chart) -> View<'m> {
    let proxies = &region.cluster.proxies;
    let tolerations: Value = proxies
        .tolerations
        .iter()
        .map(|one| json!({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect}))
        .collect();
    let kinds = uses.apis.values().flatten();
    let routes = kinds.filter(|kind| ROUTES.contains(&kind.as_str())).map(|kind| format!("gateway-{}", kind.to_ascii_lowercase()));
    let mut sources: Vec<String> = routes.collect();
    if sources.is_empty() {
        // It does not start without one.
        sources.push("service".to_owned());
    }
    let images: BTreeMap<&str, &str> = chart.images.iter().map(|(part, image)| (*part, without_version(image))).collect();
    View {
        cluster: &region.cluster.name,
        region: region.name.as_str(),
        environment_label: ENVIRONMENT,
        environment: platform.environment.as_str(),
        network: region.cluster.name.clone(),
        domains: platform.zones_of(region),
        sources,
        pair: platform.protected,
        replicas: if platform.protected { 2 } else { 1 },
        critical: priority_class(platform, "critical"),
        standard: priority_class(platform, "standard"),
        subnet_label: SUBNET,
        subnet: proxies.subnet.as_ref().map(|subnet| subnet.as_str()),
        tolerations: (!proxies.tolerations.is_empty()).then(|| Fragment::from_json(&tolerations)),
        gateways: uses.apis.keys().any(|api| api.starts_with("gateway.networking.k8s.io/")),
        places: (!images.is_empty()).then(|| images.iter().filter_map(|(part, image)| Some((*part, Place::of(image)?))).collect()),
        images: (!images.is_empty()).then_some(images),
        full: &chart.images,
        program: chart.program.as_deref(),
    }
}

/// The kinds of routes with hosts.
const ROUTES: [&str; 3] = ["GRPCRoute", "HTTPRoute", "TLSRoute"];

/// An image without its tag: the chart knows the version.
fn without_version(image: &str) -> &str {
    let start = image.rfind('/').unwrap_or(0);
    image[start..].find(':').map_or(image, |at| &image[..start + at])
}
