//! `apps` and `profiles`.

use super::container::{Container, File, Metrics, Probes, Resources, Security, Sidecar, Stop, Tmp, container};
use super::expose::Expose;
use super::kubernetes::KubernetesAccess;
use super::volume::AppVolume;
use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Architecture, CountRange, Domain, Duration, EntryName, Image, LabelValue, MetadataKey, Name, Percent, PortMap, PortName,
    Protocol, Quantity, Ref, RelativePath, Schedule, SecretPath, SecretRef, Text, Utilization, VariableName,
};
use schemars::JsonSchema;
use serde::Deserialize;

container! {
    /// An application, or in `profiles` the fields that several applications and stores share.
    ///
    /// The fields choose the workload's kind: `schedule` makes a CronJob, `run` a Job, `per_node` a DaemonSet, `volumes` a StatefulSet; any other app is
    /// a Deployment, with a Service if it has a port.
    App {
        /// The app's namespace. Default: the only namespace; required if there are several.
        pub namespace: Field<Name>,
        /// The team that owns the app. Default: the namespace's owner.
        pub owner: Field<Name>,
        /// Profiles to inherit from. Later profiles override earlier ones, and the app's own fields override them all.
        pub from: Field<Vec<Field<Name>>>,
        /// The app's only port: `8080`, or `80->8080` for Service port 80 and container port 8080. Use `ports` for several.
        pub port: Field<PortMap>,
        /// The protocol of the app's ports. A port whose name starts with `http-`, `https-`, `grpc-` or `tcp-`, or is that word, has that protocol.
        pub protocol: Field<Protocol>,
        /// The certificate with which the app answers the gateway, for `protocol: https`.
        pub certificate: Field<Certificate>,
        /// Dependencies: the apps, stores and external services that the app calls. Network policies and firewall rules open for them.
        pub needs: Field<Vec<Field<Ref>>>,
        /// Entrances from outside the cluster. Short form: a single host, or a single map.
        pub expose: Field<Vec<Field<Expose>>>,
        /// Number of replicas, and autoscaling. Short form: the number or range of `replicas`.
        pub scale: Field<Scale>,
        /// The subnet of the app's pods. Default: the subnet with `default: true`.
        pub subnet: Field<Name>,
        /// The node pool of the app's pods. Default: any pool of the subnet.
        pub pool: Field<Name>,
        /// The regions in which the app runs: `all`, `primary`, or a list. Default: `primary` for jobs, `all` for other apps.
        pub regions: Field<Vec<Field<Name>>>,
        /// The environments in which the app exists. Default: all.
        pub only: Field<Vec<Field<Name>>>,
        /// Schedule of a CronJob in five-field cron syntax, such as `0 3 * * *`.
        pub schedule: Field<Schedule>,
        /// Time zone of `schedule`, a name of the IANA database such as `Europe/Berlin`. Default: UTC.
        pub timezone: Field<String>,
        /// The longest time a job may run, such as `30m`. Kubernetes then stops the job. Default: `6h` with `schedule`, `10m` with `run`.
        pub deadline: Field<Duration>,
        /// Makes the app a Job and says when the Job runs.
        pub run: Field<JobRun>,
        /// Jobs that have to complete before this job starts, each an app with `run`, such as `app/migrate`. What a job calls is ready before the job
        /// anyway.
        pub after: Field<Vec<Field<Ref>>>,
        /// Whether the app is a DaemonSet: one pod on every node.
        pub per_node: Field<bool>,
        /// Persistent volumes, by mount path. Short form: the size of a volume that each pod has for itself, which makes the app a StatefulSet, or a
        /// shared volume such as `volume/uploads`.
        pub volumes: Field<Map<AbsolutePath, AppVolume>>,
        /// What happens to the app's pods when a value of a secret that they read changes in the secret manager. Default: `restart`.
        pub rotation: Field<Rotation>,
        /// The order in which pods with volumes of their own start and end. Default: `ordered`.
        pub start: Field<StartOrder>,
        /// Service level objectives.
        pub slo: Field<Slo>,
        /// The time the app has to shut down after SIGTERM, such as `30s`.
        pub grace: Field<Duration>,
        /// Name resolution of the app's pods.
        pub dns: Field<Dns>,
        /// Additional names of the app's Service in the namespace.
        pub alias: Field<Vec<Field<Name>>>,
        /// Whether the app's name leads to the addresses of all its pods instead of the one address of its Service, for clients that balance by themselves,
        /// such as clients of gRPC with the policy `round_robin`. Default: `false`.
        pub headless: Field<bool>,
        /// CPU architectures for which the app's images exist. Default: the architectures of the app's pools.
        pub arch: Field<Vec<Field<Architecture>>>,
        /// Cloud permissions of the app's workload identity.
        pub identity: Field<Identity>,
        /// Rights of the app's pods in the Kubernetes API. Default: none, and no token.
        pub kubernetes: Field<KubernetesAccess>,
        /// Labels of the app's objects and pods, beside those that platgen sets. A changed label restarts the pods.
        pub labels: Field<Map<MetadataKey, LabelValue>>,
        /// Annotations of the app's pods and of the object that runs them. A changed annotation restarts the pods.
        pub annotations: Field<Map<MetadataKey, String>>,
        /// Init containers. They run to completion, in order, before the app starts.
        pub init: Field<Map<Name, Container>>,
        /// Sidecar containers. They start before the app and run as long as the pod.
        pub sidecars: Field<Map<Name, Sidecar>>,
        /// The app's previous name.
        pub renamed_from: Field<EntryName>,
    }
}

