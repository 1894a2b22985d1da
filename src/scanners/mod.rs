//! What the scanners of others are told about a rendered platform, so that what they find is news.
//!
//! Three sources: the spec's `waivers`, the reasons beside what a spec loosens ([`loosened`]), and rules that contradict each other or the
//! design ([`conflicts`]). What concerns one object is written onto it, what concerns all of them into the scanners' own files
//! ([`configuration`]). Knows rules and objects by their names; not how documents are made, and of no scanner more than it is told.

mod configuration;
mod conflicts;
mod guide;
mod loosened;
mod terraform;

pub use configuration::files;
pub use guide::guide;
pub use terraform::mark as mark_terraform;

use crate::model::{Estate, Platform, Region, Waiver, Workload};

/// A rule that an object does not keep, and why that is right.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Accepted {
    /// The scanner.
    pub scanner: String,
    /// The rule's name there.
    pub rule: String,
    /// Why, on one line.
    pub reason: String,
}

/// A Kubernetes object, as far as a rule can be about it.
#[derive(Clone, Copy, Debug)]
pub struct Object<'m> {
    /// Its kind.
    pub kind: &'m str,
    /// Its namespace.
    pub namespace: Option<&'m str>,
    /// Its name.
    pub name: &'m str,
    /// The workload whose pods it runs.
    pub runs: Option<&'m Workload>,
}

/// What is accepted on an object, sorted, each rule once; what is accepted everywhere is left to the scanners' files.
pub fn accepted(platform: &Platform, region: &Region, object: &Object<'_>) -> Vec<Accepted> {
    let full = match object.namespace {
        Some(namespace) => format!("{}/{namespace}/{}", object.kind, object.name),
        None => format!("{}/{}", object.kind, object.name),
    };
    let mut all = named(platform, &full);
    all.extend(object.runs.into_iter().flat_map(loosened::accepted));
    all.extend(conflicts::accepted(platform, region, object));
    // Sorted by name only: of two reasons for one rule the spec's own comes first.
    all.sort_by(|a, b| (&a.scanner, &a.rule).cmp(&(&b.scanner, &b.rule)));
    all.dedup_by(|a, b| a.scanner == b.scanner && a.rule == b.rule);
    all
}

/// What the spec's waivers say of the object with this full name.
fn named(platform: &Platform, full: &str) -> Vec<Accepted> {
    let waivers = platform.waivers.iter().filter(|waiver| waiver.rule.own().is_none() && !waiver.everywhere);
    waivers
        .filter(|waiver| waiver.objects.iter().any(|pattern| pattern.matches(full)))
        .map(|waiver| Accepted::new(&waiver.rule.to_string(), &waiver.reason))
        .collect()
}

impl Accepted {
    /// A rule by `scanner/rule`, with a reason of any form.
    fn new(rule: &str, reason: &str) -> Self {
        let (scanner, rule) = rule.split_once('/').unwrap_or_default();
        Self { scanner: scanner.to_owned(), rule: rule.to_owned(), reason: line(reason) }
    }
}

/// Any text as one line that no format takes for anything but text.
fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The waivers of an estate, each once, in the order of the spec; with the environments that have it.
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

/// Rules of a scanner that are off for everything: conflicts, then the spec's waivers; each once, with what is said of it.
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
