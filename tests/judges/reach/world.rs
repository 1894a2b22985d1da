//! The network of an environment as packets see it, read from the states of its roots: ranges, route tables, gateways, security groups, and the
//! network interfaces of nodes, pods, API servers and endpoints.
//!
//! Whatever the evaluator does not know is an error and never "no".

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::Value;

use crate::judges::iam::texts;
use crate::judges::judge::{list, words};
use crate::judges::lookup::finds;
use crate::judges::states::Resource;

/// An identifier of AWS.
pub type Id = String;

/// Types that carry no packet of a workload. A type that is neither here nor read below is an error: think first.
const QUIET: [&str; 15] = [
    "aws_autoscaling_",
    "aws_availability_zones",
    "aws_cloudwatch_",
    "aws_default_",
    "aws_ebs_",
    "aws_ec2_instance_metadata_defaults",
    "aws_ecr_",
    "aws_eks_",
    "aws_flow_log",
    "aws_iam_",
    "aws_kms_",
    "aws_route53_resolver_",
    "aws_s3_",
    "aws_vpc_peering_connection_options",
    "terraform_data",
];

/// Types that are read below.
const READ: [&str; 22] = [
    "aws_customer_gateway",
    "aws_eip",
    "aws_internet_gateway",
    "aws_launch_template",
    "aws_nat_gateway",
    "aws_route",
    "aws_route_table",
    "aws_route_table_association",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_block_public_access_exclusion",
    "aws_vpc_block_public_access_options",
    "aws_vpc_endpoint",
    "aws_vpc_ipv4_cidr_block_association",
    "aws_vpc_peering_connection",
    "aws_vpc_peering_connection_accepter",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpn_connection",
    "aws_vpn_connection_route",
    "aws_vpn_gateway",
];

/// A set of ports: protocol, first and last port. `-1` is every protocol, with all ports.
pub type Ports = Vec<(String, u16, u16)>;

/// A virtual network.
pub struct Vpc {
    /// Its region.
    pub region: String,
    /// Its ranges: nodes and pods.
    pub ranges: Vec<Ipv4Net>,
    /// Whether its resolver answers.
    pub resolver: bool,
    /// Whether names of endpoints lead to their private addresses.
    pub private_names: bool,
}

/// A subnet.
pub struct Subnet {
    pub vpc: Id,
    pub zone: String,
    pub range: Ipv4Net,
    /// Its routes, none for the table that AWS gives for want of another: it leads nowhere but to the VPC.
    pub table: Option<Id>,
    /// Whether traffic with the internet is blocked whatever the routes say, to the outside and from there.
    pub blocked: (bool, bool),
}

/// Where a route leads.
#[derive(Clone, Eq, PartialEq)]
pub enum Hop {
    Internet(Id),
    Nat(Id),
    Peering(Id),
    Vpn(Id),
}

/// A rule of a security group: whom it names, and the ports.
pub struct Rule {
    pub peer: Peer,
    pub ports: Ports,
}

/// Whom a rule names.
pub enum Peer {
    Range(Ipv4Net),
    Group(Id),
    PrefixList(Id),
}

/// A security group. It lets through what a rule names and nothing else.
#[derive(Default)]
pub struct Group {
    pub egress: Vec<Rule>,
    pub ingress: Vec<Rule>,
}

/// Something in a subnet that sends or takes packets.
#[derive(Clone)]
pub struct Interface {
    /// What the tables call it: a class of nodes, `api`, a service of AWS.
    pub name: String,
    /// Its place, for people.
    pub place: String,
    pub region: String,
    pub subnet: Id,
    pub address: Ipv4Addr,
    /// Its security groups; none for load balancers, whose groups the cluster makes: they may allow anything.
    pub groups: Option<Vec<Id>>,
    /// Whether it has a public address.
    pub public: bool,
    /// The node of a pod: packets that leave the VPC have its address, its group and its routes.
    pub node: Option<Box<Interface>>,
}

