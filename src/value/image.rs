//! Container images: `[registry/]repository[:tag][@digest]`, the grammar of image references.

use std::fmt;

use super::Invalid;

string! {
    /// The tag of an image.
    ImageTag, "a tag such as `v1.4.2`", {
        "type": ["number", "string"],
        "description": "The tag of an image: letters, digits, `_`, `.` and `-`, at most 128.",
        "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        "examples": ["v1.4.2"],
    }
}

impl ImageTag {
    /// The major version: the number at the start, as `17` of `17.11-standard`. `None` without one.
    pub fn major(&self) -> Option<u32> {
        self.0.split(['.', '-', '_']).next()?.parse().ok()
    }

    /// The first numbers of the version that it starts with: 4 and 2 of `4.2.9-management`. `None` if it starts with fewer.
    pub fn numbers(&self, count: usize) -> Option<Vec<u32>> {
        let numbers: Vec<u32> = self.0.split(['.', '-', '_']).map_while(|part| part.parse().ok()).take(count).collect();
        (numbers.len() == count).then_some(numbers)
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        if fits && (1..=128).contains(&text.len()) && !text.starts_with(['.', '-']) {
            return Ok(ImageTag(text.to_owned()));
        }
        let rule = "write at most 128 letters, digits, `_`, `.` and `-`, such as `v1.4.2`";
        Err(Invalid::not(text, "an image tag", rule))
    }
}

/// A container image. Tag and digest are optional here; `resolve` and the checks judge missing ones.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Image {
    registry: Option<String>,
    repository: String,
    tag: Option<ImageTag>,
    digest: Option<String>,
}

text!(Image, "an image such as `registry.example/cart:v1`", {
    "type": "string",
    "description": "A container image: registry, repository, tag and digest.",
    "pattern": "^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+(([._]|__|-+|/)[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$",
    "examples": ["registry.example/cart:v0.10.6", "postgres:17"],
});

impl Image {
    /// The registry with its port, if the user wrote one.
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The repository as written, without registry, tag and digest.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if any.
    pub fn tag(&self) -> Option<&ImageTag> {
        self.tag.as_ref()
    }

    /// The digest with its prefix `sha256:`, if any.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Registry and repository as written, without tag and digest.
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{registry}/{}", self.repository),
            None => self.repository.clone(),
        }
    }

    /// The same image with another tag and without a digest, which would name the old content.
    pub fn with_tag(&self, tag: ImageTag) -> Self {
        Image { tag: Some(tag), digest: None, ..self.clone() }
    }

    /// The same image with a digest: `sha256:` and 64 hexadecimal digits.
    pub fn with_digest(&self, digest: &str) -> Result<Self, Invalid> {
        Ok(Image { digest: Some(check_digest(digest)?), ..self.clone() })
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: &str| Invalid::not(text, "an image", format!("{why}, such as `registry.example/cart:v1`"));
        if text.contains("://") {
            return Err(wrong("leave out the scheme and write registry, repository and tag"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(check_digest(digest)?)),
            None => (text, None),
        };
        // A colon after the last slash starts the tag; a colon before it starts the registry's port.
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest[last..].find(':') {
            Some(at) => (&rest[..last + at], Some(rest[last + at + 1..].parse()?)),
            None => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, repository)) if is_registry(first) => (Some(first), repository),
            _ => (None, name),
        };
        if registry.is_some_and(|registry| !fits_registry(registry)) {
            return Err(wrong("the registry is not a hostname; write registry, repository and tag"));
        }
        if !repository.split('/').all(fits_component) {
            return Err(wrong("write the repository in lower-case letters and digits with single `.`, `_`, `-` or `/` between them"));
        }
        if name.len() > 255 {
            return Err(Invalid::too_long(name, "registry and repository of an image", 255));
        }
        Ok(Image { registry: registry.map(str::to_owned), repository: repository.to_owned(), tag, digest })
    }
}

/// Whether the first part of a name is a registry, and not a namespace in the default registry.
fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn fits_registry(registry: &str) -> bool {
    let (host, port) = registry.split_once(':').unwrap_or((registry, "443"));
    let label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !label.is_empty() && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(label) && port.parse::<super::Port>().is_ok()
}

/// Runs of letters and digits with one `.`, one or two `_`, or any number of `-` between them.
fn fits_component(component: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let separators_fit = component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-'));
    let bytes = component.as_bytes();
    separators_fit && bytes.first().copied().is_some_and(is_word) && bytes.last().copied().is_some_and(is_word)
}

fn check_digest(digest: &str) -> Result<String, Invalid> {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Ok(digest.to_owned());
    }
    Err(Invalid::not(digest, "an image digest", "write `sha256:` and 64 hexadecimal digits in lower case"))
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn images_agree_with_their_schema() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let pinned = format!("registry.example:5000/a/b__c-d:v1@{digest}");
        let bad =
            ["", "Cart", "cart:", "cart@", "cart:v1@sha256:00", "a//b", "/a", "a/", "a b", "https://a.example/b", "a/B", "cart:-v", ":v1"];
        agree::<Image>(&["cart", "postgres:17", "org/app", "localhost/x", &pinned], &bad, &["a.example:0/b", "a.-b.example/c"]);
        agree::<ImageTag>(&["v1", "1.10", "_x"], &["", "-a", ".a", "a b", "a:b"], &[]);
    }

    #[test]
    fn the_number_at_the_start_of_a_tag_is_its_major_version() {
        let majors = ["17", "17.11-a", "18-trixie", "16_1", "latest", "v1.4", "17rc1"].map(|tag| tag.parse::<ImageTag>().unwrap().major());
        assert_eq!(majors, [Some(17), Some(17), Some(18), Some(16), None, None, None]);
    }

    #[test]
    fn parts_are_told_apart() {
        let image: Image = "registry.example:5000/shop/cart:v1".parse().unwrap();
        assert_eq!((image.registry(), image.repository()), (Some("registry.example:5000"), "shop/cart"));
        assert_eq!(image.with_tag("v2".parse().unwrap()).to_string(), "registry.example:5000/shop/cart:v2");
    }
}
