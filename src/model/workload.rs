//! Workloads: the apps and stores of a region, with every value resolved for that region.

use super::{
    ApiAccess, Backups, Certificate, Container, Database, Endpoint, Exposure, FileContent, Objective, Operated, Percona, Placement,
    Redirect, Replication, Restored, Software, Source, TemplatePart, Volume,
};
use crate::labels::WORKLOAD;
use crate::source::Span;
use crate::value::{BucketAccess, Engine, Name, Protocol, SecretPath, SecretRef, Transport, Utilization, Via};
use std::collections::BTreeMap;

/// An app or a store in one region.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The span of its key in the spec.
    pub span: Span,
    /// Its name, unique in its namespace.
    pub name: Name,
    /// Its namespace.
    pub namespace: Name,
    /// The team that owns it.
    pub owner: Name,
    /// Labels of the spec for its objects and pods. None has a key that platgen sets, so none selects a pod.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the spec for its pods and the object that runs them.
    pub annotations: BTreeMap<String, String>,
    /// Its rights in the Kubernetes API.
    pub api: Option<ApiAccess>,
    /// The engine of the store that it runs, `None` for an app.
    pub store: Option<Engine>,
    /// Its kind.
    pub kind: Kind,
    /// Whether its pods restart when a secret that they read changes.
    pub restarts_on_rotation: bool,
    /// Whether the pods of a StatefulSet start and end at the same time, and not one after the other.
    pub parallel_start: bool,
    /// The minimum and maximum number of replicas; equal without autoscaling.
    pub replicas: (u32, u32),
    /// Autoscaling targets.
    pub autoscaling: Option<Autoscaling>,
    /// Init containers, in order.
    pub init: Vec<Container>,
    /// The app's own container.
    pub main: Container,
    /// Sidecars.
    pub sidecars: Vec<Container>,
    /// Volumes of its pods.
    pub volumes: Vec<Volume>,
    /// Its Service.
    pub service: Option<Service>,
    /// Its exposures outside the cluster.
    pub exposures: Vec<Exposure>,
    /// Its certificate, if a Gateway reaches it over HTTPS.
    pub certificate: Option<Certificate>,
    /// Hosts whose requests are sent on to another URL.
    pub redirects: Vec<Redirect>,
    /// The placement of its pods.
    pub placement: Placement,
    /// Termination grace period in seconds, without the time for draining connections.
    pub grace: u64,
    /// Group that owns its volumes.
    pub fs_group: u32,
    /// The number of dots of a name that is looked up as it stands first. `None`: the default of Kubernetes.
    pub ndots: Option<u8>,
    /// Whether its pods use the node's network.
    pub host_network: bool,
    /// Whether its pods use the node's process namespace.
    pub host_pid: bool,
    /// The reason for a security context that is less strict than the default.
    pub reason: Option<String>,
    /// The reason for having no probes.
    pub no_probes: Option<String>,
    /// What is kept of its data outside of the cluster.
    pub backups: Backups,
    /// The IAM policies of its service account on AWS: ARNs, or names of policies of the account.
    pub policies: Vec<String>,
    /// The buckets that it uses, by their keys.
    pub buckets: BTreeMap<String, BucketAccess>,
    /// The store, by `namespace/name`, whose backups it tests, for the job of a restore test and for the database that the job makes.
    pub test_of: Option<String>,
    /// The store, by `namespace/name`, whose users it makes, for the job of a store that a service of the cloud runs.
    pub users_of: Option<String>,
    /// Where its pods serve metrics that Prometheus reads.
    pub metrics: Vec<Endpoint>,
    /// Its service level objectives.
    pub objectives: Vec<Objective>,
    /// What it is in a store of several servers, whose pods platgen makes itself.
    pub replication: Option<Replication>,
}

impl Workload {
    /// Whether its service account has a role on AWS.
    pub fn has_role(&self) -> bool {
        !self.policies.is_empty() || !self.buckets.is_empty()
    }

    /// Whether it is the proxies of a store.
    pub fn is_proxy(&self) -> bool {
        matches!(self.replication, Some(Replication::Proxies { .. }))
    }

    /// Whether it is the servers of a store that copy each other's data.
    pub fn is_replicated(&self) -> bool {
        matches!(self.replication, Some(Replication::Servers { .. }))
    }

    /// Whether it runs a store.
    pub fn is_store(&self) -> bool {
        self.store.is_some()
    }

    /// The load balancers of its exposures and redirects.
    pub fn entrances(&self) -> impl Iterator<Item = Via> {
        let exposures = self.exposures.iter().map(|exposure| exposure.via);
        exposures.chain(self.redirects.iter().map(|redirect| redirect.via))
    }

    /// Whether a rollout stops the old pod before it starts the new one, because two pods of a store without a volume would hold different data.
    pub fn is_recreated(&self) -> bool {
        self.is_store() && matches!(self.kind, Kind::Deployment) && self.replicas.1 == 1
    }

