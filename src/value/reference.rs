//! References: `kind/[namespace/]name[:suffix]` to an entry of the spec, and `path#key` to a secret.

use std::fmt;

use super::name::LABEL;
use super::{EntryName, Invalid, Name, PortName, expected_one_of, list, quote};

words! {
    /// The kind of entry that a reference names.
    RefKind {
        /// An entry of `apps`.
        App = "app",
        /// An entry of `stores`.
        Store = "store",
        /// An entry of `external`.
        External = "external",
        /// An entry of `buckets`.
        Bucket = "bucket",
        /// An entry of `charts`.
        Chart = "chart",
        /// A component of the platform that platgen installs.
        Platform = "platform",
    }
}

impl RefKind {
    /// Whether entries of this kind belong to a namespace, which a reference may name.
    pub const fn is_namespaced(self) -> bool {
        matches!(self, RefKind::App | RefKind::Store | RefKind::Chart)
    }
}

words! {
    /// The access of a bucket reference.
    BucketAccess {
        /// List and read objects.
        Read = "read",
        /// List, read, write and delete objects.
        Write = "write",
    }
}

#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Suffix {
    Port(PortName),
    Access(BucketAccess),
}

/// A reference to an entry: `app/cart`, `app/payments/api:grpc`, `bucket/invoices:read`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ref {
    kind: RefKind,
    entry: EntryName,
    suffix: Option<Suffix>,
}

text!(Ref, "a reference such as `app/cart`", {
    "type": "string",
    "description": "A reference: kind, name and, optionally after a colon, a port name or, for a bucket, `read` or `write`.",
    "pattern": format!("^((app|store|chart)/({LABEL}/)?{LABEL}(:{PORT})?|(external|platform)/{LABEL}(:{PORT})?|bucket/{LABEL}(:(read|write))?)$"),
    "examples": ["app/cart", "app/payments/api:grpc", "bucket/invoices:read"],
});

/// A superset of the port names: a pattern can't limit the length and the hyphens at once.
const PORT: &str = "[a-z0-9]+(-[a-z0-9]+)*";

impl Ref {
    /// A reference without a suffix.
    pub fn new(kind: RefKind, entry: EntryName) -> Self {
        Ref { kind, entry, suffix: None }
    }

    /// The kind of the entry.
    pub fn kind(&self) -> RefKind {
        self.kind
    }

    /// The entry's name, with the namespace if the user wrote one.
    pub fn entry(&self) -> &EntryName {
        &self.entry
    }

    /// The namespace, if the user wrote one.
    pub fn namespace(&self) -> Option<&Name> {
        self.entry.namespace()
    }

    /// The entry's name inside its namespace.
    pub fn name(&self) -> &Name {
        self.entry.name()
    }

    /// The port name after the colon, if any; never for a bucket.
    pub fn port(&self) -> Option<&PortName> {
        match &self.suffix {
            Some(Suffix::Port(port)) => Some(port),
            _ => None,
        }
    }

    /// The access after the colon, if any; only for a bucket.
    pub fn access(&self) -> Option<BucketAccess> {
        match self.suffix {
            Some(Suffix::Access(access)) => Some(access),
            _ => None,
        }
    }

    /// The same reference without its suffix.
    pub fn without_suffix(&self) -> Ref {
        Ref { suffix: None, ..self.clone() }
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: String| Invalid::not(text, "a reference", why);
        let Some((kind, rest)) = text.split_once('/') else {
            return Err(wrong(format!("write {} and a name, such as `app/cart`", list(RefKind::WORDS))));
        };
        let Some(kind) = RefKind::find(kind) else {
            return Err(wrong(format!("{} is not a kind of reference: {}", quote(kind), expected_one_of(kind, RefKind::WORDS))));
        };
        let (entry, suffix) = rest.split_once(':').map_or((rest, None), |(entry, suffix)| (entry, Some(suffix)));
        let entry: EntryName = entry.parse().map_err(|why: Invalid| wrong(why.message))?;
        if entry.namespace().is_some() && !kind.is_namespaced() {
            return Err(wrong(format!("entries of kind `{kind}` have no namespace; write `{kind}/{}`", entry.name())));
        }
        let suffix = match (kind, suffix) {
            (_, None) => None,
            (RefKind::Bucket, Some(word)) => match BucketAccess::find(word) {
                Some(access) => Some(Suffix::Access(access)),
                None => return Err(wrong(format!("{} is not a bucket access; expected `read` or `write`", quote(word)))),
            },
            (_, Some(port)) => Some(Suffix::Port(port.parse().map_err(|why: Invalid| wrong(why.message))?)),
        };
        Ok(Ref { kind, entry, suffix })
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.entry)?;
        match &self.suffix {
            Some(Suffix::Port(port)) => write!(f, ":{port}"),
            Some(Suffix::Access(access)) => write!(f, ":{access}"),
            None => Ok(()),
        }
    }
}

