//! Add-ons of a cluster: those that workloads talk to, with the labels by which network policies select their pods, and those that call the cloud.

use super::gitops::GitOpsController;
use crate::kinds::{Operated, Operator};

/// The namespaces of the cluster itself.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// The service account of a namespace's SecretStore, and the name of the SecretStore.
pub const SECRET_READER: &str = "platgen";

/// The namespaces of the cluster and of its add-ons, which no entry may use. Their pods are in no file of the platform.
pub const FOREIGN_NAMESPACES: [&str; 17] = {
    let [leases, public, system] = SYSTEM_NAMESPACES;
    let [postgres, mongodb, mysql, rabbitmq, strimzi] = Operator::ALL;
    let [postgres, mysql] = [Addon::Operator(postgres).namespace(), Addon::Operator(mysql).namespace()];
    let mongodb = Addon::Operator(mongodb).namespace();
    let [queues, logs] = [Addon::Operator(rabbitmq).namespace(), Addon::Operator(strimzi).namespace()];
    let [gateways, metrics] = [Addon::Gateway.namespace(), Addon::Monitoring.namespace()];
    let [certificates, secrets] = [Addon::CertManager.namespace(), Addon::ExternalSecrets.namespace()];
    let [records, restarts] = [Addon::ExternalDns.namespace(), Addon::Reloader.namespace()];
    let [argocd, flux] = GitOpsController::NAMESPACES;
    [
        postgres,
        mongodb,
        mysql,
        queues,
        logs,
        gateways,
        metrics,
        certificates,
        secrets,
        records,
        restarts,
        argocd,
        flux,
        "default",
        leases,
        public,
        system,
    ]
};

/// The namespace of kube-prometheus-stack.
const MONITORING: &str = "monitoring";

/// The namespace of Envoy Gateway and its proxies.
const GATEWAYS: &str = "envoy-gateway-system";

/// The namespace of add-ons that the cluster itself needs.
const SYSTEM: &str = "kube-system";

/// The labels that charts give to pods: the name of the program, and its part in the chart.
const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";

/// An add-on whose pods call workloads or are called by them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Addon {
    /// Envoy Gateway's proxies: they carry requests from load balancers to exposed workloads.
    Gateway,
    /// Envoy Gateway itself: makes the proxies and tells them the routes.
    EnvoyGateway,
    /// The job that makes the certificates between Envoy Gateway and its proxies.
    EnvoyGatewayCertificates,
    /// The AWS Load Balancer Controller: makes the load balancers of Gateways.
    LoadBalancers,
    /// cert-manager: makes and renews certificates.
    CertManager,
    /// The webhook of cert-manager: judges its objects before the API server takes them.
    CertManagerWebhook,
    /// cert-manager's part that gives webhooks their certificate authority.
    CertManagerInjector,
    /// The job that waits until cert-manager answers.
    CertManagerCheck,
    /// External Secrets Operator: fetches secrets from the secret manager.
    ExternalSecrets,
    /// The webhook of External Secrets Operator: judges its objects before the API server takes them.
    ExternalSecretsWebhook,
    /// External Secrets Operator's part that makes the certificate of its webhook.
    ExternalSecretsCertificates,
    /// ExternalDNS: makes the DNS records of hosts.
    ExternalDns,
    /// The Kubernetes Cluster Autoscaler: changes the number of nodes of a pool.
    Autoscaler,
    /// metrics-server: tells autoscalers how busy pods are.
    MetricsServer,
    /// Reloader: restarts pods when a secret that they read changes.
    Reloader,
    /// The Barman Cloud plugin of CloudNativePG: copies databases to buckets.
    BarmanCloud,
    /// Prometheus: reads metrics.
    Monitoring,
    /// Alertmanager: tells people of alerts.
    Alertmanager,
    /// Grafana: shows metrics.
    Grafana,
    /// The Prometheus operator: makes the servers of Prometheus and Alertmanager, and judges rules before the API server takes them.
    PrometheusOperator,
    /// The jobs that make the certificate of the operator's webhook.
    PrometheusWebhook,
    /// kube-state-metrics: serves the state of objects as metrics.
    StateMetrics,
    /// node-exporter: serves the metrics of its node, from the node's network.
    NodeExporter,
    /// The agent of Kubernetes on each node.
    Kubelet,
    /// The cluster's DNS server.
    Dns,
    /// An operator: makes the pods of stores and watches them.
    Operator(Operator),
}

/// A row of the table of add-ons.
struct Row {
    name: &'static str,
    namespace: &'static str,
    pods: (&'static str, &'static str),
}

impl Addon {
    /// The programs of kube-prometheus-stack. Its chart runs them, and the policies of those in the namespace of [`Addon::Monitoring`] are the platform's.
    pub const STACK: [Addon; 7] = [
        Addon::Monitoring,
        Addon::Alertmanager,
        Addon::Grafana,
        Addon::PrometheusOperator,
        Addon::PrometheusWebhook,
        Addon::StateMetrics,
        Addon::NodeExporter,
    ];

