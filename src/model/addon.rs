//! Add-ons of a cluster: those that workloads talk to, with the labels by which network policies select their pods, and those that call the cloud.

use super::gitops::GitOpsController;
use crate::kinds::{Operated, Operator};

/// The namespaces of the cluster itself.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// The service account of a namespace's SecretStore, and the name of the SecretStore.
pub const SECRET_READER: &str = "platgen";

/// The namespaces of the cluster and of its add-ons. The platform's files contain none of their objects, and no entry may use them.
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

/// An add-on whose pods call workloads or are called by them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Addon {
    /// Envoy Gateway's proxies: they carry requests from load balancers to exposed workloads.
    Gateway,
    /// Prometheus: reads metrics.
    Monitoring,
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
    /// Every add-on.
    pub const ALL: [Addon; 8] = {
        let [postgres, mongodb, mysql, rabbitmq, strimzi] = Operator::ALL;
        let [postgres, mongodb, mysql] = [Addon::Operator(postgres), Addon::Operator(mongodb), Addon::Operator(mysql)];
        [Addon::Gateway, Addon::Monitoring, Addon::Dns, postgres, mongodb, mysql, Addon::Operator(rabbitmq), Addon::Operator(strimzi)]
    };

    const fn row(self) -> Row {
        match self {
            Addon::Gateway => Row { name: "gateway", namespace: "envoy-gateway-system", pods: ("app.kubernetes.io/component", "proxy") },
            Addon::Monitoring => Row { name: "metrics", namespace: "monitoring", pods: ("app.kubernetes.io/name", "prometheus") },
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
