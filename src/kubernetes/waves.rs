//! The order in which the objects of a region are applied, one wave after the other: a GitOps controller reads it from annotations, and the script that people
//! run has it as a table.
//!
//! Only objects without a health of their own have waves by the table of kinds; everything else of an app or a store is applied at once, after the jobs, and
//! Kubernetes waits for what an object needs. What a job waits for has a wave before it.

use std::collections::BTreeMap;

use super::{Stage, jobs};
use crate::kinds;
use crate::model::Region;

/// The wave of the first stage of the table of kinds. It leaves room for the waves of jobs, and stays when there is one job more.
const FIRST: i32 = -1000;

/// The wave of everything without a wave of its own.
pub const LAST: i32 = 0;

/// The wave of the definitions of kinds, which objects of later waves need.
pub const DEFINITIONS: i32 = FIRST + kinds::Stage::Definition as i32;

/// The last of the waves in which namespaces get their roles, limits and policies: what runs pods comes after it.
pub const RULES_HOLD: i32 = FIRST + kinds::Stage::Binding as i32;

/// The wave of what pods read: the last one before those of jobs.
pub const CONFIGURED: i32 = FIRST + kinds::Stage::Configuration as i32;

/// Where the objects of a kind have the wave of the kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Where {
    /// Everywhere.
    Everywhere,
    /// In the files of the cluster and of namespaces. In the files of apps and stores they come with the app.
    Rules,
}

/// The wave of a kind, and where its objects have it; `None` where they come with their file.
pub fn by_kind(api: &str, kind: &str) -> Option<(i32, Where)> {
    // An authority that does not answer holds up nobody but who reads the certificate.
    if api.starts_with("cert-manager.io/") {
        return Some((LAST, Where::Everywhere));
    }
    match kinds::stage(api, kind) {
        stage if stage <= kinds::Stage::Binding => Some((FIRST + stage as i32, Where::Everywhere)),
        stage @ kinds::Stage::Configuration => Some((FIRST + stage as i32, Where::Rules)),
        kinds::Stage::Extension => Some((LAST + 1, Where::Everywhere)),
        // A route is healthy once its Gateway has it, and Gateways come with everything else. Jobs call Services.
        _ if api.starts_with("gateway.") => Some((LAST, Where::Everywhere)),
        _ => None,
    }
}

/// The wave of an object: `file` is the path of its file, and `turns` are the waves of files that have one.
pub(super) fn wave(turns: &BTreeMap<String, i32>, file: &str, api: &str, kind: &str) -> i32 {
    match by_kind(api, kind) {
        Some((wave, Where::Everywhere)) => wave,
        Some((wave, Where::Rules)) if Stage::of(file) != Stage::Entry => wave,
        _ => turns.get(file).copied().unwrap_or(LAST),
    }
}

/// The waves of the files of jobs and of the workloads that they wait for: one for each job, and one for all workloads between two jobs. They count up to -1,
/// so that everything else comes after them without a mark of its own.
pub fn turns(region: &Region) -> BTreeMap<String, i32> {
    let all = jobs::jobs(region);
    let mut turns = BTreeMap::new();
    let (mut turn, mut after_workload) = (LAST, false);
    for (key, job) in jobs::in_order(region, &all).into_iter().rev() {
        if job.is_some() || !after_workload {
            turn -= 1;
        }
        after_workload = job.is_none();
        turns.insert(format!("{key}.yaml"), turn);
    }
    turns
}