    /// Every add-on.
    pub const ALL: [Addon; 30] = {
        let [postgres, mongodb, mysql, rabbitmq, strimzi] = Operator::ALL;
        let [postgres, mongodb, mysql] = [Addon::Operator(postgres), Addon::Operator(mongodb), Addon::Operator(mysql)];
        let [queues, logs] = [Addon::Operator(rabbitmq), Addon::Operator(strimzi)];
        let [prometheus, alertmanager, grafana, operator, webhook, state, nodes] = Addon::STACK;
        [
            Addon::Gateway,
            Addon::EnvoyGateway,
            Addon::EnvoyGatewayCertificates,
            Addon::LoadBalancers,
            Addon::CertManager,
            Addon::CertManagerWebhook,
            Addon::CertManagerInjector,
            Addon::CertManagerCheck,
            Addon::ExternalSecrets,
            Addon::ExternalSecretsWebhook,
            Addon::ExternalSecretsCertificates,
            Addon::ExternalDns,
            Addon::Autoscaler,
            Addon::MetricsServer,
            Addon::Reloader,
            Addon::BarmanCloud,
            prometheus,
            alertmanager,
            grafana,
            operator,
            webhook,
            state,
            nodes,
            Addon::Kubelet,
            Addon::Dns,
            postgres,
            mongodb,
            mysql,
            queues,
            logs,
        ]
    };

    const fn row(self) -> Row {
        match self {
            Addon::Gateway => Row { name: "gateway", namespace: GATEWAYS, pods: (COMPONENT, "proxy") },
            // The labels of pods are those of the charts, rendered with the values of platgen and the names of `AddonChart` as those of the releases.
            Addon::EnvoyGateway => Row { name: "envoy-gateway", namespace: GATEWAYS, pods: ("control-plane", "envoy-gateway") },
            Addon::EnvoyGatewayCertificates => Row { name: "envoy-gateway-certificates", namespace: GATEWAYS, pods: ("app", "certgen") },
            Addon::LoadBalancers => Row { name: "load-balancers", namespace: SYSTEM, pods: (NAME, "aws-load-balancer-controller") },
            Addon::CertManager => Row { name: "cert-manager", namespace: "cert-manager", pods: (NAME, "cert-manager") },
            Addon::CertManagerWebhook => Row { name: "cert-manager-webhook", namespace: "cert-manager", pods: (NAME, "webhook") },
            Addon::CertManagerInjector => Row { name: "cert-manager-cainjector", namespace: "cert-manager", pods: (NAME, "cainjector") },
            Addon::CertManagerCheck => Row { name: "cert-manager-check", namespace: "cert-manager", pods: (NAME, "startupapicheck") },
            Addon::ExternalSecrets => Row { name: "external-secrets", namespace: "external-secrets", pods: (NAME, "external-secrets") },
            Addon::ExternalSecretsWebhook => {
                Row { name: "external-secrets-webhook", namespace: "external-secrets", pods: (NAME, "external-secrets-webhook") }
            }
            Addon::ExternalSecretsCertificates => Row {
                name: "external-secrets-certificates",
                namespace: "external-secrets",
                pods: (NAME, "external-secrets-cert-controller"),
            },
            Addon::ExternalDns => Row { name: "external-dns", namespace: "external-dns", pods: (NAME, "external-dns") },
            Addon::Autoscaler => Row { name: "cluster-autoscaler", namespace: SYSTEM, pods: (NAME, "cluster-autoscaler") },
            Addon::MetricsServer => Row { name: "metrics-server", namespace: SYSTEM, pods: (NAME, "metrics-server") },
            Addon::Reloader => Row { name: "reloader", namespace: "reloader", pods: (NAME, "reloader") },
            Addon::BarmanCloud => {
                Row { name: "barman-cloud", namespace: Operator::CloudNativePg.facts().namespace, pods: (NAME, "plugin-barman-cloud") }
            }
            // The labels of the pods of kube-prometheus-stack 88.5.3, rendered with the name of the chart as that of the release.
            Addon::Monitoring => Row { name: "metrics", namespace: MONITORING, pods: (NAME, "prometheus") },
            Addon::Alertmanager => Row { name: "alertmanager", namespace: MONITORING, pods: (NAME, "alertmanager") },
            Addon::Grafana => Row { name: "grafana", namespace: MONITORING, pods: (NAME, "grafana") },
            Addon::PrometheusOperator => {
                Row { name: "prometheus-operator", namespace: MONITORING, pods: (COMPONENT, "prometheus-operator") }
            }
            Addon::PrometheusWebhook => {
                Row { name: "prometheus-webhook", namespace: MONITORING, pods: (COMPONENT, "prometheus-operator-webhook") }
            }
            Addon::StateMetrics => Row { name: "kube-state-metrics", namespace: MONITORING, pods: (NAME, "kube-state-metrics") },
            // Where pods may use the network and the files of their node.
            Addon::NodeExporter => Row { name: "node-exporter", namespace: SYSTEM, pods: (NAME, "prometheus-node-exporter") },
            Addon::Kubelet => Row { name: "kubelet", namespace: SYSTEM, pods: ("k8s-app", "kubelet") },
            Addon::Dns => Row { name: "dns", namespace: SYSTEM, pods: ("k8s-app", "kube-dns") },
            Addon::Operator(operator) => {
                let Operated { name, namespace, pods, .. } = *operator.facts();
                Row { name, namespace, pods }
            }
        }
    }

