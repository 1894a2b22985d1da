//! Finds texts that look like credentials: by the format of an issuer's keys, by a password in an address, or by the name of the text.

use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// The formats by which scanners of repositories recognize a credential.
const SHAPES: [&str; 21] = [
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bgh[pousr]_[0-9A-Za-z]{36}",
    r"\bgithub_pat_[0-9A-Za-z_]{22,}",
    r"\bglpat-[0-9A-Za-z_-]{20}",
    r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    r"\bhooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]+",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\b[sr]k_live_[0-9A-Za-z]{20,}",
    r"\bsk-[0-9A-Za-z_-]{32,}",
    r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    r"\bnpm_[0-9A-Za-z]{36}",
    r"\bpypi-[0-9A-Za-z_-]{32,}",
    r"\bhvs\.[0-9A-Za-z_-]{20,}",
    r"\bdop_v1_[0-9a-f]{64}",
    r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}",
    r"\b(?:AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{20,}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----",
    r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.",
    // A password in an address, unless it is an expression.
    r"[a-z][a-z0-9+.-]*://[^/\s:@$]*:[^/\s@$]+@",
    // The same, as drivers of Go write it.
    r"[^\s:/@$]+:[^\s/@$]+@(?:tcp|udp|unix)\(",
    // A password in a connection string.
    r#"(?i)\b(?:password|passwd|pwd)\s*=\s*["']?[^\s"'$/<&;{][^\s"'$&;]{3,}"#,
];

/// The compiled shapes, or the reason why they do not compile. The failure is kept and reported: otherwise platgen would silently find no credential.
static COMPILED: LazyLock<Result<RegexSet, String>> = LazyLock::new(|| compile(&SHAPES));

/// Compiles shapes over bytes with the ASCII meaning of `\b`, `\s` and `(?i)`, which needs none of the optional Unicode tables of `regex`.
fn compile(shapes: &[&str]) -> Result<RegexSet, String> {
    RegexSetBuilder::new(shapes).unicode(false).build().map_err(|error| error.to_string())
}

/// Words in the name of a password.
const PASSWORDS: [&str; 8] = ["MASTERAUTH", "PASS", "PASSPHRASE", "PASSWD", "PASSWORD", "PW", "PWD", "REQUIREPASS"];

/// Words in the name of any other credential. The text decides too: `MAX_TOKEN` may be a number, `K8S_SECRET` the name of an object.
const CREDENTIALS: [&[&str]; 23] = [
    &["SECRET"],
    &["TOKEN"],
    &["CREDENTIAL"],
    &["CREDENTIALS"],
    &["PEPPER"],
    &["SALT"],
    &["APIKEY"],
    &["API", "KEY"],
    &["APP", "KEY"],
    &["ACCESS", "KEY"],
    &["ACCOUNT", "KEY"],
    &["AUTH", "KEY"],
    &["COOKIE", "KEY"],
    &["DEPLOY", "KEY"],
    &["ENCRYPTION", "KEY"],
    &["HMAC", "KEY"],
    &["LICENSE", "KEY"],
    &["MASTER", "KEY"],
    &["PRIVATE", "KEY"],
    &["SECRET", "KEY"],
    &["SESSION", "KEY"],
    &["SHARED", "KEY"],
    &["SIGNING", "KEY"],
];

/// Words that, after the name of a credential, turn the name into that of a property: `DB_PASSWORD_FILE`, `TOKEN_TTL`.
const ABOUT: &str = "AGE ALG ALGORITHM AUDIENCE BACKEND COLUMN COUNT DIR DISABLED DURATION ENABLED ENCODER ENDPOINT ENGINE EXPIRATION EXPIRES EXPIRY \
     FIELD FILE FORMAT HASHER HEADER HINT HOST ID ISSUER LABEL LEN LENGTH LIFETIME LOCATION MANAGER MAX METHOD MIN MODE NAME NAMESPACE \
     PARAM PARAMETER PATH PATTERN PLACEHOLDER POLICY PREFIX PROMPT PROVIDER REF REGEX RESET ROTATION SCOPE SERVICE SIZE SOURCE STORE \
     SUFFIX TIMEOUT TTL TYPE URI URL VERSION";

