//! Data stores of a region: what they promise, and what runs them.

use crate::source::Span;
use crate::value::{Duration, Engine, Name, Quantity, StoreMode};

/// A data store in one region.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where its key stands in the spec.
    pub span: Span,
    /// Its name, unique in its namespace.
    pub name: Name,
    /// Its namespace.
    pub namespace: Name,
    /// The team that owns it.
    pub owner: Name,
    /// The database engine.
    pub engine: Engine,
    /// The engine's version, where the spec chooses one.
    pub version: Option<String>,
    /// Whether the cluster or the cloud runs it.
    pub mode: StoreMode,
    /// The number of its members in this region.
    pub members: u32,
    /// The size of each member's volume; none for a cache, which keeps nothing.
    pub storage: Option<Quantity>,
    /// The regions with a copy that can take over.
    pub standby: Vec<Name>,
    /// Whether every region has a store of its own, with data of its own.
    pub independent: bool,
    /// How its data is saved.
    pub backup: Backup,
    /// The names of its users.
    pub users: Vec<Name>,
    /// The Service and the port at which clients reach it; none for a store without a single port.
    pub address: Option<(Name, u16)>,
    /// What runs it.
    pub runner: Runner,
}

/// What runs a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runner {
    /// The workload of the region with the store's namespace and name.
    Workload,
}

/// How the data of a store is saved.
#[derive(Clone, Debug)]
pub enum Backup {
    /// The store keeps nothing.
    NothingToSave,
    /// Not at all; the reason stands in the spec.
    None(String),
    /// By copies.
    Copies {
        /// The time between two copies.
        every: Duration,
        /// How long a copy is kept.
        keep: Duration,
        /// The region of the second copy.
        copy_to: Option<Name>,
        /// The time between two proofs that a copy can be restored.
        restore_test: Option<Duration>,
        /// The most data that may be lost, as time.
        rpo: Option<Duration>,
        /// The longest that a restore may take.
        rto: Option<Duration>,
    },
}
