//! `run` and `after`: the order of the jobs of a rollout.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::names::{Entry, EntrySpec, Names};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Flow, Kind, Region, Workload};
use crate::source::Span;
use crate::spec::{App, JobRun};
use crate::value::RefKind;
use std::collections::{BTreeMap, BTreeSet};

/// The jobs that each job waits for, by `namespace/name`, with the span of each name.
type Waits = BTreeMap<String, Vec<(String, Span)>>;

impl EnvironmentResolver<'_> {
    /// Reports jobs that wait for themselves, directly or through others.
    pub(super) fn check_order(&mut self, names: &Names) {
        let mut waits = Waits::new();
        for entry in names.iter().filter(|entry| entry.absent.is_none()) {
            let (EntrySpec::App(app), Some(key)) = (&entry.spec, entry.workload_key()) else { continue };
            let jobs = self.jobs(names, entry, app);
            waits.insert(key, jobs.into_iter().filter_map(|(job, at)| Some((job.workload_key()?, at))).collect());
        }
        let mut told = BTreeSet::new();
        for start in waits.keys() {
            if told.contains(start) {
                continue;
            }
            if let Some(ring) = ring(&waits, start) {
                let shown: Vec<String> = ring.iter().map(|(key, _)| format!("`app/{key}`")).chain([format!("`app/{start}`")]).collect();
                let at = ring.last().map(|(_, at)| *at);
                let message = format!("the job `app/{start}` waits for itself: {}", shown.join(" after "));
                let mut diagnostic = Diagnostic::new(Code::Contradiction, message).help("remove one of these names from `after`");
                diagnostic.span = at;
                self.tell(diagnostic);
                told.extend(ring.into_iter().map(|(key, _)| key));
            }
        }
    }

    /// Warns of jobs before the rollout that call an app: its new version rolls out before the job, which has to find it running. Reports jobs after the
    /// rollout that call none.
    pub(super) fn check_rollouts(&mut self, names: &Names, region: &Region) {
        let name = |at: Span| names.iter().find(|entry| entry.key == at).map(Entry::display);
        for flow in &region.flows {
            let (Some(job), Some(called)) = (region.workload_of(&flow.from), region.answering(&flow.to)) else { continue };
            if !is_served(called) || !matches!(job.kind, Kind::Job { after_rollout: false, .. }) {
                continue;
            }
            let (Some(job), Some(app)) = (name(job.span), name(called.span)) else { continue };
            let message = format!("`{job}` runs before the rollout and calls `{app}`, whose new version rolls out before the job");
            let help = format!(
                "write `run: after-deploy` if `{job}` has to follow `{app}`; else remove the call, or see that the new version of `{app}` works before `{job}` has run"
            );
            self.tell(Diagnostic::new(Code::EarlyRollout, message).at(flow.span).help(help));
        }
        for job in region.workloads.values() {
            let calls = |flow: &&Flow| region.workload_of(&flow.from).is_some_and(|from| from.span == job.span);
            let called = region.flows.iter().filter(calls).filter_map(|flow| region.answering(&flow.to));
            if !matches!(job.kind, Kind::Job { after_rollout: true, .. }) || called.into_iter().any(is_served) {
                continue;
            }
            let Some(display) = name(job.span) else { continue };
            let message = format!("`{display}` runs after the rollout of the apps that it calls, and calls none");
            let diagnostic = Diagnostic::new(Code::MissingField, message).at(job.span);
            self.tell(diagnostic.help("name the apps under `needs`, such as `needs: [app/web]`"));
        }
    }

    /// The jobs of the consumer's region that have to complete before it, by `namespace/name`. Reports jobs that do not run there.
    pub(super) fn waits_for(&mut self, app: &App, consumer: &Consumer<'_>) -> Vec<String> {
        let mut waits = Vec::new();
        for (job, at) in self.jobs(consumer.names, consumer.entry, app) {
            let EntrySpec::App(spec) = &job.spec else { continue };
            if self.runs_in(spec, consumer.region) {
                waits.extend(job.workload_key());
            } else {
                let message = format!("`{}` does not run in `{}`, where {} does", job.display(), consumer.region.name, consumer.label);
                let diagnostic = Diagnostic::new(Code::AbsentInRegion, message).at(at).related(job.key, "declared here");
                self.tell(diagnostic.help("run both in the same `regions`"));
            }
        }
        waits.dedup();
        waits
    }

    /// The jobs that `after` names. Reports names of other entries.
    fn jobs<'n>(&mut self, names: &'n Names, entry: &Entry, app: &App) -> Vec<(&'n Entry, Span)> {
        let run = app.run.get();
        let Some(namespace) = &entry.namespace else { return Vec::new() };
        let mut jobs = Vec::new();
        for (reference, at) in app.after.items() {
            let (message, related) = match reference.kind() {
                RefKind::App => {
                    let Some(job) = self.lookup(names, reference, namespace, at) else { continue };
                    match &job.spec {
                        EntrySpec::App(app) if app.run.get() == Some(&JobRun::AfterDeploy) && run == Some(&JobRun::BeforeDeploy) => {
                            (format!("`{}` runs after the rollout, and this job before", job.display()), Some(job.key))
                        }
                        EntrySpec::App(app) if app.run.get().is_some() => {
                            jobs.push((job, at));
                            if let Some(port) = reference.port() {
                                let message = format!("`{reference}` names a port, and `after` waits until a job has ended");
                                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("remove `:{port}`")));
                            }
                            continue;
                        }
                        EntrySpec::App(app) if app.schedule.get().is_some() => {
                            (format!("`{}` runs on a schedule, and not in a rollout", job.display()), Some(job.key))
                        }
                        _ => (format!("`{}` is not a job of a rollout", job.display()), Some(job.key)),
                    }
                }
                _ => (format!("`{reference}` is not a job of a rollout"), None),
            };
            let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            if let Some(related) = related {
                diagnostic = diagnostic.related(related, "declared here");
            }
            self.tell(diagnostic.help("name an app with `run`; the apps and stores that a job calls are ready before the job anyway"));
        }
        jobs
    }
}

/// Whether a workload is an app that rolls out: no store and no job.
fn is_served(workload: &Workload) -> bool {
    !workload.is_store() && !matches!(workload.kind, Kind::Job { .. } | Kind::CronJob(_) | Kind::Restored(_))
}

/// The way from a job back to itself: each job on it with the span of the next one's name.
fn ring(waits: &Waits, start: &str) -> Option<Vec<(String, Span)>> {
    let mut seen = BTreeSet::new();
    let mut ways: Vec<(String, Vec<(String, Span)>)> = vec![(start.to_owned(), Vec::new())];
    while let Some((at, way)) = ways.pop() {
        for (next, span) in waits.get(&at).into_iter().flatten().rev() {
            let mut way = way.clone();
            way.push((at.clone(), *span));
            if next == start {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push((next.clone(), way));
            }
        }
    }
    None
}
