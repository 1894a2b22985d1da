//! `platgen.lock`: which range every part of the platform has, and had.
//!
//! The address plan is allocated once and remembered here, so that rendering is a function of spec and lock. A key that leaves the spec stays as a
//! removed entry (a tombstone): its range is not given to another, and comes back with the key. Deleting such a line by hand releases the range.
//! Knows nothing of specs or clouds; [`text`](self) reads and prints it, [`Merged`] mends it after two branches met.

mod key;
mod merge;
mod text;

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
    /// The range of a key that the spec has.
    pub fn live(&self, key: &Key) -> Option<Cidr> {
        self.entries.get(key).filter(|entry| !entry.removed).map(|entry| entry.cidr)
    }
}
