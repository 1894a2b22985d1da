//! The part of a region's README about the backups of a database: whether there are any, and the ways back.

use super::guard::break_glass;
use super::restore_tests::restore_test;
use crate::commands::in_primary;
use crate::model::{Backup, Database, LockMode, Operated, Platform, RESTORED, Region, Workload};

/// The sections about the backups of a database.
pub(super) fn backups(
    platform: &Platform,
    region: &Region,
    workload: &Workload,
    (operated, database): (&Operated, &Database),
    backup: &Backup,
) -> String {
    let name = workload.name.as_str();
    let kubectl = format!("kubectl --context {} -n {}", region.cluster.name, workload.namespace);
    let query = |query: &str| in_primary(&kubectl, name, false, &format!("psql --command='{query}' {}", database.name));
    let bucket = platform.buckets.get(&backup.bucket);
    let copy = bucket.and_then(|bucket| bucket.copy.as_ref());
    let moves = bucket.is_some_and(|bucket| bucket.moves);
    let is_governed = bucket.and_then(|bucket| bucket.lock).is_some_and(|lock| lock.mode == LockMode::Governance);
    let locked = if is_governed { ", but by administrators" } else { "" };
    let restored = format!("{name}{RESTORED}");
    let dump = format!("pg_dump --format=custom --table=\"${{table:?}}\" {}", database.name);
    let load = format!("pg_restore --single-transaction --clean --if-exists --dbname={}", database.name);
    let recovery =
        format!("source: backups, database: {}, owner: {}, secret: {{name: {name}.{}}}", database.name, database.owner, database.owner);
    // One server waits for no other.
    let alone = if database.durability.is_some() { "    - {op: remove, path: /spec/postgresql/synchronous}\n" } else { "" };
    let key = format!("{}/{name}", workload.namespace);
    let follows = |region: &&Region| region.workloads.get(&key).is_some_and(|other| other.backups.followed().is_some());
    let (lost, away) = match copy {
        Some(_) if platform.regions.values().any(|other| follows(&other)) => (LOSES_REGION, TO_STANDBY.to_owned()),
        Some(_) if !moves => (LOSES_REGION, FROM_COPY_SEPARATE.to_owned()),
        Some(copy) if platform.regions.contains_key(copy.region.as_str()) => (LOSES_REGION, format!("{FROM_COPY}{FROM_COPY_STEPS}")),
        Some(_) => (LOSES_REGION, format!("{FROM_COPY_ELSEWHERE}{FROM_COPY_STEPS}")),
        None => (LOSES_ALL, String::new()),
    };
    let (copy_id, copy_region) = copy.map_or(("", ""), |copy| (copy.id.as_str(), copy.region.as_str()));
    let test = backup.test.as_ref().map(|test| restore_test((platform, region), (name, operated, database), backup, test));
    let words = [
        ("<lost>", lost.to_owned()),
        ("<away>", away),
        ("<make it>", MAKE.to_owned()),
        ("<promised>", promised(backup)),
        ("<archived>", query("SELECT last_archived_wal, last_archived_time, last_failed_wal, last_failed_time FROM pg_stat_archiver")),
        ("<line>", query("SELECT timeline_id FROM pg_control_checkpoint()")),
        ("<switch>", query("SELECT pg_switch_wal()")),
        ("<connect>", in_primary(&kubectl, &restored, true, &format!("psql {}", database.name))),
        ("<dump>", in_primary(&kubectl, &restored, false, &dump)),
        ("<load>", in_primary(&kubectl, name, false, &load).replacen(" exec ", " exec -i ", 1)),
        ("<alone>", alone.to_owned()),
        ("<recovery>", recovery),
        ("<kubectl>", kubectl.clone()),
        ("<glass>", break_glass(platform)),
        ("<cluster>", region.cluster.name.clone()),
        // A second owner of the fields would keep those that leave the files.
        (
            "<as>",
            platform.gitops.as_ref().map_or(String::new(), |gitops| format!(" --field-manager={}", gitops.controller.field_manager())),
        ),
        ("<file>", format!("kubernetes/{}/{}/{}/{name}.yaml", platform.environment, region.name, workload.namespace)),
        ("<locked>", locked.to_owned()),
        ("<bucket>", bucket.map_or_else(String::new, |bucket| bucket.id.clone())),
        ("<versions>", bucket.map_or(0, |bucket| bucket.version_days).to_string()),
        ("<environment>", platform.environment.to_string()),
        ("<schedule>", backup.schedule.clone()),
        ("<url>", backup.url.clone()),
        ("<timeout>", backup.archive_timeout.to_string()),
        ("<keep>", backup.keep.to_string()),
        ("<restore>", backup.restore.to_string()),
        ("<copy id>", copy_id.to_owned()),
        ("<copy region>", copy_region.to_owned()),
        ("<region>", region.name.to_string()),
        ("<namespace>", workload.namespace.to_string()),
        ("<name>", name.to_owned()),
    ];
    words.iter().fold(BACKUPS.to_owned(), |text, (word, with)| text.replace(word, with)) + &test.unwrap_or_default()
}

