//! The Helm charts that the files of a region install: those of add-ons, and those that the spec names.

use super::{Addon, Controller};
use crate::kinds::Operator;
use crate::source::Span;
use crate::value::{ChartDigest, Definitions};
use std::collections::BTreeMap;

/// An add-on that a chart installs. In the order of installation: each needs only those before it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AddonChart {
    /// The AWS Load Balancer Controller.
    LoadBalancers,
    /// cert-manager. The operators of stores have it make the certificates of their servers.
    CertManager,
    /// External Secrets Operator.
    ExternalSecrets,
    /// ExternalDNS.
    ExternalDns,
    /// The Kubernetes Cluster Autoscaler.
    Autoscaler,
    /// metrics-server.
    Metrics,
    /// Reloader of Stakater.
    Reloader,
    /// Envoy Gateway.
    Gateway,
    /// CloudNativePG.
    CloudNativePg,
    /// The Barman Cloud plugin of CloudNativePG.
    BarmanCloud,
    /// The Percona Operator for MongoDB.
    PerconaMongodb,
    /// The Percona Operator for MySQL.
    PerconaMysql,
    /// Strimzi.
    Strimzi,
    /// kube-prometheus-stack.
    Monitoring,
}

/// A row of the table of charts.
struct Row {
    name: &'static str,
    title: &'static str,
    /// Its programs. The first one names the namespace.
    programs: &'static [Addon],
}

impl AddonChart {
    /// Every chart, in the order of installation.
    pub const ALL: [AddonChart; 14] = [
        AddonChart::LoadBalancers,
        AddonChart::CertManager,
        AddonChart::ExternalSecrets,
        AddonChart::ExternalDns,
        AddonChart::Autoscaler,
        AddonChart::Metrics,
        AddonChart::Reloader,
        AddonChart::Gateway,
        AddonChart::CloudNativePg,
        AddonChart::BarmanCloud,
        AddonChart::PerconaMongodb,
        AddonChart::PerconaMysql,
        AddonChart::Strimzi,
        AddonChart::Monitoring,
    ];

    const fn row(self) -> Row {
        match self {
            AddonChart::LoadBalancers => {
                Row { name: "aws-load-balancer-controller", title: "the AWS Load Balancer Controller", programs: &[Addon::LoadBalancers] }
            }
            AddonChart::CertManager => Row {
                name: "cert-manager",
                title: "cert-manager",
                programs: &[Addon::CertManager, Addon::CertManagerWebhook, Addon::CertManagerInjector, Addon::CertManagerCheck],
            },
            AddonChart::ExternalSecrets => Row {
                name: "external-secrets",
                title: "External Secrets Operator",
                programs: &[Addon::ExternalSecrets, Addon::ExternalSecretsWebhook, Addon::ExternalSecretsCertificates],
            },
            AddonChart::ExternalDns => Row { name: "external-dns", title: "ExternalDNS", programs: &[Addon::ExternalDns] },
            AddonChart::Autoscaler => {
                Row { name: "cluster-autoscaler", title: "the Kubernetes Cluster Autoscaler", programs: &[Addon::Autoscaler] }
            }
            AddonChart::Metrics => Row { name: "metrics-server", title: "metrics-server", programs: &[Addon::MetricsServer] },
            AddonChart::Reloader => Row { name: "reloader", title: "Reloader", programs: &[Addon::Reloader] },
            AddonChart::Gateway => Row {
                name: "envoy-gateway",
                title: "Envoy Gateway",
                programs: &[Addon::Gateway, Addon::EnvoyGateway, Addon::EnvoyGatewayCertificates],
            },
            AddonChart::CloudNativePg => {
                Row { name: "cloudnative-pg", title: "CloudNativePG", programs: &[Addon::Operator(Operator::CloudNativePg)] }
            }
            AddonChart::BarmanCloud => {
                Row { name: "plugin-barman-cloud", title: "the Barman Cloud plugin of CloudNativePG", programs: &[Addon::BarmanCloud] }
            }
            AddonChart::PerconaMongodb => Row {
                name: "psmdb-operator",
                title: "the Percona Operator for MongoDB",
                programs: &[Addon::Operator(Operator::PerconaMongodb)],
            },
            AddonChart::PerconaMysql => {
                Row { name: "pxc-operator", title: "the Percona Operator for MySQL", programs: &[Addon::Operator(Operator::PerconaMysql)] }
            }
            AddonChart::Strimzi => {
                Row { name: "strimzi-kafka-operator", title: "Strimzi", programs: &[Addon::Operator(Operator::Strimzi)] }
            }
            AddonChart::Monitoring => Row { name: "kube-prometheus-stack", title: "kube-prometheus-stack", programs: &Addon::STACK },
        }
    }