/// Texts that are switches and never credentials, whatever their name is.
const SWITCHES: [&str; 14] =
    ["disabled", "enabled", "false", "include", "no", "none", "null", "off", "omit", "on", "optional", "required", "true", "yes"];

/// Whether the shapes compile.
///
/// # Errors
/// The reason of the first shape that does not.
pub fn shapes() -> Result<(), &'static str> {
    COMPILED.as_ref().map(drop).map_err(String::as_str)
}

/// Whether a text has the shape of a credential; the shortest has eight characters.
pub fn has_shape(text: &str) -> bool {
    text.len() >= 8 && COMPILED.as_ref().is_ok_and(|shapes| shapes.is_match(text.as_bytes()))
}

/// Whether a text is a switch.
pub fn is_switch(text: &str) -> bool {
    SWITCHES.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a literal text under this name is a credential.
pub fn is_named(name: &str, text: &str) -> bool {
    // Expressions are replaced by a secret, an address or a text of `vars`; texts of `vars` are examined at their definition.
    if text.len() < 4 || text.starts_with('/') || text.contains("${") || text.contains("$(") || text.contains("://") {
        return false;
    }
    if is_switch(text) {
        return false;
    }
    let words = words_of(name);
    (0..words.len()).any(|at| {
        let words = &words[at..];
        if PASSWORDS.contains(&words[0].as_str()) || words[0].ends_with("PASSWORD") {
            return matches!(&words[1..], []) || (!is_about(&words[1..]) && is_mixed(text));
        }
        let begins = |named: &&&[&str]| words.len() >= named.len() && words.iter().zip(**named).all(|(word, part)| word == part);
        CREDENTIALS.iter().filter(begins).any(|named| match &words[named.len()..] {
            [] => is_random(text),
            after => !is_about(after) && is_random(text) && is_mixed(text),
        })
    })
}

/// Whether a name ends with the name of a credential: what stands under it may be one, whatever it looks like. `PASSWORD_FILE` and `TOKEN_TTL` end with
/// something else.
pub fn ends_name(name: &str) -> bool {
    let words = words_of(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    PASSWORDS.contains(&last)
        || last.ends_with("PASSWORD")
        || CREDENTIALS
            .iter()
            .any(|named| words.len() >= named.len() && words.iter().rev().zip(named.iter().rev()).all(|(word, part)| word == part))
}

/// Whether the words after the name of a credential name a property of it.
fn is_about(after: &[String]) -> bool {
    after.iter().any(|word| ABOUT.split(' ').any(|about| about == word))
}

/// Whether a text mixes letters with digits, or upper-case with lower-case letters after the first, as ordinary words do not.
fn is_mixed(text: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| text.bytes().skip(1).any(|byte| wanted(&byte));
    let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.len() >= 6
        && letters
        && !text.contains(char::is_whitespace)
        && (has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)))
}

/// Whether a text is more likely a generated text or a single invented word than a few words, a number or a sentence.
fn is_random(text: &str) -> bool {
    if text.len() < 6 || text.contains(char::is_whitespace) || text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let parts: Vec<&str> = text.split(['-', '.', '_', ':', '/']).collect();
    let is_word = |part: &&str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        part.len() - letters.len() <= 2 && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    parts.len() < 2 || !parts.iter().all(is_word)
}

