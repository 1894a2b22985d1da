//! Flows between workloads, and the hostnames of exposed apps.

use super::EnvironmentResolver;
use super::external::Reach;
use super::names::EntrySpec;
use super::probes::MOST;
use super::provenance::RecordPath;
use super::values::{Consumer, Dependency, in_other_region};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Addon, Exposure, Flow, Peer, Placement, Region};
use crate::source::Span;
use crate::spec::App;
use crate::syntax::Field;
use crate::value::{Name, NetworkPort, Ref, Via};
use std::collections::{BTreeMap, BTreeSet};

/// The port of public addresses: the Gateways listen there.
const HTTPS: NetworkPort = NetworkPort::tcp(443);

/// The hostnames of every environment, to find those claimed twice.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    claims: BTreeMap<(String, String), Vec<Claim>>,
    /// The places of all claims, by environment.
    places: BTreeSet<(String, Span)>,
}

#[derive(Debug)]
struct Claim {
    span: Span,
    /// The app, such as `app/web`.
    app: String,
    /// The domain of its environment, and the span of that domain.
    domain: (String, Option<Span>),
    environment: String,
}

/// The claims of two declarations to the same hosts.
#[derive(Default)]
struct Clash {
    hosts: Vec<String>,
    environments: Vec<String>,
    /// Both apps, with their environments where these differ.
    by: [String; 2],
}

impl Hosts {
    fn claim(&mut self, host: String, path: String, claim: Claim) {
        // A declaration that applies to several regions is one claim; in several environments, there is one claim for each.
        self.places.insert((claim.environment.clone(), claim.span));
        self.claims.entry((host, path)).or_default().push(claim);
    }

    /// Whether the declaration has claimed its hosts in another region of the environment.
    fn seen(&self, span: Span, environment: &Name) -> bool {
        self.places.contains(&(environment.to_string(), span))
    }

    /// Reports hosts and paths with two claims, in one finding for each pair of declarations.
    pub(super) fn report(&self, found: &mut Diagnostics) {
        let mut pairs: BTreeMap<(Span, Span), Clash> = BTreeMap::new();
        for ((host, path), claims) in &self.claims {
            let shown = if path == "/" { format!("`{host}`") } else { format!("`{host}{path}`") };
            let mut claims: Vec<&Claim> = claims.iter().collect();
            claims.sort_by_key(|claim| claim.span);
            let Some((first, others)) = claims.split_first() else { continue };
            for claim in others {
                // The same declaration in two environments: the environments have the same domain.
                let (first_at, at) = if claim.span == first.span && claim.domain.0 == first.domain.0 {
                    (first.domain.1.unwrap_or(first.span), claim.domain.1.unwrap_or(claim.span))
                } else {
                    (first.span, claim.span)
                };
                let Clash { hosts, environments, by } = pairs.entry((first_at, at)).or_default();
                if hosts.is_empty() {
                    let place = |one: &Claim| {
                        let other = first.environment != claim.environment;
                        if other { format!("`{}` in `{}`", one.app, one.environment) } else { format!("`{}`", one.app) }
                    };
                    *by = [place(first), place(claim)];
                }
                hosts.push(shown.clone());
                environments.push(claim.environment.clone());
            }
        }
        for ((first, at), Clash { mut hosts, mut environments, by: [first_by, by] }) in pairs {
            hosts.dedup();
            environments.dedup();
            let verb = if hosts.len() == 1 { "is" } else { "are" };
            let by = if first_by == by { format!("by {by}") } else { format!("by {first_by} and by {by}") };
            let mut diagnostic = Diagnostic::new(Code::HostTaken, format!("{} {verb} claimed twice: {by}", hosts.join(" and "))).at(at);
            if first != at {
                diagnostic = diagnostic.related(first, "first claimed here");
            }
            diagnostic = diagnostic.help("give one of them another host, path or domain");
            diagnostic.environments = environments;
            found.push(diagnostic);
        }
    }
}

