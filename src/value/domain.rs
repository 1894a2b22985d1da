//! DNS names: domains, hosts relative to a domain, and addresses of external services.

use std::fmt;
use std::net::IpAddr;

use super::name::{LABEL, check_label};
use super::{Invalid, quote};

string! {
    /// A DNS name in lower case: labels separated by dots, at most 253 characters, no trailing dot.
    Domain, "a domain such as `shop.example`", {
        "type": "string",
        "description": "A DNS name in lower case.",
        "pattern": format!("^{LABEL}([.]{LABEL})*$"),
        "maxLength": 253,
        "examples": ["shop.example"],
    }
}

impl Domain {
    /// The labels from left to right.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether the domain is `parent` or a subdomain of it.
    pub fn is_within(&self, parent: &Domain) -> bool {
        self.0.strip_suffix(&parent.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::new("a domain can't be empty: write one such as `shop.example`"));
        }
        if text.ends_with('.') {
            return Err(Invalid::new(format!("{} ends with a dot: write the domain without the dot, such as `shop.example`", quote(text))));
        }
        for label in text.split('.') {
            check_label(label, "part of a domain").map_err(|why| Invalid { kind: why.kind, ..Invalid::not(text, "a domain", why) })?;
        }
        if text.len() > 253 {
            return Err(Invalid::too_long(text, "a domain", 253));
        }
        if text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Invalid::new(format!(
                "{} ends in a number, like an IP address: write a domain such as `shop.example`",
                quote(text)
            )));
        }
        Ok(Domain(text.to_owned()))
    }
}

/// A domain, or a wildcard for every name one label below a domain: `shop.example`, `*.shop.example`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hostname {
    domain: Domain,
    wildcard: bool,
}

text!(Hostname, "a hostname such as `shop.example` or `*.shop.example`", {
    "type": "string",
    "description": "A DNS name in lower case; the first label may be `*`.",
    "pattern": format!("^([*][.])?{LABEL}([.]{LABEL})*$"),
    "maxLength": 253,
    "examples": ["shop.example", "*.shop.example"],
});

impl Hostname {
    /// The domain without the wildcard label.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let (wildcard, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        if text.len() > 253 {
            return Err(Invalid::too_long(text, "a domain", 253));
        }
        Ok(Hostname { domain: rest.parse()?, wildcard })
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.domain)
    }
}

string! {
    /// A host of `expose`: `shop` or `*.shop` (below the environment's domain), `@` (that domain), `*` (every name below that domain), or `shop.example.`
    /// (absolute).
    Host, "a host such as `shop`, `@` or `shop.example.`", {
        "type": "string",
        "description": "A host below the environment's domain; `@` is the domain itself, and a trailing dot makes the host absolute.",
        "pattern": format!("^(@|[*]|([*][.])?{LABEL}([.]{LABEL})*[.]?)$"),
        "maxLength": 254,
        "examples": ["shop", "@", "*.shop", "shop.example."],
    }
}

