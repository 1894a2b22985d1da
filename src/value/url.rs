//! URLs of external services: `scheme://host[:port][/path]`, without credentials, query or fragment.

use std::fmt;

use super::{HostAddress, Invalid, Port, quote};

/// The URL of an external service. It never contains a secret.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Url {
    scheme: String,
    host: HostAddress,
    port: Port,
    port_written: bool,
    path: String,
}

text!(Url, "a URL such as `https://api.example`", {
    "type": "string",
    "description": "A URL without credentials, query or fragment; the port may be left out for http and https only.",
    "pattern": "^[a-z][a-z0-9+.-]*://[^/?#@\\s]+(/[^?#\\s]*)?$",
    "examples": ["https://api.example", "amqps://queue.example:5671"],
});

impl Url {
    /// The scheme, without `://`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host.
    pub fn host(&self) -> &HostAddress {
        &self.host
    }

    /// The port. Default: 443 for https, 80 for http.
    pub fn port(&self) -> Port {
        self.port
    }

    /// The path with its leading slash, or an empty text.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| {
            Invalid::new(format!("{} is not a URL: write scheme, host and path, such as `https://api.example/v1`", without_user(text)))
        })?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            // The message does not quote the text, which contains credentials.
            return Err(Invalid::new("a URL can't contain a user and a password: remove them, and set the password under `secrets`"));
        }
        if !scheme.starts_with(|c: char| c.is_ascii_lowercase())
            || !scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b))
        {
            return Err(Invalid::new(format!("{} has the invalid scheme {}: write one such as `https`", quote(text), quote(scheme))));
        }
        if rest.contains(['?', '#']) {
            return Err(Invalid::new(format!(
                "{} has a query or a fragment: write only scheme, host, port and path",
                quote(text_before_query(text))
            )));
        }
        if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Invalid::new(format!("{} has a space in the path: write `%20` instead", quote(text))));
        }
        let (host, port) = split_port(authority);
        let host: HostAddress = host.parse().map_err(|why| Invalid::not(text, "a URL", format!("{why}")))?;
        let (port, port_written) = match port {
            Some(port) => (port.parse().map_err(|why| Invalid::not(text, "a URL", format!("{why}")))?, true),
            None => match default_port(scheme) {
                Some(port) => (port, false),
                None => {
                    return Err(Invalid::new(format!(
                        "{} has no port: add one after the host, such as `{scheme}://{host}:5432`",
                        quote(text)
                    )));
                }
            },
        };
        Ok(Url { scheme: scheme.to_owned(), host, port, port_written, path: path.to_owned() })
    }
}

fn default_port(scheme: &str) -> Option<Port> {
    match scheme {
        "https" => Port::new(443),
        "http" => Port::new(80),
        _ => None,
    }
}

/// Host and port of an authority. An IPv6 address is in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        && address.contains(':')
        && (rest.is_empty() || rest.starts_with(':'))
    {
        return (address, rest.strip_prefix(':'));
    }
    authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
}

/// The URL without query and fragment, for messages: a query often contains a key.
fn text_before_query(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or_default()
}

/// The quoted URL without user and password, for messages.
fn without_user(text: &str) -> String {
    quote(text_before_query(text.rsplit('@').next().unwrap_or_default()))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            HostAddress::Ip(address) if address.is_ipv6() => write!(f, "[{address}]")?,
            host => write!(f, "{host}")?,
        }
        if self.port_written {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn urls_agree_with_their_schema() {
        let good = [
            "https://api.example",
            "http://a.example:8080/v1/",
            "amqps://queue.example:5671",
            "https://[2001:db8::1]:8443/x",
            "http://192.0.2.1",
        ];
        let bad = [
            "",
            "api.example",
            "https://",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "https://a.example/#x",
            "HTTPS://a",
            "https://a.example/a b",
        ];
        agree::<Url>(
            &good,
            &bad,
            &["postgres://a.example", "https://a_b", "https://a:0", "https://2001:db8::1", "https://:80", "https://[a.example]"],
        );
    }

    #[test]
    fn ports_default_and_passwords_stay_unseen() {
        let url: Url = "https://api.example/v1".parse().unwrap();
        assert_eq!((url.scheme(), url.host().to_string(), url.port().get(), url.path()), ("https", "api.example".into(), 443, "/v1"));
        for secret in ["https://u:hunter2@a.example", "https://a.example?key=hunter2", "u:hunter2@a.example"] {
            assert!(!secret.parse::<Url>().unwrap_err().message.contains("hunter2"));
        }
    }
}
