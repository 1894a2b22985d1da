//! The part of a region's README about the backups of a database: whether there are any, and the ways back.

use crate::commands::in_primary;
use crate::model::{Backup, Database, Platform, Region, Workload};

/// The sections about the backups of a database.
pub(super) fn backups(platform: &Platform, region: &Region, workload: &Workload, database: &Database, backup: &Backup) -> String {
    let name = workload.name.as_str();
    let kubectl = format!("kubectl --context {} -n {}", region.cluster.name, workload.namespace);
    let query = |query: &str| in_primary(&kubectl, name, false, &format!("psql --command='{query}' {}", database.name));
    let copy = platform.buckets.get(&backup.bucket).and_then(|bucket| bucket.copy.as_ref());
    let restored = format!("{name}-restored");
    let dump = format!("pg_dump --format=custom --table=\"${{table:?}}\" {}", database.name);
    let load = format!("pg_restore --single-transaction --clean --if-exists --dbname={}", database.name);
    let recovery =
        format!("source: backups, database: {}, owner: {}, secret: {{name: {name}.{}}}", database.name, database.owner, database.owner);
    // One server waits for no other.
    let alone = if database.durability.is_some() { "    - {op: remove, path: /spec/postgresql/synchronous}\n" } else { "" };
    let (lost, away) = match copy {
        Some(copy) if platform.regions.contains_key(copy.region.as_str()) => (LOSES_REGION, FROM_COPY),
        Some(_) => (LOSES_REGION, FROM_COPY_ELSEWHERE),
        None => (LOSES_ALL, ""),
    };
    let (copy_id, copy_region) = copy.map_or(("", ""), |copy| (copy.id.as_str(), copy.region.as_str()));
    let words = [
        ("<lost>", lost.to_owned()),
        ("<away>", away.to_owned()),
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
        ("<cluster>", region.cluster.name.clone()),
        ("<file>", format!("kubernetes/{}/{}/{}/{name}.yaml", platform.environment, region.name, workload.namespace)),
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
    words.iter().fold(BACKUPS.to_owned(), |text, (word, with)| text.replace(word, with))
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
<keep> days can be restored; no object can be deleted before. A restore of a full volume takes <restore> at least, and longer the more was written since
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
<kubectl> wait --for=jsonpath='{.status.phase}'=completed --timeout=24h "${backup:?}"
```

#### Look at a point in time of <name>

This makes the database `<name>-restored` beside the other one, from the backups and as the same service account. It archives nothing. Set the time, in UTC,
such as `time=2026-01-31T08:00:00Z`; without one it is the newest state.

```sh
time=
line=latest
target=
if [ -n "$time" ]; then target=", recoveryTarget: {targetTime: \"$time\", targetTLI: \"$line\"}"; fi
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
    - {op: replace, path: /spec/bootstrap, value: {recovery: {<recovery>$target}}}
<alone>    - {op: remove, path: /spec/plugins}
    - {op: add, path: /spec/serviceAccountName, value: <name>}
    - {op: add, path: /spec/externalClusters, value: [{name: backups, plugin: {name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: <name>, serverName: <name>}}}]}
END
kubectl --context <cluster> apply --server-side -k "$work"
<kubectl> wait --for=condition=Ready --timeout=24h clusters.postgresql.cnpg.io/<name>-restored
<connect>
```

To take a table over from there as it was. What was written to the table since is lost:

```sh
table=
<dump> > "$work/table.dump"
<load> < "$work/table.dump"
```

When nobody needs it any more:

```sh
<kubectl> delete clusters.postgresql.cnpg.io/<name>-restored networkpolicies.networking.k8s.io/<name>-restored
rm -r "${work:?}"
```

#### Go back to a point in time with <name>

The database keeps its name, its passwords and its Service, so that nothing else changes. Look at the point in time first, as above. Then make a backup,
as above, and note the time and the number of the line of time: that is the way forward again. After the loss of all servers there is nothing to note.

```sh
<switch>
<archived>
<line>
date -u +%Y-%m-%dT%H:%M:%SZ
```

Once the archive has the log up to now, this deletes the database with its volumes. Clients fail until the next commands are done:

```sh
<kubectl> delete --timeout=1h clusters.postgresql.cnpg.io/<name>
```

<make it><away>"#;

const MAKE: &str = r#"This makes the database from its backups. Set the time as above:

```sh
time=
line=latest
target=
if [ -n "$time" ]; then target=", recoveryTarget: {targetTime: \"$time\", targetTLI: \"$line\"}"; fi
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
    - {op: replace, path: /spec/bootstrap, value: {recovery: {<recovery>$target}}}
    - {op: add, path: /spec/externalClusters, value: [{name: backups, plugin: {name: barman-cloud.cloudnative-pg.io, parameters: {barmanObjectName: <name>, serverName: <name>}}}]}
END
kubectl --context <cluster> apply --server-side -k "$work"
<kubectl> wait --for=condition=Ready --timeout=24h clusters.postgresql.cnpg.io/<name>
```

Look with a query whether the data is what it should be. To take it all back, delete and make the database again, with `time` and `line` as you noted them.
Otherwise, this makes the database one of the files again, without a restart. Then make another backup.

```sh
kubectl --context <cluster> apply --server-side -f <file>
rm -r "${work:?}"
```

From then on, the archive is in a new line of time, whose files have other names: nothing of the state that was left is overwritten. A time before the first
backup in the new line may need the number of the old one as `line`.
"#;

const FROM_COPY: &str = r#"
#### Make <name> in <copy region>, without <region>

The copy of the backups is `<copy id>`. Set `primary` of the environment to <copy region> in the spec and `copy_to: <region>` in `backup`, and render: the copy
becomes the bucket of the backups, under its name. Apply the roots `data` and `cluster` of <copy region>, then the region as its README.md says, up to the
step "Apply everything". Before it, make the database from its backups as that README.md says, without a time. When <region> is back, the same leads there.
"#;

const FROM_COPY_ELSEWHERE: &str = r#"
#### Make <name> in <copy region>, without <region>

The copy of the backups is `<copy id>`. The environment does not run there: add <copy region> to its `regions`, as `primary`, with `copy_to: <region>` in
`backup`, and render: the copy becomes the bucket of the backups, under its name. Apply the region as its README.md says, up to the step "Apply everything".
Before it, make the database from its backups as that README.md says, without a time.
"#;