/// The certificate of an app that speaks HTTPS. The gateway refuses to connect with any other certificate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Certificate {
    /// Hostname in the certificate. Default: the host under which the app is exposed, if there is one.
    pub host: Field<Domain>,
    /// Path of a PEM file with the certificates of the authority that signed the certificate, relative to the spec file and inside the spec's folder.
    /// Default: the public authorities.
    pub authority: Field<RelativePath>,
}

/// Number of replicas, and autoscaling.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// Pods per region: `3`, or `2..10` with autoscaling; a single number removes lower layers' autoscaling. Default: 1, in protected environments 2.
    pub replicas: Field<CountRange>,
    /// Target CPU utilization of the autoscaler, as a percentage of the CPU request. Needs a range in `replicas`.
    pub cpu: Field<Utilization>,
    /// Target memory utilization of the autoscaler, as a percentage of the memory request. Needs a range in `replicas`.
    pub memory: Field<Utilization>,
    /// Prometheus metric for the autoscaler. Needs a range in `replicas`.
    pub metric: Field<Metric>,
}

/// A Prometheus metric for autoscaling.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metric {
    /// PromQL query that returns one number for the whole app.
    pub query: Field<String>,
    /// Target value per pod.
    pub target: Field<Quantity>,
}

/// The order in which the pods of a StatefulSet start and end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum StartOrder {
    /// One after the other: each waits until the one before is ready.
    Ordered,
    /// All at the same time, for programs whose pods become ready together.
    Parallel,
}

/// What happens to pods when a value of a secret that they read changes in the secret manager.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// Reloader, which has to run in the cluster, restarts them one after the other. Pods read variables and files of secrets when they start.
    Restart,
    /// Nothing: they read the new value at their next start.
    None,
}

/// Name resolution of an app's pods.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// The number of dots from which a name is looked up as it stands before the search domains are tried, 0 to 15. Default: 5, as Kubernetes sets it.
    pub ndots: Field<u8>,
}

/// When a Job runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum JobRun {
    /// Before each rollout of the apps in the namespace, except for apps that the job calls: they roll out before the job.
    BeforeDeploy,
    /// After each rollout of the apps that the job calls, such as those in `needs`, and before the rollout of the others.
    AfterDeploy,
}

/// Service level objectives of an app.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Slo {
    /// Percentage of requests that succeed, over 30 days, such as `99.9%`. `observability.retention` is at least as long.
    pub availability: Field<Percent>,
    /// Objectives for the latency of requests.
    pub latency: Field<Latency>,
    /// Where requests are measured.
    pub source: Field<SloSource>,
}

/// Latency objectives by percentile. The gateway counts requests up to these times alone: `1ms`, `5ms`, `10ms`, `25ms`, `50ms`, `100ms`, `250ms`, `500ms`, `1s`,
/// `2500ms`, `5s`, `10s`, `30s`, `1m`, `5m` and `10m`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// Median latency, such as `50ms`.
    pub p50: Field<Duration>,
    /// 90th percentile of the latency, such as `100ms`.
    pub p90: Field<Duration>,
    /// 95th percentile of the latency, such as `250ms`.
    pub p95: Field<Duration>,
    /// 99th percentile of the latency, such as `500ms`.
    pub p99: Field<Duration>,
}

/// Where requests are measured for the objectives.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SloSource {
    /// At the load balancer. Requests of apps that speak gRPC are not measured: their errors are answers with 200.
    Gateway,
    /// In the metrics of the app. This version does not render it.
    Metrics,
}

/// Cloud permissions by provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// IAM policies on AWS.
    pub aws: Field<Vec<Field<String>>>,
    /// IAM roles on Google Cloud.
    pub google: Field<Vec<Field<String>>>,
    /// Roles on Azure.
    pub azure: Field<Vec<Field<String>>>,
    /// Why the app needs a policy or role that gives it every right, such as `AdministratorAccess`.
    pub reason: Field<String>,
}
