//! Alerts on autoscalers, of pods and of nodes.

use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{AddonChart, Platform, Region};

pub(super) const SUBJECT: Subject = Subject { name: "autoscalers", title: "Autoscalers", alerts: ALERTS, replaces: &[] };

fn scales(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.autoscaling.is_some())
}

fn nodes(_: &Platform, region: &Region) -> bool {
    region.chart(AddonChart::Autoscaler).is_some()
}

const WAITING: (&str, &str) = (r#"cluster_autoscaler_unschedulable_pods_count{type="unschedulable",pod="cluster-autoscaler-1"}"#, "1x60");
const BUSY: (&str, &str) = (r#"cluster_autoscaler_last_activity{activity="main",pod="cluster-autoscaler-1"}"#, "0+60x60");
const OF_NODES: &[&str] = &[
    "@@ --namespace kube-system get configmaps cluster-autoscaler-status --output yaml",
    "@@ --namespace kube-system logs deployment/cluster-autoscaler --tail 100",
    "@@ get pods --all-namespaces --field-selector status.phase=Pending",
];

/// It runs, and finds the cluster too sick to change.
const UNSAFE: Case = Case::fires(15, &[BUSY, (r#"cluster_autoscaler_cluster_safe_to_autoscale{pod="cluster-autoscaler-1"}"#, "0x60")], &[]);

/// Pods wait, and two tries failed.
const FEW: Case =
    Case::silent(40, &[WAITING, (r#"cluster_autoscaler_failed_scale_ups_total{reason="timeout",pod="cluster-autoscaler-1"}"#, "0 1 2x60")]);

const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "1x60");
const MOST: (&str, &str) = (r#"platgen:workload:most_pods{namespace="shop",workload="cart"}"#, "6x60");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");
const CART: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "cart"), ("horizontalpodautoscaler", "cart"), ("owner", "carts")];
const LOOK: &[&str] = &[
    "@ get horizontalpodautoscalers \"$workload\"",
    "@ describe horizontalpodautoscalers \"$workload\"",
    "@ top pods --selector platgen.io/workload=\"$workload\"",
];

const ALERTS: &[Alert] = &[
    Alert {
        name: "AutoscalerAtLimit",
        expr: r#"(label_replace(
              max by (namespace, horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_desired_replicas),
              "workload", "$1", "horizontalpodautoscaler", "(.+)")
              >= on (namespace, workload) group_left () platgen:workload:most_pods)
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scales,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} can't get more pods",
        description: "The autoscaler of {{ $labels.workload }} in {{ $labels.namespace }} is at its most pods, {{ $value }}, for 30 minutes.",
        page: Page {
            meaning: "If more comes, nothing is added: answers get slower.",
            look: LOOK,
            mend: "Raise the end of `scale.replicas` in the spec if the pool has room, or find out what the load is.",
        },
        fires: Case::fires(
            30,
            &[
                INFO,
                MOST,
                (r#"kube_horizontalpodautoscaler_status_desired_replicas{namespace="shop",horizontalpodautoscaler="cart"}"#, "6x60"),
            ],
            CART,
        )
        .with("6"),
        silent: Case::silent(
            50,
            &[
                INFO,
                MOST,
                (r#"kube_horizontalpodautoscaler_status_desired_replicas{namespace="shop",horizontalpodautoscaler="cart"}"#, "5x60"),
            ],
        ),
    },
    Alert {
        name: "AutoscalerBlind",
        expr: r#"label_replace(
              max by (namespace, horizontalpodautoscaler) (
                kube_horizontalpodautoscaler_status_condition{condition=~"ScalingActive|AbleToScale",status="false"} == 1),
              "workload", "$1", "horizontalpodautoscaler", "(.+)")
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scales,
        summary: "the autoscaler of {{ $labels.workload }} in {{ $labels.namespace }} does not scale",
        description: "The autoscaler of {{ $labels.workload }} in {{ $labels.namespace }} reads no usage of its pods, or can't set their number, for 15 minutes.",
        page: Page {
            meaning: "The number of pods stays as it is, whatever comes.",
            look: LOOK,
            mend: "Its conditions say why. No metrics: metrics-server is down, or no pod is ready. Until it is mended, set the number of pods by hand if need be (RUNBOOK.md).",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                (
                    r#"kube_horizontalpodautoscaler_status_condition{namespace="shop",horizontalpodautoscaler="cart",condition="ScalingActive",status="false"}"#,
                    "1x60",
                ),
            ],
            CART,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (
                    r#"kube_horizontalpodautoscaler_status_condition{namespace="shop",horizontalpodautoscaler="cart",condition="ScalingActive",status="false"}"#,
                    "1x13 0x40",
                ),
            ],
        ),
    },
    Alert {
        name: "AutoscalerMissing",
        expr: r#"(platgen:workload:most_pods unless on (namespace, workload)
              label_replace(kube_horizontalpodautoscaler_spec_max_replicas, "workload", "$1", "horizontalpodautoscaler", "(.+)"))
            * on (namespace, workload) group_left (owner) platgen:workload:info
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: scales,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has no autoscaler",
        description: "The spec has an autoscaler for {{ $labels.workload }} in {{ $labels.namespace }}, and for 15 minutes the cluster has none.",
        page: Page {
            meaning: "The number of pods stays as it is, whatever comes.",
            look: &["@ get horizontalpodautoscalers"],
            mend: "Apply the files of the region.",
        },
        fires: Case::fires(15, &[INFO, MOST, KUBE_STATE], &[("namespace", "shop"), ("workload", "cart"), ("owner", "carts")]),
        silent: Case::silent(
            30,
            &[
                INFO,
                MOST,
                KUBE_STATE,
                (r#"kube_horizontalpodautoscaler_spec_max_replicas{namespace="shop",horizontalpodautoscaler="cart"}"#, "6x60"),
            ],
        ),
    },
    Alert {
        name: "NodesNotAdded",
        // A node group that fails is left alone for up to half an hour, so three hours hold several tries.
        expr: "sum(increase(cluster_autoscaler_failed_scale_ups_total[3h])) > 2 and sum(cluster_autoscaler_unschedulable_pods_count) > 0",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: nodes,
        summary: "pods wait, and the cloud gives no nodes",
        description: "The cluster autoscaler has failed to add nodes {{ $value | humanize }} times in three hours, and pods wait.",
        page: Page {
            meaning: "Pods that need another node don't start: rollouts stop, and autoscalers of pods add nothing.",
            look: OF_NODES,
            mend: "Its log has the answer of the cloud. No capacity: more machines or zones for the pool in the spec. A quota of the account: ask for a higher one. Nodes that never join: their way to the API server and the registries.",
        },
        fires: Case::fires(
            18,
            &[WAITING, (r#"cluster_autoscaler_failed_scale_ups_total{reason="timeout",pod="cluster-autoscaler-1"}"#, "0 1 2 3x60")],
            &[],
        )
        .with("3"),
        silent: Case::silent(
            40,
            &[
                (r#"cluster_autoscaler_unschedulable_pods_count{type="unschedulable",pod="cluster-autoscaler-1"}"#, "0x60"),
                (r#"cluster_autoscaler_failed_scale_ups_total{reason="timeout",pod="cluster-autoscaler-1"}"#, "0+1x60"),
            ],
        )
        .and(&FEW),
    },
    Alert {
        name: "NodeAutoscalerStuck",
        expr: r#"time() - max(cluster_autoscaler_last_activity{activity="main"}) > 900
            or max(cluster_autoscaler_cluster_safe_to_autoscale) == 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: nodes,
        summary: "the cluster autoscaler changes nothing",
        description: "For 15 minutes the cluster autoscaler has done nothing, or has found too many nodes that are not ready.",
        page: Page {
            meaning: "The number of nodes stays as it is: pods that need another one wait, and nodes that nobody needs are paid for.",
            look: OF_NODES,
            mend: "Many nodes that are not ready: see NodeNotReady and ZoneDown. Else its log: rights in the cloud that are gone, or an API that does not answer.",
        },
        fires: Case::fires(31, &[(r#"cluster_autoscaler_last_activity{activity="main",pod="cluster-autoscaler-1"}"#, "1x60")], &[])
            .and(&UNSAFE),
        silent: Case::silent(50, &[BUSY, (r#"cluster_autoscaler_cluster_safe_to_autoscale{pod="cluster-autoscaler-1"}"#, "1x60")]),
    },
];
