//! Copies of images in a registry of the region's own account.

use crate::value::digest;
use std::collections::BTreeSet;

/// The longest name of a repository in ECR.
const LONGEST: usize = 256;

/// The registry from which the nodes of a region pull, and the copies that it has to hold.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Its host: ECR of the account in the region.
    pub registry: String,
    /// The copies of the images that the workloads of the region run.
    pub copies: BTreeSet<ImageCopy>,
}

impl Mirror {
    /// The repositories of the copies.
    pub fn repositories(&self) -> BTreeSet<&str> {
        self.copies.iter().map(|copy| copy.repository.as_str()).collect()
    }
}

/// A copy of an image. It has the digest of the original.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ImageCopy {
    /// The repository of the copy.
    pub repository: String,
    /// The tag of the copy: that of the original, or `digest-` and the digest of an image that the spec pins. So every copy has a tag, and an original
    /// whose digest changes below the same tag gets another copy.
    pub tag: String,
    /// The original with its registry, such as `docker.io/library/redis:8.2-alpine`.
    pub source: String,
}

impl ImageCopy {
    /// The name of the repository that holds copies of another repository: `prefix/registry/repository`, at most 256 characters. ECR allows lower-case
    /// letters and digits with one `.`, `_`, `-` or `/` between them: a port follows a hyphen, as no top-level domain ends with a hyphen and a number. A
    /// name that loses characters ends with a hash of the whole, so that no two originals share a repository.
    pub fn repository_of(prefix: &str, registry: &str, repository: &str) -> String {
        let is_separator = |letter: char| "._-/".contains(letter);
        let whole = format!("{prefix}/{}/{repository}", registry.replace(':', "-"));
        let mut name = String::new();
        for letter in whole.chars() {
            if !(is_separator(letter) && name.ends_with(is_separator)) {
                name.push(letter.to_ascii_lowercase());
            }
        }
        if name == whole && name.len() <= LONGEST {
            return name;
        }
        let hash = digest(&[&whole], 8);
        let start: String = name.chars().take(LONGEST - hash.len() - 1).collect();
        format!("{}-{hash}", start.trim_end_matches(is_separator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(registry: &str, repository: &str) -> String {
        ImageCopy::repository_of("shop-production", registry, repository)
    }

    #[test]
    fn repositories_are_named_after_their_originals() {
        assert_eq!(name("docker.io", "library/redis"), "shop-production/docker.io/library/redis");
        assert_eq!(name("registry.example:5000", "a_b/c.d"), "shop-production/registry.example-5000/a_b/c.d");
    }

    #[test]
    fn names_that_ecr_refuses_are_mended_and_stay_apart() {
        let long = "a/".repeat(120) + &"b".repeat(15);
        let pairs = [("one__two", "one_two"), ("one---two", "one-two"), (long.as_str(), &long[2..])];
        for (repository, other) in pairs {
            let (name, other) = (name("a.xn--p1ai", repository), name("a.xn--p1ai", other));
            assert_ne!(name, other);
            let parts = name.split(['/', '.', '_', '-']);
            assert!(
                name.len() <= LONGEST && parts.clone().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())),
                "{name}"
            );
        }
        assert_ne!(name("Registry.example", "web"), name("registry.example", "web"));
    }
}
