//! Alerts on pods: what keeps a container from starting, or ends it.

use super::{Alert, Case, Owned, Page, Severity, Subject, always};

pub(super) const SUBJECT: Subject = Subject { name: "pods", title: "Pods", alerts: ALERTS, replaces: &["CPUThrottlingHigh"] };

const INFO: (&str, &str) = (r#"platgen:workload:info{namespace="shop",workload="cart",owner="carts",role="served"}"#, "1x90");
const POD: (&str, &str) = (r#"kube_pod_labels{namespace="shop",pod="cart-1",label_platgen_io_workload="cart"}"#, "1x90");
const CART: &[(&str, &str)] = &[("namespace", "shop"), ("pod", "cart-1"), ("container", "cart"), ("workload", "cart"), ("owner", "carts")];
const LOOK: &[&str] = &["@ describe pods \"$pod\"", "@ logs \"$pod\" --container \"$container\" --previous --tail 100"];

const ALERTS: &[Alert] = &[
    Alert {
        name: "PodCrashLoops",
        // Between two crashes the container runs for a while, and the series is gone: a window bridges that.
        expr: r#"max by (namespace, pod, container) (
              max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[10m])
              or max_over_time(kube_pod_init_container_status_waiting_reason{reason="CrashLoopBackOff"}[10m]))
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} crashes again and again",
        description: "The container {{ $labels.container }} of {{ $labels.pod }} ends soon after each start, for more than 10 minutes.",
        page: Page {
            meaning: "One pod does not work. Whether people notice depends on the others: AppDown or StoreDown says when none is left.",
            look: LOOK,
            mend: "The log of the run before says why it ended. After a rollout or a changed secret: roll back (RUNBOOK.md). `OOMKilled` as last state: more memory in the spec.",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="CrashLoopBackOff"}"#,
                    "1x2 _x5 1x2 _x5 1x60",
                ),
            ],
            CART,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="CrashLoopBackOff"}"#,
                    "1x8 _x60",
                ),
            ],
        ),
    },
    Alert {
        name: "PodImageNotPulled",
        // The two reasons take turns.
        expr: r#"max by (namespace, pod, container) (
              max_over_time(kube_pod_container_status_waiting_reason{reason=~"ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable"}[5m])
              or max_over_time(kube_pod_init_container_status_waiting_reason{reason=~"ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable"}[5m]))
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "the image of {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} can't be pulled",
        description: "The node has tried to pull the image of {{ $labels.container }} of {{ $labels.pod }} for 10 minutes.",
        page: Page {
            meaning: "The pod does not start. A rollout waits; a pod that was moved is missing.",
            look: &["@ describe pods \"$pod\"", "@ get events --field-selector involvedObject.name=\"$pod\""],
            mend: "The event has the answer of the registry: no such tag (mend it in the spec), no login (the registry's secret), no route (the node's subnet reaches the mirror alone: copy the image with mirror.sh).",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="ErrImagePull"}"#,
                    "1 _ 1 _ _ 1 _ _ _ 1 _ _ _ 1 _x60",
                ),
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="ImagePullBackOff"}"#,
                    "_ 1 _ 1 1 _ 1 1 1 _ 1 1 1 _ 1x60",
                ),
            ],
            CART,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="ErrImagePull"}"#,
                    "1x3 _x60",
                ),
            ],
        ),
    },
    Alert {
        name: "PodNotConfigured",
        expr: r#"max by (namespace, pod, container) (
              kube_pod_container_status_waiting_reason{reason=~"CreateContainerConfigError|CreateContainerError|RunContainerError"}
              or kube_pod_init_container_status_waiting_reason{reason=~"CreateContainerConfigError|CreateContainerError|RunContainerError"})
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} lacks what it needs to start",
        description: "The node can't make the container {{ $labels.container }} of {{ $labels.pod }} for 10 minutes: a Secret, a ConfigMap, a key or a program is missing.",
        page: Page {
            meaning: "The pod does not start.",
            look: &["@ describe pods \"$pod\"", "@ get externalsecrets"],
            mend: "The event names what is missing. A Secret: its ExternalSecret says why there is none, often a path or key that the secret manager does not have.",
        },
        fires: Case::fires(
            10,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="CreateContainerConfigError"}"#,
                    "1x60",
                ),
            ],
            CART,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_waiting_reason{namespace="shop",pod="cart-1",container="cart",reason="ContainerCreating"}"#,
                    "1x60",
                ),
            ],
        ),
    },
    Alert {
        name: "PodUnschedulable",
        expr: r"max by (namespace, pod) (kube_pod_status_unschedulable)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.namespace }}/{{ $labels.pod }} finds no node",
        description: "No node takes {{ $labels.pod }} for 15 minutes.",
        page: Page {
            meaning: "The pod waits. A new node takes a few minutes, so the pool is at its most nodes, or no pool takes the pod.",
            look: &["@ describe pods \"$pod\""],
            mend: "`Insufficient cpu` or `memory`: more nodes for the pool in the spec, or a smaller request. Taints or affinity: `subnet`, `pool` and `arch` of the app. A volume: its zone has no node.",
        },
        fires: Case::fires(
            15,
            &[INFO, POD, (r#"kube_pod_status_unschedulable{namespace="shop",pod="cart-1"}"#, "1x60")],
            &[("namespace", "shop"), ("pod", "cart-1"), ("workload", "cart"), ("owner", "carts")],
        ),
        silent: Case::silent(30, &[INFO, POD, (r#"kube_pod_status_unschedulable{namespace="shop",pod="cart-1"}"#, "1x13 _x60")]),
    },
    Alert {
        name: "ContainerOutOfMemory",
        // The reason stays until the next end of the container, so a restart has to be near.
        expr: r#"max by (namespace, pod, container) (
              kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}
              and on (namespace, pod, container) increase(kube_pod_container_status_restarts_total[15m]) > 0)
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info"#,
        wait: "0m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} ran out of memory",
        description: "The kernel ended the container {{ $labels.container }} of {{ $labels.pod }} at its memory limit within the last 15 minutes.",
        page: Page {
            meaning: "What the container was doing is lost. It started again.",
            look: &["@ describe pods \"$pod\"", "@ top pods \"$pod\" --containers"],
            mend: "Give it more with `resources.memory` in the spec, or find what takes the memory: a leak grows from start to end, a peak comes with its cause.",
        },
        fires: Case::fires(
            6,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_last_terminated_reason{namespace="shop",pod="cart-1",container="cart",reason="OOMKilled"}"#,
                    "_x5 1x60",
                ),
                (r#"kube_pod_container_status_restarts_total{namespace="shop",pod="cart-1",container="cart"}"#, "0x5 1x60"),
            ],
            CART,
        ),
        silent: Case::silent(
            40,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_last_terminated_reason{namespace="shop",pod="cart-1",container="cart",reason="OOMKilled"}"#,
                    "_x5 1x60",
                ),
                (r#"kube_pod_container_status_restarts_total{namespace="shop",pod="cart-1",container="cart"}"#, "0x5 1x60"),
            ],
        ),
    },
    Alert {
        name: "ContainerNearMemoryLimit",
        // The kernel takes the cache of files back before it ends a container. The working set still counts the part of the cache that is in use, so it is
        // taken off; what is left are the memory of the processes, files in volumes in memory, and the kernel's own.
        expr: r#"(max by (namespace, pod, container) (container_memory_working_set_bytes{container!=""})
              - on (namespace, pod, container) max by (namespace, pod, container) (container_memory_total_active_file_bytes{container!=""}))
            / on (namespace, pod, container) max by (namespace, pod, container) (kube_pod_container_resource_limits{resource="memory"})
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} is near its memory limit",
        description: "The container {{ $labels.container }} of {{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit without the cache of files, for 15 minutes.",
        page: Page {
            meaning: "At the limit the kernel ends the container.",
            look: &["@ top pods --selector platgen.io/workload=\"$workload\" --containers"],
            mend: "Give it more with `resources.memory` in the spec, or find what takes the memory.",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                POD,
                (r#"container_memory_working_set_bytes{namespace="shop",pod="cart-1",container="cart"}"#, "98x60"),
                (r#"container_memory_total_active_file_bytes{namespace="shop",pod="cart-1",container="cart"}"#, "3x60"),
                (r#"kube_pod_container_resource_limits{namespace="shop",pod="cart-1",container="cart",resource="memory"}"#, "100x60"),
            ],
            CART,
        )
        .with("95%"),
        silent: Case::silent(
            40,
            &[
                INFO,
                POD,
                (r#"container_memory_working_set_bytes{namespace="shop",pod="cart-1",container="cart"}"#, "98x60"),
                (r#"container_memory_total_active_file_bytes{namespace="shop",pod="cart-1",container="cart"}"#, "8x60"),
                (r#"kube_pod_container_resource_limits{namespace="shop",pod="cart-1",container="cart",resource="memory"}"#, "100x60"),
            ],
        ),
    },
    Alert {
        name: "ContainerRestarts",
        expr: r"max by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total[2h]))
            * on (namespace, pod) group_left (workload) platgen:pod:workload
            * on (namespace, workload) group_left (owner) platgen:workload:info > THRESHOLD",
        wait: "0m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} restarts often",
        description: "The container {{ $labels.container }} of {{ $labels.pod }} restarted {{ $value | humanize }} times in 2 hours.",
        page: Page {
            meaning: "It runs long enough between its ends that Kubernetes does not call it a crash loop. A liveness probe that fails does this.",
            look: LOOK,
            mend: "The events say `Unhealthy` where a probe ended it: the probe is too strict, or the app stands still. Else the log of the run before says why it ended.",
        },
        fires: Case::fires(
            59,
            &[
                INFO,
                POD,
                (
                    r#"kube_pod_container_status_restarts_total{namespace="shop",pod="cart-1",container="cart"}"#,
                    "0x10 1x10 2x10 3x10 4x14 5x40",
                ),
            ],
            CART,
        )
        .with("5"),
        silent: Case::silent(
            85,
            &[
                INFO,
                POD,
                (r#"kube_pod_container_status_restarts_total{namespace="shop",pod="cart-1",container="cart"}"#, "0x10 1x10 2x10 3x80"),
            ],
        ),
    },
];
