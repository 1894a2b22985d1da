//! Whether nodes and pods reach every service that their roles let them call: a role that may call a service without a way to it is of no use.

use std::collections::{BTreeMap, BTreeSet};

use super::packet::{PUBLIC, Target};
use super::world::World;
use crate::judges::iam::texts;
use crate::judges::judge::{list, words};
use crate::judges::states::Resource;

/// Where a service answers: the word before the colon of its actions, and the names of its endpoints.
const SERVICES: [(&str, &[&str]); 13] = [
    ("autoscaling", &["aws:autoscaling"]),
    ("dynamodb", &["dynamodb"]),
    ("ec2", &["aws:ec2"]),
    // Layers of images are in S3.
    ("ecr", &["aws:ecr.api", "aws:ecr.dkr", "s3"]),
    ("eks", &["aws:eks"]),
    ("eks-auth", &["aws:eks-auth"]),
    ("elasticloadbalancing", &["aws:elasticloadbalancing"]),
    // Elastic Load Balancing makes its own role with the right of the caller, who does not call IAM.
    ("iam", &[]),
    ("kms", &["aws:kms"]),
    ("route53", &["internet"]),
    ("s3", &["s3"]),
    ("secretsmanager", &["aws:secretsmanager"]),
    ("sts", &["aws:sts"]),
];

/// What the policies that AWS keeps let nodes and add-ons call, as its documentation lists them. The control plane calls nothing through the VPC.
const MANAGED: [(&str, &[&str]); 5] = [
    ("AmazonEBSCSIDriverPolicy", &["ec2"]),
    ("AmazonEC2ContainerRegistryPullOnly", &["ecr"]),
    ("AmazonEKSClusterPolicy", &[]),
    ("AmazonEKSWorkerNodePolicy", &["ec2", "eks", "eks-auth"]),
    ("AmazonEKS_CNI_Policy", &["ec2"]),
];

/// The services that roles of a cluster root may call, and whether every node calls them: nodes themselves, and the add-ons that run on each.
fn called(resources: &[Resource]) -> Result<BTreeMap<String, bool>, String> {
    let mut all: BTreeMap<String, bool> = BTreeMap::new();
    for one in resources.iter().filter(|one| !one.data && one.root.ends_with("/cluster")) {
        let everywhere = ["aws_iam_role_policy_attachment.nodes[", "\"vpc-cni"].iter().any(|part| one.address.contains(part));
        let mut services: Vec<String> = Vec::new();
        match &*one.kind {
            "aws_iam_role_policy_attachment" => {
                let name = one.text("policy_arn").rsplit('/').next().unwrap_or_default().to_owned();
                let known = MANAGED.iter().find(|(policy, _)| *policy == name);
                services.extend(known.ok_or_else(|| format!("which services does {name} let call?"))?.1.iter().map(ToString::to_string));
            }
            "aws_iam_role_policy" => {
                let policy: serde_json::Value = serde_json::from_str(&one.text("policy")).map_err(|error| error.to_string())?;
                let actions = list(&policy["Statement"]).iter().flat_map(|statement| texts(&statement["Action"]));
                services.extend(actions.filter_map(|action| action.split(':').next().map(str::to_owned)));
            }
            // Pods change the token of the cluster for a role's credentials.
            "aws_iam_openid_connect_provider" => services.push("sts".to_owned()),
            "aws_eks_pod_identity_association" => services.push("eks-auth".to_owned()),
            _ => {}
        }
        for service in services {
            *all.entry(service).or_default() |= everywhere;
        }
    }
    Ok(all)
}

/// Services that a role of the region may call, and nodes or pods that do not reach them on port 443. Add-ons run on the default class, which is the
/// one whose nodes take everything.
pub fn unmet(resources: &[Resource], world: &World, region: &str) -> Result<BTreeSet<String>, String> {
    let own: Vec<Resource> = resources.iter().filter(|one| one.root.ends_with(&format!("/{region}/cluster"))).cloned().collect();
    let classes = |pools: &dyn Fn(&Resource) -> bool| -> BTreeSet<String> {
        let pools = own.iter().filter(|one| one.kind == "aws_eks_node_group" && pools(one));
        pools.map(|one| words(&one.values["labels"]["platgen.io/subnet"])).collect()
    };
    let (all, default) = (classes(&|_| true), classes(&|pool| list(&pool.values["taint"]).is_empty()));
    let mut lines = BTreeSet::new();
    for (service, everywhere) in called(&own)? {
        let known = SERVICES.iter().find(|(name, _)| *name == service);
        let (_, endpoints) = known.ok_or_else(|| format!("where does the service {service} answer?"))?;
        let askers = if everywhere { &all } else { &default };
        for from in world.interfaces.iter().filter(|one| one.region == region && askers.contains(&one.name)) {
            for endpoint in *endpoints {
                let own = world.interfaces.iter().filter(|one| one.region == region && one.name == *endpoint);
                let mut targets: Vec<Target> = own.map(Target::Interface).collect();
                if ["s3", "dynamodb"].contains(endpoint) {
                    targets.push(Target::Service(endpoint));
                } else if targets.is_empty() {
                    // Without an endpoint, the name leads to a public address.
                    targets.push(Target::Address(PUBLIC));
                }
                let arrives = |to: &Target| {
                    let answer = world.send(from, *to);
                    answer.way.is_some()
                        && answer.ports.iter().any(|(protocol, first, last)| protocol != "udp" && (*first..=*last).contains(&443))
                };
                if !targets.iter().all(arrives) {
                    lines.insert(format!("a role may call {service}, and the {} does not reach {endpoint}", from.place));
                }
            }
        }
    }
    Ok(lines)
}
