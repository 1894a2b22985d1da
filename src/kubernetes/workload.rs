//! One app or store -> the documents of its file, in the order of application.

use serde::Serialize;

use super::inputs::{Inputs, inputs};
use super::metadata::{Account, Context, Metadata, Owner, fragment};
use super::{
    backup, database, kafka, managed, mongodb, monitoring, mysql, percona, pod, policy, rabbitmq, restored, rights, route, scale, secrets,
    service,
};
use crate::labels::{NO_BACKUP, NO_PROBES, REASON, RESTARTED_BY};
use crate::model::{Backups, Kind, Software, Volume, Workload, headless_name};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::value::{digest, truncate_with_hash};
use crate::yaml::Document;

/// The longest name of an object whose controller appends eleven characters for a label of its pods (63 at most).
const CONTROLLER_NAME: usize = 52;

/// The fields of every object that runs pods.
#[derive(Serialize)]
struct Runs {
    metadata: Metadata,
    /// The labels of the pods.
    labels: Fragment,
    /// The annotations of the pods.
    annotations: Option<Fragment>,
    pod: Fragment,
}

#[derive(Serialize)]
struct Deployment {
    #[serde(flatten)]
    runs: Runs,
    /// `None` if an autoscaler sets the number.
    replicas: Option<u32>,
    /// Whether the old pod stops before the new one starts.
    recreated: bool,
    selector: Fragment,
}

#[derive(Serialize)]
struct StatefulSet {
    #[serde(flatten)]
    runs: Runs,
    /// `None` if an autoscaler sets the number.
    replicas: Option<u32>,
    selector: Fragment,
    service: String,
    start: &'static str,
    claims: Option<Vec<Claim>>,
}

#[derive(Serialize)]
struct DaemonSet {
    #[serde(flatten)]
    runs: Runs,
    selector: Fragment,
}

#[derive(Serialize)]
struct CronJob<'m> {
    #[serde(flatten)]
    runs: Runs,
    /// The labels of the Jobs that it makes.
    job_labels: Fragment,
    schedule: &'m str,
    timezone: &'m str,
    deadline: u64,
    retries: u32,
}

#[derive(Serialize)]
struct Job {
    #[serde(flatten)]
    runs: Runs,
    deadline: u64,
}

#[derive(Serialize)]
struct Claim {
    name: String,
    labels: Fragment,
    class: Option<String>,
    size: String,
}

/// Every document of a workload.
pub(super) fn documents(context: &Context, workload: &Workload) -> Result<Vec<Document>, TemplateError> {
    let owner = &Owner::new(context, workload);
    if let Some(operated) = workload.operated() {
        let mut documents = policy::document(owner)?;
        documents.extend(secrets::users(owner, operated, |user| match &operated.software {
            Software::Postgres(_) => database::user_secret(user),
            Software::Rabbitmq => rabbitmq::user_secret(workload, user),
            Software::Kafka(_) => kafka::user_secret(user),
            Software::Mysql(_) | Software::Mongodb(_) => percona::user_secret(user),
        })?);
        documents.extend(service::documents(owner)?);
        documents.extend(match &operated.software {
            Software::Postgres(database) => database::document(owner, operated, database)?,
            Software::Rabbitmq => rabbitmq::documents(owner, operated)?,
            Software::Kafka(kafka) => kafka::documents(owner, operated, kafka)?,
            Software::Mysql(percona) => mysql::documents(owner, operated, percona)?,
            Software::Mongodb(percona) => mongodb::documents(owner, operated, percona)?,
        });
        documents.extend(match &workload.backups {
            Backups::None(_) => Vec::new(),
            Backups::Kept(backup) => backup::documents(owner, backup)?,
            Backups::Followed(followed) => backup::object_store(owner, &followed.url, None, &followed.sidecar)?,
        });
        documents.extend(monitoring::monitor(owner)?);
        return Ok(documents);
    }
    if let Kind::Restored(database) = &workload.kind {
        let mut documents = policy::document(owner)?;
        documents.extend(restored::documents(owner, database)?);
        return Ok(documents);
    }
    let account = Account::new(context, owner.metadata(workload.name.as_str()));
    let mut documents = render_yaml("kubernetes/service-account.yaml.j2", &account)?;
    documents.extend(rights::documents(owner)?);
    documents.extend(policy::document(owner)?);
    let mut inputs = inputs(owner, restored::manifest)?;
    documents.append(&mut inputs.documents);
    documents.extend(managed::administrator(owner)?);
    let restarted_by = restarted_by(workload, &inputs);
    documents.extend(service::documents(owner)?);
    let pod = pod::fragment_of(owner, &inputs)?;
    let name = object_name(workload, &pod);
    documents.extend(controller(owner, &name, pod, restarted_by.as_deref())?);
    documents.extend(scale::documents(owner, &name)?);
    documents.extend(route::documents(owner)?);
    documents.extend(monitoring::monitor(owner)?);
    Ok(documents)
}

