//! The dashboard of backups: how old they are, how far behind the log is, how much there is to restore, and whether restores were proved.

use super::{Dashboard, NONE_IS_RIGHT, Panel, Row, Shape};
use crate::model::{Platform, Region};

/// How old the proof of restores is.
pub(super) const PROVED: Panel = Panel {
    title: "Age of the newest restore test that succeeded, by what the spec allows",
    about: "100 %: as old as it may be. Empty without restore tests.",
    shape: Shape::Bars,
    unit: "percentunit",
    width: 8,
    limits: Some((0.9, 1.0)),
    queries: &[(
        r#"(time() - max by (namespace, workload) (platgen:workload:last_success and on (namespace, workload) platgen:workload:info{role="test"}))
            / on (namespace, workload) platgen:workload:oldest_success_seconds"#,
        "{{workload}}",
    )],
};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-backups",
    title: "Backups",
    about: "The PostgreSQL stores of a region that have backups: copies, the log of changes, size, and restore tests.",
    variables: &[],
    rows: &[
        Row {
            title: "Could everything be restored?",
            panels: &[
                Panel {
                    title: "Alerts on backups and restore tests",
                    about: "ALERTS.md has a page on each.",
                    width: 8,
                    queries: &[(
                        r#"count(ALERTS{alertstate="firing",alertname=~"Backup.+|RecoveryPoint.+|Archive.+|RestoreTest.+"}) or vector(0)"#,
                        "firing",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Stores whose newest copy is as old as it may be",
                    about: "Those that have none yet are among them.",
                    width: 8,
                    queries: &[(
                        r"count(time() - max by (namespace, workload) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp)
                            > on (namespace, workload) platgen:backup:oldest_seconds) or vector(0)",
                        "stores",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Stores whose last copy failed",
                    width: 8,
                    queries: &[(
                        r"count(max by (namespace, workload) (barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp)
                            > max by (namespace, workload) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp)) or vector(0)",
                        "stores",
                    )],
                    ..NONE_IS_RIGHT
                },
            ],
        },
        Row {
            title: "Copies and the log of changes",
            panels: &[
                Panel {
                    title: "Age of the newest copy",
                    about: "It falls with each copy of all files.",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 12,
                    limits: None,
                    queries: &[
                        (
                            r"time() - max by (namespace, workload) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp > 0)",
                            "{{namespace}}/{{workload}}",
                        ),
                        ("max by (namespace, workload) (platgen:backup:oldest_seconds)", "most of {{namespace}}/{{workload}}"),
                    ],
                },
                Panel {
                    title: "How far back a restore can go",
                    about: "From the oldest copy on, every point in time.",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r"time() - min by (namespace, workload) (barman_cloud_cloudnative_pg_io_first_recoverability_point > 0)",
                        "{{namespace}}/{{workload}}",
                    )],
                },
                Panel {
                    title: "Time since the log was archived, by what may be lost",
                    about: "Above 100 % while changes wait, more would be lost with the volumes than the spec allows. A database at rest archives nothing.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r"max by (namespace, workload) (cnpg_pg_stat_archiver_seconds_since_last_archival >= 0)
                            / on (namespace, workload) platgen:backup:recovery_point_seconds",
                        "{{namespace}}/{{workload}}",
                    )],
                },
                Panel {
                    title: "Files of the log that wait for the archive",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 12,
                    limits: Some((10.0, 100.0)),
                    queries: &[(
                        r#"max by (namespace, workload) (cnpg_collector_pg_wal_archive_status{value="ready"})"#,
                        "{{namespace}}/{{workload}}",
                    )],
                },
            ],
        },
        Row {
            title: "Restores",
            panels: &[
                PROVED,
                Panel {
                    title: "Duration of restore tests",
                    about: "Of those that succeeded: how long a restore takes, with the check of what was restored.",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"max by (namespace, workload) (
                            (max by (namespace, job_name) (kube_job_status_completion_time) - max by (namespace, job_name) (kube_job_status_start_time))
                            * on (namespace, job_name) group_left (workload) platgen:job:workload)
                            and on (namespace, workload) platgen:workload:info{role="test"}"#,
                        "{{workload}}",
                    )],
                },
                Panel {
                    title: "Size of what would be restored",
                    about: "All databases of a store.",
                    shape: Shape::Lines,
                    unit: "bytes",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r"max by (namespace, workload) (sum by (namespace, workload, pod) (cnpg_pg_database_size_bytes))
                            and on (namespace, workload) platgen:backup:oldest_seconds",
                        "{{namespace}}/{{workload}}",
                    )],
                },
            ],
        },
    ],
    applies: backed_up,
};

fn backed_up(_: &Platform, region: &Region) -> bool {
    region.workloads.values().any(|workload| workload.database().is_some() && workload.backups.kept().is_some())
}
