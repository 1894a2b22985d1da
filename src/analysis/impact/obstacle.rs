//! What an apply of the cluster's files does not bring back by itself.

use super::database;
use crate::analysis::transition::{SIZE, bytes};
use crate::inventory::Object;
use serde_json::Value;

/// Why the files of the cluster do not bring an object back.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Obstacle {
    /// It says `immutable: true` by then.
    Sealed,
    /// A claim is larger by then, and volumes don't shrink: its size then.
    Claim(String),
    /// A store runs a newer series by then, or its volumes are larger: a sentence.
    Store(String),
}

/// Why the files do not bring an object back that was `new` in between.
pub(super) fn obstacle(old: &Object, new: &Object) -> Option<Obstacle> {
    let is_sealed = |object: &Object| object.at("/immutable") == Some(&Value::Bool(true));
    if is_sealed(new) && !is_sealed(old) {
        return Some(Obstacle::Sealed);
    }
    if old.kind == "PersistentVolumeClaim" && bytes(new.text(SIZE)) > bytes(old.text(SIZE)) {
        return Some(Obstacle::Claim(new.text(SIZE).to_owned()));
    }
    database::obstacle(old, new).map(Obstacle::Store)
}
