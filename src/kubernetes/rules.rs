//! What judges the metrics of a region: PrometheusRules in the namespace of the monitoring, one for each subject, with the facts and joins that they need.

use serde::Serialize;

use super::metadata::{Context, Metadata, Texts, fragment};
use crate::alerts::{self, Alert, Fact, Subject};
use crate::model::{Addon, Namespace, Platform, Region};
use crate::template::{Fragment, TemplateError, render_fragment, render_yaml};
use crate::yaml::Document;

/// The most facts of an object. An object of etcd holds a megabyte and a half, and a fact takes some hundred bytes.
const MOST_FACTS: usize = 1000;

/// The group of what several alerts join.
const JOINS: &str = "joins";

/// The group of what is recorded of requests.
const REQUESTS: &str = "requests";

/// A group of rules, as Prometheus reads it.
#[derive(Serialize)]
struct Group {
    name: String,
    recordings: Vec<Recording>,
    alerts: Vec<AlertView>,
}

#[derive(Serialize)]
struct Recording {
    record: String,
    expr: String,
    labels: Option<Fragment>,
}

#[derive(Serialize)]
struct AlertView {
    alert: &'static str,
    expr: String,
    wait: Option<&'static str>,
    labels: Fragment,
    summary: &'static str,
    description: &'static str,
    runbook: String,
}

#[derive(Serialize)]
struct Rule {
    metadata: Metadata,
    group: Fragment,
}

/// The PrometheusRules of a region. None without monitoring, and none in other namespaces than its own.
pub(super) fn documents(context: &Context, namespace: &Namespace) -> Result<Vec<Document>, TemplateError> {
    let (platform, region) = (context.platform, context.region);
    if !region.is_monitored() || namespace.name.as_str() != Addon::Monitoring.namespace() {
        return Ok(Vec::new());
    }
    let mut documents = Vec::new();
    let facts = alerts::facts(platform, region);
    for (number, facts) in facts.chunks(MOST_FACTS).enumerate() {
        let name = if number == 0 { "facts".to_owned() } else { format!("facts-{}", number + 1) };
        let recordings = facts.iter().map(Recording::of).collect();
        documents.extend(rule(context, namespace, Group { name, recordings, alerts: Vec::new() })?);
    }
    for group in groups(platform, region) {
        documents.extend(rule(context, namespace, group)?);
    }
    Ok(documents)
}

fn rule(context: &Context, namespace: &Namespace, group: Group) -> Result<Vec<Document>, TemplateError> {
    let name = group.name.clone();
    render_yaml(
        "kubernetes/prometheus-rule.yaml.j2",
        &Rule { metadata: context.shared(namespace, name), group: render_fragment("kubernetes/rule-group.yaml.j2", &group)? },
    )
}

/// The groups of a region but the facts: joins first, then what is recorded of requests, then the alerts of each subject.
fn groups(platform: &Platform, region: &Region) -> Vec<Group> {
    let recorded = |name: &str, series: Vec<(String, String)>| Group {
        name: name.to_owned(),
        recordings: series.into_iter().map(|(record, expr)| Recording { record, expr, labels: None }).collect(),
        alerts: Vec::new(),
    };
    let joins = alerts::joins().into_iter().map(|(name, expr)| (name.to_owned(), expr)).collect();
    let requests = alerts::recordings(region);
    let mut groups = vec![recorded(JOINS, joins)];
    groups.extend((!requests.is_empty()).then(|| recorded(REQUESTS, requests)));
    groups.extend(alerts::subjects(platform, region).into_iter().map(|(subject, alerts)| of_subject(platform, subject, &alerts)));
    groups
}

fn of_subject(platform: &Platform, subject: &Subject, alerts: &[&'static Alert]) -> Group {
    let view = |alert: &&'static Alert| AlertView {
        alert: alert.name,
        expr: alert.expression(),
        wait: (alert.wait != "0m").then_some(alert.wait),
        labels: fragment(&alerts::static_labels(alert, platform.owner.as_str())),
        summary: alert.summary,
        description: alert.description,
        runbook: alert.runbook(),
    };
    Group { name: subject.name.to_owned(), recordings: Vec::new(), alerts: alerts.iter().map(view).collect() }
}

/// The rules of several regions as one file of Prometheus, without the facts, each group once; and the names of the groups in the order in which they need
/// each other. Regions of a platform have the same rules, some of them fewer.
///
/// # Errors
/// A fault in a template.
pub fn rule_groups<'p>(regions: impl Iterator<Item = (&'p Platform, &'p Region)>) -> Result<Vec<(String, Fragment)>, TemplateError> {
    let mut all: Vec<Group> = Vec::new();
    for (platform, region) in regions.filter(|(_, region)| region.is_monitored()) {
        for group in groups(platform, region) {
            match all.iter_mut().find(|known| known.name == group.name) {
                None => all.push(group),
                Some(known) => known.add(group),
            }
        }
    }
    // Joins and requests come first.
    all.sort_by_key(|group| ![JOINS, REQUESTS].contains(&group.name.as_str()));
    all.iter().map(|group| Ok((group.name.clone(), render_fragment("kubernetes/rule-group.yaml.j2", group)?))).collect()
}

/// Whether an alert needs the series of a group: the joins, or what is recorded of requests.
pub fn needs(alert: &Alert, group: &str) -> bool {
    let requests = || alerts::every_recording().iter().any(|(name, _)| alert.expr.contains(name));
    group == JOINS || group == REQUESTS && requests()
}

impl Group {
    /// Adds what another region has in addition.
    fn add(&mut self, other: Group) {
        let recordings = other.recordings.into_iter().filter(|one| self.recordings.iter().all(|known| known.record != one.record));
        let new: Vec<Recording> = recordings.collect();
        self.recordings.extend(new);
        let new: Vec<AlertView> = other.alerts.into_iter().filter(|one| self.alerts.iter().all(|known| known.alert != one.alert)).collect();
        self.alerts.extend(new);
    }
}

impl Recording {
    fn of(fact: &Fact) -> Recording {
        let labels: Texts = fact.labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Recording { record: fact.name.to_owned(), expr: format!("vector({})", fact.value), labels: Some(fragment(&labels)) }
    }
}
