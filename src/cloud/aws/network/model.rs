//! A region of the resolved platform -> [`Network`].

use super::{Class, Exit, Flow, Network, Protocol, State, Subnet, Use};
use crate::model::{Flow as Need, NetworkSubnet, Peer, Platform, Region, Via, ZoneRange};
use crate::value::{Cidr, Name};

impl Network {
    /// The network of a region, with the state where `state` says; none where the region has no network or no account of ours.
    /// `owns_account` says that no other environment has networks in the same account and region.
    pub fn new(platform: &Platform, region: &Region, state: State, owns_account: bool) -> Option<Network> {
        let (network, account) = (region.network.as_ref()?, region.account.clone()?);
        let zonal = |purpose: Use, ranges: &[ZoneRange]| {
            let subnet = |range: &ZoneRange| Subnet { purpose: purpose.clone(), zone: range.zone.clone(), cidr: range.cidr };
            ranges.iter().map(subnet).collect::<Vec<_>>()
        };
        let classes: Vec<Class> = network.subnets.iter().map(class).collect();
        let public_entry =
            region.workloads.values().flat_map(|workload| &workload.exposures).any(|exposure| matches!(exposure.via, Via::Public));
        let mut subnets: Vec<Subnet> =
            network.subnets.iter().flat_map(|subnet| zonal(Use::Nodes(subnet.name.to_string()), &subnet.ranges)).collect();
        subnets.extend(zonal(Use::InternalLoadBalancers, &network.lb_internal));
        subnets.extend(zonal(Use::Endpoints, &network.endpoints));
        subnets.extend(zonal(Use::Transit, &network.transit));
        // Without a way in and a way out there is nothing that a public subnet could hold.
        if public_entry || classes.iter().any(|class| class.internet) {
            subnets.extend(zonal(Use::PublicLoadBalancers, &network.lb_public));
        }
        let (flows, exits) = needs(region, &classes);
        Some(Network {
            platform: platform.name.to_string(),
            owner: platform.owner.to_string(),
            labels: platform.labels.clone(),
            environment: platform.environment.to_string(),
            region: region.name.to_string(),
            account,
            state,
            protected: platform.protected,
            owns_account,
            public_entry,
            vpc: network.cidr,
            pods: network.pods,
            zones: region.zones.clone(),
            subnets,
            classes,
            flows,
            exits,
        })
    }
}

fn class(subnet: &NetworkSubnet) -> Class {
    Class {
        name: subnet.name.to_string(),
        renamed_from: subnet.renamed_from.as_ref().map(ToString::to_string),
        default: subnet.default,
        internet: subnet.internet,
    }
}

/// What needs open between classes, and from classes to ranges outside.
fn needs(region: &Region, classes: &[Class]) -> (Vec<Flow>, Vec<Exit>) {
    let services = classes.iter().find(|class| class.default).map(|class| class.name.as_str());
    let homes = |peer: &Peer| -> Vec<&str> {
        match peer {
            Peer::Workload { .. } => {
                let workload = region.workload_of(peer);
                workload.into_iter().flat_map(|workload| &workload.placement.subnets).map(Name::as_str).collect()
            }
            // Cluster services, which stand in the default class.
            Peer::Addon(_) => services.into_iter().collect(),
            Peer::Outside { .. } => Vec::new(),
        }
    };
    let mut flows = Vec::new();
    // Images that no mirror holds, and the cloud's services without an endpoint.
    let mut exits: Vec<Exit> =
        classes.iter().filter(|class| class.internet).map(|class| internet(&class.name, 443, "HTTPS to the internet")).collect();
    for (need, from) in region.flows.iter().flat_map(|need| homes(&need.from).into_iter().map(move |from| (need, from))) {
        if let Peer::Outside { name, cidrs } = &need.to {
            // A class without a way to the internet has no hole for it either.
            let open = classes.iter().any(|class| class.name == from && class.internet);
            exits.extend(outside(from, name, cidrs, need).filter(|exit| open || exit.cidr.prefix() > 0));
        }
        for to in homes(&need.to) {
            let flow = |port: &u16| Flow {
                from: from.to_owned(),
                to: to.to_owned(),
                protocol: Protocol::Tcp,
                port: *port,
                description: need.why.clone(),
            };
            flows.extend(need.ports.iter().map(flow));
        }
    }
    (flows, exits)
}

fn internet(from: &str, port: u16, why: &str) -> Exit {
    let everywhere = Cidr::around(0, 0);
    Exit { from: from.to_owned(), name: "internet".into(), cidr: everywhere, protocol: Protocol::Tcp, port, description: why.to_owned() }
}

