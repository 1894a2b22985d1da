//! `access`, `teams` and `namespaces`: permissions, ownership and alert receivers.

use crate::syntax::{Field, Map};
use crate::value::{GroupRole, LabelValue, MetadataKey, Name, PodSecurityLevel, Quantity, SecretRef};
use schemars::JsonSchema;
use serde::Deserialize;

/// Groups of people and their permissions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Multi-factor authentication for people who sign in to the cloud. Short form: `true`.
    pub mfa: Field<MfaPolicy>,
    /// Groups of the identity provider, by name.
    pub groups: Field<Map<Name, Group>>,
}

/// Whether multi-factor authentication is enforced.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum MfaPolicy {
    /// Everybody signs in with a second factor.
    Required,
}

/// A group of people.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Group {
    /// The group's identifier at the identity provider: IAM Identity Center role (AWS), mail address (Google) or object ID (Azure). Required on a cloud.
    pub id: Field<String>,
    /// The role of the group's members.
    pub role: Field<GroupRole>,
    /// The namespaces in which the role holds. Default: all namespaces.
    pub namespaces: Field<Vec<Field<Name>>>,
}

/// A team: it owns apps, stores and namespaces, and receives their alerts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Team {
    /// The group of the team's members, a key of `access.groups`.
    pub group: Field<Name>,
    /// The receiver of urgent alerts, which wake somebody up. Default: `observability.page`.
    pub page: Field<Receiver>,
    /// The receiver of alerts that can wait for working hours. Default: `observability.ticket`.
    pub ticket: Field<Receiver>,
}

/// A receiver of alerts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Receiver {
    /// The secret that holds the PagerDuty integration key: `path#key`.
    pub pagerduty: Field<SecretRef>,
    /// The secret that holds the Slack webhook URL: `path#key`.
    pub slack: Field<SecretRef>,
    /// The mail address.
    pub email: Field<String>,
    /// The secret that holds the webhook URL: `path#key`.
    pub webhook: Field<SecretRef>,
}

/// A Kubernetes namespace, in the clusters of every region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Namespace {
    /// The team that owns the namespace. Default: `platform.owner`.
    pub owner: Field<Name>,
    /// The ResourceQuota of the namespace.
    pub quota: Field<Quota>,
    /// The enforced Pod Security Standard. Default: `restricted`.
    pub pod_security: Field<PodSecurity>,
    /// Labels of the Namespace object, beside those that platgen sets.
    pub labels: Field<Map<MetadataKey, LabelValue>>,
    /// Annotations of the Namespace object.
    pub annotations: Field<Map<MetadataKey, String>>,
    /// The environments in which the namespace exists; its apps and stores need the same limit. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// The resource quota of a namespace: upper bounds for its pods and volumes together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Upper bound for the sum of CPU requests, such as `8`.
    pub cpu: Field<Quantity>,
    /// Upper bound for both the sum of memory requests and the sum of memory limits, such as `16Gi`.
    pub memory: Field<Quantity>,
    /// Upper bound for the sum of the volumes' sizes, such as `500Gi`.
    pub storage: Field<Quantity>,
}

/// The Pod Security Standard of a namespace.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PodSecurity {
    /// The level of the standard.
    pub level: Field<PodSecurityLevel>,
    /// Why the level is below `restricted`. Required then; the checks accept it as the waiver.
    pub reason: Field<String>,
}