/// All of it.
pub struct World {
    pub vpcs: BTreeMap<Id, Vpc>,
    pub subnets: BTreeMap<Id, Subnet>,
    pub tables: BTreeMap<Id, BTreeMap<Ipv4Net, Hop>>,
    /// Prefix lists that a table leads to gateway endpoints, by table.
    pub gateways: BTreeMap<Id, Vec<Id>>,
    /// The services of gateway endpoints, by VPC and name: their prefix lists.
    pub prefix_lists: BTreeMap<(Id, String), Id>,
    pub internet: BTreeMap<Id, Id>,
    /// NAT gateways that have a public address: their subnets.
    pub nats: BTreeMap<Id, Id>,
    /// VPN gateways: VPC, and what they send into tunnels (none: what the other side announces).
    pub vpns: BTreeMap<Id, (Id, Option<Vec<Ipv4Net>>)>,
    /// Accepted peerings.
    pub peerings: BTreeMap<Id, [Id; 2]>,
    pub groups: BTreeMap<Id, Group>,
    pub interfaces: Vec<Interface>,
}

/// The identifiers that data sources stand for: each has to find exactly one thing that a network root makes.
fn found(resources: &[Resource]) -> Result<BTreeMap<Id, Id>, String> {
    let mut known: BTreeMap<Id, Id> = BTreeMap::new();
    // Networks first: the others are looked for inside of one.
    for kind in ["aws_vpc", "aws_subnet", "aws_security_group", "aws_route_table"] {
        for data in resources.iter().filter(|one| one.data && one.kind == kind) {
            let [one] = finds(data, resources, &known)?[..] else {
                return Err(format!("{}: {} does not find exactly one {kind}", data.root, data.address));
            };
            known.insert(data.text("id"), one.text("id"));
        }
    }
    // The two sides of a peering have one identifier.
    for side in resources.iter().filter(|one| one.kind == "aws_vpc_peering_connection_accepter") {
        known.insert(side.text("id"), side.text("vpc_peering_connection_id"));
    }
    Ok(known)
}

/// The value with the identifiers of data sources replaced, in texts that hold JSON as well.
fn replaced(value: &Value, known: &BTreeMap<Id, Id>) -> Value {
    match value {
        Value::String(text) if text.starts_with('{') => {
            known.iter().fold(text.clone(), |text, (from, to)| if text.contains(from) { text.replace(from, to) } else { text }).into()
        }
        Value::String(text) => known.get(text).unwrap_or(text).clone().into(),
        Value::Array(all) => all.iter().map(|one| replaced(one, known)).collect(),
        Value::Object(all) => all.iter().map(|(key, one)| (key.clone(), replaced(one, known))).collect(),
        other => other.clone(),
    }
}

fn range(text: &str) -> Result<Ipv4Net, String> {
    text.parse().map_err(|_| format!("`{text}` is no range"))
}

impl World {
    /// Reads resources of network, cluster and interconnect roots.
    pub fn new(resources: &[Resource]) -> Result<World, String> {
        let known = found(resources)?;
        let made: Vec<Resource> =
            resources.iter().filter(|one| !one.data).map(|one| Resource { values: replaced(&one.values, &known), ..one.clone() }).collect();
        let unknown = |one: &&Resource| !READ.contains(&&*one.kind) && !QUIET.iter().any(|quiet| one.kind.starts_with(quiet));
        if let Some(one) = made.iter().find(unknown) {
            return Err(format!("{}: the evaluator does not know what {} does to packets", one.root, one.address));
        }
        let of = |kind: &'static str| made.iter().filter(move |one| one.kind == kind);
        // A name that is refused by a list of people is not modelled; refusals of attacks concern no name that a platform uses.
        if let Some(rule) = of("aws_route53_resolver_firewall_rule").find(|rule| rule.values["dns_threat_protection"].is_null()) {
            return Err(format!("{}: the evaluator does not know which names {} refuses", rule.root, rule.address));
        }
        // Groups and tables have no rules and routes of their own, which the evaluator would not see. Invented values say that they are.
        for (one, key) in of("aws_security_group")
            .flat_map(|one| [(one, "ingress"), (one, "egress")])
            .chain(of("aws_route_table").map(|one| (one, "route")))
        {
            if list(&one.values[key]).iter().any(|inner| !inner.to_string().contains("\"stub-")) {
                return Err(format!("{}: {} has a {key} of its own", one.root, one.address));
            }
        }
        let mut world = World {
            vpcs: BTreeMap::new(),
            subnets: BTreeMap::new(),
            tables: of("aws_route_table").map(|one| (one.text("id"), BTreeMap::new())).collect(),
            gateways: BTreeMap::new(),
            prefix_lists: BTreeMap::new(),
            internet: of("aws_internet_gateway").map(|one| (one.text("id"), one.text("vpc_id"))).collect(),
            nats: BTreeMap::new(),
            vpns: BTreeMap::new(),
            peerings: BTreeMap::new(),
            groups: of("aws_security_group").map(|one| (one.text("id"), Group::default())).collect(),
            interfaces: Vec::new(),
        };
        world.networks(&made)?;
        world.routes(&made)?;
        world.rules(&made)?;
        super::interfaces::read(&mut world, &made)?;
        Ok(world)
    }

