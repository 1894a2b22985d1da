//! An environment without one of its zones, or without one of its regions -> what stops, until when, what stands behind it, what keeps serving with how many
//! pods, and what to change in the spec.
//!
//! Everything follows from the resolved platform; nothing is asked of a cloud or a cluster. Numbers of pods are the fewest: of an autoscaler its minimum.
//! How long something takes is not part of the report, because the platform does not say it.
//!
//! Sources: "Pod Topology Spread Constraints" in the Kubernetes documentation for what a spread guarantees; "Automated failover" in the documentation of
//! CloudNativePG for which server takes over; "Understand resilience in Amazon EKS clusters" for the control plane.

mod accepted;
mod advice;
mod behind;
mod database;
mod managed;
mod parts;
mod region;
mod report;
mod room;
mod spread;
#[cfg(test)]
mod tests;
mod words;
mod zone;

pub use advice::Advice;
pub use behind::Behind;
pub use database::Writes;
pub use parts::{Part, Standing};
pub use region::{Elsewhere, Shared, without_region};
pub use report::report;
pub use zone::without_zone;

use crate::model::{Estate, Platform, Region};
use serde::Serialize;

/// The environment and the region that an outage is about.
#[derive(Clone, Copy, Debug)]
pub struct Site<'m> {
    /// Every environment.
    pub estate: &'m Estate,
    /// The environment.
    pub platform: &'m Platform,
    /// The region that is lost, or that loses a zone.
    pub region: &'m Region,
}

/// An environment without one of its zones or regions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outage {
    /// The environment.
    pub environment: String,
    /// The region that is lost, or that loses a zone.
    pub region: String,
    /// The zone that is lost; absent where the whole region is.
    pub zone: Option<String>,
    /// The zones of the region that are left.
    pub zones_left: Vec<String>,
    /// Whether something is lost that the spec does not accept.
    pub hit: bool,
    /// The apps and stores of the region, apps first.
    pub entries: Vec<Entry>,
    /// Node pools whose pods wait for room. Absent where the nodes are not part of the spec.
    pub rooms: Option<Vec<Room>>,
    /// What is neither an app nor a store: networks, load balancers, the control plane, buckets.
    pub parts: Vec<Part>,
    /// What to change in the spec, the weightiest first.
    pub advice: Vec<Advice>,
}

/// An app or a store.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its name as in references, with the namespace: `app/shop/cart`.
    pub entry: String,
    /// The kind of its object, such as `Deployment`.
    pub kind: &'static str,
    /// The engine of a store.
    pub engine: Option<&'static str>,
    /// What the outage does to it.
    pub state: State,
    /// Until when it is away. Absent where it serves.
    pub until: Option<Until>,
    /// Its pods. Absent for jobs, for pods on every node, and where a region is lost.
    pub pods: Option<Pods>,
    /// What the other regions have of it. Absent where a zone is lost, and where no other region has it.
    pub elsewhere: Option<Elsewhere>,
    /// What becomes of its data. Absent where it keeps none.
    pub data: Option<Data>,
    /// Whether its data can be had without what is lost. Absent where it keeps none, and where a zone is lost.
    pub brought_back: Option<String>,
    /// Whether a database takes writes.
    pub writes: Option<Writes>,
    /// The hosts at which it answers outside of the cluster.
    pub hosts: Vec<String>,
    /// What its calls lead to and is lost. Only of entries that are not lost themselves.
    pub behind: Vec<Behind>,
    /// Why the spec accepts that it is away.
    pub accepted: Option<String>,
}

/// What an outage does to an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is not there, or has no pods.
    Untouched,
    /// It serves, however its pods are placed.
    Serves,
    /// A run breaks off if its pod is there.
    BreaksOff,
    /// It is away if its pods are there.
    MayStop,
    /// It is away.
    Stops,
}

impl State {
    /// Whether it may be away.
    pub fn is_away(self) -> bool {
        matches!(self, State::MayStop | State::Stops)
    }
}

/// Until when an entry is away.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// Until other pods run in the zones that are left.
    Replaced,
    /// Until what is lost is back, or a person acts.
    Back,
}

/// The pods of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Pods {
    /// How many there are; of an autoscaler the minimum.
    pub before: u32,
    /// The most that there may be.
    pub most: u32,
    /// The fewest that are left, however they are placed.
    pub worst: u32,
    /// The fewest that are left if they are spread evenly.
    pub even: u32,
    /// How many run once the lost ones are replaced where they can be.
    pub after: u32,
    /// Why these are fewer than before.
    pub waits: Option<Waits>,
}

/// Why a pod is not replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// Its volume does not leave its zone, or no zone that is left has nodes for it.
    Zone,
    /// Its strict spread waits for a second zone.
    Spread,
    /// The nodes of the zones that are left have no room.
    Room,
}

/// What becomes of the data of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// It is all there.
    Kept,
    /// Transactions of the last moments may be lost, if the server that takes over was not ready then.
    LastTransactions,
    /// Writes of the last seconds may be lost: they are confirmed before another server has them.
    LastWrites,
    /// It is on volumes of what is lost, and there again when that is back.
    Away,
    /// It is in memory, and gone with the pod.
    Lost,
}

/// The room of the nodes that are left.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Room {
    /// The node pool.
    pub pool: String,
    /// The most nodes of the pool.
    pub nodes: u32,
    /// The most nodes of the pool in the zones that are left.
    pub left: u32,
    /// Pods that find no room there, with every autoscaler at its minimum. Absent where there are too many pods to count that.
    pub waiting: Option<u32>,
    /// Pods that find no room there, with every autoscaler at its maximum. Absent where there are too many pods to count that.
    pub waiting_at_most: Option<u32>,
}
