//! Flows between workloads.

use super::EnvironmentResolver;
use super::consumer::{Consumer, Dependency, in_other_region};
use super::external::{Reach, private};
use super::names::{EntrySpec, Names};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Addon, Endpoint, Exposure, Flow, Peer, Placement, Region, ServicePort};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::App;
use crate::syntax::Field;
use crate::value::{Cidr, Name, NetworkPort, NetworkPorts, Protocol, Ref, RefKind, Via};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The address at which the agent for Pod Identity of EKS hands out credentials, on port 80 of every node.
const CREDENTIALS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 23);

/// The port of public addresses, at which the Gateways listen, and of API servers.
const HTTPS: NetworkPort = NetworkPort::tcp(443);

/// The ranges and ports at which pods reach the API server of the cluster.
///
/// Engines of network policies judge a packet either by the address of the Service `kubernetes`, the first of its range, or by that of the server,
/// which has private addresses in the network. Without a network of platgen neither is known: then the ranges are all private ones.
pub(super) fn api_server(region: &Region) -> (Vec<Cidr>, NetworkPorts) {
    match &region.network {
        Some(network) => {
            let service = network.services.address(1).map(|address| Cidr::around(address.into(), 32));
            (service.into_iter().chain([network.cidr]).collect(), HTTPS.into())
        }
        None => api_server_of_kind(),
    }
}

/// The ranges and ports of an API server of which no address is known, as on a desktop.
pub(super) fn api_server_of_kind() -> (Vec<Cidr>, NetworkPorts) {
    (private().collect(), NetworkPorts::new(HTTPS, [NetworkPort::tcp(6443)]))
}

/// Whether a flow is the call for the credentials of an identity.
pub(super) fn is_credentials(flow: &Flow) -> bool {
    matches!(&flow.to, Peer::Cluster { cidrs } if *cidrs == [Cidr::around(CREDENTIALS.into(), 32)])
}

/// The call for the credentials of an identity on AWS.
pub(super) fn credentials(from: Peer, label: &str, span: Span) -> Flow {
    let to = Peer::Cluster { cidrs: vec![Cidr::around(CREDENTIALS.into(), 32)] };
    Flow { from, to, ports: NetworkPort::tcp(80).into(), why: format!("{label} gets the credentials of its identity"), span }
}

/// The flows in order: each port of a callee once, and the ports of one dependency in one flow.
pub(super) fn unite(mut flows: Vec<Flow>) -> Vec<Flow> {
    flows.sort();
    let mut all: Vec<Flow> = Vec::new();
    for flow in flows {
        let others = all.iter().rposition(|known| (&known.from, &known.to) != (&flow.from, &flow.to)).map_or(0, |last| last + 1);
        let known = all.get_mut(others..).unwrap_or_default();
        let Some(ports) = flow.ports.without(|port| known.iter().any(|known| known.ports.contains(port))) else { continue };
        match known.iter_mut().find(|known| known.why == flow.why && known.span == flow.span) {
            Some(same) => same.ports.extend(ports),
            None => all.push(Flow { ports, ..flow }),
        }
    }
    all
}

