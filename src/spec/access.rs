//! `access`, `teams` and `namespaces`: who may do what, who owns what, who is told.

use crate::syntax::{Field, Map};
use crate::value::{GroupRole, Name, PodSecurityLevel, Quantity, SecretRef};
use schemars::JsonSchema;
use serde::Deserialize;

/// Who may do what.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Whether people need a second factor to reach the cloud.
    pub mfa: Field<MfaPolicy>,
    /// Groups of people, as the identity provider knows them.
    pub groups: Field<Map<Name, Group>>,
}

/// Whether a second factor is needed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum MfaPolicy {
    /// Always.
    Required,
}

/// A group of people.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// What the identity provider calls it: identity-centre role, mail address or object id. Required on a cloud.
    pub id: Field<String>,
    /// What its members may do.
    pub role: Field<GroupRole>,
    /// Where they may do it. Default: everywhere.
    pub namespaces: Field<Vec<Field<Name>>>,
}

/// A team: it owns apps and stores, and is told when they break.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Team {
    /// Its members.
    pub group: Field<Name>,
    /// Who is woken. Default: `observability.page`.
    pub page: Field<Receiver>,
    /// Where work for tomorrow goes. Default: `observability.ticket`.
    pub ticket: Field<Receiver>,
}

/// One way to tell people.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Receiver {
    /// The place of a PagerDuty integration key.
    pub pagerduty: Field<SecretRef>,
    /// The place of a Slack webhook address.
    pub slack: Field<SecretRef>,
    /// A mail address.
    pub email: Field<String>,
    /// The place of a webhook address.
    pub webhook: Field<SecretRef>,
}

/// A namespace in the cluster of every environment and region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Namespace {
    /// The team that owns it. Default: the platform's owner.
    pub owner: Field<Name>,
    /// The most its pods may ask for together.
    pub quota: Field<Quota>,
    /// The pod security standard that is enforced. Default: restricted.
    pub pod_security: Field<PodSecurity>,
}

/// The most the pods of a namespace may ask for together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Processors.
    pub cpu: Field<Quantity>,
    /// Memory.
    pub memory: Field<Quantity>,
    /// Volumes.
    pub storage: Field<Quantity>,
}

/// The pod security standard of a namespace.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PodSecurity {
    /// The level.
    pub level: Field<PodSecurityLevel>,
    /// Why it is not `restricted`.
    pub reason: Field<String>,
}
