//! Backups of stores: what is kept of their data outside of the cluster, and what is promised of it.

use super::{Container, RestoreTest};
use crate::value::Duration;

/// What the name of a database has at its end that people restore beside the other one.
pub const RESTORED: &str = "-restored";

/// What is kept of the data of a workload beside its volumes.
#[derive(Clone, Debug)]
pub enum Backups {
    /// Nothing. A store that keeps data says why.
    None(Option<String>),
    /// Copies of all files, and the log of every change in between.
    Kept(Box<Backup>),
}

/// The backups of a store in a region.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The key of their bucket among those of the platform.
    pub bucket: String,
    /// The URL of the bucket.
    pub url: String,
    /// When all files are copied: a cron expression with six fields, the first of which are seconds.
    pub schedule: String,
    /// The days for which every point in time can be restored.
    pub keep: u32,
    /// When the log of changes leaves the cluster at the latest, full or not.
    pub archive_timeout: Duration,
    /// The longest period whose data may be lost.
    pub rpo: Option<Duration>,
    /// The longest time that a restore may take.
    pub rto: Option<Duration>,
    /// What a restore of a full volume takes at least.
    pub restore: Duration,
    /// The test of restores.
    pub test: Option<RestoreTest>,
    /// The container beside each server that copies. The plugin of the operator adds it; the resources alone are ours.
    pub sidecar: Container,
}

impl Backups {
    /// Why nothing is kept.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Backups::None(reason) => reason.as_deref(),
            Backups::Kept(_) => None,
        }
    }

    /// What is kept.
    pub fn kept(&self) -> Option<&Backup> {
        match self {
            Backups::None(_) => None,
            Backups::Kept(backup) => Some(backup),
        }
    }
}
