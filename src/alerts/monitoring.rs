//! Alerts on the monitoring itself.

use super::{Alert, Case, Owned, Page, Severity, Subject, always};

pub(super) const SUBJECT: Subject = Subject {
    name: "monitoring",
    title: "Monitoring",
    alerts: ALERTS,
    replaces: &[
        "AlertmanagerClusterFailedToSendAlerts",
        "AlertmanagerFailedReload",
        "AlertmanagerFailedToSendAlerts",
        "InfoInhibitor",
        "KubeStateMetricsListErrors",
        "KubeStateMetricsShardingMismatch",
        "KubeStateMetricsShardsMissing",
        "KubeStateMetricsWatchErrors",
        "KubeletDown",
        "PrometheusBadConfig",
        "PrometheusErrorSendingAlertsToAnyAlertmanager",
        "PrometheusNotConnectedToAlertmanagers",
        "PrometheusOperatorRejectedResources",
        "PrometheusRuleFailures",
        "TargetDown",
        "Watchdog",
    ],
};

const LOOK: &[&str] =
    &["@@ --namespace monitoring get pods --output wide", "@@ --namespace monitoring get events --sort-by .lastTimestamp"];

const ALERTS: &[Alert] = &[
    Alert {
        name: "Watchdog",
        expr: "vector(1)",
        wait: "0m",
        severity: Severity::Heartbeat,
        owned: Owned::Platform,
        applies: always,
        summary: "alerts of this region are sent",
        description: "This alert fires always. It goes to the heartbeat, which calls somebody when it stops.",
        page: Page {
            meaning: "Nothing is wrong. If the heartbeat called you because it stopped: Prometheus, Alertmanager, the cluster or the region is down, and no other alert of the region can say so.",
            look: LOOK,
            mend: "No pods of Prometheus or Alertmanager: their events. Pods that run: the log of Alertmanager says whether it reaches the address of the heartbeat. A region that does not answer: RUNBOOK.md.",
        },
        fires: Case::fires(1, &[], &[]),
        // It is never silent while rules are evaluated: a rule that could be would be no heartbeat.
        silent: Case::silent(0, &[]),
    },
    Alert {
        name: "KubeStateMetricsDown",
        expr: r#"absent(up{job="kube-state-metrics",endpoint="http"} == 1)"#,
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "nothing is known of pods, jobs and nodes",
        description: "Prometheus has read nothing from kube-state-metrics for 10 minutes.",
        page: Page {
            meaning: "Alerts on apps, stores, jobs, pools and backups stay silent in this region: they all need it.",
            look: &[
                "@@ --namespace monitoring get pods --selector app.kubernetes.io/name=kube-state-metrics",
                "@@ --namespace monitoring describe pods --selector app.kubernetes.io/name=kube-state-metrics",
            ],
            mend: "No pod: install the chart again with the values file of the region. A pod that crashes: its log, often its memory limit after the cluster has grown.",
        },
        fires: Case::fires(10, &[(r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "0x60")], &[]),
        silent: Case::silent(30, &[(r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60")]),
    },
    Alert {
        name: "TargetDown",
        // Of the cluster and the monitoring. Workloads, proxies and add-ons have AppMetricsMissing, GatewayMetricsMissing and AddonMetricsMissing.
        expr: r#"count by (namespace, job) (up{namespace=~"monitoring|kube-system|default",job!~"monitoring/.+"} == 0 unless up{job="kube-state-metrics",endpoint="http"})"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "Prometheus does not read all of {{ $labels.job }}",
        description: "{{ $value }} targets of {{ $labels.job }} have not answered for 15 minutes: alerts on their metrics stay silent.",
        page: Page {
            meaning: "The kubelet or node-exporter of a node that is not ready is among them: NodeNotReady says so.",
            look: LOOK,
            mend: "Status, Target health in the web page of Prometheus has the error of each target: a closed port, a certificate, or a timeout.",
        },
        fires: Case::fires(
            15,
            &[(r#"up{namespace="kube-system",job="kubelet",instance="10.0.0.9:10250"}"#, "0x60")],
            &[("namespace", "kube-system"), ("job", "kubelet")],
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[
                (r#"up{namespace="kube-system",job="kubelet",instance="10.0.0.9:10250"}"#, "0x13 1x60"),
                (r#"up{namespace="shop",job="monitoring/cart",instance="10.0.0.7:8080"}"#, "0x60"),
            ],
        ),
    },
    Alert {
        name: "TargetsGone",
        // A target that nobody finds has no `up` at all.
        expr: r#"label_replace(absent(up{job="kubelet"} == 1), "job", "kubelet", "", "")
            or label_replace(absent(up{job="node-exporter"} == 1), "job", "node-exporter", "", "")"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "Prometheus reads no {{ $labels.job }} at all",
        description: "Prometheus has read metrics from no {{ $labels.job }} for 15 minutes: alerts on volumes, memory or disks stay silent.",
        page: Page {
            meaning: "What these metrics would show is not seen.",
            look: LOOK,
            mend: "Status, Target health in the web page of Prometheus has the error: a firewall between the nodes, or a ServiceMonitor that is gone.",
        },
        fires: Case::fires(
            15,
            &[(r#"up{namespace="kube-system",job="kubelet",instance="10.0.0.9:10250"}"#, "1x60")],
            &[("job", "node-exporter")],
        ),
        silent: Case::silent(
            30,
            &[
                (r#"up{namespace="kube-system",job="kubelet",instance="10.0.0.9:10250"}"#, "1x60"),
                (r#"up{namespace="kube-system",job="node-exporter",instance="10.0.0.9:9100"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "MonitoringDegraded",
        expr: r#"label_replace(
              max by (statefulset) (kube_statefulset_status_replicas_ready{namespace="monitoring"})
                < on (statefulset) max by (statefulset) (kube_statefulset_replicas{namespace="monitoring"}),
              "workload", "$1", "statefulset", "(.+)")
            or label_replace(
              max by (deployment) (kube_deployment_status_replicas_available{namespace="monitoring"})
                < on (deployment) max by (deployment) (kube_deployment_spec_replicas{namespace="monitoring"}),
              "workload", "$1", "deployment", "(.+)")"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "{{ $labels.workload }} of the monitoring lacks pods",
        description: "{{ $labels.workload }} in monitoring has {{ $value }} ready pods, fewer than it should, for 15 minutes.",
        page: Page {
            meaning: "Of a pair, the other one goes on. Of one, alerts or pictures are missing.",
            look: LOOK,
            mend: "The events of the pod say why it is not ready. Prometheus that ends with `OOMKilled`: more memory in the values, or fewer series.",
        },
        fires: Case::fires(
            15,
            &[
                (r#"kube_statefulset_status_replicas_ready{namespace="monitoring",statefulset="prometheus"}"#, "1x60"),
                (r#"kube_statefulset_replicas{namespace="monitoring",statefulset="prometheus"}"#, "2x60"),
            ],
            &[("statefulset", "prometheus"), ("workload", "prometheus")],
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[
                (r#"kube_statefulset_status_replicas_ready{namespace="monitoring",statefulset="prometheus"}"#, "1x13 2x60"),
                (r#"kube_statefulset_replicas{namespace="monitoring",statefulset="prometheus"}"#, "2x80"),
            ],
        ),
    },
    Alert {
        name: "MonitoringVolumeAlmostFull",
        expr: r#"max by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes{namespace="monitoring"})
            / on (persistentvolumeclaim) max by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{namespace="monitoring"}) < THRESHOLD"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "the volume {{ $labels.persistentvolumeclaim }} of the monitoring is almost full",
        description: "{{ $value | humanizePercentage }} of the volume {{ $labels.persistentvolumeclaim }} in monitoring have been free for 15 minutes.",
        page: Page {
            meaning: "Prometheus that can't write keeps no metrics, and its alerts end.",
            look: &["@@ --namespace monitoring get persistentvolumeclaims", "@@ --namespace monitoring get pods"],
            mend: "Raise `observability.storage`, or lower `retention`.",
        },
        fires: Case::fires(
            15,
            &[
                (r#"kubelet_volume_stats_available_bytes{namespace="monitoring",persistentvolumeclaim="prometheus-0"}"#, "9x60"),
                (r#"kubelet_volume_stats_capacity_bytes{namespace="monitoring",persistentvolumeclaim="prometheus-0"}"#, "100x60"),
            ],
            &[("persistentvolumeclaim", "prometheus-0")],
        )
        .with("9%"),
        silent: Case::silent(
            30,
            &[
                (r#"kubelet_volume_stats_available_bytes{namespace="monitoring",persistentvolumeclaim="prometheus-0"}"#, "10x60"),
                (r#"kubelet_volume_stats_capacity_bytes{namespace="monitoring",persistentvolumeclaim="prometheus-0"}"#, "100x60"),
            ],
        ),
    },
    Alert {
        name: "RulesFail",
        expr: "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[15m])) > 0",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "rules of {{ $labels.rule_group }} can't be evaluated",
        description: "{{ $value | humanize }} evaluations of rules in {{ $labels.rule_group }} have failed in 15 minutes: their alerts stay silent.",
        page: Page {
            meaning: "Alerts of the group say nothing.",
            look: LOOK,
            mend: "The log of Prometheus names the rule and the error. Two series where one is expected is a frequent one: tell the owner of the platform.",
        },
        fires: Case::fires(
            16,
            &[(r#"prometheus_rule_evaluation_failures_total{rule_group="apps",pod="prometheus-0"}"#, "0+1x60")],
            &[("rule_group", "apps")],
        )
        .with("15"),
        silent: Case::silent(40, &[(r#"prometheus_rule_evaluation_failures_total{rule_group="apps",pod="prometheus-0"}"#, "7x60")]),
    },
    Alert {
        name: "ConfigurationRefused",
        expr: r#"label_replace(max by (pod) (prometheus_config_last_reload_successful) == 0, "workload", "prometheus", "", "")
            or label_replace(max by (pod) (alertmanager_config_last_reload_successful) == 0, "workload", "alertmanager", "", "")"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "{{ $labels.pod }} runs with an old configuration",
        description: "{{ $labels.pod }} has refused its new configuration for 10 minutes.",
        page: Page {
            meaning: "What was changed has no effect: rules, targets or receivers.",
            look: LOOK,
            mend: "The log of the pod names the line. A receiver without its Secret is no cause: see ReceiversRejected.",
        },
        fires: Case::fires(
            10,
            &[(r#"alertmanager_config_last_reload_successful{pod="alertmanager-0"}"#, "0x60")],
            &[("pod", "alertmanager-0"), ("workload", "alertmanager")],
        ),
        silent: Case::silent(
            30,
            &[
                (r#"alertmanager_config_last_reload_successful{pod="alertmanager-0"}"#, "0x8 1x60"),
                (r#"prometheus_config_last_reload_successful{pod="prometheus-0"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "ReceiversRejected",
        // The operator counts the objects and does not name them: their events do.
        expr: r#"max(prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="rejected"}) > 0"#,
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "the alerts of a team reach nobody",
        description: "The Prometheus operator has left out the receivers of {{ $value }} teams for 10 minutes.",
        page: Page {
            meaning: "Each team has an AlertmanagerConfig of its own: `alerts` is that of the owner of the platform, `alerts-TEAM` that of another team. Alerts of a team whose object is left out reach nobody. While `alerts` is left out, the heartbeat stops.",
            look: &[
                "@@ --namespace monitoring get events --field-selector reason=InvalidConfiguration",
                "@@ --namespace monitoring get externalsecrets",
                "@@ --namespace monitoring logs --selector app.kubernetes.io/component=prometheus-operator --tail 100",
            ],
            mend: "The event names the object and the Secret or the key that is missing. Write the value to the secret manager, at the path that the ExternalSecret names: the Secret and the receivers follow within minutes.",
        },
        fires: Case::fires(
            10,
            &[
                (r#"prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="selected",pod="operator-1"}"#, "2x60"),
                (r#"prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="rejected",pod="operator-1"}"#, "1x60"),
            ],
            &[],
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[
                (r#"prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="rejected",pod="operator-1"}"#, "1x8 0x60"),
                (r#"prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="selected",pod="operator-1"}"#, "3x60"),
                (r#"prometheus_operator_managed_resources{resource="PodMonitor",state="rejected",pod="operator-1"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "MonitorsRejected",
        expr: r#"max by (resource) (prometheus_operator_managed_resources{resource!="AlertmanagerConfig",state="rejected"}) > 0"#,
        wait: "10m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "the Prometheus operator rejects objects of the kind {{ $labels.resource }}",
        description: "The Prometheus operator has left out {{ $value }} objects of the kind {{ $labels.resource }} for 10 minutes.",
        page: Page {
            meaning: "What they would scrape, or the alerts that they have, is missing.",
            look: &[
                "@@ get events --all-namespaces --field-selector reason=InvalidConfiguration",
                "@@ --namespace monitoring logs --selector app.kubernetes.io/component=prometheus-operator --tail 100",
            ],
            mend: "The event names the object and what is wrong with it. Objects of platgen come from the spec; others are their author's.",
        },
        fires: Case::fires(
            10,
            &[(r#"prometheus_operator_managed_resources{resource="PodMonitor",state="rejected",pod="operator-1"}"#, "1x60")],
            &[("resource", "PodMonitor")],
        )
        .with("1"),
        silent: Case::silent(
            30,
            &[
                (r#"prometheus_operator_managed_resources{resource="PodMonitor",state="rejected",pod="operator-1"}"#, "1x8 0x60"),
                (r#"prometheus_operator_managed_resources{resource="AlertmanagerConfig",state="rejected",pod="operator-1"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "NotificationsFail",
        expr: r"sum by (integration) (increase(alertmanager_notifications_failed_total[15m]))
            / sum by (integration) (increase(alertmanager_notifications_total[15m])) > 0.1",
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "alerts do not reach {{ $labels.integration }}",
        description: "{{ $value | humanizePercentage }} of the notifications to {{ $labels.integration }} have failed in 15 minutes.",
        page: Page {
            meaning: "Somebody who should be told is not. If you read this, another way works.",
            look: &[
                "@@ --namespace monitoring logs --selector app.kubernetes.io/name=alertmanager --container alertmanager --tail 100 --prefix",
                "@@ --namespace monitoring get externalsecrets",
            ],
            mend: "The log of Alertmanager has the answer: a key that was revoked (write the new one to the secret manager), or no way to the internet.",
        },
        fires: Case::fires(
            6,
            &[
                (r#"alertmanager_notifications_failed_total{integration="pagerduty",pod="alertmanager-0"}"#, "0+2x60"),
                (r#"alertmanager_notifications_total{integration="pagerduty",pod="alertmanager-0"}"#, "0+10x60"),
            ],
            &[("integration", "pagerduty")],
        )
        .with("20%"),
        silent: Case::silent(
            40,
            &[
                (r#"alertmanager_notifications_failed_total{integration="pagerduty",pod="alertmanager-0"}"#, "0+1x60"),
                (r#"alertmanager_notifications_total{integration="pagerduty",pod="alertmanager-0"}"#, "0+10x60"),
            ],
        ),
    },
    Alert {
        name: "AlertmanagerNotFound",
        expr: "max by (pod) (prometheus_notifications_alertmanagers_discovered) < 1",
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "{{ $labels.pod }} finds no Alertmanager",
        description: "{{ $labels.pod }} has found no Alertmanager for 10 minutes: its alerts reach nobody, but through the other one of a pair.",
        page: Page {
            meaning: "Alerts of this Prometheus reach nobody.",
            look: LOOK,
            mend: "The pods of Alertmanager say why they are away. With pods: the network policy between both.",
        },
        fires: Case::fires(
            10,
            &[(r#"prometheus_notifications_alertmanagers_discovered{pod="prometheus-0"}"#, "0x60")],
            &[("pod", "prometheus-0")],
        ),
        silent: Case::silent(30, &[(r#"prometheus_notifications_alertmanagers_discovered{pod="prometheus-0"}"#, "1x60")]),
    },
];
