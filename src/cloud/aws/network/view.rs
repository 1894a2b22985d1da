//! [`Network`] -> what each template of the root prints.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::super::text::{ROLE, description, descriptions};
use super::{Class, Network, Protocol, Subnet, Use, asserted};
use crate::cloud::{Content, Page};
use crate::value::truncate_with_hash;

/// AWS services that nodes, add-ons and the Session Manager call.
pub(super) const SERVICES: [&str; 13] = [
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
];

/// What the kubelet serves metrics and logs on.
const KUBELET: u16 = 10250;

pub(super) fn pages(network: &Network) -> Vec<Page> {
    let name = format!("{}-{}-{}", network.platform, network.environment, network.region);
    let public = network.subnets.iter().any(|subnet| subnet.purpose == Use::PublicLoadBalancers);
    let nat = network.classes.iter().any(|class| class.internet);
    let protected = Protected { protected: network.protected };
    let moves = moves(network);
    let locals = Locals::new(network, name.clone(), nat);
    let mut pages = vec![
        Page { path: "README.md", content: Content::Text(include_str!("../../../../templates/terraform/aws/network/README.md")) },
        page("backend.tf", "terraform/aws/network/backend.tf.j2", Backend::new(network)),
        page("checks.tf", "terraform/aws/network/checks.tf.j2", Nothing {}),
        page("endpoints.tf", "terraform/aws/network/endpoints.tf.j2", Endpoints { services: SERVICES.to_vec() }),
        page(
            "flow_logs.tf",
            "terraform/aws/network/flow_logs.tf.j2",
            FlowLogs { role: truncate_with_hash(&format!("{name}-flow-logs"), ROLE), protected: network.protected },
        ),
        page("network.tf", "terraform/aws/network/network.tf.j2", protected),
        page("outputs.tf", "terraform/aws/network/outputs.tf.j2", Nothing {}),
        page("providers.tf", "terraform/aws/network/providers.tf.j2", Provider::new(network)),
        page("security_groups.tf", "terraform/aws/network/security_groups.tf.j2", Nothing {}),
        page("tests/addresses.tftest.hcl", "terraform/aws/network/tests_addresses.tf.j2", asserted::Addresses::new(&locals)),
        page("tests/endpoints.tftest.hcl", "terraform/aws/network/tests_endpoints.tf.j2", asserted::Endpoints::new(&locals)),
        page("tests/groups.tftest.hcl", "terraform/aws/network/tests_groups.tf.j2", asserted::Groups::new(&locals)),
        page("tests/network.tftest.hcl", "terraform/aws/network/tests.tf.j2", Tests { zones: network.zones.clone(), nat }),
        page("versions.tf", "terraform/aws/network/versions.tf.j2", Nothing {}),
    ];
    if public {
        pages.push(page("internet.tf", "terraform/aws/network/internet.tf.j2", Nothing {}));
        pages.push(page("tests/internet.tftest.hcl", "terraform/aws/network/tests_internet.tf.j2", asserted::Internet::new(&locals)));
    }
    if nat {
        pages.push(page("nat.tf", "terraform/aws/network/nat.tf.j2", protected));
    }
    if network.owns_account {
        // Without a way in, the exclusion is for the NAT gateways alone.
        let exclusion = if network.public_entry { "allow-bidirectional" } else { "allow-egress" };
        pages.push(page("guards.tf", "terraform/aws/network/guards.tf.j2", Guards { exclusion }));
        let guards = asserted::Guards::new(&locals, exclusion);
        pages.push(page("tests/guards.tftest.hcl", "terraform/aws/network/tests_guards.tf.j2", guards));
    }
    if !moves.is_empty() {
        pages.push(page("moved.tf", "terraform/aws/network/moved.tf.j2", Moves { moves }));
    }
    pages.push(page("locals.tf", "terraform/aws/network/locals.tf.j2", locals));
    pages.sort_by_key(|page| page.path);
    pages
}

fn page<V: Serialize + Send + Sync + 'static>(path: &'static str, template: &'static str, view: V) -> Page {
    Page { path, content: Content::Template(template, Value::from(Serde(view))) }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Clone, Copy, Serialize)]
struct Protected {
    protected: bool,
}

#[derive(Serialize)]
struct Endpoints {
    services: Vec<&'static str>,
}

#[derive(Serialize)]
struct FlowLogs {
    role: String,
    protected: bool,
}

#[derive(Serialize)]
struct Guards {
    exclusion: &'static str,
}

#[derive(Serialize)]
struct Tests {
    zones: Vec<String>,
    nat: bool,
}

