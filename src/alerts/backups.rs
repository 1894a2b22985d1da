//! Alerts on backups of databases of CloudNativePG, and on the tests of their restores.

use super::facts::role;
use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "backups", title: "Backups", alerts: ALERTS, replaces: &[] };

fn backups(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.backups.kept().is_some())
}

fn tests(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("test"))
}

const INFO: (&str, &str) =
    (r#"platgen:workload:info{namespace="shop",workload="orders",owner="carts",role="store",engine="postgres"}"#, "1x200");
const TEST: (&str, &str) =
    (r#"platgen:workload:info{namespace="restore-tests",workload="orders-shop-test",owner="carts",role="test"}"#, "1x200");
const OLDEST: (&str, &str) = (r#"platgen:backup:oldest_seconds{namespace="shop",workload="orders"}"#, "3600x200");
const POINT: (&str, &str) = (r#"platgen:backup:recovery_point_seconds{namespace="shop",workload="orders"}"#, "600x200");
const POD: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="orders-1",label_platgen_io_workload="orders"}"#, "1x200");
const READY: (&str, &str) = (r#"kube_pod_status_ready{namespace="shop",pod="orders-1",condition="true"}"#, "1x200");
const ORDERS: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "orders"), ("owner", "carts")];
const TESTED: &[(&str, &str)] = &[("namespace", "restore-tests"), ("workload", "orders-shop-test"), ("owner", "carts")];
const LOOK: &[&str] = &[
    "@ get scheduledbackups.postgresql.cnpg.io,backups.postgresql.cnpg.io --sort-by .metadata.creationTimestamp",
    "@ describe clusters.postgresql.cnpg.io \"$workload\"",
    "@ logs --selector cnpg.io/cluster=\"$workload\" --container plugin-barman-cloud --tail 100 --prefix",
];
const LOOK_TEST: &[&str] = &[
    "@ get cronjobs,jobs,pods --selector platgen.io/workload=\"$workload\"",
    "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
    "@ get clusters.postgresql.cnpg.io",
];
const MEND: &str = "The log of the plugin has the answer of the bucket: no right (the role of the store's service account, Terraform root `data`), no route, or no such bucket. Once mended, the next backup comes on its own.";

/// A server that has archived nothing since its start.
const NEVER_ARCHIVED: Case = Case::fires(
    16,
    &[
        INFO,
        POINT,
        POD,
        (r#"cnpg_pg_stat_archiver_seconds_since_last_archival{namespace="shop",pod="orders-1"}"#, "-1x60"),
        (r#"cnpg_pg_postmaster_start_time{namespace="shop",pod="orders-1"}"#, "0x60"),
        (r#"cnpg_collector_pg_wal_archive_status{namespace="shop",pod="orders-1",value="ready"}"#, "1x60"),
    ],
    ORDERS,
)
.with("16m 0s");

const ALERTS: &[Alert] = &[
    Alert {
        name: "BackupTooOld",
        // The series is zero until the first backup is there: that is as old as can be, and has an hour.
        expr: r"((time() - max by (namespace, workload) (
              barman_cloud_cloudnative_pg_io_last_available_backup_timestamp
              * on (namespace, pod) group_left (workload) platgen:pod:workload))
              > on (namespace, workload) platgen:backup:oldest_seconds)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "1h",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: backups,
        summary: "the newest backup of {{ $labels.workload }} in {{ $labels.namespace }} is too old",
        description: "No copy of all files of {{ $labels.workload }} in {{ $labels.namespace }} was made for longer than the spec allows.",
        page: Page {
            meaning: "The database works. A restore takes longer than promised, and once old copies expire there is nothing to restore from.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            121,
            &[
                INFO,
                OLDEST,
                POD,
                (r#"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="shop",pod="orders-1"}"#, "0x200"),
            ],
            ORDERS,
        ),
        silent: Case::silent(
            180,
            &[
                INFO,
                OLDEST,
                POD,
                (r#"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="shop",pod="orders-1"}"#, "0x100 6000x100"),
            ],
        ),
    },
    Alert {
        name: "BackupFailed",
        expr: r"(max by (namespace, workload) (
                barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp * on (namespace, pod) group_left (workload) platgen:pod:workload)
              > on (namespace, workload) max by (namespace, workload) (
                barman_cloud_cloudnative_pg_io_last_available_backup_timestamp * on (namespace, pod) group_left (workload) platgen:pod:workload))
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: backups,
        summary: "the last backup of {{ $labels.workload }} in {{ $labels.namespace }} failed",
        description: "The last copy of all files of {{ $labels.workload }} in {{ $labels.namespace }} failed, and none has succeeded since.",
        page: Page {
            meaning: "Older copies and the log of changes are still there. BackupTooOld says when it matters.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            5,
            &[
                INFO,
                POD,
                (r#"barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{namespace="shop",pod="orders-1"}"#, "200x60"),
                (r#"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="shop",pod="orders-1"}"#, "100x60"),
            ],
            ORDERS,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (r#"barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp{namespace="shop",pod="orders-1"}"#, "200x60"),
                (r#"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="shop",pod="orders-1"}"#, "200x60"),
            ],
        ),
    },
    Alert {
        name: "BackupUnknown",
        expr: r"((platgen:backup:oldest_seconds and on (namespace, workload) platgen:workload:ready_pods > 0)
              unless on (namespace, workload)
              barman_cloud_cloudnative_pg_io_last_available_backup_timestamp * on (namespace, pod) group_left (workload) platgen:pod:workload)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: backups,
        summary: "nothing is known of the backups of {{ $labels.workload }} in {{ $labels.namespace }}",
        description: "{{ $labels.workload }} in {{ $labels.namespace }} runs, and has said nothing about its backups for an hour: alerts on them stay silent.",
        page: Page {
            meaning: "Backups may be made, or not.",
            look: LOOK,
            mend: "The plugin does not run beside the server, can't read its ObjectStore, or Prometheus does not reach the server (AppMetricsMissing).",
        },
        fires: Case::fires(60, &[INFO, OLDEST, POD, READY], ORDERS),
        silent: Case::silent(
            90,
            &[
                INFO,
                OLDEST,
                POD,
                READY,
                (r#"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="shop",pod="orders-1"}"#, "60x200"),
            ],
        ),
    },
    Alert {
        name: "RecoveryPointTooOld",
        // A database at rest archives nothing, and nothing waits then. A server that has archived nothing yet says -1: it counts from its start.
        expr: r#"(max by (namespace, workload) (
                ((cnpg_pg_stat_archiver_seconds_since_last_archival >= 0
                    or time() - cnpg_pg_postmaster_start_time and on (namespace, pod) cnpg_pg_stat_archiver_seconds_since_last_archival < 0)
                  and on (namespace, pod) cnpg_collector_pg_wal_archive_status{value="ready"} > 0)
                * on (namespace, pod) group_left (workload) platgen:pod:workload)
              > on (namespace, workload) platgen:backup:recovery_point_seconds)
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: backups,
        summary: "changes of {{ $labels.workload }} in {{ $labels.namespace }} do not reach the backups",
        description: "The log of changes of {{ $labels.workload }} in {{ $labels.namespace }} was last archived {{ $value | humanizeDuration }} ago, and more of it waits: that is more than may be lost.",
        page: Page {
            meaning: "What was written since would be lost with the volumes. The log that waits fills them.",
            look: LOOK,
            mend: MEND,
        },
        fires: Case::fires(
            5,
            &[
                INFO,
                POINT,
                POD,
                (r#"cnpg_pg_stat_archiver_seconds_since_last_archival{namespace="shop",pod="orders-1"}"#, "601+60x60"),
                (r#"cnpg_collector_pg_wal_archive_status{namespace="shop",pod="orders-1",value="ready"}"#, "1x60"),
            ],
            ORDERS,
        )
        .with("15m 1s")
        .and(&NEVER_ARCHIVED),
        silent: Case::silent(
            30,
            &[
                INFO,
                POINT,
                POD,
                (r#"cnpg_pg_stat_archiver_seconds_since_last_archival{namespace="shop",pod="orders-1"}"#, "601+60x60"),
                (r#"cnpg_collector_pg_wal_archive_status{namespace="shop",pod="orders-1",value="ready"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "ArchiveBehind",
        expr: r#"max by (namespace, workload) (
              (cnpg_collector_pg_wal_archive_status{value="ready"} > 100)
              * on (namespace, pod) group_left (workload) platgen:pod:workload)
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: backups,
        summary: "the log of {{ $labels.workload }} in {{ $labels.namespace }} piles up",
        description: "{{ $value }} files of the log of changes of {{ $labels.workload }} in {{ $labels.namespace }} have waited for the archive for 15 minutes.",
        page: Page { meaning: "They fill the volume, and the backups do not have them.", look: LOOK, mend: MEND },
        fires: Case::fires(
            15,
            &[INFO, POD, (r#"cnpg_collector_pg_wal_archive_status{namespace="shop",pod="orders-1",value="ready"}"#, "120x60")],
            ORDERS,
        )
        .with("120"),
        silent: Case::silent(
            30,
            &[INFO, POD, (r#"cnpg_collector_pg_wal_archive_status{namespace="shop",pod="orders-1",value="ready"}"#, "100x60")],
        ),
    },
    Alert {
        name: "RestoreTestMissed",
        expr: r#"((time() - platgen:workload:last_success > on (namespace, workload) group_left () platgen:workload:oldest_success_seconds)
              unless on (namespace, cronjob) kube_cronjob_spec_suspend == 1)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="test"}"#,
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: tests,
        summary: "the restore test {{ $labels.workload }} has not succeeded in time",
        description: "The last restore that {{ $labels.workload }} proved was {{ $value | humanizeDuration }} ago.",
        page: Page {
            meaning: "Backups are made, and nobody knows whether they can be restored.",
            look: LOOK_TEST,
            mend: "The log of the job says what failed: the restore, its time, or the query. A database that the test left there shows why; the next test deletes it.",
        },
        fires: Case::fires(
            66,
            &[
                TEST,
                (r#"platgen:workload:oldest_success_seconds{namespace="restore-tests",workload="orders-shop-test"}"#, "3600x200"),
                (r#"kube_cronjob_created{namespace="restore-tests",cronjob="orders-shop-test"}"#, "0x200"),
                (r#"kube_cronjob_spec_suspend{namespace="restore-tests",cronjob="orders-shop-test"}"#, "0x200"),
            ],
            &[("namespace", "restore-tests"), ("cronjob", "orders-shop-test"), ("workload", "orders-shop-test"), ("owner", "carts")],
        )
        .with("1h 6m 0s"),
        silent: Case::silent(
            90,
            &[
                TEST,
                (r#"platgen:workload:oldest_success_seconds{namespace="restore-tests",workload="orders-shop-test"}"#, "3600x200"),
                (r#"kube_cronjob_created{namespace="restore-tests",cronjob="orders-shop-test"}"#, "0x200"),
                (r#"kube_cronjob_status_last_successful_time{namespace="restore-tests",cronjob="orders-shop-test"}"#, "_x40 2400x100"),
            ],
        ),
    },
    Alert {
        name: "RestoreTestFailed",
        expr: r#"(platgen:workload:newest_failed_job > on (namespace, workload) platgen:workload:last_success)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="test"}"#,
        wait: "1m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: tests,
        summary: "the restore test {{ $labels.workload }} failed",
        description: "The last restore test {{ $labels.workload }} failed: as far as it knows, the backup can't be restored.",
        page: Page {
            meaning: "If the database were lost now, a restore might fail in the same way.",
            look: LOOK_TEST,
            mend: "The log of the job says what failed: the restore, its time, or the query. A database that the test left there shows why; the next test deletes it.",
        },
        fires: Case::fires(
            10,
            &[
                TEST,
                (
                    r#"kube_job_labels{namespace="restore-tests",job_name="orders-shop-test-1",label_platgen_io_workload="orders-shop-test"}"#,
                    "1x60",
                ),
                (r#"kube_job_created{namespace="restore-tests",job_name="orders-shop-test-1"}"#, "300x60"),
                (r#"kube_job_failed{namespace="restore-tests",job_name="orders-shop-test-1",condition="true"}"#, "_x9 1x50"),
                (r#"kube_cronjob_status_last_successful_time{namespace="restore-tests",cronjob="orders-shop-test"}"#, "100x60"),
            ],
            TESTED,
        ),
        silent: Case::silent(
            30,
            &[
                TEST,
                (
                    r#"kube_job_labels{namespace="restore-tests",job_name="orders-shop-test-1",label_platgen_io_workload="orders-shop-test"}"#,
                    "1x60",
                ),
                (r#"kube_job_created{namespace="restore-tests",job_name="orders-shop-test-1"}"#, "300x60"),
                (r#"kube_job_failed{namespace="restore-tests",job_name="orders-shop-test-1",condition="true"}"#, "_x9 1x50"),
                (r#"kube_cronjob_status_last_successful_time{namespace="restore-tests",cronjob="orders-shop-test"}"#, "600x60"),
            ],
        ),
    },
];
