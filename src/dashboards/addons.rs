//! The dashboard of add-ons: whether they run, and whether certificates, secrets, nodes and what comes from Git are as they should be.

use super::{Dashboard, NONE_IS_RIGHT, Panel, Row, Shape};
use crate::model::{AddonChart, Platform, Region};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    uid: "platgen-addons",
    title: "Add-ons",
    about: "The add-ons of a region: certificates, secrets, new nodes, and what Flux or Argo CD applies. Panels about what a region does not have are empty.",
    variables: &[],
    rows: &[
        Row {
            title: "Is something wrong?",
            panels: &[
                Panel {
                    title: "Add-ons without a ready pod",
                    queries: &[(r#"count(ALERTS{alertname="AddonDown"}) or vector(0)"#, "add-ons")],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Certificates that are not ready",
                    queries: &[(
                        r#"count(max by (namespace, name) (certmanager_certificate_ready_status{condition="True"}) == 0) or vector(0)"#,
                        "certificates",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Secrets that are not fetched",
                    queries: &[(
                        r#"count(max by (namespace, name) (externalsecret_status_condition{condition="Ready",status="False"}) == 1) or vector(0)"#,
                        "secrets",
                    )],
                    ..NONE_IS_RIGHT
                },
                Panel {
                    title: "Routes and Gateways with a condition that is not true",
                    queries: &[(
                        r#"count(min by (namespace, name, customresource_kind) (kube_customresource_parent_condition
                            or kube_customresource_condition{customresource_kind="Gateway",type=~"Accepted|Programmed"}) == 0) or vector(0)"#,
                        "objects",
                    )],
                    ..NONE_IS_RIGHT
                },
            ],
        },
        Row {
            title: "Certificates and secrets",
            panels: &[
                Panel {
                    title: "Time until certificates expire",
                    about: "It rises with each renewal.",
                    shape: Shape::Lines,
                    unit: "s",
                    width: 12,
                    limits: None,
                    queries: &[(
                        r"max by (namespace, name) (certmanager_certificate_expiration_timestamp_seconds > 0) - time()",
                        "{{namespace}}/{{name}}",
                    )],
                },
                Panel {
                    title: "Secrets that were fetched",
                    about: "By namespace, each hour.",
                    shape: Shape::Stack,
                    unit: "short",
                    width: 12,
                    limits: None,
                    queries: &[("sum by (namespace) (increase(externalsecret_sync_calls_total[1h]))", "{{namespace}}")],
                },
            ],
        },
        Row {
            title: "Nodes and Git",
            panels: &[
                Panel {
                    title: "Pods for which the cluster autoscaler looks for nodes",
                    about: "",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[("sum by (type) (cluster_autoscaler_unschedulable_pods_count)", "{{type}}")],
                },
                Panel {
                    title: "Nodes that could not be added",
                    about: "Tries that failed, each hour, by reason.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[("sum by (reason) (increase(cluster_autoscaler_failed_scale_ups_total[1h]))", "{{reason}}")],
                },
                Panel {
                    title: "What Git has and the cluster does not",
                    about: "Objects of Flux that are not ready, and Applications of Argo CD that are not synced or not healthy.",
                    shape: Shape::Lines,
                    unit: "short",
                    width: 8,
                    limits: None,
                    queries: &[
                        (
                            r#"count by (customresource_kind) (min by (namespace, name, customresource_kind) (
                                kube_customresource_condition{customresource_kind=~"GitRepository|HelmRelease|Kustomization",type="Ready"}) == 0)"#,
                            "{{customresource_kind}}",
                        ),
                        (
                            r#"count(max by (namespace, name) (kube_customresource_application_info{sync!="Synced"}
                                or kube_customresource_application_info{health=~"Degraded|Missing|Unknown"}))"#,
                            "Application",
                        ),
                    ],
                },
            ],
        },
    ],
    applies: measured,
};

fn measured(platform: &Platform, region: &Region) -> bool {
    let charts = [AddonChart::CertManager, AddonChart::ExternalSecrets, AddonChart::Autoscaler];
    charts.into_iter().any(|addon| region.chart(addon).is_some()) || platform.gitops.is_some()
}
