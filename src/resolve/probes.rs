//! What an entry says of probes -> the probes of its main container. None is ever invented.

use super::Scope;
use super::containers::{Fallback, Pod};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Probe, ProbeAction, Probes};
use crate::source::Span;
use crate::spec::ContainerFields;
use crate::syntax::Field;
use crate::value::PortSpecifier;

impl Scope<'_> {
    pub(super) fn probes(
        &mut self,
        fields: ContainerFields<'_>,
        ports: &[(String, u16)],
        fallback: &Fallback,
        pod: &mut Pod,
        entry: Span,
    ) -> Probes {
        let Some((probes, at)) = fields.probes.spanned() else { return fallback.probes.clone() };
        let read = |scope: &mut Self, name: &str, field: &Field<crate::spec::Probe>| {
            let (probe, at) = field.spanned()?;
            if let Some(none) = probes.none.span() {
                scope.contradiction(format!("`none` says that there are no probes, and `{name}` is one"), none, Some(at), "it stands here");
            }
            scope.probe(probe, at, ports)
        };
        let result = Probes {
            ready: read(self, "ready", &probes.ready),
            live: read(self, "live", &probes.live),
            start: read(self, "start", &probes.start),
        };
        if !probes.none.is_missing() {
            let reason = self.reason(&probes.none, "none", "a container without probes", entry);
            pod.no_probes = pod.no_probes.take().or(reason);
        } else if probes.ready.is_missing() && probes.live.is_missing() && probes.start.is_missing() {
            let _ = at;
            return fallback.probes.clone();
        }
        result
    }

    fn probe(&mut self, probe: &crate::spec::Probe, at: Span, ports: &[(String, u16)]) -> Option<Probe> {
        let said: Vec<(&str, Span)> =
            [("http", probe.http.span()), ("grpc", probe.grpc.span()), ("tcp", probe.tcp.span()), ("exec", probe.exec.span())]
                .into_iter()
                .filter_map(|(name, span)| Some((name, span?)))
                .collect();
        match said[..] {
            [] => {
                let diagnostic = Diagnostic::new(Code::MissingField, "the probe says nothing to try").at(at);
                self.tell(diagnostic.help("add `http:`, `grpc:`, `tcp: true` or `exec:`"));
                return None;
            }
            [_] => {}
            [(first, first_at), .., (last, at)] => {
                self.contradiction(format!("`{last}` and `{first}` are both to be tried"), at, Some(first_at), "the other stands here");
                return None;
            }
        }
        let action = match (&probe.http, &probe.grpc, &probe.exec) {
            (Field::Set(path, at), _, _) => {
                if !path.starts_with('/') {
                    self.error(Code::InvalidValue, format!("`{path}` is not a path: it starts with `/`"), *at);
                    return None;
                }
                let headers =
                    probe.headers.get().into_iter().flat_map(|all| all.set()).map(|(name, _, value)| (name.clone(), value.clone()));
                ProbeAction::Http { path: path.clone(), port: self.probe_port(probe, at, ports)?, headers: headers.collect() }
            }
            (_, Field::Set(service, at), _) => ProbeAction::Grpc { service: service.clone(), port: self.probe_port(probe, at, ports)? },
            (_, _, Field::Set(command, _)) => ProbeAction::Exec { command: command.iter().filter_map(Field::get).cloned().collect() },
            _ if probe.tcp.get() == Some(&true) => ProbeAction::Tcp { port: self.probe_port(probe, &at, ports)? },
            _ => return None,
        };
        Some(Probe {
            action,
            after: probe.after.get().map(|time| time.seconds()),
            every: probe.every.get().map(|time| time.seconds()),
            timeout: probe.timeout.get().map(|time| time.seconds()),
            failures: probe.failures.get().copied(),
        })
    }

    fn probe_port(&mut self, probe: &crate::spec::Probe, at: &Span, ports: &[(String, u16)]) -> Option<u16> {
        match (probe.port.spanned(), ports) {
            (Some((port, at)), _) => self.named_port(port, at, ports),
            (None, [(_, number)]) => Some(*number),
            (None, _) if self.unsure => None,
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