/// The name of the object that runs the pods. The pod of a Job is immutable, so the name of a Job ends with a hash of the pod,
/// its labels and its annotations. A finished Job is
/// kept: if it were deleted, applying the files would run it again.
fn object_name(workload: &Workload, pod: &Fragment) -> String {
    match workload.kind {
        Kind::Deployment | Kind::DaemonSet | Kind::Operated(_) | Kind::Restored(_) => workload.name.to_string(),
        Kind::StatefulSet | Kind::CronJob(_) => truncate_with_hash(workload.name.as_str(), CONTROLLER_NAME),
        Kind::Job { .. } => {
            let pod = pod.document().to_json().to_string();
            let set = workload.labels.iter().chain(&workload.annotations).flat_map(|(key, value)| [key.as_str(), value.as_str()]);
            let parts: Vec<&str> = std::iter::once(pod.as_str()).chain(set).collect();
            format!("{}-{}", truncate_with_hash(workload.name.as_str(), CONTROLLER_NAME), digest(&parts, 10))
        }
    }
}

/// The Secrets whose changes restart the pods. Pods of jobs read their secrets at each start.
fn restarted_by(workload: &Workload, inputs: &Inputs) -> Option<String> {
    let restarts = workload.restarts_on_rotation && matches!(workload.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet);
    let secrets: Vec<&str> = inputs.secrets.iter().map(String::as_str).collect();
    (restarts && !secrets.is_empty()).then(|| secrets.join(","))
}

fn controller(owner: &Owner, name: &str, pod: Fragment, restarted_by: Option<&str>) -> Result<Vec<Document>, TemplateError> {
    let workload = owner.workload;
    let runs = Runs {
        metadata: owner
            .instance(name)
            .with_annotations(&workload.annotations)
            .annotated(REASON, workload.reason.as_deref())
            .annotated(NO_PROBES, workload.no_probes.as_deref())
            .annotated(NO_BACKUP, workload.backups.reason())
            .annotated(RESTARTED_BY, restarted_by),
        labels: owner.pod_labels.clone(),
        annotations: (!workload.annotations.is_empty()).then(|| fragment(&workload.annotations)),
        pod,
    };
    let replicas = workload.autoscaling.is_none().then_some(workload.replicas.0);
    let selector = owner.selector.clone();
    match &workload.kind {
        Kind::Deployment => {
            let view = Deployment { runs, replicas, recreated: workload.is_recreated(), selector };
            render_yaml("kubernetes/deployment.yaml.j2", &view)
        }
        Kind::StatefulSet => {
            let claims: Vec<Claim> = workload.volumes.iter().filter_map(|volume| claim(owner, volume)).collect();
            let start = if workload.parallel_start { "Parallel" } else { "OrderedReady" };
            let (service, claims) = (headless_name(&workload.name), (!claims.is_empty()).then_some(claims));
            render_yaml("kubernetes/stateful-set.yaml.j2", &StatefulSet { runs, replicas, selector, service, start, claims })
        }
        Kind::DaemonSet => render_yaml("kubernetes/daemon-set.yaml.j2", &DaemonSet { runs, selector }),
        // Its pods have no template.
        Kind::Operated(_) | Kind::Restored(_) => Ok(Vec::new()),
        Kind::CronJob(cron) => {
            let (schedule, timezone, deadline, retries) = (&cron.schedule, &cron.timezone, cron.deadline, cron.retries);
            let view = CronJob { runs, job_labels: owner.labels.clone(), schedule, timezone, deadline, retries };
            render_yaml("kubernetes/cron-job.yaml.j2", &view)
        }
        Kind::Job { deadline, .. } => render_yaml("kubernetes/job.yaml.j2", &Job { runs, deadline: *deadline }),
    }
}

/// A volume claim of a StatefulSet. Claim templates are immutable, so they have the selector as their only label.
fn claim(owner: &Owner, volume: &Volume) -> Option<Claim> {
    let Volume::Claim { name, size, class } = volume else { return None };
    Some(Claim { name: name.clone(), labels: owner.selector.clone(), class: class.clone(), size: size.canonical() })
}