/// The objectives of the spec.
fn promised(backup: &Backup) -> String {
    let objectives = [("rpo", backup.rpo), ("rto", backup.rto)];
    let all: Vec<String> = objectives.iter().filter_map(|(name, time)| time.map(|time| format!("`{name}: {time}`"))).collect();
    if all.is_empty() { String::new() } else { format!(" The spec promises {}.", all.join(" and ")) }
}

const LOSES_REGION: &str =
    "the region <region>: also what S3 had not copied to <copy region> yet. Copies follow within minutes, without a promise of AWS.";

const LOSES_ALL: &str = "the region <region>: everything, because there is no copy in another one; `copy_to` makes one.";

/// The sections, with words in angle brackets for names and commands.
const BACKUPS: &str = r#"
#### Backups of <name>

All files are copied at `<schedule>` (seconds first, in UTC) to `<url>`, and the log of changes at the latest every <timeout>. Every point in time of the last
<keep> days since the first backup can be restored: no version of an object can be deleted before<locked>. A restore of a full volume takes <restore> at least, and longer the more was written since
the last copy of all files, because that is replayed.<promised> What is lost at worst, with

- one server or one zone: what no second server had. The text above says when a commit is on two.
- all servers: what the archive did not have, the writes of about <timeout> and of the upload that was under way.
- <lost>

Whether there is a backup, and whether the log is archived:

```sh
<kubectl> get scheduledbackups.postgresql.cnpg.io/<name>
<kubectl> get backups.postgresql.cnpg.io --selector cnpg.io/cluster=<name> --sort-by=.metadata.creationTimestamp
<kubectl> get objectstores.barmancloud.cnpg.io/<name> --output jsonpath='{.status.serverRecoveryWindow}'
<archived>
```

To make a backup now:

```sh
backup=$(<kubectl> create --output name -f - <<'END'
apiVersion: postgresql.cnpg.io/v1
kind: Backup
metadata: {generateName: <name>-by-hand-, namespace: <namespace>, labels: {cnpg.io/cluster: <name>}}
spec: {cluster: {name: <name>}, method: plugin, pluginConfiguration: {name: barman-cloud.cloudnative-pg.io}}
END
)
until phase=$(<kubectl> get "${backup:?}" --output jsonpath='{.status.phase}'); [ "$phase" = completed ] || [ "$phase" = failed ]; do sleep 10; done
echo "$phase"
```

#### Look at a point in time of <name>

This makes the database `<name>-restored` beside the other one, from the backups and as the same service account. It archives nothing. Set

- `time` to the time, in UTC, such as `time=2026-01-31T08:00:00Z`; without one it is the newest state. There has to be a commit after it in the archive:
  otherwise the restore ends with `recovery ended before configured recovery target was reached`. Leave `time` empty then.
- `backup` to the ID of a backup if another one than the newest before that time is to be the start: the folders of `<url>/<name>/base/` are the IDs.