impl EnvironmentResolver<'_> {
    /// The exposures of an app.
    pub(super) fn exposures(&mut self, app: &App, consumer: &Consumer<'_>, hosts: &mut Hosts) -> Vec<Exposure> {
        let (entry, platform) = (consumer.entry, consumer.platform);
        let ports = &entry.ports[..];
        let mut exposures = Vec::new();
        let mut claims: Vec<(String, String, Span)> = Vec::new();
        for (expose, at) in app.expose.items() {
            let Some(host) = self.require(&expose.host, "host", at) else { continue };
            let host_at = expose.host.span().unwrap_or(at);
            let host = match host.within(&platform.domain) {
                Ok(host) => host.to_string(),
                Err(invalid) => {
                    self.error(Code::NameTooLong, invalid.message, host_at);
                    continue;
                }
            };
            let path = expose.path.get().map_or_else(|| "/".to_string(), ToString::to_string);
            let by_service: Vec<(String, NetworkPort)> = ports.iter().map(|port| (port.name.clone(), port.at_service())).collect();
            let port = match (expose.port.spanned(), ports) {
                (Some((port, at)), _) => {
                    let Some(port) = self.named_port(port, at, &by_service) else { continue };
                    port
                }
                (None, [only]) => only.at_service(),
                (None, _) if entry.ports_invalid || ports.is_empty() => continue,
                (None, _) => {
                    let diagnostic = Diagnostic::new(Code::MissingField, "`port` is missing: the app has several ports").at(at);
                    self.tell(diagnostic.help("name the port to expose"));
                    continue;
                }
            };
            let port_at = expose.port.span().unwrap_or(at);
            let Some(known) = ports.iter().find(|known| known.at_service() == port) else {
                self.error(Code::UnknownReference, format!("the app has no port `{port}`"), port_at);
                continue;
            };
            if port.is_udp() {
                let message = format!("`{}` is a UDP port, and `expose` serves TCP", known.name);
                self.contradiction(message, port_at, None);
                continue;
            }
            let (port, target) = (port.number(), known.target);
            claims.push((host.clone(), path.clone(), host_at));
            let via = expose.via.get().copied().unwrap_or(Via::Public);
            self.record_exposure(&consumer.at, exposures.len(), (&host, &path), port, via);
            exposures.push(Exposure {
                span: at,
                host,
                path,
                rewrite: expose.rewrite.get().map(ToString::to_string),
                port,
                target,
                timeout: self.seconds("timeout", &expose.timeout, 1..=MOST),
                websocket: expose.websocket.is_true(),
                via,
                from: expose.from.values().copied().collect(),
            });
        }
        let at = self.own_environment().and_then(|environment| environment.domain.span());
        let domain = (platform.domain.to_string(), at);
        claims.retain(|(_, _, span)| !hosts.seen(*span, self.environment));
        for (host, path, span) in claims {
            let environment = self.environment.to_string();
            hosts.claim(host, path, Claim { span, app: consumer.label.clone(), domain: domain.clone(), environment });
        }
        exposures
    }

    /// Warns of flows of pods in the host network if the node ranges are not known: network policies select such pods by node range.
    pub(super) fn nodes_in_reach(&mut self, region: &Region) {
        for flow in &region.flows {
            let on_a_node = |peer: &&Peer| region.workload_of(peer).is_some_and(|workload| workload.host_network);
            for peer in [&flow.from, &flow.to].into_iter().filter(on_a_node).filter(|peer| region.node_ranges(peer).is_none()) {
                let Some(workload) = region.workload_of(peer) else { continue };
                let message = format!(
                    "no policy opens the connection `{}`: `{}` uses the network of its node, and the ranges of the nodes in `{}` are not known",
                    flow.why, workload.name, region.name
                );
                let help = "give the pods addresses of their own: remove `security.host.network`";
                self.incomplete(Diagnostic::new(Code::Incomplete, message).at(workload.span).help(help));
            }
        }
    }

    fn record_exposure(&self, of: &RecordPath, number: usize, (host, path): (&str, &str), port: u16, via: Via) {
        if !self.records() {
            return;
        }
        let at = format!("expose[{number}]");
        self.record_entry(of, || (format!("{at}.hostname"), host, format!("{}.{at}.host and environment.domain", of.entry)));
        self.record_entry(of, || (format!("{at}.path"), path, format!("{}.{at}.host: all below it", of.entry)));
        self.record_entry(of, || (format!("{at}.port"), port, of.ports.clone()));
        self.record_entry(of, || (format!("{at}.via"), via.name(), format!("{}.{at}: the internet unless it says otherwise", of.entry)));
    }

    /// The dependencies that `needs` declares.
    pub(super) fn needs<'n>(&mut self, needs: &Field<Vec<Field<Ref>>>, consumer: &Consumer<'n>) -> Vec<Dependency<'n>> {
        let mut all = Vec::new();
        for (reference, at) in needs.items() {
            let Some(entry) = self.lookup(consumer.names, reference, consumer.namespace, at) else { continue };
            if !entry.rendered {
                self.left_out(entry, at, "`needs`", consumer);
                continue;
            }
            if in_other_region(entry, consumer) {
                self.out_of_reach(entry, at, "`needs`", consumer);
                continue;
            }
            // Nothing tells the ports of an external service apart: a call may use each of them.
            if entry.outside.is_some() && reference.port().is_none() {
                all.extend(entry.ports.iter().map(|port| Dependency { entry, target: port.at_container(), at }));
            } else if let Some(port) = self.port_of(entry, reference, at) {
                all.push(Dependency { entry, target: port.at_container(), at });
            }
        }
        all
    }

    pub(super) fn all_flows<'n>(
        &mut self,
        consumer: &Consumer<'n>,
        placement: &Placement,
        needs: Vec<Dependency<'n>>,
        exposures: &[Exposure],
        metrics: &[(u16, Span)],
    ) -> Vec<Flow> {
        // A dependency that `needs` also declares keeps the span in `needs`.
        let said = |need: &&Dependency| needs.iter().any(|known| known.entry.key == need.entry.key && known.target == need.target);
        let derived: Vec<Dependency> = consumer.needs.iter().filter(|need| !said(need)).copied().collect();
        let mut all = needs;
        all.extend(derived);
        let mut flows = self.flows_of(consumer, placement, &all);
        let to = consumer.peer();
        for exposure in exposures {
            let why = format!("{} is exposed", consumer.label);
            let from = Peer::Addon(Addon::Gateway);
            flows.push(Flow { from, to: to.clone(), ports: vec![exposure.target.into()], why, span: exposure.span });
        }
        if let Some((_, span)) = metrics.first() {
            let why = format!("{} has metrics", consumer.label);
            let ports = metrics.iter().map(|(port, _)| NetworkPort::tcp(*port)).collect::<BTreeSet<_>>().into_iter().collect();
            flows.push(Flow { from: Peer::Addon(Addon::Monitoring), to, ports, why, span: *span });
        }
        flows
    }

    /// The flows of a workload's dependencies in its region.
    fn flows_of(&mut self, consumer: &Consumer<'_>, placement: &Placement, needs: &[Dependency<'_>]) -> Vec<Flow> {
        let from = consumer.peer();
        let peer = |namespace: &Name, name: &Name| Peer::Workload {
            region: consumer.region.name.clone(),
            namespace: namespace.to_string(),
            name: name.to_string(),
        };
        let mut flows = Vec::new();
        for need in needs {
            let entry = need.entry;
            let mut why = format!("{} calls {}", consumer.label, entry.display());
            if let Some(outside) = &entry.outside {
                let Reach { cidrs, internet } = self.reach(outside, consumer.region);
                if internet {
                    self.way_out(consumer, placement, &entry.display(), need.at);
                }
                if let Some(reason) = &outside.reason {
                    why = format!("{why}: {reason}");
                }
                let to = Peer::Outside { name: entry.display(), cidrs };
                flows.push(Flow { from: from.clone(), to, ports: vec![need.target], why, span: need.at });
                continue;
            }
            let to = match (&entry.spec, &entry.namespace) {
                (EntrySpec::App(app), Some(namespace)) => {
                    if !self.runs_in(app, consumer.region) {
                        let message =
                            format!("`{}` does not run in `{}`, where {} does", entry.display(), consumer.region.name, consumer.label);
                        let diagnostic = Diagnostic::new(Code::AbsentInRegion, message).at(need.at).related(entry.key, "declared here");
                        self.tell(diagnostic.help("run both in the same `regions`"));
                        continue;
                    }
                    peer(namespace, &entry.name)
                }
                (_, Some(namespace)) => peer(namespace, &entry.name),
                _ => continue,
            };
            flows.push(Flow { from: from.clone(), to, ports: vec![need.target], why, span: need.at });
        }
        for (app, via, at) in &consumer.public {
            let cidrs = match via {
                Via::Public => Vec::new(),
                Via::Internal => consumer.region.network.iter().flat_map(|network| &network.lb_internal).map(|range| range.cidr).collect(),
            };
            let name = format!("the public address of {app}");
            if *via == Via::Public {
                self.way_out(consumer, placement, &name, *at);
            }
            let why = format!("{} calls {name}", consumer.label);
            flows.push(Flow { from: from.clone(), to: Peer::Outside { name, cidrs }, ports: vec![HTTPS], why, span: *at });
        }
        flows
    }

    /// Reports a call to the internet from a subnet without a route to it.
    fn way_out(&mut self, consumer: &Consumer<'_>, placement: &Placement, called: &str, at: Span) {
        let closed = |name: &&Name| {
            let subnets = consumer.region.network.iter().flat_map(|network| &network.subnets);
            subnets.into_iter().any(|subnet| subnet.name == **name && !subnet.internet)
        };
        if let Some(subnet) = placement.subnets.iter().find(closed) {
            let caller = &consumer.label;
            let message =
                format!("`{called}` is on the internet, but `{caller}` runs in the subnet `{subnet}`, which has no route to the internet");
            let egress = self.spec.network.at(|network| &network.subnets).value(subnet.as_str()).and_then(|subnet| subnet.egress.span());
            let mut diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
            if let Some(egress) = egress {
                diagnostic = diagnostic.related(egress, "the subnet is closed here");
            }
            self.tell(
                diagnostic
                    .help("choose another `subnet`, or write `via: private` or `via: on_premises` if the service is in a network of yours"),
            );
        }
    }

    /// Whether an app runs in a region.
    pub(super) fn runs_in(&self, app: &App, region: &Region) -> bool {
        let words: Vec<&str> = app.regions.values().map(|name| name.as_str()).collect();
        match words[..] {
            [] if app.schedule.get().is_some() || app.run.get().is_some() => region.primary,
            [] | ["all"] => true,
            ["primary"] => region.primary,
            _ => words.contains(&region.name.as_str()),
        }
    }
}
