//! What an entry says of probes -> the probes of its main container. None is ever invented.

use super::engines::Fallback;
use super::names::Entry;
use super::volumes::Pod;
use super::{Scope, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Probe, ProbeAction, Probes};
use crate::source::Span;
use crate::spec::ContainerFields;
use crate::syntax::Field;
use crate::value::{Duration, PortSpecifier};
use std::ops::RangeInclusive;

/// The largest figure that the API takes where it has 32 bits.
pub(super) const MOST: u64 = i32::MAX as u64;

impl Scope<'_> {
    pub(super) fn probes(
        &mut self,
        fields: ContainerFields<'_>,
        ports: &[(String, u16)],
        fallback: &Fallback,
        pod: &mut Pod,
        container: Span,
        entry: &Entry,
    ) -> Probes {
        let Some((probes, _)) = fields.probes.spanned() else { return self.fallback_probes(fallback) };
        let read = |scope: &mut Self, name: &str, field: &Field<crate::spec::Probe>| {
            let (probe, at) = field.spanned()?;
            if let Some(none) = probes.none.span() {
                scope.contradiction(format!("`none` says that there are no probes, and `{name}` is one"), none, Some(at), "it stands here");
            }
            let probe = scope.probe(probe, at, ports, entry)?;
            if let ProbeAction::Http { port, .. } | ProbeAction::Grpc { port, .. } | ProbeAction::Tcp { port } = &probe.action {
                scope.record_container(|at| (format!("probes.{name}.port"), port, at.container_ports()));
            }
            Some(probe)
        };
        let result = Probes {
            ready: read(self, "ready", &probes.ready),
            live: read(self, "live", &probes.live),
            start: read(self, "start", &probes.start),
        };
        if !probes.none.is_missing() {
            let reason = self.reason(&probes.none, "none", "a container without probes", container);
            pod.no_probes = pod.no_probes.take().or(reason);
        } else if probes.ready.is_missing() && probes.live.is_missing() && probes.start.is_missing() {
            return self.fallback_probes(fallback);
        }
        result
    }

    /// The probes of the store's engine; an app has none.
    fn fallback_probes(&self, fallback: &Fallback) -> Probes {
        let probes = &fallback.probes;
        for (name, probe) in [("ready", &probes.ready), ("live", &probes.live), ("start", &probes.start)] {
            let Some(probe) = probe.as_ref().filter(|_| self.records()) else { continue };
            let (key, value) = match &probe.action {
                ProbeAction::Exec { command } => ("exec", command.join(" ")),
                ProbeAction::Http { port, .. } | ProbeAction::Grpc { port, .. } | ProbeAction::Tcp { port } => ("port", port.to_string()),
            };
            self.record_container(|at| (format!("probes.{name}.{key}"), value, format!("{}.engine", at.entry)));
        }
        probes.clone()
    }

    fn probe(&mut self, probe: &crate::spec::Probe, at: Span, ports: &[(String, u16)], entry: &Entry) -> Option<Probe> {
        let said =
            written([("http", probe.http.span()), ("grpc", probe.grpc.span()), ("tcp", probe.tcp.span()), ("exec", probe.exec.span())]);
        match said[..] {
            [] => {
                let diagnostic = Diagnostic::new(Code::MissingField, "the probe says nothing to try").at(at);
                self.tell(diagnostic.help("add `http:`, `grpc:`, `tcp: true` or `exec:`"));
                return None;
            }
            [(kind, kind_at)] => {
                let beside = [("headers", probe.headers.span(), kind != "http"), ("port", probe.port.span(), kind == "exec")];
                for (name, span, excluded) in beside {
                    if let (Some(span), true) = (span, excluded) {
                        self.contradiction(format!("`{name}` means nothing beside `{kind}`"), span, Some(kind_at), "it stands here");
                    }
                }
            }
            [(first, first_at), .., (last, at)] => {
                self.contradiction(format!("`{last}` and `{first}` are both to be tried"), at, Some(first_at), "the other stands here");
                return None;
            }
        }
        let action = match (&probe.http, &probe.grpc, &probe.exec) {
            (Field::Set(path, at), _, _) => {
                if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
                    self.error(Code::InvalidValue, format!("`{path}` is not a path: it starts with `/` and has no blanks"), *at);
                    return None;
                }
                for (name, at, value) in probe.headers.get().into_iter().flat_map(|all| all.iter()) {
                    // What Kubernetes takes as a header's name (validation.IsHTTPHeaderName), and net/http as its value.
                    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                        let message = format!("`{name}` is not the name of a header: letters, digits and `-` alone");
                        self.error(Code::InvalidValue, message, at);
                    } else if let Some((value, at)) = value.spanned().filter(|(value, _)| value.contains(char::is_control)) {
                        self.error(
                            Code::InvalidValue,
                            format!("`{}` is not the value of a header: it is one line", value.escape_debug()),
                            at,
                        );
                    }
                }
                let headers = probe.headers.entries().map(|(name, _, value)| (name.clone(), value.clone()));
                ProbeAction::Http { path: path.clone(), port: self.probe_port(probe, at, ports, entry)?, headers: headers.collect() }
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
                self.error(Code::InvalidValue, "a command has at least one word", *at);
                return None;
            }
            (_, _, Field::Set(command, _)) => ProbeAction::Exec { command: command.iter().filter_map(Field::get).cloned().collect() },
            _ => {
                let (said, at) = probe.tcp.spanned()?;
                if !said {
                    self.error(Code::InvalidValue, "`tcp` is `true` or absent: a probe that tries nothing is none", at);
                    return None;
                }
                ProbeAction::Tcp { port: self.probe_port(probe, &at, ports, entry)? }
            }
        };
        if let Some((count, at)) = probe.failures.spanned().filter(|(count, _)| !(1..=MOST).contains(&u64::from(**count))) {
            self.error(Code::InvalidValue, format!("`failures: {count}`: at least 1 and at most {MOST} in a row count"), at);
        }
        Some(Probe {
            action,
            after: self.seconds("after", &probe.after, 0..=MOST),
            every: self.seconds("every", &probe.every, 1..=MOST),
            timeout: self.seconds("timeout", &probe.timeout, 1..=MOST),
            failures: probe.failures.get().copied(),
        })
    }

    /// A length of time in the whole seconds that Kubernetes counts.
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

    fn probe_port(&mut self, probe: &crate::spec::Probe, at: &Span, ports: &[(String, u16)], entry: &Entry) -> Option<u16> {
        match (probe.port.spanned(), ports) {
            (Some((port, at)), _) => {
                let number = self.named_port(port, at, ports)?;
                let known = |wanted: u16| ports.iter().any(|(_, known)| *known == wanted);
                let of_service = entry.ports.iter().find(|(_, service, target)| *service == number && known(*target));
                if let Some((_, _, target)) = of_service.filter(|_| !known(number)) {
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
            (None, [(_, number)]) => Some(*number),
            (None, _) if entry.ports_invalid => None,
            (None, _) => {
                let diagnostic = Diagnostic::new(Code::MissingField, "the probe has no `port`").at(*at);
                self.tell(diagnostic.help("say which: there is not exactly one port"));
                None
            }
        }
    }

    /// The number of a port that is named or numbered.
    pub(super) fn named_port(&mut self, port: &PortSpecifier, at: Span, ports: &[(String, u16)]) -> Option<u16> {
        match port {
            PortSpecifier::Number(number) => Some(number.get()),
            PortSpecifier::Name(name) => match ports.iter().find(|(known, _)| known == name.as_str()) {
                Some((_, number)) => Some(*number),
                None => {
                    self.unknown("port", name.as_str(), ports.iter().map(|(name, _)| name.as_str()), at);
                    None
                }
            },
        }
    }
}
