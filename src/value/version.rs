//! Versions of Kubernetes, and version requirements for platgen.

use std::fmt;

use super::{Invalid, whole};

/// A Kubernetes minor version such as `1.35`, whether it exists or not.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KubernetesVersion {
    major: u32,
    minor: u32,
}

text!(KubernetesVersion, "a Kubernetes version such as `1.35`", {
    "type": ["number", "string"],
    "description": "A Kubernetes minor version.",
    "pattern": "^(0|[1-9][0-9]{0,3})[.](0|[1-9][0-9]{0,3})$",
    "examples": ["1.35"],
});

impl KubernetesVersion {
    /// The version with these numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        KubernetesVersion { major, minor }
    }

    /// The number before the dot.
    pub const fn major(self) -> u32 {
        self.major
    }

    /// The number after the dot.
    pub const fn minor(self) -> u32 {
        self.minor
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let figure = |text| whole(text).filter(|figure| *figure <= 9999).map(|figure| figure as u32);
        match text.split_once('.').map(|(major, minor)| (figure(major), figure(minor))) {
            Some((Some(major), Some(minor))) => Ok(KubernetesVersion { major, minor }),
            _ => {
                let rule = "write the minor version alone, such as `1.35`; the provider chooses the patch version";
                Err(Invalid::not(text, "a Kubernetes version", rule))
            }
        }
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A version requirement in Cargo's notation, such as `>=0.1`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct VersionRequirement(semver::VersionReq);

text!(VersionRequirement, "a version requirement such as `>=0.1`", {
    "type": ["number", "string"],
    "description": "A version requirement: comparisons separated by commas.",
    "minLength": 1,
    "examples": [">=0.1", ">=0.1, <1"],
});

impl VersionRequirement {
    /// Whether the version meets the requirement.
    pub fn matches(&self, version: &semver::Version) -> bool {
        self.0.matches(version)
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |_| Invalid::not(text, "a version requirement", "write one such as `>=0.1` or `>=0.1, <1`");
        text.parse().map(VersionRequirement).map_err(wrong)
    }
}

impl fmt::Display for VersionRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn versions_agree_with_their_schema() {
        agree::<KubernetesVersion>(&["1.35", "1.9"], &["", "1", "v1.35", "1.35.2", "1.035", "1."], &[]);
        agree::<VersionRequirement>(&[">=1.2", ">=1.2, <2", "1.2", "*"], &[""], &["latest", ">=", "1.2 - 3"]);
    }

    #[test]
    fn releases_are_ordered_by_number() {
        assert!(KubernetesVersion::new(1, 9) < "1.35".parse().unwrap());
    }
}
