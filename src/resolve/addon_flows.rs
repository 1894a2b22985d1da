//! The connections of the programs of the add-ons that a region installs: with the API server, with each other, and with what is outside of the cluster.
//!
//! Kubelets need no flow for their probes: a node reaches its own pods whatever policies say ("Network Policies" in the Kubernetes documentation).

use super::EnvironmentResolver;
use super::flows::{api_server, credentials};
use crate::kinds::Operator;
use crate::model::{Addon, AddonChart, Controller, Entrance, Flow, Peer, Platform, Region};
use crate::provider::Provider;
use crate::value::{Cidr, HostAddress, NetworkPort, NetworkPorts, SecretStore, Via};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The port of a kubelet, which metrics-server asks.
const KUBELET: u16 = 10250;

/// The ports of every Gateway: requests, which are sent on to the other port, and connections with TLS.
const OF_GATEWAYS: [u16; 2] = [80, 443];

/// Proxies listen above the ports that need a right of the system (`servicePortToContainerPort` in `internal/gatewayapi/listener.go` of Envoy Gateway 1.9).
const FIRST_FREE: u16 = 1024;
const SHIFT: u16 = 10_000;

/// Who is called, at which ports, and why.
type Call = (Peer, NetworkPorts, String);

impl EnvironmentResolver<'_> {
    /// The connections of the programs of a region's charts, but those of the monitoring.
    pub(super) fn flows_of_addons(&self, platform: &Platform, region: &Region) -> Vec<Flow> {
        let mut flows = Vec::new();
        let (cidrs, api) = api_server(region);
        let server = || Peer::Cluster { cidrs: cidrs.clone() };
        for chart in &region.charts {
            let Some(addon) = chart.addon.filter(|addon| *addon != AddonChart::Monitoring) else { continue };
            let mut add = |from: Peer, (to, ports, why): Call| flows.push(Flow { from, to, ports, why, span: chart.span });
            for program in addon.programs().iter().copied() {
                let peer = || Peer::Addon(program);
                if program != Addon::Gateway {
                    add(peer(), (server(), api.clone(), format!("{} uses the Kubernetes API", program.name())));
                }
                if let Some((port, why)) = webhook(program) {
                    add(server(), (peer(), NetworkPort::tcp(port).into(), why.to_owned()));
                }
                // The monitoring knows the proxies, whoever makes them.
                if let Some((port, _)) = program.metrics().filter(|_| program != Addon::Gateway && region.is_monitored()) {
                    let why = format!("Prometheus reads the metrics of {}", program.name());
                    add(Peer::Addon(Addon::Monitoring), (peer(), NetworkPort::tcp(port).into(), why));
                }
                for call in self.calls(platform, region, program) {
                    add(peer(), call);
                }
            }
            for (from, to, port, why) in between(addon) {
                add(Peer::Addon(from), (Peer::Addon(to), NetworkPort::tcp(port).into(), why.to_owned()));
            }
            if addon == AddonChart::Gateway {
                for (via, ports) in entrances(region) {
                    let why = format!("the {} Gateways take connections", via.name());
                    let (from, to) = (clients(region, via), Peer::Addon(Addon::Gateway));
                    flows.push(Flow { from, to, ports, why, span: chart.span });
                }
            }
        }
        flows.extend(flows_of_identities(region));
        flows
    }

    /// What a program calls outside of the cluster. Backups of databases are not among it: their servers copy them, and the plugin tells them how.
    /// Neither is DNS: cert-manager asks the name servers of the cluster whether a record is there, as its values say.
    fn calls(&self, platform: &Platform, region: &Region, program: Addon) -> Vec<Call> {
        let vault = program == Addon::ExternalSecrets && platform.secrets.store == SecretStore::Vault;
        if vault {
            return self.calls_of_vault(region);
        }
        let (authorities, services): (bool, &[&str]) = match program {
            Addon::LoadBalancers => (false, &["ec2", "elasticloadbalancing"]),
            // Records of DNS are made at one address for all regions, which no network has a private endpoint for.
            Addon::CertManager => (true, &["route53"]),
            Addon::ExternalDns => (false, &["route53"]),
            Addon::ExternalSecrets => (false, &["secretsmanager", "sts"]),
            Addon::Autoscaler => (false, &["autoscaling", "ec2", "eks"]),
            _ => return Vec::new(),
        };
        let mut all = Vec::new();
        let mut call = |name: &str, cidrs: Vec<Cidr>| {
            let why = format!("{} calls {name}", program.name());
            let to = Peer::Outside { name: name.to_owned(), cidrs, app: None, gateway: false };
            all.push((to, NetworkPort::tcp(443).into(), why));
        };
        let network = region.network.as_ref().filter(|_| region.provider == Provider::Aws);
        let is_private = |service: &str| network.is_some_and(|network| network.endpoint_services.iter().any(|one| one.name == service));
        let (private, public): (Vec<&str>, Vec<&str>) = services.iter().copied().partition(|service| is_private(service));
        if let Some(network) = network.filter(|_| !private.is_empty()) {
            call("the private endpoints of the cloud", network.endpoints.iter().map(|range| range.cidr).collect());
        }
        match (authorities, public.is_empty()) {
            (true, false) => call("the certificate authority and the API of the cloud", Vec::new()),
            (true, true) => call("the certificate authority", Vec::new()),
            (false, false) => call("the API of the cloud", Vec::new()),
            (false, true) => {}
        }
        all
    }

    /// The calls of Vault, whose name may lead to any network.
    fn calls_of_vault(&self, region: &Region) -> Vec<Call> {
        let Some(address) = self.spec.secrets.at(|secrets| &secrets.vault).at(|vault| &vault.address).get() else { return Vec::new() };
        let ways = match address.host() {
            HostAddress::Ip(IpAddr::V4(host)) => vec![("Vault", vec![Cidr::around((*host).into(), 32)])],
            HostAddress::Ip(IpAddr::V6(_)) => Vec::new(),
            HostAddress::Domain(_) => vec![("Vault in a private network", region.inside.clone()), ("Vault on the internet", Vec::new())],
        };
        let call = |(name, cidrs): (&str, Vec<Cidr>)| {
            let to = Peer::Outside { name: name.to_owned(), cidrs, app: None, gateway: false };
            (to, NetworkPort::tcp(address.port().get()).into(), format!("{} calls {name}", Addon::ExternalSecrets.name()))
        };
        ways.into_iter().map(call).collect()
    }
}

