//! A region of the platform -> what judges its metrics: series of facts, recorded series, alerts, and the played tests of each alert.
//!
//! Alerts are generic and stand once for a region: they join the series of facts, which have a line for each workload. An entry of a table holds all of an
//! alert: expression, texts, the page for the person who is woken, and two played tests. Names and labels of metrics are those of
//! `tests/data/metrics.toml`, which has the source of each.

mod apps;
mod autoscalers;
mod backups;
mod certificates;
mod cluster;
mod facts;
mod gateway;
mod gitops;
mod guard;
mod jobs;
mod joins;
mod monitoring;
mod nodes;
mod objectives;
mod objects;
mod pods;
mod postgres;
mod rabbitmq;
mod requests;
mod secrets;
mod stores;
mod test;
mod thresholds;
mod volumes;

pub use facts::{Fact, facts, interval};
pub use joins::joins;
pub use objects::{Watched, custom_resource_state, objects};
pub use requests::{every_recording, recordings};
pub use test::{Check, Fired, checks, expand, static_labels};
pub use thresholds::{Threshold, Unit, threshold, thresholds};

use crate::model::{Platform, Region, Workload};

/// The labels of pods, jobs and nodes that kube-state-metrics has to give in `kube_pod_labels` and its likes: its `metricLabelsAllowlist`.
pub const LABELS: [&str; 3] = [
    "jobs=[platgen.io/workload]",
    "nodes=[platgen.io/pool,topology.kubernetes.io/zone]",
    "pods=[app.kubernetes.io/component,app.kubernetes.io/name,gateway.envoyproxy.io/owning-gateway-name,platgen.io/workload,strimzi.io/component-type,strimzi.io/kind]",
];

/// The objects that kube-state-metrics has to watch beside those that its chart lists: its `collectorsExtra`.
pub const COLLECTORS: [&str; 2] = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"];

/// How the proxies of a Gateway name the backends in their metrics: `clusterStatName` of an EnvoyProxy. The default has the name of the route, and a name
/// with dots breaks in two: Envoy takes what follows the first dot for a part of the metric's name.
pub const STAT_NAME: &str = "%ROUTE_KIND%/%BACKEND_REFS%";

/// The anchor and file of the page on an alert, relative to the output folder.
pub const PAGES: &str = "ALERTS.md";

/// Who hears of an alert, and when.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Somebody is woken: people are affected, or soon are.
    Critical,
    /// It can wait for working hours.
    Warning,
    /// Nobody: it fires always, so that somebody outside notices when it stops.
    Heartbeat,
}

impl Severity {
    /// The value of the label.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Heartbeat => "none",
        }
    }
}

/// Whose an alert is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owned {
    /// The owner of the workload or of the namespace: the expression joins the label.
    Joined,
    /// The owner of the platform.
    Platform,
}

/// An alert, with all that belongs to it.
#[derive(Debug)]
pub struct Alert {
    /// Its name, unique among all alerts and those of the chart.
    pub name: &'static str,
    /// The expression. Runs of blanks and newlines count as one blank, and `THRESHOLD` stands for a threshold that a spec can set.
    pub expr: &'static str,
    /// How long the expression has to hold.
    pub wait: &'static str,
    /// Who hears of it.
    pub severity: Severity,
    /// Whose it is.
    pub owned: Owned,
    /// Whether a region has what it is about.
    pub applies: fn(&Platform, &Region) -> bool,
    /// One line, with labels of the alert.
    pub summary: &'static str,
    /// What is wrong and since when, with the value.
    pub description: &'static str,
    /// The page for the person who is woken.
    pub page: Page,
    /// Series with which it fires at a minute, and not the minute before.
    pub fires: Case,
    /// Series with which it stays silent: the nearest thing that is no fault.
    pub silent: Case,
}

/// The page on an alert.
#[derive(Debug)]
pub struct Page {
    /// What it means for people.
    pub meaning: &'static str,
    /// The commands of a first look, which change nothing. `@` stands for kubectl with context and namespace, `@@` for kubectl with the context alone.
    pub look: &'static [&'static str],
    /// What mends it.
    pub mend: &'static str,
}

