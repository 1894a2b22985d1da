//! `external`, `charts`, `buckets`, `patches`, `manifests` and `terraform`: what the platform reaches and what is added to it by hand.

use crate::syntax::{Field, Map};
use crate::value::{Duration, HostAddress, Name, Port, PortMap, PortName, Ref, RelativePath, Target, Url};
use schemars::JsonSchema;
use serde::Deserialize;

/// A service outside the platform: `url`, or `host` and `port`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct External {
    /// Its address.
    pub url: Field<Url>,
    /// Its host name or address.
    pub host: Field<HostAddress>,
    /// Its port.
    pub port: Field<Port>,
    /// Where it is.
    pub via: Field<ExternalVia>,
    /// The environments it exists in. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// Where an external service is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalVia {
    /// On the internet.
    Internet,
    /// In the company's own network, `network.on_premises`.
    #[serde(rename = "on_premises")]
    OnPremises,
}

/// A third-party Helm chart.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Chart {
    /// Where charts come from.
    pub repository: Field<String>,
    /// The chart's name there. Default: the entry's name.
    pub chart: Field<String>,
    /// Its exact version.
    pub version: Field<String>,
    /// Its namespace. Required unless there is only one.
    pub namespace: Field<Name>,
    /// Its values, as the chart wants them.
    pub values: Field<serde_json::Value>,
    /// The ports it serves, by name.
    pub ports: Field<Map<PortName, PortMap>>,
    /// What it calls.
    pub needs: Field<Vec<Field<Ref>>>,
    /// The environments it exists in. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// An object store for apps.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bucket {
    /// How long an object is kept from deletion.
    pub retention: Field<Duration>,
    /// The region of a second copy.
    pub copy_to: Field<Name>,
    /// The environments it exists in. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A change to one rendered object, for what the language does not say.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// The object: `Kind/namespace/name`, or `Kind/name` for one without a namespace. It must match exactly one.
    pub target: Field<Target>,
    /// What is laid over it: maps merge, everything else replaces, `null` removes.
    pub merge: Field<serde_json::Value>,
    /// The steps of a JSON patch (RFC 6902).
    pub json: Field<serde_json::Value>,
    /// Why it is needed.
    pub reason: Field<String>,
    /// The environments it applies to. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A file of raw Kubernetes manifests. They pass the same checks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// The file, relative to the spec.
    pub from: Field<RelativePath>,
    /// The namespace of objects that name none.
    pub namespace: Field<Name>,
    /// Why it is needed.
    pub reason: Field<String>,
    /// The environments it applies to. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A raw Terraform file, copied into a root.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TerraformFile {
    /// The file, relative to the spec.
    pub from: Field<RelativePath>,
    /// The root it goes to: `network`, `cluster` or `data`.
    pub root: Field<Name>,
    /// Why it is needed.
    pub reason: Field<String>,
    /// The environments it applies to. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}
