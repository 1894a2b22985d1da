//! The meaning of a value in a ConfigMap, a Secret or a variable: an address, a credential, a switch, a limit or another text.

use super::credentials::{document_holds_credentials, is_credential};
use serde::Serialize;

/// What a value is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// A host, a URL, a range of addresses, a port of an address, or a resource of a cloud.
    Address,
    /// A credential, or a path from which one is read.
    Credential,
    /// On or off.
    Switch,
    /// A number, an amount, a duration or a percentage.
    Limit,
    /// A file, or a text of several lines.
    File,
    /// Anything else.
    Text,
}

impl Meaning {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Meaning::Address => "address",
            Meaning::Credential => "credential",
            Meaning::Switch => "switch",
            Meaning::Limit => "limit",
            Meaning::File => "file",
            Meaning::Text => "text",
        }
    }
}

/// Words in the name of a value that is an address.
const ADDRESSES: [&str; 18] = [
    "ADDR",
    "ADDRESS",
    "ADDRESSES",
    "BOOTSTRAP",
    "BROKER",
    "BROKERS",
    "BUCKET",
    "DOMAIN",
    "DSN",
    "ENDPOINT",
    "HOST",
    "HOSTNAME",
    "HOSTS",
    "ORIGIN",
    "SERVER",
    "SERVERS",
    "URI",
    "URL",
];

/// Values that are switches.
const SWITCHES: [&str; 8] = ["true", "false", "on", "off", "yes", "no", "enabled", "disabled"];

/// Units of limits.
const UNITS: [&str; 27] = [
    "", "%", "ns", "us", "ms", "s", "m", "h", "d", "w", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "B", "KB", "MB", "GB", "kb", "mb",
    "gb", "sec", "min",
];

/// The words of a name, in capitals: `dbHost`, `DB_HOST` and `db.host` are the words DB and HOST.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_small) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_uppercase());
        }
        after_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a value under a name is.
pub(super) fn meaning(name: &str, value: &str) -> Meaning {
    let value = value.trim();
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    if value.lines().count() > 1 {
        return if is_credential(name, value) || document_holds_credentials(value) { Meaning::Credential } else { Meaning::File };
    }
    if is_credential(name, value) || document_holds_credentials(value) {
        return Meaning::Credential;
    }
    if SWITCHES.contains(&value.to_ascii_lowercase().as_str()) {
        return Meaning::Switch;
    }
    if is_limit(value) {
        return if last == "PORT" || last == "PORTS" { Meaning::Address } else { Meaning::Limit };
    }
    let named = words.iter().any(|word| ADDRESSES.contains(&word.as_str()));
    let is_name = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    if value.starts_with("arn:") || (named && is_name(value)) || endpoints(value).iter().any(|endpoint| endpoint.is_certain) {
        return Meaning::Address;
    }
    Meaning::Text
}

/// Whether a text is a number with or without a unit.
fn is_limit(text: &str) -> bool {
    let digits = text.trim_start_matches('-').find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
    let (number, unit) = text.trim_start_matches('-').split_at(digits.unwrap_or(text.trim_start_matches('-').len()));
    number.starts_with(|c: char| c.is_ascii_digit()) && number.matches('.').count() < 2 && UNITS.contains(&unit.trim())
}

/// A host with its port.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Endpoint {
    /// The host: a name or an address.
    pub(super) host: String,
    /// The port; that of the scheme if the text names none.
    pub(super) port: Option<u16>,
    /// Whether the text alone shows that it is an address: a scheme, a port, several labels.
    pub(super) is_certain: bool,
}

/// Ports of schemes, by IANA and the documentation of each product.
const PORTS: [(&str, u16); 20] = [
    ("amqp", 5672),
    ("amqps", 5671),
    ("ftp", 21),
    ("grpc", 443),
    ("grpcs", 443),
    ("http", 80),
    ("https", 443),
    ("kafka", 9092),
    ("ldap", 389),
    ("ldaps", 636),
    ("mongodb", 27017),
    ("mysql", 3306),
    ("nats", 4222),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("redis", 6379),
    ("rediss", 6379),
    ("smtp", 25),
    ("ws", 80),
    ("wss", 443),
];

