//! One app or store -> every document of its file, in the order in which they are applied.

use serde::Serialize;

use super::inputs::inputs;
use super::metadata::{Labels, Metadata, Site, digest, fit, selector};
use super::{pod, policy, route, scale, service};
use crate::model::{Kind, Volume, Workload};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::Document;

/// The longest name of an object whose controller adds eleven characters to it in a label of its pods.
const CONTROLLER_NAME: usize = 52;

/// Seconds after which a finished Job is cleared away: long enough to read its logs after a weekend.
const JOB_KEPT: u64 = 4 * 24 * 3600;

#[derive(Serialize)]
struct Controller {
    metadata: Metadata,
    /// None where an autoscaler decides.
    replicas: Option<u32>,
    selector: Labels,
    labels: Labels,
    pod: Fragment,
    service: String,
    claims: Option<Vec<Claim>>,
    schedule: Option<String>,
    timezone: Option<String>,
    deadline: Option<u64>,
    kept: u64,
}

#[derive(Serialize)]
struct Claim {
    name: String,
    labels: Labels,
    size: String,
}

#[derive(Serialize)]
struct Account {
    metadata: Metadata,
}

/// Every document of a workload.
pub(super) fn documents(site: &Site, workload: &Workload) -> Result<Vec<Document>, TemplateError> {
    let account = Account { metadata: site.owned(workload, workload.name.as_str()) };
    let mut documents = render_yaml("kubernetes/service-account.yaml.j2", &account)?;
    documents.extend(policy::document(site, workload)?);
    let mut inputs = inputs(site, workload)?;
    documents.append(&mut inputs.documents);
    documents.extend(service::documents(site, workload)?);
    let pod = pod::fragment_of(site, workload, &inputs)?;
    let name = object_name(workload, &pod);
    documents.extend(controller(site, workload, &name, pod)?);
    documents.extend(scale::documents(site, workload, &name)?);
    documents.extend(route::documents(site, workload)?);
    Ok(documents)
}

/// The name of the object that runs the pods. A Job cannot change, so another pod is another Job: its name ends with a hash of the pod.
fn object_name(workload: &Workload, pod: &Fragment) -> String {
    match workload.kind {
        Kind::Deployment | Kind::DaemonSet => workload.name.to_string(),
        Kind::StatefulSet | Kind::CronJob(_) => fit(workload.name.as_str(), CONTROLLER_NAME),
        Kind::Job { .. } => format!("{}-{}", fit(workload.name.as_str(), CONTROLLER_NAME), digest(&[pod.json()], 10)),
    }
}

fn controller(site: &Site, workload: &Workload, name: &str, pod: Fragment) -> Result<Vec<Document>, TemplateError> {
    let template = match workload.kind {
        Kind::Deployment => "kubernetes/deployment.yaml.j2",
        Kind::StatefulSet => "kubernetes/stateful-set.yaml.j2",
        Kind::DaemonSet => "kubernetes/daemon-set.yaml.j2",
        Kind::CronJob(_) => "kubernetes/cron-job.yaml.j2",
        Kind::Job { .. } => "kubernetes/job.yaml.j2",
    };
    let cron = if let Kind::CronJob(cron) = &workload.kind { Some(cron) } else { None };
    let deadline = if let Kind::Job { deadline } = workload.kind { deadline } else { cron.and_then(|cron| cron.deadline) };
    let claims: Vec<Claim> = workload.volumes.iter().filter_map(|volume| claim(workload, volume)).collect();
    let view = Controller {
        metadata: site
            .owned(workload, name)
            .labelled("app.kubernetes.io/instance", name)
            .annotated("platgen.io/reason", workload.reason.as_deref())
            .annotated("platgen.io/no-probes", workload.no_probes.as_deref()),
        replicas: workload.autoscaling.is_none().then_some(workload.replicas.0),
        selector: selector(workload),
        labels: site.pod_labels(workload),
        pod,
        service: service::headless_name(workload),
        claims: (!claims.is_empty()).then_some(claims),
        schedule: cron.map(|cron| cron.schedule.clone()),
        timezone: cron.map(|cron| cron.timezone.clone()),
        deadline,
        kept: JOB_KEPT,
    };
    render_yaml(template, &view)
}

/// A claim of a StatefulSet. Its labels never change: the API would refuse the whole object.
fn claim(workload: &Workload, volume: &Volume) -> Option<Claim> {
    let Volume::Claim { name, size } = volume else { return None };
    Some(Claim { name: name.clone(), labels: selector(workload), size: size.canonical() })
}
