//! Accepted findings of third-party scanners: annotations, comments and configuration files, so that scanners report only new findings.
//!
//! Findings are accepted for three reasons: the spec's `waivers`, settings that the spec loosens with a reason ([`loosened`]), and rules that
//! contradict each other or the design ([`conflicts`]). Exceptions for one object are written onto the object, exceptions for all objects into the
//! scanners' configuration files ([`configuration`]).

mod configuration;
mod conflicts;
mod guide;
mod loosened;
mod terraform;
mod trivy;

pub use configuration::files;
pub use guide::guide;
pub use terraform::mark as mark_terraform;

use crate::model::{Estate, Platform, Waiver, Workload};

/// A rule that an object may violate, with the reason.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Accepted {
    /// The scanner.
    pub scanner: String,
    /// The name of the rule.
    pub rule: String,
    /// The reason, on one line.
    pub reason: String,
}

/// The identity of a Kubernetes object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'m> {
    /// The kind.
    pub kind: &'m str,
    /// The namespace.
    pub namespace: Option<&'m str>,
    /// The name.
    pub name: &'m str,
    /// The workload that the object belongs to, if any.
    pub serves: Option<&'m Workload>,
    /// The same workload, if the object runs it.
    pub runs: Option<&'m Workload>,
    /// The workload whose account has the rights of the object, if the object is such a role.
    pub grants: Option<&'m Workload>,
    /// Whether a workload of the region is in the namespace of the object.
    pub beside_workloads: bool,
}

/// The rules that an object may violate: sorted, without duplicates, and without the rules that the configuration files disable.
pub fn accepted(platform: &Platform, object: &Object<'_>) -> Vec<Accepted> {
    // Most platforms have no waiver, so that no name is made.
    let mut all = if platform.waivers.is_empty() { Vec::new() } else { named(platform, &object.id()) };
    all.extend(object.runs.into_iter().flat_map(loosened::accepted));
    all.extend(object.grants.into_iter().flat_map(|workload| loosened::of_role(workload, object.kind)));
    all.extend(conflicts::accepted(platform, object));
    // A stable sort by name: of two reasons for one rule, the spec's comes first.
    all.sort_by(|a, b| (&a.scanner, &a.rule).cmp(&(&b.scanner, &b.rule)));
    all.dedup_by(|a, b| a.scanner == b.scanner && a.rule == b.rule);
    all
}

/// The spec's waivers for the object with this full name.
fn named(platform: &Platform, full: &str) -> Vec<Accepted> {
    let waivers = platform.waivers.iter().filter(|waiver| waiver.rule.own().is_none() && !waiver.everywhere);
    waivers
        .filter(|waiver| waiver.objects.iter().any(|pattern| pattern.matches(full)))
        .map(|waiver| Accepted::new(&waiver.rule.to_string(), &waiver.reason))
        .collect()
}

impl Object<'_> {
    /// The identity as `Kind/namespace/name`, or `Kind/name` for objects of the whole cluster.
    fn id(&self) -> String {
        match self.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind, self.name),
            None => format!("{}/{}", self.kind, self.name),
        }
    }
}

impl Accepted {
    /// An accepted rule from `scanner/rule` and a reason.
    fn new(rule: &str, reason: &str) -> Self {
        let (scanner, rule) = rule.split_once('/').unwrap_or_default();
        Self { scanner: scanner.to_owned(), rule: rule.to_owned(), reason: line(reason) }
    }
}

/// A text on one line, without control characters.
fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The waivers of an estate in the order of the spec, each with its environments.
fn waivers(estate: &Estate) -> Vec<(&Waiver, Vec<&str>)> {
    let mut all: Vec<(&Waiver, Vec<&str>)> = Vec::new();
    for (environment, platform) in &estate.environments {
        for waiver in &platform.waivers {
            match all.iter_mut().find(|(known, _)| known.name == waiver.name) {
                Some((_, environments)) => environments.push(environment),
                None => all.push((waiver, vec![environment])),
            }
        }
    }
    all
}

/// The rules of a scanner that are disabled for every object, with their reasons: conflicts, then the spec's waivers.
fn everywhere(estate: &Estate, scanner: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let conflicts = conflicts::EVERYWHERE.iter().map(|conflict| (Accepted::new(conflict.rule, conflict.reason), None));
    let waivers = waivers(estate).into_iter().map(|(waiver, _)| waiver).filter(|waiver| waiver.everywhere);
    let waivers = waivers.map(|waiver| (Accepted::new(&waiver.rule.to_string(), &waiver.reason), Some(waiver.expires)));
    for (accepted, expires) in conflicts.chain(waivers).filter(|(accepted, _)| accepted.scanner == scanner) {
        let said = match expires {
            Some(day) => format!("until {day}: {}", accepted.reason),
            None => accepted.reason,
        };
        if !all.iter().any(|(rule, _)| *rule == accepted.rule) {
            all.push((accepted.rule, said));
        }
    }
    all
}
