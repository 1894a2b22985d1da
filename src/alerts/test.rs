//! The played tests of an alert, as promtool runs them.

use super::{Alert, Case, Owned, Severity};
use std::collections::BTreeMap;

/// A test of promtool: series, and what has to be there at some minutes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The series and their values, one a minute.
    pub series: &'static [(&'static str, &'static str)],
    /// The minutes at which the alert is looked at, each with the alert that has to be there.
    pub moments: Vec<(u32, Option<Fired>)>,
}

/// An alert that fires.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fired {
    /// Its labels but the name.
    pub labels: BTreeMap<&'static str, String>,
    /// Its annotations.
    pub annotations: BTreeMap<&'static str, String>,
}

/// The tests of an alert: that it fires at a minute and not the minute before, and that it stays silent. The heartbeat is never silent.
pub fn checks(alert: &Alert, owner: &str) -> Vec<Check> {
    let always = alert.severity == Severity::Heartbeat;
    let fires = alert.fires.all().enumerate().map(|(number, case)| {
        let before = (!always).then(|| (case.at.saturating_sub(1), None));
        let moments = before.into_iter().chain([(case.at, Some(fired(alert, case, owner)))]).collect();
        let again = if number == 0 { "" } else { ", too" };
        Check { name: format!("{} fires{again}", alert.name), series: case.series, moments }
    });
    let silent = alert.silent.all().filter(|_| !always).map(|case| Check {
        name: format!("{} stays silent", alert.name),
        series: case.series,
        moments: vec![(case.at, None)],
    });
    fires.chain(silent).collect()
}

/// The alert of a case.
fn fired(alert: &Alert, case: &Case, owner: &str) -> Fired {
    let mut labels: BTreeMap<&'static str, String> = case.labels.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    labels.extend(static_labels(alert, owner));
    let annotation = |text: &str| expand(text, case.labels, case.value);
    let annotations = BTreeMap::from([
        ("description", annotation(alert.description)),
        ("runbook", alert.runbook()),
        ("summary", annotation(alert.summary)),
    ]);
    Fired { labels, annotations }
}

/// The labels that a rule sets itself.
pub fn static_labels(alert: &Alert, owner: &str) -> BTreeMap<&'static str, String> {
    let owner = (alert.owned == Owned::Platform).then(|| ("owner", owner.to_owned()));
    std::iter::once(("severity", alert.severity.name().to_owned())).chain(owner).collect()
}

/// A text with the labels and the value of an alert in their places.
pub fn expand(text: &str, labels: &[(&str, &str)], value: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (inside, after))) = rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?))) {
        out.push_str(before);
        let inside = inside.trim();
        let label =
            inside.strip_prefix("$labels.").map(|name| labels.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text));
        out.push_str(label.unwrap_or(value));
        rest = after;
    }
    out.push_str(rest);
    out
}
