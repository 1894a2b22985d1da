//! Services outside of the cluster: `external`, and stores of `mode: existing`. Their addresses, and the ranges that flows to them open.

use super::reserved::is_inside;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts;
use crate::model::lock::Key;
use crate::model::{Network, Region};
use crate::source::Span;
use crate::spec::{External, ExternalVia, Store};
use crate::syntax::Field;
use crate::value::{Cidr, ExternalHost, HostAddress, Name, NetworkPort};
use std::net::{IpAddr, Ipv4Addr};

/// The prefix length of the largest range in a private network: a larger one is a mistake.
pub(super) const SHORTEST: u8 = 8;

/// A service outside of the cluster.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) host: ExternalHost,
    pub(super) url: Option<String>,
    pub(super) via: ExternalVia,
    /// Where the spec names the host.
    host_at: Span,
    /// Its ranges, if the spec names them.
    cidrs: Vec<Cidr>,
    /// Why the platform calls it, if the spec says so.
    pub(super) reason: Option<String>,
}

/// The ranges of a service, as one region reaches it.
pub(super) struct Reach {
    /// Empty: every address of the internet.
    pub(super) cidrs: Vec<Cidr>,
    /// Whether a call needs a route to the internet.
    pub(super) internet: bool,
}

impl Outside {
    /// The object store of a region on AWS.
    pub(super) fn object_store(region: &Name, host_at: Span) -> Option<Outside> {
        let host: ExternalHost = format!("s3.{region}.amazonaws.com").parse().ok()?;
        Some(Outside { host, url: None, via: ExternalVia::Internet, host_at, cidrs: Vec::new(), reason: None })
    }

    /// The host as a text; `*` for any host.
    pub(super) fn host(&self) -> String {
        self.host.to_string()
    }

    /// Whether nothing tells the addresses of the service from the others of a private network, so that a flow opens all of them.
    pub(super) fn is_anywhere(&self) -> bool {
        self.via != ExternalVia::Internet && self.cidrs.is_empty() && self.address().is_none()
    }

    fn address(&self) -> Option<Ipv4Addr> {
        match &self.host {
            ExternalHost::Address(HostAddress::Ip(IpAddr::V4(address))) => Some(*address),
            _ => None,
        }
    }
}