    fn networks(&mut self, made: &[Resource]) -> Result<(), String> {
        let of = |kind: &'static str| made.iter().filter(move |one| one.kind == kind);
        for vpc in of("aws_vpc") {
            let own = of("aws_vpc_ipv4_cidr_block_association").filter(|one| one.text("vpc_id") == vpc.text("id"));
            let ranges = own.chain([vpc]).map(|one| range(&one.text("cidr_block"))).collect::<Result<_, _>>()?;
            let (resolver, names) = (vpc.values["enable_dns_support"] == true, vpc.values["enable_dns_hostnames"] == true);
            self.vpcs.insert(vpc.text("id"), Vpc { region: vpc.text("region"), ranges, resolver, private_names: resolver && names });
        }
        for subnet in of("aws_subnet") {
            let id = subnet.text("id");
            let mut tables =
                of("aws_route_table_association").filter(|one| one.text("subnet_id") == id).map(|one| one.text("route_table_id"));
            let table = tables.next();
            let block = of("aws_vpc_block_public_access_options").find(|one| one.text("region") == subnet.text("region"));
            let exclusion = of("aws_vpc_block_public_access_exclusion").find(|one| one.text("subnet_id") == id);
            let exclusion = exclusion.map(|one| one.text("internet_gateway_exclusion_mode")).unwrap_or_default();
            let blocked = match block.map(|one| one.text("internet_gateway_block_mode")).as_deref() {
                None => (false, false),
                Some("block-bidirectional") => (!exclusion.starts_with("allow-"), exclusion != "allow-bidirectional"),
                Some(mode) => return Err(format!("the evaluator does not know the block mode `{mode}`")),
            };
            let (vpc, zone, range) = (subnet.text("vpc_id"), subnet.text("availability_zone"), range(&subnet.text("cidr_block"))?);
            self.subnets.insert(id, Subnet { vpc, zone, range, table, blocked });
        }
        for nat in of("aws_nat_gateway") {
            let address = nat.text("allocation_id");
            if nat.values["connectivity_type"] == "public" && of("aws_eip").any(|one| one.text("allocation_id") == address) {
                self.nats.insert(nat.text("id"), nat.text("subnet_id"));
            }
        }
        for gateway in of("aws_vpn_gateway") {
            let id = gateway.text("id");
            let mut sent: Option<Vec<Ipv4Net>> = Some(Vec::new());
            for connection in of("aws_vpn_connection").filter(|one| one.text("vpn_gateway_id") == id) {
                let routes = of("aws_vpn_connection_route").filter(|one| one.text("vpn_connection_id") == connection.text("id"));
                let routes = routes.map(|one| range(&one.text("destination_cidr_block"))).collect::<Result<Vec<_>, _>>()?;
                sent = sent.filter(|_| connection.values["static_routes_only"] == true).map(|sent| [sent, routes].concat());
            }
            self.vpns.insert(id, (gateway.text("vpc_id"), sent));
        }
        for peering in of("aws_vpc_peering_connection") {
            let accepted =
                |one: &Resource| one.text("vpc_peering_connection_id") == peering.text("id") && one.values["auto_accept"] == true;
            if of("aws_vpc_peering_connection_accepter").any(accepted) {
                self.peerings.insert(peering.text("id"), ["vpc_id", "peer_vpc_id"].map(|key| peering.text(key)));
            }
        }
        Ok(())
    }

