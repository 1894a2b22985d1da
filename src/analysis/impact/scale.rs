//! Numbers of pods that an apply sets although an autoscaler holds them.

use crate::inventory::{Inventory, Object};
use crate::kinds;

/// The number of pods that an apply sets at once, and that an autoscaler has to find again.
pub(super) fn jump(old: &Object, new: &Object, before: &Inventory, after: &Inventory) -> Option<u64> {
    match (number(old), number(new)) {
        (from, Some(to)) if from != Some(to) && before.autoscaler_of(old).is_some() => Some(to),
        // An apply gives up the field, which falls to its default.
        (Some(from), None) if from > 1 && after.autoscaler_of(new).is_some() => Some(1),
        _ => None,
    }
}

/// Whether the files of the cluster leave the number to an autoscaler, and the applied ones set it: to apply the former again would give it up.
pub(super) fn gives_up(old: &Object, new: &Object, before: &Inventory) -> bool {
    number(old).is_none() && number(new).is_some() && before.autoscaler_of(old).is_some()
}

fn number(object: &Object) -> Option<u64> {
    object.at(kinds::find(&object.api, &object.kind)?.replicas?)?.as_u64()
}
