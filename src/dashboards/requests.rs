//! The dashboards of Gateways and of objectives.

use super::{Dashboard, Panel, Row, Shape, counted};
use crate::model::{Platform, Region};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-gateway",
    title: "Gateways",
    about: "What comes in from outside: requests and errors by app, and the proxies that carry them.",
    variables: &[],
    rows: &[
        Row {
            title: "Requests",
            panels: &[
                Panel {
                    title: "Requests by app",
                    about: "",
                    shape: Shape::Stack,
                    unit: "reqps",
                    width: 8,
                    limits: None,
                    queries: &[("sum by (namespace, workload) (platgen:gateway:requests:rate5m)", "{{namespace}}/{{workload}}")],
                },
                Panel {
                    title: "Share of errors by app",
                    about: "Answers with 500 and above.",
                    shape: Shape::Lines,
                    unit: "percentunit",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (namespace, workload) (platgen:gateway:requests:rate5m{code_class="5"})
                            / sum by (namespace, workload) (platgen:gateway:requests:rate5m)"#,
                        "{{namespace}}/{{workload}}",
                    )],
                },
                Panel {
                    title: "Time to answer of 99 % by app",
                    about: "",
                    shape: Shape::Lines,
                    unit: "ms",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"histogram_quantile(0.99, sum by (envoy_cluster_name, le) (
                            rate(envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=~"(http|grpc)route/.+"}[$__rate_interval])))"#,
                        "{{envoy_cluster_name}}",
                    )],
                },
            ],
        },
        Row {
            title: "Proxies",
            panels: &[
                Panel {
                    title: "Ready proxies",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"sum by (gateway) (max by (namespace, pod) (kube_pod_status_ready{condition="true"})
                                * on (namespace, pod) group_left (gateway) max by (namespace, pod, gateway) (label_replace(
                                  kube_pod_labels{label_gateway_envoyproxy_io_owning_gateway_name!=""},
                                  "gateway", "$1", "label_gateway_envoyproxy_io_owning_gateway_name", "(.+)")))"#,
                            "{{gateway}}",
                        ),
                        ("max by (gateway) (platgen:gateway:least_proxies)", "least of {{gateway}}"),
                    ],
                },
                Panel {
                    title: "Open connections",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (gateway) (envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix!~"eg-stats.*"})"#,
                        "{{gateway}}",
                    )],
                },
                Panel {
                    title: "Processors of proxies",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[(
                        r#"sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="envoy-gateway-system",container="envoy"}[$__rate_interval]))"#,
                        "{{pod}}",
                    )],
                },
            ],
        },
    ],
    applies: counted,
};

pub(super) const OBJECTIVES: Dashboard = Dashboard {
    uid: "platgen-objectives",
    title: "Objectives",
    about: "Every objective of the region: how much of its error budget is left, and how fast it goes.",
    variables: &[],
    rows: &[Row {
        title: "Error budgets",
        panels: &[
            Panel {
                title: "Left of 30 days",
                about: "100 %: no request was bad. 0 %: as many as the objective allows.",
                shape: Shape::Bars,
                unit: "percentunit",
                width: 12,
                limits: Some((0.5, 0.1)),
                queries: &[(
                    "1 - platgen:slo:error_ratio:rate30d / on (namespace, workload, slo) (1 - platgen:slo:target)",
                    "{{namespace}}/{{workload}} {{slo}}",
                )],
            },
            Panel {
                title: "How fast it goes",
                about: "1: all of it in 30 days. 14.4: in two days, which pages.",
                shape: Shape::Lines,
                unit: "short",
                width: 12,
                limits: Some((6.0, 14.4)),
                queries: &[(
                    "platgen:slo:error_ratio:rate1h / on (namespace, workload, slo) (1 - platgen:slo:target)",
                    "{{namespace}}/{{workload}} {{slo}}",
                )],
            },
            Panel {
                title: "Share of bad requests, last 5 minutes",
                about: "",
                shape: Shape::Lines,
                unit: "percentunit",
                width: 12,
                limits: None,
                queries: &[("platgen:slo:error_ratio:rate5m", "{{namespace}}/{{workload}} {{slo}}")],
            },
            Panel {
                title: "Requests that count",
                about: "",
                shape: Shape::Lines,
                unit: "reqps",
                width: 12,
                limits: None,
                queries: &[("platgen:slo:total:rate5m", "{{namespace}}/{{workload}} {{slo}}")],
            },
        ],
    }],
    applies: has_objectives,
};

/// Whether an app of a region has objectives.
fn has_objectives(_: &Platform, region: &Region) -> bool {
    region.workloads.values().any(|workload| !workload.objectives.is_empty())
}