#[derive(Serialize)]
struct Backend {
    bucket: String,
    key: String,
    region: String,
    kms_key: String,
}

impl Backend {
    fn new(network: &Network) -> Self {
        let state = &network.state;
        Backend {
            bucket: state.bucket.clone(),
            key: format!("{}/{}/network/terraform.tfstate", network.environment, network.region),
            region: state.region.clone(),
            kms_key: format!("arn:aws:kms:{}:{}:alias/{}", state.region, network.account, state.key_alias),
        }
    }
}

#[derive(Serialize)]
struct Provider {
    region: String,
    accounts: Vec<String>,
    tags: BTreeMap<String, String>,
}

impl Provider {
    fn new(network: &Network) -> Self {
        // The platform's own labels, and ours over them.
        let mut tags = network.labels.clone();
        let own = [
            ("environment", network.environment.clone()),
            ("layer", "network".to_owned()),
            ("managed_by", "platgen".to_owned()),
            ("owner", network.owner.clone()),
            ("platform", network.platform.clone()),
            ("region", network.region.clone()),
        ];
        tags.extend(own.map(|(key, value)| (key.to_owned(), value)));
        Provider { region: network.region.clone(), accounts: vec![network.account.clone()], tags }
    }
}

#[derive(Serialize)]
pub(super) struct Locals {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) vpc: String,
    pub(super) pods: String,
    pub(super) zones: Vec<String>,
    pub(super) subnets: Vec<SubnetView>,
    pub(super) nat_gateways: BTreeMap<String, String>,
    pub(super) classes: Vec<String>,
    pub(super) closed_classes: Vec<String>,
    pub(super) flows: Vec<FlowView>,
    pub(super) exits: Vec<ExitView>,
}

#[derive(Serialize)]
pub(super) struct SubnetView {
    pub(super) key: String,
    pub(super) cidr: String,
    pub(super) zone: String,
    pub(super) routes: String,
    pub(super) tags: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
pub(super) struct FlowView {
    pub(super) key: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) protocol: &'static str,
    /// None for all ports of all protocols.
    pub(super) port: Option<u16>,
    pub(super) description: String,
}

#[derive(Serialize)]
pub(super) struct ExitView {
    pub(super) key: String,
    pub(super) from: String,
    pub(super) cidr: String,
    pub(super) protocol: &'static str,
    pub(super) port: u16,
    pub(super) description: String,
}

impl Locals {
    fn new(network: &Network, name: String, nat: bool) -> Self {
        let names = |keep: fn(&Class) -> bool| {
            let mut names: Vec<String> = network.classes.iter().filter(|class| keep(class)).map(|class| class.name.clone()).collect();
            names.sort();
            names
        };
        let gateways = network.zones.iter().filter(|_| nat).map(|zone| (zone.clone(), format!("lb-public/{zone}")));
        Locals {
            name,
            account: network.account.clone(),
            region: network.region.clone(),
            vpc: network.vpc.to_string(),
            pods: network.pods.to_string(),
            zones: network.zones.clone(),
            subnets: sorted(network.subnets.iter().map(|subnet| SubnetView::new(network, subnet)), |subnet| &subnet.key),
            nat_gateways: gateways.collect(),
            classes: names(|_| true),
            closed_classes: names(|class| !class.internet),
            flows: united(flows(network), |flow| &flow.key, |flow| &mut flow.description),
            exits: united(exits(network), |exit| &exit.key, |exit| &mut exit.description),
        }
    }
}

/// In the order of the keys, each once.
fn sorted<T>(items: impl IntoIterator<Item = T>, key: fn(&T) -> &String) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort_by(|a, b| key(a).cmp(key(b)));
    items.dedup_by(|a, b| key(a) == key(b));
    items
}

/// The same, where every need that opens the same way names it.
fn united<T>(items: Vec<T>, key: fn(&T) -> &String, text: fn(&mut T) -> &mut String) -> Vec<T> {
    let mut named: BTreeMap<String, (T, Vec<String>)> = BTreeMap::new();
    for mut item in items {
        let said = std::mem::take(text(&mut item));
        match named.get_mut(key(&item)) {
            Some((_, all)) if all.contains(&said) => {}
            Some((_, all)) => all.push(said),
            None => _ = named.insert(key(&item).clone(), (item, vec![said])),
        }
    }
    let join = |(mut item, all): (T, Vec<String>)| {
        *text(&mut item) = descriptions(&all);
        item
    };
    named.into_values().map(join).collect()
}