impl EnvironmentResolver<'_> {
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

    /// The dependencies that `needs` declares.
    pub(super) fn needs<'n>(&mut self, needs: &Field<Vec<Field<Ref>>>, consumer: &mut Consumer<'n>) -> Vec<Dependency<'n>> {
        let mut all = Vec::new();
        for (reference, at) in needs.items() {
            let Some(entry) = self.lookup(consumer.names, reference, consumer.namespace, at) else { continue };
            if !entry.rendered {
                self.left_out(entry, at, "`needs`", consumer);
                continue;
            }
            if entry.kind == RefKind::Bucket && !self.uses_bucket((entry, reference), (at, at), "`needs`", consumer) {
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
        metrics: &[(Endpoint, Span)],
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
            flows.push(Flow { from, to: to.clone(), ports: exposure.target.into(), why, span: exposure.span });
        }
        if let Some(span) = consumer.entry.kubernetes().span() {
            let (cidrs, ports) = api_server(consumer.region);
            let why = format!("{} uses the Kubernetes API", consumer.label);
            flows.push(Flow { from: to.clone(), to: Peer::Cluster { cidrs }, ports, why, span });
        }
        let identity = match &consumer.entry.spec {
            EntrySpec::App(app) => app.identity.at(|identity| &identity.aws).span(),
            EntrySpec::Store(_) | EntrySpec::External | EntrySpec::Other => None,
        };
        let bucket = consumer.buckets.values().map(|(_, at)| *at).next();
        if let (Provider::Aws, Some(span)) = (consumer.region.provider, identity.or(bucket)) {
            flows.push(credentials(consumer.peer(), &consumer.label, span));
        }
        if let Some(((first, span), others)) = metrics.split_first() {
            let why = format!("{} has metrics", consumer.label);
            let port = |endpoint: &Endpoint| NetworkPort::tcp(endpoint.number);
            let ports = NetworkPorts::new(port(first), others.iter().map(|(endpoint, _)| port(endpoint)));
            flows.push(Flow { from: Peer::Addon(Addon::Monitoring), to, ports, why, span: *span });
        }
        flows
    }

    /// Warns of an app with several pods that others call by gRPC through the address of its Service. The address is chosen once for each connection,
    /// and a client of gRPC keeps one connection for all calls.
    pub(super) fn check_balance(&mut self, names: &Names, region: &Region) {
        let calls_by_grpc = |flow: &Flow| {
            let (_, callee) = (region.workload_of(&flow.from)?, region.workload_of(&flow.to)?);
            let mut grpc = callee.service.iter().flat_map(|service| &service.ports).filter(|port| port.protocol == Some(Protocol::Grpc));
            let is_called = |port: &ServicePort| flow.ports.contains(&NetworkPort::tcp(port.target));
            (callee.replicas.1 > 1 && grpc.any(is_called)).then_some(callee.span)
        };
        let called: BTreeSet<Span> = region.flows.iter().filter_map(calls_by_grpc).collect();
        for entry in names.iter().filter(|entry| called.contains(&entry.key) && entry.headless().is_missing()) {
            let message = format!("each client of `{}` sends all its calls to one pod: gRPC keeps one connection", entry.display());
            let help = "write `headless: true` if the clients balance over all addresses of the name, else `headless: false`";
            self.tell(Diagnostic::new(Code::UnbalancedCalls, message).at(entry.key).help(help));
        }
    }

    /// The flows of a workload's or a chart's dependencies in its region.
    pub(super) fn flows_of(&mut self, consumer: &Consumer<'_>, placement: &Placement, needs: &[Dependency<'_>]) -> Vec<Flow> {
        let from = consumer.peer();
        let mut flows = Vec::new();
        for need in needs {
            let entry = need.entry;
            let mut why = format!("{} calls {}", consumer.label, entry.display());
            if let Some(outside) = &entry.outside {
                let Reach { cidrs, internet } = self.reach(outside, consumer.region);
                // S3 has a gateway endpoint in every network.
                let gateway = entry.kind == RefKind::Bucket && consumer.region.primary;
                if internet && !gateway {
                    self.way_out(consumer, placement, entry.kind, &entry.display(), need.at);
                }
                self.has_ranges(outside, &entry.display(), consumer.region);
                if outside.is_anywhere() {
                    why = format!("{why} (no cidrs: every address of its network)");
                }
                if let Some(reason) = &outside.reason {
                    why = format!("{why}: {reason}");
                }
                let to = Peer::Outside { name: entry.display(), cidrs, app: None, gateway };
                flows.push(Flow { from: from.clone(), to, ports: need.target.into(), why, span: need.at });
                continue;
            }
            let to = match (&entry.spec, &entry.namespace) {
                _ if entry.is_managed() => match self.managed_peer(entry, consumer.region) {
                    Some(peer) => peer,
                    None => continue,
                },
                (EntrySpec::App(app), Some(namespace)) => {
                    if !self.runs_in(app, consumer.region) {
                        let message =
                            format!("`{}` does not run in `{}`, where {} does", entry.display(), consumer.region.name, consumer.label);
                        let diagnostic = Diagnostic::new(Code::AbsentInRegion, message).at(need.at).related(entry.key, "declared here");
                        self.tell(diagnostic.help("run both in the same `regions`"));
                        continue;
                    }
                    entry.peer(consumer.region, namespace)
                }
                (_, Some(namespace)) => entry.peer(consumer.region, namespace),
                _ => continue,
            };
            flows.push(Flow { from: from.clone(), to, ports: need.target.into(), why, span: need.at });
        }
        for (app, via, at) in &consumer.public {
            let cidrs = match via {
                Via::Public => Vec::new(),
                Via::Internal => match &consumer.region.network {
                    Some(network) => network.lb_internal.iter().map(|range| range.cidr).collect(),
                    None => self.private_ranges(),
                },
            };
            let name = format!("the public address of {}", app.display());
            if *via == Via::Public {
                self.way_out(consumer, placement, RefKind::App, &name, *at);
            }
            let why = format!("{} calls {name}", consumer.label);
            let to = Peer::Outside { name, cidrs, app: app.workload_key(), gateway: false };
            flows.push(Flow { from: from.clone(), to, ports: HTTPS.into(), why, span: *at });
        }
        flows
    }

    /// Reports a call to the internet from a subnet without a route to it.
    fn way_out(&mut self, consumer: &Consumer<'_>, placement: &Placement, kind: RefKind, called: &str, at: Span) {
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
            self.tell(diagnostic.help(match kind {
                RefKind::Bucket => "choose another `subnet`, or run it in the region of the bucket alone, with `regions`",
                _ => "choose another `subnet`, or write `via: private` or `via: on_premises` if the service is in a network of yours",
            }));
        }
    }

    /// Whether an app runs in a region.
    pub(super) fn runs_in(&self, app: &App, region: &Region) -> bool {
        let words: Vec<&str> = app.regions.values().map(|name| name.as_str()).collect();
        match words[..] {
            [] if !app.schedule.is_missing() || !app.run.is_missing() => region.primary,
            [] | ["all"] => true,
            ["primary"] => region.primary,
            _ => words.contains(&region.name.as_str()),
        }
    }
}
