//! The part of a region's README about the restore test of a database: what it proves, its results, and what to do when it fails.

use super::guard::break_glass;
use crate::commands::in_primary;
use crate::labels::WORKLOAD;
use crate::model::{Backup, Database, Operated, Platform, RESTORE_TESTS, Region, RestoreTest};

/// The section about a restore test.
pub(super) fn restore_test(
    (platform, region): (&Platform, &Region),
    (name, operated, database): (&str, &Operated, &Database),
    backup: &Backup,
    test: &RestoreTest,
) -> String {
    let kubectl = format!("kubectl --context {} -n {RESTORE_TESTS}", region.cluster.name);
    let users: Vec<String> = operated.users.iter().map(|user| format!("`{}`", user.name)).collect();
    let words = [
        ("<why>", if backup.rto.is_some() { ", the `rto` of the spec" } else { "" }.to_owned()),
        ("<query>", if test.query.is_some() { "\n- the query of the spec does not say `true`." } else { "" }.to_owned()),
        ("<connect>", in_primary(&kubectl, test.database.as_str(), true, &format!("psql {}", database.name))),
        ("<kubectl>", kubectl),
        ("<glass>", break_glass(platform)),
        ("<label>", WORKLOAD.to_owned()),
        ("<users>", users.join(", ")),
        ("<owner>", database.owner.to_string()),
        ("<name of the database>", database.name.clone()),
        ("<schedule>", test.schedule.clone()),
        ("<limit>", test.limit.to_string()),
        ("<oldest>", test.oldest.to_string()),
        ("<database>", test.database.to_string()),
        ("<job>", test.job.to_string()),
        ("<namespace>", RESTORE_TESTS.to_owned()),
        ("<name>", name.to_owned()),
    ];
    words.iter().fold(TEXT.to_owned(), |text, (word, with)| text.replace(word, with))
}

/// The section, with words in angle brackets for names and commands.
const TEXT: &str = r#"
#### Restore test of <name>

At `<schedule>` (in UTC) a job makes the database `<database>` from the newest backup, in the namespace `<namespace>`, looks at it and deletes it. Only the job
and CloudNativePG reach it, and beside the API server it calls the bucket of the backups alone, which it can't write. While it is there, it takes the room
and the volume of one server of <name>. A test fails when

- the database is not ready within <limit><why>.
- the newest copy of all files was begun more than <oldest> ago: one is due in every interval, and the test takes its time.
- `<name of the database>` does not belong to `<owner>`, or one of these users is missing: <users>.<query>

It proves that the newest copy can be restored with the log that makes it whole. How far the log reaches beyond that, it can't prove: a database in which
nothing is written archives nothing. "Whether there is a backup" above shows that.

The results, newest last, and what the last check said:

```sh
<kubectl> get cronjobs.batch/<job> --output jsonpath='{.status.lastSuccessfulTime}'
<kubectl> get jobs --selector <label>=<job> --sort-by=.metadata.creationTimestamp
<kubectl> logs --selector <label>=<job> --container check --tail=20
```

In Prometheus, kube-state-metrics has them with `namespace="<namespace>"`: `kube_cronjob_status_last_successful_time` with `cronjob="<job>"`, and of each run
`kube_job_status_start_time`, `kube_job_status_completion_time` and `kube_job_failed`.

To test now, as an administrator, and not while another test of <name> runs:

```sh
run=<job>-$(date +%s)
<kubectl> create job --from=cronjobs.batch/<job> "${run:?}"
<kubectl> get "job/${run:?}" --watch
```

A test that fails leaves the database for a look, until the next one deletes it. The step that failed is the init container that did not complete:

```sh
<kubectl> get pods --selector <label>=<job> --sort-by=.metadata.creationTimestamp --output jsonpath='{range .items[*]}{.metadata.name}{range .status.initContainerStatuses[*]} {.name}={.state.terminated.reason}{end}{"\n"}{end}'
<kubectl> get events --sort-by=.lastTimestamp
<kubectl> describe clusters.postgresql.cnpg.io/<database>
<kubectl> logs --selector cnpg.io/cluster=<database>,cnpg.io/jobRole=full-recovery --all-containers --tail=50
<connect>
```

- `left-over` and `volume-gone`: what an earlier test left can't be deleted. The events say why; nothing is wrong with the backups yet.
- `restore`: the API server refuses the database. Compare the version of CloudNativePG with the one that "What has to exist" asks for.
- `ready`: the restore failed, and the log of `full-recovery` says why; or its pod found no node or volume; or it took too long. Until a test succeeds, take
  it that the backups are of no use: make one by hand, as above, and test again.
- `check`: its log says what is not as it should be. Old copies mean that the scheduled backups fail: the commands under "Whether there is a backup" show why.

A run ends as well when its node is drained: test again. To delete the database before the next test, and before `restore_test` leaves the spec:

```sh
<kubectl><glass> delete --ignore-not-found clusters.postgresql.cnpg.io/<database>
```
"#;