fn purpose(purpose: &Use) -> String {
    match purpose {
        Use::Endpoints => "endpoints".into(),
        Use::InternalLoadBalancers => "lb-internal".into(),
        Use::PublicLoadBalancers => "lb-public".into(),
        Use::Nodes(class) => format!("nodes-{class}"),
        Use::Transit => "transit".into(),
    }
}

impl SubnetView {
    fn new(network: &Network, subnet: &Subnet) -> Self {
        let internet = |name: &String| network.classes.iter().any(|class| class.name == *name && class.internet);
        let routes = match &subnet.purpose {
            Use::PublicLoadBalancers => "public".to_owned(),
            Use::Nodes(class) if internet(class) => format!("private/{}", subnet.zone),
            _ => "closed".to_owned(),
        };
        // By these the load balancer controller finds its subnets.
        let tags = match subnet.purpose {
            Use::PublicLoadBalancers if network.public_entry => BTreeMap::from([("kubernetes.io/role/elb", "1")]),
            Use::InternalLoadBalancers => BTreeMap::from([("kubernetes.io/role/internal-elb", "1")]),
            _ => BTreeMap::new(),
        };
        let key = format!("{}/{}", purpose(&subnet.purpose), subnet.zone);
        SubnetView { key, cidr: subnet.cidr.to_string(), zone: subnet.zone.clone(), routes, tags }
    }
}

/// What every cluster needs between its classes, and what the spec declares.
fn flows(network: &Network) -> Vec<FlowView> {
    let mut flows = Vec::new();
    let mut open = |from: &str, to: &str, protocol: Protocol, port: u16, text: String| {
        let key = format!("{from}/{to}/{}-{port}", protocol.name());
        let (from, to) = (from.to_owned(), to.to_owned());
        flows.push(FlowView { key, from, to, protocol: protocol.name(), port: Some(port), description: description(&text) });
    };
    let services = network.classes.iter().find(|class| class.default);
    for (class, services) in network.classes.iter().filter(|class| !class.default).filter_map(|class| Some((class, services?))) {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            open(&class.name, &services.name, protocol, 53, format!("Cluster DNS, asked by {}", class.name));
        }
        open(&services.name, &class.name, Protocol::Tcp, KUBELET, format!("Kubelet metrics and logs of {}", class.name));
    }
    for flow in network.flows.iter().filter(|flow| flow.from != flow.to) {
        open(&flow.from, &flow.to, flow.protocol, flow.port, flow.description.clone());
    }
    for Class { name, .. } in &network.classes {
        let text = description(&format!("Nodes and pods of {name} among themselves"));
        flows.push(FlowView {
            key: format!("{name}/{name}/all"),
            from: name.clone(),
            to: name.clone(),
            protocol: "-1",
            port: None,
            description: text,
        });
    }
    flows
}

/// AWS services through their endpoints for every class, and what the spec declares.
fn exits(network: &Network) -> Vec<ExitView> {
    let exit = |from: &str, name: &str, cidr: String, protocol: Protocol, port: u16, text: &str| ExitView {
        key: format!("{from}/{name}/{}-{port}", protocol.name()),
        from: from.to_owned(),
        cidr,
        protocol: protocol.name(),
        port,
        description: description(text),
    };
    let own = network.classes.iter().flat_map(|Class { name, .. }| {
        [("vpc", network.vpc), ("pods", network.pods)].map(|(range, cidr)| {
            exit(name, range, cidr.to_string(), Protocol::Tcp, 443, &format!("Private endpoints and the API server, from {name}"))
        })
    });
    let declared = network.exits.iter().map(|e| exit(&e.from, &e.name, e.cidr.to_string(), e.protocol, e.port, &e.description));
    own.chain(declared).collect()
}

#[derive(Serialize)]
struct Moves {
    moves: Vec<Move>,
}

#[derive(Serialize)]
struct Move {
    from: Value,
    to: Value,
}

/// Subnets keep their addresses under a new name; security groups are made anew, since their names can't change.
fn moves(network: &Network) -> Vec<Move> {
    let mut moves = Vec::new();
    for class in &network.classes {
        let Some(old) = class.renamed_from.as_ref().filter(|old| **old != class.name) else { continue };
        for resource in ["aws_subnet", "aws_route_table_association"] {
            for zone in &network.zones {
                // Names of classes and zones are DNS labels, so the key needs no escaping.
                let reference = |class: &str| Value::from_safe_string(format!("{resource}.this[\"nodes-{class}/{zone}\"]"));
                moves.push(Move { from: reference(old), to: reference(&class.name) });
            }
        }
    }
    moves
}
