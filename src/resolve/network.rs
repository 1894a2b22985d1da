//! `network`: the subnets of an environment, and the networks of its regions with the addresses that were planned for them.

use super::EnvironmentResolver;
use super::provenance::Origin;
use super::regions::RegionSpec;
use super::reserved::RANGES;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::{SERVICES, Service};
use crate::model::lock::{Key, Purpose};
use crate::model::{Network, NetworkSubnet, PrivateService, ZoneRange, short_zone};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{Egress, Spec, Subnet};
use crate::syntax::Field;
use crate::value::{Cidr, DnsFirewall, Duration, EndpointSet, Name, NatGateways};
use std::rc::Rc;

/// The name of the subnet if the spec declares none.
const DEFAULT_SUBNET: &str = "general";

/// The retentions that CloudWatch Logs offers, in days.
const RETENTIONS: [u32; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A subnet as the spec declares it.
pub(super) struct SubnetSpec {
    pub(super) name: Name,
    pub(super) default: bool,
    pub(super) isolated: bool,
    pub(super) internet: bool,
    /// Whether nodes reach the cloud and their images through private endpoints alone.
    pub(super) private: bool,
    pub(super) cidr: Option<(Cidr, Span)>,
    pub(super) was: Option<Name>,
}

/// Whether the nodes of a subnet are tainted: the subnet is isolated, or has no route to the internet and is not the default. Pods that name no subnet
/// would reach neither their images nor the cluster's services there.
fn tainted(subnet: &Subnet) -> bool {
    subnet.isolated.is_true() || (subnet.egress.get() == Some(&Egress::None) && !subnet.default.is_true())
}

/// The services with private endpoints in a network.
fn services(place: &RegionSpec, set: EndpointSet, subnets: &[SubnetSpec]) -> Vec<PrivateService> {
    let private = subnets.iter().any(|subnet| subnet.private);
    let has = |service: &&Service| set == EndpointSet::All || (private && service.needed);
    let service = |service: &Service| PrivateService { name: service.name, host: service.host(place.name.as_str()) };
    SERVICES.iter().filter(|_| place.provider == Provider::Aws).filter(has).map(service).collect()
}

/// The subnets of an environment.
pub(super) fn subnets(spec: &Spec) -> Vec<SubnetSpec> {
    let declared = spec.network.at(|network| &network.subnets);
    if declared.keys().next().is_none() {
        let default = |name| SubnetSpec { name, default: true, isolated: false, internet: true, private: false, cidr: None, was: None };
        return DEFAULT_SUBNET.parse().map(default).into_iter().collect();
    }
    // Isolated nodes need the internet for images alone, unless a flow says more.
    let copies = spec.cluster.at(|cluster| &cluster.registry).at(|registry| &registry.mirror).is_true();
    let subnet = |name: &Name, subnet: &Subnet| {
        let internet = subnet.egress.get() != Some(&Egress::None);
        SubnetSpec {
            name: name.clone(),
            default: subnet.default.is_true(),
            isolated: tainted(subnet),
            internet,
            private: !internet || (copies && subnet.isolated.is_true()),
            cidr: subnet.cidr.spanned().map(|(cidr, span)| (*cidr, span)),
            was: subnet.renamed_from.get().cloned(),
        }
    };
    declared.entries().map(|(name, _, declared)| subnet(name, declared)).collect()
}

impl EnvironmentResolver<'_> {
    /// The origin of the subnet of pools and entries that name none.
    pub(super) fn default_subnet(&self) -> &'static str {
        if self.spec.network.at(|network| &network.subnets).keys().next().is_some() {
            "network.subnets: the default one"
        } else {
            "the only subnet: none is declared"
        }
    }

    /// A planned range. Records the range under `addresses.REGION.NAME`.
    fn range(&self, region: &str, name: &str, key: Key) -> Option<Cidr> {
        let cidr = self.plan.get(&key)?;
        self.record(|| (format!("addresses.{region}.{name}"), cidr, Origin::Lock(key)));
        Some(cidr)
    }

    /// The network of a region. `None` if platgen creates no networks for the provider, or if a range is missing, which the address plan reports.
    pub(super) fn network(&self, spec: &RegionSpec, subnets: &[SubnetSpec]) -> Option<Network> {
        let (environment, region) = (self.environment.as_str(), spec.name.as_str());
        let zonal = spec.provider == Provider::Aws;
        let parts = |name: &str, key: Key| -> Option<Vec<ZoneRange>> {
            if !zonal {
                let range = self.range(region, name, key);
                return Some(range.map(|cidr| ZoneRange { zone: String::new(), cidr }).into_iter().collect());
            }
            let zones = spec.zones.iter().map(|zone| {
                let cidr = self.range(region, &format!("{name}.{zone}"), key.part(&short_zone(region, zone)))?;
                Some(ZoneRange { zone: zone.clone(), cidr })
            });
            zones.collect()
        };
        let purpose = |name: &str, purpose: Purpose| parts(name, Key::purpose(environment, region, purpose));
        let settings = &self.spec.network;
        let premises = settings.at(|network| &network.on_premises);
        let (nat, endpoints, logs) =
            (settings.at(|network| &network.nat), settings.at(|network| &network.endpoints), settings.at(|network| &network.flow_logs));
        let firewall = settings.at(|network| &network.dns_firewall);
        let protected = self.own_environment().is_some_and(|environment| environment.protected.is_true());
        let (default_nat, default_endpoints, days) =
            if protected { (NatGateways::PerZone, EndpointSet::All, 365) } else { (NatGateways::One, EndpointSet::Needed, 30) };
        let by_default = |missing: bool, key: &str, value: &str| {
            if missing {
                self.record(|| (format!("regions.{region}.{key}"), value, format!("environments.{environment}.protected")));
            }
        };
        by_default(nat.is_missing(), "nat", if protected { "per-zone" } else { "one" });
        by_default(endpoints.is_missing(), "endpoints", if protected { "all" } else { "needed" });
        by_default(logs.is_missing(), "flow_logs", &format!("{days}d"));
        let default_firewall = if protected { DnsFirewall::Block } else { DnsFirewall::None };
        by_default(firewall.is_missing(), "dns_firewall", default_firewall.name());
        for subnet in subnets.iter().filter(|subnet| subnet.private) {
            let declared = format!("network.subnets.{}", subnet.name);
            let from =
                if subnet.internet { format!("{declared}.isolated and cluster.registry.mirror") } else { format!("{declared}.egress") };
            self.record(|| (format!("regions.{region}.subnets.{}.private", subnet.name), true, from));
        }
        Some(Network {
            cidr: self.range(region, "vpc", Key::vpc(environment, region))?,
            pods: self.range(region, "pods", Key::pods(environment, region))?,
            pod_zones: if zonal { parts("pods", Key::pods(environment, region))? } else { Vec::new() },
            services: self.range(region, "services", Key::services(environment, region))?,
            subnets: subnets
                .iter()
                .map(|subnet| {
                    Some(NetworkSubnet {
                        name: subnet.name.clone(),
                        renamed_from: subnet.was.clone(),
                        default: subnet.default,
                        isolated: subnet.isolated,
                        internet: subnet.internet,
                        private: subnet.private,
                        ranges: parts(subnet.name.as_str(), Key::subnet(environment, region, subnet.name.as_str()))?,
                    })
                })
                .collect::<Option<_>>()?,
            lb_public: purpose("lb-public", Purpose::PublicLoadBalancers).unwrap_or_default(),
            lb_internal: purpose("lb-internal", Purpose::InternalLoadBalancers)?,
            endpoints: purpose("endpoints", Purpose::Endpoints)?,
            transit: if premises.get().is_some() { purpose("transit", Purpose::Transit).unwrap_or_default() } else { Vec::new() },
            on_premises: premises.at(|premises| &premises.cidrs).values().copied().collect(),
            vpn: self.vpn(region, spec.provider),
            nat: nat.get().copied().unwrap_or(default_nat),
            endpoint_services: services(spec, endpoints.get().copied().unwrap_or(default_endpoints), subnets),
            dns_firewall: firewall.get().copied().unwrap_or(default_firewall),
            flow_log_days: logs.get().and_then(|kept| whole_days(*kept)).unwrap_or(days),
        })
    }

    /// Checks the ranges of the network, and that one subnet is the default.
    pub(super) fn check_network(&mut self) {
        let spec = self.spec;
        self.check_default_subnet();
        self.check_premises();
        let Some((network, at)) = spec.network.spanned() else { return };
        if self.on_a_cloud() {
            self.require(&network.cidr, "cidr", at);
        }
        if let Some((kept, at)) = network.flow_logs.spanned().filter(|_| self.on_aws()) {
            let days = whole_days(*kept).unwrap_or_default();
            if !RETENTIONS.contains(&days) {
                let message = format!("CloudWatch Logs has no retention of `{kept}`");
                let longer = RETENTIONS.iter().find(|one| **one > days).unwrap_or(&RETENTIONS[0]);
                self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(format!("the next longer one is `{longer}d`")));
            }
        }
        let explicit = network.subnets.entries().filter_map(|(_, _, subnet)| subnet.cidr.spanned());
        let premises = network.on_premises.at(|premises| &premises.cidrs).items();
        for (cidr, at) in network.cidr.spanned().into_iter().chain(explicit).chain(premises) {
            let never = RANGES.iter().find(|(range, _)| range.parse::<Cidr>().is_ok_and(|range| range.overlaps(*cidr)));
            if let Some((range, whose)) = never {
                let message = format!("`{cidr}` overlaps `{range}`, which is reserved for {whose}");
                let diagnostic = Diagnostic::new(Code::InvalidValue, message).at(at);
                self.tell(diagnostic.help("choose a private range, such as one of `10.0.0.0/8`"));
            }
        }
    }

    /// Exactly one subnet is the default.
    fn check_default_subnet(&mut self) {
        let subnets = Rc::clone(&self.subnets);
        let declared = self.spec.network.at(|network| &network.subnets);
        let defaults: Vec<&SubnetSpec> = subnets.iter().filter(|subnet| subnet.default).collect();
        match (&defaults[..], declared.get()) {
            ([_], _) => {}
            ([], Some(all)) if all.set().any(|(_, _, subnet)| matches!(subnet.default, Field::Bad(_))) => {}
            ([], Some(all)) => {
                let at = all.iter().next().map(|(_, span, _)| span);
                let diagnostic = Diagnostic::new(Code::MissingField, "no subnet is the default");
                self.tell(Diagnostic { span: at, ..diagnostic.help("add `default: true` to the subnet of apps that set no `subnet`") });
            }
            ([first, second, ..], Some(_)) => {
                let place = |subnet: &SubnetSpec| declared.value(subnet.name.as_str()).and_then(|subnet| subnet.default.span());
                if let Some(at) = place(second) {
                    let message = format!("two subnets are the `default`: `{}` and `{}`", first.name, second.name);
                    self.contradiction(message, at, place(first));
                }
            }
            _ => {}
        }
    }
}

/// The number of days of a duration. `None` if the duration is not a whole number of days.
fn whole_days(duration: Duration) -> Option<u32> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    duration.millis().is_multiple_of(DAY).then(|| u32::try_from(duration.millis() / DAY).ok()).flatten()
}
