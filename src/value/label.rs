//! Keys and values of Kubernetes labels, annotations and taints.

use super::{Invalid, Wrong, quote};

/// The maximum length of a key. Kubernetes allows more, but labels of the platform are also cloud tags, and AWS has this limit.
const LONGEST_KEY: usize = 128;

/// The maximum length of a value, and of a key without its domain.
const LONGEST: usize = 63;

/// The maximum length of the domain of a key in Kubernetes.
const LONGEST_DOMAIN: usize = 253;

/// Domains of the keys that Kubernetes and platgen set.
const RESERVED: [&str; 3] = ["k8s.io", "kubernetes.io", "platgen.io"];

string! {
    /// The key of a label or taint: a name, or `domain/name`.
    LabelKey, "a label key such as `cost-centre`", {
        "type": "string",
        "description": "A label key: at most 63 letters, digits and inner `-`, `_` and `.`, optionally after a domain and `/`.",
        "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
        "maxLength": LONGEST_KEY,
        "examples": ["cost-centre", "example.com/team"],
    }
}

impl LabelKey {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let is_reserved = |domain: &str| {
            RESERVED.iter().any(|reserved| domain.strip_suffix(reserved).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
        };
        if domain_of(text, "a label key")?.is_some_and(is_reserved) {
            let message =
                format!("{} is reserved for Kubernetes and platgen: use your own domain, such as `example.com/team`", quote(text));
            return Err(Invalid::new(message));
        }
        if text.len() > LONGEST_KEY {
            return Err(Invalid::too_long(text, "a label key", LONGEST_KEY));
        }
        Ok(LabelKey(text.to_owned()))
    }
}

string! {
    /// The key of a label or annotation of an object: a name, or `domain/name`, of any domain.
    MetadataKey, "a key such as `example.com/team`", {
        "type": "string",
        "description": "A key of a label or annotation: at most 63 letters, digits and inner `-`, `_` and `.`, optionally after a domain and `/`.",
        "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
        "maxLength": LONGEST_DOMAIN + 1 + LONGEST,
        "examples": ["team", "sidecar.istio.io/inject"],
    }
}

impl MetadataKey {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let domain = domain_of(text, "a key")?;
        if domain.is_some_and(|domain| domain.len() > LONGEST_DOMAIN) {
            return Err(Invalid::too_long(text, "a key", LONGEST_DOMAIN + 1 + LONGEST));
        }
        Ok(MetadataKey(text.to_owned()))
    }

    /// The domain; none for a name alone.
    pub fn domain(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(domain, _)| domain)
    }
}

/// The domain of a key, after a check of both parts.
fn domain_of<'t>(text: &'t str, what: &str) -> Result<Option<&'t str>, Invalid> {
    let (domain, name) = text.rsplit_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    named(name, text, what, "`cost-centre` or `example.com/team`")?;
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label = |part: &str| part.starts_with(inner) && part.ends_with(inner) && part.chars().all(|c| inner(c) || c == '-');
    if domain.is_some_and(|domain| !domain.split('.').all(label)) {
        let message = format!("{} is not {what}: the part before `/` has to be a domain, as in `example.com/team`", quote(text));
        return Err(Invalid::new(message));
    }
    Ok(domain)
}

string! {
    /// The value of a label or taint. May be empty.
    #[derive(Default)]
    LabelValue, "a label value such as `blue`", {
        "type": "string",
        "description": "A label value: at most 63 letters, digits and inner `-`, `_` and `.`; may be empty.",
        "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$",
        "examples": ["blue", "4711", ""],
    }
}

impl LabelValue {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if !text.is_empty() {
            named(text, text, "a label value", "`blue` or `4711`")?;
        }
        Ok(LabelValue(text.to_owned()))
    }
}

/// Checks `name`, a part of `text`, against the grammar of qualified names in Kubernetes.
fn named(name: &str, text: &str, what: &str, example: &str) -> Result<(), Invalid> {
    let rule = format!("write letters, digits and inner `-`, `_` and `.`, such as {example}");
    if let Some(wrong) = name.chars().find(|&c| !(c.is_ascii_alphanumeric() || "-_.".contains(c))) {
        return Err(Invalid::new(format!("{} is not {what}: {} is not allowed; {rule}", quote(text), quote(&wrong.to_string()))));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !(name.starts_with(edge) && name.ends_with(edge)) {
        return Err(Invalid::new(format!(
            "{} is not {what}: the first and last character have to be letters or digits; {rule}",
            quote(text)
        )));
    }
    if name.len() > LONGEST {
        let message = format!("{} is too long: {what} has at most {LONGEST} characters, not counting a domain", quote(text));
        return Err(Invalid { message, kind: Wrong::Length });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn keys_and_values_agree_with_their_schema() {
        let long = "a".repeat(63);
        agree::<LabelKey>(
            &["a", "Cost_centre.v2", "example.com/team", "x/y", &long],
            &["", "a b", "-a", "a-", "/a", "a/", "a/b/c", "A.b/c", "a..b/c", "é", &format!("{long}a"), &format!("{}.b/c", "a".repeat(125))],
            &["kubernetes.io/x", "app.kubernetes.io/name", "k8s.io/x", "platgen.io/x"],
        );
        agree::<LabelValue>(&["", "a", "4711", "A_b.c-d", &long], &["a b", "-a", "a-", "a/b", "é", "a\n", &format!("{long}a")], &[]);
    }

    #[test]
    fn only_whole_domains_are_reserved() {
        agree::<MetadataKey>(&["a", "kubernetes.io/a", "a.b/C_d"], &["", "A.b/c", "-a", "a/b/c", "a b"], &[]);
        assert!("notk8s.io/x".parse::<LabelKey>().is_ok());
        let message = "node.kubernetes.io/x".parse::<LabelKey>().unwrap_err().message;
        assert_eq!(
            message,
            "`node.kubernetes.io/x` is reserved for Kubernetes and platgen: use your own domain, such as `example.com/team`"
        );
    }
}
