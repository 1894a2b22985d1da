//! Faults in a region of `specs/sample`, each with a line by which the proof has to notice it: the proof of the proof.

use serde_json::{Value, json};

use super::Table;
use super::world::World;
use crate::judges::states::Resource;

/// The region with the faults; the other one stays as it is.
const REGION: &str = "eu-west-1";

/// The resources of an environment, to be damaged.
struct Damaged(Vec<Resource>);

impl Damaged {
    /// The resource with an address in the network root of the region, or in its cluster root.
    fn at(&mut self, address: &str) -> Result<&mut Resource, String> {
        let own = |one: &&mut Resource| one.root.contains(&format!("/{REGION}/")) && one.address == address;
        self.0.iter_mut().find(own).ok_or_else(|| format!("there is no {address}"))
    }

    fn id(&mut self, address: &str) -> Result<Value, String> {
        Ok(self.at(address)?.values["id"].clone())
    }

    fn drop(&mut self, address: &str) -> Result<(), String> {
        self.at(address)?;
        self.0.retain(|one| !one.root.contains(&format!("/{REGION}/")) || one.address != address);
        Ok(())
    }

    fn set(&mut self, address: &str, pointer: &str, value: Value) -> Result<(), String> {
        *self.at(address)?.values.pointer_mut(pointer).ok_or_else(|| format!("{address} has no {pointer}"))? = value;
        Ok(())
    }

    /// Another resource like the one at an address.
    fn add(&mut self, like: &str, values: &[(&str, Value)]) -> Result<(), String> {
        let mut one = self.at(like)?.clone();
        one.address += ".added";
        values.iter().for_each(|(key, value)| one.values[*key] = value.clone());
        self.0.push(one);
        Ok(())
    }

    /// The text of the settings of the network add-on, changed.
    fn settings(&mut self, change: impl Fn(&mut Value)) -> Result<(), String> {
        let address = "aws_eks_addon.before_nodes[\"vpc-cni\"]";
        let mut settings = serde_json::from_str(&self.at(address)?.text("configuration_values")).map_err(|error| error.to_string())?;
        change(&mut settings);
        self.set(address, "/configuration_values", settings.to_string().into())
    }
}

/// What is damaged, how, and the start of a line that says so.
type Fault = (&'static str, fn(&mut Damaged) -> Result<(), String>, &'static str);

const FLOW_OUT: &str = "aws_vpc_security_group_egress_rule.flow[\"data/general/udp-53\"]";
const FLOW_IN: &str = "aws_vpc_security_group_ingress_rule.flow[\"data/general/udp-53\"]";
const CLOSED: &str = "aws_route_table.this[\"closed\"]";
const PRIVATE: &str = "aws_route_table.this[\"private/eu-west-1a\"]";
const NAT: &str = "aws_nat_gateway.this[\"eu-west-1a\"]";
const NAT_ROUTE: &str = "aws_route.nat[\"eu-west-1a\"]";
const TEMPLATE: &str = "aws_launch_template.pool[\"payments\"]";