    /// The name in messages and reports.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The namespace of its pods.
    pub const fn namespace(self) -> &'static str {
        self.row().namespace
    }

    /// Key and value of the label by which policies select its pods.
    pub const fn pods(self) -> (&'static str, &'static str) {
        self.row().pods
    }

    /// Whether it runs on every node in the node's network, which policies know by its ranges alone.
    pub const fn is_on_nodes(self) -> bool {
        matches!(self, Addon::Kubelet | Addon::NodeExporter)
    }

    /// The port and the path at which it serves metrics to everybody; those of kube-prometheus-stack are scraped by the chart's own monitors. metrics-server asks
    /// for the caller's rights, and the plugin of CloudNativePG has no port for metrics.
    ///
    /// Sources: the charts of each project with the values of platgen.
    pub const fn metrics(self) -> Option<(u16, &'static str)> {
        let port = match self {
            // `internal/xds/bootstrap` of Envoy Gateway 1.9.
            Addon::Gateway => return Some((19001, "/stats/prometheus")),
            Addon::EnvoyGateway => 19001,
            Addon::CertManager | Addon::CertManagerWebhook | Addon::CertManagerInjector => 9402,
            Addon::ExternalSecrets | Addon::ExternalSecretsWebhook | Addon::ExternalSecretsCertificates | Addon::LoadBalancers => 8080,
            Addon::ExternalDns => 7979,
            Addon::Autoscaler => 8085,
            Addon::Reloader => 9090,
            Addon::Operator(Operator::CloudNativePg | Operator::PerconaMongodb | Operator::PerconaMysql | Operator::Strimzi) => 8080,
            _ => return None,
        };
        Some((port, "/metrics"))
    }

    /// Whether its metrics tell of objects of others, whose namespace they name.
    pub const fn tells_of_objects(self) -> bool {
        matches!(self, Addon::CertManager | Addon::ExternalSecrets)
    }
}

/// A controller of a cluster that calls the API of the cloud, with rights that the files of the platform give it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Controller {
    /// The Kubernetes Cluster Autoscaler: changes the number of nodes of a pool.
    Autoscaler,
    /// cert-manager: proves to a certificate authority that a domain is the platform's.
    CertManager,
    /// The CSI driver of disks.
    Disks,
    /// ExternalDNS: makes the DNS records of hosts.
    ExternalDns,
    /// The AWS Load Balancer Controller: makes the load balancers of Gateways.
    LoadBalancers,
    /// The plugin that gives pods addresses of the network.
    PodNetwork,
}

impl Controller {
    /// What the name of its role in the cloud ends in.
    pub const fn purpose(self) -> &'static str {
        match self {
            Controller::Autoscaler => "cluster-autoscaler",
            Controller::CertManager => "cert-manager",
            Controller::Disks => "ebs-csi",
            Controller::ExternalDns => "external-dns",
            Controller::LoadBalancers => "load-balancer-controller",
            Controller::PodNetwork => "vpc-cni",
        }
    }

    /// What it may do there, as a sentence without a subject.
    pub const fn rights(self) -> &'static str {
        match self {
            Controller::Autoscaler => "changes the number of nodes",
            Controller::CertManager => "changes DNS records that prove whose a domain is",
            Controller::Disks => "makes, attaches and deletes disks",
            Controller::ExternalDns => "changes the DNS records of hosts",
            Controller::LoadBalancers => "makes and changes load balancers",
            Controller::PodNetwork => "gives pods addresses of the network",
        }
    }

    /// The namespace and the name of its service account.
    pub const fn account(self) -> (&'static str, &'static str) {
        match self {
            Controller::Autoscaler => ("kube-system", "cluster-autoscaler"),
            Controller::CertManager => ("cert-manager", "cert-manager"),
            Controller::Disks => ("kube-system", "ebs-csi-controller-sa"),
            Controller::ExternalDns => ("external-dns", "external-dns"),
            Controller::LoadBalancers => ("kube-system", "aws-load-balancer-controller"),
            Controller::PodNetwork => ("kube-system", "aws-node"),
        }
    }
}
