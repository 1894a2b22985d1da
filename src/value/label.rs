//! Keys and values of labels and taints, as Kubernetes takes them.

use std::str::FromStr;

use super::{Invalid, Wrong, quote};

/// The longest key. Kubernetes takes longer ones, but labels of the platform are tags of the cloud too, and AWS ends there.
const LONGEST_KEY: usize = 128;

/// The longest name of a key, after its domain, and the longest value.
const LONGEST: usize = 63;

/// Domains whose keys Kubernetes and platgen set themselves.
const RESERVED: [&str; 3] = ["k8s.io", "kubernetes.io", "platgen.io"];

/// The key of a label or taint: a name, with a domain in front of a `/` where it is somebody's own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LabelKey(String);

string_newtype!(LabelKey);
text!(LabelKey, "the key of a label such as `cost-centre`", {
    "type": "string",
    "description": "The key of a label: letters, digits and inner `-`, `_` and `.`, at most 63; a domain and `/` may stand in front.",
    "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$",
    "maxLength": LONGEST_KEY,
    "examples": ["cost-centre", "example.com/team"],
});

impl FromStr for LabelKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (domain, name) = text.rsplit_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
        named(name, text, "the key of a label", "`cost-centre` or `example.com/team`")?;
        if let Some(domain) = domain {
            let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            let label = |part: &str| part.starts_with(inner) && part.ends_with(inner) && part.chars().all(|c| inner(c) || c == '-');
            if !domain.split('.').all(label) {
                let message =
                    format!("{} is not the key of a label: what stands before the `/` is a domain, as in `example.com/team`", quote(text));
                return Err(Invalid::new(message));
            }
            if RESERVED.iter().any(|reserved| domain.strip_suffix(reserved).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))) {
                let message =
                    format!("{} is a key of Kubernetes or platgen: use a name of your own, such as `example.com/team`", quote(text));
                return Err(Invalid::new(message));
            }
        }
        if text.len() > LONGEST_KEY {
            let message = format!("{} is {} characters long: the key of a label has at most {LONGEST_KEY}", quote(text), text.len());
            return Err(Invalid::of(Wrong::Length, message));
        }
        Ok(LabelKey(text.to_owned()))
    }
}

/// The value of a label or taint; it may be empty.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LabelValue(String);

string_newtype!(LabelValue);
text!(LabelValue, "the value of a label such as `blue`", {
    "type": "string",
    "description": "The value of a label: letters, digits and inner `-`, `_` and `.`, at most 63; it may be empty.",
    "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$",
    "examples": ["blue", "4711", ""],
});

impl FromStr for LabelValue {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if !text.is_empty() {
            named(text, text, "the value of a label", "`blue` or `4711`")?;
        }
        Ok(LabelValue(text.to_owned()))
    }
}

/// Says what keeps `name`, a part of `text`, from being a qualified name of Kubernetes.
fn named(name: &str, text: &str, what: &str, example: &str) -> Result<(), Invalid> {
    let rule = format!("write letters, digits and inner `-`, `_` and `.`, such as {example}");
    if let Some(wrong) = name.chars().find(|&c| !(c.is_ascii_alphanumeric() || "-_.".contains(c))) {
        return Err(Invalid::new(format!("{} is not {what} because of {}: {rule}", quote(text), quote(&wrong.to_string()))));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !(name.starts_with(edge) && name.ends_with(edge)) {
        return Err(Invalid::new(format!("{} is not {what}: it starts and ends with a letter or digit; {rule}", quote(text))));
    }
    if name.len() > LONGEST {
        let message = format!("{} is too long: {what} has at most {LONGEST} characters, after a domain that it may have", quote(text));
        return Err(Invalid::of(Wrong::Length, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::agreement::agree;

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
        assert!("notk8s.io/x".parse::<LabelKey>().is_ok());
        let message = "node.kubernetes.io/x".parse::<LabelKey>().unwrap_err().message;
        assert_eq!(message, "`node.kubernetes.io/x` is a key of Kubernetes or platgen: use a name of your own, such as `example.com/team`");
    }
}
