//! Jobs that run in a rollout, and the order of these jobs and of what they call.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Region, Workload};

/// A job that runs once in a rollout.
#[derive(Clone, Debug)]
pub struct RunOnce {
    /// Its namespace.
    pub namespace: String,
    /// The entry of the spec. Its name is that of the file.
    pub workload: String,
    /// Seconds after which Kubernetes ends it.
    pub deadline: u64,
}

/// The jobs of a region that run before its apps are rolled out, in the order of the spec.
pub fn jobs(region: &Region) -> Vec<RunOnce> {
    let once = |workload: &Workload| {
        let Kind::Job { deadline, .. } = workload.kind else { return None };
        Some(RunOnce { namespace: workload.namespace.to_string(), workload: workload.name.to_string(), deadline })
    };
    region.workloads.values().filter_map(once).collect()
}

/// The jobs, and the workloads that they call in the region, directly or through others, by their keys: each after the jobs that it waits for and the
/// workloads that it calls; the jobs that need no app come first, those after a rollout last. Called jobs are left out: jobs have no Service.
pub fn in_order<'r>(region: &Region, jobs: &'r [RunOnce]) -> Vec<(String, Option<&'r RunOnce>)> {
    let jobs: Vec<(String, &RunOnce)> = jobs.iter().map(|job| (format!("{}/{}", job.namespace, job.workload), job)).collect();
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for flow in &region.flows {
        let (Some(from), Some(called)) = (region.workload_of(&flow.from), region.answering(&flow.to)) else { continue };
        if !matches!(called.kind, Kind::Job { .. } | Kind::CronJob(_)) {
            calls.entry(key(from)).or_default().push(key(called));
        }
    }
    for (key, workload) in &region.workloads {
        if let Kind::Job { after, .. } = &workload.kind {
            calls.entry(key.clone()).or_default().extend(after.iter().cloned());
        }
    }
    // An app that a job calls rolls out before the job: the jobs that need no app come first, so that they are over by then.
    let is_app = |key: &String| region.workloads.get(key).is_some_and(|one| !one.is_store() && !matches!(one.kind, Kind::Job { .. }));
    let (mut apps, mut roots): (Vec<&String>, Vec<&String>) =
        jobs.iter().map(|(key, _)| key).partition(|key| depth_first([*key], &calls).iter().any(is_app));
    apps.sort_by_key(|key| matches!(region.workloads.get(*key).map(|one| &one.kind), Some(Kind::Job { after_rollout: true, .. })));
    roots.extend(apps);
    let with_job = |key: String| {
        let job = jobs.iter().find(|(job, _)| *job == key).map(|(_, job)| *job);
        (key, job)
    };
    depth_first(roots, &calls).into_iter().map(with_job).collect()
}

/// The roots and what they call, directly or through others, each after what it calls.
fn depth_first<'k>(roots: impl IntoIterator<Item = &'k String>, calls: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    // Without recursion: a key is pushed again below the keys that it calls, and listed when it is popped the second time.
    let mut stack: Vec<(String, bool)> = roots.into_iter().map(|key| (key.clone(), false)).collect();
    stack.reverse();
    while let Some((at, listed)) = stack.pop() {
        if listed {
            order.push(at);
        } else if seen.insert(at.clone()) {
            stack.push((at.clone(), true));
            stack.extend(calls.get(&at).into_iter().flatten().rev().map(|next| (next.clone(), false)));
        }
    }
    order
}

fn key(workload: &Workload) -> String {
    format!("{}/{}", workload.namespace, workload.name)
}
