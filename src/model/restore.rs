//! Restore tests: a job makes a database from the backups of a store, looks at it and deletes it, in a namespace where nothing else runs.

use super::{Operated, Region};
use crate::value::{Duration, Name, truncate_with_hash};

/// The namespace of restore tests. It belongs to no entry of the spec.
pub const RESTORE_TESTS: &str = "restore-tests";

/// The longest name of an object that CloudNativePG takes.
const CLUSTER: usize = 50;

/// The longest name of a CronJob.
const CRON_JOB: usize = 52;

/// The restore test of a store in a region.
#[derive(Clone, Debug)]
pub struct RestoreTest {
    /// The name of the restored database, in [`RESTORE_TESTS`].
    pub database: Name,
    /// The name of the job, in [`RESTORE_TESTS`].
    pub job: Name,
    /// When it runs: a cron expression with five fields, in UTC.
    pub schedule: String,
    /// How long the restored database may take until it is ready.
    pub limit: Duration,
    /// How long ago the newest copy of all files may have been begun when the test looks at the restored database.
    pub oldest: Duration,
    /// A query that holds in the restored database.
    pub query: Option<String>,
}

/// A database that a restore test makes: one server, without backups of its own.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the server runs. It has no users of its own: the backups have them.
    pub servers: Operated,
    /// The name of the store, under which the bucket has its backups.
    pub source: Name,
    /// The URL of the bucket.
    pub url: String,
}

impl RestoreTest {
    /// The names of the database and of the job for a store. The store comes first: names of Services start with a letter, and those of namespaces need not.
    pub fn names(namespace: &Name, store: &Name) -> (String, String) {
        let both = format!("{store}-{namespace}");
        (truncate_with_hash(&both, CLUSTER), truncate_with_hash(&format!("{both}-test"), CRON_JOB))
    }
}

impl Restored {
    /// The Secret with the password of the superuser of a restored database, which the operator makes.
    pub fn superuser(database: &str) -> String {
        format!("{database}-superuser")
    }
}

impl Region {
    /// Whether a restore test runs here.
    pub fn tests_restores(&self) -> bool {
        self.workloads.values().any(|workload| workload.test_of.is_some())
    }
}