    /// The name in a spec, and of the release.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The name of the program, as people write it.
    pub const fn title(self) -> &'static str {
        self.row().title
    }

    /// The programs that it runs.
    pub const fn programs(self) -> &'static [Addon] {
        self.row().programs
    }

    /// The namespace of the release.
    pub const fn namespace(self) -> &'static str {
        match self.row().programs {
            [first, ..] => first.namespace(),
            [] => "default",
        }
    }

    /// Whether its programs serve the kinds of an API group.
    pub fn serves(self, group: &str) -> bool {
        match self {
            AddonChart::CertManager => ["acme.cert-manager.io", "cert-manager.io"].contains(&group),
            AddonChart::ExternalSecrets => group == "external-secrets.io",
            AddonChart::Gateway => ["gateway.envoyproxy.io", "gateway.networking.k8s.io"].contains(&group),
            AddonChart::BarmanCloud => group == "barmancloud.cnpg.io",
            AddonChart::LoadBalancers => ["aga.k8s.aws", "elbv2.k8s.aws"].contains(&group),
            AddonChart::Monitoring => group == "monitoring.coreos.com",
            AddonChart::CloudNativePg | AddonChart::PerconaMongodb | AddonChart::PerconaMysql | AddonChart::Strimzi => {
                self.programs().iter().any(|program| matches!(program, Addon::Operator(operator) if operator.facts().group() == group))
            }
            AddonChart::ExternalDns | AddonChart::Autoscaler | AddonChart::Metrics | AddonChart::Reloader => false,
        }
    }

    /// The chart of a controller that calls the cloud. None: an add-on of the cloud, or a part of every node.
    pub const fn of(controller: Controller) -> Option<AddonChart> {
        match controller {
            Controller::Autoscaler => Some(AddonChart::Autoscaler),
            Controller::CertManager => Some(AddonChart::CertManager),
            Controller::ExternalDns => Some(AddonChart::ExternalDns),
            Controller::LoadBalancers => Some(AddonChart::LoadBalancers),
            Controller::Disks | Controller::PodNetwork => None,
        }
    }

    /// The chart of an operator. None: its project has none.
    pub const fn of_operator(operator: Operator) -> Option<AddonChart> {
        match operator {
            Operator::CloudNativePg => Some(AddonChart::CloudNativePg),
            Operator::PerconaMongodb => Some(AddonChart::PerconaMongodb),
            Operator::PerconaMysql => Some(AddonChart::PerconaMysql),
            Operator::Rabbitmq => None,
            Operator::Strimzi => Some(AddonChart::Strimzi),
        }
    }
}

/// A release of a chart in a region.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The name of the release.
    pub name: String,
    /// The add-on that it is. `None`: a chart of the spec.
    pub addon: Option<AddonChart>,
    /// The repository: `oci://...`, or the address of an index.
    pub repository: String,
    /// The name of the chart there.
    pub chart: String,
    /// The version of the chart.
    pub version: String,
    /// The digest of its archive, with which the commands that install it compare what they fetch. `None`: not known.
    pub digest: Option<ChartDigest>,
    /// The version of its program: the tag of its first image. `None`: that of the chart.
    pub program: Option<String>,
    /// The namespace of the release.
    pub namespace: String,
    /// Where the definitions of its kinds are.
    pub definitions: Definitions,
    /// What the spec sets on top of the values of platgen.
    pub values: Option<serde_json::Value>,
    /// The images that its pods run in place of those of the chart, by part. Empty: those of the chart.
    pub images: BTreeMap<&'static str, String>,
    /// Where the spec says that it is installed.
    pub span: Span,
}

impl Chart {
    /// The files with its values, below the folder of the region's values: those of platgen, then those of the spec, which win.
    pub fn value_files(&self) -> Vec<String> {
        let name = &self.name;
        let own = self.addon.map(|_| format!("{name}.yaml"));
        let said = self.values.as_ref().map(|_| if own.is_some() { format!("{name}.own.yaml") } else { format!("{name}.yaml") });
        own.into_iter().chain(said).collect()
    }

    /// Key and value of the label by which policies select the pods of a release.
    pub fn pods(name: &str) -> (&'static str, &str) {
        ("app.kubernetes.io/instance", name)
    }

    /// The chart as helm takes it: its address, and the flags that name its repository.
    pub fn source(&self) -> (String, String) {
        match self.repository.starts_with("oci://") {
            true => (format!("{}/{}", self.repository, self.chart), String::new()),
            false => (self.chart.clone(), format!(" --repo {}", self.repository)),
        }
    }
}
