//! `apps` and `profiles`.

use super::container::{Container, File, Metrics, Probes, Resources, Security, Tmp, container};
use crate::syntax::{Field, Map};
use crate::value::{
    AbsolutePath, Architecture, Cidr, CountRange, Duration, EntryName, Host, Image, Name, Percent, PortMap, PortName, PortSpecifier,
    Protocol, Quantity, Ref, RoutePath, Schedule, SecretRef, Text, VariableName, Via,
};
use schemars::JsonSchema;
use serde::Deserialize;

container! {
    /// An application, or a part of one that others share.
    ///
    /// What it is follows from what it says: `schedule` is a CronJob, `run` a Job, `per_node` a DaemonSet, `volumes` a StatefulSet, a port a served
    /// Deployment, none a worker.
    App {
        /// Its namespace. Required unless there is only one.
        pub namespace: Field<Name>,
        /// The team that owns it. Default: the namespace's owner.
        pub owner: Field<Name>,
        /// Profiles, from left to right, below the entry's own fields.
        pub from: Field<Vec<Field<Name>>>,
        /// Its only port: `8080`, or `80->8080` from the Service's to the container's.
        pub port: Field<PortMap>,
        /// What it speaks.
        pub protocol: Field<Protocol>,
        /// What it calls: each opens the flow on both sides.
        pub needs: Field<Vec<Field<Ref>>>,
        /// The hostnames under which it is reached from outside. Short form: one host, or one map.
        pub expose: Field<Vec<Field<Expose>>>,
        /// How many there are.
        pub scale: Field<Scale>,
        /// The subnet its pods run in. Default: the default subnet.
        pub subnet: Field<Name>,
        /// The pool its pods run in. Default: any pool of its subnet.
        pub pool: Field<Name>,
        /// Where it runs: `all`, `primary`, or a list of regions.
        pub regions: Field<Vec<Field<Name>>>,
        /// The environments it exists in. Default: all.
        pub only: Field<Vec<Field<Name>>>,
        /// When it runs: five-field cron.
        pub schedule: Field<Schedule>,
        /// The time zone of the schedule. Default: UTC.
        pub timezone: Field<String>,
        /// How long a run may take.
        pub deadline: Field<Duration>,
        /// When a one-off job runs.
        pub run: Field<JobRun>,
        /// Whether one runs on every node.
        pub per_node: Field<bool>,
        /// Volumes that stay, by path.
        pub volumes: Field<Map<AbsolutePath, Quantity>>,
        /// What its users are promised.
        pub slo: Field<Slo>,
        /// How long it may take to stop.
        pub grace: Field<Duration>,
        /// Further names under which it answers in its namespace.
        pub alias: Field<Vec<Field<Name>>>,
        /// The architectures its images exist for. Default: what its pools have.
        pub arch: Field<Vec<Field<Architecture>>>,
        /// Rights on the cloud.
        pub identity: Field<Identity>,
        /// Containers that run to completion, in order, before it starts.
        pub init: Field<Map<Name, Container>>,
        /// Containers that run beside it.
        pub sidecars: Field<Map<Name, Container>>,
        /// The name it had before.
        pub renamed_from: Field<EntryName>,
    }
}

/// One way in from outside.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expose {
    /// The host, relative to the environment's domain; `@` is the domain itself, a trailing dot makes it absolute.
    pub host: Field<Host>,
    /// The path below which it is reached. Default: all.
    pub path: Field<RoutePath>,
    /// What that path becomes.
    pub rewrite: Field<RoutePath>,
    /// The Service's port, by name or number. Default: the only port.
    pub port: Field<PortSpecifier>,
    /// How long a request may take.
    pub timeout: Field<Duration>,
    /// Whether connections stay open in both directions.
    pub websocket: Field<bool>,
    /// Through which load balancer.
    pub via: Field<Via>,
    /// The ranges that may come in. Default: everybody.
    pub from: Field<Vec<Field<Cidr>>>,
}

/// How many there are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// How many pods in a region, least and most. A single number removes the autoscaling of the layers below. Default: 1, in a protected
    /// environment 2.
    pub replicas: Field<CountRange>,
    /// The share of the requested processors at which more are started.
    pub cpu: Field<Percent>,
    /// The share of the requested memory at which more are started.
    pub memory: Field<Percent>,
    /// A metric of Prometheus at which more are started.
    pub metric: Field<Metric>,
}

/// A metric to scale by.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Metric {
    /// The query; one number for the whole app.
    pub query: Field<String>,
    /// How much of it one pod can take.
    pub target: Field<Quantity>,
}

/// When a one-off job runs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum JobRun {
    /// Before the apps of its namespace are rolled out.
    BeforeDeploy,
}

/// What users are promised.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Slo {
    /// The share of requests that succeed in 30 days.
    pub availability: Field<Percent>,
    /// How fast they are.
    pub latency: Field<Latency>,
    /// Where it is measured.
    pub source: Field<SloSource>,
}

/// How fast requests are.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// Half of them.
    pub p50: Field<Duration>,
    /// Nine of ten.
    pub p90: Field<Duration>,
    /// 95 of 100.
    pub p95: Field<Duration>,
    /// 99 of 100.
    pub p99: Field<Duration>,
}

/// Where a promise is measured.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum SloSource {
    /// At the load balancer.
    Gateway,
    /// In the app's own metrics.
    Metrics,
}

/// Rights on the cloud, by provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// AWS policies.
    pub aws: Field<Vec<Field<String>>>,
    /// Google roles.
    pub google: Field<Vec<Field<String>>>,
    /// Azure roles.
    pub azure: Field<Vec<Field<String>>>,
}
