//! `observability.alerts`: alerts with another threshold, and alerts that a platform does not want.

use super::EnvironmentResolver;
use crate::alerts::{Severity, Threshold, Unit, all, threshold, thresholds};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{AlertSetting, Platform};
use crate::source::Span;
use crate::spec;
use crate::value::{Duration, Percent};
use std::collections::BTreeMap;

impl EnvironmentResolver<'_> {
    /// Gives the monitoring of each region what the spec says about alerts. Reports what no alert can take.
    pub(super) fn alert_settings(&mut self, platform: &mut Platform) {
        let Some(wanted) = self.spec.observability.get().and_then(|all| all.alerts.get()) else { return };
        let mut settings: BTreeMap<String, AlertSetting> = BTreeMap::new();
        for (name, at, one) in wanted.set() {
            let known = || all().flat_map(|subject| subject.alerts);
            let Some(alert) = known().find(|alert| alert.name == name) else {
                let finding = Diagnostic::new(Code::UnknownReference, format!("there is no alert `{name}`")).at(at);
                let close = wording::suggest(name, known().map(|alert| alert.name));
                self.tell(finding.suggest(close, "`ALERTS.md` in the output folder has the names"));
                continue;
            };
            if alert.severity == Severity::Heartbeat {
                let finding =
                    Diagnostic::new(Code::InvalidValue, format!("`{name}` stays as it is: the heartbeat is called while it fires")).at(at);
                self.tell(finding.help("remove it; without `heartbeat` nobody is told of it"));
                continue;
            }
            if let Some(setting) = self.alert_setting(name, one, at) {
                settings.insert(name.clone(), setting);
            }
        }
        for monitoring in platform.regions.values_mut().filter_map(|region| region.monitoring.as_mut()) {
            monitoring.alerts = settings.clone();
        }
    }

    fn alert_setting(&mut self, name: &str, one: &spec::AlertSetting, at: Span) -> Option<AlertSetting> {
        let (given, off) = (one.threshold.spanned(), &one.off);
        if let (Some((_, here)), Some(other)) = (given, off.span()) {
            self.contradiction("an alert that is off has no `threshold`", here, Some(other));
            return None;
        }
        if !off.is_missing() {
            let reason = self.reason(off, "off", "an alert that is off", at)?;
            return Some(AlertSetting::Off { reason });
        }
        let Some((text, here)) = given else {
            if one.threshold.is_missing() {
                let finding = Diagnostic::new(Code::MissingField, format!("`{name}` says nothing")).at(at);
                self.tell(finding.help("add `threshold` and `reason`, or `off` with the reason"));
            }
            return None;
        };
        let reason = self.reason(&one.reason, "reason", "a threshold of your own", at);
        let Some(known) = threshold(name) else {
            let names: Vec<&str> = thresholds().iter().map(|one| one.alert).collect();
            let finding = Diagnostic::new(Code::InvalidValue, format!("`{name}` has no threshold to set")).at(here);
            self.tell(finding.help(format!("these have one: {}", wording::all(&names))));
            return None;
        };
        let Some(value) = read(known, text) else {
            let (what, example) = match known.unit {
                Unit::Share => ("a percentage below 100%", known.text),
                Unit::Seconds => ("a duration", known.text),
                Unit::Count => ("a whole number", known.text),
            };
            let finding = Diagnostic::new(Code::InvalidValue, format!("the threshold of `{name}` is {what}, and not `{text}`")).at(here);
            self.tell(finding.help(format!("it fires when {}; without the key it is `{example}`", known.fires)));
            return None;
        };
        Some(AlertSetting::Threshold { text: text.clone(), value, reason: reason? })
    }
}

/// A threshold as PromQL writes it, if it is of its unit.
fn read(threshold: &Threshold, text: &str) -> Option<String> {
    match threshold.unit {
        Unit::Share => {
            let millionths = text.parse::<Percent>().ok()?.millionths();
            (millionths < 1_000_000).then(|| format!("0.{millionths:06}").trim_end_matches('0').to_owned())
        }
        Unit::Seconds => text.parse::<Duration>().ok().map(|time| time.seconds().to_string()).filter(|seconds| seconds != "0"),
        Unit::Count => text.parse::<u32>().ok().filter(|count| *count > 0).map(|count| count.to_string()),
    }
}
