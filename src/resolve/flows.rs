//! Who talks to whom, and the hostnames under which apps are reached.

use super::Scope;
use super::names::What;
use super::values::{Asker, Need};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Exposure, Flow, Peer, Platform, Region};
use crate::source::Span;
use crate::spec::{App, Via};
use crate::syntax::Field;
use crate::value::Name;
use std::collections::BTreeMap;

/// The hostnames of every environment, to find those claimed twice.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    claims: BTreeMap<(String, String), Vec<Claim>>,
}

#[derive(Debug)]
struct Claim {
    span: Span,
    environment: String,
}

impl Hosts {
    fn claim(&mut self, host: &str, path: &str, span: Span, environment: &Name) {
        let claims = self.claims.entry((host.to_string(), path.to_string())).or_default();
        // The same place in several regions is one claim; in several environments it is two.
        if !claims.iter().any(|claim| claim.span == span && claim.environment == environment.as_str()) {
            claims.push(Claim { span, environment: environment.to_string() });
        }
    }

    /// Tells of every host and path with two claims.
    pub(super) fn report(&self, found: &mut Diagnostics) {
        for ((host, path), claims) in &self.claims {
            let Some((first, others)) = claims.split_first() else { continue };
            for claim in others {
                let shown = if path == "/" { host.clone() } else { format!("{host}{path}") };
                let mut diagnostic = Diagnostic::new(Code::HostTaken, format!("`{shown}` is claimed twice")).at(claim.span);
                if claim.span == first.span {
                    diagnostic = diagnostic.help(format!(
                        "it is the same in `{}` and `{}`: make it relative to their domains",
                        first.environment, claim.environment
                    ));
                } else {
                    diagnostic = diagnostic.related(first.span, "first claimed here").help("give one of them another host or path");
                }
                diagnostic.environments.push(claim.environment.clone());
                found.push(diagnostic);
            }
        }
    }
}

impl Scope<'_> {
    /// The ways in from outside of an app.
    pub(super) fn exposures(&mut self, app: &App, ports: &[(String, u16, u16)], platform: &Platform, hosts: &mut Hosts) -> Vec<Exposure> {
        let mut exposures = Vec::new();
        for (expose, at) in app.expose.get().into_iter().flatten().filter_map(Field::spanned) {
            let Some(host) = self.require(&expose.host, "host", at) else { continue };
            let host_at = expose.host.span().unwrap_or(at);
            let host = match host.within(&platform.domain) {
                Ok(host) => host.to_string(),
                Err(invalid) => {
                    self.error(Code::NameTooLong, invalid.message, host_at);
                    continue;
                }
            };
            let path = expose.path.get().cloned().unwrap_or_else(|| "/".to_string());
            for (path, field) in [(Some(&path), &expose.path), (expose.rewrite.get(), &expose.rewrite)] {
                if let (Some(path), Some(at)) = (path, field.span())
                    && !path.starts_with('/')
                {
                    self.error(Code::InvalidValue, format!("`{path}` is not a path: it starts with `/`"), at);
                }
            }
            let by_service: Vec<(String, u16)> = ports.iter().map(|(name, service, _)| (name.clone(), *service)).collect();
            let port = match (expose.port.spanned(), ports) {
                (Some((port, at)), _) => {
                    let Some(number) = self.named_port(port, at, &by_service) else { continue };
                    number
                }
                (None, [(_, service, _)]) => *service,
                (None, _) => {
                    let diagnostic = Diagnostic::new(Code::MissingField, "`port` is missing: the app has several").at(at);
                    self.tell(diagnostic.help("say which port is exposed"));
                    continue;
                }
            };
            let Some((_, _, target)) = ports.iter().find(|(_, service, _)| *service == port) else {
                let at = expose.port.span().unwrap_or(at);
                self.error(Code::UnknownReference, format!("the app has no port `{port}`"), at);
                continue;
            };
            hosts.claim(&host, &path, host_at, self.environment);
            exposures.push(Exposure {
                host,
                path,
                rewrite: expose.rewrite.get().cloned(),
                port,
                target: *target,
                timeout: expose.timeout.get().map(|time| time.seconds()),
                websocket: expose.websocket.get() == Some(&true),
                via: expose.via.get().copied().unwrap_or(Via::Public),
                from: expose.from.get().into_iter().flatten().filter_map(Field::get).copied().collect(),
            });
        }
        exposures
    }

    /// What a workload's needs open in its region.
    pub(super) fn flows_of(&mut self, asker: &Asker<'_>, needs: &[(Need, Span)], primary_network: Option<&Region>) -> Vec<Flow> {
        let from = Peer::Workload { namespace: asker.namespace.to_string(), name: asker.name.to_string() };
        let mut flows = Vec::new();
        for (need, at) in needs {
            let entry = &need.entry;
            let why = format!("{} calls {}", asker.label, entry.display());
            let to = match (&entry.what, &entry.namespace) {
                (What::External { host, .. }, _) => {
                    Peer::Outside { name: entry.display(), cidrs: self.external_ranges(host, entry, asker) }
                }
                (What::Store(store), Some(_)) if !asker.region.primary && store.independent.get() != Some(&true) => {
                    let cidrs = primary_network.and_then(|region| region.network.as_ref()).map(|network| network.cidr);
                    Peer::Outside { name: format!("{} in {}", entry.display(), asker.platform.primary), cidrs: cidrs.into_iter().collect() }
                }
                (What::App(app), Some(namespace)) => {
                    if !self.runs_in(app, asker.region) {
                        let message = format!("`{}` does not run in `{}`, where {} does", entry.display(), asker.region.name, asker.label);
                        let diagnostic = Diagnostic::new(Code::AbsentInRegion, message).at(*at).related(entry.key, "it is declared here");
                        self.tell(diagnostic.help("let both run in the same `regions`"));
                        continue;
                    }
                    Peer::Workload { namespace: namespace.to_string(), name: entry.name.to_string() }
                }
                (_, Some(namespace)) => Peer::Workload { namespace: namespace.to_string(), name: entry.name.to_string() },
                _ => continue,
            };
            if to != from {
                flows.push(Flow { from: from.clone(), to, ports: vec![need.target], why });
            }
        }
        flows
    }

    fn external_ranges(&self, host: &str, entry: &super::names::Entry, asker: &Asker<'_>) -> Vec<crate::value::Cidr> {
        if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
            return vec![crate::value::Cidr::around(address.into(), 32)];
        }
        match &entry.what {
            What::External { on_premises: true, .. } => asker
                .region
                .network
                .as_ref()
                .and_then(|network| network.on_premises.as_ref())
                .map(|premises| premises.cidrs.clone())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Whether an app runs in a region.
    pub(super) fn runs_in(&self, app: &App, region: &Region) -> bool {
        let words: Vec<&str> = app.regions.get().into_iter().flatten().filter_map(Field::get).map(|name| name.as_str()).collect();
        match words[..] {
            [] if app.schedule.get().is_some() || app.run.get().is_some() => region.primary,
            [] | ["all"] => true,
            ["primary"] => region.primary,
            _ => words.contains(&region.name.as_str()),
        }
    }
}
