//! The dashboard of a namespace: what its quota has left, and which of its workloads take most.

use super::{Dashboard, IN_NAMESPACE, NONE_IS_RIGHT, Panel, Row, Shape, always};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-namespace",
    title: "Namespace",
    about: "A namespace: its alerts, its quota, its workloads side by side, its volumes and its runs.",
    variables: &[IN_NAMESPACE],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Alerts",
                    about: "ALERTS.md has a page on each.",
                    queries: &[(r#"count(ALERTS{alertstate="firing",namespace="$namespace"}) or vector(0)"#, "firing")],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Workloads with fewer ready pods than they should have",
                    width: 9,
                    queries: &[(
                        r#"count((platgen:workload:ready_pods{namespace="$namespace"} or on (namespace, workload) platgen:workload:least_pods{namespace="$namespace"} * 0)
                            < on (namespace, workload) platgen:workload:least_pods) or vector(0)"#,
                        "workloads",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Pods that wait for a node",
                    width: 9,
                    queries: &[(r#"sum(kube_pod_status_unschedulable{namespace="$namespace"}) or vector(0)"#, "pods")],
                    ..NONE_IS_RIGHT
                },
            ],
        },
        Row {
            title: "Quota and workloads",
            panels: &[
                Panel {
                    title: "Quota in use",
                    about: "The API server refuses what would pass 100 %. Empty without a quota.",
                    shape: Shape::Bars,
                    unit: "percentunit",
                    width: 8,
                    limits: Some((0.8, 0.95)),
                    queries: &[(
                        r#"max by (resource) (kube_resourcequota{namespace="$namespace",type="used"})
                            / (max by (resource) (kube_resourcequota{namespace="$namespace",type="hard"}) > 0)"#,
                        "{{resource}}",
                    )],
                },
                Panel {
                    title: "Processors by workload",
                    about: "",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (workload) (rate(container_cpu_usage_seconds_total{namespace="$namespace",container!="",image!=""}[$__rate_interval])
                            * on (namespace, pod) group_left (workload) platgen:pod:workload)"#,
                        "{{workload}}",
                    )],
                },
                Panel {
                    title: "Memory by workload",
                    about: "Without page cache, which the kernel takes back when it needs memory.",
                    shape: Shape::Stack,
                    unit: "bytes",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (workload) (max by (namespace, pod, container) (
                            container_memory_working_set_bytes{namespace="$namespace",container!="",image!=""} - container_memory_total_active_file_bytes)
                            * on (namespace, pod) group_left (workload) platgen:pod:workload)"#,
                        "{{workload}}",
                    )],
                },
            ],
        },
        Row {
            title: "Volumes and runs",
            panels: &[
                Panel {
                    title: "Volumes in use",
                    about: "Of claims that a pod mounts.",
                    shape: Shape::Bars,
                    unit: "percentunit",
                    width: 12,
                    limits: Some((0.8, 0.95)),
                    queries: &[(
                        r#"max by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{namespace="$namespace"})
                            / max by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{namespace="$namespace"})"#,
                        "{{persistentvolumeclaim}}",
                    )],
                },
                Panel {
                    title: "Time since the last run that succeeded",
                    about: "Of scheduled apps and restore tests; since it was made, for one that never ran.",
                    shape: Shape::Bars,
                    unit: "s",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r#"time() - max by (workload) (platgen:workload:last_success{namespace="$namespace"} and on (namespace, workload) platgen:workload:info)"#,
                        "{{workload}}",
                    )],
                },
            ],
        },
    ],
    applies: always,
};
