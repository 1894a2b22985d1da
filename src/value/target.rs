//! The object that a patch changes: `Kind/namespace/name`, or `Kind/name` for a cluster-scoped kind.

use std::fmt;

use super::name::LABEL;
use super::{Invalid, Name};

/// The identity of a Kubernetes object, without its API group.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Target {
    kind: String,
    namespace: Option<Name>,
    name: String,
}

text!(Target, "an object such as `Deployment/shop/cart`", {
    "type": "string",
    "description": "A Kubernetes object: `Kind/namespace/name`, or `Kind/name` for a cluster-scoped kind.",
    "pattern": format!("^[A-Z][A-Za-z0-9]*/({LABEL}/)?[A-Za-z0-9][A-Za-z0-9.:_-]{{0,252}}$"),
    "examples": ["Deployment/shop/cart", "ClusterRole/platform-viewer"],
});

impl Target {
    /// The kind, in upper camel case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace; `None` for a cluster-scoped object.
    pub fn namespace(&self) -> Option<&Name> {
        self.namespace.as_ref()
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind, namespace, name] => (kind, Some(namespace.parse()?), name),
            [kind, name] => (kind, None, name),
            _ => return Err(wrong(text)),
        };
        let kind_fits = kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphanumeric());
        // Names of roles may contain colons; the names of other kinds are stricter, which matching exact names enforces.
        let name_fits = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.len() <= 253
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".:_-".contains(&b));
        if kind_fits && name_fits { Ok(Target { kind: kind.to_owned(), namespace, name: name.to_owned() }) } else { Err(wrong(text)) }
    }
}

fn wrong(text: &str) -> Invalid {
    let rule = "write kind, namespace and name, such as `Deployment/shop/cart`, or `ClusterRole/viewer` for a cluster-scoped kind";
    Invalid::not(text, "an object", rule)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn targets_agree_with_their_schema() {
        let bad = ["", "Deployment", "deployment/shop/cart", "Deployment/", "Deployment//cart", "A/b/c/d", "A/B/c", "A/.."];
        agree::<Target>(&["Deployment/shop/cart", "ClusterRole/system:viewer"], &bad, &[]);
        let target: Target = "Deployment/shop/cart".parse().unwrap();
        assert_eq!((target.kind(), target.namespace().map(Name::as_str), target.name()), ("Deployment", Some("shop"), "cart"));
    }
}
