//! Alerts on nodes, pools and zones.

use super::{Alert, Case, Owned, Page, Severity, Subject, always};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject {
    name: "nodes",
    title: "Nodes",
    alerts: ALERTS,
    replaces: &[
        "KubeNodeNotReady",
        "KubeNodePressure",
        "KubeNodeReadinessFlapping",
        "KubeNodeUnreachable",
        "NodeFilesystemAlmostOutOfSpace",
        "NodeFilesystemSpaceFillingUp",
    ],
};

fn pools(_: &Platform, region: &Region) -> bool {
    region.cluster.pools.iter().any(|pool| pool.nodes.0 > 0)
}

fn grows(_: &Platform, region: &Region) -> bool {
    region.cluster.pools.iter().any(|pool| pool.nodes.0 < pool.nodes.1)
}

fn zones(platform: &Platform, region: &Region) -> bool {
    region.zones.len() > 1 && pools(platform, region)
}

const NODE: (&str, &str) =
    (r#"kube_node_labels{node="ip-1",label_platgen_io_pool="general",label_topology_kubernetes_io_zone="eu-1a"}"#, "1x90");
const LEAST: (&str, &str) = (r#"platgen:pool:least_nodes{pool="general"}"#, "2x90");
const READY: (&str, &str) = (r#"kube_node_status_condition{node="ip-1",condition="Ready",status="true"}"#, "1x90");
const UNREADY: (&str, &str) = (r#"kube_node_status_condition{node="ip-1",condition="Ready",status="true"}"#, "0x90");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x90");
const LOOK: &[&str] = &[
    "@@ get nodes --label-columns platgen.io/pool,topology.kubernetes.io/zone",
    "@@ get pods --all-namespaces --field-selector status.phase=Pending",
];

const ALERTS: &[Alert] = &[
    Alert {
        name: "NodeNotReady",
        expr: r#"max by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "the node {{ $labels.node }} is not ready",
        description: "The node {{ $labels.node }} has not been ready for 15 minutes. Its pods have been moved, apart from those with a volume.",
        page: Page {
            meaning: "The cluster has less room. A server of a store whose volume is in the zone waits until the node is back or replaced.",
            look: &["@@ describe node \"$node\"", "@@ get pods --all-namespaces --output wide --field-selector spec.nodeName=\"$node\""],
            mend: "End the machine in the cloud: its group makes a new one. If that one is not ready either, look at the network of the subnet and the log of the machine's console.",
        },
        fires: Case::fires(15, &[UNREADY], &[("node", "ip-1")]),
        silent: Case::silent(40, &[(r#"kube_node_status_condition{node="ip-1",condition="Ready",status="true"}"#, "0x13 1x60")]),
    },
    Alert {
        name: "NodeUnderPressure",
        expr: r#"max by (node, condition) (kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure",status="true"}) == 1"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "the node {{ $labels.node }} has {{ $labels.condition }}",
        description: "The node {{ $labels.node }} has had {{ $labels.condition }} for 10 minutes: it takes no new pods and ends some.",
        page: Page {
            meaning: "Pods are ended and start elsewhere.",
            look: &["@@ describe node \"$node\"", "@@ top nodes"],
            mend: "Find the pod that takes the memory or the disk: a request that is too small, a log or an `emptyDir` without limit. `disk` of the pool makes disks larger.",
        },
        fires: Case::fires(
            10,
            &[(r#"kube_node_status_condition{node="ip-1",condition="DiskPressure",status="true"}"#, "1x60")],
            &[("node", "ip-1"), ("condition", "DiskPressure")],
        ),
        silent: Case::silent(30, &[(r#"kube_node_status_condition{node="ip-1",condition="DiskPressure",status="true"}"#, "1x8 0x60")]),
    },
    Alert {
        name: "ZoneDown",
        expr: r#"(platgen:zone:info unless on (zone)
              label_replace(
                max by (node, label_topology_kubernetes_io_zone) (kube_node_labels{label_topology_kubernetes_io_zone!=""})
                  and on (node) kube_node_status_condition{condition="Ready",status="true"} == 1,
                "zone", "$1", "label_topology_kubernetes_io_zone", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: zones,
        summary: "no node is ready in the zone {{ $labels.zone }}",
        description: "No node of any pool has been ready in the zone {{ $labels.zone }} for 5 minutes.",
        page: Page {
            meaning: "Apps run in the other zones, with less room. Servers of stores whose volumes are in the zone are away until it is back. `platgen outage` says what each of them loses.",
            look: LOOK,
            mend: "The status page of the cloud says whether the zone is lost: see \"A zone is lost\" in RUNBOOK.md. If it is not: the groups of the zone can't make machines; their activity in the cloud says why.",
        },
        fires: Case::fires(5, &[(r#"platgen:zone:info{zone="eu-1a"}"#, "1x60"), NODE, UNREADY, KUBE_STATE], &[("zone", "eu-1a")]),
        silent: Case::silent(30, &[(r#"platgen:zone:info{zone="eu-1a"}"#, "1x60"), NODE, READY, KUBE_STATE]),
    },
    Alert {
        name: "PoolDown",
        expr: r#"(platgen:pool:least_nodes > 0 unless on (pool)
              label_replace(
                max by (node, label_platgen_io_pool) (kube_node_labels{label_platgen_io_pool!=""})
                  and on (node) kube_node_status_condition{condition="Ready",status="true"} == 1,
                "pool", "$1", "label_platgen_io_pool", "(.+)"))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: pools,
        summary: "no node of the pool {{ $labels.pool }} is ready",
        description: "No node of the pool {{ $labels.pool }} has been ready for 5 minutes.",
        page: Page {
            meaning: "What may run in this pool alone runs nowhere.",
            look: LOOK,
            mend: "The groups of the pool can't make machines, or the machines do not join: their activity in the cloud says why. A changed machine type, image or policy comes first.",
        },
        fires: Case::fires(
            5,
            &[(r#"platgen:pool:least_nodes{pool="general"}"#, "1x90"), NODE, UNREADY, KUBE_STATE],
            &[("pool", "general")],
        ),
        silent: Case::silent(30, &[LEAST, NODE, READY, KUBE_STATE]),
    },
    Alert {
        name: "PoolBelowMinimum",
        expr: r#"count by (pool) (label_replace(
              max by (node, label_platgen_io_pool) (kube_node_labels{label_platgen_io_pool!=""})
                and on (node) kube_node_status_condition{condition="Ready",status="true"} == 1,
              "pool", "$1", "label_platgen_io_pool", "(.+)"))
            < on (pool) platgen:pool:least_nodes"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: pools,
        summary: "the pool {{ $labels.pool }} has fewer nodes than its least",
        description: "{{ $value }} nodes of the pool {{ $labels.pool }} are ready, fewer than its least, for 30 minutes.",
        page: Page {
            meaning: "The pool has less room than planned, and may lack a zone.",
            look: LOOK,
            mend: "The groups of the pool can't make machines: their activity in the cloud says why, often that the zone has no such machine left, or a quota of the account.",
        },
        fires: Case::fires(30, &[LEAST, NODE, READY], &[("pool", "general")]).with("1"),
        silent: Case::silent(50, &[(r#"platgen:pool:least_nodes{pool="general"}"#, "1x90"), NODE, READY]),
    },
    Alert {
        name: "PoolAtMaximum",
        expr: r#"count by (pool) (label_replace(
              max by (node, label_platgen_io_pool) (kube_node_labels{label_platgen_io_pool!=""}),
              "pool", "$1", "label_platgen_io_pool", "(.+)"))
            >= on (pool) (platgen:pool:most_nodes > on (pool) platgen:pool:least_nodes)"#,
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: grows,
        summary: "the pool {{ $labels.pool }} can't get more nodes",
        description: "The pool {{ $labels.pool }} has been at its most nodes, {{ $value }}, for an hour.",
        page: Page {
            meaning: "What needs more room waits. If a zone is lost now, its pods find none.",
            look: LOOK,
            mend: "Raise the end of `nodes` of the pool in the spec, or find out what takes the room.",
        },
        fires: Case::fires(
            60,
            &[NODE, (r#"platgen:pool:most_nodes{pool="general"}"#, "1x90"), (r#"platgen:pool:least_nodes{pool="general"}"#, "0x90")],
            &[("pool", "general")],
        )
        .with("1"),
        silent: Case::silent(
            80,
            &[NODE, (r#"platgen:pool:most_nodes{pool="general"}"#, "2x90"), (r#"platgen:pool:least_nodes{pool="general"}"#, "0x90")],
        ),
    },
    Alert {
        name: "NodeDiskAlmostFull",
        expr: r#"max by (instance, mountpoint) (node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay",mountpoint!~"/run/.*|/var/lib/kubelet/pods/.*"})
            / max by (instance, mountpoint) (node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|squashfs|overlay",mountpoint!~"/run/.*|/var/lib/kubelet/pods/.*"})
            < THRESHOLD"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "the disk {{ $labels.mountpoint }} of the node at {{ $labels.instance }} is almost full",
        description: "{{ $value | humanizePercentage }} of {{ $labels.mountpoint }} of the node at {{ $labels.instance }} have been free for 15 minutes.",
        page: Page {
            meaning: "Kubernetes deletes images and then ends pods to make room.",
            look: &["@@ get nodes --output wide"],
            mend: "Find the pod that fills the disk: a log or an `emptyDir` without limit. `disk` of the pool makes disks larger; new nodes have it.",
        },
        fires: Case::fires(
            15,
            &[
                (r#"node_filesystem_avail_bytes{instance="10.0.0.9:9100",mountpoint="/",fstype="xfs"}"#, "5x60"),
                (r#"node_filesystem_size_bytes{instance="10.0.0.9:9100",mountpoint="/",fstype="xfs"}"#, "100x60"),
            ],
            &[("instance", "10.0.0.9:9100"), ("mountpoint", "/")],
        )
        .with("5%"),
        silent: Case::silent(
            30,
            &[
                (r#"node_filesystem_avail_bytes{instance="10.0.0.9:9100",mountpoint="/",fstype="xfs"}"#, "10x60"),
                (r#"node_filesystem_size_bytes{instance="10.0.0.9:9100",mountpoint="/",fstype="xfs"}"#, "100x60"),
            ],
        ),
    },
];