fn outside<'a>(from: &'a str, name: &'a str, cidrs: &'a [Cidr], need: &'a Need) -> impl Iterator<Item = Exit> + 'a {
    need.ports.iter().flat_map(move |port| {
        let known = cidrs.iter().map(move |cidr| {
            let name = if cidrs.len() == 1 { name.to_owned() } else { format!("{name} {cidr}") };
            Exit { from: from.to_owned(), name, cidr: *cidr, protocol: Protocol::Tcp, port: *port, description: need.why.clone() }
        });
        known.chain(cidrs.is_empty().then(|| internet(from, *port, &need.why)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Cluster, OnPremises, Secrets};
    use crate::provider::Provider;
    use crate::value::{PolicyEngine, SecretStore};

    fn zones(base: &str) -> Vec<ZoneRange> {
        ["a", "b"]
            .iter()
            .enumerate()
            .map(|(index, short)| ZoneRange {
                zone: format!("eu-west-1{short}"),
                short: short.to_string(),
                cidr: format!("{base}.{}.0/24", index).parse().unwrap(),
            })
            .collect()
    }

    fn platform() -> (Platform, Region) {
        let subnet = |name: &str, default: bool, internet: bool, base: &str| NetworkSubnet {
            renamed_from: None,
            name: name.parse().unwrap(),
            default,
            isolated: false,
            internet,
            ranges: zones(base),
        };
        let network = model::Network {
            cidr: "10.0.0.0/8".parse().unwrap(),
            pods: "100.64.0.0/16".parse().unwrap(),
            pod_zones: zones("100.64"),
            services: "172.20.0.0/16".parse().unwrap(),
            subnets: vec![subnet("general", true, true, "10.1"), subnet("data", false, false, "10.2")],
            lb_public: zones("10.3"),
            lb_internal: zones("10.4"),
            endpoints: zones("10.5"),
            transit: Vec::new(),
            on_premises: None::<OnPremises>,
        };
        let outside = |name: &str, cidrs: &[&str]| Need {
            from: Peer::Addon(model::Addon::Gateway),
            to: Peer::Outside { name: name.into(), cidrs: cidrs.iter().map(|cidr| cidr.parse().unwrap()).collect() },
            ports: vec![8443],
            why: format!("needs external/{name}"),
            span: crate::source::Span::new(crate::source::FileId(0), 0..0),
        };
        let region = Region {
            name: "eu-west-1".parse().unwrap(),
            provider: Provider::Aws,
            zones: vec!["eu-west-1a".into(), "eu-west-1b".into()],
            account: Some("111111111111".into()),
            primary: true,
            network: Some(network),
            cluster: Cluster {
                name: "shop-dev-eu-west-1".into(),
                version: "1.35".parse().unwrap(),
                policy_engine: PolicyEngine::Native,
                mirror: None,
                pools: Vec::new(),
            },
            workloads: Default::default(),
            stores: Default::default(),
            flows: vec![outside("cards", &[]), outside("mainframe", &["192.168.0.0/24", "192.168.9.0/24"])],
        };
        let platform = Platform {
            name: "shop".parse().unwrap(),
            labels: Default::default(),
            environment: "dev".parse().unwrap(),
            protected: false,
            domain: "shop.example".parse().unwrap(),
            primary: "eu-west-1".parse().unwrap(),
            owner: "sre".parse().unwrap(),
            state_region: None,
            secrets: Secrets { store: SecretStore::Cloud, vault: None },
            groups: Vec::new(),
            namespaces: Default::default(),
            regions: Default::default(),
            patches: Vec::new(),
            manifests: Vec::new(),
            terraform: Vec::new(),
            waivers: Vec::new(),
        };
        (platform, region)
    }

    fn state() -> State {
        State { bucket: "b".into(), region: "eu-west-1".into(), key_alias: "k".into() }
    }

    #[test]
    fn every_range_of_the_plan_becomes_a_subnet() {
        let (platform, region) = platform();
        let network = Network::new(&platform, &region, state(), true).unwrap();
        let uses: Vec<&Use> = network.subnets.iter().map(|subnet| &subnet.purpose).collect();
        let (general, data) = (Use::Nodes("general".into()), Use::Nodes("data".into()));
        let expected = [&general, &data, &Use::InternalLoadBalancers, &Use::Endpoints, &Use::PublicLoadBalancers];
        assert_eq!(uses, expected.map(|purpose| [purpose; 2]).concat());
        assert!(!network.public_entry);
    }

    #[test]
    fn outside_needs_become_exits() {
        let (platform, mut region) = platform();
        let exits = |region: &Region| -> Vec<String> {
            let network = Network::new(&platform, region, state(), true).unwrap();
            network.exits.iter().map(|exit| format!("{} {} {} {}", exit.from, exit.name, exit.cidr, exit.port)).collect()
        };
        let on_premises = ["192.168.0.0/24", "192.168.9.0/24"].map(|cidr| format!("general mainframe {cidr} {cidr} 8443"));
        let internet = ["general internet 0.0.0.0/0 443".to_owned(), "general internet 0.0.0.0/0 8443".to_owned()];
        assert_eq!(exits(&region), [&internet[..], &on_premises[..]].concat());
        // Without a route there is no hole either, whatever is needed.
        region.network.as_mut().unwrap().subnets.iter_mut().for_each(|subnet| subnet.internet = false);
        assert_eq!(exits(&region), on_premises);
    }

    #[test]
    fn without_an_account_there_is_no_root() {
        let (platform, mut region) = platform();
        region.account = None;
        assert!(Network::new(&platform, &region, state(), true).is_none());
    }
}
