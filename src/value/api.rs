//! Groups and resources of the Kubernetes API, as roles name them.

use super::{Invalid, quote};

string! {
    /// A group of the Kubernetes API; empty for the core group, `*` for every group.
    ApiGroup, "an API group such as `apps`", {
        "type": "string",
        "description": "An API group: a domain name, empty for the core group, or `*` for every group.",
        "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*|\\*)?$",
        "examples": ["", "apps", "networking.k8s.io"],
    }
}

impl ApiGroup {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text == "*" || text.split('.').all(is_word) {
            return Ok(ApiGroup(text.to_owned()));
        }
        if let Some((group, _)) = text.split_once('/').filter(|(group, _)| group.split('.').all(is_word)) {
            return Err(Invalid::new(format!("{} is not an API group: write `{group}`, without the version", quote(text))));
        }
        Err(Invalid::new(format!("{} is not an API group, such as `apps`, or `\"\"` for the core group", quote(text))))
    }
}

string! {
    /// A resource of the Kubernetes API in the plural, with its subresource behind `/`.
    ApiResource, "a resource such as `pods`", {
        "type": "string",
        "description": "A resource in the plural, in lower case, optionally with `/` and a subresource; `*` for every resource.",
        "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?|\\*)(/([a-z0-9]([-a-z0-9]*[a-z0-9])?|\\*))?$",
        "examples": ["pods", "deployments/scale"],
    }
}

impl ApiResource {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let part = |part: &str| part == "*" || is_word(part);
        let (resource, rest) = text.split_once('/').map_or((text, None), |(resource, rest)| (resource, Some(rest)));
        if part(resource) && rest.is_none_or(part) {
            return Ok(ApiResource(text.to_owned()));
        }
        Err(Invalid::new(format!(
            "{} is not a resource: write its plural in lower case, such as `pods` or `deployments/scale`",
            quote(text)
        )))
    }
}

/// Whether a text is a DNS label, of any length.
fn is_word(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(inner) && text.ends_with(inner) && text.chars().all(|c| inner(c) || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn groups_and_resources_are_those_of_roles() {
        agree::<ApiGroup>(&["", "apps", "networking.k8s.io", "*"], &["Apps", "apps/v1", "a..b", "a b", ".a", "-"], &[]);
        agree::<ApiResource>(&["pods", "deployments/scale", "*", "*/scale", "pods/*"], &["", "Pods", "pods/", "/log", "a/b/c", "a b"], &[]);
        assert!("apps/v1".parse::<ApiGroup>().unwrap_err().message.contains("write `apps`"));
    }
}
