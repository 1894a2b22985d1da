//! `cluster`: Kubernetes version, node pools and the network policy engine.

use super::volume::StorageClass;
use crate::syntax::{Field, Map};
use crate::value::{Cidr, CountRange, KubernetesVersion, LabelKey, LabelValue, Name, PolicyEngine, Quantity, SecretPath, Url};
use schemars::JsonSchema;
use serde::Deserialize;

/// The Kubernetes cluster of each environment and region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Kubernetes minor version, such as `1.35`.
    pub version: Field<KubernetesVersion>,
    /// The implementation of network policies.
    pub policy_engine: Field<PolicyEngine>,
    /// Container registry of the platform.
    pub registry: Field<Registry>,
    /// IP ranges from which administrators may reach the API server. Default: `network.on_premises.cidrs`.
    pub admin_cidrs: Field<Vec<Field<Cidr>>>,
    /// Whether the clusters have a guard: a namespace whose labels say whose the cluster is, which scripts ask first, and admission policies that refuse objects of other
    /// platforms and environments; in a protected environment also deletions of namespaces and data, and ConfigMaps that people make by hand. Default: yes.
    pub guard: Field<Guard>,
    /// How the Gateways of the clusters get their certificates. Default: somebody makes the Secrets that README.md of a region names.
    pub certificates: Field<Certificates>,
    /// Storage classes, by name.
    pub storage: Field<Map<Name, StorageClass>>,
    /// Name servers of the pods beside the cluster's own DNS service.
    pub dns: Field<ClusterDns>,
    /// Node pools, by name.
    pub pools: Field<Map<Name, Pool>>,
}

/// The guard of the clusters.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Guard {
    /// Why the clusters have no guard, such as a cluster that other platforms share.
    pub none: Field<String>,
}

/// A certificate authority that speaks ACME, such as Let's Encrypt, and makes certificates for all hosts of the Gateways. cert-manager proves to it with records in the
/// DNS zones that the domains are the platform's, and renews the certificates. On AWS.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Certificates {
    /// The address that the authority writes to. Required.
    pub email: Field<String>,
    /// URL of the directory of the authority. Default: that of Let's Encrypt, `https://acme-v02.api.letsencrypt.org/directory`. Browsers do not trust certificates of its
    /// other one, `https://acme-staging-v02.api.letsencrypt.org/directory`, which allows more requests.
    pub server: Field<Url>,
}

/// Name servers of the pods beside the cluster's own DNS service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterDns {
    /// IPv4 ranges of the name servers, such as `169.254.20.10/32` for a cache on every node. Network policies open port 53 of them.
    pub cidrs: Field<Vec<Field<Cidr>>>,
}

/// Container registry of the platform.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// Whether nodes on AWS pull copies of images from ECR in their own account and region, and not from the registries that the images name. Nodes of
    /// subnets with `egress: none` reach no other registry. Terraform makes a repository for every image of apps and stores, and `mirror.sh` of the region
    /// copies what is missing there: run it before pods name a new version. Images of `manifests` and `patches` stay as they are. The image of CloudNativePG,
    /// with which every server of a database starts, is not copied: its Deployment names a copy of yours as `OPERATOR_IMAGE_NAME`.
    pub mirror: Field<bool>,
    /// Path in the secret manager of the passwords of registries, in the form of Docker's `config.json` (`{"auths": {...}}`). Every pod may pull images
    /// with them. Default: none.
    pub pull: Field<SecretPath>,
}

/// A node pool: nodes of one machine type in one subnet, in every zone of the region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// The subnet of the nodes. Default: the subnet with `default: true`.
    pub subnet: Field<Name>,
    /// The provider's machine type, such as `m7i.xlarge`. Required.
    pub machine: Field<String>,
    /// Number of nodes per region: `3`, or `3..12` for autoscaling between both. They are split evenly over the zones. Required.
    pub nodes: Field<CountRange>,
    /// Labels of the nodes.
    pub labels: Field<Map<LabelKey, LabelValue>>,
    /// Taints of the nodes, by key. Short form: the value.
    pub taints: Field<Map<LabelKey, Taint>>,
    /// Size of each node's disk, such as `100Gi`.
    pub disk: Field<Quantity>,
    /// Whether the nodes are Spot instances of AWS: spare servers that cost a fraction, and that AWS takes back two minutes after it has said so.
    /// Default: `true` in an environment that is not protected, unless the nodes have GPUs or a pod with a persistent volume may run on them: a
    /// database of one replica is down until its volume has moved to another node.
    pub spot: Field<bool>,
}

/// A taint: it keeps pods without a matching toleration off the nodes. Short form: the value.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Taint {
    /// The taint's value.
    pub value: Field<LabelValue>,
    /// The effect on pods without a matching toleration.
    pub effect: Field<TaintEffect>,
}

/// The effect of a taint on pods without a matching toleration.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TaintEffect {
    /// The scheduler places no new pods on the node.
    NoSchedule,
    /// The scheduler avoids the node for new pods.
    PreferNoSchedule,
    /// The scheduler places no new pods, and running pods are evicted.
    NoExecute,
}
