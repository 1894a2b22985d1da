//! MySQL and MongoDB stores: what the operators of Percona alone are told.

use crate::value::{Name, SecretRef};

/// A store of an operator of Percona, whose users and those of the operator itself have their passwords from the secret manager.
#[derive(Clone, Debug)]
pub struct Percona {
    /// The name of the database.
    pub database: String,
    /// The user that has every right to the database, and may grant it.
    pub owner: Name,
    /// The users of the operator and of the servers themselves, each with its password in the secret manager.
    pub system: Vec<(&'static str, SecretRef)>,
    /// Whether the operator is told that the store is smaller than what it takes for safe.
    pub small: bool,
}

impl Percona {
    /// The Secret of the users of the operator. No other name has a dot, and no user has this name.
    pub fn secret(store: &Name) -> String {
        format!("{store}.{}", Percona::SYSTEM)
    }

    /// What stands for the name of a user in the names of the secrets of the operator's users.
    pub const SYSTEM: &'static str = "system";
}
