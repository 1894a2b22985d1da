//! `slo`: the objectives of an app, as far as the proxies of Gateways can measure them.

use super::EnvironmentResolver;
use super::names::Entry;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Entrance, Exposure, LATENCY_BOUNDS, Monitoring, Objective, Protocol, Service, WINDOW};
use crate::source::Span;
use crate::spec::{App, Slo, SloSource};
use crate::value::{Duration, Percent};

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

/// The share that is all of it, in millionths.
const ALL: u32 = 1_000_000;

impl EnvironmentResolver<'_> {
    /// The objectives of an app. Reports those that can't hold or can't be measured.
    pub(super) fn objectives(
        &mut self,
        app: &App,
        entry: &Entry,
        monitoring: Option<&Monitoring>,
        exposures: &[Exposure],
        service: Option<&Service>,
    ) -> Vec<Objective> {
        let Some((slo, at)) = app.slo.spanned() else { return Vec::new() };
        // Reported with the app: nothing reads the metrics.
        let Some(monitoring) = monitoring else { return Vec::new() };
        if slo.source.get() == Some(&SloSource::Metrics) {
            self.not_rendered("slo.source: metrics", slo.source.span().unwrap_or(at));
            return Vec::new();
        }
        let requests: Vec<&Exposure> = exposures.iter().filter(|exposure| exposure.entrance == Entrance::Http).collect();
        if requests.is_empty() {
            let message = format!("`slo` is measured at the Gateway, and no request to `{}` comes through one", entry.display());
            self.impossible(message, at, "add `expose`, or remove `slo`");
            return Vec::new();
        }
        let grpc = |exposure: &&Exposure| {
            let mut ports = service.iter().flat_map(|service| &service.ports);
            ports.any(|port| port.port == exposure.port && port.protocol == Some(Protocol::Grpc))
        };
        if requests.iter().all(grpc) {
            let message = format!(
                "`slo` of `{}` is not rendered: it speaks gRPC, whose errors the Gateway counts as answers with 200",
                entry.display()
            );
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at));
            return Vec::new();
        }
        if monitoring.retention.millis() < WINDOW * DAY {
            let message = format!("metrics are kept for {}, and an objective holds over {WINDOW} days", monitoring.retention);
            let kept = self.spec.observability.at(|section| &section.retention).span();
            let mut finding = Diagnostic::new(Code::ImpossibleObjective, message).at(at);
            finding = match kept.filter(|at| self.is_of_the_user(*at)) {
                Some(kept) => finding.related(kept, "the retention"),
                None => finding,
            };
            self.tell(finding.help(format!(
                "set `observability.retention: {WINDOW}d` or more, or take `slo` out of this environment with `without: [slo]`"
            )));
            return Vec::new();
        }
        let mut objectives: Vec<Objective> = self.availability(slo).into_iter().collect();
        objectives.extend(self.latencies(slo));
        if slo.availability.is_missing() && slo.latency.is_missing() {
            let finding = Diagnostic::new(Code::MissingField, "`slo` has no objective").at(at);
            self.tell(finding.help("add `availability: 99.9%`, or `latency: {p99: 500ms}`"));
        }
        objectives
    }

    fn availability(&mut self, slo: &Slo) -> Option<Objective> {
        let (percent, at) = slo.availability.spanned()?;
        let target = Percent::millionths(*percent);
        if target == ALL {
            self.impossible(
                "an objective of 100% allows no error, and each one breaks it",
                at,
                "write what people notice, such as `99.9%`",
            );
            return None;
        }
        Some(Objective { name: "availability", target, threshold: None })
    }

    /// The objectives of the latency. A higher percentile allows more time.
    fn latencies(&mut self, slo: &Slo) -> Vec<Objective> {
        let Some(latency) = slo.latency.get() else { return Vec::new() };
        let percentiles = [
            ("p50", 500_000, &latency.p50),
            ("p90", 900_000, &latency.p90),
            ("p95", 950_000, &latency.p95),
            ("p99", 990_000, &latency.p99),
        ];
        let mut objectives: Vec<Objective> = Vec::new();
        let mut below: Option<(&'static str, Duration, Span)> = None;
        for (name, target, field) in percentiles {
            let Some((&threshold, at)) = field.spanned() else { continue };
            if let Some((lower, time, lower_at)) = below.filter(|(_, time, _)| *time > threshold) {
                let message = format!("`{name}: {threshold}` is less than `{lower}: {time}`, and more requests have to be as fast");
                let finding = Diagnostic::new(Code::ImpossibleObjective, message).at(at).related(lower_at, "the lower percentile");
                self.tell(finding.help(format!("write at least {time} for `{name}`, or less for `{lower}`")));
            }
            below = Some((name, threshold, at));
            if LATENCY_BOUNDS.contains(&threshold.millis()) {
                objectives.push(Objective { name, target, threshold: Some(threshold) });
            } else {
                self.tell(between(threshold, at));
            }
        }
        objectives
    }

    fn impossible(&mut self, message: impl Into<String>, at: Span, help: &str) {
        self.tell(Diagnostic::new(Code::ImpossibleObjective, message).at(at).help(help));
    }
}

/// The finding for a time up to which the Gateway counts no requests.
fn between(threshold: Duration, at: Span) -> Diagnostic {
    let millis = threshold.millis();
    let next = [LATENCY_BOUNDS.iter().rfind(|bound| **bound < millis), LATENCY_BOUNDS.iter().find(|bound| **bound > millis)];
    let next: Vec<String> = next.into_iter().flatten().map(|bound| format!("`{}`", Duration::from_millis(*bound))).collect();
    let message = format!("the Gateway counts no requests up to `{threshold}`: its histogram has no such bound");
    Diagnostic::new(Code::ImpossibleObjective, message).at(at).help(format!("write {}", next.join(" or ")))
}
