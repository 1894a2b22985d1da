//! The dashboard of a region: what fires, whether nodes and zones are whole, whether the rest could carry the load of a lost zone, and whether the monitoring
//! itself works.

use super::backups::PROVED;
use super::guard::REFUSALS;
use super::{Dashboard, NONE_IS_RIGHT, Panel, Row, Shape, always};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-region",
    title: "Region",
    about: "The cluster of a region: alerts, nodes by zone and pool, room for the loss of a zone, refusals of the guard, backups, and the monitoring itself.",
    variables: &[],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Critical alerts",
                    about: "ALERTS.md has a page on each.",
                    queries: &[(r#"count(ALERTS{alertstate="firing",severity="critical"}) or vector(0)"#, "firing")],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Warnings",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 1000.0)),
                    queries: &[(r#"count(ALERTS{alertstate="firing",severity="warning"}) or vector(0)"#, "firing")],
                },
                Panel {
                    title: "Pods that wait for a node",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 10.0)),
                    queries: &[("sum(kube_pod_status_unschedulable) or vector(0)", "pods")],
                },
                Panel {
                    title: "Nodes that are not ready",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 2.0)),
                    queries: &[(
                        r#"count(max by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0) or vector(0)"#,
                        "nodes",
                    )],
                },
                Panel {
                    title: "Alerts by owner",
                    about: "",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 12,
                    limits: None,
                    queries: &[(r#"count by (owner) (ALERTS{alertstate="firing",severity=~"critical|warning"})"#, "{{owner}}")],
                },
                REFUSALS,
            ],
        },
        Row {
            title: "Nodes",
            panels: &[
                Panel {
                    title: "Ready nodes by zone",
                    about: "",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (label_topology_kubernetes_io_zone) (
                            max by (node) (kube_node_status_condition{condition="Ready",status="true"})
                            * on (node) group_left (label_topology_kubernetes_io_zone) max by (node, label_topology_kubernetes_io_zone) (kube_node_labels))"#,
                        "{{label_topology_kubernetes_io_zone}}",
                    )],
                },
                Panel {
                    title: "Nodes by pool",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"count by (label_platgen_io_pool) (max by (node, label_platgen_io_pool) (kube_node_labels{label_platgen_io_pool!=""}))"#,
                            "{{label_platgen_io_pool}}",
                        ),
                        ("max by (pool) (platgen:pool:most_nodes)", "most of {{pool}}"),
                    ],
                },
                Panel {
                    title: "Requests when the largest zone is lost",
                    about: "What pods request, by what the nodes of the other zones have. Above 100 %, pods wait until there are more nodes.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: Some((0.9, 1.0)),
                    queries: &[
                        (
                            r#"sum(max by (namespace, pod, container) (kube_pod_container_resource_requests{resource="cpu"}))
                                / (sum(max by (node) (kube_node_status_allocatable{resource="cpu"})) - max(sum by (label_topology_kubernetes_io_zone) (
                                  max by (node) (kube_node_status_allocatable{resource="cpu"})
                                  * on (node) group_left (label_topology_kubernetes_io_zone) max by (node, label_topology_kubernetes_io_zone) (kube_node_labels))))"#,
                            "processors",
                        ),
                        (
                            r#"sum(max by (namespace, pod, container) (kube_pod_container_resource_requests{resource="memory"}))
                                / (sum(max by (node) (kube_node_status_allocatable{resource="memory"})) - max(sum by (label_topology_kubernetes_io_zone) (
                                  max by (node) (kube_node_status_allocatable{resource="memory"})
                                  * on (node) group_left (label_topology_kubernetes_io_zone) max by (node, label_topology_kubernetes_io_zone) (kube_node_labels))))"#,
                            "memory",
                        ),
                    ],
                },
                Panel {
                    title: "Processors of nodes in use",
                    about: "",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[(r#"1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))"#, "{{instance}}")],
                },
                Panel {
                    title: "Memory of nodes in use",
                    about: "",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}")],
                },
                Panel {
                    title: "Disks of nodes in use",
                    about: "",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: Some((0.8, 0.9)),
                    queries: &[(
                        r#"max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes{fstype!="tmpfs"})"#,
                        "{{instance}} {{mountpoint}}",
                    )],
                },
            ],
        },
        Row {
            title: "Backups",
            panels: &[
                Panel {
                    title: "Age of the newest backup, by what the spec allows",
                    about: "100 %: as old as it may be. Empty without backups.",
                    shape: Shape::Bars,
                    unit: "percentunit",
                    width: 12,
                    limits: Some((0.9, 1.0)),
                    queries: &[(
                        r#"(time() - max by (namespace, workload) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp > 0))
                            / on (namespace, workload) platgen:backup:oldest_seconds"#,
                        "{{namespace}}/{{workload}}",
                    )],
                },
                Panel { width: 12, ..PROVED },
            ],
        },
        Row {
            title: "The monitoring itself",
            panels: &[
                Panel {
                    title: "Targets that do not answer",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[("count by (job) (up == 0)", "{{job}}")],
                },
                Panel {
                    title: "Series",
                    about: "What Prometheus holds in memory.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[("prometheus_tsdb_head_series", "{{pod}}")],
                },
                Panel {
                    title: "Notifications that failed",
                    about: "By the kind of receiver, each hour.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[("sum by (integration) (increase(alertmanager_notifications_failed_total[1h]))", "{{integration}}")],
                },
            ],
        },
    ],
    applies: always,
};
