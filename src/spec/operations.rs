//! `secrets`, `observability` and `delivery`: how the platform is run.

use super::access::Receiver;
use crate::syntax::Field;
use crate::value::{Duration, Quantity, SecretStore, Url};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where secrets come from. Values never stand in files.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The manager.
    pub store: Field<SecretStore>,
    /// Where Vault is, for `store: vault`.
    pub vault: Field<Vault>,
}

/// Where Vault is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Vault {
    /// Its address.
    pub address: Field<Url>,
    /// The path of the secrets engine.
    pub path: Field<String>,
    /// The role that is used to log in.
    pub role: Field<String>,
}

/// Metrics, logs, traces and who is told.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Observability {
    /// How long metrics are kept.
    pub retention: Field<Duration>,
    /// The size of the volume they are kept on.
    pub storage: Field<Quantity>,
    /// Who is woken where a team names nobody.
    pub page: Field<Receiver>,
    /// Where work for tomorrow goes where a team names no place.
    pub ticket: Field<Receiver>,
    /// Where logs go.
    pub logs: Field<Logs>,
    /// Where traces go.
    pub traces: Field<Traces>,
}

/// Where logs go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Logs {
    /// Nowhere.
    None,
    /// To Loki in the cluster.
    Loki,
    /// To the cloud's own log store.
    Cloud,
}

/// Where traces go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Traces {
    /// Nowhere.
    None,
    /// To Tempo in the cluster.
    Tempo,
    /// To the cloud's own trace store.
    Cloud,
}

/// Repository, CI and GitOps.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// The repository that holds the spec and the rendered files.
    pub repository: Field<Url>,
    /// What runs the pipelines.
    pub ci: Field<Ci>,
    /// What applies the Kubernetes files.
    pub gitops: Field<GitOps>,
    /// What looks at every change.
    pub scanners: Field<Vec<Field<Scanner>>>,
}

/// What runs the pipelines.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// None that platgen writes for.
    None,
}

/// What applies the Kubernetes files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum GitOps {
    /// Argo CD.
    Argocd,
    /// Flux.
    Flux,
    /// None that platgen writes for.
    None,
}

/// What looks at every change.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Scanner {
    /// detect-secrets.
    DetectSecrets,
    /// checkov.
    Checkov,
    /// GitGuardian.
    Gitguardian,
}