```sh
time=
backup=
line=latest
target="${time:+targetTime: \"$time\", }${backup:+backupID: \"$backup\", }targetTLI: \"$line\""
work=$(mktemp -d)
cp <file> "$work/<name>.yaml"
cat > "$work/kustomization.yaml" <<END
resources: [<name>.yaml]
nameSuffix: -restored
patches:
- target: {kind: ExternalSecret|ObjectStore|ScheduledBackup|Service}
  patch: |-
    \$patch: delete
    apiVersion: v1
    kind: All
    metadata: {name: all}
- target: {kind: NetworkPolicy}
  patch: |-
    - {op: replace, path: /spec/podSelector/matchLabels, value: {cnpg.io/cluster: <name>-restored}}
- target: {kind: Cluster}
  patch: |-
    - {op: replace, path: /spec/instances, value: 1}
    - {op: replace, path: /spec/bootstrap, value: {recovery: {<recovery>, recoveryTarget: {$target}}}}
<alone>    - {op: remove, path: /spec/plugins}
    - {op: add, path: /spec/serviceAccountName, value: <name>}
    - {op: add, path: /spec/externalClusters, value: [{name: backups, plugin: {name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: <name>, serverName: <name>}}}]}
END
kubectl --context <cluster> apply --server-side -k "$work"
<kubectl> wait --for=condition=Ready --timeout=24h clusters.postgresql.cnpg.io/<name>-restored
<connect>
```

The restore is a job. While the command waits, this shows in another terminal how far the job is, or why it failed:

```sh
<kubectl> get clusters.postgresql.cnpg.io/<name>-restored
<kubectl> logs --follow --all-containers jobs/<name>-restored-1-full-recovery
```

To take a table over from there as it was. What was written to the table since is lost:

```sh
table=
<dump> > "$work/table.dump"
<load> < "$work/table.dump"
```

When nobody needs it any more:

```sh
<kubectl><glass> delete clusters.postgresql.cnpg.io/<name>-restored networkpolicies.networking.k8s.io/<name>-restored
rm -r "${work:?}"
```

#### Go back to a point in time with <name>

The database keeps its name, its passwords and its Service, so that nothing else changes. Look at the point in time first, as above. Then make a backup,
as above, and note the number of the line of time: that is the way forward again. After the loss of all servers there is nothing to note.

```sh
<switch>
<archived>
<line>
```

Once the archive has the log up to now, this deletes the database with its volumes. Clients fail until the next commands are done:

```sh
<kubectl><glass> delete --timeout=1h clusters.postgresql.cnpg.io/<name>
<kubectl> wait --for=delete --timeout=1h pods,persistentvolumeclaims --selector cnpg.io/cluster=<name>
```

<make it>
#### Somebody deleted backups of <name>

A deleted object is hidden, and its versions stay for <versions> days. With the rights of an administrator, this shows what was deleted since a time such as
`since=2026-01-31T08:00:00Z`, and takes the deletions back. Old backups are deleted every day as the retention says: choose the time with care.

```sh
since=
aws s3api list-object-versions --region <region> --bucket <bucket> --prefix <name>/ --query "DeleteMarkers[?IsLatest && LastModified>='${since:?}'].[Key,VersionId]" --output text > deleted
cat deleted
while read -r key version; do aws s3api delete-object --region <region> --bucket <bucket> --key "$key" --version-id "$version"; done < deleted
```
<away>"#;

const MAKE: &str = r#"This makes the database from its backups. Set `time` and `backup` as above:

```sh
time=
backup=
line=latest
target="${time:+targetTime: \"$time\", }${backup:+backupID: \"$backup\", }targetTLI: \"$line\""
work=$(mktemp -d)
cp <file> "$work/<name>.yaml"
cat > "$work/kustomization.yaml" <<END
resources: [<name>.yaml]
patches:
- target: {kind: Cluster}
  patch: |-
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: <name>, annotations: {cnpg.io/skipEmptyWalArchiveCheck: enabled}}
- target: {kind: Cluster}
  patch: |-
    - {op: replace, path: /spec/bootstrap, value: {recovery: {<recovery>, recoveryTarget: {$target}}}}
    - {op: add, path: /spec/externalClusters, value: [{name: backups, plugin: {name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: <name>, serverName: <name>}}}]}
END
kubectl --context <cluster> apply --server-side<as> -k "$work"
<kubectl> wait --for=condition=Ready --timeout=24h clusters.postgresql.cnpg.io/<name>
```

In another terminal, while the command waits:

```sh
<kubectl> logs --follow --all-containers jobs/<name>-1-full-recovery
```

Look with a query whether the data is what it should be. To take it all back, delete and make the database again, with `line` as you noted it and no `time`.
Otherwise, this makes the database one of the files again, without a restart. Then make another backup.