impl Host {
    /// The full hostname in an environment with this domain. An error if the hostname is too long.
    pub fn within(&self, domain: &Domain) -> Result<Hostname, Invalid> {
        match self.0.as_str() {
            "@" => Ok(Hostname { domain: domain.clone(), wildcard: false }),
            host => match host.strip_suffix('.') {
                Some(absolute) => absolute.parse(),
                None => format!("{host}.{domain}").parse(),
            },
        }
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let examples = "write one such as `shop`, `@` for the domain itself, `*.shop` or, absolute, `shop.example.`";
        if text.is_empty() {
            return Err(Invalid::new(format!("a host can't be empty: {examples}")));
        }
        if text.contains('/') || text.contains(':') {
            return Err(Invalid::not(text, "a host", format!("leave out scheme, port and path; {examples}")));
        }
        if text == "@" || text == "*" {
            return Ok(Host(text.to_owned()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let labels = name.strip_prefix("*.").unwrap_or(name);
        for label in labels.split('.') {
            check_label(label, "part of a host").map_err(|why| Invalid { kind: why.kind, ..Invalid::not(text, "a host", why) })?;
        }
        if text.ends_with('.') {
            name.parse::<Hostname>()?;
        }
        // A domain adds at least one label and a dot.
        if name.len() > 251 {
            return Err(Invalid::too_long(text, "a host", 251));
        }
        Ok(Host(text.to_owned()))
    }
}

/// The address of an external service: a domain or an IP address.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HostAddress {
    /// A domain, resolved by DNS.
    Domain(Domain),
    /// An IP address.
    Ip(IpAddr),
}

text!(HostAddress, "a domain or an IP address, such as `api.example` or `192.0.2.1`", {
    "type": "string",
    "description": "A DNS name in lower case or an IP address.",
    "pattern": format!("^({LABEL}([.]{LABEL})*|[0-9a-f:.]+)$"),
    "maxLength": 253,
    "examples": ["api.example", "192.0.2.1"],
});

impl HostAddress {
    fn parse(text: &str) -> Result<Self, Invalid> {
        match text.parse::<IpAddr>() {
            // Only the canonical spelling, so that an address has the same text everywhere.
            Ok(address) if address.to_string() == text => Ok(HostAddress::Ip(address)),
            Ok(address) => Err(Invalid::not(text, "the canonical form of the IP address", format!("write `{address}`"))),
            Err(_) => text.parse().map(HostAddress::Domain),
        }
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostAddress::Domain(domain) => domain.fmt(f),
            HostAddress::Ip(address) => address.fmt(f),
        }
    }
}

/// The host of an external service: an address, or `*` for any host of the internet.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ExternalHost {
    /// Any host of the internet.
    Any,
    /// A domain or an IP address.
    Address(HostAddress),
}

text!(ExternalHost, "a domain, an IP address, or `*` for any host", {
    "type": "string",
    "description": "A DNS name in lower case, an IP address, or `*` for any host of the internet.",
    "pattern": format!("^({LABEL}([.]{LABEL})*|[0-9a-f:.]+|[*])$"),
    "maxLength": 253,
    "examples": ["api.example", "192.0.2.1", "*"],
});

impl ExternalHost {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "*" { Ok(ExternalHost::Any) } else { text.parse().map(ExternalHost::Address) }
    }
}

impl fmt::Display for ExternalHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternalHost::Any => f.write_str("*"),
            ExternalHost::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::schema_laws::agree;

    #[test]
    fn names_agree_with_their_schema() {
        let bad = ["", ".", "a.", ".a", "a..b", "A.example", "a_b.example", "-a.example", "shop.example/x", "a:80"];
        agree::<Domain>(&["shop.example", "localhost", "a.b.c"], &bad, &["10.0.0.1"]);
        agree::<Hostname>(&["shop.example", "*.shop.example"], &["", "*", "*.", "a.*.b", "**.a", "*a.b"], &[]);
        agree::<Host>(
            &["shop", "a.b", "@", "*", "*.x", "shop.example.", "*.x.example."],
            &["", ".", "*.", "@.a", "a.*", "https://a", "a:80", "A"],
            &[],
        );
        agree::<HostAddress>(
            &["api.example", "192.0.2.1", "2001:db8::1"],
            &["", "https://a", "a b", "A:1"],
            &["2001:0db8::1", "10.0.0.1.2"],
        );
        agree::<ExternalHost>(&["api.example", "192.0.2.1", "*"], &["", "*.example", "https://a"], &["10.0.0.1.2"]);
    }

    #[test]
    fn hosts_resolve_within_a_domain() {
        let domain: Domain = "dev.boutique.example".parse().unwrap();
        let full = |host: &str| host.parse::<Host>().unwrap().within(&domain).unwrap().to_string();
        assert_eq!(
            ["shop", "@", "*", "*.x", "shop.example."].map(full),
            ["shop.dev.boutique.example", "dev.boutique.example", "*.dev.boutique.example", "*.x.dev.boutique.example", "shop.example",]
        );
        let long: Host = ["a"; 120].join(".").parse().unwrap();
        assert!(long.within(&domain).is_err());
        assert!(domain.is_within(&"boutique.example".parse().unwrap()));
        assert!(!domain.is_within(&"outique.example".parse().unwrap()));
    }
}
