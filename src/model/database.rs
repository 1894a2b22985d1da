//! Databases that an operator runs: what it is told beyond the pods.

use crate::value::{Name, SecretRef};
use std::collections::BTreeMap;

/// Servers with copies of the same data, one of which takes writes. An operator makes their pods from one custom resource and chooses the one that takes
/// writes.
#[derive(Clone, Debug)]
pub struct Database {
    /// The name of the database.
    pub name: String,
    /// The user that owns the database.
    pub owner: Name,
    /// Its users, the owner among them.
    pub users: Vec<DatabaseUser>,
    /// Settings of the servers by name.
    pub parameters: BTreeMap<String, String>,
    /// What a transaction waits for beside the server that takes writes. `None`: there is no other server.
    pub durability: Option<Durability>,
    /// Whether each server has a zone of its own, or waits for one. The volume of a server never leaves its zone.
    pub one_per_zone: bool,
}

/// A user of a database.
#[derive(Clone, Debug)]
pub struct DatabaseUser {
    /// The name.
    pub name: Name,
    /// The password in the secret manager.
    pub password: SecretRef,
}

/// When a transaction is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// Once a second server has it. Without a second server, writes wait.
    Required,
    /// Once a second server has it, as long as one is ready.
    Preferred,
}

impl Durability {
    /// The word for it in CloudNativePG.
    pub fn name(self) -> &'static str {
        match self {
            Durability::Required => "required",
            Durability::Preferred => "preferred",
        }
    }
}