    /// Every container: the main one, then init containers, then sidecars.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        std::iter::once(&self.main).chain(&self.init).chain(&self.sidecars)
    }

    /// The demand of one pod as the scheduler and quotas count it: the larger of what runs together in the end (the main container and all sidecars) and what
    /// runs together before (one init container and the sidecars that start first).
    pub fn of_pod(&self, of: impl Fn(&Container) -> u128) -> u128 {
        let beside = self.backups.sidecar().map_or(0, &of);
        let running = of(&self.main) + self.sidecars.iter().map(&of).sum::<u128>() + beside;
        let early: u128 = self.sidecars.iter().filter(|sidecar| sidecar.before_init).map(&of).sum();
        let starting = self.init.iter().map(|init| early + of(init)).max().unwrap_or_default();
        running.max(starting)
    }

    /// The servers that an operator runs for it.
    pub fn operated(&self) -> Option<&Operated> {
        if let Kind::Operated(operated) = &self.kind { Some(operated) } else { None }
    }

    /// The database of PostgreSQL that an operator runs for it.
    pub fn database(&self) -> Option<&Database> {
        match &self.operated()?.software {
            Software::Postgres(database) => Some(database),
            Software::Rabbitmq | Software::Kafka(_) | Software::Mysql(_) | Software::Mongodb(_) => None,
        }
    }

    /// What an operator of Percona is told, if one runs its servers.
    pub fn percona(&self) -> Option<&Percona> {
        match &self.operated()?.software {
            Software::Mysql(percona) | Software::Mongodb(percona) => Some(percona),
            Software::Postgres(_) | Software::Rabbitmq | Software::Kafka(_) => None,
        }
    }

    /// Key and value of the label by which policies and Services select its pods. An operator labels its pods itself, those of its jobs among them.
    pub fn pods(&self) -> (&'static str, &str) {
        let label = match &self.kind {
            Kind::Operated(operated) => operated.software.label(),
            Kind::Restored(restored) => restored.servers.software.label(),
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::CronJob(_) | Kind::Job { .. } => WORKLOAD,
        };
        (label, self.name.as_str())
    }

    /// The path of every secret that it reads.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let whole = self.containers().flat_map(|container| &container.secrets).map(SecretPath::as_str);
        self.secret_values().map(SecretRef::path).chain(whole)
    }

    /// Every value of the secret manager that it reads alone.
    pub fn secret_values(&self) -> impl Iterator<Item = &SecretRef> {
        let users = self.operated().into_iter().flat_map(|operated| &operated.users).map(|user| &user.password);
        let system = self.percona().into_iter().flat_map(|percona| &percona.system).map(|(_, password)| password);
        let of_containers = self.containers().flat_map(|container| {
            let variables = container.variables.iter().flat_map(|variable| match &variable.value {
                Source::Text(_) | Source::Fact(_) | Source::Composed(_) | Source::Made { .. } => Vec::new(),
                Source::Secret(reference) => vec![reference],
                Source::Template(parts) => {
                    let reference = |part| match part {
                        &TemplatePart::Text(_) => None,
                        TemplatePart::Secret { reference, .. } => Some(reference),
                    };
                    parts.iter().filter_map(reference).collect()
                }
            });
            let files = container.files.iter().filter_map(|file| match &file.content {
                FileContent::Text(_) | FileContent::Binary(_) | FileContent::Restored(_) => None,
                FileContent::Secret(reference) => Some(reference),
            });
            variables.chain(files)
        });
        of_containers.chain(users).chain(system)
    }
}

/// The kind of a workload.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Replicas without volumes of their own.
    Deployment,
    /// Replicas with persistent volumes.
    StatefulSet,
    /// One pod on every node.
    DaemonSet,
    /// Servers whose pods and volumes an operator makes.
    Operated(Box<Operated>),
    /// A database that a restore test makes and deletes. Its pods are there while the test runs, and after one that failed.
    Restored(Box<Restored>),
    /// Runs on a schedule.
    CronJob(Cron),
    /// Runs once in a rollout.
    Job {
        /// Time limit in seconds.
        deadline: u64,
        /// Whether it follows the rollout of the apps that it calls. Other jobs come before the rollout of apps where they can.
        after_rollout: bool,
        /// The jobs of the region that have to complete before, by `namespace/name`.
        after: Vec<String>,
    },
}

impl Kind {
    /// The Kubernetes kind.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
            Kind::DaemonSet => "DaemonSet",
            Kind::Operated(operated) => operated.software.facts().kind,
            Kind::Restored(restored) => restored.servers.software.facts().kind,
            Kind::CronJob(_) => "CronJob",
            Kind::Job { .. } => "Job",
        }
    }
}

/// Schedule and deadline of a CronJob.
#[derive(Clone, Debug)]
pub struct Cron {
    /// Cron expression with five fields.
    pub schedule: String,
    /// Its time zone.
    pub timezone: String,
    /// Time limit of a run in seconds.
    pub deadline: u64,
    /// How often a run that failed starts again.
    pub retries: u32,
}

/// Autoscaling targets.
#[derive(Clone, Debug)]
pub struct Autoscaling {
    /// Target utilization of requested CPU.
    pub cpu: Option<Utilization>,
    /// Target utilization of requested memory.
    pub memory: Option<Utilization>,
}

/// The Service of a workload.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Additional names; each becomes a Service.
    pub aliases: Vec<Name>,
    /// Whether the names lead to the addresses of the pods.
    pub headless: bool,
}

/// A port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name.
    pub name: String,
    /// Port number of the Service.
    pub port: u16,
    /// Port number of the container.
    pub target: u16,
    /// The transport protocol of both.
    pub transport: Transport,
    /// The protocol over TCP; `None` for a UDP port.
    pub protocol: Option<Protocol>,
}