/// The hosts in a value. Lists are split at commas.
pub(super) fn endpoints(value: &str) -> Vec<Endpoint> {
    let parts = value.split([',', ';', ' ', '\n', '"', '\'']).map(str::trim).filter(|part| !part.is_empty());
    parts.filter_map(endpoint).collect()
}

/// The hosts in a value that holds credentials. Nothing that may be a part of a credential is taken for a host: of an address with a user what stands
/// behind the last `@` before its path, of any other one only if no `@` stands in the value.
pub(super) fn guarded(value: &str) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for word in value.split([' ', '\n', '"', '\'']) {
        let (scheme, rest) = word.split_once("://").map_or(("", word), |(scheme, rest)| (&word[..scheme.len() + "://".len()], rest));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let hosts = match authority.rsplit_once('@') {
            Some((_, hosts)) if !scheme.is_empty() || hosts.contains('(') => hosts,
            None if !scheme.is_empty() && !value.contains('@') => authority,
            _ => continue,
        };
        found.extend(
            hosts.split(',').filter_map(|host| endpoint(&format!("{scheme}{host}"))).map(|one| Endpoint { is_certain: true, ..one }),
        );
    }
    found
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.is_none() && rest.starts_with('/') {
        return None;
    }
    let place = authority.rsplit('@').next().unwrap_or_default();
    // A driver may wrap the place: `user@tcp(host:3306)/base`.
    let place = place.split_once('(').map_or(place, |(_, inner)| inner.trim_end_matches(')'));
    // An address of IPv6 stands in brackets before a port.
    let bracketed = place.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let bracketed = bracketed.filter(|(host, _)| host.parse::<std::net::Ipv6Addr>().is_ok());
    let (host, port) = match (bracketed, place.rsplit_once(':')) {
        (Some((host, rest)), _) => (host, rest.strip_prefix(':')),
        (None, Some((host, port))) if !host.contains(':') => (host, Some(port)),
        (None, _) => (place, None),
    };
    let port = port.map(str::parse::<u16>).transpose().ok()?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() < 64
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !label.starts_with('-')
    };
    let top = labels.last().is_some_and(|label| label.len() > 1 && label.chars().all(|c| c.is_ascii_alphabetic()));
    if !is_address && (!labels.iter().all(is_label) || (labels.len() > 1 && !top)) {
        return None;
    }
    let named = scheme.map(|scheme| scheme.split('+').next().unwrap_or(scheme));
    let default = named.and_then(|scheme| PORTS.iter().find(|(known, _)| *known == scheme)).map(|(_, port)| *port);
    let is_certain =
        is_address || scheme.is_some() || (port.is_some() && host.starts_with(|c: char| c.is_ascii_alphabetic())) || labels.len() > 2;
    Some(Endpoint { host, port: port.or(default), is_certain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_meaning() {
        let cases = [
            ("DB_HOST", "orders-rw", Meaning::Address),
            ("dbHost", "orders-rw.shop", Meaning::Address),
            ("DSN", "postgres://app@orders.beta.example:5432/orders", Meaning::Address),
            ("BROKERS", "k0.example:9092,k1.example:9092", Meaning::Address),
            ("X", "queue.eu.shop.example", Meaning::Address),
            ("X", "cart:7070", Meaning::Address),
            ("X", "[::1]:5432", Meaning::Address),
            ("QUEUE", "arn:aws:sqs:eu-west-1:333333333333:mail", Meaning::Address),
            ("DB_PORT", "5432", Meaning::Address),
            ("API_TOKEN", "k3Jd82hHq0pLz7vW", Meaning::Credential),
            ("DB_PASSWORD", "hunter2", Meaning::Credential),
            ("DSN", "app:hunter2@tcp(db.shop.example:3306)/orders", Meaning::Credential),
            ("conf.json", r#"{"db": [{"password": "hunter2"}]}"#, Meaning::Credential),
            ("conf.json", r#"{"db": [{"host": "h.shop.example"}]}"#, Meaning::Address),
            ("DSN", "user:pwb@tcp(db.b.example:3306)/x", Meaning::Credential),
            ("DSN", "redis://:pw@cache.example:6379", Meaning::Credential),
            ("BLOB", "AKIAIOSFODNN7EXAMPLb", Meaning::Credential),
            ("conf.json", r#"{"password": "hunter2b", "host": "h.shop.example"}"#, Meaning::Credential),
            ("conf.json", r#"{"a": [{"clientSecret": "x"}]}"#, Meaning::Credential),
            ("conf.json", r#"{"password": 1234}"#, Meaning::Credential),
            ("app.yaml", "db:\n  host: h\n  password: abc\n", Meaning::Credential),
            ("app.properties", "db.url=x\ndb.password=abc\n", Meaning::Credential),
            ("app.ini", "[db]\napi_key = abc\n", Meaning::Credential),
            ("CONNECTION", "Server=db.example;Password=a", Meaning::Credential),
            ("app.yaml", "a: 1\nurl: amqp://u:p@queue.example\n", Meaning::Credential),
            ("PASSWORD", "x", Meaning::Credential),
            ("PASSWORD_FILE", "/run/secrets/password", Meaning::Text),
            ("TOKEN_TTL", "15m", Meaning::Limit),
            ("TOKEN_URL", "https://login.example/token", Meaning::Address),
            ("FEATURE_AUTH", "true", Meaning::Switch),
            ("FEATURE_PAY", "true", Meaning::Switch),
            ("DEBUG", "Off", Meaning::Switch),
            ("POOL", "50", Meaning::Limit),
            ("TIMEOUT", "1.5s", Meaning::Limit),
            ("MAX", "512Mi", Meaning::Limit),
            ("SHARE", "70%", Meaning::Limit),
            ("app.ini", "[a]\nb=c\n", Meaning::File),
            ("LOG_LEVEL", "info", Meaning::Text),
            ("GREETING", "hello. you", Meaning::Text),
            ("INDEX", "index.html", Meaning::Text),
            ("VERSION", "1.2.3", Meaning::Text),
            ("TIME", "12:30", Meaning::Text),
        ];
        for (name, value, expected) in cases {
            assert_eq!(meaning(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn endpoints_are_hosts_with_ports() {
        let read = |text: &str| -> Vec<(String, Option<u16>)> { endpoints(text).into_iter().map(|one| (one.host, one.port)).collect() };
        assert_eq!(read("https://api.shop.example/v1?x=1"), [("api.shop.example".to_owned(), Some(443))]);
        assert_eq!(read("postgresql+psycopg://u:p@db.shop.example/o"), [("db.shop.example".to_owned(), Some(5432))]);
        assert_eq!(read("u:p@tcp(db:3306)/o"), [("db".to_owned(), Some(3306))]);
        assert_eq!(read("k0:9092,k1:9092"), [("k0".to_owned(), Some(9092)), ("k1".to_owned(), Some(9092))]);
        assert_eq!(read("10.33.0.7"), [("10.33.0.7".to_owned(), None)]);
        assert_eq!(
            read("[::1]:5432,fd00::7,[fd00::7]"),
            [("::1", Some(5432)), ("fd00::7", None), ("fd00::7", None)].map(|(host, port)| (host.to_owned(), port))
        );
        assert_eq!(read("http://u:p@[FD00::7]:8080/x"), [("fd00::7".to_owned(), Some(8080))]);
        assert_eq!(read("https://[fd00::7]"), [("fd00::7".to_owned(), Some(443))]);
        assert_eq!(read("[orders]:80 [::1]:x"), []);
        assert_eq!(read("/var/log/app.log"), []);
    }

    #[test]
    fn no_part_of_a_credential_is_a_host() {
        let read = |text: &str| -> Vec<(String, Option<u16>)> { guarded(text).into_iter().map(|one| (one.host, one.port)).collect() };
        let one = |host: &str, port: u16| vec![(host.to_owned(), Some(port))];
        assert_eq!(read("postgres://u:a,b@db.example/o"), one("db.example", 5432));
        assert_eq!(read("mongodb://u:p@m0:27017,m1:27018/o"), [one("m0", 27017), one("m1", 27018)].concat());
        assert_eq!(read("u:p@tcp(db:3306)/o"), one("db", 3306));
        assert_eq!(read("https://hooks.example/T0/B0/x"), one("hooks.example", 443));
        for secret in ["postgres://u:12/3@db.example", "k3Jd82.hHq0p.LzvW", "u:1,2@db", "https://u:1 2@db.example:5432"] {
            assert_eq!(read(secret), [], "{secret}");
        }
    }
}
