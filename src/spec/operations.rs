//! `secrets`, `observability` and `delivery`: operation of the platform.

use super::access::Receiver;
use crate::syntax::{Field, Map};
use crate::value::{Duration, HostAddress, Port, Quantity, Scanner, SecretPath, SecretRef, SecretStore, Url};
use schemars::JsonSchema;
use serde::Deserialize;

/// The secret manager. Specs and rendered files hold references to secrets, never values.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Secrets {
    /// The secret manager that holds the values.
    pub store: Field<SecretStore>,
    /// Connection to Vault, for `store: vault`.
    pub vault: Field<Vault>,
}

/// Connection to HashiCorp Vault.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Vault {
    /// URL of the Vault server.
    pub address: Field<Url>,
    /// Mount path of the KV secrets engine.
    pub path: Field<String>,
    /// Vault role for the login.
    pub role: Field<String>,
}

/// Metrics, logs, traces and alert receivers. Where it says anything, every region of the environment has Prometheus, Alertmanager and Grafana.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Observability {
    /// Retention of metrics, such as `15d`.
    pub retention: Field<Duration>,
    /// Size of the volume that holds metrics, such as `50Gi`.
    pub storage: Field<Quantity>,
    /// Receiver of urgent alerts of teams without a `page` receiver.
    pub page: Field<Receiver>,
    /// Receiver of other alerts of teams without a `ticket` receiver. They wait for working hours where the environment is not protected.
    pub ticket: Field<Receiver>,
    /// The server that sends mails to receivers with `email`.
    pub mail: Field<Mail>,
    /// The path of a secret with a key for each region, of the region's name: the URL of a service outside of the platform, which gets a call every few
    /// minutes and alerts when none comes. One URL for each region: a region that calls would hide one that does not. Default: nobody notices when the
    /// monitoring itself stops.
    pub heartbeat: Field<SecretPath>,
    /// Alerts that are other here than platgen has them, by name: `ALERTS.md` of the output lists them.
    pub alerts: Field<Map<String, AlertSetting>>,
    /// Log store.
    pub logs: Field<Logs>,
    /// Trace store.
    pub traces: Field<Traces>,
}

/// An alert with another threshold, or one that is off.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlertSetting {
    /// The value from which on it fires, for all that it is about: a percentage, a duration or a number, as its page in `ALERTS.md` says. Not every alert
    /// has one.
    pub threshold: Field<String>,
    /// Why the threshold is another one. Required with `threshold`.
    pub reason: Field<String>,
    /// Why there is no such alert: nobody is told.
    pub off: Field<String>,
}

/// A server that sends mails: SMTP with STARTTLS, or with TLS from the start at port 465. Alertmanager reaches it over the internet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Its domain or address, such as `smtp.shop.example`. Required.
    pub host: Field<HostAddress>,
    /// Its port, such as `587`. Required.
    pub port: Field<Port>,
    /// The address that the mails are from. Required.
    pub from: Field<String>,
    /// The user who signs in to the server. Default: nobody signs in.
    pub user: Field<String>,
    /// The secret that holds the password of `user`: `path#key`. Required with `user`.
    pub password: Field<SecretRef>,
}

/// Log store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Logs {
    /// No store.
    None,
    /// Loki in the cluster.
    Loki,
    /// The cloud provider's log service.
    Cloud,
}

/// Trace store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Traces {
    /// No store.
    None,
    /// Tempo in the cluster.
    Tempo,
    /// The cloud provider's trace service.
    Cloud,
}

/// Repository, CI pipelines and GitOps.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// URL of the Git repository that holds the spec, in its root, and the rendered files, as `git clone` takes it.
    pub repository: Field<Url>,
    /// CI system whose jobs judge, plan and apply. Its jobs get roles in the accounts of the environments; `repository` and each environment's `branch` say
    /// which jobs. The jobs are rendered beside the spec: for `github` into `.github/workflows`, for `gitlab` into `.gitlab/platgen.yaml`, which the
    /// project's own configuration includes.
    pub ci: Field<Ci>,
    /// Start of the subject (`sub`) of the tokens that the CI system issues to jobs of the repository, before the part about branch or environment.
    /// Repositories of GitHub that were made, renamed or transferred since July 2026 have numbers in it, which its settings show:
    /// `repo:OWNER@123456/REPOSITORY@456789`. Default: `repo:OWNER/REPOSITORY` on GitHub, `project_path:GROUP/PROJECT` on GitLab.
    pub subject: Field<String>,
    /// GitOps controller that applies the Kubernetes files of each environment from its `branch` of `repository`, and installs the charts of add-ons.
    /// `gitops/<environment>` of the output holds what it is told: for `argocd` AppProjects and Applications, for `flux` GitRepositories, Kustomizations and
    /// HelmReleases. Objects have the order of their application in an annotation. A merge is applied by itself, in protected environments by a person, one
    /// region after the other. Default: `none`, people apply the files, with `apply.sh` of the environment.
    pub gitops: Field<GitOps>,
    /// Scanners that the pipelines run on every change, beside `yamllint`, `tflint`, `kubeconform` and the tests of alerts. Default: none.
    pub scanners: Field<Vec<Field<Scanner>>>,
}

/// CI system.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// None: platgen renders no files for it.
    None,
}

/// GitOps controller.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum GitOps {
    /// Argo CD.
    Argocd,
    /// Flux, in each cluster.
    Flux,
    /// None: people apply the files.
    None,
}
