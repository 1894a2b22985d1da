//! The part of a region's README about the standby of a database: how it is made, how far it is, and how it takes over.

use super::guard::break_glass;
use crate::commands::in_primary;
use crate::model::{Database, Followed, Platform, Region, Workload};

/// What to do with a standby.
pub(super) fn standby(platform: &Platform, region: &Region, workload: &Workload, (database, followed): (&Database, &Followed)) -> String {
    let name = workload.name.as_str();
    let kubectl = |region: &Region| format!("kubectl --context {} -n {}", region.cluster.name, workload.namespace);
    let (here, source) = (kubectl(region), platform.regions.get(followed.source.as_str()));
    let there = source.map_or_else(|| here.clone(), kubectl);
    let psql = |kubectl: &str, query: &str| in_primary(kubectl, name, false, &format!("psql --tuples-only --command=\"{query}\""));
    let servers = workload.replicas.0;
    let words = [
        ("<servers>", if servers == 1 { "one server".to_owned() } else { format!("{servers} servers") }),
        ("<written>", psql(&there, "SELECT pg_switch_wal()")),
        ("<replayed>", psql(&here, "SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp()")),
        ("<reached>", psql(&here, "SELECT pg_last_wal_replay_lsn() >= '${written:?}'")),
        ("<standby>", psql(&here, "SELECT pg_is_in_recovery()")),
        ("<archived>", psql(&here, "SELECT last_archived_wal, last_archived_time, last_failed_wal FROM pg_stat_archiver")),
        ("<glass>", break_glass(platform)),
        ("<here>", here.clone()),
        ("<there>", there.clone()),
        ("<back>", platform.buckets.get(&followed.bucket).map_or_else(String::new, |bucket| format!("s3://{}", bucket.id))),
        ("<url>", followed.url.clone()),
        ("<database>", database.name.clone()),
        ("<source>", followed.source.to_string()),
        ("<region>", region.name.to_string()),
        ("<environment>", platform.environment.to_string()),
        ("<namespace>", workload.namespace.to_string()),
        ("<name>", name.to_owned()),
    ];
    words.iter().fold(STANDBY.to_owned(), |text, (word, with)| text.replace(word, with))
}

/// The section, with words in angle brackets for names and commands.
const STANDBY: &str = r#"
### <namespace>/<name>

PostgreSQL, <servers>: the standby of `<name>` in <source>. It takes no writes, and no Service leads to it. It reads the log of changes from the copy of the
backups, `<url>`, over no link between the regions. It is as old as the last part of the log that was archived and copied: copies of S3 follow within minutes, without
a promise of AWS. Users, passwords and settings come with the data.

The copy needs a backup before the standby can be made. Make one as the README.md of <source> says, and wait until this lists it:

```sh
aws s3 ls --region <region> <url>/<name>/base/
```

To make the standby anew, when its first job found no backup, or after `<name>` in <source> went back to a point in time: delete it, and apply the files again. No
data is lost, because it holds nothing of its own:

```sh
<here><glass> delete --timeout=1h clusters.postgresql.cnpg.io/<name>
<here> wait --for=delete --timeout=1h pods,persistentvolumeclaims --selector cnpg.io/cluster=<name>
```

How far it is: the place in the log, and the time of the last transaction in it. Where nobody writes, the time stands still. One of the servers reads the
archive, and the others follow that one:

```sh
<replayed>
```

#### <name> takes over in <region>

Where <source> works, nothing is lost: stop what writes to `<name>`, and wait until the second command prints `t`:

```sh
written=$(<written> | tr -d ' ')
<reached>
```

Then, and where <source> is lost as the first thing when it is back, stop the servers there. Their volumes stay. Backups that they made from now on would be taken for the newest:

```sh
<there> annotate clusters.postgresql.cnpg.io/<name> --overwrite cnpg.io/hibernation=on
```

Where <source> is lost, go on without these: what the copy does not have is lost.

1. In the spec, set `primary: <region>` for `<environment>`, and for this environment of the store `standby: [<source>]` and `backup` with `copy_to: <source>`. Where
   <source> does not come back, leave `standby` out with `without: [standby]`. The data in <source> then counts as lost, which has to be allowed:
   `platgen render --force=<environment>/<namespace>/<name>`
2. The archive goes on in the copy, which is not empty. This lets the servers write there all the same:

   ```sh
   <here> annotate clusters.postgresql.cnpg.io/<name> cnpg.io/skipEmptyWalArchiveCheck=enabled
   ```

3. Apply the roots `data` and `cluster` of <region>, and then its Kubernetes files. An apply of `data` that fails at `aws_s3_bucket_replication_configuration` alone has done
   what is needed: apply it again when <source> is back.
4. The first command prints `f` once the standby takes writes, and the second one shows that the log is archived. The servers restart once meanwhile. Make a backup then,
   as this README.md says by now: the restores from then on begin there.

   ```sh
   <standby>
   <archived>
   ```

5. Once `last_archived_wal` is set, take the permission back:

   ```sh
   <here> annotate clusters.postgresql.cnpg.io/<name> cnpg.io/skipEmptyWalArchiveCheck-
   ```

#### A standby in <source> again

S3 copies what is written after the root `data` was applied with <source> there, and nothing from before. So make another backup in <region> after that apply, and note the time
before it, such as `since=20300131T120000`. Once this prints a backup, the copy in <source> has it:

```sh
since=
aws s3 ls --region <source> <back>/<name>/base/ | awk -v since="${since:?}" '$2 >= since { print $2 }'
```

Now delete `<name>` in <source>, whose history ends where this one took over, and apply the files there. What it had and the copy had not is lost with it: look at it
first if that matters.

```sh
<there><glass> delete --timeout=1h clusters.postgresql.cnpg.io/<name>
```

The way back to <source> is the same, with the regions exchanged.
"#;
