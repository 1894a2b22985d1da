//! The providers that run networks and clusters: one type for the format, the tables of facts, the address plan and every renderer.

use schemars::JsonSchema;
use serde::Deserialize;

/// A provider of networks and clusters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Google,
    /// Microsoft Azure.
    Azure,
    /// A kind cluster on a desktop.
    Kind,
    /// A cluster that is there already.
    Existing,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Provider; 5] = [Provider::Aws, Provider::Google, Provider::Azure, Provider::Kind, Provider::Existing];

    /// The name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Aws => "aws",
            Provider::Google => "google",
            Provider::Azure => "azure",
            Provider::Kind => "kind",
            Provider::Existing => "existing",
        }
    }

    /// Whether platgen makes the networks and clusters of the provider, so that regions, machines and versions are known and an account is needed.
    pub fn is_cloud(self) -> bool {
        matches!(self, Provider::Aws | Provider::Google | Provider::Azure)
    }
}
