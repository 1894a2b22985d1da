//! Probes of containers. platgen adds no probe by itself, except those of a store's engine.

use super::containers::Declared;
use super::names::Entry;
use super::ports::{EntryPort, protocol};
use super::volumes::Pod;
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Probe, ProbeAction, Probes};
use crate::source::Span;
use crate::syntax::Field;
use crate::value::{Duration, NetworkPort, PortSpecifier, Protocol, Transport};
use std::ops::RangeInclusive;

/// The largest 32-bit number of the Kubernetes API.
pub(super) const MOST: u64 = i32::MAX as u64;

impl EnvironmentResolver<'_> {
    pub(super) fn probes(&mut self, declared: &Declared<'_>, entry: &Entry, pod: &mut Pod) -> Probes {
        let Some((probes, _)) = declared.fields.probes.spanned() else { return self.fallback_probes(declared) };
        let (ports, at) = (&declared.ports[..], &declared.at);
        let read = |resolver: &mut Self, name: &str, field: &Field<crate::spec::Probe>| {
            let (probe, span) = field.spanned()?;
            if let Some(none) = probes.none.span() {
                resolver.contradiction(format!("`none` can't be combined with the probe `{name}`"), none, Some(span));
            }
            let probe = resolver.probe(probe, span, ports, entry)?;
            if let ProbeAction::Http { port, .. } | ProbeAction::Grpc { port, .. } | ProbeAction::Tcp { port } = &probe.action {
                resolver.record_container(at, || (format!("probes.{name}.port"), port, at.ports.clone()));
            }
            resolver.fits_protocol(name, &probe.action, span, entry);
            Some(probe)
        };
        let result = Probes {
            ready: read(self, "ready", &probes.ready),
            live: read(self, "live", &probes.live),
            start: read(self, "start", &probes.start),
        };
        if !probes.none.is_missing() {
            let reason = self.reason(&probes.none, "none", "a container without probes", declared.span);
            pod.no_probes = pod.no_probes.take().or(reason);
        } else if probes.ready.is_missing() && probes.live.is_missing() && probes.start.is_missing() {
            return self.fallback_probes(declared);
        }
        result
    }

    /// Warns of a probe over plain HTTP of a port with another protocol.
    fn fits_protocol(&mut self, name: &str, action: &ProbeAction, at: Span, entry: &Entry) {
        let ProbeAction::Http { tls: false, path, port: probed, .. } = action else { return };
        let Some(port) = entry.ports.iter().find(|port| port.at_container() == NetworkPort::tcp(*probed)) else { return };
        let (speaks, write) = match protocol(port, entry.protocol()) {
            Some(Protocol::Https) => ("HTTPS", format!("https: {path}")),
            Some(Protocol::Grpc) => ("gRPC", "grpc: \"\"".to_owned()),
            _ => return,
        };
        let message = format!("the probe asks port {probed} over plain HTTP, and the port speaks {speaks}");
        self.tell(Diagnostic::new(Code::ProbeProtocol, message).at(at).help(format!("write `{name}: {{{write}}}`")));
    }

    /// The default probes, which only stores have.
    fn fallback_probes(&self, declared: &Declared<'_>) -> Probes {
        let (probes, at) = (&declared.fallback.probes, &declared.at);
        for (name, probe) in [("ready", &probes.ready), ("live", &probes.live), ("start", &probes.start)] {
            let Some(probe) = probe.as_ref().filter(|_| self.records()) else { continue };
            let (key, value) = match &probe.action {
                ProbeAction::Exec { command } => ("exec", command.join(" ")),
                ProbeAction::Http { port, .. } | ProbeAction::Grpc { port, .. } | ProbeAction::Tcp { port } => ("port", port.to_string()),
            };
            self.record_container(at, || (format!("probes.{name}.{key}"), value, format!("{}.engine", at.entry)));
        }
        probes.clone()
    }

    fn probe(&mut self, probe: &crate::spec::Probe, at: Span, ports: &[(String, NetworkPort)], entry: &Entry) -> Option<Probe> {
        let said = written([
            ("http", probe.http.span()),
            ("https", probe.https.span()),
            ("grpc", probe.grpc.span()),
            ("tcp", probe.tcp.span()),
            ("exec", probe.exec.span()),
        ]);
        match said[..] {
            [] => {
                let diagnostic = Diagnostic::new(Code::MissingField, "the probe has no action").at(at);
                self.tell(diagnostic.help("add `http:`, `https:`, `grpc:`, `tcp: true` or `exec:`"));
                return None;
            }
            [(kind, kind_at)] => {
                let beside =
                    [("headers", probe.headers.span(), kind != "http" && kind != "https"), ("port", probe.port.span(), kind == "exec")];
                for (name, span, excluded) in beside {
                    if let (Some(span), true) = (span, excluded) {
                        self.contradiction(format!("`{name}` can't be combined with `{kind}`"), span, Some(kind_at));
                    }
                }
            }
            [(first, first_at), .., (last, at)] => {
                self.contradiction(format!("a probe can't have both `{last}` and `{first}`"), at, Some(first_at));
                return None;
            }
        }
        let tls = !probe.https.is_missing();
        let action = match (if tls { &probe.https } else { &probe.http }, &probe.grpc, &probe.exec) {
            (Field::Set(path, at), _, _) => {
                if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
                    let message = format!("`{path}` is not a path: paths start with `/` and contain no spaces");
                    let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(*at);
                    self.tell(match path.as_str() {
                        "tcp" => diagnostic.help("for a TCP probe, write `{tcp: true}`"),
                        "grpc" => diagnostic.help("for a gRPC probe, write `{grpc: \"\"}`"),
                        port if port.parse::<u16>().is_ok() => diagnostic.help(format!(
                            "for a probe of this port, write `{{http: /path, port: {port}}}` or `{{tcp: true, port: {port}}}`"
                        )),
                        _ => diagnostic.help(format!("write `/{}`", path.trim_start_matches('/').replace(char::is_whitespace, ""))),
                    });
                    return None;
                }
                for (name, at, value) in probe.headers.get().into_iter().flat_map(|all| all.iter()) {
                    // What Kubernetes takes as a header's name (validation.IsHTTPHeaderName), and net/http as its value.
                    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                        let message = format!("`{name}` is not the name of a header: write letters, digits and `-`");
                        self.error(Code::InvalidValue, message, at);
                    } else if let Some((value, at)) = value.spanned().filter(|(value, _)| value.contains(char::is_control)) {
                        self.error(
                            Code::InvalidValue,
                            format!("`{}` is not the value of a header: control characters are not allowed", value.escape_debug()),
                            at,
                        );
                    }
                }
                let headers = probe.headers.entries().map(|(name, _, value)| (name.clone(), value.clone())).collect();
                ProbeAction::Http { tls, path: path.clone(), port: self.probe_port(probe, at, ports, entry)?, headers }
            }
            (_, Field::Set(service, at), _) if service.parse::<u16>().is_ok() => {
                let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`grpc` is the name of a service, and `{service}` is a port"));
                self.tell(
                    diagnostic.at(*at).help(format!("write `grpc: \"\"`, which asks for the server as a whole, and `port: {service}`")),
                );
                return None;
            }
            (_, Field::Set(service, at), _) => {
                ProbeAction::Grpc { service: service.clone(), port: self.probe_port(probe, at, ports, entry)? }
            }
            (_, _, Field::Set(command, at)) if command.is_empty() => {
                self.error(Code::InvalidValue, "the command is empty", *at);
                return None;
            }
            (_, _, Field::Set(command, _)) => ProbeAction::Exec { command: command.iter().filter_map(Field::get).cloned().collect() },
            _ => {
                let (said, at) = probe.tcp.spanned()?;
                if !said {
                    self.error(Code::InvalidValue, "`tcp` must be `true`: remove the probe instead", at);
                    return None;
                }
                ProbeAction::Tcp { port: self.probe_port(probe, &at, ports, entry)? }
            }
        };
        if let Some((count, at)) = probe.failures.spanned().filter(|(count, _)| !(1..=MOST).contains(&u64::from(**count))) {
            self.error(Code::InvalidValue, format!("`failures: {count}` is not from 1 to {MOST}"), at);
        }
        Some(Probe {
            action,
            after: self.seconds("after", &probe.after, 0..=MOST),
            every: self.seconds("every", &probe.every, 1..=MOST),
            timeout: self.seconds("timeout", &probe.timeout, 1..=MOST),
            failures: probe.failures.get().copied(),
        })
    }

    /// A duration in seconds. Reports fractions of a second, and durations outside the allowed range.
    pub(super) fn seconds(&mut self, name: &str, field: &Field<Duration>, allowed: RangeInclusive<u64>) -> Option<u64> {
        let (time, at) = field.spanned()?;
        if !time.millis().is_multiple_of(1000) {
            self.error(Code::InvalidValue, format!("`{name}: {time}`: Kubernetes counts whole seconds, such as `{}s`", time.seconds()), at);
        } else if !allowed.contains(&time.seconds()) {
            let message = format!("`{name}: {time}` is not from {}s to {}s", allowed.start(), allowed.end());
            self.error(Code::InvalidValue, message, at);
        }
        Some(time.seconds())
    }

    fn probe_port(&mut self, probe: &crate::spec::Probe, at: &Span, ports: &[(String, NetworkPort)], entry: &Entry) -> Option<u16> {
        match (probe.port.spanned(), ports) {
            (Some((port, at)), _) => {
                let port = self.named_port(port, at, ports)?;
                let number = self.tcp(port, "probes connect", at)?;
                let known = |wanted: u16| ports.iter().any(|(_, known)| *known == wanted.into());
                let of_service = entry.ports.iter().find(|port| port.service == number && known(port.target));
                if let Some(EntryPort { target, .. }) = of_service.filter(|_| !known(number)) {
                    let message = format!("the probe asks the container, and `{number}` is the port of the Service");
                    self.tell(
                        Diagnostic::new(Code::InvalidValue, message)
                            .at(at)
                            .help(format!("write `port: {target}`"))
                            .fix(at, target.to_string()),
                    );
                    return None;
                }
                Some(number)
            }
            (None, [(_, port)]) => self.tcp(*port, "probes connect", *at),
            (None, _) if entry.ports_invalid => None,
            (None, _) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "the probe has no `port`").at(*at);
                self.tell(diagnostic.help("name the port: the container does not have exactly one"));
                None
            }
        }
    }

    /// The number of a TCP port. Reports a UDP port: `who` needs TCP, such as "probes connect".
    pub(super) fn tcp(&mut self, port: NetworkPort, who: &str, at: Span) -> Option<u16> {
        if port.is_udp() {
            let message = format!("`{port}` is a UDP port, and {who} over TCP");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help("name a TCP port with `port`"));
            return None;
        }
        Some(port.number())
    }

    /// A port that is given by name or number. A number stands for the TCP port, unless only a UDP port has the number.
    pub(super) fn named_port(&mut self, port: &PortSpecifier, at: Span, ports: &[(String, NetworkPort)]) -> Option<NetworkPort> {
        match port {
            PortSpecifier::Number(number) => {
                let (tcp, udp) = (NetworkPort::tcp(number.get()), NetworkPort::new(number.get(), Transport::Udp));
                let has = |wanted: NetworkPort| ports.iter().any(|(_, known)| *known == wanted);
                Some(if has(udp) && !has(tcp) { udp } else { tcp })
            }
            PortSpecifier::Name(name) => match ports.iter().find(|(known, _)| known == name.as_str()) {
                Some((_, port)) => Some(*port),
                None => {
                    self.unknown("port", name.as_str(), ports.iter().map(|(name, _)| name.as_str()), at);
                    None
                }
            },
        }
    }
}
