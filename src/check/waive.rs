//! Findings and the waivers of the spec -> what is left to say.
//!
//! A waiver holds through its last day, in its environments, on its objects. One that is over is told and waives nothing more; one of ours
//! that no finding needs is told too. Whether the waiver of a scanner is needed, the scanner's findings say, which are not known here.

use super::Finding;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Estate, Waiver};
use crate::source::Span;
use crate::value::Date;
use std::collections::BTreeMap;

/// What is left of the findings of a run.
#[derive(Debug)]
pub struct Judged {
    /// Findings that no waiver accepts, then what is wrong with the waivers.
    pub left: Diagnostics,
    /// How many findings waivers accept.
    pub waived: usize,
}

/// Applies the waivers of the environments. `whole` tells whether every environment and region was looked at: only then is a waiver known
/// not to be needed.
pub fn apply(estate: &Estate, findings: Vec<Finding>, today: Date, whole: bool) -> Judged {
    let mut judged = Judged { left: Diagnostics::default(), waived: 0 };
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
        let mut waived = false;
        for waiver in waivers.iter().filter(|waiver| covers(waiver, &finding)) {
            if let Some((_, _, used)) = needed.get_mut(&waiver.span) {
                *used = true;
            }
            waived |= waiver.expires >= today;
        }
        if waived {
            judged.waived += 1;
        } else {
            judged.left.push(finding.into());
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
            judged.left.push(told(diagnostic.help("mend what it waives, or give it another day if its reason still holds")));
        } else if whole && !used && waiver.rule.own().is_some() {
            let message = format!("the waiver `{}` of `{}` is not needed", waiver.name, waiver.rule);
            judged
                .left
                .push(told(Diagnostic::new(Code::UnusedWaiver, message).at(waiver.span).help("remove it, or mend its rule or objects")));
        }
    }
    judged
}

fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    waiver.rule.own() == Some(finding.rule.name()) && waiver.objects.iter().any(|objects| objects.matches(&finding.object))
}
