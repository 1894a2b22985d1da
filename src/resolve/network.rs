//! `network`: the subnets of an environment, and the networks of its regions with the addresses that were planned for them.

use super::EnvironmentResolver;
use super::provenance::Origin;
use super::regions::{RegionSpec, short_zone};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::lock::{Key, Purpose};
use crate::model::{Network, NetworkSubnet, ZoneRange};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{Egress, Spec};
use crate::syntax::Field;
use crate::value::{Cidr, Name};
use std::net::Ipv4Addr;
use std::rc::Rc;

/// The name of the subnet if the spec declares none.
const DEFAULT_SUBNET: &str = "general";

/// Ranges that no network may use, with their purpose.
const NEVER_OURS: [(&str, &str); 5] = [
    ("0.0.0.0/8", "this network (RFC 1122)"),
    ("127.0.0.0/8", "loopback (RFC 1122)"),
    ("169.254.0.0/16", "link-local addresses (RFC 3927)"),
    ("224.0.0.0/4", "multicast (RFC 5771)"),
    ("240.0.0.0/4", "reserved addresses (RFC 1112)"),
];

/// A subnet as the spec declares it.
pub(super) struct SubnetSpec {
    pub(super) name: Name,
    pub(super) default: bool,
    pub(super) isolated: bool,
    pub(super) internet: bool,
    pub(super) cidr: Option<(Cidr, Span)>,
    pub(super) was: Option<Name>,
}

pub(super) fn subnets(spec: &Spec) -> Vec<SubnetSpec> {
    let declared = spec.network.at(|network| &network.subnets);
    if declared.keys().next().is_none() {
        let default = |name| SubnetSpec { name, default: true, isolated: false, internet: true, cidr: None, was: None };
        return DEFAULT_SUBNET.parse().map(default).into_iter().collect();
    }
    declared
        .entries()
        .map(|(name, _, subnet)| SubnetSpec {
            name: name.clone(),
            default: subnet.default.is_true(),
            isolated: subnet.isolated.is_true(),
            internet: subnet.egress.get() != Some(&Egress::None),
            cidr: subnet.cidr.spanned().map(|(cidr, span)| (*cidr, span)),
            was: subnet.renamed_from.get().cloned(),
        })
        .collect()
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
        let premises = self.spec.network.at(|network| &network.on_premises);
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
                        ranges: parts(subnet.name.as_str(), Key::subnet(environment, region, subnet.name.as_str()))?,
                    })
                })
                .collect::<Option<_>>()?,
            lb_public: purpose("lb-public", Purpose::PublicLoadBalancers).unwrap_or_default(),
            lb_internal: purpose("lb-internal", Purpose::InternalLoadBalancers)?,
            endpoints: purpose("endpoints", Purpose::Endpoints)?,
            transit: if premises.get().is_some() { purpose("transit", Purpose::Transit).unwrap_or_default() } else { Vec::new() },
            on_premises: premises.at(|premises| &premises.cidrs).values().copied().collect(),
        })
    }

    /// Checks the ranges of the network, and that one subnet is the default.
    pub(super) fn check_network(&mut self) {
        let spec = self.spec;
        self.check_default_subnet();
        let Some((network, at)) = spec.network.spanned() else { return };
        if self.on_a_cloud() {
            self.require(&network.cidr, "cidr", at);
        }
        let explicit = network.subnets.entries().filter_map(|(_, _, subnet)| subnet.cidr.spanned());
        let premises = network.on_premises.at(|premises| &premises.cidrs).items();
        for (cidr, at) in network.cidr.spanned().into_iter().chain(explicit).chain(premises) {
            let never = NEVER_OURS.iter().find(|(range, _)| range.parse::<Cidr>().is_ok_and(|range| range.overlaps(*cidr)));
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

/// Whether an address is loopback, link-local or reserved.
pub(super) fn is_inside(address: Ipv4Addr) -> bool {
    let ranges = NEVER_OURS.iter().filter_map(|(range, _)| range.parse::<Cidr>().ok());
    let one = Cidr::around(address.into(), 32);
    ranges.into_iter().any(|range| range.contains(one))
}
