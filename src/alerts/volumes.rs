//! Alerts on volumes that pods mount.

use super::{Alert, Case, Owned, Page, Severity, Subject, any};
use crate::model::{Kind, Platform, Region, Volume};

pub(super) const SUBJECT: Subject = Subject { name: "volumes", title: "Volumes", alerts: ALERTS, replaces: &[] };

fn volumes(_: &Platform, region: &Region) -> bool {
    let own = |volume: &Volume| matches!(volume, Volume::Claim { .. });
    !region.volumes.is_empty() || any(region, |workload| matches!(workload.kind, Kind::Operated(_)) || workload.volumes.iter().any(own))
}

const INFO: (&str, &str) = (r#"platgen:namespace:info{namespace="shop",owner="carts"}"#, "1x400");
const CAPACITY: (&str, &str) =
    (r#"kubelet_volume_stats_capacity_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "1000x400");
const CLAIM: &[(&str, &str)] = &[("namespace", "shop"), ("persistentvolumeclaim", "data-orders-0"), ("owner", "carts")];
const LOOK: &[&str] =
    &["@ get persistentvolumeclaims \"$persistentvolumeclaim\"", "@ describe persistentvolumeclaims \"$persistentvolumeclaim\""];
const GROW: &str = "Set more `storage` for the store, or a larger volume for the app, in the spec and apply the files: volumes grow while pods run, and never shrink. Look for what fills it: logs of transactions that are not archived, or data that nobody deletes.";

/// A platform that wants to hear of it sooner.
const SOONER: Case = Case::fires(
    5,
    &[
        INFO,
        CAPACITY,
        (r#"kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "80x60"),
        (r#"platgen:alert:threshold{alert="VolumeAlmostFull"}"#, "0.1x60"),
    ],
    CLAIM,
)
.with("8%");

const ALERTS: &[Alert] = &[
    Alert {
        name: "VolumeAlmostFull",
        expr: r"max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)
            / on (namespace, persistentvolumeclaim) max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes)
            * on (namespace) group_left (owner) platgen:namespace:info < THRESHOLD",
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Joined,
        applies: volumes,
        summary: "the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is almost full",
        description: "{{ $value | humanizePercentage }} of the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are free.",
        page: Page { meaning: "A store that can't write stops, and may not start again until there is room.", look: LOOK, mend: GROW },
        fires: Case::fires(
            5,
            &[INFO, CAPACITY, (r#"kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "40x60")],
            CLAIM,
        )
        .with("4%")
        .and(&SOONER),
        silent: Case::silent(
            30,
            &[INFO, CAPACITY, (r#"kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "50x60")],
        ),
    },
    Alert {
        name: "VolumeFillsUp",
        expr: r"(max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes)
              / on (namespace, persistentvolumeclaim) max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes) < 0.2
              and on (namespace, persistentvolumeclaim)
              max by (namespace, persistentvolumeclaim) (predict_linear(kubelet_volume_stats_available_bytes[6h], 4 * 86400)) < 0)
            * on (namespace) group_left (owner) platgen:namespace:info",
        wait: "1h",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: volumes,
        summary: "the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is full within four days",
        description: "{{ $value | humanizePercentage }} of the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are free, and as it grew in the last six hours it is full within four days.",
        page: Page { meaning: "Nothing has happened yet.", look: LOOK, mend: GROW },
        fires: Case::fires(
            61,
            &[
                INFO,
                CAPACITY,
                (r#"kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "190-0.1x120"),
            ],
            CLAIM,
        )
        .with("18.39%"),
        silent: Case::silent(
            120,
            &[
                INFO,
                CAPACITY,
                (r#"kubelet_volume_stats_available_bytes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "220-0.1x120"),
            ],
        ),
    },
    Alert {
        name: "VolumeInodesAlmostGone",
        expr: r"max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes_free)
            / on (namespace, persistentvolumeclaim) max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_inodes)
            * on (namespace) group_left (owner) platgen:namespace:info < THRESHOLD",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: volumes,
        summary: "the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} can hold few more files",
        description: "{{ $value | humanizePercentage }} of the inodes of the volume {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} are free.",
        page: Page {
            meaning: "Without inodes no file can be made, however much room is left.",
            look: LOOK,
            mend: "Delete files that nobody needs. A larger volume has more inodes.",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                (r#"kubelet_volume_stats_inodes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "1000x60"),
                (r#"kubelet_volume_stats_inodes_free{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "40x60"),
            ],
            CLAIM,
        )
        .with("4%"),
        silent: Case::silent(
            30,
            &[
                INFO,
                (r#"kubelet_volume_stats_inodes{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "1000x60"),
                (r#"kubelet_volume_stats_inodes_free{namespace="shop",persistentvolumeclaim="data-orders-0"}"#, "60x60"),
            ],
        ),
    },
    Alert {
        name: "VolumeNotBound",
        expr: r#"max by (namespace, persistentvolumeclaim) (kube_persistentvolumeclaim_status_phase{phase=~"Pending|Lost"} == 1)
            * on (namespace) group_left (owner) platgen:namespace:info"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: volumes,
        summary: "the claim {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} has no volume",
        description: "The claim {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} waits for a volume for 15 minutes, or lost its own.",
        page: Page {
            meaning: "The pod that needs it does not start. A volume is made once its pod has a node.",
            look: LOOK,
            mend: "Its events say why: no such storage class, a limit of the cloud, or a pod that finds no node. `Lost`: the volume was deleted under it; restore from the backup.",
        },
        fires: Case::fires(
            15,
            &[
                INFO,
                (
                    r#"kube_persistentvolumeclaim_status_phase{namespace="shop",persistentvolumeclaim="data-orders-0",phase="Pending"}"#,
                    "1x60",
                ),
            ],
            CLAIM,
        ),
        silent: Case::silent(
            30,
            &[
                INFO,
                (
                    r#"kube_persistentvolumeclaim_status_phase{namespace="shop",persistentvolumeclaim="data-orders-0",phase="Pending"}"#,
                    "1x13 0x40",
                ),
            ],
        ),
    },
];
