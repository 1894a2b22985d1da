//! Alerts on stores of every engine, from what Kubernetes says of their pods.

use super::facts::role;
use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Engine, Platform, QUORUM, Region};

pub(super) const SUBJECT: Subject = Subject { name: "stores", title: "Stores", alerts: ALERTS, replaces: &[] };

fn stores(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("store"))
}

fn proxies(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("proxy"))
}

fn several(_: &Platform, region: &Region) -> bool {
    any(region, |workload| role(workload) == Some("store") && workload.replicas.0 >= QUORUM)
}

fn mysql(_: &Platform, region: &Region) -> bool {
    region.operates(Engine::Mysql)
}

const INFO: (&str, &str) =
    (r#"platgen:workload:info{namespace="shop",workload="orders",owner="carts",role="store",engine="mysql"}"#, "1x60");
const PROXY: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="carts-proxy",owner="carts",role="proxy"}"#, "1x60");
const LEAST: (&str, &str) = (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "4x60");
const ONE: (&str, &str) = (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "1x60");
const PODS: [(&str, &str); 3] = [
    (
        r#"kube_pod_labels{namespace="shop",pod="orders-0",label_platgen_io_workload="orders",label_app_kubernetes_io_component="pxc"}"#,
        "1x60",
    ),
    (
        r#"kube_pod_labels{namespace="shop",pod="orders-1",label_platgen_io_workload="orders",label_app_kubernetes_io_component="pxc"}"#,
        "1x60",
    ),
    (
        r#"kube_pod_labels{namespace="shop",pod="orders-haproxy-0",label_platgen_io_workload="orders",label_app_kubernetes_io_component="haproxy"}"#,
        "1x60",
    ),
];
const READY: [(&str, &str); 3] = [
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-0",condition="true"}"#, "1x60"),
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-1",condition="true"}"#, "1x60"),
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-haproxy-0",condition="true"}"#, "1x60"),
];
const UNREADY: [(&str, &str); 3] = [
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-0",condition="true"}"#, "0x60"),
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-1",condition="true"}"#, "0x60"),
    (r#"kube_pod_status_ready{namespace="shop",pod="orders-haproxy-0",condition="true"}"#, "0x60"),
];
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");
const ORDERS: &[(&str, &str)] = &[("namespace", "shop"), ("workload", "orders"), ("owner", "carts")];
const LOOK: &[&str] = &[
    "@ get pods --selector platgen.io/workload=\"$workload\" --output wide",
    "@ describe pods --selector platgen.io/workload=\"$workload\"",
    "@ logs --selector platgen.io/workload=\"$workload\" --tail 100 --prefix",
    "@ get persistentvolumeclaims",
];

const ALERTS: &[Alert] = &[
    Alert {
        name: "StoreDown",
        expr: r#"(platgen:workload:least_pods > 0 unless on (namespace, workload) platgen:workload:ready_pods > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="store"}
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "3m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: stores,
        summary: "the store {{ $labels.workload }} in {{ $labels.namespace }} has no ready server",
        description: "No server of the store {{ $labels.workload }} in {{ $labels.namespace }} was ready for 3 minutes, or the store is not in the cluster.",
        page: Page {
            meaning: "Every app that needs the store fails. It fires as well if somebody deleted the object that makes the servers.",
            look: LOOK,
            mend: "Do not delete volumes or claims. Servers that crash: the log of the run before, often a full volume (VolumeAlmostFull) or a parameter. Servers that wait: their zone has no node. An object that is gone: apply the files; claims of volumes are kept. Data that is gone: restore from the backup (README.md of the region).",
        },
        fires: Case::fires(3, &[INFO, ONE, PODS[0], UNREADY[0], PODS[2], READY[2], KUBE_STATE], ORDERS),
        silent: Case::silent(30, &[INFO, LEAST, PODS[0], READY[0], PODS[1], UNREADY[1], KUBE_STATE]),
    },
    Alert {
        name: "StoreLostMajority",
        expr: r#"((platgen:workload:ready_pods > 0) * 2 <= on (namespace, workload) platgen:workload:least_pods
              and on (namespace, workload) platgen:workload:least_pods >= 3)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="store"}"#,
        wait: "3m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: several,
        summary: "most servers of the store {{ $labels.workload }} in {{ $labels.namespace }} are away",
        description: "At most half of the servers of {{ $labels.workload }} in {{ $labels.namespace }} have been ready for 3 minutes: there is no majority that can agree on who takes writes.",
        page: Page {
            meaning: "The store takes no writes, or loses them with the next server. Reads may still work.",
            look: LOOK,
            mend: "Bring the servers back; do not make new ones with empty volumes. Pods that wait for a node: the zone of their volume needs one. A node that is not ready: see NodeNotReady.",
        },
        fires: Case::fires(
            3,
            &[INFO, (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "3x60"), PODS[0], READY[0], PODS[1], UNREADY[1]],
            ORDERS,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "3x60"),
                PODS[0],
                READY[0],
                PODS[1],
                READY[1],
                (r#"platgen:workload:info{namespace="shop",workload="pair",owner="carts",role="store",engine="custom"}"#, "1x60"),
                (r#"platgen:workload:least_pods{namespace="shop",workload="pair"}"#, "2x60"),
                (r#"kube_pod_labels{namespace="shop",pod="pair-0",label_platgen_io_workload="pair"}"#, "1x60"),
                (r#"kube_pod_status_ready{namespace="shop",pod="pair-0",condition="true"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "StoreServersMissing",
        expr: r#"((platgen:workload:ready_pods > 0) < on (namespace, workload) platgen:workload:least_pods)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="store"}"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: stores,
        summary: "the store {{ $labels.workload }} in {{ $labels.namespace }} has fewer ready servers than the spec says",
        description: "{{ $value }} servers of {{ $labels.workload }} in {{ $labels.namespace }} are ready, fewer than the spec says, for 15 minutes.",
        page: Page {
            meaning: "The store works. With the next server it may stop or lose data.",
            look: LOOK,
            mend: "The description of the pods says why a server is not ready: no node in the zone of its volume, a full volume, or a crash.",
        },
        fires: Case::fires(15, &[INFO, LEAST, PODS[0], READY[0], PODS[1], UNREADY[1]], ORDERS).with("1"),
        silent: Case::silent(
            30,
            &[INFO, (r#"platgen:workload:least_pods{namespace="shop",workload="orders"}"#, "2x60"), PODS[0], READY[0], PODS[1], READY[1]],
        ),
    },
    Alert {
        name: "StoreProxiesDown",
        expr: r#"(platgen:workload:least_pods > 0 unless on (namespace, workload) platgen:workload:ready_pods > 0)
            * on (namespace, workload) group_left (owner) platgen:workload:info{role="proxy"}
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "3m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: proxies,
        summary: "{{ $labels.workload }} in {{ $labels.namespace }} has no ready pod",
        description: "No proxy {{ $labels.workload }} in {{ $labels.namespace }} was ready for 3 minutes: clients do not reach the store behind it.",
        page: Page {
            meaning: "Every app that needs the store fails, while its servers run.",
            look: LOOK,
            mend: "A proxy is ready once it finds the server that takes writes. If the servers are ready: the log of the proxy. Else mend the store first.",
        },
        fires: Case::fires(
            3,
            &[PROXY, (r#"platgen:workload:least_pods{namespace="shop",workload="carts-proxy"}"#, "1x60"), KUBE_STATE],
            &[("namespace", "shop"), ("workload", "carts-proxy"), ("owner", "carts")],
        ),
        silent: Case::silent(
            30,
            &[
                PROXY,
                (r#"platgen:workload:least_pods{namespace="shop",workload="carts-proxy"}"#, "2x60"),
                KUBE_STATE,
                (r#"kube_pod_labels{namespace="shop",pod="carts-proxy-1",label_platgen_io_workload="carts-proxy"}"#, "1x60"),
                (r#"kube_pod_status_ready{namespace="shop",pod="carts-proxy-1",condition="true"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "MysqlProxiesDown",
        expr: r#"(platgen:workload:info{role="store",engine="mysql"} unless on (namespace, workload)
              label_replace(
                max by (namespace, pod) (kube_pod_status_ready{condition="true"}) > 0
                  and on (namespace, pod) kube_pod_labels{label_app_kubernetes_io_component="haproxy"},
                "workload", "$1", "pod", "(.+)-haproxy-[0-9]+"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "3m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: mysql,
        summary: "no HAProxy of the store {{ $labels.workload }} in {{ $labels.namespace }} is ready",
        description: "No pod {{ $labels.workload }}-haproxy in {{ $labels.namespace }} was ready for 3 minutes: clients do not reach the store.",
        page: Page {
            meaning: "Every app that needs the store fails, while its servers may run.",
            look: LOOK,
            mend: "HAProxy is ready once it finds a server. If the servers are ready: the log of the pod. Else mend the servers first.",
        },
        fires: Case::fires(
            3,
            &[INFO, PODS[0], READY[0], PODS[2], UNREADY[2], KUBE_STATE],
            &[("namespace", "shop"), ("workload", "orders"), ("owner", "carts"), ("role", "store"), ("engine", "mysql")],
        ),
        silent: Case::silent(30, &[INFO, PODS[0], UNREADY[0], PODS[2], READY[2], KUBE_STATE]),
    },
];
