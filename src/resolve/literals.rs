//! Texts that look like credentials: by the shape of well-known keys, by a private key's first line, by a password in a URL, or by the name they
//! stand under.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::Spec;
use regex::RegexSet;
use std::sync::LazyLock;

/// Shapes of keys that issuers publish so that scanners can find them.
static SHAPES: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[0-9A-Za-z]{36}",
        r"\bgithub_pat_[0-9A-Za-z_]{22,}",
        r"\bglpat-[0-9A-Za-z_-]{20}",
        r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
        r"\bAIza[0-9A-Za-z_-]{35}",
        r"\b[sr]k_live_[0-9A-Za-z]{20,}",
        r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.",
        r"[a-z][a-z0-9+.-]*://[^/\s:@$]+:[^/\s:@$]+@",
    ])
    .ok()
});

/// Words that name a credential when a variable ends in one.
const NAMES: &[&str] =
    &["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "CREDENTIAL", "CREDENTIALS"];

/// Whether a text has the shape of a credential.
pub(super) fn looks_secret(text: &str) -> bool {
    SHAPES.as_ref().is_some_and(|shapes| shapes.is_match(text))
}

/// Whether a variable of this name holds a credential, so that a literal value can't be right.
pub(super) fn names_secret(variable: &str, value: &str) -> bool {
    let upper = variable.to_ascii_uppercase().replace(['-', '.'], "_");
    let named = NAMES.iter().any(|word| upper == *word || upper.ends_with(&format!("_{word}")));
    // A path, a flag or nothing is no credential, whatever its name says.
    named && !value.is_empty() && !value.starts_with('/') && !matches!(value, "true" | "false") && value.len() >= 4
}

/// Tells of credentials among the `vars`.
pub(super) fn check_variables(spec: &Spec, found: &mut Diagnostics) {
    for (name, _, value) in spec.vars.get().into_iter().flat_map(|all| all.iter()) {
        if let Some((text, at)) = value.spanned()
            && (looks_secret(text) || names_secret(name.as_str(), text))
        {
            let diagnostic = Diagnostic::new(Code::SecretLiteral, format!("`{name}` looks like a credential")).at(at);
            found.push(diagnostic.help("put it in the secret manager, and refer to it with `${secret/path#key}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_names() {
        assert!(looks_secret("postgres://app:hunter2@db/orders"));
        assert!(!looks_secret("postgres://db:5432/orders"));
        assert!(names_secret("DB_PASSWORD", "hunter2"));
        assert!(!names_secret("DB_PASSWORD_FILE", "x"));
        assert!(!names_secret("TOKEN", "/run/token"));
    }
}