/// The calls of controllers for the credentials of their identities.
fn flows_of_identities(region: &Region) -> Vec<Flow> {
    let of = |controller: &Controller| {
        let chart = region.chart(AddonChart::of(*controller)?)?;
        let program = chart.addon?.programs().first().copied()?;
        Some(credentials(Peer::Addon(program), program.name(), chart.span))
    };
    region.cluster.controllers.iter().filter_map(of).collect()
}

/// The ports at which the proxies of the Gateways listen, by load balancer.
fn entrances(region: &Region) -> BTreeMap<Via, NetworkPorts> {
    let mut all: BTreeMap<Via, BTreeSet<u16>> = BTreeMap::new();
    for workload in region.workloads.values() {
        for exposure in &workload.exposures {
            let own = if let Entrance::Tcp(port) = exposure.entrance { Some(port) } else { None };
            all.entry(exposure.via).or_default().extend(OF_GATEWAYS.into_iter().chain(own));
        }
        for redirect in &workload.redirects {
            all.entry(redirect.via).or_default().extend(OF_GATEWAYS);
        }
    }
    let listened = |port: u16| NetworkPort::tcp(if port < FIRST_FREE { port + SHIFT } else { port });
    let ports = |(via, ports): (Via, BTreeSet<u16>)| {
        let mut ports = ports.into_iter().map(listened);
        Some((via, NetworkPorts::new(ports.next()?, ports)))
    };
    all.into_iter().filter_map(ports).collect()
}

/// Who calls the proxies of a Gateway: load balancers pass on the addresses of clients. The ranges of `from` are a matter of the routes, which know paths and
/// hosts. One policy selects the proxies of all Gateways; that nobody outside calls those of an internal one is the work of its load balancer, which has no
/// public address.
fn clients(region: &Region, via: Via) -> Peer {
    let (name, cidrs) = match via {
        Via::Public => ("clients of public Gateways", vec![Cidr::around(0, 0)]),
        Via::Internal => ("clients of internal Gateways", region.inside.clone()),
    };
    Peer::Outside { name: name.to_owned(), cidrs, app: None, gateway: false }
}

/// The port at which the API server calls a program, and why.
fn webhook(program: Addon) -> Option<(u16, &'static str)> {
    Some(match program {
        Addon::CertManagerWebhook => (10250, "the API server has certificates and issuers judged by the webhook of cert-manager"),
        Addon::ExternalSecretsWebhook => (10250, "the API server has secrets judged by the webhook of External Secrets Operator"),
        Addon::MetricsServer => (10250, "the API server asks metrics-server"),
        Addon::LoadBalancers => (9443, "the API server has objects judged by the webhook of the AWS Load Balancer Controller"),
        Addon::EnvoyGateway => (9443, "the API server tells Envoy Gateway the zone of a proxy"),
        Addon::Operator(Operator::CloudNativePg) => (9443, "the API server has databases judged by the webhook of CloudNativePG"),
        Addon::Operator(Operator::PerconaMysql) => (9443, "the API server has databases judged by the webhook of the operator"),
        _ => return None,
    })
}

/// The connections between programs of add-ons.
fn between(addon: AddonChart) -> Vec<(Addon, Addon, u16, &'static str)> {
    let postgres = Addon::Operator(Operator::CloudNativePg);
    match addon {
        AddonChart::Gateway => vec![(Addon::Gateway, Addon::EnvoyGateway, 18000, "proxies get their routes")],
        AddonChart::BarmanCloud => vec![(postgres, Addon::BarmanCloud, 9090, "CloudNativePG has backups made by the plugin")],
        AddonChart::Metrics => vec![(Addon::MetricsServer, Addon::Kubelet, KUBELET, "metrics-server asks kubelets")],
        _ => Vec::new(),
    }
}
