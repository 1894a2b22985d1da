//! Names of entries and of environment variables.

use std::fmt;

use super::{Invalid, quote};

/// The pattern of one DNS label, without anchors.
pub(super) const LABEL: &str = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

string! {
    /// A DNS label (RFC 1123): 1 to 63 lower-case letters, digits and inner hyphens.
    Name, "a name such as `cart`", {
        "type": "string",
        "description": "A name: at most 63 lower-case letters, digits and inner hyphens.",
        "pattern": format!("^{LABEL}$"),
        "examples": ["cart", "card-gateway"],
    }
}

impl Name {
    fn parse(text: &str) -> Result<Self, Invalid> {
        check_label(text, "a name").map(|()| Name(text.to_owned()))
    }
}

/// Checks that `text` is a DNS label. `what` names the expected thing in messages, with its article.
pub(super) fn check_label(text: &str, what: &str) -> Result<(), Invalid> {
    let rule = "write lower-case letters, digits and hyphens, such as";
    let wrong = |why: &str| Err(Invalid::not(text, what, format!("{why}; {rule} `{}`", mended(text))));
    if text.is_empty() {
        return Err(Invalid::new(format!("{what} can't be empty: {rule} `cart`")));
    }
    if let Some(sign) = text.chars().find(|&c| !is_label_char(c)) {
        return wrong(&format!("{} is not allowed", quote(&sign.to_string())));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return wrong("the first and last character can't be hyphens");
    }
    if text.len() > 63 {
        return Err(Invalid::too_long(text, what, 63));
    }
    Ok(())
}

fn is_label_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// A valid label made from an invalid text, or an example.
fn mended(text: &str) -> String {
    let lower: String = text.chars().map(|c| c.to_ascii_lowercase()).map(|c| if is_label_char(c) { c } else { '-' }).collect();
    let words: Vec<&str> = lower.split('-').filter(|word| !word.is_empty()).collect();
    let label = words.join("-");
    if label.is_empty() || label.len() > 63 { "cart".to_owned() } else { label }
}

/// The key of an app or a store: `name`, or `namespace/name` where two namespaces hold the same name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryName {
    namespace: Option<Name>,
    name: Name,
}

text!(EntryName, "a name such as `cart`, or `payments/api`", {
    "type": "string",
    "description": "The name of an entry, or `namespace/name` where the name alone is not unique.",
    "pattern": format!("^({LABEL}/)?{LABEL}$"),
    "examples": ["cart", "payments/api"],
});

impl EntryName {
    /// The name of an entry, with or without a namespace.
    pub fn new(namespace: Option<Name>, name: Name) -> Self {
        EntryName { namespace, name }
    }

    /// The namespace, if the user wrote one.
    pub fn namespace(&self) -> Option<&Name> {
        self.namespace.as_ref()
    }

    /// The name inside its namespace.
    pub fn name(&self) -> &Name {
        &self.name
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        match text.split_once('/') {
            None => Ok(EntryName { namespace: None, name: text.parse()? }),
            Some((_, name)) if name.contains('/') => Err(Invalid::new(format!(
                "{} has more than two parts: write a name or `namespace/name`, such as `payments/api`",
                quote(text)
            ))),
            Some((namespace, name)) => Ok(EntryName { namespace: Some(namespace.parse()?), name: name.parse()? }),
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

string! {
    /// The name of an environment variable in Kubernetes, a key of `config` or `secrets`.
    VariableName, "a variable name such as `LOG_LEVEL`", {
        "type": "string",
        "description": "The name of an environment variable: letters, digits, `_`, `-` and `.`, not starting with a digit.",
        "pattern": "^[-._a-zA-Z][-._a-zA-Z0-9]*$",
        "maxLength": 253,
        "examples": ["LOG_LEVEL", "spring.datasource.url"],
    }
}

impl VariableName {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = "write letters, digits, `_`, `-` and `.`, not starting with a digit, such as `LOG_LEVEL`";
        if text.is_empty() {
            return Err(Invalid::new(format!("a variable name can't be empty: {rule}")));
        }
        if let Some(wrong) = text.chars().find(|&c| !(c.is_ascii_alphanumeric() || "-._".contains(c))) {
            let wrong = quote(&wrong.to_string());
            return Err(Invalid::not(text, "a variable name", format!("{wrong} is not allowed; {rule}")));
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Invalid::not(text, "a variable name", rule));
        }
        // The name is also a ConfigMap key, which has at most 253 characters.
        if text.len() > 253 {
            return Err(Invalid::too_long(text, "a variable name", 253));
        }
        // Kubernetes refuses ConfigMap keys that look like a relative path.
        if text == "." || text.starts_with("..") {
            return Err(Invalid::not(text, "a variable name", format!("`.` and names that start with `..` are not allowed; {rule}")));
        }
        Ok(VariableName(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn names_agree_with_their_schema() {
        let long = "a".repeat(63);
        agree::<Name>(
            &["cart", "a", "0", "card-gateway", &long],
            &["", "Cart", "a_b", "-a", "a-", "a.b", "é", "a\n", &format!("{long}a")],
            &[],
        );
        agree::<EntryName>(&["cart", "payments/api"], &["", "/", "a/", "/a", "a/b/c", "A/b"], &[]);
        agree::<VariableName>(&["LOG_LEVEL", "a.b-c", "_"], &["", "0A", "A B", "A=B"], &[".", "..a"]);
    }

    #[test]
    fn a_message_names_what_is_wrong_and_mends_it() {
        let message = "My_App".parse::<Name>().unwrap_err().message;
        assert_eq!(message, "`My_App` is not a name: `M` is not allowed; write lower-case letters, digits and hyphens, such as `my-app`");
    }
}
