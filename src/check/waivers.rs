//! Findings and the waivers of the spec -> findings that are left, and those that are accepted.
//!
//! A waiver holds through its last day, in its environments, on its objects. An expired one is reported and waives nothing more; a waiver of our rules
//! that no finding needs is reported too. Whether the waiver of a scanner is needed, only the scanner knows.

use super::Finding;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Estate, Waiver};
use crate::source::Span;
use crate::value::Date;
use std::collections::BTreeMap;

/// The findings of a run after the waivers.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings that nothing accepts.
    pub left: Vec<Finding>,
    /// Findings that the spec accepts, each with the reason.
    pub accepted: Vec<(Finding, String)>,
    /// Waivers that expired, and those that no finding needs.
    pub faults: Vec<Diagnostic>,
}

/// Applies the waivers of the environments. `whole`: every environment and region was judged, so a waiver that no finding needs is unused.
pub fn apply(estate: &Estate, findings: Vec<Finding>, today: Date, whole: bool) -> Judged {
    let mut judged = Judged::default();
    // A waiver of several environments is one line of the spec: needed where one of them needs it.
    let mut needed: BTreeMap<Span, (&Waiver, Vec<&str>, bool)> = BTreeMap::new();
    for (environment, platform) in &estate.environments {
        for waiver in &platform.waivers {
            let (_, environments, _) = needed.entry(waiver.span).or_insert_with(|| (waiver, Vec::new(), false));
            environments.push(environment);
        }
    }
    for finding in findings {
        let waivers = estate.environments.get(&finding.environment).map_or(&[][..], |platform| &platform.waivers);
        let mut reason = finding.reason.clone();
        // A finding that the spec accepts with a reason needs no waiver.
        for waiver in waivers.iter().filter(|waiver| finding.reason.is_none() && covers(waiver, &finding)) {
            if let Some((_, _, used)) = needed.get_mut(&waiver.span) {
                *used = true;
            }
            if waiver.expires >= today {
                reason = Some(waiver.reason.clone());
            }
        }
        match reason {
            Some(reason) => judged.accepted.push((finding, reason)),
            None => judged.left.push(finding),
        }
    }
    for (waiver, environments, used) in needed.into_values() {
        let environments: Vec<String> = environments.into_iter().map(str::to_owned).collect();
        let told = |mut diagnostic: Diagnostic| {
            diagnostic.environments = environments.clone();
            diagnostic
        };
        if waiver.expires < today {
            let message = format!("the waiver `{}` of `{}` expired on {}", waiver.name, waiver.rule, waiver.expires);
            let diagnostic = Diagnostic::new(Code::ExpiredWaiver, message).at(waiver.expires_span);
            judged.faults.push(told(diagnostic.help("resolve the finding, or set a later day if the reason still holds")));
        } else if whole && !used && waiver.rule.own().is_some() {
            let message = format!("the waiver `{}` of `{}` is not needed", waiver.name, waiver.rule);
            let diagnostic = Diagnostic::new(Code::UnusedWaiver, message).at(waiver.span);
            judged.faults.push(told(diagnostic.help("remove the waiver, or correct its rule or objects")));
        }
    }
    judged
}

fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    waiver.rule.own() == Some(finding.rule.name()) && waiver.objects.iter().any(|objects| objects.matches(&finding.object))
}