```sh
kubectl --context <cluster> apply --server-side<as> -f <file>
rm -r "${work:?}"
```

From then on, the archive is in a new line of time, whose files have other names: nothing of the state that was left is overwritten. A time before the first
backup in the new line may need the number of the old one as `line`.
"#;

const TO_STANDBY: &str = r#"
#### <name> in <copy region>, without <region>

The standby there follows the copy of the backups, `<copy id>`. kubernetes/<environment>/<copy region>/README.md says how it takes over.
"#;

const FROM_COPY: &str = r#"
#### Make <name> in <copy region>, without <region>

The copy of the backups is `<copy id>`. Set `primary` of `<environment>` to <copy region> in the spec."#;

const FROM_COPY_ELSEWHERE: &str = r#"
#### Make <name> in <copy region>, without <region>

The copy of the backups is `<copy id>`. `<environment>` does not run there: add <copy region> to its `regions`, as `primary`."#;

const FROM_COPY_STEPS: &str = r#" Write the `backup` of the store for this environment
with `copy_to: <region>`, as `environments: {<environment>: {backup: {...}}}` in its entry. The copy becomes the bucket of the backups, under its name:

```sh
platgen render --force=<environment>/<namespace>/<name>
```

Apply the region <copy region> as its README.md says, up to the step that applies everything, without the steps for <region>: the states there are away. An apply of
`data` that fails at `aws_s3_bucket_replication_configuration` alone has done what is needed: apply it again when <region> is back. Then make the
database from its backups as that README.md says, without a time. Where a file is missing because its copy was under way, choose the backup before. When <region> is
back, the same leads there.
"#;

const FROM_COPY_SEPARATE: &str = r#"
#### The data of <name> in another region, without <region>

Each region has a database of its own, and no other one takes the place of this one. The copy of its backups is `<copy id>`, which administrators alone read.
Give the bucket of the database in a region that is left these backups in a folder of their own:

```sh
bucket=
aws s3 sync --region <copy region> "s3://<copy id>/<name>" "s3://${bucket:?}/from-<region>/<name>"
```

There, make `<name>-restored` as the README.md of that region says under "Look at a point in time", with an ObjectStore of its own whose `destinationPath` ends in
`/from-<region>`, and take over from it what is needed.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::estate::estate;

    /// The text for `orders` in eu-west-1, for a store that says `independent` or not.
    fn text(independent: bool) -> String {
        let spec = r#"
apiVersion: platgen/v1
platform: {name: shop, owner: sre, domain: shop.example}
cloud: {provider: aws, accounts: {dev: "222222222222"}, state: {region: eu-west-1}}
regions: {eu-west-1: {zones: 3}, eu-central-1: {zones: 3}}
environments: {dev: {regions: [eu-west-1]}}
access: {groups: {sre: {id: platform-admin, role: admin}}}
teams: {sre: {group: sre}}
namespaces: {shop: {owner: sre}}
stores:
  orders: {engine: postgres, version: "17", storage: 10Gi, independent: SAID, users: {app: {}}, backup: {every: 6h, keep: 35d, copy_to: eu-central-1}}
"#;
        let estate = estate(&spec.replace("SAID", &independent.to_string()));
        let platform = &estate.environments["dev"];
        let region = &platform.regions["eu-west-1"];
        let workload = &region.workloads["shop/orders"];
        let (database, backup) = workload.database().zip(workload.backups.kept()).expect("a database with backups");
        let operated = workload.operated().expect("a database");
        backups(platform, region, workload, (operated, database), backup)
    }

    /// The copy takes the place of a bucket that goes with the primary region, and of no other.
    #[test]
    fn a_copy_becomes_the_bucket_of_a_store_that_moves() {
        let (moves, stays) = (text(false), text(true));
        assert!(moves.contains("platgen render --force=dev/shop/orders") && !moves.contains("of its own, and no other one"), "{moves}");
        assert!(stays.contains("of its own, and no other one") && !stays.contains("--force"), "{stays}");
        for text in [moves, stays] {
            assert!(text.contains("no version of an object can be deleted before, but by administrators"), "{text}");
            assert!(!text.contains("<name>") && !text.contains("<copy"), "{text}");
        }
    }
}
