//! Databases that an operator runs: what PostgreSQL alone has.

use crate::value::Name;

/// The fewest servers of a store that stop nothing and lose nothing without one of them: a transaction may wait for a second server, and a majority is left.
pub const QUORUM: u32 = 3;

/// Servers with copies of the same data, one of which takes writes. The operator chooses that one.
#[derive(Clone, Debug)]
pub struct Database {
    /// The name of the database.
    pub name: String,
    /// The user that owns the database.
    pub owner: Name,
    /// What a transaction waits for beside the server that takes writes. `None`: there is no other server.
    pub durability: Option<Durability>,
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