/// A played test.
#[derive(Debug)]
pub struct Case {
    /// Series and their values, one a minute, as promtool reads them.
    pub series: &'static [(&'static str, &'static str)],
    /// The minute at which the alert is looked at.
    pub at: u32,
    /// The labels of the alert beside its severity and the platform's owner.
    pub labels: &'static [(&'static str, &'static str)],
    /// The text of the value in the description, if it has one.
    pub value: &'static str,
    /// Further series with which the same happens.
    pub also: Option<&'static Case>,
}

impl Case {
    /// Nothing fires.
    const fn silent(at: u32, series: &'static [(&'static str, &'static str)]) -> Case {
        Case { series, at, labels: &[], value: "", also: None }
    }

    /// One alert fires.
    const fn fires(at: u32, series: &'static [(&'static str, &'static str)], labels: &'static [(&'static str, &'static str)]) -> Case {
        Case { series, at, labels, value: "", also: None }
    }

    /// The same, with the text of the value.
    const fn with(mut self, value: &'static str) -> Case {
        self.value = value;
        self
    }

    /// The same, and another case of it.
    const fn and(mut self, also: &'static Case) -> Case {
        self.also = Some(also);
        self
    }

    /// This case and those beside it.
    pub fn all(&self) -> impl Iterator<Item = &Case> {
        std::iter::successors(Some(self), |case| case.also)
    }
}

/// A subject: the alerts that share an object of Kubernetes and a section of the pages.
#[derive(Debug)]
pub struct Subject {
    /// The name in names of objects and files.
    pub name: &'static str,
    /// The title of the section.
    pub title: &'static str,
    /// Its alerts.
    pub alerts: &'static [Alert],
    /// The alerts of the chart's own rules that these replace.
    pub replaces: &'static [&'static str],
}

/// Every subject, in the order of the pages.
static SUBJECTS: [Subject; 18] = [
    apps::SUBJECT,
    pods::SUBJECT,
    jobs::SUBJECT,
    autoscalers::SUBJECT,
    objectives::SUBJECT,
    gateway::SUBJECT,
    certificates::SUBJECT,
    secrets::SUBJECT,
    stores::SUBJECT,
    volumes::SUBJECT,
    postgres::SUBJECT,
    rabbitmq::SUBJECT,
    backups::SUBJECT,
    nodes::SUBJECT,
    cluster::SUBJECT,
    gitops::SUBJECT,
    guard::SUBJECT,
    monitoring::SUBJECT,
];

/// Every subject, in the order of the pages.
pub fn all() -> impl Iterator<Item = &'static Subject> {
    SUBJECTS.iter()
}

/// The subjects of a region, each with its alerts there.
pub fn subjects(platform: &Platform, region: &Region) -> Vec<(&'static Subject, Vec<&'static Alert>)> {
    let of = |subject: &'static Subject| {
        let alerts: Vec<&Alert> = subject.alerts.iter().filter(|alert| alert.is_in(platform, region)).collect();
        (!alerts.is_empty()).then_some((subject, alerts))
    };
    SUBJECTS.iter().filter_map(of).collect()
}

/// The alerts of the chart's own rules that the alerts of platgen replace, sorted: the keys of `defaultRules.disabled`.
pub fn replaced() -> Vec<&'static str> {
    let mut all: Vec<&str> = SUBJECTS.iter().flat_map(|subject| subject.replaces).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl Alert {
    /// The place of its page: a path below the output folder with an anchor.
    pub fn runbook(&self) -> String {
        format!("{PAGES}#{}", self.name.to_lowercase())
    }

    /// The expression on one line, with its threshold.
    pub fn expression(&self) -> String {
        thresholds::filled(self.name, one_line(self.expr))
    }

    /// Whether a region has the alert: what it is about is there, and the spec does not want it off.
    pub fn is_in(&self, platform: &Platform, region: &Region) -> bool {
        (self.applies)(platform, region) && !region.monitoring.as_ref().is_some_and(|monitoring| monitoring.is_off(self.name))
    }
}

/// An expression on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every region.
fn always(_: &Platform, _: &Region) -> bool {
    true
}

/// Whether a region has such a workload.
fn any(region: &Region, is: impl Fn(&Workload) -> bool) -> bool {
    region.workloads.values().any(is)
}
