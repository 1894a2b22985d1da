//! The dashboard of PostgreSQL, from the metrics that CloudNativePG serves on each server.

use super::{Dashboard, IN_NAMESPACE, NONE_IS_RIGHT, Panel, Row, Shape, Variable};
use crate::model::{Engine, Platform, Region};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-postgres",
    title: "PostgreSQL",
    about: "A database of CloudNativePG: its servers, what clients do, what it waits for, and its backups.",
    variables: &[IN_NAMESPACE, Variable { name: "workload", series: "platgen:workload:info", only: r#"engine="postgres""# }],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Alerts",
                    about: "ALERTS.md has a page on each, the README.md of the region the commands of the database.",
                    queries: &[(
                        r#"count(ALERTS{alertstate="firing",namespace="$namespace",workload="$workload"}) or vector(0)"#,
                        "firing",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Servers that take writes",
                    about: "Exactly one.",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 0.5)),
                    queries: &[(
                        r#"count(cnpg_pg_replication_in_recovery{namespace="$namespace",workload="$workload"} == 0) or vector(0)"#,
                        "primary",
                    )],
                },
                Panel {
                    title: "Servers that follow",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: None,
                    queries: &[(r#"max(cnpg_pg_replication_streaming_replicas{namespace="$namespace",workload="$workload"})"#, "replicas")],
                },
                Panel {
                    title: "Age of the newest backup",
                    about: "Empty before the first one.",
                    shape: Shape::Number,
                    unit: "s",
                    width: 6,
                    limits: None,
                    queries: &[(
                        r#"time() - max(barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="$namespace",workload="$workload"} > 0)"#,
                        "age",
                    )],
                },
            ],
        },
        Row {
            title: "Clients",
            panels: &[
                Panel {
                    title: "Connections",
                    about: "By state, and how many a server takes.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (r#"sum by (state) (cnpg_backends_total{namespace="$namespace",workload="$workload"})"#, "{{state}}"),
                        (
                            r#"max(cnpg_pg_settings_setting{namespace="$namespace",workload="$workload",name="max_connections"})"#,
                            "most of a server",
                        ),
                    ],
                },
                Panel {
                    title: "Transactions",
                    about: "",
                    shape: Shape::Lines,
                    unit: "ops",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"sum(rate(cnpg_pg_stat_database_xact_commit{namespace="$namespace",workload="$workload"}[$__rate_interval]))"#,
                            "committed",
                        ),
                        (
                            r#"sum(rate(cnpg_pg_stat_database_xact_rollback{namespace="$namespace",workload="$workload"}[$__rate_interval]))"#,
                            "rolled back",
                        ),
                        (
                            r#"sum(rate(cnpg_pg_stat_database_deadlocks{namespace="$namespace",workload="$workload"}[$__rate_interval]))"#,
                            "deadlocks",
                        ),
                    ],
                },
                Panel {
                    title: "Longest transaction",
                    about: "A long one holds locks, and keeps old rows from being cleaned up.",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"max by (pod) (cnpg_backends_max_tx_duration_seconds{namespace="$namespace",workload="$workload"})"#,
                        "{{pod}}",
                    )],
                },
            ],
        },
        Row {
            title: "Servers",
            panels: &[
                Panel {
                    title: "How far behind the primary",
                    about: "",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 8,
                    limits: None,
                    queries: &[(r#"max by (pod) (cnpg_pg_replication_lag{namespace="$namespace",workload="$workload"})"#, "{{pod}}")],
                },
                Panel {
                    title: "Blocks read from memory",
                    about: "Of all blocks that were read. Less means that the data no longer fits.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (pod) (rate(cnpg_pg_stat_database_blks_hit{namespace="$namespace",workload="$workload"}[$__rate_interval]))
                            / (sum by (pod) (rate(cnpg_pg_stat_database_blks_hit{namespace="$namespace",workload="$workload"}[$__rate_interval]))
                            + sum by (pod) (rate(cnpg_pg_stat_database_blks_read{namespace="$namespace",workload="$workload"}[$__rate_interval])))"#,
                        "{{pod}}",
                    )],
                },
                Panel {
                    title: "Size of databases",
                    about: "",
                    shape: Shape::Lines,
                    unit: "bytes",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"max by (datname) (cnpg_pg_database_size_bytes{namespace="$namespace",workload="$workload"})"#,
                        "{{datname}}",
                    )],
                },
                Panel {
                    title: "Log files that wait for the archive",
                    about: "They stay on the volume until the bucket has them.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"max by (pod) (cnpg_collector_pg_wal_archive_status{namespace="$namespace",workload="$workload",value="ready"})"#,
                        "{{pod}}",
                    )],
                },
                Panel {
                    title: "Age of the oldest transaction number",
                    about: "At two billion PostgreSQL stops. Its cleaning keeps it low.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: Some((3e8, 1e9)),
                    queries: &[(
                        r#"max by (datname) (cnpg_pg_database_xid_age{namespace="$namespace",workload="$workload"})"#,
                        "{{datname}}",
                    )],
                },
            ],
        },
    ],
    applies: postgres,
};

fn postgres(_: &Platform, region: &Region) -> bool {
    region.operates(Engine::Postgres)
}
