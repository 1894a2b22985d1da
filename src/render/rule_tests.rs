//! The alerts' played tests, as files for promtool: the rules of all regions, each once, and two tests for each alert.
//!
//! Alerts are the same in every region, so their tests are there once. The facts of a region are not among the rules: each test brings its own.

use crate::alerts::{self, Alert, Check};
use crate::files::HEADER;
use crate::kubernetes;
use crate::model::{Estate, Platform, Region};
use crate::template::{Fragment, TemplateError, render_yaml};
use crate::yaml::{Document, emit};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The folder of the tests, relative to the output folder.
pub(super) const FOLDER: &str = "rule-tests";

#[derive(Serialize)]
struct Rules {
    group: Fragment,
}

#[derive(Serialize)]
struct Tests {
    rules: Vec<String>,
    order: Vec<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    series: Fragment,
    moments: Fragment,
}

/// The monitored regions of a platform.
pub(super) fn monitored(estate: &Estate) -> impl Iterator<Item = (&Platform, &Region)> {
    let regions = estate.environments.values().flat_map(|platform| platform.regions.values().map(move |region| (platform, region)));
    regions.filter(|(_, region)| region.is_monitored())
}

/// The alerts of all regions, by subject in the order of the tables.
pub(super) fn all_alerts(estate: &Estate) -> Vec<(&'static alerts::Subject, Vec<&'static Alert>)> {
    let of = |subject: &'static alerts::Subject| {
        let here = |alert: &&Alert| monitored(estate).any(|(platform, region)| alert.is_in(platform, region));
        let alerts: Vec<&Alert> = subject.alerts.iter().filter(here).collect();
        (!alerts.is_empty()).then_some((subject, alerts))
    };
    alerts::all().filter_map(of).collect()
}

/// The files of the folder: a file of tests for each subject, and below `rules` a file for each group. None without a monitored region.
///
/// # Errors
/// A fault in a template.
pub(super) fn files(estate: &Estate) -> Result<BTreeMap<String, String>, TemplateError> {
    let Some((platform, _)) = monitored(estate).next() else { return Ok(BTreeMap::new()) };
    let mut files = BTreeMap::new();
    let mut shared: Vec<String> = Vec::new();
    for (name, group) in kubernetes::rule_groups(monitored(estate))? {
        let rules = render_yaml("monitoring/rules.yaml.j2", &Rules { group })?;
        files.insert(format!("rules/{name}.yaml"), printed(&rules));
        // Groups come in the order in which they need each other: those without alerts first.
        shared.extend((!alerts::all().any(|subject| subject.name == name)).then_some(name));
    }
    for (subject, alerts) in all_alerts(estate) {
        // Joins are for all, requests for those that count them.
        let needs = |name: &&String| alerts.iter().any(|alert| kubernetes::needs(alert, name));
        let order: Vec<String> = shared.iter().filter(needs).cloned().chain([subject.name.to_owned()]).collect();
        let rules = order.iter().map(|name| format!("rules/{name}.yaml")).collect();
        let tests = alerts.into_iter().flat_map(|alert| alerts::checks(alert, platform.owner.as_str())).map(|check| test(&check)).collect();
        let tests = render_yaml("monitoring/tests.yaml.j2", &Tests { rules, order, tests })?;
        files.insert(format!("{}.yaml", subject.name), printed(&tests));
    }
    Ok(files)
}

fn printed(documents: &[Document]) -> String {
    let mut text = HEADER.to_owned();
    documents.iter().for_each(|document| emit(document, &mut text));
    text
}

fn test(check: &Check) -> Test {
    let series: Vec<Value> = check.series.iter().map(|(series, values)| json!({"series": series, "values": values})).collect();
    let moment = |(minute, fired): &(u32, Option<alerts::Fired>)| {
        let mut moment = json!({"eval_time": format!("{minute}m"), "alertname": check.name.split(' ').next()});
        if let (Some(fired), Some(map)) = (fired, moment.as_object_mut()) {
            map.insert("exp_alerts".to_owned(), json!([{"exp_labels": fired.labels, "exp_annotations": fired.annotations}]));
        }
        moment
    };
    let moments: Vec<Value> = check.moments.iter().map(moment).collect();
    Test { name: check.name.clone(), series: Fragment::from_json(&json!(series)), moments: Fragment::from_json(&json!(moments)) }
}
