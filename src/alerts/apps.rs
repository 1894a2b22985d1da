//! Alerts on apps that run all the time.

use super::facts::role;
use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "apps", title: "Apps", alerts: ALERTS, replaces: &[] };

/// Whether a region has apps with pods of their own number.
fn runs(_: &Platform, region: &Region) -> bool {
    any(region, |workload| matches!(role(workload), Some("served" | "worker")))
}

fn deploys(_: &Platform, region: &Region) -> bool {
    any(region, |workload| matches!(role(workload), Some("served" | "worker" | "proxy")))
}

fn agents(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("agent"))
}

fn scraped(_: &Platform, region: &Region) -> bool {
    any(region, |workload| !workload.metrics.is_empty())
}

const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "1x60");
const AGENT: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="logs",owner="carts",role="agent"}"#, "1x60");
const LEAST: (&str, &str) = (r#"platgen:workload:least_pods{namespace="shop",workload="cart"}"#, "2x60");
const POD: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="cart-1",label_platgen_io_workload="cart"}"#, "1x60");
const OTHER: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="cart-2",label_platgen_io_workload="cart"}"#, "1x60");
const READY: (&str, &str) = (r#"kube_pod_status_ready{namespace="shop",pod="cart-1",condition="true"}"#, "1x60");
const UNREADY: (&str, &str) = (r#"kube_pod_status_ready{namespace="shop",pod="cart-2",condition="true"}"#, "0x60");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");
const CART: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "cart"), ("owner", "carts")];

