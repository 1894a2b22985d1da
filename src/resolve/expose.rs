//! `expose`: the entrances of apps, and the hosts and ports that they take of the load balancers.

use super::consumer::Consumer;
use super::external::private;
use super::hosts::{Claim, Hosts};
use super::provenance::RecordPath;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Entrance, Exposure, Platform, Redirect, Region};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{App, EntranceProtocol, Environment, Expose, TlsMode};
use crate::syntax::Field;
use crate::value::{Cidr, Duration, Name, NetworkPort, Via};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The longest timeout in seconds. A duration of the Gateway API has at most five digits before each unit, and hours are the largest unit.
const LONGEST_TIMEOUT: u64 = 99_999 * 3600;

/// Ports of the load balancers that serve requests.
const TAKEN: [u16; 2] = [80, 443];

/// The most listeners of a Gateway (Gateway API, `GatewaySpec`), without the two for requests.
const MOST_LISTENERS: usize = 64 - 2;

/// What a declaration takes of a load balancer.
struct Wanted {
    host: String,
    via: Via,
    /// `None`: every path.
    path: Option<String>,
    span: Span,
}

/// The entrances of an app.
#[derive(Default)]
pub(super) struct Entrances {
    pub(super) exposures: Vec<Exposure>,
    pub(super) redirects: Vec<Redirect>,
}

