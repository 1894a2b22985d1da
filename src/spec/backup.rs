//! Backups of stores and volumes.

use crate::syntax::Field;
use crate::value::{Duration, Name};
use schemars::JsonSchema;
use serde::Deserialize;

/// Backups of a store, and the objectives that they meet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Time between backups, such as `6h`.
    pub every: Field<Duration>,
    /// Retention of each backup, such as `35d`.
    pub keep: Field<Duration>,
    /// Region to which backups are copied. Default: no copy.
    pub copy_to: Field<Name>,
    /// Time between restore tests, such as `7d`.
    pub restore_test: Field<Duration>,
    /// Recovery point objective: the longest period whose data may be lost, such as `10m`.
    pub rpo: Field<Duration>,
    /// Recovery time objective: the longest time a restore may take, such as `1h`.
    pub rto: Field<Duration>,
    /// Why the store has no backups. The checks accept the reason as the waiver.
    pub none: Field<String>,
}
