//! The charts of add-ons: where each comes from, what its archive is, and the Kubernetes versions that its project names.
//!
//! Sources of the digests (2026-12-01): `digest` of the version in `index.yaml` of the repository, as the branch gh-pages of aws/eks-charts (whose archive
//! has the digest that the index says), kubernetes-sigs/metrics-server, kubernetes-sigs/external-dns, kubernetes/autoscaler,
//! percona/percona-helm-charts, cloudnative-pg/charts, external-secrets/external-secrets and prometheus-community/helm-charts has it. Strimzi pushes the archive
//! of its release, which charts/index.yaml of strimzi/strimzi.github.io names, to its registry (.github/workflows/release.yml). cert-manager has no public
//! index in git: ten repositories of others, independent of each other, compare the archive of its registry with this digest. That of Reloader is
//! what kubara's catalogue compares the archive of the index with, whose other digests are those of the indices. Envoy Gateway has a registry alone, and
//! nobody who publishes the digest of its archive.
//!
//! A registry can get another archive under an old version, as that of CloudNativePG did (its release-publish.yml): so charts come from indices where
//! a project has one and a digest is known of it.

use super::table::Table;
use crate::value::{ChartDigest, Definitions};

/// The rows of an add-on stand together, the newest version first.
const CHARTS: Table = Table(include_str!("charts.tsv"));

/// A version of a chart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chart {
    /// The version of the chart.
    pub version: &'static str,
    /// The oldest and the newest minor version of Kubernetes 1 that its project names.
    pub kubernetes: (u32, u32),
    /// The repository: `oci://...`, or the address of an index.
    pub repository: &'static str,
    /// The name of the chart there.
    pub chart: &'static str,
    /// The SHA-256 of its archive, with its algorithm. `None`: its repository tells none.
    pub digest: Option<ChartDigest>,
    /// Where the definitions of its kinds are.
    pub definitions: Definitions,
    /// The images that its pods run, as `part=image` with commas between.
    images: &'static str,
}

impl Chart {
    /// Whether its project names a minor version of Kubernetes 1.
    pub fn fits(&self, minor: u32) -> bool {
        (self.kubernetes.0..=self.kubernetes.1).contains(&minor)
    }

    /// The images that its pods run, each with the part of the chart that runs it.
    pub fn images(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        self.images.split(',').filter_map(|image| image.split_once('='))
    }
}

/// The versions of an add-on's chart, newest first. Empty for an unknown add-on.
pub fn charts(addon: &str) -> impl Iterator<Item = Chart> + use<'_> {
    CHARTS.rows().filter_map(move |line| line.strip_prefix(addon)?.strip_prefix('\t').and_then(chart))
}

fn chart(line: &'static str) -> Option<Chart> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    let version = next()?;
    let minor = |text: &str| text.strip_prefix("1.")?.parse().ok();
    let (oldest, newest) = next()?.split_once('-')?;
    let kubernetes = (minor(oldest)?, minor(newest)?);
    let (repository, chart) = (next()?, next()?);
    let digest = match next()? {
        "-" => None,
        digits => Some(format!("sha256:{digits}").parse().ok()?),
    };
    let definitions = match next()? {
        "within" => Definitions::Within,
        "beside" => Definitions::Beside,
        "apart" => Definitions::Apart,
        "unused" => Definitions::Unused,
        _ => Definitions::None,
    };
    Some(Chart { version, kubernetes, repository, chart, digest, definitions, images: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_each_add_on_has_its_newest_version_first() {
        let rows: Vec<&str> = CHARTS.rows().collect();
        let whole: Vec<&str> =
            rows.iter().filter(|row| row.split_once('\t').and_then(|(_, rest)| chart(rest)).is_some()).copied().collect();
        assert_eq!(rows, whole);
        let versions: Vec<&str> = charts("external-secrets").map(|chart| chart.version).collect();
        assert_eq!(versions, ["2.9.0", "2.8.0", "2.6.0"]);
        assert_eq!(charts("external").count(), 0);
    }
}
