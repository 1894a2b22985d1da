//! The dashboard of an app or a store: whether people notice something, then its pods, processors and memory.

use super::{Dashboard, IN_NAMESPACE, NONE_IS_RIGHT, Panel, Row, Shape, Variable, always};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-workload",
    title: "App or store",
    about: "One app or store: its alerts, its requests through Gateways, its pods, and what they use.",
    variables: &[IN_NAMESPACE, Variable { name: "workload", series: "platgen:workload:info", only: "" }],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Alerts",
                    about: "ALERTS.md has a page on each.",
                    queries: &[(
                        r#"count(ALERTS{alertstate="firing",namespace="$namespace",workload="$workload"}) or vector(0)"#,
                        "firing",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Ready pods",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 0.5)),
                    queries: &[(r#"sum(platgen:workload:ready_pods{namespace="$namespace",workload="$workload"}) or vector(0)"#, "ready")],
                },
                Panel {
                    title: "Restarts of containers, last 24 hours",
                    about: "",
                    shape: Shape::Number,
                    unit: "short",
                    width: 6,
                    limits: Some((1.0, 5.0)),
                    queries: &[(
                        r#"sum(increase(kube_pod_container_status_restarts_total{namespace="$namespace"}[1d])
                            * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"}) or vector(0)"#,
                        "restarts",
                    )],
                },
                Panel {
                    title: "Error budget left, 30 days",
                    about: "Of the objective that has the least left. Empty without `slo`.",
                    shape: Shape::Number,
                    unit: "percentunit",
                    width: 6,
                    limits: Some((0.5, 0.1)),
                    queries: &[(
                        r#"min(1 - platgen:slo:error_ratio:rate30d{namespace="$namespace",workload="$workload"}
                            / on (namespace, workload, slo) (1 - platgen:slo:target))"#,
                        "left",
                    )],
                },
            ],
        },
        Row {
            title: "Requests through Gateways",
            panels: &[
                Panel {
                    title: "Requests",
                    about: "By the class of the answer, as the proxies of Gateways count them. Calls between apps are not among them.",
                    shape: Shape::Stack,
                    unit: "reqps",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (code_class) (platgen:gateway:requests:rate5m{namespace="$namespace",workload="$workload"})"#,
                        "{{code_class}}xx",
                    )],
                },
                Panel {
                    title: "Share of errors",
                    about: "Answers with 500 and above.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"(sum(platgen:gateway:requests:rate5m{namespace="$namespace",workload="$workload",code_class="5"}) or vector(0))
                            / sum(platgen:gateway:requests:rate5m{namespace="$namespace",workload="$workload"})"#,
                        "errors",
                    )],
                },
                Panel {
                    title: "Time to answer",
                    about: "Until the last byte of the app's answer. Requests that no pod answered are not among them.",
                    shape: Shape::Lines,
                    unit: "ms",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"histogram_quantile(0.5, sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"(http|grpc)route/$namespace/$workload"}[$__rate_interval])))"#,
                            "half of the requests",
                        ),
                        (
                            r#"histogram_quantile(0.95, sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"(http|grpc)route/$namespace/$workload"}[$__rate_interval])))"#,
                            "95 %",
                        ),
                        (
                            r#"histogram_quantile(0.99, sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"(http|grpc)route/$namespace/$workload"}[$__rate_interval])))"#,
                            "99 %",
                        ),
                    ],
                },
            ],
        },
        Row {
            title: "Pods",
            panels: &[
                Panel {
                    title: "Pods",
                    about: "An autoscaler at its most can add none.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (r#"sum(platgen:workload:ready_pods{namespace="$namespace",workload="$workload"})"#, "ready"),
                        (r#"max(platgen:workload:least_pods{namespace="$namespace",workload="$workload"})"#, "least"),
                        (r#"max(platgen:workload:most_pods{namespace="$namespace",workload="$workload"})"#, "most"),
                    ],
                },
                Panel {
                    title: "Pods by zone",
                    about: "",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"count by (label_topology_kubernetes_io_zone) (
                            max by (namespace, pod, node) (kube_pod_info{namespace="$namespace",node!=""})
                            * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"}
                            * on (node) group_left (label_topology_kubernetes_io_zone) max by (node, label_topology_kubernetes_io_zone) (kube_node_labels))"#,
                        "{{label_topology_kubernetes_io_zone}}",
                    )],
                },
                Panel {
                    title: "Pods by image",
                    about: "A rollout shows as one image that takes the place of another.",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"count by (image_spec) (
                            max by (namespace, pod, container, image_spec) (kube_pod_container_info{namespace="$namespace"})
                            * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})"#,
                        "{{image_spec}}",
                    )],
                },
            ],
        },
        Row {
            title: "Processors and memory",
            panels: &[
                Panel {
                    title: "Processors",
                    about: "What each pod uses, and what it requests.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="$namespace",container!="",image!=""}[$__rate_interval])
                                * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})"#,
                            "{{pod}}",
                        ),
                        (
                            r#"max(sum by (namespace, pod) (max by (namespace, pod, container) (kube_pod_container_resource_requests{namespace="$namespace",resource="cpu"}))
                                * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})"#,
                            "requested",
                        ),
                    ],
                },
                Panel {
                    title: "Share of time in which a limit of processors holds pods back",
                    about: "Empty without such a limit.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{namespace="$namespace",container!=""}[$__rate_interval])
                            * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})
                            / sum by (pod) (rate(container_cpu_cfs_periods_total{namespace="$namespace",container!=""}[$__rate_interval]))"#,
                        "{{pod}}",
                    )],
                },
                Panel {
                    title: "Memory",
                    about: "Without page cache, which the kernel takes back before it ends a container. A container that reaches its limit is ended.",
                    shape: Shape::Lines,
                    unit: "bytes",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"sum by (pod) (max by (namespace, pod, container) (
                                container_memory_working_set_bytes{namespace="$namespace",container!="",image!=""} - container_memory_total_active_file_bytes)
                                * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})"#,
                            "{{pod}}",
                        ),
                        (
                            r#"max(sum by (namespace, pod) (max by (namespace, pod, container) (kube_pod_container_resource_limits{namespace="$namespace",resource="memory"}))
                                * on (namespace, pod) group_left (workload) platgen:pod:workload{namespace="$namespace",workload="$workload"})"#,
                            "limit",
                        ),
                    ],
                },
            ],
        },
    ],
    applies: always,
};