    fn routes(&mut self, made: &[Resource]) -> Result<(), String> {
        let of = |kind: &'static str| made.iter().filter(move |one| one.kind == kind);
        for route in of("aws_route") {
            let (table, to) = (route.text("route_table_id"), range(&route.text("destination_cidr_block"))?);
            let [gateway, nat, peering] = ["gateway_id", "nat_gateway_id", "vpc_peering_connection_id"].map(|key| route.text(key));
            let hop = match (&*gateway, &*nat, &*peering) {
                (id, "", "") if self.internet.contains_key(id) => Hop::Internet(gateway),
                (id, "", "") if self.vpns.contains_key(id) => Hop::Vpn(gateway),
                ("", _, "") => Hop::Nat(nat),
                ("", "", _) => Hop::Peering(peering),
                _ => return Err(format!("{}: the evaluator does not know where {} leads", route.root, route.address)),
            };
            let routes = self.tables.get_mut(&table).ok_or_else(|| format!("{}: {} has no table", route.root, route.address))?;
            if routes.insert(to, hop).is_some() {
                return Err(format!("{}: {} is the second route of its table to {to}", route.root, route.address));
            }
        }
        for endpoint in of("aws_vpc_endpoint").filter(|one| one.values["vpc_endpoint_type"] == "Gateway") {
            let service = endpoint.text("service_name").rsplit('.').next().unwrap_or_default().to_owned();
            let prefixes = endpoint.text("prefix_list_id");
            for table in texts(&endpoint.values["route_table_ids"]) {
                self.gateways.entry(table).or_default().push(prefixes.clone());
            }
            self.prefix_lists.insert((endpoint.text("vpc_id"), service), prefixes);
        }
        Ok(())
    }

    fn rules(&mut self, made: &[Resource]) -> Result<(), String> {
        for rule in made.iter().filter(|one| one.kind.starts_with("aws_vpc_security_group_")) {
            let [cidr, group, prefixes] = ["cidr_ipv4", "referenced_security_group_id", "prefix_list_id"].map(|key| rule.text(key));
            let peer = match (&*cidr, &*group, &*prefixes) {
                (_, "", "") => Peer::Range(range(&cidr)?),
                ("", _, "") => Peer::Group(group),
                ("", "", _) => Peer::PrefixList(prefixes),
                _ => return Err(format!("{}: {} names several peers", rule.root, rule.address)),
            };
            let port = |key: &str| rule.values[key].as_u64().and_then(|port| u16::try_from(port).ok());
            let protocol = rule.text("ip_protocol");
            let ports = match (&*protocol, port("from_port"), port("to_port")) {
                ("-1", None, None) => every_port(),
                ("tcp" | "udp", Some(first), Some(last)) => vec![(protocol, first, last)],
                _ => return Err(format!("{}: the evaluator does not know the ports of {}", rule.root, rule.address)),
            };
            let owner = rule.text("security_group_id");
            let owner = self.groups.get_mut(&owner).ok_or_else(|| format!("{}: {} has no group", rule.root, rule.address))?;
            let side = if rule.kind.contains("egress") { &mut owner.egress } else { &mut owner.ingress };
            side.push(Rule { peer, ports });
        }
        Ok(())
    }
}

/// Every port of every protocol.
pub fn every_port() -> Ports {
    vec![("-1".to_owned(), 0, u16::MAX)]
}

/// The name of an AWS service in a service name of an endpoint: `ecr.api` of `com.amazonaws.eu-west-1.ecr.api`.
pub fn service(name: &Value) -> String {
    words(name).splitn(4, '.').nth(3).unwrap_or_default().to_owned()
}
