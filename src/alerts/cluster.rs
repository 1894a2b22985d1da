//! Alerts on the cluster: quotas, disruption budgets, the API server, DNS and add-ons.

use super::{Alert, Case, Owned, Page, Severity, Subject, always, any, facts};
use crate::model::{Platform, Region};

pub(super) const SUBJECT: Subject = Subject {
    name: "cluster",
    title: "Cluster",
    alerts: ALERTS,
    replaces: &[
        "KubeAPIDown",
        "KubeAPIErrorBudgetBurn",
        "KubeCPUOvercommit",
        "KubeCPUQuotaOvercommit",
        "KubeMemoryOvercommit",
        "KubeMemoryQuotaOvercommit",
        "KubeQuotaAlmostFull",
        "KubeQuotaExceeded",
        "KubeQuotaFullyUsed",
    ],
};

fn budgets(_: &Platform, region: &Region) -> bool {
    any(region, |workload| workload.replicas.0 > 1)
}

fn addons(_: &Platform, region: &Region) -> bool {
    !facts::addons(region).is_empty()
}

fn measured(_: &Platform, region: &Region) -> bool {
    facts::measured(region).next().is_some()
}

const NAMESPACE: (&str, &str) = (r#"platgen:namespace:info{namespace="shop",owner="carts"}"#, "1x60");
const KUBE_STATE: (&str, &str) = (r#"up{job="kube-state-metrics",endpoint="http",instance="10.0.0.1:8080"}"#, "1x60");

const POSTGRES: (&str, &str) = (r#"platgen:addon:info{namespace="cnpg-system",addon="CloudNativePG",pods="cloudnative-pg"}"#, "1x60");

const CERTIFICATES: (&str, &str) = (r#"platgen:addon:scraped{addon="cert-manager",job="monitoring/cert-manager"}"#, "1x60");

const ALERTS: &[Alert] = &[
    Alert {
        name: "QuotaAlmostUsed",
        expr: r#"max by (namespace, resource) (kube_resourcequota{type="used"})
            / on (namespace, resource) max by (namespace, resource) (kube_resourcequota{type="hard"})
            * on (namespace) group_left (owner) platgen:namespace:info > THRESHOLD"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: always,
        summary: "the quota of {{ $labels.namespace }} is almost used up",
        description: "{{ $value | humanizePercentage }} of {{ $labels.resource }} in the quota of {{ $labels.namespace }} have been in use for 15 minutes.",
        page: Page {
            meaning: "A pod more is refused: rollouts stop, autoscalers add nothing, and the events of ReplicaSets and Jobs alone say so.",
            look: &["@ describe resourcequotas quota", "@ top pods"],
            mend: "Raise `quota` of the namespace in the spec, or lower requests that are never used.",
        },
        fires: Case::fires(
            15,
            &[
                NAMESPACE,
                (r#"kube_resourcequota{namespace="shop",resourcequota="quota",resource="requests.cpu",type="used"}"#, "95x60"),
                (r#"kube_resourcequota{namespace="shop",resourcequota="quota",resource="requests.cpu",type="hard"}"#, "100x60"),
            ],
            &[("namespace", "shop"), ("resource", "requests.cpu"), ("owner", "carts")],
        )
        .with("95%"),
        silent: Case::silent(
            30,
            &[
                NAMESPACE,
                (r#"kube_resourcequota{namespace="shop",resourcequota="quota",resource="requests.cpu",type="used"}"#, "90x60"),
                (r#"kube_resourcequota{namespace="shop",resourcequota="quota",resource="requests.cpu",type="hard"}"#, "100x60"),
            ],
        ),
    },
    Alert {
        name: "DisruptionBudgetBroken",
        expr: r#"(max by (namespace, poddisruptionbudget) (kube_poddisruptionbudget_status_current_healthy)
              < on (namespace, poddisruptionbudget)
              max by (namespace, poddisruptionbudget) (kube_poddisruptionbudget_status_desired_healthy))
            * on (namespace) group_left (owner) platgen:namespace:info"#,
        wait: "30m",
        severity: Severity::Warning,
        owned: Owned::Joined,
        applies: budgets,
        summary: "{{ $labels.poddisruptionbudget }} in {{ $labels.namespace }} has fewer healthy pods than its budget wants",
        description: "The disruption budget {{ $labels.poddisruptionbudget }} in {{ $labels.namespace }} has had {{ $value }} healthy pods, too few, for 30 minutes.",
        page: Page {
            meaning: "No node with a pod of it can be emptied: upgrades of nodes wait.",
            look: &["@ describe poddisruptionbudgets \"$poddisruptionbudget\"", "@ get pods"],
            mend: "Mend the pods that are not ready. The budget itself is right.",
        },
        fires: Case::fires(
            30,
            &[
                NAMESPACE,
                (r#"kube_poddisruptionbudget_status_current_healthy{namespace="shop",poddisruptionbudget="cart"}"#, "1x60"),
                (r#"kube_poddisruptionbudget_status_desired_healthy{namespace="shop",poddisruptionbudget="cart"}"#, "2x60"),
            ],
            &[("namespace", "shop"), ("poddisruptionbudget", "cart"), ("owner", "carts")],
        )
        .with("1"),
        silent: Case::silent(
            50,
            &[
                NAMESPACE,
                (r#"kube_poddisruptionbudget_status_current_healthy{namespace="shop",poddisruptionbudget="cart"}"#, "2x60"),
                (r#"kube_poddisruptionbudget_status_desired_healthy{namespace="shop",poddisruptionbudget="cart"}"#, "2x60"),
            ],
        ),
    },
    Alert {
        name: "ApiServerUnreachable",
        expr: r#"absent(up{job="apiserver"} == 1)"#,
        wait: "10m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "Prometheus does not reach the API server",
        description: "Prometheus has read metrics from no API server of the cluster for 10 minutes.",
        page: Page {
            meaning: "What runs goes on. Nothing is replaced, scaled or rolled out, and stores elect nobody new.",
            look: &["@@ get --raw /readyz", "@@ --namespace monitoring get pods"],
            mend: "If kubectl answers, the way from Prometheus is closed: its network policy, or the addresses of the API server. If it does not: the status page of the cloud.",
        },
        fires: Case::fires(10, &[(r#"up{job="apiserver",instance="10.0.0.2:443"}"#, "0x60")], &[]),
        silent: Case::silent(
            30,
            &[(r#"up{job="apiserver",instance="10.0.0.2:443"}"#, "1x60"), (r#"up{job="apiserver",instance="10.0.0.3:443"}"#, "0x60")],
        ),
    },
    Alert {
        name: "ApiServerErrors",
        expr: r#"sum(rate(apiserver_request_total{code=~"5.."}[10m])) / sum(rate(apiserver_request_total[10m])) > 0.05"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: always,
        summary: "many requests to the API server fail",
        description: "{{ $value | humanizePercentage }} of the requests to the API server have failed for 15 minutes.",
        page: Page {
            meaning: "Rollouts, autoscalers and operators are slow or stand still.",
            look: &["@@ get --raw '/readyz?verbose'", "@@ get validatingwebhookconfigurations,mutatingwebhookconfigurations"],
            mend: "A webhook whose server does not answer is the most frequent cause; else the status page of the cloud.",
        },
        fires: Case::fires(
            16,
            &[
                (r#"apiserver_request_total{job="apiserver",code="500"}"#, "0+10x60"),
                (r#"apiserver_request_total{job="apiserver",code="200"}"#, "0+90x60"),
            ],
            &[],
        )
        .with("10%"),
        silent: Case::silent(
            40,
            &[
                (r#"apiserver_request_total{job="apiserver",code="500"}"#, "0+4x60"),
                (r#"apiserver_request_total{job="apiserver",code="200"}"#, "0+96x60"),
            ],
        ),
    },
    Alert {
        name: "DnsDown",
        expr: r#"absent(kube_deployment_status_replicas_available{namespace="kube-system",deployment=~"coredns|kube-dns"} > 0)
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "5m",
        severity: Severity::Critical,
        owned: Owned::Platform,
        applies: always,
        summary: "the cluster has no DNS",
        description: "No DNS server of the cluster has been available for 5 minutes.",
        page: Page {
            meaning: "No pod finds another one by name: everything fails within minutes.",
            look: &[
                "@@ --namespace kube-system get pods --selector k8s-app=kube-dns --output wide",
                "@@ --namespace kube-system describe pods --selector k8s-app=kube-dns",
            ],
            mend: "Pods that wait: every pool without taints is full or away. Pods that crash: the add-on of the cloud, whose version Terraform sets.",
        },
        fires: Case::fires(
            5,
            &[KUBE_STATE, (r#"kube_deployment_status_replicas_available{namespace="kube-system",deployment="coredns"}"#, "0x60")],
            &[],
        ),
        silent: Case::silent(
            30,
            &[KUBE_STATE, (r#"kube_deployment_status_replicas_available{namespace="kube-system",deployment="coredns"}"#, "1x60")],
        ),
    },
    Alert {
        name: "AddonDown",
        expr: r#"(platgen:addon:info unless on (namespace, pods) (
              (label_replace(kube_pod_labels{label_app_kubernetes_io_name!=""}, "pods", "$1", "label_app_kubernetes_io_name", "(.+)")
                or label_replace(kube_pod_labels{label_strimzi_io_kind!=""}, "pods", "$1", "label_strimzi_io_kind", "(.+)"))
              and on (namespace, pod) kube_pod_status_ready{condition="true"} == 1))
            and on () platgen:kube_state_metrics:up > 0"#,
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: addons,
        summary: "{{ $labels.addon }} does not run",
        description: "No pod of {{ $labels.addon }} in {{ $labels.namespace }} has been ready for 15 minutes.",
        page: Page {
            meaning: "What runs goes on, and what the add-on does is not done: an operator replaces no server that fails, cert-manager renews no certificate, External Secrets Operator fetches no secret, ExternalDNS changes no record, metrics-server tells autoscalers nothing. Of some, the API server refuses new objects.",
            look: &["@ get pods", "@ get events --sort-by .lastTimestamp"],
            mend: "The events and logs of its pods say why. Install the version that the README.md of the region names if it is gone.",
        },
        fires: Case::fires(
            15,
            &[
                KUBE_STATE,
                POSTGRES,
                (r#"kube_pod_labels{namespace="cnpg-system",pod="cnpg-1",label_app_kubernetes_io_name="cloudnative-pg"}"#, "1x60"),
                (r#"kube_pod_status_ready{namespace="cnpg-system",pod="cnpg-1",condition="true"}"#, "0x60"),
                // Its plugin runs beside it.
                (r#"kube_pod_labels{namespace="cnpg-system",pod="barman-1",label_app_kubernetes_io_name="plugin-barman-cloud"}"#, "1x60"),
                (r#"kube_pod_status_ready{namespace="cnpg-system",pod="barman-1",condition="true"}"#, "1x60"),
            ],
            &[("namespace", "cnpg-system"), ("addon", "CloudNativePG"), ("pods", "cloudnative-pg")],
        ),
        silent: Case::silent(
            30,
            &[
                KUBE_STATE,
                POSTGRES,
                (r#"kube_pod_labels{namespace="cnpg-system",pod="cnpg-1",label_app_kubernetes_io_name="cloudnative-pg"}"#, "1x60"),
                (r#"kube_pod_status_ready{namespace="cnpg-system",pod="cnpg-1",condition="true"}"#, "1x60"),
                (r#"platgen:addon:info{namespace="strimzi-system",addon="Strimzi",pods="cluster-operator"}"#, "1x60"),
                (
                    r#"kube_pod_labels{namespace="strimzi-system",pod="strimzi-1",label_app_kubernetes_io_name="strimzi",label_strimzi_io_kind="cluster-operator"}"#,
                    "1x60",
                ),
                (r#"kube_pod_status_ready{namespace="strimzi-system",pod="strimzi-1",condition="true"}"#, "1x60"),
            ],
        ),
    },
    Alert {
        name: "AddonMetricsMissing",
        expr: "platgen:addon:scraped unless on (job) up == 1",
        wait: "15m",
        severity: Severity::Warning,
        owned: Owned::Platform,
        applies: measured,
        summary: "Prometheus reads no metrics of {{ $labels.addon }}",
        description: "Prometheus has read no metrics of {{ $labels.addon }} for 15 minutes: alerts on certificates, secrets or new nodes stay silent.",
        page: Page {
            meaning: "What the add-on does may go on as ever.",
            look: &[
                "@@ --namespace monitoring get podmonitors",
                "@@ get pods --all-namespaces --selector app.kubernetes.io/name=\"$addon\"",
            ],
            mend: "No pod: see AddonDown. Else a network policy is missing, or the PodMonitor: Status, Target health in the web page of Prometheus has the error.",
        },
        fires: Case::fires(
            15,
            &[CERTIFICATES, (r#"up{job="monitoring/cert-manager",namespace="cert-manager",instance="10.0.0.4:9402"}"#, "0x60")],
            &[("addon", "cert-manager"), ("job", "monitoring/cert-manager")],
        ),
        silent: Case::silent(
            30,
            &[
                CERTIFICATES,
                (r#"up{job="monitoring/cert-manager",namespace="cert-manager",instance="10.0.0.4:9402"}"#, "1x60"),
                (r#"up{job="monitoring/cert-manager",namespace="cert-manager",instance="10.0.0.5:9402"}"#, "0x60"),
            ],
        ),
    },
];
