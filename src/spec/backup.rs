//! Backups of stores and volumes.

use crate::source::Span;
use crate::syntax::Field;
use crate::value::{Duration, Name};
use schemars::JsonSchema;
use serde::Deserialize;

/// Backups of a store, and the objectives that they meet. This version makes those of `engine: postgres` on AWS: copies of all files, and the log of every
/// change in between, in a bucket of the store that nobody deletes from before `keep` is over. The README.md of the region has the ways back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Time between copies of all files, such as `6h`: what divides an hour or a day, days up to `31d`, or a week. It is not shorter than a copy of a full
    /// volume takes.
    pub every: Field<Duration>,
    /// How far back every point in time can be restored, such as `35d`. No object of it can be deleted before, in whole days.
    pub keep: Field<Duration>,
    /// Region to which backups are copied, one of `regions`. The environment need not run there. Default: no copy.
    pub copy_to: Field<Name>,
    /// Restore test: a job that makes a database from the newest backup, looks at it and deletes it. Default: none.
    pub restore_test: Field<RestoreTest>,
    /// Recovery point objective: the longest period whose data may be lost with all servers, such as `10m`. The log of changes is archived in half of it, at
    /// the latest every five minutes, so that `2m` is the shortest. With the region, more is lost: copies follow within minutes, without a promise of AWS.
    pub rpo: Field<Duration>,
    /// Recovery time objective: the longest time a restore may take, such as `1h`. A full volume is restored at 40 MiB/s, and a server starts in five
    /// minutes; what was written since the last copy of all files comes on top.
    pub rto: Field<Duration>,
    /// Why the store has no backups. The checks accept the reason as the waiver.
    pub none: Field<String>,
}

impl Backup {
    /// The places of what needs copies, in the order of the fields.
    pub(crate) fn of_copies(&self) -> [Option<Span>; 6] {
        // Every field stands here, so that the compiler asks about a new one.
        let Backup { every, keep, copy_to, restore_test, rpo, rto, none: _ } = self;
        [every.span(), keep.span(), copy_to.span(), restore_test.span(), rpo.span(), rto.span()]
    }
}

/// A restore test of a store of `engine: postgres` on AWS, in a namespace of its own that nothing else reaches. It fails when the newest copy of all files is
/// too old, when the restore takes longer than `rto`, or when the database or a user is missing. Short form: the time between tests, such as `7d`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestoreTest {
    /// Time between tests, such as `7d`: what divides an hour or a day, days up to `31d`, or a week. A test ends before the next one.
    pub every: Field<Duration>,
    /// A query in SQL for the restored database, such as `select count(*) > 0 from orders`. The test fails unless it has one row, which says `true`. It runs
    /// with the rights of the owner of the database, and writes nothing. Default: none.
    pub query: Field<String>,
}
