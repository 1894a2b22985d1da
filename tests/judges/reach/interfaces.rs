//! The network interfaces of a region: one for each kind of thing and subnet.

use serde_json::Value;

use super::world::{Group, Id, Interface, Peer, Rule, World, every_port, service};
use crate::judges::iam::texts;
use crate::judges::judge::words;
use crate::judges::states::Resource;

/// Adds the interfaces of all regions.
pub fn read(world: &mut World, made: &[Resource]) -> Result<(), String> {
    let of = |kind: &'static str| made.iter().filter(move |one| one.kind == kind);
    for endpoint in of("aws_vpc_endpoint").filter(|one| one.values["vpc_endpoint_type"] == "Interface") {
        // Clients ask for the usual name: without it, they go to the public address.
        let names = world.vpcs.get(&endpoint.text("vpc_id")).is_some_and(|vpc| vpc.private_names);
        if names && endpoint.values["private_dns_enabled"] == true {
            let name = format!("aws:{}", service(&endpoint.values["service_name"]));
            everywhere(world, &name, &endpoint.values["subnet_ids"], &endpoint.values["security_group_ids"], false)?;
        }
    }
    for resolver in of("aws_route53_resolver_endpoint") {
        let name = format!("names-{}", resolver.text("direction").to_lowercase());
        let subnets: Vec<Value> =
            crate::judges::judge::list(&resolver.values["ip_address"]).iter().map(|one| one["subnet_id"].clone()).collect();
        everywhere(world, &name, &subnets.into(), &resolver.values["security_group_ids"], false)?;
    }
    for cluster in of("aws_eks_cluster") {
        let network = &cluster.values["vpc_config"][0];
        // EKS puts the interfaces of the API server into a group of its own, too: members may call each other, and everybody else.
        let own = words(&network["cluster_security_group_id"]);
        let all = Peer::Range("0.0.0.0/0".parse().map_err(|_| "no range")?);
        let egress = vec![Rule { peer: all, ports: every_port() }];
        world.groups.insert(own.clone(), Group { egress, ingress: vec![Rule { peer: Peer::Group(own.clone()), ports: every_port() }] });
        let groups: Vec<Id> = texts(&network["security_group_ids"]).into_iter().chain([own]).collect();
        everywhere(world, "api", &network["subnet_ids"], &groups.into(), network["endpoint_public_access"] == true)?;
    }
    // Load balancers are made by the cluster, in the subnets with these tags.
    for (tag, name, public) in [("kubernetes.io/role/elb", "lb-public", true), ("kubernetes.io/role/internal-elb", "lb-internal", false)] {
        for subnet in of("aws_subnet").filter(|one| !one.values["tags"][tag].is_null()) {
            add(world, name, name, &subnet.text("id"), None, public)?;
        }
    }
    nodes(world, made)
}

/// Nodes and pods.
fn nodes(world: &mut World, made: &[Resource]) -> Result<(), String> {
    let of = |kind: &'static str| made.iter().filter(move |one| one.kind == kind);
    for group in of("aws_eks_node_group") {
        let wrong = |what: &str| format!("{}: {} has {what}", group.root, group.address);
        let labels = &group.values["labels"];
        let class = words(&labels["platgen.io/subnet"]);
        let [subnet] = &texts(&group.values["subnet_ids"])[..] else { return Err(wrong("another number of subnets than one")) };
        let template = group.values["launch_template"][0]["id"].as_str().unwrap_or_default();
        let template = of("aws_launch_template").find(|one| one.text("id") == template).ok_or_else(|| wrong("no launch template"))?;
        let network = &template.values["network_interfaces"][0];
        let public = match network["associate_public_ip_address"].as_str() {
            Some("false") => false,
            Some("true") => true,
            // The subnet decides.
            _ => of("aws_subnet").any(|one| one.text("id") == *subnet && one.values["map_public_ip_on_launch"] == true),
        };
        let node = add(world, &class, "node", subnet, Some(texts(&network["security_groups"])), public)?;

        // Pods: the add-on vpc-cni gives them an interface of the subnet and with the groups that the label of their node names.
        let named = words(&labels["k8s.amazonaws.com/eniConfig"]);
        let own = |one: &&Resource| one.values["addon_name"] == "vpc-cni" && one.values["cluster_name"] == group.values["cluster_name"];
        let addon = of("aws_eks_addon").find(own).ok_or_else(|| wrong("no vpc-cni"))?;
        let settings: Value = serde_json::from_str(&addon.text("configuration_values")).map_err(|error| error.to_string())?;
        let (custom, masked) = (&settings["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"], &settings["env"]["AWS_VPC_K8S_CNI_EXTERNALSNAT"]);
        let network = &settings["eniConfig"]["subnets"][&named];
        if custom != "true" || network.is_null() {
            return Err(wrong(&format!("pods without a network: no `{named}`")));
        }
        let pod = add(world, &class, "pod", &words(&network["id"]), Some(texts(&network["securityGroups"])), false)?;
        world.interfaces[pod].node = (masked == "false").then(|| Box::new(world.interfaces[node].clone()));
    }
    Ok(())
}

/// An interface in each of these subnets.
fn everywhere(world: &mut World, name: &str, subnets: &Value, groups: &Value, public: bool) -> Result<(), String> {
    for subnet in texts(subnets) {
        add(world, name, name, &subnet, Some(texts(groups)), public)?;
    }
    Ok(())
}

/// Adds an interface; its index.
fn add(world: &mut World, name: &str, what: &str, subnet: &Id, groups: Option<Vec<Id>>, public: bool) -> Result<usize, String> {
    let count = world.interfaces.len();
    let place = world.subnets.get(subnet).ok_or_else(|| format!("`{name}` is in the unknown subnet `{subnet}`"))?;
    if let Some(group) = groups.iter().flatten().find(|group| !world.groups.contains_key(*group)) {
        return Err(format!("`{name}` has the unknown group `{group}`"));
    }
    world.interfaces.push(Interface {
        name: name.to_owned(),
        place: format!("{what} of {name} in {}", place.zone),
        region: world.vpcs.get(&place.vpc).map(|vpc| vpc.region.clone()).ok_or("a subnet without a VPC")?,
        subnet: subnet.clone(),
        // Each has an address of its own, beyond those that AWS keeps.
        address: place.range.hosts().nth(8).ok_or("a subnet without addresses")?,
        groups,
        public,
        node: None,
    });
    Ok(count)
}
