//! Add-ons of a cluster: those that workloads talk to, with the labels by which network policies select their pods, and those that call the cloud.

use super::gitops::GitOpsController;
use crate::kinds::{Operated, Operator};

/// The namespaces of the cluster itself.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// The service account of a namespace's SecretStore, and the name of the SecretStore.
pub const SECRET_READER: &str = "platgen";

/// The namespaces of the cluster and of its add-ons, which no entry may use. Their pods are in no file of the platform.
pub const FOREIGN_NAMESPACES: [&str; 13] = {
    let [leases, public, system] = SYSTEM_NAMESPACES;
    let [postgres, mongodb, mysql, rabbitmq, strimzi] = Operator::ALL;
    let [postgres, mysql] = [Addon::Operator(postgres).namespace(), Addon::Operator(mysql).namespace()];
    let mongodb = Addon::Operator(mongodb).namespace();
    let [queues, logs] = [Addon::Operator(rabbitmq).namespace(), Addon::Operator(strimzi).namespace()];
    let [gateways, metrics] = [Addon::Gateway.namespace(), Addon::Monitoring.namespace()];
    let [argocd, flux] = GitOpsController::NAMESPACES;
    [postgres, mongodb, mysql, queues, logs, gateways, metrics, argocd, flux, "default", leases, public, system]
};

/// The namespace of kube-prometheus-stack.
const MONITORING: &str = "monitoring";

/// The labels that charts give to pods: the name of the program, and its part in the chart.
const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";

/// An add-on whose pods call workloads or are called by them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Addon {
    /// Envoy Gateway's proxies: they carry requests from load balancers to exposed workloads.
    Gateway,
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
    pub const ALL: [Addon; 15] = {
        let [postgres, mongodb, mysql, rabbitmq, strimzi] = Operator::ALL;
        let [postgres, mongodb, mysql] = [Addon::Operator(postgres), Addon::Operator(mongodb), Addon::Operator(mysql)];
        let [queues, logs] = [Addon::Operator(rabbitmq), Addon::Operator(strimzi)];
        let [prometheus, alertmanager, grafana, operator, webhook, state, nodes] = Addon::STACK;
        [
            Addon::Gateway,
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
            Addon::Gateway => Row { name: "gateway", namespace: "envoy-gateway-system", pods: (COMPONENT, "proxy") },
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
            Addon::NodeExporter => Row { name: "node-exporter", namespace: "kube-system", pods: (NAME, "prometheus-node-exporter") },
            Addon::Kubelet => Row { name: "kubelet", namespace: "kube-system", pods: ("k8s-app", "kubelet") },
            Addon::Dns => Row { name: "dns", namespace: "kube-system", pods: ("k8s-app", "kube-dns") },
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

    /// The add-on of the stack with these pods, by the namespace and the only label of a selector.
    pub fn of_stack(namespace: &str, label: (&str, &str)) -> Option<Addon> {
        Addon::STACK.into_iter().find(|addon| addon.namespace() == namespace && addon.pods() == label)
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
