//! Backups of stores: what is kept of their data outside of the cluster, and what is promised of it.

use super::{Container, RestoreTest};
use crate::value::{Duration, Name};

/// What the name of a database has at its end that people restore beside the other one.
pub const RESTORED: &str = "-restored";

/// What is kept of the data of a workload beside its volumes.
#[derive(Clone, Debug)]
pub enum Backups {
    /// Nothing. A store that keeps data says why.
    None(Option<String>),
    /// Copies of all files, and the log of every change in between.
    Kept(Box<Backup>),
    /// Nothing of its own: it is a standby, which follows the backups of the store in another region.
    Followed(Box<Followed>),
}

/// The backups that a standby follows: their copy in its region.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The key of the bucket among those of the platform.
    pub bucket: String,
    /// The URL of the copy.
    pub url: String,
    /// The region in which the store takes writes.
    pub source: Name,
    /// The container beside each server that reads. The plugin of the operator adds it; the resources alone are ours.
    pub sidecar: Container,
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
            Backups::Kept(_) | Backups::Followed(_) => None,
        }
    }

    /// What is kept.
    pub fn kept(&self) -> Option<&Backup> {
        match self {
            Backups::None(_) | Backups::Followed(_) => None,
            Backups::Kept(backup) => Some(backup),
        }
    }

    /// What a standby follows.
    pub fn followed(&self) -> Option<&Followed> {
        match self {
            Backups::None(_) | Backups::Kept(_) => None,
            Backups::Followed(followed) => Some(followed),
        }
    }

    /// The container that the plugin adds to each server.
    pub fn sidecar(&self) -> Option<&Container> {
        match self {
            Backups::None(_) => None,
            Backups::Kept(backup) => Some(&backup.sidecar),
            Backups::Followed(followed) => Some(&followed.sidecar),
        }
    }
}