const ALERTS: &[Alert] = &[
    Alert {
        name: "AppDown",
        // What has no ready pod, and what is gone with its Deployment. Without kube-state-metrics nothing is known of any app: that is one alert of its own.
        expr: r#"(platgen:workload:least_pods > 0 unless on (namespace, workload) platgen:workload:ready_pods > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role=~"served|worker"}
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: runs,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has no ready pod",
        description: "No pod of {{ $labels.workload }} in {{ $labels.namespace }} was ready for 5 minutes, or the app is not in the cluster.",
        page: Page {
            meaning: "The app does no work: its callers get errors, or its queue grows. It fires as well if somebody deleted the Deployment or StatefulSet.",
            look: &[
                "@ get pods --selector platgen.io/workload=\"$workload\" --output wide",
                "@ describe pods --selector platgen.io/workload=\"$workload\"",
                "@ logs --selector platgen.io/workload=\"$workload\" --all-containers --tail 100 --prefix",
                "@ get events --sort-by .lastTimestamp",
            ],
            mend: "No pods at all: the files are not applied, or the quota or an admission policy refuses the pods, which the events of the ReplicaSet say. Pods that crash or are not ready since a rollout: roll back (RUNBOOK.md). Pods that wait for a node: see PodUnschedulable.",
        },
        fires: Case::fires(
            5,
            &[INFO, (r#"platgen:workload:least_pods{namespace="shop",workload="cart"}"#, "1x60"), OTHER, UNREADY, KUBE_STATE],
            CART,
        ),
        silent: Case::silent(30, &[INFO, LEAST, POD, READY, OTHER, UNREADY, KUBE_STATE]),
    },
    Alert {
        name: "AppPodsMissing",
        expr: r#"((platgen:workload:ready_pods > 0) < on (namespace, workload) platgen:workload:least_pods)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role=~"served|worker|proxy"}"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: deploys,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has fewer ready pods than the spec says",
        description: "{{ $labels.workload }} in {{ $labels.namespace }} has {{ $value }} ready pods, fewer than the least of the spec, for 15 minutes.",
        page: Page {
            meaning: "The app answers, with less room than planned: the loss of one more pod, node or zone may take it down.",
            look: &[
                "@ get pods --selector platgen.io/workload=\"$workload\" --output wide",
                "@ describe pods --selector platgen.io/workload=\"$workload\"",
            ],
            mend: "The description of the pods says why they are not ready: no node, no image, a probe that fails, or a crash.",
        },
        fires: Case::fires(15, &[INFO, LEAST, POD, READY, OTHER, UNREADY], CART).with("1"),
        silent: Case::silent(
            30,
            &[INFO, LEAST, POD, READY, OTHER, (r#"kube_pod_status_ready{namespace="shop",pod="cart-2",condition="true"}"#, "0x14 1x46")],
        ),
    },
    Alert {
        name: "RolloutStuck",
        expr: r#"label_replace(
              max by (namespace, deployment) (kube_deployment_status_condition{condition="Progressing",status="false"} == 1),
              "workload", "$1", "deployment", "(.+)")
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "5m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: deploys,
        summary: "the rollout of {{ $labels.workload }} in {{ $labels.namespace }} does not end",
        description: "The pods of the new version of {{ $labels.workload }} in {{ $labels.namespace }} did not become ready in time. The old ones still run.",
        page: Page {
            meaning: "The new version does not start. Kubernetes keeps the pods of the old one, so people notice nothing yet.",
            look: &[
                "@ get replicasets,pods --selector platgen.io/workload=\"$workload\"",
                "@ describe pods --selector platgen.io/workload=\"$workload\"",
            ],
            mend: "Roll back (RUNBOOK.md), or mend the new version: its image, configuration, secrets and probes.",
        },
        fires: Case::fires(
            5,
            &[
                INFO,
                (r#"kube_deployment_status_condition{namespace="shop",deployment="cart",condition="Progressing",status="false"}"#, "1x60"),
            ],
            &[("namespace", "shop"), ("workload", "cart"), ("deployment", "cart"), ("owner", "carts")],
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (
                    r#"kube_deployment_status_condition{namespace="shop",deployment="cart",condition="Progressing",status="false"}"#,
                    "1x4 0x56",
                ),
            ],
        ),
    },
    Alert {
        name: "AgentDown",
        expr: r#"(platgen:workload:info{role="agent"} unless on (namespace, workload)
              label_replace(kube_daemonset_status_number_available > 0, "workload", "$1", "daemonset", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: agents,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} runs on no node",
        description: "No pod of the agent {{ $labels.workload }} in {{ $labels.namespace }} was available for 10 minutes, or its DaemonSet is not in the cluster.",
        page: Page {
            meaning: "What the agent does for every node is done on none.",
            look: &[
                "@ get daemonsets \"$workload\"",
                "@ get pods --selector platgen.io/workload=\"$workload\" --output wide",
                "@ describe daemonsets \"$workload\"",
            ],
            mend: "Without a DaemonSet: apply the files of the region. With one: its events and those of its pods say why none is ready; roll back if a rollout came before.",
        },
        fires: Case::fires(
            10,
            &[AGENT, KUBE_STATE, (r#"kube_daemonset_status_number_available{namespace="shop",daemonset="logs"}"#, "0x60")],
            &[("namespace", "shop"), ("workload", "logs"), ("owner", "carts"), ("role", "agent")],
        ),
        silent: Case::silent(
            30,
            &[AGENT, KUBE_STATE, (r#"kube_daemonset_status_number_available{namespace="shop",daemonset="logs"}"#, "1x60")],
        ),
    },
    Alert {
        name: "AgentMissingOnNodes",
        expr: r#"label_replace(
              max by (namespace, daemonset) (kube_daemonset_status_desired_number_scheduled)
                - max by (namespace, daemonset) (kube_daemonset_status_number_available) > 0,
              "workload", "$1", "daemonset", "(.+)")
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="agent"}"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: agents,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} is missing on nodes",
        description: "{{ $value }} nodes have no available pod of the agent {{ $labels.workload }} in {{ $labels.namespace }} for 30 minutes.",
        page: Page {
            meaning: "What the agent does for a node is not done on these.",
            look: &["@ get pods --selector platgen.io/workload=\"$workload\" --output wide"],
            mend: "A node that is not ready has an alert of its own. Else the events of the pod say why it does not start: often the node has no room for its request.",
        },
        fires: Case::fires(
            30,
            &[
                AGENT,
                (r#"kube_daemonset_status_desired_number_scheduled{namespace="shop",daemonset="logs"}"#, "3x60"),
                (r#"kube_daemonset_status_number_available{namespace="shop",daemonset="logs"}"#, "2x60"),
            ],
            &[("namespace", "shop"), ("workload", "logs"), ("daemonset", "logs"), ("owner", "carts")],
        )
        .with("1"),
        silent: Case::silent(
            50,
            &[
                AGENT,
                (r#"kube_daemonset_status_desired_number_scheduled{namespace="shop",daemonset="logs"}"#, "3x60"),
                (r#"kube_daemonset_status_number_available{namespace="shop",daemonset="logs"}"#, "2x28 3x30"),
            ],
        ),
    },
    Alert {
        name: "AppMetricsMissing",
        // The twin of every alert on metrics of workloads themselves. `up` is there for each pod that Prometheus found.
        expr: r#"(platgen:workload:scraped unless on (namespace, workload)
              max by (namespace, pod) (up == 1) * on (namespace, pod) group_left (workload) platgen:pod:workload)
            * on (namespace, workload) group_left (owner) platgen:workload:info
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scraped,
        summary: "Prometheus reads no metrics of {{ $labels.workload }} in {{ $labels.namespace }}",
        description: "For 15 minutes Prometheus has read metrics from no pod of {{ $labels.workload }} in {{ $labels.namespace }}: alerts on them stay silent.",
        page: Page {
            meaning: "Alerts and panels about the metrics of this workload show nothing. It may work as ever.",
            look: &["@ get pods --selector platgen.io/workload=\"$workload\" --output wide", "@ get networkpolicies"],
            mend: "No pods: see AppDown or StoreDown. With pods: the port or path of `metrics` in the spec is wrong, the pod answers slowly, or a network policy is missing. Status, Target health in the web page of Prometheus has the error.",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                (r#"platgen:workload:scraped{namespace="shop",workload="cart"}"#, "1x60"),
                POD,
                (r#"up{namespace="shop",pod="cart-1"}"#, "0x60"),
                KUBE_STATE,
            ],
            CART,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (r#"platgen:workload:scraped{namespace="shop",workload="cart"}"#, "1x60"),
                POD,
                (r#"up{namespace="shop",pod="cart-1"}"#, "1x60"),
                KUBE_STATE,
            ],
        ),
    },
];
