//! What can be wrong with an address plan, as data and in words.

use std::fmt;

use super::request::Reserved;
use crate::diagnostic::Code;
use crate::model::lock::Key;
use crate::value::Cidr;

/// Where a range is allocated from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pool {
    /// `network.cidr`.
    Network,
    /// The supernet of pods.
    Pods,
    /// The supernets of Services.
    Services,
    /// The range of another key.
    Key(Key),
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pool::Network => write!(f, "`network.cidr`"),
            Pool::Pods => write!(f, "the pod supernet"),
            Pool::Services => write!(f, "the private ranges for Services"),
            Pool::Key(key) => write!(f, "`{key}`"),
        }
    }
}

/// A range with what it takes to say something about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Party {
    /// Whose it is.
    pub key: Key,
    /// The range.
    pub cidr: Cidr,
    /// Whether the spec asks for exactly this range.
    pub explicit: bool,
    /// Whether the key has left the spec and only its line in the lock holds the range.
    pub removed: bool,
}

/// One thing that is wrong. Nothing is written then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// Two keys share addresses, as after a merge of two branches.
    Overlap {
        /// The one that would stay: living before removed, freely chosen before given with `cidr`, else the one that sorts first.
        stays: Party,
        /// The one that would change.
        moves: Party,
        /// The next free block for it.
        next: Option<Cidr>,
    },
    /// A key has addresses that belong to others.
    Reserved {
        /// The key.
        party: Party,
        /// Whose they are.
        reserved: Reserved,
    },
    /// A key's range is not inside the one it belongs to.
    Outside {
        /// The key.
        party: Party,
        /// What it belongs to.
        pool: Pool,
        /// The ranges of that.
        ranges: Vec<Cidr>,
    },
    /// A new key finds no free block.
    NoRoom {
        /// The first key without a place.
        key: Key,
        /// The smallest block that would serve it, as a prefix length.
        prefix: u8,
        /// Where it looked.
        pool: Pool,
        /// The ranges of that.
        ranges: Vec<Cidr>,
        /// How many new ranges were to be placed there in all.
        wanted: usize,
        /// The longest prefix length of a pool that would hold everything.
        smallest: u8,
        /// Removed keys that still hold ranges there.
        removed: Vec<Key>,
    },
    /// The spec asks for a range that the cloud refuses as too small.
    TooSmall {
        /// The key.
        party: Party,
        /// The longest prefix length that is accepted for it.
        longest: u8,
    },
    /// The spec asks for another range than the key has.
    Disagreement {
        /// The key.
        key: Key,
        /// What the spec says.
        spec: Cidr,
        /// What the lock says.
        lock: Cidr,
    },
}

impl Problem {
    /// The key it is about; of two, the one to change.
    pub fn key(&self) -> &Key {
        match self {
            Problem::Overlap { moves, .. } => &moves.key,
            Problem::Reserved { party, .. } | Problem::Outside { party, .. } | Problem::TooSmall { party, .. } => &party.key,
            Problem::NoRoom { key, .. } | Problem::Disagreement { key, .. } => key,
        }
    }

    /// The kind of diagnostic.
    pub fn code(&self) -> Code {
        match self {
            Problem::Overlap { .. } => Code::NetworkOverlap,
            Problem::Reserved { .. } => Code::NetworkOverlap,
            Problem::Outside { .. } => Code::AddressOutside,
            Problem::NoRoom { .. } => Code::NetworkTooSmall,
            Problem::TooSmall { .. } => Code::NetworkTooSmall,
            Problem::Disagreement { .. } => Code::CidrDisagreement,
        }
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Problem::Overlap { stays, moves, .. } => {
                format!("`{}` (`{}`) overlaps `{}` (`{}`)", moves.key, moves.cidr, stays.key, stays.cidr)
            }
            Problem::Reserved { party, reserved } => {
                format!("`{}` has `{}`, but `{}` belongs to {}", party.key, party.cidr, reserved.cidr, reserved.by)
            }
            Problem::Outside { party, pool, ranges } => {
                format!("`{}` has `{}`, which is not inside {pool} ({})", party.key, party.cidr, list(ranges))
            }
            Problem::NoRoom { key, prefix, pool, ranges, .. } => {
                format!("{pool} ({}) has no free block of /{prefix} or larger for `{key}`", list(ranges))
            }
            Problem::TooSmall { party, longest } => {
                format!("`{}` is too small for `{}`: the cloud accepts /{longest} or larger here", party.cidr, party.key)
            }
            Problem::Disagreement { key, spec, lock } => {
                format!("the spec gives `{key}` the range `{spec}`, but it has `{lock}` in the lock")
            }
        }
    }

    /// The edit that would mend it.
    pub fn help(&self) -> String {
        match self {
            Problem::Overlap { stays, moves, .. } if moves.explicit => {
                format!("give `{}` a `cidr` outside `{}`, or leave `cidr` out and platgen finds one", moves.key, stays.cidr)
            }
            Problem::Overlap { moves, .. } if moves.removed => {
                format!("`{}` is no longer in the spec: delete its line from `platgen.lock` to release the range", moves.key)
            }
            Problem::Overlap { next: Some(next), .. } => format!(
                "run `platgen lock --resolve`, then `platgen render`: the range that the target branch of the merge has stays, and the other moves; `{next}` is free"
            ),
            Problem::Overlap { moves, next: None, .. } => {
                format!(
                    "no block of /{} is left to move `{}` to: release a removed key by deleting its line from `platgen.lock`",
                    moves.cidr.prefix(),
                    moves.key
                )
            }
            Problem::Reserved { party, .. } if party.explicit => "choose another `cidr`, or leave it out and platgen finds one".to_owned(),
            Problem::Reserved { party, .. } => format!(
                "if nothing lives in `{}` yet, delete its lines from `platgen.lock` and it gets another range; else the other side has to move",
                party.key
            ),
            Problem::Outside { party, pool, ranges } if party.explicit => format!("choose a `cidr` inside {pool} ({})", list(ranges)),
            Problem::Outside { pool: Pool::Network, party, .. } => {
                format!("`network.cidr` cannot change once ranges are allocated from it: take one that contains `{}`", party.cidr)
            }
            Problem::Outside { party, .. } => format!("delete the lines of `{}` from `platgen.lock` if nothing lives there yet", party.key),
            Problem::NoRoom { removed, pool, smallest, wanted, .. } => {
                let needs = match pool {
                    Pool::Network if *smallest < 8 => "reserve less: no private range is large enough for everything".to_owned(),
                    Pool::Network => format!("the smallest `network.cidr` that holds everything is a /{smallest}"),
                    Pool::Key(_) => format!(
                        "{wanted} new ranges need a /{smallest} here in all; a range cannot grow, so put them into a new region or environment"
                    ),
                    Pool::Pods | Pool::Services => format!("{wanted} new ranges need a /{smallest} in all: reserve less"),
                };
                match &removed[..] {
                    [] => needs,
                    [first, ..] => format!(
                        "{needs}; or release the ranges of removed keys such as `{first}` by deleting their lines from `platgen.lock`"
                    ),
                }
            }
            Problem::TooSmall { longest, .. } => format!("choose a `cidr` of /{longest} or larger"),
            Problem::Disagreement { lock, .. } => {
                format!("write `cidr: {lock}`, or leave `cidr` out; to move to another range, add a subnet with a new name")
            }
        }
    }
}

fn list(ranges: &[Cidr]) -> String {
    ranges.iter().map(Cidr::to_string).collect::<Vec<_>>().join(", ")
}
