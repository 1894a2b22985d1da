//! `platform`, `cloud`, `regions` and `environments`: what exists and where.

use crate::provider::Provider;
use crate::syntax::{Field, Map};
use crate::value::{Architecture, Domain, LabelKey, LabelValue, Name, Quantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// Who the platform is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Platform {
    /// The name, first part of every cloud resource's name.
    pub name: Field<Name>,
    /// The team that owns what nobody else does.
    pub owner: Field<Name>,
    /// The domain of the platform; an environment without one of its own lives below it.
    pub domain: Field<Domain>,
    /// Labels on every object and tags on every cloud resource.
    pub labels: Field<Map<LabelKey, LabelValue>>,
}

/// Where the platform runs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cloud {
    /// The provider of every region that names none of its own.
    pub provider: Field<Provider>,
    /// The account, project or subscription of each environment.
    pub accounts: Field<Map<Name, String>>,
    /// The organization the accounts belong to (AWS organization, Google organization number).
    pub organization: Field<String>,
    /// The directory of Azure identities.
    pub tenant: Field<String>,
    /// Where Terraform keeps its state.
    pub state: Field<StateLocation>,
    /// Facts about machine types that platgen does not know.
    pub machines: Field<Map<String, Machine>>,
}

/// Where Terraform keeps its state.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateLocation {
    /// The region of the state store.
    pub region: Field<Name>,
}

/// Facts about one machine type.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Machine {
    /// The architecture of its processors.
    pub arch: Field<Architecture>,
    /// Its processors.
    pub cpu: Field<Quantity>,
    /// Its memory.
    pub memory: Field<Quantity>,
    /// The most pods it can run.
    pub pods: Field<u32>,
}

/// A region the platform may use.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// How many of its zones are used. Three survive the loss of one for every kind of store.
    pub zones: Field<u8>,
    /// Its provider, where it is not the platform's.
    pub provider: Field<Provider>,
    /// The name it had before; its addresses stay.
    pub renamed_from: Field<Name>,
}

/// What an environment is. Where an entry differs stands with that entry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// The branch whose files are applied to it.
    pub branch: Field<String>,
    /// Its regions.
    pub regions: Field<Vec<Field<Name>>>,
    /// The region of schedules, jobs and the writers of stores. Default: the first of `regions`.
    pub primary: Field<Name>,
    /// Its domain. Default: its name below the platform's domain.
    pub domain: Field<Domain>,
    /// How many people must approve a change.
    pub approvals: Field<u32>,
    /// The groups whose members may approve.
    pub approvers: Field<Vec<Field<Name>>>,
    /// Guards against destruction: deletion protection, two replicas by default, no local changes.
    pub protected: Field<bool>,
}
