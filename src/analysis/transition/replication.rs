//! A store of one server becomes one of several that copy each other's data, or the other way round.
//!
//! Servers of several sign in to each other, and a server that was alone knows none of them: while one after the other is replaced, the new ones would wait for the old
//! one. So all of them end first. The claims stay, and the server with the number 0 goes on with what is on its own.

use super::Change;
use crate::inventory::Object;

/// The change of a StatefulSet that is there before and after.
pub(super) fn change(old: &Object, new: &Object) -> Option<Change> {
    match (old.is_replicated(), new.is_replicated()) {
        (false, true) => Some(Change::Copied),
        (true, false) => Some(Change::Alone),
        _ => None,
    }
}