impl EnvironmentResolver<'_> {
    /// An external service and its ports. `None` if it has no address, which is reported.
    pub(super) fn external(&mut self, external: &External, at: Span) -> Option<(Outside, Vec<NetworkPort>)> {
        let beside = written([("host", external.host.span()), ("port", external.port.span()), ("ports", external.ports.span())]);
        if let (Some((_, url)), Some((key, at))) = (external.url.spanned(), beside.first()) {
            self.contradiction(format!("`{key}` can't be combined with `url`"), *at, Some(url));
        }
        if let (Some(port), Some(ports)) = (external.port.span(), external.ports.span()) {
            self.contradiction("`ports` and `port` both declare the ports", ports, Some(port));
        }
        let any = external.host.get() == Some(&ExternalHost::Any);
        let reason = if any { self.reason(&external.reason, "reason", "a call of any host", at) } else { external.reason.get().cloned() };
        let bad = matches!(
            (&external.url, &external.host, &external.port, &external.ports),
            (Field::Bad(_), ..) | (_, Field::Bad(_), ..) | (_, _, Field::Bad(_), _) | (.., Field::Bad(_))
        ) || external.ports.get().is_some_and(|ports| ports.iter().any(|port| matches!(port, Field::Bad(_))));
        let (host, url, ports) = match (external.url.get(), external.host.get()) {
            _ if bad => return None,
            (Some(url), _) => (ExternalHost::Address(url.host().clone()), Some(url.to_string()), vec![NetworkPort::tcp(url.port().get())]),
            (None, Some(host)) => {
                let ports: Vec<NetworkPort> = external.port.get().into_iter().chain(external.ports.values()).copied().collect();
                if let Some(at) = external.ports.empty() {
                    self.error(Code::InvalidValue, "the list of ports is empty", at);
                } else if ports.is_empty() {
                    self.require(&external.port, "port", at);
                }
                (host.clone(), None, ports)
            }
            (None, None) => {
                self.require(&external.url, "url", at);
                return None;
            }
        };
        let via = external.via.get().copied().unwrap_or(ExternalVia::Internet);
        let cidrs = external.cidrs.values().copied().collect();
        let host_at = external.url.span().or(external.host.span()).unwrap_or(at);
        let outside = Outside { host, url, via, host_at, cidrs, reason };
        self.check_outside(&outside, (&external.via, &external.cidrs));
        Some((outside, ports))
    }

    /// A store that exists already, in the private network unless the spec says otherwise.
    pub(super) fn existing(&mut self, store: &Store, at: Span) -> Option<Outside> {
        let host = self.require(&store.host, "host", at)?.clone();
        let via = store.via.get().copied().unwrap_or(ExternalVia::Private);
        let cidrs = store.cidrs.values().copied().collect();
        let host_at = store.host.span().unwrap_or(at);
        let outside = Outside { host: ExternalHost::Address(host), url: None, via, host_at, cidrs, reason: None };
        self.check_outside(&outside, (&store.via, &store.cidrs));
        Some(outside)
    }

    /// Checks that host and ranges are in the network of `via`.
    fn check_outside(&mut self, outside: &Outside, (via, cidrs): (&Field<ExternalVia>, &Field<Vec<Field<Cidr>>>)) {
        let host_at = outside.host_at;
        let via_at = via.span().filter(|at| self.is_of_the_user(*at)).unwrap_or(host_at);
        if outside.via == ExternalVia::OnPremises && self.premises().is_empty() {
            let premises = self.spec.network.at(|network| &network.on_premises);
            let ranges = premises.at(|premises| &premises.cidrs);
            // The gateway has a finding of its own.
            if premises.at(|premises| &premises.gateway).get().is_some() {
                return;
            }
            let message = match (premises, ranges) {
                (Field::Missing, _) => "`network.on_premises` is missing: there is no connection to the company's network",
                // Invalid ranges are reported where they are.
                (Field::Bad(_), _) | (_, Field::Bad(_)) => return,
                (_, Field::Set(all, _)) if !all.is_empty() => return,
                _ => "`network.on_premises.cidrs` names no range: the company's network is not known",
            };
            let diagnostic = Diagnostic::new(Code::MissingField, message).at(via_at);
            self.tell(diagnostic.help("add `network: {on_premises: {cidrs: [...]}}`, or remove `via`"));
            return;
        }
        let list = cidrs.spanned().map(|(_, at)| at);
        match &outside.host {
            ExternalHost::Any if outside.via != ExternalVia::Internet => {
                self.contradiction("`host: \"*\"` is any host of the internet, and `via` names another network", host_at, Some(via_at));
                return;
            }
            ExternalHost::Any if list.is_some() => {
                self.contradiction("`host: \"*\"` is any host of the internet, and `cidrs` narrows it", host_at, list);
                return;
            }
            ExternalHost::Address(HostAddress::Ip(IpAddr::V6(address))) => {
                let message = format!("`{address}` is an IPv6 address, which platgen's networks do not support");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(host_at).help("name the host, or its IPv4 address"));
                return;
            }
            ExternalHost::Address(HostAddress::Domain(domain)) => {
                let name = domain.as_str();
                if name == "localhost" || name.ends_with(".localhost") {
                    let message = format!("`{name}` is not outside the platform: every pod would call itself");
                    self.tell(Diagnostic::new(Code::InvalidValue, message).at(host_at).help("name the host that the platform calls"));
                }
            }
            _ => {}
        }
        if let Some(address) = outside.address() {
            let one = Cidr::around(address.into(), 32);
            if is_inside(address) {
                let message = format!("`{address}` is not outside the platform: the address is loopback, link-local or reserved");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(host_at).help("name the host that the platform calls"));
            } else if outside.cidrs.is_empty() {
                self.check_range(one, &address.to_string(), outside.via, host_at);
            } else if !outside.cidrs.iter().any(|cidr| cidr.contains(one)) {
                self.contradiction(format!("`{address}` is in none of the `cidrs`"), host_at, list);
            }
        }
        if let Some(at) = cidrs.empty() {
            self.error(Code::InvalidValue, "the list of ranges is empty", at);
        }
        for (cidr, at) in cidrs.items() {
            self.check_range(*cidr, &cidr.to_string(), outside.via, at);
        }
    }

    /// Reports a range that is not in the network of `via`, or in the network of another environment.
    fn check_range(&mut self, range: Cidr, shown: &str, via: ExternalVia, at: Span) {
        let touched = |networks: &[Cidr]| networks.iter().any(|network| network.overlaps(range));
        let platform: Vec<Cidr> = self.spec.network.at(|network| &network.cidr).get().into_iter().copied().collect();
        let premises = self.premises();
        let lies = if platform.iter().chain(&premises).any(|network| network.contains(range)) { "is in" } else { "overlaps" };
        let write = |via: ExternalVia| format!("write `via: {}`", via.name());
        let problem = match via {
            ExternalVia::Internet if touched(&premises) => Some((format!("{lies} the company's network"), write(ExternalVia::OnPremises))),
            ExternalVia::Internet if touched(&platform) => Some((format!("{lies} the platform's network"), write(ExternalVia::Private))),
            ExternalVia::Internet if touched(&private().collect::<Vec<_>>()) => {
                Some(("is not on the internet: the range is private".to_owned(), write(ExternalVia::Private)))
            }
            ExternalVia::Internet => None,
            ExternalVia::Private if range.prefix() < SHORTEST => {
                Some(("is larger than any private network".to_owned(), "write the ranges of the service".to_owned()))
            }
            ExternalVia::Private if touched(&premises) => Some((format!("{lies} the company's network"), write(ExternalVia::OnPremises))),
            ExternalVia::Private => self.other_environment(range).map(|other| {
                let message = format!("includes addresses of `{other}`, and `{}` can't call other environments", self.environment);
                (
                    message,
                    format!("write ranges outside of those of `{other}` in `platgen.lock`, or limit the entry to `{other}` with `only`"),
                )
            }),
            ExternalVia::OnPremises if premises.iter().any(|network| network.contains(range)) => None,
            ExternalVia::OnPremises => Some((
                "is not in the company's network".to_owned(),
                "write a range of `network.on_premises.cidrs`, or the `via` of the network that the service is in".to_owned(),
            )),
        };
        if let Some((message, help)) = problem {
            self.tell(Diagnostic::new(Code::InvalidValue, format!("`{shown}` {message}")).at(at).help(help));
        }
    }

    /// The other environment whose networks or pods have addresses in a range.
    fn other_environment(&self, range: Cidr) -> Option<&'_ Name> {
        let has = |key: Key| self.plan.get(&key).is_some_and(|network| network.overlaps(range));
        let mut others = self.spec.environments.entries().filter(|(name, ..)| *name != self.environment);
        let reached = others.find(|(name, _, environment)| {
            let mut regions = environment.regions.values().map(Name::as_str);
            regions.any(|region| has(Key::vpc(name.as_str(), region)) || has(Key::pods(name.as_str(), region)))
        });
        reached.map(|(name, ..)| name)
    }

    /// The ranges under which a region reaches a service.
    pub(super) fn reach(&self, outside: &Outside, region: &Region) -> Reach {
        let internet = outside.via == ExternalVia::Internet;
        if !outside.cidrs.is_empty() {
            return Reach { cidrs: outside.cidrs.clone(), internet };
        }
        if let Some(address) = outside.address() {
            return Reach { cidrs: vec![Cidr::around(address.into(), 32)], internet };
        }
        let host = outside.host();
        let cidrs = match outside.via {
            ExternalVia::OnPremises => self.premises(),
            ExternalVia::Private => self.private_ranges(),
            ExternalVia::Internet => match region.network.as_ref().filter(|network| network.answers(&host)) {
                Some(network) => network.endpoints.iter().map(|range| range.cidr).collect(),
                None => return Reach { cidrs: Vec::new(), internet: !facts::has_gateway_endpoint(&host, region.name.as_str()) },
            },
        };
        Reach { cidrs, internet: false }
    }

    /// Warns of calls of a service in a private network without ranges, of which only the networks of platgen are known.
    pub(super) fn has_ranges(&mut self, outside: &Outside, name: &str, region: &Region) {
        let Some(network) = region.network.as_ref().filter(|_| outside.via == ExternalVia::Private && outside.is_anywhere()) else {
            return;
        };
        if !network.answers(&outside.host()) {
            let message =
                format!("the ranges of `{name}` in the private network are not known: calls reach only the networks of this spec");
            let diagnostic = Diagnostic::new(Code::UnknownRanges, message).at(outside.host_at);
            self.tell(diagnostic.help("add `cidrs: [...]` with the ranges of the service"));
        }
    }

    /// The ranges of the company's network.
    fn premises(&self) -> Vec<Cidr> {
        self.spec.network.at(|network| &network.on_premises).at(|premises| &premises.cidrs).values().copied().collect()
    }

    /// The networks of the environment in all its regions. Where platgen plans no networks: the range of the platform, or all private addresses if the
    /// spec has no such range. Never empty, because a flow without ranges opens the internet.
    pub(super) fn private_ranges(&self) -> Vec<Cidr> {
        let environment = self.environment.as_str();
        let planned: Option<Vec<Cidr>> =
            self.region_specs.iter().map(|place| self.plan.get(&Key::vpc(environment, place.name.as_str()))).collect();
        let mut ranges = planned.unwrap_or_else(|| match self.spec.network.at(|network| &network.cidr).get() {
            Some(platform) => vec![*platform],
            // Link-local addresses are those of the nodes' metadata, and no service has one.
            None => private().filter(|range| !is_inside(range.first().into())).collect(),
        });
        ranges.sort();
        ranges
    }

    /// Every range that is not the internet for the pods of a region: private addresses, the platform's and the company's networks.
    pub(super) fn inside(&self, region: &str, network: Option<&Network>) -> Vec<Cidr> {
        let own: Vec<Cidr> = network.iter().flat_map(|network| [network.cidr, network.pods, network.services]).collect();
        let platform = self.spec.network.at(|network| &network.cidr).get().into_iter().copied();
        let mut all: Vec<Cidr> = private().chain(platform).chain(self.premises()).chain(own.iter().copied()).collect();
        // A larger block precedes the blocks inside of it.
        all.sort();
        let mut kept: Vec<Cidr> = Vec::new();
        for range in all {
            if !kept.iter().any(|larger| larger.contains(range)) {
                kept.push(range);
            }
        }
        self.record(|| {
            let shown: Vec<String> = kept.iter().map(Cidr::to_string).collect();
            let company = if self.premises().is_empty() { "" } else { ", network.on_premises.cidrs" };
            let from = format!("network.cidr{company} and private address space");
            (format!("regions.{region}.not_the_internet"), shown.join(", "), from)
        });
        kept
    }
}

/// The ranges of private addresses.
pub(super) fn private() -> impl Iterator<Item = Cidr> {
    Cidr::PRIVATE.iter().filter_map(|range| range.parse().ok())
}
