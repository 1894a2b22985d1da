//! A text of a ConfigMap or a variable -> whether it is a credential, or holds one. What may be one is not shown: a report is read in logs of CI.

use crate::value::credential;
use serde_json::Value;

/// Whether a name says that its value is never shown.
fn names_secret(name: &str) -> bool {
    credential::ends_name(name)
        || credential::words_of(name).last().is_some_and(|last| ["AUTH", "AUTHORIZATION", "PASSWORDS", "SECRETS"].contains(&last.as_str()))
}

/// Whether a text under such a name can be a credential: switches, numbers, paths and addresses without a user are none.
fn may_be_secret(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !credential::is_switch(text) && !text.starts_with(['/', '$', '{', '[']) && !text.contains("://") && text != "null"
}

/// Beginnings of the keys of issuers. Whatever follows, a text with one is not shown: a scanner wants the exact length, a reader of a log does not.
const ISSUED: [&str; 14] = [
    "AKIA",
    "ASIA",
    "AIza",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
    "hvs.",
    "-----BEGIN ",
];

/// Whether a text holds a key of an issuer: one of the beginnings, at the start of a word, with enough behind it.
fn holds_issued_key(text: &str) -> bool {
    let ends = |c: char| c.is_whitespace() || "\"'`,;=:/@{}[]()<>".contains(c);
    ISSUED.iter().any(|begin| {
        text.match_indices(begin).any(|(at, _)| {
            let rest = &text[at + begin.len()..];
            let long = rest.find(ends).unwrap_or(rest.len()) >= 8 || begin.ends_with(' ');
            long && text[..at].chars().next_back().is_none_or(ends)
        })
    })
}

/// Whether a text is a document of JSON, or of lines such as YAML and properties have, with a credential somewhere in it.
pub(super) fn document_holds_credentials(text: &str) -> bool {
    fn any(name: &str, value: &Value) -> bool {
        match value {
            Value::String(text) => is_credential(name, text),
            // `"password": 1234` is one as well.
            Value::Number(_) => names_secret(name) && !name.to_ascii_lowercase().contains("token"),
            Value::Array(items) => items.iter().any(|item| any(name, item)),
            Value::Object(fields) => fields.iter().any(|(name, value)| any(name, value)),
            Value::Null | Value::Bool(_) => false,
        }
    }
    let text = text.trim();
    if text.starts_with(['{', '[']) && serde_json::from_str(text).is_ok_and(|document| any("", &document)) {
        return true;
    }
    // Lines `key: value` and `key=value`; the fields of `a=1;password=x` and of a flow mapping as well.
    text.split(['\n', ';', '&', ',', '{', '}']).any(|line| {
        let Some((key, value)) = line.split_once([':', '=']) else { return false };
        let key = key.trim().trim_start_matches("- ").trim_matches(['"', '\'']);
        let value = value.trim().trim_matches(['"', '\'']);
        let key = key.rsplit([' ', '?']).next().unwrap_or(key);
        // A block scalar begins on the next line.
        names_secret(key) && may_be_secret(value)
    })
}

/// Whether a text under a name is a credential, or holds one.
pub(super) fn is_credential(name: &str, text: &str) -> bool {
    credential::has_shape(text) || credential::is_named(name, text) || (names_secret(name) && may_be_secret(text)) || holds_issued_key(text)
}
