//! A region of the platform -> the dashboards that its Grafana shows of it, as JSON.
//!
//! Dashboards are generic, as alerts are: they stand once for a region, and variables choose the namespace and the workload. Each reads from top to bottom: whether
//! something is wrong, what people notice of it, then what could be the cause. Names and labels of metrics are those of `tests/data/metrics.toml`.

mod addons;
mod backups;
mod guard;
mod json;
mod namespace;
mod postgres;
mod rabbitmq;
mod region;
mod requests;
#[cfg(test)]
mod tests;
mod workload;

use crate::model::{Platform, Region};

/// A dashboard.
#[derive(Debug)]
pub struct Dashboard {
    /// Its name, which never changes: links lead to it. Grafana allows 40 characters.
    pub uid: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it is for, in a line.
    about: &'static str,
    /// What people choose.
    variables: &'static [Variable],
    /// Its panels, in groups.
    rows: &'static [Row],
    /// Whether a region has what it is about.
    applies: fn(&Platform, &Region) -> bool,
}

/// A choice above a dashboard.
#[derive(Debug)]
struct Variable {
    name: &'static str,
    /// The series whose label of that name holds the choices.
    series: &'static str,
    /// A further matcher of the series; empty for none.
    only: &'static str,
}

/// A group of panels.
#[derive(Debug)]
struct Row {
    title: &'static str,
    panels: &'static [Panel],
}

/// A panel.
#[derive(Debug)]
struct Panel {
    title: &'static str,
    /// What to know to read it; empty if the title says it.
    about: &'static str,
    shape: Shape,
    /// The name of the unit in Grafana.
    unit: &'static str,
    /// Its width; a dashboard has 24.
    width: u8,
    /// The values from which it is yellow and red. Descending values: up to which.
    limits: Option<(f64, f64)>,
    /// Expressions, each with the name of its series.
    queries: &'static [(&'static str, &'static str)],
}

/// What panels share that count what should not be there: a number that is red from the first one on.
const NONE_IS_RIGHT: Panel =
    Panel { title: "", about: "", shape: Shape::Number, unit: "short", width: 6, limits: Some((1.0, 1.0)), queries: &[] };

/// How a panel shows its series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    /// The last value, large.
    Number,
    /// The last value of each series as a bar.
    Bars,
    /// Lines over time.
    Lines,
    /// Lines over time that add up.
    Stack,
}

/// The variables of what is in a namespace.
const IN_NAMESPACE: Variable = Variable { name: "namespace", series: "platgen:namespace:info", only: "" };

const ALL: [&Dashboard; 10] = [
    &region::DASHBOARD,
    &namespace::DASHBOARD,
    &workload::DASHBOARD,
    &requests::DASHBOARD,
    &requests::OBJECTIVES,
    &postgres::DASHBOARD,
    &rabbitmq::DASHBOARD,
    &backups::DASHBOARD,
    &addons::DASHBOARD,
    &guard::DASHBOARD,
];

/// Every dashboard.
pub fn all() -> impl Iterator<Item = &'static Dashboard> {
    ALL.into_iter()
}

/// The dashboards of a region.
pub fn dashboards(platform: &Platform, region: &Region) -> Vec<&'static Dashboard> {
    ALL.into_iter().filter(|dashboard| (dashboard.applies)(platform, region)).collect()
}

impl Dashboard {
    /// Its text, as Grafana reads it.
    pub fn json(&self) -> String {
        json::text(self)
    }

    /// The series whose labels hold the choices of its variables.
    pub fn choices(&self) -> impl Iterator<Item = String> {
        self.variables.iter().map(|variable| format!("{}{{{}}}", variable.series, variable.only))
    }

    /// Every expression of its panels.
    pub fn expressions(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().flat_map(|row| row.panels).flat_map(|panel| panel.queries).map(|(expr, _)| *expr)
    }
}

const fn always(_: &Platform, _: &Region) -> bool {
    true
}

/// Whether the proxies of a region count requests.
fn counted(_: &Platform, region: &Region) -> bool {
    region.counts_requests()
}
