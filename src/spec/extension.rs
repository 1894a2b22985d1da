//! `external`, `addons`, `charts`, `buckets`, `patches`, `manifests` and `terraform`: services outside the platform and additions by hand.

use crate::syntax::{Field, Map};
use crate::value::{
    ChartDigest, ChartName, ChartRepository, ChartVersion, Cidr, Duration, ExternalHost, Name, NetworkPort, PortMap, PortName, Ref,
    RelativePath, Target, Url,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A service outside the platform, given as `url`, or as `host` with `port` or `ports`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct External {
    /// URL of the service, such as `https://api.example`.
    pub url: Field<Url>,
    /// Hostname or IP address of the service; `"*"` for any host of the internet, which needs a `reason`.
    pub host: Field<ExternalHost>,
    /// Port of the service, such as `443` or `123/udp`. Use `ports` for several.
    pub port: Field<NetworkPort>,
    /// Ports of the service, such as `[25, 443]`.
    pub ports: Field<Vec<Field<NetworkPort>>>,
    /// Network in which the service is.
    pub via: Field<ExternalVia>,
    /// IPv4 ranges of the service. Default: an IP address stands for itself; a host on the internet may have any public address, a host in the private
    /// network any address of the environment's networks, and a host in the company's network any of `network.on_premises.cidrs`.
    pub cidrs: Field<Vec<Field<Cidr>>>,
    /// Why the platform calls the service. Required for `host: "*"`.
    pub reason: Field<String>,
    /// The environments in which the entry exists. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// Network of an external service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalVia {
    /// The internet. A host of a private endpoint in the region's network, such as `kms.eu-west-1.amazonaws.com`, is reached there.
    Internet,
    /// The private networks of the environment.
    Private,
    /// The company's own network, `network.on_premises`.
    #[serde(rename = "on_premises")]
    OnPremises,
}

impl ExternalVia {
    /// The name in a spec.
    pub const fn name(self) -> &'static str {
        match self {
            ExternalVia::Internet => "internet",
            ExternalVia::Private => "private",
            ExternalVia::OnPremises => "on_premises",
        }
    }
}

/// A third-party Helm chart. It is installed after the add-ons, in the order of the entries. The name of the entry is that of the release. Network policies
/// select its pods by the label `app.kubernetes.io/instance`, which charts set to the name of the release: pods without it have no connection at all. Apps
/// call it with `chart/NAME` in `needs`, or with `${chart/NAME.address}`: a Service NAME, which many charts make only with `fullnameOverride` in `values`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Chart {
    /// Address of the repository: `oci://...`, or the `https://` address of an index.
    pub repository: Field<ChartRepository>,
    /// Name of the chart in the repository. Default: the entry's name.
    pub chart: Field<ChartName>,
    /// Exact version of the chart.
    pub version: Field<ChartVersion>,
    /// SHA-256 of the archive of the chart, such as `sha256:` and 64 digits: what `sha256sum` prints for the file that `helm pull` fetches. The commands that
    /// install the chart refuse another archive; Argo CD and Flux compare nothing. Default: not compared.
    pub digest: Field<ChartDigest>,
    /// Namespace of the release. Default: the only namespace; required if there are several.
    pub namespace: Field<Name>,
    /// Values for the chart, in the chart's own format.
    pub values: Field<serde_json::Value>,
    /// Ports of the chart's Service, by name.
    pub ports: Field<Map<PortName, PortMap>>,
    /// Dependencies: the apps, stores, charts and external services that the chart's pods call, and `platform/kubernetes`, the API server. Network policies
    /// and firewall rules open for them.
    pub needs: Field<Vec<Field<Ref>>>,
    /// The environments in which the entry exists. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// An add-on of the clusters. Where these files make the cluster, they install each add-on that something in the spec needs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AddonEntry {
    /// Whether these files install the add-on, or it exists already. Default: `install` where these files make the cluster, else `existing`.
    pub mode: Field<AddonMode>,
    /// Exact version of the add-on's chart. Default: that of `addons.lock`, or the newest one that this version of platgen knows for the Kubernetes version.
    pub version: Field<ChartVersion>,
    /// SHA-256 of the archive of the chart of this `version`, as `charts` have it. Default: the one that this version of platgen knows for the version.
    pub digest: Field<ChartDigest>,
    /// Values for the chart, in the chart's own format, on top of those of platgen.
    pub values: Field<serde_json::Value>,
}

/// Who installs an add-on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum AddonMode {
    /// These files.
    Install,
    /// Somebody else. Network policies expect its pods where its own chart puts them.
    Existing,
}

/// An object storage bucket for apps, in the primary region of the environment. Apps of every namespace may name it: with `bucket/NAME` or
/// `bucket/NAME:read` in `needs` an app lists and reads objects, with `bucket/NAME:write` it also writes and deletes them. In variables, arguments and
/// files, `${bucket/NAME.name}`, `.region` and `.url` are its name in the cloud, its region and its `s3://` URL, and give the right to read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bucket {
    /// Time, in whole days, for which no version of an object can be deleted, such as `35d`. In a protected environment nobody can shorten it; in
    /// others, administrators can. Default: no retention.
    pub retention: Field<Duration>,
    /// Region that holds a copy of each object, one of `regions`. The environment need not run there. Default: no copy.
    pub copy_to: Field<Name>,
    /// The environments in which the entry exists. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A change to one rendered Kubernetes object, for settings that the spec language does not have.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// The object to change: `Kind/namespace/name`, or `Kind/name` for a cluster-scoped kind. Exactly one rendered object must match.
    pub target: Field<Target>,
    /// JSON merge patch (RFC 7386): maps merge, other values replace, `null` removes a key.
    pub merge: Field<serde_json::Value>,
    /// JSON patch (RFC 6902): a list of operations.
    pub json: Field<serde_json::Value>,
    /// Why the entry is needed. Required.
    pub reason: Field<String>,
    /// The environments to which the entry applies. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A file of raw Kubernetes manifests, added to the rendered ones and checked like them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// Path of the file, relative to the spec.
    pub from: Field<RelativePath>,
    /// Namespace of objects that set no `metadata.namespace`.
    pub namespace: Field<Name>,
    /// Why the entry is needed. Required.
    pub reason: Field<String>,
    /// The environments to which the entry applies. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}

/// A raw Terraform file, copied into a Terraform root.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TerraformFile {
    /// Path of the file, relative to the spec.
    pub from: Field<RelativePath>,
    /// The Terraform root: `bootstrap`, `global`, `network`, `cluster`, `data` or `interconnect`.
    pub root: Field<Name>,
    /// Why the entry is needed. Required.
    pub reason: Field<String>,
    /// The environments to which the entry applies. Default: all.
    pub only: Field<Vec<Field<Name>>>,
}
