//! The moments at which changes take effect.

use serde::Serialize;

/// When a change takes effect.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// As soon as the object is stored.
    AtOnce,
    /// Pods are replaced, beginning at once.
    Rollout,
    /// When the kubelet brings mounted files up to date: within two minutes.
    Minutes,
    /// At the next run of a CronJob.
    NextRun,
    /// At the next refresh of an operator.
    Refresh,
    /// At the next start of a pod or container.
    NextStart,
    /// Not at all until something refers to the object.
    Never,
}

impl When {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            When::AtOnce => "at once",
            When::Rollout => "at once, pod by pod",
            When::Minutes => "within two minutes",
            When::NextRun => "at the next run",
            When::Refresh => "at the next refresh",
            When::NextStart => "at the next start of a pod",
            When::Never => "never, as nothing refers to it",
        }
    }
}
