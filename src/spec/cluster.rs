//! `cluster`: version, nodes and the engine that enforces network policies.

use crate::syntax::{Field, Map};
use crate::value::{Cidr, CountRange, KubernetesVersion, LabelKey, LabelValue, Name, PolicyEngine, Quantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// The Kubernetes cluster of each environment and region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// The Kubernetes version, such as `1.35`.
    pub version: Field<KubernetesVersion>,
    /// What enforces network policies.
    pub policy_engine: Field<PolicyEngine>,
    /// Where images come from.
    pub registry: Field<Registry>,
    /// The ranges from which administrators reach the API server.
    pub admin_cidrs: Field<Vec<Field<Cidr>>>,
    /// The groups of nodes.
    pub pools: Field<Map<Name, Pool>>,
}

/// Where images come from.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// Whether images are pulled from a copy in the platform's own registry in each region.
    pub mirror: Field<bool>,
}

/// A group of equal nodes in one subnet, in every zone of the region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// The subnet its nodes stand in. Default: the default subnet.
    pub subnet: Field<Name>,
    /// The machine type.
    pub machine: Field<String>,
    /// How many nodes a region has in all, least and most, split evenly over its zones.
    pub nodes: Field<CountRange>,
    /// Labels on its nodes.
    pub labels: Field<Map<LabelKey, LabelValue>>,
    /// Taints on its nodes, by key.
    pub taints: Field<Map<LabelKey, Taint>>,
    /// The size of a node's disk.
    pub disk: Field<Quantity>,
}

/// A taint: it keeps away what does not tolerate it. Short form: the value alone.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Taint {
    /// The taint's value.
    pub value: Field<LabelValue>,
    /// What it does.
    pub effect: Field<TaintEffect>,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TaintEffect {
    /// New ones stay away.
    NoSchedule,
    /// New ones stay away if they can.
    PreferNoSchedule,
    /// Running ones leave, too.
    NoExecute,
}
