//! Alerts on databases of CloudNativePG, from the metrics of each server. A server has no label of its database: its pod leads to it.

use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Engine, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "postgres", title: "PostgreSQL", alerts: ALERTS, replaces: &[] };

fn postgres(_: &Platform, region: &Region) -> bool {
    region.operates(Engine::Postgres)
}

fn several(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.database().is_some() && workload.replicas.0 > 1)
}

fn standby(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.backups.followed().is_some())
}

const STANDBY: (&str, &str) = (r#"platgen:workload:standby{namespace="shop",workload="orders"}"#, "1x90");
const INFO: (&str, &str) =
    (r#"platgen:workload:info{namespace="shop",workload="orders",owner="carts",role="store",engine="postgres"}"#, "1x90");
const LEAST: (&str, &str) = (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "3x90");
const POD: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="orders-1",label_platgen_io_workload="orders"}"#, "1x90");
const OTHER: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="orders-2",label_platgen_io_workload="orders"}"#, "1x90");
const ORDERS: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "orders"), ("owner", "carts")];
const SERVER: &[(&str, &str)] = &[("namespace", "shop"), ("pod", "orders-1"), ("workload", "orders"), ("owner", "carts")];
/// No server of a standby takes writes.
const FOLLOWS: Case = Case::silent(
    30,
    &[
        INFO,
        STANDBY,
        POD,
        OTHER,
        (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-1"}"#, "1x60"),
        (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-2"}"#, "1x60"),
    ],
);
/// A standby is as old as the archive that it follows.
const OLD: Case = Case::silent(30, &[INFO, STANDBY, POD, (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-1"}"#, "90x60")]);
const LOOK: &[&str] = &[
    "@ get clusters.postgresql.cnpg.io \"$workload\"",
    "@ get pods --selector cnpg.io/cluster=\"$workload\" --label-columns cnpg.io/instanceRole --output wide",
    "@ logs --selector cnpg.io/cluster=\"$workload\" --container postgres --tail 100 --prefix",
];

const ALERTS: &[Alert] = &[
    Alert {
        name: "PostgresNoPrimary",
        // Every server that answers says that it follows another one, and should not. A database without any answer is StoreDown or AppMetricsMissing.
        expr: r"((min by (namespace, workload) (
              cnpg_pg_replication_in_recovery * on (namespace, pod) group_left (workload) platgen:pod:workload) == 1)
              unless on (namespace, workload) platgen:workload:standby)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "2m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: postgres,
        summary: "the database {{ $labels.workload }} in {{ $labels.namespace }} takes no writes",
        description: "No server of {{ $labels.workload }} in {{ $labels.namespace }} has been the primary for 2 minutes.",
        page: Page {
            meaning: "Apps read at best. CloudNativePG makes another server the primary within a minute, and did not.",
            look: LOOK,
            mend: "The status of the Cluster says what the operator waits for. The operator is down: see AddonDown. A server that is fenced: see PostgresFenced. Do not delete pods or claims before you know which server has the newest data.",
        },
        fires: Case::fires(
            2,
            &[
                INFO,
                POD,
                OTHER,
                (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-1"}"#, "1x60"),
                (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-2"}"#, "1x60"),
            ],
            ORDERS,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                OTHER,
                (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-1"}"#, "0x60"),
                (r#"cnpg_pg_replication_in_recovery{namespace="shop",pod="orders-2"}"#, "1x60"),
            ],
        )
        .and(&FOLLOWS),
    },
    Alert {
        name: "PostgresNoReplica",
        expr: r"(max by (namespace, workload) (
              cnpg_pg_replication_streaming_replicas * on (namespace, pod) group_left (workload) platgen:pod:workload) == 0
              and on (namespace, workload) platgen:workload:least_pods > 1)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: several,
        summary: "no second server of {{ $labels.workload }} in {{ $labels.namespace }} has the data",
        description: "No server follows the primary of {{ $labels.workload }} in {{ $labels.namespace }} for 5 minutes.",
        page: Page {
            meaning: "Where a transaction waits for a second server, writes stand still. Where it does not, what is written now is lost with this server, back to the last archived log.",
            look: LOOK,
            mend: "Bring the other servers back: their pods say why they are not ready. Their connection to the primary: port 5432 among the servers.",
        },
        fires: Case::fires(
            5,
            &[INFO, LEAST, POD, (r#"cnpg_pg_replication_streaming_replicas{namespace="shop",pod="orders-1"}"#, "0x60")],
            ORDERS,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "1x60"),
                POD,
                (r#"cnpg_pg_replication_streaming_replicas{namespace="shop",pod="orders-1"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "PostgresReplicasMissing",
        expr: r"((max by (namespace, workload) (
              cnpg_pg_replication_streaming_replicas * on (namespace, pod) group_left (workload) platgen:pod:workload) > 0)
              < on (namespace, workload) platgen:workload:least_pods - 1)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: several,
        summary: "a server of {{ $labels.workload }} in {{ $labels.namespace }} does not follow the primary",
        description: "{{ $value }} servers follow the primary of {{ $labels.workload }} in {{ $labels.namespace }}, fewer than there should be, for 15 minutes.",
        page: Page {
            meaning: "The database works. One more lost server may stop writes.",
            look: LOOK,
            mend: "Compare the pods with the roles: one is not ready, or does not find the primary. Its log says why.",
        },
        fires: Case::fires(
            15,
            &[INFO, LEAST, POD, (r#"cnpg_pg_replication_streaming_replicas{namespace="shop",pod="orders-1"}"#, "1x60")],
            ORDERS,
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[INFO, LEAST, POD, (r#"cnpg_pg_replication_streaming_replicas{namespace="shop",pod="orders-1"}"#, "2x60")],
        ),
    },
    Alert {
        name: "PostgresReplicationLag",
        // A standby in another region is as old as its archive: see PostgresStandbyOld.
        expr: r"((cnpg_pg_replication_lag * on (namespace, pod) group_left (workload) platgen:pod:workload)
              unless on (namespace, workload) platgen:workload:standby)
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD",
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: several,
        summary: "the server {{ $labels.pod }} in {{ $labels.namespace }} is behind its primary",
        description: "What {{ $labels.pod }} shows is {{ $value | humanizeDuration }} old, for 10 minutes.",
        page: Page {
            meaning: "Reads from this server show old data. If it becomes the primary, it first has to catch up.",
            look: LOOK,
            mend: "A long query on this server holds it up, or it writes more slowly than the primary: look at the load of its node and volume.",
        },
        fires: Case::fires(10, &[INFO, POD, (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-1"}"#, "90x60")], SERVER)
            .with("1m 30s"),
        silent: Case::silent(30, &[INFO, POD, (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-1"}"#, "60x60")]).and(&OLD),
    },
    Alert {
        name: "PostgresStandbyOld",
        // Of its servers, one reads the archive; the others follow that one, and say 0.
        expr: r"((max by (namespace, workload) (cnpg_pg_replication_lag * on (namespace, pod) group_left (workload) platgen:pod:workload))
              and on (namespace, workload) platgen:workload:standby)
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: standby,
        summary: "the standby of {{ $labels.workload }} in {{ $labels.namespace }} is old",
        description: "The last transaction that the standby of {{ $labels.workload }} in {{ $labels.namespace }} has is {{ $value | humanizeDuration }} old.",
        page: Page {
            meaning: "If this region takes over now, what was written since is lost. Where nobody writes for that long, the standby has everything, and a longer threshold fits.",
            look: LOOK,
            mend: "In the primary region, see whether the log is archived (PostgresBackup alerts there), and whether S3 copies the bucket. Here, the log of the first server says which part of the archive it asks for. After a restore there, make the standby anew: the README.md of the region says how.",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                STANDBY,
                POD,
                OTHER,
                (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-1"}"#, "7200x60"),
                (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-2"}"#, "0x60"),
            ],
            ORDERS,
        )
        .with("2h 0m 0s"),
        silent: Case::silent(
            30,
            &[
                INFO,
                STANDBY,
                POD,
                OTHER,
                (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-1"}"#, "3600x60"),
                (r#"cnpg_pg_replication_lag{namespace="shop",pod="orders-2"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "PostgresConnectionsAlmostGone",
        expr: r#"sum by (namespace, pod) (cnpg_backends_total)
            / on (namespace, pod) max by (namespace, pod) (cnpg_pg_settings_setting{name="max_connections"})
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "{{ $labels.pod }} in {{ $labels.namespace }} has few connections left",
        description: "{{ $value | humanizePercentage }} of the connections of {{ $labels.pod }} in {{ $labels.namespace }} have been in use for 10 minutes.",
        page: Page {
            meaning: "When all are in use, apps get errors when they connect.",
            look: LOOK,
            mend: "Find who holds them: more pods than before, or a pool that is too large. Limit the pools of the apps; `max_connections` under `parameters` costs memory for each.",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                POD,
                (r#"cnpg_backends_total{namespace="shop",pod="orders-1",datname="orders",usename="app",state="active"}"#, "50x60"),
                (r#"cnpg_backends_total{namespace="shop",pod="orders-1",datname="orders",usename="app",state="idle"}"#, "40x60"),
                (r#"cnpg_pg_settings_setting{namespace="shop",pod="orders-1",name="max_connections"}"#, "100x60"),
            ],
            SERVER,
        )
        .with("90%"),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (r#"cnpg_backends_total{namespace="shop",pod="orders-1",datname="orders",usename="app",state="active"}"#, "40x60"),
                (r#"cnpg_backends_total{namespace="shop",pod="orders-1",datname="orders",usename="app",state="idle"}"#, "44x60"),
                (r#"cnpg_pg_settings_setting{namespace="shop",pod="orders-1",name="max_connections"}"#, "100x60"),
            ],
        ),
    },
    Alert {
        name: "PostgresTransactionIdsRunOut",
        // PostgreSQL refuses writes at two billion, and starts to clean up at 200 million.
        expr: r"max by (namespace, pod) (cnpg_pg_database_xid_age)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > 5e8",
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "{{ $labels.pod }} in {{ $labels.namespace }} uses up its transaction ids",
        description: "The oldest transaction id of {{ $labels.pod }} in {{ $labels.namespace }} is {{ $value | humanize }} transactions old. At two billion the database refuses writes.",
        page: Page {
            meaning: "The cleaning of old rows (autovacuum) does not keep up, or something stops it.",
            look: LOOK,
            mend: "Look for transactions that stay open for hours (PostgresLongTransaction), prepared transactions and replication slots that nobody reads: they hold the oldest id.",
        },
        fires: Case::fires(
            60,
            &[INFO, POD, (r#"cnpg_pg_database_xid_age{namespace="shop",pod="orders-1",datname="orders"}"#, "6e8x90")],
            SERVER,
        )
        .with("600M"),
        silent: Case::silent(80, &[INFO, POD, (r#"cnpg_pg_database_xid_age{namespace="shop",pod="orders-1",datname="orders"}"#, "5e8x90")]),
    },
    Alert {
        name: "PostgresLongTransaction",
        expr: r"max by (namespace, pod) (cnpg_backends_max_tx_duration_seconds)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD",
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "a transaction on {{ $labels.pod }} in {{ $labels.namespace }} has been open for long",
        description: "A transaction on {{ $labels.pod }} in {{ $labels.namespace }} has been open for {{ $value | humanizeDuration }}.",
        page: Page {
            meaning: "It holds locks and keeps old rows from being cleaned up: queries get slower, volumes fill.",
            look: LOOK,
            mend: "A backup or a migration may be at work. Else the app forgot to end it: restart the pod that holds it, and set `idle_in_transaction_session_timeout` under `parameters`.",
        },
        fires: Case::fires(
            5,
            &[
                INFO,
                POD,
                (r#"cnpg_backends_max_tx_duration_seconds{namespace="shop",pod="orders-1",datname="orders",state="active"}"#, "4000x60"),
            ],
            SERVER,
        )
        .with("1h 6m 40s"),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (r#"cnpg_backends_max_tx_duration_seconds{namespace="shop",pod="orders-1",datname="orders",state="active"}"#, "3600x60"),
            ],
        ),
    },
    Alert {
        name: "PostgresDeadlocks",
        expr: r"sum by (namespace, pod) (increase(cnpg_pg_stat_database_deadlocks[30m]))
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > 10",
        wait: "0m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "transactions on {{ $labels.pod }} in {{ $labels.namespace }} block each other",
        description: "{{ $value | humanize }} transactions on {{ $labels.pod }} in {{ $labels.namespace }} were ended by deadlocks in 30 minutes.",
        page: Page {
            meaning: "Each of them failed with an error in an app.",
            look: LOOK,
            mend: "The log of the server has the two statements of each. Apps have to change rows in one order.",
        },
        fires: Case::fires(
            31,
            &[INFO, POD, (r#"cnpg_pg_stat_database_deadlocks{namespace="shop",pod="orders-1",datname="orders"}"#, "0x30 12x40")],
            SERVER,
        )
        .with("12"),
        silent: Case::silent(
            40,
            &[INFO, POD, (r#"cnpg_pg_stat_database_deadlocks{namespace="shop",pod="orders-1",datname="orders"}"#, "0x30 8x40")],
        ),
    },
    Alert {
        name: "PostgresOnOneNode",
        expr: r"((max by (namespace, workload) (
              cnpg_collector_nodes_used * on (namespace, pod) group_left (workload) platgen:pod:workload) == 1)
              and on (namespace, workload) platgen:workload:least_pods > 1)
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: several,
        summary: "all servers of {{ $labels.workload }} in {{ $labels.namespace }} are on one node",
        description: "The servers of {{ $labels.workload }} in {{ $labels.namespace }} have shared one node for 30 minutes.",
        page: Page {
            meaning: "The loss of that node takes the database down.",
            look: LOOK,
            mend: "The pool has too few nodes, or none in other zones. Once there are more, delete the pods of the replicas one after the other.",
        },
        fires: Case::fires(30, &[INFO, LEAST, POD, (r#"cnpg_collector_nodes_used{namespace="shop",pod="orders-1"}"#, "1x60")], ORDERS),
        silent: Case::silent(
            50,
            &[
                INFO,
                LEAST,
                POD,
                (r#"cnpg_collector_nodes_used{namespace="shop",pod="orders-1"}"#, "2x60"),
                (r#"platgen:workload:info{namespace="shop",workload="single",owner="carts",role="store",engine="postgres"}"#, "1x90"),
                (r#"platgen:workload:least_pods{namespace="shop",workload="single"}"#, "1x90"),
                (r#"kube_pod_labels{namespace="shop",pod="single-1",label_platgen_io_workload="single"}"#, "1x90"),
                (r#"cnpg_collector_nodes_used{namespace="shop",pod="single-1"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "PostgresFenced",
        expr: r"(cnpg_collector_fencing_on == 1)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "the server {{ $labels.pod }} in {{ $labels.namespace }} is fenced",
        description: "Somebody fenced {{ $labels.pod }} in {{ $labels.namespace }} more than 30 minutes ago: PostgreSQL does not run there.",
        page: Page {
            meaning: "The server is kept out of the database on purpose. While it is, one more lost server counts double.",
            look: LOOK,
            mend: "When the work is done, remove the annotation `cnpg.io/fencedInstances` from the Cluster.",
        },
        fires: Case::fires(30, &[INFO, POD, (r#"cnpg_collector_fencing_on{namespace="shop",pod="orders-1"}"#, "1x60")], SERVER),
        silent: Case::silent(50, &[INFO, POD, (r#"cnpg_collector_fencing_on{namespace="shop",pod="orders-1"}"#, "1x28 0x30")]),
    },
    Alert {
        name: "PostgresMetricsIncomplete",
        expr: r"(max by (namespace, pod) (cnpg_collector_last_collection_error) == 1)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: postgres,
        summary: "{{ $labels.pod }} in {{ $labels.namespace }} can't measure itself",
        description: "Queries for metrics have failed on {{ $labels.pod }} in {{ $labels.namespace }} for 15 minutes: alerts on them may stay silent.",
        page: Page {
            meaning: "The database may work as ever; its alerts may not.",
            look: LOOK,
            mend: "The log of the server names the query and the error.",
        },
        fires: Case::fires(15, &[INFO, POD, (r#"cnpg_collector_last_collection_error{namespace="shop",pod="orders-1"}"#, "1x60")], SERVER),
        silent: Case::silent(30, &[INFO, POD, (r#"cnpg_collector_last_collection_error{namespace="shop",pod="orders-1"}"#, "1x13 0x40")]),
    },
];