/// Whether a path of the secret manager, or a part of one, has nothing but characters that every manager can hold.
fn is_secret_part(part: &str) -> bool {
    let characters_fit = part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    (1..=253).contains(&part.len()) && characters_fit && part != "." && part != ".."
}

fn is_secret_path(path: &str) -> bool {
    path.len() <= 253 && path.split('/').all(is_secret_part)
}

/// The path of a whole secret in the secret manager.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecretPath(String);

text!(SecretPath, "the path of a secret such as `platform/registry`", {
    "type": "string",
    "description": "The path of a secret in the secret manager.",
    "pattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
    "examples": ["platform/registry"],
});

impl SecretPath {
    /// The path, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        if is_secret_path(text) {
            return Ok(SecretPath(text.to_owned()));
        }
        // The message does not quote the text, which may be the secret itself.
        Err(Invalid::new(
            "this is not the path of a secret: write its parts with letters, digits, `.`, `_` and `-`, and no key, such as `platform/registry`",
        ))
    }
}

impl fmt::Display for SecretPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The location of a secret in the secret manager: `path#key`. Never the secret's value.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecretRef {
    path: String,
    key: String,
}

text!(SecretRef, "a secret reference such as `payments/cards#key`", {
    "type": "string",
    "description": "A reference to a secret in the secret manager: path, `#` and key.",
    "pattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*#[A-Za-z0-9._-]+$",
    "examples": ["payments/cards#key"],
});

impl SecretRef {
    /// The path in the secret manager, without a leading slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The key inside the secret.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        match text.split_once('#') {
            Some((path, key)) if is_secret_path(path) && is_secret_part(key) => {
                Ok(SecretRef { path: path.to_owned(), key: key.to_owned() })
            }
            _ if text.starts_with("${") => Err(Invalid::new(
                "this is not a secret reference: write an expression under `config`, and under `secrets` path and key, such as `payments/cards#key`",
            )),
            // The message does not quote the text, which is often the secret itself.
            _ => Err(Invalid::new(
                "this is not a secret reference: write path and key with letters, digits, `.`, `_` and `-`, such as `payments/cards#key`",
            )),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.path, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn references_agree_with_their_schema() {
        let good =
            ["app/cart", "app/payments/api:grpc", "store/orders", "external/llm", "bucket/invoices:read", "chart/kafka", "platform/dns"];
        let bad = ["", "app", "app/", "apps/cart", "app/a/b/c", "app/cart:", "app/Cart", "external/a/b", "bucket/x:append"];
        agree::<Ref>(&good, &bad, &["app/cart:80", "app/cart:sixteen-letters1"]);
        agree::<SecretRef>(
            &["payments/cards#key", "a#B_c.d-e"],
            &["", "a", "#a", "a#", "a#b#c", "/a#b", "a//b#c", "a b#c"],
            &["../a#b", "a#.."],
        );
        agree::<SecretPath>(&["platform/registry", "a", "a_b/c.d-e"], &["", "/a", "a/", "a//b", "a#b", "a b"], &["..", "a/../b"]);
    }

    #[test]
    fn parts_are_told_apart() {
        let reference: Ref = "app/payments/api:grpc".parse().unwrap();
        assert_eq!((reference.kind(), reference.name().as_str()), (RefKind::App, "api"));
        assert_eq!(reference.namespace().map(Name::as_str), Some("payments"));
        assert_eq!(reference.port().map(PortName::as_str), Some("grpc"));
        assert_eq!("bucket/x:write".parse::<Ref>().unwrap().access(), Some(BucketAccess::Write));
        assert!("stor/x".parse::<Ref>().unwrap_err().message.contains("did you mean `store`?"));
        assert!(!"hunter2!".parse::<SecretRef>().unwrap_err().message.contains("hunter2"));
    }
}
