//! `platgen.lock`: the address range of every part of the platform, removed parts included.
//!
//! Ranges are allocated once and recorded in the lock, so that a render depends on spec and lock alone. A key that leaves the spec stays as a removed
//! entry: its range is not allocated again, and the key gets the range back when it returns. Deleting the line by hand releases the range.
//! [`Lock::parse`] and [`Lock::print`] read and print the text; [`Merged`] resolves conflicts after a merge of two branches.

mod addons;
mod key;
mod merge;
mod text;

pub use addons::{AddonLock, Locked, Moved};
pub use key::{Key, Purpose};
pub use merge::{Known, Merged, Move, Resolved};

use std::collections::BTreeMap;

use crate::value::Cidr;

/// The range of one key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Entry {
    /// The range.
    pub cidr: Cidr,
    /// Whether the key has left the spec.
    pub removed: bool,
}

/// Every range ever allocated and not released, by key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lock {
    /// Entries in the order of their lines.
    pub entries: BTreeMap<Key, Entry>,
}

impl Lock {
    /// The range of a key that is not removed.
    pub fn live(&self, key: &Key) -> Option<Cidr> {
        self.entries.get(key).filter(|entry| !entry.removed).map(|entry| entry.cidr)
    }
}