/// The words of a name in upper case without trailing digits: equal for `dbPassword`, `DB_PASSWORD_2` and `db.password`.
pub fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        small = c.is_ascii_lowercase();
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_uppercase());
        }
    }
    for word in &mut words {
        word.truncate(word.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_does_not_compile_is_a_failure() {
        assert!(compile(&SHAPES).is_ok());
        let broken: Vec<&str> = SHAPES.into_iter().chain([r"\bkey_[0-9"]).collect();
        assert!(compile(&broken).is_err_and(|reason| reason.contains("unclosed character class")));
    }

    #[test]
    fn shapes() {
        let long = "0123456789abcdef".repeat(4);
        for secret in [
            "postgres://app:hunter2@db/orders",
            "redis://:hunter2@cache:6379",
            "app:hunter2@tcp(db:3306)/orders",
            "host=db user=app password=hunter2",
            "Server=db;Pwd='hunter2';",
            &format!("npm_{}", &long[..36]),
            &format!("hvs.{}", &long[..24]),
            &format!("dop_v1_{long}"),
            &format!("AccountName=a;AccountKey={long}=="),
            "-----BEGIN PGP PRIVATE KEY BLOCK-----",
            "https://hooks.slack.com/services/T0/B0/abc",
        ] {
            assert!(has_shape(secret), "{secret}");
        }
        for fine in [
            "postgres://db:5432/orders",
            "app@tcp(db:3306)/orders",
            "postgres://${store/orders.users.app.name}:${store/orders.users.app.password}@${store/orders.address}/x",
            "--password=$(DB_PASSWORD)",
            "password = ${DB_PASSWORD}",
            "password=/run/secrets/db",
            "http://web:8080/a@b",
            "user@example.com",
        ] {
            assert!(!has_shape(fine), "{fine}");
        }
    }

    #[test]
    fn names() {
        for (name, text) in [
            ("DB_PASSWORD", "correct-horse-battery"),
            ("PGPASSWORD", "hunter2"),
            ("DB_PASS", "hunter2"),
            ("MYSQL_PWD", "12345678"),
            ("spring.datasource.password", "hunter2"),
            ("SecretKey", "a1b2c3d4e5"),
            ("JWT_SECRET", "supersecret"),
            ("API_KEY", "4f9d-a1b2c3d4"),
            ("--admin-token", "a1b2c3d4e5"),
            ("SECRET_KEY_BASE", "q8Zr2LmX0vTn4KpW"),
            ("APP_KEY", "q8Zr2LmX0vTn4KpW"),
            ("RAILS_MASTER_KEY", "9f8e7d6c5b4a3928"),
            ("SMTP_PASSWORD_PROD", "q8Zr2LmX0vTn"),
            ("DB_PASSWORD_2", "hunter"),
            ("password.primary", "hunter2"),
            ("GITHUB_TOKEN_RO", "q8Zr2LmX0vTn4KpW"),
            ("django.secret-key.fallbacks", "q8Zr2LmX0vTn4KpW"),
        ] {
            assert!(is_named(name, text), "{name}={text}");
        }
        for (name, text) in [
            ("DB_PASSWORD_FILE", "hunter2"),
            ("BYPASS", "hunter2"),
            ("DB_PASSWORD", "${secret/db#password}"),
            ("TOKEN", "/run/token"),
            ("CSRF_TOKEN", "X-CSRF-Token"),
            ("MAX_TOKEN", "4096"),
            ("VALIDATE_TOKEN", "False"),
            ("CORS_CREDENTIALS", "include"),
            ("OAUTH_ACCESS_TOKEN", "https://login.example/token"),
            ("K8S_SECRET", "web-tls-v2"),
            ("IDEMPOTENCY_KEY", "abcdef123456"),
            ("PASSWORD_HASHER", "argon"),
            ("PASSWORD_MIN_LENGTH", "twelve12"),
            ("TOKEN_ISSUER_2", "Shop2026"),
            ("SECRET_ROTATION_SCHEDULE", "Daily2Times"),
            ("PASSWORD_PROMPT", "please"),
            ("PUBLIC_KEY", "q8Zr2LmX0vTn4KpW"),
        ] {
            assert!(!is_named(name, text), "{name}={text}");
        }
    }
}
