//! `platform`, `cloud`, `regions` and `environments`.

use crate::provider::Provider;
use crate::syntax::{Field, Map};
use crate::value::{Architecture, Domain, LabelKey, LabelValue, Name, Quantity, Schedule, Zone};
use schemars::JsonSchema;
use serde::Deserialize;

/// Name, owner, domain and labels of the platform.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Platform {
    /// Name of the platform, the first part of every cloud resource's name. Required.
    pub name: Field<Name>,
    /// The team that owns everything without an owner of its own.
    pub owner: Field<Name>,
    /// Domain of the platform, such as `shop.example`. Environments without a `domain` get a subdomain of it.
    pub domain: Field<Domain>,
    /// Labels of every Kubernetes object and tags of every cloud resource. Pods do not have them: changed labels would restart every pod.
    pub labels: Field<Map<LabelKey, LabelValue>>,
}

/// Cloud provider, accounts and Terraform state.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cloud {
    /// The provider of regions without a `provider` of their own.
    pub provider: Field<Provider>,
    /// Account (AWS), project (Google Cloud) or subscription (Azure) of each environment.
    pub accounts: Field<Map<Name, String>>,
    /// The organization of the accounts: AWS organization ID or Google organization number.
    pub organization: Field<String>,
    /// Microsoft Entra tenant ID, on Azure.
    pub tenant: Field<String>,
    /// Location of the Terraform states.
    pub state: Field<StateLocation>,
    /// Architecture and size of machine types that platgen does not know.
    pub machines: Field<Map<String, Machine>>,
}

/// Location of the Terraform states.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateLocation {
    /// Region of the bucket for states that concern a whole environment. The states of a region are in a bucket of that region.
    pub region: Field<Name>,
}

/// Architecture and size of a machine type.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Machine {
    /// CPU architecture.
    pub arch: Field<Architecture>,
    /// Number of virtual CPUs.
    pub cpu: Field<Quantity>,
    /// Memory, such as `16Gi`.
    pub memory: Field<Quantity>,
    /// Maximum number of pods.
    pub pods: Field<u32>,
    /// Number of GPUs of NVIDIA. Default: 0.
    pub gpus: Field<u32>,
}

/// A region that environments may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// Number of availability zones to use, or their names without the region, such as `[a, b, d]`. Required on a cloud. With three, every kind of
    /// store survives the loss of one.
    pub zones: Field<Vec<Field<Zone>>>,
    /// Provider of the region. Default: `cloud.provider`.
    pub provider: Field<Provider>,
    /// The region's previous name. The region keeps the addresses recorded under that name.
    pub renamed_from: Field<Name>,
}

/// An environment. Differences of an entry between environments stand in the entry's own `environments`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Git branch whose rendered files are applied to the environment.
    pub branch: Field<String>,
    /// Regions of the environment, keys of `regions`.
    pub regions: Field<Vec<Field<Name>>>,
    /// Region of scheduled jobs, one-off jobs, primary store instances and buckets. Default: the first of `regions`.
    pub primary: Field<Name>,
    /// Domain of the environment. Default: the environment's name below `platform.domain`.
    pub domain: Field<Domain>,
    /// Number of people who must approve a change. The README.md of the root `bootstrap` says where to set it in the CI system.
    pub approvals: Field<u32>,
    /// Groups whose members may approve, keys of `access.groups`.
    pub approvers: Field<Vec<Field<Name>>>,
    /// Whether the environment is protected: cloud resources have deletion protection, apps have two replicas by default, and the guard of the cluster
    /// refuses to delete namespaces, volume claims, databases and queues, and ConfigMaps that people make by hand.
    pub protected: Field<bool>,
    /// When the environment has no nodes, to save their costs. Not for a protected environment. Default: never.
    pub night: Field<Night>,
}

/// When an environment has no nodes: all of them end at `stop`, and the pools have their minimum again from `start` on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Night {
    /// When the nodes end, such as `0 20 * * 1-5`: minute, hour and days of the week. Required.
    pub stop: Field<Schedule>,
    /// When there are nodes again, such as `0 6 * * 1-5`. Required.
    pub start: Field<Schedule>,
    /// Time zone of both, such as `Europe/London`. Default: UTC.
    pub timezone: Field<String>,
}