impl EnvironmentResolver<'_> {
    /// Sets and records the `shared_hosts` of every region: hosts at which several regions on AWS answer. Elsewhere, a record of a name has no set of regions.
    pub(super) fn share_hosts(&self, platform: &mut Platform) {
        let on_aws = |region: &&Region| region.provider == Provider::Aws;
        let mut regions: BTreeMap<String, usize> = BTreeMap::new();
        for host in platform.regions.values().filter(on_aws).flat_map(Region::hosts) {
            *regions.entry(host.to_owned()).or_default() += 1;
        }
        for region in platform.regions.values_mut().filter(|region| region.provider == Provider::Aws) {
            region.shared_hosts = region.hosts().into_iter().filter(|host| regions.get(*host) > Some(&1)).map(str::to_owned).collect();
            if !region.shared_hosts.is_empty() {
                let hosts = region.shared_hosts.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                self.record(|| (format!("regions.{}.shared_hosts", region.name), hosts, "the regions that answer at each host"));
            }
        }
    }

    /// The entrances of an app in a region.
    pub(super) fn entrances(&mut self, app: &App, consumer: &Consumer<'_>, hosts: &mut Hosts) -> Entrances {
        let mut all = Entrances::default();
        let mut wanted: Vec<Wanted> = Vec::new();
        for (number, (expose, at)) in app.expose.items().enumerate() {
            let via = expose.via.get().copied().unwrap_or(Via::Public);
            let Some(entrance) = self.entrance(expose, at) else { continue };
            let host = match entrance {
                Entrance::Tcp(_) => String::new(),
                Entrance::Http | Entrance::Passthrough => {
                    let Some(host) = self.exposed_host(expose, consumer, at) else { continue };
                    host
                }
            };
            let path = expose.path.get().map_or_else(|| "/".to_string(), ToString::to_string);
            let span = expose.host.span().unwrap_or(at);
            let want = |host: String, path| Wanted { host, via, path, span };
            if expose.redirect.get().is_some() {
                let Some(redirect) = self.redirect(expose, host.clone(), path.clone(), via) else { continue };
                wanted.push(want(host.clone(), Some(path.clone())));
                self.record_exposure(&consumer.at, number, (&host, &path), None, via);
                all.redirects.push(redirect);
                continue;
            }
            let Some((port, target)) = self.exposed_port(expose, consumer, at) else { continue };
            wanted.push(match entrance {
                Entrance::Http => want(host.clone(), Some(path.clone())),
                Entrance::Passthrough => want(host.clone(), None),
                Entrance::Tcp(listen) => Wanted {
                    host: format!("port {listen} of the {} load balancer of {}", via.name(), self.environment),
                    via,
                    path: None,
                    span: expose.listen.span().unwrap_or(at),
                },
            });
            self.admits_somebody(expose, via, consumer.region);
            self.record_exposure(&consumer.at, number, (&host, &path), Some(port), via);
            all.exposures.push(Exposure {
                span: at,
                entrance,
                host,
                path,
                rewrite: expose.rewrite.get().map(ToString::to_string),
                port,
                target,
                timeout: self.request_timeout(expose),
                websocket: expose.websocket.is_true(),
                sticky: expose.sticky.get().copied(),
                via,
                from: expose.from.values().copied().collect(),
            });
        }
        let at = self.own_environment().and_then(|environment| environment.domain.span());
        let domain = (consumer.platform.domain.to_string(), at);
        wanted.retain(|one| !hosts.seen(one.span, consumer.entry.key, self.environment));
        for Wanted { host, via, path, span } in wanted {
            let environment = self.environment.to_string();
            hosts.claim(
                host,
                via,
                path,
                Claim { span, app: (consumer.label.clone(), consumer.entry.key), domain: domain.clone(), environment },
            );
        }
        all
    }

    /// Reports the entrances for connections beyond those that one Gateway holds: each port and each hostname has a listener.
    pub(super) fn gateways_in_reach(&mut self, region: &Region) {
        let mut listeners: BTreeMap<Via, IndexMap<(u16, &str), Span>> = BTreeMap::new();
        for exposure in region.workloads.values().flat_map(|workload| &workload.exposures) {
            let listener = match exposure.entrance {
                Entrance::Http => continue,
                Entrance::Tcp(port) => (port, ""),
                Entrance::Passthrough => (443, exposure.host.as_str()),
            };
            listeners.entry(exposure.via).or_default().entry(listener).or_insert(exposure.span);
        }
        for (via, listeners) in listeners {
            let Some((_, at)) = listeners.get_index(MOST_LISTENERS) else { continue };
            let (count, via) = (listeners.len(), via.name());
            let message = format!(
                "the {via} Gateway in `{}` takes {MOST_LISTENERS} entrances with `protocol: tcp` or `tls: passthrough`, not {count}",
                region.name
            );
            let help = "expose fewer ports and hosts, or some of them on the other load balancer with `via`";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(*at).help(help));
        }
    }

    /// What an entrance passes on. Reports keys that have no effect there.
    fn entrance(&mut self, expose: &Expose, at: Span) -> Option<Entrance> {
        let tcp = expose.protocol.span().filter(|_| expose.protocol.get() == Some(&EntranceProtocol::Tcp));
        let passthrough = expose.tls.span().filter(|_| expose.tls.get() == Some(&TlsMode::Passthrough));
        // The kinds of entrances on which a key has no effect, in the order below. The gateway's policies of client ranges are not for TLS routes.
        let keys = [
            ("path", expose.path.span(), [true, true, false]),
            ("rewrite", expose.rewrite.span(), [true, true, true]),
            ("timeout", expose.timeout.span(), [true, true, true]),
            ("websocket", expose.websocket.span(), [true, true, true]),
            ("sticky", expose.sticky.span(), [true, true, true]),
            ("redirect", expose.redirect.span(), [true, true, false]),
            ("host", expose.host.span(), [true, false, false]),
            ("tls", expose.tls.span(), [true, false, true]),
            ("from", expose.from.span(), [false, true, true]),
            ("listen", expose.listen.span(), [false, true, true]),
            ("port", expose.port.span(), [false, false, true]),
        ];
        let kinds = [("`protocol: tcp`", tcp), ("`tls: passthrough`", passthrough), ("`redirect`", expose.redirect.span())];
        let chosen = kinds.into_iter().enumerate().find_map(|(kind, (with, span))| Some((kind, with, span?)));
        let Some((kind, with, because)) = chosen else {
            if let Some(listen) = expose.listen.span() {
                self.contradiction("`listen` needs `protocol: tcp`: requests arrive on port 443", listen, expose.protocol.span());
            }
            return Some(Entrance::Http);
        };
        let mut fits = true;
        for (key, span) in written(keys.map(|(key, span, excluded)| (key, span.filter(|_| excluded.get(kind) == Some(&true))))) {
            self.contradiction(format!("`{key}` can't be combined with {with}"), span, Some(because));
            fits = false;
        }
        let entrance = match (tcp, passthrough) {
            (Some(_), _) => {
                let listen = self.require(&expose.listen, "listen", at)?.get();
                if TAKEN.contains(&listen) {
                    let message = format!("port {listen} of the load balancer serves requests");
                    let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(expose.listen.span().unwrap_or(at));
                    self.tell(diagnostic.help("choose another port, or `tls: passthrough` for connections with TLS"));
                    return None;
                }
                Entrance::Tcp(listen)
            }
            (None, Some(_)) => Entrance::Passthrough,
            (None, None) => Entrance::Http,
        };
        fits.then_some(entrance)
    }

    /// Warns of an entrance from the internet that admits private addresses only. Clusters outside of clouds may have a private address as public one.
    fn admits_somebody(&mut self, expose: &Expose, via: Via, region: &Region) {
        let Some((from, at)) = expose.from.spanned().filter(|(from, _)| via == Via::Public && !from.is_empty()) else { return };
        if expose.via.is_bad() {
            return;
        }
        let cloud = matches!(region.provider, Provider::Aws | Provider::Google | Provider::Azure);
        let is_private = |range: &Field<Cidr>| range.get().is_some_and(|range| private().any(|all| all.contains(*range)));
        if cloud && from.iter().all(is_private) {
            let message = "`from` has only private addresses, and no client reaches the public load balancer from one";
            self.tell(Diagnostic::new(Code::UnreachableEntrance, message).at(at).help("did you mean `via: internal`?"));
        }
    }

    fn exposed_host(&mut self, expose: &Expose, consumer: &Consumer<'_>, at: Span) -> Option<String> {
        let host = self.require(&expose.host, "host", at)?;
        if matches!(host.as_str(), "true" | "false" | "yes" | "no") || host.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("`{host}` is no host");
            let help = "write the host, such as `shop`, or `\"@\"` for the domain itself; an app with one port is reached at that port";
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(expose.host.span().unwrap_or(at)).help(help));
            return None;
        }
        if let Some(domain) = self.repeated_domain(host.as_str()) {
            let message = format!("`{host}` is relative to the environment's domain, and ends with the domain `{domain}` already");
            let own = host.as_str().strip_suffix(&domain).map_or("@", |start| start.strip_suffix('.').unwrap_or("@"));
            let help = match self.hosts_below(own, &domain) {
                None => format!("write `{own}`, or `{host}.` with a dot at the end for a host that is the same in every environment"),
                Some(hosts) => {
                    format!(
                        "`{own}` is {hosts}; for `{host}` write `{host}.` with a dot at the end, or give one environment `domain: {domain}`"
                    )
                }
            };
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(expose.host.span().unwrap_or(at)).help(help));
            return None;
        }
        match host.within(&consumer.platform.domain) {
            Ok(host) => Some(host.to_string()),
            Err(invalid) => {
                self.error(Code::NameTooLong, invalid.message, expose.host.span().unwrap_or(at));
                None
            }
        }
    }

    /// The domain of the platform or of an environment that a relative host repeats.
    fn repeated_domain(&self, host: &str) -> Option<String> {
        let spec = self.spec;
        let domains = spec.environments.entries().filter_map(|(_, _, environment)| environment.domain.get());
        let domains = domains.chain(spec.platform.at(|platform| &platform.domain).get()).map(ToString::to_string);
        let repeats = |domain: &String| host.strip_suffix(domain.as_str()).is_some_and(|start| start.is_empty() || start.ends_with('.'));
        domains.filter(|domain| domain.contains('.') && repeats(domain)).max_by_key(String::len)
    }

    /// What a relative host is in the first environments, where no environment has a domain; `None` where one has.
    fn hosts_below(&self, own: &str, domain: &str) -> Option<String> {
        let (spec, platform) = (self.spec, self.spec.platform.at(|platform| &platform.domain).get());
        let below = |name: &Name, environment: &Environment| match (environment.domain.get(), platform) {
            (Some(own), _) => own.to_string(),
            (None, Some(platform)) => format!("{name}.{platform}"),
            (None, None) => String::new(),
        };
        let domains: Vec<(&Name, String)> = spec.environments.entries().map(|(name, _, one)| (name, below(name, one))).collect();
        let start = if own == "@" { String::new() } else { format!("{own}.") };
        let hosts = domains.iter().take(3).map(|(name, domain)| format!("`{start}{domain}` in {name}"));
        domains.iter().all(|(_, one)| one != domain).then(|| wording::plain(hosts))
    }

    /// The port of an exposure: numbers of the Service and of the container.
    fn exposed_port(&mut self, expose: &Expose, consumer: &Consumer<'_>, at: Span) -> Option<(u16, u16)> {
        let entry = consumer.entry;
        let ports = &entry.ports[..];
        let by_service: Vec<(String, NetworkPort)> = ports.iter().map(|port| (port.name.clone(), port.at_service())).collect();
        let port = match (expose.port.spanned(), ports) {
            (Some((port, at)), _) => self.named_port(port, at, &by_service)?,
            (None, [only]) => only.at_service(),
            (None, _) if entry.ports_invalid || ports.is_empty() => return None,
            (None, _) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`port` is missing: the app has several ports").at(at);
                self.tell(diagnostic.help("name the port to expose"));
                return None;
            }
        };
        let port_at = expose.port.span().unwrap_or(at);
        let Some(known) = ports.iter().find(|known| known.at_service() == port) else {
            self.error(Code::UnknownReference, format!("the app has no port `{port}`"), port_at);
            return None;
        };
        if port.is_udp() {
            self.contradiction(format!("`{}` is a UDP port, and `expose` serves TCP", known.name), port_at, None);
            return None;
        }
        Some((port.number(), known.target))
    }

    fn redirect(&mut self, expose: &Expose, host: String, path: String, via: Via) -> Option<Redirect> {
        let (url, at) = expose.redirect.spanned()?;
        let own = match url.scheme() {
            "https" => 443,
            "http" => 80,
            other => {
                let message = format!("clients are sent on to `http` or `https`, not to `{other}`");
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write a URL such as `https://shop.example`"));
                return None;
            }
        };
        let port = url.port().get();
        Some(Redirect {
            host,
            path,
            via,
            scheme: url.scheme().to_owned(),
            to: url.host().to_string(),
            port: (port != own).then_some(port),
            replacement: Some(url.path().to_owned()).filter(|path| !path.is_empty()),
        })
    }

    /// The timeout of requests: from 0, which is no limit, to [`LONGEST_TIMEOUT`]. Reports a longer one, which the Gateway API can't express.
    fn request_timeout(&mut self, expose: &Expose) -> Option<Duration> {
        let (time, at) = expose.timeout.spanned()?;
        if time.seconds() > LONGEST_TIMEOUT {
            let message = format!("`timeout: {time}` is longer than {}h, the most that a route takes", LONGEST_TIMEOUT / 3600);
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("write `timeout: 0s` for no limit"));
        }
        Some(*time)
    }

    fn record_exposure(&self, of: &RecordPath, number: usize, (host, path): (&str, &str), port: Option<u16>, via: Via) {
        if !self.records() {
            return;
        }
        let at = format!("expose[{number}]");
        if !host.is_empty() {
            self.record_entry(of, || (format!("{at}.hostname"), host, format!("{}.{at}.host and environment.domain", of.entry)));
            self.record_entry(of, || (format!("{at}.path"), path, format!("{}.{at}.host: all below it", of.entry)));
        }
        if let Some(port) = port {
            self.record_entry(of, || (format!("{at}.port"), port, of.ports.clone()));
        }
        self.record_entry(of, || (format!("{at}.via"), via.name(), format!("{}.{at}: the internet unless it says otherwise", of.entry)));
    }
}
