//! Stores of several servers that copy each other's data, whose pods platgen makes itself.

use super::User;
use crate::value::{Name, SecretRef, truncate_with_hash};

/// What the pods of a workload are in a store of several servers.
#[derive(Clone, Debug)]
pub enum Replication {
    /// The servers, of which one takes the writes, each with a Sentinel beside it.
    Servers {
        /// Those who sign in.
        users: Vec<User>,
        /// The password with which servers and Sentinels sign in to each other.
        system: SecretRef,
        /// The program that asks a server.
        client: &'static str,
    },
    /// The proxies that send the clients of a store to the server that takes the writes.
    Proxies {
        /// The store.
        store: Name,
    },
}

impl Replication {
    /// The user of servers and Sentinels.
    pub const SYSTEM: &'static str = "replication";

    /// The container of the Sentinel.
    pub const SENTINEL: &'static str = "sentinel";

    /// What the name of the proxies has after the name of the store.
    pub const PROXY: &'static str = "proxy";

    /// The name of the proxies of a store.
    pub fn proxies(store: &str) -> String {
        format!("{store}-{}", Replication::PROXY)
    }
}

/// The name of the Service that gives each member of a StatefulSet a name.
pub fn headless_name(workload: &Name) -> String {
    truncate_with_hash(&format!("{workload}-headless"), 63)
}
