//! What a desktop gets from other projects: the image of its nodes and the add-ons of its cluster, each at one version. The only such list.
//!
//! Sources: the release notes of kind for images; for add-ons the releases of each project and its page on the installation.

use super::super::uses::Uses;
use crate::kinds::Operator;
use crate::model::PolicyEngine;

/// The release of kind whose notes list these images: another release may not start them.
pub(super) const KIND: &str = "0.33.0";

/// The minor version of Kubernetes 1 and the image of its nodes, oldest first.
const NODES: [(u32, &str); 4] = [
    (34, "kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d"),
    (35, "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"),
    (36, "kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed"),
    (37, "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"),
];

/// An add-on.
#[derive(Debug)]
pub(super) struct Addon {
    /// The name of the program, as people write it.
    pub(super) title: &'static str,
    pub(super) version: &'static str,
    /// The namespace of its pods.
    pub(super) namespace: &'static str,
    pub(super) source: Source,
    /// The API groups that call for it.
    groups: &'static [&'static str],
}

/// Where an add-on comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// The address of a manifest whose objects name their namespaces.
    Manifest(&'static str),
    /// The address of a manifest whose objects are put into the namespace of the add-on.
    Bundle(&'static str),
    /// The address of the manifest of Strimzi, which is written for one namespace.
    Strimzi(&'static str),
    /// The address of the repository of a Helm chart.
    Chart(&'static str),
}

/// Add-ons in the order of their installation.
const ADDONS: [Addon; 8] = [
    Addon {
        title: "cert-manager",
        version: "1.21.1",
        namespace: "cert-manager",
        source: Source::Manifest("https://github.com/cert-manager/cert-manager/releases/download/v1.21.1/cert-manager.yaml"),
        // The operators of Percona have it make the certificates of servers, that of RabbitMQ since 2.22 the one of its webhook.
        groups: &["cert-manager.io", "psmdb.percona.com", "pxc.percona.com", "rabbitmq.com"],
    },
    Addon {
        title: "Envoy Gateway",
        version: "1.9.0",
        namespace: "envoy-gateway-system",
        // The definitions of the Gateway API are in it.
        source: Source::Manifest("https://github.com/envoyproxy/gateway/releases/download/v1.9.0/install.yaml"),
        groups: &["gateway.envoyproxy.io", "gateway.networking.k8s.io"],
    },
    Addon {
        title: "External Secrets Operator",
        version: "2.9.0",
        // Its manifest is that of its chart without a namespace.
        namespace: "default",
        source: Source::Manifest("https://github.com/external-secrets/external-secrets/releases/download/v2.9.0/external-secrets.yaml"),
        groups: &["external-secrets.io"],
    },
    Addon {
        title: "CloudNativePG",
        version: "1.30.0",
        namespace: Operator::CloudNativePg.facts().namespace,
        source: Source::Manifest("https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/v1.30.0/releases/cnpg-1.30.0.yaml"),
        groups: &["postgresql.cnpg.io"],
    },
    Addon {
        title: "Percona Operator for MongoDB",
        version: "1.22.0",
        namespace: Operator::PerconaMongodb.facts().namespace,
        source: Source::Bundle("https://raw.githubusercontent.com/percona/percona-server-mongodb-operator/v1.22.0/deploy/cw-bundle.yaml"),
        groups: &["psmdb.percona.com"],
    },
    Addon {
        title: "Percona Operator for MySQL",
        version: "1.19.0",
        namespace: Operator::PerconaMysql.facts().namespace,
        source: Source::Bundle("https://raw.githubusercontent.com/percona/percona-xtradb-cluster-operator/v1.19.0/deploy/cw-bundle.yaml"),
        groups: &["pxc.percona.com"],
    },
    Addon {
        title: "RabbitMQ Cluster Operator",
        version: "2.22.3",
        namespace: Operator::Rabbitmq.facts().namespace,
        source: Source::Manifest("https://github.com/rabbitmq/cluster-operator/releases/download/v2.22.3/cluster-operator.yml"),
        groups: &["rabbitmq.com"],
    },
    Addon {
        title: "Strimzi",
        version: "1.2.0",
        namespace: Operator::Strimzi.facts().namespace,
        source: Source::Strimzi(
            "https://github.com/strimzi/strimzi-kafka-operator/releases/download/1.2.0/strimzi-cluster-operator-1.2.0.yaml",
        ),
        groups: &["kafka.strimzi.io"],
    },
];

/// Calico.
const CALICO: Addon = Addon {
    title: "Calico",
    version: "3.32.2",
    namespace: "kube-system",
    source: Source::Manifest("https://raw.githubusercontent.com/projectcalico/calico/v3.32.2/manifests/calico.yaml"),
    groups: &[],
};

/// Cilium, which has no manifest.
const CILIUM: Addon =
    Addon { title: "Cilium", version: "1.19.8", namespace: "kube-system", source: Source::Chart("https://helm.cilium.io"), groups: &[] };

/// What a cluster needs.
pub(super) struct Needed {
    /// The network of pods; none where kind's own enforces the policies.
    pub(super) network: Option<&'static Addon>,
    /// Everything else, in the order of installation.
    pub(super) addons: Vec<&'static Addon>,
    /// API groups of the files that no add-on of the list serves.
    pub(super) unknown: Vec<String>,
}

/// The network that enforces the policies on a desktop. The engine of a cloud is not to be had outside of it, and kind has one of its own since 0.24.
pub(super) fn network(engine: PolicyEngine) -> Option<&'static Addon> {
    match engine {
        PolicyEngine::Native => None,
        PolicyEngine::Calico => Some(&CALICO),
        PolicyEngine::Cilium => Some(&CILIUM),
    }
}

/// The add-ons that files use.
pub(super) fn needed(uses: &Uses, engine: PolicyEngine) -> Needed {
    let groups: Vec<&str> = uses.foreign_apis().filter_map(|(api, _)| Some(api.split_once('/')?.0)).collect();
    let serves = |addon: &Addon, group: &&str| addon.groups.contains(group);
    let addons: Vec<&Addon> = ADDONS.iter().filter(|addon| groups.iter().any(|group| serves(addon, group))).collect();
    let mut unknown: Vec<String> =
        groups.iter().filter(|group| !addons.iter().any(|addon| serves(addon, group))).map(|group| (*group).to_owned()).collect();
    unknown.dedup();
    Needed { network: network(engine), addons, unknown }
}

/// The minor version of Kubernetes of a desktop, and the image of its nodes: that of the cluster, or the nearest one that kind has.
pub(super) fn node(minor: u32) -> (u32, &'static str) {
    let [.., newest] = NODES;
    NODES.into_iter().find(|(known, _)| *known >= minor).unwrap_or(newest)
}