fn faults() -> Vec<Fault> {
    vec![
        // Security groups.
        ("a class may not ask the cluster's DNS", |all| all.drop(FLOW_OUT), "data -> general: tcp/53, where"),
        ("the cluster's DNS takes no questions of a class", |all| all.drop(FLOW_IN), "data -> general: tcp/53, where"),
        (
            "a rule for one port is for all",
            |all| all.set(FLOW_IN, "/to_port", 65535.into()).and_then(|()| all.set(FLOW_OUT, "/to_port", 65535.into())),
            "data -> general: tcp/53 udp/53-65535, where",
        ),
        (
            "an isolated class takes calls of another",
            |all| {
                for side in ["ingress", "egress"] {
                    let to = if side == "ingress" { "security_group_id" } else { "referenced_security_group_id" };
                    let group = all.id("aws_security_group.nodes[\"payments\"]")?;
                    all.add(&format!("aws_vpc_security_group_{side}_rule.flow[\"general/data/tcp-6379\"]"), &[(to, group)])?;
                }
                Ok(())
            },
            "general -> payments: tcp/10250 tcp/50051 tcp/6379 tcp/9100, where",
        ),
        (
            "an isolated class takes HTTPS of everybody",
            |all| {
                let (any, none) = (json!("0.0.0.0/0"), Value::Null);
                let group = all.id("aws_security_group.nodes[\"payments\"]")?;
                let rule = "aws_vpc_security_group_ingress_rule.endpoints[\"10.33.0.0/16\"]";
                all.add(rule, &[("security_group_id", group), ("cidr_ipv4", any), ("referenced_security_group_id", none)])
            },
            "other:general -> payments: tcp/443 by peering, where",
        ),
        (
            "a class without the internet is let out",
            |all| all.set("aws_vpc_security_group_egress_rule.exit[\"data/vpc/tcp-443\"]", "/cidr_ipv4", "0.0.0.0/0".into()),
            "data -/> internet: a rule lets it out",
        ),
        (
            "nodes are in the group that EKS makes",
            |all| {
                let group = all.at("aws_eks_cluster.this")?.values["vpc_config"][0]["cluster_security_group_id"].clone();
                for pool in ["data", "payments"] {
                    let at = format!("aws_launch_template.pool[\"{pool}\"]");
                    let mut groups = all.at(&at)?.values["network_interfaces"][0]["security_groups"].clone();
                    groups.as_array_mut().ok_or("no groups")?.push(group.clone());
                    all.set(&at, "/network_interfaces/0/security_groups", groups)?;
                }
                Ok(())
            },
            "data -> payments: all, where",
        ),
        (
            "pods of an isolated class have the group of another class",
            |all| {
                let group = all.id("data.aws_security_group.nodes[\"general\"]")?;
                all.settings(|settings| settings["eniConfig"]["subnets"]["payments-eu-west-1b"]["securityGroups"] = json!([group]))
            },
            "general -> payments: all, where",
        ),
        (
            "the API server takes no calls of a class",
            |all| all.drop("aws_vpc_security_group_ingress_rule.api[\"payments\"]"),
            "payments -> api: -, where",
        ),
        (
            "the API server may not call kubelets of a class",
            |all| all.drop("aws_vpc_security_group_ingress_rule.call[\"data/tcp-10250\"]"),
            "api -> data: -, where",
        ),
        (
            "people of the company are kept out",
            |all| all.drop("aws_vpc_security_group_ingress_rule.people[\"192.168.0.0/16\"]"),
            "company -> api: -, where",
        ),
        (
            "a rule has two peers",
            |all| all.set(FLOW_IN, "/cidr_ipv4", "0.0.0.0/0".into()),
            "error: deploy/terraform/production/eu-west-1/network: aws_vpc_security_group_ingress_rule.flow",
        ),
        // Routes.
        (
            "a closed table leads to a NAT gateway",
            |all| {
                let (table, nat) = (all.id(CLOSED)?, all.id(NAT)?);
                all.add(NAT_ROUTE, &[("route_table_id", table), ("nat_gateway_id", nat)])
            },
            "data -/> internet: a route leads there",
        ),
        (
            "a closed table leads to the company with all addresses",
            |all| {
                all.set("aws_route.company[\"closed/192.168.0.0/16\"]", "/destination_cidr_block", "0.0.0.0/0".into())?;
                all.set("aws_vpn_connection_route.company[\"192.168.0.0/16\"]", "/destination_cidr_block", "0.0.0.0/0".into())
            },
            "data -/> internet: a route leads there",
        ),
        (
            "nodes of one zone use the NAT gateway of another",
            |all| {
                let nat = all.id("aws_nat_gateway.this[\"eu-west-1b\"]")?;
                all.set(NAT_ROUTE, "/nat_gateway_id", nat)
            },
            "general -> internet: tcp/443 by nat eu-west-1b, where",
        ),
        ("nodes of one zone have no route to the internet", |all| all.drop(NAT_ROUTE), "general -> internet: -, where"),
        (
            "nodes of one zone use the internet gateway",
            |all| {
                let gateway = all.id("aws_internet_gateway.this")?;
                all.set(NAT_ROUTE, "/nat_gateway_id", json!(""))?;
                all.set(NAT_ROUTE, "/gateway_id", gateway)
            },
            "internet -/> general: its routes lead to the internet gateway",
        ),
        ("the NAT gateways have no way out", |all| all.drop("aws_route.internet"), "general -> internet: -, where"),
        ("a NAT gateway has no public address", |all| all.drop("aws_eip.nat[\"eu-west-1a\"]"), "general -> internet: -, where"),
        ("a NAT gateway is a private one", |all| all.set(NAT, "/connectivity_type", "private".into()), "general -> internet: -, where"),
        (
            "a NAT gateway is in a closed subnet",
            |all| {
                let subnet = all.id("aws_subnet.this[\"transit/eu-west-1a\"]")?;
                all.set(NAT, "/subnet_id", subnet)
            },
            "general -> internet: -, where",
        ),
        (
            "the account blocks the subnet of a NAT gateway",
            |all| all.drop("aws_vpc_block_public_access_exclusion.this[\"lb-public/eu-west-1a\"]"),
            "general -> internet: -, where",
        ),
        (
            "nodes with internet reach the company",
            |all| {
                let table = all.id(PRIVATE)?;
                all.add("aws_route.company[\"closed/192.168.0.0/16\"]", &[("route_table_id", table)])
            },
            "general -> company: tcp/443 by vpn, where",
        ),
        ("the company's answers have no route", |all| all.drop("aws_route.company[\"closed/192.168.0.0/16\"]"), "company -> api: -, where"),
        (
            "nodes of a class are in the subnet of another",
            |all| {
                let subnet = all.id("data.aws_subnet.nodes[\"data/eu-west-1b\"]")?;
                all.set("aws_eks_node_group.this[\"payments/eu-west-1b\"]", "/subnet_ids", json!([subnet]))
            },
            "payments -> internet: -, where",
        ),
        (
            "packets of pods keep the address of the pod",
            |all| all.settings(|settings| settings["env"]["AWS_VPC_K8S_CNI_EXTERNALSNAT"] = "true".into()),
            "general -> internet: -, where",
        ),
        (
            "a table has two routes to a range",
            |all| all.add(NAT_ROUTE, &[]),
            "error: deploy/terraform/production/eu-west-1/network: aws_route.nat",
        ),
        // Public addresses.
        (
            "nodes have a public address",
            |all| all.set(TEMPLATE, "/network_interfaces/0/associate_public_ip_address", "true".into()),
            "internet -/> payments: it has a public address",
        ),
        (
            "the subnet gives nodes a public address",
            |all| {
                all.set(TEMPLATE, "/network_interfaces/0/associate_public_ip_address", Value::Null)?;
                all.set("data.aws_subnet.nodes[\"payments/eu-west-1a\"]", "/map_public_ip_on_launch", true.into())?;
                all.set("aws_subnet.this[\"nodes-payments/eu-west-1a\"]", "/map_public_ip_on_launch", true.into())
            },
            "internet -/> payments: it has a public address",
        ),
        (
            "the API server has a public address",
            |all| all.set("aws_eks_cluster.this", "/vpc_config/0/endpoint_public_access", true.into()),
            "internet -/> api: it has a public address",
        ),
        // Endpoints and names.
        (
            "an endpoint is gone",
            |all| all.drop("aws_vpc_endpoint.interface[\"ecr.dkr\"]"),
            "a role may call ecr, and the node of data in eu-west-1a does not reach aws:ecr.dkr",
        ),
        (
            "an endpoint has no private name",
            |all| all.set("aws_vpc_endpoint.interface[\"eks\"]", "/private_dns_enabled", false.into()),
            "a role may call eks, and the node of data in eu-west-1a does not reach aws:eks",
        ),
        (
            "endpoints take no calls of pods",
            |all| all.drop("aws_vpc_security_group_ingress_rule.endpoints[\"100.67.0.0/16\"]"),
            "data -> aws: -, where",
        ),
        (
            "an endpoint is in another group",
            |all| {
                let group = all.id("aws_security_group.nodes[\"general\"]")?;
                all.set("aws_vpc_endpoint.interface[\"eks\"]", "/security_group_ids", json!([group]))
            },
            "payments -> aws: tcp/53 udp/53, where",
        ),
        (
            "the closed table does not lead to S3",
            |all| {
                let table = all.id(CLOSED)?;
                let mut tables = all.at("aws_vpc_endpoint.gateway[\"s3\"]")?.values["route_table_ids"].clone();
                tables.as_array_mut().ok_or("no tables")?.retain(|one| *one != table);
                all.set("aws_vpc_endpoint.gateway[\"s3\"]", "/route_table_ids", tables)
            },
            "data -> s3: -, where",
        ),
        (
            "a closed class may not call S3",
            |all| all.drop("aws_vpc_security_group_egress_rule.gateway_endpoint[\"data/s3\"]"),
            "data -> s3: -, where",
        ),
        ("the VPC has no resolver", |all| all.set("aws_vpc.this", "/enable_dns_support", false.into()), "data -> resolver: -, where"),
        (
            "the VPC has no private names",
            |all| all.set("aws_vpc.this", "/enable_dns_hostnames", false.into()),
            "aws: ecr.api has an endpoint",
        ),
        (
            "the DNS firewall refuses a list of names",
            |all| all.set("aws_route53_resolver_firewall_rule.this[\"DGA\"]", "/dns_threat_protection", Value::Null),
            "error: deploy/terraform/production/eu-west-1/network: the evaluator does not know which names",
        ),
        (
            "a role calls a service that no endpoint answers for",
            |all| {
                let policy = json!({"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]});
                all.set("aws_iam_role_policy.secrets[\"payments\"]", "/policy", policy.to_string().into())
            },
            "error: where does the service sqs answer?",
        ),
        // Other regions and things that nobody thought of.
        (
            "a class takes calls of the other region",
            |all| {
                let group = all.id("aws_security_group.nodes[\"data\"]")?;
                all.add(
                    "aws_vpc_security_group_ingress_rule.endpoints[\"10.33.0.0/16\"]",
                    &[("security_group_id", group), ("cidr_ipv4", "10.32.0.0/16".into())],
                )
            },
            "other:general -> data: tcp/443 by peering, where",
        ),
        (
            "another root looks for another name",
            |all| all.set("aws_security_group.nodes[\"data\"]", "/tags/Name", "boutique-production-eu-west-1-data".into()),
            "error: deploy/terraform/production/eu-west-1/cluster: data.aws_security_group.nodes[\"data\"] does not find exactly one",
        ),
        (
            "there is a network ACL",
            |all| {
                all.add(NAT_ROUTE, &[])?;
                all.0.last_mut().ok_or("nothing")?.kind = "aws_network_acl".to_owned();
                Ok(())
            },
            "error: deploy/terraform/production/eu-west-1/network: the evaluator does not know what aws_route.nat",
        ),
    ]
}

/// Faults that the proof does not notice, or not by the line that is expected.
pub fn unnoticed(whole: &[Resource], tables: &[(String, Table)]) -> Result<Vec<String>, String> {
    let path = format!("production/{REGION}");
    let (_, table) = tables.iter().find(|(known, _)| *known == path).ok_or("no table of the region")?;
    let mut missed = Vec::new();
    for (name, damage, wanted) in faults() {
        let mut damaged = Damaged(whole.to_vec());
        damage(&mut damaged).map_err(|error| format!("{name}: {error}"))?;
        let lines = match World::new(&damaged.0) {
            Ok(world) => match super::needs::unmet(&damaged.0, &world, REGION) {
                Ok(unmet) => table.differences(&world, &path).into_iter().chain(unmet).collect(),
                Err(error) => vec![format!("error: {error}")],
            },
            Err(error) => vec![format!("error: {error}")],
        };
        if !lines.iter().any(|line| line.starts_with(wanted)) {
            missed.push(format!("nobody notices that {name} by `{wanted}`; said was:\n  {}", lines.join("\n  ")));
        }
    }
    Ok(missed)
}
